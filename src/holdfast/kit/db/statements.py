"""Statements: written once with SQLAlchemy Core, compiled once per dialect, then only bound and run.

    FIND = statement(select(hold.c.id, hold.c.state).where(hold.c.id == bindparam("id")))
    row = await tx.one(FIND(id="hold_01…"))

`rows` makes a table out of parameters, so that one statement serves one row or a thousand:

    IDS = rows("ids", id=Text(40))
    MANY = statement(select(hold.c.state).join(IDS, IDS.c.id == hold.c.id))
    await tx.all(MANY(ids=[("hold_01…",), ("hold_02…",)]))
"""

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Select, Table, bindparam, insert, select, true
from sqlalchemy import column as sa_column
from sqlalchemy.dialects.mysql import insert as mysql_insert
from sqlalchemy.dialects.mysql.asyncmy import MySQLDialect_asyncmy
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.postgresql.asyncpg import PGDialect_asyncpg
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import TableClause
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType

from holdfast.kit.db.types import KitType, Moment, Turn, bytewise_collation, to_json

DialectName = Literal["sqlite", "postgresql", "mysql"]
Row = Any
"""A named tuple; its columns are attributes."""
Build = Callable[[DialectName], Any]


@dataclass(frozen=True, slots=True)
class Instant:
    """The time a transaction runs at, as its parameters need it."""

    now: datetime | None
    """The transaction's own time (SQLite, MariaDB/MySQL); None where the database puts it in (PostgreSQL)."""
    shift: timedelta
    """How far the clock is moved; see `holdfast.kit.clock`."""


Slot = Callable[[Mapping[str, Any], Instant], Any]
"""Makes one positional argument of the driver out of the parameters of a call."""


class _AsGiven(UserDefinedType[Any]):
    """Type of parameters the kit renders itself, without a cast."""

    cache_ok = True


_AS_GIVEN = _AsGiven()


def _parameter(compiler: Any, name: str, slot: Slot) -> str:
    """Render a parameter whose argument `slot` makes, and note the slot on the compiler, which is also its result."""
    compiler.__dict__.setdefault("kit_slots", {})[name] = slot
    return cast("str", compiler.process(bindparam(name, type_=_AS_GIVEN)))


# ---------------------------------------------------------------------------------------------------- rows as a table


class Rows(TableClause):
    """A table whose rows are bound as a parameter. Made by `rows`."""

    inherit_cache = False
    kinds: dict[str, KitType]


def rows(name: str, /, **columns: KitType) -> Rows:
    """Return a table of parameters with these columns, bound by a parameter `name`: a list of tuples in their order.

    PostgreSQL gets one array per column, SQLite and MariaDB/MySQL one JSON text; a Real is exact to 15 digits there.
    """
    made = Rows(name, *(sa_column(key, kind) for key, kind in columns.items()))
    made.kinds = columns
    return made


def rows_like(name: str, table: Table, /, *columns: str) -> Rows:
    """Return a table of parameters with columns of a table, typed as they are there."""
    return rows(name, **{column: cast("KitType", table.c[column].type) for column in columns})


def _array_slot(name: str, place: int, binder: Turn | None) -> Slot:
    def slot(params: Mapping[str, Any], instant: Instant) -> list[Any]:
        del instant
        if binder is None:
            return [row[place] for row in params[name]]
        return [None if row[place] is None else binder(row[place]) for row in params[name]]

    return slot


def _json_slot(name: str, binders: Sequence[Turn | None]) -> Slot:
    if not any(binders):
        return lambda params, _: to_json(params[name])

    def slot(params: Mapping[str, Any], instant: Instant) -> str:
        del instant
        return to_json(
            [
                [
                    value if turn is None or value is None else turn(value)
                    for turn, value in zip(binders, row, strict=True)
                ]
                for row in params[name]
            ]
        )

    return slot


@compiles(Rows, "postgresql")
def _rows_on_postgresql(element: Rows, compiler: Any, *, asfrom: bool = False, **kw: Any) -> str:
    del kw
    if not asfrom:
        return element.name
    arrays = []
    for place, kind in enumerate(element.kinds.values()):
        slot = _array_slot(element.name, place, kind.binder("postgresql"))
        parameter = _parameter(compiler, f"{element.name}__{place}", slot)
        arrays.append(f"CAST({parameter} AS {kind.json_sql['postgresql']})")
    names = ", ".join(compiler.preparer.quote(key) for key in element.kinds)
    return f"unnest({', '.join(arrays)}) AS {element.name}({names})"


def _json_parameter(element: Rows, compiler: Any, dialect: str) -> str:
    slot = _json_slot(element.name, [kind.binder(dialect) for kind in element.kinds.values()])
    return _parameter(compiler, element.name, slot)


@compiles(Rows, "sqlite")
def _rows_on_sqlite(element: Rows, compiler: Any, *, asfrom: bool = False, **kw: Any) -> str:
    del kw
    if not asfrom:
        return element.name
    quote = compiler.preparer.quote
    parts = ", ".join(f"json_extract(value, '$[{place}]') AS {quote(key)}" for place, key in enumerate(element.kinds))
    source = f"json_each({_json_parameter(element, compiler, 'sqlite')})"
    return f"(SELECT {parts} FROM {source}) AS {element.name}"  # noqa: S608 - names of columns only


def _is_text(sql: str) -> bool:
    """Return whether a column must name its character set: the database's default may have no letters for it."""
    return sql.startswith(("VARCHAR", "LONGTEXT"))


@compiles(Rows, "mysql", "mariadb")
def _rows_on_mysql(element: Rows, compiler: Any, *, asfrom: bool = False, **kw: Any) -> str:
    del kw
    if not asfrom:
        return element.name
    collation = f" CHARACTER SET utf8mb4 COLLATE {bytewise_collation(compiler.dialect)}"
    parts = []
    for place, (key, kind) in enumerate(element.kinds.items()):
        sql = kind.json_sql["mysql"]
        parts.append(f"{compiler.preparer.quote(key)} {sql}{collation if _is_text(sql) else ''} PATH '$[{place}]'")
    table = f"JSON_TABLE({_json_parameter(element, compiler, 'mysql')}, '$[*]' COLUMNS ({', '.join(parts)}))"
    return f"{table} AS {element.name}"


# -------------------------------------------------------------------------------------------------- the database clock


class db_now(FunctionElement[datetime]):  # noqa: N801 - reads like the SQL function it stands for
    """The database's clock at the start of the transaction, as a Moment; follows `Clock.shift`.

    `plus` names a parameter of seconds (int or float, may be negative) that is added.
    """

    type = Moment()
    inherit_cache = False

    def __init__(self, plus: str | None = None) -> None:
        super().__init__()
        self.plus = plus


def _plus(element: db_now, params: Mapping[str, Any]) -> timedelta:
    return timedelta(seconds=params[element.plus]) if element.plus else timedelta()


@compiles(db_now, "postgresql")
def _now_on_postgresql(element: db_now, compiler: Any, **kw: Any) -> str:
    del kw
    name = f"kit_now_{element.plus or ''}"
    parameter = _parameter(compiler, name, lambda params, instant: instant.shift + _plus(element, params))
    return f"(now() + CAST({parameter} AS interval))"


@compiles(db_now, "sqlite", "mysql", "mariadb")
def _now_elsewhere(element: db_now, compiler: Any, **kw: Any) -> str:
    del kw
    dialect = "sqlite" if compiler.dialect.name == "sqlite" else "mysql"
    turn = Moment().binder(dialect)

    def slot(params: Mapping[str, Any], instant: Instant) -> Any:
        if instant.now is None or turn is None:
            raise RuntimeError("the transaction has not been given its time")
        return turn(instant.now + _plus(element, params))

    parameter = _parameter(compiler, f"kit_now_{element.plus or ''}", slot)
    return parameter if dialect == "sqlite" else f"CAST({parameter} AS DATETIME(6))"


# ----------------------------------------------------------------------------------------------------------- statement


@dataclass(frozen=True, slots=True)
class Compiled:
    """A statement in the words of one driver."""

    sql: str
    slots: tuple[Slot, ...]
    make_row: Callable[[Sequence[Any]], Row]
    needs_now: bool

    def bind(self, params: Mapping[str, Any], instant: Instant) -> list[Any]:
        """Return the driver's positional arguments."""
        return [slot(params, instant) for slot in self.slots]


class Call:
    """A statement with its parameters."""

    __slots__ = ("params", "statement")

    def __init__(self, statement: "Statement", params: Mapping[str, Any]) -> None:
        self.statement = statement
        self.params = params


class Statement:
    """A statement that is compiled when a dialect first needs it. Call it with parameters to get a `Call`."""

    __slots__ = ("_compiled", "build")

    def __init__(self, build: Build) -> None:
        self.build = build
        """Makes the Core construct for a dialect."""
        self._compiled: dict[int, Compiled] = {}

    def __call__(self, **params: Any) -> Call:
        """Return the statement with these parameters; they are bound when it runs."""
        return Call(self, params)

    def compiled(self, dialect: Dialect) -> Compiled:
        """Return the statement in the words of a driver's dialect."""
        found = self._compiled.get(id(dialect))
        if found is None:
            found = self._compiled[id(dialect)] = _compile(self.build(dialect_name(dialect)), dialect)
        return found


def statement(core: Any) -> Statement:
    """Return a statement made of a Core construct, or of a function from the dialect's name to one (see `upsert`)."""
    return Statement(core if callable(core) and not hasattr(core, "compile") else lambda _: core)


def dialect_name(dialect: Dialect) -> DialectName:
    """Return the family a dialect belongs to: MariaDB counts as mysql."""
    return cast("DialectName", "mysql" if dialect.name in {"mysql", "mariadb"} else dialect.name)


def _value_slot(name: str, turn: Turn | None) -> Slot:
    if turn is None:
        return lambda params, _: params[name]

    def slot(params: Mapping[str, Any], instant: Instant) -> Any:
        del instant
        value = params[name]
        return None if value is None else turn(value)

    return slot


def _binder(type_: Any, dialect: Dialect) -> Turn | None:
    if isinstance(type_, KitType):
        return type_.binder(dialect_name(dialect))
    found: Turn | None = type_.dialect_impl(dialect).bind_processor(dialect)
    return found


def _constant_slot(value: Any) -> Slot:
    return lambda params, instant: value  # noqa: ARG005 - every slot has this form


def _compile(core: Any, dialect: Dialect) -> Compiled:
    done: Any = core.compile(dialect=dialect)
    own: dict[str, Slot] = done.__dict__.get("kit_slots", {})
    slots: list[Slot] = []
    for name in done.positiontup or ():
        if name in own:
            slots.append(own[name])
            continue
        parameter = done.binds[name]
        turn = _binder(parameter.type, dialect)
        if parameter.expanding:
            raise RuntimeError("a list would make a new statement of every length: use `rows`")
        if parameter.required:
            slots.append(_value_slot(name, turn))
        else:
            value = parameter.effective_value
            slots.append(_constant_slot(turn(value) if turn and value is not None else value))
    sql = str(done)
    if not slots:
        sql = sql.replace("%%", "%") if dialect_name(dialect) == "mysql" else sql
    return Compiled(
        sql=sql,
        slots=tuple(slots),
        make_row=_row_maker(done, dialect),
        needs_now=any(name.startswith("kit_now_") for name in own),
    )


def _row_maker(done: Any, dialect: Dialect) -> Callable[[Sequence[Any]], Row]:
    entries = done._result_columns  # noqa: SLF001 - no public door to the types of result columns
    made: Any = namedtuple("Row", [entry.keyname for entry in entries], rename=True)  # type: ignore[misc]  # noqa: PYI024 - columns differ
    readers = [
        entry.type.reader(dialect_name(dialect)) if isinstance(entry.type, KitType) else None for entry in entries
    ]
    turns = [(place, turn) for place, turn in enumerate(readers) if turn is not None]
    new = tuple.__new__  # what a named tuple's own constructor calls, without looking at the names again

    def make_row(values: Sequence[Any]) -> Row:
        row = list(values)
        for place, turn in turns:
            value = row[place]
            if value is not None:
                row[place] = turn(value)
        return new(made, row)

    return make_row if turns else lambda values: new(made, values)


# ------------------------------------------------------------------------------------------------------------- writing


def adding(table: Table, *names: str) -> Statement:
    """Return an INSERT of one row, its columns bound by their names; without names, of every column."""
    columns = names or tuple(table.c.keys())
    return statement(insert(table).values({name: bindparam(name) for name in columns}))


def adding_rows(table: Table, source: Rows) -> Statement:
    """Return an INSERT of all rows of `source`, whose columns are named as the table's."""
    names = list(source.kinds)
    return statement(insert(table).from_select(names, select(*[source.c[name] for name in names])))


def upsert(
    table: Table,
    source: Select[Any],
    *,
    columns: Sequence[str],
    key: Sequence[str],
    update: Callable[[Any], Mapping[str, Any]],
) -> Statement:
    """Return an INSERT of what `source` selects that updates the rows whose `key` exists.

    `source` selects values for `columns` in order. `update` gets the proposed row (a namespace of columns) and returns
    the new values; an empty mapping keeps the existing row as it is. The order of `source` is the order of locking.
    """

    def build(dialect: DialectName) -> Any:
        if dialect == "mysql":
            made = mysql_insert(table).from_select(columns, source)
            values = update(made.inserted) or {key[0]: table.c[key[0]]}
            return made.on_duplicate_key_update(dict(values))
        # SQLite cannot tell ON CONFLICT from a join's ON unless the SELECT has a WHERE.
        where = source if dialect == "postgresql" else source.where(true())
        excluding: Any = (postgresql_insert if dialect == "postgresql" else sqlite_insert)(table)
        excluding = excluding.from_select(columns, where)
        values = update(excluding.excluded)
        if not values:
            return excluding.on_conflict_do_nothing(index_elements=list(key))
        return excluding.on_conflict_do_update(index_elements=list(key), set_=dict(values))

    return Statement(build)


# ------------------------------------------------------------------------------------------------------------ dialects

POSTGRESQL: Dialect = PGDialect_asyncpg()  # type: ignore[no-untyped-call]
SQLITE: Dialect = SQLiteDialect_pysqlite()
MYSQL: Dialect = MySQLDialect_asyncmy()
MARIADB: Dialect = MySQLDialect_asyncmy()
MARIADB.is_mariadb = True  # type: ignore[attr-defined]
