"""What whoever speaks with GitHub finds in its environment: a token, and the server it is for."""

import re
from collections.abc import Mapping

from ci_tools.errors import CredentialsMissingError, UsageError

API = "https://api.github.com"
_TOKEN = re.compile(r"[!-~]+")


def token_in(environ: Mapping[str, str], undone: str, permission: str) -> str:
    """The token in ``GITHUB_TOKEN``.

    Raises:
        CredentialsMissingError: there is none; then *undone* is what stays so, and *permission* what it takes.
        UsageError: it could not stand in a header.
    """
    token = environ.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise CredentialsMissingError(
            f"GITHUB_TOKEN is not set, and {undone} without; set it to a token with the permission {permission}"
        )
    if _TOKEN.fullmatch(token) is None:
        raise UsageError(
            "what stands in GITHUB_TOKEN is no token: it holds a space, a line break or a sign that is not ASCII; "
            f"set it to a token with the permission {permission}, and to nothing else"
        )
    return token


def server_in(environ: Mapping[str, str]) -> str:
    """The URL of GitHub's API, or of the one that ``GITHUB_API_URL`` names."""
    return environ.get("GITHUB_API_URL") or API
