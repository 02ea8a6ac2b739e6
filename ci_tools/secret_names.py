"""Which variables hold secrets, by their names: one rule for those that refuse them and those that mask them."""

import re

ANYWHERE = (
    *("SECRET", "TOKEN", "PASSWORD", "PASSWD", "_KEY", "APIKEY", "ACCESSKEY", "SIGNINGKEY"),
    *("CREDENTIAL", "PRIVATE", "DSN", "BYPASS", "BEARER"),
)
"""What tells a secret wherever in a name it stands."""
ALONE = ("PASS", "PASSPHRASE", "PWD", "PAT", "CREDS", "WEBHOOK", "SALT", "SIGNING", "KEY", "KEYS")
"""Short words that tell one as a whole word: not within PATH, PASSED or COMPASS."""
HARMLESS_ENDINGS = ("_FILE", "_PATH", "_URI", "_HOST", "_PORT", "_ENV", "_NAME", "_ID", "_DIR")
"""What only says where a secret is, or whose, ends like this."""
SHORTEST_SECRET = 6
"""Shorter values are words, not secrets: masking them would destroy every text."""

_SECRET = re.compile(
    # PWD itself is where a shell stands.
    rf"{'|'.join(ANYWHERE)}|(?!^PWD$)(?<![A-Z0-9])(?:{'|'.join(ALONE)})(?![A-Z0-9])",
    re.IGNORECASE,
)
_HARMLESS = re.compile(rf"(?:{'|'.join(HARMLESS_ENDINGS)})$", re.IGNORECASE)


def is_secret_name(name: str) -> bool:
    """Whether what the variable *name* holds must never leave."""
    return bool(_SECRET.search(name)) and not _HARMLESS.search(name)
