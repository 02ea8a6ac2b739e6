"""One request for a JSON answer, held against what a probe expects of it."""

import json
from typing import Any

from ci_tools.errors import UnreachableError
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.expectation import Mismatch, MissingPathError, milliseconds, mismatches, stand_in
from ci_tools.probes.sighting import Sighting, unanswered
from ci_tools.questions import HttpJsonProbe
from ci_tools.target.evidence import Evidence
from ci_tools.target.http import Answer


async def ask(probe: HttpJsonProbe, clients: Clients) -> Sighting:
    """Ask once. *Up* is the expected status with a JSON answer that holds all that is expected.

    Raises:
        EvidenceError: we were throttled, or had no credentials.
    """
    bearer = await clients.bearer(probe.timeout_s) if probe.authenticated else None
    evidence = Evidence()
    client = clients.patient(probe.timeout_s)
    try:
        answer = await client.request(
            probe.host, method(probe), probe.path, json=probe.body, bearer=bearer, evidence=evidence
        )
    except UnreachableError as error:
        return unanswered(error, evidence.as_dict()["exchanges"][-1]["elapsed_s"])
    return _judged(probe, answer)


def method(probe: HttpJsonProbe) -> str:
    """What the probe asks by."""
    return "GET" if probe.body is None else "POST"


def _judged(probe: HttpJsonProbe, answer: Answer) -> Sighting:
    code = str(answer.status)
    measured_s = None if probe.latency_ms else answer.elapsed_s
    if answer.status != probe.status:
        text = f"{answer.status} instead of {probe.status}{_whither(answer)}{_words(answer)}"
        return Sighting(state=DependencyState.DOWN, latency_s=measured_s, code=code, text=text)
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        text = f"{answer.media_type or 'an untyped answer'} {answer.no_json}{_words(answer)}"
        return Sighting(state=DependencyState.DOWN, latency_s=measured_s, code=code, text=text)
    latency_s, unmeasured = _server_latency(probe, document) if probe.latency_ms else (measured_s, ())
    wrong = (*mismatches(document, probe.expect), *_made_up(document)) or unmeasured
    return Sighting(
        state=_worst(wrong), latency_s=latency_s, code=code, text="; ".join(mismatch.text for mismatch in wrong)
    )


def _words(answer: Answer) -> str:
    body = answer.text.strip()
    return f": {body}" if body else ""


def _whither(answer: Answer) -> str:
    # The query of a redirect may hold a credential.
    location = answer.headers.get("location", "").partition("?")[0]
    return f", to {location}" if location else ""


def _made_up(document: Any) -> tuple[Mismatch, ...]:
    text = stand_in(document)
    return (Mismatch(state=DependencyState.DOWN, text=text),) if text else ()


def _server_latency(probe: HttpJsonProbe, document: Any) -> tuple[float | None, tuple[Mismatch, ...]]:
    """The server's own figure in seconds; without one the answer is not as agreed, though the dependency may be up."""
    try:
        return milliseconds(document, probe.latency_ms or "") / 1000, ()
    except MissingPathError as error:
        text = f"{error}; expected its latency in milliseconds"
        return None, (Mismatch(state=DependencyState.DEGRADED, text=text),)


def _worst(wrong: tuple[Mismatch, ...]) -> DependencyState:
    states = {mismatch.state for mismatch in wrong}
    if DependencyState.DOWN in states:
        return DependencyState.DOWN
    return DependencyState.DEGRADED if states else DependencyState.UP
