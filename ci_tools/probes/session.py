"""A session of our own: its token taken by another service, renewed once, and not twice."""

from collections.abc import AsyncIterator

from ci_tools.errors import TargetError
from ci_tools.evidence.redaction import excerpt
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Seen, Sighting
from ci_tools.questions import SessionProbe
from ci_tools.target.addresses import host_url
from ci_tools.target.credentials import Token
from ci_tools.target.http import Answer

_OK = range(200, 300)
_REFUSALS = (401, 403)


async def use(probe: SessionProbe, clients: Clients) -> list[Seen]:
    """Every step as a sighting, up to the first one that fails.

    Raises:
        TargetError: no token was given out.
        EvidenceError: we were throttled.
    """
    return [Seen(probe.dependency, sighting, source) async for sighting, source in _steps(probe, clients)]


async def _steps(probe: SessionProbe, clients: Clients) -> AsyncIterator[tuple[Sighting, str]]:
    credentials = await clients.issuer(probe.timeout_s).issue()
    token = credentials.token
    if token is None:
        yield Sighting(state=DependencyState.UNKNOWN, text="this environment wants no credentials"), "a token"
        return
    taken = await _accepted(probe, clients, token)
    yield taken, f"GET {host_url(clients.environment, probe.accepted_by)}{probe.accepted_path}"
    if token.refresh is None or taken.state is not DependencyState.UP:
        return
    where = f"POST {host_url(clients.environment, probe.host)}{probe.refresh_path}"
    first = await _refreshed(probe, clients, token.refresh)
    if first.status not in _OK:
        yield _refused("refresh", first, "the first use of a refresh token"), where
        return
    yield Sighting(state=DependencyState.UP, code="refreshed", latency_s=first.elapsed_s), where
    second = await _refreshed(probe, clients, token.refresh)
    if second.status in _OK:
        text = f"a used refresh token was taken again with {second.status}"
        yield Sighting(state=DependencyState.DEGRADED, code="refresh_reused", text=text), where


async def _accepted(probe: SessionProbe, clients: Clients, token: Token) -> Sighting:
    answer = await clients.patient(probe.timeout_s).request(
        probe.accepted_by, "GET", probe.accepted_path, bearer=token.access
    )
    if answer.status in _OK:
        return Sighting(state=DependencyState.UP, code="accepted", latency_s=answer.elapsed_s)
    if answer.status in _REFUSALS:
        return _refused("token_refused", answer, "a fresh token")
    what = f"{answer.method} {answer.url} answered {answer.status}: {excerpt(answer.text, 300)}"
    raise TargetError(what, status=answer.status)


async def _refreshed(probe: SessionProbe, clients: Clients, refresh: str) -> Answer:
    body = {"refresh_token": refresh}
    return await clients.patient(probe.timeout_s).request(probe.host, "POST", probe.refresh_path, json=body)


def _refused(code: str, answer: Answer, what: str) -> Sighting:
    text = f"{answer.method} {answer.url} refused {what} with {answer.status}: {excerpt(answer.text, 300)}"
    return Sighting(state=DependencyState.DOWN, code=code, text=text)
