"""How much is accepted at once: everything, or a sample that a seed draws; and the figures that are measured."""

import json
import os
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

import pytest

from ci_tools.twin.catalogue import CATALOGUE
from tests.acceptance import commands
from tests.acceptance.commands import Campaign
from tests.acceptance.impostors import IMPOSTORS, TALKATIVE
from tests.acceptance.mutants import AREAS, MUTANTS, Mutant

collect_ignore = ["stranger"]
"""A suite that is run by campaigns only."""
_FULL = "full"
_KILLS = 20
_AREAS_DRAWN = 3
_HEALTHY = (
    *[()] * 5,
    *[("--plan=full",)] * 5,
    *[("--plan=full", f"--workers={workers}") for workers in (1, 6, 12, 24)],
    *[("--plan=full", f"--order=random:{seed}") for seed in range(1, 11)],
)
"""How a healthy twin is verified."""
_SHARDED_FAULTS = ("", "redis_down", "agent_failed", "websocket_auth_off")
"""With which faults a campaign in shards is compared with a whole one; the first is none."""
_CUTS = tuple(
    (stage, call, is_after)
    for stage, calls in (("filing", 3), ("closing", 6))
    for call in range(1, calls + 1)
    for is_after in (False, True)
)
"""At which call a run that tells GitHub is killed: before it is carried out, or between that and its answer."""
_SAMPLE_PATIENCE = 3.0
"""A sample runs beside other tests, on a machine that does other things, too."""
_DRAWN: Mapping[str, tuple[Sequence[Any], int]] = {
    "fault": (tuple(CATALOGUE), 2),
    "lasting_fault": (tuple(CATALOGUE), 1),
    "kill": (range(_KILLS), 2),
    "area": (AREAS, 1),
    "healthy": (_HEALTHY, 1),
    "impostor": (IMPOSTORS, 1),
    "plan": (("full", "auto"), 1),
    "server": (TALKATIVE, 1),
    "cut": (_CUTS, 2),
}
"""Arguments of tests: everything they are run with at full size, and how many of these a sample draws."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer ``--acceptance``, ``--seed`` and ``--figures``."""
    group = parser.getgroup("acceptance")
    group.addoption(
        "--acceptance",
        choices=(_FULL, "sample"),
        default="sample",
        help="how much is run (default %(default)s)",
    )
    group.addoption("--seed", type=int, metavar="N", help="what the sample is drawn by (default: the date)")
    group.addoption("--figures", type=Path, metavar="FILE", help="append a line of JSON per test with what it measured")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """One seed for all processes of this run: workers inherit the option."""
    if config.getoption("--seed") is None:
        config.option.seed = datetime.now(UTC).date().toordinal()


def pytest_report_header(config: pytest.Config) -> str:
    """Tell the seed."""
    return f"acceptance: {config.getoption('--acceptance')}, seed {config.getoption('--seed')}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Tell the seed with a failure."""
    report: pytest.TestReport = yield  # type: ignore[assignment]  # what the other hooks made
    if report.failed:
        size, seed = item.config.getoption("--acceptance"), item.config.getoption("--seed")
        report.sections.append(("acceptance", f"repeat with: --acceptance {size} --seed {seed}"))
    return report  # type: ignore[return-value]  # as above


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Draw what a test is run with."""
    for name, (everything, size) in _DRAWN.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, _drawn(metafunc.config, name, everything, size), ids=_words)
    if "sharded_fault" in metafunc.fixturenames:
        everything = _SHARDED_FAULTS if _is_full(metafunc.config) else _SHARDED_FAULTS[:1]
        metafunc.parametrize("sharded_fault", everything, ids=lambda fault: fault or "healthy")
    if "mutant" in metafunc.fixturenames:
        _parametrize_mutants(metafunc, "mutant", MUTANTS)
    if "open_mutant" in metafunc.fixturenames:
        _parametrize_mutants(metafunc, "open_mutant", [mutant for mutant in MUTANTS if not mutant.inside])


def _words(value: object) -> str:
    return " ".join(map(str, value)) or "as it comes" if isinstance(value, tuple) else str(value)


def _parametrize_mutants(metafunc: pytest.Metafunc, name: str, mutants: Sequence[Mutant]) -> None:
    """One defect of each of a few areas is drawn."""
    drawn = [
        mutant
        for area in _drawn(metafunc.config, "areas", AREAS, _AREAS_DRAWN)
        for mutant in _drawn(metafunc.config, f"{name} {area}", [one for one in mutants if one.area == area], 1)
    ]
    metafunc.parametrize(name, drawn, ids=lambda mutant: f"{mutant.area}: {mutant.name}")


def _is_full(config: pytest.Config) -> bool:
    return bool(config.getoption("--acceptance") == _FULL)


def _drawn(config: pytest.Config, name: str, everything: Sequence[Any], size: int) -> list[Any]:
    if _is_full(config):
        return list(everything)
    random = Random(f"{config.getoption('--seed')} {name}")  # noqa: S311 - repeatable, not secret
    return random.sample(list(everything), size)


@pytest.fixture
def random(request: pytest.FixtureRequest) -> Random:
    """Chance that the seed and the test decide."""
    return Random(f"{request.config.getoption('--seed')} {request.node.name}")  # noqa: S311 - repeatable, not secret


@pytest.fixture
def starts(pytestconfig: pytest.Config) -> int:
    """How often a twin is started."""
    return 10 if _is_full(pytestconfig) else 1


@pytest.fixture
def patience(pytestconfig: pytest.Config) -> float:
    """By how much limits of time are stretched; at full size, where nothing else runs, not at all."""
    return 1.0 if _is_full(pytestconfig) else _SAMPLE_PATIENCE


@pytest.fixture
def time_scale(pytestconfig: pytest.Config) -> float:
    """How patient campaigns are with a server that never answers: as in reality, or a fifth of it."""
    return 1.0 if _is_full(pytestconfig) else 0.2


@pytest.fixture
def places(pytestconfig: pytest.Config) -> int | None:
    """At how many places a journal is damaged; None: at every byte."""
    return None if _is_full(pytestconfig) else 150


@pytest.fixture
def sequences(pytestconfig: pytest.Config) -> int:
    """How many storms there are."""
    return 200 if _is_full(pytestconfig) else 5


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """What the test measures; kept as one line of the file ``--figures``, also when the test fails."""
    measured: dict[str, Any] = {}
    started = time.monotonic()
    yield measured
    file = request.config.getoption("--figures")
    if file is None:
        return
    line = {
        "test": request.node.name,
        "size": request.config.getoption("--acceptance"),
        "seed": request.config.getoption("--seed"),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "test_s": round(time.monotonic() - started, 2),
        **measured,
    }
    with (request.config.invocation_params.dir / file).open("a", encoding="utf-8") as lines:
        lines.write(json.dumps(line) + "\n")


@pytest.fixture
def temporary() -> Iterator[Path]:
    """A folder for temporary files of processes, with a path that is short enough for sockets."""
    folder = Path(mkdtemp(prefix="acceptance-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A campaign of the first phase on a healthy twin that passed."""
    folder = tmp_path_factory.mktemp("passed")
    campaign = commands.campaign(folder / "out", folder, *commands.FIRST_PHASE)
    assert campaign.ended.exit_code == os.EX_OK, campaign.ended.output
    return campaign
