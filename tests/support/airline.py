"""An airline that describes itself over HTTP: places by an admin, airplane and flights by an owner."""

from support.visitors import ZONE, day, usd

SEATS = 180


class Airline:
    """Two airports, an airplane of 180 seats, and whatever flights a test wants."""

    def __init__(self, admin, owner):
        self._owner = owner
        self._ends = [_airport(admin, iata, name) for iata, name in (("JFK", "New York"), ("DCA", "Washington"))]
        layout = {"code": "economy", "first_row": 1, "last_row": SEATS // 6, "columns": "ABC DEF"}
        self._airplane = owner.post("/v1/airplanes", {"name": "N180HF", "equipment": "738", "cabins": [layout]})["id"]
        self._numbers = iter(range(100, 9_999))

    def flight(self, days_ahead=30, departs="09:00", arrives="10:30", fare=10_000):
        """The id of a new flight with all its seats at one fare."""
        brand = {
            "code": "standard",
            "name": "Standard",
            "extra": usd(0),
            "policy": "flexible",
            "changeable": True,
            "change_fee": usd(0),
        }
        cabin = {
            "code": "economy",
            "buckets": [{"code": "Y", "seats": SEATS, "fare": usd(fare)}],
            "brands": [brand],
        }
        described = {
            "number": f"HF{next(self._numbers)}",
            "airline_name": "Holdfast Air",
            "origin_id": self._ends[0],
            "destination_id": self._ends[1],
            "airplane_id": self._airplane,
            "date": day(days_ahead).isoformat(),
            "departs": departs,
            "arrives": arrives,
            "fares": {"tax": usd(0), "cabins": [cabin]},
        }
        return self._owner.post("/v1/flights", described)["id"]


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


def _airport(admin, iata, city):
    city_id = admin.post("/v1/cities", {"name": city, "country": "US"})["id"]
    described = {"city_id": city_id, "iata": iata, "name": city, "latitude": 40.0, "longitude": -74.0, "zone": ZONE}
    return admin.post("/v1/airports", described)["id"]
