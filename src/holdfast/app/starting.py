"""From settings to modules that are ready: keys, databases checked, schema up to date."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from holdfast.app.errors import CannotStart
from holdfast.app.lock import sqlite_files
from holdfast.app.modules import Assembly, assemble, chosen, urls_of
from holdfast.app.schema import behind
from holdfast.app.settings import RunSettings, read_settings
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import BadDatabaseUrl, engine_of, parsed
from holdfast.kit.limits.limits import Limits
from holdfast.kit.secrets import Keyring, load_or_create_secret
from holdfast.kit.settings import Environment, Settings

log = structlog.get_logger()

_SECRET_FILE: Final = Path("var") / "holdfast.secret"
"""Where the secret of an installation without HOLDFAST_SECRET is kept if its database is no file."""


def database_urls(settings: Settings, run: RunSettings) -> list[str]:
    """Return the databases of the modules that run here, each once.

    Raises:
        CannotStart: A module is unknown or misses another, or a URL cannot be understood.
    """
    urls = dict.fromkeys(
        url
        for module in chosen(run.modules)
        for url in urls_of(module, settings, read_settings(module.settings)).values()
    )
    for url in urls:
        try:
            parsed(url)
        except BadDatabaseUrl as error:
            raise CannotStart(f"{error} (--database or HOLDFAST_DATABASE_URL)") from error
    return list(urls)


def keyring_of(settings: Settings, urls: Iterable[str]) -> Keyring:
    """Return the keys of this installation; without HOLDFAST_SECRET from a file beside the database.

    Raises:
        CannotStart: The file is not fit to be used.
    """
    previous = [each.get_secret_value() for each in settings.secret_previous]
    if settings.secret is not None:
        return Keyring(settings.secret.get_secret_value(), previous)
    files = sqlite_files(urls)
    path = Path(f"{files[0]}.secret") if files else _SECRET_FILE
    try:
        return Keyring(load_or_create_secret(path), previous)
    except (OSError, ValueError) as error:
        raise CannotStart(f"no secret: {error} (or set HOLDFAST_SECRET)") from error


@asynccontextmanager
async def assembled(
    settings: Settings,
    run: RunSettings,
    *,
    clock: Clock | None = None,
    limits: Limits | None = None,
    prepared: bool = False,
    checkpoints: bool = True,
) -> AsyncIterator[Assembly]:
    """Put the modules that run here together, and take them apart again afterwards.

    Args:
        settings: Of the installation.
        run: What runs here.
        clock: The time everybody here goes by.
        limits: How often somebody may do something; as the environment says, if not given.
        prepared: Whether somebody has looked at the databases a moment ago.
        checkpoints: SQLite only: whether this process is the one that checkpoints.

    Raises:
        CannotStart: See `assemble`, `Assembly.check` and `make_ready`.
    """
    keyring = keyring_of(settings, database_urls(settings, run))
    assembly = await assemble(settings, keyring, names=run.modules, clock=clock, limits=limits, checkpoints=checkpoints)
    try:
        if not prepared:
            await make_ready(assembly, settings, run)
        yield assembly
    finally:
        await assembly.stop()


async def make_ready(assembly: Assembly, settings: Settings, run: RunSettings) -> None:
    """Check the databases, and bring the schema up to date where that may be done without asking.

    Raises:
        CannotStart: A database is away, unsafe, or not migrated.
    """
    await assembly.check(accept_loss=settings.accept_loss)
    late = await behind(assembly)
    asks = settings.environment is Environment.PRODUCTION and not run.migrate
    if asks and (names := [name for name in late if engine_of(parsed(assembly.running[name].url)) != "sqlite"]):
        raise CannotStart(
            f"the schema of {', '.join(names)} is not up to date; run `holdfast migrate`, or set HOLDFAST_MIGRATE=true"
        )
    await migrate_modules(assembly, late)
    await assembly.check_contents()


async def migrate_modules(assembly: Assembly, names: Sequence[str], *, target: str = "head") -> None:
    """Bring the schema of these modules to a revision; `base` takes everything away."""
    if not names:
        return
    from holdfast.kit.db.migrate import migrate  # noqa: PLC0415 - most starts need no migration tools

    for name in names:
        running = assembly.running[name]
        await migrate(running.url, running.module.name, target=target)
        log.info("schema.migrated", module=name, target=target)
