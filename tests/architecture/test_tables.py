"""A module's tables are its own, and its revisions make exactly the tables its models describe."""

import re

import pytest
from sqlalchemy import text

from holdfast.app.modules import MODULES
from holdfast.kit.db.migrate import _with_connection, differences, migrate
from support.servers import fresh_database

KEEPING = [module for module in MODULES if module.tables is not None]

owners = pytest.mark.parametrize("module", KEEPING, ids=lambda module: module.name)


class TestATable:
    @owners
    def test_begins_with_its_modules_name(self, module):
        assert module.tables.tables
        assert not [name for name in module.tables.tables if not name.startswith(f"{module.name}_")]

    @owners
    def test_refers_only_to_tables_of_its_module(self, module):
        foreign = [
            f"{table.name}.{key.parent.name} -> {key.target_fullname}"
            for table in module.tables.tables.values()
            for key in table.foreign_keys
            if not key.target_fullname.startswith(f"{module.name}_")
        ]
        assert not foreign

    @owners
    def test_has_a_primary_key_and_named_rules(self, module):
        for table in module.tables.tables.values():
            assert table.primary_key.columns, table.name
            # A primary key cannot be named on MariaDB.
            assert not [rule for rule in table.constraints - {table.primary_key} if rule.name is None], table.name

    @owners
    def test_is_strict(self, module):
        for table in module.tables.tables.values():
            assert table.dialect_options["sqlite"]["strict"], table.name
            assert table.dialect_options["mysql"]["engine"] == "InnoDB", table.name


SCHEMA = {
    "sqlite": "SELECT tbl_name, sql FROM sqlite_master WHERE type IN ('table', 'index') AND name NOT GLOB 'sqlite_*'",
    "postgresql": """
        SELECT table_name, concat_ws(' ', column_name, data_type, character_maximum_length, collation_name, is_nullable,
                                     column_default, is_identity)
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL
        SELECT conrelid::regclass::text, conname || ' ' || pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
        UNION ALL
        SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'public'
    """,
    "mysql": """
        SELECT table_name, concat_ws(' ', column_name, column_type, collation_name, is_nullable, column_default, extra)
          FROM information_schema.columns WHERE table_schema = database()
        UNION ALL
        SELECT table_name, concat_ws(' ', constraint_name, check_clause)
          FROM information_schema.check_constraints WHERE constraint_schema = database()
        UNION ALL
        SELECT table_name, concat_ws(' ', index_name, seq_in_index, column_name, non_unique)
          FROM information_schema.statistics WHERE table_schema = database()
        UNION ALL
        SELECT table_name, concat_ws(' ', constraint_name, column_name, referenced_table_name, referenced_column_name)
          FROM information_schema.key_column_usage WHERE table_schema = database()
        UNION ALL
        SELECT table_name, concat_ws(' ', engine, table_collation)
          FROM information_schema.tables WHERE table_schema = database()
    """,
}
"""What a schema is, as far as models describe it: no triggers, which only revisions write."""


# MariaDB takes no name for a primary key, so models give none and what the others call it does not matter.
KEY_NAME = re.compile(r"(?:CONSTRAINT )?\b\w+_pk(?:ey)? (?=PRIMARY KEY)|(?<=INDEX )\w+_pk(?:ey)? ")


def members(sql):
    """The columns and rules of a CREATE TABLE or INDEX one by one; a column added later shares a line with others."""
    depth, start, found = 0, 0, []
    for place, mark in enumerate(sql):
        depth += (mark == "(") - (mark == ")")
        opens, closes = mark == "(" and depth == 1, mark == ")" and depth == 0
        if opens or closes or (mark == "," and depth == 1):
            found.append(sql[start:place])
            start = place + 1
    return [*found, sql[start:]]


def described(engine):
    """Return a function that reads a schema as a set of lines, without the tables in which Alembic keeps its place."""

    def look(connection):
        lines = set()
        for table, line in connection.execute(text(SCHEMA[engine])):
            if not table.endswith("_migration"):
                # Where a column or a rule stands in CREATE TABLE makes no difference.
                said = members(line) if engine == "sqlite" else line.splitlines()
                parts = (KEY_NAME.sub("", " ".join(part.split()).rstrip(",")) for part in said)
                lines |= {f"{table}: {part}" for part in parts if part}
        return lines

    return look


class TestAModulesRevisions:
    @owners
    async def test_make_the_tables_of_its_models(self, engine, fresh_url, module):
        with fresh_database(engine) as other:
            await migrate(fresh_url, module.name)
            await _with_connection(other, module.tables.create_all)
            migrated = await _with_connection(fresh_url, described(engine))
            modelled = await _with_connection(other, described(engine))
        assert migrated == modelled
        assert migrated

    @owners
    async def test_leave_alembic_nothing_to_add(self, fresh_url, module):
        await migrate(fresh_url, module.name)
        assert await differences(fresh_url, module.name, module.tables) == []

    @owners
    async def test_go_down_to_nothing_and_up_again(self, engine, fresh_url, module):
        await migrate(fresh_url, module.name)
        first = await _with_connection(fresh_url, described(engine))
        await migrate(fresh_url, module.name, target="base")
        assert await _with_connection(fresh_url, described(engine)) == set()
        await migrate(fresh_url, module.name)
        assert await _with_connection(fresh_url, described(engine)) == first

    async def test_share_a_database(self, engine, fresh_url):
        for module in KEEPING:
            await migrate(fresh_url, module.name)
        for module in KEEPING:
            assert await differences(fresh_url, module.name, module.tables) == []
        for module in KEEPING:
            await migrate(fresh_url, module.name, target="base")
        assert await _with_connection(fresh_url, described(engine)) == set()
