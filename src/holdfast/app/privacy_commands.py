"""What the commands about people's data do. They may run while a server does."""

import csv
import json
import sys
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import click
import msgspec
from rich.console import Console
from rich.table import Table

from holdfast.accounts.api import (
    CONSENT_VERSION,
    Account,
    AccountsApi,
    AskedBy,
    Breach,
    ConsentHow,
    ConsentPurpose,
    Erasure,
    ErasureState,
)
from holdfast.app.commands import beside_servers
from holdfast.app.errors import CannotStart
from holdfast.app.lock import sqlite_files
from holdfast.app.modules import Assembly, assemble
from holdfast.app.privacy import PrivacyWork
from holdfast.app.schema import behind
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls
from holdfast.gateway.privacy_archive import archive_of
from holdfast.gateway.privacy_pages import html_of, markdown_of, notice_markdown
from holdfast.gateway.privacy_policy import FORMS, Policy
from holdfast.kit.ids import new_secret
from holdfast.kit.privacy import Kind, Purpose
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings

_PAGE: Final = 1_000


async def the_policy() -> Policy:
    """Return the policy of this code and these settings; no database is opened for it."""
    assembly = await assemble(Settings(database_url="sqlite:///not-opened.db"), Keyring(new_secret()))
    try:
        return _work_of(assembly).policy
    finally:
        await assembly.stop()


async def policy_version() -> str:
    """Return the version of the policy."""
    return (await the_policy()).version


async def render_policy(*, form: str) -> str:
    """Return the policy as Markdown, a page or JSON."""
    policy = await the_policy()
    if form == "json":
        return json.dumps(msgspec.to_builtins(policy.document), indent=2, ensure_ascii=False) + "\n"
    return html_of(policy.document) if form == "html" else markdown_of(policy.document)


async def render_notice(form: str, *, as_json: bool) -> str:
    """Return what people are told where they fill in a form, as Markdown or JSON.

    Raises:
        CannotStart: There is no such form.
    """
    found = next((each for each in FORMS if each.name == form), None)
    if found is None:
        raise CannotStart(f"there is no form {form!r}, only {', '.join(each.name for each in FORMS)}")
    notice = (await the_policy()).notice(found)
    if as_json:
        return json.dumps(msgspec.to_builtins(notice), indent=2, ensure_ascii=False) + "\n"
    return notice_markdown(notice)


async def list_fields(*, as_json: bool) -> None:
    """Print every column that tells of a person."""
    found = (await the_policy()).data_map()
    if as_json:
        click.echo(json.dumps(msgspec.to_builtins(found), indent=2))
        return
    table = Table("column", "kind", "purposes", "kept", "when erased", "given to")
    for each in found:
        given = ", ".join(each["recipients"])
        purposes = ", ".join(each["purposes"])
        table.add_row(f"{each['table']}.{each['column']}", each["kind"], purposes, each["keep"], each["erase"], given)
    Console().print(table)


async def export_person(settings: Settings, run: RunSettings, *, email: str, out: Path) -> None:
    """Write a copy of everything that is kept of somebody to a file that only its owner can read."""
    async with _working(settings, run) as (accounts, work):
        account = await _account(accounts, email)
        content = archive_of(await work.people.gather(account.id), work.policy.version, work.clock.now())
    _write(out, content)
    click.echo(f"{out} has everything that is kept of account {account.id}", err=True)


def _write(out: Path, content: bytes) -> None:
    out.touch(mode=0o600, exist_ok=False)
    out.write_bytes(content)


async def erase_person(settings: Settings, run: RunSettings, *, email: str, now: bool) -> None:
    """Plan the erasure of an account, or carry it out at once.

    Raises:
        ActiveBookings: Bookings lie ahead.
        OrganizationNeeded: Others are in an organization that cannot be without them.
        CannotStart: There is no such account, or not every module runs here.
    """
    async with _working(settings, run) as (accounts, work):
        account = await _account(accounts, email)
        await work.people.refuse_obstacles(account.id)
        erasure = await work.privacy.erasures.of(account_id=account.id)
        if erasure is None:
            wait_s = 0 if now else work.settings.cool_off_days * 86_400
            erasure = await work.privacy.erasures.ask(
                account_id=account.id, cool_off_s=wait_s, asked_by=AskedBy.OPERATOR
            )
        if not now:
            click.echo(f"account {account.id} will be erased at {erasure.due_at.isoformat(timespec='seconds')}")
            return
        await work.privacy.erasures.hurry(account_id=account.id)
        await work.erase_due()
        _tell(await work.privacy.erasures.of(account_id=account.id), account.id, work)


def _tell(erasure: Erasure | None, account_id: int, work: PrivacyWork) -> None:
    if erasure is None or erasure.state is not ErasureState.DONE:
        every = work.settings.tidy_every_s
        click.echo(
            f"account {account_id}: all rows are gone; the server that runs writes the files anew within {every} s"
        )
        return
    click.echo(f"account {account_id} is erased: {sum((erasure.steps or {}).values())} rows changed")
    if erasure.remains:
        click.echo(erasure.remains)


async def list_erasures(settings: Settings, run: RunSettings) -> None:
    """Print the newest erasures as JSON."""
    async with _working(settings, run) as (_, work):
        _print(await work.privacy.erasures.recent())


async def run_retention(settings: Settings, run: RunSettings, *, dry_run: bool) -> None:
    """Let go of what has been kept long enough, or say what that would be."""
    async with _working(settings, run) as (_, work):
        done = await work.lapse(dry_run=dry_run)
    table = Table("table", "kept for", "rows that would go" if dry_run else "rows let go")
    for lapsed in done.values():
        for each in lapsed:
            table.add_row(each.table, each.keep, str(each.rows))
    Console().print(table)


async def list_cases(settings: Settings, run: RunSettings) -> None:
    """Print the requests that wait for an answer, those due first, as JSON."""
    async with _working(settings, run) as (_, work):
        _print(await work.privacy.cases.waiting())


async def decide_case(settings: Settings, run: RunSettings, *, case_id: str, accepted: bool, answer: str) -> None:
    """Answer a request."""
    async with _working(settings, run) as (_, work):
        case = await work.privacy.cases.decide(case_id=case_id, accepted=accepted, answer=answer, decided_by=None)
    click.echo(f"{case.id} is {case.state.value}")


async def note_disclosure(settings: Settings, run: RunSettings, *, email: str, given: Mapping[str, Any]) -> None:
    """Note that something about somebody was given away by hand."""
    async with _working(settings, run) as (accounts, work):
        account = await _account(accounts, email)
        await work.privacy.disclose(
            account_id=account.id,
            recipient=given["recipient"],
            kinds=[Kind(each) for each in given["kinds"]],
            purpose=Purpose(given["purpose"]),
            about=given["about"],
        )
    click.echo(f"noted for account {account.id}")


async def show_consents(settings: Settings, run: RunSettings, *, email: str, withdraw: str | None) -> None:
    """Print what somebody agreed to as JSON, after withdrawing one consent if that is asked for."""
    async with _working(settings, run) as (accounts, work):
        account = await _account(accounts, email)
        consents = work.privacy.consents
        if withdraw is not None:
            await consents.set(
                account_id=account.id,
                purpose=ConsentPurpose(withdraw),
                granted=False,
                text_version=CONSENT_VERSION,
                how=ConsentHow.OPERATOR,
            )
        _print(await consents.of(account_id=account.id))


async def restrict_person(settings: Settings, run: RunSettings, *, email: str, lift: bool) -> None:
    """Restrict the use of somebody's data, or lift that."""
    async with _working(settings, run) as (accounts, work):
        account = await _account(accounts, email)
        restricted = await work.privacy.consents.restrict(account_id=account.id, restricted=not lift)
    click.echo(f"account {account.id} is {'restricted' if restricted else 'not restricted'}")


# ------------------------------------------------------------------------------------------------------------ breaches


async def open_breach(settings: Settings, run: RunSettings, *, title: str, what: str, kinds: Collection[str]) -> None:
    """Open a case of a suspected breach, and note everybody of whom such data is kept as concerned."""
    wanted = [Kind(each) for each in kinds]
    async with _working(settings, run) as (_, work):
        breach = await work.privacy.breaches.open(title=title, what=what, kinds=wanted)
        concerned = await work.people.concerned(wanted)
        added = await work.privacy.breaches.add_people(breach_id=breach.id, people=concerned)
    click.echo(f"{breach.id}: {added} people concerned; assess it by {breach.assess_by.date().isoformat()}")


async def assess_breach(settings: Settings, run: RunSettings, *, breach_id: str, serious: bool, reasons: str) -> None:
    """Note what the assessment found."""
    async with _working(settings, run) as (_, work):
        breach = await work.privacy.breaches.assess(breach_id=breach_id, serious=serious, reasons=reasons)
    next_step = "tell the OAIC and the people, then `holdfast breach notify`" if serious else "nobody has to be told"
    click.echo(f"{breach.id}: {next_step}")


async def notify_breach(settings: Settings, run: RunSettings, *, breach_id: str) -> None:
    """Write who is to be told and of what kinds of data, as CSV, and note that they are told."""
    async with _working(settings, run) as (_, work):
        await work.privacy.breaches.notify(breach_id=breach_id)
        await _write_people(work, breach_id)


async def list_breaches(settings: Settings, run: RunSettings) -> None:
    """Print breaches with their clocks."""
    async with _working(settings, run) as (_, work):
        found = await work.privacy.breaches.all()
        now = work.clock.now()
    table = Table("id", "title", "people", "state", "days left")
    for each in found:
        left = "" if each.assessed_at else str((each.assess_by - now).days)
        table.add_row(each.id, each.title, str(each.people), _state(each), left)
    Console().print(table)


async def list_concerned(settings: Settings, run: RunSettings, *, breach_id: str) -> None:
    """Write who is concerned and by what kinds of data, as CSV."""
    async with _working(settings, run) as (_, work):
        await _write_people(work, breach_id)


def _state(breach: Breach) -> str:
    if breach.assessed_at is None:
        return "to be assessed"
    if not breach.serious:
        return "not serious"
    return "told" if breach.notified_at else "to be told"


async def _write_people(work: PrivacyWork, breach_id: str) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(("account_id", "email", "kinds"))
    after = 0
    while page := await work.privacy.breaches.people(breach_id=breach_id, after=after, limit=_PAGE):
        for each in page:
            writer.writerow((each.account_id, each.email or "", " ".join(each.kinds)))
        after = page[-1].account_id


# -------------------------------------------------------------------------------------------------------------- common


@asynccontextmanager
async def _working(settings: Settings, run: RunSettings) -> AsyncIterator[tuple[AccountsApi, PrivacyWork]]:
    for file in sqlite_files(database_urls(settings, run)):
        if not file.exists():
            raise CannotStart(f"there is no database {file} (--database or HOLDFAST_DATABASE_URL)")
    async with beside_servers(settings, run, prepared=True) as assembly:
        if not assembly.runs_all:
            raise CannotStart("this needs every module, because each keeps something; leave out HOLDFAST_MODULES")
        await assembly.check(accept_loss=settings.accept_loss)
        if late := await behind(assembly):
            raise CannotStart(f"the schema of {', '.join(late)} is not up to date; run `holdfast migrate`")
        yield assembly.door("accounts"), _work_of(assembly)


def _work_of(assembly: Assembly) -> PrivacyWork:
    work = assembly.privacy()
    if work is None:
        raise CannotStart("this needs the accounts module; add it to HOLDFAST_MODULES")
    return work


async def _account(accounts: AccountsApi, email: str) -> Account:
    found = await accounts.find_by_email(email=email)
    if found is None:
        raise CannotStart("there is no account with this address")
    return found


def _print(found: Any) -> None:
    click.echo(json.dumps(msgspec.to_builtins(list(found)), indent=2, ensure_ascii=False))
