"""Tables that staff give: parties that walk in, and reservations taken by phone.

All of the room is theirs: tables kept from guests, the whole of every limit, no notice, no deposit. What binds them is
what is there: the hours of services, the tables, and everybody who has one. Such a booking is the owner's own.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.booking.api import (
    Booking,
    NoteGiven,
    PaymentTerms,
    QuotedTable,
    RuleViolation,
    TableItem,
    VisitSource,
    VisitState,
)
from holdfast.booking.floor_api import Party, TimelineEntry, Visit
from holdfast.booking.models import HoldKind
from holdfast.booking.service.answers import key_use
from holdfast.booking.service.desk import Desk
from holdfast.booking.service.expecting import says_something
from holdfast.booking.service.kinds.tables import AskedTable
from holdfast.booking.service.placing import Before, PlaceOrder
from holdfast.booking.service.rebooking import Rebooking
from holdfast.booking.service.selling import DRAFT_TRIES, Selling, direct
from holdfast.booking.store import stock
from holdfast.catalog.api import CatalogApi, TableOffer
from holdfast.engine.claims import Cell, ClaimOrder, Span
from holdfast.engine.price import digest
from holdfast.kit.auth import Principal
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import FieldError, Overloaded
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed
from holdfast.verticals.dining.claims import Count, limits_of, table_id
from holdfast.verticals.dining.slots import QUARTERS, arrival_at, end_of, minutes_for, quarter_of

_AT_TABLE: Final = PaymentTerms(method="at_property", status="due_at_property")
_CHOSEN_BY_STAFF: Final = frozenset({"no_table_for_party"})
"""Rules that staff overrule by naming tables."""


class Staffing:
    """Books for staff."""

    def __init__(self, desk: Desk, selling: Selling, catalog: CatalogApi) -> None:
        self._desk = desk
        self._selling = selling
        self._catalog = catalog
        self._known = Rebooking(desk).known
        self._stocking = desk.quoting.stocking

    async def walk_in(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, party: Party
    ) -> Keyed[TimelineEntry]:
        """See `FloorApi.walk_in`."""
        offer = await self._offer(owner, restaurant_id)
        now = self._desk.clock.now().astimezone(ZoneInfo(offer.terms.zone))
        when = (now.date(), QUARTERS[quarter_of(now.time())])
        return await self._booked(caller, offer, when, party, VisitSource.WALK_IN)

    async def reserve(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, when: tuple[date, time], party: Party
    ) -> Keyed[TimelineEntry]:
        """See `FloorApi.reserve`."""
        offer = await self._offer(owner, restaurant_id)
        return await self._booked(caller, offer, when, party, VisitSource.STAFF)

    async def _offer(self, owner: Principal, restaurant_id: int) -> TableOffer:
        """Return what a restaurant offers its own staff: also unlisted, and nothing to be paid or guaranteed."""
        found = await self._catalog.restaurants.own(owner=owner, restaurant_id=restaurant_id)
        draft = found.draft
        return TableOffer(name=draft.name, owner_id=found.owner_id, terms=replace(draft.terms, securities=()))

    async def _booked(
        self, caller: Caller, offer: TableOffer, when: tuple[date, time], party: Party, source: VisitSource
    ) -> Keyed[TimelineEntry]:
        """Book a table at once.

        Raises:
            RuleViolation: Rules of the restaurant stand against it.
            CapacityTaken: It is not free.
            Overloaded: Too many bookings at once got the same number.
        """
        key = key_use(caller)
        with self._desk.alone(key):
            # Looked for before anything is judged: what could be had then is answered, whatever can be had now.
            before = await self._known(key)
            if before is not None:
                return _entry_of(await self._selling.booked(before), source, party)
            order = replace(await self._order(offer, when, party), key=key)
            for _ in range(DRAFT_TRIES):
                draft = await self._desk.draft(_AT_TABLE)
                draft = replace(draft, source=source, notes=_notes_of(party))
                order = replace(order, booking=draft)
                try:
                    placed = await self._desk.placing.place(order)
                except UniqueViolation:
                    continue  # somebody else's booking has this number or reference: take the next
                if isinstance(placed, Before):
                    return _entry_of(await self._selling.booked(placed), source, party)
                return _entry_of(Keyed(value=direct(order, placed)), source, party)
        raise Overloaded(retry_after_s=1)

    async def _order(self, offer: TableOffer, when: tuple[date, time], party: Party) -> PlaceOrder:
        item = TableItem(
            restaurant_id=offer.terms.restaurant_id,
            day=when[0],
            at=when[1],
            party_size=party.party_size,
            minutes=party.minutes,
            area=party.area,
        )
        asked = AskedTable(item=item, offer=offer, now=self._desk.clock.now(), online=False)
        _judge(asked, party)
        await self._stocking.ensure(asked.resources)
        options = (_chosen(asked, party.table_codes),) if party.table_codes else await self._options(asked)
        price = asked.price()
        return PlaceOrder(
            hold_id=new_id("hold", self._desk.clock),
            kind=HoldKind.DIRECT,
            account_id=offer.owner_id,
            claim=ClaimOrder(options),
            items=(asked.quoted(price),),
            price=price,
            digest=digest(price),
        )

    async def _options(self, asked: AskedTable) -> tuple[tuple[Span, ...], ...]:
        ids, (first, end) = list(asked.resources), asked.window
        rows = await self._desk.db.read(partial(stock.cells_in_range, ids=ids, first=first, end=end))
        cells = {(row.resource_id, row.slot): Cell(row.taken, row.capacity, bool(row.closed)) for row in rows}
        return replace(asked, cells=cells).options()


def _judge(asked: AskedTable, party: Party) -> None:
    """Check what staff ask for against the rules that bind them.

    Raises:
        RuleViolation: Rules stand against it, or there is no such table; every one is named.
    """
    overruled = _CHOSEN_BY_STAFF if party.table_codes else frozenset()
    errors = [
        FieldError(pointer=f"/{reason.field}", code=reason.rule, detail=reason.detail)
        for reason in asked.reasons()
        if reason.rule not in overruled
    ]
    known = {table.code for table in asked.offer.terms.tables}
    for place, code in enumerate(party.table_codes):
        if code not in known:
            detail = f"There is no table {code}."
            errors.append(FieldError(pointer=f"/table_codes/{place}", code="no_such_table", detail=detail))
        elif code in party.table_codes[:place]:
            detail = f"Table {code} is named twice."
            errors.append(FieldError(pointer=f"/table_codes/{place}", code="duplicate", detail=detail))
    if errors:
        raise RuleViolation(errors[0].detail, errors=errors)


def _chosen(asked: AskedTable, codes: Sequence[str]) -> tuple[Span, ...]:
    """Return what a party takes at tables that staff have chosen for it."""
    item, terms = asked.item, asked.offer.terms
    arrival = arrival_at(terms, item.day, item.at)
    assert arrival is not None, "the time has been judged"  # noqa: S101 - programmer's error
    first = arrival.slot
    end = end_of(terms.zone, first, minutes_for(terms, item.party_size, item.minutes))
    tables = [Span(resource_id=table_id(terms.restaurant_id, code), first_slot=first, end_slot=end) for code in codes]
    counted = [
        Span(
            resource_id=limit.resource_id,
            first_slot=first,
            end_slot=end if limit.count is Count.PRESENT else first + 1,
            quantity=limit.asked(item.party_size),
        )
        for limit in limits_of(terms, arrival.service, online=False)
    ]
    return (*tables, *counted)


def _notes_of(party: Party) -> tuple[NoteGiven, ...]:
    note = NoteGiven(item=0, name=party.name, notes=party.notes)
    return (note,) if says_something(note) else ()


def _entry_of(asked: Keyed[Booking], source: VisitSource, party: Party) -> Keyed[TimelineEntry]:
    """Return a booking of staff's as it stands on the timeline from its first moment."""
    booking = asked.value
    [table] = booking.items
    assert isinstance(table, QuotedTable), "staff book tables here"  # noqa: S101 - programmer's error
    visit = Visit(
        number=booking.number,
        reference=booking.reference,
        item=0,
        restaurant_id=table.restaurant_id,
        state=VisitState.SEATED if source is VisitSource.WALK_IN else VisitState.BOOKED,
        source=source,
        since=booking.created_at,
    )
    entry = TimelineEntry(visit=visit, account_id=booking.account_id, table=table, name=party.name, notes=party.notes)
    return Keyed(value=entry, replayed=asked.replayed)
