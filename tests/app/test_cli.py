"""The command line, run as people run it: in a process of its own."""

import json
import re
import socket
import sqlite3
import subprocess
from pathlib import Path

import click
import pytest

from holdfast.app.cli import main
from support.process import HoldfastServer, run_holdfast
from support.servers import free_port

ADMIN = ("--email", "ada@example.com", "--username", "ada")
PASSWORD = {"HOLDFAST_ADMIN_PASSWORD": "four random words here"}


@pytest.fixture
def database(tmp_path):
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path}/cli.db"


@pytest.fixture
def migrated(database):
    """The URL of an empty SQLite database with all tables."""
    assert run_holdfast("migrate", "--database", database).returncode == 0
    return database


def file_of(url):
    return Path(url.removeprefix("sqlite:///"))


def tables_of(url):
    with sqlite3.connect(file_of(url)) as connection:
        rows = connection.execute("select name from sqlite_master where type = 'table' and name not like 'sqlite_%'")
        return {name for (name,) in rows}


def assert_refused(result, *words):
    """One line that says what is wrong, and nothing of the inside."""
    assert result.returncode == 2
    assert "Traceback" not in result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1, result.stderr
    for word in words:
        assert word in lines[0]


def leaves(group, *before):
    """Every command by its whole name, those of groups too."""
    found = {}
    for name, command in group.commands.items():
        whole = (*before, name)
        found |= leaves(command, *whole) if isinstance(command, click.Group) else {" ".join(whole): command}
    return found


class TestHelp:
    def test_lists_every_command(self):
        shown = run_holdfast("--help").stdout
        for name in (
            "serve",
            "demo",
            "work",
            "migrate",
            "seed",
            "drop",
            "backup",
            "restore",
            "create-admin",
            "create-operator",
            "verify",
            "openapi",
        ):
            assert re.search(rf"^  {name} ", shown, re.MULTILINE)

    @pytest.mark.parametrize("name", sorted(leaves(main)))
    def test_every_command_takes_a_database(self, name):
        # The simulator stands for somebody else: it has books of its own.
        wanted = "--books" if name == "simulator" else "--database"
        assert wanted in {option for parameter in leaves(main)[name].params for option in parameter.opts}


class TestOpenapi:
    def test_prints_what_is_committed_and_opens_nothing(self, tmp_path):
        result = run_holdfast("openapi", cwd=tmp_path)
        assert result.returncode == 0
        assert result.stdout == (Path(__file__).parents[2] / "openapi.json").read_text(encoding="utf-8")
        assert list(tmp_path.iterdir()) == []


class TestSchema:
    def test_comes_and_goes(self, database):
        assert run_holdfast("migrate", "--database", database).returncode == 0
        assert {"accounts_account", "catalog_property", "booking_cell"} <= tables_of(database)
        assert run_holdfast("migrate", "--database", database).returncode == 0
        assert run_holdfast("migrate", "--down-to", "base", "--yes", "--database", database).returncode == 0
        assert {name for name in tables_of(database) if not name.endswith("_migration")} == set()

    def test_is_dropped_only_when_that_is_meant(self, migrated):
        before = tables_of(migrated)
        asked = run_holdfast("drop", "--database", migrated)
        assert asked.returncode == 1
        assert "deletes every table" in asked.stderr
        assert tables_of(migrated) == before
        assert run_holdfast("drop", "--yes", "--database", migrated).returncode == 0
        assert "booking_cell" not in tables_of(migrated)

    def test_of_some_modules_only(self, database):
        assert run_holdfast("migrate", "--modules", "accounts", "--database", database).returncode == 0
        assert {name.partition("_")[0] for name in tables_of(database)} == {"accounts"}

    def test_in_production_is_changed_only_when_asked(self, engine_url):
        url = engine_url("postgresql")
        strict = {"HOLDFAST_ENVIRONMENT": "production", "HOLDFAST_SECRET": "kLm3Xq9vT2wZ8rB5nY7cD4fG6hJ1pS0a"}
        serve = ("serve", "--port", str(free_port()), "--database", url)
        assert_refused(run_holdfast(*serve, env=strict), "HOLDFAST_PAYMENTS_CARD", "simulator")
        strict |= {f"HOLDFAST_PAYMENTS_{method}": "none" for method in ("CARD", "WALLET", "PAYPAL")}
        assert_refused(run_holdfast(*serve, env=strict), "schema", "holdfast migrate")
        assert run_holdfast("migrate", "--database", url, env=strict).returncode == 0
        with HoldfastServer("--database", url, env=strict) as server:
            assert server.ready()


class TestCreatingAnAdmin:
    def test_works_once(self, database):
        first = run_holdfast("create-admin", *ADMIN, "--database", database, env=PASSWORD)
        assert first.returncode == 0, first.stderr
        assert first.stdout == "admin ada <ada@example.com> has id 1\n"
        again = run_holdfast("create-admin", *ADMIN, "--database", database, env=PASSWORD)
        assert_refused(again, "exists")

    def test_or_an_operator_alike(self, database):
        made = run_holdfast("create-operator", *ADMIN, "--database", database, env=PASSWORD)
        assert made.stdout == "operator ada <ada@example.com> has id 1\n", made.stderr

    def test_needs_a_password_that_will_do(self, database):
        nobody = run_holdfast("create-admin", *ADMIN, "--database", database)
        assert_refused(nobody, "HOLDFAST_ADMIN_PASSWORD")
        weak = run_holdfast("create-admin", *ADMIN, "--database", database, env={"HOLDFAST_ADMIN_PASSWORD": "short"})
        assert_refused(weak, "password")

    def test_while_a_server_runs(self, migrated):
        with HoldfastServer("--database", migrated) as server:
            result = run_holdfast("create-admin", *ADMIN, "--database", migrated, env=PASSWORD)
            assert result.returncode == 0, result.stderr
            assert server.ready()


class TestVerify:
    def test_says_clean_and_exits_with_zero(self, migrated):
        result = run_holdfast("verify", "--database", migrated)
        assert (result.returncode, result.stdout.partition(":")[0]) == (0, "clean")
        as_json = run_holdfast("verify", "--json", "--database", migrated)
        report = json.loads(as_json.stdout)
        assert report["breaches"] == report["money"]["breaches"] == []

    def test_prints_what_is_wrong_and_exits_with_one(self, migrated):
        with sqlite3.connect(file_of(migrated)) as connection:
            columns = {row[1]: row for row in connection.execute("pragma table_info(booking_cell)")}
            values = {"resource_id": "stay:7", "slot": 20_000, "taken": 1, "capacity": 1, "own": 0, "closed": 0}
            assert set(values) <= set(columns)
            connection.execute(
                f"insert into booking_cell ({', '.join(values)}) values ({', '.join('?' * len(values))})",  # noqa: S608 - names of columns
                list(values.values()),
            )
        result = run_holdfast("verify", "--database", migrated)
        assert result.returncode == 1
        assert "breaches" in result.stdout
        assert "stay:7" in result.stdout
        report = json.loads(run_holdfast("verify", "--json", "--database", migrated).stdout)
        assert {breach["subject"].split(" ")[0].split("/")[0].split("@")[0] for breach in report["breaches"]}


class TestServing:
    def test_answers_and_stops_in_order(self, migrated):
        with HoldfastServer("--database", migrated) as server:
            assert server.ready()
            assert server.stop() == 0
            assert "Traceback" not in server.output()
            server.start()

    def test_refuses_a_second_server_for_a_sqlite_file(self, migrated):
        with HoldfastServer("--database", migrated) as server:
            for command in (
                ("serve", "--port", str(free_port())),
                ("work",),
                ("drop", "--yes"),
                ("migrate",),
                ("seed",),
            ):
                refused = run_holdfast(*command, "--database", migrated)
                assert_refused(refused, "cli.db is in use by process", str(server.pid))
            assert run_holdfast("verify", "--database", migrated).returncode == 0
            server.kill()
            assert run_holdfast("migrate", "--database", migrated).returncode == 0
            server.start()

    def test_refuses_a_port_that_is_taken(self, migrated):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            assert_refused(run_holdfast("serve", "--port", port, "--database", migrated), f"port {port}", "--port")

    def test_refuses_an_address_that_is_not_here(self, migrated):
        refused = run_holdfast("serve", "--host", "192.0.2.1", "--port", "0", "--database", migrated)
        assert_refused(refused, "cannot listen on 192.0.2.1")

    def test_refuses_several_workers_on_sqlite(self, migrated):
        refused = run_holdfast("serve", "--workers", "2", "--port", "0", "--database", migrated)
        assert_refused(refused, "SQLite", "--workers")

    def test_with_several_workers(self, engine_url):
        url = engine_url("postgresql")
        with HoldfastServer(
            "--workers", "2", "--database", url, env={"HOLDFAST_SECRET": "kLm3Xq9vT2wZ8rB5nY7cD4fG6hJ1pS0a"}
        ) as server:
            children = subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=False)
            assert len(children.stdout.split()) >= 2
            assert server.stop() == 0
            server.start()

    @pytest.mark.parametrize("command", [("serve", "--port", "0"), ("migrate",), ("verify",)])
    @pytest.mark.parametrize("family", ["postgresql", "mysql"])
    def test_says_in_one_line_that_the_database_is_away(self, family, command):
        url = f"{family}://holdfast:hunter2@127.0.0.1:{free_port()}/nothing"
        refused = run_holdfast(*command, "--database", url)
        assert_refused(refused, "cannot be reached", "127.0.0.1")
        assert "hunter2" not in refused.stderr

    def test_says_in_one_line_that_the_url_is_none(self):
        assert_refused(run_holdfast("work", "--database", "nonsense"), "HOLDFAST_DATABASE_URL")

    @pytest.mark.parametrize(
        ("setting", "value", "words"),
        [
            ("HOLDFAST_PORT", "99999", "HOLDFAST_PORT"),
            ("HOLDFAST_LOG_LEVEL", "loud", "HOLDFAST_LOG_LEVEL"),
            ("HOLDFAST_MODULES", "accounts,booking", "'booking' needs 'catalog'"),
            ("HOLDFAST_MODULES", "acounts", "no module 'acounts'"),
            ("HOLDFAST_SECRET", "short", "secret"),
            ("HOLDFAST_BOOKING_HOLD_TTL_S", "-1", "HOLDFAST_BOOKING_HOLD_TTL_S"),
        ],
    )
    def test_says_which_setting_is_wrong(self, database, setting, value, words):
        refused = run_holdfast("serve", "--database", database, env={setting: value})
        assert_refused(refused, words)
