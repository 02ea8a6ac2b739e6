import asyncio
import os
from pathlib import Path

import psutil
import pytest
import redis.asyncio

from ci_tools.errors import UsageError
from ci_tools.twin.proxy import TcpAddress
from ci_tools.twin.valkey import start_redis

PASSWORD = "a password of some length"


async def test_a_real_redis_answers(tmp_path: Path) -> None:
    """Commands work with the password, and nothing is left after stop."""
    started = await start_redis(tmp_path, PASSWORD, os.environ)
    client = redis.asyncio.Redis(unix_socket_path=str(started.address), password=PASSWORD)
    await client.set("key", "value")
    read = await client.get("key")
    await client.aclose()
    await started.stop()

    assert read == b"value"
    assert started.child is not None
    assert not psutil.pid_exists(started.child.process.pid)


async def test_the_password_is_needed(tmp_path: Path) -> None:
    """Without the password nothing is served, and the password is in no one's command line."""
    started = await start_redis(tmp_path, PASSWORD, os.environ)
    assert started.child is not None
    command_line = psutil.Process(started.child.process.pid).cmdline()
    reader, writer = await asyncio.open_unix_connection(tmp_path / "redis.sock")
    writer.write(b"PING\r\n")
    answer = await asyncio.wait_for(reader.readline(), 5.0)
    writer.close()
    await started.stop()

    assert answer == b"-NOAUTH Authentication required.\r\n"
    assert PASSWORD not in " ".join(command_line)


def test_a_server_of_ones_own_is_used(tmp_path: Path) -> None:
    """TWIN_REDIS_URL names another server, which is neither started nor stopped."""
    environ = {"TWIN_REDIS_URL": "redis://:p%40ss@redis.example.com:7000/0"}
    named = asyncio.run(start_redis(tmp_path, PASSWORD, environ))

    assert (named.address, named.password, named.child) == (TcpAddress("redis.example.com", 7000), "p@ss", None)


@pytest.mark.parametrize(
    "environ", [{"TWIN_REDIS_URL": "http://x"}, {"TWIN_REDIS_BIN": "/no/such/program"}], ids=["url", "program"]
)
def test_a_wrong_override_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """What was named must exist, and the message says which variable."""
    with pytest.raises(UsageError, match=next(iter(environ))):
        asyncio.run(start_redis(tmp_path, PASSWORD, environ))
