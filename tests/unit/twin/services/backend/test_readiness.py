import pytest

from ci_tools.twin.services.backend.readiness import USABLE, RedisMode, redis_mode, score
from ci_tools.twin.services.health import Checked

UP = Checked("healthy", connected=True, response_time_ms=1.0)


def _down(error: str) -> Checked:
    return Checked("unhealthy", connected=False, response_time_ms=500.0, error=error)


@pytest.mark.parametrize(
    ("checked", "env", "mode"),
    [
        (UP, {}, "connected"),
        (_down("Timeout connecting to server"), {}, "vpc_connectivity_degraded"),
        (_down("Timeout reading from 10.166.204.83:6379"), {}, "vpc_connectivity_degraded"),
        (_down("Error 111 connecting to 10.166.204.83:6379. Connection refused."), {}, "failed"),
        (_down("Authentication required."), {}, "failed"),
        (_down("Error 111"), {"REDIS_MODE": "optional"}, "skipped_optional"),
        (UP, {"REDIS_MODE": "optional"}, "connected"),
        (UP, {"REDIS_MODE": "disabled"}, "disabled_optional"),
    ],
)
def test_the_mode_of_redis_follows_from_what_was_seen(checked: Checked, env: dict[str, str], mode: str) -> None:
    """What Redis answered and whether it is wanted give one of the five modes."""
    assert redis_mode(checked, env) == mode


def test_only_a_wanted_and_absent_redis_stops_readiness() -> None:
    """Degraded and failed are the modes that are not ready."""
    assert set(RedisMode) - USABLE == {RedisMode.VPC_CONNECTIVITY_DEGRADED, RedisMode.FAILED}


def test_the_score_is_the_share_of_capabilities() -> None:
    """Two of three capabilities are 0.667."""
    assert score({"one": True, "two": True, "three": False}) == 0.667
