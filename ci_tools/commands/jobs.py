"""``jobs`` and ``merge``: what the jobs of a workflow have to know of each other, and their journals together."""

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from ci_tools.arguments import PHASES
from ci_tools.commands.files import not_written, read_spec, read_text
from ci_tools.commands.judging import REPORT, RESULTS
from ci_tools.errors import EmptyJournalError, ExitCode, UsageError
from ci_tools.evidence.events import CampaignStarted
from ci_tools.evidence.journal import CampaignDirectory, folder_of, read
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import Verdict
from ci_tools.planning.jobs import Following, first_job, following_jobs
from ci_tools.planning.plan_file import PlanFile, from_text
from ci_tools.report.actions import output_lines
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge

_NEVER = datetime.min.replace(tzinfo=UTC)
_DERIVED = (RESULTS, REPORT)
"""What judge makes from a journal: of one job's alone it says nothing of the whole."""


def print_jobs(arguments: argparse.Namespace) -> ExitCode:
    """Print, as ``GITHUB_OUTPUT`` takes it, the first job of a plan; with ``--after DIR`` those that follow it.

    With the first job goes what holds for all of them: the environment, and how long to keep what they leave.
    """
    spec, digest = read_spec(arguments.spec)
    plan_file = from_text(read_text(arguments.file, "ci-tools jobs"), str(arguments.file), digest)
    if plan_file.shards[0].parts > 1:
        raise UsageError(
            f"{str(arguments.file)!r} is divided into equal parts, none of which is the first; "
            f"plan anew: ci-tools plan --shards {PHASES} --out FILE"
        )
    if arguments.after is None:
        outputs = {
            "environment": plan_file.plan.environment,
            "artifact_days": str(spec.triage.artifact_days),
            "first": json.dumps(asdict(first_job(plan_file.plan, plan_file.shards))),
        }
        print(output_lines(outputs), end="")
    else:
        print(output_lines(_following(plan_file, arguments.after)), end="")
    return ExitCode.PASS


def _following(plan_file: PlanFile, directory: Path) -> dict[str, str]:
    journal = read(directory)
    state = fold(journal.records, journal.problems)
    if state.started is None or state.started.shards != plan_file.shards:
        raise UsageError(
            f"the campaign in {str(directory)!r} was not planned by this file, so it cannot say what follows; "
            "give --after the directory of its first job: ci-tools campaign --plan-file FILE --shard 1 --out DIR"
        )
    judgement = judge(state)
    first = judgement.phases[0]
    # No other phase has run yet, so only the first one's verdict tells whether to go on.
    stops = plan_file.plan.stop_early and first.verdict is not Verdict.PASS
    phases = [] if stops else [result.phase for result in judgement.phases[1:]]
    jobs = following_jobs(plan_file.shards, phases, judgement.time_scale) if phases else Following()
    return {
        "together": json.dumps([asdict(job) for job in jobs.together]),
        "alone": json.dumps(asdict(jobs.alone)) if jobs.alone else "",
    }


@dataclass(frozen=True)
class _Part:
    """The journal in one directory: of which campaign and shard it is, and when that began."""

    directory: Path
    campaign: str
    shard: int | None
    began: datetime


def merge_journals(arguments: argparse.Namespace) -> ExitCode:
    """Put the journals of several directories, and what was kept beside them, into one.

    Of a shard that has run in several attempts of its job, the last one counts.

    Raises:
        UsageError: *out* holds something or is no directory, or two directories hold a file of the same name.
        JournalWriteError: the disk did not take it; *out* is as empty as before.
    """
    parts = [_part(directory) for directory in arguments.directories]
    chosen = [part for part in parts if not _superseded(part, parts)]
    files = _each_once([found for part in chosen for found in _files(part.directory)])
    # What is merged was masked when it was written.
    out = CampaignDirectory.create(arguments.out, Redactor()).path
    for part in parts:
        print(f"{part.directory}: {_words(part)}{'' if part in chosen else ', superseded by a later attempt'}")
    _copy(files, out)
    return ExitCode.PASS


def _part(directory: Path) -> _Part:
    try:
        records = read(directory).records
    except EmptyJournalError:
        # Nothing in it can be read: that is for the judge to say.
        records = ()
    started = [(record.event, record.at) for record in records if isinstance(record.event, CampaignStarted)]
    parts = {(event.campaign, event.shard) for event, _ in started}
    campaign, shard = parts.pop() if len(parts) == 1 else ("", None)
    return _Part(directory, campaign, shard, started[0][1] if started else _NEVER)


def _superseded(part: _Part, parts: Sequence[_Part]) -> bool:
    same = [other for other in parts if (other.campaign, other.shard) == (part.campaign, part.shard)]
    return part.shard is not None and any(other.began > part.began for other in same)


def _words(part: _Part) -> str:
    return "no shard" if part.shard is None else f"shard {part.shard}"


def _files(directory: Path) -> Iterator[tuple[Path, Path]]:
    """The journal's files, and what stands beside its folder; neither what is made from them, nor links."""
    journal = folder_of(directory)
    for path in sorted(journal.glob("*.jsonl")):
        yield path, Path("journal") / path.name
    if journal != directory:
        for path in sorted(directory.iterdir()):
            if path.is_file() and not path.is_symlink() and path.name not in _DERIVED:
                yield path, Path(path.name)


def _each_once(files: Sequence[tuple[Path, Path]]) -> Sequence[tuple[Path, Path]]:
    """*files*, which are known before the first is copied: half of a merge would be judged as a whole."""
    taken: set[Path] = set()
    for source, name in files:
        if name in taken:
            raise UsageError(
                f"two directories hold {name.name!r}, the second is {str(source)!r}; "
                "merge what shards of one campaign have left, each once"
            )
        taken.add(name)
    return files


def _copy(files: Sequence[tuple[Path, Path]], out: Path) -> None:
    """All of *files* stand in *out*, or no journal does: half of a merge would be judged as a whole."""
    beside = out / f".merge.{os.getpid()}.part"
    what = f"cannot write {str(out)!r}"
    try:
        for source, name in files:
            what = f"cannot copy {str(source)!r} to {str(out / name)!r}"
            (beside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, beside / name)
        # The journal last: without one a directory is no campaign's.
        for whole in sorted(beside.glob("*"), key=lambda path: path.name == "journal"):
            whole.replace(out / whole.name)
    except OSError as error:
        raise not_written(what, error, "make the one readable, or choose another --out DIR") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
