from ci_tools.diagnosis.hypotheses import Certainty, hypotheses
from tests.unit.diagnosis.clinic import clue, failure, knowledge, well


def named(*clues: object) -> list[tuple[str, str, Certainty]]:
    """Cause, place and certainty of each hypothesis about *clues*, the likeliest first."""
    return [(one.cause.id, one.dependency, one.certainty) for one in hypotheses(clues, knowledge())]  # type: ignore[arg-type]


def test_a_discriminating_observation_confirms() -> None:
    """The likeliest hypothesis stands first."""
    assert named(clue("cache", "connection refused")) == [
        ("refused", "cache", Certainty.CONFIRMED),
        ("unreachable", "cache", Certainty.SUSPECTED),
    ]


def test_a_failing_test_is_hearsay() -> None:
    """However much its text discriminates."""
    assert named(failure("cache", "connection refused"))[0] == ("refused", "cache", Certainty.SUSPECTED)


def test_a_cause_strikes_only_where_it_can() -> None:
    """Late answers of another dependency are not this cause."""
    assert named(well("cache", latency_s=5.0)) == []
    assert named(well("store", latency_s=5.0)) == [("slow", "store", Certainty.SUSPECTED)]


def test_a_text_names_its_place_better_than_whoever_told_it() -> None:
    """A service's error can be its cache's."""
    assert named(clue("service", "no such name"))[0] == ("dirty", "cache", Certainty.CONFIRMED)


def test_nothing_speaks_for_nothing() -> None:
    """No hypothesis without a clue."""
    assert named(well("cache")) == []
