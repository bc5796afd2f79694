"""What may be said of dated flights and what they are sold for, and when flights of a schedule depart. Pure.

Pointers are those of the bodies of `/v1`. The same limits stand as CHECKs in `models`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from holdfast.catalog.airline_api import Airplane, Airport, ScheduleDraft
from holdfast.catalog.flights_api import CabinFares, Fares, FlightDraft
from holdfast.catalog.rules.checks import line, price, whole
from holdfast.catalog.rules.limits import CODE_MAX, END_NIGHT, FIRST_NIGHT
from holdfast.catalog.rules.policies import policy_errors
from holdfast.engine.money import BASIS_POINTS, is_currency
from holdfast.kit.errors import FieldError
from holdfast.verticals.flights.terms import FareBrand
from holdfast.verticals.flights.times import instant

NAME_MAX: Final = 100
NUMBER_MIN: Final = 3
NUMBER_MAX: Final = 7
NUMBER: Final = r"^([A-Z][A-Z0-9]|[0-9][A-Z])[0-9]{1,4}[A-Z]?$"
FLIGHT_MINUTES_MIN: Final = 1
FLIGHT_MINUTES_MAX: Final = 24 * 60
DAY_OFFSET_MIN: Final = -1
DAY_OFFSET_MAX: Final = 2
CABINS_MAX: Final = 4
BUCKETS_MAX: Final = 26
BUCKET_SEATS_MAX: Final = 1_000
BRANDS_MAX: Final = 6
BAGS_MAX: Final = 9
OVERBOOKING_MAX: Final = 200
SALES_CLOSE_MINUTES_MAX: Final = 7 * 24 * 60

_MINUTE: Final = timedelta(minutes=1)
_NUMBER: Final = re.compile(NUMBER)
_BUCKET: Final = re.compile("[A-Z]")
_CODE: Final = re.compile(r"[a-z0-9]+(?:_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """What the catalog knows of what a draft refers to; None: there is no such thing."""

    origin: Airport | None
    destination: Airport | None
    airplane: Airplane | None

    def known(self) -> tuple[Airport, Airport, Airplane]:
        """Return them all.

        Raises:
            ValueError: One is not there, which `reference_errors` would have said.
        """
        if self.origin is None or self.destination is None or self.airplane is None:
            raise ValueError("judge the draft first")
        return self.origin, self.destination, self.airplane


def number_errors(draft: FlightDraft | ScheduleDraft) -> Iterator[FieldError]:
    """Yield what is wrong with a flight's name and its ends, as far as it can be told without them."""
    if not _NUMBER.fullmatch(draft.number):
        detail = "A flight's number is two characters of the airline's, up to four digits and perhaps a letter: HF101."
        yield _error("/number", "malformed", detail)
    yield from line("/airline_name", draft.airline_name, NAME_MAX)
    if draft.origin_id == draft.destination_id:
        yield _error("/destination_id", "same_airport", "A flight ends elsewhere than it begins.")


def flight_errors(draft: FlightDraft, ends: Ends) -> list[FieldError]:
    """Return every wrong field of a dated flight."""
    return [*leg_errors(draft, ends), *fares_errors(draft.fares, ends.airplane)]


def leg_errors(draft: FlightDraft, ends: Ends) -> list[FieldError]:
    """Return every wrong field of a dated flight but those of its fares."""
    errors = [*number_errors(draft), *reference_errors(ends)]
    dates = [*day_errors("/date", draft.day), *whole("/day_offset", draft.day_offset, DAY_OFFSET_MIN, DAY_OFFSET_MAX)]
    if not dates and ends.origin is not None and ends.destination is not None:
        dates += _times(draft, ends.origin.draft.zone, ends.destination.draft.zone)
    return errors + dates


def reference_errors(ends: Ends) -> Iterator[FieldError]:
    """Yield what a draft refers to and is not there."""
    if ends.origin is None:
        yield _error("/origin_id", "unknown_airport", "There is no such airport.")
    if ends.destination is None:
        yield _error("/destination_id", "unknown_airport", "There is no such airport.")
    if ends.airplane is None:
        yield _error("/airplane_id", "unknown_airplane", "You have no such airplane.")


def fares_errors(fares: Fares, airplane: Airplane | None) -> Iterator[FieldError]:
    """Yield every wrong field of what a flight with an airplane is sold for."""
    plane = None if airplane is None else airplane.draft
    if not is_currency(fares.currency):
        detail = "Use the three capital letters of a currency this product trades in, such as USD."
        yield _error("/fares/tax/currency", "unsupported_currency", detail)
    elif plane is not None and plane.currency not in {None, fares.currency}:
        detail = f"The seats of the airplane have prices in {plane.currency}."
        yield _error("/fares/tax/currency", "currency_mismatch", detail)
    yield from price("/fares/tax/amount", fares.tax_minor)
    yield from whole("/fares/child_bp", fares.child_bp, 0, BASIS_POINTS)
    yield from whole("/fares/infant_bp", fares.infant_bp, 0, BASIS_POINTS)
    yield from whole("/fares/sales_close_minutes", fares.sales_close_minutes, 0, SALES_CLOSE_MINUTES_MAX)
    if not 1 <= len(fares.cabins) <= CABINS_MAX:
        yield _error("/fares/cabins", "wrong_count", f"A flight is sold in one to {CABINS_MAX} cabins.")
        return
    there = None if plane is None else {cabin.code for cabin in plane.cabins}
    for place, cabin in enumerate(fares.cabins):
        pointer = f"/fares/cabins/{place}"
        if any(cabin.code == other.code for other in fares.cabins[:place]):
            yield _error(f"{pointer}/code", "duplicate", "This cabin is named twice.")
        elif there is not None and cabin.code not in there:
            yield _error(f"{pointer}/code", "unknown_cabin", "The airplane has no such cabin.")
        yield from whole(f"{pointer}/overbooking", cabin.overbooking, 0, OVERBOOKING_MAX)
        yield from _buckets(pointer, cabin)
        yield from _brands(pointer, cabin.brands)


def real_minutes(draft: FlightDraft, origin_zone: str, destination_zone: str) -> int:
    """Return how long a flight takes in real time."""
    departs, arrives = local_times(draft)
    return (instant(arrives, destination_zone) - instant(departs, origin_zone)) // _MINUTE


def local_times(draft: FlightDraft) -> tuple[datetime, datetime]:
    """Return the wall times of departure and arrival."""
    arrival_day = draft.day + timedelta(days=draft.day_offset)
    return datetime.combine(draft.day, draft.departs), datetime.combine(arrival_day, draft.arrives)


def _times(draft: FlightDraft, origin_zone: str, destination_zone: str) -> Iterator[FieldError]:
    departs, arrives = local_times(draft)
    errors = [*_exists("/departs", departs, origin_zone), *_exists("/arrives", arrives, destination_zone)]
    yield from errors
    if errors:
        return
    minutes = real_minutes(draft, origin_zone, destination_zone)
    if minutes < FLIGHT_MINUTES_MIN:
        yield _error("/arrives", "not_after_departure", "By the clocks of both ends it would arrive before it departs.")
    elif minutes > FLIGHT_MINUTES_MAX:
        yield _error("/arrives", "flight_too_long", f"No flight takes more than {FLIGHT_MINUTES_MAX // 60} hours.")


def _exists(pointer: str, local: datetime, zone: str) -> Iterator[FieldError]:
    if not is_clock_face(local.time()):
        yield _error(pointer, "malformed", "A time of day has hours and minutes only.")
    elif shown_at(local, zone) != local:
        yield _error(pointer, "nonexistent_time", f"The clocks of {zone} skip this time on {local.date()}.")


def shown_at(local: datetime, zone: str) -> datetime:
    """Return what clocks show when a wall time comes: itself, but for one that they skip, which they show moved on."""
    return instant(local, zone).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def is_clock_face(at: time) -> bool:
    """Return whether a time of day has hours and minutes only."""
    return not at.second and not at.microsecond and at.tzinfo is None


def day_errors(pointer: str, day: date) -> Iterator[FieldError]:
    """Yield what is wrong with a date."""
    if not FIRST_NIGHT <= day <= END_NIGHT:
        yield _error(pointer, "out_of_range", f"Dates lie between {FIRST_NIGHT} and {END_NIGHT}.")


def _buckets(pointer: str, cabin: CabinFares) -> Iterator[FieldError]:
    if not 1 <= len(cabin.buckets) <= BUCKETS_MAX:
        yield _error(f"{pointer}/buckets", "wrong_count", f"A cabin has one to {BUCKETS_MAX} buckets.")
        return
    for place, bucket in enumerate(cabin.buckets):
        here = f"{pointer}/buckets/{place}"
        if not _BUCKET.fullmatch(bucket.code):
            yield _error(f"{here}/code", "malformed", "A bucket is called by a capital letter.")
        elif any(bucket.code == other.code for other in cabin.buckets[:place]):
            yield _error(f"{here}/code", "duplicate", "This bucket is named twice.")
        yield from whole(f"{here}/seats", bucket.seats, 1, BUCKET_SEATS_MAX)
        yield from price(f"{here}/fare/amount", bucket.fare_minor)
        if place and bucket.fare_minor < cabin.buckets[place - 1].fare_minor:
            yield _error(f"{here}/fare/amount", "not_ascending", "Buckets go from the cheapest to the dearest.")


def _brands(pointer: str, brands: Sequence[FareBrand]) -> Iterator[FieldError]:
    if not 1 <= len(brands) <= BRANDS_MAX:
        yield _error(f"{pointer}/brands", "wrong_count", f"A cabin has one to {BRANDS_MAX} brands.")
        return
    for place, brand in enumerate(brands):
        here = f"{pointer}/brands/{place}"
        if len(brand.code) > CODE_MAX or not _CODE.fullmatch(brand.code):
            detail = f"A brand's code is like basic or flex_plus, of at most {CODE_MAX} characters."
            yield _error(f"{here}/code", "malformed", detail)
        elif any(brand.code == other.code for other in brands[:place]):
            yield _error(f"{here}/code", "duplicate", "This brand is named twice.")
        yield from line(f"{here}/name", brand.name, NAME_MAX)
        yield from price(f"{here}/extra/amount", brand.extra_minor)
        if place and brand.extra_minor < brands[place - 1].extra_minor:
            yield _error(f"{here}/extra/amount", "not_ascending", "Brands go from the plainest to the fullest.")
        yield from price(f"{here}/change_fee/amount", brand.change_fee_minor)
        yield from whole(f"{here}/bags", brand.bags, 0, BAGS_MAX)
        yield from policy_errors(f"{here}/policy", brand.policy)


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
