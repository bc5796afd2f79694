"""Every statement about restaurants, and the only place where their rows become values."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Table, bindparam, delete, func, select, update

from holdfast.catalog.api import CardBrand, Contact, Location, Restaurant, RestaurantDraft
from holdfast.catalog.models.restaurants import dining_table, restaurant, service, special_day
from holdfast.catalog.rules.dining import WEEKDAYS
from holdfast.catalog.store.given import (
    IDS,
    IMPORT_ROWS,
    adding_first,
    adding_given,
    catching_up,
    pages,
    replacing,
    said,
)
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Call, Row, Statement, adding_rows, db_now, rows_like, statement
from holdfast.verticals.cancellation import policy_from_json, policy_to_json
from holdfast.verticals.dining.slots import QUARTERS, quarter_of
from holdfast.verticals.dining.terms import (
    SLOT_MINUTES,
    Combination,
    DiningTable,
    DiningTerms,
    Security,
    Service,
    SpecialDay,
    TurnTime,
)

Stamp = tuple[int, datetime]
"""Which state of a restaurant something was made of: its version, and when it came to be."""

_IMPORT_RESTAURANTS: Final = 200
_COMBINATIONS: Final = tuple[Combination, ...]
_TURN_TIMES: Final = tuple[TurnTime, ...]
_SECURITIES: Final = tuple[Security, ...]

_SAID: Final = tuple(
    name
    for name in restaurant.c.keys()  # noqa: SIM118 - a ColumnCollection iterates over columns
    if name not in {"id", "owner_id", "version", "changed_at"}
)
"""The columns an owner's words fill."""
_OWNED: Final = ("owner_id", *_SAID)

_MANY: Final = statement(select(restaurant).join(IDS, IDS.c.id == restaurant.c.id))
_PAGES: Final = pages(select(restaurant), restaurant, {"owner_id": restaurant.c.owner_id == bindparam("owner_id")})
_OWNER: Final = statement(select(restaurant.c.owner_id).where(restaurant.c.id == bindparam("id")))
_STAMPED: Final = select(restaurant.c.id, restaurant.c.version, restaurant.c.changed_at).where(restaurant.c.listed)
# Alone, a question is a look-up by primary key; together, questions share a round trip.
_STAMP_OF_ONE: Final = statement(_STAMPED.where(restaurant.c.id == bindparam("id")))
_STAMPS: Final = statement(_STAMPED.join(IDS, IDS.c.id == restaurant.c.id))
_ADD: Final = adding_first(restaurant, _OWNED)
_REPLACE: Final = replacing(restaurant, _SAID)
_TOUCH: Final = statement(
    update(restaurant)
    .where(restaurant.c.id == bindparam("touched"))
    .values(version=restaurant.c.version + 1, changed_at=db_now())
)
_NEW: Final = rows_like("new_restaurants", restaurant, "id", *_OWNED)
_IMPORT: Final = adding_given(restaurant, _NEW, _OWNED)
_CATCH_UP: Final = catching_up(restaurant)


def _of(table: Table, order: str) -> Statement:
    """Return a SELECT of what belongs to some restaurants, in order."""
    return statement(
        select(table).join(IDS, IDS.c.id == table.c.restaurant_id).order_by(table.c.restaurant_id, table.c[order])
    )


def _clearing(table: Table) -> Statement:
    return statement(delete(table).where(table.c.restaurant_id == bindparam("restaurant_id")))


_TABLES: Final = _of(dining_table, "place")
_SERVICES: Final = _of(service, "place")
_DAYS: Final = _of(special_day, "day")
_CLEAR: Final = tuple(map(_clearing, (dining_table, service, special_day)))
_ADD_TABLES: Final = adding_rows(dining_table, rows_like("new_tables", dining_table, *dining_table.c.keys()))
_ADD_SERVICES: Final = adding_rows(service, rows_like("new_services", service, *service.c.keys()))
_ADD_DAYS: Final = adding_rows(special_day, rows_like("new_days", special_day, *special_day.c.keys()))
_CLEAR_DAY: Final = statement(
    delete(special_day).where(
        special_day.c.restaurant_id == bindparam("restaurant_id"), special_day.c.day == bindparam("day")
    )
)
_OTHER_DAYS: Final = statement(
    select(func.count().label("days")).where(
        special_day.c.restaurant_id == bindparam("restaurant_id"), special_day.c.day != bindparam("day")
    )
)


async def find(tx: Tx, *, ids: Sequence[int]) -> list[Restaurant]:
    """Return the restaurants that exist among `ids`, each once; call it where all statements see the same state."""
    return await _whole(tx, await tx.all(_MANY(ids=[(each,) for each in dict.fromkeys(ids)])))


async def page(tx: Tx, *, owner_id: int | None, after_id: int, limit: int) -> list[Restaurant]:
    """Return restaurants after an id, in order of id."""
    chosen = said(owner_id=owner_id)
    return await _whole(tx, await tx.all(_PAGES(frozenset(chosen))(after_id=after_id, most=limit, **chosen)))


async def owner_of(tx: Tx, *, restaurant_id: int) -> int | None:
    """Return whose a restaurant is, or None."""
    row = await tx.one(_OWNER(id=restaurant_id))
    return None if row is None else int(row.owner_id)


async def stamps(tx: Tx, *, ids: Sequence[int]) -> dict[int, Stamp]:
    """Return in which state the restaurants among `ids` are that are listed."""
    call = _STAMP_OF_ONE(id=ids[0]) if len(ids) == 1 else _STAMPS(ids=[(each,) for each in ids])
    found = await tx.all(call)
    return {row.id: (row.version, row.changed_at) for row in found}


async def stamped(tx: Tx, *, ids: Sequence[int]) -> list[tuple[Stamp, Restaurant]]:
    """Return restaurants as `find` does, each with the stamp of its state."""
    found = await tx.all(_MANY(ids=[(each,) for each in ids]))
    return [((row.version, row.changed_at), each) for row, each in zip(found, await _whole(tx, found), strict=True)]


async def add(tx: Tx, *, owner_id: int, draft: RestaurantDraft) -> int:
    """Insert a restaurant and return its id."""
    restaurant_id = await tx.insert(_ADD(owner_id=owner_id, **_columns(draft)))
    await tx.together(*_parts([(restaurant_id, draft.terms)]))
    return restaurant_id


async def add_many(tx: Tx, *, given: Sequence[tuple[int, int, RestaurantDraft]]) -> None:
    """Insert restaurants with the ids they are given: (id, owner_id, draft)."""
    for start in range(0, len(given), _IMPORT_RESTAURANTS):
        part = given[start : start + _IMPORT_RESTAURANTS]
        new = [(restaurant_id, owner_id, *_columns(draft).values()) for restaurant_id, owner_id, draft in part]
        await tx.run(_IMPORT(new_restaurants=new))
        await tx.together(*_parts([(restaurant_id, draft.terms) for restaurant_id, _, draft in part]))
    await tx.all(_CATCH_UP())


async def replace(tx: Tx, *, restaurant_id: int, version: int, draft: RestaurantDraft) -> bool:
    """Replace what is said of a restaurant; False if its version is another."""
    # The restaurant's row is changed first: whoever else changes what belongs to it waits here, and nobody deadlocks.
    if not await tx.run(_REPLACE(replaced=restaurant_id, expected=version, **_columns(draft))):
        return False
    clear = (each(restaurant_id=restaurant_id) for each in _CLEAR)
    await tx.together(*clear, *_parts([(restaurant_id, draft.terms)]))
    return True


async def touch(tx: Tx, *, restaurant_id: int) -> None:
    """Count the version up; from here on the restaurant is this transaction's alone."""
    await tx.run(_TOUCH(touched=restaurant_id))


async def services(tx: Tx, *, restaurant_id: int) -> tuple[Service, ...]:
    """Return the services of a restaurant."""
    return tuple(_service_of(row) for row in await tx.all(_SERVICES(ids=[(restaurant_id,)])))


async def other_days(tx: Tx, *, restaurant_id: int, day: date) -> int:
    """Return how many special days a restaurant has besides one."""
    row = await tx.one(_OTHER_DAYS(restaurant_id=restaurant_id, day=day))
    return 0 if row is None else int(row.days)


async def set_day(tx: Tx, *, restaurant_id: int, day: date, special: SpecialDay | None) -> None:
    """Make a date special, or ordinary again; call `touch` first."""
    await tx.run(_CLEAR_DAY(restaurant_id=restaurant_id, day=day))
    if special is not None:
        await tx.run(_ADD_DAYS(new_days=[_day_row(restaurant_id, special)]))


async def _whole(tx: Tx, found: Sequence[Row]) -> list[Restaurant]:
    """Return restaurants with what belongs to each."""
    if not found:
        return []
    ids = [(row.id,) for row in found]
    rooms = _by_restaurant(await tx.all(_TABLES(ids=ids)))
    hours = _by_restaurant(await tx.all(_SERVICES(ids=ids)))
    days = _by_restaurant(await tx.all(_DAYS(ids=ids)))
    return [_restaurant_of(row, rooms[row.id], hours[row.id], days[row.id]) for row in found]


def _by_restaurant(found: Iterable[Row]) -> defaultdict[int, list[Row]]:
    parted: defaultdict[int, list[Row]] = defaultdict(list)
    for row in found:
        parted[row.restaurant_id].append(row)
    return parted


# ----------------------------------------------------------------------------------------------------- values to rows


def _columns(draft: RestaurantDraft) -> dict[str, Any]:
    """Return the columns of a draft, in the order of `_SAID`."""
    place, contact, terms = draft.location, draft.contact, draft.terms
    return {
        "listed": draft.listed,
        "name": draft.name,
        "description": draft.description,
        "address": place.address,
        "neighbourhood": place.neighbourhood,
        "city": place.city,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "phone": contact.phone,
        "email": contact.email,
        "website": contact.website,
        "cuisines": draft.cuisines,
        "price_level": draft.price_level,
        "cards": draft.cards,
        "images": draft.images,
        "videos": draft.videos,
        "currency": terms.currency,
        "zone": terms.zone,
        "combinations": terms.combinations,
        "turn_times": terms.turn_times,
        "securities": terms.securities,
        "policy": policy_to_json(terms.policy),
        "slots_min": terms.minutes_min // SLOT_MINUTES,
        "slots_max": terms.minutes_max // SLOT_MINUTES,
        "party_max": terms.party_max,
        "notice_minutes": terms.notice_minutes,
        "booking_window_days": terms.booking_window_days,
        "tax_bp": terms.tax_bp,
        "rating": draft.rating,
        "reviews": draft.reviews,
        "notes": dict(draft.notes),
    }


def _parts(given: Sequence[tuple[int, DiningTerms]]) -> list[Call]:
    """Return what inserts everything that belongs to new restaurants."""
    tables = [
        (restaurant_id, each.code, place, each.area, each.seats_min, each.seats_max, each.online)
        for restaurant_id, terms in given
        for place, each in enumerate(terms.tables)
    ]
    hours = [
        _service_row(restaurant_id, place, each)
        for restaurant_id, terms in given
        for place, each in enumerate(terms.services)
    ]
    days = [_day_row(restaurant_id, each) for restaurant_id, terms in given for each in terms.special_days]
    return [
        *(_ADD_TABLES(new_tables=part) for part in _parted(tables)),
        *(_ADD_SERVICES(new_services=part) for part in _parted(hours)),
        *(_ADD_DAYS(new_days=part) for part in _parted(days)),
    ]


def _parted(given: Sequence[tuple[Any, ...]]) -> list[Sequence[tuple[Any, ...]]]:
    return [given[start : start + IMPORT_ROWS] for start in range(0, len(given), IMPORT_ROWS)]


def _service_row(restaurant_id: int, place: int, each: Service) -> tuple[Any, ...]:
    return (
        restaurant_id,
        each.code,
        place,
        each.name,
        sum(1 << weekday for weekday in each.weekdays),
        quarter_of(each.first_seating),
        quarter_of(each.last_seating),
        each.covers_per_slot,
        each.parties_per_slot,
        each.present_max,
        each.online_bp,
    )


def _day_row(restaurant_id: int, special: SpecialDay) -> tuple[Any, ...]:
    return (restaurant_id, special.day, special.services, special.note)


# ----------------------------------------------------------------------------------------------------- rows to values


def _restaurant_of(row: Row, rooms: Sequence[Row], hours: Sequence[Row], days: Sequence[Row]) -> Restaurant:
    return Restaurant(
        id=row.id,
        owner_id=row.owner_id,
        version=row.version,
        draft=RestaurantDraft(
            name=row.name,
            description=row.description,
            location=Location(
                address=row.address,
                neighbourhood=row.neighbourhood,
                city=row.city,
                country=row.country,
                latitude=row.latitude,
                longitude=row.longitude,
            ),
            contact=Contact(phone=row.phone, email=row.email, website=row.website),
            cuisines=tuple(row.cuisines),
            price_level=row.price_level,
            cards=tuple(map(CardBrand, row.cards)),
            images=tuple(row.images),
            videos=tuple(row.videos),
            terms=_terms_of(row, rooms, hours, days),
            listed=row.listed,
            rating=row.rating,
            reviews=row.reviews,
            notes=row.notes,
        ),
    )


def _terms_of(row: Row, rooms: Sequence[Row], hours: Sequence[Row], days: Sequence[Row]) -> DiningTerms:
    return DiningTerms(
        restaurant_id=row.id,
        currency=row.currency,
        zone=row.zone,
        tables=tuple(map(_table_of, rooms)),
        combinations=msgspec.convert(row.combinations, _COMBINATIONS),
        services=tuple(map(_service_of, hours)),
        special_days=tuple(SpecialDay(day=each.day, services=tuple(each.services), note=each.note) for each in days),
        turn_times=msgspec.convert(row.turn_times, _TURN_TIMES),
        minutes_min=row.slots_min * SLOT_MINUTES,
        minutes_max=row.slots_max * SLOT_MINUTES,
        party_max=row.party_max,
        notice_minutes=row.notice_minutes,
        booking_window_days=row.booking_window_days,
        securities=msgspec.convert(row.securities, _SECURITIES),
        policy=policy_from_json(row.policy),
        tax_bp=row.tax_bp,
    )


def _table_of(row: Row) -> DiningTable:
    return DiningTable(
        code=row.code, area=row.area, seats_min=row.seats_min, seats_max=row.seats_max, online=row.online
    )


def _service_of(row: Row) -> Service:
    return Service(
        code=row.code,
        name=row.name,
        weekdays=tuple(weekday for weekday in range(WEEKDAYS) if row.weekdays >> weekday & 1),
        first_seating=QUARTERS[row.first_quarter],
        last_seating=QUARTERS[row.last_quarter],
        covers_per_slot=row.covers_per_slot,
        parties_per_slot=row.parties_per_slot,
        present_max=row.present_max,
        online_bp=row.online_bp,
    )
