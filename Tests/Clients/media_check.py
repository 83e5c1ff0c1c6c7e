#!/usr/bin/env python3
"""Does a gateway serve the real `openai` client where it is about pictures, sound and order?

media_check.py --base-url http://HOST:PORT/v1 --key KEY --model MODEL --foreign MODEL

MODEL names a group whose first provider speaks OpenAI's dialect, the foreign one a member whose provider does not. Prints one JSON line per case
and leaves with status 1 when any failed, as client_check.py does.
"""

import argparse
import base64
import io

import openai
from cases import PIXEL, TEXT, expect, report, Wrong

# What no reader of text survives, and what looks like the parts of a form.
SOUND = bytes(range(256)) * 40 + b"\r\n--\r\n--frontier--\r\n" * 3


class Check:
    def __init__(self, options):
        self.model, self.foreign = options.model, options.foreign
        # No retries: every failure must be seen.
        self.client = openai.OpenAI(base_url=options.base_url, api_key=options.key, max_retries=0, timeout=30)

    # Cases: each gives a detail, or raises.

    def image_generated(self):
        answer = self.client.images.generate(model=self.model, prompt=TEXT, n=2, size="1024x1024", quality="low")
        expect(len(answer.data) == 2, f"{len(answer.data)} images")
        expect(base64.b64decode(answer.data[0].b64_json).startswith(b"\x89PNG"), "no PNG")
        expect(answer.usage.output_tokens == 2 * 272, f"{answer.usage}")
        return f"{answer.usage.total_tokens} tokens"

    def image_streamed(self):
        stream = self.client.images.generate(model=self.model, prompt=TEXT, stream=True, partial_images=2)
        types = [event.type for event in stream]
        expect(types == ["image_generation.partial_image"] * 2 + ["image_generation.completed"], f"{types}")
        return f"{len(types)} events"

    def image_edited(self):
        pixel = base64.b64decode(PIXEL)
        images = [("one.png", pixel, "image/png"), ("two.png", pixel, "image/png")]
        answer = self.client.images.edit(model=self.model, image=images, prompt=TEXT, mask=("m.png", pixel, "image/png"))
        expect(answer.data[0].revised_prompt == f"2 of {len(pixel)}: {TEXT}", f"{answer.data[0].revised_prompt}")
        return answer.data[0].revised_prompt

    def image_varied(self):
        pixel = base64.b64decode(PIXEL)
        answer = self.client.images.create_variation(model=self.model, image=("a.png", pixel, "image/png"), n=1)
        expect(answer.data[0].revised_prompt == f"1 of {len(pixel)}: ", f"{answer.data[0].revised_prompt}")
        return "one"

    def speech(self):
        answer = self.client.audio.speech.create(model=self.model, voice="alloy", input=TEXT)
        expect(answer.response.headers["content-type"] == "audio/mpeg", f"{answer.response.headers}")
        expect(answer.content == b"ID3" + bytes(range(256)) + TEXT.encode(), f"{len(answer.content)} bytes")
        return f"{len(answer.content)} bytes"

    def speech_streamed(self):
        with self.client.audio.speech.with_streaming_response.create(
            model=self.model, voice="alloy", input=TEXT, response_format="wav"
        ) as answer:
            pieces = list(answer.iter_bytes(64))
        expect(b"".join(pieces) == b"ID3" + bytes(range(256)) + TEXT.encode(), f"{pieces[:1]}")
        return f"{len(pieces)} pieces"

    def speech_events(self):
        with self.client.audio.speech.with_streaming_response.create(
            model=self.model, voice="alloy", input=TEXT, stream_format="sse"
        ) as answer:
            text = answer.read().decode()
        expect(text.count("speech.audio.delta") > 1 and "speech.audio.done" in text, text)
        expect("[DONE]" not in text, "a mark of the end that the API has not")
        return f"{len(text)} bytes"

    def transcribed(self):
        answer = self.client.audio.transcriptions.create(model=self.model, file=("a.mp3", SOUND), language="en")
        expect(answer.text == f"heard {len(SOUND)} bytes of a.mp3", f"{answer.text}")
        expect(answer.usage.type == "duration" and answer.usage.seconds == 3, f"{answer.usage}")
        return answer.text

    def transcribed_as_text(self):
        asked = {"model": self.model, "file": ("a.mp3", SOUND)}
        for form in ("text", "srt"):
            answer = self.client.audio.transcriptions.create(**asked, response_format=form)
            expect(f"heard {len(SOUND)} bytes of a.mp3" in str(answer), f"{form}: {answer}")
        answer = self.client.audio.transcriptions.create(
            **asked, response_format="verbose_json", timestamp_granularities=["word", "segment"]
        )
        expect(answer.duration == 2.5, f"{answer}")
        return f"{answer.duration} s"

    def transcribed_streamed(self):
        stream = self.client.audio.transcriptions.create(model=self.model, file=io.BytesIO(SOUND), stream=True)
        events = list(stream)
        text = "".join(event.delta for event in events if event.type == "transcript.text.delta")
        expect(text == f"heard {len(SOUND)} bytes of upload" == events[-1].text, f"{text!r}")
        expect(events[-1].usage.output_tokens > 0, f"{events[-1]}")
        return f"{len(events)} events"

    def transcribed_large(self):
        size = 60 << 20
        answer = self.client.audio.transcriptions.create(model=self.model, file=("big.wav", bytes(size)))
        expect(answer.text == f"heard {size} bytes of big.wav", f"{answer.text}")
        return answer.text

    def translated(self):
        answer = self.client.audio.translations.create(model=self.model, file=("b.wav", SOUND))
        expect(answer.text == f"heard {len(SOUND)} bytes of b.wav", f"{answer.text}")
        return answer.text

    def moderated(self):
        answer = self.client.moderations.create(model=self.model, input=["a bird", "a bad bird"])
        expect([result.flagged for result in answer.results] == [False, True], f"{answer.results}")
        return "one of two"

    def ranked(self):
        documents = ["one", "a martlet", "three"]
        body = {"model": self.model, "query": "martlet", "documents": documents, "top_n": 2, "return_documents": True}
        answer = self.client.post("/rerank", body=body, cast_to=object)
        expect([row["index"] for row in answer["results"]] == [1, 0], f"{answer}")
        expect(answer["results"][0]["document"]["text"] == documents[1], f"{answer}")
        return "two of three"

    def not_of_this_dialect(self):
        """What no member of the group can do is refused in words."""
        asked = {
            "image": lambda: self.client.images.generate(model=self.foreign, prompt=TEXT),
            "speech": lambda: self.client.audio.speech.create(model=self.foreign, voice="alloy", input=TEXT),
            "transcription": lambda: self.client.audio.transcriptions.create(model=self.foreign, file=SOUND),
            "moderation": lambda: self.client.moderations.create(model=self.foreign, input=TEXT),
        }
        for name, ask in asked.items():
            try:
                ask()
            except openai.BadRequestError as error:
                expect("dialect" in str(error), f"{name}: {error}")
                continue
            raise Wrong(f"{name} was answered")
        return "refused"

    def wrong_requests(self):
        """What the provider refuses is told in its words."""
        try:
            self.client.audio.transcriptions.create(model=self.model, file=SOUND, extra_body={"odd": "field"})
        except openai.BadRequestError as error:
            expect("odd" in str(error), f"{error}")
            return "refused"
        raise Wrong("answered")


CASES = [name for name in vars(Check) if not name.startswith("_")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--foreign", required=True)
    check = Check(parser.parse_args())
    report((name, getattr(check, name)) for name in CASES)


if __name__ == "__main__":
    main()
