"""Searching flights over HTTP: what is found can be quoted as it is shown, and what a wrong question is told."""

import sys
from datetime import time, timedelta
from pathlib import Path

import pytest

from support.principals import principal_of

sys.path.append(str(Path(__file__).parent.parent / "booking"))  # its builders know what an airline is

from trip_builder import ZONE, fares

from holdfast.accounts.api import Role
from holdfast.catalog.api import AirplaneDraft, AirportDraft, CabinLayout, CityDraft, FlightDraft
from holdfast.gateway import search_flights_wire as wire
from support.polling import eventually
from support.product import product

FARES = fares(("Q", 2, 8_000), ("Y", 18, 12_000))
AIRPORTS = {"JFK": "New York", "LGA": "New York", "DCA": "Washington", "ORD": "Chicago"}


class Airline:
    """An airline in a product."""

    def __init__(self, running):
        self.running = running
        self.catalog = running.door("catalog")
        self.admin = principal_of(9_999, "admin")
        self.owner = principal_of(running.owner.id, "owner")
        self.airports = {}
        self.first = running.clock.today(ZONE) + timedelta(days=20)

    async def prepare(self):
        places, cities = self.catalog.places, {}
        for iata, city in AIRPORTS.items():
            if city not in cities:
                draft = CityDraft(name=city, country="US")
                cities[city] = (await places.create_city(admin=self.admin, draft=draft)).id
            draft = AirportDraft(
                city_id=cities[city], iata=iata, name=f"{iata} Field", latitude=40.0, longitude=-74.0, zone=ZONE
            )
            self.airports[iata] = (await places.create_airport(admin=self.admin, draft=draft)).id
        cabin = CabinLayout(code="economy", first_row=1, last_row=5, columns="AB CD")
        draft = AirplaneDraft(name="N1", equipment="738", cabins=(cabin,))
        self.airplane = (await self.catalog.airline.create_airplane(owner=self.owner, draft=draft)).id

    async def fly(self, number, path, *, at, ahead=0, minutes=80):
        origin, destination = path.split("-")
        departs = time.fromisoformat(at)
        arrives = (departs.hour * 60 + departs.minute + minutes) % 1440
        draft = FlightDraft(
            number=number,
            airline_name="Holdfast Air",
            origin_id=self.airports[origin],
            destination_id=self.airports[destination],
            airplane_id=self.airplane,
            day=self.first + timedelta(days=ahead),
            departs=departs,
            arrives=time(arrives // 60, arrives % 60),
            day_offset=0,
            fares=FARES,
        )
        return (await self.catalog.flights.create(owner=self.owner, draft=draft)).terms.flight_id

    def day(self, ahead=0):
        return (self.first + timedelta(days=ahead)).isoformat()


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("search") / "search.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.guest = await running.person("gina")
        airline = running.airline = Airline(running)
        await airline.prepare()
        running.flights = {
            "straight": await airline.fly("HF1", "JFK-DCA", at="12:00"),
            "late": await airline.fly("HF2", "LGA-DCA", at="18:00"),
            "first": await airline.fly("HF3", "JFK-ORD", at="13:00", minutes=120),
            "second": await airline.fly("HF4", "ORD-DCA", at="16:30", minutes=90),
            "back": await airline.fly("HF5", "DCA-JFK", at="09:00", ahead=3),
            "soon": await airline.fly("HF6", "DCA-ORD", at="09:00", ahead=5),
        }

        async def are_found():
            params = {"from": "New York", "to": "Washington", "date": airline.day()}
            answer = await running.client.get("/v1/search/flights", params=params)
            return answer.status_code == 200 and answer.json()["total"] == 3

        async def is_last_found():
            params = {"from": "DCA", "to": "ORD", "date": airline.day(5)}
            return (await running.client.get("/v1/search/flights", params=params)).json()["total"] == 1

        await eventually(are_found)
        await eventually(is_last_found)
        yield running


@pytest.fixture
def ask(house):
    """A function that searches and returns the page."""

    async def search(**params):
        params = {name.rstrip("_"): value for name, value in params.items()}
        answer = await house.client.get("/v1/search/flights", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return search


@pytest.fixture
def there(house):
    """New York to Washington on a day that has flights."""
    return {"from": "New York", "to": "Washington", "date": house.airline.day()}


def ids(page):
    return [tuple(item["flight_ids"]) for item in page["items"]]


class TestFinding:
    async def test_goes_one_way_there_and_back_and_to_several_cities(self, house, ask, there):
        f, day = house.flights, house.airline.day
        assert sorted(ids(await ask(**there))) == sorted([(f["straight"],), (f["late"],), (f["first"], f["second"])])
        back = await ask(**{**there, "from": "jfk", "to": "DCA"}, return_date=day(3), max_stops="0")
        assert ids(back) == [(f["straight"], f["back"])]
        cities = await ask(slice=[f"JFK-Washington-{day()}", f"DCA-Chicago-{day(5)}"], max_stops="0")
        assert ids(cities) == [(f["straight"], f["soon"])]

    async def test_shows_what_can_be_quoted_as_it_is(self, house, ask, there):
        page = await ask(**there, adults="2", children="1", infants="1")
        assert len(page["items"]) == 3
        for item in page["items"]:
            for fare in item["fares"]:
                wish = {
                    "kind": "flight",
                    "flight_ids": item["flight_ids"],
                    "cabin": item["cabin"],
                    "brand": fare["brand"],
                    "passengers": {"adults": 2, "children": 1, "infants": 1},
                }
                quote = await house.client.post("/v1/quotes", json={"items": [wish]}, headers=house.guest.headers)
                assert quote.status_code == 201, quote.text
                assert quote.json()["price"]["total"] == fare["total"]

    async def test_shows_legs_with_the_times_of_both_ends(self, ask, there):
        page = await ask(**there, sort="duration")
        item = page["items"][-1]
        [part] = item["slices"]
        assert (part["stops"], part["minutes"], part["day_offset"]) == (1, 300, 0)
        first, second = part["legs"]
        assert (first["departs"], first["arrives"]) == (f"{there['date']}T13:00", f"{there['date']}T15:00")
        assert first["origin"] == {
            "iata": "JFK",
            "name": "JFK Field",
            "city": "New York",
            "country": "US",
            "zone": ZONE,
        }
        assert (first["connection_minutes"], second["connection_minutes"]) == (None, 90)
        assert (second["number"], second["airline"], second["airline_code"]) == ("HF4", "Holdfast Air", "HF")
        assert second["seats_left"] is None
        assert [fare["brand"] for fare in item["fares"]] == ["basic", "standard", "flex"]
        assert [fare["refundable"] for fare in item["fares"]] == [False, True, True]

    async def test_follows_holds_and_releases(self, house, ask, there):
        flight_id = house.flights["late"]
        wish = {
            "kind": "flight",
            "flight_ids": [flight_id],
            "cabin": "economy",
            "brand": "basic",
            "passengers": {"adults": 2},
        }
        quote = await house.client.post("/v1/quotes", json={"items": [wish]}, headers=house.guest.headers)
        body = {"quote_id": quote.json()["id"]}
        hold = await house.client.post("/v1/holds", json=body, headers=house.guest.with_key("a"))
        assert hold.status_code == 201, hold.text

        async def fare():
            [item] = [each for each in (await ask(**there))["items"] if each["flight_ids"] == [flight_id]]
            return item["fares"][0]["total"]["amount"]

        async def is_dearer():
            return await fare() == 12_500

        await eventually(is_dearer)
        await house.client.delete(f"/v1/holds/{hold.json()['id']}", headers=house.guest.headers)

        async def is_as_before():
            return await fare() == 8_500

        await eventually(is_as_before)

    async def test_names_nearby_dates_when_there_is_nothing(self, house, ask, there):
        day = house.airline.day
        page = await ask(**{**there, "date": day(-1)})
        assert (page["total"], page["items"]) == (0, [])
        assert page["nearby_dates"] == [{"dates": [day()], "total": {"amount": 8_500, "currency": "USD"}}]
        assert (await ask(**there))["nearby_dates"] == []

    async def test_counts_facets_when_asked(self, ask, there):
        assert (await ask(**there))["facets"] is None
        assert (await ask(**there, facets="true"))["facets"] == {"airline": {"HF": 3}, "stops": {"0": 2, "1": 1}}

    async def test_pages_show_everything_once(self, house, ask, there):
        seen, cursor = [], {}
        for _ in range(3):
            page = await ask(**there, sort="departure", limit="1", **cursor)
            assert page["total"] == 3
            seen += ids(page)
            cursor = {"cursor": page["next_cursor"]}
        f = house.flights
        assert seen == [(f["straight"],), (f["first"], f["second"]), (f["late"],)]
        assert page["next_cursor"] is None

    async def test_a_cursor_belongs_to_its_filters(self, house, ask, there):
        cursor = (await ask(**there, limit="1"))["next_cursor"]
        for params in ({"adults": "2"}, {"to": "DCA"}, {"sort": "duration"}, {"overnight": "true"}):
            answer = await house.client.get("/v1/search/flights", params={**there, **params, "cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


class TestQuestionsThatAreWrong:
    @pytest.mark.parametrize(
        ("params", "wrong"),
        [
            ({}, {("from", "missing"), ("to", "missing"), ("date", "missing")}),
            ({"from": "JFK", "to": "DCA"}, {("date", "missing")}),
            ({"from": "JFK", "slice": "JFK-DCA-2030-01-01"}, {("from", "not_together")}),
            ({"slice": "JFK-DCA-2030-02-30"}, {("slice/0", "invalid_date")}),
            ({"slice": "JFK-DCA"}, {("slice/0", "invalid_format")}),
            ({"slice": "JFK-DCA-2020-01-01"}, {("slice/0", "past_date")}),
            ({"slice": ["JFK-DCA-{1}", "DCA-JFK-{0}"]}, {("slice/1", "dates_not_in_order")}),
            ({"slice": ["JFK-DCA-{0}"] * 7}, {("slice", "too_long")}),
            ({"slice": "JFK-New York-{0}"}, {("slice/0", "same_place")}),
            ({"from": "JFK", "to": "jfk", "date": "{0}"}, {("to", "same_place")}),
            ({"from": "Nowhere", "to": "XXX", "date": "{0}"}, {("from", "unknown_place"), ("to", "unknown_place")}),
            ({"from": "?", "to": "DCA", "date": "{0}"}, {("from", "malformed")}),
            ({"from": "JFK", "to": "DCA", "date": "2020-01-01"}, {("date", "past_date")}),
            ({"from": "JFK", "to": "DCA", "date": "2190-01-01"}, {("date", "beyond_horizon")}),
            (
                {"from": "JFK", "to": "DCA", "date": "{1}", "return_date": "{0}"},
                {("return_date", "dates_not_in_order")},
            ),
            (
                {"from": "Nowhere", "to": "DCA", "date": "{0}", "return_date": "{1}"},
                {("from", "unknown_place")},
            ),
            ({"slice": "JFK-DCA-{0}", "adults": "0"}, {("adults", "out_of_range")}),
            ({"slice": "JFK-DCA-{0}", "adults": "5", "children": "5"}, {("children", "too_many_passengers")}),
            ({"slice": "JFK-DCA-{0}", "adults": "1", "infants": "2"}, {("infants", "too_many_infants")}),
            ({"slice": "JFK-DCA-{0}", "cabin": "steerage"}, {("cabin", "invalid_choice")}),
            ({"slice": "JFK-DCA-{0}", "max_stops": "3"}, {("max_stops", "out_of_range")}),
            ({"slice": "JFK-DCA-{0}", "airlines": "hf"}, {("airlines", "invalid_format")}),
            (
                {"slice": "JFK-DCA-{0}", "departs_from": "12:00", "departs_until": "11:59"},
                {("departs_until", "empty_or_negative_range")},
            ),
            ({"slice": "JFK-DCA-{0}", "class": "Y"}, {("class", "unknown_field")}),
        ],
    )
    async def test_are_told_which_parameter(self, house, params, wrong):
        days = [house.airline.day(), house.airline.day(1)]
        asked = {
            name: [each.format(*days) for each in value] if isinstance(value, list) else value.format(*days)
            for name, value in params.items()
        }
        answer = await house.client.get("/v1/search/flights", params=asked)
        assert answer.status_code == 422, answer.text
        told = {(error["pointer"].removeprefix("#query/"), error["code"]) for error in answer.json()["errors"]}
        assert told == wrong


class TestTheFastEncoding:
    async def test_fits_the_documented_model(self, house, there):
        nothing = {**there, "date": house.airline.day(-1)}
        for params in (there, {**there, "facets": "true", "limit": "1"}, nothing):
            answer = await house.client.get("/v1/search/flights", params=params)
            page = wire.FoundJourneyPage.model_validate_json(answer.content)
            assert page.items or page.nearby_dates
            assert page.model_dump(mode="json") == answer.json()

    @pytest.mark.parametrize(
        ("fast", "model"),
        [
            (wire.Page, wire.FoundJourneyPage),
            (wire.Journey, wire.FoundJourney),
            (wire.Part, wire.FoundPart),
            (wire.Flight, wire.FoundFlight),
            (wire.Airport, wire.FoundAirport),
            (wire.Fare, wire.FoundFareBrand),
            (wire.Dates, wire.FoundDates),
        ],
    )
    def test_has_the_same_members(self, fast, model):
        assert list(fast.__struct_fields__) == list(model.model_fields)
