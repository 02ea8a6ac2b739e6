import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.postgresql import PostgreSql, start_postgresql
from ci_tools.twin.proxy import Proxy, TcpAddress

PASSWORD = "of-some-length"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder with a path short enough for a UNIX socket."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as path:
        Path(path).chmod(0o711)
        yield Path(path)


@pytest.fixture(scope="module")
async def server(folder: Path) -> AsyncIterator[PostgreSql]:
    """A running server."""
    started = await start_postgresql(folder, PASSWORD, os.environ)
    yield started
    await started.stop()


async def connected(server: PostgreSql, password: str = PASSWORD) -> asyncpg.Connection:
    """A connection of the twin's user."""
    assert isinstance(server.address, Path)
    home = str(server.address.parent)
    return await asyncpg.connect(host=home, user=server.user, password=password, database=server.database)


async def superuser_of(server: PostgreSql) -> asyncpg.Connection:
    """A connection of the superuser, whose password nobody knows: the server is told to trust it."""
    assert isinstance(server.address, Path)
    assert server.child is not None
    rules = server.address.parent / "data" / "pg_hba.conf"
    rules.write_text(f"local all postgres trust\n{rules.read_text()}")
    os.kill(server.child.process.pid, signal.SIGHUP)
    async with asyncio.timeout(5.0):
        while True:
            with suppress(asyncpg.InvalidPasswordError):
                return await asyncpg.connect(
                    host=str(server.address.parent), user="postgres", password="", database="postgres"
                )


@asynccontextmanager
async def reached_by_tcp(server: PostgreSql) -> AsyncIterator[str]:
    """A DSN of the server, through TCP."""
    proxy = Proxy(server.address)
    await proxy.start()
    yield f"postgresql://{server.user}:{PASSWORD}@127.0.0.1:{proxy.port}/{server.database}"
    await proxy.stop()


async def test_the_database_is_its_users(server: PostgreSql) -> None:
    """The user creates, writes and reads in a database of its own, in UTF-8."""
    connection = await connected(server)
    await connection.execute("CREATE TABLE t (x text); INSERT INTO t VALUES ('größer')")
    read = await connection.fetchval("SELECT x FROM t")
    encoding = await connection.fetchval("SHOW server_encoding")
    await connection.close()

    assert read == "größer"
    assert encoding == "UTF8"


async def test_the_user_is_no_superuser(server: PostgreSql) -> None:
    """Reserved connections and privileges bind the services as in production."""
    connection = await connected(server)
    superuser = await connection.fetchval("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    await connection.close()

    assert superuser is False


async def test_the_password_is_needed(server: PostgreSql) -> None:
    """A wrong password is refused."""
    with pytest.raises(asyncpg.InvalidPasswordError):
        await connected(server, "wrong")


async def test_connections_are_a_hundred(server: PostgreSql) -> None:
    """Whatever its build has as a default: who takes all connections takes as many everywhere."""
    connection = await connected(server)
    limit = await connection.fetchval("SHOW max_connections")
    await connection.close()

    assert limit == "100"


async def test_nothing_is_left_after_stop() -> None:
    """The server and all its workers have ended, and its shared memory is gone."""
    with tempfile.TemporaryDirectory(dir="/tmp", prefix="t") as path:
        started = await start_postgresql(Path(path), PASSWORD, os.environ)
        assert started.child is not None
        family = [psutil.Process(started.child.process.pid)]
        family += family[0].children(recursive=True)
        await started.stop()
        gone, alive = psutil.wait_procs(family, timeout=3)

    assert len(gone) > 3
    assert alive == []


async def test_a_server_of_ones_own_gets_a_private_database(server: PostgreSql) -> None:
    """With TWIN_POSTGRES_DSN an empty database is created there, and dropped at stop."""
    superuser = await superuser_of(server)
    await superuser.execute(f"ALTER ROLE {server.user} CREATEDB")
    async with reached_by_tcp(server) as dsn:
        private = await start_postgresql(Path("/nowhere"), "unused", {"TWIN_POSTGRES_DSN": dsn})
        during = await superuser.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", private.database)
        await private.stop()
    after = await superuser.fetchval("SELECT count(*) FROM pg_database WHERE datname = $1", private.database)
    await superuser.execute(f"ALTER ROLE {server.user} NOCREATEDB")
    await superuser.close()

    assert isinstance(private.address, TcpAddress)
    assert (private.user, private.password) == (server.user, PASSWORD)
    assert (during, after) == (1, 0)


async def test_a_server_that_gives_no_database_is_told(server: PostgreSql) -> None:
    """A role that may not create a database is an error in the server's own words."""
    async with reached_by_tcp(server) as dsn:
        with pytest.raises(TwinError, match="permission denied to create database"):
            await start_postgresql(Path("/nowhere"), "unused", {"TWIN_POSTGRES_DSN": dsn})


@pytest.mark.skipif(os.getuid() != 0, reason="only root becomes nobody")
async def test_root_without_namespaces_runs_as_nobody(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where user namespaces are forbidden, a copy of the programs runs as another user."""
    (tmp_path / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "unshare").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    place = folder / "nobody"
    place.mkdir(mode=0o711)
    started = await start_postgresql(place, PASSWORD, os.environ)
    assert started.child is not None
    owner = psutil.Process(started.child.process.pid).username()
    connection = await connected(started)
    one = await connection.fetchval("SELECT 1")
    await connection.close()
    await started.stop()

    assert (owner, one) == ("nobody", 1)


@pytest.mark.parametrize(
    "environ",
    [{"TWIN_POSTGRES_DSN": "mysql://x"}, {"TWIN_POSTGRES_BIN": "/no/such/folder"}],
    ids=["dsn", "folder"],
)
def test_a_wrong_override_is_refused(tmp_path: Path, environ: dict[str, str]) -> None:
    """What was named must exist, and the message says which variable."""
    with pytest.raises(UsageError, match=next(iter(environ))):
        asyncio.run(start_postgresql(tmp_path, PASSWORD, environ))
