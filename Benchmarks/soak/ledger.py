"""What stands in the ledger, read as its file is written (Sources/Inference/Ledger/LedgerRow+Bytes.swift), and held against what
providers served and clients saw, row by row."""

import collections
import sqlite3
import struct

from clients import outcome
from providers import WORDS

OUTCOMES = {1: "answered", 2: "rejected", 3: "failed", 4: "broken-off", 5: "client-gone"}
RATES = (1_000_000, 2_000_000)  # pico-dollars a token, as the configuration says
Row = collections.namedtuple("Row", "outcome input output cost estimated key team model provider")


def row(blob):
    numbers = struct.unpack_from("<15Q", blob, 8)
    texts, place = [], 128
    for _ in range(7):
        texts.append(blob[place + 1:place + 1 + blob[place]].decode())
        place += 1 + blob[place]
    return Row(OUTCOMES[blob[2]], numbers[5], numbers[6], numbers[10], numbers[11], *texts[:4])


def rows(folder):
    with sqlite3.connect(f"file:{folder}/ledger/ledger.sqlite?mode=ro", uri=True) as database:
        return {bytes(id).hex(): row(bytes(blob)) for id, blob in database.execute("SELECT id, row FROM request")}


def sums(folder):
    """Sums of the ledger: (requests, input, output, cost) of all accounts, and what each payer paid."""
    with sqlite3.connect(f"file:{folder}/ledger/ledger.sqlite?mode=ro", uri=True) as database:
        total = next(database.execute("SELECT sum(requests), sum(input), sum(output), sum(cost) FROM usage"))
        paid = dict(database.execute("SELECT kind || ' ' || name, sum(cost) FROM spending GROUP BY kind, name"))
    return total, paid


def compared(folder, seen, providers):
    """What does not agree, in words; the first few of each kind."""
    by_name = {provider.name.replace("m", "p"): provider for provider in providers}
    kept, wrong = rows(folder), collections.defaultdict(list)
    counted = collections.Counter()
    for identity, (number, end) in seen.items():
        found = kept.pop(identity, None)
        expected = outcome(end)
        if expected == "failed":
            if found:
                wrong["a failed request was charged"].append((number, found))
            continue
        if not found:
            wrong["a request that was served is not in the ledger"].append((number, end))
            continue
        provider = by_name[found.provider]
        counted[found.provider, found.outcome] += 1
        if found.outcome != expected:
            wrong["another outcome than the client saw"].append((number, end, found))
        if found.cost != found.input * RATES[0] + found.output * RATES[1]:
            wrong["another cost than its tokens have"].append((number, found))
        if expected == "answered":
            if number not in provider.served:
                wrong["its provider did not serve it"].append((number, found))
            if (found.input, found.output, found.estimated) != (number, WORDS, 0):
                wrong["other tokens than its provider reported"].append((number, found))
        else:
            # A token for each word, or one for four of its bytes.
            words = provider.begun.get(number, 0)
            if not 1 <= found.output <= 3 * words:
                wrong["other tokens than its provider sent"].append((number, words, found))
    if kept:
        wrong["rows of requests that no client made"] += list(kept.items())
    for name, provider in by_name.items():
        if len(provider.served) != counted[name, "answered"]:
            wrong[f"{name} served {len(provider.served)}, the ledger has {counted[name, 'answered']}"].append(())
    everything = list(rows(folder).values())
    total, paid = sums(folder)
    expected = (
        len(everything), sum(r.input for r in everything), sum(r.output for r in everything),
        sum(r.cost for r in everything),
    )
    if tuple(total) != expected:
        wrong["sums by hour are not those of the rows"].append((total, expected))
    for payer in ("key soak", "team soakers"):
        if paid.get(payer) != expected[3]:
            wrong["budgets count another sum than the ledger"].append((payer, paid.get(payer), expected[3]))
    print(f"ledger: {len(everything)} rows, {expected[1]} and {expected[2]} tokens, {expected[3]} pico-dollars; each row compared")
    return [f"{what} ({len(cases)}): {cases[:3]}" for what, cases in wrong.items()]
