#!/usr/bin/env python3
"""Does a messages API serve the real `anthropic` client?

anthropic_check.py --base-url http://HOST:PORT --key KEY --model MODEL[,MODEL…] [--foreign MODEL,…] [--cases NAME,NAME…]

Prints one JSON line per case and leaves with status 1 when any failed, as client_check.py does for `openai`. It can be held against the
mock provider itself too (client 2.12.0 sends its key in `authorization`: start the mock with `--key-header authorization`).
"""

import json

import anthropic
from cases import ADDRESS, BROKEN, PIXEL, SCHEMA, TEXT, Wrong, expect, main

TOOL = {
    "name": "weather",
    "description": "The weather at a place.",
    "input_schema": {
        "type": "object",
        "properties": {"number": {"type": "integer"}, "text": {"type": "string"}},
        "required": ["number", "text"],
    },
}


class Check:
    def __init__(self, options):
        self.model = options.model
        self.base_url = options.base_url
        self.foreign = options.foreign
        self.client = self.connect(options.key)
        self.streamed = False

    def connect(self, key):
        # No retries: every failure must be seen.
        return anthropic.Anthropic(base_url=self.base_url, api_key=key, max_retries=0, timeout=20)

    def request(self, text=TEXT, **more):
        messages = [{"role": "user", "content": text}]
        return {"model": self.model, "max_tokens": 2000, "messages": messages} | more

    def ask(self, text=TEXT, client=None, **more):
        """The whole message, however it came."""
        client, request = client or self.client, self.request(text, **more)
        if not self.streamed:
            return client.messages.create(**request)
        with client.messages.stream(**request) as stream:
            return stream.get_final_message()

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def models(self):
        names = [model.id for model in self.client.models.list()]
        expect(self.model in names, f"{self.model} is not among {names}")
        return f"{len(names)} models"

    def text(self):
        message = self.ask(system="Be brief.")
        self.check_text(message, f"echo: {TEXT}")
        expect(message.stop_reason == "end_turn", f"stop_reason {message.stop_reason}")
        expect((message.type, message.role) == ("message", "assistant"), f"{message}")
        expect(message.usage.input_tokens > 0 or self.foreign, f"usage {message.usage}")
        expect(message.usage.output_tokens > 3, f"usage {message.usage}")
        return f"{message.usage.output_tokens} tokens"

    def usage(self):
        """Which the text's case looks at."""
        return self.text()

    def system_parts(self):
        system = [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}]
        parts = [{"type": "text", "text": "sec"}, {"type": "text", "text": "ond"}]
        said = [("user", "first"), ("assistant", "echo: first"), ("user", parts)]
        messages = [{"role": role, "content": content} for role, content in said]
        said = "".join(block.text for block in self.ask(messages=messages, system=system).content)
        # Where a message has one text, its parts are paragraphs.
        expect(said.replace("\n\n", "") == "echo: second", f"{said!r}")
        return "three messages, content in parts"

    def length_limit(self):
        message = self.ask(max_tokens=3)
        expect(message.stop_reason == "max_tokens", f"stop_reason {message.stop_reason}")
        self.check_text(message, "echo: seven martlets")
        return message.content[0].text

    def stop(self):
        message = self.ask(stop_sequences=["river"])
        # Which text it was, an OpenAI provider does not tell.
        wanted = ("end_turn", None) if self.foreign else ("stop_sequence", "river")
        expect((message.stop_reason, message.stop_sequence) == wanted, f"{message}")
        expect("river" not in message.content[0].text, f"content {message.content}")
        return message.content[0].text

    def tools(self):
        message = self.ask("call:weather", tools=[TOOL])
        expect(message.stop_reason == "tool_use", f"stop_reason {message.stop_reason}")
        expect(self.inputs(message) == [1], f"content {message.content}")
        return "one use"

    def tools_parallel(self):
        message = self.ask("call2:weather", tools=[TOOL])
        expect(message.stop_reason == "tool_use", f"stop_reason {message.stop_reason}")
        expect(self.inputs(message) == [1, 2], f"content {message.content}")
        expect(len({block.id for block in message.content}) == 2, "two uses with one id")
        return "two uses"

    def tool_choice(self):
        choice = {"type": "tool", "name": "weather", "disable_parallel_tool_use": True}
        expect(self.inputs(self.ask(tools=[TOOL], tool_choice=choice)) == [1], "not called")
        none = self.ask("call:weather", tools=[TOOL], tool_choice={"type": "none"})
        self.check_text(none, "echo: call:weather")
        return "called though nobody asked, and not called though asked"

    def tool_results(self):
        user = {"role": "user", "content": "call2:weather"}
        message = self.ask(messages=[user], tools=[TOOL])
        uses = [block for block in message.content if block.type == "tool_use"]
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": f"sunny {block.input['number']}"}
            for block in uses
        ]
        said = [block.model_dump(include={"type", "id", "name", "input"}) for block in uses]
        messages = [user, {"role": "assistant", "content": said}, {"role": "user", "content": results}]
        last = self.ask(messages=messages, tools=[TOOL])
        self.check_text(last, "tool said: sunny 1 and sunny 2")
        return last.content[0].text

    def image(self):
        return self.see({"type": "base64", "media_type": "image/png", "data": PIXEL})

    def image_address(self):
        return self.see({"type": "url", "url": ADDRESS})

    def see(self, source):
        content = [
            {"type": "text", "text": "what is it"},
            {"type": "image", "source": source},
            {"type": "image", "source": source},
        ]
        self.check_text(self.ask(content), "saw 2: what is it")
        return "two images"

    def schema(self):
        message = self.ask("swift", output_config={"format": {"type": "json_schema", "schema": SCHEMA}})
        value = json.loads(message.content[-1].text)
        expect(value == {"name": "swift", "letters": 5}, f"content {message.content}")
        return message.content[-1].text

    def thinking(self):
        options = {"thinking": {"type": "adaptive"}, "output_config": {"effort": "high"}}
        first = self.ask("why", **options)
        kinds = [block.type for block in first.content]
        expect(kinds == ["thinking", "text"], f"content {first.content}")
        expect(first.content[0].thinking == "about why", f"content {first.content}")
        # A provider refuses a thought whose proof is not its own, to the last byte.
        said = [block.model_dump(include={"type", "thinking", "signature", "text"}) for block in first.content]
        messages = [
            {"role": "user", "content": "why"},
            {"role": "assistant", "content": said},
            {"role": "user", "content": "really"},
        ]
        self.check_text(self.ask(messages=messages, **options), "echo: really")
        return first.content[0].thinking

    def pieces(self):
        with self.client.messages.stream(**self.request()) as stream:
            pieces = list(stream.text_stream)
        expect("".join(pieces) == f"echo: {TEXT}", f"content {''.join(pieces)!r}")
        expect(len(pieces) > 3, f"only {len(pieces)} pieces")
        return f"{len(pieces)} pieces"

    def events(self):
        names, places = [], []
        for event in self.client.messages.create(**self.request("call2:weather", tools=[TOOL]), stream=True):
            names.append(event.type)
            if event.type == "content_block_start":
                places.append(event.index)
        expect((names[0], names[-2], names[-1]) == ("message_start", "message_delta", "message_stop"), f"{names}")
        expect(places == [0, 1], f"indexes {places}")
        expect(names.count("content_block_stop") == 2, f"{names}")
        return f"{len(names)} events"

    def early_disconnect(self):
        stream = self.client.messages.create(**self.request(" ".join(["word"] * 500)), stream=True)
        seen = 0
        for event in stream:
            seen += event.type == "content_block_delta"
            if seen >= 3:
                break
        stream.close()
        self.check_text(self.ask(), f"echo: {TEXT}")
        return f"left after {seen} pieces; the next request was answered"

    def unknown_model(self):
        return self.fails(anthropic.NotFoundError, 404, model="no-such-model")

    def wrong_key(self):
        return self.fails(anthropic.AuthenticationError, 401, client=self.connect("not-the-key"))

    def unknown_field(self):
        return self.fails(anthropic.BadRequestError, 400, extra_body={"n": 2})

    def malformed_request(self):
        return self.fails(anthropic.BadRequestError, 400, extra_body={"messages": "not a list"})

    # Cases that make a provider of the lab's fail.

    def overloaded(self):
        return self.fails(anthropic.OverloadedError, 529, text="mode:503")

    def broken_stream(self):
        pieces = []
        try:
            with self.client.messages.stream(**self.request(BROKEN)) as stream:
                pieces.extend(stream.text_stream)
        except anthropic.APIStatusError as error:
            expect(error.body["error"]["type"] in ("api_error", "overloaded_error"), f"body {error.body!r}")
            expect(pieces, "nothing came before")
            return f"broke off after {len(pieces)} pieces"
        raise Wrong("the stream came to an end")

    def fails(self, kind, status, **request):
        try:
            self.ask(**request)
        except kind as error:
            expect(error.status_code == status, f"status {error.status_code}")
            expect(error.body["type"] == "error" and error.body["error"]["message"], f"body {error.body!r}")
            return error.body["error"]["message"]
        raise Wrong(f"no {kind.__name__}")

    def check_text(self, message, wanted):
        text = "".join(block.text for block in message.content if block.type == "text")
        expect(text == wanted, f"content {message.content}")

    def inputs(self, message):
        return [block.input["number"] for block in message.content if block.type == "tool_use"]


PAIRED = [
    "text", "usage", "system_parts", "length_limit", "stop", "tools", "tools_parallel", "tool_choice", "tool_results", "image", "image_address", "schema",
    "thinking", "unknown_model", "wrong_key", "unknown_field", "malformed_request",
    "overloaded",
]

if __name__ == "__main__":
    main(
        Check, PAIRED, ["pieces", "events", "early_disconnect", "broken_stream"], ["models"],
        {"foreign": "whose provider speaks another dialect"},
    )
