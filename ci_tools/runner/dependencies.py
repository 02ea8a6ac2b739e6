"""What a campaign knows of the dependencies: sampled while nothing else runs, or learned from other shards."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from ci_tools.evidence.events import DependencyChanged, Event, Sampled
from ci_tools.model import DependencyState, GateState, Observation, Phase, ReliabilityGate
from ci_tools.runner.quiet import QuietWindow
from ci_tools.verdict.fold import CampaignState
from ci_tools.verdict.gates import judge_observers, judge_reliability
from ci_tools.verdict.judgement import GateResult


@dataclass(slots=True)
class Dependencies:
    """Repeats the probes of the reliability gates, phase by phase."""

    quiet: QuietWindow
    time_scale: float
    known: CampaignState
    """What other shards have left before this one began."""
    write: Callable[[Event], None]
    changes: Mapping[str, DependencyChanged] = field(init=False, default_factory=dict)
    """How what fails its gate was found, last."""

    @property
    def failing(self) -> Mapping[str, str]:
        """What fails its gate, and why.

        A test that needs it would cost time and accuse whatever it is there to judge.
        """
        return {name: change.reason for name, change in self.changes.items()}

    def believe(self, changes: Iterable[DependencyChanged]) -> None:
        """What others have seen last of each dependency holds here, too, until it is seen otherwise."""
        last = {change.dependency: change for change in changes}
        self.changes = {name: change for name, change in last.items() if change.state.is_failing}

    def sample(self, phase: Phase, deadline: float) -> None:
        """Sample the gates of *phase* until each is decided or the monotonic clock passes *deadline*."""
        failing: dict[str, DependencyChanged] = {}
        probed: set[str] = set()
        for gate in phase.gates:
            known = failing.keys() | (self.changes.keys() - probed)
            if isinstance(gate, ReliabilityGate) and known.isdisjoint(gate.requires):
                probed.add(gate.dependency)
                seen, result = self._seen(phase, gate, deadline)
                change = _change(gate, seen, result)
                if result.state is GateState.FAILS and (gate.holds_back or change.state is DependencyState.DOWN):
                    failing.setdefault(gate.dependency, change)
        for change in failing.values():
            self.write(change)
        # What this phase did not probe stays as it was last seen.
        self.changes = {name: change for name, change in self.changes.items() if name not in probed} | failing

    def recovered(self, name: str) -> None:
        """*name* was seen well again after its gate had failed: nothing is held back because of it any more."""
        self.changes = {other: change for other, change in self.changes.items() if other != name}

    def _seen(self, phase: Phase, gate: ReliabilityGate, deadline: float) -> tuple[list[Observation], GateResult]:
        """The attempts of *gate* and what they say; other shards' attempts, where these decide it."""
        elsewhere = self.known.samples.get((phase.number, gate.name), {})
        known = judge_observers(gate, phase.number, elsewhere, self.time_scale)
        if known.state is not GateState.CANNOT_TELL:
            return [sample.observation for samples in elsewhere.values() for sample in samples], known

        def keep(observation: Observation) -> None:
            self.write(Sampled(phase=phase.number, gate=gate.name, observation=observation))

        seen = self.quiet.sample(gate, deadline, keep)
        samples = [Sampled(phase=phase.number, gate=gate.name, observation=one) for one in seen]
        return seen, judge_reliability(gate, phase.number, samples, self.time_scale)


def _change(gate: ReliabilityGate, seen: list[Observation], result: GateResult) -> DependencyChanged:
    down = all(one.state is DependencyState.DOWN for one in seen)
    return DependencyChanged(
        dependency=gate.dependency,
        state=DependencyState.DOWN if down else DependencyState.DEGRADED,
        reason=f"{gate.name} fails: {result.detail}",
        gate=gate.name,
    )
