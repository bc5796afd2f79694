"""Every statement of the catalog, and the only place where its rows become values."""

from collections.abc import Mapping, Sequence
from datetime import date, time
from functools import lru_cache
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, bindparam, delete, func, insert, literal, select, update

from holdfast.catalog.api import Location, Property, PropertyDraft, StayOffer
from holdfast.catalog.models.properties import night, property_
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import DialectName, Row, adding_rows, db_now, rows, statement
from holdfast.kit.db.types import Day, Whole, to_json
from holdfast.verticals.cancellation import CancellationPolicy, policy_from_json, policy_to_json
from holdfast.verticals.stays import Adjustment, AheadDiscount, LengthDiscount, NightTerms, StayTerms

_IMPORT_ROWS: Final = 500
_SAID: Final = tuple(
    name
    for name in property_.c.keys()  # noqa: SIM118 - a ColumnCollection iterates over columns
    if name not in {"id", "owner_id", "version", "units", "unit_names", "created_at", "changed_at"}
)
"""The columns an owner's words fill."""
_NEW: Final = ("owner_id", *_SAID, "units", "unit_names")
_TIMES: Final = tuple(time(minute // 60, minute % 60) for minute in range(24 * 60))
_decode: Final = msgspec.json.Decoder().decode

_IDS: Final = rows("ids", id=Whole())
_NIGHTS: Final = rows("nights", **{column.name: column.type for column in night.c})  # type: ignore[arg-type]
_HOMES: Final = rows("homes", **{name: property_.c[name].type for name in ("id", *_NEW)})  # type: ignore[arg-type]

_MANY: Final = statement(select(property_).join(_IDS, _IDS.c.id == property_.c.id))
_PAGE: Final = statement(
    select(property_)
    .where(property_.c.id > bindparam("after_id"))
    .order_by(property_.c.id)
    .limit(bindparam("most", type_=Whole()))
)
_PAGE_OF_OWNER: Final = statement(
    select(property_)
    .where(property_.c.owner_id == bindparam("owner_id"), property_.c.id > bindparam("after_id"))
    .order_by(property_.c.id)
    .limit(bindparam("most", type_=Whole()))
)
_STANDING: Final = statement(
    select(property_.c.owner_id, property_.c.version).where(property_.c.id == bindparam("property_id"))
)
_ADD: Final = statement(
    insert(property_).values(
        {
            **{name: bindparam(name) for name in _NEW},
            "version": literal(1, Whole()),
            "created_at": db_now(),
            "changed_at": db_now(),
        }
    )
)
_REPLACE: Final = statement(
    update(property_)
    .where(property_.c.id == bindparam("property_id"), property_.c.version == bindparam("expected"))
    .values({**{name: bindparam(name) for name in _SAID}, "version": property_.c.version + 1, "changed_at": db_now()})
)
_TOUCH: Final = statement(
    update(property_).where(property_.c.id == bindparam("property_id")).values(changed_at=db_now())
)
_CLEAR_NIGHTS: Final = statement(
    delete(night).where(
        night.c.property_id == bindparam("property_id"),
        night.c.night >= bindparam("first"),
        night.c.night < bindparam("end"),
    )
)
_ADD_NIGHTS: Final = adding_rows(night, _NIGHTS)
_IMPORT: Final = statement(
    insert(property_).from_select(
        ["id", *_NEW, "version", "created_at", "changed_at"],
        select(*(_HOMES.c[name] for name in ("id", *_NEW)), literal(1, Whole()), db_now(), db_now()),
    )
)


def _catch_up(dialect: DialectName) -> Any:
    """Move PostgreSQL's sequence past ids that were given; the other engines look at the table themselves."""
    if dialect != "postgresql":
        return select(literal(0, Whole()))
    sequence = func.pg_get_serial_sequence("catalog_property", "id")
    # It never goes back: numbers others drew and have not committed yet are not in the table.
    newest = func.greatest(select(func.max(property_.c.id)).scalar_subquery(), func.nextval(sequence))
    return select(func.setval(sequence, newest))


_CATCH_UP: Final = statement(_catch_up)

_TERMS_COLUMNS: Final = (
    property_.c.id,
    property_.c.name,
    property_.c.owner_id,
    property_.c.unit_names,
    property_.c.currency,
    property_.c.zone,
    property_.c.base_minor,
    property_.c.weekend_minor,
    property_.c.cleaning_minor,
    property_.c.extra_guest_minor,
    property_.c.guests_included,
    property_.c.guests_max,
    property_.c.tax_bp,
    property_.c.discounts,
    property_.c.min_nights,
    property_.c.max_nights,
    property_.c.check_in_minute,
    property_.c.check_out_minute,
    property_.c.advance_notice_days,
    property_.c.booking_window_days,
    property_.c.preparation_nights,
    property_.c.policy,
    property_.c.adjustments,
    property_.c.early_bird,
    property_.c.last_minute,
    property_.c.pets_max,
    property_.c.pet_minor,
    property_.c.service_bp,
    property_.c.instant,
    property_.c.pay_at_property,
)
_NIGHT_COLUMNS: Final = (
    night.c.night,
    night.c.price_minor,
    night.c.min_nights.label("night_min_nights"),
    night.c.max_nights.label("night_max_nights"),
    night.c.closed_to_arrival,
    night.c.closed_to_departure,
)
Ask = tuple[int, date, date]
"""A property, and the dates whose differing terms are wanted, both in."""

_ASKS: Final = rows("asks", place=Whole(), id=Whole(), first=Day(), end=Day())


def _differs(first: Any, end: Any) -> ColumnElement[bool]:
    return and_(night.c.property_id == property_.c.id, night.c.night >= first, night.c.night <= end)


# Alone, a question is two look-ups by primary key; together, questions share a round trip.
_TERMS_OF_ONE: Final = statement(
    select(*_TERMS_COLUMNS, *_NIGHT_COLUMNS)
    .select_from(property_.outerjoin(night, _differs(bindparam("first"), bindparam("end"))))
    .where(property_.c.id == bindparam("id"), property_.c.listed)
)
_TERMS: Final = statement(
    select(_ASKS.c.place, *_TERMS_COLUMNS, *_NIGHT_COLUMNS)
    .select_from(_ASKS)
    .join(property_, property_.c.id == _ASKS.c.id)
    .outerjoin(night, _differs(_ASKS.c.first, _ASKS.c.end))
    .where(property_.c.listed)
)


async def find(tx: Tx, *, ids: Sequence[int]) -> list[Property]:
    """Return the properties that exist among `ids`, each once."""
    return [_property_of(row) for row in await tx.all(_MANY(ids=[(each,) for each in dict.fromkeys(ids)]))]


async def page(tx: Tx, *, owner_id: int | None, after_id: int, limit: int) -> list[Property]:
    """Return properties after an id, in order of id."""
    if owner_id is None:
        found = await tx.all(_PAGE(after_id=after_id, most=limit))
    else:
        found = await tx.all(_PAGE_OF_OWNER(owner_id=owner_id, after_id=after_id, most=limit))
    return [_property_of(row) for row in found]


async def standing(tx: Tx, *, property_id: int) -> tuple[int, int] | None:
    """Return owner and version of a property, or None."""
    row = await tx.one(_STANDING(property_id=property_id))
    return None if row is None else (row.owner_id, row.version)


async def listed_offers(tx: Tx, *, asks: Sequence[Ask]) -> list[StayOffer | None]:
    """Return an offer for each question, None where the property is not listed or does not exist."""
    if len(asks) == 1:
        [(property_id, first, end)] = asks
        found = await tx.all(_TERMS_OF_ONE(id=property_id, first=first, end=end))
        return [_offer_of(found)]
    by_place: dict[int, list[Row]] = {}
    for row in await tx.all(_TERMS(asks=[(place, *ask) for place, ask in enumerate(asks)])):
        by_place.setdefault(row.place, []).append(row)
    return [_offer_of(by_place.get(place, ())) for place in range(len(asks))]


def _offer_of(found: Sequence[Row]) -> StayOffer | None:
    """Return the offer that rows tell of: one property, once for each date that differs."""
    if not found:
        return None
    row = found[0]
    nights = {each.night: _night_terms_of(each) for each in found if each.night is not None}
    unit_names = tuple(row.unit_names)
    return StayOffer(name=row.name, owner_id=row.owner_id, unit_names=unit_names, terms=_terms_of(row, nights))


async def add(tx: Tx, *, owner_id: int, draft: PropertyDraft, units: int, unit_names: Sequence[str]) -> int:
    """Insert a property and return its id."""
    return await tx.insert(_ADD(owner_id=owner_id, units=units, unit_names=list(unit_names), **_said(draft)))


async def add_many(tx: Tx, *, given: Sequence[tuple[int, int, PropertyDraft, int, tuple[str, ...]]]) -> None:
    """Insert properties with the ids they are given: (id, owner_id, draft, units, unit_names)."""
    for start in range(0, len(given), _IMPORT_ROWS):
        homes = [
            (property_id, owner_id, *_said(draft).values(), units, list(unit_names))
            for property_id, owner_id, draft, units, unit_names in given[start : start + _IMPORT_ROWS]
        ]
        await tx.run(_IMPORT(homes=homes))
    await tx.all(_CATCH_UP())


async def replace(tx: Tx, *, property_id: int, version: int, draft: PropertyDraft) -> bool:
    """Replace what is said of a property; False if its version is another."""
    return await tx.run(_REPLACE(property_id=property_id, expected=version, **_said(draft))) == 1


async def set_nights(tx: Tx, *, property_id: int, nights: Sequence[date], terms: NightTerms | None) -> None:
    """Replace the terms of consecutive nights; None makes them ordinary."""
    # The property's row is changed first: whoever else sets its nights waits here, and nobody deadlocks.
    await tx.run(_TOUCH(property_id=property_id))
    await tx.run(
        _CLEAR_NIGHTS(property_id=property_id, first=nights[0], end=date.fromordinal(nights[-1].toordinal() + 1))
    )
    if terms is None:
        return
    values = (terms.price_minor, terms.min_nights, terms.max_nights, terms.closed_to_arrival, terms.closed_to_departure)
    await tx.run(_ADD_NIGHTS(nights=[(property_id, each, *values) for each in nights]))


def _said(draft: PropertyDraft) -> dict[str, Any]:
    """Return the columns of a draft, in the order of `_SAID`."""
    place, terms = draft.location, draft.terms
    return {
        "listed": draft.listed,
        "name": draft.name,
        "description": draft.description,
        "house_rules": draft.house_rules,
        "address": place.address,
        "neighbourhood": place.neighbourhood,
        "city": place.city,
        "country": place.country,
        "latitude": place.latitude,
        "longitude": place.longitude,
        "kind": draft.kind,
        "bedrooms": draft.bedrooms,
        "beds": draft.beds,
        "bathrooms": draft.bathrooms,
        "amenities": list(draft.amenities),
        "currency": terms.currency,
        "zone": terms.zone,
        "base_minor": terms.base_minor,
        "weekend_minor": terms.weekend_minor,
        "cleaning_minor": terms.cleaning_minor,
        "extra_guest_minor": terms.extra_guest_minor,
        "guests_included": terms.guests_included,
        "guests_max": terms.guests_max,
        "tax_bp": terms.tax_bp,
        "discounts": _rules_text(terms.discounts),
        "min_nights": terms.min_nights,
        "max_nights": terms.max_nights,
        "check_in_minute": _minute(terms.check_in_from),
        "check_out_minute": _minute(terms.check_out_until),
        "advance_notice_days": terms.advance_notice_days,
        "booking_window_days": terms.booking_window_days,
        "preparation_nights": terms.preparation_nights,
        "policy": _policy_text(terms.policy),
        "adjustments": _rules_text(terms.adjustments),
        "early_bird": _rules_text(terms.early_bird),
        "last_minute": _rules_text(terms.last_minute),
        "pets_max": terms.pets_max,
        "pet_minor": terms.pet_minor,
        "service_bp": terms.service_bp,
        "instant": terms.instant,
        "pay_at_property": terms.pay_at_property,
        "rating": draft.rating,
        "reviews": draft.reviews,
        "notes": dict(draft.notes),
    }


def _property_of(row: Row) -> Property:
    return Property(
        id=row.id,
        owner_id=row.owner_id,
        version=row.version,
        units=row.units,
        unit_names=tuple(row.unit_names),
        draft=PropertyDraft(
            name=row.name,
            description=row.description,
            house_rules=row.house_rules,
            location=Location(
                address=row.address,
                neighbourhood=row.neighbourhood,
                city=row.city,
                country=row.country,
                latitude=row.latitude,
                longitude=row.longitude,
            ),
            kind=row.kind,
            bedrooms=row.bedrooms,
            beds=row.beds,
            bathrooms=row.bathrooms,
            amenities=tuple(row.amenities),
            terms=_terms_of(row, {}),
            listed=row.listed,
            rating=row.rating,
            reviews=row.reviews,
            notes=row.notes,
        ),
    )


def _terms_of(row: Row, nights: Mapping[date, NightTerms]) -> StayTerms:
    return StayTerms(
        property_id=row.id,
        currency=row.currency,
        zone=row.zone,
        base_minor=row.base_minor,
        weekend_minor=row.weekend_minor,
        cleaning_minor=row.cleaning_minor,
        extra_guest_minor=row.extra_guest_minor,
        guests_included=row.guests_included,
        guests_max=row.guests_max,
        tax_bp=row.tax_bp,
        discounts=_discounts(row.discounts),
        min_nights=row.min_nights,
        max_nights=row.max_nights,
        check_in_from=_TIMES[row.check_in_minute],
        check_out_until=_TIMES[row.check_out_minute],
        advance_notice_days=row.advance_notice_days,
        booking_window_days=row.booking_window_days,
        preparation_nights=row.preparation_nights,
        policy=_policy(row.policy),
        adjustments=_adjustments(row.adjustments),
        early_bird=_ahead(row.early_bird),
        last_minute=_ahead(row.last_minute),
        pets_max=row.pets_max,
        pet_minor=row.pet_minor,
        service_bp=row.service_bp,
        instant=row.instant,
        pay_at_property=row.pay_at_property,
        nights=nights,
    )


def _night_terms_of(row: Row) -> NightTerms:
    return NightTerms(
        price_minor=row.price_minor,
        min_nights=row.night_min_nights,
        max_nights=row.night_max_nights,
        closed_to_arrival=row.closed_to_arrival,
        closed_to_departure=row.closed_to_departure,
    )


def _minute(moment: time) -> int:
    return moment.hour * 60 + moment.minute


@lru_cache(maxsize=512)
def _rules_text(said: tuple[LengthDiscount | AheadDiscount | Adjustment, ...]) -> str:
    return to_json(said)


_discounts: Final = lru_cache(maxsize=512)(msgspec.json.Decoder(tuple[LengthDiscount, ...]).decode)
_ahead: Final = lru_cache(maxsize=512)(msgspec.json.Decoder(tuple[AheadDiscount, ...]).decode)
_adjustments: Final = lru_cache(maxsize=512)(msgspec.json.Decoder(tuple[Adjustment, ...]).decode)


@lru_cache(maxsize=512)
def _policy_text(policy: CancellationPolicy) -> str:
    return to_json(policy_to_json(policy))


@lru_cache(maxsize=512)
def _policy(text: str) -> CancellationPolicy:
    return policy_from_json(_decode(text))
