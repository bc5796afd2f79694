"""From rows to what the door shows, and to the answers kept for a repeated Idempotency-Key."""

import base64
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from holdfast.booking import api
from holdfast.booking.api import (
    Block,
    Booking,
    BookingState,
    Hold,
    HoldState,
    ItemKind,
    QuotedFlight,
    QuotedItem,
    QuotedStay,
    QuotedTable,
)
from holdfast.booking.rules import judged, judged_booking
from holdfast.booking.store.keys import Scope
from holdfast.catalog.api import NotBookable
from holdfast.engine.claims import Span
from holdfast.engine.price import Price
from holdfast.kit.auth import SEES_SOLD, Principal
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import HoldfastError, Invalid, NotFound
from holdfast.kit.keyed import Caller, KeyReused
from holdfast.kit.secrets import Keyring
from holdfast.verticals.cancellation import Booked
from holdfast.verticals.stays import has_begun, slot_night

_REFUSALS: Final[Mapping[str, type[HoldfastError]]] = {
    refusal.code: refusal
    for refusal in (*vars(api).values(), Invalid, NotBookable, NotFound)
    if isinstance(refusal, type) and issubclass(refusal, HoldfastError)
}
"""Every refusal a door of ours can make, so that whichever was kept under a key can be made again."""

_KINDS: Final = {ItemKind.STAY: QuotedStay, ItemKind.TABLE: QuotedTable, ItemKind.FLIGHT: QuotedFlight}


class Tokens:
    """Hold tokens: nobody can guess one, and none is kept, because each follows from its hold's id and our secret."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = keyring.derive_all("booking.hold-token")

    def of(self, hold_id: str) -> str:
        """Return the token of a hold: 192 bits, URL-safe."""
        return self._made(self._keys[0], hold_id)

    def fits(self, hold_id: str, token: str) -> bool:
        """Return whether this is the hold's token, under the present secret or a previous one, in constant time."""
        return any(hmac.compare_digest(self._made(key, hold_id).encode(), token.encode()) for key in self._keys)

    @staticmethod
    def _made(key: bytes, hold_id: str) -> str:
        return base64.urlsafe_b64encode(hmac.digest(key, hold_id.encode(), "sha256")[:24]).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """An idempotency key in use."""

    scope: Scope
    fingerprint: str

    def row(self, answer: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return what is kept of an answer."""
        return (*self.scope, self.fingerprint, answer)

    def refuse_other(self, kept: Row) -> None:
        """Check that a kept answer is one to the same request.

        Raises:
            KeyReused: It is not.
        """
        if kept.fingerprint != self.fingerprint:
            raise KeyReused


def key_use(caller: Caller) -> KeyUse | None:
    """Return the key a caller uses, if any."""
    if caller.key is None:
        return None
    return KeyUse(scope=(caller.account_id, caller.route, caller.key), fingerprint=caller.fingerprint)


def is_answer(refusal: HoldfastError) -> bool:
    """Return whether a door of ours has said no for good, and not only that it cannot say anything now."""
    return type(refusal) is _REFUSALS.get(refusal.code)


def refusal_kept(refusal: HoldfastError) -> dict[str, Any]:
    """Return a refusal as it is kept for a repeated key."""
    return {"refusal": refusal.code, "detail": refusal.detail, "extra": refusal.extra}


def refusal_again(answer: Mapping[str, Any]) -> HoldfastError | None:
    """Return the refusal that was kept, or None when the answer was no refusal."""
    if "refusal" not in answer:
        return None
    refusal = _REFUSALS[answer["refusal"]](answer["detail"], extra=answer["extra"])
    refusal.replayed = True
    return refusal


def spans_of(stored: Sequence[Sequence[Any]]) -> tuple[Span, ...]:
    """Return spans from their stored form: resource, first and end slot, quantity, item.

    Before there were tables and flights each item had one span, in the order of the items, and no position was kept.
    """
    return tuple(
        Span(
            resource_id=resource,
            first_slot=first,
            end_slot=end,
            quantity=quantity,
            item=item[0] if item else place,
        )
        for place, (resource, first, end, quantity, *item) in enumerate(stored)
    )


def spans_kept(spans: Sequence[Span]) -> list[list[Any]]:
    """Return spans in their stored form."""
    return [[span.resource_id, span.first_slot, span.end_slot, span.quantity, span.item] for span in spans]


def items_of(stored: Any) -> tuple[QuotedItem, ...]:
    """Return items from their stored form."""
    return tuple([msgspec.convert(each, _KINDS[each.get("kind", ItemKind.STAY)]) for each in stored])


def price_of(stored: Any) -> Price:
    """Return a price from its stored form."""
    return msgspec.convert(stored, Price)


def hold_of(row: Row, tokens: Tokens, now: datetime) -> Hold:
    """Return a guest's hold as it stands at an instant."""
    return Hold(
        id=row.id,
        token=tokens.of(row.id),
        quote_id=row.quote_id,
        state=judged(row.state, row.expires_at, now),
        items=items_of(row.items),
        price=price_of(row.price),
        created_at=row.created_at,
        expires_at=row.expires_at,
        extendable_until=row.extendable_until,
        payable_minor=row.total_minor if row.payable_minor is None else row.payable_minor,
        change_id=row.change_id,
    )


def first_hold(row: Row, tokens: Tokens, ttl_s: int) -> Hold:
    """Return a hold as it was answered when it was placed."""
    first_end = row.created_at + timedelta(seconds=ttl_s)
    return replace(hold_of(row, tokens, row.created_at), state=HoldState.HELD, expires_at=first_end)


def booked_items(items: Sequence[QuotedItem], price: Price, *, booked_at: datetime) -> list[Booked]:
    """Return what a cancellation policy has to know of items, each with its own lines of the price."""
    return [
        Booked(
            policy=item.policy,
            check_in=item.first_day,
            check_out=item.end_day,
            check_in_from=item.begins_at,
            zone=item.zone,
            booked_at=booked_at,
            lines=tuple(line for line in price.lines if line.item == place),
            start=item.start,
        )
        for place, item in enumerate(items)
    ]


def booking_of(row: Row) -> Booking:
    """Return a booking as it stands at the time of the transaction that read the row (`now`)."""
    return Booking(
        reference=row.reference,
        number=row.number,
        hold_id=row.hold_id,
        account_id=row.account_id,
        state=judged_booking(row.state, row.decide_by, row.now),
        items=items_of(row.items),
        price=price_of(row.price),
        payment_method=row.payment_method,
        payment_status=row.payment_status,
        created_at=row.created_at,
        cancelled_at=row.cancelled_at,
        refund_minor=row.refund_minor,
        payment_id=row.payment_id,
        confirmed_by=row.confirmed_by,
        decide_by=row.decide_by,
        guaranteed=row.guarantee_method_id is not None,
    )


def first_kept(booking: Booking) -> dict[str, Any]:
    """Return what is kept of a booking for a repeated key: what may change after it was answered."""
    return {
        "hold": booking.hold_id,
        "number": booking.number,
        "state": booking.state,
        "paid": booking.payment_status,
    }


def first_booking(row: Row, hold: Row, answer: Mapping[str, Any]) -> Booking:
    """Return a booking as it was answered when it was sold or decided: a hold's stays and price never change."""
    return replace(
        booking_of(row),
        hold_id=hold.id,
        items=items_of(hold.items),
        price=price_of(hold.price),
        state=BookingState(answer["state"]),
        payment_status=answer["paid"],
        cancelled_at=None,
        refund_minor=None,
    )


def begun(item: QuotedItem, now: datetime) -> bool:
    """Return whether an item has begun at an instant."""
    return has_begun(check_in=item.first_day, check_in_from=item.begins_at, zone=item.zone, now=now)


def may_see(principal: Principal, row: Row) -> bool:
    """Return whether a booking is a principal's business: its guest's, an owner's of one of its stays, an admin's."""
    owners = owners_of(row)
    if principal.is_admin or (principal.is_guest(row.account_id) and row.account_id not in owners):
        return True
    # What is booked in an organization's own name (a walk-in) is its members' to see, wherever its founder is now.
    return not SEES_SOLD.isdisjoint(principal.permissions) and principal.owner_id in owners


def owners_of(row: Row) -> set[int]:
    """Return who sells what a booking takes."""
    return {item["owner_id"] for item in row.items}


def block_of(row: Row) -> Block:
    """Return an owner's block."""
    (span, *_) = spans_of(row.spans)
    return Block(
        id=row.id,
        property_id=int(span.resource_id.split(":")[1]),
        first=slot_night(span.first_slot),
        end=slot_night(span.end_slot),
        quantity=span.quantity,
        note=row.note or "",
        created_at=row.created_at,
    )
