"""Searching stays over HTTP: what is found, what it would cost, and what a wrong question is told."""

import itertools
from datetime import timedelta

import pytest

from holdfast.accounts.api import Role
from holdfast.catalog.api import PropertyKind
from holdfast.gateway.search_wire import FoundPage, FoundProperty, Hit, Page, Stay, StaysQuery
from holdfast.search.api import StayPage
from support.polling import eventually
from support.product import product

APARTMENT, VILLA, CABIN, COTTAGE = 1, 2, 3, 4
ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("search") / "search.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.guest = await running.person("gina")
        await running.import_samples(running.owner)
        yield running


@pytest.fixture
def ask(house):
    """A function that searches and returns the page."""

    async def search(**params):
        answer = await house.client.get("/v1/search/stays", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return search


@pytest.fixture
def days(house):
    """A function that returns dates from today on, as the query writes them."""

    def stay(ahead, nights):
        start = house.clock.today(ZONE) + timedelta(days=ahead)
        return {"check_in": start.isoformat(), "check_out": (start + timedelta(days=nights)).isoformat()}

    return stay


def ids(page):
    return [item["property_id"] for item in page["items"]]


class TestFinding:
    @pytest.mark.parametrize(
        ("params", "found"),
        [
            ({}, {APARTMENT, VILLA, CABIN, COTTAGE}),
            ({"text": "villa"}, {VILLA}),
            ({"place": "malibu"}, {VILLA}),
            ({"place": "Nowhere"}, set()),
            ({"box": "33,-119,35,-118"}, {VILLA}),
            ({"near": "39.19,-106.8", "radius_km": "10"}, {CABIN}),
            ({"guests": "5"}, {VILLA}),
            ({"price_min": "12000", "price_max": "18000"}, {APARTMENT, CABIN}),
            ({"type": "entire_home,hotel_room"}, {APARTMENT, VILLA, CABIN, COTTAGE}),
            ({"type": "private_room"}, set()),
            ({"amenities": "wifi,kitchen"}, {APARTMENT, VILLA, CABIN, COTTAGE}),
            ({"amenities": "wifi,sauna"}, set()),
            ({"rating_min": "1"}, set()),
        ],
    )
    async def test_what_is_given_must_all_be_met(self, ask, params, found):
        page = await ask(**params)
        assert set(ids(page)) == found
        assert page["total"] == len(found)

    async def test_sorts_by_price_and_distance(self, ask):
        assert ids(await ask(sort="price")) == [COTTAGE, APARTMENT, CABIN, VILLA]
        assert ids(await ask(sort="-price")) == [VILLA, CABIN, APARTMENT, COTTAGE]
        near = await ask(sort="distance", near="40.7,-74.0", radius_km="500")
        assert ids(near) == [APARTMENT]
        assert 0 < near["items"][0]["distance_km"] < 20

    async def test_counts_facets_when_asked(self, ask):
        assert (await ask())["facets"] is None
        assert (await ask(facets="true"))["facets"]["kind"] == {"entire_home": 4}

    async def test_pages_show_everything_once(self, ask):
        seen, cursor = [], {}
        for _ in range(4):
            page = await ask(sort="price", limit="1", **cursor)
            seen += ids(page)
            cursor = {"cursor": page["next_cursor"]}
        assert seen == [COTTAGE, APARTMENT, CABIN, VILLA]
        assert page["next_cursor"] is None

    async def test_a_cursor_belongs_to_its_filters(self, house, ask):
        cursor = (await ask(sort="price", limit="1"))["next_cursor"]
        for params in ({"sort": "-price"}, {"sort": "price", "guests": "2"}, {"sort": "price", "text": "villa"}):
            answer = await house.client.get("/v1/search/stays", params={**params, "cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")
        assert ids(await ask(sort="price", limit="3", cursor=cursor)) == [APARTMENT, CABIN, VILLA]


class TestWithDates:
    async def test_says_the_total_a_quote_will_say(self, house, ask, days):
        when = days(60, 3)
        page = await ask(guests="2", **when)
        assert set(ids(page)) == {APARTMENT, VILLA, CABIN, COTTAGE}
        for item in page["items"]:
            wish = {"kind": "stay", "property_id": item["property_id"], "guests": 2, **when}
            quote = await house.client.post("/v1/quotes", json={"items": [wish]}, headers=house.guest.headers)
            assert item["stay"] == {
                "nights": 3,
                "bookable": True,
                "total": quote.json()["price"]["total"],
                "reasons": [],
            }

    async def test_leaves_out_what_is_taken_and_brings_it_back(self, house, ask, days):
        when = days(70, 2)
        body = {
            "userId": house.guest.id,
            "propertyId": CABIN,
            "startDate": when["check_in"],
            "endDate": when["check_out"],
        }
        booked = await house.client.post("/api/bookings/book", json=body, headers=house.guest.headers)

        async def is_gone():
            return CABIN not in ids(await ask(**when))

        await eventually(is_gone)
        assert CABIN in ids(await ask(**days(72, 2)))
        number = booked.json()["bookingId"]
        await house.client.delete(f"/api/cancel-booking/{number}", headers=house.guest.headers)

        async def is_back():
            return CABIN in ids(await ask(**when))

        await eventually(is_back)

    async def test_shows_the_rule_that_stands_against_a_stay(self, house, ask, days):
        when = days(80, 2)
        terms = {"first": when["check_in"], "end": when["check_out"], "min_nights": 5}
        changed = await house.client.put(
            f"/v1/owner/properties/{COTTAGE}/nights", json=terms, headers=house.owner.headers
        )
        assert changed.status_code == 200, changed.text
        [cottage] = [item for item in (await ask(**when))["items"] if item["property_id"] == COTTAGE]
        assert cottage["stay"]["bookable"] is False
        assert [reason["rule"] for reason in cottage["stay"]["reasons"]] == ["min_nights"]


class TestQuestionsThatAreWrong:
    @pytest.mark.parametrize(
        ("params", "pointer", "code"),
        [
            ({"limit": "0"}, "#query/limit", "out_of_range"),
            ({"limit": "101"}, "#query/limit", "out_of_range"),
            ({"limit": "all"}, "#query/limit", "type_error"),
            ({"guests": "0"}, "#query/guests", "out_of_range"),
            ({"guests": "1.5"}, "#query/guests", "type_error"),
            ({"sort": "id;drop"}, "#query/sort", "invalid_choice"),
            ({"sort": "distance"}, "#query/sort", "needs_circle"),
            ({"type": "castle"}, "#query/type", "invalid_format"),
            ({"amenities": "' OR 1=1--"}, "#query/amenities", "invalid_format"),
            ({"box": "1,2,3"}, "#query/box", "invalid_format"),
            ({"box": "35,-119,33,-118"}, "#query/box", "south_above_north"),
            ({"box": "33,-181,35,-118"}, "#query/box", "invalid_format"),
            ({"near": "91,0"}, "#query/near", "invalid_format"),
            ({"radius_km": "NaN", "near": "1,1"}, "#query/radius_km", "type_error"),
            ({"price_min": "2", "price_max": "1"}, "#query/price_max", "below_minimum"),
            ({"rating_min": "6"}, "#query/rating_min", "out_of_range"),
            ({"facets": "yes"}, "#query/facets", "type_error"),
            ({"check_in": "2030-01-01"}, "#query/check_out", "missing"),
            ({"check_out": "2030-01-01"}, "#query/check_in", "missing"),
            ({"check_in": "2030-02-30", "check_out": "2030-03-02"}, "#query/check_in", "invalid_date"),
            ({"check_in": "2030-01-02", "check_out": "2030-01-02"}, "#query/check_out", "empty_or_negative_range"),
            ({"check_in": "2020-01-02", "check_out": "2020-01-03"}, "#query/check_in", "past_date"),
            ({"check_in": "2027-01-02", "check_out": "2029-01-02"}, "#query/check_out", "stay_too_long"),
            ({"check_in": "2190-01-02", "check_out": "2190-01-03"}, "#query/check_in", "beyond_horizon"),
            ({"text": " ".join("abcdefghijkl")}, "#query/text", "too_many"),
            ({"page": "1"}, "#query/page", "unknown_field"),
        ],
    )
    async def test_are_told_which_parameter(self, house, params, pointer, code):
        answer = await house.client.get("/v1/search/stays", params=params)
        assert answer.status_code == 422
        assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}

    @pytest.mark.parametrize("text", ["%", "_", "' OR 1=1--", '{"$gt":""}', "a" * 200, "\N{SNOWMAN}"])
    async def test_text_is_only_text(self, ask, text):
        assert (await ask(text=text))["total"] == 0


class TestTheFastEncoding:
    """The bytes are made by msgspec; the documentation is made from pydantic models. They must say the same."""

    async def test_fits_the_documented_model(self, house, days):
        queries = [{}, {"facets": "true", "limit": "1"}, {"near": "34,-118", "radius_km": "100"}, days(60, 3)]
        for params in queries:
            answer = await house.client.get("/v1/search/stays", params=params)
            page = FoundPage.model_validate_json(answer.content)
            assert page.items
            assert page.model_dump(mode="json") == answer.json()

    def test_has_the_same_members(self):
        for fast, model in ((Page, FoundPage), (Hit, FoundProperty), (Stay, FoundProperty)):
            described = model if fast is not Stay else _inner(FoundProperty, "stay")
            assert list(fast.__struct_fields__) == list(described.model_fields)

    def test_knows_every_kind(self):
        assert set(_literal(FoundProperty, "kind")) == set(PropertyKind)

    def test_every_filter_is_part_of_the_query(self):
        asked = set(StaysQuery.model_fields)
        assert {"text", "place", "box", "near", "check_in", "guests", "price_min", "type", "amenities"} <= asked
        assert "next_position" in StayPage.__dataclass_fields__


def _inner(model, name):
    return next(kind for kind in model.model_fields[name].annotation.__args__ if hasattr(kind, "model_fields"))


def _literal(model, name):
    return list(itertools.chain(model.model_fields[name].annotation.__args__))
