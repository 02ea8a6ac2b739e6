from ci_tools.twin.services.breaker import Breaker, BreakerState


def _failed(times: int) -> Breaker:
    breaker = Breaker("redis", threshold=3, pause_s=5.0)
    for _ in range(times):
        breaker.failed(now=100.0)
    return breaker


def test_fewer_failures_than_the_threshold_leave_it_closed() -> None:
    """Two of three failures change nothing."""
    assert _failed(2).state(100.0) is BreakerState.CLOSED


def test_the_threshold_opens_it_for_its_pause() -> None:
    """The third failure in a row opens it until the pause is over."""
    breaker = _failed(3)

    assert (breaker.allows(104.9), breaker.allows(105.0)) == (False, True)


def test_after_the_pause_one_call_may_try() -> None:
    """After the pause it is half open."""
    assert _failed(3).state(105.0) is BreakerState.HALF_OPEN


def test_a_failed_try_opens_it_again() -> None:
    """A failure while half open begins a new pause."""
    breaker = _failed(3)
    breaker.failed(now=106.0)

    assert breaker.state(110.9) is BreakerState.OPEN


def test_a_success_closes_it_and_forgets() -> None:
    """After a success it takes the whole threshold again."""
    breaker = _failed(3)
    breaker.succeeded()
    breaker.failed(now=120.0)

    assert breaker.state(120.0) is BreakerState.CLOSED
