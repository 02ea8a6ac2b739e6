"""Which test of a journal an entry of foreign results is: the same one again, or another of the same name."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from ci_tools.evidence.foreign.results import ForeignTest
from ci_tools.model import FAILURES, NodeId


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test's attempts belong."""

    node_id: NodeId
    first: int
    """The number of the first of them."""

    @property
    def is_new(self) -> bool:
        """Nothing was said of this test before."""
        return self.first == 1


class Identities:
    """Gives every test a name of its own, within all files that become one journal.

    A test that is told of again in its file *after a failure* was re-run: the same test, with further attempts. Told of
    again after anything else, or in another file, it is another test of the same name: nobody re-runs what passed, and
    taking two tests for one could hide the failure of the second behind the pass of the first.
    """

    def __init__(self, shown: Callable[[str], str]) -> None:
        self._shown = shown
        """How a name stands in the journal: two that masking makes equal must not become one test."""
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._failed: dict[tuple[str, str], tuple[str, int]] = {}

    def next_file(self) -> None:
        """What comes now stands in another file."""
        self._failed.clear()

    def place(self, test: ForeignTest, source: str) -> Place:
        """Where *test* of the file *source* belongs."""
        key = (test.suite, test.node_id)
        node_id, first = self._failed.pop(key, ("", 1))
        node_id = node_id or self._new(test, source)
        if test.attempts[-1].outcome in FAILURES:
            self._failed[key] = (node_id, first + len(test.attempts))
        return Place(NodeId(node_id), first)

    def _new(self, test: ForeignTest, source: str) -> str:
        plain = self._shown(test.node_id)
        if plain not in self._taken:
            return self._take(plain)
        fuller = self._shown(f"{test.node_id} @ {source}" + (f" {test.suite}" if test.suite else ""))
        if fuller not in self._taken:
            return self._take(fuller)
        numbered = (f"{fuller} #{number}" for number in count(self._numbers.get(fuller, 2)))
        found = next(name for name in numbered if name not in self._taken)
        self._numbers[fuller] = int(found.rpartition("#")[2]) + 1
        return self._take(found)

    def _take(self, node_id: str) -> str:
        self._taken.add(node_id)
        return node_id
