"""What a secret looks like in a text that stands in ``campaign.toml``, or in what variables make of one."""

import re

_SECRET_VALUE = re.compile(
    r"""
    ://[^/\s:@]*:[^/\s@]+@                          # a URL with a password
    | \bbearer\s+(?!\$\{)\S+
    | \beyJ[\w-]{8,}\.[\w-]+                         # a JSON Web Token
    | \b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|AIza|ya29\.)[\w-]{10,}
    | \bAKIA[0-9A-Z]{12,}
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY
    | (?:token|secret|password|passwd|api_?key|[?&]key)=\S+
    """,
    re.IGNORECASE | re.VERBOSE,
)


def looks_secret(text: str) -> bool:
    """Whether *text* holds what looks like a secret."""
    return bool(_SECRET_VALUE.search(text))
