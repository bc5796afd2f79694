"""One server for a SQLite file: a lock beside it that the operating system lets go when the process ends, however.

SQLite would let several processes write, but exactly one may checkpoint (docs/decisions/0011), and lanes only batch
what comes to them. So a server, and whoever changes the schema, takes the lock; a second one is told who has it.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from holdfast.app.errors import CannotStart
from holdfast.kit.db.opening import engine_of, parsed

_SUFFIX: Final = ".lock.pid"
_PID_DIGITS: Final = 20


class InUse(CannotStart):
    """Another process has the database."""


def sqlite_files(urls: Iterable[str]) -> list[Path]:
    """Return the files behind those of the URLs that are SQLite's, each once."""
    made = [parsed(url) for url in urls]
    return sorted({Path(str(each.database)) for each in made if engine_of(each) == "sqlite"})


@contextmanager
def only_process(urls: Iterable[str]) -> Iterator[None]:
    """Keep other servers from the SQLite files among these databases while the block runs.

    Raises:
        InUse: Another process has one of them.
    """
    with ExitStack() as held:
        for file in sqlite_files(urls):
            held.enter_context(_locked(file))
        yield


@contextmanager
def alone_or_beside(urls: Iterable[str]) -> Iterator[bool]:
    """Take the lock if it is free, and say whether it was: if not, a server works beside this short command."""
    with ExitStack() as held:
        try:
            held.enter_context(only_process(urls))
        except InUse:
            yield False
        else:
            yield True


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Never deleted: whoever deleted it could not know that another process has opened it a moment ago.
    descriptor = os.open(f"{file}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(descriptor, _PID_DIGITS).decode(errors="replace").strip() or "unknown"
            raise InUse(
                f"{file} is in use by process {owner}: one process serves a SQLite database. Stop it first, or use "
                "PostgreSQL or MariaDB for several."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
