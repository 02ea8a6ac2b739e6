"""Named points in the services' code that a fault can switch, live and per test session."""

from contextvars import ContextVar
from pathlib import Path

from ci_tools.twin.settings import Behaviour, ServiceSettings

SESSION_HEADER = "x-test-session"

test_session: ContextVar[str | None] = ContextVar("test_session", default=None)
"""The ``X-Test-Session`` of the request or WebSocket being served."""


class Behaviours:
    """The switched points of one service, re-read whenever its settings document changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._switched: tuple[Behaviour, ...] = ()

    def at(self, point: str) -> Behaviour | None:
        """The behaviour that is switched on at *point* for the current test session, if any."""
        self._refresh()
        session = test_session.get()
        for behaviour in self._switched:
            if behaviour.point == point and behaviour.session in (None, session):
                return behaviour
        return None

    def _refresh(self) -> None:
        status = self._path.stat()
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            self._switched = ServiceSettings.read(self._path).behaviours
            self._stamp = stamp
