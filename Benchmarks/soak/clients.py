"""Clients of either dialect that keep streams open, and judge how each ended."""

import asyncio
import collections
import itertools
import json
import re
import time

from providers import WORDS

KEY = "soak-key"


class Ends:
    """How streams ended, and by the id of each decision which request it was and what its client saw."""

    def __init__(self):
        self.words = collections.Counter()
        self.seen = {}
        self.numbers = itertools.count(1)

    def note(self, dialect, end, identity=None, number=None):
        self.words[f"{dialect}: {end}"] += 1
        if identity:
            self.seen[identity] = (number, end)

    @property
    def count(self):
        return sum(self.words.values())


def outcome(end):
    """What the daemon calls such an end; None: it is no legal one."""
    if end.startswith("illegal"):
        return None
    return {"answered": "answered", "broken off": "broken-off"}.get(end, "failed")


def openai_request(number):
    body = {"model": "chat", "stream": True, "messages": [{"role": "user", "content": f"request {number}"}]}
    return "/v1/chat/completions", f"authorization: Bearer {KEY}", body


def anthropic_request(number):
    body = {
        "model": "chat", "stream": True, "max_tokens": 100,
        "messages": [{"role": "user", "content": f"request {number}"}],
    }
    return "/v1/messages", f"x-api-key: {KEY}", body


def openai_end(events):
    """Every end that the dialect allows has a name."""
    words = 0
    for event in events[:-1]:
        if not event.startswith("data: "):
            continue
        value = json.loads(event[6:])
        if "error" in value:
            return "illegal: an error is not the end"
        for choice in value.get("choices", []):
            words += 1 if choice["delta"].get("content") else 0
    last = events[-1] if events else ""
    if last == "data: [DONE]":
        return "answered" if words == WORDS else f"illegal: done after {words} words"
    if last.startswith('data: {"error"'):
        return "broken off" if words else "failed within its stream"
    return "illegal: no end"


def anthropic_end(events):
    words, started, last = 0, False, ""
    for event in events:
        lines = dict(line.split(": ", 1) for line in event.split("\n") if ": " in line and not line.startswith(":"))
        if "event" not in lines:
            continue
        if last in ("message_stop", "error"):
            return "illegal: something behind the end"
        last, value = lines["event"], json.loads(lines["data"])
        if value["type"] != last:
            return "illegal: two names for one event"
        started = started or last == "message_start"
        if last == "content_block_delta" and value["delta"].get("text"):
            words += 1
    if last == "message_stop":
        return "answered" if words == WORDS and started else f"illegal: done after {words} words"
    if last == "error":
        return "broken off" if words else "failed within its stream"
    return "illegal: no end"


DIALECTS = {"openai": (openai_request, openai_end), "anthropic": (anthropic_request, anthropic_end)}


async def one_stream(port, dialect, ends):
    ask, judge = DIALECTS[dialect]
    number = next(ends.numbers)
    path, credential, body = ask(number)
    body = json.dumps(body).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\n{credential}\r\ncontent-length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + body)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)).decode().lower()
        identity = re.search(r"x-martlet-decision: (\w+)", head).group(1)
        if "transfer-encoding: chunked" in head:
            events = await whole_stream(reader)
            return ends.note(dialect, "illegal: cut" if events is None else judge(events), identity, number)
        length = int(re.search(r"content-length: (\d+)", head).group(1))
        error = json.loads(await reader.readexactly(length))["error"]
        ends.note(dialect, f"status {head.split(' ')[1]} {error.get('code') or error['type']}", identity, number)
    except Exception as error:  # whatever it was, it is no legal end
        ends.note(dialect, f"illegal: {type(error).__name__} {error}")
    finally:
        writer.close()


async def whole_stream(reader):
    """The events of a stream that ends as HTTP wants it; None: it does not."""
    events = b""
    while True:
        size = int((await asyncio.wait_for(reader.readline(), 120)).strip() or b"-1", 16)
        if size < 0:
            return None
        events += (await reader.readexactly(size + 2))[:size]
        if size == 0:
            return [event for event in events.decode().strip().split("\n\n") if event]


async def keep_open(port, dialect, ends, until):
    while time.monotonic() < until:
        await one_stream(port, dialect, ends)
