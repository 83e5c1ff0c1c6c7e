"""Providers that fail at random, and write down what they served: one of either dialect."""

import asyncio
import collections
import json
import random
import re

WORDS = 10  # pieces of an answer
GAP = 0.3  # seconds between them
FAULTS = [
    "reset", "hang", "hang-mid", "drop-early", "drop-mid", "error-first", "error-mid", "500", "429", "529", "garbage",
    "page", "truncated-gzip", "interim-flood",
]
STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text), text)


class OpenAI:
    name, prefix = "openai", "/v1"

    def event(self, value):
        return chunk(b"data: " + json.dumps(value).encode() + b"\n\n")

    def head(self, tokens):
        return self.event({"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant"}}]})

    def word(self, text):
        return self.event({"id": "x", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})

    def error(self):
        return self.event({"error": {"message": "out of memory", "type": "server_error"}})

    def ending(self, tokens):
        stop = {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        usage = {"prompt_tokens": tokens, "completion_tokens": WORDS, "total_tokens": tokens + WORDS}
        return self.event(stop) + self.event({"id": "x", "choices": [], "usage": usage}) + chunk(b"data: [DONE]\n\n")


class Anthropic:
    name, prefix = "anthropic", ""

    def event(self, value):
        return chunk(b"event: %s\ndata: %s\n\n" % (value["type"].encode(), json.dumps(value).encode()))

    def head(self, tokens):
        usage = {"input_tokens": tokens, "output_tokens": 1}
        message = {
            "id": "msg_1", "type": "message", "role": "assistant", "model": "soak", "content": [], "stop_reason": None,
            "stop_sequence": None, "usage": usage,
        }
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return self.event({"type": "message_start", "message": message}) + self.event(block)

    def word(self, text):
        return self.event(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        )

    def error(self):
        return self.event({"type": "error", "error": {"type": "overloaded_error", "message": "out of memory"}})

    def ending(self, tokens):
        delta = {"stop_reason": "end_turn", "stop_sequence": None}
        return (
            self.event({"type": "content_block_stop", "index": 0})
            + self.event({"type": "message_delta", "delta": delta, "usage": {"output_tokens": WORDS}})
            + self.event({"type": "message_stop"})
        )


class Provider:
    """Fails as its dice say. A request says which it is, and its prompt has as many tokens as its number."""

    def __init__(self, name, dialect, share, seed):
        self.name, self.dialect, self.share, self.dice = name, dialect, share, random.Random(seed)
        self.asked = 0
        self.served = set()  # numbers of requests that were answered to the end
        self.begun = {}  # words that were sent of those that were not, by number
        self.faults = collections.Counter()

    async def serve(self, reader, writer):
        try:
            while (number := await self.request(reader)) is not None:
                self.asked += 1
                if not await self.answer(number, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def request(self, reader):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        length = int(re.search(rb"content-length: (\d+)", head, re.I).group(1))
        body = await reader.readexactly(length)
        return int(re.search(rb"request (\d+)", body).group(1))

    async def answer(self, number, reader, writer):
        fault = self.dice.choice(FAULTS) if self.dice.random() < self.share else None
        if fault:
            self.faults[fault] += 1
            return await self.fail(fault, number, reader, writer)
        writer.write(STREAM + self.dialect.head(number))
        for place in range(WORDS):
            self.begun[number] = self.begun.get(number, 0) + 1
            writer.write(self.dialect.word(f"w{place} "))
            await writer.drain()
            await asyncio.sleep(GAP)
        writer.write(self.dialect.ending(number) + END)
        await writer.drain()
        self.served.add(number)
        return True

    async def fail(self, fault, number, reader, writer):
        head, word = self.dialect.head(number), self.dialect.word
        if fault in ("hang-mid", "drop-mid", "error-mid"):
            self.begun[number] = self.begun.get(number, 0) + (2 if fault == "hang-mid" else 1)
        if fault == "reset":
            writer.transport.abort()
        elif fault.isdigit():
            body = b'{"error":{"message":"no","type":"x"}}'
            after = b"retry-after: 1\r\n" if fault == "429" else b""
            head = b"HTTP/1.1 %s X\r\ncontent-type: application/json\r\n%scontent-length: %d\r\n\r\n"
            writer.write(head % (fault.encode(), after, len(body)) + body)
            return True
        elif fault == "hang":
            await reader.read(1)
        elif fault == "hang-mid":
            writer.write(STREAM + head + word("begun ") + word("and "))
            await reader.read(1)
        elif fault == "drop-early":
            writer.write(STREAM + head)
        elif fault == "drop-mid":
            writer.write(STREAM + head + word("begun ") + b"ff\r\ndata: {")
        elif fault == "error-first":
            writer.write(STREAM + self.dialect.error() + END)
            return True
        elif fault == "error-mid":
            writer.write(STREAM + head + word("begun ") + self.dialect.error() + END)
            return True
        elif fault == "garbage":
            writer.write(b"\x01\x02 this is no HTTP\r\n\r\n")
        elif fault == "page":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>")
            return True
        elif fault == "truncated-gzip":
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 90\r\n\r\n\x1f\x8b")
        elif fault == "interim-flood":
            writer.write(b"HTTP/1.1 103 X\r\n\r\n" * 100)
        await writer.drain()
        return False
