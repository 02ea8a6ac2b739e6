"""A whole twin in the hands of its user."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.handle import Twin
from tests.unit.processes import running

BIRTH = """
import json, sys
from ci_tools.twin.handle import Twin
twin = Twin.start(served=True)
print(json.dumps([twin.directory, twin._announcement.pid]), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def own_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Twins of this test live apart, so that a twin which a person serves is not touched."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    """A twin with one fault from the start."""
    with Twin.start(["redis_down"]) as running:
        yield running


def get(twin: Twin, name: str, path: str) -> bytes:
    """The edge's answer to a GET, head and body."""
    trust = ssl.create_default_context(cafile=twin.environ["TWIN_CA_FILE"])
    host = f"{name}.twin.localhost"
    with (
        socket.create_connection(("127.0.0.1", int(twin.environ["TWIN_EDGE_PORT"])), timeout=20) as plain,
        trust.wrap_socket(plain, server_hostname=host) as connection,
    ):
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(("name", "path"), [("api", "/health"), ("auth", "/health"), ("app", "/api/health")])
def test_every_host_answers(twin: Twin, name: str, path: str) -> None:
    """Each service is reached through the edge, by its name, over verified TLS."""
    assert get(twin, name, path).startswith(b"HTTP/1.1 200 ")


def test_a_fault_of_the_start_is_on(twin: Twin) -> None:
    """A fault given at the start holds once the twin is healthy."""
    assert twin.status()["faults"] == ["redis_down"]
    assert b"Error 111 connecting" in get(twin, "api", "/api/health/ready?force=true")


def test_a_restarting_fault_comes_and_goes(twin: Twin) -> None:
    """A process fault is seen at the edge as 503 and heals when it is switched off."""
    on = twin.switch("service_unavailable", on=True)
    during = get(twin, "api", "/health")
    off = twin.switch("service_unavailable", on=False)
    after = get(twin, "api", "/health")

    assert on["services"]["backend"]["state"] == "stopped"
    assert during.startswith(b"HTTP/1.1 503 ")
    assert off["services"]["backend"]["state"] == "healthy"
    assert after.startswith(b"HTTP/1.1 200 ")


def test_an_unknown_fault_is_refused(twin: Twin) -> None:
    """Neither a running nor a starting twin guesses."""
    with pytest.raises(UsageError, match="unknown fault 'x'"):
        twin.switch("x", on=True)
    with pytest.raises(UsageError, match="unknown fault 'x'"):
        Twin.start(["x"])


def test_a_part_that_does_not_come_up_is_named(tmp_path: Path) -> None:
    """The error names the part and holds its last lines."""
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\necho no such configuration\nexit 1\n")
    broken.chmod(0o755)

    with pytest.raises(TwinError, match=r"(?s)Redis ended with status 1.*no such configuration"):
        Twin.start(environ={**os.environ, "TWIN_REDIS_BIN": str(broken)})


@pytest.mark.usefixtures("own_folder")
def test_a_twin_says_where_it_will_be_before_it_stands() -> None:
    """Its users can prepare meanwhile; once it stands, it is there."""
    with Twin.begin() as beginning:
        port_told = beginning.environ["TWIN_EDGE_PORT"]
        is_standing = Path(beginning.environ["TWIN_CONTROL"]).exists()
        beginning.stand()
        answer = get(beginning, "api", "/health")

    assert int(port_told) > 0
    assert not is_standing
    assert answer.startswith(b"HTTP/1.1 200 ")


@pytest.mark.usefixtures("own_folder")
def test_nothing_survives_a_killed_parent(eventually: Callable[..., None]) -> None:
    """Killing who started the twin ends every process and removes every file, and nobody can join it."""
    with subprocess.Popen([sys.executable, "-c", BIRTH], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        directory, pid = json.loads(parent.stdout.readline())
        joined = Twin.join()
        family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
        parent.kill()
    eventually(lambda: not running(family), within_s=5.0, what="every process is gone")
    eventually(lambda: not Path(directory).exists(), within_s=5.0, what="the directory is removed")

    assert len(family) > 5
    assert joined is not None
    assert joined.directory == directory
    assert Twin.join() is None


@pytest.mark.usefixtures("own_folder")
def test_a_second_twin_is_not_served() -> None:
    """Whoever joins or switches one finds the first as before."""
    with Twin.start(served=True) as first:
        with pytest.raises(UsageError, match="a twin is being served from this checkout already"):
            Twin.begin(served=True)
        joined = Twin.join()

    assert joined is not None
    assert joined.directory == first.directory


@pytest.mark.usefixtures("own_folder")
def test_a_killed_supervisor_leaves_no_process(eventually: Callable[..., None]) -> None:
    """Killing the supervisor outright takes its children with it; the next start removes its files."""
    doomed = Twin.start()
    pid = doomed._announcement.pid
    family = psutil.Process(pid).children(recursive=True)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not running(family), within_s=5.0, what="every process is gone")
    doomed.stop()
    Twin.start().stop()

    assert len(family) > 5
    assert not Path(doomed.directory).exists()
