"""What the routes of the catalog read and answer of prices and of what a stay must keep to."""

from collections.abc import Iterator
from datetime import time
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Discriminator, Tag

from holdfast.catalog.api import SERVICE_BP_MAX
from holdfast.catalog.routes.policies import (
    BY_NAME,
    BY_WINDOWS,
    BasisPoints,
    CancellationPolicyOut,
    PolicyIn,
    PolicyName,
    policy_form,
    policy_of,
)
from holdfast.catalog.rules import limits as rules
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.wire import (
    BY_VALUE,
    Between,
    CurrencyField,
    DayField,
    Line,
    MoneyOut,
    TimeField,
    Wire,
    items,
)
from holdfast.verticals.stays import STAY_NIGHTS_MAX, Adjustment, AheadDiscount, LengthDiscount, StayTerms

TERMS: Final = {
    "zone": "America/New_York",
    "base_price": {"amount": 18000, "currency": "USD"},
    "weekend_price": {"amount": 21000, "currency": "USD"},
    "cleaning_fee": {"amount": 6000, "currency": "USD"},
    "extra_guest_fee": {"amount": 1500, "currency": "USD"},
    "guests_included": 4,
    "guests_max": 6,
    "tax_bp": 1595,
    "discounts": [{"nights": 7, "percent_bp": 1000}],
    "min_nights": 2,
    "max_nights": 28,
    "check_in_from": "15:00",
    "check_out_until": "11:00",
    "advance_notice_days": 1,
    "booking_window_days": 365,
    "preparation_nights": 0,
    "adjustments": [
        {"name": "Cherry blossom", "percent_bp": 2500, "weekdays": [], "first": "2027-03-20", "end": "2027-04-12"},
        {
            "name": "Quiet midweek",
            "percent_bp": -1000,
            "weekdays": ["tuesday", "wednesday"],
            "first": None,
            "end": None,
        },
    ],
    "early_bird": [{"days": 60, "percent_bp": 500}],
    "last_minute": [{"days": 3, "percent_bp": 1500}],
    "pets_max": 1,
    "pet_fee": {"amount": 4000, "currency": "USD"},
    "instant": True,
    "pay_at_property": False,
}
Price = Annotated[int, Between(0, rules.PRICE_MAX_MINOR)]
Nights = Annotated[int, Between(1, STAY_NIGHTS_MAX)]
_Guests = Annotated[int, Between(1, rules.GUESTS_MAX)]
_DaysAhead = Annotated[int, Between(0, rules.BOOKING_WINDOW_DAYS_MAX)]


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


_WEEK: Final = tuple(Weekday)


class PriceIn(Wire):
    """An amount of money an owner asks for."""

    amount: Price
    """In minor units of the currency."""
    currency: CurrencyField
    """ISO 4217; one for all prices of what is sold."""


class DiscountIn(Wire):
    """A discount on the nights of a stay of at least `nights` nights; of all reached, the largest counts."""

    nights: Annotated[int, Between(2, STAY_NIGHTS_MAX)]
    percent_bp: Annotated[int, Between(1, BASIS_POINTS)]
    """Basis points: 1000 is 10 %."""


class AheadDiscountIn(Wire):
    """A discount on the nights of a stay booked so many days before arrival; of all reached, the largest counts."""

    days: _DaysAhead
    """At least, to book early; at most, to book late. 0 is the day of arrival."""
    percent_bp: Annotated[int, Between(1, BASIS_POINTS)]
    """Basis points: 1000 is 10 %."""


class AdjustmentIn(Wire):
    """What makes some nights dearer or cheaper: a share of the price each of them has."""

    name: Annotated[str, Line(rules.ADJUSTMENT_NAME_MAX)]
    """What guests read."""
    percent_bp: Annotated[int, Between(rules.ADJUSTMENT_BP_MIN, rules.ADJUSTMENT_BP_MAX)]
    """Basis points: 1000 is 10 % dearer, -1000 is 10 % cheaper."""
    weekdays: Annotated[tuple[Annotated[Weekday, BY_VALUE], ...], items(len(_WEEK))] = ()
    """The nights that begin on these days; none: every day."""
    first: DayField | None = None
    """The first night; null: from ever."""
    end: DayField | None = None
    """The first night that is not meant; null: for ever."""

    def adjustment(self) -> Adjustment:
        """Return it as the door takes it."""
        return Adjustment(
            name=self.name,
            percent_bp=self.percent_bp,
            weekdays=tuple(_WEEK.index(day) for day in self.weekdays),
            first=self.first,
            end=self.end,
        )


class TermsIn(Wire):
    """What a stay costs and when it is possible."""

    zone: Annotated[str, Line(rules.ZONE_MAX)]
    """IANA zone of the property: all its dates and times of day are meant there."""
    base_price: PriceIn
    """Per night; its currency is the currency of the property."""
    weekend_price: PriceIn | None = None
    """Of the nights that begin on a Friday or Saturday; null: as other nights."""
    cleaning_fee: PriceIn | None = None
    extra_guest_fee: PriceIn | None = None
    """Per night and guest above `guests_included`."""
    guests_included: _Guests | None = None
    """Null: all of `guests_max`."""
    guests_max: _Guests
    tax_bp: BasisPoints = 0
    """On everything else, in basis points: 1595 is 15.95 %."""
    discounts: Annotated[tuple[DiscountIn, ...], items(rules.DISCOUNTS_MAX)] = ()
    """From the shortest stay to the longest."""
    min_nights: Nights = 1
    max_nights: Nights = STAY_NIGHTS_MAX
    check_in_from: TimeField = time(15)
    check_out_until: TimeField = time(11)
    advance_notice_days: Annotated[int, Between(0, rules.NOTICE_DAYS_MAX)] = 0
    """Days between booking and arrival at least; 0: same day."""
    booking_window_days: Annotated[int, Between(0, rules.BOOKING_WINDOW_DAYS_MAX)] = 365
    """How far ahead an arrival may lie."""
    preparation_nights: Annotated[int, Between(0, rules.PREPARATION_NIGHTS_MAX)] = 0
    """Nights kept free after every stay."""
    policy: Annotated[
        Annotated[PolicyName, Tag(BY_NAME)] | Annotated[PolicyIn, Tag(BY_WINDOWS)], Discriminator(policy_form)
    ] = "flexible"
    """A policy by its name, or one of your own."""
    adjustments: Annotated[tuple[AdjustmentIn, ...], items(rules.ADJUSTMENTS_MAX)] = ()
    """Each is a share of what the night costs without the others; guests see them in this order."""
    early_bird: Annotated[tuple[AheadDiscountIn, ...], items(rules.DISCOUNTS_MAX)] = ()
    """From the fewest days to the most."""
    last_minute: Annotated[tuple[AheadDiscountIn, ...], items(rules.DISCOUNTS_MAX)] = ()
    """From the fewest days to the most."""
    pets_max: Annotated[int, Between(0, rules.PETS_MAX)] = 0
    pet_fee: PriceIn | None = None
    """Per pet and stay."""
    service_bp: Annotated[int, Between(0, SERVICE_BP_MAX)] | None = None
    """What the platform takes on nights and fees, in basis points. Only an admin can change it; null: as it is."""
    instant: bool = True
    """Whether it is booked at once; else you have 24 hours to say yes."""
    pay_at_property: bool = True
    """Whether it may be paid on arrival; else it has to be paid before it is confirmed."""

    def terms(self, *, service_bp: int) -> StayTerms:
        """Return them as the door takes them, with this service fee.

        Raises:
            Invalid: The prices are not in one currency.
        """
        if errors := list(self._currency_errors()):
            raise Invalid(errors=errors)
        return StayTerms(
            property_id=0,
            currency=self.base_price.currency,
            zone=self.zone,
            base_minor=self.base_price.amount,
            weekend_minor=None if self.weekend_price is None else self.weekend_price.amount,
            cleaning_minor=0 if self.cleaning_fee is None else self.cleaning_fee.amount,
            extra_guest_minor=0 if self.extra_guest_fee is None else self.extra_guest_fee.amount,
            guests_included=self.guests_max if self.guests_included is None else self.guests_included,
            guests_max=self.guests_max,
            tax_bp=self.tax_bp,
            discounts=tuple(LengthDiscount(nights=each.nights, percent_bp=each.percent_bp) for each in self.discounts),
            min_nights=self.min_nights,
            max_nights=self.max_nights,
            check_in_from=self.check_in_from,
            check_out_until=self.check_out_until,
            advance_notice_days=self.advance_notice_days,
            booking_window_days=self.booking_window_days,
            preparation_nights=self.preparation_nights,
            policy=policy_of(self.policy),
            adjustments=tuple(each.adjustment() for each in self.adjustments),
            early_bird=_ahead(self.early_bird),
            last_minute=_ahead(self.last_minute),
            pets_max=self.pets_max,
            pet_minor=0 if self.pet_fee is None else self.pet_fee.amount,
            service_bp=service_bp,
            instant=self.instant,
            pay_at_property=self.pay_at_property,
        )

    def _currency_errors(self) -> Iterator[FieldError]:
        others = (
            ("weekend_price", self.weekend_price),
            ("cleaning_fee", self.cleaning_fee),
            ("extra_guest_fee", self.extra_guest_fee),
            ("pet_fee", self.pet_fee),
        )
        for name, price in others:
            if price is not None and price.currency != self.base_price.currency:
                yield currency_mismatch(f"/terms/{name}/currency", self.base_price.currency)


def currency_mismatch(pointer: str, currency: str) -> FieldError:
    """Return the finding for a price that is not in the property's currency."""
    return FieldError(pointer=pointer, code="currency_mismatch", detail=f"The property's prices are in {currency}.")


def _ahead(said: tuple[AheadDiscountIn, ...]) -> tuple[AheadDiscount, ...]:
    return tuple(AheadDiscount(days=each.days, percent_bp=each.percent_bp) for each in said)


class DiscountOut(Wire):
    """A discount on the nights of a stay of at least `nights` nights; of all reached, the largest counts."""

    nights: int
    percent_bp: int
    """Basis points: 1000 is 10 %."""


class AheadDiscountOut(Wire):
    """A discount on the nights of a stay booked so many days before arrival; of all reached, the largest counts."""

    days: int
    """At least, to book early; at most, to book late. 0 is the day of arrival."""
    percent_bp: int
    """Basis points: 1000 is 10 %."""


class AdjustmentOut(Wire):
    """What makes some nights dearer or cheaper: a share of the price each of them has."""

    name: str
    percent_bp: int
    """Basis points: 1000 is 10 % dearer, -1000 is 10 % cheaper."""
    weekdays: tuple[Weekday, ...]
    """The nights that begin on these days; none: every day."""
    first: DayField | None
    """The first night; null: from ever."""
    end: DayField | None
    """The first night that is not meant; null: for ever."""

    @classmethod
    def of(cls, each: Adjustment) -> Self:
        """Render an adjustment."""
        return cls(
            name=each.name,
            percent_bp=each.percent_bp,
            weekdays=tuple(_WEEK[day] for day in each.weekdays),
            first=each.first,
            end=each.end,
        )


class TermsOut(Wire):
    """What a stay costs and when it is possible; single dates may differ, see the calendar."""

    zone: str
    """IANA zone of the property: all its dates and times of day are meant there."""
    base_price: MoneyOut
    weekend_price: MoneyOut | None
    """Of the nights that begin on a Friday or Saturday; null: as other nights."""
    cleaning_fee: MoneyOut
    extra_guest_fee: MoneyOut
    """Per night and guest above `guests_included`."""
    guests_included: int
    guests_max: int
    tax_bp: int
    discounts: tuple[DiscountOut, ...]
    min_nights: int
    max_nights: int
    check_in_from: TimeField
    check_out_until: TimeField
    advance_notice_days: int
    booking_window_days: int
    preparation_nights: int
    policy: CancellationPolicyOut
    adjustments: tuple[AdjustmentOut, ...]
    """Each is a share of what the night costs without the others."""
    early_bird: tuple[AheadDiscountOut, ...]
    last_minute: tuple[AheadDiscountOut, ...]
    pets_max: int
    pet_fee: MoneyOut
    """Per pet and stay."""
    service_bp: int
    """What the platform takes for its service on nights and fees, in basis points."""
    instant: bool
    """Whether it is booked at once; else the owner has 24 hours to say yes."""
    pay_at_property: bool
    """Whether it may be paid on arrival; else it has to be paid before it is confirmed."""

    @classmethod
    def of(cls, terms: StayTerms) -> Self:
        """Render terms."""

        def money(minor: int) -> MoneyOut:
            return MoneyOut(amount=minor, currency=terms.currency)

        return cls(
            zone=terms.zone,
            base_price=money(terms.base_minor),
            weekend_price=None if terms.weekend_minor is None else money(terms.weekend_minor),
            cleaning_fee=money(terms.cleaning_minor),
            extra_guest_fee=money(terms.extra_guest_minor),
            guests_included=terms.guests_included,
            guests_max=terms.guests_max,
            tax_bp=terms.tax_bp,
            discounts=tuple(DiscountOut(nights=each.nights, percent_bp=each.percent_bp) for each in terms.discounts),
            min_nights=terms.min_nights,
            max_nights=terms.max_nights,
            check_in_from=terms.check_in_from,
            check_out_until=terms.check_out_until,
            advance_notice_days=terms.advance_notice_days,
            booking_window_days=terms.booking_window_days,
            preparation_nights=terms.preparation_nights,
            policy=CancellationPolicyOut.of(terms.policy),
            adjustments=tuple(AdjustmentOut.of(each) for each in terms.adjustments),
            early_bird=tuple(AheadDiscountOut(days=each.days, percent_bp=each.percent_bp) for each in terms.early_bird),
            last_minute=tuple(
                AheadDiscountOut(days=each.days, percent_bp=each.percent_bp) for each in terms.last_minute
            ),
            pets_max=terms.pets_max,
            pet_fee=money(terms.pet_minor),
            service_bp=terms.service_bp,
            instant=terms.instant,
            pay_at_property=terms.pay_at_property,
        )
