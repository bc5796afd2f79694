"""The smaller doors over several stocks: each question goes to the stock that knows, or to all."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, time
from typing import Any

from typing_extensions import override

from holdfast.booking.api import (
    Booking,
    Fee,
    FeesApi,
    FeeState,
    FloorApi,
    ImportingApi,
    Item,
    ItemKind,
    Note,
    NoteGiven,
    NotesApi,
    Opening,
    StockApi,
    VisitState,
    WhyApi,
    WhyNot,
)
from holdfast.booking.floor_api import DaySlots, Party, Timeline, TimelineEntry, Visit
from holdfast.booking.service.booking import Bookings
from holdfast.booking.service.split.composing import Piece, offsets, pieces_of
from holdfast.booking.service.split.stocks import Stocks
from holdfast.booking.service.split.trips import Trips
from holdfast.engine.claims import Cell, Span
from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import Caller, Keyed


class _OfBookings:
    """What doors need that are asked about a booking by its number: which it is, or which parts a trip has."""

    def __init__(self, stocks: Stocks, trips: Trips) -> None:
        self._stocks = stocks
        self._trips = trips

    async def _parts(self, principal: Principal, number: int) -> list[tuple[int, Bookings, int]] | None:
        """Return the parts of a trip of the principal's: where each begins, its stock, its number; None: no trip.

        Raises:
            NotFound: It is somebody else's trip.
        """
        row = await self._trips.find_booked(number=number)
        if row is None:
            return None
        if not (principal.is_admin or principal.is_guest(row.account_id)):
            raise NotFound("There is no such booking.")
        pieces: Sequence[Piece] = pieces_of(row)
        shown: Sequence[Booking] = [
            await self._stocks.all[each.stock].get_booking(principal=principal, number=each.number) for each in pieces
        ]
        begins = offsets([each.items for each in shown])
        return [
            (begin, self._stocks.all[piece.stock], each.number)
            for begin, piece, each in zip(begins, pieces, shown, strict=True)
        ]


class SplitNotes(_OfBookings, NotesApi):
    """Answers `NotesApi`: positions of a trip mean the trip's items."""

    @override
    async def of_booking(self, *, principal: Principal, number: int) -> Sequence[Note]:
        parts = await self._parts(principal, number)
        if parts is None:
            return await self._stocks.first(lambda each: each.notes.of_booking(principal=principal, number=number))
        return [
            replace(note, item=begin + note.item)
            for begin, stock, own in parts
            for note in await stock.notes.of_booking(principal=principal, number=own)
        ]

    @override
    async def set(self, *, principal: Principal, number: int, note: NoteGiven) -> Note:
        parts = await self._parts(principal, number)
        if parts is None:
            return await self._stocks.first(lambda each: each.notes.set(principal=principal, number=number, note=note))
        begin, stock, own = max((part for part in parts if part[0] <= note.item), key=lambda part: part[0])
        made = await stock.notes.set(principal=principal, number=own, note=replace(note, item=note.item - begin))
        return replace(made, item=note.item)


class SplitFloor(_OfBookings, FloorApi):
    """Answers `FloorApi`: rooms lie in the stock of tables."""

    @property
    def _room(self) -> FloorApi:
        return self._stocks.of(ItemKind.TABLE).floor

    @override
    async def slots(
        self, *, restaurant_id: int, day: date, party_size: int, minutes: int | None = None, area: str | None = None
    ) -> DaySlots:
        return await self._room.slots(
            restaurant_id=restaurant_id, day=day, party_size=party_size, minutes=minutes, area=area
        )

    @override
    async def timeline(self, *, owner: Principal, restaurant_id: int, day: date) -> Timeline:
        return await self._room.timeline(owner=owner, restaurant_id=restaurant_id, day=day)

    @override
    async def move_visit(
        self, *, caller: Caller, owner: Principal, reference: str, item: int, state: VisitState
    ) -> Keyed[Visit]:
        return await self._room.move_visit(caller=caller, owner=owner, reference=reference, item=item, state=state)

    @override
    async def walk_in(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, party: Party
    ) -> Keyed[TimelineEntry]:
        return await self._room.walk_in(caller=caller, owner=owner, restaurant_id=restaurant_id, party=party)

    @override
    async def reserve(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, when: tuple[date, time], party: Party
    ) -> Keyed[TimelineEntry]:
        return await self._room.reserve(caller=caller, owner=owner, restaurant_id=restaurant_id, when=when, party=party)

    @override
    async def visits_of(self, *, principal: Principal, number: int) -> Sequence[Visit]:
        parts = await self._parts(principal, number)
        if parts is None:
            return await self._stocks.first(lambda each: each.floor.visits_of(principal=principal, number=number))
        return [
            replace(visit, number=number, item=begin + visit.item)
            for begin, stock, own in parts
            for visit in await stock.floor.visits_of(principal=principal, number=own)
        ]


class SplitFees(FeesApi):
    """Answers `FeesApi`."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks

    @override
    async def check_method_free(self, *, account_id: int, method_id: str) -> None:
        for each in self._stocks:
            await each.fees.check_method_free(account_id=account_id, method_id=method_id)

    @override
    async def get(self, *, number: int, turn: int) -> Fee:
        return await self._stocks.first(lambda each: each.fees.get(number=number, turn=turn))

    @override
    async def due(self, *, older_than_s: int, limit: int) -> Sequence[Fee]:
        found = await self._stocks.every(lambda each: each.fees.due(older_than_s=older_than_s, limit=limit))
        return sorted(found, key=lambda fee: fee.at)[:limit]

    @override
    async def record(
        self, *, number: int, turn: int, state: FeeState, payment_id: str | None = None, denial: str | None = None
    ) -> Fee:
        return await self._stocks.first(
            lambda each: each.fees.record(number=number, turn=turn, state=state, payment_id=payment_id, denial=denial)
        )


class SplitStock(StockApi):
    """Answers `StockApi`."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks

    @override
    async def cells(self, *, resource_ids: Sequence[str], first: int, end: int) -> Mapping[tuple[str, int], Cell]:
        found: dict[tuple[str, int], Cell] = {}
        for name, ids in self._stocks.by_resource(resource_ids).items():
            found |= await self._stocks.all[name].stock_of.cells(resource_ids=ids, first=first, end=end)
        return found


class SplitImporting(ImportingApi):
    """Answers `ImportingApi`; what goes to different stocks is one transaction in each."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks

    @override
    async def claims(self, *, claims: Sequence[tuple[Span, ...]], capacities: Mapping[str, int], note: str) -> int:
        parted: dict[str, list[tuple[Span, ...]]] = {}
        for spans in claims:
            parted.setdefault(self._stocks.of_resource(spans[0].resource_id), []).append(spans)
        sizes: dict[str, dict[str, Any]] = {
            name: {each: capacities[each] for each in ids} for name, ids in self._stocks.by_resource(capacities).items()
        }
        made = 0
        for name in parted.keys() | sizes.keys():
            made += await self._stocks.all[name].importing.claims(
                claims=parted.get(name, []), capacities=sizes.get(name, {}), note=note
            )
        return made


class SplitWhy(WhyApi):
    """Answers `WhyApi`: items are judged together with those of their stock."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks

    @override
    async def why_not(self, *, account_id: int, items: Sequence[Item]) -> WhyNot:
        answers = [
            (
                places,
                await self._stocks.all[name].why.why_not(account_id=account_id, items=[items[at] for at in places]),
            )
            for name, places in self._stocks.grouped(items).items()
        ]
        openings: list[Opening] = [
            replace(each, item=places[each.item]) for places, answer in answers for each in answer.openings
        ]
        return WhyNot(
            bookable=all(answer.bookable for _, answer in answers),
            reasons=tuple(
                replace(each, item=places[each.item]) for places, answer in answers for each in answer.reasons
            ),
            openings=tuple(sorted(openings, key=lambda each: each.item)),
        )
