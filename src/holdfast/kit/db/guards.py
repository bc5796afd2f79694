"""Triggers for migrations: what a CHECK cannot say, said in the database all the same.

A guard's name is kept under 60 characters, so that it is the same on every engine.
"""

from collections.abc import Iterable
from typing import Any

REFUSED = "refused by guard"


def refused_by(message: str) -> str:
    """Return the name of the guard that an engine's error message tells of, or the message."""
    return message.partition(f"{REFUSED}: ")[2] or message


def append_only(op: Any, table: str) -> None:
    """Make a table refuse UPDATE and DELETE."""
    never_updated(op, table)
    _refuse(op, f"{table}_no_delete", table, "BEFORE DELETE", "")


def never_updated(op: Any, table: str) -> None:
    """Make a table refuse UPDATE: its rows are as they were written, or gone."""
    _refuse(op, f"{table}_no_update", table, "BEFORE UPDATE", "")


def transitions(op: Any, table: str, column: str, allowed: Iterable[tuple[str, str]]) -> None:
    """Make a column move only along `allowed` pairs (from, to); staying where it is is always allowed."""
    pairs = " OR ".join(f"(OLD.{column} = '{old}' AND NEW.{column} = '{new}')" for old, new in allowed)
    condition = f"OLD.{column} <> NEW.{column} AND NOT ({pairs or '1 = 0'})"
    _refuse(op, f"{table}_{column}_moves", table, "BEFORE UPDATE", condition)


def drop(op: Any, table: str, name: str) -> None:
    """Take a guard away again."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP TRIGGER {name} ON {table}")
        op.execute(f"DROP FUNCTION {name}()")
    else:
        op.execute(f"DROP TRIGGER {name}")


def drop_functions(op: Any, *names: str) -> None:
    """Drop what PostgreSQL keeps of a guard after its table is gone."""
    if op.get_bind().dialect.name == "postgresql":
        for name in names:
            op.execute(f"DROP FUNCTION IF EXISTS {name}()")


def _refuse(op: Any, name: str, table: str, moment: str, condition: str) -> None:
    dialect = op.get_bind().dialect.name
    if dialect == "sqlite":
        when = f" WHEN {condition}" if condition else ""
        op.execute(
            f"CREATE TRIGGER {name} {moment} ON {table}{when} BEGIN SELECT RAISE(ABORT, '{REFUSED}: {name}'); END"
        )
    elif dialect == "postgresql":
        when = f" WHEN ({condition})" if condition else ""
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{REFUSED}: {name}'; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} {moment} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()")
    else:
        signal = f"SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '{REFUSED}: {name}'"
        body = f"IF {condition} THEN {signal}; END IF" if condition else signal
        op.execute(f"CREATE TRIGGER {name} {moment} ON {table} FOR EACH ROW BEGIN {body}; END")
