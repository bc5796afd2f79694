"""What the routes of booking read and answer."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import ConfigDict, Field

from holdfast.booking.api import (
    Block,
    Booking,
    BookingState,
    Hold,
    HoldState,
    IntegrityReport,
    NightStock,
    Quote,
    QuotedStay,
    StayItem,
)
from holdfast.engine.price import Price, PriceLine
from holdfast.kit.http.wire import (
    BY_VALUE,
    NUMBER_MAX,
    Between,
    DayField,
    InstantField,
    Line,
    MoneyOut,
    TimeField,
    Wire,
    items,
)
from holdfast.verticals.cancellation import CancellationPolicy, Shares
from holdfast.verticals.stays import NightTerms, StayTerms, night_price

ITEMS_MAX: Final = 5
GUESTS_MAX: Final = 50
UNITS_MAX: Final = 10_000
NOTE_MAX: Final = 200

QUOTE_ID: Final = "quote_01JD3Z8Q4T9XW2M5N7P0R6S1VB"
HOLD_ID: Final = "hold_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
BLOCK_ID: Final = "block_01JD3Z9B2K7M4P8R5T1V3X6Y0C"
REFERENCE: Final = "7K2M9QXR4T"

_ALL: Final = {"nights_bp": 10000, "cleaning_bp": 10000, "service_bp": 10000, "tax_bp": None}
_ORDINARY: Final = NightTerms()
_MONEY: Final = {"amount": 89250, "currency": "USD"}
_STAY: Final = {
    "kind": "stay",
    "property_id": 2,
    "property_name": "Oceanfront Luxury Villa",
    "check_in": "2027-05-14",
    "check_out": "2027-05-16",
    "nights": 2,
    "guests": 2,
    "zone": "America/Los_Angeles",
    "check_in_from": "15:00",
    "check_out_until": "11:00",
    "policy": {
        "name": "moderate",
        "windows": [
            {"days_before": 5, "nights_kept": 0, "shares": _ALL},
            {"days_before": 0, "nights_kept": 1, "shares": {**_ALL, "nights_bp": 5000, "service_bp": 0}},
        ],
        "grace_hours": 24,
        "grace_days_before": 7,
        "after_check_in": {
            "nights_more": 1,
            "shares": {**_ALL, "nights_bp": 5000, "cleaning_bp": 0, "service_bp": 0},
        },
    },
    "total": {"amount": 99000, "currency": "USD"},
    "units": [],
}
_PRICE: Final = {
    "lines": [
        {
            "kind": "nights",
            "label": "2 nights",
            "quantity": 2,
            "unit": {"amount": 45000, "currency": "USD"},
            "amount": {"amount": 90000, "currency": "USD"},
            "rule": "base_price",
        },
        {
            "kind": "tax",
            "label": "Tax 10%",
            "quantity": 1,
            "unit": None,
            "amount": {"amount": 9000, "currency": "USD"},
            "rule": "tax",
        },
    ],
    "total": {"amount": 99000, "currency": "USD"},
}
_AT: Final = {"created_at": "2026-11-20T09:30:00Z", "expires_at": "2026-11-20T09:40:00Z"}


_BOOKING: Final = {
    "reference": REFERENCE,
    "account_id": 3,
    "hold_id": HOLD_ID,
    "state": "confirmed",
    "items": [_STAY],
    "price": _PRICE,
    "payment": {"method": "at_property", "status": "due_at_property"},
    "created_at": "2026-11-20T09:33:10Z",
    "cancelled_at": None,
    "refund": None,
}
_BLOCK: Final = {
    "id": BLOCK_ID,
    "property_id": 2,
    "first": "2027-07-01",
    "end": "2027-07-08",
    "quantity": 1,
    "note": "painters",
    "created_at": "2026-11-20T09:30:00Z",
}


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


def _said(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a body in which this field has a value."""
    return {"type": "object", "required": [name], "properties": {name: schema}}


# ------------------------------------------------------------------------------------------------------- what comes in


class StayWish(Wire):
    """A stay somebody asks for."""

    kind: Literal["stay"]
    property_id: Annotated[int, Between(1, NUMBER_MAX)]
    check_in: DayField
    check_out: DayField
    """The day of departure, which is not a night."""
    guests: Annotated[int, Between(1, GUESTS_MAX)]

    def item(self) -> StayItem:
        """Return it as the door takes it."""
        return StayItem(
            property_id=self.property_id, check_in=self.check_in, check_out=self.check_out, guests=self.guests
        )


class NewQuote(Wire):
    """What to price."""

    model_config = _shown(
        {
            "items": [
                {"kind": "stay", "property_id": 2, "check_in": "2027-05-14", "check_out": "2027-05-16", "guests": 2},
            ]
        }
    )

    items: Annotated[tuple[StayWish, ...], items(ITEMS_MAX, 1)]


class NewHold(Wire):
    """Which quote to take the stock of."""

    model_config = _shown({"quote_id": QUOTE_ID})

    quote_id: Annotated[str, Line(40)]


class NewBlock(Wire):
    """Nights to take off the market."""

    model_config = _shown({"first": "2027-07-01", "end": "2027-07-08", "quantity": 1, "note": "painters"})

    first: DayField
    end: DayField
    """The morning the property is free again: not blocked."""
    quantity: Annotated[int, Between(1, UNITS_MAX)] = 1
    """How many units, where the property is a pool."""
    note: Annotated[str, Line(NOTE_MAX, 0)] = ""


class NewStock(Wire):
    """How many units there are."""

    model_config = _shown({"units": 12})

    units: Annotated[int, Between(1, UNITS_MAX)]


class NewNightStock(Wire):
    """What is special about some nights; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"first": "2027-12-24", "end": "2027-12-27", "capacity": 4, "closed": False}],
            "anyOf": [
                _said("capacity", {"type": "integer", "minimum": 0, "maximum": UNITS_MAX}),
                _said("closed", {"type": "boolean"}),
            ],
        }
    )

    first: DayField
    end: DayField
    """The first night that is not meant."""
    capacity: Annotated[int, Between(0, UNITS_MAX)] | None = None
    """Units that may be sold on each of the nights."""
    closed: bool | None = None
    """Whether sale is stopped, whatever is free."""


# ------------------------------------------------------------------------------------------------------ what goes out


class SharesOut(Wire):
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: int
    """Of nights with their adjustments and discount, extra guests and pets."""
    cleaning_bp: int
    service_bp: int
    tax_bp: int | None
    """null: in proportion to what comes back of the lines the tax was levied on."""

    @classmethod
    def of(cls, shares: Shares) -> Self:
        """Render shares."""
        return cls(
            nights_bp=shares.nights_bp,
            cleaning_bp=shares.cleaning_bp,
            service_bp=shares.service_bp,
            tax_bp=shares.tax_bp,
        )


class WindowOut(Wire):
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: int
    nights_kept: int
    """So many nights are paid whatever the shares say; these are of the rest."""
    shares: SharesOut


class AfterCheckInOut(Wire):
    """Nights spent and `nights_more` more are paid; of the rest these shares come back."""

    nights_more: int
    shares: SharesOut


class PolicyOut(Wire):
    """What a cancellation gives back, earliest window first; after the last one nothing."""

    name: str
    windows: tuple[WindowOut, ...]
    grace_hours: int
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: int
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: AfterCheckInOut | None
    """null: nothing can be canceled once check-in has opened."""

    @classmethod
    def of(cls, policy: CancellationPolicy) -> Self:
        """Render a policy."""
        after = policy.after_check_in
        return cls(
            name=policy.name,
            windows=tuple(
                WindowOut(days_before=each.days_before, nights_kept=each.nights_kept, shares=SharesOut.of(each.shares))
                for each in policy.windows
            ),
            grace_hours=policy.grace_hours,
            grace_days_before=policy.grace_days_before,
            after_check_in=None
            if after is None
            else AfterCheckInOut(nights_more=after.nights_more, shares=SharesOut.of(after.shares)),
        )


class StayOut(Wire):
    """A stay with what was promised about it when it was quoted."""

    kind: Literal["stay"] = "stay"
    property_id: int
    property_name: str
    check_in: DayField
    check_out: DayField
    nights: int
    guests: int
    zone: str
    """IANA zone of the property: its dates and times are meant there."""
    check_in_from: TimeField
    check_out_until: TimeField
    policy: PolicyOut
    total: MoneyOut
    """This stay's part of the price."""
    units: tuple[str, ...]
    """The units assigned, where the property has named ones; empty before the hold."""

    @classmethod
    def of(cls, stay: QuotedStay, currency: str) -> Self:
        """Render a stay."""
        return cls(
            property_id=stay.property_id,
            property_name=stay.property_name,
            check_in=stay.check_in,
            check_out=stay.check_out,
            nights=(stay.check_out - stay.check_in).days,
            guests=stay.guests,
            zone=stay.zone,
            check_in_from=stay.check_in_from,
            check_out_until=stay.check_out_until,
            policy=PolicyOut.of(stay.policy),
            total=MoneyOut(amount=stay.total_minor, currency=currency),
            units=stay.units,
        )


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

    model_config = _shown({"id": QUOTE_ID, "items": [_STAY], "price": _PRICE, **_AT})

    id: str
    items: tuple[StayOut, ...]
    price: PriceOut
    created_at: InstantField
    expires_at: InstantField

    @classmethod
    def of(cls, quote: Quote) -> Self:
        """Render a quote."""
        return cls(
            id=quote.id,
            items=tuple(StayOut.of(item, quote.price.currency) for item in quote.items),
            price=PriceOut.of(quote.price),
            created_at=quote.created_at,
            expires_at=quote.expires_at,
        )


class HoldOut(Wire):
    """Stock kept at a locked price until `expires_at`."""

    model_config = _shown(
        {
            "id": HOLD_ID,
            "token": "0xJ6gPyGQK1nMsvIeY3RBwqzVdXcW9aHuLfTtN2oE4k",
            "quote_id": QUOTE_ID,
            "state": "held",
            "items": [_STAY],
            "price": _PRICE,
            **_AT,
            "extendable_until": "2026-11-20T10:00:00Z",
        }
    )

    id: str
    token: str
    """Needed to confirm, with the id. Keep it to yourself."""
    quote_id: str
    state: Annotated[HoldState, BY_VALUE]
    items: tuple[StayOut, ...]
    price: PriceOut
    created_at: InstantField
    expires_at: InstantField
    extendable_until: InstantField
    """However often it is extended, it does not live longer."""

    @classmethod
    def of(cls, hold: Hold) -> Self:
        """Render a hold."""
        return cls(
            id=hold.id,
            token=hold.token,
            quote_id=hold.quote_id,
            state=hold.state,
            items=tuple(StayOut.of(item, hold.price.currency) for item in hold.items),
            price=PriceOut.of(hold.price),
            created_at=hold.created_at,
            expires_at=hold.expires_at,
            extendable_until=hold.extendable_until,
        )


class PaymentOut(Wire):
    """How a booking is paid."""

    method: str
    status: str


class BookingOut(Wire):
    """A confirmed hold."""

    model_config = _shown(_BOOKING)

    reference: str
    account_id: int
    """Whose booking it is."""
    hold_id: str | None
    state: Annotated[BookingState, BY_VALUE]
    items: tuple[StayOut, ...]
    price: PriceOut
    payment: PaymentOut
    created_at: InstantField
    cancelled_at: InstantField | None
    refund: MoneyOut | None
    """What the cancellation gave back."""

    @classmethod
    def of(cls, booking: Booking) -> Self:
        """Render a booking."""
        refund = booking.refund_minor
        return cls(
            reference=booking.reference,
            account_id=booking.account_id,
            hold_id=booking.hold_id,
            state=booking.state,
            items=tuple(StayOut.of(item, booking.price.currency) for item in booking.items),
            price=PriceOut.of(booking.price),
            payment=PaymentOut(method=booking.payment_method, status=booking.payment_status),
            created_at=booking.created_at,
            cancelled_at=booking.cancelled_at,
            refund=None if refund is None else MoneyOut(amount=refund, currency=booking.price.currency),
        )


class BookingsPage(Wire):
    """Bookings, newest first."""

    model_config = _shown({"items": [_BOOKING], "next_cursor": None})

    items: tuple[BookingOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class RefundOut(Wire):
    """What a cancellation would give back at this moment."""

    model_config = _shown({"refund": _MONEY, "computed_at": "2026-11-20T09:33:10Z"})

    refund: MoneyOut
    computed_at: InstantField


class NightOut(Wire):
    """One night of a property."""

    date: DayField
    price: MoneyOut
    """For the guests included, before discount, fees and tax."""
    capacity: int
    free: int
    """Units that can still be sold; 0 where sale is stopped."""
    closed: bool
    """Sale is stopped by the owner."""
    min_nights: int
    """Smallest stay that arrives on this date."""
    max_nights: int
    closed_to_arrival: bool
    closed_to_departure: bool

    @classmethod
    def of(cls, terms: StayTerms, stock: NightStock) -> Self:
        """Render a night from what the owner says and what is taken."""
        own = terms.nights.get(stock.night, _ORDINARY)
        return cls(
            date=stock.night,
            price=MoneyOut(amount=night_price(terms, stock.night), currency=terms.currency),
            capacity=stock.capacity,
            free=stock.free,
            closed=stock.closed,
            min_nights=terms.min_nights if own.min_nights is None else own.min_nights,
            max_nights=terms.max_nights if own.max_nights is None else own.max_nights,
            closed_to_arrival=own.closed_to_arrival,
            closed_to_departure=own.closed_to_departure,
        )


class CalendarOut(Wire):
    """Price, stock and rules of a property, night by night."""

    model_config = _shown(
        {
            "property_id": 2,
            "zone": "America/Los_Angeles",
            "check_in_from": "15:00",
            "check_out_until": "11:00",
            "nights": [
                {
                    "date": "2027-05-14",
                    "price": {"amount": 45000, "currency": "USD"},
                    "capacity": 1,
                    "free": 1,
                    "closed": False,
                    "min_nights": 1,
                    "max_nights": 28,
                    "closed_to_arrival": False,
                    "closed_to_departure": False,
                }
            ],
        }
    )

    property_id: int
    zone: str
    """IANA zone of the property: dates and times are meant there."""
    check_in_from: TimeField
    check_out_until: TimeField
    nights: tuple[NightOut, ...]


class BlockOut(Wire):
    """Nights an owner keeps off the market."""

    model_config = _shown(_BLOCK)

    id: str
    property_id: int
    first: DayField
    end: DayField
    quantity: int
    note: str
    created_at: InstantField

    @classmethod
    def of(cls, block: Block) -> Self:
        """Render a block."""
        return cls(
            id=block.id,
            property_id=block.property_id,
            first=block.first,
            end=block.end,
            quantity=block.quantity,
            note=block.note,
            created_at=block.created_at,
        )


class BlocksOut(Wire):
    """The blocks of a property that are in force."""

    model_config = _shown({"items": [_BLOCK]})

    items: tuple[BlockOut, ...]


class BreachOut(Wire):
    """One thing the recount found wrong."""

    rule: str
    subject: str
    detail: str


class IntegrityOut(Wire):
    """The last recount of claims against cells, holds and bookings."""

    model_config = _shown(
        {
            "clean": True,
            "started_at": "2026-11-20T03:00:00Z",
            "duration_ms": 412,
            "cells": 184302,
            "holds": 40060,
            "bookings": 28940,
            "ledger_entries": 61210,
            "breaches": [],
        }
    )

    clean: bool
    started_at: InstantField
    duration_ms: int
    cells: int
    holds: int
    bookings: int
    ledger_entries: int
    breaches: Annotated[tuple[BreachOut, ...], Field(description="Empty if everything adds up.")]

    @classmethod
    def of(cls, report: IntegrityReport) -> Self:
        """Render a report."""
        return cls(
            clean=not report.breaches,
            started_at=report.started_at,
            duration_ms=report.duration_ms,
            cells=report.cells,
            holds=report.holds,
            bookings=report.bookings,
            ledger_entries=report.ledger_entries,
            breaches=tuple(
                BreachOut(rule=each.rule, subject=each.subject, detail=each.detail) for each in report.breaches
            ),
        )
