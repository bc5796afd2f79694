"""`holdfast backup` and `holdfast restore`: every database of the installation in one encrypted file, and back.

A backup may be made while servers run. Each database is told as it is at one moment; of several, those that follow
events come before those that publish them, so that after a restore an event may be carried again and none is passed
over. What belongs to somebody else or is made anew is not in it: the journal of sagas, letters in a folder, the books
of the payment simulator.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

import click
import msgspec

from holdfast.app.backup_file import DATA, END, MANIFEST, NEXT, BackupWriter, BadBackup, chunks_of, new_backup
from holdfast.app.commands import Recount, beside_servers, console, recount
from holdfast.app.errors import CannotStart
from holdfast.app.lock import only_process, sqlite_files
from holdfast.app.modules import Assembly, assemble
from holdfast.app.schema import behind, known_revisions, newest_revision, revisions
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls, keyring_of, migrate_modules
from holdfast.kit.activity.acts import Act
from holdfast.kit.activity.chain import Seal
from holdfast.kit.db.dumping import DumpFailed, ToolMissing, check_tools, dumped, load
from holdfast.kit.db.opening import engine_of, parsed
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings

PURPOSE: Final = "backup"
"""What the key is derived for that seals a backup's own key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One database in a backup."""

    engine: str
    """`sqlite`, `postgresql` or `mysql`."""
    revisions: dict[str, str]
    """The modules in it, each with the revision of its schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds."""

    product: str
    """The version of Holdfast that made it."""
    made_at: datetime
    """When it was begun, UTC: nothing later is needed from it."""
    databases: tuple[Kept, ...]
    """In the order in which they follow."""
    seals: tuple[Seal, ...]
    """The newest of each chain of activity before it was begun: a restore shows that none before it is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How a database is to be restored."""

    path: Path
    force: bool
    """Whether what is there may be deleted first."""


# --------------------------------------------------------------------------------------------------------------- backup


async def make_backup(settings: Settings, run: RunSettings, *, path: Path, replace: bool) -> None:
    """Write every database of the modules that run here to a file, and say what it holds.

    Raises:
        CannotStart: There is nothing to back up, a program is missing or failed, or the file cannot be written.
    """
    urls = database_urls(settings, run)
    _look_for_tools(urls)
    for file in sqlite_files(urls):
        if not file.exists():
            raise CannotStart(f"there is no database {file} (--database or HOLDFAST_DATABASE_URL)")
    async with beside_servers(settings, run, prepared=True) as assembly:
        await assembly.check(accept_loss=True)  # what is about to be lost most of all
        manifest, ordered = await _manifest(assembly)
        with new_backup(path, keyring_of(settings, urls).derive(PURPOSE), replace=replace) as writer:
            writer.write(MANIFEST, msgspec.json.encode(manifest))
            with console.status("Backing up …"):
                for url in ordered:
                    await _tell(url, writer)
            writer.write(END)
        if "accounts" not in await behind(assembly):
            await _note(assembly, "backup.made", manifest)
    click.echo(f"{path} holds {_described(manifest)}", err=True)
    click.echo("It can be read only with the secret of this installation: keep that elsewhere, and safe.", err=True)


async def _tell(url: str, writer: BackupWriter) -> None:
    with _refusals():
        async with aclosing(dumped(url)) as parts:
            async for part in parts:
                writer.write(DATA, part)
    writer.write(NEXT)


async def _manifest(assembly: Assembly) -> tuple[Manifest, list[str]]:
    """Return what is to be told, and the URLs in that order.

    Raises:
        CannotStart: A database has no tables of ours.
    """
    found = await revisions(assembly)
    if missing := [name for name, revision in found.items() if revision is None]:
        raise CannotStart(f"the database has no tables of {', '.join(missing)} (--database or HOLDFAST_DATABASE_URL)")
    late = await behind(assembly)
    seals = [await each.newest() for name, each in assembly.activity().items() if name not in late]
    places = _places(assembly)
    ordered = list(dict.fromkeys(assembly.running[name].url for name in _followers_first(assembly)))
    manifest = Manifest(
        product=version("holdfast"),
        made_at=assembly.clock.now(),
        databases=tuple(
            Kept(engine=engine_of(parsed(url)), revisions={name: f"{found[name]}" for name in places[url]})
            for url in ordered
        ),
        seals=tuple(seal for seal in seals if seal is not None),
    )
    return manifest, ordered


def _places(assembly: Assembly) -> dict[str, list[str]]:
    """Return the modules that keep tables in each database, by its URL."""
    places: dict[str, list[str]] = {}
    for name, running in assembly.running.items():
        if running.module.tables is not None:
            places.setdefault(running.url, []).append(name)
    return places


def _followers_first(assembly: Assembly) -> list[str]:
    """Return modules so that those who follow events come before those who publish them, as far as there is an order.

    A module follows those it needs; over its own database it follows its further ones.
    """
    names = [name for name, running in assembly.running.items() if running.module.tables is not None]
    by_module = list(dict.fromkeys(assembly.running[name].module.name for name in reversed(names)))
    return [name for module in by_module for name in names if assembly.running[name].module.name == module]


# -------------------------------------------------------------------------------------------------------------- restore


def read_manifest(path: Path, keyring: Keyring) -> Manifest:
    """Go over a whole backup, and return what it holds.

    Raises:
        BadBackup: It is not whole, not ours, or cannot be understood.
    """
    chunks = chunks_of(path, keyring.derive_all(PURPOSE))
    kind, content = next(chunks, (END, b""))
    told = sum(kind == NEXT for kind, _ in chunks)
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
    except msgspec.MsgspecError as error:
        raise BadBackup(f"{path} does not say what it holds") from error
    if kind != MANIFEST or told != len(manifest.databases):
        raise BadBackup(f"{path} does not hold what it says")
    return manifest


async def restore_backup(settings: Settings, run: RunSettings, wanted: Wanted) -> Recount | None:
    """Put a backup into empty databases, bring their schema up to date, and recount what they hold.

    Returns:
        What `verify` found; None where the booking module, whose books it recounts, does not run here.

    Raises:
        CannotStart: The file is not good, does not fit these settings, or a database is in use or not empty.
    """
    urls = database_urls(settings, run)
    _look_for_tools(urls)
    keyring = keyring_of(settings, urls)
    with only_process(urls):
        with console.status("Reading the whole file …"):
            manifest = read_manifest(wanted.path, keyring)
        async with _taken_apart(settings, run, keyring) as assembly:
            ordered = _fitting(assembly, manifest)
            await assembly.check(accept_loss=settings.accept_loss)
            await _empty(assembly, ordered, force=wanted.force)
        with console.status("Restoring …"):
            await _load_all(wanted.path, keyring, ordered)
        async with _taken_apart(settings, run, keyring) as assembly:
            await assembly.check(accept_loss=settings.accept_loss)
            await migrate_modules(assembly, await behind(assembly))
            await _note(assembly, "backup.restored", manifest)
            has_books = assembly.door("booking") is not None
        click.echo(f"restored {_described(manifest)}", err=True)
        return await recount(settings, run, seals=manifest.seals) if has_books else None


@asynccontextmanager
async def _taken_apart(settings: Settings, run: RunSettings, keyring: Keyring) -> AsyncIterator[Assembly]:
    """Put the modules together without asking that their databases are ready."""
    assembly = await assemble(settings, keyring, names=run.modules)
    try:
        yield assembly
    finally:
        await assembly.stop()


def _fitting(assembly: Assembly, manifest: Manifest) -> list[str]:
    """Return the URLs for the databases of a backup, in its order.

    Raises:
        CannotStart: It is of another engine, a newer schema, or modules lie together that are apart here.
    """
    here = {frozenset(names): url for url, names in _places(assembly).items()}
    there = [frozenset(kept.revisions) for kept in manifest.databases]
    if set(here) != set(there):
        raise CannotStart(
            f"the backup has {_together(there)}; here it is {_together(here)} "
            "(HOLDFAST_MODULES, HOLDFAST_<MODULE>_DATABASE_URL)"
        )
    for kept in manifest.databases:
        engine = engine_of(parsed(here[frozenset(kept.revisions)]))
        if engine != kept.engine:
            raise CannotStart(f"the backup is of {kept.engine} and this database of {engine}: that cannot be changed")
        for name, revision in kept.revisions.items():
            module = name.partition(".")[0]
            if revision not in known_revisions(module):
                raise CannotStart(
                    f"the backup was made by Holdfast {manifest.product} with {revision}; this version knows "
                    f"{newest_revision(module)} at most: install a newer one"
                )
    return [here[each] for each in there]


def _together(groups: Sequence[frozenset[str]] | dict[frozenset[str], str]) -> str:
    return " | ".join(sorted(", ".join(sorted(group)) for group in groups))


async def _empty(assembly: Assembly, urls: Sequence[str], *, force: bool) -> None:
    """Leave no table of ours in databases that are to be filled.

    Raises:
        CannotStart: One is not empty and may not be emptied, or holds something that is not ours.
    """
    from holdfast.kit.db.migrate import tables_in, wipe  # noqa: PLC0415 - few commands need the migration tools

    ours = {running.module.name for running in assembly.running.values()}
    prefixes = tuple(f"{name}_" for name in ours)
    found = {url: await tables_in(url) for url in urls}
    for url, tables in found.items():
        shown = parsed(url).render_as_string()
        if strange := [name for name in tables if not name.startswith(prefixes)]:
            raise CannotStart(f"{shown} holds {strange[0]}, which is not ours; a restore needs a database of its own")
        if tables and not force:
            raise CannotStart(f"{shown} is not empty; name another --database, or --force deletes what is there")
    for url in found:
        if engine_of(parsed(url)) != "sqlite":  # that file is replaced by a whole one
            await wipe(url, ours)


async def _load_all(path: Path, keyring: Keyring, urls: Sequence[str]) -> None:
    chunks = chunks_of(path, keyring.derive_all(PURPOSE))
    next(chunks)
    for url in urls:
        with _refusals():
            await load(url, _until_next(chunks))


def _until_next(chunks: Iterator[tuple[bytes, bytes]]) -> Iterator[bytes]:
    for kind, content in chunks:
        if kind == NEXT:
            return
        yield content


# ----------------------------------------------------------------------------------------------------------------- both


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what a program of an engine says into one line for whoever runs the command.

    Raises:
        CannotStart: A program is missing or failed.
    """
    try:
        yield
    except (DumpFailed, ToolMissing) as error:
        raise CannotStart(str(error)) from error


def _look_for_tools(urls: Sequence[str]) -> None:
    for url in urls:
        with _refusals():
            check_tools(url)


async def _note(assembly: Assembly, kind: str, manifest: Manifest) -> None:
    records = assembly.activity().get("accounts")
    if records is not None:
        made = int(manifest.made_at.timestamp())
        await records.note(Act(kind=kind, details={"made_at": made, "databases": len(manifest.databases)}))


def _described(manifest: Manifest) -> str:
    count = len(manifest.databases)
    kinds = ", ".join(sorted({kept.engine for kept in manifest.databases}))
    modules = ", ".join(sorted({name for kept in manifest.databases for name in kept.revisions}))
    acts = sum(seal.number for seal in manifest.seals)
    return (
        f"{count} {'database' if count == 1 else 'databases'} ({kinds}) of {modules} as of "
        f"{manifest.made_at.isoformat(timespec='seconds')}, made by Holdfast {manifest.product}, {acts} acts sealed"
    )
