"""Rows 22-65 as far as they are about flights: who travels, clocks of both ends, seats, and what airlines describe."""

from bad_house import AT_NIGHT, KEPT, Case, Sent, clock_change

from support.airline import LAYOUT, cabin, seat
from support.visitors import day, usd

PLACE = "/items/0"
WHO = f"{PLACE}/passengers"
JFK, DCA, AKL, HNL, SYD = range(5)
"""Places of the house's airline, by their position."""


# ------------------------------------------------------------------ what guests ask


def fly(**changes):
    """Ask for a quote: a seat on a flight with some fields changed."""
    return lambda house: Sent("POST", "/v1/quotes", {"items": [house.seat(**changes)]})


def party(**people):
    return fly(passengers={"adults": 1} | people)


def sit(*choices, **changes):
    """Choose seats of the morning flight."""

    def send(house):
        seats = [{"flight_id": house.morning_flight, "seat": "12A", "passenger": 0} | choice for choice in choices]
        return Sent("POST", "/v1/quotes", {"items": [house.seat(seats=seats, **changes)]})

    return send


def legs(*names):
    """Ask for several flights of the house in one journey."""

    def send(house):
        return Sent("POST", "/v1/quotes", {"items": [seat(*(getattr(house, name) for name in names))]})

    return send


def a_seat_elsewhere(house):
    seats = [{"flight_id": house.evening_flight, "seat": "12A", "passenger": 0}]
    return Sent("POST", "/v1/quotes", {"items": [house.seat(seats=seats)]})


def twice(house):
    return Sent("POST", "/v1/quotes", {"items": [house.seat(), house.seat()]})


def offered(*names_of, **changes):
    """Ask for a flight that is as described; that it was asked for is noted before."""

    def send(house):
        flight = house.airline.flight(*names_of, **changes)
        house.people["rival"].ask("POST", "/v1/quotes", {"items": [seat(flight)]})
        return Sent("POST", "/v1/quotes", {"items": [seat(flight)]})

    return send


def canceled(house):
    flight = house.airline.flight(31)
    house.people["rival"].quoted(seat(flight))
    house.people["owner"].post(f"/v1/flights/{flight}/cancel")
    return Sent("POST", "/v1/quotes", {"items": [seat(flight)]})


def again(house):
    """Hold a flight that one holds already, without saying that this is meant."""
    guest = house.empty_handed()
    quoted = guest.quoted(house.seat())
    guest.held(house.seat())
    return Sent("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=house.key())


def a_seat_of_another(house):
    """Hold the very seat that somebody holds."""
    choice = {"flight_id": house.evening_flight, "seat": "20C", "passenger": 0}
    wish = seat(house.evening_flight, seats=[choice])
    quoted = house.empty_handed().quoted(wish)
    house.empty_handed("rival").held(wish)
    return Sent("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=house.key())


def seat_map(query=""):
    return lambda house: Sent("GET", f"/v1/flights/{house.morning_flight}/seats{query}", who=None)


WISHES = [
    *(Case(31, f"{name} in a flight", fly(**{name: value}), 422, "unknown_field", f"{PLACE}/{name}")
      for name, value in {"fare": usd(1), "bucket": "Y", "price": 0, "total": usd(0), "currency": "KRW"}.items()),
    Case(22, "a nickname of a traveler", party(nickname="Bo"), 422, "unknown_field", f"{WHO}/nickname"),
    Case(22, "a query that is none", seat_map("?cabin=economy"), 422, "unknown_field", "#query/cabin"),
    *(Case(26, f"{adults} adults", party(adults=adults), 422, "out_of_range", f"{WHO}/adults")
      for adults in (-1, 0, 10, 2**64)),
    Case(26, "no flights", fly(flight_ids=[]), 422, "too_short", f"{PLACE}/flight_ids"),
    Case(26, "a traveler before the first", sit({"passenger": -1}), 422, "out_of_range", f"{PLACE}/seats/0/passenger"),
    *(Case(27, f"{adults!r} adults", party(adults=adults), 422, "type_error", f"{WHO}/adults")
      for adults in (1.0, 1.5, "1", True, None)),
    *(Case(27, f"flight {flight!r}", fly(flight_ids=[flight]), 422, "type_error", f"{PLACE}/flight_ids/0")
      for flight in (1.5, "1", None, True)),
    Case(27, "one flight instead of a list", fly(flight_ids=1), 422, "type_error", f"{PLACE}/flight_ids"),
    *(Case(27, f"seat {code!r}", sit({"seat": code}), 422, "invalid_format", f"{PLACE}/seats/0/seat")
      for code in ("A12", "012", "12a", "1-A")),
    Case(28, "flight 2**64", fly(flight_ids=[2**64]), 422, "out_of_range", f"{PLACE}/flight_ids/0"),
    Case(28, "more flights than anybody takes", fly(flight_ids=list(range(1, 100))), 422, "too_long",
         f"{PLACE}/flight_ids"),
    Case(29, "more travelers than are booked together", party(adults=5, children=5), 422, "too_many_passengers", WHO),
    Case(29, "more infants than laps", party(infants=2), 422, "too_many_infants", f"{WHO}/infants"),
    Case(42, "a flight of last week", offered(-5), 422, "departed", f"{PLACE}/flight_ids/0"),
    Case(50, "a cabin there is not", fly(cabin="hold"), 422, "no_such_cabin", f"{PLACE}/cabin"),
    Case(50, "a fare there is not", fly(brand="gold"), 422, "no_such_brand", f"{PLACE}/brand"),
    Case(50, "the prices of a fare there is not", seat_map("?brand=gold"), 422, "unknown_brand", "#query/brand"),
    Case(50, "back before there", legs("evening_flight", "morning_flight"), 422, "legs_not_in_order",
         f"{PLACE}/flight_ids/1"),
    Case(57, "a flight that does not exist", fly(flight_ids=[4_711]), 404, "not_found"),
    Case(57, "a flight that is canceled", canceled, 422, "leg_canceled", f"{PLACE}/flight_ids/0"),
    Case(57, "a seat there is not", sit({"seat": "31A"}), 422, "seat_unknown", f"{PLACE}/seats/0"),
    Case(57, "a seat of another flight", a_seat_elsewhere, 422, "seat_without_leg", f"{PLACE}/seats/0"),
    Case(57, "a seat for nobody", sit({"passenger": 1}), 422, "seat_without_passenger", f"{PLACE}/seats/0"),
    Case(58, "one flight twice in a journey", legs("morning_flight", "morning_flight"), 422, "leg_twice",
         f"{PLACE}/flight_ids/1"),
    Case(58, "one flight in two items", twice, 422, "duplicate_unit", "/items/1"),
    Case(58, "one seat twice", sit({}, {"passenger": 1}, passengers={"adults": 2}), 422, "seat_chosen_twice",
         f"{PLACE}/seats/1"),
    Case(58, "two seats for one", sit({}, {"seat": "12B"}), 422, "passenger_seated_twice", f"{PLACE}/seats/1"),
    Case(58, "one flight booked twice", again, 409, "already_booked", may_write=KEPT),
    Case(64, "a seat somebody holds", a_seat_of_another, 409, "sold_out", may_write=KEPT),
]  # fmt: skip


# ------------------------------------------------------------------ what airlines and admins describe


def flight(origin=JFK, destination=DCA, **changes):
    """Create a dated flight with some fields changed."""

    def send(house):
        airports = house.airline.airports
        ends = {"origin_id": airports[origin], "destination_id": airports[destination]}
        return Sent("POST", "/v1/flights", house.airline.dated(**{**ends, **changes}), who="owner")

    return send


def fares(**changes):
    """Create a flight that is sold for something else."""
    return flight(fares={"tax": usd(0), "cabins": [cabin()]} | changes)


def schedule(**changes):
    """Create a schedule with some fields changed."""

    def send(house):
        span = {"first": day(30).isoformat(), "last": day(60).isoformat(), "weekdays": ["monday"]}
        described = house.airline.described(**{**span, "departs": "09:00", "duration_minutes": 90, **changes})
        return Sent("POST", "/v1/schedules", described, who="owner")

    return send


def airplane(**changes):
    """Create an airplane whose only cabin is changed."""
    described = {"name": "N1BAD", "equipment": "738", "cabins": [LAYOUT | changes]}
    return lambda _: Sent("POST", "/v1/airplanes", described, who="owner")


def of_house(method, path, body=None, who="owner", **headers):
    """Ask for something of the house's airline, by a path that names it."""

    def send(house):
        found = path.format(house=house, airports=house.airline.airports, cities=house.airline.cities)
        return Sent(method, found, body(house) if callable(body) else body, who=who, headers=headers)

    return send


def admins(method, path, body=None):
    """Ask as an admin."""
    return of_house(method, path, body, who="admin")


def airport(**changes):
    """Create an airport whose description is changed."""

    def described(house):
        said = {"city_id": house.airline.cities[0], "iata": "LGA", "name": "LaGuardia", "zone": "America/New_York"}
        return said | {"latitude": 40.8, "longitude": -73.9} | changes

    return admins("POST", "/v1/airports", described)


def redone(house):
    return house.airline.dated(number="HF99")


def deleting_what_flies(who, path):
    """Delete something that the morning flight is of."""

    def send(house):
        assert house.morning_flight
        return of_house("DELETE", path, who=who)(house)

    return send


FLIGHTS = [
    Case(22, "a price for a flight", flight(price=usd(1)), 422, "unknown_field", "/price"),
    Case(25, "replacing without a version", of_house("PUT", "/v1/flights/{house.morning_flight}", redone), 428,
         "precondition_required"),
    Case(25, "replacing an older version", of_house(
        "PUT", "/v1/flights/{house.morning_flight}", redone, **{"if-match": '"9999"'}), 412, "precondition_failed"),
    Case(26, "a bucket of no seats", fares(cabins=[cabin() | {"buckets": [{"code": "Y", "seats": 0, "fare": usd(1)}]}]),
         422, "out_of_range", "/fares/cabins/0/buckets/0/seats"),
    Case(27, "a price with decimals", fares(tax={"amount": 18.6, "currency": "USD"}), 422, "type_error",
         "/fares/tax/amount"),
    Case(28, "more overbooking than any", fares(cabins=[cabin() | {"overbooking": 201}]), 422, "out_of_range",
         "/fares/cabins/0/overbooking"),
    Case(30, "a fare below zero", fares(cabins=[cabin(fare=-1)]), 422, "out_of_range",
         "/fares/cabins/0/buckets/0/fare/amount"),
    Case(34, "a tax in another currency", fares(tax={"amount": 1, "currency": "EUR"}), 422, "currency_mismatch",
         "/fares/cabins/0/buckets/0/fare/currency"),
    Case(34, "a tax in no currency", fares(tax={"amount": 1, "currency": "usd"}), 422, "unsupported_currency",
         "/fares/tax/currency"),
    Case(36, "children who pay 101 %", fares(child_bp=10_100), 422, "out_of_range", "/fares/child_bp"),
    Case(40, "a schedule that ends first", schedule(last=day(29).isoformat()), 422, "empty_or_negative_range",
         "/last"),
    *(Case(41, f"a flight on {text!r}", flight(date=text), 422, "invalid_date", "/date")
      for text in ("2027-02-29", "2027-13-01", "20270301", "")),
    Case(41, "a flight in the year 9999", flight(date="9999-12-31"), 422, "out_of_range", "/date"),
    Case(41, "a flight in the year 1", flight(date="0001-01-01"), 422, "out_of_range", "/date"),
    Case(43, "a schedule of 10,000 days", schedule(last=day(10_030).isoformat()), 422, "range_too_long", "/last"),
    *(Case(44, f"a departure at {text!r}", flight(departs=text), 422, "invalid_time", "/departs")
      for text in ("24:00", "09:00:61", "9 am")),
    Case(45, "a departure while the clocks jump", flight(
        SYD, JFK, date=clock_change("gap").isoformat(), departs=f"{AT_NIGHT:%H:%M}", arrives="09:00"), 422,
        "nonexistent_time", "/departs"),
    *(Case(47, f"a departure at {text!r}", flight(departs=text), 422, "invalid_time", "/departs")
      for text in ("09:00Z", "09:00-04:00", "09:00+23:00")),
    Case(48, "an airport on Mars", airport(zone="Mars/Base"), 422, "unknown_zone", "/zone"),
    Case(49, "arriving before departing", flight(departs="10:00", arrives="09:00"), 422, "not_after_departure",
         "/arrives"),
    Case(49, "arriving at the very departure", flight(departs="10:00", arrives="10:00"), 422, "not_after_departure",
         "/arrives"),
    # Half past midnight in Auckland is the middle of the day before in Honolulu.
    Case(49, "the day before, across the date line", flight(
        AKL, HNL, departs="00:30", arrives="11:00", day_offset=-1), 201, may_write=("*",)),
    Case(49, "the same day, across the date line", flight(AKL, HNL, departs="00:30", arrives="11:00"), 422,
         "flight_too_long", "/arrives"),
    Case(49, "two days before, across the date line", flight(
        AKL, HNL, departs="00:30", arrives="11:00", day_offset=-2), 422, "out_of_range", "/day_offset"),
    Case(49, "the next day, back across the date line", flight(
        HNL, AKL, departs="14:00", arrives="22:00", day_offset=1), 201, may_write=("*",)),
    Case(49, "the same day, back across the date line", flight(HNL, AKL, departs="14:00", arrives="22:00"), 422,
         "not_after_departure", "/arrives"),
    Case(50, "from an airport to itself", flight(JFK, JFK), 422, "same_airport", "/destination_id"),
    Case(57, "from nowhere", flight(origin_id=4_711), 422, "unknown_airport", "/origin_id"),
    Case(57, "with no airplane", flight(airplane_id=4_711), 422, "unknown_airplane", "/airplane_id"),
    Case(57, "with another's airplane", lambda house: Sent(
        "POST", "/v1/flights", house.airline.dated(), who="other_owner"), 422, "unknown_airplane", "/airplane_id"),
    Case(57, "another airline's flight", of_house("POST", "/v1/flights/{house.morning_flight}/cancel",
         who="other_owner"), 404, "not_found"),
    Case(57, "a guest who cancels a flight", of_house("POST", "/v1/flights/{house.morning_flight}/cancel",
         who="guest"), 403, "forbidden"),
    Case(57, "an owner who founds a city", of_house("POST", "/v1/cities", {"name": "Nova", "country": "US"}), 403,
         "forbidden"),
    Case(48, "a city on Mars", admins("POST", "/v1/cities", {"name": "Nova", "country": "US", "zone": "Mars/Base"}),
         422, "unknown_zone", "/zone"),
    Case(27, "a city of no country", admins("POST", "/v1/cities", {"name": "Nova", "country": "ZZ"}), 422,
         "unknown_country", "/country"),
    Case(26, "an airport beyond the pole", airport(latitude=90.1), 422, "out_of_range", "/latitude"),
    Case(57, "an airport of no city", airport(city_id=4_711), 422, "unknown_city", "/city_id"),
    Case(58, "two airports of one code", airport(iata="JFK"), 409, "duplicate_iata"),
    Case(58, "one seat blocked twice", airplane(blocked=["1A", "1A"]), 422, "duplicate", "/cabins/0/blocked/1"),
    Case(57, "a blocked seat there is not", airplane(blocked=["31A"]), 422, "unknown_seat", "/cabins/0/blocked/0"),
    Case(40, "a cabin that ends before it begins", airplane(first_row=9, last_row=8), 422, "empty_or_negative_range",
         "/cabins/0/last_row"),
    Case(63, "deleting a city with an airport", admins("DELETE", "/v1/cities/{cities[0]}"), 409, "city_in_use"),
    Case(63, "deleting an airport with a flight", deleting_what_flies("admin", "/v1/airports/{airports[0]}"), 409,
         "airport_in_use"),
    Case(63, "deleting an airplane with a flight", deleting_what_flies(
        "owner", "/v1/airplanes/{house.airline.airplane}"), 409, "airplane_in_use"),
    Case(63, "deleting a flight that was offered", of_house("DELETE", "/v1/flights/{house.morning_flight}"), 409,
         "flight_in_use"),
]  # fmt: skip

CASES = [*WISHES, *FLIGHTS]
