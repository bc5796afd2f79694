"""The demo's restaurants: invented, furnished, and open for a party of two."""

import re
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest

from holdfast.app.demo.pack import homes
from holdfast.app.demo.restaurants import restaurants
from holdfast.catalog.rules.restaurants import restaurant_errors
from holdfast.verticals.dining.prices import security_of
from holdfast.verticals.dining.seating import party_sizes
from holdfast.verticals.dining.slots import arrivals
from holdfast.verticals.dining.stock import DayStock
from holdfast.verticals.dining.terms import SecurityKind

OWNER_IDS = (11, 12, 13, 14, 15)
TODAY = date(2026, 3, 1)
FORTNIGHT = [TODAY + timedelta(days=n) for n in range(1, 15)]


@pytest.fixture(scope="module")
def rows():
    return list(restaurants(owner_ids=OWNER_IDS, today=TODAY))


@pytest.fixture(scope="module")
def terms(rows):
    return {number: replace(draft.terms, restaurant_id=number) for number, _, draft in rows}


class TestTheRestaurants:
    def test_are_a_hundred_and_twenty_in_a_row(self, rows):
        assert [number for number, _, _ in rows] == list(range(1, 121))

    def test_keep_every_rule_of_the_catalog(self, rows):
        wrong = [(draft.name, errors) for _, _, draft in rows if (errors := restaurant_errors(draft))]
        assert wrong == []

    def test_keep_every_rule_whatever_the_day_of_loading(self):
        for month in range(1, 13):
            drafts = [draft for _, _, draft in restaurants(owner_ids=OWNER_IDS, today=date(2027, month, 28))]
            assert [errors for draft in drafts if (errors := restaurant_errors(draft))] == []

    def test_have_names_and_descriptions_of_their_own(self, rows):
        names = {draft.name for _, _, draft in rows}
        assert len(names) == len({draft.description for _, _, draft in rows}) == len(rows)
        assert not any(re.search(r"\d", name.replace("No. 3", "")) for name in names)

    def test_belong_to_every_owner(self, rows):
        assert {owner_id for _, owner_id, _ in rows} == set(OWNER_IDS)

    def test_are_the_same_every_time(self, rows):
        assert list(restaurants(owner_ids=OWNER_IDS, today=TODAY)) == rows

    def test_stand_where_homes_of_their_neighborhood_stand(self, rows):
        box = {}
        for home in homes():
            south, west, north, east = box.get(home.neighbourhood, (90, 180, -90, -180))
            box[home.neighbourhood] = (
                min(south, home.latitude),
                min(west, home.longitude),
                max(north, home.latitude),
                max(east, home.longitude),
            )
        for _, _, draft in rows:
            place = draft.location
            south, west, north, east = box[place.neighbourhood]
            assert south <= place.latitude <= north, draft.name
            assert west <= place.longitude <= east, draft.name
            assert place.address.removesuffix(", Washington, DC") in place.neighbourhood

    def test_are_spread_over_the_city(self, rows):
        assert len({draft.location.neighbourhood for _, _, draft in rows}) >= 20

    def test_can_be_reached_by_nobody_real(self, rows):
        for _, _, draft in rows:
            contact = draft.contact
            assert contact.phone is None or re.fullmatch(r"\+1 202-555-01\d\d", contact.phone)
            assert contact.email.endswith(".example.com")
            assert contact.website.endswith(".example.com")
        assert len({draft.contact.website for _, _, draft in rows}) == len(rows)

    def test_say_that_they_are_invented(self, rows):
        assert all(draft.notes["invented"] for _, _, draft in rows)

    def test_cook_and_cost_many_things(self, rows):
        assert len({code for _, _, draft in rows for code in draft.cuisines}) >= 35
        assert {draft.price_level for _, _, draft in rows} == {1, 2, 3, 4}


class TestTheRooms:
    def test_have_twelve_to_sixty_tables_in_areas(self, terms):
        counts = [len(each.tables) for each in terms.values()]
        assert (min(counts) >= 12, max(counts) <= 60, max(counts) - min(counts) > 30) == (True, True, True)
        assert all(len({table.area for table in each.tables}) > 1 for each in terms.values())

    def test_put_only_neighbors_of_one_area_together(self, terms):
        for each in terms.values():
            area = {table.code: table.area for table in each.tables}
            for combination in each.combinations:
                assert len({area[code] for code in combination.tables}) == 1
                numbers = [int(code[1:]) for code in combination.tables]
                assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))

    def test_seat_every_party_they_take_online(self, terms):
        for each in terms.values():
            assert party_sizes(each, online=True) >= set(range(1, each.party_max + 1))

    def test_are_open_for_two_when_empty(self, terms):
        for each in terms.values():
            days = [day for day in FORTNIGHT if arrivals(each, day)]
            assert len(days) >= 7
            for day in days:
                stock = DayStock(each, day, {}, online=True)
                minutes = each.turn_times[0].minutes
                assert all(stock.is_free(arrival, 2, minutes, None) for arrival in stock.arrivals)

    def test_take_their_largest_party_when_empty(self, terms):
        for each in terms.values():
            day = next(day for day in FORTNIGHT if arrivals(each, day))
            stock = DayStock(each, day, {}, online=True)
            assert stock.is_free(stock.arrivals[0], each.party_max, each.turn_times[-1].minutes, None)

    def test_are_open_for_dinner_on_every_day_of_the_week_somewhere(self, terms):
        for day in FORTNIGHT:
            evening = sum(any(arrival.at.hour >= 18 for arrival in arrivals(each, day)) for each in terms.values())
            assert evening >= 50

    def test_ask_for_something_in_every_way_there_is(self, terms):
        asked = Counter(
            security.kind if (security := security_of(each, each.party_max)) else None for each in terms.values()
        )
        assert asked.keys() == {None, *SecurityKind}
        assert asked[None] > 20

    def test_are_closed_for_christmas_but_for_some(self, terms):
        christmas = date(2026, 12, 25)
        assert 0 < sum(bool(arrivals(each, christmas)) for each in terms.values()) < 20
