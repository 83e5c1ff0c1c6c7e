#!/usr/bin/env python3
"""Does a model API serve the real `openai` client?

client_check.py --base-url http://HOST:PORT/v1 --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…] [--http2] [--uncounted MODEL,…]

Prints one JSON line per case, {"model": …, "case": …, "ok": true|false, "detail": …}, and leaves with status 1 when any failed. It expects the
answers of the project's mock provider (an echo of the last user text; `call:NAME` calls that tool), be it asked directly or through a
gateway, whatever the dialect of the provider behind it.
"""

import json
import time

import openai
from cases import ADDRESS, BROKEN, PIXEL, SCHEMA, TEXT, TOOL, Wrong, expect, main


class Check:
    def __init__(self, options):
        self.model = options.model
        self.base_url = options.base_url
        self.http2 = options.http2
        self.uncounted = options.uncounted
        self.client = self.connect(options.key)

    def connect(self, key):
        # No retries: every failure must be seen.
        carrier = openai.DefaultHttpxClient(http2=True) if self.http2 else None
        return openai.OpenAI(base_url=self.base_url, api_key=key, max_retries=0, timeout=20, http_client=carrier)

    def ask(self, text=TEXT, client=None, **more):
        messages = more.pop("messages", [{"role": "user", "content": text}])
        model = more.pop("model", self.model)
        return (client or self.client).chat.completions.create(model=model, messages=messages, **more)

    # Cases: each gives a detail, or raises.

    def models(self):
        names = [model.id for model in self.client.models.list()]
        expect(self.model in names, f"{self.model} is not among {names}")
        version = self.client.models.with_raw_response.list().http_response.http_version
        expect(version == ("HTTP/2" if self.http2 else "HTTP/1.1"), f"it was {version}")
        return f"{len(names)} models"

    def text(self):
        answer = self.ask()
        choice = answer.choices[0]
        expect(choice.message.content == f"echo: {TEXT}", f"content {choice.message.content!r}")
        expect(choice.message.role == "assistant", f"role {choice.message.role}")
        expect(choice.finish_reason == "stop", f"finish_reason {choice.finish_reason}")
        expect(answer.object == "chat.completion", f"object {answer.object}")
        self.check_usage(answer.usage)
        return f"{answer.usage.total_tokens} tokens"

    def usage(self):
        usage = self.ask().usage
        self.check_usage(usage)
        return f"{usage.total_tokens} tokens"

    def system_message(self):
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TEXT}]
        content = self.ask(messages=messages).choices[0].message.content
        expect(content == f"echo: {TEXT}", f"content {content!r}")
        return "system message taken"

    def conversation(self):
        messages = [
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "echo: first"},
            {"role": "user", "content": [{"type": "text", "text": "sec"}, {"type": "text", "text": "ond"}]},
        ]
        content = self.ask(messages=messages).choices[0].message.content
        # Where a message has one text, its parts are paragraphs.
        expect(content.replace("\n\n", "") == "echo: second", f"content {content!r}")
        return "three messages, content in parts"

    def length_limit(self):
        choice = self.ask(max_tokens=3).choices[0]
        expect(choice.finish_reason == "length", f"finish_reason {choice.finish_reason}")
        expect(choice.message.content == "echo: seven martlets", f"content {choice.message.content!r}")
        return "finish_reason length"

    def stop_word(self):
        choice = self.ask(stop=["river"]).choices[0]
        expect(choice.finish_reason == "stop", f"finish_reason {choice.finish_reason}")
        expect("river" not in choice.message.content, f"content {choice.message.content!r}")
        return "cut before the stop word"

    def text_streamed(self):
        started = time.monotonic()
        pieces, finish, first, usage = [], None, None, []
        for chunk in self.ask(stream=True):
            expect(chunk.object == "chat.completion.chunk", f"object {chunk.object}")
            usage.append(chunk.usage)
            for choice in chunk.choices:
                if choice.delta.content:
                    first = first or time.monotonic() - started
                    pieces.append(choice.delta.content)
                finish = choice.finish_reason or finish
        expect("".join(pieces) == f"echo: {TEXT}", f"content {''.join(pieces)!r}")
        expect(len(pieces) > 3, f"only {len(pieces)} pieces: is it a stream?")
        expect(finish == "stop", f"finish_reason {finish}")
        expect(not any(usage), "usage that was not asked for")
        return f"{len(pieces)} pieces, first after {first * 1000:.1f} ms"

    def streamed_with_usage(self):
        chunks = list(self.ask(stream=True, stream_options={"include_usage": True}))
        with_usage = [chunk for chunk in chunks if chunk.usage]
        expect(len(with_usage) == 1, f"{len(with_usage)} chunks with usage")
        expect(chunks[-1].usage is not None and not chunks[-1].choices, "usage stands alone in the last chunk")
        self.check_usage(chunks[-1].usage)
        return f"{chunks[-1].usage.total_tokens} tokens"

    def tools_plain(self):
        choice = self.ask("please call:weather now", tools=[TOOL]).choices[0]
        expect(choice.finish_reason == "tool_calls", f"finish_reason {choice.finish_reason}")
        calls = choice.message.tool_calls or []
        expect(len(calls) == 1, f"{len(calls)} calls")
        self.check_call(calls[0].id, calls[0].function.name, calls[0].function.arguments, 1)
        return calls[0].function.arguments

    def tools_parallel(self):
        calls = self.ask("please call2:weather now", tools=[TOOL]).choices[0].message.tool_calls or []
        expect(len(calls) == 2, f"{len(calls)} calls")
        expect(calls[0].id != calls[1].id, "two calls with one id")
        for number, call in enumerate(calls, 1):
            self.check_call(call.id, call.function.name, call.function.arguments, number)
        return "two calls"

    def tools_streamed(self):
        calls, finish = self.collect("please call:weather now")
        expect(len(calls) == 1, f"{len(calls)} calls")
        expect(finish == "tool_calls", f"finish_reason {finish}")
        self.check_call(*calls[0], 1)
        return calls[0][2]

    def tools_streamed_parallel(self):
        calls, finish = self.collect("please call2:weather now")
        expect(len(calls) == 2, f"{len(calls)} calls")
        expect(finish == "tool_calls", f"finish_reason {finish}")
        for number, call in enumerate(calls, 1):
            self.check_call(*call, number)
        return "two calls"

    def tool_choice_forced(self):
        choice = {"type": "function", "function": {"name": "weather"}}
        calls = self.ask(tools=[TOOL], tool_choice=choice).choices[0].message.tool_calls or []
        expect(len(calls) == 1, f"{len(calls)} calls")
        return "called though nobody asked"

    def tool_round_trip(self):
        user = {"role": "user", "content": "please call2:weather now"}
        message = self.ask(messages=[user], tools=[TOOL]).choices[0].message
        results = [
            {"role": "tool", "tool_call_id": call.id, "content": f"sunny {number}"}
            for number, call in enumerate(message.tool_calls, 1)
        ]
        messages = [user, message.model_dump(exclude_none=True), *results]
        choice = self.ask(messages=messages, tools=[TOOL]).choices[0]
        expect(choice.message.content == "tool said: sunny 1 and sunny 2", f"content {choice.message.content!r}")
        expect(choice.finish_reason == "stop", f"finish_reason {choice.finish_reason}")
        return choice.message.content

    def both(self, message, **more):
        """What is said and why it ended, plain and streamed alike."""
        plain = self.ask(message, **more).choices[0]
        said, finish, thought = "", None, ""
        for chunk in self.ask(message, stream=True, **more):
            for choice in chunk.choices:
                said += choice.delta.content or ""
                thought += getattr(choice.delta, "reasoning_content", None) or ""
                finish = choice.finish_reason or finish
        expect((said, finish) == (plain.message.content, plain.finish_reason), f"streamed {said!r} {finish}, {plain}")
        expect(thought == (getattr(plain.message, "reasoning_content", None) or ""), f"streamed thought {thought!r}, {plain}")
        return said, finish, thought

    def assistant_first(self):
        messages = [{"role": "assistant", "content": "Ask me."}, {"role": "user", "content": TEXT}]
        content = self.ask(messages=messages).choices[0].message.content
        expect(content == f"echo: {TEXT}", f"content {content!r}")
        return "opened by the assistant"

    def stop_streamed(self):
        said, finish, _ = self.both(TEXT, stop=["river"])
        expect(finish == "stop" and "river" not in said, f"{said!r} {finish}")
        return said

    def tool_results_streamed(self):
        calls, _ = self.collect("please call2:weather now")
        said = [
            {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}
            for identity, name, arguments in calls
        ]
        results = [
            {"role": "tool", "tool_call_id": identity, "content": f"sunny {number}"}
            for number, (identity, _, _) in enumerate(calls, 1)
        ]
        user = {"role": "user", "content": "please call2:weather now"}
        messages = [user, {"role": "assistant", "content": None, "tool_calls": said}, *results]
        pieces = [
            choice.delta.content or ""
            for chunk in self.ask(messages=messages, tools=[TOOL], stream=True)
            for choice in chunk.choices
        ]
        expect("".join(pieces) == "tool said: sunny 1 and sunny 2", f"content {pieces}")
        return "".join(pieces)

    def image(self):
        return self.see(f"data:image/png;base64,{PIXEL}")

    def image_address(self):
        return self.see(ADDRESS)

    def see(self, url):
        content = [
            {"type": "text", "text": "what is it"},
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "image_url", "image_url": {"url": url}},
        ]
        said, finish, _ = self.both(content)
        expect((said, finish) == ("saw 2: what is it", "stop"), f"{said!r} {finish}")
        return said

    def schema(self):
        form = {"type": "json_schema", "json_schema": {"name": "bird", "strict": True, "schema": SCHEMA}}
        said, _, _ = self.both("swift", response_format=form)
        expect(json.loads(said) == {"name": "swift", "letters": 5}, f"content {said!r}")
        return said

    def thinking(self):
        said, _, thought = self.both("why", reasoning_effort="high")
        expect((said, thought) == ("echo: why", "about why"), f"{said!r} after {thought!r}")
        usage = self.ask("why", reasoning_effort="high").usage
        if not self.uncounted:
            expect(usage.completion_tokens_details.reasoning_tokens == 2, f"usage {usage}")
        return thought

    def unknown_model_streamed(self):
        return self.fails(openai.NotFoundError, 404, model="no-such-model", stream=True)


    def overloaded(self):
        return self.fails(openai.InternalServerError, 503, text="mode:503")

    def broken_stream(self):
        pieces = []
        try:
            for chunk in self.ask(BROKEN, stream=True):
                pieces += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        except openai.APIError as error:
            expect(pieces, "nothing came before")
            return f"broke off after {len(pieces)} pieces: {error.message}"
        raise Wrong("the stream came to an end")

    def unknown_model(self):
        return self.fails(openai.NotFoundError, 404, model="no-such-model")

    def wrong_key(self):
        return self.fails(openai.AuthenticationError, 401, client=self.connect("not-the-key"))

    def malformed_request(self):
        return self.fails(openai.BadRequestError, 400, extra_body={"messages": "not a list"})

    def early_disconnect(self):
        stream = self.ask(" ".join(["word"] * 500), stream=True)
        seen = 0
        for chunk in stream:
            seen += len([choice for choice in chunk.choices if choice.delta.content])
            if seen >= 3:
                break
        stream.close()
        content = self.ask().choices[0].message.content
        expect(content == f"echo: {TEXT}", f"the next request got {content!r}")
        return f"left after {seen} pieces; the next request was answered"

    def fails(self, kind, status, **request):
        try:
            self.ask(**request)
        except kind as error:
            expect(error.status_code == status, f"status {error.status_code}")
            expect(isinstance(error.body, dict) and error.body.get("message"), f"body {error.body!r}")
            return error.body["message"]
        raise Wrong(f"no {kind.__name__}")

    def collect(self, text):
        calls, finish = {}, None
        for chunk in self.ask(text, tools=[TOOL], stream=True):
            for choice in chunk.choices:
                finish = choice.finish_reason or finish
                for delta in choice.delta.tool_calls or []:
                    call = calls.setdefault(delta.index, ["", "", ""])
                    call[0] += delta.id or ""
                    call[1] += delta.function.name or ""
                    call[2] += delta.function.arguments or ""
        expect(sorted(calls) == list(range(len(calls))), f"indexes {sorted(calls)}")
        return [tuple(calls[index]) for index in sorted(calls)], finish

    def check_call(self, identity, name, arguments, number):
        expect(identity, "a call without id")
        expect(name == "weather", f"name {name}")
        value = json.loads(arguments)
        expect(value.get("number") == number and "text" in value, f"arguments {arguments}")

    def check_usage(self, usage):
        expect(usage is not None, "no usage")
        expect(usage.prompt_tokens > 0 and usage.completion_tokens > 0, f"usage {usage}")
        expect(usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, f"usage {usage}")


# Asked both ways at once, and held against each other.
BOTH = ["image", "image_address", "schema", "thinking"]
CASES = [
    "models", "text", "system_message", "conversation", "length_limit", "stop_word", "text_streamed", "streamed_with_usage",
    "tools_plain", "tools_parallel", "tools_streamed", "tools_streamed_parallel", "tool_choice_forced", "tool_round_trip",
    "unknown_model", "wrong_key", "malformed_request", "early_disconnect", "assistant_first", "stop_streamed",
    "tool_results_streamed", *BOTH, *(f"{name}_streamed" for name in BOTH), "usage", "unknown_model_streamed",
    "overloaded", "broken_stream",
]

if __name__ == "__main__":
    main(
        Check, [], CASES, [], {"uncounted": "whose provider does not say how much it thought"},
        {"http2": "HTTP/2 where the server agrees to it in TLS"},
    )
