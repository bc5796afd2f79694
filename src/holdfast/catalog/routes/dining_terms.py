"""What the routes of restaurants read and answer of tables, hours and what a reservation must keep to."""

from collections.abc import Iterator
from datetime import time
from typing import Annotated, Any, Final, Self, TypeVar

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import override

from holdfast.catalog.api import DINING_POLICIES
from holdfast.catalog.routes.policies import BY_NAME, BY_WINDOWS, BasisPoints, Code, policy_form, shown
from holdfast.catalog.routes.terms import Weekday
from holdfast.catalog.rules import dining as rules
from holdfast.catalog.rules.limits import (
    BOOKING_WINDOW_DAYS_MAX,
    DAYS_BEFORE_MAX,
    PRICE_MAX_MINOR,
    WINDOWS_MAX,
    ZONE_MAX,
)
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
from holdfast.verticals.cancellation import CancellationPolicy, RefundWindow, shares_of
from holdfast.verticals.dining.terms import (
    COMBINATIONS_MAX,
    COMBINED_MAX,
    PARTY_MAX,
    SLOT_MINUTES,
    TABLES_MAX,
    Combination,
    DiningTable,
    DiningTerms,
    Security,
    SecurityKind,
    Service,
    SpecialDay,
    TurnTime,
)

OutT = TypeVar("OutT", bound=Wire)

GUEST_TERMS: Final = {
    "zone": "America/New_York",
    "currency": "USD",
    "special_days": [
        {"date": "2027-12-25", "services": [], "note": "Closed for Christmas"},
        {"date": "2027-12-31", "services": ["dinner"], "note": "A menu of five courses"},
    ],
    "turn_times": [
        {"party_max": 2, "minutes": 90},
        {"party_max": 4, "minutes": 120},
        {"party_max": 12, "minutes": 150},
    ],
    "minutes_min": 60,
    "minutes_max": 180,
    "party_max": 8,
    "notice_minutes": 60,
    "booking_window_days": 60,
    "securities": [
        {"party_min": 6, "kind": "deposit", "per_cover": {"amount": 2500, "currency": "USD"}},
    ],
    "policy": {"name": "own_terms", "windows": [{"days_before": 0, "hours_before": 24, "share_bp": 10000}]},
    "tax_bp": 1000,
}
_LUNCH: Final = {
    "code": "lunch",
    "name": "Lunch",
    "weekdays": ["saturday", "sunday"],
    "first_seating": "11:30",
    "last_seating": "14:00",
}
_DINNER: Final = {
    "code": "dinner",
    "name": "Dinner",
    "weekdays": ["tuesday", "wednesday", "thursday", "friday", "saturday"],
    "first_seating": "17:30",
    "last_seating": "21:45",
}
SEEN_TERMS: Final = {**GUEST_TERMS, "areas": ["main_room"], "services": [_LUNCH, _DINNER]}
TERMS: Final = {
    **GUEST_TERMS,
    "tables": [
        {"code": "T1", "area": "main_room", "seats_min": 1, "seats_max": 2, "online": True},
        {"code": "T2", "area": "main_room", "seats_min": 2, "seats_max": 4, "online": True},
        {"code": "T3", "area": "bar", "seats_min": 1, "seats_max": 2, "online": False},
    ],
    "combinations": [{"tables": ["T1", "T2"], "party_min": 5, "party_max": 6, "priority": 0}],
    "services": [
        {**_LUNCH, "covers_per_slot": None, "parties_per_slot": None, "present_max": None, "online_bp": 10000},
        {**_DINNER, "covers_per_slot": 12, "parties_per_slot": 4, "present_max": 60, "online_bp": 8000},
    ],
}
SPECIAL_DAY: Final = {"services": ["dinner"], "note": "A menu of five courses"}
OWN_TERMS: Final = {**TERMS, "areas": ["main_room"]}

_WEEK: Final = tuple(Weekday)
_QUARTER: Final = r"^([01][0-9]|2[0-3]):(00|15|30|45)$"
_USUAL_TURNS: Final = ((2, 90), (4, 120), (PARTY_MAX, 150))


def _quarter(value: time) -> time:
    if value.minute % SLOT_MINUTES:
        raise PydanticCustomError("not_on_a_quarter", "Parties are seated on quarters of an hour.")
    return value


QuarterField = Annotated[
    TimeField,
    AfterValidator(_quarter),
    WithJsonSchema({"type": "string", "pattern": _QUARTER, "minLength": 5, "maxLength": 5, "examples": ["19:15"]}),
]
"""A local wall time on a quarter of an hour; refused as `invalid_time`, `not_on_a_quarter`."""

Party = Annotated[int, Between(1, PARTY_MAX)]
Pacing = Annotated[int, Between(1, rules.PACING_MAX)]
Minutes = Annotated[int, Between(SLOT_MINUTES, rules.MINUTES_MAX), Field(multiple_of=SLOT_MINUTES)]
TableCode = Annotated[str, Field(min_length=1, max_length=rules.TABLE_CODE_MAX, pattern=rules.TABLE_CODE)]


# ------------------------------------------------------------------------------------------------------- what comes in


class DiningTableIn(Wire):
    """One table of the room."""

    code: TableCode
    """What staff call it; each once."""
    area: Code = "main_room"
    """Where it stands, such as `terrace`: guests may ask for an area."""
    seats_min: Party = 1
    """The smallest party it is given to."""
    seats_max: Party
    online: bool = True
    """Whether guests may book it; else it is kept for staff and walk-ins."""


class CombinationIn(Wire):
    """Tables that can be put together for a party; what is not listed is never combined."""

    tables: Annotated[tuple[TableCode, ...], items(COMBINED_MAX, rules.COMBINED_MIN)]
    """Codes of tables."""
    party_min: Party
    party_max: Party
    priority: Annotated[int, Between(0, rules.PRIORITY_MAX)] = 0
    """Of combinations that fit, the lowest goes first."""


class ServiceIn(Wire):
    """Hours in which parties are seated, such as lunch or dinner, and how many."""

    code: Code
    """Such as `dinner`; special days name it. Keep it when you change the rest: what was booked is counted by it."""
    name: Annotated[str, Line(rules.SERVICE_NAME_MAX)]
    """What guests read."""
    weekdays: Annotated[tuple[Annotated[Weekday, BY_VALUE], ...], items(len(_WEEK))]
    """Each once; none: a service of special days only."""
    first_seating: QuarterField
    last_seating: QuarterField
    """Not before `first_seating`. Whoever is seated then may stay beyond midnight."""
    covers_per_slot: Pacing | None = None
    """Guests who may arrive at one quarter of an hour; null: as many as the tables take."""
    parties_per_slot: Pacing | None = None
    """Parties that may arrive at one quarter of an hour."""
    present_max: Pacing | None = None
    """Guests who may be in the room at one time."""
    online_bp: BasisPoints = BASIS_POINTS
    """The part of each of these limits that guests may book themselves, in basis points; staff may take all."""

    def service(self) -> Service:
        """Return it as the door takes it."""
        return Service(**dict(self) | {"weekdays": tuple(_WEEK.index(day) for day in self.weekdays)})


class SpecialDayIn(Wire):
    """A date that is not as its weekday is."""

    date: DayField
    services: Annotated[tuple[Code, ...], items(rules.SERVICES_MAX)] = ()
    """Codes of the services there are, each once; none: closed."""
    note: Annotated[str, Line(rules.NOTE_MAX, 0)] = ""
    """What guests read."""


class TurnTimeIn(Wire):
    """How long parties of up to `party_max` keep their table."""

    party_max: Party
    minutes: Minutes


class PerCoverIn(Wire):
    """An amount of money for each guest."""

    amount: Annotated[int, Between(1, PRICE_MAX_MINOR)]
    """In minor units of the currency."""
    currency: CurrencyField
    """ISO 4217; that of the restaurant."""


class SecurityIn(Wire):
    """What parties of `party_min` and more are asked for, so that they come."""

    party_min: Party
    kind: Annotated[SecurityKind, BY_VALUE]
    """`deposit` and `prepay` are paid at once; for a `guarantee` a card is kept, and charged only to who cancels late
    or does not come."""
    per_cover: PerCoverIn


class DiningWindowIn(Wire):
    """Canceling so long before the reservation, or earlier, gives this share back."""

    days_before: Annotated[int, Between(0, DAYS_BEFORE_MAX)] = 0
    """Days of the calendar, at the same time of day ..."""
    hours_before: Annotated[int, Between(0, rules.HOURS_BEFORE_MAX)] = 0
    """... and hours before that."""
    share_bp: BasisPoints = BASIS_POINTS
    """In basis points: 10000 is all of it."""


class DiningPolicyIn(Wire):
    """A policy of your own; after the last window nothing comes back, and who canceled for nothing pays a fee."""

    name: Code = "own_terms"
    windows: Annotated[tuple[DiningWindowIn, ...], items(WINDOWS_MAX)]
    """From the earliest deadline to the latest; a later one cannot give back more."""

    def policy(self) -> CancellationPolicy:
        """Return it as the door takes it."""
        windows = (
            RefundWindow(days_before=each.days_before, hours_before=each.hours_before, shares=shares_of(each.share_bp))
            for each in self.windows
        )
        return CancellationPolicy(name=self.name, windows=tuple(windows))


def _policy_name(value: Any) -> Any:
    if value not in DINING_POLICIES:
        raise PydanticCustomError("invalid_choice", "There is no policy of this name; describe its windows instead.")
    return value


DiningPolicyName = Annotated[
    str,
    BeforeValidator(_policy_name),
    WithJsonSchema({"type": "string", "enum": sorted(DINING_POLICIES), "examples": ["free_until_24h"]}),
]


class DiningTermsIn(Wire):
    """The room, its hours, and what a reservation must keep to."""

    zone: Annotated[str, Line(ZONE_MAX)]
    """IANA zone of the restaurant: all its dates and times of day are meant there."""
    currency: CurrencyField
    """ISO 4217; of all its amounts."""
    tables: Annotated[tuple[DiningTableIn, ...], items(TABLES_MAX, 1)]
    combinations: Annotated[tuple[CombinationIn, ...], items(COMBINATIONS_MAX)] = ()
    services: Annotated[tuple[ServiceIn, ...], items(rules.SERVICES_MAX, 1)]
    """No two of one day have a seating at the same time."""
    special_days: Annotated[tuple[SpecialDayIn, ...], items(rules.SPECIAL_DAYS_MAX)] = ()
    """Each date once. To change a single one use `/v1/owner/restaurants/{restaurant_id}/special-days/{date}`."""
    turn_times: Annotated[tuple[TurnTimeIn, ...], items(rules.TURN_TIMES_MAX, 1)] = tuple(
        TurnTimeIn(party_max=party_max, minutes=minutes) for party_max, minutes in _USUAL_TURNS
    )
    """From the smallest parties to the largest; the last is for all larger parties too."""
    minutes_min: Minutes = 60
    """The shortest stay a guest may ask for."""
    minutes_max: Minutes = 180
    """The longest stay a guest may ask for."""
    party_max: Party = 8
    """The largest party that may book online."""
    notice_minutes: Annotated[int, Between(0, rules.NOTICE_MINUTES_MAX)] = 60
    """Between booking and arrival at least."""
    booking_window_days: Annotated[int, Between(0, BOOKING_WINDOW_DAYS_MAX)] = 60
    """How far ahead a reservation may lie."""
    securities: Annotated[tuple[SecurityIn, ...], items(rules.SECURITIES_MAX)] = ()
    """From the smallest parties to the largest; of those a party reaches, the last counts. None: nothing is asked."""
    policy: Annotated[
        Annotated[DiningPolicyName, Tag(BY_NAME)] | Annotated[DiningPolicyIn, Tag(BY_WINDOWS)],
        Discriminator(policy_form),
    ] = "free_until_24h"
    """A policy by its name, or one of your own: what comes back of a deposit, and until when canceling costs no fee."""
    tax_bp: BasisPoints = 0
    """Tax in what is paid online, in basis points."""

    def terms(self) -> DiningTerms:
        """Return them as the door takes them.

        Raises:
            Invalid: An amount is not in the currency of the restaurant.
        """
        if errors := list(self._currency_errors()):
            raise Invalid(errors=errors)
        return DiningTerms(
            restaurant_id=0,
            currency=self.currency,
            zone=self.zone,
            tables=tuple(DiningTable(**dict(each)) for each in self.tables),
            combinations=tuple(Combination(**dict(each)) for each in self.combinations),
            services=tuple(each.service() for each in self.services),
            special_days=tuple(
                SpecialDay(day=each.date, services=each.services, note=each.note) for each in self.special_days
            ),
            turn_times=tuple(TurnTime(**dict(each)) for each in self.turn_times),
            minutes_min=self.minutes_min,
            minutes_max=self.minutes_max,
            party_max=self.party_max,
            notice_minutes=self.notice_minutes,
            booking_window_days=self.booking_window_days,
            securities=tuple(
                Security(party_min=each.party_min, kind=each.kind, per_cover_minor=each.per_cover.amount)
                for each in self.securities
            ),
            policy=DINING_POLICIES[self.policy] if isinstance(self.policy, str) else self.policy.policy(),
            tax_bp=self.tax_bp,
        )

    def _currency_errors(self) -> Iterator[FieldError]:
        for place, security in enumerate(self.securities):
            if security.per_cover.currency != self.currency:
                pointer = f"/terms/securities/{place}/per_cover/currency"
                detail = f"The restaurant's amounts are in {self.currency}."
                yield FieldError(pointer=pointer, code="currency_mismatch", detail=detail)


# ------------------------------------------------------------------------------------------------------- what goes out


def _same(kind: type[OutT], value: Any) -> OutT:
    """Return what shows a value whose fields are called alike."""
    return kind(**{name: getattr(value, name) for name in kind.model_fields})


class DiningTableOut(Wire):
    """One table of the room."""

    code: str
    area: str
    seats_min: int
    """The smallest party it is given to."""
    seats_max: int
    online: bool
    """Whether guests may book it; else it is kept for staff and walk-ins."""


class CombinationOut(Wire):
    """Tables that can be put together for a party."""

    tables: tuple[str, ...]
    party_min: int
    party_max: int
    priority: int
    """Of combinations that fit, the lowest goes first."""


class ServiceOut(Wire):
    """Hours in which parties are seated, such as lunch or dinner."""

    code: str
    name: str
    weekdays: tuple[Weekday, ...]
    """None: a service of special days only."""
    first_seating: TimeField
    last_seating: TimeField
    """Whoever is seated then may stay beyond midnight."""

    @classmethod
    def of(cls, each: Service) -> Self:
        """Render a service."""
        said = {name: getattr(each, name) for name in cls.model_fields}
        return cls(**said | {"weekdays": tuple(_WEEK[day] for day in each.weekdays)})


class OwnServiceOut(ServiceOut):
    """Hours in which parties are seated, and how many."""

    covers_per_slot: int | None
    """Guests who may arrive at one quarter of an hour; null: as many as the tables take."""
    parties_per_slot: int | None
    """Parties that may arrive at one quarter of an hour."""
    present_max: int | None
    """Guests who may be in the room at one time."""
    online_bp: int
    """The part of each of these limits that guests may book themselves, in basis points."""


class SpecialDayOut(Wire):
    """A date that is not as its weekday is."""

    model_config = shown({"date": "2027-12-24", "services": ["lunch"], "note": "We close at four."})

    date: DayField
    services: tuple[str, ...]
    """Codes of the services there are; none: closed."""
    note: str

    @classmethod
    def of(cls, each: SpecialDay) -> Self:
        """Render a special day."""
        return cls(date=each.day, services=each.services, note=each.note)


class TurnTimeOut(Wire):
    """How long parties of up to `party_max` keep their table."""

    party_max: int
    minutes: int


class SecurityOut(Wire):
    """What parties of `party_min` and more are asked for."""

    party_min: int
    kind: SecurityKind
    """`deposit` and `prepay` are paid at once; for a `guarantee` a card is kept, and charged only to who cancels late
    or does not come."""
    per_cover: MoneyOut
    """For each guest."""


class DiningWindowOut(Wire):
    """Canceling so long before the reservation, or earlier, gives this share back."""

    days_before: int
    """Days of the calendar, at the same time of day ..."""
    hours_before: int
    """... and hours before that."""
    share_bp: int
    """In basis points: 10000 is all of it."""


class DiningPolicyOut(Wire):
    """What a cancellation gives back, earliest deadline first; after the last one nothing."""

    name: str
    windows: tuple[DiningWindowOut, ...]

    @classmethod
    def of(cls, policy: CancellationPolicy) -> Self:
        """Render a policy, whose windows have one share each."""
        windows = (
            DiningWindowOut(
                days_before=each.days_before, hours_before=each.hours_before, share_bp=each.shares.nights_bp
            )
            for each in policy.windows
        )
        return cls(name=policy.name, windows=tuple(windows))


class DiningTermsOut(Wire):
    """Areas and hours of a restaurant, and what a reservation must keep to."""

    zone: str
    """IANA zone of the restaurant: all its dates and times of day are meant there."""
    currency: str
    areas: tuple[str, ...]
    """Where guests may ask for a table."""
    services: tuple[ServiceOut, ...]
    special_days: tuple[SpecialDayOut, ...]
    """Dates that are not as their weekdays, in order."""
    turn_times: tuple[TurnTimeOut, ...]
    """How long a party stays that does not ask for another length; the last is for all larger parties too."""
    minutes_min: int
    """The shortest stay a guest may ask for."""
    minutes_max: int
    """The longest stay a guest may ask for."""
    party_max: int
    """The largest party that may book online."""
    notice_minutes: int
    """Between booking and arrival at least."""
    booking_window_days: int
    """How far ahead a reservation may lie."""
    securities: tuple[SecurityOut, ...]
    """Of those a party reaches, the last counts. None: nothing is asked."""
    policy: DiningPolicyOut
    """What comes back of a deposit, and until when canceling costs no fee."""
    tax_bp: int
    """Tax in what is paid online, in basis points."""

    @classmethod
    def of(cls, terms: DiningTerms) -> Self:
        """Render terms."""
        return cls(**_common(terms), services=tuple(ServiceOut.of(each) for each in terms.services))


class OwnDiningTermsOut(DiningTermsOut):
    """The room, its hours, and what a reservation must keep to."""

    services: tuple[OwnServiceOut, ...]
    tables: tuple[DiningTableOut, ...]
    combinations: tuple[CombinationOut, ...]

    @classmethod
    @override
    def of(cls, terms: DiningTerms) -> Self:
        """Render terms for the owner."""
        return cls(
            **_common(terms),
            services=tuple(OwnServiceOut.of(each) for each in terms.services),
            tables=tuple(_same(DiningTableOut, each) for each in terms.tables),
            combinations=tuple(_same(CombinationOut, each) for each in terms.combinations),
        )


def _common(terms: DiningTerms) -> dict[str, Any]:
    return {
        "zone": terms.zone,
        "currency": terms.currency,
        "areas": tuple(dict.fromkeys(table.area for table in terms.tables if table.online)),
        "special_days": tuple(SpecialDayOut.of(each) for each in terms.special_days),
        "turn_times": tuple(_same(TurnTimeOut, each) for each in terms.turn_times),
        "minutes_min": terms.minutes_min,
        "minutes_max": terms.minutes_max,
        "party_max": terms.party_max,
        "notice_minutes": terms.notice_minutes,
        "booking_window_days": terms.booking_window_days,
        "securities": tuple(
            SecurityOut(
                party_min=each.party_min,
                kind=each.kind,
                per_cover=MoneyOut(amount=each.per_cover_minor, currency=terms.currency),
            )
            for each in terms.securities
        ),
        "policy": DiningPolicyOut.of(terms.policy),
        "tax_bp": terms.tax_bp,
    }
