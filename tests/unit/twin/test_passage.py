import pytest

from ci_tools.twin.passage import Passage, Width

WIDTH = Width(bytes_per_s=100.0, burst_bytes=50, cap_s=2.0)


@pytest.fixture
def passage() -> Passage:
    """A passage for 100 bytes a second, 50 of them at once."""
    made = Passage()
    made.widen(WIDTH)
    return made


def test_without_a_width_everything_passes() -> None:
    """Whatever arrives is through at once."""
    assert Passage().due_at(10**9, now=5.0) == 5.0


def test_a_burst_passes_at_once(passage: Passage) -> None:
    """As much as the burst is not delayed."""
    assert [passage.due_at(25, now=10.0) for _ in range(2)] == [10.0, 10.0]


def test_what_is_more_waits(passage: Passage) -> None:
    """Beyond the burst, bytes are through one after the other."""
    passage.due_at(50, now=10.0)

    assert [passage.due_at(50, now=10.0) for _ in range(2)] == pytest.approx([10.5, 11.0])


def test_nothing_waits_for_ever(passage: Passage) -> None:
    """No wait is longer than the cap, so the passage is free again that long after the load."""
    passage.due_at(10_000, now=10.0)

    assert passage.due_at(10_000, now=10.0) == 12.0
    assert passage.due_at(1, now=14.0) == 14.0


def test_a_width_in_real_seconds_meets_the_load_in_real_seconds() -> None:
    """A tenth of the time is ten times the rate, with the same burst."""
    assert WIDTH.scaled(0.1) == Width(bytes_per_s=1_000.0, burst_bytes=50, cap_s=0.2)


def test_widening_forgets_what_waited(passage: Passage) -> None:
    """Once everything may pass, nothing new waits for what came before."""
    passage.due_at(10_000, now=10.0)
    passage.widen(None)

    assert passage.due_at(10_000, now=10.0) == 10.0
