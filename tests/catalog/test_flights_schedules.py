"""Schedules and the dated flights they make, through their door, on every engine."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from flight_drafts import ADMIN, AIRLINE, GUEST, OTHER_AIRLINE, fares, flight, schedule, world

from holdfast.catalog.api import FlightFilter, VersionConflict
from holdfast.catalog.events import FlightChanged, FlightCreated, FlightDeleted
from holdfast.catalog.flights_api import DuplicateFlight
from holdfast.catalog.models import outbox
from holdfast.catalog.rules.schedules import Dated, departures, plan
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import Forbidden, Invalid, NotFound
from holdfast.verticals.flights.times import minutes

NEW_YORK, LONDON, APIA, SANTIAGO = "America/New_York", "Europe/London", "Pacific/Apia", "America/Santiago"
DAILY = (0, 1, 2, 3, 4, 5, 6)


@pytest.fixture(scope="module")
async def db(url):
    await migrate(url, "catalog")
    now = datetime.now(UTC)  # noqa: TID251 - the clock under test starts where the machine's is
    # Ten in the evening of the tenth of March in New York, when it is the eleventh in London already.
    database = await open_database(url, Clock(datetime(2027, 3, 11, 3, tzinfo=UTC) - now))
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def catalog(db):
    made = Catalog(db=db)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def airline(catalog):
    return catalog.airline


@pytest.fixture
async def here(catalog):
    return await world(catalog)


@pytest.fixture
async def made(airline, here):
    return (await airline.create_schedule(owner=AIRLINE, draft=schedule(here))).schedule


async def told(db):
    return [(row.kind, row.payload) for row in await outbox.after(db, (0, 0), limit=100_000)]


def findings(refusal):
    return [(error.pointer, error.code) for error in refusal.value.errors]


async def dated(catalog, standing):
    found = await catalog.flights.flights_page(chosen=FlightFilter(schedule_id=standing.id), limit=1_000)
    return sorted(found, key=lambda each: each.terms.departs)


def days_of(found):
    return [each.terms.departs.date() for each in found]


def march(*days):
    return [date(2027, 3, day) for day in days]


class TestASchedule:
    async def test_is_what_was_said_of_it(self, airline, here, made):
        assert (made.owner_id, made.version, made.draft) == (4, 1, schedule(here))
        assert await airline.schedules(ids=[made.id, 10**12, 0]) == [made]
        assert made in await airline.schedules_page(owner_id=4, limit=1_000)
        assert made in await airline.schedules_page(limit=1_000)
        assert made not in await airline.schedules_page(owner_id=5, limit=1_000)

    async def test_makes_a_flight_for_each_of_its_dates(self, catalog, db, made):
        found = await dated(catalog, made)
        assert days_of(found) == march(1, 3, 5, 8, 10, 12, 15, 17, 19, 22, 24, 26, 29, 31)
        one = found[0]
        assert (one.owner_id, one.schedule_id, one.terms.number) == (4, made.id, "HF201")
        assert (one.terms.departs.time(), one.terms.arrives.time()) == (time(8), time(9, 30))
        events = await told(db)
        assert all((FlightCreated.__name__, {"flight_id": each.terms.flight_id}) in events for each in found)

    async def test_flies_as_long_whatever_the_clocks_do(self, catalog):
        there = await world(catalog, zones=(NEW_YORK, LONDON))
        draft = schedule(there, weekdays=DAILY, first=date(2027, 3, 12), last=date(2027, 3, 29), departs=time(18, 30))
        change = await catalog.airline.create_schedule(owner=AIRLINE, draft=replace(draft, minutes=420))
        found = await dated(catalog, change.schedule)
        assert {minutes(each.terms) for each in found} == {420}
        assert {each.terms.departs.time() for each in found} == {time(18, 30)}
        # America changes its clocks on the 14th, Europe on the 28th: the flight of the 27th arrives after that.
        lands = {each.terms.departs.day: each.terms.arrives.time() for each in found}
        assert lands[12] == lands[27] == lands[29] == time(6, 30)
        assert {lands[day] for day in range(14, 27)} == {time(5, 30)}

    async def test_departs_later_on_a_date_whose_clock_skips_its_time(self, catalog, here):
        draft = schedule(here, weekdays=DAILY, first=date(2027, 3, 13), last=date(2027, 3, 15), departs=time(2, 30))
        change = await catalog.airline.create_schedule(owner=AIRLINE, draft=draft)
        found = await dated(catalog, change.schedule)
        assert [(each.terms.departs.day, each.terms.departs.time()) for each in found] == [
            (13, time(2, 30)),
            (14, time(3, 30)),
            (15, time(2, 30)),
        ]
        assert {minutes(each.terms) for each in found} == {90}
        later = await catalog.airline.replace_schedule(
            owner=AIRLINE, schedule_id=change.schedule.id, draft=replace(draft, departs=time(2, 15)), version=1
        )
        found = await dated(catalog, later.schedule)
        assert [each.terms.departs.time() for each in found] == [time(2, 15), time(3, 15), time(2, 15)]

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"weekdays": ()}, [("/weekdays", "too_short")]),
            ({"weekdays": (0, 7)}, [("/weekdays/1", "out_of_range")]),
            ({"weekdays": (0, 0)}, [("/weekdays/1", "duplicate")]),
            ({"last": date(2027, 2, 28)}, [("/last", "empty_or_negative_range")]),
            ({"last": date(2028, 3, 1)}, [("/last", "range_too_long")]),
            ({"first": date(1999, 12, 31)}, [("/first", "out_of_range"), ("/last", "range_too_long")]),
            ({"last": date(2027, 3, 1), "weekdays": (1,)}, [("/weekdays", "no_dates")]),
            ({"minutes": 0}, [("/duration_minutes", "out_of_range")]),
            ({"minutes": 1_441}, [("/duration_minutes", "out_of_range")]),
            ({"departs": time(8, 0, 30)}, [("/departs", "malformed")]),
            ({"number": "hf1"}, [("/number", "malformed")]),
            ({"airplane_id": 10**12}, [("/airplane_id", "unknown_airplane")]),
            ({"fares": fares(tax_minor=-1)}, [("/fares/tax/amount", "out_of_range")]),
        ],
        ids=str,
    )
    async def test_with_wrong_fields_is_refused(self, airline, here, changes, expected):
        with pytest.raises(Invalid) as refusal:
            await airline.create_schedule(owner=AIRLINE, draft=schedule(here, **changes))
        assert findings(refusal) == expected

    async def test_may_have_a_flight_on_each_day_of_a_leap_year(self, catalog, here):
        draft = schedule(here, weekdays=DAILY, first=date(2028, 1, 1), last=date(2028, 12, 31))
        change = await catalog.airline.create_schedule(owner=AIRLINE, draft=draft)
        assert change.made == 366

    async def test_of_a_guest_is_refused(self, airline, here):
        with pytest.raises(Forbidden):
            await airline.create_schedule(owner=GUEST, draft=schedule(here))

    async def test_meets_no_flight_of_its_number(self, catalog, airline, here, made):
        with pytest.raises(DuplicateFlight) as refusal:
            await airline.create_schedule(owner=AIRLINE, draft=schedule(here, weekdays=(4, 5)))
        assert [each["date"] for each in refusal.value.extra["flights"]] == [f"{day}" for day in march(5, 12, 19, 26)]
        other = await airline.create_schedule(owner=AIRLINE, draft=schedule(here, weekdays=(5, 6)))
        with pytest.raises(DuplicateFlight):
            await airline.replace_schedule(
                owner=AIRLINE, schedule_id=other.schedule.id, draft=schedule(here, weekdays=(4,)), version=1
            )
        assert days_of(await dated(catalog, made))[0] == date(2027, 3, 1)


class TestReplacing:
    async def test_changes_flights_to_come_and_leaves_the_others(self, catalog, db, here, made):
        before = await dated(catalog, made)
        draft = schedule(here, weekdays=(2, 3), departs=time(9), last=date(2027, 3, 25), number="HF202")
        change = await catalog.airline.replace_schedule(owner=AIRLINE, schedule_id=made.id, draft=draft, version=1)
        assert (change.schedule.version, change.schedule.draft) == (2, draft)
        found = await dated(catalog, made)
        # Up to the tenth, which is today in New York, everything stays.
        assert days_of(found) == march(1, 3, 5, 8, 10, 11, 17, 18, 24, 25)
        assert {each.terms.number for each in found[:5]} == {"HF201"}
        assert {(each.terms.number, each.terms.departs.time()) for each in found[5:]} == {("HF202", time(9))}
        assert (change.made, change.changed, change.removed, change.kept) == (3, 2, 7, 0)
        ids = {each.terms.departs.date(): each.terms.flight_id for each in before}
        same = {each.terms.departs.date(): each.terms.flight_id for each in found}
        assert same[date(2027, 3, 17)] == ids[date(2027, 3, 17)]
        events = await told(db)
        for day in march(17, 24):
            expected = {"flight_id": ids[day], "moved": True, "stock": True}
            assert (FlightChanged.__name__, expected) in events
        for day in march(12, 15, 19, 22, 26, 29, 31):
            assert (FlightDeleted.__name__, {"flight_id": ids[day]}) in events
        for day in march(11, 18, 25):
            assert (FlightCreated.__name__, {"flight_id": same[day]}) in events

    async def test_keeps_what_was_offered_or_canceled(self, catalog, here, made):
        by_day = {each.terms.departs.day: each.terms.flight_id for each in await dated(catalog, made)}
        await catalog.flights.mark_offered(ids=[by_day[12], by_day[15]])
        await catalog.flights.cancel(owner=AIRLINE, flight_id=by_day[17])
        draft = schedule(here, weekdays=(4,), departs=time(10))
        change = await catalog.airline.replace_schedule(owner=AIRLINE, schedule_id=made.id, draft=draft, version=1)
        assert (change.made, change.changed, change.removed, change.kept) == (0, 2, 4, 3)
        found = {each.terms.departs.day: each for each in await dated(catalog, made)}
        assert sorted(found) == [1, 3, 5, 8, 10, 12, 15, 17, 19, 26]
        assert [found[day].terms.departs.hour for day in (12, 15, 17, 19, 26)] == [8, 8, 8, 10, 10]
        assert found[17].terms.canceled

    async def test_takes_back_what_was_said_of_one_flight_but_not_its_date(self, catalog, here, made):
        by_day = {each.terms.departs.day: each.terms.flight_id for each in await dated(catalog, made)}
        said = flight(here, number="HF201", departs=time(20), arrives=time(22))
        edited = await catalog.flights.replace(
            owner=AIRLINE, flight_id=by_day[15], draft=replace(said, day=date(2027, 3, 15)), version=1
        )
        assert edited.schedule_id == made.id
        moved = await catalog.flights.replace(
            owner=AIRLINE, flight_id=by_day[17], draft=replace(said, day=date(2027, 3, 18)), version=1
        )
        assert moved.schedule_id is None
        change = await catalog.airline.replace_schedule(
            owner=AIRLINE, schedule_id=made.id, draft=schedule(here), version=1
        )
        assert (change.made, change.changed, change.removed, change.kept) == (1, 8, 0, 0)
        found = {each.terms.departs.day: each for each in await dated(catalog, made)}
        assert found[15].terms.departs.time() == time(8)
        assert found[17].terms.flight_id != by_day[17]
        assert 18 not in found

    async def test_needs_the_newest_version_and_right_fields(self, airline, here, made):
        with pytest.raises(VersionConflict):
            await airline.replace_schedule(owner=AIRLINE, schedule_id=made.id, draft=schedule(here), version=2)
        with pytest.raises(Invalid) as refusal:
            await airline.replace_schedule(
                owner=AIRLINE, schedule_id=made.id, draft=schedule(here, destination_id=here.origin), version=2
            )
        assert findings(refusal) == [("/destination_id", "same_airport")]

    async def test_of_somebody_elses_finds_none(self, airline, here, made):
        for stranger, schedule_id in ((OTHER_AIRLINE, made.id), (AIRLINE, 10**12), (AIRLINE, 0)):
            with pytest.raises(NotFound):
                await airline.replace_schedule(owner=stranger, schedule_id=schedule_id, draft=schedule(here), version=1)
            with pytest.raises(NotFound):
                await airline.delete_schedule(owner=stranger, schedule_id=schedule_id)
        change = await airline.replace_schedule(owner=ADMIN, schedule_id=made.id, draft=schedule(here), version=1)
        assert change.schedule.owner_id == AIRLINE.account_id


class TestDeleting:
    async def test_gives_no_id_a_second_time(self, catalog, here, made):
        gone = (await dated(catalog, made))[-1].terms.flight_id
        await catalog.airline.delete_schedule(owner=AIRLINE, schedule_id=made.id)
        again = await catalog.airline.create_schedule(owner=AIRLINE, draft=schedule(here, number="HF203"))
        assert again.schedule.id > made.id
        assert min(each.terms.flight_id for each in await dated(catalog, again.schedule)) > gone

    async def test_takes_flights_to_come_that_nobody_was_offered(self, catalog, db, made):
        before = await dated(catalog, made)
        by_day = {each.terms.departs.day: each.terms.flight_id for each in before}
        await catalog.flights.mark_offered(ids=[by_day[12]])
        await catalog.airline.delete_schedule(owner=AIRLINE, schedule_id=made.id)
        assert await catalog.airline.schedules(ids=[made.id]) == []
        left = await catalog.flights.leg_offers(ids=[each.terms.flight_id for each in before])
        assert sorted(each.terms.departs.day for each in left.values()) == [1, 3, 5, 8, 10, 12]
        assert {each.schedule_id for each in left.values()} == {None}
        assert (FlightDeleted.__name__, {"flight_id": by_day[15]}) in await told(db)


class TestDepartures:
    def test_leave_out_a_date_that_a_zone_does_not_have(self):
        # Samoa had no 30 December 2011: it went to the other side of the date line.
        draft = replace(DRAFT, weekdays=DAILY, first=date(2011, 12, 29), last=date(2011, 12, 31), departs=time(10))
        assert [each.day for each in departures(draft, APIA)] == [29, 31]

    def test_begin_the_day_later_where_midnight_is_skipped(self):
        draft = replace(DRAFT, weekdays=DAILY, first=date(2027, 9, 4), last=date(2027, 9, 6), departs=time(0, 10))
        times = [each.time() for each in departures(draft, SANTIAGO)]
        assert times == [time(0, 10), time(1, 10), time(0, 10)]

    def test_are_in_order_and_only_on_the_weekdays(self):
        draft = replace(DRAFT, weekdays=(6, 2))
        found = list(departures(draft, NEW_YORK))
        assert found == sorted(found)
        assert {each.weekday() for each in found} == {2, 6}


class TestThePlan:
    def test_makes_changes_removes_and_keeps(self):
        days = [date(2027, 3, 1) + timedelta(days=number) for number in range(5)]
        standing = [
            Dated(1, days[0], free=True),
            Dated(2, days[1], free=False),
            Dated(3, days[2], free=True),
            Dated(4, days[3], free=False),
        ]
        wanted = [datetime.combine(day, time(8)) for day in (days[0], days[1], days[4])]
        found = plan(standing, wanted)
        assert found.make == (wanted[2],)
        assert found.change == ((time(8), (1,)),)
        assert found.remove == (3,)
        assert found.keep == 2


class _Nowhere:
    origin, destination, airplane = 1, 2, 3


DRAFT = schedule(_Nowhere)
