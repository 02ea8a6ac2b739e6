"""One failure as a stranger's file tells it: a JSON object, any part of it missing, cut, hostile or of a wrong type."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ci_tools.errors import EvidenceError
from ci_tools.numbers import finite

MESSAGE_CHARACTERS = 4_000
"""So much of a message is read: what tells a cause stands at its beginning."""
EXCERPT_CHARACTERS = 12_000
"""So much of an excerpt is read, half of it from its end."""
_NAME_CHARACTERS = 500
_LOG_KINDS = frozenset({"gcp_log", "log"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What failed, in the words that were kept of it; empty where nothing was kept."""

    id: str | int
    """Its name in the file; where it has none, its line."""
    kind: str = ""
    """What told of it: ``pytest``, ``json_report``, ``junit``, ``gcp_log``."""
    test: str = ""
    exc_type: str = ""
    message: str = ""
    excerpt: str = ""
    duration_s: float | None = None
    at: datetime | None = None

    @property
    def is_log(self) -> bool:
        """Whether the deployed system said it, rather than a test."""
        return self.kind in _LOG_KINDS


def parse(line: str, number: int) -> Failure:
    """The failure in *line*, the *number*-th of its file, counted from one.

    Raises:
        EvidenceError: it is no JSON object; a field of a wrong type is only left out.
    """
    try:
        document = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EvidenceError(f"no JSON: {str(error)[:120]}; one JSON object a line is read") from error
    if not isinstance(document, dict):
        raise EvidenceError(f"{type(document).__name__} is no failure; one JSON object a line is read")
    return of_document(document, number)


def of_document(document: Mapping[str, Any], number: int) -> Failure:
    """The failure in *document*, with what cannot be read of it left out."""
    name = document.get("id")
    return Failure(
        id=name if isinstance(name, str | int) and not isinstance(name, bool) and name != "" else f"line {number}",
        kind=_text(document.get("kind"), _NAME_CHARACTERS).strip().lower(),
        test=_text(document.get("test"), _NAME_CHARACTERS).strip(),
        exc_type=_text(document.get("exc_type"), _NAME_CHARACTERS).strip(),
        message=_text(document.get("message"), MESSAGE_CHARACTERS).strip(),
        excerpt=_ends(_text(document.get("excerpt"), None)),
        duration_s=_seconds(document.get("duration_s")),
        at=_instant(document.get("timestamp")),
    )


def _text(value: object, most: int | None) -> str:
    return value[:most] if isinstance(value, str) else ""


def _ends(text: str) -> str:
    half = EXCERPT_CHARACTERS // 2
    return text if len(text) <= EXCERPT_CHARACTERS else f"{text[:half]}\n{text[-half:]}"


def _seconds(value: object) -> float | None:
    seconds = finite(value)
    return seconds if seconds is not None and seconds >= 0 else None


def _instant(value: object) -> datetime | None:
    """An instant without a zone is taken for UTC."""
    if not isinstance(value, str):
        return None
    try:
        instant = datetime.fromisoformat(value.strip())
        return (instant if instant.tzinfo else instant.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
