from dataclasses import replace

from ci_tools.triage.book import Entry, Kind
from ci_tools.triage.fitting import MAX_BODY_BYTES
from ci_tools.triage.operations import CloseIssue
from ci_tools.triage.shared import MARKER, adopted, first_of_many, umbrella
from ci_tools.triage.state import parts_in
from tests.unit.triage.scenarios import STRANGER
from tests.unit.triage.test_state import state


def entries(count: int, shown: str = "shown") -> list[Entry]:
    """So many incidents on one page."""
    return [Entry(STRANGER, Kind.UMBRELLA, state(f"part {number}"), shown) for number in range(count)]


def test_where_room_is_short_the_later_ones_show_only_their_names() -> None:
    """All of them are remembered."""
    created = first_of_many("here", "c1", entries(25, "x" * 5_000), "too many")

    parts = parts_in(created.body)
    assert len(created.body.encode()) <= MAX_BODY_BYTES
    assert [one.dependency for _, one in parts] == [f"part {number}" for number in range(25)]
    assert parts[0][0] == "x" * 5_000
    assert parts[-1][0] == "### part 24: refused"


def test_an_issue_in_which_nothing_is_told_any_more_is_closed() -> None:
    """It says so."""
    closed = umbrella(STRANGER, [])

    assert isinstance(closed, CloseIssue)
    assert closed.closed_as == "completed"
    assert "Everything that was told here has an issue of its own by now" in closed.section


def test_a_comment_in_an_issue_of_people_is_found_again() -> None:
    """By its marker; a severity that people have set is not doubled."""
    urgent = replace(STRANGER, labels=("e2e-campaign", "P0"))

    assert adopted(1, urgent, entries(1), "known").add_labels == ()
    assert adopted(1, None, entries(1), "known").add_labels == ("e2e-campaign", "P1")
    assert adopted(1, None, entries(1), "known").body.startswith(MARKER)
