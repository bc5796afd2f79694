"""What the routes of booking read and answer."""

from typing import Annotated, Any, Self

from holdfast.booking.api import (
    Booking,
    BookingState,
    ConfirmedBy,
    Fee,
    FeeReason,
    FeeState,
    Hold,
    HoldState,
    Quote,
    TripPart,
)
from holdfast.booking.routes.examples import AT, BOOKING, HOLD_ID, PRICE, QUOTE_ID, SIGNED, STAY, TOTAL, shown
from holdfast.booking.routes.item_shapes import ItemOut, Wishes, item_out
from holdfast.engine.price import Price, PriceLine
from holdfast.kit.http.wire import (
    BY_VALUE,
    InstantField,
    Line,
    MoneyOut,
    Wire,
)

# ------------------------------------------------------------------------------------------------------- what comes in


class NewQuote(Wire):
    """What to price."""

    model_config = shown(
        {
            "items": [
                {"kind": "stay", "property_id": 2, "check_in": "2027-05-14", "check_out": "2027-05-16", "guests": 2},
            ]
        }
    )

    items: Wishes


class NewHold(Wire):
    """Which quote to take the stock of."""

    model_config = shown({"quote_id": QUOTE_ID})

    quote_id: Annotated[str, Line(40)]


# ------------------------------------------------------------------------------------------------------ what goes out


class LineOut(Wire):
    """One line of a price."""

    kind: str
    label: str
    quantity: int
    unit: MoneyOut | None
    """Price of one, where the amount is quantity times that; null where it is a share of other lines."""
    amount: MoneyOut
    rule: str
    """The rule that made the line."""
    version: int
    """Of the rule."""
    inputs: dict[str, Any]
    """Everything the rule reckoned with: with rule and version it gives the amount again."""
    item: int
    """Position of the stay it belongs to, from 0."""

    @classmethod
    def of(cls, line: PriceLine, currency: str) -> Self:
        """Render a line."""
        unit = None if line.unit_minor is None else MoneyOut(amount=line.unit_minor, currency=currency)
        return cls(
            kind=line.kind,
            label=line.label,
            quantity=line.quantity,
            unit=unit,
            amount=MoneyOut(amount=line.amount_minor, currency=currency),
            rule=line.rule,
            version=line.version,
            # In one order: a database may keep another, and a repeated answer is the same to the byte.
            inputs={name: line.inputs[name] for name in sorted(line.inputs)},
            item=line.item,
        )


class PriceOut(Wire):
    """A price: lines, and their sum."""

    lines: tuple[LineOut, ...]
    total: MoneyOut

    @classmethod
    def of(cls, price: Price) -> Self:
        """Render a price."""
        return cls(
            lines=tuple(LineOut.of(line, price.currency) for line in price.lines),
            total=MoneyOut(amount=price.total_minor, currency=price.currency),
        )


class QuoteOut(Wire):
    """A price that is promised until `expires_at`."""

    model_config = shown({"id": QUOTE_ID, "items": [STAY], "price": PRICE, **AT, "signed": SIGNED})

    id: str
    items: tuple[ItemOut, ...]
    price: PriceOut
    created_at: InstantField
    expires_at: InstantField
    signed: str
    """The quote with its rules and inputs as a compact JWS: `POST /v1/quotes/verify`, or check it with our keys."""

    @classmethod
    def of(cls, quote: Quote) -> Self:
        """Render a quote."""
        return cls(
            id=quote.id,
            items=tuple(item_out(item, quote.price.currency) for item in quote.items),
            price=PriceOut.of(quote.price),
            created_at=quote.created_at,
            expires_at=quote.expires_at,
            signed=quote.signed,
        )


class HoldOut(Wire):
    """Stock kept at a locked price until `expires_at`."""

    model_config = shown(
        {
            "id": HOLD_ID,
            "token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
            "quote_id": QUOTE_ID,
            "state": "held",
            "items": [STAY],
            "price": PRICE,
            **AT,
            "payment_required_by": "2026-11-20T09:40:00Z",
            "extendable_until": "2026-11-20T10:00:00Z",
            "price_guaranteed_until": "2026-11-20T10:00:00Z",
            "payable": TOTAL,
            "change_id": None,
        }
    )

    id: str
    token: str
    """Needed to confirm, with the id. Keep it to yourself."""
    quote_id: str
    state: Annotated[HoldState, BY_VALUE]
    items: tuple[ItemOut, ...]
    price: PriceOut
    created_at: InstantField
    expires_at: InstantField
    extendable_until: InstantField
    """However often it is extended, it does not live longer."""
    payment_required_by: InstantField
    """Pay and confirm by then, or extend it: the same instant as `expires_at`."""
    price_guaranteed_until: InstantField
    """Through every extension the price stays as it is: the same instant as `extendable_until`."""
    payable: MoneyOut
    """What is due if it is paid online: the total, or the difference of a change."""
    change_id: str | None
    """The change of a booking it is for, if it is for one."""

    @classmethod
    def of(cls, hold: Hold) -> Self:
        """Render a hold."""
        return cls(
            id=hold.id,
            token=hold.token,
            quote_id=hold.quote_id,
            state=hold.state,
            items=tuple(item_out(item, hold.price.currency) for item in hold.items),
            price=PriceOut.of(hold.price),
            created_at=hold.created_at,
            expires_at=hold.expires_at,
            extendable_until=hold.extendable_until,
            payment_required_by=hold.expires_at,
            price_guaranteed_until=hold.extendable_until,
            payable=MoneyOut(amount=hold.payable_minor, currency=hold.price.currency),
            change_id=hold.change_id,
        )


class PaymentOut(Wire):
    """How a booking is paid."""

    method: str
    status: str
    payment_id: str | None
    """null where it is paid at the property."""


class FeeOut(Wire):
    """A fee for canceling late or not coming, charged to the card that stands for a table."""

    turn: int
    """Counts from 1 within the booking."""
    title: str
    """Of what was not made use of."""
    why: Annotated[FeeReason, BY_VALUE]
    amount: MoneyOut
    status: Annotated[FeeState, BY_VALUE]
    """`due`: being charged; `denied`: the card did not pay it, and the owner may ask the guest."""
    denial: str | None
    at: InstantField

    @classmethod
    def of(cls, fee: Fee) -> Self:
        """Render a fee."""
        return cls(
            turn=fee.turn,
            title=fee.title,
            why=fee.why,
            amount=MoneyOut(amount=fee.amount_minor, currency=fee.currency),
            status=fee.state,
            denial=fee.denial,
            at=fee.at,
        )


class PartOut(Wire):
    """A part of a trip whose stock is kept apart from the rest; it is a booking of its own by this reference."""

    reference: str
    state: Annotated[BookingState, BY_VALUE]
    items: tuple[int, ...]
    """Positions of its items in the trip."""
    total: MoneyOut
    refund: MoneyOut | None
    """What canceling it gave back; null while it stands."""

    @classmethod
    def of(cls, part: TripPart, currency: str) -> Self:
        """Render a part."""
        refund = part.refund_minor
        return cls(
            reference=part.reference,
            state=BookingState(part.state),
            items=part.items,
            total=MoneyOut(amount=part.total_minor, currency=currency),
            refund=None if refund is None else MoneyOut(amount=refund, currency=currency),
        )


class BookingOut(Wire):
    """A confirmed hold, or one that waits for its host's yes."""

    model_config = shown(BOOKING)

    reference: str
    account_id: int
    """Whose booking it is."""
    hold_id: str | None
    state: Annotated[BookingState, BY_VALUE]
    items: tuple[ItemOut, ...]
    price: PriceOut
    payment: PaymentOut
    created_at: InstantField
    confirmed_by: Annotated[ConfirmedBy, BY_VALUE]
    """`payment`: you had paid, and were not here to say so, so we confirmed it for you."""
    decide_by: InstantField | None
    """Until when the host may say yes, of a request; null of what is booked at once."""
    cancelled_at: InstantField | None
    refund: MoneyOut | None
    """What the cancellation gave back."""
    fees: tuple[FeeOut, ...]
    """For canceling late or not coming, where a kept card stands for a table."""
    parts: tuple[PartOut, ...]
    """Of a trip whose items are sold from separate databases: each ends by itself. Empty of every other booking."""

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """Render a booking."""
        refund = booking.refund_minor
        return cls(
            reference=booking.reference,
            account_id=booking.account_id,
            hold_id=booking.hold_id,
            state=booking.state,
            items=tuple(item_out(item, booking.price.currency) for item in booking.items),
            price=PriceOut.of(booking.price),
            payment=PaymentOut(
                method=booking.payment_method, status=booking.payment_status, payment_id=booking.payment_id
            ),
            created_at=booking.created_at,
            confirmed_by=booking.confirmed_by,
            decide_by=booking.decide_by,
            cancelled_at=booking.cancelled_at,
            refund=None if refund is None else MoneyOut(amount=refund, currency=booking.price.currency),
            fees=tuple(FeeOut.of(fee) for fee in booking.fees),
            parts=tuple(PartOut.of(part, booking.price.currency) for part in booking.parts),
        )


class BookingsPage(Wire):
    """Bookings, newest first."""

    model_config = shown({"items": [BOOKING], "next_cursor": None})

    items: tuple[BookingOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""
