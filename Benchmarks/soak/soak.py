"""Do many streams at once all end as they must while providers fail at random, and does the daemon count what the providers served?

soak.py MARTLETD --seconds 600 --streams 500 [--faults 0.2] [--seed 27]

Starts four providers that fail at random, a daemon with only a model plane (no privilege needed), and keeps so many streams open.
Leaves with status 1 when a stream ended in no legal state, when counts differ, or when the gateway kept descriptors open.
"""

import argparse
import asyncio
import collections
import hashlib
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

KEY = "soak-key"
PROVIDERS = 4
WORDS = 10  # pieces of an answer
GAP = 0.3  # seconds between them
FAULTS = [
    "reset", "hang", "hang-mid", "drop-early", "drop-mid", "error-first", "error-mid", "500", "429", "529", "garbage",
    "page", "truncated-gzip", "interim-flood",
]


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text), text)


def event(value):
    return chunk(b"data: " + json.dumps(value).encode() + b"\n\n")


def word(text):
    return event({"id": "x", "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": None}]})


STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
ERROR = event({"error": {"message": "out of memory", "type": "server_error"}})


class Provider:
    """Fails as its dice say, and counts what it served to the end."""

    def __init__(self, name, share, seed):
        self.name, self.share, self.dice = name, share, random.Random(seed)
        self.asked, self.served = 0, 0
        self.faults = collections.Counter()

    async def serve(self, reader, writer):
        try:
            while await self.request(reader):
                self.asked += 1
                if not await self.answer(reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def request(self, reader):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        length = int(re.search(rb"content-length: (\d+)", head, re.I).group(1))
        await reader.readexactly(length)
        return True

    async def answer(self, reader, writer):
        fault = self.dice.choice(FAULTS) if self.dice.random() < self.share else None
        if fault:
            self.faults[fault] += 1
            return await self.fail(fault, reader, writer)
        writer.write(STREAM)
        for number in range(WORDS):
            writer.write(word(f"w{number} "))
            await writer.drain()
            await asyncio.sleep(GAP)
        stop = {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
        usage = {"id": "x", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": WORDS, "total_tokens": 13}}
        writer.write(event(stop) + event(usage) + chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")
        await writer.drain()
        self.served += 1
        return True

    async def fail(self, fault, reader, writer):
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
            writer.write(STREAM + word("begun ") + word("and "))
            await reader.read(1)
        elif fault == "drop-early":
            writer.write(STREAM + event({"id": "x", "choices": [{"index": 0, "delta": {"role": "assistant"}}]}))
        elif fault == "drop-mid":
            writer.write(STREAM + word("begun ") + b"ff\r\ndata: {")
        elif fault == "error-first":
            writer.write(STREAM + ERROR + b"0\r\n\r\n")
            return True
        elif fault == "error-mid":
            writer.write(STREAM + word("begun ") + ERROR + b"0\r\n\r\n")
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


class Ends(collections.Counter):
    """How streams ended; `illegal` must stay 0."""


async def one_stream(port, ends):
    body = json.dumps({"model": "chat", "stream": True, "messages": [{"role": "user", "content": "hello"}]}).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(head.encode() + body)
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 120)
        status = int(head.split(b" ")[1])
        if b"transfer-encoding: chunked" in head.lower():
            return ends.update([await streamed(reader)])
        length = int(re.search(rb"content-length: (\d+)", head, re.I).group(1))
        error = json.loads(await reader.readexactly(length))["error"]
        ends.update([f"status {status} {error['code']}"])
    except Exception as error:  # whatever it was, it is no legal end
        ends.update([f"illegal: {type(error).__name__} {error}"])
    finally:
        writer.close()


async def streamed(reader):
    events = b""
    while True:
        size = int((await asyncio.wait_for(reader.readline(), 120)).strip() or b"-1", 16)
        if size < 0:
            return "illegal: cut"
        events += (await reader.readexactly(size + 2))[:size]
        if size == 0:
            break
    last = events.strip().split(b"\n\n")[-1]
    has_words = b'"content"' in events
    if last == b"data: [DONE]":
        return "answered" if events.count(b'"content"') == WORDS and b'"error"' not in events else "illegal: done too soon"
    if last.startswith(b'data: {"error"'):
        return "broken off" if has_words else "failed within its stream"
    return "illegal: no end"


async def keep_open(port, ends, until):
    while time.monotonic() < until:
        await one_stream(port, ends)


def configuration(folder, ports, listen, metrics):
    members = ", ".join(f"m{n}: {{ provider: p{n}, model: soak }}" for n in range(PROVIDERS))
    providers = "\n".join(f'    p{n}: {{ dialect: openai, url: "http://127.0.0.1:{p}/v1" }}' for n, p in enumerate(ports))
    return f"""version: 1
models:
  listen: [127.0.0.1:{listen}]
  providers:
{providers}
  groups:
    chat:
      members: {{ {members} }}
      timeouts: {{ connect: 2s, head: 2s, first-token: 3s, between-tokens: 3s, total: 60s }}
      recover-after: 1s
      recover-at-most: 5s
      max-ejected: 0.5
      retries: {{ share: 1, at-least: 100000 }}
  keys: {{ soak: {{ hash: "sha256:{hashlib.sha256(KEY.encode()).hexdigest()}" }} }}
control: {{ socket: {folder}/martlet.sock, metrics: 127.0.0.1:{metrics} }}
"""


def counters(port):
    """Requests by (member, outcome), as the daemon counts them."""
    import urllib.request

    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20).read().decode()
    found = collections.Counter()
    for line in text.splitlines():
        match = re.match(r"martlet_model_requests_total\{(.*)\} (\d+)", line)
        if match:
            labels = dict(re.findall(r'(\w+)="([^"]*)"', match.group(1)))
            found[labels["member"].split(".")[-1], labels["outcome"]] += int(match.group(2))
    return found


def gateway_of(daemon):
    """The daemon's only child, whichever of its threads has started it."""
    for task in os.listdir(f"/proc/{daemon}/task"):
        children = open(f"/proc/{daemon}/task/{task}/children").read().split()
        if children:
            return int(children[0])
    return None


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def resident(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{pid}/status").read()).group(1)) // 1024


async def ready(port):
    for _ in range(200):
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /health/ready HTTP/1.1\r\nhost: x\r\n\r\n")
            line = await asyncio.wait_for(reader.readline(), 5)
            writer.close()
            if b" 200 " in line:
                return
        except OSError:
            pass
        await asyncio.sleep(0.1)
    raise SystemExit("soak: the gateway does not serve")


async def soak(options, folder):
    *ports, listen, metrics = free_ports(PROVIDERS + 2)
    providers = [Provider(f"m{n}", options.faults, options.seed + n) for n in range(PROVIDERS)]
    servers = [
        await asyncio.start_server(provider.serve, "127.0.0.1", port, backlog=1024)
        for provider, port in zip(providers, ports)
    ]
    path = folder + "/martlet.yaml"
    open(path, "w").write(configuration(folder, ports, listen, metrics))
    log = open(folder + "/log", "w")
    daemon = subprocess.Popen([options.martletd, "--config", path, "--state", folder], stdout=log, stderr=log)
    try:
        await ready(listen)
        gateway = gateway_of(daemon.pid)
        before = descriptors(gateway)
        ends = Ends()
        until = time.monotonic() + options.seconds
        streams = [asyncio.create_task(keep_open(listen, ends, until)) for _ in range(options.streams)]
        while time.monotonic() < until:
            await asyncio.sleep(min(10, max(0.1, until - time.monotonic())))
            if options.verbose:
                print(f"  {sum(ends.values())} ended, {descriptors(gateway)} descriptors, {resident(gateway)} MiB", flush=True)
        await asyncio.gather(*streams)
        return await judge(providers, ends, metrics, gateway, before, gateway_of(daemon.pid))
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(timeout=60)
        for server in servers:
            server.close()


async def judge(providers, ends, metrics, gateway, before, gateway_now):
    wrong = []
    counted = counters(metrics)
    for _ in range(50):  # decisions travel in batches
        if sum(counted.values()) == sum(ends.values()):
            break
        await asyncio.sleep(0.2)
        counted = counters(metrics)
    outcomes = collections.Counter()
    for (_, outcome), count in counted.items():
        outcomes[outcome] += count
    seen = collections.Counter()
    for end, count in ends.items():
        word = "answered" if end == "answered" else "broken-off" if end == "broken off" else "failed"
        seen["illegal" if end.startswith("illegal") else word] += count
    print("streams:", dict(sorted(ends.items())))
    print("counted:", dict(outcomes))
    print("faults: ", dict(sum((p.faults for p in providers), collections.Counter())))
    if seen["illegal"]:
        wrong.append(f"{seen['illegal']} streams in no legal state")
    if seen != +outcomes:
        wrong.append(f"clients saw {dict(seen)}, the daemon counted {dict(outcomes)}")
    for provider in providers:
        answered = counted[provider.name, "answered"]
        print(f"{provider.name}: asked {provider.asked}, served {provider.served}, counted {answered}")
        if provider.served != answered:
            wrong.append(f"{provider.name} served {provider.served}, the daemon counted {answered}")
    if gateway != gateway_now:
        wrong.append("the gateway was started again")
    else:
        for _ in range(120):  # idle connections to providers are kept for 45 s, and looked for as often
            if descriptors(gateway) <= before:
                break
            await asyncio.sleep(1)
        if descriptors(gateway) > before:
            print("open:", sorted(os.readlink(f"/proc/{gateway}/fd/{n}") for n in os.listdir(f"/proc/{gateway}/fd")))
        print(f"gateway: {before} descriptors before, {descriptors(gateway)} after; {resident(gateway)} MiB")
        if descriptors(gateway) > before:
            wrong.append("descriptors were kept")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("martletd")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--streams", type=int, default=500)
    parser.add_argument("--faults", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=27)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = asyncio.run(soak(options, folder))
    for line in wrong:
        print("soak:", line)
    print("soak: passed" if not wrong else "soak: failed")
    sys.exit(1 if wrong else 0)


main()
