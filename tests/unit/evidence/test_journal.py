import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

from ci_tools.errors import EmptyJournalError, ForeignJournalError, JournalWriteError, UsageError
from ci_tools.evidence.events import Interrupted, PhaseStarted, Record, TestFinished, to_document
from ci_tools.evidence.journal import JournalTail, JournalWriter, folder_of, read, read_file
from ci_tools.evidence.redaction import MASK, Redactor
from ci_tools.model import NodeId, Outcome

PLAIN = Redactor()


@pytest.fixture
def main(tmp_path: Path) -> Iterator[JournalWriter]:
    """A writer of the campaign in the test's directory."""
    writer = JournalWriter(tmp_path, "main", PLAIN)
    yield writer
    writer.close()


def file_of(directory: Path, writer: str = "main") -> Path:
    """The journal file of one writer."""
    return directory / "journal" / f"{writer}.jsonl"


def write_phases(directory: Path, writer: str, count: int) -> None:
    """Write *count* events as *writer*, in a process of its own."""
    journal = JournalWriter(directory, writer, PLAIN)
    for number in range(1, count + 1):
        journal.write(PhaseStarted(number=number))
    journal.close()


def test_what_was_written_is_read(main: JournalWriter, tmp_path: Path) -> None:
    """Events come back in order, numbered from one, without problems."""
    main.write(PhaseStarted(number=1))
    main.write(PhaseStarted(number=2))

    journal = read(tmp_path)

    assert [(record.seq, record.event) for record in journal.records] == [
        (1, PhaseStarted(number=1)),
        (2, PhaseStarted(number=2)),
    ]
    assert journal.problems == ()


def test_an_event_is_on_disk_when_write_returns(main: JournalWriter, tmp_path: Path) -> None:
    """A writer that is killed after a write has lost nothing of it."""
    main.write(PhaseStarted(number=1))

    assert file_of(tmp_path).read_bytes().endswith(b'"data":{"number":1}}\n')


def test_an_event_is_redacted_before_it_is_written(tmp_path: Path) -> None:
    """No secret reaches the disk."""
    writer = JournalWriter(tmp_path, "main", Redactor(["hunter2-secret"]))
    writer.write(Interrupted(reason="got hunter2-secret"))
    writer.close()

    assert read(tmp_path).records[0].event == Interrupted(reason=f"got {MASK}")


def test_text_that_is_no_unicode_stays_readable(main: JournalWriter, tmp_path: Path) -> None:
    """A lone surrogate, as undecodable bytes leave it, does not spoil its event."""
    main.write(Interrupted(reason="file \udcff é"))

    assert read(tmp_path).records[0].event == Interrupted(reason="file ? é")


def test_newlines_in_an_event_do_not_break_its_line(main: JournalWriter, tmp_path: Path) -> None:
    """Every kind of line break within a text stays within one line of the journal."""
    main.write(Interrupted(reason="a\nb\r\nc\u2028d\x85e"))

    assert read(tmp_path).records[0].event == Interrupted(reason="a\nb\r\nc\u2028d\x85e")


def test_only_the_user_may_read_a_journal(main: JournalWriter, tmp_path: Path) -> None:
    """Evidence is nobody else's on a shared machine."""
    main.write(PhaseStarted(number=1))

    assert file_of(tmp_path).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("name", ["", "../escape", "a/b", ".hidden", "a b", "x" * 81])
def test_a_writer_must_be_a_file_name(tmp_path: Path, name: str) -> None:
    """A writer's name can neither leave the journal nor hide in it."""
    with pytest.raises(ValueError, match="is not a file name"):
        JournalWriter(tmp_path, name, PLAIN)


def test_a_full_disk_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    """Evidence that cannot be written ends the campaign, with the reason and the next step."""
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).symlink_to("/dev/full")
    writer = JournalWriter(tmp_path, "main", PLAIN)

    with pytest.raises(
        JournalWriteError, match=r"No space left on device; free space or choose .* --out DIR"
    ) as caught:
        writer.write(PhaseStarted(number=1))

    # Heartbeats and foreign results have a journal, too.
    assert "campaign" not in str(caught.value).replace(str(tmp_path), "")


def test_a_file_that_cannot_be_made_durable_is_an_error(tmp_path: Path) -> None:
    """Closing reports that the evidence may not outlive a crash, and still releases the file."""
    file_of(tmp_path).parent.mkdir()
    file_of(tmp_path).symlink_to("/dev/full")
    writer = JournalWriter(tmp_path, "main", PLAIN)

    with pytest.raises(JournalWriteError, match="cannot write the journal"):
        writer.close()
    writer.close()


def test_a_directory_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A journal below a file cannot be opened, and the error says so."""
    (tmp_path / "journal").write_text("taken")

    with pytest.raises(JournalWriteError, match=r"File exists|Not a directory"):
        JournalWriter(tmp_path, "main", PLAIN)


def test_closing_twice_is_harmless(tmp_path: Path) -> None:
    """A writer may be closed by whoever comes last."""
    writer = JournalWriter(tmp_path, "main", PLAIN)
    writer.close()
    writer.close()

    assert file_of(tmp_path).read_bytes() == b""


def test_two_processes_write_side_by_side(tmp_path: Path) -> None:
    """Every process has its own file, and none loses or tears an event."""
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        list(pool.map(write_phases, [tmp_path] * 2, ["gw0", "gw1"], [200] * 2))

    journal = read(tmp_path)

    assert (len(journal.records), journal.problems) == (400, ())
    assert [record.seq for record in journal.records if record.writer == "gw1"] == list(range(1, 201))


def test_a_second_writer_of_the_same_name_is_noticed(main: JournalWriter, tmp_path: Path) -> None:
    """Two processes in one file cannot pass for one."""
    main.write(PhaseStarted(number=1))
    write_phases(tmp_path, "main", 1)

    assert read(tmp_path).problems == ("main.jsonl: event 1 follows 1: events are missing or repeated",)


def test_a_torn_last_line_is_dropped_and_named(main: JournalWriter, tmp_path: Path) -> None:
    """A writer killed in the middle of a line loses that line only."""
    main.write(PhaseStarted(number=1))
    main.write(PhaseStarted(number=2))
    os.truncate(file_of(tmp_path), file_of(tmp_path).stat().st_size - 9)

    journal = read(tmp_path)

    assert [record.event for record in journal.records] == [PhaseStarted(number=1)]
    assert len(journal.problems) == 1
    assert journal.problems[0].startswith("main.jsonl: the last line is torn (")


def test_a_last_line_without_newline_is_torn_even_if_it_is_json(main: JournalWriter, tmp_path: Path) -> None:
    """Whether more was to come cannot be known, so the line does not count."""
    main.write(PhaseStarted(number=1))
    main.write(PhaseStarted(number=2))
    os.truncate(file_of(tmp_path), file_of(tmp_path).stat().st_size - 1)

    assert len(read(tmp_path).records) == 1


def test_a_gap_is_noticed(main: JournalWriter, tmp_path: Path) -> None:
    """A line taken from the middle leaves a gap in the numbers."""
    for number in (1, 2, 3):
        main.write(PhaseStarted(number=number))
    lines = file_of(tmp_path).read_bytes().splitlines(keepends=True)
    file_of(tmp_path).write_bytes(lines[0] + lines[2])

    assert read(tmp_path).problems == ("main.jsonl: event 3 follows 1: events are missing or repeated",)


def test_a_missing_beginning_is_noticed(main: JournalWriter, tmp_path: Path) -> None:
    """The first event of a file is number one."""
    main.write(PhaseStarted(number=1))
    main.write(PhaseStarted(number=2))
    file_of(tmp_path).write_bytes(file_of(tmp_path).read_bytes().splitlines(keepends=True)[1])

    assert read(tmp_path).problems == ("main.jsonl: event 2 follows 0: events are missing or repeated",)


def test_zeroes_in_the_middle_are_damage(main: JournalWriter, tmp_path: Path) -> None:
    """A block that the disk never wrote reads as zeroes, and is named as damage."""
    for number in (1, 2, 3):
        main.write(PhaseStarted(number=number))
    first, second, third = file_of(tmp_path).read_bytes().splitlines(keepends=True)
    file_of(tmp_path).write_bytes(first + b"\0" * len(second) + third)

    journal = read(tmp_path)

    assert [record.seq for record in journal.records] == [1]
    assert journal.problems[0].startswith("main.jsonl:2: not JSON")


def test_a_file_under_a_foreign_name_is_noticed(main: JournalWriter, tmp_path: Path) -> None:
    """A copy of a writer's file must not count twice unseen."""
    main.write(PhaseStarted(number=1))
    file_of(tmp_path, "copy").write_bytes(file_of(tmp_path).read_bytes())

    assert read(tmp_path).problems == ("copy.jsonl: an event of writer 'main' stands in a foreign file",)


def test_a_clock_set_back_does_not_reorder_a_writer(tmp_path: Path) -> None:
    """Within a file the order of writing holds; across files the time decides."""
    write_phases(tmp_path, "main", 3)
    first, second, third = read(tmp_path).records
    hour = timedelta(hours=1)
    rewrite(file_of(tmp_path), [first, replace(second, at=second.at - hour), third])
    rewrite(file_of(tmp_path, "gw0"), [replace(first, writer="gw0", at=first.at - 2 * hour)])

    assert [(record.writer, record.seq) for record in read(tmp_path).records] == [
        ("gw0", 1),
        ("main", 1),
        ("main", 2),
        ("main", 3),
    ]


def rewrite(path: Path, records: list[Record]) -> None:
    """Put *records* into the file at *path*."""
    path.write_text("".join(json.dumps(to_document(record)) + "\n" for record in records))


def test_files_of_several_jobs_merge_by_lying_together(tmp_path: Path) -> None:
    """Putting the files of two jobs into one directory gives one journal, in the order of time."""
    write_phases(tmp_path / "a", "job-a", 2)
    write_phases(tmp_path / "b", "job-b", 2)
    merged = tmp_path / "merged"
    merged.mkdir()
    file_of(tmp_path / "a", "job-a").rename(merged / "job-a.jsonl")
    file_of(tmp_path / "b", "job-b").rename(merged / "job-b.jsonl")

    records = read(merged).records

    assert [(record.writer, record.seq) for record in records] == [
        ("job-a", 1),
        ("job-a", 2),
        ("job-b", 1),
        ("job-b", 2),
    ]


def test_a_missing_directory_is_a_usage_error(tmp_path: Path) -> None:
    """A directory that is not there was mistyped."""
    with pytest.raises(UsageError, match="no campaign directory"):
        read(tmp_path / "absent")


def test_a_directory_without_journal_is_foreign(tmp_path: Path) -> None:
    """A directory that never held a campaign is not an empty campaign."""
    (tmp_path / "notes.txt").write_text("something else")

    with pytest.raises(ForeignJournalError, match="holds no journal"):
        read(tmp_path)


def test_an_empty_journal_is_empty(tmp_path: Path) -> None:
    """A campaign that wrote nothing saw nothing."""
    (tmp_path / "journal").mkdir()

    with pytest.raises(EmptyJournalError, match="is empty"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b"", b"\n", b"\0" * 4096, b" \r\n"])
def test_a_file_without_words_is_empty(tmp_path: Path, content: bytes) -> None:
    """Nothing, blanks and zeroes are an empty journal, not a foreign one."""
    (tmp_path / "main.jsonl").write_bytes(content)

    with pytest.raises(EmptyJournalError):
        read(tmp_path)


@pytest.mark.parametrize("content", [b'{"v":1,"event":"camp', b'{"v"', b'{"v":1,"event":"camp' + b"\0" * 99])
def test_a_torn_first_line_is_an_empty_journal(tmp_path: Path, content: bytes) -> None:
    """A campaign killed during its first event is inconclusive, not mistyped."""
    (tmp_path / "main.jsonl").write_bytes(content)

    with pytest.raises(EmptyJournalError, match="holds no whole event"):
        read(tmp_path)


@pytest.mark.parametrize("content", [b'{"level": "info"}\n', b"hello", b"PK\x03\x04", b'{"v":2,"event":"x"}\n'])
def test_a_file_of_something_else_is_foreign(tmp_path: Path, content: bytes) -> None:
    """Lines that are none of ours, or of a newer version, are the wrong directory."""
    (tmp_path / "log.jsonl").write_bytes(content)

    with pytest.raises(ForeignJournalError, match=r"log\.jsonl"):
        read(tmp_path)


def test_a_foreign_file_beside_ours_is_a_problem(main: JournalWriter, tmp_path: Path) -> None:
    """Our events are read, and what was not ours is named."""
    main.write(PhaseStarted(number=1))
    file_of(tmp_path, "log").write_text('{"level": "info"}\n')

    journal = read(tmp_path)

    assert (len(journal.records), journal.problems) == (1, ("log.jsonl:1: not an event of version 1",))


def test_a_file_that_cannot_be_read_is_a_usage_error(main: JournalWriter, tmp_path: Path) -> None:
    """What stands under a journal file's name must be readable."""
    main.write(PhaseStarted(number=1))
    file_of(tmp_path, "broken").symlink_to(tmp_path / "nowhere")

    with pytest.raises(UsageError, match=r"cannot read the journal .*broken\.jsonl.*No such file"):
        read(tmp_path)


def test_what_is_no_regular_file_is_not_waited_for(main: JournalWriter, tmp_path: Path) -> None:
    """A FIFO under a journal file's name is refused, and the tail passes it by."""
    main.write(PhaseStarted(number=1))
    os.mkfifo(file_of(tmp_path, "pipe"))

    assert len(JournalTail(tmp_path).poll()) == 1
    with pytest.raises(UsageError, match=r"cannot read the journal .*pipe\.jsonl.*no regular file"):
        read(tmp_path)


def test_a_device_is_not_read(main: JournalWriter, tmp_path: Path) -> None:
    """A link to a device that never ends is refused; one to a file is followed."""
    main.write(PhaseStarted(number=1))
    moved = file_of(tmp_path).rename(tmp_path / "moved")
    file_of(tmp_path).symlink_to(moved)
    whole = read(tmp_path)
    file_of(tmp_path, "zero").symlink_to("/dev/zero")

    assert (len(whole.records), whole.problems) == (1, ())
    with pytest.raises(UsageError, match=r"zero\.jsonl.*no regular file"):
        read(tmp_path)


def test_a_journal_is_found_from_within_and_from_above(main: JournalWriter, tmp_path: Path) -> None:
    """The campaign's directory and its journal folder both name the journal."""
    main.write(PhaseStarted(number=1))

    assert folder_of(tmp_path) == folder_of(tmp_path / "journal") == tmp_path / "journal"


def test_one_file_can_be_read_by_itself() -> None:
    """Reading a file's content needs no disk."""
    journal = read_file("main.jsonl", b"nonsense\n")

    assert (journal.records, len(journal.problems)) == ((), 1)


def test_a_tail_gives_each_event_once(main: JournalWriter, tmp_path: Path) -> None:
    """Every poll gives what was appended since the last, and nothing twice."""
    tail = JournalTail(tmp_path)
    main.write(PhaseStarted(number=1))
    first = tail.poll()
    main.write(PhaseStarted(number=2))

    polls = [[record.seq for record in poll] for poll in (first, tail.poll(), tail.poll())]

    assert polls == [[1], [2], []]


def test_a_tail_waits_for_the_end_of_a_line(main: JournalWriter, tmp_path: Path) -> None:
    """A line that is still being written is given when it is whole."""
    main.write(PhaseStarted(number=1))
    content = file_of(tmp_path).read_bytes()
    file_of(tmp_path).write_bytes(content[:20])
    tail = JournalTail(tmp_path)
    before = tail.poll()
    file_of(tmp_path).write_bytes(content)

    assert (before, len(tail.poll())) == ([], 1)


def test_a_tail_follows_files_that_appear_later(tmp_path: Path) -> None:
    """Following may begin before there is a journal, and takes in every new writer."""
    tail = JournalTail(tmp_path)
    before = tail.poll()
    write_phases(tmp_path, "gw0", 1)
    write_phases(tmp_path, "gw1", 1)

    assert (before, [record.writer for record in tail.poll()]) == ([], ["gw0", "gw1"])


def test_a_tail_loses_nothing_to_a_writer_at_full_speed(tmp_path: Path, eventually: Any) -> None:
    """What another process writes meanwhile is seen whole, in order and once."""
    tail = JournalTail(tmp_path)
    seen: list[Record] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(write_phases, tmp_path, "gw0", 500)
        eventually(lambda: seen.extend(tail.poll()) or len(seen) >= 500, within_s=20, what="all 500 events")

    assert [record.seq for record in seen] == list(range(1, 501))


def test_a_finished_test_keeps_its_evidence(main: JournalWriter, tmp_path: Path) -> None:
    """Evidence of any JSON shape survives the journal."""
    finished = TestFinished(
        node_id=NodeId("t::a"), outcome=Outcome.PASSED, duration_s=1.0, evidence={"exchanges": [{"status": 200}]}
    )
    main.write(finished)

    assert read(tmp_path).records[0].event == finished
