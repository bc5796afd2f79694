"""Cities, airports, airplanes, flights and schedules over HTTP: who may, what is refused and how, what comes back."""

import copy
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI
from flight_drafts import ADMIN, AIRLINE, GUEST, OTHER_AIRLINE, code, name

from holdfast.catalog.routes.airplane_shapes import AirplaneIn
from holdfast.catalog.routes.flight_shapes import FlightIn, ScheduleIn
from holdfast.catalog.routes.place_shapes import AirportIn, CityIn
from holdfast.catalog.routes.routers import routers
from holdfast.catalog.service.catalog import Catalog
from holdfast.catalog.settings import CatalogSettings
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.http import problems
from holdfast.kit.secrets import Keyring

PEOPLE = {"airline": AIRLINE, "other": OTHER_AIRLINE, "admin": ADMIN, "guest": GUEST}


async def check_token(token):
    if token not in PEOPLE:
        raise Unauthenticated
    return PEOPLE[token]


@pytest.fixture(scope="module")
async def catalog(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('flights')}/catalog.db"
    await migrate(url, "catalog")
    now = datetime.now(UTC)  # noqa: TID251 - the clock under test starts where the machine's is
    database = await open_database(url, Clock(datetime(2027, 1, 10, 12, tzinfo=UTC) - now))
    made = Catalog(db=database)
    yield made
    await made.close()
    await database.close()


@pytest.fixture(scope="module")
async def client(catalog):
    app = FastAPI()
    problems.install(app)
    for router in routers(catalog, CatalogSettings(), Keyring("a secret of the tests that is long enough")):
        app.include_router(router)
    app.state.check_token = check_token
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as made:
        yield made


def as_(who, **headers):
    return {"Authorization": f"Bearer {who}", **headers}


def example(shape, **changes):
    """The example the reference shows."""
    return copy.deepcopy(shape.model_config["json_schema_extra"]["examples"][0]) | changes


async def post(client, path, who, body):
    answer = await client.post(path, headers=as_(who), json=body)
    assert answer.status_code == 201, answer.text
    return answer


def findings(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


@pytest.fixture
async def town(client):
    return (await post(client, "/v1/cities", "admin", example(CityIn))).json()


@pytest.fixture
async def ends(client, town):
    """Two airports."""
    made = []
    for zone in ("America/New_York", "Europe/London"):
        body = example(AirportIn, city_id=town["id"], iata=code(), icao=None, zone=zone)
        made.append((await post(client, "/v1/airports", "admin", body)).json())
    return made


@pytest.fixture
async def plane(client):
    return (await post(client, "/v1/airplanes", "airline", example(AirplaneIn, name=name()))).json()


@pytest.fixture
def wanted(ends, plane):
    """What is sent to create a flight."""
    ids = {"origin_id": ends[0]["id"], "destination_id": ends[1]["id"], "airplane_id": plane["id"]}
    return example(FlightIn, **ids, departs="18:05", arrives="06:05", day_offset=1)


@pytest.fixture
def repeated(ends, plane):
    """What is sent to create a schedule."""
    ids = {"origin_id": ends[0]["id"], "destination_id": ends[1]["id"], "airplane_id": plane["id"]}
    return example(ScheduleIn, **ids)


@pytest.fixture
async def flight(client, wanted):
    return (await post(client, "/v1/flights", "airline", wanted)).json()


KINDS = ["cities", "airports", "airplanes", "flights", "schedules"]


@pytest.fixture
def body_of(town, ends, plane, wanted, repeated):
    """What is sent for each kind of thing, made of the examples of the reference."""

    def body(kind):
        return {
            "cities": example(CityIn),
            "airports": example(AirportIn, city_id=town["id"], iata=code()),
            "airplanes": example(AirplaneIn, name=name()),
            "flights": wanted,
            "schedules": repeated,
        }[kind]

    assert ends
    assert plane
    return body


def writer(kind):
    return "admin" if kind in {"cities", "airports"} else "airline"


def shown(kind, answer):
    return answer.json()["schedule"] if kind == "schedules" and "schedule" in answer.json() else answer.json()


@pytest.mark.parametrize("kind", KINDS)
class TestEachKind:
    async def test_is_created_read_replaced_and_deleted(self, client, kind, body_of):
        path, who = f"/v1/{kind}", writer(kind)
        body = body_of(kind)
        created = await post(client, path, who, body)
        made = shown(kind, created)
        here = f"{path}/{made['id']}"
        assert created.headers["location"] == here
        read = await client.get(here)
        assert (read.status_code, read.headers["etag"], read.json()) == (200, '"1"', made)
        replaced = await client.put(here, headers=as_(who, **{"If-Match": '"1"'}), json=body)
        assert replaced.status_code == 200, replaced.text
        assert replaced.headers["etag"] == '"2"'
        assert shown(kind, replaced) == made
        gone = await client.delete(here, headers=as_(who))
        assert (gone.status_code, gone.content) == (204, b"")
        for answer in (
            await client.get(here),
            await client.delete(here, headers=as_(who)),
            await client.put(here, headers=as_(who, **{"If-Match": "*"}), json=body),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_is_written_only_by_who_may(self, client, kind, body_of):
        path, body = f"/v1/{kind}", body_of(kind)
        made = shown(kind, await post(client, path, writer(kind), body))
        here = f"{path}/{made['id']}"
        stranger = "airline" if writer(kind) == "admin" else "guest"
        match = {"If-Match": "*"}
        for headers, status in (({}, 401), ({"Authorization": "Bearer nobody"}, 401), (as_(stranger), 403)):
            assert (await client.post(path, headers=headers, json=body)).status_code == status
            assert (await client.put(here, headers=headers | match, json=body)).status_code == status
            assert (await client.delete(here, headers=headers)).status_code == status
        if writer(kind) == "airline":
            for answer in (
                await client.put(here, headers=as_("other") | match, json=body),
                await client.delete(here, headers=as_("other")),
            ):
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert (await client.put(here, headers=as_("admin") | match, json=body)).status_code == 200

    async def test_is_replaced_only_where_one_says_what(self, client, kind, body_of):
        path, who, body = f"/v1/{kind}", writer(kind), body_of(kind)
        made = shown(kind, await post(client, path, who, body))
        for headers, status, refusal in (
            ({}, 428, "precondition_required"),
            ({"If-Match": "1"}, 400, "if_match_malformed"),
            ({"If-Match": '"9"'}, 412, "precondition_failed"),
        ):
            answer = await client.put(f"{path}/{made['id']}", headers=as_(who) | headers, json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, refusal)

    async def test_is_listed_page_by_page(self, client, kind, body_of):
        path, who = f"/v1/{kind}", writer(kind)
        ids = []
        for number in range(3):
            body = body_of(kind)
            if "number" in body:
                body = {**body, "number": f"HF{number}"}
            ids.append(shown(kind, await post(client, path, who, body))["id"])
        seen, cursor = [], None
        while True:
            page = await client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})})
            assert page.status_code == 200
            assert len(page.json()["items"]) <= 2
            seen += [each["id"] for each in page.json()["items"]]
            cursor = page.json()["next_cursor"]
            if cursor is None:
                break
        assert seen == sorted(set(seen))
        assert set(ids) <= set(seen)
        other = next(each for each in KINDS if each != kind)
        made = (await client.get(path, params={"limit": 1})).json()["next_cursor"]
        for wrong in ("nonsense", made):
            answer = await client.get(f"/v1/{other if wrong == made else kind}", params={"cursor": wrong})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")

    async def test_refuses_fields_that_are_not_there_or_missing(self, client, kind, body_of):
        path, who, body = f"/v1/{kind}", writer(kind), body_of(kind)
        answer = await client.post(path, headers=as_(who), json=body | {"owner_id": 1})
        assert findings(answer) == [("/owner_id", "unknown_field")]
        field = next(iter(body))
        answer = await client.post(path, headers=as_(who), json={key: body[key] for key in body if key != field})
        assert findings(answer) == [(f"/{field}", "missing_field")]
        for wrong in ("0", "-1", "x", "1.5"):
            assert (await client.get(f"{path}/{wrong}")).status_code == 404


class TestACity:
    async def test_with_airports_is_in_use(self, client, town, ends):
        answer = await client.delete(f"/v1/cities/{town['id']}", headers=as_("admin"))
        assert (answer.status_code, answer.json()["code"]) == (409, "city_in_use")
        assert answer.json()["airports"] == [{"id": each["id"], "iata": each["iata"]} for each in ends]

    async def test_is_listed_by_country(self, client, body_of):
        made = (await post(client, "/v1/cities", "admin", example(CityIn, country="FO"))).json()
        assert body_of("cities")["country"] == "US"
        answer = await client.get("/v1/cities", params={"country": "FO"})
        assert answer.json() == {"items": [made], "next_cursor": None}
        answer = await client.get("/v1/cities", params={"country": "XX"})
        assert findings(answer) == [("#query/country", "unknown_country")]


class TestAnAirport:
    async def test_shows_its_city(self, ends, town):
        assert ends[0]["city_id"] == town["id"]
        assert (ends[0]["city"], ends[0]["country"]) == ("Washington", "US")

    async def test_has_a_code_of_its_own(self, client, ends, town):
        body = example(AirportIn, city_id=town["id"], iata=ends[0]["iata"])
        answer = await client.post("/v1/airports", headers=as_("admin"), json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_iata")
        assert answer.json()["airport_id"] == ends[0]["id"]

    async def test_of_no_city_is_refused_at_its_field(self, client):
        body = example(AirportIn, city_id=2**53 - 1, iata=code())
        answer = await client.post("/v1/airports", headers=as_("admin"), json=body)
        assert answer.status_code == 422
        assert findings(answer) == [("/city_id", "unknown_city")]

    async def test_with_flights_is_in_use(self, client, ends, flight):
        here = f"/v1/airports/{ends[0]['id']}"
        answer = await client.delete(here, headers=as_("admin"))
        assert (answer.status_code, answer.json()["code"]) == (409, "airport_in_use")
        assert answer.json()["flights"] == [{"id": flight["id"], "number": "HF101", "date": "2027-03-12"}]
        assert answer.json()["schedules"] == []
        said = {key: ends[0][key] for key in AirportIn.model_fields} | {"zone": "Asia/Tokyo"}
        answer = await client.put(here, headers=as_("admin", **{"If-Match": "*"}), json=said)
        assert (answer.status_code, answer.json()["code"]) == (409, "airport_in_use")

    async def test_is_found_by_its_code(self, client, ends):
        answer = await client.get("/v1/airports", params={"iata": ends[0]["iata"]})
        assert answer.json()["items"] == [ends[0]]
        answer = await client.get("/v1/airports", params={"iata": "dca"})
        assert findings(answer) == [("#query/iata", "invalid_format")]


class TestAnAirplane:
    async def test_shows_its_cabins(self, plane):
        assert plane["owner_id"] == AIRLINE.account_id
        said = example(AirplaneIn)
        assert {key: plane[key] for key in ("equipment", "cabins")} == {
            key: said[key] for key in ("equipment", "cabins")
        }

    async def test_has_prices_in_one_currency(self, client):
        body = example(AirplaneIn, name=name())
        body["cabins"][0]["prices"][1]["price"]["currency"] = "EUR"
        answer = await client.post("/v1/airplanes", headers=as_("airline"), json=body)
        assert findings(answer) == [("/cabins/0/prices/1/price/currency", "currency_mismatch")]

    async def test_may_have_no_prices(self, client):
        body = example(AirplaneIn, name=name())
        body["cabins"][0] |= {"prices": [], "ordinary_price": None}
        made = (await post(client, "/v1/airplanes", "airline", body)).json()
        assert (made["cabins"][0]["prices"], made["cabins"][0]["ordinary_price"]) == ([], None)

    async def test_has_a_name_of_its_own(self, client, plane):
        answer = await client.post(
            "/v1/airplanes", headers=as_("airline"), json=example(AirplaneIn, name=plane["name"])
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_airplane")

    async def test_with_flights_is_in_use(self, client, plane, flight):
        here = f"/v1/airplanes/{plane['id']}"
        answer = await client.delete(here, headers=as_("airline"))
        assert (answer.status_code, answer.json()["code"]) == (409, "airplane_in_use")
        assert [each["id"] for each in answer.json()["flights"]] == [flight["id"]]

    async def test_of_an_owner_is_listed_by_it(self, client, plane):
        answer = await client.get("/v1/airplanes", params={"owner_id": AIRLINE.account_id, "limit": 100})
        assert plane in answer.json()["items"]
        answer = await client.get("/v1/airplanes", params={"owner_id": 10**6})
        assert answer.json()["items"] == []


class TestAFlight:
    async def test_shows_local_times_of_both_ends(self, flight, ends):
        assert (flight["number"], flight["airline"], flight["state"]) == ("HF101", "HF", "scheduled")
        departs, arrives = flight["departs"], flight["arrives"]
        assert (departs["iata"], departs["zone"]) == (ends[0]["iata"], "America/New_York")
        assert (departs["date"], departs["time"], departs["at"]) == ("2027-03-12", "18:05", "2027-03-12T23:05:00Z")
        assert (arrives["date"], arrives["time"], arrives["at"]) == ("2027-03-13", "06:05", "2027-03-13T06:05:00Z")
        assert (flight["day_offset"], flight["duration_minutes"]) == (1, 420)
        assert flight["cabins"] == [{"code": "economy", "seats": 29 * 6 - 2}]

    async def test_shows_its_fares_with_their_conditions(self, flight, wanted):
        said, [cabin] = flight["fares"], flight["fares"]["cabins"]
        assert {key: said[key] for key in said if key != "cabins"} == {
            key: wanted["fares"][key] for key in said if key != "cabins"
        }
        assert cabin["buckets"] == wanted["fares"]["cabins"][0]["buckets"]
        basic, flex = cabin["brands"]
        assert (basic["policy"]["name"], basic["policy"]["windows"]) == ("non_refundable", [])
        assert (flex["policy"]["name"], flex["bags"], flex["seat_choice"]) == ("flexible", 1, True)

    async def test_is_replaced_by_what_was_read(self, client, flight, wanted):
        """What a client reads it may send back: policies by their windows, not by name."""
        again = wanted | {"fares": flight["fares"]}
        answer = await client.put(
            f"/v1/flights/{flight['id']}", headers=as_("airline", **{"If-Match": '"1"'}), json=again
        )
        assert answer.status_code == 200, answer.text
        assert answer.json() == flight

    async def test_that_refers_to_nothing_is_refused_at_each_field(self, client, wanted):
        wrong = wanted | {"origin_id": 2**53 - 1, "airplane_id": 2**53 - 2, "destination_id": 2**53 - 3}
        answer = await client.post("/v1/flights", headers=as_("airline"), json=wrong)
        assert answer.status_code == 422
        assert findings(answer) == [
            ("/origin_id", "unknown_airport"),
            ("/destination_id", "unknown_airport"),
            ("/airplane_id", "unknown_airplane"),
        ]

    async def test_has_fares_in_one_currency(self, client, wanted):
        wrong = copy.deepcopy(wanted)
        [cabin] = wrong["fares"]["cabins"]
        cabin["buckets"][1]["fare"]["currency"] = cabin["brands"][1]["change_fee"]["currency"] = "EUR"
        answer = await client.post("/v1/flights", headers=as_("airline"), json=wrong)
        assert findings(answer) == [
            ("/fares/cabins/0/buckets/1/fare/currency", "currency_mismatch"),
            ("/fares/cabins/0/brands/1/change_fee/currency", "currency_mismatch"),
        ]

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"number": "hf101"}, "/number", "invalid_format"),
            ({"number": 101}, "/number", "type_error"),
            ({"departs": "24:00"}, "/departs", "invalid_time"),
            ({"departs": "8:00"}, "/departs", "invalid_time"),
            ({"date": "2027-02-30"}, "/date", "invalid_date"),
            ({"date": "1999-12-31"}, "/date", "out_of_range"),
            ({"date": "9999-12-31", "day_offset": 2}, "/date", "out_of_range"),
            ({"day_offset": 3}, "/day_offset", "out_of_range"),
            ({"day_offset": 0}, "/arrives", "not_after_departure"),
            ({"day_offset": 2}, "/arrives", "flight_too_long"),
            ({"date": "2027-03-14", "departs": "02:30"}, "/departs", "nonexistent_time"),
            ({"airline_name": ""}, "/airline_name", "too_short"),
            ({"origin_id": "1"}, "/origin_id", "type_error"),
            ({"origin_id": 0}, "/origin_id", "out_of_range"),
        ],
        ids=str,
    )
    async def test_is_refused_at_the_field_that_is_wrong(self, client, wanted, changes, pointer, code):
        answer = await client.post("/v1/flights", headers=as_("airline"), json=wanted | changes)
        assert answer.status_code == 422
        assert findings(answer) == [(pointer, code)]

    async def test_has_a_number_of_its_own_on_its_date(self, client, flight, wanted):
        answer = await client.post("/v1/flights", headers=as_("airline"), json=wanted)
        assert (answer.status_code, answer.json()["code"]) == (409, "duplicate_flight")
        assert answer.json()["flights"] == [{"id": flight["id"], "date": "2027-03-12"}]

    async def test_is_canceled_for_good(self, client, flight, wanted):
        here = f"/v1/flights/{flight['id']}"
        assert (await client.post(f"{here}/cancel", headers=as_("other"))).status_code == 404
        assert (await client.post(f"{here}/cancel", headers=as_("guest"))).status_code == 403
        for _ in range(2):
            answer = await client.post(f"{here}/cancel", headers=as_("airline"))
            assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
            assert answer.json() == flight | {"state": "canceled"}
        answer = await client.put(here, headers=as_("airline", **{"If-Match": "*"}), json=wanted)
        assert (answer.status_code, answer.json()["code"]) == (409, "flight_canceled")

    async def test_that_was_offered_is_not_deleted(self, client, catalog, flight, wanted):
        await catalog.flights.mark_offered(ids=[flight["id"]])
        here = f"/v1/flights/{flight['id']}"
        answer = await client.delete(here, headers=as_("airline"))
        assert (answer.status_code, answer.json()["code"]) == (409, "flight_in_use")
        back = wanted | {
            "origin_id": wanted["destination_id"],
            "destination_id": wanted["origin_id"],
            "arrives": "21:05",
            "day_offset": 0,
        }
        answer = await client.put(here, headers=as_("airline", **{"If-Match": '"1"'}), json=back)
        assert (answer.status_code, answer.json()["code"]) == (409, "flight_in_use")

    async def test_that_has_departed_stays(self, client, wanted):
        gone = (await post(client, "/v1/flights", "airline", wanted | {"date": "2027-01-08"})).json()
        here = f"/v1/flights/{gone['id']}"
        for answer in (
            await client.post(f"{here}/cancel", headers=as_("airline")),
            await client.put(here, headers=as_("airline", **{"If-Match": "*"}), json=wanted),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "flight_departed")

    async def test_is_listed_without_fares_by_every_filter(self, client, flight, ends):
        line = {key: flight[key] for key in flight if key != "fares"}
        from_here = {"origin": ends[0]["iata"]}
        for chosen in (
            {"destination": ends[1]["iata"]},
            {"first": "2027-03-12"},
            {"end": "2027-03-13"},
            {"number": "HF101"},
            {"owner_id": AIRLINE.account_id},
        ):
            answer = await client.get("/v1/flights", params=from_here | chosen)
            assert answer.json() == {"items": [line], "next_cursor": None}
        for chosen in (
            {"destination": ends[0]["iata"]},
            {"first": "2027-03-13"},
            {"end": "2027-03-12"},
            {"number": "HF1"},
            {"owner_id": 999},
            {"schedule_id": 999},
        ):
            answer = await client.get("/v1/flights", params=from_here | chosen)
            assert answer.json() == {"items": [], "next_cursor": None}

    async def test_is_not_listed_by_filters_that_make_no_sense(self, client):
        wrong = {"origin": "dca", "first": "yesterday", "number": "?", "owner_id": "0", "limit": "101", "to": "DCA"}
        answer = await client.get("/v1/flights", params=wrong)
        assert answer.status_code == 422
        assert sorted(findings(answer)) == [
            ("#query/first", "invalid_date"),
            ("#query/limit", "out_of_range"),
            ("#query/number", "too_short"),
            ("#query/origin", "invalid_format"),
            ("#query/owner_id", "out_of_range"),
            ("#query/to", "unknown_field"),
        ]

    async def test_has_pages_of_one_filter_alone(self, client, wanted, ends):
        for number in ("HF1", "HF2"):
            await post(client, "/v1/flights", "airline", wanted | {"number": number})
        chosen = {"origin": ends[0]["iata"], "limit": "1"}
        page = (await client.get("/v1/flights", params=chosen)).json()
        following = await client.get("/v1/flights", params=chosen | {"cursor": page["next_cursor"]})
        assert [each["number"] for each in following.json()["items"]] == ["HF2"]
        answer = await client.get(
            "/v1/flights", params=chosen | {"origin": ends[1]["iata"], "cursor": page["next_cursor"]}
        )
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


class TestASchedule:
    async def test_makes_flights_that_name_it(self, client, repeated):
        answer = await post(client, "/v1/schedules", "airline", repeated)
        made = answer.json()
        assert made["flights"] == {"made": 40, "changed": 0, "removed": 0, "kept": 0}
        said = made["schedule"]
        assert {key: said[key] for key in repeated if key != "fares"} == {
            key: repeated[key] for key in repeated if key != "fares"
        }
        listed = await client.get("/v1/flights", params={"schedule_id": said["id"], "limit": "100"})
        flights = listed.json()["items"]
        assert len(flights) == 40
        assert {each["schedule_id"] for each in flights} == {said["id"]}
        assert {each["departs"]["time"] for each in flights} == {"18:05"}
        assert {each["duration_minutes"] for each in flights} == {90}

    async def test_says_what_became_of_its_flights(self, client, catalog, repeated):
        made = (await post(client, "/v1/schedules", "airline", repeated)).json()["schedule"]
        listed = await client.get("/v1/flights", params={"schedule_id": made["id"], "limit": "100"})
        await catalog.flights.mark_offered(ids=[listed.json()["items"][0]["id"]])
        answer = await client.put(
            f"/v1/schedules/{made['id']}",
            headers=as_("airline", **{"If-Match": '"1"'}),
            json=repeated | {"weekdays": ["friday", "sunday"], "last": "2027-03-31"},
        )
        assert answer.status_code == 200, answer.text
        assert answer.headers["etag"] == '"2"'
        assert answer.json()["schedule"]["weekdays"] == ["friday", "sunday"]
        assert answer.json()["flights"] == {"made": 4, "changed": 4, "removed": 35, "kept": 1}

    async def test_is_refused_at_the_field_that_is_wrong(self, client, repeated):
        for changes, expected in (
            ({"weekdays": []}, ("/weekdays", "too_short")),
            ({"weekdays": ["Montag"]}, ("/weekdays/0", "invalid_choice")),
            ({"weekdays": ["monday", "monday"]}, ("/weekdays/1", "duplicate")),
            ({"last": "2028-03-01"}, ("/last", "range_too_long")),
            ({"last": "2027-02-28"}, ("/last", "empty_or_negative_range")),
            ({"first": "2027-03-01", "last": "2027-03-01", "weekdays": ["tuesday"]}, ("/weekdays", "no_dates")),
            ({"duration_minutes": 1_441}, ("/duration_minutes", "out_of_range")),
        ):
            answer = await client.post("/v1/schedules", headers=as_("airline"), json=repeated | changes)
            assert answer.status_code == 422
            assert findings(answer) == [expected]

    async def test_of_an_owner_is_listed_by_it(self, client, repeated):
        made = (await post(client, "/v1/schedules", "airline", repeated)).json()["schedule"]
        answer = await client.get("/v1/schedules", params={"owner_id": AIRLINE.account_id, "limit": 100})
        assert made in answer.json()["items"]
        answer = await client.get("/v1/schedules", params={"owner_id": 999})
        assert answer.json()["items"] == []
