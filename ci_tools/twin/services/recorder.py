"""The recent errors of one process, word for word: what it answered with 5xx and what it logged.

Values of secret variables never appear in them.
"""

import logging
import re
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ci_tools.twin.settings import PlatformEvent, ServiceSettings

MASK: Final = "[redacted]"
_SECRET_NAME: Final = re.compile(r"SECRET|PASSWORD|KEY|TOKEN")
_SHORTEST_SECRET: Final = 6
_KEPT: Final = 200

Entry = dict[str, Any]


def secrets_of(env: Mapping[str, str]) -> list[str]:
    """The values of *env* that are nobody's to read, the longest first."""
    values = {value.strip() for name, value in env.items() if _SECRET_NAME.search(name)}
    return sorted((value for value in values if len(value) >= _SHORTEST_SECRET), key=len, reverse=True)


class Recorder(logging.Handler):
    """Keeps the last entries; a handler, so that whatever is logged as a warning or worse is among them."""

    def __init__(self, secrets: Iterable[str] = (), before: Iterable[PlatformEvent] = ()) -> None:
        super().__init__(logging.WARNING)
        self._secrets = tuple(secrets)
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        for event in before:
            self.add(source="platform", message=event.text, at=event.at)

    @classmethod
    def of(cls, settings: ServiceSettings) -> "Recorder":
        """The recorder of a service: it begins with what the platform has to say of the instance before."""
        return cls(secrets_of(settings.env), settings.platform_events)

    @property
    def newest_first(self) -> list[Entry]:
        """What was kept."""
        return list(reversed(self._entries))

    def add(self, *, source: str, message: str, at: str | None = None, **more: Any) -> None:
        """Keep one entry; its texts are masked."""
        entry = {"source": source, "message": message, "timestamp": at or _now(), **more}
        self._entries.append({key: self._masked(value) for key, value in entry.items()})

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is logged, with the text of its exception."""
        error = record.exc_info[1] if record.exc_info else None
        self.add(
            source="log",
            message=record.getMessage(),
            level=record.levelname,
            logger=record.name,
            exception=None if error is None else f"{type(error).__name__}: {error}",
        )

    def _masked(self, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        for secret in self._secrets:
            value = value.replace(secret, MASK)
        return value


def recorder_of_process() -> Recorder | None:
    """The recorder that listens to this process's log, if one does."""
    return next((each for each in logging.getLogger().handlers if isinstance(each, Recorder)), None)


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")
