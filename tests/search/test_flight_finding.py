"""Journeys by air that are found: places, connections, fares, filters, order, pages and counts, on each engine."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from holdfast.kit.errors import Invalid
from holdfast.search.api import FlightSort
from holdfast.verticals.flights.terms import Passengers
from search.leg_builder import a_flight_world, day, flight, trip
from verticals.flight_builder import BASIC, BUSINESS, ECONOMY, FLEX


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_flight_world(url) as world:
        yield world


@pytest.fixture
async def world(module_world):
    await module_world.empty()
    return module_world


class TestASlice:
    async def test_goes_between_airports_on_a_day(self, world):
        await world.add(flight(1), flight(2, "JFK-IAD"), flight(3, "LGA-DCA"), flight(4, ahead=6), flight(5, "DCA-JFK"))
        assert await world.found(trip("JFK-DCA")) == [(1,)]
        assert await world.found(trip("jfk-iad")) == [(2,)]
        assert await world.found(trip("JFK-DCA", ahead=6)) == [(4,)]
        assert await world.found(trip("JFK-DCA", ahead=7)) == []

    async def test_goes_between_cities_by_any_of_their_airports(self, world):
        await world.add(flight(1), flight(2, "JFK-IAD"), flight(3, "LGA-DCA"))
        assert sorted(await world.found(trip("new york-Washington"))) == [(1,), (2,), (3,)]
        assert sorted(await world.found(trip("New York US-Washington"))) == [(1,), (2,), (3,)]
        assert await world.found(trip("LGA-Washington")) == [(3,)]

    async def test_is_of_the_day_at_its_origin(self, world):
        await world.add(
            flight(1, at="23:59"), flight(2, at="00:00"), flight(3, at="00:00", ahead=6), flight(4, at="23:59", ahead=4)
        )
        assert sorted(await world.found(trip("JFK-DCA"))) == [(1,), (2,)]

    async def test_departs_within_the_window(self, world):
        await world.add(flight(1, at="08:00"), flight(2, at="09:30"), flight(3, at="12:00"))
        assert await world.found(trip("JFK-DCA", departs_from=time(8, 1), departs_until=time(9, 30))) == [(2,)]
        assert sorted(await world.found(trip("JFK-DCA", departs_until=time(9, 30)))) == [(1,), (2,)]
        assert sorted(await world.found(trip("JFK-DCA", departs_from=time(9, 30)))) == [(2,), (3,)]

    async def test_connects_where_there_is_time(self, world):
        await world.add(
            flight(1, "JFK-ORD", at="08:00", minutes=120),
            flight(2, "ORD-DCA", at="09:44", minutes=100),
            flight(3, "ORD-DCA", at="09:45", minutes=100),
            flight(4, "ORD-DCA", at="12:00", minutes=100),
        )
        assert await world.found(trip("JFK-DCA")) == [(1, 3)]
        assert await world.found(trip("JFK-DCA", max_stops=0)) == []

    async def test_makes_two_stops_when_asked(self, world):
        await world.add(
            flight(1, "LHR-JFK", at="08:00", minutes=480),
            flight(2, "JFK-ORD", at="13:00", minutes=150),
            flight(3, "ORD-LAX", at="16:00", minutes=240),
        )
        assert await world.found(trip("LHR-LAX")) == []
        [hit] = (await world.search.flights(search=trip("LHR-LAX", max_stops=2))).hits
        assert hit.flight_ids == (1, 2, 3)
        [part] = hit.slices
        assert [leg.connection_minutes for leg in part.legs] == [None, 120, 90]
        assert [f"{leg.departs:%H:%M}-{leg.arrives:%H:%M}" for leg in part.legs] == [
            *["08:00-11:00", "13:00-14:30", "16:00-18:00"]
        ]
        assert part.minutes == 18 * 60

    async def test_waits_past_midnight_only_when_one_may(self, world):
        await world.add(
            flight(1, "JFK-ORD", at="20:00", minutes=120), flight(2, "ORD-DCA", at="06:00", ahead=6, minutes=100)
        )
        assert await world.found(trip("JFK-DCA")) == []
        [hit] = (await world.search.flights(search=trip("JFK-DCA", overnight=True))).hits
        assert hit.flight_ids == (1, 2)
        assert hit.slices[0].day_offset == 1

    async def test_may_fly_through_the_night(self, world):
        await world.add(flight(1, "JFK-LHR", at="22:00", minutes=420))
        [hit] = (await world.search.flights(search=trip("JFK-LHR"))).hits
        [leg] = hit.slices[0].legs
        assert (leg.day_offset, leg.minutes, f"{leg.arrives:%H:%M}") == (1, 420, "10:00")
        assert (leg.origin.zone, leg.destination.zone) == ("America/New_York", "Europe/London")

    async def test_is_flown_by_one_airline_alone(self, world):
        await world.add(
            flight(1, "JFK-ORD", at="08:00", minutes=120),
            flight(2, "ORD-DCA", at="11:00", minutes=100, owner_id=8),
            flight(3, "ORD-DCA", at="12:00", minutes=100),
            flight(4, "ORD-DCA", at="10:00", minutes=100, currency="EUR"),
        )
        assert await world.found(trip("JFK-DCA")) == [(1, 3)]

    async def test_is_not_sold_any_more_near_departure(self, world):
        await world.add(flight(1, at="08:00", ahead=0), flight(2, at="07:44", ahead=0), flight(3, at="07:45", ahead=0))
        # It is seven in the morning in New York, and the sale ends 45 minutes before departure.
        assert sorted(await world.found(trip("JFK-DCA", ahead=0))) == [(1,), (3,)]
        world.clock.advance(timedelta(microseconds=1))
        assert await world.found(trip("JFK-DCA", ahead=0)) == [(1,)]

    async def test_is_sold_until_departure_where_the_sale_ends_then(self, world):
        await world.add(flight(1, at="07:01", ahead=0, sales_close_minutes=0))
        world.clock.advance(timedelta(seconds=59, microseconds=999_999))
        assert await world.found(trip("JFK-DCA", ahead=0)) == [(1,)]
        world.clock.advance(timedelta(microseconds=1))
        assert await world.found(trip("JFK-DCA", ahead=0)) == []

    @pytest.mark.parametrize(
        ("asked", "found"),
        [
            ({}, [(1,), (2, 3), (4,)]),
            ({"max_minutes": 239}, [(1,), (4,)]),
            ({"max_minutes": 240}, [(1,), (2, 3), (4,)]),
            ({"max_stops": 0}, [(1,), (4,)]),
            ({"price_max_minor": 8_559}, []),
            ({"price_max_minor": 8_560}, [(1,)]),
            ({"airlines": ("XY",)}, [(4,)]),
            ({"airlines": ("XY", "HF")}, [(1,), (2, 3), (4,)]),
            ({"brand": "flex"}, [(1,), (2, 3)]),
            ({"brand": "none"}, []),
            ({"cabin": "business"}, [(1,), (2, 3)]),
            ({"cabin": "first"}, []),
        ],
    )
    async def test_meets_every_filter(self, world, asked, found):
        plain = replace(ECONOMY, brands=(replace(BASIC, extra_minor=10_000),))
        await world.add(
            flight(1, at="18:00"),
            flight(2, "JFK-ORD", at="18:30", minutes=120),
            flight(3, "ORD-DCA", at="20:15", minutes=75),
            flight(4, at="06:00", airline="XY", number="XY4", cabins=(plain,)),
        )
        assert sorted(await world.found(trip("JFK-DCA", **asked))) == found


class TestSeveralSlices:
    async def test_go_there_and_back(self, world):
        await world.add(
            flight(1),
            flight(2, at="15:00"),
            flight(3, "DCA-JFK", ahead=7),
            flight(4, "DCA-JFK", ahead=7, at="18:00", owner_id=8),
            flight(5, "DCA-JFK", ahead=8),
        )
        assert await world.found(trip("JFK-DCA", "DCA-JFK", days=2)) == [(1, 3), (2, 3)]

    async def test_go_back_once_they_have_come(self, world):
        await world.add(flight(1), flight(2, "DCA-JFK", at="13:59"), flight(3, "DCA-JFK", at="14:00"))
        assert await world.found(trip("JFK-DCA", "DCA-JFK")) == [(1, 3)]

    async def test_visit_several_cities(self, world):
        await world.add(flight(1), flight(2, "IAD-ORD", ahead=6), flight(3, "ORD-LGA", ahead=7))
        search = trip("New York-Washington", "Washington-Chicago", "Chicago-New York", days=1)
        [hit] = (await world.search.flights(search=search)).hits
        assert hit.flight_ids == (1, 2, 3)
        assert [part.legs[0].origin.iata for part in hit.slices] == ["JFK", "IAD", "ORD"]


class TestAFare:
    async def test_is_shown_beside_the_others(self, world):
        await world.add(flight(1))
        [hit] = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert [(fare.brand, fare.name, fare.total_minor) for fare in hit.fares] == [
            ("basic", "Basic", 8_560),
            ("flex", "Flex", 12_560),
        ]
        assert [(fare.bags, fare.changeable, fare.seat_choice, fare.refundable) for fare in hit.fares] == [
            (0, False, False, True),
            (1, True, True, True),
        ]
        assert (hit.currency, hit.cabin, hit.slices[0].legs[0].seats_left) == ("USD", "economy", 12)

    async def test_is_for_all_travelers_and_legs(self, world):
        await world.add(flight(1), flight(2, "DCA-JFK", ahead=7))
        party = Passengers(adults=2, children=1, infants=1)
        [hit] = (await world.search.flights(search=trip("JFK-DCA", "DCA-JFK", days=2, passengers=party))).hits
        assert hit.fares[0].total_minor == 2 * (2 * 8_000 + 6_000 + 800 + 3 * 560)

    async def test_is_the_lowest_with_room_for_all(self, world):
        await world.add(flight(1))
        for party, adult in ((4, 8_000), (5, 12_000), (6, 12_000), (7, 20_000), (9, 20_000)):
            search = trip("JFK-DCA", passengers=Passengers(adults=party))
            [hit] = (await world.search.flights(search=search)).hits
            assert hit.fares[0].total_minor == party * (adult + 560)

    async def test_is_one_that_every_leg_has(self, world):
        plain = replace(ECONOMY, brands=(BASIC, replace(BASIC, code="light", name="Light")))
        await world.add(
            flight(1, "JFK-ORD", at="08:00", minutes=120), flight(2, "ORD-DCA", at="12:00", cabins=(plain, BUSINESS))
        )
        [hit] = (await world.search.flights(search=trip("JFK-DCA"))).hits
        assert [fare.brand for fare in hit.fares] == ["basic"]
        assert await world.found(trip("JFK-DCA", brand="flex")) == []

    async def test_promises_what_every_leg_promises(self, world):
        dear = replace(ECONOMY, brands=(replace(FLEX, bags=2, change_fee_minor=9_900),))
        await world.add(flight(1, "JFK-ORD", at="08:00", minutes=120), flight(2, "ORD-DCA", at="12:00", cabins=(dear,)))
        [hit] = (await world.search.flights(search=trip("JFK-DCA"))).hits
        [fare] = hit.fares
        assert (fare.bags, fare.change_fee_minor, fare.changeable) == (1, 9_900, True)


class TestAnOrder:
    async def test_is_by_price_duration_or_departure(self, world):
        cheap = replace(ECONOMY, buckets=tuple(replace(each, fare_minor=1_000) for each in ECONOMY.buckets))
        await world.add(
            flight(1, at="12:00", minutes=75),
            flight(2, at="11:00", minutes=300, cabins=(cheap,)),
            flight(3, at="06:00", minutes=120),
        )
        assert await world.found(trip("JFK-DCA", sort=FlightSort.PRICE)) == [(2,), (1,), (3,)]
        assert await world.found(trip("JFK-DCA", sort=FlightSort.DURATION)) == [(1,), (3,), (2,)]
        assert await world.found(trip("JFK-DCA", sort=FlightSort.DEPARTURE)) == [(3,), (2,), (1,)]

    @pytest.mark.parametrize("sort", list(FlightSort))
    async def test_is_shown_in_pages_without_gaps_or_doubles(self, world, sort):
        await world.add(*[flight(each, at=f"{6 + each % 4:02}:00", minutes=60 + each % 3) for each in range(1, 12)])
        await world.add(*[flight(each, "DCA-JFK", at=f"{each - 5}:00", ahead=6) for each in range(20, 23)])
        search = trip("JFK-DCA", "DCA-JFK", days=1, sort=sort, limit=7)
        whole = await world.found(replace(search, limit=100))
        seen, after = [], None
        for _ in range(5):
            page = await world.search.flights(search=search, after=after)
            assert page.total == 33
            seen += [hit.flight_ids for hit in page.hits]
            after = page.next_position
        assert seen == whole
        assert len(set(seen)) == 33
        assert after is None


class TestFacets:
    async def test_count_airlines_and_stops(self, world):
        await world.add(
            flight(1),
            flight(2, "JFK-ORD", at="08:00", minutes=120),
            flight(3, "ORD-DCA", at="10:00", minutes=75, airline="XY", number="XY3"),
            flight(4, owner_id=8, airline="XY", number="XY4"),
        )
        page = await world.search.flights(search=trip("JFK-DCA"), facets=True)
        assert page.facets == {"airline": {"XY": 2, "HF": 2}, "stops": {"0": 2, "1": 1}}
        assert (await world.search.flights(search=trip("JFK-DCA"))).facets == {}


class TestNearDates:
    async def test_are_named_when_there_is_nothing(self, world):
        cheap = replace(ECONOMY, buckets=(replace(ECONOMY.buckets[0], fare_minor=1_000),))
        await world.add(flight(1, ahead=1), flight(2, ahead=2), flight(3, ahead=6), flight(4, ahead=6, cabins=(cheap,)))
        page = await world.search.flights(search=trip("JFK-DCA", ahead=4))
        assert page.total == 0
        assert [(each.days, each.total_minor) for each in page.near_dates] == [
            ((day(1),), 8_560),
            ((day(2),), 8_560),
            ((day(6),), 1_560),
        ]
        assert (await world.search.flights(search=trip("JFK-DCA", ahead=6))).near_dates == ()

    async def test_move_both_ways_of_a_return(self, world):
        await world.add(flight(1, ahead=5), flight(2, "DCA-JFK", ahead=8))
        page = await world.search.flights(search=trip("JFK-DCA", "DCA-JFK", ahead=4, days=3))
        assert [each.days for each in page.near_dates] == [(day(5), day(8))]

    async def test_are_none_of_several_cities(self, world):
        await world.add(flight(1), flight(2, "DCA-ORD"), flight(3, "ORD-JFK"))
        page = await world.search.flights(search=trip("JFK-DCA", "DCA-ORD", "ORD-JFK", ahead=4))
        assert page.near_dates == ()


class TestAPlace:
    @pytest.mark.parametrize("said", ["XXX", "Nowhere", "%", "Yor", "Wash"])
    async def test_that_is_not_known_is_refused(self, world, said):
        await world.add(flight(1))
        with pytest.raises(Invalid) as refused:
            await world.search.flights(search=trip(f"{said}-DCA", "DCA-JFK"))
        codes = [(each.pointer, each.code) for each in refused.value.errors]
        assert codes in ([("#query/slice/0/from", "unknown_place")], [("#query/slice/0/from", "malformed")])

    async def test_is_another_than_where_one_is(self, world):
        await world.add(flight(1), flight(2, "LGA-DCA"))
        with pytest.raises(Invalid) as refused:
            await world.search.flights(search=trip("JFK-New York", "JFK-DCA"))
        assert [(each.pointer, each.code) for each in refused.value.errors] == [("#query/slice/0/to", "same_place")]


class TestAPosition:
    @pytest.mark.parametrize(
        "after",
        [
            (),
            (1, 2, 3, 4),
            (1, 2, 3, "a", 5),
            (1, 2, 3, "1-", 5),
            (1.0, 2, 3, "1", 5),
            (1, True, 3, "1", 5),
            (1, 2, 2**63, "1", 5),
            (1, 2, 3, "1-2", "5"),
            "abcde",
        ],
    )
    async def test_that_search_did_not_make_is_refused(self, world, after):
        await world.add(flight(1))
        with pytest.raises(Invalid) as refused:
            await world.search.flights(search=trip("JFK-DCA"), after=after)
        assert [(each.pointer, each.code) for each in refused.value.errors] == [("#query/cursor", "invalid_cursor")]
