"""`holdfast privacy` and `holdfast breach`: what operators do about people's data."""

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from holdfast.app.settings import RunSettings, read_settings
from holdfast.kit.log import configure_logging
from holdfast.kit.privacy_words import Kind, Purpose
from holdfast.kit.settings import LogFormat, LogLevel, Settings

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_CONSENTS: Final = click.Choice(["dietary_notes", "marketing_email", "marketing_sms", "marketing_push"])
_KINDS: Final = click.Choice([each.value for each in Kind])
_PURPOSES: Final = click.Choice([each.value for each in Purpose])


def _database_option(command: CommandT) -> CommandT:
    return click.option(
        "--database", metavar="URL", help="sqlite:///file.db, postgresql://… or mysql://… [HOLDFAST_DATABASE_URL]"
    )(command)


def _email_option(command: CommandT) -> CommandT:
    return click.option("--email", required=True, metavar="ADDRESS", help="Of the account.")(command)


def _settings(database: str | None) -> tuple[Settings, RunSettings]:
    settings = read_settings(Settings, {"database_url": database})
    level = settings.log_level if "log_level" in settings.model_fields_set else LogLevel.WARNING
    form = settings.log_format if "log_format" in settings.model_fields_set else LogFormat.CONSOLE
    configure_logging(level=level, form=form)
    return settings, read_settings(RunSettings)


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


@click.group()
def privacy() -> None:
    """Answer for people's data: policy, copies, erasure, retention, requests. It may run while a server does."""


@privacy.command("policy")
@click.option("--render", is_flag=True, help="Print the whole policy; without it only its version.")
@click.option(
    "--format", "form", type=click.Choice(["md", "html", "json"]), default="md", show_default=True, help="As."
)
@_database_option
def policy(database: str | None, form: str, *, render: bool) -> None:
    """Print the privacy policy, made from the code and the settings; no database is opened for it."""
    del database
    from holdfast.app.privacy_commands import policy_version, render_policy  # noqa: PLC0415 - loads the web framework

    configure_logging(level=LogLevel.WARNING, form=LogFormat.CONSOLE)
    click.echo(_run(render_policy(form=form)) if render else f"{_run(policy_version())}\n", nl=False)


@privacy.command("fields")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@_database_option
def fields(database: str | None, *, as_json: bool) -> None:
    """Print the data map: every column that tells of a person; no database is opened for it."""
    del database
    from holdfast.app.privacy_commands import list_fields  # noqa: PLC0415 - as above

    configure_logging(level=LogLevel.WARNING, form=LogFormat.CONSOLE)
    _run(list_fields(as_json=as_json))


@privacy.command("notices")
@click.argument("form", metavar="FORM")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@_database_option
def notices(database: str | None, form: str, *, as_json: bool) -> None:
    """Print what people are told before they fill in a form.

    FORM is registration, booking, payment, table_notes, listing or request. No database is opened for it.
    """
    del database
    from holdfast.app.privacy_commands import render_notice  # noqa: PLC0415 - as above

    configure_logging(level=LogLevel.WARNING, form=LogFormat.CONSOLE)
    click.echo(_run(render_notice(form, as_json=as_json)), nl=False)


@privacy.command("consents")
@_email_option
@click.option("--withdraw", metavar="PURPOSE", type=_CONSENTS, help="Withdraw one for them first, because they asked.")
@_database_option
def consents(database: str | None, email: str, withdraw: str | None) -> None:
    """Print what somebody agreed to, as JSON. The server forgets what it kept with a consent that is withdrawn."""
    from holdfast.app.privacy_commands import show_consents  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(show_consents(settings, run, email=email, withdraw=withdraw))


@privacy.command("restrict")
@_email_option
@click.option("--lift", is_flag=True, help="Allow it again.")
@_database_option
def restrict(database: str | None, email: str, *, lift: bool) -> None:
    """Stop all use of somebody's data beyond what they book; nothing of theirs is let go by age meanwhile."""
    from holdfast.app.privacy_commands import restrict_person  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(restrict_person(settings, run, email=email, lift=lift))


@privacy.command("export")
@_email_option
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="The zip file to write.")
@_database_option
def export(database: str | None, email: str, out: Path) -> None:
    """Write a copy of everything that is kept of somebody. It is not encrypted: give it to them, then delete it."""
    from holdfast.app.privacy_commands import export_person  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(export_person(settings, run, email=email, out=out))


@privacy.command("erase")
@_email_option
@click.option("--now", is_flag=True, help="Without the days in which they could change their mind.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_database_option
def erase(database: str | None, email: str, *, now: bool, yes: bool) -> None:
    """Erase an account: nothing tells any more whose it was. Its books stay, under a number."""
    from holdfast.app.privacy_commands import erase_person  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    if now and not yes:
        click.confirm("This cannot be undone. Continue?", abort=True, err=True)
    _run(erase_person(settings, run, email=email, now=now))


@privacy.command("erasures")
@_database_option
def erasures(database: str | None) -> None:
    """Print the newest erasures with what is done of each, as JSON."""
    from holdfast.app.privacy_commands import list_erasures  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(list_erasures(settings, run))


@privacy.command("retention")
@click.option("--dry-run", is_flag=True, help="Only say how much would go.")
@_database_option
def retention(database: str | None, *, dry_run: bool) -> None:
    """Let go of what has been kept long enough. The server does that by itself every hour."""
    from holdfast.app.privacy_commands import run_retention  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(run_retention(settings, run, dry_run=dry_run))


@privacy.command("requests")
@_database_option
def requests(database: str | None) -> None:
    """Print the corrections, reviews and complaints that wait for an answer, those due first, as JSON."""
    from holdfast.app.privacy_commands import list_cases  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(list_cases(settings, run))


@privacy.command("answer")
@click.argument("case_id", metavar="ID")
@click.option("--accept/--refuse", "accepted", required=True, help="What becomes of it.")
@click.option("--text", required=True, help="What the person is told; when refusing, why and how to complain.")
@_database_option
def answer(database: str | None, case_id: str, text: str, *, accepted: bool) -> None:
    """Answer a correction, a review or a complaint."""
    from holdfast.app.privacy_commands import decide_case  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(decide_case(settings, run, case_id=case_id, accepted=accepted, answer=text))


@privacy.command("disclose")
@_email_option
@click.option("--to", "recipient", required=True, help="Who was given it, as a court or an insurer.")
@click.option("--kind", "kinds", required=True, multiple=True, type=_KINDS, help="What kind of data; may be repeated.")
@click.option("--purpose", required=True, type=_PURPOSES, help="What for.")
@click.option("--about", required=True, help="What it was about, as the number of an order.")
@_database_option
def disclose(database: str | None, email: str, **given: Any) -> None:
    """Note that something about somebody was given to somebody else by hand; the person can see it."""
    from holdfast.app.privacy_commands import note_disclosure  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(note_disclosure(settings, run, email=email, given=given))


@click.group()
def breach() -> None:
    """Handle a suspected data breach: 30 days to assess it, then tell the OAIC and the people if it is serious."""


@breach.command("open")
@click.option("--title", required=True, help="In a few words; name no person.")
@click.option("--what", required=True, help="What happened, as far as it is known.")
@click.option("--kind", "kinds", required=True, multiple=True, type=_KINDS, help="What kind of data; may be repeated.")
@_database_option
def open_case(database: str | None, title: str, what: str, kinds: tuple[str, ...]) -> None:
    """Open a case; everybody of whom such data is kept is noted as concerned."""
    from holdfast.app.privacy_commands import open_breach  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(open_breach(settings, run, title=title, what=what, kinds=kinds))


@breach.command("assess")
@click.argument("breach_id", metavar="ID")
@click.option("--serious/--not-serious", "serious", required=True, help="Whether serious harm to somebody is likely.")
@click.option("--reasons", required=True, help="Why.")
@_database_option
def assess(database: str | None, breach_id: str, reasons: str, *, serious: bool) -> None:
    """Note what the assessment found."""
    from holdfast.app.privacy_commands import assess_breach  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(assess_breach(settings, run, breach_id=breach_id, serious=serious, reasons=reasons))


@breach.command("notify")
@click.argument("breach_id", metavar="ID")
@_database_option
def notify(database: str | None, breach_id: str) -> None:
    """Print who is to be told and of what, as CSV, and note that they are."""
    from holdfast.app.privacy_commands import notify_breach  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(notify_breach(settings, run, breach_id=breach_id))


@breach.command("list")
@_database_option
def list_all(database: str | None) -> None:
    """Print all cases and how many days are left to assess each."""
    from holdfast.app.privacy_commands import list_breaches  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(list_breaches(settings, run))


@breach.command("people")
@click.argument("breach_id", metavar="ID")
@_database_option
def people(database: str | None, breach_id: str) -> None:
    """Print who is concerned and by what kinds of data, as CSV."""
    from holdfast.app.privacy_commands import list_concerned  # noqa: PLC0415 - as above

    settings, run = _settings(database)
    _run(list_concerned(settings, run, breach_id=breach_id))
