import json
from pathlib import Path

import pytest

from ci_tools.__main__ import main
from ci_tools.errors import ExitCode
from ci_tools.strangers import KEYS, LONGEST_LINE_BYTES

REFUSED = json.dumps({"id": "a", "message": "Error 111 connecting to 10.1.2.3:6379. Connection refused."})
EXPIRED = json.dumps({"id": "b", "message": "Signature has expired"})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a test writes its failures."""
    return tmp_path / "failures.jsonl"


def test_every_failure_is_answered(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line of JSON for each line, in its order."""
    file.write_text(f"{REFUSED}\n\n{EXPIRED}\n", encoding="utf-8")

    assert main(["diagnose", str(file)]) == ExitCode.PASS
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["id"], one["cause"], one["confidence"]) for one in answers] == [
        ("a", "redis_down", "high"),
        ("b", "jwt_expired", "high"),
    ]
    assert set(answers[0]) == {"id", "fingerprint", "cause", "confidence", "why"}


def test_answers_go_into_a_file(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --out nothing is printed."""
    file.write_text(REFUSED, encoding="utf-8")
    out = tmp_path / "answers.jsonl"

    assert main(["diagnose", str(file), "--out", str(out)]) == ExitCode.PASS
    assert json.loads(out.read_text(encoding="utf-8"))["id"] == "a"
    assert capsys.readouterr().out == ""


def test_what_is_read_is_not_written_over(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The failures are evidence; nor is any other file written over."""
    file.write_text(REFUSED, encoding="utf-8")

    assert main(["diagnose", str(file), "--out", str(file)]) == ExitCode.USAGE
    assert f"cannot write '{file}': File exists" in capsys.readouterr().err
    assert file.read_text(encoding="utf-8") == REFUSED


def test_no_answers_leave_no_file(file: Path, tmp_path: Path) -> None:
    """It would be taken for an answer."""
    file.write_text("", encoding="utf-8")

    assert main(["diagnose", str(file), "--out", str(tmp_path / "answers.jsonl")]) == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == [file]


def test_failures_of_one_run_are_read_together(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With --joint a consequence is told from its cause."""
    late = json.dumps({"id": "late", "message": "database check degraded, took 5.08 s"})
    dirty = json.dumps({"id": "dirty", "message": "Error -3 connecting to 10.1.2.3:6379. Try again."})
    file.write_text(f"{late}\n{dirty}\n", encoding="utf-8")

    assert main(["diagnose", str(file), "--joint"]) == ExitCode.PASS
    assert [json.loads(line)["cause"] for line in capsys.readouterr().out.splitlines()] == [
        "downstream",
        "secret_dirty",
    ]


def test_lines_of_which_nothing_is_read_are_counted_once(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are answered all the same, and whoever wrote them learns which keys there are."""
    mute = [json.dumps(line) for line in ({"text": "Signature has expired"}, {"id": "c", "log": "x"}, {"message": 7})]
    file.write_text("\n".join([*mute, EXPIRED]), encoding="utf-8")

    assert main(["diagnose", str(file)]) == ExitCode.PASS
    said = capsys.readouterr()
    assert [json.loads(line)["cause"] for line in said.out.splitlines()] == [*["unknown"] * 3, "jwt_expired"]
    assert said.err == (
        f"ci-tools: {file}: 3 of 4 lines hold nothing that is read, so nothing is known of them; "
        "read are, beside id: kind, test, exc_type, message, excerpt, duration_s, timestamp\n"
    )


@pytest.mark.parametrize("key", KEYS)
def test_every_key_that_is_read_says_something(key: str, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """None of them is named in vain; the help names all of them."""
    values = {"duration_s": 1.5, "timestamp": "2026-03-01 10:00:00"}
    file.write_text(json.dumps({key: values.get(key, "said")}), encoding="utf-8")

    assert main(["diagnose", str(file)]) == ExitCode.PASS
    assert capsys.readouterr().err == ""
    with pytest.raises(SystemExit):
        main(["diagnose", "--help"])
    assert key in capsys.readouterr().out


def test_a_bad_line_is_named_and_the_others_are_answered(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What could not be read makes the answer incomplete, and does not end it."""
    file.write_bytes(f"{REFUSED}\nno json\n[]\n".encode() + b"\xff\xfe\n" + f"{EXPIRED}\n".encode())

    assert main(["diagnose", str(file)]) == ExitCode.INCONCLUSIVE
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 2
    assert [line.split(": ")[1] for line in said.err.splitlines()] == [f"{file}:{number}" for number in (2, 3, 4)]


def test_a_line_without_end_is_skipped(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A line longer than any failure is not taken into memory."""
    with file.open("wb") as stream:
        stream.write(b"x" * (2 * LONGEST_LINE_BYTES + 7))
        stream.write(f"\n{REFUSED}\n".encode())

    assert main(["diagnose", str(file)]) == ExitCode.INCONCLUSIVE
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 1
    assert f"{file}:1: longer than {LONGEST_LINE_BYTES} bytes, skipped" in said.err


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_a_file_of_nothing_is_an_error(file: Path, content: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No evidence is never an answer."""
    file.write_text(content, encoding="utf-8")

    assert main(["diagnose", str(file)]) == ExitCode.USAGE
    assert "holds no failure" in capsys.readouterr().err


def test_a_missing_file_is_an_error(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The file is named."""
    assert main(["diagnose", str(file)]) == ExitCode.USAGE
    assert f"cannot read '{file}'" in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_an_error(
    file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The place that was named is said."""
    file.write_text(REFUSED, encoding="utf-8")

    assert main(["diagnose", str(file), "--out", str(tmp_path)]) == ExitCode.USAGE
    assert f"cannot write '{tmp_path}'" in capsys.readouterr().err


def test_hostile_words_are_inert(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Control characters, marks of direction and markup come out as JSON's own escapes."""
    hostile = "\x1b[31m\u202e\x00<script>::error::\ud800"
    file.write_text(json.dumps({"id": hostile, "message": f"{hostile} Signature has expired"}), encoding="utf-8")

    assert main(["diagnose", str(file)]) == ExitCode.PASS
    out = capsys.readouterr().out
    assert out.strip().isascii()
    assert out.strip().isprintable()
    assert json.loads(out)["cause"] == "jwt_expired"


def test_a_secret_does_not_come_out(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a stranger has taken one for a name."""
    monkeypatch.setenv("SHOP_SECRET", "correct-horse-battery")
    twice = [
        json.dumps({"id": "correct-horse-battery", "message": text})
        for text in ("something", "QueuePool limit reached")
    ]
    file.write_text("\n".join(twice), encoding="utf-8")

    main(["diagnose", str(file), "--joint"])
    assert "correct-horse" not in capsys.readouterr().out
