"""A restaurant that is described over HTTP, and tables that guests ask of it."""

from support.visitors import ZONE, day

DINNER = {
    "code": "dinner",
    "name": "Dinner",
    "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"],
    "first_seating": "17:00",
    "last_seating": "22:00",
}


def room(**changes):
    """The description of a restaurant that is open every evening, as its owner sends it; `terms` are merged."""
    terms = {
        "zone": ZONE,
        "currency": "USD",
        "tables": [
            {"code": "T1", "seats_max": 2},
            {"code": "T2", "seats_min": 2, "seats_max": 4},
            {"code": "T3", "area": "bar", "seats_max": 2, "online": False},
        ],
        "combinations": [{"tables": ["T1", "T2"], "party_min": 5, "party_max": 6}],
        "services": [DINNER],
        "booking_window_days": 730,
        **changes.pop("terms", {}),
    }
    said = {
        "name": "Anchor and Vine",
        "location": {
            "address": "1100 14th St NW",
            "neighbourhood": "Logan Circle",
            "city": "Washington",
            "country": "US",
            "latitude": 38.9037,
            "longitude": -77.0319,
        },
        "cuisines": ["seafood"],
        "price_level": 2,
        "terms": terms,
    }
    return said | changes


def restaurant(owner, **changes):
    """The id of a new restaurant of an owner's."""
    return owner.post("/v1/owner/restaurants", room(**changes))["id"]


def table(restaurant_id, days_ahead=30, at="19:00", party_size=2, **more):
    """A table somebody asks for, as JSON."""
    return {
        "kind": "table",
        "restaurant_id": restaurant_id,
        "date": day(days_ahead).isoformat(),
        "time": at,
        "party_size": party_size,
        **more,
    }
