#!/usr/bin/env python3
"""Does a model API serve the real `instructor` client?

instructor_check.py --base-url http://HOST:PORT --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, as client_check.py does, and expects the same answers. The client asks through `openai`, and through
`anthropic` in the cases that are called after it.
"""

import logging

import instructor
import openai
from cases import BROKEN, PIXEL, TEXT, Wrong, expect, fails, main
from pydantic import BaseModel


# It logs what its cases provoke.
logging.disable()


class Bird(BaseModel):
    name: str
    letters: int


class weather(BaseModel):
    """The weather at a place."""

    number: int
    text: str


class Check:
    def __init__(self, options):
        self.options = options
        self.model = options.model
        self.clients = {}

    def client(self, mode, key=None):
        found = self.clients.get((mode, key)) or self.connect(mode, key)
        self.clients[mode, key] = found
        return found

    def connect(self, mode, key):
        options = self.options
        # No retries: every failure must be seen.
        plain = openai.OpenAI(base_url=options.base_url + "/v1", api_key=key or options.key, max_retries=0, timeout=20)
        return instructor.from_openai(plain, mode=mode)

    def anthropic(self):
        import anthropic

        options = self.options
        plain = anthropic.Anthropic(base_url=options.base_url, api_key=options.key, max_retries=0, timeout=20)
        return instructor.from_anthropic(plain)

    def ask(self, text, kind, mode=instructor.Mode.JSON_SCHEMA, client=None, **more):
        client = client or self.client(mode)
        messages = more.pop("messages", [{"role": "user", "content": text}])
        request = {"model": self.model, "messages": messages, "max_retries": 0, **more}
        if not self.streamed:
            return client.chat.completions.create(response_model=kind, **request)
        pieces = list(client.chat.completions.create_partial(response_model=kind, **request))
        expect(pieces, "not a piece came")
        return pieces[-1]

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def schema(self):
        bird = self.ask("swift", Bird)
        expect((bird.name, bird.letters) == ("swift", 5), f"{bird}")
        return bird

    def tools(self):
        found = self.ask("please call:weather now", weather, instructor.Mode.TOOLS)
        expect((found.number, found.text) == (1, "please call:weather now"), f"{found}")
        return found

    def anthropic_tools(self):
        found = self.ask("please call:weather now", weather, client=self.anthropic(), max_tokens=2000)
        expect((found.number, found.text) == (1, "please call:weather now"), f"{found}")
        return found

    def thinking(self):
        bird = self.ask("swift", Bird, reasoning_effort="high")
        expect(bird.name == "swift", f"{bird}")
        return "thought; this client does not tell what"

    def wrong_key(self):
        client = self.client(instructor.Mode.TOOLS, key="not-the-key")
        return fails(lambda: self.ask("swift", weather, client=client), 401)

    def unknown_model(self):
        return fails(lambda: self.ask("swift", Bird, model="no-such-model"), 404)

    def overloaded(self):
        return fails(lambda: self.ask("mode:503", Bird), 503)

    # Of these there is one way only.

    def text(self):
        client = self.client(instructor.Mode.TOOLS)
        messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": TEXT}]
        answer = client.chat.completions.create(model=self.model, response_model=None, messages=messages)
        said = answer.choices[0].message.content
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return said

    def tools_parallel(self):
        from typing import Iterable

        client = self.client(instructor.Mode.PARALLEL_TOOLS)
        messages = [{"role": "user", "content": "please call2:weather now"}]
        found = client.chat.completions.create(
            model=self.model, response_model=Iterable[weather], messages=messages, max_retries=0, tool_choice="auto"
        )
        numbers = [one.number for one in found]
        expect(numbers == [1, 2], f"{numbers}")
        return "two calls"

    def image(self):
        picture = instructor.Image.from_base64(f"data:image/png;base64,{PIXEL}")
        messages = [{"role": "user", "content": ["swift", picture]}]
        bird = self.ask(None, Bird, messages=messages)
        expect(bird.name == "swift", f"{bird}")
        return bird

    def usage(self):
        client = self.client(instructor.Mode.JSON_SCHEMA)
        messages = [{"role": "user", "content": "swift"}]
        _, answer = client.chat.completions.create_with_completion(
            model=self.model, response_model=Bird, messages=messages, max_retries=0
        )
        usage = answer.usage
        expect(usage.total_tokens == usage.prompt_tokens + usage.completion_tokens >= 3, f"{usage}")
        return f"{usage.total_tokens} tokens"

    def broken_stream(self):
        client, messages = self.client(instructor.Mode.JSON_SCHEMA), [{"role": "user", "content": BROKEN}]
        seen = 0
        try:
            for _ in client.chat.completions.create_partial(
                model=self.model, response_model=Bird, messages=messages, max_retries=0
            ):
                seen += 1
        except Exception as error:
            return f"broke off after {seen} pieces: {type(error).__name__}"
        raise Wrong("the stream came to an end")

    def early_disconnect(self):
        messages = [{"role": "user", "content": " ".join(["word"] * 500)}]
        client = self.client(instructor.Mode.JSON_SCHEMA)
        for _ in client.chat.completions.create_partial(
            model=self.model, response_model=Bird, messages=messages, max_retries=0
        ):
            break
        return self.text()


PAIRED = ["schema", "tools", "anthropic_tools", "thinking", "wrong_key", "unknown_model", "overloaded"]

if __name__ == "__main__":
    main(Check, PAIRED, ["text", "tools_parallel", "image", "usage", "broken_stream", "early_disconnect"])
