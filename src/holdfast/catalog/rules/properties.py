"""What may be said of a property. Pure: a draft in, every wrong field out, each with a pointer into the body of `/v1`.

The same limits stand as CHECKs in `models`, so that no other road into the database is wider than this one.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, time

from holdfast.catalog.api import SERVICE_BP_MAX, Location, PropertyDraft
from holdfast.catalog.rules.checks import country, line, price, real, whole, zone
from holdfast.catalog.rules.limits import (
    ADDRESS_MAX,
    ADJUSTMENT_BP_MAX,
    ADJUSTMENT_BP_MIN,
    ADJUSTMENT_NAME_MAX,
    ADJUSTMENTS_MAX,
    AMENITIES_MAX,
    BOOKING_WINDOW_DAYS_MAX,
    CITY_MAX,
    CODE_MAX,
    DISCOUNTS_MAX,
    END_NIGHT,
    FIRST_NIGHT,
    GUESTS_MAX,
    HOUSE_RULES_MAX,
    NAME_MAX,
    NAMED_UNITS_MAX,
    NOTICE_DAYS_MAX,
    PETS_MAX,
    PREPARATION_NIGHTS_MAX,
    RANGE_NIGHTS_MAX,
    RATING_MAX,
    ROOMS_MAX,
    TEXT_MAX,
    UNIT_NAME_MAX,
    UNITS_MAX,
)
from holdfast.catalog.rules.policies import policy_errors
from holdfast.engine.money import BASIS_POINTS, is_currency
from holdfast.kit.errors import FieldError
from holdfast.verticals.stays import STAY_NIGHTS_MAX, Adjustment, AheadDiscount, LengthDiscount, NightTerms, StayTerms

_CODE = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")
_UNIT_NAME = re.compile(r"[^\W_](?:[\w .#/-]*[\w#])?")
# Controls and halves of surrogate pairs, as at the edge.
_NOT_IN_TEXTS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def draft_errors(draft: PropertyDraft) -> list[FieldError]:
    """Return every wrong field of a draft; pointers are those of the body of `/v1/owner/properties`."""
    return [
        *line("/name", draft.name, NAME_MAX),
        *_text("/description", draft.description, TEXT_MAX),
        *_text("/house_rules", draft.house_rules, HOUSE_RULES_MAX),
        *_location(draft.location),
        *whole("/bedrooms", draft.bedrooms, 0, ROOMS_MAX),
        *whole("/beds", draft.beds, 0, ROOMS_MAX),
        *_bathrooms(draft.bathrooms),
        *_amenities(draft.amenities),
        *_terms(draft.terms),
        *_rating(draft),
    ]


def unit_errors(units: int, unit_names: Sequence[str]) -> list[FieldError]:
    """Return what is wrong with the units a property begins with: names, where there are any, are one for each."""
    errors = list(whole("/units", units, 1, UNITS_MAX))
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


def _night_terms(terms: NightTerms) -> Iterator[FieldError]:
    if terms.price_minor is not None:
        yield from price("/price/amount", terms.price_minor)
    if terms.min_nights is not None:
        yield from whole("/min_nights", terms.min_nights, 1, STAY_NIGHTS_MAX)
    if terms.max_nights is not None:
        yield from whole("/max_nights", terms.max_nights, 1, STAY_NIGHTS_MAX)
    if (terms.min_nights or 0) > (terms.max_nights or STAY_NIGHTS_MAX):
        yield _error("/max_nights", "below_minimum", "The longest stay is shorter than the shortest.")


def _location(location: Location) -> Iterator[FieldError]:
    yield from line("/location/address", location.address, ADDRESS_MAX)
    if location.neighbourhood:
        yield from line("/location/neighbourhood", location.neighbourhood, ADDRESS_MAX)
    yield from line("/location/city", location.city, CITY_MAX)
    yield from country("/location/country", location.country)
    yield from real("/location/latitude", location.latitude, -90, 90)
    yield from real("/location/longitude", location.longitude, -180, 180)


def _bathrooms(bathrooms: float) -> Iterator[FieldError]:
    wrong = list(real("/bathrooms", bathrooms, 0, ROOMS_MAX))
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
        yield from real("/rating", draft.rating, 0, RATING_MAX)
    yield from whole("/reviews", draft.reviews, 0, 10**9)


def _terms(terms: StayTerms) -> Iterator[FieldError]:
    yield from zone("/terms/zone", terms.zone)
    yield from _prices(terms)
    yield from whole("/terms/guests_max", terms.guests_max, 1, GUESTS_MAX)
    yield from whole("/terms/guests_included", terms.guests_included, 1, GUESTS_MAX)
    if terms.guests_included > terms.guests_max:
        yield _error("/terms/guests_included", "above_maximum", "More guests are included than can stay.")
    yield from whole("/terms/tax_bp", terms.tax_bp, 0, BASIS_POINTS)
    yield from _discounts(terms.discounts)
    yield from _ahead_discounts("early_bird", terms.early_bird, BOOKING_WINDOW_DAYS_MAX)
    yield from _ahead_discounts("last_minute", terms.last_minute, BOOKING_WINDOW_DAYS_MAX)
    yield from _adjustments(terms.adjustments)
    yield from whole("/terms/pets_max", terms.pets_max, 0, PETS_MAX)
    yield from whole("/terms/service_bp", terms.service_bp, 0, SERVICE_BP_MAX)
    yield from _stay_limits(terms)
    for name, moment in (("check_in_from", terms.check_in_from), ("check_out_until", terms.check_out_until)):
        if moment != time(moment.hour, moment.minute):
            yield _error(f"/terms/{name}", "malformed", "A time of day has hours and minutes only.")
    yield from policy_errors("/terms/policy", terms.policy)


def _prices(terms: StayTerms) -> Iterator[FieldError]:
    if not is_currency(terms.currency):
        detail = "Use the three capital letters of a currency this product trades in, such as USD."
        yield _error("/terms/base_price/currency", "unsupported_currency", detail)
    yield from price("/terms/base_price/amount", terms.base_minor)
    if terms.weekend_minor is not None:
        yield from price("/terms/weekend_price/amount", terms.weekend_minor)
    yield from price("/terms/cleaning_fee/amount", terms.cleaning_minor)
    yield from price("/terms/extra_guest_fee/amount", terms.extra_guest_minor)
    yield from price("/terms/pet_fee/amount", terms.pet_minor)


def _discounts(discounts: Sequence[LengthDiscount]) -> Iterator[FieldError]:
    if len(discounts) > DISCOUNTS_MAX:
        yield _error("/terms/discounts", "too_many", f"At most {DISCOUNTS_MAX} discounts.")
        return
    for place, discount in enumerate(discounts):
        pointer = f"/terms/discounts/{place}"
        yield from whole(f"{pointer}/nights", discount.nights, 2, STAY_NIGHTS_MAX)
        yield from whole(f"{pointer}/percent_bp", discount.percent_bp, 1, BASIS_POINTS)
        if place and discount.nights <= discounts[place - 1].nights:
            yield _error(f"{pointer}/nights", "not_ascending", "Discounts go from the shortest stay to the longest.")


def _ahead_discounts(name: str, discounts: Sequence[AheadDiscount], days_most: int) -> Iterator[FieldError]:
    if len(discounts) > DISCOUNTS_MAX:
        yield _error(f"/terms/{name}", "too_many", f"At most {DISCOUNTS_MAX} discounts.")
        return
    for place, discount in enumerate(discounts):
        pointer = f"/terms/{name}/{place}"
        yield from whole(f"{pointer}/days", discount.days, 0, days_most)
        yield from whole(f"{pointer}/percent_bp", discount.percent_bp, 1, BASIS_POINTS)
        if place and discount.days <= discounts[place - 1].days:
            yield _error(f"{pointer}/days", "not_ascending", "Discounts go from the fewest days to the most.")


def _adjustments(adjustments: Sequence[Adjustment]) -> Iterator[FieldError]:
    if len(adjustments) > ADJUSTMENTS_MAX:
        yield _error("/terms/adjustments", "too_many", f"At most {ADJUSTMENTS_MAX} adjustments.")
        return
    for place, each in enumerate(adjustments):
        pointer = f"/terms/adjustments/{place}"
        yield from line(f"{pointer}/name", each.name, ADJUSTMENT_NAME_MAX)
        yield from whole(f"{pointer}/percent_bp", each.percent_bp, ADJUSTMENT_BP_MIN, ADJUSTMENT_BP_MAX)
        if each.percent_bp == 0:
            yield _error(f"{pointer}/percent_bp", "zero", "This would change nothing.")
        yield from _weekdays(pointer, each.weekdays)
        yield from _season(pointer, each.first, each.end)


def _weekdays(pointer: str, weekdays: Sequence[int]) -> Iterator[FieldError]:
    for place, weekday in enumerate(weekdays):
        yield from whole(f"{pointer}/weekdays/{place}", weekday, 0, 6)
        if weekday in weekdays[:place]:
            yield _error(f"{pointer}/weekdays/{place}", "duplicate", "This day is named twice.")


def _season(pointer: str, first: date | None, end: date | None) -> Iterator[FieldError]:
    for name, day in (("first", first), ("end", end)):
        if day is not None and not FIRST_NIGHT <= day <= END_NIGHT:
            yield _error(f"{pointer}/{name}", "out_of_range", f"Dates lie between {FIRST_NIGHT} and {END_NIGHT}.")
    if first is not None and end is not None and end <= first:
        yield _error(f"{pointer}/end", "empty_or_negative_range", "The end must be after the first night.")


def _stay_limits(terms: StayTerms) -> Iterator[FieldError]:
    yield from whole("/terms/min_nights", terms.min_nights, 1, STAY_NIGHTS_MAX)
    yield from whole("/terms/max_nights", terms.max_nights, 1, STAY_NIGHTS_MAX)
    if terms.max_nights < terms.min_nights:
        yield _error("/terms/max_nights", "below_minimum", "The longest stay is shorter than the shortest.")
    yield from whole("/terms/advance_notice_days", terms.advance_notice_days, 0, NOTICE_DAYS_MAX)
    yield from whole("/terms/booking_window_days", terms.booking_window_days, 0, BOOKING_WINDOW_DAYS_MAX)
    if terms.booking_window_days < terms.advance_notice_days:
        detail = "Nobody can book less far ahead than the notice that is asked for."
        yield _error("/terms/booking_window_days", "below_notice", detail)
    yield from whole("/terms/preparation_nights", terms.preparation_nights, 0, PREPARATION_NIGHTS_MAX)


def _text(pointer: str, value: str, most: int) -> Iterator[FieldError]:
    if len(value) > most:
        yield _error(pointer, "too_long", f"At most {most} characters.")
    elif _NOT_IN_TEXTS.search(value):
        yield _error(pointer, "control_character", "Control characters are not allowed here.")


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
