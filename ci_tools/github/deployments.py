"""The status of a deployment on GitHub: what a campaign found stands where people look for it."""

from collections.abc import Mapping

from ci_tools.errors import UsageError
from ci_tools.github.access import server_in, token_in
from ci_tools.github.answers import AbsentError
from ci_tools.github.requests import Patience, Requests
from ci_tools.model import Verdict
from ci_tools.triage.inertness import plain
from ci_tools.triage.surroundings import require_link

_MAX_DESCRIPTION = 140
_STATES = {Verdict.PASS: "success", Verdict.FAIL: "failure", Verdict.INCONCLUSIVE: "error"}


def tell_deployment(
    repo: str,
    number: int,
    verdict: Verdict,
    words: str,
    environ: Mapping[str, str],
    *,
    log_url: str = "",
    patience: Patience | None = None,
) -> str:
    """Give deployment *number* of *repo* the status of *verdict*, which is returned in GitHub's words.

    Telling it twice is harmless: the last status of a deployment counts. Others stay active.

    Raises:
        CredentialsMissingError: there is no token in ``GITHUB_TOKEN``.
        UsageError: there is no such repository or deployment, the token may not do it, or *log_url* is no link.
    """
    require_link(log_url)
    token = token_in(environ, f"no deployment of {repo!r} can be told", "deployments: write")
    state = _STATES[verdict]
    document = {
        "state": state,
        "description": plain(words, _MAX_DESCRIPTION)[:_MAX_DESCRIPTION],
        "auto_inactive": False,
    }
    requests = Requests(repo, token, base_url=server_in(environ), patience=patience or Patience(between_writes_s=0))
    try:
        requests.send(
            "POST",
            f"/deployments/{number}/statuses",
            document=document | ({"log_url": log_url} if log_url else {}),
        )
    except AbsentError as error:
        raise UsageError(f"{error}; give --deployment the number of one of {repo}") from error
    finally:
        requests.close()
    return state
