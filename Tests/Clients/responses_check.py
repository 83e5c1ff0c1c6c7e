#!/usr/bin/env python3
"""Does a model API serve the real `openai` client by the Responses API?

responses_check.py --base-url http://HOST:PORT/v1 --key KEY --model MODEL[,MODEL…] [--cases NAME,NAME…]

Prints one JSON line per case, {"model": …, "case": …, "ok": true|false, "detail": …}, and leaves with status 1 when any failed. It expects the
answers of the project's mock provider (an echo of the last user text; `call:NAME` calls that tool), asked through a gateway, whatever the
dialect of the provider behind it.
"""

import json

import openai
from cases import ADDRESS, BROKEN, PIXEL, SCHEMA, TEXT, Wrong, expect, main

TOOL = {
    "type": "function",
    "name": "weather",
    "description": "The weather at a place.",
    "strict": False,
    "parameters": {
        "type": "object",
        "properties": {"number": {"type": "integer"}, "text": {"type": "string"}},
        "required": ["number", "text"],
    },
}


class Check:
    def __init__(self, options):
        self.model = options.model
        self.base_url = options.base_url
        self.own = options.own
        self.streamed = False
        self.client = self.connect(options.key)

    def connect(self, key):
        # No retries: every failure must be seen.
        return openai.OpenAI(base_url=self.base_url, api_key=key, max_retries=0, timeout=20)

    def ask(self, said=TEXT, client=None, **more):
        """The answer; when it is streamed, the one that its last event holds, once the pieces were seen to say the same."""
        request = {"model": more.pop("model", self.model), "input": said, **more}
        answer = (client or self.client).responses.create(**request, stream=self.streamed)
        return self.together(answer) if self.streamed else answer

    def together(self, events):
        number, pieces, last = 0, {}, None
        for event in events:
            expect(last is None, f"{event.type} behind the last")
            expect(event.sequence_number == number, f"{event.type} has number {event.sequence_number}, not {number}")
            number += 1
            if event.type.endswith(".delta"):
                pieces[event.output_index] = pieces.get(event.output_index, "") + event.delta
            if event.type in ("response.completed", "response.incomplete"):
                last = event.response
        expect(last is not None, "the stream has no end")
        for index, item in enumerate(last.output):
            whole = item.arguments if item.type == "function_call" else item.content[0].text
            expect(pieces.get(index, "") == whole, f"pieces {pieces.get(index)!r} of {whole!r}")
        return last

    # Cases: each gives a detail, or raises. Those of PAIRED are run plain and streamed.

    def text(self):
        answer = self.ask(instructions="Be brief.")
        self.check_text(answer, f"echo: {TEXT}")
        expect((answer.object, answer.status, answer.error) == ("response", "completed", None), f"{answer}")
        expect((answer.instructions, answer.store) == ("Be brief.", False), f"{answer}")
        usage = answer.usage
        expect(usage.input_tokens > 0 and usage.output_tokens > 0, f"usage {usage}")
        expect(usage.total_tokens == usage.input_tokens + usage.output_tokens, f"usage {usage}")
        return f"{usage.total_tokens} tokens"

    def usage(self):
        """Which the text's case looks at."""
        return self.text()

    def conversation(self):
        first = self.ask("first")
        said = [{"role": "user", "content": "first"}, *self.items(first)]
        said.append({"role": "user", "content": [{"type": "input_text", "text": "second"}]})
        self.check_text(self.ask(said), "echo: second")
        return "what came was sent back"

    def length_limit(self):
        answer = self.ask(max_output_tokens=3)
        expect(answer.status == "incomplete", f"status {answer.status}")
        expect(answer.incomplete_details.reason == "max_output_tokens", f"{answer.incomplete_details}")
        self.check_text(answer, "echo: seven martlets")
        return "incomplete"

    def tools(self):
        self.check_calls(self.ask("please call:weather now", tools=[TOOL]), [1])
        return "one call"

    def tools_parallel(self):
        self.check_calls(self.ask("please call2:weather now", tools=[TOOL]), [1, 2])
        return "two calls"

    def tool_choice_forced(self):
        choice = {"type": "function", "name": "weather"}
        self.check_calls(self.ask(tools=[TOOL], tool_choice=choice), [1])
        return "called though nobody asked"

    def tool_results(self):
        user = {"role": "user", "content": "please call2:weather now"}
        items = self.items(self.ask([user], tools=[TOOL]))
        calls = [item for item in items if item["type"] == "function_call"]
        results = [
            {"type": "function_call_output", "call_id": call["call_id"], "output": f"sunny {number}"}
            for number, call in enumerate(calls, 1)
        ]
        self.check_text(self.ask([user, *items, *results], tools=[TOOL]), "tool said: sunny 1 and sunny 2")
        return "both results"

    def image(self):
        return self.see(f"data:image/png;base64,{PIXEL}")

    def image_address(self):
        return self.see(ADDRESS)

    def see(self, url):
        content = [
            {"type": "input_text", "text": "what is it"},
            {"type": "input_image", "image_url": url, "detail": "auto"},
            {"type": "input_image", "image_url": url, "detail": "auto"},
        ]
        self.check_text(self.ask([{"role": "user", "content": content}]), "saw 2: what is it")
        return "two images"

    def schema(self):
        form = {"type": "json_schema", "name": "bird", "strict": True, "schema": SCHEMA}
        answer = self.ask("swift", text={"format": form})
        expect(json.loads(answer.output_text) == {"name": "swift", "letters": 5}, f"{answer.output_text!r}")
        return answer.output_text

    def thinking(self):
        answer = self.ask("why", reasoning={"effort": "high"})
        thoughts = [item.content[0].text for item in answer.output if item.type == "reasoning"]
        expect(thoughts == ["about why"], f"thoughts {thoughts}")
        self.check_text(answer, "echo: why")
        again = self.ask([{"role": "user", "content": "why"}, *self.items(answer), {"role": "user", "content": "so"}])
        self.check_text(again, "echo: so")
        return thoughts[0]

    def nothing_stored(self):
        for request in [{"store": True}, {"previous_response_id": "resp_1"}, {"background": True}]:
            error = self.fails(openai.BadRequestError, 400, **request)
            expect(error.param == next(iter(request)), f"param {error.param} for {request}")
        return "refused by name"

    def unknown_item(self):
        """Which a provider of this API looks for, and others have no word for."""
        kind, status = (openai.NotFoundError, 404) if self.own else (openai.BadRequestError, 400)
        error = self.fails(kind, status, said=[{"type": "item_reference", "id": "msg_1"}])
        expect("item_reference" in error.message, error.message)
        return error.message

    def unknown_model(self):
        return self.fails(openai.NotFoundError, 404, model="no-such-model").message

    # Of these there is one way only.

    def retrieve(self):
        self.miss("resp_1", "retrieve", "delete", "cancel")
        return "none of that name is there"

    def wrong_key(self):
        return self.fails(openai.AuthenticationError, 401, client=self.connect("not-the-key")).message

    def helper(self):
        """The library's own reader of streams."""
        with self.client.responses.stream(model=self.model, input=TEXT) as stream:
            events = [event.type for event in stream]
            answer = stream.get_final_response()
        self.check_text(answer, f"echo: {TEXT}")
        return f"{len(events)} events"

    def parsed(self):
        with self.client.responses.stream(model=self.model, input="please call:weather now", tools=[TOOL]) as stream:
            self.check_calls(stream.get_final_response(), [1])
        return "a call"

    def early_disconnect(self):
        stream = self.client.responses.create(model=self.model, input=" ".join(["word"] * 500), stream=True)
        seen = 0
        for event in stream:
            seen += event.type == "response.output_text.delta"
            if seen >= 3:
                break
        stream.close()
        self.check_text(self.ask(), f"echo: {TEXT}")
        return f"left after {seen} pieces; the next request was answered"

    # Cases that need a provider that keeps responses.

    def kept(self):
        first = self.client.responses.create(model=self.model, input="first")
        again = self.client.responses.retrieve(first.id)
        expect((again.id, again.output_text) == (first.id, "echo: first"), f"{again}")
        second = self.client.responses.create(model=self.model, input="second", previous_response_id=first.id)
        self.check_text(second, "echo: second")
        expect(second.previous_response_id == first.id, f"{second.previous_response_id}")
        said = [item.content[0].text for item in self.client.responses.input_items.list(second.id, order="asc")]
        expect(sorted(said) == ["echo: first", "first", "second"], f"{said}")
        self.client.responses.delete(first.id)
        self.miss(first.id, "retrieve", "delete")
        return first.id

    def kept_stream(self):
        with self.client.responses.stream(model=self.model, input="first") as stream:
            first = stream.get_final_response()
        self.check_text(self.client.responses.retrieve(first.id), "echo: first")
        events = self.client.responses.create(model=self.model, input="so", previous_response_id=first.id, stream=True)
        named = {event.response.previous_response_id for event in events if hasattr(event, "response")}
        expect(named == {first.id}, f"named {named}")
        return first.id

    def background(self):
        first = self.client.responses.create(model=self.model, input="first", background=True)
        expect(first.status == "queued", f"status {first.status}")
        self.check_text(self.client.responses.retrieve(first.id), "echo: first")
        expect(self.client.responses.cancel(first.id).status == "cancelled", "not cancelled")
        return first.id

    def input_tokens(self):
        counted = self.client.responses.input_tokens.count(model=self.model, input=TEXT)
        expect(counted.input_tokens == (len(TEXT) + 3) // 4, f"{counted}")
        return f"{counted.input_tokens} tokens"

    def sealed(self):
        asked = {"reasoning": {"effort": "high"}, "include": ["reasoning.encrypted_content"], "store": False}
        answer = self.ask("why", **asked)
        again = self.ask([{"role": "user", "content": "why"}, *self.items(answer), {"role": "user", "content": "so"}], **asked)
        self.check_text(again, "echo: so")
        return answer.output[0].encrypted_content

    # Cases that make a provider of the lab's fail.

    def overloaded(self):
        return self.fails(openai.InternalServerError, 503, said="mode:503").message

    def broken_stream(self):
        pieces = []
        try:
            for event in self.client.responses.create(model=self.model, input=BROKEN, stream=True):
                expect(event.type != "response.completed", "the stream came to an end")
                if event.type == "response.output_text.delta":
                    pieces.append(event.delta)
        except openai.APIError as error:
            expect(pieces, "nothing came before")
            return f"broke off after {len(pieces)} pieces: {error.message}"
        raise Wrong("the stream came to an end")

    def miss(self, name, *asks):
        for ask in asks:
            try:
                getattr(self.client.responses, ask)(name)
            except openai.NotFoundError as error:
                expect(name in error.message, error.message)
            else:
                raise Wrong(f"{ask}: a response was found")

    def items(self, answer):
        """What came, as the library would send it back."""
        return [item.model_dump(exclude_none=True) for item in answer.output]

    def fails(self, kind, status, **request):
        try:
            self.ask(**request)
        except kind as error:
            expect(error.status_code == status, f"status {error.status_code}")
            return error
        raise Wrong(f"no {kind.__name__}")

    def check_text(self, answer, text):
        expect(answer.output_text == text, f"text {answer.output_text!r}")

    def check_calls(self, answer, numbers):
        calls = [item for item in answer.output if item.type == "function_call"]
        expect(all(call.name == "weather" and call.call_id for call in calls), f"{calls}")
        expect(len({call.call_id for call in calls}) == len(calls), "two calls with one name")
        found = [json.loads(call.arguments).get("number") for call in calls]
        expect(found == numbers, f"calls {found}")


PAIRED = [
    "text", "usage", "conversation", "length_limit", "tools", "tools_parallel", "tool_choice_forced", "tool_results", "image",
    "image_address", "schema", "thinking", "nothing_stored", "unknown_item", "unknown_model",
    "overloaded",
]
SINGLE = ["retrieve", "wrong_key", "helper", "parsed", "early_disconnect", "broken_stream"]
KEPT = ["kept", "kept_stream", "background", "input_tokens", "sealed"]

if __name__ == "__main__":
    main(Check, PAIRED, SINGLE, KEPT, flags={"own": "whose provider speaks this API itself"})
