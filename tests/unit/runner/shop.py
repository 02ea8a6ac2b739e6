"""A small system under test, its campaign file and its suites; everything on the loopback."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from ci_tools.evidence.events import Event, Record
from ci_tools.evidence.journal import read
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import NodeId, Outcome, Previous, PreviousTest
from ci_tools.runner.campaign import CampaignRun, Request
from ci_tools.runner.progress import Progress
from ci_tools.spec import parse
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

CAMPAIGN = """\
name = "shop"

[dependencies]
shop = []
stock = ["shop"]

[environments.here]
hosts = { shop = "http://127.0.0.1:PORT" }
deployment = { host = "shop", path = "/info", revision = "revision" }

[environments.locked]
hosts = { shop = "http://127.0.0.1:PORT" }
auth = { strategy = "ready_token", token_env = "SHOP_BEARER" }

[probes.shop]
kind = "http_json"
dependency = "shop"
host = "shop"
path = "/health"
expect = { status = ["ok"] }

[phases.first]
number = 1
budget_min = 1

[phases.second]
number = 2
budget_min = 1

[phases.third]
number = 3
budget_min = 1

[suites.smoke]
phase = "first"
paths = ["tests/test_smoke.py"]
expected = 2
value = "nobody can buy"

[suites.orders]
phase = "second"
paths = ["tests/test_orders.py"]
requires = ["shop"]
value = "orders are lost"

[gates.shop]
phase = "first"
kind = "reliability"
dependency = "shop"
probe = "shop"
floor = 0.5
target = 1.0

[plans.full]
about = "all phases"
phases = ["first", "second", "third"]

[plans.short]
about = "stop at the first trouble"
phases = ["first", "second"]
stop_early = true

[plans.auto]
about = "first, then more"
first = "first"
healthy = "full"
unhealthy = "short"
"""

SMOKE = "def test_it(): pass\ndef test_that(): pass\n"
ORDERS = "def test_order(): pass\n"
HANGING = """\
import os, pathlib, time
def test_it(): pass
def test_that():
    pathlib.Path("hanging").write_text(str(os.getpid()))
    time.sleep(60)
"""


ADDOPTS = " ".join(f"-p no:{name}" for name in ("anyio", "asyncio", "cov", "hypothesispytest", "valkey"))
"""Plugins that the small suites do without; loading them would take half of the time."""


@contextmanager
def lean_pytest() -> Iterator[None]:
    """Small suites start without those plugins; no longer than here, for tests elsewhere need them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTEST_ADDOPTS", ADDOPTS)
        yield


class Site:
    """An HTTP server whose answers can be changed while it serves."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {"/health": {"status": "ok"}, "/info": {"revision": "shop-1"}}
        self.status = 200
        self.asked: list[str] = []
        self.released = threading.Event()
        self.released.set()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.port: int = self._server.server_address[1]

    def _handler(site) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - the handler's own self is another one
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.released.wait(30)
                answer = site.answers.get(self.path, {})
                told = answer() if callable(answer) else answer
                body = told if isinstance(told, bytes) else json.dumps(told).encode()
                self.send_response(site.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    @contextmanager
    def serving(self) -> Iterator["Site"]:
        """Serve until the end."""
        with self._server:
            thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield self
            finally:
                self.released.set()
                self._server.shutdown()
                thread.join()


def timed(durations_s: Mapping[str, float]) -> tuple[PreviousTest, ...]:
    """Tests that passed before, and what they took."""
    return tuple(
        PreviousTest(node_id=NodeId(name), outcome=Outcome.PASSED, duration_s=took)
        for name, took in durations_s.items()
    )


class Shop:
    """A folder with ``campaign.toml`` and suites that pass, for the system at *site*."""

    def __init__(self, root: Path, site: Site) -> None:
        self.root = root
        self.site = site
        self.out = root / "out"
        self.told = StringIO()
        self.spec = root / "campaign.toml"
        self.spec.write_text(CAMPAIGN.replace("PORT", str(site.port)), encoding="utf-8")
        (root / "tests").mkdir()
        self.suite("smoke", SMOKE)
        self.suite("orders", ORDERS)

    def change(self, old: str, new: str) -> None:
        """Replace *old* by *new* in the campaign file, once."""
        text = self.spec.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the campaign file"
        self.spec.write_text(text.replace(old, new), encoding="utf-8")

    def extend(self, text: str) -> None:
        """Add *text* at the end of the campaign file."""
        self.spec.write_text(f"{self.spec.read_text(encoding='utf-8')}\n{text}", encoding="utf-8")

    def suite(self, name: str, source: str) -> None:
        """Let the suite *name* consist of *source*."""
        (self.root / "tests" / f"test_{name}.py").write_text(source, encoding="utf-8")

    def prepared(self, **wishes: Any) -> CampaignRun:
        """A campaign that has not begun; one worker runs the tests, for speed."""
        out: Path = wishes.pop("out", self.out)
        environ: Mapping[str, str] = wishes.pop("environ", {})
        redactor: Redactor = wishes.pop("redactor", Redactor())
        if took := wishes.pop("durations_s", {}):
            wishes["previous"] = Previous(campaign="before", revision=None, tests=timed(took))
        values = {"environment": "here", "plan": "full", "workers": 1, "campaign": "shop-campaign", "root": self.root}
        console = Console(file=self.told, width=160, force_terminal=False, highlight=False)
        return CampaignRun.prepare(
            parse(self.spec.read_text(encoding="utf-8"), str(self.spec)),
            Request(**{**values, **wishes}),
            out=out,
            redactor=redactor,
            progress=Progress(console, live=False, clock=lambda: 0.0),
            environ=environ,
        )

    def run(self, **wishes: Any) -> Judgement:
        """What is to be said after a whole campaign."""
        self.prepared(**wishes).run()
        return self.judgement()

    def judgement(self) -> Judgement:
        """What the journal says."""
        journal = read(self.out)
        return judge(fold(journal.records, journal.problems))

    def records(self, kind: type[Event]) -> list[Record]:
        """The journal's records of one kind of event, in order."""
        return [record for record in read(self.out).records if isinstance(record.event, kind)]

    def events(self, kind: type[Event]) -> list[Any]:
        """The journal's events of one kind, in order."""
        return [record.event for record in self.records(kind)]
