import json
from http import HTTPStatus
from typing import Any

import pytest

from ci_tools.model import DependencyState
from ci_tools.questions import AnonymousProbe
from tests.unit.probes.frames import WELCOME, saying

PROBE = AnonymousProbe(name="anonymous", dependency="websocket", host="there", timeout_s=0.2, times=1)


async def test_nobody_who_is_let_in_is_told(survey: Any, serving: Any) -> None:
    """As whom."""
    (seen,) = await survey(PROBE, await serving(saying(WELCOME)))

    assert (seen.state, seen.code, seen.text) == (
        DependencyState.DEGRADED,
        "anonymous_accepted",
        "nobody was let in as 'u-1'",
    )


@pytest.mark.parametrize("status", [HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN])
async def test_a_refused_handshake_is_well(survey: Any, serving: Any, status: HTTPStatus) -> None:
    """That is what a door is for."""
    (seen,) = await survey(PROBE, await serving(saying(), (status, "no")))

    assert (seen.state, seen.code) == (DependencyState.UP, str(status.value))


async def test_a_connection_closed_for_policy_is_well(survey: Any, serving: Any) -> None:
    """Refused after the handshake is refused."""
    refusal = json.dumps({"type": "error_message", "data": {"code": "AUTH_FAILED"}})
    (seen,) = await survey(PROBE, await serving(saying(refusal, code=1008)))

    assert (seen.state, seen.code) == (DependencyState.UP, "1008")


async def test_a_connection_that_grants_nothing_is_well(survey: Any, serving: Any) -> None:
    """Open and mute is no welcome."""
    (seen,) = await survey(PROBE, await serving(saying()))

    assert (seen.state, seen.code) == (DependencyState.UP, "no_welcome")


async def test_a_door_out_of_order_is_down(survey: Any, serving: Any) -> None:
    """Not ready, or broken: whoever may enter cannot either."""
    (seen,) = await survey(PROBE, await serving(saying(code=1011)))

    assert (seen.state, seen.code) == (DependencyState.DOWN, "1011")


async def test_a_door_is_knocked_at_several_times(survey: Any, serving: Any) -> None:
    """One that is out of order now and then is told from one that always is."""
    probe = AnonymousProbe(name="anonymous", dependency="websocket", host="there", timeout_s=0.2, times=3)

    assert len(await survey(probe, await serving(saying(), (HTTPStatus.UNAUTHORIZED, "no")))) == 3
