"""The chain: every row of activity gets a number, and a hash over itself and the hash before it.

A row is sealed a moment after it was committed, whatever the order in which transactions end: the next seal takes what
has none yet. So nothing waits for anything when an act is noted, and no row is stepped over. Several processes may seal
at once; the number is a primary key and the row a unique one, so that one of them wins and the other comes again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import bindparam, func, or_, select

from holdfast.kit.activity.log import Activity
from holdfast.kit.activity.tables import HASH_LENGTH
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row, adding_rows, db_now, rows, statement
from holdfast.kit.db.types import Text, Whole, to_micros

SEAL_EVERY_S: Final = 1.0
BATCH: Final = 500
"""Rows sealed in one transaction."""
BATCHES_MOST: Final = 20
"""Batches of one round; more wait for the next."""
LATE_S: Final = 60
"""A row that has no seal after so many seconds is reported: the job does not run, or the row was not written by us."""
_LOOK_BACK: Final = 1_000
"""How many seals are gone back to find rows whose transactions ended late."""
_LOOK_FAR_BACK: Final = 100_000
_FAR_EVERY: Final = 60
"""In every which round it is farther."""
_PAGE: Final = 1_000
_BREACHES_MOST: Final = 1_000
_SLIPPED: Final = timedelta(seconds=LATE_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The newest link of a chain. Whoever has kept one can tell later whether anything before it was taken away."""

    module: str
    number: int
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityBreach:
    """One thing that is wrong with a chain."""

    rule: str
    subject: str
    """Which row: `booking activity 17`."""
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityReport:
    """What going over one chain found."""

    module: str
    sealed: int
    newest: Seal | None
    """None: nothing has been sealed yet."""
    breaches: tuple[ActivityBreach, ...]


def genesis(module: str) -> str:
    """Return the hash before the first: no chain can be passed off as another module's."""
    return sha256(f"holdfast activity of {module}".encode()).hexdigest()


def chained(before: str, row: Row) -> str:
    """Return the hash of a row of activity after the hash before it."""
    told = [
        row.id, to_micros(row.at), row.kind, row.account_id, row.owner_id, row.session_id, row.key_id, row.object_kind,
        row.object_id, row.subject_id, row.details, row.origin,
    ]  # fmt: skip
    return sha256(before.encode() + msgspec.json.encode(told, order="deterministic")).hexdigest()


_LINKS: Final = rows("links", number=Whole(), activity_id=Whole(), hash=Text(HASH_LENGTH))


class Chain:
    """Seals one module's activity, and checks its seals."""

    def __init__(self, activity: Activity, db: Database) -> None:
        self._activity = activity
        self._db = db
        self._rounds = 0
        act, seal = activity.table, activity.seals
        self._add = adding_rows(seal, _LINKS)
        newest = select(func.max(seal.c.number)).scalar_subquery()
        back = bindparam("back", type_=Whole())
        reached = select(seal.c.activity_id).where(seal.c.number == newest - back).scalar_subquery()
        unsealed = select(act).outerjoin(seal, seal.c.activity_id == act.c.id).where(seal.c.number.is_(None))
        self._open = statement(
            unsealed.where(act.c.id > func.coalesce(reached, 0)).order_by(act.c.id).limit(bindparam("limit"))
        )
        self._newest = statement(select(seal).order_by(seal.c.number.desc()).limit(1))
        self._sealed = statement(
            select(seal.c.number, seal.c.activity_id, seal.c.hash, *act.c)
            .outerjoin_from(seal, act, act.c.id == seal.c.activity_id)
            .where(seal.c.number > bindparam("after", type_=Whole()))
            .order_by(seal.c.number)
            .limit(bindparam("limit"))
        )
        # What is dated ahead of the clock would never be old enough.
        late = or_(act.c.at < db_now(plus="ago_s"), act.c.at > db_now(plus="ahead_s"))
        self._late = statement(unsealed.where(late).order_by(act.c.id).limit(bindparam("limit")))

    async def seal(self) -> int:
        """Seal what has no seal yet; returns how many rows that were. It may run in several processes at once."""
        back = self._back()
        self._activity.waits = False
        sealed = 0
        for _ in range(BATCHES_MOST):
            batch = await self._seal_batch(back)
            sealed += batch
            if batch < BATCH:
                return sealed
        self._activity.waits = True
        return sealed

    def _back(self) -> int:
        """Return how many seals to go back: on SQLite none, where transactions end in the order of their numbers."""
        if self._db.dialect == "sqlite":
            return 0
        far = self._rounds % _FAR_EVERY == 0
        self._rounds += 1
        return _LOOK_FAR_BACK if far else _LOOK_BACK

    async def _seal_batch(self, back: int) -> int:
        # Rows never change, so they may be read before the transaction that seals them.
        found = await self._db.read(lambda tx: tx.all(self._open(back=back, limit=BATCH)))
        if not found:
            return 0
        try:
            await self._db.write(partial(self._link, found=found))
        except UniqueViolation:
            return 0  # another process was first
        return len(found)

    async def _link(self, tx: Tx, *, found: Sequence[Row]) -> None:
        newest = await tx.one(self._newest())
        number, before = (0, genesis(self._activity.module)) if newest is None else (newest.number, newest.hash)
        links = []
        for number, row in enumerate(found, number + 1):  # noqa: B020 - counted on from the newest
            before = chained(before, row)
            links.append((number, row.id, before))
        await tx.run(self._add(links=links))

    async def newest(self) -> Seal | None:
        """Return the newest seal, or None if nothing has been sealed."""
        row = await self._db.read(lambda tx: tx.one(self._newest()))
        return None if row is None else Seal(module=self._activity.module, number=row.number, hash=row.hash)

    async def verify(self, *, known: Sequence[Seal] = ()) -> ActivityReport:
        """Go over the whole chain.

        Args:
            known: Seals that were kept elsewhere, of any module: each must still be there as it was.
        """
        module = self._activity.module
        walk = _Walk(module, {seal.number: seal.hash for seal in known if seal.module == module})
        while found := await self._page(walk.number):
            for row in found:
                walk.step(row)
            if len(found) < _PAGE:
                break
        walk.end()
        for row in await self._unsealed():
            walk.report("activity_unsealed", row.id, "It has no seal: the job does not run, or it was added.")
        newest = Seal(module=module, number=walk.number, hash=walk.before) if walk.number else None
        return ActivityReport(
            module=module, sealed=walk.sealed, newest=newest, breaches=tuple(walk.breaches[:_BREACHES_MOST])
        )

    async def _page(self, after: int) -> list[Row]:
        return await self._db.read(lambda tx: tx.all(self._sealed(after=after, limit=_PAGE)))

    async def _unsealed(self) -> list[Row]:
        call = self._late(ago_s=-LATE_S, ahead_s=LATE_S, limit=_BREACHES_MOST)
        return await self._db.read(lambda tx: tx.all(call))


class _Walk:
    """Goes along a chain and remembers what it sees."""

    def __init__(self, module: str, known: dict[int, str]) -> None:
        self._module = module
        self._known = known
        self.number = 0
        self.sealed = 0
        self.before = genesis(module)
        """The hash that is kept as the last."""
        self._meant: str | None = None
        """What the last hash should be, where it is not that."""
        self._newest: tuple[int, datetime] | None = None
        """The highest id so far, and the time of its row."""
        self.breaches: list[ActivityBreach] = []

    def report(self, rule: str, activity_id: int, detail: str) -> None:
        """Note a breach about a row."""
        subject = f"{self._module} activity {activity_id}"
        self.breaches.append(ActivityBreach(rule=rule, subject=subject, detail=detail))

    def step(self, row: Row) -> None:
        """Check the next seal."""
        whole = row.number == self.number + 1
        if not whole:
            self._report_seals(self.number + 1, row.number - 1)
        if row.id is None:
            self.report("activity_missing", row.activity_id, f"It was sealed as number {row.number} and is gone.")
            self._meant = None
        else:
            self._check(row, whole=whole)
        self._compare(row)
        self.number, self.before = row.number, row.hash
        self.sealed += 1

    def _check(self, row: Row, *, whole: bool) -> None:
        meant, self._meant = self._meant, None
        if not whole:
            return  # the hash before it is gone with its seal
        now = chained(self.before, row)
        # If the seal before was changed and not its row, this one follows from what that seal should be.
        if now != row.hash and (meant is None or chained(meant, row) != row.hash):
            self.report("activity_changed", row.id, f"It is not what was sealed as number {row.number}.")
        if now != row.hash:
            self._meant = now
            return
        if self._newest is not None and row.id < self._newest[0] and row.at < self._newest[1] - _SLIPPED:
            self.report("activity_slipped_in", row.id, "It claims to be older than what was sealed before it.")
        if self._newest is None or row.id > self._newest[0]:
            self._newest = (row.id, row.at)

    def _compare(self, row: Row) -> None:
        if self._known.pop(row.number, row.hash) != row.hash:
            self.report("activity_rewritten", row.activity_id, f"Seal {row.number} is not the one that was kept.")

    def _report_seals(self, first: int, last: int) -> None:
        subject = f"{self._module} activity seals {first} to {last}"
        detail = "They are gone; what they sealed is named as unsealed if it is there."
        self.breaches.append(ActivityBreach(rule="activity_seal_missing", subject=subject, detail=detail))

    def end(self) -> None:
        """Note the known seals that the chain does not reach."""
        for number in sorted(self._known):
            subject = f"{self._module} activity seal {number}"
            detail = f"It was kept elsewhere and is not here: the chain ends at {self.number}."
            self.breaches.append(ActivityBreach(rule="activity_cut_off", subject=subject, detail=detail))
