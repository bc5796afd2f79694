"""What the routes of booking read and answer."""

from typing import Annotated, Any, Final, Literal, Self

from holdfast.booking.api import (
    Booking,
    BookingState,
    ConfirmedBy,
    Hold,
    HoldState,
    Quote,
    QuotedStay,
    StayItem,
)
from holdfast.booking.routes.examples import AT, BOOKING, HOLD_ID, PRICE, QUOTE_ID, SIGNED, STAY, TOTAL, shown
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

ITEMS_MAX: Final = 5
GUESTS_MAX: Final = 50
PETS_MAX: Final = 20


# ------------------------------------------------------------------------------------------------------- what comes in


class StayWish(Wire):
    """A stay somebody asks for."""

    kind: Literal["stay"]
    property_id: Annotated[int, Between(1, NUMBER_MAX)]
    check_in: DayField
    check_out: DayField
    """The day of departure, which is not a night."""
    guests: Annotated[int, Between(1, GUESTS_MAX)]
    pets: Annotated[int, Between(0, PETS_MAX)] = 0

    def item(self) -> StayItem:
        """Return it as the door takes it."""
        return StayItem(
            property_id=self.property_id,
            check_in=self.check_in,
            check_out=self.check_out,
            guests=self.guests,
            pets=self.pets,
        )


class NewQuote(Wire):
    """What to price."""

    model_config = shown(
        {
            "items": [
                {"kind": "stay", "property_id": 2, "check_in": "2027-05-14", "check_out": "2027-05-16", "guests": 2},
            ]
        }
    )

    items: Annotated[tuple[StayWish, ...], items(ITEMS_MAX, 1)]


class NewHold(Wire):
    """Which quote to take the stock of."""

    model_config = shown({"quote_id": QUOTE_ID})

    quote_id: Annotated[str, Line(40)]


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
    pets: int
    zone: str
    """IANA zone of the property: its dates and times are meant there."""
    check_in_from: TimeField
    check_out_until: TimeField
    policy: PolicyOut
    instant: bool
    """Whether it is booked at once; else the host is asked and has 24 hours to say yes."""
    pay_at_property: bool
    """Whether it may be paid on arrival; else it is paid before it is confirmed."""
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
            pets=stay.pets,
            zone=stay.zone,
            check_in_from=stay.check_in_from,
            check_out_until=stay.check_out_until,
            policy=PolicyOut.of(stay.policy),
            instant=stay.instant,
            pay_at_property=stay.pay_at_property,
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
    items: tuple[StayOut, ...]
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
            items=tuple(StayOut.of(item, quote.price.currency) for item in quote.items),
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
    items: tuple[StayOut, ...]
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
            items=tuple(StayOut.of(item, hold.price.currency) for item in hold.items),
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


class BookingOut(Wire):
    """A confirmed hold, or one that waits for its host's yes."""

    model_config = shown(BOOKING)

    reference: str
    account_id: int
    """Whose booking it is."""
    hold_id: str | None
    state: Annotated[BookingState, BY_VALUE]
    items: tuple[StayOut, ...]
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
            payment=PaymentOut(
                method=booking.payment_method, status=booking.payment_status, payment_id=booking.payment_id
            ),
            created_at=booking.created_at,
            confirmed_by=booking.confirmed_by,
            decide_by=booking.decide_by,
            cancelled_at=booking.cancelled_at,
            refund=None if refund is None else MoneyOut(amount=refund, currency=booking.price.currency),
        )


class BookingsPage(Wire):
    """Bookings, newest first."""

    model_config = shown({"items": [BOOKING], "next_cursor": None})

    items: tuple[BookingOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""
