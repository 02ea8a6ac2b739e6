import pytest

from ci_tools.twin.edge.limits import Allowance, Allowances, Limiter, refused_agent


class Clock:
    """Monotonic seconds that the test moves."""

    def __init__(self) -> None:
        """It starts at an arbitrary instant."""
        self.now_s = 1000.0

    def __call__(self) -> float:
        """The present instant."""
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    """A clock in the test's hands."""
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> Limiter:
    """Two at once and one a second below /api/, three at once elsewhere."""
    return Limiter(
        Allowances(
            api=Allowance(rate_per_min=60.0, burst=2, ban_s=30.0),
            other=Allowance(rate_per_min=60.0, burst=3, ban_s=60.0),
        ),
        clock,
    )


def test_a_burst_passes_and_one_more_is_banned(limiter: Limiter) -> None:
    """Exactly the burst passes; the next is told how long its address stays out."""
    assert [limiter.admit("a", b"/api/x") for _ in range(3)] == [None, None, 30.0]


def test_the_rate_is_sustained(limiter: Limiter, clock: Clock) -> None:
    """Who keeps to the rate is never refused."""
    answers = []
    for _ in range(50):
        answers.append(limiter.admit("a", b"/x"))
        clock.now_s += 1.0

    assert answers == [None] * 50


def test_a_ban_holds_on_every_path(limiter: Limiter, clock: Clock) -> None:
    """A banned address is refused everywhere, with the time that is left."""
    for _ in range(3):
        limiter.admit("a", b"/api/x")
    clock.now_s += 10.0

    assert limiter.admit("a", b"/health") == 20.0


def test_a_ban_ends(limiter: Limiter, clock: Clock) -> None:
    """After the ban the address is served again."""
    for _ in range(3):
        limiter.admit("a", b"/api/x")
    clock.now_s += 30.0

    assert limiter.admit("a", b"/api/x") is None


def test_path_classes_are_counted_apart(limiter: Limiter) -> None:
    """What is used up below /api/ is not used up elsewhere."""
    passed = [limiter.admit("a", path) for path in (b"/api/x", b"/api/x", b"/health", b"/apis", b"/")]

    assert passed == [None] * 5


def test_addresses_are_counted_apart(limiter: Limiter) -> None:
    """One address' ban is nobody else's."""
    for _ in range(3):
        limiter.admit("a", b"/api/x")

    assert limiter.admit("b", b"/api/x") is None


def test_new_allowances_start_afresh(limiter: Limiter) -> None:
    """Changing the allowances lifts bans and holds at once."""
    for _ in range(3):
        limiter.admit("a", b"/api/x")
    single = Allowance(rate_per_min=1.0, burst=1, ban_s=5.0)
    limiter.allow(Allowances(api=single, other=single))

    assert [limiter.admit("a", b"/api/x") for _ in range(2)] == [None, 5.0]


@pytest.mark.parametrize("agent", [b"Googlebot/2.1", b"my-CRAWLER", b"spider", b"x scraper y", b"nmap Scanner"])
def test_automated_agents_are_refused(agent: bytes) -> None:
    """Any case, anywhere in the name."""
    assert refused_agent(agent)


@pytest.mark.parametrize("agent", [b"", b"netra-campaign/1.0", b"Mozilla/5.0"])
def test_other_agents_pass(agent: bytes) -> None:
    """People and our own tests are not refused."""
    assert not refused_agent(agent)
