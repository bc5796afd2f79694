"""`holdfast activity`, and the seals that `holdfast verify` is given."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

import click

from holdfast.app.commands import beside_servers
from holdfast.app.errors import CannotStart
from holdfast.app.lock import sqlite_files
from holdfast.app.schema import behind
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls
from holdfast.gateway.activity_reading import Trail, csv_head, csv_line, json_line
from holdfast.kit.activity.chain import Seal
from holdfast.kit.activity.log import Wanted
from holdfast.kit.settings import Settings

_MOST: Final = 10_000_000
"""Lines of one export."""
_PARTS: Final = 3


def seals_of(given: Iterable[str]) -> list[Seal]:
    """Return seals from how the command line names them.

    Raises:
        CannotStart: One is not `module:number:hash`.
    """
    seals = []
    for text in given:
        parts = text.split(":")
        if len(parts) != _PARTS or not (parts[1].isascii() and parts[1].isdecimal()):
            raise CannotStart(f"a seal is module:number:hash, not {text!r}")
        seals.append(Seal(module=parts[0], number=int(parts[1]), hash=parts[2]))
    return seals


async def export(settings: Settings, run: RunSettings, which: tuple[int | None, str | None], form: str) -> None:
    """Print what was done, newest first.

    Args:
        settings: Of the installation.
        run: What runs here.
        which: The account, and the moment from which on (ISO 8601, UTC where no offset is given); None: all.
        form: `csv`, or `jsonl`.

    Raises:
        CannotStart: The moment cannot be understood, or there is nothing of ours in the database.
    """
    account_id, since = which
    wanted = Wanted(account_id=account_id, first=None if since is None else _moment(since))
    for file in sqlite_files(database_urls(settings, run)):
        if not file.exists():
            raise CannotStart(f"there is no database {file} (--database or HOLDFAST_DATABASE_URL)")
    async with beside_servers(settings, run, prepared=True) as assembly:
        await assembly.check(accept_loss=settings.accept_loss)
        if late := await behind(assembly):
            raise CannotStart(f"the schema of {', '.join(late)} is not up to date; run `holdfast migrate`")
        if form == "csv":
            click.echo(csv_head(), nl=False)
        line = csv_line if form == "csv" else json_line
        async for each in Trail(assembly.activity()).all(wanted, most=_MOST):
            click.echo(line(each), nl=False)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise CannotStart(f"--since takes a moment like 2026-11-01T12:00Z, not {text!r}") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
