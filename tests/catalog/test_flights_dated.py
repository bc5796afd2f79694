"""Dated flights through their door, on every engine."""

import asyncio
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flight_drafts import (
    ADMIN,
    AIRLINE,
    BUSINESS_FARES,
    ECONOMY_FARES,
    GUEST,
    OTHER_AIRLINE,
    airplane,
    economy_fares,
    fares,
    flight,
    name,
    schedule,
    world,
)
from sqlalchemy import func, select

from holdfast.catalog.api import FlightFilter, VersionConflict
from holdfast.catalog.events import FlightCanceled, FlightChanged, FlightCreated, FlightDeleted, FlightsImported
from holdfast.catalog.flights_api import (
    LEGS_FOUND_MAX,
    DuplicateFlight,
    FlightHasDeparted,
    FlightInUse,
    FlightIsCanceled,
)
from holdfast.catalog.models import flights as models
from holdfast.catalog.models import outbox
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import Forbidden, Invalid, NotFound
from holdfast.verticals.flights.times import arrives_at, departs_at, minutes

NEW_YORK, LONDON, TOKYO, HONOLULU = "America/New_York", "Europe/London", "Asia/Tokyo", "Pacific/Honolulu"
TWELFTH = date(2027, 3, 12)
FARES = statement(select(func.count().label("many")).select_from(models.fare))


@pytest.fixture(scope="module")
def clock():
    now = datetime.now(UTC)  # noqa: TID251 - the clock under test starts where the machine's is
    return Clock(datetime(2027, 1, 10, 12, tzinfo=UTC) - now)


@pytest.fixture(scope="module")
async def db(url, clock):
    await migrate(url, "catalog")
    database = await open_database(url, clock)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def catalog(db):
    made = Catalog(db=db)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def flights(catalog):
    return catalog.flights


@pytest.fixture
async def here(catalog):
    return await world(catalog)


@pytest.fixture
async def made(flights, here):
    return await flights.create(owner=AIRLINE, draft=flight(here))


async def told(db):
    return [(row.kind, row.payload) for row in await outbox.after(db, (0, 0), limit=100_000)]


def findings(refusal):
    return [(error.pointer, error.code) for error in refusal.value.errors]


class TestAFlight:
    async def test_is_what_was_said_of_it(self, flights, here, made):
        leg = made.terms
        assert (made.owner_id, made.version, made.offered, made.schedule_id) == (4, 1, False, None)
        assert (leg.number, leg.airline, leg.airline_name, leg.equipment) == ("HF101", "HF", "Holdfast Air", "738")
        assert (leg.departs, leg.arrives) == (
            datetime.combine(TWELFTH, time(18, 5)),
            datetime.combine(TWELFTH, time(19, 35)),
        )
        assert (leg.origin.airport_id, leg.origin.iata) == (here.origin, here.codes[0])
        assert (leg.destination.airport_id, leg.destination.iata) == (here.destination, here.codes[1])
        assert (leg.origin.city, leg.origin.country, leg.origin.min_connection_minutes) == ("Washington", "US", 45)
        assert (leg.canceled, leg.currency, leg.tax_minor, leg.sales_close_minutes) == (False, "USD", 1_860, 45)
        assert (leg.child_bp, leg.infant_bp) == (7_500, 1_000)
        [economy, business] = leg.cabins
        assert (economy.overbooking, economy.buckets, economy.brands) == (
            2,
            ECONOMY_FARES.buckets,
            ECONOMY_FARES.brands,
        )
        assert (business.buckets, business.brands) == (BUSINESS_FARES.buckets, BUSINESS_FARES.brands)
        assert await flights.leg_offers(ids=[leg.flight_id, leg.flight_id, 10**12, 0, -1, 2**63]) == {
            leg.flight_id: made
        }

    async def test_tells_that_it_was_created(self, db, made):
        assert (FlightCreated.__name__, {"flight_id": made.terms.flight_id}) in await told(db)

    @pytest.mark.parametrize(
        ("zones", "day", "departs", "arrives", "day_offset", "took"),
        [
            ((NEW_YORK, LONDON), date(2027, 3, 12), time(18, 30), time(6, 30), 1, 7 * 60),
            # Clocks change in America two weeks before they do in Europe.
            ((NEW_YORK, LONDON), date(2027, 3, 20), time(18, 30), time(6, 30), 1, 8 * 60),
            ((TOKYO, HONOLULU), date(2027, 5, 1), time(1, 0), time(13, 0), -1, 7 * 60),
            ((HONOLULU, TOKYO), date(2027, 5, 1), time(12, 0), time(16, 0), 1, 9 * 60),
            # Over the hour that is skipped, and over the one that comes twice.
            ((NEW_YORK, NEW_YORK), date(2027, 3, 14), time(1, 30), time(3, 30), 0, 60),
            ((NEW_YORK, NEW_YORK), date(2027, 11, 7), time(0, 30), time(2, 30), 0, 180),
        ],
        ids=["east", "between changes", "date line east", "date line west", "gap", "fold"],
    )
    async def test_keeps_the_local_times_of_both_ends(self, catalog, zones, day, departs, arrives, day_offset, took):
        there = await world(catalog, zones=zones)
        times = {"day": day, "departs": departs, "arrives": arrives, "day_offset": day_offset}
        leg = (await catalog.flights.create(owner=AIRLINE, draft=flight(there, **times))).terms
        assert (leg.departs, leg.arrives) == (
            datetime.combine(day, departs),
            datetime.combine(day + timedelta(days=day_offset), arrives),
        )
        assert minutes(leg) == took
        assert arrives_at(leg) - departs_at(leg) == timedelta(minutes=took)

    @pytest.mark.parametrize(
        ("day", "departs", "arrives", "found"),
        [
            (date(2027, 3, 14), time(2, 30), time(4, 0), ("/departs", "nonexistent_time")),
            (date(2027, 3, 14), time(1, 0), time(2, 59), ("/arrives", "nonexistent_time")),
            (date(2027, 3, 12), time(18, 0), time(18, 0), ("/arrives", "not_after_departure")),
            (date(2027, 3, 12), time(18, 0), time(17, 0), ("/arrives", "not_after_departure")),
        ],
        ids=str,
    )
    async def test_at_times_that_cannot_be_is_refused(self, flights, here, day, departs, arrives, found):
        with pytest.raises(Invalid) as refusal:
            await flights.create(owner=AIRLINE, draft=flight(here, day=day, departs=departs, arrives=arrives))
        assert findings(refusal) == [found]

    async def test_names_everything_it_refers_to_that_is_not_there(self, flights, here):
        draft = flight(here, origin_id=10**12, destination_id=2**63, airplane_id=0)
        with pytest.raises(Invalid) as refusal:
            await flights.create(owner=AIRLINE, draft=draft)
        assert findings(refusal) == [
            ("/origin_id", "unknown_airport"),
            ("/destination_id", "unknown_airport"),
            ("/airplane_id", "unknown_airplane"),
        ]

    async def test_flies_with_an_airplane_of_its_airlines_own(self, catalog, here):
        theirs = await catalog.airline.create_airplane(owner=OTHER_AIRLINE, draft=airplane(name()))
        with pytest.raises(Invalid) as refusal:
            await catalog.flights.create(owner=AIRLINE, draft=flight(here, airplane_id=theirs.id))
        assert findings(refusal) == [("/airplane_id", "unknown_airplane")]
        by_admin = await catalog.flights.create(owner=ADMIN, draft=flight(here, airplane_id=theirs.id))
        assert by_admin.owner_id == OTHER_AIRLINE.account_id

    async def test_of_a_guest_is_refused(self, flights, here):
        with pytest.raises(Forbidden):
            await flights.create(owner=GUEST, draft=flight(here))

    async def test_has_a_number_of_its_own_on_its_date(self, catalog, here, made):
        with pytest.raises(DuplicateFlight) as refusal:
            await catalog.flights.create(owner=AIRLINE, draft=flight(here, departs=time(6), arrives=time(8)))
        assert refusal.value.extra == {"flights": [{"id": made.terms.flight_id, "date": "2027-03-12"}]}
        await catalog.flights.create(owner=AIRLINE, draft=flight(here, number="HF101A"))
        back = flight(here, origin_id=here.destination, destination_id=here.origin)
        await catalog.flights.create(owner=AIRLINE, draft=back)
        tomorrow = await catalog.flights.create(owner=AIRLINE, draft=flight(here, day=date(2027, 3, 13)))
        with pytest.raises(DuplicateFlight):
            await catalog.flights.replace(
                owner=AIRLINE, flight_id=tomorrow.terms.flight_id, draft=flight(here), version=1
            )

    async def test_has_a_number_of_its_own_also_when_many_want_it_at_once(self, flights, here):
        tries = [flights.create(owner=AIRLINE, draft=flight(here)) for _ in range(6)]
        done = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(type(each).__name__ for each in done) == ["DuplicateFlight"] * 5 + ["LegOffer"]


class TestWhatAFlightShows:
    """Places and airplanes are kept in memory; whoever changes them may be another process."""

    async def test_of_its_ends_and_airplane_is_the_newest(self, catalog, db, here, made):
        elsewhere = Catalog(db=db)
        flight_id = made.terms.flight_id
        assert await elsewhere.flights.leg_offers(ids=[flight_id]) == {flight_id: made}
        [field] = await catalog.places.airports(ids=[here.origin])
        [town] = await catalog.places.cities(ids=[here.city])
        [plane] = await catalog.airline.airplanes(ids=[here.airplane])
        renamed = replace(field.draft, name="Renamed", min_connection_minutes=5)
        await catalog.places.replace_airport(admin=ADMIN, airport_id=field.id, draft=renamed, version=1)
        leg = (await elsewhere.flights.leg_offers(ids=[flight_id]))[flight_id].terms
        assert (leg.origin.name, leg.origin.min_connection_minutes, leg.destination) == (
            "Renamed",
            5,
            made.terms.destination,
        )
        await catalog.places.replace_city(
            admin=ADMIN, city_id=town.id, draft=replace(town.draft, name="Georgetown"), version=1
        )
        leg = (await elsewhere.flights.leg_offers(ids=[flight_id]))[flight_id].terms
        assert (leg.origin.city, leg.destination.city) == ("Georgetown", "Georgetown")
        await catalog.airline.replace_airplane(
            owner=AIRLINE, airplane_id=plane.id, draft=replace(plane.draft, equipment="73H"), version=1
        )
        [offer] = await elsewhere.flights.flights_page(after_id=flight_id - 1, limit=1)
        assert offer.terms.equipment == "73H"
        await elsewhere.close()

    async def test_settles_on_the_newest_however_much_is_changed_and_read_at_once(self, catalog, db, here, made):
        elsewhere = Catalog(db=db)
        flight_id = made.terms.flight_id

        async def rename(number):
            [field] = await catalog.places.airports(ids=[here.origin])
            draft = replace(field.draft, name=f"Airport {number}")
            await catalog.places.replace_airport(admin=ADMIN, airport_id=field.id, draft=draft, version=field.version)

        async def read():
            for _ in range(10):
                await asyncio.gather(*(each.flights.leg_offers(ids=[flight_id]) for each in (catalog, elsewhere)))

        for number in range(8):
            await asyncio.gather(rename(number), read())
        [field] = await catalog.places.airports(ids=[here.origin])
        assert field.draft.name == "Airport 7"
        for each in (catalog, elsewhere):
            assert (await each.flights.leg_offers(ids=[flight_id]))[flight_id].terms.origin.name == "Airport 7"
        await elsewhere.close()


class TestReplacing:
    async def test_counts_the_version_up_and_says_what_moved(self, flights, db, here, made):
        flight_id = made.terms.flight_id
        later = flight(here, departs=time(19, 5), arrives=time(20, 35))
        moved = await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=later, version=1)
        assert (moved.version, moved.terms.departs.time()) == (2, time(19, 5))
        dearer = replace(later, fares=fares(tax_minor=5))
        await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=dearer, version=2)
        fewer = replace(dearer, fares=economy_fares(overbooking=0))
        await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=fewer, version=3)
        changes = [
            (payload["moved"], payload["stock"])
            for kind, payload in await told(db)
            if kind == FlightChanged.__name__ and payload["flight_id"] == flight_id
        ]
        assert changes == [(True, False), (False, False), (False, True)]

    async def test_needs_the_newest_version(self, flights, here, made):
        flight_id = made.terms.flight_id
        done = await asyncio.gather(
            *(
                flights.replace(
                    owner=AIRLINE, flight_id=flight_id, draft=flight(here, airline_name=f"Air {number}"), version=1
                )
                for number in range(6)
            ),
            return_exceptions=True,
        )
        assert sorted(type(each).__name__ for each in done) == ["LegOffer"] + ["VersionConflict"] * 5
        with pytest.raises(VersionConflict):
            await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=flight(here), version=1)

    async def test_names_wrong_fields_before_the_version(self, flights, here, made):
        wrong = flight(here, number="1", airplane_id=10**12)
        with pytest.raises(Invalid) as refusal:
            await flights.replace(owner=AIRLINE, flight_id=made.terms.flight_id, draft=wrong, version=9)
        assert findings(refusal) == [("/number", "malformed"), ("/airplane_id", "unknown_airplane")]

    async def test_of_somebody_elses_flight_finds_none(self, flights, here, made):
        for stranger, flight_id in ((OTHER_AIRLINE, made.terms.flight_id), (AIRLINE, 10**12), (AIRLINE, 0)):
            with pytest.raises(NotFound):
                await flights.replace(owner=stranger, flight_id=flight_id, draft=flight(here), version=1)
            with pytest.raises(NotFound):
                await flights.cancel(owner=stranger, flight_id=flight_id)
            with pytest.raises(NotFound):
                await flights.delete(owner=stranger, flight_id=flight_id)
            with pytest.raises(NotFound):
                await flights.own(owner=stranger, flight_id=flight_id)
        assert await flights.own(owner=ADMIN, flight_id=made.terms.flight_id) == made

    async def test_keeps_both_ends_of_what_was_offered(self, flights, here, made):
        flight_id = made.terms.flight_id
        await flights.mark_offered(ids=[flight_id])
        back = flight(here, origin_id=here.destination, destination_id=here.origin)
        with pytest.raises(FlightInUse):
            await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=back, version=1)
        later = await flights.replace(
            owner=AIRLINE, flight_id=flight_id, draft=flight(here, day=date(2027, 3, 13)), version=1
        )
        assert later.offered

    async def test_leaves_no_fares_behind_that_nothing_is_sold_for(self, flights, db, here):
        async def count():
            return (await db.read(lambda tx: tx.one(FARES()))).many

        one, two = economy_fares(overbooking=17), economy_fares(overbooking=18)
        first = await flights.create(owner=AIRLINE, draft=flight(here, fares=one))
        before = await count()
        second = await flights.create(owner=AIRLINE, draft=flight(here, fares=one, number="HF9"))
        assert await count() == before
        await flights.replace(owner=AIRLINE, flight_id=first.terms.flight_id, draft=flight(here, fares=two), version=1)
        assert await count() == before + 1
        await flights.delete(owner=AIRLINE, flight_id=second.terms.flight_id)
        assert await count() == before


class TestCanceling:
    async def test_is_for_good_and_told_once(self, flights, db, here, made):
        flight_id = made.terms.flight_id
        canceled = await flights.cancel(owner=AIRLINE, flight_id=flight_id)
        assert (canceled.terms.canceled, canceled.version) == (True, 2)
        assert await flights.cancel(owner=AIRLINE, flight_id=flight_id) == canceled
        assert (await told(db)).count((FlightCanceled.__name__, {"flight_id": flight_id})) == 1
        with pytest.raises(FlightIsCanceled):
            await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=flight(here), version=2)

    async def test_takes_a_flight_out_of_what_flies(self, flights, here, made):
        await flights.cancel(owner=AIRLINE, flight_id=made.terms.flight_id)
        between = {"origin_ids": [here.origin], "destination_ids": [here.destination]}
        assert await flights.legs_between(**between, first=date(2027, 3, 1), end=date(2027, 4, 1)) == []

    async def test_of_what_has_departed_is_refused(self, flights, here):
        gone = flight(here, day=date(2027, 1, 10), departs=time(6, 59), arrives=time(9, 0))
        left = await flights.create(owner=AIRLINE, draft=gone)
        flight_id = left.terms.flight_id
        with pytest.raises(FlightHasDeparted):
            await flights.cancel(owner=AIRLINE, flight_id=flight_id)
        with pytest.raises(FlightHasDeparted):
            await flights.replace(owner=AIRLINE, flight_id=flight_id, draft=flight(here), version=1)
        # It is noon in UTC, and seven in the morning in New York.
        soon = await flights.create(owner=AIRLINE, draft=replace(gone, number="HF102", departs=time(7, 1)))
        assert (await flights.cancel(owner=AIRLINE, flight_id=soon.terms.flight_id)).terms.canceled


class TestDeleting:
    async def test_is_for_what_nobody_was_offered(self, flights, db, here, made):
        flight_id = made.terms.flight_id
        await flights.delete(owner=AIRLINE, flight_id=flight_id)
        assert await flights.leg_offers(ids=[flight_id]) == {}
        assert (FlightDeleted.__name__, {"flight_id": flight_id}) in await told(db)
        other = await flights.create(owner=AIRLINE, draft=flight(here))
        await flights.mark_offered(ids=[other.terms.flight_id])
        with pytest.raises(FlightInUse):
            await flights.delete(owner=AIRLINE, flight_id=other.terms.flight_id)


class TestMarkingOffered:
    async def test_says_which_flights_there_are(self, flights, here, made):
        other = await flights.create(owner=AIRLINE, draft=flight(here, number="HF7"))
        ids = {made.terms.flight_id, other.terms.flight_id}
        assert await flights.mark_offered(ids=[*ids, 10**12, 0]) == ids
        assert await flights.mark_offered(ids=list(ids)) == ids
        assert await flights.mark_offered(ids=[]) == frozenset()
        found = await flights.leg_offers(ids=list(ids))
        assert {each.offered for each in found.values()} == {True}
        assert {each.version for each in found.values()} == {1}

    async def test_and_deleting_at_once_agree(self, flights, here):
        for number in range(12):
            made = await flights.create(owner=AIRLINE, draft=flight(here, number=f"HF{number}"))
            flight_id = made.terms.flight_id
            marked, deleted = await asyncio.gather(
                flights.mark_offered(ids=[flight_id]),
                flights.delete(owner=AIRLINE, flight_id=flight_id),
                return_exceptions=True,
            )
            assert (marked, type(deleted)) in [
                (frozenset({flight_id}), FlightInUse),
                (frozenset(), type(None)),
            ]


class TestLookingBetween:
    async def test_finds_what_flies_in_order_of_local_departure(self, catalog, here):
        flights = catalog.flights
        there = await world(catalog)
        days = [
            flight(here, number="HF3", day=date(2027, 3, 2), departs=time(7), arrives=time(9)),
            flight(here, number="HF1", day=date(2027, 3, 1)),
            flight(here, number="HF2", day=date(2027, 3, 2), departs=time(6), arrives=time(9)),
            flight(here, number="HF4", day=date(2027, 3, 3)),
            flight(here, number="HF5", day=date(2027, 3, 2), destination_id=there.destination),
            flight(here, number="HF6", day=date(2027, 3, 2), origin_id=here.destination, destination_id=here.origin),
        ]
        for draft in days:
            await flights.create(owner=AIRLINE, draft=draft)
        dates = {"first": date(2027, 3, 1), "end": date(2027, 3, 3)}
        found = await flights.legs_between(origin_ids=[here.origin], destination_ids=[here.destination], **dates)
        assert [each.terms.number for each in found] == ["HF1", "HF2", "HF3"]
        both = [here.destination, there.destination, here.destination]
        found = await flights.legs_between(origin_ids=[here.origin], destination_ids=both, **dates)
        assert [each.terms.number for each in found] == ["HF1", "HF2", "HF3", "HF5"]
        found = await flights.legs_between(origin_ids=[here.origin], destination_ids=both, **dates, limit=2)
        assert [each.terms.number for each in found] == ["HF1", "HF2"]

    async def test_of_no_airport_or_no_date_finds_nothing(self, flights, here, made):
        assert made is not None
        dates = {"first": date(2027, 3, 1), "end": date(2027, 4, 1)}
        assert await flights.legs_between(origin_ids=[], destination_ids=[here.destination], **dates) == []
        assert await flights.legs_between(origin_ids=[here.origin], destination_ids=[0, 2**63], **dates) == []
        same = {"first": date(2027, 4, 1), "end": date(2027, 3, 1)}
        assert await flights.legs_between(origin_ids=[here.origin], destination_ids=[here.destination], **same) == []

    async def test_is_bounded(self, flights, here):
        with pytest.raises(ValueError, match="500"):
            await flights.legs_between(
                origin_ids=[here.origin],
                destination_ids=[here.destination],
                first=date(2027, 3, 1),
                end=date(2027, 4, 1),
                limit=LEGS_FOUND_MAX + 1,
            )


class TestAPage:
    async def test_has_what_the_filter_says_in_order_of_id(self, catalog, here):
        flights = catalog.flights
        ids = []
        for number, day in (("HF1", 1), ("HF2", 2), ("HF1", 3)):
            draft = flight(here, number=number, day=date(2027, 4, day))
            ids.append((await flights.create(owner=AIRLINE, draft=draft)).terms.flight_id)
        origin, destination = here.codes

        async def page(after_id=0, limit=100, **chosen):
            found = await flights.flights_page(chosen=FlightFilter(**chosen), after_id=after_id, limit=limit)
            return [ids.index(each.terms.flight_id) for each in found]

        assert await page(origin=origin) == [0, 1, 2]
        assert await page(origin=origin, destination=destination, limit=2) == [0, 1]
        assert await page(origin=origin, after_id=ids[1]) == [2]
        assert await page(origin=destination) == []
        assert await page(origin=origin, number="HF1") == [0, 2]
        assert await page(origin=origin, first=date(2027, 4, 2)) == [1, 2]
        assert await page(origin=origin, end=date(2027, 4, 2)) == [0]
        assert await page(origin=origin, owner_id=5) == []
        assert await page(origin=origin, owner_id=4, schedule_id=10**12) == []

    async def test_of_all_has_every_flight(self, flights, made):
        assert made in await flights.flights_page(after_id=made.terms.flight_id - 1, limit=1)

    async def test_of_a_schedule_has_its_flights(self, catalog, here):
        change = await catalog.airline.create_schedule(owner=AIRLINE, draft=schedule(here))
        chosen = FlightFilter(schedule_id=change.schedule.id)
        found = await catalog.flights.flights_page(chosen=chosen)
        assert len(found) == change.made > 10


class TestImporting:
    async def test_takes_thousands_with_their_ids_and_tells_of_it_once(self, catalog, db, here):
        first = 1_000_000
        shared, other = fares(tax_minor=7), fares(tax_minor=8)
        rows = [
            (
                first + number,
                flight(
                    here,
                    number=f"HF{number}",
                    day=date(2027, 5, 1) + timedelta(days=number % 30),
                    fares=other if number == 5 else shared,
                ),
            )
            for number in range(1, 3_001)
        ]
        assert await catalog.flights.import_many(rows=rows) == 3_000
        [one] = (await catalog.flights.leg_offers(ids=[first + 3_000])).values()
        assert (one.owner_id, one.version, one.offered, one.terms.number) == (4, 1, False, "HF3000")
        assert (one.terms.departs, one.terms.tax_minor) == (datetime.combine(date(2027, 5, 1), time(18, 5)), 7)
        [another] = (await catalog.flights.leg_offers(ids=[first + 5])).values()
        assert another.terms.tax_minor == 8
        expected = (FlightsImported.__name__, {"first_id": first + 1, "last_id": first + 3_000})
        assert (await told(db)).count(expected) == 1
        later = await catalog.flights.create(owner=AIRLINE, draft=flight(here, number="HF9999"))
        assert later.terms.flight_id > first + 3_000

    async def test_names_the_row_that_is_wrong_and_imports_none(self, catalog, here):
        rows = [
            (2_000_000, flight(here)),
            (2_000_001, flight(here, number="?", airplane_id=10**12)),
            (2_000_002, flight(here, number="HF2", fares=economy_fares(overbooking=-1))),
            (2_000_003, flight(here, number="HF3", fares=economy_fares(code="first"))),
        ]
        with pytest.raises(Invalid) as refusal:
            await catalog.flights.import_many(rows=rows)
        assert findings(refusal) == [
            ("/1/number", "malformed"),
            ("/1/airplane_id", "unknown_airplane"),
            ("/2/fares/cabins/0/overbooking", "out_of_range"),
            ("/3/fares/cabins/0/code", "unknown_cabin"),
        ]
        assert await catalog.flights.leg_offers(ids=[2_000_000]) == {}

    async def test_of_nothing_is_nothing(self, catalog):
        assert await catalog.flights.import_many(rows=[]) == 0

    async def test_takes_places_and_airplanes_too(self, catalog):
        places = catalog.places
        [known] = (await places.known_airports(iatas=["SYD"])).values()
        from_far = await world(catalog)
        [a, b] = await places.airports(ids=[from_far.origin, from_far.destination])
        [plane] = await catalog.airline.airplanes(ids=[from_far.airplane])
        [there] = await places.cities(ids=[from_far.city])
        await places.import_places(
            cities=[(5_000_000, replace(there.draft, name=known.city, country=known.country))],
            airports=[
                (5_000_001, replace(a.draft, city_id=5_000_000, iata="ZZX", zone=known.zone)),
                (5_000_002, replace(b.draft, city_id=5_000_000, iata="ZZY")),
            ],
        )
        await catalog.airline.import_airplanes(rows=[(5_000_003, 77, plane.draft)])
        draft = flight(from_far, origin_id=5_000_001, destination_id=5_000_002, airplane_id=5_000_003)
        away = replace(draft, day=date(2027, 6, 1), departs=time(22), arrives=time(21))
        assert await catalog.flights.import_many(rows=[(5_000_004, away)]) == 1
        [offer] = (await catalog.flights.leg_offers(ids=[5_000_004])).values()
        assert (offer.owner_id, offer.terms.origin.city, minutes(offer.terms)) == (77, "Sydney", 13 * 60)
        for made in (
            await places.create_city(admin=ADMIN, draft=there.draft),
            await catalog.airline.create_airplane(owner=AIRLINE, draft=airplane(name())),
        ):
            assert made.id > 5_000_000

    async def test_of_wrong_places_and_airplanes_names_them(self, catalog, here):
        [field] = await catalog.places.airports(ids=[here.origin])
        [town] = await catalog.places.cities(ids=[here.city])
        with pytest.raises(Invalid) as refusal:
            await catalog.places.import_places(
                cities=[(6_000_000, replace(town.draft, country="XX"))],
                airports=[(6_000_001, replace(field.draft, iata="zzzz"))],
            )
        assert findings(refusal) == [("/cities/0/country", "unknown_country"), ("/airports/0/iata", "malformed")]
        with pytest.raises(Invalid) as refusal:
            await catalog.airline.import_airplanes(rows=[(6_000_002, 4, airplane(name(), equipment="?"))])
        assert findings(refusal) == [("/0/equipment", "malformed")]
