"""Passwords as scrypt digests. The cost is modest on purpose: the twin guards nobody's account."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

COST: Final = 1 << 10
BLOCK_SIZE: Final = 8
SALT_BYTES: Final = 16


def digest(password: str) -> str:
    """``scrypt$cost$salt$key`` of *password* with a fresh salt."""
    salt = secrets.token_bytes(SALT_BYTES)
    return "$".join(("scrypt", str(COST), _text(salt), _text(_key(password, salt, COST))))


def matches(password: str, stored: str | None) -> bool:
    """Whether *password* made *stored*; as slow for an unknown account (None) as for a known one."""
    scheme, cost, salt, key = (stored or NOBODY).split("$")
    computed = _key(password, base64.b64decode(salt), int(cost))
    same = hmac.compare_digest(computed, base64.b64decode(key))
    return same and scheme == "scrypt" and stored is not None


def _key(password: str, salt: bytes, cost: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=cost, r=BLOCK_SIZE, p=1)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


NOBODY: Final = digest(secrets.token_urlsafe())
