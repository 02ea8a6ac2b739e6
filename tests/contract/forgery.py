"""Tokens read without trust, and tokens that nobody issued."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any, Final


def claims_of(token: str) -> dict[str, Any]:
    """The claims of *token*, unverified."""
    claims: dict[str, Any] = json.loads(_decoded(token.split(".")[1]))
    return claims


def header_of(token: str) -> dict[str, Any]:
    """The header of *token*, unverified."""
    header: dict[str, Any] = json.loads(_decoded(token.split(".", maxsplit=1)[0]))
    return header


def with_claims(token: str, **changes: object) -> str:
    """*token* with *changes* to its claims and the signature it had."""
    header, _, signature = token.split(".")
    return f"{header}.{_encoded({**claims_of(token), **changes})}.{signature}"


def signed_with(secret: str, token: str) -> str:
    """The header and claims of *token*, signed with *secret*."""
    signed = token.rpartition(".")[0]
    signature = hmac.new(secret.encode(), signed.encode(), hashlib.sha256).digest()
    return f"{signed}.{_text(signature)}"


def reissued(secret: str, token: str, **changes: object) -> str:
    """*token* with *changes* to its claims, signed as the auth service would; None removes a claim."""
    claims = {name: value for name, value in {**claims_of(token), **changes}.items() if value is not None}
    return signed_with(secret, f"{token.split('.', maxsplit=1)[0]}.{_encoded(claims)}.")


def unsigned(token: str) -> str:
    """The claims of *token* under the algorithm ``none``."""
    return f"{_encoded({'alg': 'none', 'typ': 'JWT'})}.{token.split('.')[1]}."


def subprotocol(token: str) -> str:
    """*token* as the subprotocol that carries it."""
    return f"jwt.{_text(token.encode())}"


def _encoded(value: object) -> str:
    return _text(json.dumps(value).encode())


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


FORGERIES: Final[dict[str, Callable[[str, str], str]]] = {
    "no token at all": lambda _, __: "x",
    "another user's claims": lambda access, _: with_claims(access, sub="somebody-else"),
    "a longer life": lambda access, _: with_claims(access, exp=int(time.time()) + 99_999),
    "more permissions": lambda access, _: with_claims(access, permissions=["admin"]),
    "another secret": lambda access, _: signed_with("x" * 32, access),
    "no signature": lambda access, _: unsigned(access),
    "a cut signature": lambda access, _: access[:-6],
    "a refresh token": lambda _, refresh: refresh,
}
"""Ways to make, of an access and a refresh token, a bearer that must not authenticate."""

MISMATCHES: Final[dict[str, dict[str, object]]] = {
    "expired": {"exp": 1_700_000_000},
    "without an end": {"exp": None},
    "of another issuer": {"iss": "somebody-else"},
    "without an issuer": {"iss": None},
    "for another audience": {"aud": "another-platform"},
    "without an audience": {"aud": None},
    "of no type": {"token_type": None},
    "of type refresh": {"token_type": "refresh"},
    "of type oauth_state": {"token_type": "oauth_state"},
    "without an id": {"jti": None},
    "of nobody": {"sub": None},
}
"""Changes to the claims of a token that make it no bearer, even well signed."""
