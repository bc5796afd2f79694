"""What the routes of cancellations and changes read and answer."""

from typing import Annotated, Final, Self

from holdfast.booking.api import CancellationQuote, Change
from holdfast.booking.routes.examples import AT, HOLD_ID, PRICE, QUOTE_ID, STAY, TOTAL, shown
from holdfast.booking.routes.item_shapes import ITEMS_MAX, ItemOut, Wishes, item_out
from holdfast.booking.routes.shapes import HoldOut, PriceOut
from holdfast.kit.http.wire import Between, InstantField, Line, MoneyOut, Wire, items
from holdfast.verticals.cancellation import RefundLine

CANCELLATION_ID: Final = "cancellation_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
CHANGE_ID: Final = "change_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
_WISH: Final = {"kind": "stay", "property_id": 2, "check_in": "2027-05-15", "check_out": "2027-05-17", "guests": 2}


Positions = Annotated[tuple[Annotated[int, Between(0, ITEMS_MAX - 1)], ...], items(ITEMS_MAX)]


class NewCancellationQuote(Wire):
    """Which items of a booking to cancel."""

    model_config = shown({"items": [0]})

    items: Positions = ()
    """Their positions, from 0; none means all."""


class Cancellation(Wire):
    """Which cancellation quote to use."""

    model_config = shown({"quote_id": CANCELLATION_ID})

    quote_id: Annotated[str, Line(40)]
    """The `id` of your newest cancellation quote of this booking."""


class NewChange(Wire):
    """The items of a booking as they are to be; those that stay as they are have to be sent too."""

    model_config = shown({"items": [_WISH]})

    items: Wishes


class RefundLineOut(Wire):
    """What comes back of one line of the price."""

    kind: str
    label: str
    paid: MoneyOut
    refund: MoneyOut
    item: int
    """Position of the stay it belongs to, from 0."""

    @classmethod
    def of(cls, line: RefundLine, currency: str) -> Self:
        """Render a line."""
        return cls(
            kind=line.kind,
            label=line.label,
            paid=MoneyOut(amount=line.paid_minor, currency=currency),
            refund=MoneyOut(amount=line.refund_minor, currency=currency),
            item=line.item,
        )


class CancellationQuoteOut(Wire):
    """What canceling gives back, to the cent, if you do it by `expires_at`."""

    model_config = shown(
        {
            "id": CANCELLATION_ID,
            "items": [0],
            "refund": TOTAL,
            "fee": {"amount": 0, "currency": "USD"},
            "lines": [{"kind": "nights", "label": "2 nights", "paid": TOTAL, "refund": TOTAL, "item": 0}],
            "rule": "window",
            "detail": "Canceled at least 5 days before check-in: everything comes back.",
            "price_after": None,
            **AT,
        }
    )

    id: str
    items: tuple[int, ...]
    """Positions of the items that would go."""
    refund: MoneyOut
    fee: MoneyOut
    """What canceling costs beside, charged to the kept card that stands for a table."""
    lines: tuple[RefundLineOut, ...]
    rule: str
    """`grace`, `window`, `after_check_in`, `nothing`, `request`, `by_owner`, or `mixed` where stays differ."""
    detail: str
    """For people."""
    price_after: PriceOut | None
    """What the rest costs, with `cancellation_fee` lines for what is kept; null where all is canceled."""
    created_at: InstantField
    expires_at: InstantField

    @classmethod
    def of(cls, quote: CancellationQuote, currency: str) -> Self:
        """Render a cancellation quote."""
        back = quote.refund
        return cls(
            id=quote.id,
            items=quote.items,
            refund=MoneyOut(amount=back.total_minor, currency=currency),
            fee=MoneyOut(amount=quote.fee_minor, currency=currency),
            lines=tuple(RefundLineOut.of(line, currency) for line in back.lines),
            rule=back.rule,
            detail=back.detail,
            price_after=None if quote.price_after is None else PriceOut.of(quote.price_after),
            created_at=quote.created_at,
            expires_at=quote.expires_at,
        )


class ChangeOut(Wire):
    """Other dates or guests for a booking; the nights that are new are held."""

    model_config = shown(
        {
            "id": CHANGE_ID,
            "hold": {
                "id": HOLD_ID,
                "token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
                "quote_id": QUOTE_ID,
                "state": "held",
                "items": [STAY],
                "price": PRICE,
                **AT,
                "extendable_until": "2026-11-20T10:00:00Z",
            },
            "items": [STAY],
            "price": PRICE,
            "difference": {"amount": 0, "currency": "USD"},
            "payable": {"amount": 0, "currency": "USD"},
            "refund": {"amount": 0, "currency": "USD"},
            "lines": [],
            "detail": "Nothing comes back: it does not cost less.",
            "confirmed_at": None,
        }
    )

    id: str
    hold: HoldOut
    """Of the nights that are new, at the price of the stays that change: pay this one, if anything is payable."""
    items: tuple[ItemOut, ...]
    """Of the booking, once changed."""
    price: PriceOut
    """Of the booking, once changed."""
    difference: MoneyOut
    """The new total less the old."""
    payable: MoneyOut
    """What has to be paid online before it is confirmed."""
    refund: MoneyOut
    """What comes back once it is confirmed."""
    lines: tuple[RefundLineOut, ...]
    detail: str
    """Why so much comes back, for people."""
    confirmed_at: InstantField | None

    @classmethod
    def of(cls, change: Change) -> Self:
        """Render a change."""
        currency = change.price.currency
        return cls(
            id=change.id,
            hold=HoldOut.of(change.hold),
            items=tuple(item_out(item, currency) for item in change.items),
            price=PriceOut.of(change.price),
            difference=MoneyOut(amount=change.difference_minor, currency=currency),
            payable=MoneyOut(amount=change.hold.payable_minor, currency=currency),
            refund=MoneyOut(amount=change.refund_minor, currency=currency),
            lines=tuple(RefundLineOut.of(line, currency) for line in change.refund.lines),
            detail=change.refund.detail,
            confirmed_at=change.confirmed_at,
        )
