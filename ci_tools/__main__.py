"""The command line: arguments become one call, its result an exit code (0 pass, 1 fail, 2, 3, 4)."""

import argparse
import json
import os
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from io import TextIOWrapper
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

from rich.console import Console

from ci_tools.errors import CampaignError, ExitCode, JournalWriteError, UsageError
from ci_tools.evidence.journal import CampaignDirectory, folder_of, read
from ci_tools.evidence.redaction import Redactor, secrets_of
from ci_tools.model import Verdict
from ci_tools.report.markdown import report
from ci_tools.report.results import document
from ci_tools.report.schema import schema as results_schema
from ci_tools.report.summary import print_summary
from ci_tools.spec import Spec, parse
from ci_tools.spec import schema as spec_schema
from ci_tools.triage.decide import ACTIONS_BOT, Surroundings, decide
from ci_tools.triage.owners import Line
from ci_tools.triage.owners import parse as parse_owners
from ci_tools.triage.preview import headline, preview
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge
from ci_tools.verdict.judgement import Judgement

if TYPE_CHECKING:
    from ci_tools.github.issues import GitHubIssues

PARENT = "CI_TOOLS_PARENT"
"""Environment variable with the id of the process whose end ends a campaign: nox does not pass SIGTERM on."""
RESULTS = "test_results.json"
REPORT = "report.md"
_DEFAULT_WORKERS = 6
_MAX_WORKERS = 64
_EXITS = {
    Verdict.PASS: ExitCode.PASS,
    Verdict.FAIL: ExitCode.FAIL,
    Verdict.INCONCLUSIVE: ExitCode.INCONCLUSIVE,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return what the process should exit with."""
    arguments = _parser().parse_args(argv)
    _tolerate_any_encoding()
    try:
        exit_code = int(arguments.run(arguments))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="ci-tools", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_campaign(commands.add_parser("campaign", help="verify a deployed system, by a plan", allow_abbrev=False))
    _add_judge(commands.add_parser("judge", help="judge a campaign's journal again", allow_abbrev=False))
    _add_triage(commands.add_parser("triage", help="tell GitHub's issues what a campaign saw", allow_abbrev=False))
    _add_schema(commands.add_parser("schema", help="print a JSON Schema", allow_abbrev=False))
    _add_faults(commands.add_parser("faults", help="list the twin's faults, or switch them", allow_abbrev=False))
    _add_twin(commands.add_parser("twin", help="serve the local staging twin", allow_abbrev=False))
    return parser


def _add_spec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--spec", type=Path, default=Path("campaign.toml"), metavar="FILE", help="what to verify (default %(default)s)"
    )


def _add_fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="switch a fault of the twin on, also NAME@session=ID; repeatable; ci-tools faults lists them",
    )


def _add_campaign(parser: argparse.ArgumentParser) -> None:
    _add_spec(parser)
    parser.add_argument("--environment", default="twin", metavar="E", help="where to run (default %(default)s)")
    parser.add_argument("--plan", metavar="P", help="what to run (default auto; with --phase: full)")
    parser.add_argument(
        "--phase", action="append", default=[], metavar="N", help="only this phase, by number or name; repeatable"
    )
    parser.add_argument("--out", type=Path, metavar="DIR", help="where evidence is kept (default campaigns/ID)")
    parser.add_argument(
        "--workers", type=_workers, default=_DEFAULT_WORKERS, metavar="N", help="pytest workers (default %(default)s)"
    )
    _add_fault(parser)
    parser.set_defaults(run=_campaign)


def _workers(text: str) -> int:
    if text not in map(str, range(1, _MAX_WORKERS + 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers from 1 to {_MAX_WORKERS}")
    return int(text)


def _add_judge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a campaign's directory")
    parser.set_defaults(run=_judge)


def _add_triage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, metavar="DIR", help="a campaign's directory")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="read the issues there, with the token in GITHUB_TOKEN")
    parser.add_argument("--apply", action="store_true", help="do what is planned; without it, the plan is printed only")
    parser.add_argument("--bot", default=ACTIONS_BOT, metavar="LOGIN", help="who owns the token (default %(default)s)")
    parser.add_argument("--run-url", default="", metavar="URL", help="where the campaign's evidence is kept")
    parser.add_argument(
        "--codeowners",
        type=Path,
        default=Path("CODEOWNERS"),
        metavar="FILE",
        help="whom to tell (default %(default)s)",
    )
    parser.set_defaults(run=_triage)


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", choices=("campaign", "results"), default="campaign")
    parser.set_defaults(run=_schema)


def _add_faults(parser: argparse.ArgumentParser) -> None:
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument("--on", metavar="NAME", help="switch NAME on in the twin that is being served")
    switch.add_argument("--off", metavar="NAME", help="switch NAME off in the twin that is being served")
    switch.add_argument("--clear", action="store_true", help="switch everything off in the twin that is being served")
    parser.set_defaults(run=_faults)


def _add_twin(parser: argparse.ArgumentParser) -> None:
    _add_spec(parser)
    _add_fault(parser)
    parser.set_defaults(run=_twin)


def _read_spec(path: Path) -> Spec:
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise UsageError(f"cannot read {str(path)!r}: {reason}; name the file with --spec FILE") from error


def _campaign(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.runner.campaign import CampaignRun, Request  # noqa: PLC0415 - heavy, and only this command needs it
    from ci_tools.runner.progress import Progress  # noqa: PLC0415 - heavy, and only this command needs it

    spec = _read_spec(arguments.spec)
    campaign = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{token_hex(3)}"
    out = arguments.out or Path("campaigns") / campaign
    request = Request(
        environment=arguments.environment,
        plan=arguments.plan or ("full" if arguments.phase else "auto"),
        phases=tuple(arguments.phase),
        faults=tuple(arguments.fault),
        workers=arguments.workers,
        campaign=campaign,
        root=arguments.spec.resolve().parent,
        # Inherited from further up it is not meant for us: who started us stands where we are.
        parent=os.getppid() if os.environ.get(PARENT) == str(os.getppid()) else None,
    )
    console = _console()
    named = (name for environment in spec.environments.values() for name in environment.secret_names)
    redactor = Redactor(secrets_of(os.environ, named))
    with Progress(console, live=console.is_terminal, clock=time.monotonic) as progress:
        run = CampaignRun.prepare(spec, request, out=out, redactor=redactor, progress=progress, environ=os.environ)
        run.run()
    return _conclude(CampaignDirectory(out, redactor), console)


def _judged(directory: Path) -> Judgement:
    journal = read(directory)
    return judge(fold(journal.records, journal.problems))


def _keep(directory: CampaignDirectory, judgement: Judgement) -> None:
    directory.keep_json(RESULTS, document(judgement))
    directory.keep(REPORT, report(judgement))


def _conclude(directory: CampaignDirectory, console: Console) -> ExitCode:
    """Judge the journal in *directory*, keep and print what it says."""
    judgement = _judged(directory.path)
    _keep(directory, judgement)
    print_summary(judgement, console, kept_in=str(directory.path))
    return _EXITS[judgement.verdict]


def _judge(arguments: argparse.Namespace) -> ExitCode:
    folder: Path = arguments.directory
    outer = folder.parent if folder.name == "journal" and folder_of(folder.parent) == folder else folder
    directory = CampaignDirectory(outer, Redactor(secrets_of(os.environ)))
    judgement = _judged(outer)
    print_summary(judgement, _console(), kept_in=str(outer))
    try:
        _keep(directory, judgement)
    except JournalWriteError as error:
        # The evidence is whole and was read; only the files made from it could not be renewed.
        print(f"ci-tools: {RESULTS} and {REPORT} were not renewed: {error}", file=sys.stderr)
    return _EXITS[judgement.verdict]


def _triage(arguments: argparse.Namespace) -> ExitCode:
    if arguments.apply and not arguments.repo:
        raise UsageError("--apply needs to know where; add --repo OWNER/NAME")
    around = Surroundings(
        redact=Redactor(secrets_of(os.environ)).text,
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


def _schema(arguments: argparse.Namespace) -> ExitCode:
    print(json.dumps(results_schema() if arguments.name == "results" else spec_schema(), indent=2))
    return ExitCode.PASS


def _faults(arguments: argparse.Namespace) -> ExitCode:
    from ci_tools.twin.faults import catalogue_json  # noqa: PLC0415 - needs the extra [twin]

    if arguments.on or arguments.off or arguments.clear:
        return _switch(arguments)
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

    serve(_read_spec(arguments.spec), faults=arguments.fault, say=print)
    return ExitCode.PASS


if __name__ == "__main__":
    sys.exit(main())
