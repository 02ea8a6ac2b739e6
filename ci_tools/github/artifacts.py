"""What earlier runs have kept on GitHub, and which of it is the last campaign on an environment."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ci_tools.github.access import server_in, token_in
from ci_tools.github.documents import ARTIFACTS, ArtifactDocument, validated
from ci_tools.github.requests import Patience, Requests

_PATH = "/actions/artifacts"
_PAGES = 5
"""Of a hundred each, the newest first: what is further back is not looked for."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """An artifact, and the run that it is of."""

    run: int
    name: str


def last_campaign(
    repo: str,
    environment: str,
    environ: Mapping[str, str],
    *,
    branch: str,
    but: int = 0,
    patience: Patience | None = None,
) -> Artifact | None:
    """The artifact of the last campaign on *environment* that a run of *branch* has kept; the run *but* counts as none.

    What runs of forks and of other branches have kept is not believed: whoever proposes a change could write it.

    Raises:
        CredentialsMissingError: there is no token in ``GITHUB_TOKEN``.
        UsageError: *repo* is no repository's name, or the token may not ask.
        IssueTrackerError: GitHub does not answer, or there is no such repository.
    """
    token = token_in(environ, f"what runs of {repo!r} have kept cannot be read", "actions: read")
    requests = Requests(repo, token, base_url=server_in(environ), patience=patience or Patience())
    name = re.compile(rf"campaign-{re.escape(environment)}-\d+-\d+-\d+")
    try:
        for page in _pages(requests):
            fitting = [one for one in page if name.fullmatch(one.name) and one.is_of(branch) and one.run != but]
            if fitting:
                newest = max(fitting, key=lambda one: one.id)
                return Artifact(newest.run, newest.name)
    finally:
        requests.close()
    return None


def _pages(requests: Requests) -> Iterator[list[ArtifactDocument]]:
    for page in range(1, _PAGES + 1):
        reply = requests.send("GET", _PATH, query={"per_page": "100", "page": str(page)})
        yield validated(ARTIFACTS, reply.document, _PATH).artifacts
        if not reply.has_next_page:
            return
