"""Counts of limits in a database: they survive every crash and hold for all processes that share it.

Draws that arrive while a transaction runs go together in the next one (`holdfast.kit.lanes`). A transaction first
touches the rows, which locks them in order on every engine, then reads, decides with `rates.decide` as all stores do,
and writes what changed. Keys are keyed hashes, so no address and no mail address is at rest.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table, bindparam, delete, select
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import rows, statement, upsert
from holdfast.kit.db.tables import STRICT
from holdfast.kit.db.types import Text, Whole, to_micros
from holdfast.kit.lanes import Lane
from holdfast.kit.limits.rates import Draw, Verdict, decide
from holdfast.kit.limits.stores import KEY_LENGTH, LimitStore


def limit_table(module: str, tables: MetaData) -> Table:
    """Return the table that keeps the counts, one row for each subject that used something lately."""
    name = f"{module}_limit"
    return Table(
        name,
        tables,
        Column("key_hash", Text(KEY_LENGTH), primary_key=True),
        # Microseconds since 1970: when everything that was used will have come back. Arithmetic on it is exact and the
        # same on every engine.
        Column("until_us", Whole(), nullable=False),
        CheckConstraint("until_us >= 0", name="until_us_whole"),
        Index(f"{name}_until_us_ix", "until_us"),
        **STRICT,
    )


Kept: TypeAlias = tuple[Database, Table]
"""A database, and the table of it for counts."""


class DatabaseLimits(LimitStore):
    """Keeps counts in a table made by `limit_table`."""

    def __init__(self, db: Database, table: Table, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._lane: Lane[Sequence[Draw], Verdict] = Lane("limits", self._draw_all)
        keys = rows("limit_keys", key_hash=Text(KEY_LENGTH), until_us=Whole())
        source = select(keys.c.key_hash, keys.c.until_us)
        columns, key = ("key_hash", "until_us"), ("key_hash",)
        self._touch = upsert(table, source, columns=columns, key=key, update=lambda _: {"until_us": table.c.until_us})
        self._write = upsert(
            table, source, columns=columns, key=key, update=lambda proposed: {"until_us": proposed.until_us}
        )
        wanted = rows("limit_keys", key_hash=Text(KEY_LENGTH))
        self._find = statement(
            select(table.c.key_hash, table.c.until_us).join_from(wanted, table, wanted.c.key_hash == table.c.key_hash)
        )
        self._forget = statement(delete(table).where(table.c.until_us < bindparam("now_us", type_=Whole())))

    @override
    async def draw(self, draws: Sequence[Draw]) -> Verdict:
        return await self._lane.submit(draws)

    @override
    async def untils(self, keys: Sequence[str]) -> Mapping[str, int]:
        return await self._db.read(lambda tx: self._read(tx, keys))

    @override
    async def tidy(self) -> None:
        now_us = self._now_us()
        await self._db.write(lambda tx: tx.run(self._forget(now_us=now_us)))

    @override
    async def close(self) -> None:
        await self._lane.close()

    async def _draw_all(self, batch: Sequence[Sequence[Draw]]) -> list[Verdict]:
        keys = sorted({draw.key for draws in batch for draw in draws})

        async def work(tx: Tx) -> list[Verdict]:
            await tx.run(self._touch(limit_keys=[(key, 0) for key in keys]))
            untils = await self._read(tx, keys)
            before = dict(untils)
            now_us = self._now_us()
            verdicts = [decide(untils, draws, now_us) for draws in batch]
            changed = [(key, until) for key, until in sorted(untils.items()) if before.get(key) != until]
            if changed:
                await tx.run(self._write(limit_keys=changed))
            return verdicts

        return await self._db.write(work)

    async def _read(self, tx: Tx, keys: Sequence[str]) -> dict[str, int]:
        found = await tx.all(self._find(limit_keys=[(key,) for key in keys]))
        return {row.key_hash: row.until_us for row in found}

    def _now_us(self) -> int:
        return to_micros(self._clock.now())
