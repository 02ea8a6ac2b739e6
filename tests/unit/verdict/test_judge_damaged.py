"""No damage to a journal turns into a pass, and none into a crash."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_tools.errors import EmptyJournalError, ForeignJournalError, UsageError
from ci_tools.evidence.events import CampaignFinished, PhaseFinished, TestFinished
from ci_tools.evidence.journal import JournalWriter, read
from ci_tools.evidence.redaction import Redactor
from ci_tools.model import Verdict
from ci_tools.verdict.fold import fold
from ci_tools.verdict.judge import judge

REFUSALS = {EmptyJournalError, ForeignJournalError, UsageError}
SAFE = {Verdict.INCONCLUSIVE, *REFUSALS}


def tell(story: Any, directory: Path) -> Path:
    """Write a small campaign that passes, by its own process and by one worker."""
    story.suite(expected=2).coverage(0.85, "chat").reliability(floor=0.05, target=1.0).sampled(1)
    story.ran("a", "b").planned(identifies_deployment=True).identified("r1", "r1")
    events = story.ends_with(PhaseFinished(number=1)).events()
    tests = [event for event in events if isinstance(event, TestFinished)]
    write(directory, "campaign", [event for event in events if event not in tests], closing=len(tests))
    write(directory, "phase1-gw0", tests)
    return directory


@pytest.fixture
def passing(story: Any, tmp_path: Path) -> Path:
    """A campaign that passes, to be damaged."""
    return tell(story, tmp_path)


@pytest.fixture(scope="module")
def often_damaged(new_story: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A campaign that passes, for a test that damages it many times."""
    return tell(new_story(), tmp_path_factory.mktemp("passing"))


def write(directory: Path, name: str, events: list[Any], closing: int = 0) -> None:
    """Write *events*, and the campaign's end where the worker wrote *closing* events."""
    writer = JournalWriter(directory, name, Redactor())
    for event in events:
        writer.write(event)
    if closing:
        writer.write(CampaignFinished(writers={"phase1-gw0": closing}))
    writer.close()


def answer(directory: Path) -> object:
    """The verdict of a campaign's directory, or the kind of refusal to give one."""
    try:
        journal = read(directory)
        return judge(fold(journal.records, journal.problems)).verdict
    except tuple(REFUSALS) as refusal:
        return type(refusal)


def answers(directory: Path, name: str, damaged: Iterator[bytes]) -> set[object]:
    """Every answer that the damaged contents of one file lead to; the file is whole again afterwards."""
    path = directory / "journal" / f"{name}.jsonl"
    whole = path.read_bytes()
    found = set()
    for content in damaged:
        path.write_bytes(content)
        found.add(answer(directory))
    path.write_bytes(whole)
    return found


def content_of(directory: Path, name: str) -> bytes:
    """The undamaged content of one file."""
    return (directory / "journal" / f"{name}.jsonl").read_bytes()


WRITERS = pytest.mark.parametrize("name", ["campaign", "phase1-gw0"])


def test_the_undamaged_journal_passes(passing: Path) -> None:
    """Without damage the campaign passes: the tests below have something to spoil."""
    assert answer(passing) is Verdict.PASS


@WRITERS
def test_a_journal_cut_at_any_byte_never_passes(passing: Path, name: str) -> None:
    """A file that ends early, at whatever byte, is inconclusive or refused."""
    content = content_of(passing, name)

    found = answers(passing, name, (content[:at] for at in range(len(content))))

    assert found <= SAFE


@WRITERS
def test_a_journal_zero_filled_from_any_byte_never_passes(passing: Path, name: str) -> None:
    """A file whose end the disk never wrote, from whatever byte on, is inconclusive or refused."""
    content = content_of(passing, name)

    found = answers(passing, name, (content[:at].ljust(len(content), b"\0") for at in range(len(content))))

    assert found <= SAFE


@WRITERS
def test_a_journal_without_any_one_or_two_of_its_lines_never_passes(passing: Path, name: str) -> None:
    """Whichever lines are taken from a file, their absence shows."""
    lines = content_of(passing, name).splitlines(keepends=True)
    kept = [set(range(len(lines))) - set(gone) for size in (1, 2) for gone in combinations(range(len(lines)), size)]

    found = answers(passing, name, (b"".join(lines[at] for at in sorted(some)) for some in kept))

    assert found <= SAFE


@WRITERS
def test_a_journal_with_a_repeated_line_never_passes(passing: Path, name: str) -> None:
    """A line that stands twice shows."""
    lines = content_of(passing, name).splitlines(keepends=True)

    found = answers(passing, name, (b"".join([*lines[:at], lines[at - 1], *lines[at:]]) for at in range(1, len(lines))))

    assert found <= SAFE


@WRITERS
def test_a_journal_without_one_of_its_files_never_passes(passing: Path, name: str) -> None:
    """A writer whose file was lost altogether shows."""
    (passing / "journal" / f"{name}.jsonl").unlink()

    assert answer(passing) in SAFE


def test_a_journal_whose_files_were_exchanged_never_passes(passing: Path) -> None:
    """A file under another writer's name shows."""
    folder = passing / "journal"
    (folder / "campaign.jsonl").rename(folder / "aside")
    (folder / "phase1-gw0.jsonl").rename(folder / "campaign.jsonl")
    (folder / "aside").rename(folder / "phase1-gw0.jsonl")

    assert answer(passing) in SAFE


@given(data=st.data())
@settings(derandomize=True, deadline=None, max_examples=300)
def test_garbage_in_a_journal_never_crashes(often_damaged: Path, data: st.DataObject) -> None:
    """Whatever bytes overwrite a part of a file, the answer is a verdict or a refusal."""
    content = content_of(often_damaged, "campaign")
    at = data.draw(st.integers(0, len(content)))
    garbage = data.draw(st.binary(max_size=20))

    found = answers(often_damaged, "campaign", iter([content[:at] + garbage + content[at + len(garbage) :]]))

    assert found <= REFUSALS | set(Verdict)
