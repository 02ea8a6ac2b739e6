"""The words of the command line: what can be asked of ``ci-tools``, and what of it is no sense at all."""

import argparse
import os
import re
from pathlib import Path
from typing import Any, NoReturn

from ci_tools.errors import UsageError
from ci_tools.triage.surroundings import ACTIONS_BOT

DEFAULT_ENVIRONMENT = "twin"
FOREIGN_ENVIRONMENT = "foreign"
"""Where tests ran whose results other tools have written, unless somebody says."""
LONGEST = "longest"
PHASES = "phases"
"""How a plan is divided by phases instead of into equal parts."""
COMMITS = "what git log --first-parent -m --name-only --format='%x00%H %s' prints, or git log --format='%H %s'"
"""What ``--commits`` takes: without paths it will do, along the first parents it says what was deployed before what."""
RANDOM = re.compile(r"random:(\d{1,18})")
_ABOUT = "Post-deploy verification: arguments become one call, its result an exit code (0 pass, 1 fail, 2, 3, 4)."
_CAMPAIGN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_LOGIN = re.compile(r"[A-Za-z0-9_-]{1,100}(?:\[bot\])?")
_DEFAULT_WORKERS = max(4, min(12, 2 * (os.cpu_count() or 2)))
"""Tests mostly wait for the deployed system; a worker costs half a CPU second to begin with."""
_MAX_WORKERS = 64


class _Parser(argparse.ArgumentParser):
    """One whose complaints are this project's errors: what they quote is masked like all that is printed."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does; what is not known is told by the command that does not know it, with its own usage."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, and then what is right."""
        raise UsageError(f"{message}\n{self.format_usage().rstrip()}")


def parser() -> argparse.ArgumentParser:
    """What understands all of them; ``command`` in its result names what was asked for.

    Its ``parse_args`` raises UsageError for words that it does not understand.
    """
    whole = _Parser(prog="ci-tools", description=_ABOUT, allow_abbrev=False)
    commands = whole.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_campaign(commands.add_parser("campaign", help="verify a deployed system, by a plan", allow_abbrev=False))
    _add_plan(commands.add_parser("plan", help="say what a campaign would run", allow_abbrev=False))
    _add_jobs(commands.add_parser("jobs", help="say which jobs a plan file asks for", allow_abbrev=False))
    _add_merge(commands.add_parser("merge", help="put the journals of jobs together", allow_abbrev=False))
    _add_judge(commands.add_parser("judge", help="judge a campaign's journal again", allow_abbrev=False))
    _add_explain(commands.add_parser("explain", help="tell a campaign's incidents in plain words", allow_abbrev=False))
    _add_probe(commands.add_parser("probe", help="ask the deployed system's parts, without tests", allow_abbrev=False))
    _add_heartbeat(commands.add_parser("heartbeat", help="keep what the probes see, without tests", allow_abbrev=False))
    _add_ingest(commands.add_parser("ingest", help="make a journal of other tools' results", allow_abbrev=False))
    _add_triage(commands.add_parser("triage", help="tell GitHub's issues what a campaign saw", allow_abbrev=False))
    _add_triage_issue(
        commands.add_parser("triage-issue", help="tell one issue what its words speak for", allow_abbrev=False)
    )
    _add_deployment_status(
        commands.add_parser("deployment-status", help="tell a deployment on GitHub a verdict", allow_abbrev=False)
    )
    _add_last_campaign(
        commands.add_parser("last-campaign", help="name the artifact of the campaign before", allow_abbrev=False)
    )
    _add_diagnose(commands.add_parser("diagnose", help="name the causes of failures in a file", allow_abbrev=False))
    _add_schema(commands.add_parser("schema", help="print a JSON Schema", allow_abbrev=False))
    _add_faults(commands.add_parser("faults", help="list the twin's faults, or switch them", allow_abbrev=False))
    _add_twin(commands.add_parser("twin", help="serve the local staging twin", allow_abbrev=False))
    return whole


def _path(text: str) -> Path:
    """An empty text would be the present folder: nobody means that by a variable that is not set."""
    if not text:
        raise argparse.ArgumentTypeError("'' is no path; allowed: that of a file or a folder; is a variable not set?")
    return Path(text)


def _place(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("'' is no environment; allowed: any other name; is a variable not set?")
    return text


def _add_spec(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--spec", type=_path, default=Path("campaign.toml"), metavar="FILE", help="what to verify (default %(default)s)"
    )


def _add_fault(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME",
        help="switch a fault of the twin on, also NAME:VALUE, NAME@session=ID; repeatable; ci-tools faults lists them",
    )


def _add_choice(parser: argparse.ArgumentParser) -> None:
    """What is chosen before anything runs, by one job for itself or for others."""
    _add_spec(parser)
    parser.add_argument("--environment", metavar="E", help=f"where to run (default {DEFAULT_ENVIRONMENT})")
    parser.add_argument("--plan", metavar="P", help="what to run (default auto; with --phase: full)")
    parser.add_argument(
        "--phase",
        action="append",
        default=[],
        metavar="N",
        help="only this phase, by number or name; repeatable, and several may stand with commas between",
    )
    parser.add_argument(
        "--previous",
        type=_path,
        metavar="DIR",
        help="compare with the campaign in DIR, and run what took longest first",
    )
    parser.add_argument(
        "--order",
        type=_order,
        metavar="ORDER",
        help="longest (the default: first what took longest before) or random:SEED",
    )


def _add_campaign(parser: argparse.ArgumentParser) -> None:
    _add_choice(parser)
    parser.add_argument("--out", type=_path, metavar="DIR", help="where evidence is kept (default campaigns/ID)")
    parser.add_argument(
        "--workers", type=_workers, default=_DEFAULT_WORKERS, metavar="N", help="pytest workers (default %(default)s)"
    )
    parser.add_argument("--plan-file", type=_path, metavar="FILE", help="run what ci-tools plan --out FILE has planned")
    parser.add_argument("--shard", type=int, metavar="K", help="with --plan-file: the part that this job runs")
    parser.add_argument(
        "--campaign-id",
        type=_campaign_id,
        metavar="ID",
        help="the campaign's name, the same in all its shards",
    )
    _add_fault(parser)
    parser.set_defaults(command="campaign")


def _add_plan(parser: argparse.ArgumentParser) -> None:
    _add_choice(parser)
    parser.add_argument("--out", type=_path, metavar="FILE", help="keep it for: ci-tools campaign --plan-file FILE")
    parser.add_argument(
        "--shards",
        type=_shards,
        default=1,
        metavar="N",
        help=f"divide it for N parallel jobs (default %(default)s), or by {PHASES}: one job a phase, the first alone",
    )
    parser.add_argument(
        "--previous-if-any",
        type=_path,
        metavar="DIR",
        help="as --previous, but what cannot be used is told and left out: no campaign waits for a comparison",
    )
    parser.add_argument(
        "--otherwise", metavar="E", help="plan for environment E where the secret of --environment is not set"
    )
    parser.set_defaults(command="plan")


def _order(text: str) -> str:
    if text != LONGEST and not RANDOM.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no order; allowed: {LONGEST}, random:SEED with a whole number")
    return text


def _shards(text: str) -> int | str:
    if text == PHASES:
        return text
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of shards; allowed: a number, {PHASES}") from None


def _campaign_id(text: str) -> str:
    if not _CAMPAIGN_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no campaign id; allowed: up to 80 letters, digits, dots, hyphens and underscores"
        )
    return text


def _workers(text: str) -> int:
    if text not in map(str, range(1, _MAX_WORKERS + 1)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of workers from 1 to {_MAX_WORKERS}")
    return int(text)


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    _add_spec(parser)
    parser.add_argument(
        "file", type=_path, metavar="FILE", help=f"as written by: ci-tools plan --shards {PHASES} --out"
    )
    parser.add_argument(
        "--after", type=_path, metavar="DIR", help="what follows the first phase, by the campaign directory of its job"
    )
    parser.set_defaults(command="jobs")


def _add_merge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directories", type=_path, nargs="+", metavar="DIR", help="a campaign directory of one job")
    parser.add_argument("--out", type=_path, required=True, metavar="DIR", help="where all of it is put; new or empty")
    parser.set_defaults(command="merge")


def _add_judge(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=_path, metavar="DIR", help="a campaign's directory")
    parser.add_argument(
        "--github", action="store_true", help="in a step of GitHub Actions: annotations, summary and outputs, too"
    )
    parser.set_defaults(command="judge")


def _add_explain(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=_path, metavar="DIR", help="a campaign's directory")
    parser.add_argument("incident", nargs="?", metavar="INCIDENT", help="only this one, such as redis-1")
    parser.set_defaults(command="explain")


def _add_looking(parser: argparse.ArgumentParser) -> None:
    _add_spec(parser)
    parser.add_argument("names", nargs="*", metavar="NAME", help="only these probes; without any, all")
    parser.add_argument(
        "--environment", default=DEFAULT_ENVIRONMENT, metavar="E", help="where to look (default %(default)s)"
    )
    _add_fault(parser)


def _add_probe(parser: argparse.ArgumentParser) -> None:
    _add_looking(parser)
    parser.add_argument("--json", action="store_true", help="print observations as JSON")
    parser.set_defaults(command="probe")


def _add_heartbeat(parser: argparse.ArgumentParser) -> None:
    _add_looking(parser)
    parser.add_argument("--out", type=_path, required=True, metavar="DIR", help="where heartbeats are kept; may exist")
    parser.add_argument(
        "--while-open", metavar="OWNER/NAME", help="only if an issue of a campaign is open there (GITHUB_TOKEN)"
    )
    parser.set_defaults(command="heartbeat")


def _add_ingest(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files",
        type=_path,
        nargs="+",
        metavar="FILE",
        help="JUnit XML, pytest-reportlog or CTRF, told by content; - is standard input",
    )
    parser.add_argument("--out", type=_path, required=True, metavar="DIR", help="where evidence is kept")
    parser.add_argument(
        "--environment",
        type=_place,
        default=FOREIGN_ENVIRONMENT,
        metavar="E",
        help="where the tests ran (default %(default)s)",
    )
    parser.add_argument(
        "--campaign-id", type=_campaign_id, metavar="ID", help="the campaign's name (default: made from the time)"
    )
    parser.set_defaults(command="ingest")


def _add_triage(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=_path, metavar="DIR", help="a directory of a campaign, or of heartbeats")
    parser.add_argument("--repo", metavar="OWNER/NAME", help="read the issues there, with the token in GITHUB_TOKEN")
    parser.add_argument("--run-url", default="", metavar="URL", help="where the campaign's evidence is kept")
    parser.add_argument(
        "--commits", type=_path, metavar="FILE", help=f"suspects, the newest first: {COMMITS.replace('%', '%%')}"
    )
    parser.add_argument("--github", action="store_true", help="in a step of GitHub Actions: the plan in its summary")
    _add_telling(parser)
    parser.set_defaults(command="triage")


def _add_triage_issue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", type=_issue, metavar="NUMBER", help="an issue that somebody opened")
    parser.add_argument(
        "--repo", required=True, metavar="OWNER/NAME", help="where it is, with the token in GITHUB_TOKEN"
    )
    _add_telling(parser)
    parser.set_defaults(command="triage-issue")


def _issue(text: str) -> int:
    return _number(text, "an issue")


def _deployment(text: str) -> int:
    return _number(text, "a deployment")


def _number(text: str, what: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of {what}; allowed: 1, 2, 3 …")
    return number


def _add_telling(parser: argparse.ArgumentParser) -> None:
    """How issues are told something."""
    parser.add_argument("--apply", action="store_true", help="do what is planned; without it, the plan is printed only")
    parser.add_argument(
        "--bot", type=_login, default=ACTIONS_BOT, metavar="LOGIN", help="who owns the token (default %(default)s)"
    )
    parser.add_argument(
        "--codeowners", type=_path, metavar="FILE", help="whom to tell (default CODEOWNERS, where GitHub looks for it)"
    )
    parser.add_argument(
        "--spec", type=_path, metavar="FILE", help="what is known and wanted of issues (default campaign.toml, if any)"
    )


def _login(text: str) -> str:
    if not _LOGIN.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no login; allowed: a name on GitHub, that of an app with [bot]")
    return text


def _add_deployment_status(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "directory", type=_path, nargs="?", metavar="DIR", help="a campaign's directory; without one, that it was lost"
    )
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="with the token in GITHUB_TOKEN")
    parser.add_argument("--deployment", type=_deployment, required=True, metavar="N", help="its number on GitHub")
    parser.add_argument("--run-url", default="", metavar="URL", help="where the campaign's evidence is kept")
    parser.set_defaults(command="deployment-status")


def _add_last_campaign(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--repo", required=True, metavar="OWNER/NAME", help="with the token in GITHUB_TOKEN")
    _add_spec(parser)
    parser.add_argument("--environment", required=True, metavar="E", help="where it ran")
    parser.add_argument(
        "--otherwise", metavar="E", help="where it ran if the secret of --environment is not set, as plan chooses"
    )
    parser.add_argument("--branch", required=True, metavar="B", help="only what runs of this branch have kept")
    parser.add_argument("--but-run", type=_run, default=0, metavar="N", help="not the run of that number")
    parser.set_defaults(command="last-campaign")


def _run(text: str) -> int:
    return _number(text, "a run")


def _add_diagnose(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file",
        type=_path,
        metavar="FILE",
        help="failures, a JSON object a line, with any of: id, kind, test, exc_type, message, excerpt, duration_s, "
        "timestamp; answered by a line each: id, fingerprint, cause, confidence, why",
    )
    parser.add_argument("--joint", action="store_true", help="read them as failures of one run")
    parser.add_argument("--out", type=_path, metavar="FILE", help="write the answers into FILE, not on standard output")
    parser.set_defaults(command="diagnose")


def _add_schema(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", nargs="?", choices=("campaign", "results"), default="campaign")
    parser.set_defaults(command="schema")


def _add_faults(parser: argparse.ArgumentParser) -> None:
    switch = parser.add_mutually_exclusive_group()
    switch.add_argument("--on", type=_fault, metavar="NAME", help="switch NAME on in the twin that is being served")
    switch.add_argument("--off", type=_fault, metavar="NAME", help="switch NAME off in the twin that is being served")
    switch.add_argument("--clear", action="store_true", help="switch everything off in the twin that is being served")
    parser.set_defaults(command="faults")


def _fault(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("'' is no fault; ci-tools faults lists them; is a variable not set?")
    return text


def _add_twin(parser: argparse.ArgumentParser) -> None:
    _add_spec(parser)
    _add_fault(parser)
    parser.set_defaults(command="twin")
