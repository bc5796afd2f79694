"""What may be said of a property. Pure: a draft in, every wrong field out, each with a pointer into the body of `/v1`.

The same limits stand as CHECKs in `models`, so that no other road into the database is wider than this one.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time
from functools import cache
from math import isfinite
from typing import Final
from zoneinfo import available_timezones

from holdfast.catalog.api import SERVICE_BP_MAX, Location, PropertyDraft
from holdfast.engine.money import BASIS_POINTS, is_currency
from holdfast.kit.errors import FieldError
from holdfast.verticals.cancellation import POLICIES, AfterCheckIn, CancellationPolicy, RefundWindow, Shares
from holdfast.verticals.stays import STAY_NIGHTS_MAX, Adjustment, AheadDiscount, LengthDiscount, NightTerms, StayTerms

NAME_MAX: Final = 120
TEXT_MAX: Final = 5000
HOUSE_RULES_MAX: Final = 3000
ADDRESS_MAX: Final = 200
CITY_MAX: Final = 100
ZONE_MAX: Final = 64
CODE_MAX: Final = 40
UNIT_NAME_MAX: Final = 40
AMENITIES_MAX: Final = 100
ROOMS_MAX: Final = 100
GUESTS_MAX: Final = 50
UNITS_MAX: Final = 10_000
NAMED_UNITS_MAX: Final = 500
PRICE_MAX_MINOR: Final = 10**11
"""The dearest stay (365 nights, each as dear again for every adjustment, 49 extra guests, fees and tax) still comes to
less than `engine.money.AMOUNT_MAX`."""
DISCOUNTS_MAX: Final = 5
ADJUSTMENTS_MAX: Final = 10
ADJUSTMENT_NAME_MAX: Final = 60
ADJUSTMENT_BP_MIN: Final = -9_000
ADJUSTMENT_BP_MAX: Final = 10_000
PETS_MAX: Final = 20
WINDOWS_MAX: Final = 10
GRACE_HOURS_MAX: Final = 168
DAYS_BEFORE_MAX: Final = 365
NOTICE_DAYS_MAX: Final = 365
BOOKING_WINDOW_DAYS_MAX: Final = 730
PREPARATION_NIGHTS_MAX: Final = 30
RATING_MAX: Final = 5
RANGE_NIGHTS_MAX: Final = 730
FIRST_NIGHT: Final = date(2000, 1, 1)
END_NIGHT: Final = date(2200, 1, 1)

COUNTRIES: Final = frozenset(
    re.findall(
        "[A-Z]{2}",
        """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA
    GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS
    MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS
    RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW
    TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW
    """,
    )
)
"""ISO 3166-1 alpha-2."""

_SHARE_NAMES: Final = ("nights_bp", "cleaning_bp", "service_bp", "tax_bp")
_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_UNIT_NAME = re.compile(r"[^\W_](?:[\w .#/-]*[\w#])?")
# Controls and halves of surrogate pairs, as at the edge.
_NOT_IN_LINES = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_TEXTS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def draft_errors(draft: PropertyDraft) -> list[FieldError]:
    """Return every wrong field of a draft; pointers are those of the body of `/v1/owner/properties`."""
    return [
        *_line("/name", draft.name, NAME_MAX),
        *_text("/description", draft.description, TEXT_MAX),
        *_text("/house_rules", draft.house_rules, HOUSE_RULES_MAX),
        *_location(draft.location),
        *_whole("/bedrooms", draft.bedrooms, 0, ROOMS_MAX),
        *_whole("/beds", draft.beds, 0, ROOMS_MAX),
        *_bathrooms(draft.bathrooms),
        *_amenities(draft.amenities),
        *_terms(draft.terms),
        *_rating(draft),
    ]


def unit_errors(units: int, unit_names: Sequence[str]) -> list[FieldError]:
    """Return what is wrong with the units a property begins with: names, where there are any, are one for each."""
    errors = list(_whole("/units", units, 1, UNITS_MAX))
    if not unit_names:
        return errors
    if len(unit_names) > NAMED_UNITS_MAX:
        return [*errors, _error("/unit_names", "too_many", f"At most {NAMED_UNITS_MAX} units can have names.")]
    if len(unit_names) != units:
        errors.append(_error("/unit_names", "wrong_count", "Name every unit once, or none."))
    for place, name in enumerate(unit_names):
        pointer = f"/unit_names/{place}"
        if len(name) > UNIT_NAME_MAX or not _UNIT_NAME.fullmatch(name):
            detail = f"A unit's name has up to {UNIT_NAME_MAX} letters, digits, spaces and . # / - _ characters."
            errors.append(_error(pointer, "malformed", detail))
        elif name in unit_names[:place]:
            errors.append(_error(pointer, "duplicate", "Two units have this name."))
    return errors


def night_errors(first: date, end: date, terms: NightTerms | None) -> list[FieldError]:
    """Return what is wrong with terms for the nights in [first, end)."""
    errors = [
        _error(pointer, "out_of_range", f"Dates lie between {FIRST_NIGHT} and {END_NIGHT}.")
        for pointer, day in (("/first", first), ("/end", end))
        if not FIRST_NIGHT <= day <= END_NIGHT
    ]
    if end <= first:
        errors.append(_error("/end", "empty_or_negative_range", "The end must be after the first night."))
    elif (end - first).days > RANGE_NIGHTS_MAX:
        errors.append(_error("/end", "range_too_long", f"At most {RANGE_NIGHTS_MAX} nights at a time."))
    if terms is not None:
        errors += _night_terms(terms)
    return errors


@cache
def zones() -> frozenset[str]:
    """Return the IANA zones a property may lie in; the list is read once."""
    # Names without an area (EST, GMT0, Factory) are relics that say nothing of a place and its summer time.
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def _night_terms(terms: NightTerms) -> Iterator[FieldError]:
    if terms.price_minor is not None:
        yield from _price("/price/amount", terms.price_minor)
    if terms.min_nights is not None:
        yield from _whole("/min_nights", terms.min_nights, 1, STAY_NIGHTS_MAX)
    if terms.max_nights is not None:
        yield from _whole("/max_nights", terms.max_nights, 1, STAY_NIGHTS_MAX)
    if (terms.min_nights or 0) > (terms.max_nights or STAY_NIGHTS_MAX):
        yield _error("/max_nights", "below_minimum", "The longest stay is shorter than the shortest.")


def _location(location: Location) -> Iterator[FieldError]:
    yield from _line("/location/address", location.address, ADDRESS_MAX)
    yield from _line("/location/neighbourhood", location.neighbourhood, ADDRESS_MAX, may_be_empty=True)
    yield from _line("/location/city", location.city, CITY_MAX)
    if location.country not in COUNTRIES:
        yield _error("/location/country", "unknown_country", "Use a country code of ISO 3166-1, such as US.")
    yield from _real("/location/latitude", location.latitude, -90, 90)
    yield from _real("/location/longitude", location.longitude, -180, 180)


def _bathrooms(bathrooms: float) -> Iterator[FieldError]:
    wrong = list(_real("/bathrooms", bathrooms, 0, ROOMS_MAX))
    yield from wrong
    if not wrong and bathrooms * 2 % 1:
        yield _error("/bathrooms", "not_in_halves", "Bathrooms are counted in halves.")


def _amenities(amenities: Sequence[str]) -> Iterator[FieldError]:
    if len(amenities) > AMENITIES_MAX:
        yield _error("/amenities", "too_many", f"At most {AMENITIES_MAX} amenities.")
        return
    for place, code in enumerate(amenities):
        if len(code) > CODE_MAX or not _CODE.fullmatch(code):
            detail = f"An amenity is a code such as free_parking, of at most {CODE_MAX} characters."
            yield _error(f"/amenities/{place}", "malformed", detail)
        elif code in amenities[:place]:
            yield _error(f"/amenities/{place}", "duplicate", "This amenity is named twice.")


def _rating(draft: PropertyDraft) -> Iterator[FieldError]:
    if draft.rating is not None:
        yield from _real("/rating", draft.rating, 0, RATING_MAX)
    yield from _whole("/reviews", draft.reviews, 0, 10**9)


def _terms(terms: StayTerms) -> Iterator[FieldError]:
    if terms.zone not in zones():
        yield _error("/terms/zone", "unknown_zone", "Use a zone of the IANA database, such as America/New_York.")
    yield from _prices(terms)
    yield from _whole("/terms/guests_max", terms.guests_max, 1, GUESTS_MAX)
    yield from _whole("/terms/guests_included", terms.guests_included, 1, GUESTS_MAX)
    if terms.guests_included > terms.guests_max:
        yield _error("/terms/guests_included", "above_maximum", "More guests are included than can stay.")
    yield from _whole("/terms/tax_bp", terms.tax_bp, 0, BASIS_POINTS)
    yield from _discounts(terms.discounts)
    yield from _ahead_discounts("early_bird", terms.early_bird, BOOKING_WINDOW_DAYS_MAX)
    yield from _ahead_discounts("last_minute", terms.last_minute, BOOKING_WINDOW_DAYS_MAX)
    yield from _adjustments(terms.adjustments)
    yield from _whole("/terms/pets_max", terms.pets_max, 0, PETS_MAX)
    yield from _whole("/terms/service_bp", terms.service_bp, 0, SERVICE_BP_MAX)
    yield from _stay_limits(terms)
    for name, moment in (("check_in_from", terms.check_in_from), ("check_out_until", terms.check_out_until)):
        if moment != time(moment.hour, moment.minute):
            yield _error(f"/terms/{name}", "malformed", "A time of day has hours and minutes only.")
    yield from _policy(terms.policy)


def _prices(terms: StayTerms) -> Iterator[FieldError]:
    if not is_currency(terms.currency):
        detail = "Use the three capital letters of a currency this product trades in, such as USD."
        yield _error("/terms/base_price/currency", "unsupported_currency", detail)
    yield from _price("/terms/base_price/amount", terms.base_minor)
    if terms.weekend_minor is not None:
        yield from _price("/terms/weekend_price/amount", terms.weekend_minor)
    yield from _price("/terms/cleaning_fee/amount", terms.cleaning_minor)
    yield from _price("/terms/extra_guest_fee/amount", terms.extra_guest_minor)
    yield from _price("/terms/pet_fee/amount", terms.pet_minor)


def _discounts(discounts: Sequence[LengthDiscount]) -> Iterator[FieldError]:
    if len(discounts) > DISCOUNTS_MAX:
        yield _error("/terms/discounts", "too_many", f"At most {DISCOUNTS_MAX} discounts.")
        return
    for place, discount in enumerate(discounts):
        pointer = f"/terms/discounts/{place}"
        yield from _whole(f"{pointer}/nights", discount.nights, 2, STAY_NIGHTS_MAX)
        yield from _whole(f"{pointer}/percent_bp", discount.percent_bp, 1, BASIS_POINTS)
        if place and discount.nights <= discounts[place - 1].nights:
            yield _error(f"{pointer}/nights", "not_ascending", "Discounts go from the shortest stay to the longest.")


def _ahead_discounts(name: str, discounts: Sequence[AheadDiscount], days_most: int) -> Iterator[FieldError]:
    if len(discounts) > DISCOUNTS_MAX:
        yield _error(f"/terms/{name}", "too_many", f"At most {DISCOUNTS_MAX} discounts.")
        return
    for place, discount in enumerate(discounts):
        pointer = f"/terms/{name}/{place}"
        yield from _whole(f"{pointer}/days", discount.days, 0, days_most)
        yield from _whole(f"{pointer}/percent_bp", discount.percent_bp, 1, BASIS_POINTS)
        if place and discount.days <= discounts[place - 1].days:
            yield _error(f"{pointer}/days", "not_ascending", "Discounts go from the fewest days to the most.")


def _adjustments(adjustments: Sequence[Adjustment]) -> Iterator[FieldError]:
    if len(adjustments) > ADJUSTMENTS_MAX:
        yield _error("/terms/adjustments", "too_many", f"At most {ADJUSTMENTS_MAX} adjustments.")
        return
    for place, each in enumerate(adjustments):
        pointer = f"/terms/adjustments/{place}"
        yield from _line(f"{pointer}/name", each.name, ADJUSTMENT_NAME_MAX)
        yield from _whole(f"{pointer}/percent_bp", each.percent_bp, ADJUSTMENT_BP_MIN, ADJUSTMENT_BP_MAX)
        if each.percent_bp == 0:
            yield _error(f"{pointer}/percent_bp", "zero", "This would change nothing.")
        yield from _weekdays(pointer, each.weekdays)
        yield from _season(pointer, each.first, each.end)


def _weekdays(pointer: str, weekdays: Sequence[int]) -> Iterator[FieldError]:
    for place, weekday in enumerate(weekdays):
        yield from _whole(f"{pointer}/weekdays/{place}", weekday, 0, 6)
        if weekday in weekdays[:place]:
            yield _error(f"{pointer}/weekdays/{place}", "duplicate", "This day is named twice.")


def _season(pointer: str, first: date | None, end: date | None) -> Iterator[FieldError]:
    for name, day in (("first", first), ("end", end)):
        if day is not None and not FIRST_NIGHT <= day <= END_NIGHT:
            yield _error(f"{pointer}/{name}", "out_of_range", f"Dates lie between {FIRST_NIGHT} and {END_NIGHT}.")
    if first is not None and end is not None and end <= first:
        yield _error(f"{pointer}/end", "empty_or_negative_range", "The end must be after the first night.")


def _stay_limits(terms: StayTerms) -> Iterator[FieldError]:
    yield from _whole("/terms/min_nights", terms.min_nights, 1, STAY_NIGHTS_MAX)
    yield from _whole("/terms/max_nights", terms.max_nights, 1, STAY_NIGHTS_MAX)
    if terms.max_nights < terms.min_nights:
        yield _error("/terms/max_nights", "below_minimum", "The longest stay is shorter than the shortest.")
    yield from _whole("/terms/advance_notice_days", terms.advance_notice_days, 0, NOTICE_DAYS_MAX)
    yield from _whole("/terms/booking_window_days", terms.booking_window_days, 0, BOOKING_WINDOW_DAYS_MAX)
    if terms.booking_window_days < terms.advance_notice_days:
        detail = "Nobody can book less far ahead than the notice that is asked for."
        yield _error("/terms/booking_window_days", "below_notice", detail)
    yield from _whole("/terms/preparation_nights", terms.preparation_nights, 0, PREPARATION_NIGHTS_MAX)


def _policy(policy: CancellationPolicy) -> Iterator[FieldError]:
    if len(policy.name) > CODE_MAX or not _CODE.fullmatch(policy.name):
        yield _error("/terms/policy/name", "malformed", f"A policy's name is a code of at most {CODE_MAX} characters.")
    elif POLICIES.get(policy.name, policy) != policy:
        yield _error("/terms/policy/name", "reserved_name", "A policy of this name has other windows.")
    if len(policy.windows) > WINDOWS_MAX:
        yield _error("/terms/policy/windows", "too_many", f"At most {WINDOWS_MAX} windows.")
        return
    yield from _whole("/terms/policy/grace_hours", policy.grace_hours, 0, GRACE_HOURS_MAX)
    yield from _whole("/terms/policy/grace_days_before", policy.grace_days_before, 0, DAYS_BEFORE_MAX)
    for place, window in enumerate(policy.windows):
        pointer = f"/terms/policy/windows/{place}"
        yield from _whole(f"{pointer}/days_before", window.days_before, 0, DAYS_BEFORE_MAX)
        yield from _whole(f"{pointer}/nights_kept", window.nights_kept, 0, STAY_NIGHTS_MAX)
        yield from _shares(pointer, window.shares)
        if place:
            yield from _later_window(pointer, window, policy.windows[place - 1])
    if policy.after_check_in is not None:
        yield from _after_check_in(policy.after_check_in, policy.windows)


def _shares(pointer: str, shares: Shares) -> Iterator[FieldError]:
    for name in _SHARE_NAMES:
        if (share := getattr(shares, name)) is not None:
            yield from _whole(f"{pointer}/shares/{name}", share, 0, BASIS_POINTS)


def _later_window(pointer: str, window: RefundWindow, wider: RefundWindow) -> Iterator[FieldError]:
    if window.days_before >= wider.days_before:
        yield _error(f"{pointer}/days_before", "not_descending", "Windows go from the earliest day to the latest.")
    if window.nights_kept < wider.nights_kept:
        yield _error(f"{pointer}/nights_kept", "not_ascending", "A later cancellation cannot give back more.")
    yield from _no_more(pointer, window.shares, wider.shares)


def _no_more(pointer: str, shares: Shares, wider: Shares) -> Iterator[FieldError]:
    for name in _SHARE_NAMES:
        share, before = getattr(shares, name), getattr(wider, name)
        if (share is None) != (before is None):
            yield _error(f"{pointer}/shares/{name}", "mixed", "Give tax a share of its own everywhere or nowhere.")
        elif share is not None and share > before:
            yield _error(f"{pointer}/shares/{name}", "not_descending", "A later cancellation cannot give back more.")


def _after_check_in(after: AfterCheckIn, windows: tuple[RefundWindow, ...]) -> Iterator[FieldError]:
    pointer = "/terms/policy/after_check_in"
    yield from _whole(f"{pointer}/nights_more", after.nights_more, 0, STAY_NIGHTS_MAX)
    yield from _shares(pointer, after.shares)
    if not windows or windows[-1].days_before:
        detail = "Who gives something back after check-in has a window that is open until then: of 0 days."
        yield _error("/terms/policy/windows", "no_last_window", detail)
        return
    if after.nights_more + 1 < windows[-1].nights_kept:
        yield _error(f"{pointer}/nights_more", "not_ascending", "A later cancellation cannot give back more.")
    yield from _no_more(pointer, after.shares, windows[-1].shares)


def _price(pointer: str, minor: int) -> Iterable[FieldError]:
    return _whole(pointer, minor, 0, PRICE_MAX_MINOR)


def _whole(pointer: str, value: int, least: int, most: int) -> Iterator[FieldError]:
    if not least <= value <= most:
        yield _error(pointer, "out_of_range", f"This must lie between {least} and {most}.")


def _real(pointer: str, value: float, least: int, most: int) -> Iterator[FieldError]:
    if not (isfinite(value) and least <= value <= most):
        yield _error(pointer, "out_of_range", f"This must lie between {least} and {most}.")


def _line(pointer: str, value: str, most: int, *, may_be_empty: bool = False) -> Iterator[FieldError]:
    if not value and may_be_empty:
        return
    if not value.strip():
        yield _error(pointer, "blank", "This cannot be blank.")
    yield from _characters(pointer, value, most, _NOT_IN_LINES)


def _text(pointer: str, value: str, most: int) -> Iterator[FieldError]:
    yield from _characters(pointer, value, most, _NOT_IN_TEXTS)


def _characters(pointer: str, value: str, most: int, forbidden: re.Pattern[str]) -> Iterator[FieldError]:
    if len(value) > most:
        yield _error(pointer, "too_long", f"At most {most} characters.")
    elif forbidden.search(value):
        yield _error(pointer, "control_character", "Control characters are not allowed here.")


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
