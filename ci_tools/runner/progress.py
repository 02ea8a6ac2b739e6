"""What a person sees while a campaign runs: the journal as it grows, told on a terminal or in a CI log."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from ci_tools.evidence.events import (
    CampaignStarted,
    CleanUpFailed,
    Collected,
    DependencyChanged,
    Interrupted,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    Record,
    Sampled,
    TestFinished,
    WorkerLost,
)
from ci_tools.model import FAILURES, DependencyState, NodeId, Outcome, Phase
from ci_tools.report.inert import line
from ci_tools.report.wording import duration

_PLAIN_EVERY_S = 5.0
_WIDE = 1_000
_STARTING = "starting"


class Progress:
    """Tells events as they come; *live* keeps a bar at the foot of a terminal, else plain lines do."""

    def __init__(self, console: Console, *, live: bool, clock: Callable[[], float]) -> None:
        self._console = console
        self._live = live
        self._clock = clock
        self._bar = Bar(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}", style="dim", markup=False),
            console=console,
            disable=not live,
            transient=True,
        )
        self._task: TaskID | None = None
        self._phases: dict[int, Phase] = {}
        self._doing = _STARTING
        """Empty while nothing goes on that a line could be told of."""
        self._total = 0
        self._ended: dict[NodeId, Outcome] = {}
        self._last_told = clock()
        self._deadline: float | None = None
        self._time_scale = 1.0

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, text: str, style: str = "") -> None:
        """One line of our own, above the bar."""
        self._console.print(Text(text, style=style), soft_wrap=True)

    def doing(self, what: str) -> None:
        """What goes on while no test runs yet."""
        self._doing = what
        self.tick()

    def take(self, record: Record) -> None:  # noqa: C901, PLR0912 - one branch per event a person cares about
        """Tell one event."""
        match record.event:
            case CampaignStarted() as event:
                self._time_scale = event.plan.time_scale
                self.know(event.plan.phases)
                order = "" if event.seed is None else f", order random:{event.seed}"
                part = "" if event.shard is None else f", shard {event.shard} of {len(event.shards)}"
                what = f"campaign {event.campaign}: plan {event.plan.name} on {event.plan.environment}{part}{order}"
                self.say(line(what, _WIDE), "bold")
                self.say(f"  {line(event.plan.reason, _WIDE)}", "dim")
                for fault in event.faults:
                    self.say(f"  fault {line(fault)} is switched on", "yellow")
            case PlanExtended() as event:
                self.know(event.phases)
                self.say(f"  {line(event.reason, _WIDE)}", "dim")
            case PhaseStarted() as event:
                self._start(event.number)
            case Sampled() as event:
                self._doing = f"probing: {line(event.gate)}"
            case Collected() as event:
                self._collected(event)
            case TestFinished() as event:
                self._finished(event)
            case DependencyChanged() as event:
                style = "green" if event.state is DependencyState.UP else "red"
                self.say(f"  {line(event.dependency)} is {event.state.value}: {line(event.reason)}", style)
            case WorkerLost() as event:
                self.say(f"  lost {line(event.worker)}: {line(event.reason)}", "red")
            case CleanUpFailed() as event:
                self.say(f"  {line(event.worker)} did not clean up: {line(event.reason)}", "red")
            case Interrupted() as event:
                self.say(f"  interrupted: {line(event.reason)}", "yellow")
            case PhaseFinished() as event:
                self._end(event)
            case _:
                pass

    def tick(self) -> None:
        """Refresh the bar, or tell a plain line every few seconds."""
        left = "" if self._deadline is None else f"{duration(max(0.0, self._deadline - self._clock()))} left"
        note = ", ".join(part for part in (f"{self._bad} not passed" if self._bad else "", left) if part)
        if self._live and self._task is not None:
            total = self._total or None
            self._bar.update(self._task, completed=self._done, total=total, note=note, description=self._doing)
        elif not self._live and self._doing and self._clock() - self._last_told >= _PLAIN_EVERY_S:
            self._last_told = self._clock()
            doing = f"{self._done}/{self._total} done" if self._total else self._doing
            self.say(f"  {doing}" + (f", {note}" if note else ""))

    @property
    def _done(self) -> int:
        return len(self._ended)

    @property
    def _bad(self) -> int:
        """A test that was held back and ran in the end counts as it ended."""
        return sum(outcome is not Outcome.PASSED for outcome in self._ended.values())

    def know(self, phases: tuple[Phase, ...]) -> None:
        """These may begin, too."""
        self._phases |= {phase.number: phase for phase in phases}

    def _start(self, number: int) -> None:
        phase = self._phases[number]
        self._doing = _STARTING
        self._task = self._bar.add_task(_STARTING, note="", total=None)
        self.say(f"phase {number} {line(phase.name)}, budget {duration(phase.budget_s * self._time_scale)}", "bold")

    def deadline(self, at: float) -> None:
        """The budget of the running phase ends *at*, on the clock that this was made with."""
        self._deadline = at

    def _collected(self, event: Collected) -> None:
        if event.problem:
            reason = event.problem.strip().rpartition("\n")[2]
            self.say(f"  cannot collect {line(event.node_id)}: {line(reason)}", "red")
        else:
            self._total += 1
            self._doing = "testing"

    def _finished(self, event: TestFinished) -> None:
        self._ended[event.node_id] = event.outcome
        if event.outcome in FAILURES:
            reason = event.message.strip().partition("\n")[0] or event.exc_type
            self.say(f"  {event.outcome.value}: {line(event.node_id)}: {line(reason)}", "red")

    def _end(self, event: PhaseFinished) -> None:
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None
        cut = f"; {line(event.cut_short)}" if event.cut_short else ""
        passed = self._done - self._bad
        self.say(f"  {passed}/{self._total} passed{cut}", "yellow" if self._bad or cut else "green")
        self._doing = ""
        self._total = 0
        self._ended = {}
        self._deadline = None
