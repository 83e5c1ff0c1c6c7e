#!/usr/bin/env python3
"""Does a model API serve the real `mistralai` client?

mistral_check.py --base-url http://HOST:PORT/mistral --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, as client_check.py does, and expects the same answers. The client speaks Chat Completions with words of its
own (`random_seed`, `safe_prompt`, `tool_choice: any`, addresses of images as bare texts).
"""

import json

from cases import BROKEN, PIXEL, SCHEMA, TEXT, TOOL, Wrong, expect, fails, main
from mistralai.client import Mistral


class Check:
    def __init__(self, options):
        self.options = options
        self.model = options.model
        self.client = self.connect(options.key)

    def connect(self, key):
        return Mistral(api_key=key, server_url=self.options.base_url, timeout_ms=20_000)

    def ask(self, text=TEXT, client=None, **more):
        """The text, the calls, why it ended and the usage, plain and streamed alike."""
        messages = more.pop("messages", [{"role": "user", "content": text}])
        request = {"model": more.pop("model", self.model), "messages": messages, **more}
        chat = (client or self.client).chat
        if not self.streamed:
            answer = chat.complete(**request)
            choice = answer.choices[0]
            return choice.message.content, choice.message.tool_calls or [], choice.finish_reason, answer.usage
        return self.together(chat.stream(**request))

    def together(self, events):
        said, calls, finish, usage = "", {}, None, None
        for event in events:
            usage = event.data.usage or usage
            for choice in event.data.choices:
                said += choice.delta.content or ""
                finish = choice.finish_reason or finish
                for call in choice.delta.tool_calls or []:
                    if whole := calls.get(call.index):
                        whole.function.arguments += call.function.arguments
                    else:
                        calls[call.index] = call
        expect(finish, "the stream has no end")
        return said, list(calls.values()), finish, usage

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def text(self):
        messages = [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "first"},
            {"role": "assistant", "content": "echo: first"},
            {"role": "user", "content": TEXT},
        ]
        said, _, finish, _ = self.ask(messages=messages, safe_prompt=False)
        expect((said, finish) == (f"echo: {TEXT}", "stop"), f"{said!r} {finish}")
        return said

    def usage(self):
        usage = self.ask()[3]
        expect(usage.prompt_tokens > 0 and usage.completion_tokens > 3, f"{usage}")
        expect(usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, f"{usage}")
        return f"{usage.total_tokens} tokens"

    def length_limit(self):
        said, _, finish, _ = self.ask(max_tokens=3)
        expect((said, finish) == ("echo: seven martlets", "length"), f"{said!r} {finish}")
        return said

    def stop(self):
        said, _, finish, _ = self.ask(stop=["river"])
        expect(finish == "stop" and "river" not in said, f"{said!r} {finish}")
        return said

    def calls(self, text, numbers, **more):
        _, calls, finish, _ = self.ask(text, tools=[TOOL], **more)
        expect(finish == "tool_calls" or more.get("tool_choice"), f"finish_reason {finish}")
        expect({call.function.name for call in calls} == {"weather"}, f"{calls}")
        expect(len({call.id for call in calls}) == len(numbers), f"{calls}")
        expect([json.loads(call.function.arguments)["number"] for call in calls] == numbers, f"{calls}")
        return calls

    def tools(self):
        self.calls("please call:weather now", [1], tool_choice="auto")
        return "one call"

    def tools_parallel(self):
        self.calls("please call2:weather now", [1, 2], parallel_tool_calls=True)
        return "two calls"

    def tool_choice(self):
        self.calls(TEXT, [1], tool_choice="any")
        return "called though nobody asked"

    def tool_results(self):
        user = {"role": "user", "content": "please call2:weather now"}
        calls = self.calls(user["content"], [1, 2])
        results = [
            {"role": "tool", "name": "weather", "tool_call_id": call.id, "content": f"sunny {number}"}
            for number, call in enumerate(calls, 1)
        ]
        messages = [user, {"role": "assistant", "content": "", "tool_calls": calls}, *results]
        said = self.ask(messages=messages, tools=[TOOL])[0]
        expect(said == "tool said: sunny 1 and sunny 2", f"{said!r}")
        return said

    def image(self):
        address = f"data:image/png;base64,{PIXEL}"
        content = [
            {"type": "text", "text": "what is it"},
            {"type": "image_url", "image_url": {"url": address}},
            {"type": "image_url", "image_url": address},
        ]
        said = self.ask(content)[0]
        expect(said == "saw 2: what is it", f"{said!r}")
        return said

    def schema(self):
        form = {"type": "json_schema", "json_schema": {"name": "bird", "strict": True, "schema": SCHEMA}}
        said = self.ask("swift", response_format=form)[0]
        expect(json.loads(said) == {"name": "swift", "letters": 5}, f"{said!r}")
        return said

    def thinking(self):
        said, _, _, usage = self.ask("why", reasoning_effort="high")
        expect(said == "echo: why", f"{said!r}")
        expect(usage.completion_tokens > 3, f"{usage}")
        return "thought; this client does not read what"

    def seed(self):
        said = self.ask(random_seed=7)[0]
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return said

    def safe_prompt(self):
        said = self.ask(safe_prompt=True)[0]
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return said

    def prefix(self):
        messages = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": "echo:", "prefix": True}]
        said = self.ask(messages=messages)[0]
        expect(said, "nothing was said")
        return said

    def unknown_model(self):
        return fails(lambda: self.ask(model="no-such-model"), 404)

    def wrong_key(self):
        return fails(lambda: self.ask(client=self.connect("not-the-key")), 401)

    def overloaded(self):
        return fails(lambda: self.ask("mode:503"), 503)

    def broken_stream(self):
        pieces = []
        try:
            for event in self.client.chat.stream(model=self.model, messages=[{"role": "user", "content": BROKEN}]):
                pieces += [choice.delta.content for choice in event.data.choices if choice.delta.content]
                expect(not any(choice.finish_reason for choice in event.data.choices), "the stream came to an end")
        except Wrong:
            raise
        except Exception as error:
            expect(pieces, f"nothing came before {error}")
            return f"broke off after {len(pieces)} pieces: {type(error).__name__}"
        raise Wrong("the stream came to an end")

    def early_disconnect(self):
        many = [{"role": "user", "content": " ".join(["word"] * 500)}]
        with self.client.chat.stream(model=self.model, messages=many) as stream:
            for seen, _ in enumerate(stream):
                if seen >= 3:
                    break
        said = self.ask()[0]
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return "left after 4 pieces; the next request was answered"

    def models(self):
        names = [model.id for model in self.client.models.list().data]
        expect(self.model in names, f"{self.model} is not among {names}")
        return f"{len(names)} models"


PAIRED = [
    "text", "usage", "length_limit", "stop", "tools", "tools_parallel", "tool_choice", "tool_results", "image", "schema",
    "thinking", "seed", "safe_prompt", "unknown_model", "wrong_key", "overloaded",
]

if __name__ == "__main__":
    main(Check, PAIRED, ["prefix", "broken_stream", "early_disconnect", "models"])
