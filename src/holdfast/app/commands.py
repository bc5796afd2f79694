"""What the commands do that end by themselves, and `work`."""

import asyncio
import json
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

import click
from rich.console import Console
from rich.table import Table

from holdfast.accounts.api import Account, AccountsApi, Role
from holdfast.app.asgi import create_app, install_routes
from holdfast.app.errors import CannotStart
from holdfast.app.lock import alone_or_beside, only_process, sqlite_files
from holdfast.app.modules import Assembly, assemble
from holdfast.app.schema import behind
from holdfast.app.seeding import is_seeded, seed
from holdfast.app.settings import RunSettings
from holdfast.app.starting import assembled, database_urls, keyring_of, migrate_modules
from holdfast.booking.api import BookingApi, Breach, IntegrityReport
from holdfast.kit.activity.chain import ActivityBreach, ActivityReport, Seal
from holdfast.kit.ids import new_secret
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from holdfast.payments.api import MoneyBreach, MoneyReport, PaymentsApi

_BREACHES_SHOWN: Final = 50

console = Console(stderr=True)


@asynccontextmanager
async def beside_servers(settings: Settings, run: RunSettings, *, prepared: bool = False) -> AsyncIterator[Assembly]:
    """Put the modules together for a short command that may run while a server does."""
    with alone_or_beside(database_urls(settings, run)) as alone:
        async with assembled(settings, run, checkpoints=alone, prepared=prepared) as assembly:
            yield assembly


async def work_until_stopped(settings: Settings, run: RunSettings) -> None:
    """Carry events and run jobs until SIGINT or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    with only_process(database_urls(settings, run)):
        async with assembled(settings, run) as assembly:
            await assembly.work()
            await stop.wait()


async def change_schema(settings: Settings, run: RunSettings, *, target: str) -> None:
    """Bring the schema of every module to a revision: `head`, or `base` for nothing at all."""
    urls = database_urls(settings, run)
    with only_process(urls), console.status("Changing the schema …"):
        assembly = await assemble(settings, keyring_of(settings, urls), names=run.modules)
        try:
            await assembly.check(accept_loss=settings.accept_loss)
            names = [name for name, running in assembly.running.items() if running.module.tables is not None]
            if target == "base":
                names.reverse()
            await migrate_modules(assembly, names, target=target)
        finally:
            await assembly.stop()
    click.echo("every table is gone" if target == "base" else f"up to date: {', '.join(names)}", err=True)


async def seed_database(settings: Settings, run: RunSettings) -> None:
    """Make the demo data where there is none."""
    with only_process(database_urls(settings, run)):
        async with assembled(settings, run) as assembly:
            there = await is_seeded(assembly)
            if not there:
                await seed(assembly)
    click.echo("the demo data was there already" if there else "the demo data is made", err=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewStaff:
    """Somebody who is to run the installation."""

    email: str
    username: str
    password: str
    role: Role


async def register_staff(settings: Settings, run: RunSettings, person: NewStaff) -> Account:
    """Create an account of somebody who runs the installation: an admin or an operator.

    Raises:
        CannotStart: The accounts module does not run here.
    """
    async with beside_servers(settings, run) as assembly:
        accounts: AccountsApi | None = assembly.door("accounts")
        if accounts is None:
            raise CannotStart("this needs the accounts module; add it to HOLDFAST_MODULES")
        return await accounts.register(
            email=person.email, username=person.username, password=person.password, role=person.role
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount:
    """What `verify` found: the stock's books and, where payments runs here, the money's."""

    stock: IntegrityReport
    money: MoneyReport | None
    activity: tuple[ActivityReport, ...] = ()
    """Of the chain of each module that keeps one."""

    @property
    def breaches(self) -> tuple[Breach | MoneyBreach | ActivityBreach, ...]:
        """Return everything that does not add up."""
        chains = [breach for each in self.activity for breach in each.breaches]
        return (*self.stock.breaches, *(self.money.breaches if self.money else ()), *chains)


async def recount(settings: Settings, run: RunSettings, *, seals: Sequence[Seal] = ()) -> Recount:
    """Recount everything sold against everything there is. Makes nothing: books that are not there are not right.

    Args:
        settings: Of the installation.
        run: What runs here.
        seals: Of chains of activity, kept elsewhere: each must still be there.

    Raises:
        CannotStart: The booking module does not run here, or there is nothing of ours in the database.
    """
    for file in sqlite_files(database_urls(settings, run)):
        if not file.exists():
            raise CannotStart(f"there is no database {file} (--database or HOLDFAST_DATABASE_URL)")
    async with beside_servers(settings, run, prepared=True) as assembly:
        booking: BookingApi | None = assembly.door("booking")
        if booking is None:
            raise CannotStart("this needs the booking module; add it to HOLDFAST_MODULES")
        payments: PaymentsApi | None = assembly.door("payments")
        await assembly.check(accept_loss=settings.accept_loss)
        if late := await behind(assembly):
            raise CannotStart(f"the schema of {', '.join(late)} is not up to date; run `holdfast migrate`")
        with console.status("Recounting …"):
            return Recount(
                stock=await booking.verify(),
                money=None if payments is None else await payments.verify(),
                activity=tuple([await each.verify(known=seals) for each in assembly.activity().values()]),
            )


def show_report(report: Recount, *, as_json: bool) -> None:
    """Print a report."""
    if as_json:
        money = None if report.money is None else asdict(report.money)
        found = asdict(report.stock) | {"money": money, "activity": [asdict(each) for each in report.activity]}
        click.echo(json.dumps(found, indent=2, default=datetime.isoformat))
        return
    counted = _counted(report)
    if not report.breaches:
        click.echo(f"clean: {counted} recounted in {report.stock.duration_ms} ms")
        return
    click.echo(f"{len(report.breaches)} breaches: {counted} recounted in {report.stock.duration_ms} ms")
    table = Table("rule", "subject", "detail")
    for breach in report.breaches[:_BREACHES_SHOWN]:
        table.add_row(breach.rule, breach.subject, breach.detail)
    Console().print(table)
    if len(report.breaches) > _BREACHES_SHOWN:
        click.echo(f"and {len(report.breaches) - _BREACHES_SHOWN} more; --json prints all")


def _counted(report: Recount) -> str:
    stock, money = report.stock, report.money
    counted = [
        f"{stock.cells} cells",
        f"{stock.holds} holds",
        f"{stock.bookings} bookings",
        f"{stock.ledger_entries} entries",
    ]
    if money is not None:
        counted += [f"{money.payments} payments", f"{money.refunds} refunds", f"{money.transfers} transfers"]
    if report.activity:
        counted.append(f"{sum(each.sealed for each in report.activity)} acts")
    return ", ".join(counted)


async def describe_api() -> str:
    """Return the description of the whole HTTP API; no database is opened for it."""
    settings = Settings(database_url="sqlite:///not-opened.db")
    assembly = await assemble(settings, Keyring(new_secret()))
    try:
        app = create_app(settings)
        install_routes(app, assembly)
        return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"
    finally:
        await assembly.stop()
