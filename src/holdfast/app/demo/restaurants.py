"""Composes the demo's restaurants: named by hand in restaurants.csv, furnished by style, set among the homes.

None of them exists. Their positions lie between homes of their neighborhood, their contacts are reserved for examples.
"""

import csv
import io
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import cache
from importlib.resources import files
from typing import Final

from holdfast.app.demo.pack import Home, homes
from holdfast.app.demo.rooms import STYLES, Area, Hours, Style
from holdfast.app.demo.spreading import pick, spread
from holdfast.catalog.api import DINING_POLICIES, CardBrand, Contact, Location, RestaurantDraft
from holdfast.engine.money import BASIS_POINTS
from holdfast.verticals.dining.seating import party_sizes
from holdfast.verticals.dining.terms import (
    SLOT_MINUTES,
    Combination,
    DiningTable,
    DiningTerms,
    SecurityKind,
    Service,
    SpecialDay,
)

Imported = tuple[int, int, RestaurantDraft]
"""(id, owner_id, draft): what `RestaurantsApi.import_many` takes."""

ZONE: Final = "America/New_York"
MEALS_TAX_BP: Final = 1_000
_SPECIAL_DAYS_AHEAD: Final = timedelta(days=400)
_FICTIONAL_PHONES: Final = 100
"""202-555-0100 to 0199 belong to nobody."""
_DEAREST: Final = 4
_CHRISTMAS_OPEN: Final = frozenset({"chinese", "dim_sum", "indian"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """One line of restaurants.csv."""

    id: int
    name: str
    cuisines: tuple[str, ...]
    where: str
    """One of the names of its neighborhood."""
    style: Style
    price_level: int
    said: str


def restaurants(*, owner_ids: Sequence[int], today: date) -> Iterator[Imported]:
    """Yield the restaurants as 1 and up, with the special days that `today` has ahead.

    Args:
        owner_ids: The account ids of the demo's owners, in their order.
        today: In Washington.
    """
    neighbourhoods = _neighbourhoods()
    for facts in _facts():
        owner_id = pick(owner_ids, facts.id, "restaurant owner")
        yield facts.id, owner_id, _draft(facts, neighbourhoods[facts.where], today)


def restaurants_count() -> int:
    """Return how many restaurants there are."""
    return len(_facts())


@cache
def _facts() -> tuple[_Facts, ...]:
    text = (files("holdfast.app.demo") / "restaurants.csv").read_text(encoding="utf-8")
    return tuple(
        _Facts(
            id=number,
            name=line["name"],
            cuisines=tuple(line["cuisines"].split()),
            where=line["where"],
            style=STYLES[line["style"]],
            price_level=int(line["price"]),
            said=line["said"],
        )
        for number, line in enumerate(csv.DictReader(io.StringIO(text), delimiter="|"), 1)
    )


def _neighbourhoods() -> Mapping[str, Sequence[Home]]:
    """Return the homes around each name of a neighborhood; the source knows clusters of several."""
    found: dict[str, list[Home]] = {}
    for home in homes():
        for name in home.neighbourhood.split(", "):
            found.setdefault(name, []).append(home)
    return found


def _draft(facts: _Facts, around: Sequence[Home], today: date) -> RestaurantDraft:
    one, other = pick(around, facts.id, "one corner"), pick(around, facts.id, "other corner")
    return RestaurantDraft(
        name=facts.name,
        description=f"{facts.said} {facts.style.words}",
        location=Location(
            address=f"{facts.where}, Washington, DC",
            neighbourhood=one.neighbourhood,
            city="Washington",
            country="US",
            latitude=round((one.latitude + other.latitude) / 2, 5),
            longitude=round((one.longitude + other.longitude) / 2, 5),
        ),
        contact=_contact(facts),
        cuisines=facts.cuisines,
        price_level=facts.price_level,
        cards=_cards(facts),
        images=(),
        videos=(),
        terms=_terms(facts, today),
        rating=round(3.7 + spread(facts.id, "rating") % 13 / 10, 1),
        reviews=20 + spread(facts.id, "reviews") % 1_500,
        notes={"invented": True, "shown_location": "Washington, DC"},
    )


def _contact(facts: _Facts) -> Contact:
    plain = unicodedata.normalize("NFKD", facts.name.lower()).encode("ascii", "ignore").decode()
    host = "-".join(re.findall("[a-z0-9]+", plain.replace("'", ""))) + ".example.com"
    phone = f"+1 202-555-01{facts.id - 1:02}" if facts.id <= _FICTIONAL_PHONES else None
    return Contact(phone=phone, email=f"table@{host}", website=f"https://{host}")


def _cards(facts: _Facts) -> tuple[CardBrand, ...]:
    cards = [CardBrand.VISA, CardBrand.MASTERCARD]
    if facts.price_level > 1 or spread(facts.id, "amex") % 2:
        cards.append(CardBrand.AMEX)
    if spread(facts.id, "discover") % 4:
        cards.append(CardBrand.DISCOVER)
    if {"japanese", "sushi"} & set(facts.cuisines):
        cards.append(CardBrand.JCB)
    if {"chinese", "dim_sum"} & set(facts.cuisines):
        cards.append(CardBrand.UNIONPAY)
    if facts.price_level == _DEAREST:
        cards.append(CardBrand.DINERS)
    return tuple(cards)


# ------------------------------------------------------------------------------------------------------------ the room


def _terms(facts: _Facts, today: date) -> DiningTerms:
    style = facts.style
    least, most = style.tables
    count = least + spread(facts.id, "tables") % (most - least + 1)
    tables, combinations = _room(style, count)
    securities = pick(style.securities, facts.id, "security")
    policy = pick(style.policies, facts.id, "policy")
    hours = _hours(facts)
    terms = DiningTerms(
        restaurant_id=0,
        currency="USD",
        zone=ZONE,
        tables=tables,
        combinations=combinations,
        services=(),
        special_days=_special_days(facts, hours, today),
        turn_times=style.turns,
        minutes_min=style.turns[0].minutes - SLOT_MINUTES,
        minutes_max=style.turns[-1].minutes + 4 * SLOT_MINUTES,
        party_max=style.party_max,
        notice_minutes=style.notice_minutes,
        booking_window_days=style.window_days,
        securities=securities,
        policy=DINING_POLICIES[policy],
        tax_bp=MEALS_TAX_BP if any(each.kind is SecurityKind.PREPAY for each in securities) else 0,
    )
    return _with_services(terms, hours, style)


def _room(style: Style, count: int) -> tuple[tuple[DiningTable, ...], tuple[Combination, ...]]:
    """Return so many tables, area by area, and which neighbors can be put together."""
    tables: list[DiningTable] = []
    combinations: list[Combination] = []
    for place, area in enumerate(style.areas):
        last = place == len(style.areas) - 1
        # The last area has what rounding left.
        share = count - len(tables) if last else round(count * area.percent / 100)
        here = [_table(area, number) for number in range(share)]
        tables += here
        if area.joins:
            combinations += _combinations(here)
    return tuple(tables), tuple(combinations)


def _table(area: Area, number: int) -> DiningTable:
    seats = area.seats[number % len(area.seats)]
    return DiningTable(
        code=f"{area.letter}{number + 1}",
        area=area.code,
        # A large table is given to a party that fills more than half of it.
        seats_min=1 if seats <= 2 else seats // 2,  # noqa: PLR2004 - a table for two
        seats_max=seats,
        online=not area.kept_every or (number + 1) % area.kept_every > 0,
    )


def _combinations(tables: Sequence[DiningTable]) -> Iterator[Combination]:
    """Yield pairs of neighbors, and every other row of three, as they are pushed together."""
    for place in range(len(tables) - 1):
        pair = tables[place : place + 2]
        yield _joined(pair, party_min=max(table.seats_max for table in pair) + 1)
        three = tables[place : place + 3]
        if place % 2 == 0 and len(three) == 3:  # noqa: PLR2004 - a row of three
            yield _joined(three, party_min=sum(table.seats_max for table in three) - 2, priority=1)


def _joined(tables: Sequence[DiningTable], *, party_min: int, priority: int = 0) -> Combination:
    seats = sum(table.seats_max for table in tables)
    codes = tuple(table.code for table in tables)
    return Combination(tables=codes, party_min=party_min, party_max=seats, priority=priority)


# ----------------------------------------------------------------------------------------------------------- the hours


def _hours(facts: _Facts) -> tuple[Hours, ...]:
    """Return the services of a restaurant: its style's, without the day it is closed."""
    closed = pick(facts.style.closed, facts.id, "closed")
    later = spread(facts.id, "later") % 3 * SLOT_MINUTES
    return tuple(
        Hours(
            code=each.code,
            name=each.name,
            weekdays=tuple(day for day in each.weekdays if day != closed),
            first=_later(each.first, later) if each.code == "dinner" else each.first,
            last=_later(each.last, -later) if each.code == "dinner" else each.last,
        )
        for each in facts.style.hours
    )


def _later(at: time, minutes: int) -> time:
    return (datetime.combine(date.min + timedelta(days=1), at) + timedelta(minutes=minutes)).time()


def _with_services(terms: DiningTerms, hours: Sequence[Hours], style: Style) -> DiningTerms:
    """Return terms with services whose pacing fills the room as fast as its tables turn."""
    seats = sum(table.seats_max for table in terms.tables)
    turn = style.turns[len(style.turns) // 2].minutes // SLOT_MINUTES
    sizes = party_sizes(terms, online=True)
    party_max = max(size for size in range(1, style.party_max + 1) if sizes.issuperset(range(1, size + 1)))
    least = -(-party_max * BASIS_POINTS // style.online_bp)
    covers = max(least, -(-seats * 4 // (turn * 3)))
    services = tuple(_service(each, covers, seats, style) for each in hours)
    return replace(terms, party_max=party_max, services=services)


def _service(hours: Hours, covers: int, seats: int, style: Style) -> Service:
    return Service(
        code=hours.code,
        name=hours.name,
        weekdays=hours.weekdays,
        first_seating=hours.first,
        last_seating=hours.last,
        covers_per_slot=covers,
        parties_per_slot=max(2, covers // 2),
        # A big kitchen is the limit of a big room.
        present_max=seats * 9 // 10 if style.party_max >= 10 else None,  # noqa: PLR2004 - as above
        online_bp=style.online_bp,
    )


def _special_days(facts: _Facts, hours: Sequence[Hours], today: date) -> tuple[SpecialDay, ...]:
    """Return the days that are not as their weekday, in order."""
    found: dict[date, SpecialDay] = {}
    for year in (today.year, today.year + 1):
        for day, note, codes in _holidays(facts, {each.code for each in hours}, year):
            found[day] = SpecialDay(day=day, services=codes, note=note)
    if spread(facts.id, "party") % 6 == 0:
        day = today + timedelta(days=10 + spread(facts.id, "party day") % 40)
        found[day] = SpecialDay(day=day, services=(), note="Closed for a private party")
    return tuple(found[day] for day in sorted(found) if today <= day < today + _SPECIAL_DAYS_AHEAD)


def _holidays(facts: _Facts, codes: set[str], year: int) -> Iterator[tuple[date, str, tuple[str, ...]]]:
    """Yield what a restaurant does on the holidays of a year: (day, note, services); none: it is closed."""
    evening = tuple(code for code in ("dinner",) if code in codes)
    morning = tuple(code for code in ("brunch",) if code in codes)
    yield date(year, 1, 1), "New Year's Day", morning
    if evening:
        yield date(year, 2, 14), "Valentine's Day", evening
        yield date(year, 12, 31), "New Year's Eve", evening
    if morning:
        yield _nth(year, 5, weekday=6, number=2), "Mother's Day", (*morning, *evening)
    if spread(facts.id, "fourth") % 2:
        yield date(year, 7, 4), "Closed for Independence Day", ()
    thanksgiving = evening if spread(facts.id, "thanksgiving") % 3 == 0 else ()
    yield _nth(year, 11, weekday=3, number=4), "Thanksgiving", thanksgiving
    if _CHRISTMAS_OPEN.isdisjoint(facts.cuisines):
        yield date(year, 12, 24), "Christmas Eve", tuple(code for code in ("lunch",) if code in codes)
        yield date(year, 12, 25), "Closed for Christmas", ()


def _nth(year: int, month: int, *, weekday: int, number: int) -> date:
    """Return a weekday of a month by its number."""
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (number - 1))
