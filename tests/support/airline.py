"""An airline that describes itself over HTTP: places by an admin, airplane, flights and schedules by an owner."""

from support.visitors import ZONE, day, usd

SEATS = 180
LAYOUT = {"code": "economy", "first_row": 1, "last_row": SEATS // 6, "columns": "ABC DEF"}


class Airline:
    """Two airports, an airplane of 180 seats, and whatever flights a test wants."""

    def __init__(self, admin, owner, places=(("JFK", "New York", ZONE), ("DCA", "Washington", ZONE))):
        """Describe the places and the airplane; `places` are codes of airports, their cities and zones."""
        self._owner = owner
        self.cities = [admin.post("/v1/cities", {"name": city, "country": "US"})["id"] for _, city, _ in places]
        self.airports = [_airport(admin, *each) for each in zip(self.cities, places, strict=True)]
        described = {"name": "N180HF", "equipment": "738", "cabins": [LAYOUT]}
        self.airplane = owner.post("/v1/airplanes", described)["id"]
        self._numbers = iter(range(100, 9_999))

    def described(self, fare=10_000, **changes):
        """What a flight and a schedule have in common, as the airline sends it: all its seats at one fare."""
        said = {
            "number": f"HF{next(self._numbers)}",
            "airline_name": "Holdfast Air",
            "origin_id": self.airports[0],
            "destination_id": self.airports[1],
            "airplane_id": self.airplane,
            "fares": {"tax": usd(0), "cabins": [cabin(fare)]},
        }
        return said | changes

    def dated(self, days_ahead=30, departs="09:00", arrives="10:30", **changes):
        """The description of a dated flight."""
        when = {"date": day(days_ahead).isoformat(), "departs": departs, "arrives": arrives}
        return self.described(**when | changes)

    def flight(self, days_ahead=30, departs="09:00", arrives="10:30", fare=10_000):
        """The id of a new flight."""
        return self._owner.post("/v1/flights", self.dated(days_ahead, departs, arrives, fare=fare))["id"]

    def schedule(self, first, last):
        """The id of a new schedule, with a flight each Monday and Thursday of days so far ahead."""
        span = {"first": day(first).isoformat(), "last": day(last).isoformat(), "weekdays": ["monday", "thursday"]}
        described = self.described(**span, departs="14:00", duration_minutes=90)
        return self._owner.post("/v1/schedules", described)["schedule"]["id"]


def cabin(fare=10_000):
    """What economy is sold for: one bucket, and one brand that can be changed."""
    brand = {
        "code": "standard",
        "name": "Standard",
        "extra": usd(0),
        "policy": "flexible",
        "changeable": True,
        "change_fee": usd(0),
    }
    return {
        "code": "economy",
        "buckets": [{"code": "Y", "seats": SEATS, "fare": usd(fare)}],
        "brands": [brand],
    }


def seat(*flight_ids, adults=1, **more):
    """Seats on flights, as somebody asks for them."""
    return {
        "kind": "flight",
        "flight_ids": list(flight_ids),
        "cabin": "economy",
        "brand": "standard",
        "passengers": {"adults": adults},
        **more,
    }


def _airport(admin, city_id, place):
    iata, city, zone = place
    described = {"city_id": city_id, "iata": iata, "name": city, "latitude": 40.0, "longitude": -74.0, "zone": zone}
    return admin.post("/v1/airports", described)["id"]
