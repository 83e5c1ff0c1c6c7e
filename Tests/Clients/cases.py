"""What do the checks of client libraries have in common? What is asked, what a wrong answer is, and one JSON line for each case."""

import json
import sys

TEXT = "seven martlets fly over the wide river and never land"
# As OpenAI's dialect offers it, and Ollama's.
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather at a place.",
        "parameters": {
            "type": "object",
            "properties": {"number": {"type": "integer"}, "text": {"type": "string"}},
            "required": ["number", "text"],
        },
    },
}
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "letters": {"type": "integer"}},
    "required": ["name", "letters"],
    "additionalProperties": False,
}
# A PNG of one pixel.
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


class Wrong(Exception):
    """An answer that is not as it must be."""


def expect(condition, message):
    if not condition:
        raise Wrong(message)


def report(cases):
    """Runs (name, function) pairs, prints {"case": …, "ok": true|false, "detail": …} for each, and leaves with status 1 when any failed."""
    results = [run(name, body) for name, body in cases]
    sys.exit(0 if all(results) else 1)


def run(name, body):
    try:
        detail, ok = body(), True
    except Exception as error:  # whatever goes wrong is the case's result
        detail, ok = f"{type(error).__name__}: {error}", False
    print(json.dumps({"case": name, "ok": ok, "detail": detail}), flush=True)
    return ok
