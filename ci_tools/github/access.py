"""What whoever speaks with GitHub finds in its environment: a token, and the server it is for."""

from collections.abc import Mapping

from ci_tools.errors import CredentialsMissingError

API = "https://api.github.com"


def token_in(environ: Mapping[str, str], undone: str, permission: str) -> str:
    """The token in ``GITHUB_TOKEN``.

    Raises:
        CredentialsMissingError: there is none; then *undone* is what stays so, and *permission* what it takes.
    """
    token = environ.get("GITHUB_TOKEN", "").strip()
    if not token:
        raise CredentialsMissingError(
            f"GITHUB_TOKEN is not set, and {undone} without; set it to a token with the permission {permission}"
        )
    return token


def server_in(environ: Mapping[str, str]) -> str:
    """The URL of GitHub's API, or of the one that ``GITHUB_API_URL`` names."""
    return environ.get("GITHUB_API_URL") or API
