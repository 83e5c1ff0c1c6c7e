"""Do many streams at once all end as they must while providers fail at random, and does the ledger have what the providers served?

soak.py MARTLETD --seconds 600 --streams 500 [--faults 0.2] [--seed 27]

Starts four providers that fail at random, two of either dialect, a daemon with only a model plane (no privilege needed), and keeps so many
streams open, half of them of either dialect. Leaves with status 1 when a stream ended in no legal state of its dialect, when a row of the
ledger differs from what its client saw and its provider served, when sums or budgets differ from the rows, or when the gateway kept
descriptors open.
"""

import argparse
import asyncio
import collections
import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

import ledger
from clients import KEY, Ends, keep_open, outcome
from providers import Anthropic, OpenAI, Provider

PROVIDERS = [OpenAI(), OpenAI(), Anthropic(), Anthropic()]


def free_ports(count):
    held = [socket.socket() for _ in range(count)]
    for one in held:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in held]
    for one in held:
        one.close()
    return ports


def configuration(folder, ports, listen, metrics):
    price = "price: { input: 1 USD/Mtok, output: 2 USD/Mtok }"
    members = ", ".join(f"m{n}: {{ provider: p{n}, model: soak, {price} }}" for n in range(len(ports)))
    providers = "\n".join(
        f'    p{n}: {{ dialect: {dialect.name}, url: "http://127.0.0.1:{port}{dialect.prefix}" }}'
        for n, (dialect, port) in enumerate(zip(PROVIDERS, ports))
    )
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
  teams: {{ soakers: {{ budget: 100000 USD/month }} }}
  keys:
    soak: {{ hash: "sha256:{hashlib.sha256(KEY.encode()).hexdigest()}", team: soakers, budget: 100000 USD/day }}
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
    *ports, listen, metrics = free_ports(len(PROVIDERS) + 2)
    providers = [
        Provider(f"m{n}", dialect, options.faults, options.seed + n) for n, dialect in enumerate(PROVIDERS)
    ]
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
        streams = [
            asyncio.create_task(keep_open(listen, "anthropic" if n % 2 else "openai", ends, until))
            for n in range(options.streams)
        ]
        while time.monotonic() < until:
            await asyncio.sleep(min(10, max(0.1, until - time.monotonic())))
            if options.verbose:
                print(f"  {ends.count} ended, {descriptors(gateway)} descriptors, {resident(gateway)} MiB", flush=True)
        await asyncio.gather(*streams)
        wrong = await judge(providers, ends, metrics, gateway, before, gateway_of(daemon.pid))
        return wrong + await kept(folder, ends, providers)
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(timeout=60)
        for server in servers:
            server.close()


async def kept(folder, ends, providers):
    """The ledger is filled four times a second."""
    for _ in range(50):
        wrong = ledger.compared(folder, ends.seen, providers)
        if not wrong:
            break
        await asyncio.sleep(0.2)
    return wrong


async def judge(providers, ends, metrics, gateway, before, gateway_now):
    wrong = []
    counted = counters(metrics)
    for _ in range(50):  # decisions travel in batches
        if sum(counted.values()) == ends.count:
            break
        await asyncio.sleep(0.2)
        counted = counters(metrics)
    outcomes = collections.Counter()
    for (_, word), count in counted.items():
        outcomes[word] += count
    seen = collections.Counter()
    for words, count in ends.words.items():
        seen[outcome(words.split(": ", 1)[1]) or "illegal"] += count
    print("streams:", dict(sorted(ends.words.items())))
    print("counted:", dict(outcomes))
    print("faults: ", dict(sum((p.faults for p in providers), collections.Counter())))
    if seen["illegal"]:
        wrong.append(f"{seen['illegal']} streams in no legal state")
    if seen != +outcomes:
        wrong.append(f"clients saw {dict(seen)}, the daemon counted {dict(outcomes)}")
    for provider in providers:
        answered = counted[provider.name, "answered"]
        print(f"{provider.name}: asked {provider.asked}, served {len(provider.served)}, counted {answered}")
        if len(provider.served) != answered:
            wrong.append(f"{provider.name} served {len(provider.served)}, the daemon counted {answered}")
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
