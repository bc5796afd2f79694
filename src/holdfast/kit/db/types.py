"""Column types that mean the same on every engine.

| type | Python | SQLite (STRICT) | PostgreSQL | MariaDB/MySQL |
|---|---|---|---|---|
| Text(n) | str | TEXT | VARCHAR(n) COLLATE "C" | VARCHAR(n), bytewise, no padding |
| Whole | int | INTEGER | BIGINT | BIGINT |
| Real | float | REAL | DOUBLE PRECISION | DOUBLE |
| Flag | bool | INTEGER | BOOLEAN | BOOL |
| Day | date | TEXT, ISO | DATE | DATE |
| Moment | aware datetime in UTC | INTEGER, microseconds since 1970 | TIMESTAMPTZ | DATETIME(6), UTC |
| Json | any JSON value | TEXT | JSONB | JSON |
| Choice(E) | StrEnum E | as Text | as Text | as Text |

`binder` and `reader` turn values for one dialect; None means the driver's own value is right already.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec
from sqlalchemy import types as sa
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from typing_extensions import override

Turn = Callable[[Any], Any]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_dump = msgspec.json.Encoder().encode


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970, exactly.

    Raises:
        ValueError: The datetime is naive.
    """
    return (_aware(moment) - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Return the moment that many microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def to_json(value: Any) -> str:
    """Return compact JSON text of plain values, dataclasses and dates."""
    return _dump(value).decode()


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return moment


def _naive_utc(moment: datetime) -> datetime:
    return _aware(moment).astimezone(UTC).replace(tzinfo=None)


def _aware_utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC)


class KitType(sa.TypeDecorator[Any]):
    """A column type of the table above."""

    impl: type[sa.TypeEngine[Any]] = sa.String
    cache_ok = True
    json_sql: dict[str, str]
    """How the type is declared where rows come in as JSON or arrays (see `statements.Rows`)."""

    def binder(self, dialect: str) -> Turn | None:
        """Return what turns a Python value into the driver's, or None."""
        del dialect
        return None

    def reader(self, dialect: str) -> Turn | None:
        """Return what turns the driver's value into Python's, or None."""
        del dialect
        return None


class Text(KitType):
    """Text of at most `length` characters, ordered and compared by its bytes on every engine."""

    impl = sa.String
    cache_ok = True

    def __init__(self, length: int) -> None:
        super().__init__(length)
        self.length = length
        # MariaDB cuts off what is too long for a column of JSON_TABLE, and does not say so. With room for one more
        # character, such a text is too long for the table as well, which refuses it, and equals nothing stored there.
        self.json_sql = {"postgresql": "text[]", "mysql": f"VARCHAR({length + 1})"}

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqlite.TEXT()
        return dialect.type_descriptor(sa.String(self.length))


@compiles(Text, "postgresql")
def _text_on_postgresql(type_: Text, compiler: Any, **kw: Any) -> str:
    del compiler, kw
    return f'VARCHAR({type_.length}) COLLATE "C"'


def bytewise_collation(dialect: Dialect) -> str:
    """Return the collation that compares bytes and does not pad, which MariaDB and MySQL name differently."""
    return "utf8mb4_nopad_bin" if getattr(dialect, "is_mariadb", False) else "utf8mb4_0900_bin"


@compiles(Text, "mysql", "mariadb")
def _text_on_mysql(type_: Text, compiler: Any, **kw: Any) -> str:
    del kw
    return f"VARCHAR({type_.length}) CHARACTER SET utf8mb4 COLLATE {bytewise_collation(compiler.dialect)}"


class Whole(KitType):
    """A 64-bit whole number."""

    impl = sa.BigInteger
    cache_ok = True
    json_sql = {"postgresql": "bigint[]", "mysql": "BIGINT"}  # noqa: RUF012 - never changed

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        return sqlite.INTEGER() if dialect.name == "sqlite" else dialect.type_descriptor(sa.BigInteger())


class Count(Whole):
    """A whole number an aggregate made: PostgreSQL and MariaDB answer SUM with a decimal."""

    cache_ok = True

    @override
    def reader(self, dialect: str) -> Turn | None:
        return None if dialect == "sqlite" else int


class Real(KitType):
    """A double."""

    impl = sa.Double
    cache_ok = True
    json_sql = {"postgresql": "double precision[]", "mysql": "DOUBLE"}  # noqa: RUF012 - never changed

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        return sqlite.REAL() if dialect.name == "sqlite" else dialect.type_descriptor(sa.Double())


class Flag(KitType):
    """True or false."""

    impl = sa.Boolean
    cache_ok = True
    json_sql = {"postgresql": "boolean[]", "mysql": "BOOL"}  # noqa: RUF012 - never changed

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        return sqlite.INTEGER() if dialect.name == "sqlite" else dialect.type_descriptor(sa.Boolean())

    @override
    def binder(self, dialect: str) -> Turn | None:
        return None if dialect == "postgresql" else int

    @override
    def reader(self, dialect: str) -> Turn | None:
        return None if dialect == "postgresql" else bool


class Day(KitType):
    """A calendar day without a zone."""

    impl = sa.Date
    cache_ok = True
    json_sql = {"postgresql": "date[]", "mysql": "DATE"}  # noqa: RUF012 - never changed

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        return sqlite.TEXT() if dialect.name == "sqlite" else dialect.type_descriptor(sa.Date())

    @override
    def binder(self, dialect: str) -> Turn | None:
        return date.isoformat if dialect == "sqlite" else None

    @override
    def reader(self, dialect: str) -> Turn | None:
        return date.fromisoformat if dialect == "sqlite" else None


class Moment(KitType):
    """An instant, kept to the microsecond."""

    impl = sa.DateTime
    cache_ok = True
    json_sql = {"postgresql": "timestamptz[]", "mysql": "DATETIME(6)"}  # noqa: RUF012 - never changed

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqlite.INTEGER()
        if dialect.name in {"mysql", "mariadb"}:
            return mysql.DATETIME(fsp=6)
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    @override
    def binder(self, dialect: str) -> Turn | None:
        turns: dict[str, Turn] = {"sqlite": to_micros, "postgresql": _aware, "mysql": _naive_utc}
        return turns.get(dialect)

    @override
    def reader(self, dialect: str) -> Turn | None:
        turns: dict[str, Turn] = {"sqlite": from_micros, "mysql": _aware_utc}
        return turns.get(dialect)


class Json(KitType):
    """Any JSON value. SQL NULL is None; there is no JSON null at the top."""

    impl = sa.JSON
    cache_ok = True
    json_sql = {"postgresql": "jsonb[]", "mysql": "LONGTEXT"}  # noqa: RUF012 - never changed

    @override
    def load_dialect_impl(self, dialect: Dialect) -> sa.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqlite.TEXT()
        if dialect.name == "postgresql":
            return postgresql.JSONB()
        return dialect.type_descriptor(sa.JSON())

    @override
    def binder(self, dialect: str) -> Turn | None:
        return to_json

    @override
    def reader(self, dialect: str) -> Turn | None:
        return msgspec.json.decode


class Choice(Text):
    """One of the values of a StrEnum. Add `tables.one_of` so that the database refuses others."""

    cache_ok = True

    def __init__(self, choices: type[StrEnum], length: int = 32) -> None:
        super().__init__(length)
        self.choices = choices

    @override
    def binder(self, dialect: str) -> Turn | None:
        return str

    @override
    def reader(self, dialect: str) -> Turn | None:
        return {choice.value: choice for choice in self.choices}.__getitem__


def _choice_on_postgresql(type_: Choice, compiler: Any, **kw: Any) -> str:
    return _text_on_postgresql(type_, compiler, **kw)


compiles(Choice, "postgresql")(_choice_on_postgresql)
compiles(Choice, "mysql", "mariadb")(_text_on_mysql)
