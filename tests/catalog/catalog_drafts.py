"""Builder of properties for tests: every field has a value that is allowed; say only what matters."""

from dataclasses import fields, replace
from datetime import time

from holdfast.catalog.api import Location, PropertyDraft, PropertyKind
from holdfast.kit.auth import Principal
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import LengthDiscount, StayTerms
from support.principals import principal_of

OWNER = principal_of(7, "owner")
OTHER_OWNER = principal_of(8, "owner")
ADMIN = principal_of(1, "admin")
GUEST = Principal(3, "guest")

_TERMS = {field.name for field in fields(StayTerms)}
_PLACE = {field.name for field in fields(Location)}


def terms(**changes):
    ordinary = StayTerms(
        property_id=0,
        currency="USD",
        zone="America/New_York",
        base_minor=12_000,
        weekend_minor=15_000,
        cleaning_minor=5_000,
        extra_guest_minor=1_500,
        guests_included=2,
        guests_max=4,
        tax_bp=1595,
        discounts=(LengthDiscount(nights=7, percent_bp=1000), LengthDiscount(nights=28, percent_bp=2500)),
        min_nights=1,
        max_nights=30,
        check_in_from=time(15),
        check_out_until=time(10, 30),
        advance_notice_days=1,
        booking_window_days=365,
        preparation_nights=1,
        policy=POLICIES["moderate"],
    )
    return replace(ordinary, **changes)


def place(**changes):
    ordinary = Location(
        address="1 Logan Circle NW",
        neighbourhood="Shaw, Logan Circle",
        city="Washington",
        country="US",
        latitude=38.9096,
        longitude=-77.0296,
    )
    return replace(ordinary, **changes)


def draft(**changes):
    """Build a draft; fields of the terms and of the location may be given by their own names."""
    for_terms = {name: changes.pop(name) for name in list(changes) if name in _TERMS}
    for_place = {name: changes.pop(name) for name in list(changes) if name in _PLACE}
    ordinary = PropertyDraft(
        name="Two-bedroom townhouse",
        description="Three floors.\nQuiet street; café 'Größe' near by \N{SLICE OF PIZZA}",
        location=place(**for_place),
        kind=PropertyKind.ENTIRE_HOME,
        bedrooms=2,
        beds=3,
        bathrooms=1.5,
        amenities=("wifi", "free_parking"),
        house_rules="No shoes.",
        terms=terms(**for_terms),
    )
    return replace(ordinary, **changes)
