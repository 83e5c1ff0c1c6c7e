#!/usr/bin/env python3
"""Does the real `openai` client understand how a gateway limits it?

limits_check.py --base-url http://HOST:PORT/v1 --model MODEL --requests KEY --streams KEY --tokens KEY

Prints one JSON line per case, {"case": …, "ok": true|false, "detail": …}, and leaves with status 1 when any failed. The first key may
send three requests an hour, the second may hold two streams at the same time, the third may use 3000 tokens an hour.
"""

import argparse
import time

import openai
from cases import Wrong, expect, report

# Long enough to be held open by a provider that pauses between words.
LONG = " ".join(["word"] * 400)


class Check:
    def __init__(self, options):
        self.options = options

    def client(self, key):
        # No retries: every refusal must be seen.
        return openai.OpenAI(base_url=self.options.base_url, api_key=key, max_retries=0, timeout=20)

    def ask(self, client, text="hello", **more):
        messages = [{"role": "user", "content": text}]
        return client.chat.completions.with_raw_response.create(model=self.options.model, messages=messages, **more)

    def refused(self, client, **more):
        try:
            self.ask(client, **more)
        except openai.RateLimitError as error:
            return error
        raise Wrong("it was served")

    def requests(self):
        client = self.client(self.options.requests)
        left = []
        for _ in range(3):
            answer = self.ask(client)
            expect(answer.headers["x-ratelimit-limit-requests"] == "3", str(answer.headers))
            left.append(answer.headers["x-ratelimit-remaining-requests"])
        expect(left == ["2", "1", "0"], f"remaining: {left}")
        error = self.refused(client)
        expect(error.status_code == 429 and error.code == "rate_limit_exceeded", f"{error.status_code} {error.code}")
        wait = int(error.response.headers["retry-after"])
        expect(1000 < wait <= 1200, f"a third of an hour, not {wait} s")
        expect(len(error.response.headers["x-martlet-decision"]) == 24, "the decision is named")
        return f"then 429, {wait} s"

    def streams(self):
        client = self.client(self.options.streams)
        open_streams = [
            client.chat.completions.create(
                model=self.options.model, messages=[{"role": "user", "content": LONG}], stream=True
            )
            for _ in range(2)
        ]
        for stream in open_streams:
            next(iter(stream))
        error = self.refused(client, stream=True)
        expect(error.code == "rate_limit_exceeded", f"{error.code}")
        self.ask(client)  # no stream
        open_streams[0].close()
        began = time.monotonic()
        while True:
            try:
                self.ask(client, stream=True)
                break
            except openai.RateLimitError:
                expect(time.monotonic() - began < 10, "the place of a client that left is not free after 10 s")
                time.sleep(0.02)
        open_streams[1].close()
        return f"free {round((time.monotonic() - began) * 1000)} ms after a client left"

    def tokens(self):
        client = self.client(self.options.tokens)
        answer = self.ask(client)
        used = answer.parse().usage.total_tokens
        left = int(self.ask(client).headers["x-ratelimit-remaining-tokens"])
        expect(3000 - 2 * used - 1500 < left < 3000, f"{used} used, {left} left")
        # Reserved is what a request may use: one that could use all of it does not fit beside what was used.
        error = self.refused(client, max_tokens=4096)
        expect(error.code == "rate_limit_exceeded", f"{error.code}")
        self.ask(client, max_tokens=16)
        return f"{used} tokens a request"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--model", required=True)
    for name in ("requests", "streams", "tokens"):
        parser.add_argument(f"--{name}", required=True)
    check = Check(parser.parse_args())
    report((name, getattr(check, name)) for name in ("requests", "streams", "tokens"))


if __name__ == "__main__":
    main()
