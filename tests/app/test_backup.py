"""Backups: what is in one comes back as it was, on every engine, and nobody without the secret can read it."""

import asyncio
import hashlib
import stat
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import MetaData, inspect

from holdfast.accounts.models.activity import activity
from holdfast.app.backup import PURPOSE, Kept, Manifest, Wanted, make_backup, restore_backup
from holdfast.app.backup_file import CHUNK, DATA, END, MANIFEST, NEXT, BadBackup, chunks_of, new_backup
from holdfast.app.errors import CannotStart
from holdfast.app.lock import InUse, only_process
from holdfast.app.modules import MODULES
from holdfast.app.schema import newest_revision
from holdfast.app.settings import RunSettings
from holdfast.kit.db.dumping import DumpFailed, dumped
from holdfast.kit.db.migrate import _with_connection, migrate, revision_of
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from support.polling import wait_until
from support.process import HoldfastServer, clean_environment, run_holdfast
from support.servers import end_group
from support.visitors import SECRET, Site, stay

ENV = {"HOLDFAST_SECRET": SECRET, "HOLDFAST_BOOKING_HOLDS_MOST": "10000"}
OTHER = "Zq7Pw2Xn9Lr4Vt6Yb8Kd3Fh5Gj1Ms0Ae"
CANARY = "Canaries sing behind the pantry"
KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def settings_for(url, secret=SECRET, **more):
    return Settings(database_url=url, secret=secret, **more)


def back_up(url, path, *, replace=False):
    asyncio.run(make_backup(settings_for(url), RunSettings(), path=path, replace=replace))


def restore(url, path, *, force=False, **more):
    return asyncio.run(restore_backup(settings_for(url, **more), RunSettings(), Wanted(path=path, force=force)))


def digests(url):
    """A hash of the rows of every table, but of those in which backing up and recounting write themselves."""
    own = ("accounts_activity", "_report")

    def look(connection):
        tables = MetaData()
        tables.reflect(connection)
        names = [name for name in inspect(connection).get_table_names() if not any(word in name for word in own)]
        found = {}
        for name in names:
            rows = sorted(repr(tuple(row)) for row in connection.execute(tables.tables[name].select()))
            found[name] = (len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest())
        return found

    return asyncio.run(_with_connection(url, look))


def noted(url):
    """The kinds of what was done in accounts."""

    def look(connection):
        return [row.kind for row in connection.execute(activity.table.select())]

    return asyncio.run(_with_connection(url, look))


@contextmanager
def selling(site, home):
    """Let somebody book one night after the other while the block runs; gives how many they have."""
    guest, sold, stop = site.guest("hurry"), [], threading.Event()

    def work():
        while not stop.wait(0.03):
            sold.append(guest.confirmed(guest.held(stay(home, 10 + len(sold), 1))))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        assert wait_until(lambda: len(sold) > 1, 20)
        yield sold
    finally:
        stop.set()
        thread.join(30)


@pytest.fixture(scope="module")
def lived_in(url, tmp_path_factory):
    """A database with a small house in it, a backup made while it sold, and one made in the quiet afterwards."""
    folder = tmp_path_factory.mktemp("backups")
    busy, quiet = folder / "busy.backup", folder / "quiet.backup"
    with HoldfastServer("--database", url, env=ENV) as server, Site(server.base_url) as site:
        home = site.owner("olga").property(description=CANARY)
        site.guest("gina").bought(stay(home, 3))
        with selling(site, home) as sold:
            before = len(sold)
            done = run_holdfast("backup", "--to", str(busy), "--database", url, env=ENV)
            during = len(sold) - before
    assert done.returncode == 0, done.stderr
    assert "secret" in done.stderr
    assert during > 0
    back_up(url, quiet)
    return url, busy, quiet


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A SQLite database with empty tables, and a backup of it."""
    folder = tmp_path_factory.mktemp("small")
    url, path = f"sqlite:///{folder}/small.db", folder / "small.backup"
    for module in MODULES:
        asyncio.run(migrate(url, module.name))
    back_up(url, path)
    return url, path


@pytest.fixture
def empty(tmp_path):
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/new.db"


class TestABackup:
    def test_that_was_made_while_guests_booked_comes_back_whole(self, lived_in, fresh_url):
        url, busy, quiet = lived_in
        report = restore(fresh_url, busy)
        assert report.breaches == ()
        assert report.stock.bookings > 1
        with pytest.raises(CannotStart, match="not empty"):
            restore(fresh_url, quiet)
        assert restore(fresh_url, quiet, force=True).breaches == ()
        before, after = digests(url), digests(fresh_url)
        assert len(before) > 50
        assert before["booking_booking"][0] > 1
        assert after == before

    def test_shows_nobody_what_is_in_it(self, lived_in):
        _, busy, quiet = lived_in
        for path in (busy, quiet):
            content = path.read_bytes()
            for word in (CANARY, "olga@example.com", "gina", "booking_booking", "CREATE TABLE"):
                assert word.encode() not in content
            assert stat.S_IMODE(path.stat().st_mode) == 0o600

    def test_leaves_nothing_beside_itself_or_the_database(self, lived_in):
        url, busy, _ = lived_in
        assert {each.name for each in busy.parent.iterdir()} == {"busy.backup", "quiet.backup"}
        if url.startswith("sqlite"):
            beside = {each.name for each in Path(url.removeprefix("sqlite:///")).parent.iterdir()}
            assert not [name for name in beside if name.startswith(".")]

    def test_is_noted_where_it_was_made_and_where_it_went(self, small, empty):
        url, path = small
        restore(empty, path)
        for database, kind in ((url, "backup.made"), (empty, "backup.restored")):
            assert kind in noted(database)

    def test_of_nothing_is_refused(self, empty, tmp_path):
        with pytest.raises(CannotStart, match="there is no database"):
            back_up(empty, tmp_path / "x")
        assert list(tmp_path.iterdir()) == []

    def test_replaces_a_file_only_when_that_is_meant(self, small, tmp_path):
        url, _ = small
        path = tmp_path / "there"
        path.write_text("something")
        with pytest.raises(CannotStart, match="--force"):
            back_up(url, path)
        assert path.read_text() == "something"
        back_up(url, path, replace=True)
        assert path.read_bytes().startswith(b"holdfast backup")

    def test_of_split_stock_has_every_database(self, empty, tmp_path, monkeypatch):
        elsewhere, path = f"sqlite:///{tmp_path}/dining.db", tmp_path / "split.backup"
        monkeypatch.setenv("HOLDFAST_BOOKING_DINING_DATABASE_URL", elsewhere)
        for module in MODULES:
            asyncio.run(migrate(empty, module.name))
        asyncio.run(migrate(elsewhere, "booking"))
        back_up(empty, path)
        for part in (tmp_path / "new.db", tmp_path / "dining.db"):
            part.unlink()
        assert restore(empty, path).breaches == ()
        assert (tmp_path / "dining.db").exists()
        monkeypatch.delenv("HOLDFAST_BOOKING_DINING_DATABASE_URL")
        with pytest.raises(CannotStart, match=r"booking\.dining"):
            restore(f"sqlite:///{tmp_path}/one.db", path)


class TestARestore:
    def test_says_what_verify_says(self, small, empty):
        _, path = small
        done = run_holdfast("restore", "--from", str(path), "--database", empty, env=ENV)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("clean: ")

    def test_asks_before_it_deletes(self, small):
        url, path = small
        asked = run_holdfast("restore", "--from", str(path), "--force", "--database", url, env=ENV)
        assert asked.returncode == 1
        assert "deletes every table" in asked.stderr

    def test_takes_a_former_secret_and_no_other(self, small, empty):
        _, path = small
        with pytest.raises(BadBackup, match="another secret"):
            restore(empty, path, secret=OTHER)
        assert restore(empty, path, secret=OTHER, secret_previous=(SECRET,)).breaches == ()

    def test_waits_for_no_server(self, small, empty):
        _, path = small
        with only_process([empty]), pytest.raises(InUse):
            restore(empty, path)

    def test_touches_nothing_before_the_whole_file_is_good(self, small, tmp_path):
        url, path = small
        broken = tmp_path / "broken"
        broken.write_bytes(path.read_bytes()[:-1])
        before = digests(url)
        with pytest.raises(BadBackup, match="not whole"):
            restore(url, broken, force=True)
        assert digests(url) == before

    def test_needs_the_engine_it_was_made_on(self, small, engine_url):
        _, path = small
        with pytest.raises(CannotStart, match="of sqlite and this database of postgresql"):
            restore(engine_url("postgresql"), path)

    def test_leaves_alone_what_is_not_ours(self, small, empty):
        _, path = small
        asyncio.run(_with_connection(empty, lambda each: each.exec_driver_sql("CREATE TABLE theirs (id INTEGER)")))
        with pytest.raises(CannotStart, match="theirs"):
            restore(empty, path, force=True)

    def test_brings_an_older_schema_up_to_date(self, empty, tmp_path):
        old, path = f"sqlite:///{tmp_path}/old.db", tmp_path / "old.backup"
        for module in MODULES:
            asyncio.run(migrate(old, module.name, target="accounts_0006" if module.name == "accounts" else "head"))
        back_up(old, path)
        assert restore(empty, path).breaches == ()
        assert asyncio.run(revision_of(empty, "accounts")) == (newest_revision("accounts"),) * 2

    def test_refuses_a_newer_schema(self, empty, tmp_path):
        path = tmp_path / "newer"
        revisions = {each.name: newest_revision(each.name) for each in MODULES} | {"search": "search_9999"}
        kept = (Kept(engine="sqlite", revisions=revisions),)
        made = Manifest(product="9.9", made_at=datetime(2030, 1, 1, tzinfo=UTC), databases=kept, seals=())
        with new_backup(path, Keyring(SECRET).derive(PURPOSE), replace=False) as writer:
            writer.write(MANIFEST, msgspec.json.encode(made))
            writer.write(NEXT)
            writer.write(END)
        with pytest.raises(CannotStart, match=r"Holdfast 9\.9 with search_9999"):
            restore(empty, path)


@pytest.fixture
def written(tmp_path):
    """A file with a manifest and a little more than two chunks of data."""
    path = tmp_path / "file"
    with new_backup(path, KEY, replace=False) as writer:
        writer.write(MANIFEST, b"{}")
        writer.write(DATA, b"x" * (2 * CHUNK + 1))
        writer.write(NEXT)
        writer.write(END)
    return path


def read(path, *keys):
    return [(kind, len(content)) for kind, content in chunks_of(path, keys or (KEY,))]


def sealed_chunks(content):
    """The head of a file, and its chunks with their lengths."""
    head, rest, parts = content[:76], content[76:], []
    while rest:
        size = 4 + int.from_bytes(rest[:4], "big")
        parts.append(rest[:size])
        rest = rest[size:]
    return head, parts


class TestTheFile:
    def test_gives_back_what_was_put_in(self, written):
        assert read(written) == [(MANIFEST, 2), (DATA, CHUNK), (DATA, CHUNK), (DATA, 1), (NEXT, 0)]
        assert read(written, OTHER_KEY, KEY) == read(written)

    def test_is_another_each_time(self, written, tmp_path):
        with new_backup(tmp_path / "again", KEY, replace=False) as writer:
            writer.write(MANIFEST, b"{}")
            writer.write(END)
        assert written.read_bytes()[16:100] != (tmp_path / "again").read_bytes()[16:100]

    def test_needs_the_key(self, written):
        with pytest.raises(BadBackup, match="another secret"):
            read(written, OTHER_KEY)

    @pytest.mark.parametrize("place", [0, 20, 40, 77, 85, 5000, -1])
    def test_that_was_changed_is_refused(self, written, place):
        content = bytearray(written.read_bytes())
        content[place] ^= 1
        written.write_bytes(content)
        with pytest.raises(BadBackup):
            read(written)

    @pytest.mark.parametrize("left", [0, 10, 76, 90, 5000, -1, -23])
    def test_that_ends_too_early_is_refused(self, written, left):
        written.write_bytes(written.read_bytes()[:left])
        with pytest.raises(BadBackup):
            read(written)

    @pytest.mark.parametrize(
        "order",
        [(0, 2, 1, 3, 4, 5), (0, 1, 3, 4, 5), (0, 1, 1, 2, 3, 4, 5), (0, 1, 2, 3, 4), (0, 5), (0, 1, 2, 3, 4, 5, 5)],
    )
    def test_whose_chunks_were_moved_is_refused(self, written, order):
        head, parts = sealed_chunks(written.read_bytes())
        assert len(parts) == 6
        written.write_bytes(head + b"".join(parts[place] for place in order))
        with pytest.raises(BadBackup):
            read(written)

    def test_of_something_else_is_refused(self, tmp_path):
        for content in (b"", b"SQLite format 3\0" * 100, b"holdfast backup\x02" + b"0" * 100):
            (tmp_path / "else").write_bytes(content)
            with pytest.raises(BadBackup):
                read(tmp_path / "else")

    def test_has_no_name_before_it_is_whole(self, tmp_path):
        path = tmp_path / "half"

        def fail():
            with new_backup(path, KEY, replace=False) as writer:
                writer.write(MANIFEST, b"{}")
                assert not path.exists()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def stand_in(tmp_path):
    """A function that puts programs of PostgreSQL's names on a PATH of their own, which do what a script says."""
    folder = tmp_path / "bin"
    folder.mkdir()

    def make(script):
        for name in ("pg_dump", "pg_restore"):
            (folder / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / name).chmod(0o755)
        return {**ENV, "PATH": f"{folder}:/usr/bin:/bin"}

    return make


class TestAProgramOfTheEngine:
    NOWHERE = "postgresql://ada:sesame@127.0.0.1:1/nothing"

    def test_that_is_missing_is_named_with_what_to_install(self, tmp_path, monkeypatch):
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(CannotStart, match="apt-get install postgresql-client"):
            back_up(self.NOWHERE, tmp_path / "x")
        with pytest.raises(CannotStart, match="apt-get install mariadb-client"):
            back_up(self.NOWHERE.replace("postgresql", "mysql"), tmp_path / "x")

    def test_is_told_no_secret_where_others_can_read_it(self, tmp_path, monkeypatch, stand_in):
        script = f'echo "$@" > {tmp_path}/arguments; env > {tmp_path}/environment; echo "no such luck" >&2; exit 1'
        for name, value in stand_in(script).items():
            monkeypatch.setenv(name, value)

        async def dump():
            return [part async for part in dumped(self.NOWHERE)]

        with pytest.raises(DumpFailed, match="pg_dump: no such luck"):
            asyncio.run(dump())
        assert "sesame" not in (tmp_path / "arguments").read_text()
        environment = (tmp_path / "environment").read_text()
        assert "PGPASSWORD=sesame" in environment
        assert SECRET not in environment

    def test_with_which_all_is_killed_leaves_no_half_file(self, engine_url, tmp_path, stand_in):
        path, url = tmp_path / "x", engine_url("postgresql")
        for module in MODULES:
            asyncio.run(migrate(url, module.name))
        env = stand_in("head -c 3000000 /dev/zero; exec sleep 60")
        code = "from holdfast.app.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, "backup", "--to", str(path), "--database", url],
            env=clean_environment(env),
            cwd=tmp_path,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
        )
        try:
            assert wait_until(lambda: any(each.stat().st_size > CHUNK for each in tmp_path.glob(".x.*.part")), 30)
        finally:
            end_group(process, 9, 10)
        assert not path.exists()
