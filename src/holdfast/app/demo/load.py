"""Turns the demo data into what the modules' doors take: people, properties, taken nights."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final

from holdfast.accounts.api import Role
from holdfast.app.demo.pack import Home, homes
from holdfast.app.demo.spreading import pick, spread
from holdfast.catalog.api import Location, PropertyDraft, PropertyKind
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import STAY_NIGHTS_MAX, Adjustment, AheadDiscount, LengthDiscount, StayTerms

Imported = tuple[int, int, PropertyDraft, int, tuple[str, ...]]
"""(id, owner_id, draft, units, unit_names): what `CatalogApi.import_many` takes."""

PASSWORD: Final = "capitol-rowhouse-42"  # noqa: S105 - printed for everybody who tries the demo
DC_TAX_BP: Final = 1595
SERVICE_BP: Final = 1400
YEAR: Final = 365

# A home that is open for less than this share of the year is rather closed by its owner than visited every night.
_CLOSED_BELOW = 0.2
_CLOSED_HOMES_STAYS = 0.25
_SHORT_STAY = 2
_LONG_STAY = 9
_LONGEST_GAP_KEPT_FREE = 7
_WEEK = 7
_MONTH = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUser:
    """Somebody to log in as, with `PASSWORD`."""

    username: str
    email: str
    role: Role


USERS: Final = (
    DemoUser(username="guest", email="guest@example.com", role=Role.GUEST),
    DemoUser(username="owner", email="owner@example.com", role=Role.OWNER),
    DemoUser(username="capitol.stays", email="capitol.stays@example.com", role=Role.OWNER),
    DemoUser(username="potomac.rooms", email="potomac.rooms@example.com", role=Role.OWNER),
    DemoUser(username="district.homes", email="district.homes@example.com", role=Role.OWNER),
    DemoUser(username="rockcreek.lets", email="rockcreek.lets@example.com", role=Role.OWNER),
    DemoUser(username="operator", email="operator@example.com", role=Role.OPERATOR),
    DemoUser(username="admin", email="admin@example.com", role=Role.ADMIN),
)
OWNERS: Final = tuple(user for user in USERS if user.role is Role.OWNER)
"""The first runs the five samples and a share of the homes, so that every page has something to show."""


def drafts(*, owner_ids: Sequence[int]) -> Iterator[Imported]:
    """Yield the five samples as 1 to 5 and the homes after them.

    Args:
        owner_ids: The account ids of `OWNERS`, in their order.
    """
    for sample_id, sample in enumerate(_SAMPLES, 1):
        yield sample_id, owner_ids[0], sample, 1, ()
    for home in homes():
        owner_id = pick(owner_ids, home.id, "owner")
        yield home.id, owner_id, _draft(home), 1, ()


def occupancy(today: date, horizon_days: int = YEAR) -> Iterator[tuple[int, date, date]]:
    """Yield the nights that are taken in [today, today + horizon): (property id, first night, end).

    How many nights of a home are taken is the source's; which ones is made up, the same way on every call: stays that
    keep to the home's shortest and longest, closer together at the beginning, and for a home that is hardly ever open
    one long closure. Spans of a home never overlap and come in order; the samples have none.
    """
    start = today.toordinal()
    for home in homes():
        taken = round((YEAR - home.available_days) * horizon_days / YEAR)
        for first, end in _runs(home, taken, horizon_days):
            yield home.id, date.fromordinal(start + first), date.fromordinal(start + end)


def _sample(name: str, place: Location, zone: str, dollars: int, *, guests: int) -> PropertyDraft:
    return PropertyDraft(
        name=name,
        description=f"{name} in {place.address}. A sample: it does not exist.",
        location=place,
        kind=PropertyKind.ENTIRE_HOME,
        bedrooms=guests // 2,
        beds=guests // 2,
        bathrooms=1.0,
        amenities=("wifi", "kitchen", "self_check_in"),
        house_rules="",
        listed=name != "Downtown Penthouse",
        notes={"sample": True, "shown_location": place.address},
        terms=StayTerms(
            property_id=0,
            currency="USD",
            zone=zone,
            base_minor=dollars * 100,
            weekend_minor=None,
            cleaning_minor=0,
            extra_guest_minor=0,
            guests_included=guests,
            guests_max=guests,
            tax_bp=0,
            discounts=(),
            min_nights=1,
            max_nights=STAY_NIGHTS_MAX,
            check_in_from=time(15),
            check_out_until=time(11),
            advance_notice_days=0,
            booking_window_days=730,
            preparation_nights=0,
            policy=POLICIES["flexible"],
        ),
    )


def _town(address: str, city: str, latitude: float, longitude: float) -> Location:
    return Location(address=address, neighbourhood="", city=city, country="US", latitude=latitude, longitude=longitude)


_SAMPLES: Final = (
    _sample(
        "Modern City Apartment",
        _town("New York City NY", "New York City", 40.7484, -73.9857),
        "America/New_York",
        120,
        guests=2,
    ),
    _sample(
        "Oceanfront Luxury Villa",
        _town("Malibu, CA", "Malibu", 34.0259, -118.7798),
        "America/Los_Angeles",
        450,
        guests=8,
    ),
    _sample("Rustic Mountain Cabin", _town("Aspen, CO", "Aspen", 39.1911, -106.8175), "America/Denver", 180, guests=4),
    _sample(
        "Charming Country Cottage",
        _town("Charleston, SC", "Charleston", 32.7765, -79.9311),
        "America/New_York",
        90,
        guests=4,
    ),
    _sample("Downtown Penthouse", _town("Chicago, IL", "Chicago", 41.8781, -87.6298), "America/Chicago", 600, guests=6),
)


def _draft(home: Home) -> PropertyDraft:
    return PropertyDraft(
        name=home.title,
        description=_description(home),
        location=Location(
            address=f"{home.neighbourhood}, Washington, DC",
            neighbourhood=home.neighbourhood,
            city="Washington",
            country="US",
            latitude=home.latitude,
            longitude=home.longitude,
        ),
        kind=PropertyKind(home.kind),
        bedrooms=home.bedrooms,
        beds=home.beds,
        bathrooms=home.bathrooms,
        amenities=home.amenities,
        house_rules=_house_rules(home),
        terms=_terms(home),
        rating=home.rating,
        reviews=home.reviews,
        notes={"demo_terms": True, "shown_location": "Washington, DC"}
        | {f"{name}_estimated": True for name in home.estimated},
    )


def _description(home: Home) -> str:
    bathrooms = "1 bathroom" if home.bathrooms == 1 else f"{home.bathrooms:g} bathrooms"
    rooms = ", ".join((_counted(home.bedrooms, "bedroom"), _counted(home.beds, "bed"), bathrooms))
    said = [
        f"{home.property_type} in {home.neighbourhood}, Washington, DC.",
        f"For {_counted(home.guests, 'guest')}: {rooms}.",
    ]
    if home.amenities:
        said.append(f"There is {', '.join(code.replace('_', ' ') for code in home.amenities[:12])}.")
    if home.estimated:
        said.append(f"Estimated from like homes: {', '.join(home.estimated)}.")
    return " ".join(said)


def _house_rules(home: Home) -> str:
    said = (("pets_allowed", "Pets are welcome."), ("smoking_allowed", "Smoking is allowed."))
    return " ".join(rule for code, rule in said if code in home.amenities)


def _terms(home: Home) -> StayTerms:
    whole = home.kind == PropertyKind.ENTIRE_HOME
    shares = whole and home.guests > 4  # noqa: PLR2004 - a party of four is the usual one
    pets = "pets_allowed" in home.amenities
    min_nights = min(home.min_nights, STAY_NIGHTS_MAX)
    max_nights = min(home.max_nights, STAY_NIGHTS_MAX)
    return StayTerms(
        property_id=0,
        currency="USD",
        zone="America/New_York",
        base_minor=home.price_minor,
        weekend_minor=_weekend_minor(home),
        cleaning_minor=(4000 + 2000 * home.bedrooms if whole else 1500) + 500 * (spread(home.id, "cleaning") % 5),
        extra_guest_minor=1000 + 500 * (spread(home.id, "extra") % 4) if shares else 0,
        guests_included=home.guests - 2 if shares else home.guests,
        guests_max=home.guests,
        tax_bp=DC_TAX_BP,
        discounts=tuple(
            discount
            for discount in pick(_DISCOUNTS, home.id, "discounts")
            if min_nights < discount.nights <= max_nights
        ),
        min_nights=min_nights,
        max_nights=max_nights,
        check_in_from=time(15 + spread(home.id, "check-in") % 2),
        check_out_until=time(10 + spread(home.id, "check-out") % 2),
        advance_notice_days=0 if home.instant else 1 + spread(home.id, "notice") % 2,
        booking_window_days=YEAR,
        preparation_nights=0,
        policy=POLICIES[_policy_name(home)],
        adjustments=() if home.min_nights >= _WEEK else pick(_ADJUSTMENTS, home.id, "adjustments"),
        early_bird=pick(_EARLY_BIRDS, home.id, "early bird"),
        last_minute=pick(_LAST_MINUTES, home.id, "last minute") if home.min_nights < _WEEK else (),
        pets_max=1 + spread(home.id, "pets") % 2 if pets else 0,
        pet_minor=1500 * (spread(home.id, "pet fee") % 4) if pets else 0,
        service_bp=SERVICE_BP,
        # Some of those whose hosts want to be asked at the source.
        instant=home.instant or spread(home.id, "request") % 4 > 0,
        pay_at_property=spread(home.id, "pay") % 3 > 0,
    )


def _policy_name(home: Home) -> str:
    if home.min_nights >= _MONTH:
        return "long_stay"
    return pick(_POLICY_NAMES, home.id, "policy")


_DISCOUNTS: Final = (
    (),
    (LengthDiscount(nights=7, percent_bp=500),),
    (LengthDiscount(nights=7, percent_bp=1000), LengthDiscount(nights=28, percent_bp=2000)),
    (LengthDiscount(nights=28, percent_bp=1500),),
)
_BLOSSOM: Final = tuple(
    Adjustment(name="Cherry blossom", percent_bp=2000, first=date(year, 3, 20), end=date(year, 4, 12))
    for year in (2027, 2028)
)
_WINTER: Final = tuple(
    Adjustment(name="Quiet winter", percent_bp=-1200, first=date(year, 1, 4), end=date(year, 2, 12))
    for year in (2027, 2028)
)
_ADJUSTMENTS: Final = (
    (),
    (*_BLOSSOM, *_WINTER),
    (Adjustment(name="Quiet midweek", percent_bp=-800, weekdays=(0, 1, 2)),),
    (Adjustment(name="Sunday night", percent_bp=-1500, weekdays=(6,)), *_BLOSSOM),
    (),
)
_EARLY_BIRDS: Final = (
    (),
    (AheadDiscount(days=60, percent_bp=500),),
    (),
    (AheadDiscount(days=30, percent_bp=300), AheadDiscount(days=90, percent_bp=800)),
)
_LAST_MINUTES: Final = ((), (AheadDiscount(days=2, percent_bp=1500),), (AheadDiscount(days=5, percent_bp=1000),), ())
_POLICY_NAMES: Final = (
    "flexible",
    "moderate",
    "moderate",
    "limited",
    "flexible",
    "non_refundable",
    "firm",
    "moderate",
)


def _weekend_minor(home: Home) -> int | None:
    """Return 10 to 25 percent more, in whole dollars; homes for long stays have one price."""
    if home.min_nights >= _WEEK:  # a week always has a weekend in it
        return None
    percent = 110 + spread(home.id, "weekend") % 4 * 5
    return home.price_minor * percent // 10_000 * 100


def _runs(home: Home, taken: int, horizon: int) -> Iterator[tuple[int, int]]:
    """Yield the runs of taken days among `horizon` days, as (first, end), in order."""
    if taken <= 0:
        return
    chance = random.Random(home.id)  # noqa: S311 - the same nights in every demo, and no secret
    closed = taken - round(horizon * _CLOSED_HOMES_STAYS) if taken > horizon * (1 - _CLOSED_BELOW) else 0
    lengths = _stays(home, taken - closed, chance)
    if closed:
        lengths.insert(chance.randint(0, len(lengths)), closed)
    gaps = _gaps(horizon - taken, len(lengths) + 1, home, chance)
    day = 0
    for gap, length in zip(gaps, lengths, strict=False):
        day += gap
        yield day, day + length
        day += length


def _stays(home: Home, nights: int, chance: random.Random) -> list[int]:
    """Return lengths of stays that add up to `nights`; the last one may have to be shorter than the home allows."""
    shortest = min(max(home.min_nights, _SHORT_STAY), home.max_nights)
    longest = min(max(_LONG_STAY, shortest * 3 // 2), max(home.max_nights, shortest))
    lengths = []
    while nights > longest:
        length = chance.randint(shortest, longest)
        # What is left must still make a stay.
        length = length if nights - length >= shortest else nights - shortest
        lengths.append(length)
        nights -= length
    if nights:
        lengths.append(nights)
    return lengths


def _gaps(free: int, places: int, home: Home, chance: random.Random) -> list[int]:
    """Return how many free days lie before each run and after the last: none, or enough for somebody to stay."""
    smallest = max(_SHORT_STAY, min(home.min_nights, _LONGEST_GAP_KEPT_FREE))
    open_places = min(places, max(1, free // smallest)) if free else 0
    if not open_places:
        return [0] * places
    rest = free - smallest * open_places
    if rest < 0:
        smallest, rest = 0, free
    cuts = sorted(chance.randint(0, rest) for _ in range(open_places - 1))
    sizes = [smallest + after - before for before, after in zip([0, *cuts], [*cuts, rest], strict=True)]
    # The near future is fuller than the far one.
    sizes.sort(key=lambda size: size * chance.uniform(0.4, 1.6))
    gaps = [0] * places
    for place, size in zip(sorted(chance.sample(range(places), open_places)), sizes, strict=True):
        gaps[place] = size
    return gaps


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
