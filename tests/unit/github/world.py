"""A system that fails and recovers, the people who have its issues, and runs that are told of it through GitHub."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ci_tools.errors import CampaignError
from ci_tools.github.documents import IssueDocument
from ci_tools.github.issues import GitHubIssues
from ci_tools.github.requests import Patience
from ci_tools.model import Verdict
from ci_tools.spec.values import KnownIssue
from ci_tools.triage.operations import CAMPAIGN_LABEL, Issue, Operation
from ci_tools.triage.seen import Seen
from ci_tools.triage.shared import MARKER
from ci_tools.triage.state import State, parts_in
from ci_tools.triage.surroundings import ACTIONS_BOT, Surroundings
from tests.doubles.clock import Clock
from tests.doubles.github.double import REPO, TOKEN
from tests.doubles.github.server import GitHubDouble
from tests.doubles.github.switches import Interruption
from tests.unit.github.people import PERSON
from tests.unit.github.weather import calm
from tests.unit.triage.histories import HERE, PARTS, Look, Step, campaign, lost, open_marks, planned, told

PEOPLES = 1
"""The issue of people that is known for what is full, and for two of the parts."""
AROUND: Surroundings = replace(
    HERE, known_issues=(KnownIssue(number=PEOPLES, causes=("full",), dependencies=("cache",)),)
)
_BETWEEN_CAMPAIGNS_S = 900.0
_DUPLICATE = re.compile(r"Duplicate of #(\d+)")
_NONCE = re.compile(r"<!-- ci-tools:nonce [0-9a-f]+ -->")


@dataclass
class Tally:
    """What has happened in all worlds."""

    counts: Counter[str] = field(default_factory=Counter)


class World:
    """One repository, one system, one clock; *tally* counts what happens."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.clock = Clock(1_000_000.0)
        self.github = GitHubDouble(clock=self.clock.read)
        self.github.start()
        self.github.file("Cache is full again", "written by people", login=PERSON)
        self.looks: dict[str, Look] = dict.fromkeys(PARTS, Look.WELL)
        self.seen: Seen | None = None
        self._number = 0

    def end(self) -> None:
        """Nothing answers any more."""
        self.tally.counts["calls"] += len(self.github.asked)
        self.tally.counts["issues"] += len(self.github.issues) - 1
        self.github.stop()

    def campaign(self, *, is_conclusive: bool = True, is_old_build: bool = False) -> Seen:
        """What the next campaign sees, a while later."""
        self._number += 1
        self.clock.sleep(_BETWEEN_CAMPAIGNS_S)
        step = Step(tuple(self.looks[part] for part in PARTS), is_conclusive, is_old_build, ())
        self.seen = campaign(self._number, step)
        return self.seen

    def connected(self) -> GitHubIssues:
        """A run's connection, as patient as in earnest."""
        patience = Patience(sleep=self.clock.sleep, clock=self.clock.read, monotonic=self.clock.read)
        return GitHubIssues(REPO, TOKEN, base_url=self.github.url, patience=patience)

    @staticmethod
    def plan(tracker: GitHubIssues, seen: Seen) -> tuple[Operation, ...]:
        """What a run decides."""
        return planned(tracker.read(adopted=[PEOPLES], marker=MARKER), seen, AROUND)

    def run(self, seen: Seen) -> str:
        """A run that is told of *seen*; what it raised, or nothing."""
        self.tally.counts["runs"] += 1
        with self.connected() as tracker:
            try:
                list(tracker.apply(self.plan(tracker, seen)))
            except CampaignError as error:
                self.tally.counts["runs that ended in an error"] += 1
                return str(error)
        return ""

    def crash(self, seen: Seen, call: int, *, is_after: bool) -> None:
        """A run from whose call number *call* on nothing gets through: it is gone, and has cleaned up nothing."""

        def cut() -> None:
            self.github.switches.is_cut = True
            self.tally.counts["crashes"] += 1

        self.github.switches.interruption = Interruption(call, cut, is_after=is_after)
        self.run(seen)
        self.github.switches.interruption, self.github.switches.is_cut = None, False

    def race(self, seen: Seen, schedule: Sequence[bool]) -> bool:
        """Two runs that have read the same, and act in turns as *schedule* has it; whether both come to their ends."""
        self.tally.counts["races"] += 1
        with self.connected() as one, self.connected() as other:
            try:
                acting = [iter(run.apply(self.plan(run, seen))) for run in (one, other)]
                for is_first in schedule:
                    next(acting[is_first], None)
                for run in acting:
                    list(run)
            except CampaignError:
                self.tally.counts["runs that ended in an error"] += 1
                return False
        return True

    def overtake(self, seen: Seen, call: int) -> bool:
        """A run, and another one that is done before its call number *call*; whether both come to their ends."""
        said = []

        def other() -> None:
            self.tally.counts["races"] += 1
            said.append(self.run(seen))

        self.github.switches.interruption = Interruption(call, other)
        said.append(self.run(seen))
        self.github.switches.interruption = None
        return not any(said)

    def issues(self) -> list[Issue]:
        """All issues as they stand on GitHub, whatever lists show."""
        return [self._issue(number) for number in self.github.issues]

    def _issue(self, number: int) -> Issue:
        said = [one["body"] for one in self.github.comments[number] if one["user"]["login"] == ACTIONS_BOT]
        kept = next((body for body in said if MARKER in body), "")
        return replace(IssueDocument.model_validate(self.github.issues[number]).issue(), comment=kept)

    def twins(self) -> set[str]:
        """Fingerprints of what two open issues tell."""
        return {mark for mark, times in Counter(open_marks(self.issues())).items() if times > 1}

    def settle(self) -> list[str]:
        """What is wrong once GitHub is well and three campaigns were told."""
        calm(self.github)
        self._people_do_as_they_are_told()
        for _ in range(3):
            said = self.run(self.campaign())
        written = len(self.github.writes())
        assert self.seen is not None
        self.run(self.seen)
        again = self.github.writes()[written:]
        return [
            *([f"the last run ended with: {said}"] if said else []),
            *(f"written once more: {one}" for one in again),
            *self.wrong(self.seen),
        ]

    def wrong(self, seen: Seen) -> Iterable[str]:
        """What must not be, now that *seen* is told."""
        issues = self.issues()
        yield from (f"told in two open issues: {mark}" for mark in self.twins())
        yield from (f"lost: {one}" for one in lost([one for one in issues if self._may_tell(one)], seen))
        yield from (
            f"still open: #{issue.number}" for issue, state in told(issues) if self._is_over(issue, state, seen)
        )
        for number, said in self.github.comments.items():
            ours = [one["body"] for one in said if one["user"]["login"] == ACTIONS_BOT]
            marks = Counter(mark for body in ours for mark in (*_NONCE.findall(body), *[MARKER] * (MARKER in body)))
            yield from (f"said {times} times in #{number}: {mark}" for mark, times in marks.items() if times > 1)
        yield from self.github.allowance.exceeded
        yield from self.github.violations

    def _may_tell(self, issue: Issue) -> bool:
        """Whether what fails may be told there: it is open, or people have refused it."""
        if issue.closed_as != "duplicate":
            return issue.closed_as != "completed"
        marks = [mark for one in self.github.comments[issue.number] for mark in _DUPLICATE.findall(one["body"])]
        other = self.github.issues.get(int(marks[-1])) if marks else None
        return bool(marks) and (other is None or other["state"] != "open")

    def _is_over(self, issue: Issue, state: State, seen: Seen) -> bool:
        """Whether it should be closed: all that failed of it is well, also what people have merged into it."""
        parts = {state.dependency, *(name.rpartition("_")[0] for name in state.evidence.gates)}
        is_well = all(self.looks[part] is Look.WELL for part in parts)
        is_conclusive = seen.judgement.verdict is not Verdict.INCONCLUSIVE
        return issue.is_open and state.status == "failing" and is_well and is_conclusive

    # What people do.

    def _people_do_as_they_are_told(self) -> None:
        """Labels that GitHub dropped are set by hand, as the error asks for."""
        for number in self.ours():
            labels = [one["name"] for one in self.github.issues[number]["labels"]]
            if CAMPAIGN_LABEL not in labels:
                self.github.repository.edit(number, {"labels": [*labels, CAMPAIGN_LABEL]}, login=PERSON)

    def ours(self) -> list[int]:
        """The numbers of issues that we filed."""
        return [number for number, one in self.github.issues.items() if parts_in(one["body"] or "")]
