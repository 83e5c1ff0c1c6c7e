#!/usr/bin/env python3
"""Does a model API serve the real `google-genai` client?

google_check.py --base-url http://HOST:PORT --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, {"model": …, "case": …, "ok": true|false, "detail": …}, and leaves with status 1 when any failed. It expects the
answers of the project's mock provider, as client_check.py does, whatever the dialect of the provider behind it.
"""

import base64
import json
import urllib.request

from cases import ADDRESS, BROKEN, PIXEL, TEXT, Wrong, expect, main
from google import genai
from google.genai import errors, types

WEATHER = {
    "name": "weather",
    "description": "The weather at a place.",
    "parameters": {
        "type": "OBJECT",
        "properties": {"number": {"type": "INTEGER"}, "text": {"type": "STRING"}},
        "required": ["number", "text"],
    },
}
TOOLS = [{"function_declarations": [WEATHER]}]
SCHEMA = {
    "type": "OBJECT",
    "properties": {"name": {"type": "STRING"}, "letters": {"type": "INTEGER"}},
    "required": ["name", "letters"],
}


class Check:
    def __init__(self, options):
        self.options = options
        self.model = options.model
        self.streamed = False
        self.client = self.connect(options.key)

    def connect(self, key):
        # No retries: every failure must be seen.
        terms = types.HttpOptions(base_url=self.options.base_url, timeout=20_000)
        return genai.Client(api_key=key, http_options=terms)

    def ask(self, contents=TEXT, client=None, model=None, **config):
        """The parts, the reason of the end and the usage, plain and streamed alike."""
        if "tools" in config:
            config["automatic_function_calling"] = {"disable": True}
        models = (client or self.client).models
        terms = {"model": model or self.model, "contents": contents, "config": config or None}
        if not self.streamed:
            answer = models.generate_content(**terms)
            candidate = answer.candidates[0]
            return candidate.content.parts or [], candidate.finish_reason, answer.usage_metadata
        parts, finish, usage = [], None, None
        for chunk in models.generate_content_stream(**terms):
            candidate = chunk.candidates[0]
            parts += (candidate.content.parts or []) if candidate.content else []
            finish = candidate.finish_reason or finish
            usage = chunk.usage_metadata or usage
        return parts, finish, usage

    def said(self, *args, **more):
        parts, finish, _ = self.ask(*args, **more)
        return "".join(part.text for part in parts if part.text and not part.thought), finish

    # Cases: each gives a detail, or raises.

    def text(self):
        said, finish = self.said()
        expect((said, finish.name) == (f"echo: {TEXT}", "STOP"), f"{said!r} {finish}")
        return said

    def usage(self):
        _, _, usage = self.ask()
        expect(usage.prompt_token_count == (len(TEXT) + 3) // 4, f"{usage}")
        expect(usage.candidates_token_count == 11, f"{usage}")
        expect(usage.total_token_count == usage.prompt_token_count + 11, f"{usage}")
        return f"{usage.total_token_count} tokens"

    def system(self):
        said, _ = self.said(system_instruction="Be brief.")
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return said

    def conversation(self):
        contents = [
            types.Content(role="user", parts=[types.Part(text="first")]),
            types.Content(role="model", parts=[types.Part(text="echo: first")]),
            types.Content(role="user", parts=[types.Part(text="sec"), types.Part(text="ond")]),
        ]
        said, _ = self.said(contents)
        # Where a message has one text, its parts are paragraphs.
        expect(said.replace("\n\n", "") == "echo: second", f"{said!r}")
        return said

    def length_limit(self):
        said, finish = self.said(max_output_tokens=3)
        expect((said, finish.name) == ("echo: seven martlets", "MAX_TOKENS"), f"{said!r} {finish}")
        return said

    def stop(self):
        said, finish = self.said(stop_sequences=["river"])
        expect(finish.name == "STOP" and "river" not in said, f"{said!r} {finish}")
        return said

    def calls(self, text, **config):
        parts, finish, _ = self.ask(text, tools=TOOLS, **config)
        calls = [part.function_call for part in parts if part.function_call]
        expect(finish.name == "STOP", f"{finish}")
        expect(all(call.name == "weather" for call in calls), f"{calls}")
        return parts, calls

    def tools(self):
        _, calls = self.calls("call:weather")
        expect([call.args["number"] for call in calls] == [1], f"{calls}")
        return "one call"

    def tools_parallel(self):
        _, calls = self.calls("call2:weather")
        expect([call.args["number"] for call in calls] == [1, 2], f"{calls}")
        return "two calls"

    def tool_choice(self):
        calling = {"mode": "ANY", "allowed_function_names": ["weather"]}
        _, calls = self.calls(TEXT, tool_config={"function_calling_config": calling})
        expect(len(calls) == 1, f"{calls}")
        said, _ = self.said("call:weather", tools=TOOLS, tool_config={"function_calling_config": {"mode": "NONE"}})
        expect(said == "echo: call:weather", f"{said!r}")
        return "called though nobody asked, and not called though asked"

    def tool_results(self):
        parts, calls = self.calls("call2:weather")
        results = [
            # As the client's own helper makes them: without the calls' names.
            types.Part.from_function_response(name=call.name, response={"result": f"sunny {call.args['number']}"})
            for call in calls
        ]
        contents = [
            types.Content(role="user", parts=[types.Part(text="call2:weather")]),
            types.Content(role="model", parts=parts),
            types.Content(role="user", parts=results),
        ]
        said, _ = self.said(contents, tools=TOOLS)
        expect(said == "tool said: sunny 1 and sunny 2", f"{said!r}")
        return said

    def image(self):
        return self.see(types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png"))

    def image_address(self):
        return self.see(types.Part.from_uri(file_uri=ADDRESS, mime_type="image/jpeg"))

    def see(self, part):
        parts = [
            types.Part(text="what is it"),
            part,
            part,
        ]
        said, _ = self.said([types.Content(role="user", parts=parts)])
        expect(said == "saw 2: what is it", f"{said!r}")
        return said

    def schema(self):
        said, _ = self.said("swift", response_mime_type="application/json", response_schema=SCHEMA)
        expect(json.loads(said) == {"name": "swift", "letters": 5}, f"{said!r}")
        return said

    def thinking(self):
        parts, _, usage = self.ask("why", thinking_config={"include_thoughts": True, "thinking_budget": 8192})
        thought = "".join(part.text for part in parts if part.thought)
        expect(thought == "about why", f"{parts}")
        expect(usage.thoughts_token_count == 2 or self.options.uncounted, f"{usage}")
        return thought

    def unknown_model(self):
        return self.fails(404, "NOT_FOUND", model="no-such-model")

    def wrong_key(self):
        return self.fails(401, "UNAUTHENTICATED", client=self.connect("not-the-key"))

    def wrong_request(self):
        return self.fails(400, "INVALID_ARGUMENT", contents=[types.Content(role="odd", parts=[types.Part(text="x")])])

    def early_disconnect(self):
        chunks = self.client.models.generate_content_stream(model=self.model, contents=" ".join(["word"] * 500))
        for seen, _ in enumerate(chunks):
            if seen >= 3:
                break
        chunks.close()
        said, _ = self.said()
        expect(said == f"echo: {TEXT}", f"{said!r}")
        return "left after 4 pieces; the next request was answered"

    def array(self):
        """Without `alt=sse` a stream is one array; `%3A` is the colon, the key may stand in the query."""
        url = f"{self.options.base_url}/v1/models/{self.model}%3AstreamGenerateContent?key={self.options.key}"
        body = json.dumps({"contents": [{"parts": [{"text": TEXT}]}]}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=20) as answer:
            expect(answer.headers["content-type"] == "application/json", f"{answer.headers}")
            pieces = json.load(answer)
        texts = [part["text"] for piece in pieces for part in piece["candidates"][0]["content"]["parts"]]
        expect("".join(texts) == f"echo: {TEXT}" and len(pieces) > 3, f"{pieces}")
        expect(pieces[-1]["candidates"][0]["finishReason"] == "STOP", f"{pieces[-1]}")
        return f"{len(pieces)} pieces"

    def models(self):
        names = [model.name for model in self.client.models.list(config={"page_size": 1})]
        expect(f"models/{self.model}" in names, f"{names}")
        one = self.client.models.get(model=self.model)
        expect(one.name == f"models/{self.model}", f"{one}")
        return f"{len(names)} models"

    # Cases that not every provider has, and two that make one of the lab's fail.

    def embeddings(self):
        several = self.client.models.embed_content(model=self.model, contents=["a text", "another"]).embeddings
        expect(len(several) == 2 and several[0].values != several[1].values, f"{several}")
        config = {"output_dimensionality": 8}
        one = self.client.models.embed_content(model=self.model, contents="a text", config=config).embeddings
        expect(len(one) == 1 and len(one[0].values) == 8, f"{one}")
        return "two vectors, and one of 8 numbers"

    def count_tokens(self):
        count = self.client.models.count_tokens(model=self.model, contents=TEXT).total_tokens
        expect(count == (len(TEXT) + 3) // 4, f"{count}")
        return f"{count} tokens"

    def overloaded(self):
        return self.fails(503, "UNAVAILABLE", contents="mode:503")

    def broken_stream(self):
        pieces = []
        try:
            for chunk in self.client.models.generate_content_stream(model=self.model, contents=BROKEN):
                pieces.append(chunk.text)
        except errors.APIError as error:
            expect(pieces, "nothing came before")
            return f"broke off after {len(pieces)} pieces: {error.message}"
        raise Wrong("the stream came to an end")

    def fails(self, code, status, **request):
        try:
            self.ask(**request)
        except errors.APIError as error:
            expect((error.code, error.status) == (code, status), f"{error}")
            expect(error.message, f"{error}")
            return error.message
        raise Wrong("answered")


PAIRED = [
    "text", "usage", "system", "conversation", "length_limit", "stop", "tools", "tools_parallel", "tool_choice", "tool_results",
    "image", "image_address", "schema", "thinking", "unknown_model", "wrong_key", "wrong_request", "overloaded",
]

if __name__ == "__main__":
    main(
        Check, PAIRED, ["early_disconnect", "broken_stream", "array", "models"], ["embeddings", "count_tokens"],
        {"uncounted": "whose provider does not say how much it thought"},
    )
