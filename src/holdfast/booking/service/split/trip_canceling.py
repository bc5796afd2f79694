"""Canceling trips over several stocks: each part by its own policy, in its own stock; money follows what they tell."""

from collections.abc import Sequence
from functools import partial
from typing import Final

import structlog

from holdfast.booking.api import (
    AlreadyCancelled,
    Booking,
    BookingState,
    CancellationQuote,
    QuotedItem,
    QuoteSuperseded,
)
from holdfast.booking.events import BookingCancelled
from holdfast.booking.models import outbox
from holdfast.booking.rules import TripState
from holdfast.booking.service.answers import is_answer, key_use
from holdfast.booking.service.parts import Part
from holdfast.booking.service.split.composing import Piece, joined, offsets, pieces_of, refund_shown
from holdfast.booking.service.split.stocks import Stocks
from holdfast.booking.service.split.trips import Trips
from holdfast.booking.store import keys
from holdfast.booking.store import trips as store
from holdfast.booking.trips_api import TRIP, paid_by_trip
from holdfast.engine.price import Price
from holdfast.kit.auth import ITSELF, Principal, permissions_of
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, HoldfastError, Invalid, NotFound, Overloaded
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed
from holdfast.kit.outbox import Delivered, Finish

log = structlog.get_logger()

_PREFIX: Final = f"{TRIP}cancel"
_PAGE: Final = 100


def is_trips_cancellation(cancellation_id: str) -> bool:
    """Return whether a cancellation quote is of several parts of a trip."""
    return cancellation_id.startswith(f"{_PREFIX}_")


class TripCanceling:
    """Cancels trips, or parts of them, and tells of the money that comes back."""

    def __init__(self, stocks: Stocks, trips: Trips) -> None:
        self._stocks = stocks
        self._trips = trips
        self._desk = stocks.home.part.desk
        self._db = self._desk.db

    async def quote(self, row: Row, *, principal: Principal, items: tuple[int, ...]) -> CancellationQuote:
        """Say what canceling a trip, or the parts some of its items are in, would give back now, and keep that.

        Raises:
            AlreadyCancelled: All of it was canceled before.
            CancellationTooLate: Something of it has begun.
            Invalid: There is no such item.
        """
        parts = await self._parts(row)
        chosen = _chosen(parts, items)
        pieces = pieces_of(row)
        quotes: dict[int, CancellationQuote] = {}
        for place, own in chosen.items():
            piece = pieces[place]
            quotes[place] = await self._stocks.all[piece.stock].quote_cancellation(
                principal=principal, number=_number(piece), items=own
            )
        cancellation_id = new_id(_PREFIX, self._desk.clock)
        values = {
            "id": cancellation_id,
            "trip_id": row.id,
            "account_id": principal.account_id,
            "role": "admin" if principal.is_admin else "guest",
            "parts": [[place, each.id] for place, each in quotes.items()],
            "expires_at": min(each.expires_at for each in quotes.values()),
        }

        async def keep(tx: Tx) -> Row:
            await store.add_cancellation(tx, values)
            return await store.find_cancellation(tx, cancellation_id)

        return _shown(await self._db.write(keep), row, parts, quotes)

    async def find(self, cancellation_id: str) -> CancellationQuote:
        """Return a cancellation quote of several parts.

        Raises:
            NotFound: No such quote.
        """
        kept = await self._db.read(lambda tx: store.find_cancellation(tx, cancellation_id))
        if kept is None:
            raise NotFound("There is no such cancellation quote.")
        row = await self._trips.find(kept.trip_id)
        pieces = pieces_of(row)
        quotes = {
            place: await self._stocks.all[pieces[place].stock].cancellation(cancellation_id=own)
            for place, own in kept.parts
        }
        return _shown(kept, row, await self._parts(row), quotes)

    async def cancel(self, row: Row, *, caller: Caller, principal: Principal, quote_id: str | None) -> Keyed[Booking]:
        """Cancel as a quote of several parts says; each part by its own.

        Raises:
            NotFound: No such quote, or somebody else's.
            QuoteSuperseded: It has run out or was used, or a part has a newer one.
            CancellationTooLate: Something of it has begun.
        """
        key = key_use(caller)
        with self._desk.alone(key):
            if quote_id is None:
                quote_id = (await self.quote(row, principal=principal, items=())).id

            async def write(tx: Tx) -> tuple[Row, bool]:
                kept = (await keys.find(tx, [key.scope])).get(key.scope) if key else None
                if kept is not None and key is not None:
                    key.refuse_other(kept)
                    await keys.count_replays(tx, [key.scope])
                    return await store.find_cancellation(tx, kept.answer["cancellation"]), True
                found = await store.find_cancellation(tx, quote_id)
                if found is None or (found.trip_id, found.account_id) != (row.id, principal.account_id):
                    raise NotFound("There is no such cancellation quote.")
                if not await store.use_cancellation(tx, quote_id):
                    raise QuoteSuperseded
                if key is not None:
                    await store.keep_key(tx, key.row({"cancellation": quote_id}))
                return found, False

            used, replayed = await self._db.write(write)
            await self._carry(used)
            return Keyed(value=await self._trips.booking(row), replayed=replayed)

    async def _carry(self, used: Row) -> None:
        """Cancel every part a quote names; each may be repeated.

        Raises:
            HoldfastError: Nothing of it could be canceled, or a stock has not answered.
        """
        principal = Principal(used.account_id, used.role, permissions=permissions_of(used.role, None))
        pieces = pieces_of(await self._trips.find(used.trip_id))
        refusals: list[HoldfastError] = []
        for place, own in used.parts:
            piece = pieces[place]
            try:
                await self._stocks.all[piece.stock].cancel(
                    caller=Part.canceler(used.account_id, own), principal=principal, number=_number(piece), quote_id=own
                )
            except HoldfastError as refusal:
                if not is_answer(refusal):
                    raise
                refusal.extra["part"] = piece.stock
                refusals.append(refusal)
        await self._db.put(store.cancellation_done(used.id))
        if len(refusals) == len(used.parts):
            raise refusals[0]

    async def tend(self, *, older_than_s: float) -> None:
        """Go on with what was begun so long ago and never finished."""
        found = await self._db.read(lambda tx: store.half_canceled(tx, older_than_s=older_than_s, limit=_PAGE))
        for cancellation_id in found:
            try:
                await self._carry(
                    await self._db.read(partial(store.find_cancellation, cancellation_id=cancellation_id))
                )
            except HoldfastError as error:
                log.info("trip.cancellation_tended", cancellation_id=cancellation_id, code=error.code)

    async def follow(self, delivered: Sequence[Delivered]) -> Finish | None:
        """Tell of each part that was canceled, by whomever, as a part of its trip, so that its money comes back."""
        mine = [
            each.event
            for each in delivered
            if isinstance(each.event, BookingCancelled) and paid_by_trip(each.event.payment_id)
        ]
        told = [await self._as_trips(event) for event in mine]
        events = [event for event in told if event is not None]
        if not events:
            return None

        async def finish(tx: Tx) -> None:
            await outbox.publish(tx, self._db.dialect, events)

        return finish

    async def _as_trips(self, event: BookingCancelled) -> BookingCancelled | None:
        """Return the event of a part as one of its trip; None where the trip came to nothing, and so its money goes.

        Raises:
            Overloaded: The trip is being confirmed still: ask again.
        """
        row = await self._trips.find(str(event.payment_id))
        if row.state is TripState.CONFIRMING:
            raise Overloaded("a part was canceled before its trip was booked", retry_after_s=1)
        if row.state is not TripState.BOOKED:
            return None
        parts = await self._parts(row)
        return BookingCancelled(
            number=row.number,
            reference=row.reference,
            account_id=row.account_id,
            refund_minor=event.refund_minor,
            currency=event.currency,
            payment_id=row.payment_id,
            cancellation_id=event.cancellation_id,
            whole=all(each.state is BookingState.CANCELLED for each in parts),
        )

    async def _parts(self, row: Row) -> list[Booking]:
        return [
            await self._stocks.all[each.stock].get_booking(principal=ITSELF, number=_number(each))
            for each in pieces_of(row)
        ]


def _number(piece: Piece) -> int:
    assert piece.number is not None, "a trip that is booked has booked its parts"  # noqa: S101 - programmer's error
    return piece.number


def _chosen(parts: Sequence[Booking], items: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    """Return which items of which parts are to be canceled; no positions mean all that stands.

    Raises:
        AlreadyCancelled: Nothing stands.
        Invalid: There is no such item.
    """
    if not items:
        standing: dict[int, tuple[int, ...]] = {
            place: () for place, each in enumerate(parts) if each.state is BookingState.CONFIRMED
        }
        if not standing:
            raise AlreadyCancelled
        return standing
    begins = offsets([each.items for each in parts])
    total = sum(len(each.items) for each in parts)
    if wrong := [each for each in items if not 0 <= each < total]:
        detail = f"There is no item {wrong[0]}."
        raise Invalid(errors=[FieldError(pointer="/items", code="no_such_item", detail=detail)])
    found: dict[int, tuple[int, ...]] = {}
    for place, (begin, part) in enumerate(zip(begins, parts, strict=True)):
        own = tuple(sorted({each - begin for each in items if begin <= each < begin + len(part.items)}))
        if own:
            found[place] = own
    return found


def _shown(kept: Row, row: Row, parts: Sequence[Booking], quotes: dict[int, CancellationQuote]) -> CancellationQuote:
    """Return cancellation quotes of parts as one."""
    begins = offsets([each.items for each in parts])
    return CancellationQuote(
        id=kept.id,
        number=row.number,
        items=tuple(begins[place] + each for place, quote in quotes.items() for each in quote.items),
        refund=refund_shown([(begins[place], quote.refund) for place, quote in quotes.items()]),
        price_after=_price_after(parts, quotes),
        created_at=kept.created_at,
        expires_at=kept.expires_at,
        stays=tuple(item for each in parts for item in each.items),
        used_at=kept.used_at,
        fees=tuple((begins[place] + each, minor) for place, quote in quotes.items() for each, minor in quote.fees),
    )


def _price_after(parts: Sequence[Booking], quotes: dict[int, CancellationQuote]) -> Price | None:
    """Return what the rest costs; None when all is canceled."""
    rest: list[tuple[Sequence[QuotedItem], Price]] = []
    for place, part in enumerate(parts):
        price = part.price if place not in quotes else quotes[place].price_after
        if part.state is BookingState.CONFIRMED and price is not None:
            rest.append((part.items, price))
    return joined(rest) if rest else None
