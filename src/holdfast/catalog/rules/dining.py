"""What may be said of how a restaurant seats parties: tables, services, special days, lengths, securities, policy."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, time
from typing import Final

from holdfast.catalog.dining_api import DINING_POLICIES
from holdfast.catalog.rules.checks import line, whole, zone
from holdfast.catalog.rules.limits import (
    BOOKING_WINDOW_DAYS_MAX,
    CODE_MAX,
    DAYS_BEFORE_MAX,
    END_NIGHT,
    FIRST_NIGHT,
    PRICE_MAX_MINOR,
    WINDOWS_MAX,
)
from holdfast.engine.money import BASIS_POINTS, is_currency
from holdfast.kit.errors import FieldError
from holdfast.verticals.cancellation import POLICIES, CancellationPolicy, RefundWindow, shares_of
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
    Service,
    SpecialDay,
    TurnTime,
)

TABLE_CODE_MAX: Final = 20
COMBINED_MIN: Final = 2
PRIORITY_MAX: Final = 1_000
SERVICES_MAX: Final = 20
SERVICE_NAME_MAX: Final = 60
PACING_MAX: Final = 10_000
"""More guests than any room has."""
SPECIAL_DAYS_MAX: Final = 400
"""A year and a month of them."""
NOTE_MAX: Final = 200
TURN_TIMES_MAX: Final = 20
MINUTES_MAX: Final = 24 * 60
NOTICE_MINUTES_MAX: Final = 30 * 24 * 60
SECURITIES_MAX: Final = 20
HOURS_BEFORE_MAX: Final = 30 * 24
TABLE_CODE: Final = "^[A-Za-z0-9-]+$"
FIRST_DAY: Final = FIRST_NIGHT
END_DAY: Final = END_NIGHT
WEEKDAYS: Final = 7
NOT_IN_LINES: Final = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls and halves of surrogate pairs, as at the edge."""

_TABLE_CODE: Final = re.compile(TABLE_CODE)
_CODE: Final = re.compile("[a-z0-9]+(?:_[a-z0-9]+)*")
_DAY_MINUTES: Final = 24 * 60


def terms_errors(terms: DiningTerms) -> Iterator[FieldError]:
    """Yield every wrong field of terms that stand at `/terms`."""
    yield from zone("/terms/zone", terms.zone)
    if not is_currency(terms.currency):
        detail = "Use the three capital letters of a currency this product trades in, such as USD."
        yield _error("/terms/currency", "unsupported_currency", detail)
    yield from _tables(terms.tables)
    yield from _combinations(terms.combinations, terms.tables)
    yield from _services(terms.services)
    yield from _special_days(terms.special_days, terms.services)
    yield from _turn_times(terms.turn_times)
    yield from _lengths(terms)
    yield from whole("/terms/party_max", terms.party_max, 1, PARTY_MAX)
    yield from _horizon(terms)
    yield from _securities(terms.securities)
    yield from _policy(terms.policy)
    yield from whole("/terms/tax_bp", terms.tax_bp, 0, BASIS_POINTS)


def day_errors(
    special: SpecialDay, services: Sequence[Service], *, pointer: str, date_pointer: str
) -> list[FieldError]:
    """Return what is wrong with one special day of a restaurant with these services."""
    errors = []
    if not FIRST_DAY <= special.day < END_DAY:
        errors.append(_error(date_pointer, "out_of_range", f"Dates lie from {FIRST_DAY} up to and without {END_DAY}."))
    errors += characters(f"{pointer}/note", special.note, NOTE_MAX, NOT_IN_LINES)
    known = {service.code: service for service in services}
    there: list[Service] = []
    for place, code in enumerate(special.services):
        here = f"{pointer}/services/{place}"
        service = known.get(code)
        if service is None:
            errors.append(_error(here, "unknown_service", "There is no service of this code."))
        elif service in there:
            errors.append(_error(here, "duplicate", "This is named twice."))
        elif clash := next((other for other in there if _seat_together(service, other)), None):
            errors.append(_overlap(here, clash, service))
        else:
            there.append(service)
    return errors


def characters(pointer: str, value: str, most: int, forbidden: re.Pattern[str]) -> Iterator[FieldError]:
    """Yield what is wrong with a text that may be empty."""
    if len(value) > most:
        yield _error(pointer, "too_long", f"At most {most} characters.")
    elif forbidden.search(value):
        yield _error(pointer, "control_character", "Control characters are not allowed here.")


def too_many_days(pointer: str) -> FieldError:
    """Return the finding for a special day more than there may be."""
    return _error(pointer, "too_many", f"At most {SPECIAL_DAYS_MAX} special days; take those away that have passed.")


def _tables(tables: Sequence[DiningTable]) -> Iterator[FieldError]:
    yield from _count("/terms/tables", len(tables), 1, TABLES_MAX)
    seen: set[str] = set()
    for place, table in enumerate(tables[:TABLES_MAX]):
        pointer = f"/terms/tables/{place}"
        if len(table.code) > TABLE_CODE_MAX or not _TABLE_CODE.fullmatch(table.code):
            detail = f"A table's code has 1 to {TABLE_CODE_MAX} letters, digits and hyphens."
            yield _error(f"{pointer}/code", "malformed", detail)
        elif table.code in seen:
            yield _error(f"{pointer}/code", "duplicate", "This is named twice.")
        seen.add(table.code)
        yield from _code(f"{pointer}/area", table.area)
        yield from _party(pointer, "seats_min", table.seats_min, "seats_max", table.seats_max)


def _combinations(combinations: Sequence[Combination], tables: Sequence[DiningTable]) -> Iterator[FieldError]:
    yield from _count("/terms/combinations", len(combinations), 0, COMBINATIONS_MAX)
    known = {table.code for table in tables}
    seen: set[frozenset[str]] = set()
    for place, combination in enumerate(combinations[:COMBINATIONS_MAX]):
        pointer = f"/terms/combinations/{place}"
        members = frozenset(combination.tables)
        yield from _members(f"{pointer}/tables", combination.tables, known)
        if members in seen:
            yield _error(f"{pointer}/tables", "duplicate", "These tables are put together twice.")
        seen.add(members)
        yield from _party(pointer, "party_min", combination.party_min, "party_max", combination.party_max)
        yield from whole(f"{pointer}/priority", combination.priority, 0, PRIORITY_MAX)


def _members(pointer: str, codes: Sequence[str], known: set[str]) -> Iterator[FieldError]:
    yield from _count(pointer, len(codes), COMBINED_MIN, COMBINED_MAX)
    for place, code in enumerate(codes[:COMBINED_MAX]):
        if code not in known:
            yield _error(f"{pointer}/{place}", "unknown_table", "There is no table of this code.")
        elif code in codes[:place]:
            yield _error(f"{pointer}/{place}", "duplicate", "This is named twice.")


def _services(services: Sequence[Service]) -> Iterator[FieldError]:
    yield from _count("/terms/services", len(services), 1, SERVICES_MAX)
    for place, service in enumerate(services[:SERVICES_MAX]):
        pointer = f"/terms/services/{place}"
        yield from _code(f"{pointer}/code", service.code)
        before = services[:place]
        if any(service.code == other.code for other in before):
            yield _error(f"{pointer}/code", "duplicate", "This is named twice.")
        yield from line(f"{pointer}/name", service.name, SERVICE_NAME_MAX)
        yield from _weekdays(f"{pointer}/weekdays", service.weekdays)
        yield from _hours(pointer, service)
        yield from _pacing(pointer, service)
        days = set(service.weekdays)
        if clash := next(
            (each for each in before if days & set(each.weekdays) and _seat_together(service, each)), None
        ):
            yield _overlap(f"{pointer}/first_seating", clash, service)


def _weekdays(pointer: str, weekdays: Sequence[int]) -> Iterator[FieldError]:
    for place, day in enumerate(weekdays):
        yield from whole(f"{pointer}/{place}", day, 0, WEEKDAYS - 1)
        if day in weekdays[:place]:
            yield _error(f"{pointer}/{place}", "duplicate", "This is named twice.")


def _hours(pointer: str, service: Service) -> Iterator[FieldError]:
    first, last = service.first_seating, service.last_seating
    for name, moment in (("first_seating", first), ("last_seating", last)):
        if moment != time(moment.hour, moment.minute // SLOT_MINUTES * SLOT_MINUTES):
            yield _error(f"{pointer}/{name}", "not_on_a_quarter", "Parties are seated on quarters of an hour.")
    if last < first:
        yield _error(f"{pointer}/last_seating", "empty_or_negative_range", "The last seating is before the first.")


def _pacing(pointer: str, service: Service) -> Iterator[FieldError]:
    for name in ("covers_per_slot", "parties_per_slot", "present_max"):
        if (most := getattr(service, name)) is not None:
            yield from whole(f"{pointer}/{name}", most, 1, PACING_MAX)
    yield from whole(f"{pointer}/online_bp", service.online_bp, 0, BASIS_POINTS)


def _seat_together(one: Service, other: Service) -> bool:
    """Return whether two services of one day have a seating at the same time."""
    return one.first_seating <= other.last_seating and other.first_seating <= one.last_seating


def _overlap(pointer: str, one: Service, other: Service) -> FieldError:
    detail = f"{one.code[:CODE_MAX]} and {other.code[:CODE_MAX]} seat parties at the same time of one day."
    return _error(pointer, "overlap", detail)


def _special_days(special_days: Sequence[SpecialDay], services: Sequence[Service]) -> Iterator[FieldError]:
    if len(special_days) > SPECIAL_DAYS_MAX:
        yield too_many_days("/terms/special_days")
    seen: set[date] = set()
    for place, special in enumerate(special_days[:SPECIAL_DAYS_MAX]):
        pointer = f"/terms/special_days/{place}"
        yield from day_errors(special, services, pointer=pointer, date_pointer=f"{pointer}/date")
        if special.day in seen:
            yield _error(f"{pointer}/date", "duplicate", "This is named twice.")
        seen.add(special.day)


def _turn_times(turn_times: Sequence[TurnTime]) -> Iterator[FieldError]:
    yield from _count("/terms/turn_times", len(turn_times), 1, TURN_TIMES_MAX)
    for place, turn in enumerate(turn_times[:TURN_TIMES_MAX]):
        pointer = f"/terms/turn_times/{place}"
        yield from whole(f"{pointer}/party_max", turn.party_max, 1, PARTY_MAX)
        yield from _minutes(f"{pointer}/minutes", turn.minutes)
        if place and turn.party_max <= turn_times[place - 1].party_max:
            yield _error(
                f"{pointer}/party_max", "not_ascending", "Turn times go from the smallest parties to the largest."
            )


def _lengths(terms: DiningTerms) -> Iterator[FieldError]:
    yield from _minutes("/terms/minutes_min", terms.minutes_min)
    yield from _minutes("/terms/minutes_max", terms.minutes_max)
    if terms.minutes_max < terms.minutes_min:
        yield _error("/terms/minutes_max", "below_minimum", "The longest stay is shorter than the shortest.")


def _horizon(terms: DiningTerms) -> Iterator[FieldError]:
    yield from whole("/terms/notice_minutes", terms.notice_minutes, 0, NOTICE_MINUTES_MAX)
    yield from whole("/terms/booking_window_days", terms.booking_window_days, 0, BOOKING_WINDOW_DAYS_MAX)
    if terms.notice_minutes >= (terms.booking_window_days + 1) * _DAY_MINUTES:
        detail = "Nobody can book: the window ends before the notice."
        yield _error("/terms/booking_window_days", "below_notice", detail)


def _securities(securities: Sequence[Security]) -> Iterator[FieldError]:
    yield from _count("/terms/securities", len(securities), 0, SECURITIES_MAX)
    for place, security in enumerate(securities[:SECURITIES_MAX]):
        pointer = f"/terms/securities/{place}"
        yield from whole(f"{pointer}/party_min", security.party_min, 1, PARTY_MAX)
        yield from whole(f"{pointer}/per_cover/amount", security.per_cover_minor, 1, PRICE_MAX_MINOR)
        if place and security.party_min <= securities[place - 1].party_min:
            detail = "Securities go from the smallest parties to the largest."
            yield _error(f"{pointer}/party_min", "not_ascending", detail)


def _policy(policy: CancellationPolicy) -> Iterator[FieldError]:
    pointer = "/terms/policy"
    if len(policy.name) > CODE_MAX or not _CODE.fullmatch(policy.name):
        yield _error(f"{pointer}/name", "malformed", f"A policy's name is a code of at most {CODE_MAX} characters.")
    elif (DINING_POLICIES.get(policy.name) or POLICIES.get(policy.name) or policy) != policy:
        yield _error(f"{pointer}/name", "reserved_name", "A policy of this name has other windows.")
    yield from _count(f"{pointer}/windows", len(policy.windows), 0, WINDOWS_MAX)
    windows = policy.windows[:WINDOWS_MAX]
    for place, window in enumerate(windows):
        yield from _window(f"{pointer}/windows/{place}", window, windows[place - 1] if place else None)
    if policy != CancellationPolicy(name=policy.name, windows=policy.windows) or any(map(_is_of_stays, windows)):
        yield _error(pointer, "malformed", "A restaurant's policy has windows with one share each, and nothing else.")


def _window(pointer: str, window: RefundWindow, wider: RefundWindow | None) -> Iterator[FieldError]:
    share = window.shares.nights_bp
    yield from whole(f"{pointer}/days_before", window.days_before, 0, DAYS_BEFORE_MAX)
    yield from whole(f"{pointer}/hours_before", window.hours_before, 0, HOURS_BEFORE_MAX)
    yield from whole(f"{pointer}/share_bp", share, 0, BASIS_POINTS)
    if wider is None:
        return
    if _hours_ahead(window) >= _hours_ahead(wider):
        yield _error(pointer, "not_descending", "Windows go from the earliest deadline to the latest.")
    if share > wider.shares.nights_bp:
        yield _error(f"{pointer}/share_bp", "not_descending", "A later cancellation cannot give back more.")


def _hours_ahead(window: RefundWindow) -> int:
    return window.days_before * 24 + window.hours_before


def _is_of_stays(window: RefundWindow) -> bool:
    """Return whether a window says what only stays have."""
    return window.nights_kept != 0 or window.shares != shares_of(window.shares.nights_bp)


def _party(pointer: str, least_name: str, least: int, most_name: str, most: int) -> Iterator[FieldError]:
    yield from whole(f"{pointer}/{least_name}", least, 1, PARTY_MAX)
    yield from whole(f"{pointer}/{most_name}", most, 1, PARTY_MAX)
    if most < least:
        yield _error(f"{pointer}/{most_name}", "below_minimum", "The largest party is smaller than the smallest.")


def _minutes(pointer: str, minutes: int) -> Iterator[FieldError]:
    yield from whole(pointer, minutes, SLOT_MINUTES, MINUTES_MAX)
    if minutes % SLOT_MINUTES:
        yield _error(pointer, "not_in_quarters", "Lengths are multiples of a quarter of an hour.")


def _code(pointer: str, code: str) -> Iterator[FieldError]:
    if len(code) > CODE_MAX or not _CODE.fullmatch(code):
        yield _error(pointer, "malformed", f"This is a code such as main_room, of at most {CODE_MAX} characters.")


def _count(pointer: str, count: int, least: int, most: int) -> Iterator[FieldError]:
    if count < least:
        yield _error(pointer, "too_short", f"At least {least} of them.")
    elif count > most:
        yield _error(pointer, "too_many", f"At most {most} of them.")


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
