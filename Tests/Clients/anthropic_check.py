#!/usr/bin/env python3
"""Does a messages API serve the real `anthropic` client?

anthropic_check.py --base-url http://HOST:PORT --key KEY --model MODEL

Prints one JSON line per case and leaves with status 1 when any failed, as client_check.py does for `openai`. Its first use is to hold the
mock provider itself against the client of the provider it stands for (client 2.12.0 sends its key in `authorization`: start the mock with
`--key-header authorization`).
"""

import argparse
import json
import sys

import anthropic

TEXT = "seven martlets fly over the wide river and never land"
TOOL = {
    "name": "weather",
    "description": "The weather at a place.",
    "input_schema": {
        "type": "object",
        "properties": {"number": {"type": "integer"}, "text": {"type": "string"}},
        "required": ["number", "text"],
    },
}


class Wrong(Exception):
    """An answer that is not as it must be."""


def expect(condition, message):
    if not condition:
        raise Wrong(message)


class Check:
    def __init__(self, options):
        self.model = options.model
        self.base_url = options.base_url
        self.client = self.connect(options.key)

    def connect(self, key):
        # No retries: every failure must be seen.
        return anthropic.Anthropic(base_url=self.base_url, api_key=key, max_retries=0, timeout=20)

    def request(self, text=TEXT, **more):
        return {"model": self.model, "max_tokens": 1000, "messages": [{"role": "user", "content": text}]} | more

    def models(self):
        names = [model.id for model in self.client.models.list()]
        expect(self.model in names, f"{self.model} is not among {names}")
        return f"{len(names)} models"

    def plain(self):
        message = self.client.messages.create(**self.request(system="Be brief."))
        expect(message.content[0].text == f"echo: {TEXT}", f"content {message.content}")
        expect(message.stop_reason == "end_turn", f"stop_reason {message.stop_reason}")
        expect(message.usage.input_tokens > 0 and message.usage.output_tokens > 0, f"usage {message.usage}")
        return f"{message.usage.output_tokens} tokens"

    def length_limit(self):
        message = self.client.messages.create(**self.request(max_tokens=3))
        expect(message.stop_reason == "max_tokens", f"stop_reason {message.stop_reason}")
        return message.content[0].text

    def stop_word(self):
        message = self.client.messages.create(**self.request(stop_sequences=["river"]))
        expect((message.stop_reason, message.stop_sequence) == ("stop_sequence", "river"), f"{message}")
        return message.content[0].text

    def streamed(self):
        with self.client.messages.stream(**self.request()) as stream:
            pieces = list(stream.text_stream)
            message = stream.get_final_message()
        expect("".join(pieces) == f"echo: {TEXT}", f"content {''.join(pieces)!r}")
        expect(len(pieces) > 3, f"only {len(pieces)} pieces")
        expect(message.usage.output_tokens > 3, f"usage {message.usage}")
        return f"{len(pieces)} pieces"

    def tools_streamed_parallel(self):
        with self.client.messages.stream(**self.request("call2:weather", tools=[TOOL])) as stream:
            message = stream.get_final_message()
        expect(message.stop_reason == "tool_use", f"stop_reason {message.stop_reason}")
        inputs = [block.input["number"] for block in message.content if block.type == "tool_use"]
        expect(inputs == [1, 2], f"content {message.content}")
        return "two uses"

    def tool_round_trip(self):
        user = {"role": "user", "content": "call2:weather"}
        message = self.client.messages.create(**self.request(messages=[user], tools=[TOOL]))
        results = [
            {"type": "tool_result", "tool_use_id": block.id, "content": f"sunny {block.input['number']}"}
            for block in message.content
        ]
        uses = [{"type": "tool_use", "id": b.id, "name": b.name, "input": b.input} for b in message.content]
        messages = [user, {"role": "assistant", "content": uses}, {"role": "user", "content": results}]
        last = self.client.messages.create(**self.request(messages=messages, tools=[TOOL]))
        expect(last.content[0].text == "tool said: sunny 1 and sunny 2", f"content {last.content}")
        return last.content[0].text

    def unknown_model(self):
        return self.fails(anthropic.NotFoundError, self.client, self.request(model="no-such-model"))

    def wrong_key(self):
        return self.fails(anthropic.AuthenticationError, self.connect("not-the-key"), self.request())

    def unknown_field(self):
        return self.fails(anthropic.BadRequestError, self.client, self.request(extra_body={"n": 2}))

    def fails(self, kind, client, request):
        try:
            client.messages.create(**request)
        except kind as error:
            return error.body["error"]["message"]
        raise Wrong(f"no {kind.__name__}")


CASES = [
    "models", "plain", "length_limit", "stop_word", "streamed", "tools_streamed_parallel", "tool_round_trip",
    "unknown_model", "wrong_key", "unknown_field",
]


def run(check, case):
    try:
        detail, ok = getattr(check, case)(), True
    except Exception as error:  # whatever goes wrong is the case's result
        detail, ok = f"{type(error).__name__}: {error}", False
    print(json.dumps({"case": case, "ok": ok, "detail": detail}), flush=True)
    return ok


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--model", required=True)
    check = Check(parser.parse_args())
    results = [run(check, case) for case in CASES]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
