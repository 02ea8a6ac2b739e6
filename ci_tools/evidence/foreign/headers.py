"""Whether the tests that a group holds account for the numbers that it states itself."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from ci_tools.evidence.foreign.results import ForeignProblem
from ci_tools.model import FAILURES, Outcome


@dataclass(slots=True)
class Tally:
    """What stands in a group and in the groups within it."""

    tests: int = 0
    bad: int = 0
    """Failures and errors, of which one test can have several."""
    not_run: int = 0
    """Skipped and disabled tests."""
    missing: int = 0
    """Tests that were found missing already."""

    def count(self, outcome: Outcome, *, bad: int = 0, tests: int = 1) -> None:
        """One more test, which its tool may count as several *tests*, and which may have gone wrong several times."""
        self.tests += tests
        self.bad += max(bad, int(outcome in FAILURES))
        self.not_run += outcome in (Outcome.SKIPPED, Outcome.NOT_RUN)

    def add(self, inner: "Tally") -> None:
        """Count what stands in a group within this one."""
        self.tests += inner.tests
        self.bad += inner.bad
        self.not_run += inner.not_run
        self.missing += inner.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The numbers that a group states of itself; None where it states none."""

    tests: int | None = None
    bad: int | None = None
    skipped: int | None = None


@dataclass(slots=True, kw_only=True)
class Group:
    """A group that is being read."""

    name: str
    stated: Stated
    where: str
    found: Tally = field(default_factory=Tally)

    def problems(self) -> Iterator[ForeignProblem]:
        """What it states and does not hold. More tests than stated are no loss: each of them is judged."""
        missing = (self.stated.tests or 0) - self.found.tests - self.found.missing
        if missing > 0:
            self.found.missing += missing
            told = f"{self.where} states {self.stated.tests} tests, {self.found.tests} are there: {missing} are missing"
            yield ForeignProblem(about=self.name, text=told, missing=missing)
        for what, stated, found in (
            ("failures and errors", self.stated.bad, self.found.bad),
            ("skipped tests", self.stated.skipped, self.found.not_run),
        ):
            # Tests that are missing may be the ones that failed or were skipped: they are told of once.
            if stated is not None and stated > found + self.found.missing:
                yield ForeignProblem(
                    about=self.name, text=f"{self.where} states {stated} {what}, {found} are there: nothing explains it"
                )


def stated_in(attributes: Mapping[str, str]) -> Stated:
    """The numbers in the *attributes* of a group, under all the names that tools have given them."""
    return Stated(
        tests=_number(attributes.get("tests")),
        bad=_sum(_number(attributes.get("failures")), _number(attributes.get("errors"))),
        skipped=_first(_number(attributes.get(name)) for name in ("skipped", "skips", "skip", "ignored")),
    )


def _number(text: str | None) -> int | None:
    plain = (text or "").strip()
    return int(plain) if plain.isascii() and plain.isdecimal() and len(plain) < 10 else None  # noqa: PLR2004


def _sum(*numbers: int | None) -> int | None:
    known = [number for number in numbers if number is not None]
    return sum(known) if known else None


def _first(numbers: Iterator[int | None]) -> int | None:
    return next((number for number in numbers if number is not None), None)
