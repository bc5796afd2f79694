"""Noting acts, and reading what was noted."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, MetaData, Select, bindparam, delete, select, union

from holdfast.kit.activity.acts import (
    ADDRESS_MAX,
    COMMITMENT_LENGTH,
    DEVICE_MAX,
    ID_MAX,
    KIND_MAX,
    OBJECT_ID_MAX,
    OBJECT_KIND_MAX,
    REQUEST_ID_MAX,
    Act,
    placed,
)
from holdfast.kit.activity.tables import activity_table, origin_table, seal_table
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, Statement, db_now, rows, statement
from holdfast.kit.db.types import Json, Moment, Text, Whole

PAGE_MOST: Final = 200
_NEWEST: Final = 2**62

_ACTS: Final = rows(
    "acts",
    place=Whole(),
    kind=Text(KIND_MAX),
    account_id=Whole(),
    owner_id=Whole(),
    session_id=Text(ID_MAX),
    key_id=Text(ID_MAX),
    object_kind=Text(OBJECT_KIND_MAX),
    object_id=Text(OBJECT_ID_MAX),
    subject_id=Whole(),
    details=Json(),
    origin=Text(COMMITMENT_LENGTH),
)
_NOTED: Final = tuple(name for name in _ACTS.kinds if name != "place")
_PLACES: Final = rows(
    "places",
    commitment=Text(COMMITMENT_LENGTH),
    account_id=Whole(),
    salt=Text(32),
    address=Text(ADDRESS_MAX),
    device=Text(DEVICE_MAX),
    request_id=Text(REQUEST_ID_MAX),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """One act as it is kept."""

    module: str
    """Who keeps it: `booking`."""
    id: int
    """Unique in its module."""
    at: datetime
    kind: str
    account_id: int | None
    owner_id: int | None
    session_id: str | None
    key_id: str | None
    object_kind: str | None
    object_id: str | None
    subject_id: int | None
    details: dict[str, Any]
    address: str | None
    """From where; None where it was not known or has been erased. So are the next two."""
    device: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which acts are asked for; those that fit everything that is given."""

    account_id: int | None = None
    """Who acted, or whom it concerns."""
    object_kind: str | None = None
    object_id: str | None = None
    kind: str | None = None
    first: datetime | None = None
    """Not before this moment."""
    end: datetime | None = None
    """Before this moment."""


class Activity:
    """What was done in one module. A module makes one beside its tables, as it does its outbox."""

    def __init__(self, module: str, tables: MetaData) -> None:
        self.module = module
        act = self.table = activity_table(module, tables)
        origin = self.origins = origin_table(module, tables)
        self.seals = seal_table(module, tables)
        self.waits = False
        """Whether something was noted in this process that it has not sealed; another one may have."""
        self._finding: dict[frozenset[str], Statement] = {}
        self._add = statement(
            act.insert().from_select(
                ["at", *_NOTED], select(db_now(), *[_ACTS.c[name] for name in _NOTED]).order_by(_ACTS.c.place)
            )
        )
        names = list(_PLACES.kinds)
        self._add_places = statement(
            origin.insert().from_select(["at", *names], select(db_now(), *[_PLACES.c[name] for name in names]))
        )
        self._places_of = statement(
            select(origin).where(origin.c.account_id == bindparam("account_id")).order_by(origin.c.at)
        )
        self._erase = statement(delete(origin).where(origin.c.account_id == bindparam("account_id")))

    # -------------------------------------------------------------------------------------------------------- writing

    def named(self, module: str) -> "Activity":
        """Return this as it is kept in a further database of its module: a chain and a name of its own."""
        made = copy(self)
        made.module, made.waits = module, False
        return made

    def calls(self, acts: Sequence[Act]) -> tuple[Call, ...]:
        """Return the writes that note acts, in the order they were done; they depend on no other write."""
        self.waits = self.waits or bool(acts)
        noted, places = [], []
        for place, act in enumerate(acts):
            actor, origin = act.actor, None
            if actor.is_somewhere:
                where = placed(actor, account_id=act.subject_id if actor.account_id is None else actor.account_id)
                origin = where.commitment
                places.append((origin, where.account_id, where.salt, where.address, where.device, where.request_id))
            noted.append((
                place, act.kind, actor.account_id, actor.owner_id, actor.session_id, actor.key_id, act.object_kind,
                None if act.object_id is None else str(act.object_id), act.subject_id, act.details, origin,
            ))  # fmt: skip
        return (
            *([self._add(acts=noted)] if noted else ()),
            *([self._add_places(places=places)] if places else ()),
        )

    async def note(self, tx: Tx, *acts: Act) -> None:
        """Note acts in the transaction that does them."""
        if acts:
            await tx.together(*self.calls(acts))

    # -------------------------------------------------------------------------------------------------------- reading

    async def page(self, tx: Tx, wanted: Wanted, *, before: int | None, limit: int) -> list[Noted]:
        """Return the newest acts that are wanted, with ids below `before`, newest first."""
        given = {name: value for name in Wanted.__slots__ if (value := getattr(wanted, name)) is not None}
        key = frozenset(given)
        found = self._finding.get(key)
        if found is None:
            found = self._finding[key] = statement(self._found(key))
        call = found(**given, before=_NEWEST if before is None else before, limit=limit)
        return [self._noted(row) for row in await tx.all(call)]

    def _found(self, given: frozenset[str]) -> Select[Any]:
        act, origin = self.table, self.origins
        fits = [condition for name, condition in self._conditions().items() if name in given]
        fits.append(act.c.id < bindparam("before", type_=Whole()))
        place = [origin.c.address, origin.c.device, origin.c.request_id]
        columns = [column for column in act.c if column.name != "origin"]
        joined = act.outerjoin(origin, origin.c.commitment == act.c.origin)
        if "account_id" in given:
            # Each half has an index that ends at the newest row; an OR over both has none.
            account = bindparam("account_id", type_=Whole())
            halves = [
                select(act.c.id).where(column == account, *fits).order_by(act.c.id.desc()).limit(bindparam("limit"))
                for column in (act.c.account_id, act.c.subject_id)
            ]
            ids = union(*[select(half.subquery().c.id) for half in halves]).subquery("wanted")
            joined = joined.join(ids, ids.c.id == act.c.id)
            fits = []
        return (
            select(*columns, *place)
            .select_from(joined)
            .where(*fits)
            .order_by(act.c.id.desc())
            .limit(bindparam("limit"))
        )

    def _conditions(self) -> dict[str, ColumnElement[bool]]:
        act = self.table
        return {
            "object_kind": act.c.object_kind == bindparam("object_kind"),
            "object_id": act.c.object_id == bindparam("object_id"),
            "kind": act.c.kind == bindparam("kind"),
            "first": act.c.at >= bindparam("first", type_=Moment()),
            "end": act.c.at < bindparam("end", type_=Moment()),
        }

    def _noted(self, row: Row) -> Noted:
        return Noted(
            module=self.module,
            id=row.id,
            at=row.at,
            kind=row.kind,
            account_id=row.account_id,
            owner_id=row.owner_id,
            session_id=row.session_id,
            key_id=row.key_id,
            object_kind=row.object_kind,
            object_id=row.object_id,
            subject_id=row.subject_id,
            details=row.details,
            address=row.address,
            device=row.device,
            request_id=row.request_id,
        )

    # --------------------------------------------------------------------------------------------------- personal part

    async def origins_of(self, tx: Tx, account_id: int) -> list[dict[str, Any]]:
        """Return from where an account acted, as far as that is still kept, oldest first; for whoever asks for it."""
        found = await tx.all(self._places_of(account_id=account_id))
        return [
            {"at": row.at, "address": row.address, "device": row.device, "request_id": row.request_id} for row in found
        ]

    async def erase_origins(self, tx: Tx, account_id: int) -> int:
        """Erase from where an account acted; returns how many rows that were. What it did stays."""
        return await tx.run(self._erase(account_id=account_id))
