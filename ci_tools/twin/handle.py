"""A twin in the hands of whoever needs one: started, joined, switched and stopped."""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import IO, Any, Self

from pydantic import ValidationError

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.announcement import Announcement
from ci_tools.twin.control import ask
from ci_tools.twin.directory import published, served_pointer, user_folder
from ci_tools.twin.effects import Switch
from ci_tools.twin.faults import parse_faults

DEFAULT_TIME_SCALE = 0.1
_START_S = 60.0
_STOP_S = 3.0
_STATUS_S = 5.0
_SWITCH_S = 60.0
_LAST_BYTES = 4000


class Twin:
    """A running twin; as a context manager it is stopped at the end."""

    def __init__(self, announcement: Announcement, supervisor: "_Supervisor | None") -> None:
        self._announcement = announcement
        self._supervisor = supervisor

    @classmethod
    def start(
        cls,
        faults: Sequence[str] = (),
        *,
        time_scale: float = DEFAULT_TIME_SCALE,
        served: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """A healthy twin of our own with *faults* switched on; it ends when this process does.

        Args and errors are those of :meth:`begin` and :meth:`stand`.
        """
        twin = cls.begin(faults, time_scale=time_scale, served=served, environ=environ)
        try:
            twin.stand()
        except BaseException:
            twin.stop()
            raise
        return twin

    @classmethod
    def begin(
        cls,
        faults: Sequence[str] = (),
        *,
        time_scale: float = DEFAULT_TIME_SCALE,
        served: bool = False,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """A twin of our own that is being started, and says where it will be; :meth:`stand` waits for its health.

        Args:
            faults: As :func:`ci_tools.twin.faults.parse_fault` reads them.
            time_scale: Real seconds for a second of the contract.
            served: Campaigns of this checkout can :meth:`join` it.
            environ: Its environment instead of ours.

        Raises:
            UsageError: An unknown fault.
            TwinError: It did not begin; the text holds its last lines.
        """
        switches = parse_faults(faults)
        argv = _argv(switches, time_scale=time_scale, served=served)
        supervisor = _Supervisor(argv, os.environ if environ is None else environ)
        try:
            announcement = Announcement.model_validate(supervisor.told(_START_S))
        except BaseException:
            supervisor.stop()
            raise
        return cls(announcement, supervisor)

    def stand(self) -> None:
        """It is healthy, with its faults on; a joined one is anyway.

        Raises:
            UsageError: Its faults cannot be on together.
            TwinError: A part did not come up; the text holds its last lines.
        """
        if self._supervisor is not None:
            self._supervisor.told(_START_S)

    @classmethod
    def join(cls) -> Self | None:
        """The twin that a person serves from this checkout, or None; stopping it stays that person's."""
        content = published(served_pointer(user_folder()))
        if content is None:
            return None
        try:
            announcement = Announcement.model_validate(content)
            ask(announcement.control, {"ask": "status"}, within_s=_STATUS_S)
        except (ValidationError, TwinError):
            return None
        return cls(announcement, None)

    @property
    def environ(self) -> dict[str, str]:
        """What a campaign against this twin needs in its environment."""
        return dict(self._announcement.environ)

    @property
    def time_scale(self) -> float:
        """Real seconds for a second of the contract."""
        return self._announcement.time_scale

    @property
    def revision(self) -> str:
        """Which build this is."""
        return self._announcement.revision

    @property
    def directory(self) -> str:
        """Where its documents and logs are, while it lives."""
        return self._announcement.directory

    def status(self) -> dict[str, Any]:
        """Faults that are on, and what every part is doing."""
        return ask(self._announcement.control, {"ask": "status"}, within_s=_STATUS_S)

    def switch(self, fault: str, *, on: bool) -> dict[str, Any]:
        """*fault* is on or off and services that had to restart have; the status then."""
        question = {"ask": "switch", "fault": fault, "on": on}
        return ask(self._announcement.control, question, within_s=_SWITCH_S)

    def stop(self) -> None:
        """Our own twin is gone with all its processes and files; a joined one goes on."""
        if self._supervisor is not None:
            self._supervisor.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class _Supervisor:
    """The supervisor's process; its standard input is its lifeline."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed by stop
        self._process = subprocess.Popen(
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(environ),
            start_new_session=True,
        )
        self._heard = b""

    def told(self, within_s: float) -> dict[str, Any]:
        """What the twin tells next, or the error that it tells instead."""
        line = self._line(time.monotonic() + within_s)
        try:
            content: dict[str, Any] = json.loads(line)
        except ValueError:
            said = f"the twin's supervisor said nothing of use within {within_s:g} s"
            raise TwinError(f"{said}; its last words:\n{self._last_words()}") from None
        if "error" in content:
            raise (UsageError if content.get("usage") else TwinError)(str(content["error"]))
        return content

    def stop(self) -> None:
        """The process has ended: by the end of its input, else killed, and its children with it."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()

    def _line(self, deadline: float) -> bytes:
        output = self._process.stdout
        assert output is not None
        while b"\n" not in self._heard:
            left_s = deadline - time.monotonic()
            if left_s <= 0 or not select.select([output], [], [], left_s)[0]:
                break
            part = os.read(output.fileno(), 65536)
            if not part:
                break
            self._heard += part
        line, _, self._heard = self._heard.partition(b"\n")
        return line

    def _last_words(self) -> str:
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LAST_BYTES))
        return self._errors.read().decode(errors="replace").strip() or "(none)"


def _argv(switches: Sequence[Switch], *, time_scale: float, served: bool) -> list[str]:
    argv = [sys.executable, "-m", "ci_tools.twin", "--time-scale", repr(time_scale)]
    for switch in switches:
        argv += ["--fault", str(switch)]
    return [*argv, "--served"] if served else argv
