"""Fresh credentials, by the environment's own strategy."""

from typing import Any

from ci_tools.errors import RefusedCredentialsError, TargetError, UnreachableError
from ci_tools.model import DependencyState
from ci_tools.probes.clients import Clients
from ci_tools.probes.sighting import Sighting, unanswered
from ci_tools.questions import TokenProbe
from ci_tools.target.evidence import Evidence

EXPIRED = "expired"
_REFUSALS = (401, 403)


async def obtain(probe: TokenProbe, clients: Clients) -> Sighting:
    """Ask for credentials of a user of their own. *Up*: given, and not over yet.

    Raises:
        ThrottledError: the edge limited us.
        CredentialsMissingError: a secret is not in the environment.
    """
    evidence = Evidence()
    try:
        credentials = await clients.issuer(probe.timeout_s).issue(evidence=evidence)
    except UnreachableError as error:
        return unanswered(error, _elapsed_s(evidence))
    except TargetError as error:
        return Sighting(
            state=DependencyState.DOWN,
            latency_s=_elapsed_s(evidence),
            code=_code(error, evidence),
            text=str(error),
        )
    if not _exchanges(evidence) and (credentials.token is None or credentials.token.expires_at_s is None):
        # A strategy that asked nobody, and whose token says nothing: nothing was seen.
        return Sighting(state=DependencyState.UNKNOWN, text="nobody was asked for credentials")
    return Sighting(state=DependencyState.UP, latency_s=_elapsed_s(evidence), code=_status(evidence))


def _code(error: TargetError, evidence: Evidence) -> str | None:
    """The refusing status; credentials refused in spite of an answer that grants them are over."""
    status = _status(evidence)
    refused = status is not None and int(status) in _REFUSALS
    return EXPIRED if isinstance(error, RefusedCredentialsError) and not refused else status


def _exchanges(evidence: Evidence) -> list[dict[str, Any]]:
    exchanges: list[dict[str, Any]] = evidence.as_dict()["exchanges"]
    return exchanges


def _status(evidence: Evidence) -> str | None:
    exchanges = _exchanges(evidence)
    return str(exchanges[-1]["status"]) if exchanges else None


def _elapsed_s(evidence: Evidence) -> float | None:
    """Seconds that the deployed system took, our own pace not counted; None: it was not asked."""
    exchanges = _exchanges(evidence)
    return sum(exchange["elapsed_s"] for exchange in exchanges) if exchanges else None
