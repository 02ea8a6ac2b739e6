from dataclasses import replace

import pytest

from ci_tools.github.answers import OneIssueError
from ci_tools.github.changes import changes
from ci_tools.triage.operations import CloseIssue, Issue, ReopenIssue, UpdateIssue
from ci_tools.triage.state import BEGIN, END

OLD, OURS = f"{BEGIN}\nold\n{END}", f"{BEGIN}\nours\n{END}"
THEN = Issue(number=7, title="t", body=f"before\n{OLD}\nafter", author="bot", labels=("P1", "mine"), is_open=True)
UPDATE = UpdateIssue(number=7, body=f"before\n{OURS}\nafter", section=OURS, labels=None, reason="r")
CLOSE = CloseIssue(number=7, body=OURS, section=OURS, closed_as="completed", reason="r")
REOPEN = ReopenIssue(number=7, body=OURS, section=OURS, labels=None, reason="r")
CLOSED = replace(THEN, is_open=False, closed_as="completed")


def test_only_our_section_is_replaced() -> None:
    """What people wrote after the list was read stands."""
    now = replace(THEN, body=f"edited\n{OLD}\nadded")

    assert changes(UPDATE, now, THEN) == {"body": f"edited\n{OURS}\nadded"}


def test_a_section_that_people_removed_is_appended() -> None:
    """Their words come first."""
    assert changes(UPDATE, replace(THEN, body="theirs"), THEN) == {"body": f"theirs\n\n{OURS}"}


def test_a_section_is_taken_from_the_planned_body() -> None:
    """Where an operation does not name it."""
    assert changes(replace(UPDATE, section=""), THEN, THEN) == {"body": f"before\n{OURS}\nafter"}


def test_a_planned_body_without_our_section_replaces_nothing() -> None:
    """What is not between our marks would overwrite people's words."""
    with pytest.raises(OneIssueError, match="no section between"):
        changes(replace(UPDATE, section="", body="all"), THEN, THEN)


def test_what_stands_there_is_not_sent() -> None:
    """An operation that was carried out already needs no write."""
    now = replace(THEN, body=UPDATE.body, labels=("P1", "mine"))

    assert changes(replace(UPDATE, labels=("P1", "mine"), title="t"), now, THEN) == {}


def test_a_title_is_changed_within_its_limit() -> None:
    """GitHub takes 256 characters."""
    assert changes(replace(UPDATE, title="t" * 300), THEN, THEN)["title"] == "t" * 256


@pytest.mark.parametrize(
    ("standing", "sent"),
    [
        (("P1", "mine"), ["P0", "mine"]),
        (("P1", "mine", "triaged"), ["P0", "mine", "triaged"]),
        (("P1",), ["P0"]),
        ((), ["P0"]),
    ],
)
def test_labels_that_people_set_or_removed_meanwhile_stay_so(standing: tuple[str, ...], sent: list[str]) -> None:
    """Only what is planned differs from what stands."""
    planned = replace(UPDATE, labels=("P0", "mine"))

    assert changes(planned, replace(THEN, labels=standing), THEN)["labels"] == sent


def test_labels_of_an_issue_that_was_not_read_are_those_planned() -> None:
    """Without knowing how it stood nothing can be told apart."""
    assert changes(replace(UPDATE, labels=("P0",)), THEN, None)["labels"] == ["P0"]


def test_an_open_issue_is_closed() -> None:
    """With its reason."""
    assert changes(CLOSE, THEN, THEN) == {
        "body": f"before\n{OURS}\nafter",
        "state": "closed",
        "state_reason": "completed",
    }


def test_what_people_closed_meanwhile_keeps_their_reason() -> None:
    """Closing it again would overwrite why."""
    now = replace(THEN, is_open=False, closed_as="not_planned")

    assert "state_reason" not in changes(CLOSE, now, THEN)


def test_a_closed_issue_is_opened_again() -> None:
    """State and body together."""
    assert changes(REOPEN, CLOSED, CLOSED)["state"] == "open"


def test_what_people_opened_meanwhile_is_open() -> None:
    """There is nothing to open."""
    assert changes(REOPEN, THEN, CLOSED) == {"body": f"before\n{OURS}\nafter"}


@pytest.mark.parametrize("decision", ["not_planned", "duplicate"])
def test_what_people_decided_meanwhile_is_not_opened_again(decision: str) -> None:
    """Their decision is newer than the plan."""
    with pytest.raises(OneIssueError, match=f"#7 was closed as {decision} meanwhile"):
        changes(REOPEN, replace(CLOSED, closed_as=decision), CLOSED)


@pytest.mark.parametrize("text", ["x" * 60_000, "ä" * 30_000])
def test_a_body_is_limited_in_characters_and_bytes(text: str) -> None:
    """What people wrote counts; the error says how long it would be."""
    with pytest.raises(OneIssueError, match=r"the body of #7 would be 600\d\d bytes long, at most 60000"):
        changes(UPDATE, replace(THEN, body=text), THEN)
