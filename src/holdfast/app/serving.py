"""`serve` and `demo`: take the database, the port, make ready, then serve."""

import asyncio
import multiprocessing
import socket
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

import click

from holdfast.accounts.api import Role
from holdfast.app.demo.flights import iatas, routes
from holdfast.app.demo.load import PASSWORD, USERS
from holdfast.app.demo.pack import homes
from holdfast.app.demo.restaurants import restaurants_count
from holdfast.app.errors import CannotStart
from holdfast.app.listening import listen
from holdfast.app.lock import only_process, sqlite_files
from holdfast.app.seeding import is_seeded, seed
from holdfast.app.server import serve
from holdfast.app.settings import RunSettings
from holdfast.app.starting import assembled, database_urls
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import parsed
from holdfast.kit.settings import Settings

_ZONE: Final = "America/Los_Angeles"
_AHEAD: Final = timedelta(days=45)
_NIGHTS: Final = timedelta(days=2)
_INTERRUPTED: Final = 130


def serve_database(settings: Settings, run: RunSettings) -> None:
    """Serve what is in the database until told to stop.

    Raises:
        CannotStart: The database or the port is not to be had, or the schema is not up to date.
    """
    with _taken(settings, run) as sock:
        asyncio.run(_make_ready(settings, run))
        host, port = _address(sock)
        click.echo(f"Holdfast listens on http://{host}:{port} (documentation at /docs)", err=True)
        serve(sock, settings, run)


def serve_demo(settings: Settings, run: RunSettings) -> None:
    """Make the demo data if it is absent, then serve it.

    Raises:
        CannotStart: As `serve_database`; or the database holds something else.
    """
    with _taken(settings, run) as sock:
        if not asyncio.run(_is_seeded(settings, run)):
            _seed_elsewhere(settings, run)
        click.echo(_what_next(settings, *_address(sock)), nl=False)
        serve(sock, settings, run)


@contextmanager
def _taken(settings: Settings, run: RunSettings) -> Iterator[socket.socket]:
    urls = database_urls(settings, run)
    _refuse_workers_on_sqlite(urls, run)
    with only_process(urls), listen(run.host, run.port) as sock:
        yield sock


def _refuse_workers_on_sqlite(urls: Iterable[str], run: RunSettings) -> None:
    found = sqlite_files(urls)
    if run.workers > 1 and found:
        raise CannotStart(f"{found[0]} is SQLite, which one process serves; use PostgreSQL or MariaDB with --workers")


async def _make_ready(settings: Settings, run: RunSettings) -> None:
    async with assembled(settings, run):
        pass


async def _is_seeded(settings: Settings, run: RunSettings) -> bool:
    async with assembled(settings, run) as assembly:
        return await is_seeded(assembly)


def _seed_elsewhere(settings: Settings, run: RunSettings) -> None:
    """Make the demo data in a process of its own, so that its memory goes with it and is not carried into the server.

    Raises:
        CannotStart: It could not be made.
    """
    # Where it is safe, a fork saves loading everything once more; nothing else runs in this process yet.
    linux = sys.platform == "linux"
    how = multiprocessing.get_context("fork") if linux else multiprocessing.get_context("spawn")
    child = how.Process(target=_seed, args=(settings, run), name="holdfast-seed")
    child.start()
    child.join()
    if child.exitcode:
        raise CannotStart("the demo data could not be made; what is there so far goes with `holdfast drop`")


def _seed(settings: Settings, run: RunSettings) -> None:
    with suppress(KeyboardInterrupt):
        asyncio.run(_seed_here(settings, run))
        return
    sys.exit(_INTERRUPTED)


async def _seed_here(settings: Settings, run: RunSettings) -> None:
    async with assembled(settings, run, prepared=True) as assembly:
        await seed(assembly)


def _address(sock: socket.socket) -> tuple[str, int]:
    host, port = sock.getsockname()[:2]
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host), port  # noqa: S104 - shown, not bound to


def _what_next(settings: Settings, host: str, port: int) -> str:
    check_in = Clock().today(_ZONE) + _AHEAD
    words = {
        "base": f"http://{host}:{port}",
        "homes": f"{len(homes()):,}",
        "restaurants": f"{restaurants_count():,}",
        "routes": f"{len(routes()):,}",
        "airports": f"{len(iatas())}",
        "password": PASSWORD,
        "people": "\n".join(f"    {user.role:6} {user.email}" for user in USERS),
        "email": next(user.email for user in USERS if user.role is Role.GUEST),
        "check_in": check_in.isoformat(),
        "check_out": (check_in + _NIGHTS).isoformat(),
        "holdfast": sys.argv[0] if Path(sys.argv[0]).name == "holdfast" else "holdfast",
        "database": parsed(settings.database_url).render_as_string(),
    }
    text = files("holdfast.app.pages").joinpath("what_next.txt").read_text(encoding="utf-8")
    for name, word in words.items():
        text = text.replace(f"@{name}@", word)
    return text
