#!/usr/bin/env python3
"""Does a model API serve the real `langchain-openai` and `langchain-anthropic` clients?

langchain_check.py openai|anthropic|responses --base-url http://HOST:PORT --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, as client_check.py does, and expects the same answers. `responses` is `langchain-openai` by OpenAI's Responses
API.
"""

import sys

from cases import BROKEN, PIXEL, SCHEMA, TEXT, TOOL, Wrong, expect, fails, main
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage


class OpenAI:
    """`langchain-openai`, by Chat Completions."""

    thinking = {"reasoning_effort": "high"}
    more = {"stream_usage": True}
    tool = TOOL

    def __init__(self, options):
        self.options = options

    def connect(self, key=None, model=None, **more):
        from langchain_openai import ChatOpenAI

        options = self.options
        return ChatOpenAI(
            base_url=options.base_url + "/v1", api_key=key or options.key, model=model or options.model, max_retries=0,
            timeout=20, **self.more, **more,
        )

    def thought(self, answer):
        # This client does not read `reasoning_content`; that the model thought stands in the usage.
        return None


class Responses(OpenAI):
    """`langchain-openai`, by the Responses API."""

    thinking = {"reasoning": {"effort": "high"}}
    more = {"use_responses_api": True}
    # Where nothing is said of it, the API holds a tool to the letter, and refuses one whose schema does not allow that.
    tool = TOOL | {"function": TOOL["function"] | {"strict": False}}


class Anthropic(OpenAI):
    """`langchain-anthropic`."""

    thinking = {"thinking": {"type": "enabled", "budget_tokens": 8192}, "effort": "high", "max_tokens": 16_384}

    def connect(self, key=None, model=None, **more):
        from langchain_anthropic import ChatAnthropic

        options = self.options
        more = {"max_tokens": 2000} | more
        return ChatAnthropic(
            base_url=options.base_url, api_key=key or options.key, model=model or options.model, max_retries=0, timeout=20,
            **more,
        )

    def thought(self, answer):
        return "".join(block.get("thinking", "") for block in answer.content if isinstance(block, dict))


class Check:
    def __init__(self, options):
        self.client = CLIENT(options)
        self.chat = self.client.connect()

    def ask(self, messages=TEXT, chat=None, **more):
        """The whole answer, added up of its pieces when it is streamed."""
        chat = chat or self.chat
        if not self.streamed:
            return chat.invoke(messages, **more)
        whole = None
        for piece in chat.stream(messages, **more):
            whole = piece if whole is None else whole + piece
        expect(whole is not None, "not a piece came")
        return whole

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def text(self):
        messages = [SystemMessage("Be brief."), HumanMessage("first"), AIMessage("echo: first"), HumanMessage(TEXT)]
        said = self.ask(messages).text
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return said

    def usage(self):
        usage = self.ask().usage_metadata
        expect(usage["output_tokens"] > 3, f"{usage}")
        expect(usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"], f"{usage}")
        return f"{usage['total_tokens']} tokens"

    def stop(self):
        said = self.ask(stop=["river"]).text
        expect(said and "river" not in said, f"{said!r}")
        return said

    def calls(self, messages, numbers):
        answer = self.ask(messages, self.chat.bind_tools([self.client.tool]))
        calls = answer.tool_calls
        expect([(call["name"], call["args"]["number"]) for call in calls] == [("weather", n) for n in numbers], f"{calls}")
        expect(len({call["id"] for call in calls}) == len(numbers), f"{calls}")
        return answer

    def tools(self):
        self.calls("please call:weather now", [1])
        return "one call"

    def tools_parallel(self):
        self.calls("please call2:weather now", [1, 2])
        return "two calls"

    def tool_results(self):
        user = HumanMessage("please call2:weather now")
        answer = self.calls([user], [1, 2])
        results = [
            ToolMessage(f"sunny {number}", tool_call_id=call["id"], name="weather")
            for number, call in enumerate(answer.tool_calls, 1)
        ]
        said = self.ask([user, answer, *results], self.chat.bind_tools([self.client.tool])).text
        expect(said == "tool said: sunny 1 and sunny 2", f"{said!r}")
        return said

    def image(self):
        content = [
            {"type": "text", "text": "what is it"},
            {"type": "image", "base64": PIXEL, "mime_type": "image/png"},
        ]
        said = self.ask([HumanMessage(content)]).text
        expect(said == "saw 1: what is it", f"{said!r}")
        return said

    def schema(self):
        schema = {"title": "bird", "description": "A bird.", **SCHEMA}
        chain = self.chat.with_structured_output(schema, method="json_schema")
        value = list(chain.stream("swift"))[-1] if self.streamed else chain.invoke("swift")
        expect(value == {"name": "swift", "letters": 5}, f"{value}")
        return value

    def thinking(self):
        answer = self.ask("why", self.client.connect(**self.client.thinking))
        expect(answer.text == "echo: why", f"{answer}")
        thought = self.client.thought(answer)
        expect(thought in (None, "about why"), f"{answer}")
        return thought or "thought; this client does not read what"

    def unknown_model(self):
        return fails(lambda: self.ask(chat=self.client.connect(model="no-such-model")), 404)

    def wrong_key(self):
        return fails(lambda: self.ask(chat=self.client.connect(key="not-the-key")), 401)

    def overloaded(self):
        return fails(lambda: self.ask("mode:503"), 529 if CLIENT is Anthropic else 503)

    def broken_stream(self):
        pieces = []
        try:
            for piece in self.chat.stream(BROKEN):
                pieces += [piece.text] if piece.text else []
                expect(getattr(piece, "chunk_position", None) != "last", "the stream came to an end")
        except Wrong:
            raise
        except Exception as error:
            expect(pieces, f"nothing came before {error}")
            return f"broke off after {len(pieces)} pieces: {type(error).__name__}"
        raise Wrong("the stream came to an end")

    def early_disconnect(self):
        stream = self.chat.stream(" ".join(["word"] * 500))
        for _ in range(4):
            next(stream)
        stream.close()
        said = self.ask().text
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return "left after 4 pieces; the next request was answered"


CLIENTS = {"openai": OpenAI, "responses": Responses, "anthropic": Anthropic}
# The Responses API has no stop texts.
PAIRED = [
    "text", "usage", "tools", "tools_parallel", "tool_results", "image", "schema", "thinking", "unknown_model",
    "wrong_key", "overloaded",
]

if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in CLIENTS:
        sys.exit(f"which client? {', '.join(CLIENTS)}")
    CLIENT = CLIENTS[sys.argv.pop(1)]
    main(Check, PAIRED + ["stop"] * (CLIENT is not Responses), ["broken_stream", "early_disconnect"])
