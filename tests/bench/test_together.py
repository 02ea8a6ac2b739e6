import pytest

from tests.bench import together


def test_the_same_work_is_compared_with_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """What all cores take for it at once, by their median, over what one takes alone."""
    taken = {1: [1.0], 3: [1.2, 1.3, 9.0]}
    monkeypatch.setattr(together, "_cpu_s", lambda processes, _rounds: taken[processes])

    assert together.inflation(3) == pytest.approx(1.3)


def test_each_process_tells_its_own_cpu_seconds() -> None:
    """One figure for each that worked."""
    assert [seconds > 0 for seconds in together._cpu_s(2, rounds=1)] == [True, True]
