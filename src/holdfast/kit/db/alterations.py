"""Changing tables that have rows: what a migration cannot say the same way on every engine.

SQLite cannot change a CHECK. Its documentation names the way for changes that leave the rows as they are: rewrite the
text of the table's definition (https://sqlite.org/lang_altertable.html, section 7). Nothing is copied, no trigger,
index or reference is lost, and the migration's transaction covers it.
"""

from typing import Any

import sqlalchemy as sa

_FIND = sa.text("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = :table")
_WRITE = sa.text("UPDATE sqlite_schema SET sql = :sql WHERE type = 'table' AND name = :table")


def change_check(op: Any, table: str, name: str, *, old: str, new: str) -> None:
    """Give the CHECK called `name` another condition.

    Raises:
        LookupError: There is no such CHECK with the condition `old` (SQLite only, which has to be told).
    """
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, new)
        return
    _rewrite(op, table, f"CONSTRAINT {name} CHECK ({old})", f"CONSTRAINT {name} CHECK ({new})")


def add_check(op: Any, table: str, name: str, condition: str) -> None:
    """Add a CHECK that every row fulfills already; on SQLite its columns have to be there before."""
    if op.get_bind().dialect.name != "sqlite":
        op.create_check_constraint(op.f(name), table, condition)
        return
    _append(op, table, f"CONSTRAINT {name} CHECK ({condition})")


def allow_null(op: Any, table: str, column: str, type_: Any) -> None:
    """Let a column be NULL from now on."""
    bind = op.get_bind()
    if bind.dialect.name != "sqlite":
        op.alter_column(table, column, existing_type=type_, nullable=True)
        return
    written = type_.compile(dialect=bind.dialect)
    _rewrite(op, table, f"{column} {written} NOT NULL", f"{column} {written}")


def add_reference(op: Any, table: str, name: str, column: str, *, to: tuple[str, str]) -> None:
    """Let a column that is there refer to a column (table, column) from now on."""
    if op.get_bind().dialect.name != "sqlite":
        op.create_foreign_key(op.f(name), table, to[0], [column], [to[1]])
        return
    _append(op, table, f"CONSTRAINT {name} FOREIGN KEY({column}) REFERENCES {to[0]} ({to[1]})")


def _append(op: Any, table: str, constraint: str) -> None:
    [sql] = op.get_bind().execute(_FIND, {"table": table}).one()
    end = sql.rindex(")")  # the one that closes the list; STRICT may follow
    _put(op, table, f"{sql[:end].rstrip()},\n\t{constraint}\n{sql[end:]}")


def _rewrite(op: Any, table: str, old: str, new: str) -> None:
    [sql] = op.get_bind().execute(_FIND, {"table": table}).one()
    if sql.count(old) != 1:
        raise LookupError(f"{table} has no {old!r}")
    _put(op, table, sql.replace(old, new))


def _put(op: Any, table: str, sql: str) -> None:
    bind = op.get_bind()
    [version] = bind.exec_driver_sql("PRAGMA schema_version").one()
    bind.exec_driver_sql("PRAGMA writable_schema = ON")
    bind.execute(_WRITE, {"table": table, "sql": sql})
    bind.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    bind.exec_driver_sql("PRAGMA writable_schema = RESET")
