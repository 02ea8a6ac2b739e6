"""The command line: arguments become one call, its result an exit code (0 pass, 1 fail, 2, 3, 4)."""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from hashlib import sha256
from io import TextIOWrapper
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from rich.console import Console

from ci_tools.arguments import DEFAULT_ENVIRONMENT, LONGEST, RANDOM, parser
from ci_tools.diagnosis.diagnose import diagnose
from ci_tools.diagnosis.incidents import Incident
from ci_tools.diagnosis.owners import Line
from ci_tools.diagnosis.owners import parse as parse_owners
from ci_tools.errors import CampaignError, ExitCode, JournalWriteError, UsageError
from ci_tools.evidence.events import Observed
from ci_tools.evidence.ingesting import ingest, sources
from ci_tools.evidence.journal import HEARTBEAT, CampaignDirectory, folder_of, read
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.knowledge_file import knowledge
from ci_tools.model import DependencyState, Observation, Previous, Verdict
from ci_tools.planning.plan_file import PlanFile, from_text, planned, to_text
from ci_tools.planning.plans import plan as decide_plan
from ci_tools.report.catalogue import print_faults
from ci_tools.report.incident_words import explanation
from ci_tools.report.inert import line
from ci_tools.report.ingested import ingested_line
from ci_tools.report.markdown import report
from ci_tools.report.observations import observation_documents, print_observations
from ci_tools.report.planned import print_plan
from ci_tools.report.results import document
from ci_tools.report.schema import schema as results_schema
from ci_tools.report.summary import print_summary
from ci_tools.spec import Spec, parse
from ci_tools.spec import schema as spec_schema
from ci_tools.strangers import diagnose as diagnose_file
from ci_tools.target.session import secret_names_in
from ci_tools.triage.decide import Surroundings, decide
from ci_tools.triage.preview import headline, preview
from ci_tools.verdict.changes import previous_of
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

if TYPE_CHECKING:
    from ci_tools.github.issues import GitHubIssues

PARENT = "CI_TOOLS_PARENT"
"""Environment variable with the id of the process whose end ends a campaign: nox does not pass SIGTERM on."""
RESULTS = "test_results.json"
CODEOWNERS = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS")
"""Where GitHub looks for it, in its order."""
REPORT = "report.md"
_MOST_PROBLEMS = 10
"""Of one file, as far as they are printed; the journal has all."""
_PROBLEM_CHARS = 500
_EXITS = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return what the process should exit with."""
    arguments = parser().parse_args(argv)
    _tolerate_any_encoding()
    try:
        exit_code = int(_COMMANDS[arguments.command](arguments))
        sys.stdout.flush()
    except CampaignError as error:
        print(f"ci-tools: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt as stop:
        print(f"ci-tools: interrupted {stop}".rstrip(), file=sys.stderr)
        return ExitCode.INCONCLUSIVE
    except BrokenPipeError:
        # The reader of our output has gone; what was asked for may be undone, so it is no pass.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INCONCLUSIVE
    except Exception:  # noqa: BLE001 - the last resort: a defect has an exit code of its own
        traceback.print_exc()
        print("ci-tools: this is a defect of ci-tools, not of the deployed system; no verdict", file=sys.stderr)
        return ExitCode.DEFECT
    return exit_code


def _tolerate_any_encoding() -> None:
    """What a terminal of another encoding cannot show is replaced: a sign must not cost a verdict."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def _read_text(path: Path, option: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read {str(path)!r}: {reason}; name the file with {option} FILE") from error


def _read_spec(path: Path) -> tuple[Spec, str]:
    """What *path* says, and the digest by which jobs know that they have read the same."""
    text = _read_text(path, "--spec")
    return parse(text, str(path)), sha256(text.encode()).hexdigest()


def _campaign(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.runner.campaign import CampaignRun, Request  # noqa: PLC0415 - heavy, and only this command needs it
    from ci_tools.runner.progress import Progress  # noqa: PLC0415 - heavy, and only this command needs it

    spec, digest = _read_spec(arguments.spec)
    if arguments.shard is not None and not arguments.plan_file:
        raise UsageError("--shard needs --plan-file FILE, as written by: ci-tools plan --shards N --out FILE")
    given = _given(arguments, digest) if arguments.plan_file else None
    campaign = arguments.campaign_id or _fresh_campaign_id()
    out = arguments.out or Path("campaigns") / campaign
    environment = given.plan.environment if given else arguments.environment or DEFAULT_ENVIRONMENT
    shards = given.shards if given and len(given.shards) > 1 else ()
    request = Request(
        environment=environment,
        plan=given.plan.name if given else _plan_name(arguments),
        phases=tuple(arguments.phase),
        faults=tuple(arguments.fault),
        workers=arguments.workers,
        seed=given.seed if given else _seed(arguments.order),
        previous=given.previous if given else _previous(arguments.previous, environment),
        shards=shards,
        shard=given.shard(arguments.shard) if given and shards else None,
        campaign=campaign,
        root=arguments.spec.resolve().parent,
        owners=_owners_beside(arguments.spec.resolve().parent),
        # Inherited from further up it is not meant for us: who started us stands where we are.
        parent=os.getppid() if os.environ.get(PARENT) == str(os.getppid()) else None,
    )
    console = _console()
    redactor = _redactor_for(spec)
    with Progress(console, live=console.is_terminal, clock=time.monotonic) as progress:
        run = CampaignRun.prepare(
            spec,
            request,
            out=out,
            redactor=redactor,
            progress=progress,
            environ=os.environ,
            planned=given.plan if given else None,
        )
        run.run()
    return _conclude(CampaignDirectory(out, redactor), console)


def _plan(arguments: argparse.Namespace) -> ExitCode:
    spec, digest = _read_spec(arguments.spec)
    name = arguments.environment or DEFAULT_ENVIRONMENT
    if name not in spec.environments:
        spec.environment(name, os.environ)  # says which there are
    plan_file = planned(
        spec,
        decide_plan(spec, spec.environments[name], _plan_name(arguments), arguments.phase),
        spec_digest=digest,
        count=arguments.shards,
        seed=_seed(arguments.order),
        previous=_previous(arguments.previous, name),
    )
    if arguments.out:
        redactor = _redactor_for(spec)
        _write_anew(arguments.out, json.dumps(redactor.value(json.loads(to_text(plan_file))), indent=1) + "\n")
    print_plan(plan_file.plan, plan_file.shards, _console())
    return ExitCode.PASS


def _write_anew(path: Path, text: str) -> None:
    """*path*, which did not exist, holds *text*."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        why = f"cannot write {str(path)!r}: {error.strerror}"
        raise UsageError(f"{why}; choose another --out FILE, or remove that one") from error


def _redactor_for(spec: Spec) -> Redactor:
    """What masks every secret that the environments of *spec* could be given."""
    named = (name for environment in spec.environments.values() for name in environment.secret_names)
    return Redactor(secrets_of(os.environ, named))


def _given(arguments: argparse.Namespace, digest: str) -> PlanFile:
    """What another job has planned.

    Raises:
        UsageError: it is unreadable, or something is asked for that was decided when planning.
    """
    for option in ("environment", "plan", "phase", "previous", "order"):
        if getattr(arguments, option):
            raise UsageError(
                f"--{option} beside --plan-file: that was decided when planning; "
                f"leave it out, or give it to ci-tools plan --out {arguments.plan_file}"
            )
    text = _read_text(arguments.plan_file, "--plan-file")
    plan_file = from_text(text, str(arguments.plan_file), digest)
    plan_file.shard(arguments.shard)
    if len(plan_file.shards) > 1 and not arguments.campaign_id:
        raise UsageError("--shard needs --campaign-id ID, the same in all jobs: their journals are one campaign's")
    return plan_file


def _plan_name(arguments: argparse.Namespace) -> str:
    return str(arguments.plan or ("full" if arguments.phase else "auto"))


def _seed(order: str | None) -> int | None:
    """The seed of a random order; None: longest first."""
    found = RANDOM.fullmatch(order or LONGEST)
    return int(found[1]) if found else None


def _previous(directory: Path | None, environment: str) -> Previous | None:
    """What the campaign in *directory* saw.

    Raises:
        UsageError: it cannot be judged, or ran somewhere else.
    """
    if directory is None:
        return None
    try:
        judgement = _judged(directory)
    except CampaignError as error:
        raise UsageError(f"--previous: {error}") from error
    if judgement.environment != environment:
        raise UsageError(
            f"--previous {str(directory)!r} ran on {judgement.environment!r}, this campaign runs on {environment!r}; "
            "compare campaigns of one environment"
        )
    return previous_of(judgement)


def _judged(directory: Path) -> Judgement:
    journal = read(directory)
    return judge(fold(journal.records, journal.problems))


def _diagnosed(directory: Path) -> tuple[Judgement, tuple[Incident, ...]]:
    journal = read(directory)
    state = fold(journal.records, journal.problems)
    judgement = judge(state)
    return judgement, diagnose(state, judgement, knowledge())


def _keep(directory: CampaignDirectory, judgement: Judgement, incidents: Sequence[Incident]) -> None:
    directory.keep_json(RESULTS, document(judgement, incidents))
    directory.keep(REPORT, report(judgement, incidents))


def _conclude(directory: CampaignDirectory, console: Console) -> ExitCode:
    """Judge the journal in *directory*, keep and print what it says."""
    judgement, incidents = _diagnosed(directory.path)
    _keep(directory, judgement, incidents)
    print_summary(judgement, console, kept_in=str(directory.path), incidents=incidents)
    return _EXITS[judgement.verdict]


def _judge(arguments: argparse.Namespace) -> ExitCode:
    outer = _campaign_directory(arguments.directory)
    directory = CampaignDirectory(outer, _redactor_of(outer))
    judgement, incidents = _diagnosed(outer)
    print_summary(judgement, _console(), kept_in=str(outer), incidents=incidents)
    try:
        _keep(directory, judgement, incidents)
    except JournalWriteError as error:
        # The evidence is whole and was read; only the files made from it could not be renewed.
        print(f"ci-tools: {RESULTS} and {REPORT} were not renewed: {error}", file=sys.stderr)
    return _EXITS[judgement.verdict]


def _campaign_directory(folder: Path) -> Path:
    """The directory of a campaign; whoever names its journal means it, too."""
    return folder.parent if folder.name == "journal" and folder_of(folder.parent) == folder else folder


def _explain(arguments: argparse.Namespace) -> ExitCode:
    """Tell one incident, or all of them, in plain words; asked for one that is not there is a usage error."""
    outer = _campaign_directory(arguments.directory)
    _, incidents = _diagnosed(outer)
    redact = _redactor_of(outer).text
    chosen = [one for one in incidents if arguments.incident in (None, one.id)]
    if arguments.incident and not chosen:
        there = ", ".join(one.id for one in incidents) or "none: nothing failed"
        raise UsageError(f"no incident {arguments.incident!r} in {str(outer)!r}; there: {there}")
    print("\n".join(redact(explanation(one)) for one in chosen) or "no incident: nothing that was asked failed")
    return ExitCode.PASS


def _ingest(arguments: argparse.Namespace) -> ExitCode:
    """0: everything was read whole; 3: the journal says what is missing, broken or empty. The verdict is judge's."""
    found = sources(arguments.files, sys.stdin.buffer)
    redactor = Redactor(secrets_of(os.environ))
    directory = CampaignDirectory.create(arguments.out, redactor)
    taken = ingest(
        found,
        directory,
        campaign=arguments.campaign_id or _fresh_campaign_id(),
        environment=arguments.environment,
        stdin=sys.stdin.buffer,
    )
    for one in taken:
        print(ingested_line(one.name, one.format, one.counts))
        for problem in one.problems[:_MOST_PROBLEMS]:
            print(f"ci-tools: {line(redactor.text(f'{one.name}: {problem}'), _PROBLEM_CHARS)}", file=sys.stderr)
        if len(one.problems) > _MOST_PROBLEMS:
            print(f"ci-tools: … {len(one.problems) - _MOST_PROBLEMS} more, in the journal", file=sys.stderr)
    print(f"judge it with: ci-tools judge {arguments.out}")
    return ExitCode.INCONCLUSIVE if any(one.problems for one in taken) else ExitCode.PASS


def _fresh_campaign_id() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"


def _redactor_of(directory: Path) -> Redactor:
    """What masks the secrets of the campaign in *directory*, as far as they are still in our environment."""
    return Redactor(secrets_of(os.environ, secret_names_in(directory)))


def _probe(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.runner.looking import looked  # noqa: PLC0415 - heavy, and only asking needs it

    spec, _ = _read_spec(arguments.spec)
    environment = arguments.environment or DEFAULT_ENVIRONMENT
    seen = looked(spec, environment, arguments.names, os.environ, faults=arguments.fault)
    if arguments.json:
        print(json.dumps(observation_documents(seen), indent=2))
    else:
        print_observations(seen, _console())
    return _standing(seen)


def _heartbeat(arguments: argparse.Namespace) -> ExitCode:
    """Append what the probes see to the journal in a directory of heartbeats; several may do so at once."""
    from ci_tools.runner.looking import looked  # noqa: PLC0415 - heavy, and only asking needs it

    spec, _ = _read_spec(arguments.spec)
    directory = CampaignDirectory.of_heartbeats(arguments.out, _redactor_for(spec))
    environment = arguments.environment or DEFAULT_ENVIRONMENT
    seen = looked(spec, environment, arguments.names, os.environ, faults=arguments.fault)
    with closing(directory.writer(f"{HEARTBEAT}{datetime.now(UTC):%Y%m%dT%H%M%S}-{token_hex(3)}")) as writer:
        for observation in seen:
            writer.write(Observed(observation=observation))
    print_observations(seen, _console())
    return _standing(seen)


def _standing(seen: Sequence[Observation]) -> ExitCode:
    """1 if anything is wrong, 3 if nothing is and not all could be told, or nothing was seen."""
    states = {one.state for one in seen}
    if states & {DependencyState.DOWN, DependencyState.DEGRADED}:
        return ExitCode.FAIL
    return ExitCode.PASS if states == {DependencyState.UP} else ExitCode.INCONCLUSIVE


def _triage(arguments: argparse.Namespace) -> ExitCode:
    if arguments.apply and not arguments.repo:
        raise UsageError("--apply needs to know where; add --repo OWNER/NAME")
    around = Surroundings(
        redact=_redactor_of(arguments.directory).text,
        bot=arguments.bot,
        owners=_owners(arguments.codeowners),
        run_url=arguments.run_url,
    )
    with ExitStack() as stack:
        tracker = _tracker(arguments, stack)
        issues = tracker.read() if tracker else ()
        operations = decide(issues, _judged(arguments.directory), around)
        for row in preview(operations):
            print(row)
        if tracker and arguments.apply:
            for operation, number in tracker.apply(operations):
                print(f"done, #{number}: {headline(operation)}", flush=True)
    return ExitCode.PASS


def _tracker(arguments: argparse.Namespace, stack: ExitStack) -> "GitHubIssues | None":
    from ci_tools.github.issues import GitHubIssues  # noqa: PLC0415 - heavy, and only this command needs it

    if arguments.repo is None:
        return None
    return stack.enter_context(GitHubIssues.from_environ(arguments.repo, os.environ, bot=arguments.bot))


def _owners_beside(folder: Path) -> tuple[Line, ...]:
    found = [folder / name for name in CODEOWNERS if (folder / name).is_file()]
    return _owners(found[0]) if found else ()


def _owners(path: Path) -> tuple[Line, ...]:
    try:
        return parse_owners(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot read {str(path)!r}: {error}; name the file with --codeowners FILE") from error


class _Console(Console):
    """Standard output, whose reader may go: that is ours to judge, not rich's to end with code 1."""

    def on_broken_pipe(self) -> None:
        """Nobody reads any more."""
        raise BrokenPipeError("nobody reads the output any more")


def _console() -> Console:
    """Standard output; in a CI log, where nobody scrolls sideways, wide and without movement."""
    if os.environ.get("CI") or not sys.stdout.isatty():
        return _Console(width=160, force_terminal=False, highlight=False)
    return _Console(highlight=False)


def _diagnose(arguments: argparse.Namespace) -> ExitCode:
    problems = diagnose_file(
        arguments.file, arguments.out, knowledge(), Redactor(secrets_of(os.environ)), joint=arguments.joint
    )
    for problem in problems:
        print(f"ci-tools: {problem}", file=sys.stderr)
    return ExitCode.INCONCLUSIVE if problems else ExitCode.PASS


def _schema(arguments: argparse.Namespace) -> ExitCode:
    print(json.dumps(results_schema() if arguments.name == "results" else spec_schema(), indent=2))
    return ExitCode.PASS


def _faults(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.twin.faults import catalogue_json  # noqa: PLC0415 - needs the extra [twin]

    if arguments.on or arguments.off or arguments.clear:
        return _switch(arguments)
    console = _console()
    if console.is_terminal:
        print_faults(catalogue_json(), console)
    else:
        print(json.dumps(catalogue_json(), indent=2))
    return ExitCode.PASS


def _switch(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.twin.handle import Twin  # noqa: PLC0415 - needs the extra [twin]

    twin = Twin.join()
    if twin is None:
        raise UsageError("no twin is being served here; start one with: nox -s twin")
    off = twin.status()["faults"] if arguments.clear else [arguments.off] if arguments.off else []
    for fault in off:
        twin.switch(fault, on=False)
    if arguments.on:
        twin.switch(arguments.on, on=True)
    print(f"switched on now: {', '.join(twin.status()['faults']) or 'nothing'}")
    return ExitCode.PASS


def _twin(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.runner.provisioning import serve  # noqa: PLC0415 - heavy, and only this command needs it

    serve(_read_spec(arguments.spec)[0], faults=arguments.fault, say=print)
    return ExitCode.PASS


_COMMANDS: Mapping[str, Callable[[argparse.Namespace], ExitCode]] = {
    "campaign": _campaign,
    "plan": _plan,
    "judge": _judge,
    "explain": _explain,
    "probe": _probe,
    "heartbeat": _heartbeat,
    "ingest": _ingest,
    "triage": _triage,
    "diagnose": _diagnose,
    "schema": _schema,
    "faults": _faults,
    "twin": _twin,
}


if __name__ == "__main__":
    sys.exit(main())
