"""`holdfast sagas`: what waits, failed or needs a person. It launches nothing and runs while a server does."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.table import Table

from holdfast.app.commands import beside_servers
from holdfast.app.errors import CannotStart
from holdfast.app.lock import sqlite_files
from holdfast.app.schema import behind
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls
from holdfast.kit.settings import Settings
from holdfast.sagas.api import JourneyRun, JourneyState, SagasApi

NOT_DONE: Final = (JourneyState.WAITING, JourneyState.FAILED, JourneyState.NEEDS_HUMAN)
_PAGE: Final = 100


async def list_journeys(settings: Settings, run: RunSettings, *, state: str | None, as_json: bool) -> int:
    """Print journeys in a state, or all that are not done; return how many failed or need a person."""
    states = NOT_DONE if state is None else (JourneyState(state),)
    found: list[JourneyRun] = []
    async with _sagas(settings, run) as sagas:
        while page := await sagas.journeys(states=states, before=found[-1].id if found else None, limit=_PAGE):
            found += page
    if as_json:
        click.echo(json.dumps([msgspec.to_builtins(each) for each in found], indent=2))
    elif not found:
        click.echo("nothing waits, nothing failed, nobody is needed" if state is None else f"nothing is {state}")
    else:
        _print(found)
    return sum(each.state in {JourneyState.FAILED, JourneyState.NEEDS_HUMAN} for each in found)


async def show_journey(settings: Settings, run: RunSettings, *, journey_id: str) -> None:
    """Print a journey with the steps of its newest try, as JSON."""
    async with _sagas(settings, run) as sagas:
        journey = await sagas.journey(journey_id=journey_id)
        steps = await sagas.steps(journey_id=journey_id)
    shown: dict[str, Any] = msgspec.to_builtins(journey) | {"steps": [msgspec.to_builtins(each) for each in steps]}
    click.echo(json.dumps(shown, indent=2, ensure_ascii=False))


async def retry_journey(settings: Settings, run: RunSettings, *, journey_id: str) -> None:
    """Let a journey begin anew; the server that runs now, or the next one that starts, carries it out."""
    async with _sagas(settings, run) as sagas:
        journey = await sagas.retry(journey_id=journey_id)
    click.echo(f"{journey.id} begins anew, try {journey.tries}", err=True)


@asynccontextmanager
async def _sagas(settings: Settings, run: RunSettings) -> AsyncIterator[SagasApi]:
    for file in sqlite_files(database_urls(settings, run)):
        if not file.exists():
            raise CannotStart(f"there is no database {file} (--database or HOLDFAST_DATABASE_URL)")
    async with beside_servers(settings, run, prepared=True) as assembly:
        sagas: SagasApi | None = assembly.door("sagas")
        if sagas is None:
            raise CannotStart("this needs the sagas module; add it to HOLDFAST_MODULES")
        await assembly.check(accept_loss=settings.accept_loss)
        if "sagas" in await behind(assembly):
            raise CannotStart("the schema of sagas is not up to date; run `holdfast migrate`")
        yield sagas


def _print(found: list[JourneyRun]) -> None:
    table = Table("id", "saga", "state", "outcome", "tries", "since", "detail")
    for each in found:
        since = each.updated_at.isoformat(timespec="seconds")
        table.add_row(each.id, each.saga, each.state, each.outcome or "", str(each.tries), since, each.detail or "")
    Console().print(table)
