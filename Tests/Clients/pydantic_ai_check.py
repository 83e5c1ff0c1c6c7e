#!/usr/bin/env python3
"""Does a model API serve the real `pydantic-ai` client?

pydantic_ai_check.py openai|responses|anthropic --base-url http://HOST:PORT --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, as client_check.py does, and expects the same answers. The word in front says in which dialect it asks.
"""

import asyncio
import sys

from cases import BROKEN, PIXEL, TEXT, Wrong, expect, fails, main
from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, NativeOutput, messages


class Bird(BaseModel):
    name: str
    letters: int


def weather(number: int, text: str) -> str:
    """The weather at a place."""
    return f"sunny {number}"


class Check:
    def __init__(self, options):
        self.options = options
        self.own = self.model()

    def model(self, key=None, name=None):
        """A model of its own for every loop: this client keeps its connections with the loop they were made in."""
        options = self.options
        (key, name) = (key or options.key, name or options.model)
        if DIALECT == "anthropic":
            from anthropic import AsyncAnthropic
            from pydantic_ai.models.anthropic import AnthropicModel
            from pydantic_ai.providers.anthropic import AnthropicProvider

            client = AsyncAnthropic(base_url=options.base_url, api_key=key, max_retries=0, timeout=20)
            # What a model can do, this client knows by its name; ours it does not know.
            profile = {"supports_json_schema_output": True}
            return AnthropicModel(name, provider=AnthropicProvider(anthropic_client=client), profile=profile)
        from openai import AsyncOpenAI
        from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider

        client = AsyncOpenAI(base_url=options.base_url + "/v1", api_key=key, max_retries=0, timeout=20)
        kind = OpenAIResponsesModel if DIALECT == "responses" else OpenAIChatModel
        return kind(name, provider=OpenAIProvider(openai_client=client))

    def ask(self, said=TEXT, model=None, settings=None, history=None, **more):
        """What was answered, all that was said, and the usage; plain and streamed alike."""
        agent = Agent(model or self.own, model_settings=settings, **more)
        if not self.streamed:
            result = agent.run_sync(said, message_history=history)
            return result.output, result.all_messages(), result.usage
        stream = agent.run_stream_sync(said, message_history=history)
        output = list(stream.stream_output(debounce_by=None))[-1]
        return output, stream.all_messages(), stream.usage

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def text(self):
        history = [
            messages.ModelRequest(parts=[messages.UserPromptPart("first")]),
            messages.ModelResponse(parts=[messages.TextPart("echo: first")]),
        ]
        said = self.ask(history=history, instructions="Be brief.")[0]
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return said

    def usage(self):
        usage = self.ask()[2]
        expect(usage.output_tokens > 3, f"{usage}")
        return f"{usage.output_tokens} tokens"

    def stop(self):
        said = self.ask(settings={"stop_sequences": ["river"]})[0]
        expect(said and "river" not in said, f"{said!r}")
        return said

    def tools(self):
        """The call and its result in one run."""
        said = self.ask("please call:weather now", tools=[weather])[0]
        expect(said == "tool said: sunny 1", f"{said!r}")
        return said

    def tools_parallel(self):
        said = self.ask("please call2:weather now", tools=[weather])[0]
        expect(said == "tool said: sunny 1 and sunny 2", f"{said!r}")
        return said

    def image(self):
        import base64

        picture = BinaryContent(base64.b64decode(PIXEL), media_type="image/png")
        said = self.ask(["what is it", picture])[0]
        expect(said == "saw 1: what is it", f"{said!r}")
        return said

    def schema(self):
        bird = self.ask("swift", output_type=NativeOutput(Bird))[0]
        expect((bird.name, bird.letters) == ("swift", 5), f"{bird}")
        return bird

    def thinking(self):
        said, all_messages, _ = self.ask("why", settings=THINKING)
        expect(said == "echo: why", f"{said!r}")
        thoughts = [self.thought(part) for part in all_messages[-1].parts if part.part_kind == "thinking"]
        expect(thoughts == ["about why"], f"{all_messages[-1].parts}")
        again = self.ask("so", settings=THINKING, history=all_messages)[0]
        expect(again == "echo: so", f"{again!r}")
        return thoughts[0]

    def thought(self, part):
        """By the Responses API thoughts that are no summary stand beside."""
        return part.content or "".join(part.provider_details["raw_content"])

    def unknown_model(self):
        return fails(lambda: self.ask(model=self.model(name="no-such-model")), 404)

    def wrong_key(self):
        return fails(lambda: self.ask(model=self.model(key="not-the-key")), 401)

    def overloaded(self):
        return fails(lambda: self.ask("mode:503"), 529 if DIALECT == "anthropic" else 503)

    # Of these there is one way only.

    def broken_stream(self):
        pieces = []
        try:
            stream = Agent(self.own).run_stream_sync(BROKEN)
            pieces.extend(stream.stream_text(delta=True, debounce_by=None))
        except Exception as error:
            expect(pieces, f"nothing came before {error}")
            return f"broke off after {len(pieces)} pieces: {type(error).__name__}"
        raise Wrong("the stream came to an end")

    def early_disconnect(self):
        async def leave():
            async with Agent(self.model()).run_stream(" ".join(["word"] * 500)) as stream:
                async for _ in stream.stream_text(delta=True, debounce_by=None):
                    return

        asyncio.run(leave())
        return self.text()


DIALECTS = {
    "openai": {"openai_reasoning_effort": "high"},
    "responses": {"openai_reasoning_effort": "high"},
    "anthropic": {
        "anthropic_thinking": {"type": "enabled", "budget_tokens": 8192}, "anthropic_effort": "high", "max_tokens": 16_384,
    },
}
# The Responses API has no stop texts.
PAIRED = [
    "text", "usage", "tools", "tools_parallel", "image", "schema", "thinking", "unknown_model", "wrong_key",
    "overloaded",
]

if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in DIALECTS:
        sys.exit(f"which dialect? {', '.join(DIALECTS)}")
    DIALECT = sys.argv.pop(1)
    THINKING = DIALECTS[DIALECT]
    main(Check, PAIRED + ["stop"] * (DIALECT != "responses"), ["broken_stream", "early_disconnect"])
