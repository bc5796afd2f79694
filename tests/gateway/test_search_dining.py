"""Searching restaurants over HTTP: what is found, when a table is free and what it costs, and what a wrong question is
told."""

import sys
from datetime import timedelta
from pathlib import Path

import pytest

from support.principals import principal_of

sys.path.append(str(Path(__file__).parent.parent / "booking"))  # its builders know what a restaurant is

from trip_builder import DEPOSIT, GUARANTEE, ZONE, restaurant_draft

from holdfast.accounts.api import Role
from holdfast.gateway.search_dining_wire import FoundRestaurant, FoundRestaurantPage, FoundTable, Hit, Page, Table
from holdfast.verticals.dining.terms import DiningTable
from support.polling import eventually
from support.product import product

ONE_TABLE = (DiningTable(code="1", area="room", seats_min=1, seats_max=2),)


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("search") / "search.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.guest = await running.person("gina")
        owner = principal_of(running.owner.id, "owner")
        drafts = (
            restaurant_draft(),
            restaurant_draft(tables=ONE_TABLE, combinations=(), securities=(DEPOSIT,)),
            restaurant_draft(securities=(GUARANTEE,)),
            restaurant_draft(listed=False),
        )
        doors = running.door("catalog").restaurants
        running.rooms = [(await doors.create(owner=owner, draft=draft)).id for draft in drafts]

        async def are_found():
            return (await running.client.get("/v1/search/dining")).json()["total"] == len(drafts) - 1

        await eventually(are_found)
        yield running


@pytest.fixture
def ask(house):
    """A function that searches and returns the page."""

    async def search(**params):
        answer = await house.client.get("/v1/search/dining", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return search


@pytest.fixture
def on(house):
    """A function that returns a date from today on, as the query writes it."""

    def day(ahead):
        return (house.clock.today(ZONE) + timedelta(days=ahead)).isoformat()

    return day


def ids(page):
    return [item["restaurant_id"] for item in page["items"]]


class TestFinding:
    async def test_what_is_given_must_all_be_met(self, house, ask):
        plain, small, dear, _ = house.rooms
        for params, found in (
            ({}, {plain, small, dear}),
            ({"party_size": "4"}, {plain, dear}),
            ({"party_size": "9"}, set()),
            ({"cuisine": "thai,french", "price_level": "1,2"}, {plain, small, dear}),
            ({"price_level": "3"}, set()),
            ({"rating_min": "1"}, set()),
            ({"text": "chez", "place": "logan circle"}, {plain, small, dear}),
            ({"near": "38.9,-77.0", "radius_km": "1", "sort": "distance"}, {plain, small, dear}),
            ({"box": "33,-119,35,-118"}, set()),
        ):
            page = await ask(**params)
            assert set(ids(page)) == found, params
            assert page["total"] == len(found)

    async def test_shows_a_table_that_can_be_quoted_as_it_is(self, house, ask, on):
        page = await ask(date=on(5), time="19:10", party_size="2")
        tables = {item["restaurant_id"]: item["table"] for item in page["items"]}
        assert len(tables) == 3
        for restaurant_id, table in tables.items():
            assert table["times"] == ["18:30", "18:45", "19:00", "19:15", "19:30", "19:45", "20:00"]
            wish = {
                "kind": "table",
                "restaurant_id": restaurant_id,
                "date": on(5),
                "time": table["times"][0],
                "party_size": 2,
            }
            quote = await house.client.post("/v1/quotes", json={"items": [wish]}, headers=house.guest.headers)
            assert quote.status_code == 201, quote.text
            assert quote.json()["price"]["total"] == table["due"]
            assert quote.json()["items"][0]["minutes"] == table["minutes"]
        plain, small, dear, _ = house.rooms
        assert [tables[each]["guarantee"]["amount"] for each in (plain, small, dear)] == [0, 0, 5_000]
        assert tables[small]["due"] == {"amount": 4_000, "currency": "USD"}

    async def test_shows_no_table_without_a_date(self, ask):
        assert {item["table"] for item in (await ask())["items"]} == {None}

    async def test_follows_holds_and_releases(self, house, ask, on):
        small = house.rooms[1]
        when = {"date": on(9), "time": "19:00"}
        wish = {"kind": "table", "restaurant_id": small, "party_size": 2, **when}
        quote = await house.client.post("/v1/quotes", json={"items": [wish]}, headers=house.guest.headers)
        body = {"quote_id": quote.json()["id"]}
        hold = await house.client.post("/v1/holds", json=body, headers=house.guest.with_key("a"))
        assert hold.status_code == 201, hold.text

        async def times():
            return {item["restaurant_id"]: item["table"]["times"] for item in (await ask(**when))["items"]}

        async def is_taken():
            found = await times()
            # Ninety minutes from seven on: nobody comes after half past five.
            return found[small] == ["17:30", "20:30"]

        await eventually(is_taken)
        await house.client.delete(f"/v1/holds/{hold.json()['id']}", headers=house.guest.headers)

        async def is_free():
            return "19:00" in (await times())[small]

        await eventually(is_free)

    async def test_counts_facets_when_asked(self, ask):
        assert (await ask())["facets"] is None
        assert (await ask(facets="true"))["facets"] == {
            "cuisine": {"french": 3},
            "neighbourhood": {"Logan Circle": 3},
            "price_level": {"2": 3},
        }

    async def test_pages_show_everything_once(self, house, ask, on):
        seen, cursor = [], {}
        for _ in range(3):
            page = await ask(date=on(5), sort="earliest", limit="1", **cursor)
            seen += ids(page)
            cursor = {"cursor": page["next_cursor"]}
        assert sorted(seen) == sorted(house.rooms[:3])
        assert page["next_cursor"] is None

    async def test_a_cursor_belongs_to_its_filters(self, house, ask, on):
        cursor = (await ask(date=on(5), limit="1"))["next_cursor"]
        for params in ({"date": on(6)}, {"date": on(5), "party_size": "1"}, {"date": on(5), "cuisine": "french"}):
            answer = await house.client.get("/v1/search/dining", params={**params, "cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")


class TestQuestionsThatAreWrong:
    @pytest.mark.parametrize(
        ("params", "pointer", "code"),
        [
            ({"limit": "0"}, "#query/limit", "out_of_range"),
            ({"party_size": "0"}, "#query/party_size", "out_of_range"),
            ({"party_size": "101"}, "#query/party_size", "out_of_range"),
            ({"date": "2030-02-30"}, "#query/date", "invalid_date"),
            ({"date": "2020-01-02"}, "#query/date", "past_date"),
            ({"date": "2190-01-02"}, "#query/date", "beyond_horizon"),
            ({"time": "19:00"}, "#query/date", "missing"),
            ({"time": "25:00"}, "#query/time", "invalid_time"),
            ({"sort": "earliest"}, "#query/sort", "needs_date"),
            ({"sort": "distance"}, "#query/sort", "needs_circle"),
            ({"sort": "price"}, "#query/sort", "invalid_choice"),
            ({"cuisine": "Thai"}, "#query/cuisine", "invalid_format"),
            ({"price_level": "5"}, "#query/price_level", "invalid_format"),
            ({"rating_min": "6"}, "#query/rating_min", "out_of_range"),
            ({"box": "35,-119,33,-118"}, "#query/box", "south_above_north"),
            ({"text": " ".join("abcdefghijkl")}, "#query/text", "too_many"),
            ({"guests": "2"}, "#query/guests", "unknown_field"),
        ],
    )
    async def test_are_told_which_parameter(self, house, params, pointer, code):
        answer = await house.client.get("/v1/search/dining", params=params)
        assert answer.status_code == 422
        assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


class TestTheFastEncoding:
    async def test_fits_the_documented_model(self, house, on):
        for params in ({}, {"facets": "true", "limit": "1"}, {"near": "38.9,-77"}, {"date": on(5)}):
            answer = await house.client.get("/v1/search/dining", params=params)
            page = FoundRestaurantPage.model_validate_json(answer.content)
            assert page.items
            assert page.model_dump(mode="json") == answer.json()

    def test_has_the_same_members(self):
        for fast, model in ((Page, FoundRestaurantPage), (Hit, FoundRestaurant), (Table, FoundTable)):
            assert list(fast.__struct_fields__) == list(model.model_fields)
