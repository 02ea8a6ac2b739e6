"""Where a worker waits between tests: an item that does nothing.

xdist runs a test only once the next one is known. A worker that always holds this item as its next
can be handed one test at a time, so that the longest go first and none waits behind another.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ci_tools.model import NodeId

_NAME = "campaign-parked"
PARKED = NodeId(f"::{_NAME}")
"""The node id of every worker's parking place: no file has it, so no test can."""
MARKS = "collection.json"
"""In the campaign's directory: what each collected test requires by its markers, for the controller to know."""


class Parked(pytest.Item):
    """Runs nothing and reports nothing."""

    def runtest(self) -> None:
        """Nothing to do; never called, for the protocol skips this item."""


class Parking:
    """In a worker: adds the item after the collected tests, skips it, and tells what each test requires."""

    def __init__(self, marks: Path) -> None:
        self._marks = marks
        self._deselected: list[str] = []

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """An option or a conftest keeps tests from running that a suite may count on."""
        self._deselected += [item.nodeid for item in items]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Every worker's collection has a parking place."""
        tests = {item.nodeid: required(item) for item in items}
        _write(self._marks, {"tests": tests, "deselected": self._deselected})
        items.append(Parked.from_parent(session, name=_NAME))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> bool | None:
        """Parking is no test: nothing is set up, torn down or reported."""
        return True if isinstance(item, Parked) else None


def required(item: pytest.Item) -> list[str]:
    """The dependencies that a test's own markers name."""
    return [str(name) for mark in item.iter_markers("requires") for name in mark.args]


def _write(path: Path, marks: Mapping[str, Any]) -> None:
    """All workers write the same; the last rename wins, and a half-written file never exists."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    beside.write_text(json.dumps(marks), encoding="utf-8")
    beside.replace(path)


@dataclass(frozen=True, slots=True)
class Collection:
    """What the workers wrote of their collection."""

    required: Mapping[str, Sequence[str]]
    """The dependencies that each test's own markers name."""
    deselected: Sequence[str]


def read_collection(path: Path) -> Collection:
    """What the workers wrote into *path*; nothing if none came so far."""
    written: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return Collection(required=written.get("tests", {}), deselected=written.get("deselected", ()))
