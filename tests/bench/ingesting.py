"""Measures ``ci-tools ingest`` and ``judge`` beside the least that Python needs to read the same file; prints JSON.

Each command and each peer is a process of its own, one after the other: seconds and the peak of its memory are the
operating system's figures of that process. The peer parses every test with the standard library and keeps nothing:
``xml.etree.ElementTree.iterparse`` for JUnit XML, ``json.loads`` by line for pytest-reportlog, ``json.load`` for CTRF.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.processes import environ_in

_FAILING_EVERY = 50
_FRAMES = 12
_JUNIT_PEER = """\
import sys, xml.etree.ElementTree as tree
print(sum(element.clear() is None for _, element in tree.iterparse(sys.argv[1]) if element.tag == "testcase"))
"""
_REPORTLOG_PEER = """\
import json, sys
print(sum(json.loads(line).get("when") == "teardown" for line in open(sys.argv[1], "rb")))
"""
_CTRF_PEER = """\
import json, sys
print(len(json.load(open(sys.argv[1], "rb"))["results"]["tests"]))
"""


def _failure(number: int) -> str:
    frames = "\n".join(f"  at module_{at}.function_{number % 97}(file_{at}.py:{7 * at})" for at in range(_FRAMES))
    return f"AssertionError: expected 200 but was 503 for request {number}\n{frames}"


def _fails(number: int) -> bool:
    return number % _FAILING_EVERY == 0


def junit(count: int) -> Iterator[str]:
    """A report of *count* tests, of which every fiftieth fails."""
    yield f'<?xml version="1.0"?>\n<testsuites><testsuite name="all" tests="{count}">\n'
    for number in range(count):
        case = f'<testcase classname="pkg.module_{number % 500}.Test{number % 20}" name="test_{number}[a-{number % 7}]"'
        told = (
            f'<failure message="was 503" type="AssertionError">{_failure(number)}</failure>' if _fails(number) else ""
        )
        yield f'{case} time="0.{number % 1000:03d}">{told}</testcase>\n'
    yield "</testsuite></testsuites>\n"


def reportlog(count: int) -> Iterator[str]:
    """The same as pytest writes it: three lines for each test."""
    yield '{"pytest_version": "9.2.0", "$report_type": "SessionStart"}\n'
    for number in range(count):
        for when in ("setup", "call", "teardown"):
            bad = when == "call" and _fails(number)
            yield json.dumps(_part(number, when, bad=bad)) + "\n"
    yield '{"exitstatus": 1, "$report_type": "SessionFinish"}\n'


def _part(number: int, when: str, *, bad: bool) -> Mapping[str, Any]:
    lines = _failure(number).splitlines()
    crash = {"reprcrash": {"message": lines[0]}, "reprtraceback": {"reprentries": [{"data": {"lines": lines}}]}}
    name, path = f"test_{number}[a-{number % 7}]", f"pkg/test_module_{number % 500}.py"
    return {
        "location": [path, number % 300, name],
        "keywords": {name: 1, path: 1, "pkg": 1},
        "outcome": "failed" if bad else "passed",
        "longrepr": crash if bad else None,
        "when": when,
        "user_properties": [],
        "sections": [],
        "duration": 0.001 * (number % 1000),
        "start": 1758020000.0 + number,
        "stop": 1758020000.5 + number,
        "nodeid": f"{path}::{name}",
        "$report_type": "TestReport",
    }


def ctrf(count: int) -> Iterator[str]:
    """The same as CTRF."""
    failed = sum(map(_fails, range(count)))
    summary = {"tests": count, "passed": count - failed, "failed": failed, "skipped": 0, "pending": 0, "other": 0}
    yield f'{{"reportFormat": "CTRF", "results": {{"tool": {{}}, "summary": {json.dumps(summary)}, "tests": ['
    for number in range(count):
        told = {"message": "was 503", "trace": _failure(number)} if _fails(number) else {}
        status = "failed" if _fails(number) else "passed"
        test = {"name": f"test {number}", "status": status, "duration": number % 1000, "suite": f"suite {number % 500}"}
        yield ("," if number else "") + "\n" + json.dumps({**test, "filePath": f"src/{number % 500}.spec.ts", **told})
    yield "\n]}}\n"


@dataclass(frozen=True, slots=True)
class Form:
    """A format, who writes it and who reads it at the least cost."""

    write: Callable[[int], Iterator[str]]
    peer: str


FORMS: Mapping[str, Form] = {
    "junit": Form(junit, _JUNIT_PEER),
    "reportlog": Form(reportlog, _REPORTLOG_PEER),
    "ctrf": Form(ctrf, _CTRF_PEER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a process took."""

    seconds: float
    cpu_s: float
    peak_mb: float
    exit_code: int


def cost_of(argv: Sequence[str], environ: Mapping[str, str]) -> Cost:
    """Run a command to its end."""
    began = time.monotonic()
    with subprocess.Popen(argv, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        seconds=time.monotonic() - began,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_mb=usage.ru_maxrss / 1024,
        exit_code=process.returncode,
    )


def measure(form: Form, count: int, repeat: int, folder: Path) -> Mapping[str, Any]:
    """The cost of reading *count* tests, *repeat* times in turn with the peer."""
    path = folder / "results"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(form.write(count))
    environ = environ_in(folder)
    tool = (sys.executable, "-m", "ci_tools")
    taken, peers = [], []
    for turn in range(repeat):
        taken.append(cost_of((*tool, "ingest", str(path), "--out", str(folder / f"out{turn}")), environ))
        peers.append(cost_of((sys.executable, "-c", form.peer, str(path)), environ))
    judged = cost_of((*tool, "judge", str(folder / "out0")), environ)
    return {
        "size_mb": round(path.stat().st_size / 1e6, 1),
        "ingest": _figures(taken),
        "peer": _figures(peers),
        "ratio_s": round(_median(taken, "seconds") / _median(peers, "seconds"), 2),
        "ratio_cpu": round(_median(taken, "cpu_s") / _median(peers, "cpu_s"), 2),
        "judge": _figures([judged]),
    }


def _median(costs: Sequence[Cost], name: str) -> float:
    return float(statistics.median(getattr(cost, name) for cost in costs))


def _figures(costs: Sequence[Cost]) -> Mapping[str, Any]:
    return {
        "seconds": round(_median(costs, "seconds"), 2),
        "cpu_s": round(_median(costs, "cpu_s"), 2),
        "peak_mb": round(max(cost.peak_mb for cost in costs), 1),
        "exit_codes": sorted({cost.exit_code for cost in costs}),
    }


def main(argv: Sequence[str] | None = None) -> int:
    """0: everything was measured, whatever the figures; 1: a file was not read whole."""
    parser = argparse.ArgumentParser(prog="ingesting", description=__doc__, allow_abbrev=False)
    parser.add_argument("--tests", type=int, default=100_000, metavar="N", help="tests in a file (default %(default)s)")
    parser.add_argument("--repeat", type=int, default=3, metavar="R", help="turns (default %(default)s)")
    parser.add_argument("--form", choices=FORMS, action="append", help="only this format; repeatable")
    arguments = parser.parse_args(argv)
    found: dict[str, Any] = {"tests": arguments.tests, "repeat": arguments.repeat, "load_before": os.getloadavg()[0]}
    for name in arguments.form or FORMS:
        with tempfile.TemporaryDirectory() as folder:
            found[name] = measure(FORMS[name], arguments.tests, arguments.repeat, Path(folder))
    print(json.dumps(found, indent=1))  # noqa: T201 - the command line prints
    return int(any(found[name]["ingest"]["exit_codes"] != [0] for name in arguments.form or FORMS))


if __name__ == "__main__":
    sys.exit(main())
