"""The one redactor that everything leaving the machine passes. It fails closed."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from ci_tools.evidence.fragments import Fragments
from ci_tools.secret_names import SHORTEST_SECRET, is_secret_name

MASK = "[redacted]"
_SHORTEST_LINE = 12
"""A log shows a secret of several lines one by one; its shorter lines are brackets and words."""

_SHORT = 200
_REMEMBERED = 2_048
"""Every event repeats the names of its fields, and most repeat names of tests: short texts are masked once."""

_MASKED = 8
"""An excerpt is masked over this many times its length."""

_SECRET_FIELD = re.compile(
    r"(?:passw(?:or)?d|secret|(?:api|bypass|private|secret)[_-]?key|token|authorization|cookie)$", re.IGNORECASE
)

# Each pattern is linear in its text, which comes from outside: a run is entered only at its start (look-behind)
# and never given back (possessive), or it is bounded, or it is the last thing that has to match. Only single
# characters are possessive: before 3.11.5 Python loses matches of a possessive group.
_QUOTES = r"[\\'\"]{0,8}"
_ASSIGNED = rf"{_QUOTES}\s{{0,20}}[:=]\s{{0,20}}"
_HEADER = rf"(?:{_ASSIGNED}|['\"]\s{{0,20}},\s{{0,20}})(?:b(?=['\"]))?{_QUOTES}"
_SHAPES: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    # A JSON Web Token, also without its signature; then one in base64, as the WebSocket subprotocol carries it.
    (
        ("eyj",),
        re.compile(
            r"(?<![A-Za-z0-9_-])(?P<keep>(?:(?!eyJ)[A-Za-z0-9_-])*)"
            r"eyJ[A-Za-z0-9_-]{8,}+\.[A-Za-z0-9_-]{8,}+(?:\.[A-Za-z0-9_-]*+){0,4}"
        ),
    ),
    (
        ("zxlk",),
        re.compile(r"(?<![A-Za-z0-9+/_-])ZXlK[A-Za-z0-9+/_-]{20,}+=*+"),
    ),
    # The token forms of Google, GitHub, GitLab, Slack, Amazon, and of those that sell language models.
    (
        ("ya29.",),
        re.compile(r"\bya29\.[A-Za-z0-9_.-]{8,}+"),
    ),
    (
        ("aiza",),
        re.compile(r"\bAIza[A-Za-z0-9_-]{30,}+"),
    ),
    (
        ("gh", "github_pat_"),
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_[A-Za-z0-9_]{16,}+)"),
    ),
    (
        ("glpat-",),
        re.compile(r"\bglpat-[A-Za-z0-9_.-]{16,}+"),
    ),
    (
        ("xox",),
        re.compile(r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}+"),
    ),
    (
        ("hooks.slack.com/",),
        re.compile(r"(?P<keep>\bhooks\.slack\.com/(?:services|workflows|triggers)/)[A-Za-z0-9_/-]{8,}+"),
    ),
    (
        ("akia", "asia"),
        re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}+"),
    ),
    (
        ("sk-",),
        re.compile(r"(?<![A-Za-z0-9_-])sk-(?=[A-Za-z_-]{0,40}[0-9])[A-Za-z0-9_-]{20,}+"),
    ),
    (
        ("-----begin ",),
        re.compile(
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|\Z)", re.DOTALL
        ),
    ),
    # The password of a DSN or URL; user and host stay readable, and a port is no password.
    (
        ("://",),
        re.compile(
            r"(?P<keep>\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@'\"]{0,100}:)(?!\d{1,5}(?:[/?#\s]|$))[^\s'\"]{1,300}(?=@)",
            re.IGNORECASE,
        ),
    ),
    (
        ("author",),
        re.compile(
            rf"(?P<keep>\bAuthorization{_HEADER})"
            r"(?:Digest[^\r\n]++|(?:[a-z][\w-]{0,30}+\s{1,20}+)?(?:\\[^\s'\"]|[^\s'\",;\\])+)",
            re.IGNORECASE,
        ),
    ),
    (
        ("bearer",),
        re.compile(r"(?P<keep>\bBearer\s{1,20})[A-Za-z0-9._~+/-]{8,}+=*+", re.IGNORECASE),
    ),
    (
        ("cook",),
        re.compile(rf"(?P<keep>\b(?:Set-)?Cookie{_HEADER})(?:\\[^\r\n'\"]|[^\r\n'\"\\])+", re.IGNORECASE),
    ),
    (
        ("?", "&"),
        re.compile(r"(?P<keep>[?&](?:[a-z_-]{0,20}token|key|code|sig|signature)=)[^\s&#'\"\\]{6,}+", re.IGNORECASE),
    ),
    # Assigned to a telling name: quoted, quoted within a quoted text, or bare. The character after a quote
    # tells an opening quote from the end of a JSON string.
    (
        ("passw", "ecret", "key", "oken"),
        re.compile(
            r"(?P<keep>(?:passw(?:or)?d|secret|(?:api|bypass|private)[_-]?key|(?:access|refresh)_token)"
            rf"(?-i:[A-Z0-9_]{{0,40}}){_ASSIGNED}"
            r"(?:(?P<quote>['\"])(?=[^\s,:\]}])|(?P<inner>\\{1,8}['\"])|))"
            r"(?(quote)(?:(?!(?P=quote))(?:\\.|[^\\]))+"
            r"|(?(inner)[^'\"\\]++"
            r"|(?!\[redacted\])(?:\\[^\s'\"]|[^\s'\",;&}\\]){6,}))",
            re.IGNORECASE | re.DOTALL,
        ),
    ),
)
"""What a credential looks like, and signs of which one is in every text that holds it, casefolded: to look for these is
quick. No pattern that ignores case has a sign with an i, whose dotless relatives it would take for one."""

_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?!.*-----END )")
_KEY_ENDS = re.compile(r"-----END [A-Z ]{0,40}PRIVATE KEY-----")
_LONGEST_KEY_LINES = 200
"""A key of 16,384 bits; one that never ends must not take the rest of a log along."""

_JSON_NAMES = {"\b": "b", "\t": "t", "\n": "n", "\f": "f", "\r": "r"}
_URL_ESCAPE = r"(?:%(?:25){0,3}5[cC])"
_RUNS = re.compile(r"\\+|[A-Za-z0-9]+|.", re.DOTALL)


def _bytes(text: str) -> bytes:
    """*text* as the operating system gave it, even where it is no Unicode."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _escapes(least: int, most: int) -> str:
    """A pattern for so many backslashes, as they are or URL-encoded."""
    return rf"(?:\\{{{least},{most}}}+|{_URL_ESCAPE}{{{least},{most}}})"


def _spelled(run: str) -> str:
    """A pattern for *run* plain, escaped by JSON or URL-encoded, once or several times over."""
    if run.isascii() and run.isalnum():
        return run
    url = "".join(rf"%(?:25){{0,3}}(?i:{octet:02x})" for octet in _bytes(run))
    if run.startswith("\\"):
        return _escapes(len(run), 8 * len(run))
    units = run.encode("utf-16-be", "surrogatepass").hex()
    json_ = "".join(rf"{_escapes(1, 8)}u(?i:{units[at : at + 4]})" for at in range(0, len(units), 4))
    short = f"{_escapes(1, 8)}{_JSON_NAMES[run]}|{run}" if run in _JSON_NAMES else f"{_escapes(0, 8)}{re.escape(run)}"
    space = r"|\+|%(?:25){0,3}2[bB]" if run == " " else ""
    return f"(?:{short}|{_escapes(0, 8)}{url}|{json_}{space})"


def _within_base64(raw: bytes) -> set[str]:
    """What *raw* looks like inside the base64 of a longer text, for each of the three alignments."""
    standard = {base64.b64encode(raw).decode().rstrip("=")}
    for shift, start in ((0, 0), (1, 2), (2, 3)):
        whole = 8 * (shift + len(raw)) // 6
        standard.add(base64.b64encode(bytes(shift) + raw).decode()[start:whole])
    return standard | {form.translate(_URL_SAFE) for form in standard}


_URL_SAFE = str.maketrans("+/", "-_")


def _patterns_of(secret: str) -> set[str]:
    spelled = {secret, json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], quote(_bytes(secret))}
    encoded = {form for spelling in spelled for form in _within_base64(_bytes(spelling))}
    hexadecimal = f"(?i:{_bytes(secret).hex()})"
    return {"".join(map(_spelled, _RUNS.findall(secret)))} | {re.escape(form) for form in encoded} | {hexadecimal}


def _parts(secret: str) -> Iterator[str]:
    """*secret* with and without the white space around it, and its lines: a log shows them one by one."""
    yield from (part for part in (secret, secret.strip()) if len(part) >= SHORTEST_SECRET)
    yield from (line for line in map(str.strip, secret.splitlines()) if len(line) >= _SHORTEST_LINE)


def secrets_of(environ: Mapping[str, str], names: Iterable[str] = ()) -> frozenset[str]:
    """The values in *environ* that must never leave: by the look of their name, or named in *names*."""
    named = set(names)
    return frozenset(value for name, value in environ.items() if name in named or is_secret_name(name))


class Redactor:
    """Masks known secrets in every usual encoding, and whatever looks like a credential."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        parts = {part for secret in secrets for part in _parts(secret)}
        patterns = {pattern for part in parts for pattern in _patterns_of(part)}
        longest_first = sorted(patterns, key=lambda pattern: (-len(pattern), pattern))
        self._fragments = Fragments(parts)
        self._known = re.compile("|".join(longest_first)) if longest_first else None
        self._short = lru_cache(maxsize=_REMEMBERED)(self._masked)

    def text(self, text: str) -> str:
        """*text* without credentials; if masking itself fails, nothing of it."""
        return self._short(text) if len(text) <= _SHORT else self._masked(text)

    def _masked(self, text: str) -> str:
        try:
            masked = self._known.sub(MASK, text) if self._known else text
            masked = self._fragments.masked(masked, MASK)
            # Casefolded, as a pattern that ignores case takes the long s and the Kelvin sign for s and k.
            folded = masked.casefold()
            for signs, pattern in _SHAPES:
                # No any(): a generator for each pattern costs several times what it asks.
                for sign in signs:
                    if sign in folded:
                        masked = pattern.sub(_mask, masked)
                        break
        except Exception:  # noqa: BLE001 - whatever goes wrong here, the text must not leave unmasked
            return "[withheld: redaction failed]"
        return masked

    def value(self, value: Any) -> Any:
        """A JSON value of the same shape, every string (keys too) masked, and what a secret's name holds."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._field(str(key), item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def _field(self, name: str, value: Any) -> Any:
        telling = _SECRET_FIELD.search(name) and isinstance(value, str | int | float)
        return MASK if telling and len(str(value)) >= SHORTEST_SECRET else self.value(value)


class LineRedactor:
    """Masks a text that comes line by line: of a private key over several of them, each."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._left = 0
        """Lines that may still be of a key."""

    def text(self, line: str) -> str:
        """The next *line* without credentials."""
        if self._left:
            end = _KEY_ENDS.search(line)
            self._left = 0 if end else self._left - 1
            return MASK + self.text(line[end.end() :]) if end else MASK
        if _KEY_BEGINS.search(line):
            self._left = _LONGEST_KEY_LINES
        return self._redactor.text(line)


_BY_SHAPE = Redactor()


def excerpt(text: str, characters: int) -> str:
    """The first *characters* of what somebody answered, to be quoted, with what looks like a credential masked before.

    Half of one is one that no pattern knows, so it would pass whoever masks the quotation.
    """
    return _BY_SHAPE.text(text[: _MASKED * characters])[:characters]


def _mask(match: re.Match[str]) -> str:
    kept = match.groupdict().get("keep") or ""
    return kept + MASK
