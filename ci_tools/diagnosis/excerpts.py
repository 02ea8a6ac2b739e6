"""What an excerpt holds: frames of a traceback, the lines of the error, what was captured, or an entry of a log."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

_FRAME = re.compile(
    r"^(?:E?[ \t]{0,8})?(?:File \"(?P<file>[^\"\n]{1,300})\", line \d{1,7}, in (?P<function>[\w<>.]{1,120})"
    r"|(?P<path>[^\s:][^:\n]{0,300}\.py|[A-Za-z]:[^:\n]{1,300}\.py)"
    r":\d{1,7}:(?: in (?P<called>[\w<>.]{1,120})| (?P<raised>\w{1,80})$)?)",
    re.MULTILINE,
)
_LIBRARY = re.compile(r"(?:site|dist)-packages/(?:_?(?P<package>[A-Za-z]\w{0,60}))?")
_STANDARD = re.compile(
    r"(?:^|/)(?:lib/)?python3?\.?\d{0,3}/(?!site-packages)|/Lib/(?!site-packages)|^<frozen|importlib/_"
)
_RUNNERS = frozenset({"pytest", "pytest_asyncio", "pluggy", "xdist", "anyio", "nose"})
_CAPTURED = re.compile(r"^-{3,60} ?Captured [\w ]{1,40}-{3,60}$", re.MULTILINE)
_ERROR_LINE = re.compile(r"^E[ \t]{1,12}(.{0,600})", re.MULTILINE)
_LOG_FIELD = re.compile(
    r'"(?P<name>message|text_?[pP]ayload|traceback|value|error|status|type|severity)"\s{0,4}:\s{0,4}'
    r'(?:"(?P<text>(?:[^"\\]|\\.){0,3000})|(?P<number>\d{3})\b)'
)
_HEALTH = re.compile(
    r'"(?P<part>postgres(?:ql)?|redis|clickhouse|database|websocket|auth)"\s{0,4}:\s{0,4}\{[^{}]{0,300}?'
    r'"error"\s{0,4}:\s{0,4}"(?P<error>[^"]{1,400})"'
)
_URL_PATH = re.compile(r"\w{2,5}://[^/\s]{1,200}(?P<path>/[^?#\s]{0,200})")


@dataclass(frozen=True, slots=True)
class Frame:
    """One call: a path with forward slashes, whatever system it comes from."""

    path: str
    function: str

    @property
    def package(self) -> str:
        """The installed library it belongs to; empty for the system's and the suite's own code."""
        found = _LIBRARY.search(self.path)
        return (found["package"] or "") if found else ""

    @property
    def is_ours(self) -> bool:
        """Whether it is code of the system or its suite: neither installed nor Python's own."""
        return not _LIBRARY.search(self.path) and not _STANDARD.search(self.path)

    @property
    def place(self) -> str:
        """File and function, without what differs from machine to machine."""
        return f"{self.path.rsplit('/', 1)[-1]}::{self.function}" if self.function else self.path.rsplit("/", 1)[-1]


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """An excerpt, taken apart."""

    errors: str = ""
    """The lines that pytest marks, without the mark; of a log entry, what it says; a text without either, whole."""
    body: str = ""
    """Everything that is no captured output."""
    captured: str = ""
    status: str = ""
    """Of a log entry: the HTTP status of the request it is about."""
    route: str = ""
    """Of a log entry: the path of that request."""

    @cached_property
    def frames(self) -> tuple[Frame, ...]:
        """The calls, outermost first."""
        return tuple(_frames(self.body))

    @cached_property
    def innermost_of_ours(self) -> Frame | None:
        """The last call in code of the system or its suite; None where none is to be seen."""
        return next((frame for frame in reversed(self.frames) if frame.is_ours), None)

    @property
    def library(self) -> Frame | None:
        """The first call into an installed library that is no test runner's, after the last of ours."""
        frames = list(self.frames)
        ours = [at for at, frame in enumerate(frames) if frame.is_ours]
        rest = frames[ours[-1] + 1 :] if ours else frames
        return next((frame for frame in rest if frame.package and frame.package not in _RUNNERS), None)


def of(text: str) -> Excerpt:
    """What *text* holds."""
    if text.lstrip()[:1] == "{":
        return _log_entry(text)
    parts = _CAPTURED.split(text, maxsplit=1)
    body = parts[0]
    marked = (*_ERROR_LINE.findall(body), *(f"{part}: {error}" for part, error in _HEALTH.findall(body)))
    return Excerpt(
        # Without a mark and without a call it is no traceback, but what somebody said.
        errors="\n".join(marked) or ("" if _FRAME.search(body) else body.strip()),
        body=body,
        captured=parts[1] if len(parts) > 1 else "",
    )


def _frames(text: str) -> Iterator[Frame]:
    for found in _FRAME.finditer(text):
        path = (found["file"] or found["path"]).replace("\\", "/")
        yield Frame(path, found["function"] or found["called"] or "")


def _log_entry(text: str) -> Excerpt:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if isinstance(document, dict):
        words = list(_said(document, 0))
        status, route = _request(document)
    else:
        fields = list(_LOG_FIELD.finditer(text))
        words = [one["text"] for one in fields if one["text"] and one["name"] not in ("severity", "type", "status")]
        route = ""
        status = next((one["number"] for one in fields if one["name"] == "status" and one["number"]), "")
    said = "\n".join(dict.fromkeys(words))[:6_000]
    spread = said.replace("\\\\n", "\n").replace("\\n", "\n")
    return Excerpt(errors=spread, body=spread, status=status, route=route)


_SPEAKING = frozenset(
    {
        "message",
        "msg",
        "error",
        "textpayload",
        "text_payload",
        "traceback",
        "value",
        "detail",
        "reason",
        "exception",
        "status",
    }
)
_DEEPEST = 8


def _said(value: object, depth: int) -> Iterator[str]:
    """The strings below the fields that speak, and the names of the fields above them."""
    if depth > _DEEPEST or not isinstance(value, Mapping):
        return
    for name, item in value.items():
        if isinstance(item, str) and name.lower() in _SPEAKING:
            yield item
        elif isinstance(item, Mapping):
            yield from (f"{name}: {words}" if name in _NAMED else words for words in _said(item, depth + 1))


_NAMED = frozenset({"postgresql", "postgres", "redis", "clickhouse", "database", "websocket", "auth"})
"""Parts of a health answer, by whose name alone a message below it makes sense."""


def _request(document: Mapping[str, Any]) -> tuple[str, str]:
    request = document.get("httpRequest") or document.get("http_request")
    if not isinstance(request, Mapping):
        return "", ""
    status, url = request.get("status"), request.get("requestUrl") or request.get("url")
    found = _URL_PATH.match(url) if isinstance(url, str) else None
    said = str(status) if isinstance(status, int) and not isinstance(status, bool) else ""
    return said, found["path"] if found else ""
