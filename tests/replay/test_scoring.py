import pytest

from tests.replay.scoring import scored


@pytest.mark.parametrize(
    ("told", "merges"),
    [((), 0), (({"one"}, {"other"}), 0), (({"one", "other"}, {"one"}), 1), ((["one", "one"], ()), 0)],
)
def test_an_issue_about_two_causes_is_a_wrong_merge(told: tuple[set[str], ...], merges: int) -> None:
    """Many failures of one cause are none, and an issue about no failing test is one more."""
    figures = scored(causes=2, told=told, mails=0, reads=0, writes=0)

    assert (figures.wrong_merges, figures.issues) == (merges, len(told))


def test_issues_are_counted_by_cause_and_requests_together() -> None:
    """Half as many as causes is as wrong as twice."""
    figures = scored(causes=2, told=[{"one", "other"}], mails=3, reads=4, writes=5)

    assert (figures.issues_per_cause, figures.calls, figures.mails) == (0.5, 9, 3)
