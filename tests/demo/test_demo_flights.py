"""The demo's flights: real routes and distances, a month of departures, and New York - Washington on every day."""

import csv
import gzip
import importlib.util
import io
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from holdfast.app.demo.airplanes import airline_of, airplane_types
from holdfast.app.demo.flights import DAYS, NEW_YORK, WASHINGTON, network, routes
from holdfast.catalog.api import Airplane, Airport
from holdfast.catalog.rules.airplanes import airplane_errors, seats_of
from holdfast.catalog.rules.flights import Ends, fares_errors, leg_errors
from holdfast.catalog.rules.places import airport_errors, city_errors
from holdfast.verticals.flights.times import great_circle_km, instant

ROOT = Path(__file__).parents[2]
OWNER_IDS = (11, 12, 13, 14, 15)
TODAY = date(2026, 3, 1)
"""The month has the days on which American and European clocks change."""


@pytest.fixture(scope="module")
def made(known):
    return network(known=known, owner_ids=OWNER_IDS, today=TODAY)


@pytest.fixture(scope="module")
def codes(made):
    return {number: draft.iata for number, draft in made.airports}


@pytest.fixture(scope="module")
def by_pair(made, codes):
    found = defaultdict(list)
    for _, draft in made.flights:
        found[codes[draft.origin_id], codes[draft.destination_id]].append(draft)
    return dict(found)


@pytest.fixture(scope="module")
def packer():
    spec = importlib.util.spec_from_file_location("pack_routes", ROOT / "tools" / "pack_routes.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def minutes_of(draft, origin, destination):
    """How long a flight takes in real time, by the clocks of both ends."""
    leaves = instant(datetime.combine(draft.day, draft.departs), origin.zone)
    lands = instant(datetime.combine(draft.day + timedelta(days=draft.day_offset), draft.arrives), destination.zone)
    return (lands - leaves) // timedelta(minutes=1)


class TestPackingRoutes:
    SOURCE = (
        "airline_iata,from_iata,to_iata,equipment_iata\n"
        "ZZ,LAX,LAS,738 320\nZZ,AAA,BBB,738\nZZ,BBB,AAA,\nYY,AAA,BBB,74Y\n"
    )

    @pytest.fixture
    def rows(self, packer):
        packed = packer.packed(list(csv.DictReader(io.StringIO(self.SOURCE))))
        return list(csv.DictReader(io.StringIO(gzip.decompress(packed).decode())))

    def test_keeps_every_route_in_order(self, rows):
        assert [(row["airline"], row["origin"]) for row in rows] == [
            ("YY", "AAA"),
            ("ZZ", "AAA"),
            ("ZZ", "BBB"),
            ("ZZ", "LAX"),
        ]

    def test_gives_each_one_type_that_carries_people(self, rows):
        assert [row["equipment"] for row in rows] == ["744", "738", "738", "738"]

    def test_names_what_it_filled(self, rows):
        assert [row["estimated"] for row in rows] == ["", "", "equipment", ""]

    def test_gives_the_same_bytes_for_the_same_facts(self, packer):
        first, second = (packer.packed(list(csv.DictReader(io.StringIO(self.SOURCE)))) for _ in range(2))
        assert first == second

    def test_makes_a_small_file(self):
        assert (ROOT / "src/holdfast/app/demo/flight_routes.csv.gz").stat().st_size < 200_000


class TestTheNetwork:
    def test_has_sixty_airports_of_real_cities(self, made):
        assert len(made.airports) == 60
        wrong = [errors for _, city in made.cities if (errors := list(city_errors(city)))]
        wrong += [errors for _, airport in made.airports if (errors := list(airport_errors(airport)))]
        assert wrong == []

    def test_puts_the_airports_of_one_city_together(self, made):
        cities = dict(made.cities)
        towns = defaultdict(set)
        for _, airport in made.airports:
            towns[cities[airport.city_id].name].add(airport.iata)
        assert towns["New York"] == set(NEW_YORK)
        assert towns["Washington"] == set(WASHINGTON)
        assert towns["London"] == {"LHR", "LGW"}

    def test_knows_every_airline_and_type_of_its_routes(self):
        assert all(airline_of(route.airline).name != route.airline for route in routes())
        assert {route.equipment for route in routes()} <= airplane_types().keys()

    def test_calls_an_airline_it_does_not_know_by_its_code(self):
        assert (airline_of("XX").name, airline_of("XX").sells) == ("XX", "full")

    def test_has_airplanes_that_keep_every_rule(self, made):
        wrong = [(draft.name, errors) for _, _, draft in made.airplanes if (errors := airplane_errors(draft))]
        assert wrong == []
        assert len({(owner_id, draft.name) for _, owner_id, draft in made.airplanes}) == len(made.airplanes)
        assert {owner_id for _, owner_id, _ in made.airplanes} == set(OWNER_IDS)

    def test_sells_the_flights_of_an_alliance_together(self, made):
        owners = defaultdict(set)
        for _, owner_id, draft in made.airplanes:
            owners[draft.name[:2]].add(owner_id)
        assert owners["AA"] == owners["US"] == owners["BA"] != owners["DL"]
        assert all(len(each) == 1 for each in owners.values())

    def test_has_airplanes_of_plausible_sizes(self, made):
        seats = {}
        for _, _, draft in made.airplanes:
            seats.setdefault(draft.equipment, set()).add(len(seats_of(draft.cabins)))
        assert all(8 <= min(counts) <= max(counts) <= 550 for counts in seats.values())
        assert seats["738"] >= {160}
        assert max(seats["388"]) > 450
        assert max(seats["CRJ"]) < 60

    def test_sells_exactly_the_seats_there_are(self, made):
        seats = {
            number: Counter(seat.cabin for seat in seats_of(draft.cabins) if not seat.blocked)
            for number, _, draft in made.airplanes
        }
        for _, draft in made.flights:
            for cabin in draft.fares.cabins:
                assert sum(bucket.seats for bucket in cabin.buckets) == seats[draft.airplane_id][cabin.code]

    def test_is_the_same_every_time(self, known, made):
        assert network(known=known, owner_ids=OWNER_IDS, today=TODAY) == made


class TestTheSchedule:
    def test_flies_every_real_route(self, by_pair):
        flown = {(draft.number[:2], *pair) for pair, drafts in by_pair.items() for draft in drafts}
        assert flown == {(route.airline, route.origin, route.destination) for route in routes()}
        assert len(flown) == 6_120

    def test_has_tens_of_thousands_of_flights_on_every_day_of_a_month(self, made):
        days = Counter(draft.day for _, draft in made.flights)
        assert sorted(days) == [TODAY + timedelta(days=n) for n in range(DAYS)]
        assert 50_000 < sum(days.values()) < 70_000
        assert max(days.values()) < 1.2 * min(days.values())

    def test_goes_on_with_the_day_of_loading(self, known, made):
        week = timedelta(days=7)
        later = network(known=known, owner_ids=OWNER_IDS, today=TODAY + week)
        assert [number for number, _ in later.flights] == [number for number, _ in made.flights]
        assert min(draft.day for _, draft in later.flights) == TODAY + week

    def test_keeps_every_rule_of_the_catalog(self, made):
        airports = {
            number: Airport(id=number, version=1, city="", country="", draft=draft) for number, draft in made.airports
        }
        planes = {
            number: Airplane(id=number, owner_id=owner_id, version=1, draft=draft)
            for number, owner_id, draft in made.airplanes
        }
        judged = {}
        wrong = []
        # Every fifth is enough of them: five and seven have no weekday in common.
        for _, draft in made.flights[::5]:
            ends = Ends(
                origin=airports[draft.origin_id],
                destination=airports[draft.destination_id],
                airplane=planes[draft.airplane_id],
            )
            wrong += leg_errors(draft, ends)
            judged[id(draft.fares), draft.airplane_id] = (draft.fares, ends.airplane)
        for fares, plane in judged.values():
            wrong += fares_errors(fares, plane)
        assert wrong == []

    def test_never_gives_a_number_twice_on_one_day_from_one_airport(self, made):
        flown = Counter((draft.number, draft.day, draft.origin_id) for _, draft in made.flights)
        assert max(flown.values()) == 1

    def test_flies_between_new_york_and_washington_every_day_both_ways(self, by_pair):
        for here, there in ((NEW_YORK, WASHINGTON), (WASHINGTON, NEW_YORK)):
            days = Counter(
                draft.day
                for origin in here
                for destination in there
                for draft in by_pair.get((origin, destination), ())
            )
            assert len(days) == DAYS
            assert min(days.values()) >= 20
            mornings = {
                draft.day
                for origin in here
                for destination in there
                for draft in by_pair.get((origin, destination), ())
                if draft.departs.hour < 11
            }
            assert len(mornings) == DAYS

    @pytest.mark.parametrize(
        ("origin", "destination", "real_minutes"),
        [
            ("DCA", "LAX", 340),
            ("LGA", "DCA", 75),
            ("JFK", "LHR", 430),
            ("ATL", "ORD", 120),
            ("LAX", "SYD", 900),
            ("FRA", "SIN", 750),
        ],
    )
    def test_takes_about_as_long_as_it_really_does(self, known, by_pair, origin, destination, real_minutes):
        found = {minutes_of(draft, known[origin], known[destination]) for draft in by_pair[origin, destination]}
        assert found
        assert all(abs(minutes - real_minutes) <= real_minutes / 10 for minutes in found)

    def test_takes_as_long_before_a_clock_change_as_after(self, known, by_pair):
        for pair in (("JFK", "LHR"), ("IAD", "FRA"), ("LHR", "JFK"), ("SYD", "LAX")):
            assert len({minutes_of(draft, known[pair[0]], known[pair[1]]) for draft in by_pair[pair]}) == 1

    def test_departs_by_day_and_hardly_lands_in_the_small_hours(self, made):
        assert all(6 <= draft.departs.hour <= 22 for _, draft in made.flights)
        early = sum(draft.arrives.hour < 5 for _, draft in made.flights)
        assert early < 0.03 * len(made.flights)

    def test_crosses_the_date_line_both_ways(self, by_pair):
        assert {draft.day_offset for draft in by_pair["LAX", "SYD"]} == {2}
        assert {draft.day_offset for draft in by_pair["SYD", "LAX"]} == {0}


class TestTheFares:
    def test_rise_with_the_distance(self, known, by_pair):
        lowest = {}
        for pair, drafts in by_pair.items():
            km = great_circle_km(
                known[pair[0]].latitude, known[pair[0]].longitude, known[pair[1]].latitude, known[pair[1]].longitude
            )
            lowest[pair] = (km, min(draft.fares.cabins[-1].buckets[0].fare_minor for draft in drafts))
        short = [fare for km, fare in lowest.values() if km < 600]
        long = [fare for km, fare in lowest.values() if km > 9_000]
        assert all(3_000 < fare < 12_000 for fare in short)
        assert all(18_000 < fare < 60_000 for fare in long)

    def test_come_in_brands_that_can_be_flown_together(self, made):
        for fares in {id(draft.fares): draft.fares for _, draft in made.flights}.values():
            for cabin in fares.cabins:
                brands = [brand.code for brand in cabin.brands]
                assert brands[-2:] == ["standard", "flex"]
                assert (brands[0] == "basic") == (cabin.code == "economy")
                extras = [brand.extra_minor for brand in cabin.brands]
                assert extras == sorted(extras)

    def test_are_shared_by_flights_that_are_sold_alike(self, made):
        assert len({id(draft.fares) for _, draft in made.flights}) < 1_500

    def test_cost_more_in_front(self, made):
        for _, draft in made.flights[::50]:
            for front, behind in pairwise(draft.fares.cabins):
                assert front.buckets[0].fare_minor > behind.buckets[0].fare_minor

    def test_are_cheap_where_only_economy_is_sold(self, by_pair):
        united = {draft.number[:2]: draft.fares for draft in by_pair["IAD", "BOS"]}
        assert united["B6"].cabins[0].buckets[0].fare_minor < united["UA"].cabins[-1].buckets[0].fare_minor
        assert [cabin.code for cabin in united["B6"].cabins] == ["economy"]
