"""The same statements as `subject`, written by hand for each driver.

The text is what a careful person would write, with the values turned as that driver needs it; a row comes back as a
tuple of Python values that can be used, as from the kit.
"""

import sqlite3
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from benchmarks.kit.subject import State

_dump = msgspec.json.Encoder().encode
_load = msgspec.json.decode
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_COLUMNS = "id, account_id, state, night, made_at, paid, facts"


class ByAsyncpg:
    """PostgreSQL."""

    find_sql = f"SELECT {_COLUMNS} FROM bench_subject WHERE id = $1"  # noqa: S608 - constants
    list_sql = f"SELECT {_COLUMNS} FROM bench_subject WHERE id >= $1 AND id < $2 ORDER BY id"  # noqa: S608 - constants
    add_sql = f"INSERT INTO bench_subject ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7)"  # noqa: S608 - constants
    add_rows_sql = (
        f"INSERT INTO bench_subject ({_COLUMNS}) SELECT {_COLUMNS} FROM unnest($1::text[], $2::bigint[], "  # noqa: S608 - constants
        f"$3::text[], $4::date[], $5::timestamptz[], $6::boolean[], $7::jsonb[]) AS new({_COLUMNS})"
    )
    move_sql = "UPDATE bench_subject SET state = $1 WHERE id = $2 AND state = 'held'"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @staticmethod
    def _read(row: Any) -> tuple:
        return (row[0], row[1], State(row[2]), row[3], row[4], row[5], _load(row[6]))

    @staticmethod
    def _written(row: dict) -> tuple:
        return (*list(row.values())[:6], _dump(row["facts"]).decode())

    async def find(self, identity: str) -> tuple:
        return self._read(await self._connection.fetchrow(self.find_sql, identity))

    async def read_many(self, first: str, end: str) -> list[tuple]:
        return [self._read(row) for row in await self._connection.fetch(self.list_sql, first, end)]

    async def add(self, row: dict) -> None:
        await self._connection.execute(self.add_sql, *self._written(row))

    async def add_rows(self, new: list[tuple]) -> None:
        columns: list[list] = [list(column) for column in zip(*new, strict=True)]
        columns[6] = [_dump(facts).decode() for facts in columns[6]]
        await self._connection.execute(self.add_rows_sql, *columns)

    async def move(self, identity: str) -> int:
        return int((await self._connection.execute(self.move_sql, "confirmed", identity)).split()[1])


def _micros(moment: datetime) -> int:
    return (moment - _EPOCH) // _MICROSECOND


class BySqlite3:
    """SQLite. Its methods are plain functions: they run in the writer's thread."""

    find_sql = f"SELECT {_COLUMNS} FROM bench_subject WHERE id = ?"  # noqa: S608 - constants
    list_sql = f"SELECT {_COLUMNS} FROM bench_subject WHERE id >= ? AND id < ? ORDER BY id"  # noqa: S608 - constants
    add_sql = f"INSERT INTO bench_subject ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)"  # noqa: S608 - constants
    add_rows_sql = (
        f"INSERT INTO bench_subject ({_COLUMNS}) SELECT "  # noqa: S608 - constants
        + ", ".join(f"json_extract(value, '$[{place}]')" for place in range(7))
        + " FROM json_each(?)"
    )
    move_sql = "UPDATE bench_subject SET state = ? WHERE id = ? AND state = 'held'"

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @staticmethod
    def _read(row: Any) -> tuple:
        moment = _EPOCH + timedelta(microseconds=row[4])
        return (row[0], row[1], State(row[2]), date.fromisoformat(row[3]), moment, bool(row[5]), _load(row[6]))

    @staticmethod
    def _written(row: tuple) -> tuple:
        day, moment, paid, facts = row[3:]
        return (*row[:3], day.isoformat(), _micros(moment), int(paid), _dump(facts).decode())

    def find(self, identity: str) -> tuple:
        return self._read(self._connection.execute(self.find_sql, (identity,)).fetchone())

    def read_many(self, first: str, end: str) -> list[tuple]:
        return [self._read(row) for row in self._connection.execute(self.list_sql, (first, end))]

    def add(self, row: dict) -> None:
        self._connection.execute(self.add_sql, self._written(tuple(row.values())))

    def add_rows(self, new: list[tuple]) -> None:
        self._connection.execute(self.add_rows_sql, (_dump([self._written(row) for row in new]).decode(),))

    def move(self, identity: str) -> int:
        return self._connection.execute(self.move_sql, ("confirmed", identity)).rowcount


class ByAsyncmy:
    """MariaDB."""

    find_sql = f"SELECT {_COLUMNS} FROM bench_subject WHERE id = %s"  # noqa: S608 - constants
    list_sql = f"SELECT {_COLUMNS} FROM bench_subject WHERE id >= %s AND id < %s ORDER BY id"  # noqa: S608 - constants
    add_sql = f"INSERT INTO bench_subject ({_COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)"  # noqa: S608 - constants
    _text = "CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin"
    add_rows_sql = (
        f"INSERT INTO bench_subject ({_COLUMNS}) SELECT {_COLUMNS} FROM JSON_TABLE(%s, '$[*]' COLUMNS ("  # noqa: S608 - constants
        f"id VARCHAR(40) {_text} PATH '$[0]', account_id BIGINT PATH '$[1]', state VARCHAR(32) {_text} PATH '$[2]', "
        "night DATE PATH '$[3]', made_at DATETIME(6) PATH '$[4]', paid BOOL PATH '$[5]', facts LONGTEXT PATH '$[6]')"
        ") AS new"
    )
    move_sql = "UPDATE bench_subject SET state = %s WHERE id = %s AND state = 'held'"

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    @staticmethod
    def _read(row: Any) -> tuple:
        return (row[0], row[1], State(row[2]), row[3], row[4].replace(tzinfo=UTC), bool(row[5]), _load(row[6]))

    @staticmethod
    def _written(row: tuple) -> tuple:
        _, _, state, day, moment, paid, facts = row
        naive = moment.astimezone(UTC).replace(tzinfo=None)
        return (*row[:2], str(state), day, naive, int(paid), _dump(facts).decode())

    async def _execute(self, sql: str, args: tuple) -> Any:
        cursor = self._connection.cursor()
        await cursor.execute(sql, args)
        return cursor

    async def find(self, identity: str) -> tuple:
        return self._read(await (await self._execute(self.find_sql, (identity,))).fetchone())

    async def read_many(self, first: str, end: str) -> list[tuple]:
        return [self._read(row) for row in await (await self._execute(self.list_sql, (first, end))).fetchall()]

    async def add(self, row: dict) -> None:
        await self._execute(self.add_sql, self._written(tuple(row.values())))

    async def add_rows(self, new: list[tuple]) -> None:
        await self._execute(self.add_rows_sql, (_dump([self._written(row) for row in new]).decode(),))

    async def move(self, identity: str) -> int:
        return (await self._execute(self.move_sql, ("confirmed", identity))).rowcount
