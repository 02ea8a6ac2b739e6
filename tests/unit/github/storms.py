"""Random sequences of what fails, what people do, what GitHub does, and runs that crash or race in between."""

from dataclasses import dataclass
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from tests.unit.github.people import HANDS, PERSON
from tests.unit.github.weather import OF_LISTS, WEATHER, calm, clear
from tests.unit.github.world import PEOPLES, Tally, World
from tests.unit.triage.histories import PARTS, Look

CALLS = st.integers(1, 12) | st.integers(1, 5)
PLACES = st.integers(0, 11)


@dataclass(frozen=True)
class Before:
    """What happens before a run: what people do, and the switches that are on during the run, and no others."""

    hands: tuple[tuple[str, int, int], ...]
    weather: tuple[str, ...]


BEFORE = st.builds(
    Before,
    hands=st.lists(st.tuples(st.sampled_from(sorted(HANDS)), PLACES, PLACES), max_size=2).map(tuple),
    weather=st.lists(st.sampled_from(sorted(WEATHER)) | st.sampled_from(sorted(OF_LISTS)), max_size=3).map(tuple),
)
_OBSCURED = (Look.MASKED, Look.SKIPPED)
_FAILING = tuple(look for look in Look if look not in (Look.WELL, *_OBSCURED))


def storm(examples: int, *, derandomize: bool = False) -> settings:
    """How many sequences there are, each of up to fifty steps."""
    return settings(
        max_examples=examples,
        stateful_step_count=50,
        deadline=None,
        derandomize=derandomize,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def storms(tally: Tally) -> type[RuleBasedStateMachine]:
    """The sequences, which *tally* counts."""
    return type("Storms", (_Storms,), {"tally": tally})


class _Storms(RuleBasedStateMachine):
    """A world in a storm; each sequence ends with a calm in which everything has to come right."""

    tally: ClassVar[Tally]

    def __init__(self) -> None:
        super().__init__()
        self.world = World(self.tally)
        self.tally.counts["sequences"] += 1
        self._is_broken = False

    def teardown(self) -> None:
        try:
            if not self._is_broken:
                self.settles()
        finally:
            self.world.end()

    def _step(self) -> World:
        self.tally.counts["steps"] += 1
        return self.world

    def _after(self, before: Before) -> World:
        world = self._step()
        for hand, place, other in before.hands:
            self._people_have(hand, place, other)
        clear(world.github)
        for name in before.weather:
            self.tally.counts["switches turned on"] += 1
            WEATHER[name](world.github, world.clock)
        return world

    def _people_have(self, hand: str, place: int, other: int) -> None:
        ours = self.world.ours()
        if ours:
            self.tally.counts["things that people did"] += 1
            HANDS[hand](self.world.github, ours[place % len(ours)], [*ours, PEOPLES][other % (len(ours) + 1)])

    def _require_no_more_twins(self, before: set[str]) -> None:
        """What is carried out to its end leaves no two open issues for one cause, whatever GitHub does meanwhile."""
        self._require([f"made two of one: {mark}" for mark in self.world.twins() - before])

    def _require(self, wrong: list[str]) -> None:
        self._is_broken = bool(wrong)
        self.tally.counts["violations"] += len(wrong)
        assert not wrong, "; ".join(wrong)

    # The system.

    @rule(looks=st.dictionaries(st.sampled_from(PARTS), st.sampled_from(_FAILING), min_size=1, max_size=4))
    def fails(self, looks: dict[str, Look]) -> None:
        self._step().looks |= looks

    @rule(parts=st.lists(st.sampled_from(PARTS), min_size=1, max_size=3))
    def recovers(self, parts: list[str]) -> None:
        self._step().looks |= dict.fromkeys(parts, Look.WELL)

    @rule(part=st.sampled_from(PARTS), look=st.sampled_from(_OBSCURED))
    def is_obscured(self, part: str, look: Look) -> None:
        self._step().looks[part] = look

    # Runs.

    @rule(
        before=BEFORE,
        times=st.integers(1, 3),
        is_conclusive=st.sampled_from([True, True, False]),
        is_old_build=st.sampled_from([False, False, True]),
    )
    def is_told(self, before: Before, times: int, *, is_conclusive: bool, is_old_build: bool) -> None:
        world = self._after(before)
        for _ in range(times):
            twins = world.twins()
            if not world.run(world.campaign(is_conclusive=is_conclusive, is_old_build=is_old_build)):
                self._require_no_more_twins(twins)

    @rule(before=BEFORE, call=CALLS, is_after=st.booleans())
    def crashes(self, before: Before, call: int, *, is_after: bool) -> None:
        world = self._after(before)
        world.crash(world.campaign(), call, is_after=is_after)

    @rule(before=BEFORE, call=CALLS, is_after=st.booleans())
    def crashes_and_is_repeated(self, before: Before, call: int, *, is_after: bool) -> None:
        world = self._after(before)
        seen = world.campaign()
        world.crash(seen, call, is_after=is_after)
        world.run(seen)

    @precondition(lambda self: self.world.seen is not None)
    @rule()
    def is_repeated(self) -> None:
        world = self._step()
        assert world.seen is not None
        world.run(world.seen)

    @rule(before=BEFORE, schedule=st.lists(st.booleans(), max_size=12))
    def races(self, before: Before, schedule: list[bool]) -> None:
        world = self._after(before)
        twins = world.twins()
        if world.race(world.campaign(), schedule):
            self._require_no_more_twins(twins)

    @rule(before=BEFORE, call=CALLS)
    def is_overtaken(self, before: Before, call: int) -> None:
        world = self._after(before)
        twins = world.twins()
        if world.overtake(world.campaign(), call):
            self._require_no_more_twins(twins)

    # GitHub.

    @rule()
    def calms(self) -> None:
        calm(self._step().github)

    def settles(self) -> None:
        self._require(self.world.settle())

    # People.

    @rule(is_open=st.booleans())
    def people_turn_their_own(self, *, is_open: bool) -> None:
        state = "open" if is_open else "closed"
        self._step().github.repository.edit(PEOPLES, {"state": state}, login=PERSON)
