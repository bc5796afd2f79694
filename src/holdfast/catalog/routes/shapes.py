"""What the routes of the catalog read and answer."""

from collections.abc import Iterator, Mapping
from datetime import time
from types import MappingProxyType
from typing import Annotated, Any, Final, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import override

from holdfast.catalog import rules
from holdfast.catalog.api import Location, Property, PropertyDraft, PropertyKind
from holdfast.engine.money import BASIS_POINTS
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.wire import (
    BY_VALUE,
    Between,
    CurrencyField,
    DayField,
    Line,
    MoneyOut,
    Prose,
    TimeField,
    Wire,
    items,
)
from holdfast.verticals.cancellation import POLICIES, AfterCheckIn, CancellationPolicy, RefundWindow, Shares
from holdfast.verticals.stays import STAY_NIGHTS_MAX, LengthDiscount, NightTerms, StayTerms

_CODE: Final = r"^[a-z0-9]+(_[a-z0-9]+)*$"
_LOCATION: Final = {
    "address": "1420 Vermont Ave NW",
    "neighbourhood": "Logan Circle",
    "city": "Washington",
    "country": "US",
    "latitude": 38.9093,
    "longitude": -77.0312,
}
_TERMS: Final = {
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
}
_ALL: Final = {"nights_bp": 10000, "cleaning_bp": 10000, "service_bp": 10000, "tax_bp": None}
_POLICY: Final = {
    "name": "own_terms",
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
}
_SAID: Final = {
    "name": "Three-bedroom townhouse near Logan Circle",
    "description": "Three floors and a garden; ten minutes to the metro.",
    "location": _LOCATION,
    "kind": "entire_home",
    "bedrooms": 3,
    "beds": 4,
    "bathrooms": 2.5,
    "amenities": ["wifi", "kitchen", "free_parking"],
    "house_rules": "No shoes on the stairs.",
}
_OUT: Final = {
    "id": 6263,
    **_SAID,
    "terms": {**_TERMS, "policy": _POLICY},
    "rating": None,
    "reviews": 0,
    "notes": {},
}
_OWN_OUT: Final = {**_OUT, "version": 1, "listed": True, "units": 1, "unit_names": []}

_Price = Annotated[int, Between(0, rules.PRICE_MAX_MINOR)]
_Nights = Annotated[int, Between(1, STAY_NIGHTS_MAX)]
_BasisPoints = Annotated[int, Between(0, BASIS_POINTS)]
_Rooms = Annotated[int, Between(0, rules.ROOMS_MAX)]
_Guests = Annotated[int, Between(1, rules.GUESTS_MAX)]
_Units = Annotated[int, Between(1, rules.UNITS_MAX)]
_Code = Annotated[str, Field(min_length=1, max_length=rules.CODE_MAX, pattern=_CODE)]
_UnitName = Annotated[str, Line(rules.UNIT_NAME_MAX)]
_COUNTRY: Final = WithJsonSchema({"type": "string", "enum": sorted(rules.COUNTRIES), "examples": ["US"]})


def _shown(example: dict[str, Any]) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [example]})


def _policy_name(value: Any) -> Any:
    if value not in POLICIES:
        raise PydanticCustomError("invalid_choice", "There is no policy of this name; describe its windows instead.")
    return value


def _policy_form(value: Any) -> str:
    return "name" if isinstance(value, str) else "windows"


# ------------------------------------------------------------------------------------------------------- what comes in


class PriceIn(Wire):
    """An amount of money an owner asks for."""

    amount: _Price
    """In minor units of the currency."""
    currency: CurrencyField
    """ISO 4217; one for all prices of a property."""


class LocationIn(Wire):
    """Where a property stands."""

    address: Annotated[str, Line(rules.ADDRESS_MAX)]
    neighbourhood: Annotated[str, Line(rules.ADDRESS_MAX, 0)] = ""
    city: Annotated[str, Line(rules.CITY_MAX)]
    country: Annotated[str, Field(min_length=2, max_length=2, pattern="^[A-Z]{2}$"), _COUNTRY]
    """ISO 3166-1 alpha-2."""
    latitude: Annotated[float, Between(-90, 90)]
    longitude: Annotated[float, Between(-180, 180)]


class DiscountIn(Wire):
    """A discount on the nights of a stay of at least `nights` nights; of several, the longest reached counts."""

    nights: Annotated[int, Between(2, STAY_NIGHTS_MAX)]
    percent_bp: Annotated[int, Between(1, BASIS_POINTS)]
    """Basis points: 1000 is 10 %."""


class SharesIn(Wire):
    """What comes back of each kind of line, in basis points: 10000 is all of it."""

    nights_bp: _BasisPoints
    """Of nights with their adjustments and discount, extra guests and pets."""
    cleaning_bp: _BasisPoints
    service_bp: _BasisPoints
    tax_bp: _BasisPoints | None = None
    """null: in proportion to what comes back of the lines the tax was levied on."""

    def shares(self) -> Shares:
        """Return the shares meant."""
        return Shares(
            nights_bp=self.nights_bp, cleaning_bp=self.cleaning_bp, service_bp=self.service_bp, tax_bp=self.tax_bp
        )


class WindowIn(Wire):
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: Annotated[int, Between(0, rules.DAYS_BEFORE_MAX)]
    shares: SharesIn
    nights_kept: Annotated[int, Between(0, STAY_NIGHTS_MAX)] = 0
    """So many nights are paid whatever the shares say; these are of the rest."""


class AfterCheckInIn(Wire):
    """Nights spent and `nights_more` more are paid; of the rest these shares come back."""

    nights_more: Annotated[int, Between(0, STAY_NIGHTS_MAX)]
    shares: SharesIn


class PolicyIn(Wire):
    """A policy of your own; after the last window nothing comes back."""

    model_config = _shown(_POLICY)

    name: _Code = "own_terms"
    windows: Annotated[tuple[WindowIn, ...], items(rules.WINDOWS_MAX)]
    """From the earliest day to the latest; a later one cannot give back more."""
    grace_hours: Annotated[int, Between(0, rules.GRACE_HOURS_MAX)] = 0
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: Annotated[int, Between(0, rules.DAYS_BEFORE_MAX)] = 0
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: AfterCheckInIn | None = None
    """null: nothing can be canceled once check-in has opened. Needs a window of 0 days."""


PolicyName = Annotated[
    str,
    BeforeValidator(_policy_name),
    WithJsonSchema({"type": "string", "enum": sorted(POLICIES), "examples": ["moderate"]}),
]


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
    tax_bp: _BasisPoints = 0
    """On everything else after discount, in basis points: 1595 is 15.95 %."""
    discounts: Annotated[tuple[DiscountIn, ...], items(rules.DISCOUNTS_MAX)] = ()
    """From the shortest stay to the longest."""
    min_nights: _Nights = 1
    max_nights: _Nights = STAY_NIGHTS_MAX
    check_in_from: TimeField = time(15)
    check_out_until: TimeField = time(11)
    advance_notice_days: Annotated[int, Between(0, rules.NOTICE_DAYS_MAX)] = 0
    """Days between booking and arrival at least; 0: same day."""
    booking_window_days: Annotated[int, Between(0, rules.BOOKING_WINDOW_DAYS_MAX)] = 365
    """How far ahead an arrival may lie."""
    preparation_nights: Annotated[int, Between(0, rules.PREPARATION_NIGHTS_MAX)] = 0
    """Nights kept free after every stay."""
    policy: Annotated[
        Annotated[PolicyName, Tag("name")] | Annotated[PolicyIn, Tag("windows")], Discriminator(_policy_form)
    ] = "flexible"
    """A policy by its name, or one of your own."""

    def terms(self) -> StayTerms:
        """Return them as the door takes them.

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
            policy=_policy(self.policy),
        )

    def _currency_errors(self) -> Iterator[FieldError]:
        others = (
            ("weekend_price", self.weekend_price),
            ("cleaning_fee", self.cleaning_fee),
            ("extra_guest_fee", self.extra_guest_fee),
        )
        for name, price in others:
            if price is not None and price.currency != self.base_price.currency:
                yield currency_mismatch(f"/terms/{name}/currency", self.base_price.currency)


class PropertyIn(Wire):
    """All an owner says of a property."""

    name: Annotated[str, Line(rules.NAME_MAX)]
    description: Annotated[str, Prose(rules.TEXT_MAX)] = ""
    location: LocationIn
    kind: Annotated[PropertyKind, BY_VALUE]
    bedrooms: _Rooms
    beds: _Rooms
    bathrooms: Annotated[float, Between(0, rules.ROOMS_MAX), Field(multiple_of=0.5)]
    amenities: Annotated[tuple[_Code, ...], items(rules.AMENITIES_MAX)] = ()
    """Codes such as `free_parking`, each once; clients translate them."""
    house_rules: Annotated[str, Prose(rules.HOUSE_RULES_MAX)] = ""
    terms: TermsIn

    def draft(self, *, listed: bool, before: PropertyDraft | None) -> PropertyDraft:
        """Return it as the door takes it; what is not an owner's to say stays as it was before.

        Raises:
            Invalid: The prices are not in one currency.
        """
        place = self.location
        notes: Mapping[str, Any] = MappingProxyType({}) if before is None else before.notes
        return PropertyDraft(
            name=self.name,
            description=self.description,
            location=Location(
                address=place.address,
                neighbourhood=place.neighbourhood,
                city=place.city,
                country=place.country,
                latitude=place.latitude,
                longitude=place.longitude,
            ),
            kind=self.kind,
            bedrooms=self.bedrooms,
            beds=self.beds,
            bathrooms=self.bathrooms,
            amenities=self.amenities,
            house_rules=self.house_rules,
            terms=self.terms.terms(),
            listed=listed,
            rating=None if before is None else before.rating,
            reviews=0 if before is None else before.reviews,
            notes=notes,
        )


class NewProperty(PropertyIn):
    """A property to create."""

    model_config = _shown({**_SAID, "terms": {**_TERMS, "policy": "moderate"}, "listed": True, "units": 1})

    listed: bool = True
    """Whether guests can find and quote it."""
    units: _Units = 1
    """How many of it there are, all alike: rooms of a hotel's room type."""
    unit_names: Annotated[tuple[_UnitName, ...], items(rules.NAMED_UNITS_MAX)] = ()
    """A name for every unit, if guests are to be told which one is theirs; else none."""


class ReplacedProperty(PropertyIn):
    """What is said of a property from now on; all of it, for what is left out goes back to its default."""

    model_config = _shown({**_SAID, "terms": {**_TERMS, "policy": "moderate"}, "listed": True})

    listed: bool
    """Whether guests can find and quote it."""


class NewNights(Wire):
    """What differs on some nights; what is left out is as on other nights."""

    model_config = _shown(
        {"first": "2027-07-02", "end": "2027-07-06", "price": {"amount": 32000, "currency": "USD"}, "min_nights": 3}
    )

    first: DayField
    end: DayField
    """The first night that is not meant; at most 730 after `first`."""
    price: PriceIn | None = None
    """Takes the place of base and weekend price."""
    min_nights: _Nights | None = None
    """Smallest stay for an arrival on these dates."""
    max_nights: _Nights | None = None
    closed_to_arrival: bool = False
    closed_to_departure: bool = False

    def terms(self, currency: str) -> NightTerms:
        """Return them as the door takes them.

        Raises:
            Invalid: The price is not in the property's currency.
        """
        if self.price is not None and self.price.currency != currency:
            raise Invalid(errors=[currency_mismatch("/price/currency", currency)])
        return NightTerms(
            price_minor=None if self.price is None else self.price.amount,
            min_nights=self.min_nights,
            max_nights=self.max_nights,
            closed_to_arrival=self.closed_to_arrival,
            closed_to_departure=self.closed_to_departure,
        )


def currency_mismatch(pointer: str, currency: str) -> FieldError:
    """Return the finding for a price that is not in the property's currency."""
    return FieldError(pointer=pointer, code="currency_mismatch", detail=f"The property's prices are in {currency}.")


def _policy(said: str | PolicyIn) -> CancellationPolicy:
    if isinstance(said, str):
        return POLICIES[said]
    return CancellationPolicy(
        name=said.name,
        windows=tuple(
            RefundWindow(days_before=each.days_before, shares=each.shares.shares(), nights_kept=each.nights_kept)
            for each in said.windows
        ),
        grace_hours=said.grace_hours,
        grace_days_before=said.grace_days_before,
        after_check_in=None
        if (after := said.after_check_in) is None
        else AfterCheckIn(nights_more=after.nights_more, shares=after.shares.shares()),
    )


# ------------------------------------------------------------------------------------------------------- what goes out


class LocationOut(Wire):
    """Where a property stands."""

    address: str
    neighbourhood: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    latitude: float
    longitude: float


class DiscountOut(Wire):
    """A discount on the nights of a stay of at least `nights` nights; of several, the longest reached counts."""

    nights: int
    percent_bp: int
    """Basis points: 1000 is 10 %."""


class RefundSharesOut(Wire):
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


class RefundWindowOut(Wire):
    """Canceling `days_before` days before check-in or earlier gives these shares back."""

    days_before: int
    nights_kept: int
    """So many nights are paid whatever the shares say; these are of the rest."""
    shares: RefundSharesOut


class RefundAfterCheckInOut(Wire):
    """Nights spent and `nights_more` more are paid; of the rest these shares come back."""

    nights_more: int
    shares: RefundSharesOut


class CancellationPolicyOut(Wire):
    """What a cancellation gives back, earliest window first; after the last one nothing."""

    name: str
    windows: tuple[RefundWindowOut, ...]
    grace_hours: int
    """Canceling within so many hours of booking gives everything back ..."""
    grace_days_before: int
    """... if check-in was at least so many days ahead when it was booked."""
    after_check_in: RefundAfterCheckInOut | None
    """null: nothing can be canceled once check-in has opened."""

    @classmethod
    def of(cls, policy: CancellationPolicy) -> Self:
        """Render a policy."""
        after = policy.after_check_in
        return cls(
            name=policy.name,
            windows=tuple(
                RefundWindowOut(
                    days_before=each.days_before,
                    nights_kept=each.nights_kept,
                    shares=RefundSharesOut.of(each.shares),
                )
                for each in policy.windows
            ),
            grace_hours=policy.grace_hours,
            grace_days_before=policy.grace_days_before,
            after_check_in=None
            if after is None
            else RefundAfterCheckInOut(nights_more=after.nights_more, shares=RefundSharesOut.of(after.shares)),
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
        )


class PropertyOut(Wire):
    """A property as guests see it."""

    model_config = _shown(_OUT)

    id: int
    name: str
    description: str
    location: LocationOut
    kind: PropertyKind
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: tuple[str, ...]
    house_rules: str
    terms: TermsOut
    rating: float | None
    reviews: int
    notes: dict[str, Any]
    """Facts about the data itself, such as `{"price_estimated": true}`."""

    @classmethod
    def of(cls, found: Property) -> Self:
        """Render a property."""
        return cls(**_common(found))


class OwnPropertyOut(PropertyOut):
    """A property as its owner sees it."""

    model_config = _shown(_OWN_OUT)

    version: int
    """Counts up with every change; the `ETag` in quotes."""
    listed: bool
    """Whether guests can find and quote it."""
    units: int
    """Units at creation; see `.../stock` for what there is to sell now."""
    unit_names: tuple[str, ...]

    @classmethod
    @override
    def of(cls, found: Property) -> Self:
        """Render a property for its owner."""
        return cls(
            **_common(found),
            version=found.version,
            listed=found.draft.listed,
            units=found.units,
            unit_names=found.unit_names,
        )


class OwnPropertiesPage(Wire):
    """Properties in order of id."""

    items: tuple[OwnPropertyOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class NightsOut(Wire):
    """How much was set."""

    model_config = _shown({"nights": 4})

    nights: int
    """How many nights the range has."""


def _common(found: Property) -> dict[str, Any]:
    draft, place = found.draft, found.draft.location
    return {
        "id": found.id,
        "name": draft.name,
        "description": draft.description,
        "location": LocationOut(
            address=place.address,
            neighbourhood=place.neighbourhood,
            city=place.city,
            country=place.country,
            latitude=place.latitude,
            longitude=place.longitude,
        ),
        "kind": draft.kind,
        "bedrooms": draft.bedrooms,
        "beds": draft.beds,
        "bathrooms": draft.bathrooms,
        "amenities": draft.amenities,
        "house_rules": draft.house_rules,
        "terms": TermsOut.of(draft.terms),
        "rating": draft.rating,
        "reviews": draft.reviews,
        "notes": dict(draft.notes),
    }
