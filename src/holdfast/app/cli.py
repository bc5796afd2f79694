"""The command line: `holdfast --help`."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from typing_extensions import override

from holdfast.app.errors import CannotStart
from holdfast.app.privacy_cli import breach, privacy
from holdfast.app.settings import RunSettings, read_settings
from holdfast.kit.errors import HoldfastError
from holdfast.kit.log import configure_logging
from holdfast.kit.settings import LogFormat, LogLevel, Settings

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

BREACH: Final = 1
"""Exit code of `verify` when something does not add up."""
FAILED: Final = 2
"""Exit code of a command that could not do its work."""
_DEMO_DATABASE: Final = "sqlite:///var/demo.db"


class _Failure(click.ClickException):
    exit_code = FAILED


class _Commands(click.Group):
    """Turns what a command cannot do into one line instead of a stack trace."""

    @override
    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (CannotStart, HoldfastError) as error:
            raise _Failure(_line(error)) from error


def _line(error: Exception) -> str:
    fields = [f"{each.pointer.strip('/')}: {each.detail}" for each in getattr(error, "errors", ())]
    return "; ".join(fields) or str(error)


def _settings(database: str | None, *, quiet: bool = False) -> Settings:
    settings = read_settings(Settings, {"database_url": database})
    level = LogLevel.WARNING if quiet and "log_level" not in settings.model_fields_set else settings.log_level
    form = LogFormat.CONSOLE if quiet and "log_format" not in settings.model_fields_set else settings.log_format
    configure_logging(level=level, form=form)
    return settings


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(work)


def _database_option(command: CommandT) -> CommandT:
    return click.option(
        "--database", metavar="URL", help="sqlite:///file.db, postgresql://… or mysql://… [HOLDFAST_DATABASE_URL]"
    )(command)


def _modules_option(command: CommandT) -> CommandT:
    return click.option("--modules", metavar="NAMES", help="Run only these, separated by commas. [HOLDFAST_MODULES]")(
        command
    )


def _server_options(command: CommandT) -> CommandT:
    for option in (
        click.option("--workers", type=int, help="How many processes. [HOLDFAST_WORKERS, 1]"),
        click.option("--port", type=int, help="Port to listen on; 0 takes a free one. [HOLDFAST_PORT, 8000]"),
        click.option("--host", help="Address to listen on. [HOLDFAST_HOST, 127.0.0.1]"),
    ):
        command = option(command)
    return _modules_option(_database_option(command))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="holdfast", prog_name="holdfast")
def main() -> None:
    """One reservation engine for stays, dining and flights: it never sells the same thing twice."""


@main.command()
@_server_options
def serve(database: str | None, **run: Any) -> None:
    """Serve what is in the database over HTTP."""
    from holdfast.app.serving import serve_database  # noqa: PLC0415 - loads the web framework, which few commands need

    serve_database(_settings(database), read_settings(RunSettings, run))


@main.command()
@_server_options
def demo(database: str | None, **run: Any) -> None:
    """Make the demo data if it is absent, serve it, and say what to try next."""
    from holdfast.app.serving import serve_demo  # noqa: PLC0415 - as above

    settings = read_settings(Settings)
    chosen = "database_url" in settings.model_fields_set
    settings = _settings(database or (settings.database_url if chosen else _DEMO_DATABASE), quiet=True)
    serve_demo(settings, read_settings(RunSettings, run))


@main.command()
@_modules_option
@_database_option
def work(database: str | None, modules: str | None) -> None:
    """Carry events and run jobs without serving, for installations whose servers leave that to others."""
    from holdfast.app.commands import work_until_stopped  # noqa: PLC0415 - as above

    _run(work_until_stopped(_settings(database), read_settings(RunSettings, {"modules": modules})))


@main.command()
@click.option("--down-to", type=click.Choice(["base"]), help="Take the whole schema away, with everything in it.")
@click.option("--yes", is_flag=True, help="Do not ask before taking anything away.")
@_modules_option
@_database_option
def migrate(database: str | None, modules: str | None, down_to: str | None, *, yes: bool) -> None:
    """Bring the schema up to date."""
    from holdfast.app.commands import change_schema  # noqa: PLC0415 - as above

    settings = _settings(database, quiet=True)
    if down_to and not yes:
        _ask("This deletes every table and all data.")
    _run(change_schema(settings, read_settings(RunSettings, {"modules": modules}), target=down_to or "head"))


@main.command()
@_database_option
def seed(database: str | None) -> None:
    """Fill an empty database with the demo data, without serving it."""
    from holdfast.app.commands import seed_database  # noqa: PLC0415 - as above

    _run(seed_database(_settings(database, quiet=True), read_settings(RunSettings)))


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@_database_option
def drop(database: str | None, *, yes: bool) -> None:
    """Delete every table of the product, with all data."""
    from holdfast.app.commands import change_schema  # noqa: PLC0415 - as above

    settings = _settings(database, quiet=True)
    if not yes:
        _ask("This deletes every table and all data.")
    _run(change_schema(settings, read_settings(RunSettings), target="base"))


@main.command()
@click.option("--to", "path", metavar="FILE", type=click.Path(dir_okay=False), required=True, help="Where to.")
@click.option("--force", is_flag=True, help="Replace the file if it is there.")
@_modules_option
@_database_option
def backup(database: str | None, modules: str | None, path: str, *, force: bool) -> None:
    """Write every database to one encrypted file. It may run while a server does."""
    from holdfast.app.backup import make_backup  # noqa: PLC0415 - as above

    settings, run = _settings(database, quiet=True), read_settings(RunSettings, {"modules": modules})
    _run(make_backup(settings, run, path=Path(path), replace=force))


@main.command()
@click.option("--from", "path", metavar="FILE", type=click.Path(dir_okay=False), required=True, help="A backup.")
@click.option("--force", is_flag=True, help="Delete what is in the databases first.")
@click.option("--yes", is_flag=True, help="Do not ask before deleting.")
@_modules_option
@_database_option
@click.pass_context
def restore(ctx: click.Context, /, database: str | None, modules: str | None, path: str, **how: bool) -> None:
    """Put a backup into empty databases, and recount it as `verify` does; exit code 1 if something does not add up."""
    from holdfast.app.backup import Wanted, restore_backup  # noqa: PLC0415 - as above
    from holdfast.app.commands import show_report  # noqa: PLC0415 - as above

    settings, run = _settings(database, quiet=True), read_settings(RunSettings, {"modules": modules})
    if how["force"] and not how["yes"]:
        _ask("This deletes every table and all data that is there.")
    report = _run(restore_backup(settings, run, Wanted(path=Path(path), force=how["force"])))
    if report is not None:
        show_report(report, as_json=False)
        if report.breaches:
            ctx.exit(BREACH)


@main.command("create-admin")
@click.option("--email", required=True, help="E-mail address to log in with.")
@click.option("--username", required=True, help="Name shown to others.")
@_database_option
def create_admin(database: str | None, email: str, username: str) -> None:
    """Create an account that may do everything; its password is in HOLDFAST_ADMIN_PASSWORD, or is asked for."""
    _create_staff(database, email, username, "admin")


@main.command("create-operator")
@click.option("--email", required=True, help="E-mail address to log in with.")
@click.option("--username", required=True, help="Name shown to others.")
@_database_option
def create_operator(database: str | None, email: str, username: str) -> None:
    """Create an account that sees accounts, journeys and activity; its password comes as an admin's does."""
    _create_staff(database, email, username, "operator")


def _create_staff(database: str | None, email: str, username: str, role: str) -> None:
    from holdfast.accounts.api import Role  # noqa: PLC0415 - as above
    from holdfast.app.commands import NewStaff, register_staff  # noqa: PLC0415 - as above

    settings, run = _settings(database, quiet=True), read_settings(RunSettings)
    person = NewStaff(email=email, username=username, password=_admin_password(), role=Role(role))
    account = _run(register_staff(settings, run, person))
    click.echo(f"{role} {account.username} <{account.email}> has id {account.id}")


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--seal",
    "seals",
    metavar="MODULE:NUMBER:HASH",
    multiple=True,
    help="A seal of the activity that was kept elsewhere (GET /v1/integrity): it must still be there.",
)
@_database_option
@click.pass_context
def verify(ctx: click.Context, database: str | None, seals: tuple[str, ...], *, as_json: bool) -> None:
    """Recount everything sold, paid and noted against everything there is; exit code 1 if something does not add up."""
    from holdfast.app.activity_commands import seals_of  # noqa: PLC0415 - as above
    from holdfast.app.commands import recount, show_report  # noqa: PLC0415 - as above

    kept = seals_of(seals)
    report = _run(recount(_settings(database, quiet=True), read_settings(RunSettings), seals=kept))
    show_report(report, as_json=as_json)
    if report.breaches:
        ctx.exit(BREACH)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=8020, show_default=True, help="Port to listen on; 0 takes a free one.")
@click.option(
    "--books", type=click.Path(dir_okay=False), default="var/simulator.db", show_default=True, help="File of its books."
)
@click.option(
    "--webhook-url", metavar="URL", help="Where it sends its messages. [http://127.0.0.1:8000/v1/webhooks/simulator]"
)
@click.option("--public-url", metavar="URL", help="Where people reach its pages, if not at its own address.")
def simulator(**run: Any) -> None:
    """Serve the payment simulator as a process of its own."""
    from holdfast.app.simulating import serve_simulator  # noqa: PLC0415 - as above

    serve_simulator(_settings(None), **run)


@main.group()
def sagas() -> None:
    """See what journeys wait, failed or need a person, and try one again. It may run while a server does."""


@sagas.command("list")
@click.option(
    "--state",
    type=click.Choice(["waiting", "done", "failed", "needs_human"]),
    help="Only those in this state; without it all that are not done.",
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@_database_option
@click.pass_context
def list_sagas(ctx: click.Context, database: str | None, state: str | None, *, as_json: bool) -> None:
    """List journeys; exit code 1 if one failed or needs a person."""
    from holdfast.app.saga_commands import list_journeys  # noqa: PLC0415 - as above

    settings, run = _settings(database, quiet=True), read_settings(RunSettings)
    if _run(list_journeys(settings, run, state=state, as_json=as_json)):
        ctx.exit(BREACH)


@sagas.command("show")
@click.argument("journey_id", metavar="ID")
@_database_option
def show_saga(database: str | None, journey_id: str) -> None:
    """Print a journey with its steps, as JSON."""
    from holdfast.app.saga_commands import show_journey  # noqa: PLC0415 - as above

    _run(show_journey(_settings(database, quiet=True), read_settings(RunSettings), journey_id=journey_id))


@sagas.command("retry")
@click.argument("journey_id", metavar="ID")
@_database_option
def retry_saga(database: str | None, journey_id: str) -> None:
    """Let a journey that failed or needs a person begin anew. What it has done stays done, once."""
    from holdfast.app.saga_commands import retry_journey  # noqa: PLC0415 - as above

    _run(retry_journey(_settings(database, quiet=True), read_settings(RunSettings), journey_id=journey_id))


@main.group()
def activity() -> None:
    """Take what was done elsewhere. It may run while a server does."""


@activity.command("export")
@click.option("--account", type=int, help="Only what this account did, or what concerns it.")
@click.option("--since", metavar="TIME", help="Only from this moment on, like 2026-11-01 or 2026-11-01T12:00Z.")
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), default="jsonl", show_default=True)
@_database_option
def export_activity(database: str | None, account: int | None, since: str | None, form: str) -> None:
    """Print who did what, when, from where and to what, newest first."""
    from holdfast.app.activity_commands import export  # noqa: PLC0415 - as above

    _run(export(_settings(database, quiet=True), read_settings(RunSettings), (account, since), form))


@main.group()
def accounts() -> None:
    """See to accounts whose people cannot. It may run while a server does."""


@accounts.command("reset-factors")
@click.option("--email", required=True, help="E-mail address of the account.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_database_option
def reset_factors(database: str | None, email: str, *, yes: bool) -> None:
    """Take the second factor and all passkeys from an account and end its sessions; the password stays."""
    from holdfast.app.account_commands import reset_factors as reset  # noqa: PLC0415 - as above

    settings = _settings(database, quiet=True)
    if not yes:
        _ask("This account will be protected by its password alone. Be sure you know who asks for it.")
    _run(reset(settings, read_settings(RunSettings), email=email))


@accounts.command("disable")
@click.option("--email", required=True, help="E-mail address of the account.")
@_database_option
def disable_account(database: str | None, email: str) -> None:
    """Close an account: its sessions and API keys end at once, and nobody can log in to it."""
    from holdfast.app.account_commands import set_open  # noqa: PLC0415 - as above

    _run(set_open(_settings(database, quiet=True), read_settings(RunSettings), email=email, is_open=False))


@accounts.command("enable")
@click.option("--email", required=True, help="E-mail address of the account.")
@_database_option
def enable_account(database: str | None, email: str) -> None:
    """Open a closed account again; what ended stays ended."""
    from holdfast.app.account_commands import set_open  # noqa: PLC0415 - as above

    _run(set_open(_settings(database, quiet=True), read_settings(RunSettings), email=email, is_open=True))


@accounts.command("end-sessions")
@click.option("--email", required=True, help="E-mail address of the account.")
@_database_option
def end_sessions(database: str | None, email: str) -> None:
    """Log an account out everywhere."""
    from holdfast.app.account_commands import end_sessions as end  # noqa: PLC0415 - as above

    _run(end(_settings(database, quiet=True), read_settings(RunSettings), email=email))


@main.group()
def quote() -> None:
    """Check signed quotes."""


@quote.command("verify")
@click.argument("file", metavar="FILE|-")
@click.option("--keys", metavar="FILE", help="What GET /v1/quote-keys gave; without it the keys of this installation.")
@_database_option
@click.pass_context
def verify_quote(ctx: click.Context, file: str, keys: str | None, database: str | None) -> None:
    """Check a quote's signature, and do every line of its price again; exit code 1 if something does not hold."""
    from holdfast.app.quote_commands import check_quote, installation_keys, published_keys  # noqa: PLC0415 - as above

    known = published_keys(keys) if keys else None
    if known is None:
        known = _run(installation_keys(_settings(database, quiet=True), read_settings(RunSettings)))
    if not check_quote(file, known):
        ctx.exit(BREACH)


@main.command()
@_database_option
def openapi(database: str | None) -> None:
    """Print the description of the HTTP API (openapi.json); no database is opened for it."""
    del database  # taken like everywhere, so that scripts need no exception
    from holdfast.app.commands import describe_api  # noqa: PLC0415 - as above

    click.echo(_run(describe_api()), nl=False)


main.add_command(privacy)
main.add_command(breach)


def _admin_password() -> str:
    # No option: other users of the machine can read the command lines of processes.
    given = os.environ.get("HOLDFAST_ADMIN_PASSWORD")
    if given:
        return given
    if not sys.stdin.isatty():
        raise CannotStart("set HOLDFAST_ADMIN_PASSWORD, or run this in a terminal to be asked for the password")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _ask(what: str) -> None:
    click.confirm(f"{what} Continue?", abort=True, err=True)
