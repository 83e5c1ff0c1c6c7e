#!/usr/bin/env python3
"""Does a model API serve the real `ollama` client?

ollama_check.py --base-url http://HOST:PORT --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, {"model": …, "case": …, "ok": true|false, "detail": …}, and leaves with status 1 when any failed. It expects the
answers of the project's mock provider (an echo of the last user text; `call:NAME` calls that tool), be it asked directly or through a
gateway, whatever the dialect of the provider behind it.
"""

import base64
import json

import ollama
from cases import BROKEN, PIXEL, SCHEMA, TEXT, TOOL, Wrong, expect, main


class Check:
    def __init__(self, options):
        self.model = options.model
        self.base_url = options.base_url
        self.streamed = False
        self.client = self.connect(options.key)

    def connect(self, key):
        return ollama.Client(host=self.base_url, timeout=20, headers={"Authorization": f"Bearer {key}"})

    def ask(self, text=TEXT, client=None, **more):
        """The answer, put together of its pieces when it is streamed."""
        messages = more.pop("messages", [{"role": "user", "content": text}])
        request = {"model": more.pop("model", self.model), "messages": messages, **more}
        answer = (client or self.client).chat(**request, stream=self.streamed)
        return self.together(answer) if self.streamed else answer

    def together(self, pieces):
        said, thought, calls, last = "", "", [], None
        for piece in pieces:
            expect(last is None, "a piece behind the last")
            said += piece.message.content or ""
            thought += piece.message.thinking or ""
            calls += piece.message.tool_calls or []
            if piece.done:
                last = piece
        expect(last is not None, "the stream has no end")
        last.message.content, last.message.thinking, last.message.tool_calls = said, thought or None, calls or None
        return last

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def text(self):
        answer = self.ask()
        self.check_text(answer, f"echo: {TEXT}")
        expect((answer.done, answer.done_reason) == (True, "stop"), f"{answer}")
        expect(answer.message.role == "assistant" and answer.created_at, f"{answer}")
        expect(answer.prompt_eval_count > 0 and answer.eval_count > 3, f"{answer}")
        expect(answer.total_duration > 0 and answer.total_duration >= answer.eval_duration, f"{answer}")
        return f"{answer.eval_count} tokens"

    def usage(self):
        """Which the text's case looks at."""
        return self.text()

    def conversation(self):
        said = [("system", "Be brief."), ("user", "first"), ("assistant", "echo: first"), ("user", "second")]
        self.check_text(self.ask(messages=[{"role": role, "content": text} for role, text in said]), "echo: second")
        return "four messages"

    def length_limit(self):
        answer = self.ask(options={"num_predict": 3})
        expect(answer.done_reason == "length", f"done_reason {answer.done_reason}")
        self.check_text(answer, "echo: seven martlets")
        return "done_reason length"

    def stop(self):
        answer = self.ask(options={"stop": ["river"]})
        expect(answer.done_reason == "stop" and "river" not in answer.message.content, f"{answer}")
        return answer.message.content

    def tools(self):
        answer = self.ask("please call:weather now", tools=[TOOL])
        expect(self.numbers(answer) == [1], f"{answer}")
        return "one call"

    def tools_parallel(self):
        answer = self.ask("please call2:weather now", tools=[TOOL])
        expect(self.numbers(answer) == [1, 2], f"{answer}")
        return "two calls"

    def tool_results(self):
        user = {"role": "user", "content": "please call2:weather now"}
        message = self.ask(messages=[user], tools=[TOOL]).message
        results = [
            {"role": "tool", "tool_name": call.function.name, "content": f"sunny {call.function.arguments['number']}"}
            for call in message.tool_calls
        ]
        self.check_text(self.ask(messages=[user, message, *results], tools=[TOOL]), "tool said: sunny 1 and sunny 2")
        return "both results"

    def image(self):
        pixel = base64.b64decode(PIXEL)
        message = {"role": "user", "content": "what is it", "images": [pixel, pixel]}
        self.check_text(self.ask(messages=[message]), "saw 2: what is it")
        return "two images"

    def schema(self):
        answer = self.ask("swift", format=SCHEMA)
        expect(json.loads(answer.message.content) == {"name": "swift", "letters": 5}, f"{answer}")
        return answer.message.content

    def thinking(self):
        answer = self.ask("why", think="high")
        expect((answer.message.content, answer.message.thinking) == ("echo: why", "about why"), f"{answer}")
        messages = [{"role": "user", "content": "why"}, answer.message, {"role": "user", "content": "really"}]
        self.check_text(self.ask(messages=messages), "echo: really")
        return answer.message.thinking

    def generate(self):
        request = {"model": self.model, "prompt": TEXT, "system": "Be brief."}
        said = ""
        for piece in self.client.generate(**request, stream=True) if self.streamed else [self.client.generate(**request)]:
            said += piece.response
        expect(said == f"echo: {TEXT}" and piece.done and piece.eval_count > 3, f"{said!r} {piece}")
        return f"{piece.eval_count} tokens"

    def unknown_model(self):
        return self.fails(404, model="no-such-model")

    def wrong_key(self):
        return self.fails(401, client=self.connect("not-the-key"))

    def pieces(self):
        pieces = [piece.message.content for piece in self.client.chat(**self.request(), stream=True)]
        expect(len([piece for piece in pieces if piece]) > 3, f"only {pieces}")
        return f"{len(pieces)} pieces"

    def early_disconnect(self):
        messages = [{"role": "user", "content": " ".join(["word"] * 500)}]
        stream = self.client.chat(model=self.model, messages=messages, stream=True)
        for _ in range(3):
            next(stream)
        stream.close()
        self.check_text(self.client.chat(**self.request()), f"echo: {TEXT}")
        return "left after 3 pieces; the next request was answered"

    def models(self):
        names = [model.model for model in self.client.list().models]
        expect(self.model in names, f"{self.model} is not among {names}")
        shown = self.client.show(self.model)
        expect(shown.details is not None and shown.modelinfo, f"{shown}")
        return f"{len(names)} models"

    # A case that not every provider serves, and two that make one of the lab's fail.

    def embed(self):
        answer = self.client.embed(model=self.model, input=["one", "two"], dimensions=3)
        expect([len(vector) for vector in answer.embeddings] == [3, 3], f"{answer}")
        expect(answer.prompt_eval_count > 0, f"{answer}")
        return f"{answer.embeddings[0]}"

    def overloaded(self):
        return self.fails(503, text="mode:503")

    def broken_stream(self):
        said = ""
        try:
            for piece in self.client.chat(**self.request(BROKEN), stream=True):
                said += piece.message.content
                expect(not piece.done, "the stream came to an end")
        except ollama.ResponseError as error:
            expect(said and error.error, "nothing came before")
            return f"broke off after {said!r}: {error.error}"
        raise Wrong("no error")

    def request(self, text=TEXT):
        return {"model": self.model, "messages": [{"role": "user", "content": text}]}

    def fails(self, status, **request):
        try:
            self.ask(**request)
        except ollama.ResponseError as error:
            expect(error.status_code == status, f"status {error.status_code}")
            expect(error.error and not error.error.startswith("{"), f"error {error.error!r}")
            return error.error
        raise Wrong("no error")

    def check_text(self, answer, wanted):
        expect(answer.message.content == wanted, f"content {answer.message.content!r}")

    def numbers(self, answer):
        calls = answer.message.tool_calls or []
        expect({call.function.name for call in calls} == {"weather"}, f"{calls}")
        return [call.function.arguments["number"] for call in calls]


PAIRED = [
    "text", "usage", "conversation", "length_limit", "stop", "tools", "tools_parallel", "tool_results", "image", "schema", "thinking",
    "generate", "unknown_model", "wrong_key", "overloaded",
]

if __name__ == "__main__":
    main(Check, PAIRED, ["pieces", "early_disconnect", "broken_stream", "models"], ["embed"])
