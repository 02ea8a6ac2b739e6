"""The one redactor that everything leaving the machine passes. It fails closed."""

import base64
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

MASK = "[redacted]"
_SHORTEST_SECRET = 6
"""Shorter values are words, not secrets: masking them would destroy every text."""

_SECRET_NAME = re.compile(r"(SECRET|TOKEN|PASSWORD|PASSWD|_KEY|APIKEY|CREDENTIAL|PRIVATE|DSN|BYPASS)", re.IGNORECASE)
_NOT_SECRET_NAME = re.compile(r"(_FILE|_PATH|_URI|_HOST|_PORT|_ENV|_NAME|_ID|_DIR)$", re.IGNORECASE)

_PATTERNS = (
    # A JSON Web Token, also without its signature.
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?"),
    # Google's and GitHub's own token forms.
    re.compile(r"\bya29\.[A-Za-z0-9_.-]{8,}"),
    re.compile(r"\bAIza[A-Za-z0-9_-]{30,}"),
    re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,})"),
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    # The password of a DSN or URL; user and host stay readable.
    re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,100}:)[^\s@/'\"]{1,300}(?=@)", re.IGNORECASE),
    re.compile(r"(?P<keep>\bAuthorization['\"]?\s*[:=]\s*['\"]?)(?:(?:Bearer|Basic)\s+)?[^\s'\",;]+", re.IGNORECASE),
    re.compile(r"(?P<keep>\bBearer\s+)[A-Za-z0-9._~+/-]{8,}=*", re.IGNORECASE),
    re.compile(r"(?P<keep>\b(?:Set-)?Cookie['\"]?\s*[:=]\s*['\"]?)[^\r\n'\"]+", re.IGNORECASE),
    re.compile(
        r"(?P<keep>\b[\w-]{0,40}(?:password|passwd|secret|api[_-]?key|bypass[_-]?key|refresh_token|access_token)['\"]?\s*[:=]\s*['\"]?)"
        r"(?!\[redacted\])[^\s'\",;&}]{6,}",
        re.IGNORECASE,
    ),
)


def _forms(secret: str) -> set[str]:
    raw = secret.encode()
    encoded = base64.b64encode(raw).decode()
    return {
        secret,
        encoded.rstrip("="),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    }


def secrets_of(environ: Mapping[str, str], names: Iterable[str] = ()) -> frozenset[str]:
    """The values in *environ* that must never leave: by the look of their name, or named in *names*."""
    named = set(names)
    return frozenset(
        value
        for name, value in environ.items()
        if name in named or (_SECRET_NAME.search(name) and not _NOT_SECRET_NAME.search(name))
    )


class Redactor:
    """Masks known secrets in every usual encoding, and whatever looks like a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        stripped = {part for secret in secrets for part in (secret, secret.strip())}
        forms = {form for secret in stripped if len(secret) >= _SHORTEST_SECRET for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """*text* without credentials; if masking itself fails, nothing of it."""
        try:
            masked = self._known.sub(MASK, text) if self._known else text
            for pattern in _PATTERNS:
                masked = pattern.sub(_mask, masked)
        except Exception:  # noqa: BLE001 - whatever goes wrong here, the text must not leave unmasked
            return "[withheld: redaction failed]"
        return masked

    def value(self, value: Any) -> Any:
        """A JSON value of the same shape, every string (keys too) masked."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value


def _mask(match: re.Match[str]) -> str:
    kept = match.groupdict().get("keep") or ""
    return kept + MASK
