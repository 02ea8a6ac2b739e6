"""Runs a campaign: plan, provision, probe, test, and leave a journal that says all of it."""

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Self

from ci_tools.diagnosis.owners import Line, owned
from ci_tools.errors import CampaignError, EmptyJournalError, UsageError
from ci_tools.evidence.events import (
    CampaignFinished,
    CampaignStarted,
    Collected,
    DependencyChanged,
    Event,
    Interrupted,
    Observed,
    PhaseFinished,
    PhaseStarted,
    PlanExtended,
    TestFinished,
)
from ci_tools.evidence.journal import CampaignDirectory, JournalTail, JournalWriter, read
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import (
    DEPLOYMENT,
    FAILURES,
    DependencyState,
    Environment,
    NodeId,
    Phase,
    Plan,
    Previous,
    Runs,
    Shard,
    Suite,
    Verdict,
)
from ci_tools.planning.plans import following, plan
from ci_tools.probes.survey import OUT_OF_TIME
from ci_tools.process.stopping import StopRequestedError, signals_stop
from ci_tools.runner import pytest_process
from ci_tools.runner.breaker import Breaker
from ci_tools.runner.control import RunPhase
from ci_tools.runner.dependencies import Dependencies
from ci_tools.runner.deployment import shown
from ci_tools.runner.parking import MARKS
from ci_tools.runner.progress import Progress
from ci_tools.runner.provisioning import begun, described
from ci_tools.runner.quiet import QuietWindow
from ci_tools.runner.sessions import LOG, Sessions
from ci_tools.spec import Spec
from ci_tools.target.addresses import host_url
from ci_tools.target.session import ENVIRONMENT_FILE, dump_environment
from ci_tools.verdict.fold import CampaignState, fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

_WRITER = "campaign"
_TESTS_FAILED = 1
"""pytest's exit code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person or a workflow asked for."""

    environment: str
    plan: str
    phases: tuple[int | str, ...] = ()
    faults: tuple[str, ...] = ()
    workers: int
    seed: int | None = None
    """Of a random order; None: longest first."""
    previous: Previous | None = None
    """The campaign to compare with; what it timed tells which tests are the longest."""
    shards: tuple[Shard, ...] = ()
    """All parts of the campaign; empty where it is run whole."""
    shard: Shard | None = None
    """The part that is run."""
    campaign: str
    root: Path
    """The folder of ``campaign.toml``: suites' paths are relative to it."""
    owners: tuple[Line, ...] = ()
    """The lines of CODEOWNERS."""
    parent: int | None = None
    """The process whose end ends the campaign; None: it goes on alone."""

    @property
    def part(self) -> int | None:
        """The number of the shard that is run; None where it is all of the campaign."""
        return self.shard.number if self.shard else None


@dataclass(slots=True)
class CampaignRun:
    """One campaign from its plan to its last event."""

    spec: Spec
    request: Request
    first: Plan
    directory: CampaignDirectory
    progress: Progress
    environ: Mapping[str, str]
    hosts: Mapping[str, str]
    """Where the deployed system is, as far as that is known before it stands."""
    _journal: JournalWriter = field(init=False)
    _tail: JournalTail = field(init=False)
    _environment: Environment = field(init=False)
    _sessions: Sessions = field(init=False)
    _wrong: bool = field(init=False, default=False)
    """Whether a test of the present phase has failed."""
    _unanswered: bool = field(init=False, default=False)
    """Whether the last survey ran out of time: another one would, too."""
    _orphaned: bool = field(init=False, default=False)
    _dependencies: Dependencies = field(init=False)
    _breaker: Breaker = field(init=False, default_factory=Breaker)
    _known: CampaignState = field(init=False, default_factory=CampaignState)
    """What other shards left here before this one began."""

    @classmethod
    def prepare(
        cls,
        spec: Spec,
        request: Request,
        *,
        out: Path,
        redactor: Redactor,
        progress: Progress,
        environ: Mapping[str, str],
        planned: Plan | None = None,
    ) -> Self:
        """Refuse whatever can be refused before anything is started or written.

        What another job has *planned* for all is taken as it is; without, it is planned here.

        Raises:
            UsageError: what was asked for does not exist, cannot be combined, or *out* is taken.
        """
        environment = described(spec, request.environment, environ, request.faults)
        first = planned or plan(spec, environment, request.plan, request.phases)
        # Absolute: pytest runs in the folder of campaign.toml, not in this one.
        out = out.absolute()
        if request.shard is None:
            directory = CampaignDirectory.create(out, redactor)
        else:
            directory = CampaignDirectory.join(out, redactor, request.shard.number)
        run = cls(spec, request, first, directory, progress, environ, dict(environment.hosts))
        run._meet_others(run._statement())
        return run

    def _statement(self) -> CampaignStarted:
        """What the journal will say of this campaign. With masked names it could not be judged.

        Raises:
            UsageError: the value of a secret is a word that names something here.
        """
        stated = self._started()
        written = self.directory.as_written(stated)
        if written is None or (written.campaign, written.plan) != (stated.campaign, stated.plan):
            raise UsageError(
                "the value of a secret in the environment is part of a name in the plan (of an environment, phase, "
                "suite, path, gate or of the campaign), so the journal would not say what ran; rename that, or let "
                "the variable of that value have a name that is not taken for a secret's, such as one ending in _NAME"
            )
        return written

    def _meet_others(self, stated: CampaignStarted) -> None:
        """What other shards have left in the directory must be of this campaign; what they know is known.

        Raises:
            UsageError: it is another campaign's, or this shard has run.
        """
        if self.directory.has_journal:
            # Empty where another shard has only just begun: there is nothing to know yet.
            with suppress(EmptyJournalError):
                self._known = _fold_of(self.directory.path)
            started = self._known.started
            if started is not None and replace(started, shard=None) != replace(stated, shard=None):
                raise UsageError(
                    f"{str(self.directory.path)!r} holds campaign {started.campaign!r}, planned differently from "
                    f"{self.request.campaign!r} here; use one plan file and one --campaign-id, or another --out DIR"
                )
            if self.request.part in self._known.shards.values():
                raise UsageError(
                    f"shard {self.request.part} of campaign {self.request.campaign!r} has run in "
                    f"{str(self.directory.path)!r} already; choose another --out DIR"
                )
        self._refuse_undecided()
        self._journal = self.directory.writer(_WRITER)
        self._tail = JournalTail(self.directory.path, self.request.part)

    def _refuse_undecided(self) -> None:
        """Of a plan that chooses, a later shard runs what the first one has found to follow."""
        chosen = [*self.first.phases, *_stated_later(self._known, self.first)]
        if self.request.shard is not None and not self._ours(chosen):
            raise UsageError(
                f"shard {self.request.part} has nothing to run: plan {self.request.plan!r} decides by the verdict of "
                f"phase {self.first.phases[0].name!r} what follows, and by what stands in {str(self.directory.path)!r} "
                "that is none of its phases; put the journal of the shard that ran that phase there first, or leave "
                "this shard out"
            )

    def run(self) -> None:
        """Do all of it; whatever happens, the journal says so before this returns or raises."""
        with signals_stop():
            try:
                self._write(self._started())
                self._provision_and_run()
            except KeyboardInterrupt as stop:
                self._write(Interrupted(reason=str(stop) or "stopped by the keyboard"))
            except (CampaignError, BrokenPipeError) as error:
                self._write(Interrupted(reason=str(error)))
                raise
            except Exception as error:
                self._write(Interrupted(reason=f"a defect of ci-tools: {type(error).__name__}: {error}"))
                raise
            finally:
                self._finish()

    def _started(self) -> CampaignStarted:
        return CampaignStarted(
            campaign=self.request.campaign,
            plan=self.first,
            tool_version=version("ci-tools"),
            faults=self.request.faults,
            previous=self.request.previous,
            seed=self.request.seed,
            hosts=self.hosts,
            shards=self.request.shards,
            shard=self.request.part,
            dependencies=owned(self.spec.dependencies, self.request.owners),
        )

    def _provision_and_run(self) -> None:
        with ExitStack() as stack:
            site = stack.enter_context(
                begun(self.spec, self.request.environment, self.environ, faults=self.request.faults)
            )
            self._environment = _shared(site.environment, self.request.shard)
            file = self.directory.file("environment.json")
            dump_environment(self._environment, file)
            stack.callback(self.directory.file(MARKS).unlink, missing_ok=True)
            self._sessions = stack.enter_context(self._over({**site.variables, ENVIRONMENT_FILE: str(file)}))
            self._sessions.begin(self._suites_ahead())
            site.stand()
            environ = {**self.environ, **site.variables}
            quiet = stack.enter_context(QuietWindow(self._environment, environ))
            self._identify(quiet)
            self.progress.doing("collecting")
            self._sessions.settle(self._environment.scaled(self.first.phases[0].budget_s))
            self._dependencies = Dependencies(quiet, self._environment.time_scale, self._known, self._write)
            gated = [phase for plan in self._plans_ahead() for phase in plan.phases]
            self._breaker.guard(self._environment, environ, gated)
            stack.callback(self._breaker.close)
            self._dependencies.believe(self._known.changes)
            self._breaker.hold(self._dependencies.changes.values())
            if not any(one.observation.kind != DEPLOYMENT for one in self._known.observations):
                self._survey(quiet)
            self._phases(quiet)
            self._note_veto()

    def _over(self, environ: Mapping[str, str]) -> Sessions:
        return Sessions(
            root=self.request.root,
            directory=self.directory,
            environ=environ,
            workers=self.request.workers,
            shard=self.request.part,
            suites_own=self._environment.pytest_args,
            breaker=self._breaker,
            watch=self._watch,
        )

    def _survey(self, quiet: QuietWindow) -> None:
        """Look at everything once: what is wrong with one part explains what will fail in others."""
        self.progress.doing("looking at everything")
        observations = quiet.survey()
        self._unanswered = any(one.code == OUT_OF_TIME for one in observations)
        for observation in observations:
            self._write(Observed(observation=observation))

    def _survey_again(self, quiet: QuietWindow, deadline: float) -> None:
        """Look once more where a phase went wrong: what it has brought about stands in the services' own words now."""
        if self._wrong and not self._unanswered and time.monotonic() < deadline:
            self._survey(quiet)

    def _note_veto(self) -> None:
        """A suite's own plugin may refuse a session whose tests all passed: that is no pass either."""
        for exit_code in self._sessions.vetoes():
            if exit_code != _TESTS_FAILED or not _fold_of(self.directory.path).has_failures:
                trouble = f"pytest ended its session with exit code {exit_code}, which no test explains"
                self._write(Interrupted(reason=f"{trouble}; see {LOG}"))

    def _phases(self, quiet: QuietWindow) -> None:
        if self._run_plan(self.first, quiet):
            self._run_plan(self._extension(), quiet)

    def _extension(self) -> Plan:
        """What follows the first part: by its verdict here, or as the shard has decided that ran it."""
        if not self._ours(self.first.phases):
            stated = _stated_later(self._known, self.first)
            self.progress.know(stated)
            return replace(self.first, phases=stated)
        verdict = self._judgement().phases[-1].verdict
        extension = following(self.spec, self._environment, self.request.plan, verdict)
        if extension is None:
            return replace(self.first, phases=())
        self._write(PlanExtended(reason=extension.reason, phases=extension.phases, left_out=extension.left_out))
        return extension

    def _run_plan(self, part: Plan, quiet: QuietWindow) -> bool:
        # Of a shard nothing passes before the others are there.
        stopping = (Verdict.FAIL,) if self.request.shard else (Verdict.FAIL, Verdict.INCONCLUSIVE)
        for phase in self._ours(part.phases):
            self._run_phase(phase, quiet)
            if part.stop_early and self._verdict_of(phase) in stopping:
                return False
        return True

    def _ours(self, phases: Sequence[Phase]) -> list[Phase]:
        shard = self.request.shard
        return [phase for phase in phases if shard is None or phase.number in shard.phases]

    def _run_phase(self, phase: Phase, quiet: QuietWindow) -> None:
        deadline = time.monotonic() + self._environment.scaled(phase.budget_s)
        self._write(PhaseStarted(number=phase.number))
        self._wrong = False
        self.progress.deadline(deadline)
        cut_short = "interrupted"
        try:
            if self._runs is not Runs.TOGETHER:
                self._dependencies.sample(phase, deadline)
            self._breaker.hold(self._dependencies.changes.values())
            ended = self._test(phase, deadline)
            self._identify(quiet)
            self._survey_again(quiet, deadline)
            cut_short = ended
        finally:
            self._write(PhaseFinished(number=phase.number, cut_short=cut_short))

    def _test(self, phase: Phase, deadline: float) -> str:
        found = self._existing(phase)
        if not found:
            return "" if not phase.suites else "none of its files exists"
        if self._runs is Runs.ALONE and not any(suite.loads_system for suite in phase.suites):
            return ""
        order = RunPhase(
            phase=phase.number,
            deadline=deadline,
            failing={**self._dependencies.failing, **self._breaker.held},
            durations_s=self.request.previous.durations_s if self.request.previous else {},
            seed=self.request.seed,
            part=self.request.shard.part if self.request.shard else 1,
            parts=self.request.shard.parts if self.request.shard else 1,
            runs=self._runs,
        )
        self.progress.doing("running")
        return self._sessions.run(order, found, self._suites_ahead())

    def _existing(self, phase: Phase) -> list[str]:
        paths: list[str] = []
        for suite in phase.suites:
            found, missing = pytest_process.expand(suite.paths, self.request.root)
            paths += found
            for path in missing:
                self._write(
                    Collected(
                        node_id=NodeId(path), suite=suite.name, phase=phase.number, problem="no such file or folder"
                    )
                )
        return paths

    @property
    def _runs(self) -> Runs:
        return self.request.shard.runs if self.request.shard else Runs.ALL

    def _suites_ahead(self) -> list[Suite]:
        return [suite for one in self._plans_ahead() for phase in self._ours(one.phases) for suite in phase.suites]

    def _plans_ahead(self) -> list[Plan]:
        """Everything that may still be run, whatever the verdict of the first part."""
        later = [following(self.spec, self._environment, self.request.plan, verdict) for verdict in Verdict]
        return [self.first, *(plan for plan in later if plan is not None)]

    def _identify(self, quiet: QuietWindow) -> None:
        source = self._environment.deployment
        if source is None:
            return
        identified = quiet.identify(source)
        self._write(identified)
        # Often the first that is asked, so the one who finds that no instance was there.
        where = f"GET {host_url(self._environment, source.host)}{source.path}"
        if source.dependency and (seen := shown(identified, source.dependency, where)):
            self._write(Observed(observation=seen))

    def _write(self, event: Event) -> None:
        self._journal.write(event)
        self._watch()

    def _watch(self) -> None:
        if self.request.parent not in (None, os.getppid()) and not self._orphaned:
            self._orphaned = True
            raise StopRequestedError("the process that started the campaign has ended")
        for record in self._tail.poll():
            self.progress.take(record)
            self._breaker.take(record)
            self._wrong |= isinstance(record.event, TestFinished) and record.event.outcome in FAILURES
        self._hear()
        self.progress.tick()

    def _hear(self) -> None:
        """What the breaker has found out goes into the journal, and holds from now on."""
        for event in self._breaker.heard():
            self._journal.write(event)
            if isinstance(event, DependencyChanged) and event.state is DependencyState.UP:
                self._dependencies.recovered(event.dependency)

    def _judgement(self) -> Judgement:
        return judge(_fold_of(self.directory.path))

    def _verdict_of(self, phase: Phase) -> Verdict:
        return next(result.verdict for result in self._judgement().phases if result.phase.number == phase.number)

    def _finish(self) -> None:
        """The last event counts every other writer's events, so that a file cut short later is noticed."""
        last: dict[str, int] = {}
        # Empty where the disk did not take even the first event: the write below says so.
        with suppress(EmptyJournalError):
            for record in read(self.directory.path).records:
                if record.writer != self._journal.name:
                    last[record.writer] = max(record.seq, last.get(record.writer, 0))
        self._write(CampaignFinished(writers=last))
        self._journal.close()


def _fold_of(directory: Path) -> CampaignState:
    journal = read(directory)
    return fold(journal.records, journal.problems)


def _shared(environment: Environment, shard: Shard | None) -> Environment:
    """*environment* with the part of its limits that *shard* may use."""
    return replace(environment, pacing_share=environment.pacing_share / (shard.at_once if shard else 1))


def _stated_later(state: CampaignState, first: Plan) -> tuple[Phase, ...]:
    """What follows *first* by what *state* says."""
    return state.plan.phases[len(first.phases) :] if state.plan else ()
