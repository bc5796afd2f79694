"""What the stores of several subjects need: rows with a version, ids as rows, pages by filter, ids that are given."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, Table, bindparam, delete, func, insert, literal, select, update

from holdfast.kit.db.statements import DialectName, Rows, Statement, db_now, rows, statement
from holdfast.kit.db.types import Whole

IMPORT_ROWS: Final = 2_000
"""Rows of one statement; more would only make its parameter longer."""
IDS: Final = rows("ids", id=Whole())
MOST: Final = bindparam("most", type_=Whole())


def adding_first(table: Table, names: Sequence[str]) -> Statement:
    """Return an INSERT of one row of version 1, its columns bound by their names."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return statement(insert(table).values({**values, "version": literal(1, Whole()), "changed_at": db_now()}))


def adding_given(table: Table, source: Rows, names: Sequence[str]) -> Statement:
    """Return an INSERT of rows of version 1 with the ids they are given."""
    given = (source.c[name] for name in ("id", *names))
    made = select(*given, literal(1, Whole()), db_now())
    return statement(insert(table).from_select(["id", *names, "version", "changed_at"], made))


def replacing(table: Table, names: Sequence[str]) -> Statement:
    """Return an UPDATE of the row `replaced` if its version is `expected`; the version counts up."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return statement(
        update(table)
        .where(table.c.id == bindparam("replaced"), table.c.version == bindparam("expected"))
        .values({**values, "version": table.c.version + 1, "changed_at": db_now()})
    )


def deleting(table: Table) -> Statement:
    """Return a DELETE of the row `id`."""
    return statement(delete(table).where(table.c.id == bindparam("id")))


def pages(source: Select[Any], table: Table, filters: Mapping[str, ColumnElement[bool]]) -> Callable[..., Statement]:
    """Return a function from the names of filters in use to the statement of a page in order of id.

    A statement for each set of filters has just the conditions it needs, so that the database sees which index serves.
    """

    @cache
    def page(used: frozenset[str]) -> Statement:
        conditions = (filters[name] for name in sorted(used))
        return statement(
            source.where(table.c.id > bindparam("after_id", type_=Whole()), *conditions)
            .order_by(table.c.id)
            .limit(MOST)
        )

    return page


def said(**values: Any) -> dict[str, Any]:
    """Return the filters that are in use."""
    return {name: value for name, value in values.items() if value is not None}


def catching_up(table: Table) -> Statement:
    """Return what moves PostgreSQL's sequence past ids that were given; the other engines look at the table."""

    def build(dialect: DialectName) -> Any:
        if dialect != "postgresql":
            return select(literal(0, Whole()))
        sequence = func.pg_get_serial_sequence(table.name, "id")
        # It never goes back: numbers others drew and have not committed yet are not in the table.
        newest = func.greatest(select(func.max(table.c.id)).scalar_subquery(), func.nextval(sequence))
        return select(func.setval(sequence, newest))

    return statement(build)
