"""A whole database as a stream of bytes, and back, by what each engine has for it.

SQLite: the backup API, in one step: it reads one snapshot, and nobody who writes waits for it. PostgreSQL: `pg_dump`
and `pg_restore`. MariaDB and MySQL: `mariadb-dump` in one transaction, and `mariadb`. Passwords go to these programs by
their environment, never by their command line, which everybody on the machine can read.
"""

import asyncio
import os
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import URL

from holdfast.kit.db.opening import engine_of, parsed

_READ: Final = 1 << 20
_JOURNAL: Final = "holdfast_sagas"
"""The schema of PostgreSQL where DBOS keeps its journal. It is made anew from the tables of sagas."""
_INSTALL: Final = {
    "postgresql": "apt-get install postgresql-client",
    "mysql": "apt-get install mariadb-client",
}


class ToolMissing(Exception):
    """A program that is needed is not on the PATH; the text says how to install it."""


class DumpFailed(Exception):
    """A program of the engine, or the engine, said no; the text is what it said."""


async def dumped(url: str) -> AsyncGenerator[bytes, None]:
    """Yield a database as it is at one moment.

    Raises:
        ToolMissing: The engine's program is not there.
        DumpFailed: It ended with an error: what was yielded is not whole.
    """
    made = parsed(url)
    match engine_of(made):
        case "sqlite":
            parts = _sqlite_dumped(Path(str(made.database)))
        case "postgresql":
            command = [_program("postgresql", "pg_dump"), *_postgres_place(made), "--format=custom"]
            command += ["--no-owner", "--no-privileges", f"--exclude-schema={_JOURNAL}"]
            parts = _output(command, _postgres_environment(made))
        case _:
            command = [_program("mysql", "mariadb-dump", "mysqldump"), *_mysql_place(made)]
            command += ["--single-transaction", "--skip-lock-tables", "--no-tablespaces", "--hex-blob", "--triggers"]
            command += ["--skip-dump-date", str(made.database)]
            parts = _output(command, _mysql_environment(made))
    async with aclosing(parts):
        async for part in parts:
            yield part


async def load(url: str, parts: Iterator[bytes]) -> None:
    """Put what `dumped` gave into an empty database. On MariaDB and MySQL what fails halfway leaves half of it.

    Raises:
        ToolMissing: The engine's program is not there.
        DumpFailed: It ended with an error.
    """
    made = parsed(url)
    match engine_of(made):
        case "sqlite":
            await asyncio.to_thread(_load_sqlite, Path(str(made.database)), parts)
        case "postgresql":
            command = [_program("postgresql", "pg_restore"), *_postgres_place(made), "--no-owner", "--no-privileges"]
            await _input([*command, "--single-transaction", "--exit-on-error"], _postgres_environment(made), parts)
        case _:
            command = [_program("mysql", "mariadb", "mysql"), *_mysql_place(made), "--batch", str(made.database)]
            await _input(command, _mysql_environment(made), parts)


def check_tools(url: str) -> None:
    """Return if the programs are there that dump and load this database.

    Raises:
        ToolMissing: One is not.
    """
    match engine_of(parsed(url)):
        case "postgresql":
            _program("postgresql", "pg_dump")
            _program("postgresql", "pg_restore")
        case "mysql":
            _program("mysql", "mariadb-dump", "mysqldump")
            _program("mysql", "mariadb", "mysql")
        case _:
            pass


# ---------------------------------------------------------------------------------------------------------- SQLite


async def _sqlite_dumped(path: Path) -> AsyncGenerator[bytes, None]:
    descriptor = await asyncio.to_thread(_snapshot, path)
    with os.fdopen(descriptor, "rb") as file:
        file.seek(0)
        while part := await asyncio.to_thread(file.read, _READ):
            yield part


def _snapshot(path: Path) -> int:
    """Copy a database as it is at one moment into a file without a name: whatever happens, no copy stays behind.

    Raises:
        DumpFailed: It cannot be read, or there is no room for the copy.
    """
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".snapshot")
    except OSError as error:
        raise DumpFailed(f"no room for a copy beside {path}: {error.strerror}") from error
    copy = Path(name)
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy)) as target:
            # One process checkpoints, and it is not this one (docs/decisions/0011).
            source.execute("PRAGMA wal_autocheckpoint=0")
            source.execute("PRAGMA query_only=ON")
            target.execute("PRAGMA journal_mode=OFF")  # opens the file, and lets there be no other beside it
            target.execute("PRAGMA synchronous=OFF")
            copy.unlink()
            source.backup(target, pages=-1)
    except (sqlite3.Error, OSError) as error:
        os.close(descriptor)
        raise DumpFailed(f"SQLite: {error}") from error
    finally:
        copy.unlink(missing_ok=True)
    return descriptor


def _load_sqlite(path: Path, parts: Iterator[bytes]) -> None:
    try:
        _written(path, parts)
    except OSError as error:
        raise DumpFailed(f"{path} cannot be written: {error.strerror}") from error


def _written(path: Path, parts: Iterator[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    mine = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        for suffix in ("-wal", "-shm"):
            # What they hold belongs to the file that goes: it would be read into the one that comes.
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        mine.replace(path)
    finally:
        mine.unlink(missing_ok=True)


# --------------------------------------------------------------------------------------------- programs of the engines


def _program(engine: str, *names: str) -> str:
    for name in names:
        if found := shutil.which(name):
            return found
    raise ToolMissing(f"{names[0]} is not on the PATH; install it with: {_INSTALL[engine]}")


def _environment(extra: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment without our secrets and without what would lead the program to another database."""
    ours = ("HOLDFAST_", "PG", "MYSQL_", "MARIADB_")
    own = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return own | {name: str(value) for name, value in extra.items() if value is not None}


def _postgres_place(url: URL) -> list[str]:
    given = {"host": url.query.get("host") or url.host, "port": url.port, "username": url.username}
    return [
        "--no-password",
        *(f"--{name}={value}" for name, value in given.items() if value is not None),
        f"--dbname={url.database}",
    ]


def _postgres_environment(url: URL) -> dict[str, str]:
    return _environment(
        {
            "PGPASSWORD": url.password,
            "PGSSLMODE": url.query.get("sslmode"),
            "PGTARGETSESSIONATTRS": url.query.get("target_session_attrs"),
        }
    )


def _mysql_place(url: URL) -> list[str]:
    socket, authority = url.query.get("unix_socket"), url.query.get("ssl_ca")
    given = {"host": url.host or "localhost", "port": url.port or 3306, "user": url.username, "socket": socket}
    place = [f"--{name}={value}" for name, value in given.items() if value is not None]
    # First, as it must be: nobody's option files, only what the URL says.
    place = ["--no-defaults", *place, "--default-character-set=utf8mb4"]
    if socket is None:
        place.append("--protocol=tcp")  # else `localhost` would mean a socket
    return place if authority is None else [*place, f"--ssl-ca={authority}", "--ssl-verify-server-cert"]


def _mysql_environment(url: URL) -> dict[str, str]:
    return _environment({"MYSQL_PWD": url.password})


async def _output(command: Sequence[str], environment: Mapping[str, str]) -> AsyncGenerator[bytes, None]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=pipe
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101 - as above
    said = asyncio.create_task(process.stderr.read())
    try:
        while part := await process.stdout.read(_READ):
            yield part
        if await process.wait() != 0:
            raise DumpFailed(_failure(command, await said))
    finally:
        await _ended(process, said)


async def _input(command: Sequence[str], environment: Mapping[str, str], parts: Iterator[bytes]) -> None:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, env=environment, stdin=pipe, stdout=asyncio.subprocess.DEVNULL, stderr=pipe
    )
    assert process.stdin is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101 - as above
    said = asyncio.create_task(process.stderr.read())
    try:
        try:
            for part in parts:
                process.stdin.write(part)
                await process.stdin.drain()
            process.stdin.close()
            await process.stdin.wait_closed()
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has ended, and says why below
        if await process.wait() != 0:
            raise DumpFailed(_failure(command, await said))
    finally:
        await _ended(process, said)


async def _ended(process: asyncio.subprocess.Process, said: asyncio.Task[bytes]) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
    await said


def _failure(command: Sequence[str], said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
    return f"{Path(command[0]).name}: {lines[-1] if lines else 'it ended without a word'}"
