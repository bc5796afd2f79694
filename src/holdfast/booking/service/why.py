"""Why something cannot be booked, and what could be instead. What is answered is told in `booking.why_api`.

It reads what a quote and a hold would read, and decides as they would, but writes nothing: no resource is made, no cell
is locked. To open an item, what its rules propose is followed until none stands against it; around that, and around
what was asked for, the vertical knows others that rules allow; and of these the nearest are tried on the stock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from typing_extensions import override

from holdfast.booking.api import Alternative, Item, ItemReason, Opening, WhyApi, WhyNot
from holdfast.booking.service.judging import Option, Verdict, as_told, judge, option_of
from holdfast.booking.service.kinds.asked import Asked
from holdfast.booking.service.kinds.asking import together
from holdfast.booking.service.kinds.nearby import Nearby
from holdfast.booking.service.surveying import Surveying
from holdfast.catalog.api import CatalogApi
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.verticals.reasons import Reason

ALTERNATIVES_MOST: Final = 5
_MENDS_MOST: Final = 12
"""Rules that are followed one after the other."""
_AROUND_MOST: Final = 100
"""Others that are thought of around one item."""
_AT_ONCE: Final = 24
"""Others that are tried on one look at stock."""


@dataclass(frozen=True, slots=True)
class _Had:
    """An item that can be had, and what it would take."""

    asked: Asked
    option: Option


class Why(WhyApi):
    """Answers `WhyApi`."""

    def __init__(self, db: Database, clock: Clock, catalog: CatalogApi) -> None:
        self._surveying = Surveying(db, clock, catalog)

    @override
    async def why_not(self, *, account_id: int, items: Sequence[Item]) -> WhyNot:
        around = await self._surveying.around(items, account_id=account_id)
        wanted = [window for each in around for window in (each.surroundings(), each.window(each.item))]
        verdicts = judge(around, await self._surveying.look(wanted))
        openings = await self._openings(around, verdicts)
        return WhyNot(
            bookable=all(each.bookable for each in verdicts), reasons=_told(verdicts, openings), openings=openings
        )

    async def _openings(self, around: Sequence[Nearby], verdicts: Sequence[Verdict]) -> tuple[Opening, ...]:
        had = [_Had(each.asked, each.option) for each in verdicts if each.bookable and each.option is not None]
        openings = []
        for place, (each, verdict) in enumerate(zip(around, verdicts, strict=True)):
            if verdict.bookable:
                openings.append(Opening(item=place, bookable=True))
                continue
            wide = await each.widened()
            found = await self._found(wide, _pool(wide, verdict), had)
            smallest = min(found, key=lambda other: len(_change(wide, other)), default=None)
            if smallest is not None:
                had.append(smallest)
            openings.append(
                Opening(
                    item=place,
                    bookable=False,
                    change=None if smallest is None else _change(wide, smallest),
                    alternatives=tuple(_alternative(other) for other in found[:ALTERNATIVES_MOST]),
                )
            )
        return tuple(openings)

    async def _found(self, nearby: Nearby, pool: Sequence[Item], beside: Sequence[_Had]) -> list[_Had]:
        """Return items of a pool that can be had beside others, in its order: enough of them, if there are."""
        found: list[_Had] = []
        for start in range(0, len(pool), _AT_ONCE):
            some = pool[start : start + _AT_ONCE]
            seen = await self._surveying.look(nearby.window(item) for item in some)
            left = seen.without([span for other in beside for span in other.option])
            for item in some:
                if not nearby.may_be_had(item, left):
                    continue
                asked = nearby.asked(item, seen.rows)
                option = option_of(asked, left)
                if option is not None and not _keeps_apart(asked, beside):
                    found.append(_Had(asked, option))
            if len(found) >= ALTERNATIVES_MOST:
                break
        return found


def _keeps_apart(asked: Asked, beside: Sequence[_Had]) -> bool:
    return any(together([other.asked.item, asked.item], [other.asked, asked]) for other in beside)


def _pool(nearby: Nearby, verdict: Verdict) -> list[Item]:
    """Return items that may be had instead and that no rule stands against, the nearest first."""
    mended = _mended(nearby)
    proposed = [nearby.changed(nearby.item, reason.change) for reason in verdict.stock if reason.change is not None]
    found = [item for item in (mended, *proposed) if not nearby.asked(item, {}).reasons()]
    found += islice(nearby.others(nearby.item), _AROUND_MOST)
    if mended != nearby.item:
        found += islice(nearby.others(mended), _AROUND_MOST)
    return sorted(dict.fromkeys(item for item in found if item != nearby.item), key=nearby.distance)


def _mended(nearby: Nearby) -> Item:
    """Return what is asked for as its rules would have it, as far as they agree."""
    item = nearby.item
    for _ in range(_MENDS_MOST):
        against = nearby.asked(item, {}).reasons()
        change = next((reason.change for reason in against if reason.change is not None), None)
        if change is None:
            break
        item = nearby.changed(item, change)
    return item


def _change(nearby: Nearby, other: _Had) -> dict[str, Any]:
    asked_for = nearby.fields(nearby.item)
    return {name: to for name, to in nearby.fields(other.asked.item).items() if asked_for[name] != to}


def _alternative(other: _Had) -> Alternative:
    price = other.asked.price()
    return Alternative(item=other.asked.item, total_minor=price.total_minor, currency=price.currency)


def _told(verdicts: Sequence[Verdict], openings: Sequence[Opening]) -> tuple[ItemReason, ...]:
    """Return all reasons in the order in which a sale asks.

    Of one that has no change of its own, and beside which no rule stands, the change that opens the item is its.
    """
    groups = (
        [verdict.rules for verdict in verdicts],
        [verdict.apart for verdict in verdicts],
        [verdict.stock for verdict in verdicts],
    )
    found: list[ItemReason] = []
    for group in groups:
        for place, reasons in enumerate(group):
            opens = None if verdicts[place].rules else openings[place].change
            found += [_item_reason(place, reason, opens) for reason in reasons]
    return tuple(found)


def _item_reason(place: int, reason: Reason, opens: Mapping[str, Any] | None) -> ItemReason:
    return ItemReason(
        item=place,
        rule=as_told(reason),
        detail=reason.detail,
        field=reason.field,
        values=reason.values,
        change=opens if reason.change is None else reason.change,
    )
