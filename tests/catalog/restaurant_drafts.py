"""Builder of restaurants for tests: every field has a value that is allowed; say only what matters."""

from dataclasses import fields, replace
from datetime import date, time

from holdfast.catalog.api import DINING_POLICIES, CardBrand, Contact, Location, RestaurantDraft
from holdfast.verticals.dining.terms import (
    Combination,
    DiningTable,
    DiningTerms,
    Security,
    SecurityKind,
    Service,
    SpecialDay,
    TurnTime,
)

_TERMS = {field.name for field in fields(DiningTerms)}
_PLACE = {field.name for field in fields(Location)}
_CONTACT = {field.name for field in fields(Contact)}

CHRISTMAS = date(2026, 12, 25)
NEW_YEARS_EVE = date(2026, 12, 31)


def table(code, seats_max=4, **changes):
    return DiningTable(**{"code": code, "area": "main_room", "seats_min": 1, "seats_max": seats_max} | changes)


def service(code="dinner", first=(17, 30), last=(21, 45), **changes):
    said = {"code": code, "name": code.title(), "weekdays": tuple(range(7))}
    return Service(**said | {"first_seating": time(*first), "last_seating": time(*last)} | changes)


def combination(*codes, **changes):
    return Combination(**{"tables": codes, "party_min": 5, "party_max": 8} | changes)


def special(day, *codes, note=""):
    return SpecialDay(day=day, services=codes, note=note)


def turns(*pairs):
    return tuple(TurnTime(party_max=party, minutes=minutes) for party, minutes in pairs)


def security(party_min, per_cover_minor=2_500, kind=SecurityKind.DEPOSIT):
    return Security(party_min=party_min, kind=kind, per_cover_minor=per_cover_minor)


def dining_terms(**changes):
    ordinary = DiningTerms(
        restaurant_id=0,
        currency="USD",
        zone="America/New_York",
        tables=(table("T1", 2), table("T2", 4), table("10", 4, seats_min=2, area="terrace", online=False)),
        combinations=(combination("T1", "T2", priority=3),),
        services=(
            service("lunch", (11, 30), (14, 0), weekdays=(0, 1, 2, 3, 4), covers_per_slot=12),
            service(parties_per_slot=5, present_max=60, online_bp=8_000),
        ),
        special_days=(special(CHRISTMAS), special(NEW_YEARS_EVE, "dinner", note="Menu of five courses")),
        turn_times=turns((2, 90), (4, 105), (8, 135)),
        minutes_min=60,
        minutes_max=180,
        party_max=8,
        notice_minutes=60,
        booking_window_days=60,
        securities=(security(6), security(8, 9_900, SecurityKind.PREPAY)),
        policy=DINING_POLICIES["free_until_24h"],
        tax_bp=1_000,
    )
    return replace(ordinary, **changes)


def restaurant(**changes):
    """Build a draft; fields of the terms, the location and the contact may be given by their own names."""

    def of(names):
        return {name: changes.pop(name) for name in list(changes) if name in names}

    for_terms, for_place, for_contact = of(_TERMS), of(_PLACE), of(_CONTACT)
    place = Location(
        address="1100 14th St NW",
        neighbourhood="Logan Circle",
        city="Washington",
        country="US",
        latitude=38.9037,
        longitude=-77.0319,
    )
    contact = Contact(phone="+1 202-555-0143", email="hello@example.com", website="https://www.example.com/?a=1")
    ordinary = RestaurantDraft(
        name="Blue Heron",
        description="Fish, mostly.\nThe bar 'Größe' \N{SLICE OF PIZZA} is next door.",
        location=replace(place, **for_place),
        contact=replace(contact, **for_contact),
        cuisines=("seafood", "new_american"),
        price_level=3,
        cards=(CardBrand.VISA, CardBrand.AMEX),
        images=("https://images.example.com/1.jpg", "https://images.example.com/2.jpg"),
        videos=("https://videos.example.com/room.mp4",),
        terms=dining_terms(**for_terms),
    )
    return replace(ordinary, **changes)
