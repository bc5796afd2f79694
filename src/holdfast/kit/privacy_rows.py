"""A module's personal data, answered from the marks of its columns and a word on whose each row is.

    BOOKED = Held(table=note, account=booking.c.account_id, via=booking.c.number == note.c.number, deletes=True)

From that follow export, erasure and the question who is concerned by a breach; `Lapse` says when what is let go.
"""

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    FromClause,
    MetaData,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    literal,
    not_,
    or_,
    select,
    update,
)
from typing_extensions import override

from holdfast.kit.activity.log import Activity
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.statements import Call, Row, Statement, db_now, rows, rows_like, statement
from holdfast.kit.db.types import Day, Whole
from holdfast.kit.privacy import (
    INFO,
    Concerned,
    Disclosure,
    Erase,
    Extract,
    Kind,
    Lapsed,
    MapEntry,
    Obstacle,
    Personal,
    PersonalData,
    Recipient,
    Retention,
    entries,
)

_PAGE: Final = 500
_SPARED: Final = rows("spared", id=Whole())


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Whose the rows of one table are, and what becomes of them."""

    table: Table
    account: ColumnElement[Any]
    """The number of the account; a column of the table, or of another one reached by `via`."""
    via: ColumnElement[bool] | None = None
    """How the other table's row is found."""
    where: ColumnElement[bool] | None = None
    """Which of the rows tell of that account, if not all do."""
    deletes: bool = False
    """Whether erasing deletes the rows; else it clears the columns that are marked so."""
    cleared: Mapping[str, Any] = field(default_factory=dict)
    """What stands in columns afterwards that cannot be NULL: a value, or a function of the account's number."""
    shown: ColumnElement[bool] | None = None
    """Which of their rows an export shows, if not all: the others tell of somebody else too."""
    hidden: Collection[str] = ()
    """Columns an export leaves out, besides what proves who somebody is."""

    def is_theirs(self, account: ColumnElement[int]) -> ColumnElement[bool]:
        """Return whether a row is an account's."""
        theirs: ColumnElement[bool] = self.account == account
        if self.via is not None:
            theirs = exists(select(literal(1)).select_from(_table_of(self.account)).where(self.via, theirs)).correlate(
                self.table
            )
        return theirs if self.where is None else and_(theirs, self.where)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapse:
    """When rows are let go."""

    keep: Retention
    table: Table
    when: Callable[[ColumnElement[datetime], ColumnElement[date]], ColumnElement[bool]]
    """Given the instant and the day before which something has been kept long enough, whether a row is let go."""
    account: ColumnElement[Any] | None = None
    via: ColumnElement[bool] | None = None
    deletes: bool = True
    cleared: Mapping[str, Any] = field(default_factory=dict)
    """What is written instead, where rows stay."""


def _table_of(account: ColumnElement[Any]) -> FromClause:
    return cast("FromClause", account.table)


def mark_of(table: Table, column: str) -> Personal | None:
    """Return the mark of a column, if it has one."""
    found: Personal | None = table.c[column].info.get(INFO)
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Export:
    held: Held
    columns: tuple[str, ...]
    statement: Statement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Going:
    lapse: Lapse
    names: tuple[str, ...]
    """Of the key."""
    first: Statement
    later: Statement
    apply: Statement

    def find(self, after: Mapping[str, Any] | None) -> Statement:
        """Return what finds the first page, or the one behind a key."""
        return self.first if after is None else self.later


@dataclass(frozen=True, slots=True, kw_only=True)
class _Erasure:
    held: Held
    values: Mapping[str, Any]
    statement: Statement


class Holdings(PersonalData):
    """Answers `PersonalData` for one module."""

    def __init__(
        self,
        *,
        db: Database,
        tables: MetaData,
        held: Sequence[Held],
        lapses: Sequence[Lapse] = (),
        recipients: tuple[Recipient, ...] = (),
    ) -> None:
        self.recipients = recipients
        self._db = db
        self._tables = tables
        self.held: Final = tuple(held)
        """Whose rows are whose."""
        self._lapses = [_going_of(each) for each in lapses]
        self._exports = [_export_of(each) for each in held]
        self._erasures = [made for each in held if (made := _erasure_of(each)) is not None]
        self._who = [_who_of(each) for each in held]

    @override
    def map(self) -> Sequence[MapEntry]:
        return list(entries(self._tables))

    @override
    def tables(self) -> Sequence[str]:
        return sorted({each.held.table.name for each in self._erasures})

    @override
    async def export(self, *, account_id: int) -> Sequence[Extract]:
        extracts: dict[str, Extract] = {}
        for each in self._exports:
            found = await self._db.read(_all(each.statement(account_id=account_id)))
            before = extracts.get(each.held.table.name)
            found_rows = [*(before.rows if before else ()), *(tuple(row) for row in found)]
            extracts[each.held.table.name] = Extract(table=each.held.table.name, columns=each.columns, rows=found_rows)
        return list(extracts.values())

    @override
    async def obstacles(self, *, account_id: int) -> Sequence[Obstacle]:
        del account_id
        return ()

    @override
    async def erase(self, *, account_id: int) -> int:
        return await self._db.write(lambda tx: self.erase_in(tx, account_id))

    async def erase_in(self, tx: Tx, account_id: int) -> int:
        """Let go of an account's data in an open transaction; return how many rows changed."""
        changed = 0
        for each in self._erasures:
            values = {name: _filled(value, account_id) for name, value in each.values.items()}
            changed += await tx.run(each.statement(the_account=account_id, **values))
        return changed

    @override
    async def disclosures(self, *, account_id: int) -> Sequence[Disclosure]:
        del account_id
        return ()

    @override
    async def lapse(
        self, *, periods: Mapping[Retention, int], spare: Collection[int], dry_run: bool
    ) -> Sequence[Lapsed]:
        spared = sorted({(each,) for each in spare})
        told = []
        for each in self._lapses:
            keep = each.lapse.keep
            if keep in periods:
                count = await self._let_go(each, periods[keep], spared, dry_run=dry_run)
                told.append(Lapsed(table=each.lapse.table.name, keep=keep, rows=count))
        return told

    async def _let_go(self, going: _Going, age_s: int, spared: list[tuple[int]], *, dry_run: bool) -> int:
        """Let go of rows page by page, each page in a transaction of its own; return how many there are."""
        count = 0
        after: dict[str, Any] | None = None
        given: dict[str, Any] = {"age_s": -age_s, "spared": spared, "limit": _PAGE}
        given["before_day"] = (self._db.clock.now() - timedelta(seconds=age_s)).date()
        while True:
            page = await self._db.read(_all(going.find(after)(**given, **(after or {}))))
            if page and not dry_run:
                await self._db.write(_run(going.apply(gone=[tuple(row) for row in page], **going.lapse.cleared)))
            count += len(page)
            if len(page) < _PAGE:
                return count
            after = {f"after_{name}": value for name, value in zip(going.names, page[-1], strict=True)}

    @override
    async def concerned(self, *, kinds: Collection[Kind]) -> AsyncIterator[Concerned]:
        wanted = frozenset(kinds)
        sources = [(each, told & wanted) for each, told in self._who if told & wanted]
        after = 0
        while True:
            found: dict[int, frozenset[Kind]] = {}
            last: list[int] = []
            for find, told in sources:
                page = await self._db.read(_all(find(after=after, limit=_PAGE)))
                for row in page:
                    found[row.account_id] = found.get(row.account_id, frozenset()) | told
                if len(page) == _PAGE:
                    last.append(page[-1].account_id)
            # Beyond the last of a full page another table may still tell of accounts that come before.
            upto = min(last) if last else None
            for account_id in sorted(found):
                if upto is None or account_id <= upto:
                    yield Concerned(account_id=account_id, kinds=found[account_id])
            if upto is None:
                return
            after = upto


# ----------------------------------------------------------------------------------------------------------- statements


def _all(call: Call) -> Callable[[Tx], Coroutine[Any, Any, list[Row]]]:
    async def work(tx: Tx) -> list[Row]:
        return await tx.all(call)

    return work


def _run(call: Call) -> Callable[[Tx], Coroutine[Any, Any, int]]:
    async def work(tx: Tx) -> int:
        return await tx.run(call)

    return work


def _export_of(held: Held) -> _Export:
    table = held.table
    shown = tuple(
        column.name
        for column in table.columns
        if column.name not in held.hidden
        and ((mark := mark_of(table, column.name)) is None or mark.kind is not Kind.SECRET)
    )
    theirs = held.is_theirs(bindparam("account_id", type_=Whole()))
    if held.shown is not None:
        theirs = and_(theirs, held.shown)
    found = select(*[table.c[name] for name in shown]).where(theirs).order_by(*table.primary_key.columns)
    return _Export(held=held, columns=shown, statement=statement(found))


def _erasure_of(held: Held) -> _Erasure | None:
    theirs = held.is_theirs(bindparam("the_account", type_=Whole()))
    if held.deletes:
        return _Erasure(held=held, values={}, statement=statement(delete(held.table).where(theirs)))
    marked = [column.name for column in held.table.columns if _is_cleared(held.table, column.name)]
    values = {
        name: held.cleared.get(name) for name in [*marked, *(each for each in held.cleared if each not in marked)]
    }
    if not values:
        return None
    columns = {name: bindparam(f"to_{name}", type_=held.table.c[name].type) for name in values}
    made = update(held.table).values(columns).where(theirs, _not_yet(held.table, values))
    return _Erasure(
        held=held, values={f"to_{name}": value for name, value in values.items()}, statement=statement(made)
    )


def _is_cleared(table: Table, column: str) -> bool:
    mark = mark_of(table, column)
    return mark is not None and mark.erase is Erase.CLEARED


def _not_yet(table: Table, values: Mapping[str, Any]) -> ColumnElement[bool]:
    """Return whether a row still tells something, so that what is erased once is not written again."""
    tells: list[ColumnElement[bool]] = []
    for name, value in values.items():
        column = table.c[name]
        if value is None:
            tells.append(column.is_not(None))
        elif not isinstance(value, (list, dict)):  # JSON, which not every engine compares
            tells.append(column != bindparam(f"to_{name}", type_=column.type))
    return or_(*tells)


def _filled(value: Any, account_id: int) -> Any:
    return value(account_id) if callable(value) else value


def _who_of(held: Held) -> tuple[Statement, frozenset[Kind]]:
    kinds = frozenset(
        mark.kind for column in held.table.columns if (mark := mark_of(held.table, column.name)) is not None
    )
    source = held.table if held.via is None else held.table.join(_table_of(held.account), held.via)
    found = (
        select(held.account.label("account_id"))
        .select_from(source)
        .where(held.account > bindparam("after", type_=Whole()))
    )
    if held.where is not None:
        found = found.where(held.where)
    return statement(found.distinct().order_by(held.account).limit(bindparam("limit"))), kinds


def _key(table: Table) -> list[str]:
    return [column.name for column in table.primary_key.columns]


def _going_of(lapse: Lapse) -> _Going:
    table = lapse.table
    names = _key(table)
    gone = rows_like("gone", table, *names)
    listed = exists(select(literal(1)).select_from(gone).where(*[gone.c[name] == table.c[name] for name in names]))
    listed = listed.correlate(table)
    values = {name: bindparam(name, type_=table.c[name].type) for name in lapse.cleared}
    changed: Any = delete(table) if lapse.deletes else update(table).values(values)
    due = select(*[table.c[name] for name in names]).where(
        lapse.when(db_now(plus="age_s"), bindparam("before_day", type_=Day()))
    )
    if lapse.account is not None:
        due = due.where(not_(_is_spared(lapse, lapse.account)))
    due = due.order_by(*[table.c[name] for name in names]).limit(bindparam("limit"))
    return _Going(
        lapse=lapse,
        names=tuple(names),
        first=statement(due),
        later=statement(due.where(_behind(table, names))),
        apply=statement(changed.where(listed)),
    )


def _is_spared(lapse: Lapse, account: ColumnElement[Any]) -> ColumnElement[bool]:
    if lapse.via is None:
        return exists(select(literal(1)).select_from(_SPARED).where(_SPARED.c.id == account)).correlate(lapse.table)
    source = _SPARED.join(_table_of(account), _SPARED.c.id == account)
    return exists(select(literal(1)).select_from(source).where(lapse.via)).correlate(lapse.table)


def _behind(table: Table, names: Sequence[str]) -> ColumnElement[bool]:
    """Return whether a row's key is greater than the one in the parameters."""
    steps = []
    for place, name in enumerate(names):
        same = [table.c[each] == bindparam(f"after_{each}", type_=table.c[each].type) for each in names[:place]]
        steps.append(and_(*same, table.c[name] > bindparam(f"after_{name}", type_=table.c[name].type)))
    return or_(*steps)


def of_activity(activity: Activity) -> tuple[Held, ...]:
    """Return whose the rows of a module's activity are: what was done stays, from where it was done goes."""
    act, origin = activity.table, activity.origins
    return (
        Held(table=act, account=act.c.account_id, hidden=("origin",)),
        # What somebody else did to them.
        Held(
            table=act,
            account=act.c.subject_id,
            where=or_(act.c.account_id.is_(None), act.c.account_id != act.c.subject_id),
            hidden=("origin",),
        ),
        Held(table=origin, account=origin.c.account_id, deletes=True, hidden=("commitment", "salt")),
    )


def lapses_of(activity: Activity) -> tuple[Lapse, ...]:
    """Return when it is forgotten from where something was done."""
    origin = activity.origins
    return (
        Lapse(
            keep=Retention.SIGN_INS,
            table=origin,
            when=lambda before, _: origin.c.at < before,
            account=origin.c.account_id,
        ),
    )
