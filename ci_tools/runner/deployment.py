"""Which deployment answers: asked at the start of a campaign and at the end of each phase."""

from datetime import UTC, datetime
from textwrap import shorten
from typing import Any

from ci_tools.errors import EvidenceError, TargetError
from ci_tools.evidence.events import DeploymentIdentified
from ci_tools.model import DEPLOYMENT, DependencyState, Deployment, DeploymentSource, Observation
from ci_tools.target.http import HttpClient

_OK = 200
_ERRORS = range(500, 600)
_SAID_CHARS = 400
"""Of what was answered instead: a platform says in a sentence that no instance was there.

It is cut between words only: half a secret is one that no pattern knows.
"""


async def identify(client: HttpClient, source: DeploymentSource) -> DeploymentIdentified:
    """What the deployed system says it is, or why it could not be told; never raises for its failures."""
    try:
        answer = await client.request(source.host, "GET", source.path)
        if answer.status != _OK:
            words = shorten(answer.text, _SAID_CHARS, placeholder=" …")
            problem = f"{answer.url} answered {answer.status}: {words}"
            return DeploymentIdentified(deployment=None, problem=problem, status=answer.status)
        body = answer.json()
    except (TargetError, EvidenceError) as error:
        return DeploymentIdentified(deployment=None, problem=str(error))
    revision = _at(body, source.revision)
    sha = _at(body, source.sha) if source.sha else None
    if not revision:
        return DeploymentIdentified(deployment=None, problem=f"{answer.url} has no text at {source.revision!r}")
    return DeploymentIdentified(deployment=Deployment(revision=revision, sha=sha))


def shown(identified: DeploymentIdentified, dependency: str, source: str) -> Observation | None:
    """What it shows of *dependency* that *source* said which deployment it is, or answered with an error of its own.

    None where it did neither: a wrong path, being throttled and no answer are for others to tell.
    """
    if identified.deployment is None and identified.status not in _ERRORS:
        return None
    return Observation(
        probe=DEPLOYMENT,
        dependency=dependency,
        kind=DEPLOYMENT,
        at=datetime.now(UTC),
        state=DependencyState.DOWN if identified.deployment is None else DependencyState.UP,
        code=None if identified.status is None else str(identified.status),
        text=identified.problem,
        source=source,
    )


def _at(body: Any, path: str) -> str | None:
    for key in path.split("."):
        body = body.get(key) if isinstance(body, dict) else None
    return body if isinstance(body, str) and body else None
