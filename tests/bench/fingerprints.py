"""What it costs to tell the same failures from different ones, and to read their causes."""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ci_tools.diagnosis.failures import Failure, parse
from ci_tools.diagnosis.fingerprint import fingerprint
from ci_tools.diagnosis.naming import Naming
from ci_tools.diagnosis.reading import Reader
from ci_tools.knowledge_file import knowledge

COUNTS = (10_000, 30_000, 100_000)
SEED = 16
_LOG_SHARE = 0.3
_PARTS = ("cart", "order", "thread", "stream", "login", "agent", "search", "export")
_HOSTS = ("10.20.30.{octet}:6379", "10.20.31.{octet}:5432", "cache.shop.example:6379", "127.0.0.1:{port}")
_TEXTS = (
    "redis.exceptions.ConnectionError: Error 111 connecting to {host}. Connection refused.",
    "websockets.exceptions.InvalidStatus: server rejected WebSocket connection: HTTP 503",
    "websockets.exceptions.ConnectionClosedError: received 1011 (internal error) run {uuid} failed; then sent 1011",
    "AssertionError: {part} {number} should hold 3 items, holds {small}",
    "AssertionError: POST /api/{part}s/{number}: unexpected status 422",
    "sqlalchemy.exc.TimeoutError: QueuePool limit of size {small} overflow 10 reached, connection timed out",
    "AttributeError: 'Test{part}' object has no attribute 'client_{small}'",
    "ModuleNotFoundError: No module named 'shop.{part}.m{small}'",
    "httpx.HTTPStatusError: Server error '502 Bad Gateway' for url 'https://api.shop.example/v1/{part}s/{number}'",
    "TimeoutError: agent run {uuid} timed out after {small}.{number} s",
    "{part} {uuid} at 2026-03-01T10:{minute}:00.{number}Z was lost on {host}",
    "",
)
_EXCERPT = """\
tests/e2e/test_{part}.py:{number}: in test_{part}
    answer = await client.post("/api/{part}s")
shop/{part}/service.py:{number}: in handle
    return await fut
.venv/lib/python3.12/site-packages/httpx/_client.py:{number}: in send
    raise exc
E   {message}
"""


def made_up(count: int, seed: int = SEED) -> Iterator[str]:
    """*count* lines of failures that look like those of a suite and a log; the same for the same *seed*."""
    dice = random.Random(seed)  # noqa: S311 - what is drawn has to be drawn again the same
    for number in range(count):
        words = _words(dice)
        message = dice.choice(_TEXTS).format_map(words)
        excerpt = _EXCERPT.format_map({**words, "message": message})
        is_log = dice.random() < _LOG_SHARE
        yield json.dumps(_entry(number, words, message) if is_log else _failure(number, words, message, excerpt))


def _words(dice: random.Random) -> dict[str, Any]:
    bits = f"{dice.getrandbits(128):032x}"
    return {
        "part": dice.choice(_PARTS),
        "number": dice.randrange(100, 100_000),
        "small": dice.randrange(2, 12),
        "minute": f"{dice.randrange(60):02d}",
        "uuid": f"{bits[:8]}-{bits[8:12]}-{bits[12:16]}-{bits[16:20]}-{bits[20:]}",
        "host": dice.choice(_HOSTS).format(octet=dice.randrange(1, 250), port=dice.randrange(8000, 8010)),
        "duration_s": dice.choice((0.01, 0.4, 10.0, 30.0, 120.0)) + dice.random() / 100,
    }


def _failure(number: int, words: dict[str, Any], message: str, excerpt: str) -> dict[str, Any]:
    return {
        "id": f"f-{number}",
        "kind": "pytest",
        "test": f"tests/e2e/test_{words['part']}.py::test_{words['part']}",
        "exc_type": message.partition(":")[0] if ": " in message else None,
        "message": message,
        "excerpt": excerpt,
        "duration_s": words["duration_s"],
        "timestamp": f"2026-03-01T10:{words['minute']}:00Z",
    }


def _entry(number: int, words: dict[str, Any], message: str) -> dict[str, Any]:
    entry = {
        "insertId": words["uuid"],
        "labels": {"instanceId": words["uuid"] * 3, "vpc-connectivity": "enabled"},
        "jsonPayload": {
            "message": message,
            "labels": {"line": str(words["number"]), "module": f"shop.{words['part']}"},
        },
        "httpRequest": {"status": 503, "latency": "0.5s"},
        "severity": "ERROR",
    }
    return {"id": f"l-{number}", "kind": "gcp_log", "message": message, "excerpt": json.dumps(entry, indent=1)}


def grouped(lines: Sequence[str]) -> dict[str, int]:
    """How many failures each fingerprint has."""
    naming = Naming()
    groups: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        digest = fingerprint(parse(line, number), naming).digest
        groups[digest] = groups.get(digest, 0) + 1
    return groups


def caused(lines: Sequence[str]) -> dict[str, int]:
    """How many failures each cause has."""
    reader = Reader(knowledge(), Naming())
    causes: dict[str, int] = {}
    failures: Iterator[Failure] = (parse(line, number) for number, line in enumerate(lines, start=1))
    for failure in failures:
        name = reader.read(failure).cause.id
        causes[name] = causes.get(name, 0) + 1
    return causes


def measured(counts: Sequence[int], of: Callable[[Sequence[str]], dict[str, int]]) -> dict[str, Any]:
    """CPU seconds of *of* at each of *counts*, and how much the time per failure grows from the least to the most."""
    lines = list(made_up(max(counts)))
    cpu_s: dict[int, float] = {}
    groups = 0
    for count in sorted(counts):
        began = time.process_time()
        groups = len(of(lines[:count]))
        cpu_s[count] = time.process_time() - began
    least, most = min(counts), max(counts)
    return {
        "cpu_s": {str(count): round(seconds, 3) for count, seconds in cpu_s.items()},
        "groups": groups,
        "growth": round(cpu_s[most] / most / (cpu_s[least] / least), 3),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """Print the figures as JSON; growth 1.0 is linear."""
    parser = argparse.ArgumentParser(prog="fingerprints", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--count", type=int, nargs="+", default=COUNTS, metavar="N", help="failures (default %(default)s)"
    )
    parser.add_argument("--causes", action="store_true", help="read causes as well, which takes longer")
    arguments = parser.parse_args(argv)
    figures = {"fingerprints": measured(arguments.count, grouped)}
    if arguments.causes:
        figures["causes"] = measured(arguments.count, caused)
    print(json.dumps(figures, indent=1))  # noqa: T201 - the command line prints
    return 0


if __name__ == "__main__":
    sys.exit(main())
