"""What do the checks of client libraries have in common? What is asked, what a wrong answer is, and one JSON line for each case."""

import argparse
import json
import re
import sys

TEXT = "seven martlets fly over the wide river and never land"
ADDRESS = "https://example.com/bird.jpg"
# What a provider of the lab's breaks off in the middle of.
BROKEN = f"mode:error-mid-stream {TEXT}"
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


class Left(Exception):
    """A case that is none with this provider: it leaves no line."""


class Wrong(Exception):
    """An answer that is not as it must be."""


def expect(condition, message):
    if not condition:
        raise Wrong(message)


def main(make, paired, single=(), on_demand=(), flags=None, switches=None):
    """The program of one check: every case at every model, one JSON line each; it leaves with status 1 when any went wrong.

    A line is {"model": ..., "case": ..., "ok": true|false, "detail": ...}, and has "refused" with a field's name when a gateway said that the
    provider's dialect has no words for that field.

    make: takes the options, with one model, and gives what has the cases as methods; its `streamed` says which way to ask.
    paired: cases that are run plain, and streamed as NAME_streamed.
    single: cases of which there is one way only.
    on_demand: cases that are run when they are named.
    flags: names of options, with what each means, that take those models which they hold for.
    switches: names of options that hold for all.
    """
    parser = argparse.ArgumentParser(description=sys.modules["__main__"].__doc__.splitlines()[0])
    parser.add_argument("--base-url", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--model", required=True, help="one or several, with commas")
    parser.add_argument("--cases", help="all that can be run by themselves, unless given")
    for flag, meaning in (flags or {}).items():
        parser.add_argument(f"--{flag}", default="", metavar="MODEL,...", help=meaning)
    for switch, meaning in (switches or {}).items():
        parser.add_argument(f"--{switch}", action="store_true", help=meaning)
    options = parser.parse_args()
    known = [*paired, *(f"{name}_streamed" for name in paired), *single, *on_demand]
    chosen = options.cases.split(",") if options.cases else [name for name in known if name.removesuffix("_streamed") not in on_demand]
    if unknown := [name for name in chosen if name not in known]:
        parser.error(f"unknown cases {unknown}; known are {known}")
    results = []
    for model in options.model.split(","):
        of_model = argparse.Namespace(**vars(options) | {"model": model})
        for flag in flags or {}:
            setattr(of_model, flag, model in getattr(options, flag).split(","))
        check = make(of_model)
        results += [run(check, model, name) for name in chosen]
    sys.exit(0 if all(results) else 1)


def report(cases):
    """Runs (name, function) pairs of a check that has a program of its own, and leaves with status 1 when any went wrong."""
    results = [tell({"case": name}, body) for name, body in cases]
    sys.exit(0 if all(results) else 1)


def run(check, model, name):
    method = name.removesuffix("_streamed") if not hasattr(check, name) else name
    check.streamed = method != name
    return tell({"model": model, "case": name}, getattr(check, method))


def tell(row, body):
    """Prints what came of a case, and gives whether it went well."""
    try:
        row |= {"ok": True, "detail": str(body())}
    except Left:
        return True
    except Exception as error:  # whatever goes wrong is the case's result
        row |= {"ok": False, "detail": f"{type(error).__name__}: {error}"}
        if field := refused(error):
            row["refused"] = field
    print(json.dumps(row), flush=True)
    return row["ok"]


def chain(error):
    """An error, and those that it came of."""
    while error:
        yield error
        error = error.__cause__ or error.__context__


def refused(error):
    """The field that a gateway said it could not carry, if that is what went wrong."""
    for one in chain(error):
        if found := REFUSAL.search(f"{one} {getattr(one, 'body', '')}"):
            return found[1] or found[2]
    return None


# In a gateway's words, or in those of a provider of the client's own dialect, which pass.
REFUSAL = re.compile(r"'([^']+)' (?:cannot be expressed in|is only served by|is not taken by)|Unknown parameter: '([^']+)'")


def fails(ask, status):
    """What an error says that must come with this HTTP status, whatever the client wraps it in."""
    try:
        ask()
    except Wrong:
        raise
    except Exception as error:
        found = [one.status_code for one in chain(error) if getattr(one, "status_code", None)]
        expect(found[:1] == [status], f"{type(error).__name__} with status {found}: {error}")
        expect(str(error), "an error without words")
        return str(error)
    raise Wrong("no error")
