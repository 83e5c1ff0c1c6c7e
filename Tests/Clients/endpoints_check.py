#!/usr/bin/env python3
"""Does a gateway serve the real `openai` and `anthropic` clients at the addresses beside conversations?

endpoints_check.py --base-url http://HOST:PORT --key KEY --openai MODEL --anthropic MODEL

MODEL names a group whose provider speaks that dialect. Prints one JSON line per case and leaves with status 1 when any failed, as
client_check.py does.
"""

import argparse

import anthropic
import openai
from cases import Wrong, expect, report

TEXT = "seven martlets fly over the wide river and never land"


class Check:
    def __init__(self, options):
        self.names = (options.openai, options.anthropic)
        # No retries: every failure must be seen.
        terms = {"api_key": options.key, "max_retries": 0, "timeout": 20}
        self.openai = openai.OpenAI(base_url=f"{options.base_url}/v1", **terms)
        self.prefixed = openai.OpenAI(base_url=f"{options.base_url}/openai/v1", **terms)
        self.anthropic = anthropic.Anthropic(base_url=options.base_url, **terms)
        self.anthropic_prefixed = anthropic.Anthropic(base_url=f"{options.base_url}/anthropic", **terms)
        self.provider = openai.OpenAI(base_url=f"{options.base_url}/providers/oai", **terms)

    # Cases: each gives a detail, or raises.

    def models_of_openai(self):
        for client in (self.openai, self.prefixed):
            models = {model.id: model for model in client.models.list()}
            expect(set(self.names) <= set(models), f"{sorted(models)}")
            expect(models[self.names[0]].object == "model", f"{models[self.names[0]]}")
        one = self.openai.models.retrieve(self.names[0] + ".first")
        expect(one.id == self.names[0] + ".first" and one.owned_by == "martlet", f"{one}")
        expect(one.context_length == 200000 and "tools" in one.capabilities, f"{one}")
        return f"{len(models)} models"

    def models_of_anthropic(self):
        for client in (self.anthropic, self.anthropic_prefixed):
            whole = [model.id for model in client.models.list()]
            expect(set(self.names) <= set(whole), f"{whole}")
            paged = [model.id for model in client.models.list(limit=1)]
            expect(paged == whole, f"{paged} a page at a time, {whole} at once")
        one = self.anthropic.models.retrieve(self.names[0] + ".first")
        expect(one.type == "model" and one.max_input_tokens == 200000, f"{one}")
        return f"{len(whole)} models"

    def unknown_model(self):
        for client, kind in ((self.openai, openai.NotFoundError), (self.anthropic, anthropic.NotFoundError)):
            try:
                client.models.retrieve("no-such-model")
            except kind:
                continue
            raise Wrong(f"no {kind.__module__}.{kind.__name__}")
        return "not found"

    def embeddings(self):
        # Without a format this client asks for base64 and unpacks it.
        packed = self.openai.embeddings.create(model=self.names[0], input=[TEXT, "short"])
        plain = self.prefixed.embeddings.create(model=self.names[0], input=[TEXT, "short"], encoding_format="float")
        rows = [list(row.embedding) for row in packed.data]
        expect(rows == [list(row.embedding) for row in plain.data], f"{rows} packed, {plain.data} plain")
        expect(len(rows) == 2 and rows[0] != rows[1] and len(rows[0]) == 4, f"{rows}")
        expect(plain.usage.prompt_tokens > 0 and plain.usage.total_tokens > 0, f"{plain.usage}")
        one = self.openai.embeddings.create(model=self.names[0], input=TEXT, dimensions=8)
        expect(len(one.data[0].embedding) == 8, f"{one}")
        return f"{len(rows)} vectors"

    def completions(self):
        whole = self.openai.completions.create(model=self.names[0], prompt=TEXT)
        expect(whole.choices[0].text == f"echo: {TEXT}" and whole.object == "text_completion", f"{whole}")
        expect(whole.usage.completion_tokens > 0, f"{whole.usage}")
        for asked in ({}, {"stream_options": {"include_usage": True}}):
            chunks = list(self.openai.completions.create(model=self.names[0], prompt=TEXT, stream=True, **asked))
            text = "".join(choice.text for chunk in chunks for choice in chunk.choices)
            expect(text == f"echo: {TEXT}" and len(chunks) > 3, f"{text!r} in {len(chunks)} chunks")
            expect(bool(asked) == any(chunk.usage for chunk in chunks), f"usage, asked for {asked}")
        return f"{len(chunks)} chunks"

    def count_tokens(self):
        messages = [{"role": "user", "content": TEXT}]
        for client in (self.anthropic, self.anthropic_prefixed):
            count = client.messages.count_tokens(model=self.names[1], messages=messages)
            expect(count.input_tokens == (len(TEXT) + 3) // 4, f"{count}")
        return f"{count.input_tokens} tokens"

    def not_of_this_dialect(self):
        """What no member of the group can do is refused in words."""
        asked = {
            "embeddings": lambda: self.openai.embeddings.create(model=self.names[1] + ".first", input=TEXT),
            "completions": lambda: self.openai.completions.create(model=self.names[1] + ".first", prompt=TEXT),
            "count_tokens": lambda: self.anthropic.messages.count_tokens(
                model=self.names[0] + ".first", messages=[{"role": "user", "content": TEXT}]
            ),
        }
        for name, ask in asked.items():
            try:
                ask()
            except (openai.BadRequestError, anthropic.BadRequestError) as error:
                expect("dialect" in str(error), f"{name}: {error}")
                continue
            raise Wrong(f"{name} was answered")
        return "refused"

    def wrong_requests(self):
        for ask in (
            lambda: self.openai.embeddings.create(model=self.names[0], input=7),
            lambda: self.openai.completions.create(model=self.names[0], prompt=None),
        ):
            try:
                ask()
            except openai.BadRequestError:
                continue
            raise Wrong("answered")
        return "refused"

    def passage(self):
        names = [model.id for model in self.provider.models.list()]
        expect("gpt-5" in names, f"the provider's own models are {names}")
        return f"{names}"


CASES = [
    "models_of_openai", "models_of_anthropic", "unknown_model", "embeddings", "completions", "count_tokens",
    "not_of_this_dialect", "wrong_requests", "passage",
]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--openai", required=True)
    parser.add_argument("--anthropic", required=True)
    check = Check(parser.parse_args())
    report((name, getattr(check, name)) for name in CASES)


if __name__ == "__main__":
    main()
