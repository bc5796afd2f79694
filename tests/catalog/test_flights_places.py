"""Cities, airports and airplanes through their doors, on every engine."""

import asyncio
from dataclasses import replace

import pytest
from flight_drafts import (
    ADMIN,
    AIRLINE,
    BUSINESS,
    ECONOMY,
    GUEST,
    OTHER_AIRLINE,
    airplane,
    airport,
    city,
    code,
    flight,
    name,
    schedule,
    world,
)
from sqlalchemy import bindparam, delete, insert, update

from holdfast.catalog.airline_api import (
    AirplaneInUse,
    AirportInUse,
    CityInUse,
    DuplicateAirplane,
    DuplicateIata,
    KnownAirport,
)
from holdfast.catalog.api import VersionConflict
from holdfast.catalog.events import AirplaneChanged, AirportChanged
from holdfast.catalog.models import flights as models
from holdfast.catalog.models import outbox, tables
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.db.errors import CheckViolation, ForeignKeyViolation, UniqueViolation
from holdfast.kit.db.migrate import differences, migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import db_now, statement
from holdfast.kit.errors import Forbidden, Invalid, NotFound


@pytest.fixture(scope="module")
async def db(url):
    await migrate(url, "catalog")
    database = await open_database(url)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def catalog(db):
    return Catalog(db=db)


@pytest.fixture(scope="module")
async def places(catalog):
    return catalog.places


@pytest.fixture
async def town(places):
    return await places.create_city(admin=ADMIN, draft=city())


@pytest.fixture
async def field(places, town):
    return await places.create_airport(admin=ADMIN, draft=airport(town.id, code()))


@pytest.fixture
async def here(catalog):
    return await world(catalog)


async def told(db):
    return [(row.kind, row.payload) for row in await outbox.after(db, (0, 0), limit=10_000)]


def findings(refusal):
    return [(error.pointer, error.code) for error in refusal.value.errors]


class TestACity:
    async def test_is_what_was_said_of_it(self, places, town):
        [found] = await places.cities(ids=[town.id, town.id, 10**12, -1])
        assert found == town
        assert (found.version, found.draft) == (1, city())

    async def test_may_have_no_zone(self, places):
        made = await places.create_city(admin=ADMIN, draft=city(zone=None))
        assert made.draft.zone is None

    async def test_changes_with_its_version(self, places, town):
        replaced = await places.replace_city(admin=ADMIN, city_id=town.id, draft=city(name="Köln"), version=1)
        assert (replaced.version, replaced.draft.name) == (2, "Köln")
        with pytest.raises(VersionConflict):
            await places.replace_city(admin=ADMIN, city_id=town.id, draft=city(), version=1)

    async def test_is_written_by_admins_alone(self, places, town):
        for stranger in (AIRLINE, GUEST):
            with pytest.raises(Forbidden):
                await places.create_city(admin=stranger, draft=city())
            with pytest.raises(Forbidden):
                await places.replace_city(admin=stranger, city_id=town.id, draft=city(), version=1)
            with pytest.raises(Forbidden):
                await places.delete_city(admin=stranger, city_id=town.id)

    async def test_with_wrong_fields_is_refused_by_each(self, places):
        with pytest.raises(Invalid) as refusal:
            await places.create_city(admin=ADMIN, draft=city(name=" ", country="XX", zone="Mars/Base"))
        assert findings(refusal) == [("/name", "blank"), ("/country", "unknown_country"), ("/zone", "unknown_zone")]

    async def test_with_airports_is_not_deleted_and_they_are_listed(self, places, town, field):
        with pytest.raises(CityInUse) as refusal:
            await places.delete_city(admin=ADMIN, city_id=town.id)
        assert refusal.value.extra == {"airports": [{"id": field.id, "iata": field.draft.iata}]}
        assert field.draft.iata in refusal.value.detail
        await places.delete_airport(admin=ADMIN, airport_id=field.id)
        await places.delete_city(admin=ADMIN, city_id=town.id)
        assert await places.cities(ids=[town.id]) == []

    async def test_that_is_deleted_while_it_gets_an_airport_has_it_or_is_gone(self, places):
        for _ in range(10):
            town = await places.create_city(admin=ADMIN, draft=city())
            made, gone = await asyncio.gather(
                places.create_airport(admin=ADMIN, draft=airport(town.id, code())),
                places.delete_city(admin=ADMIN, city_id=town.id),
                return_exceptions=True,
            )
            outcome = type(made).__name__, type(gone).__name__
            assert outcome in {("Airport", "CityInUse"), ("Invalid", "NoneType")}

    async def test_that_is_not_there_is_not_found(self, places):
        for city_id in (10**12, 0, -5, 2**63):
            with pytest.raises(NotFound):
                await places.delete_city(admin=ADMIN, city_id=city_id)
            with pytest.raises(NotFound):
                await places.replace_city(admin=ADMIN, city_id=city_id, draft=city(), version=1)

    async def test_is_listed_in_order_of_id_and_by_country(self, places):
        made = [await places.create_city(admin=ADMIN, draft=city(country="IS")) for _ in range(3)]
        first = await places.cities_page(country="IS", limit=2)
        assert [each.id for each in first] == [made[0].id, made[1].id]
        rest = await places.cities_page(country="IS", after_id=first[-1].id)
        assert [each.id for each in rest] == [made[2].id]
        assert made[1] in await places.cities_page(limit=1_000)


class TestAnAirport:
    async def test_is_what_was_said_of_it_with_its_city(self, places, town, field):
        [found] = await places.airports(ids=[field.id])
        assert found == field
        assert (found.city, found.country, found.draft.city_id) == ("Washington", "US", town.id)

    async def test_of_no_city_is_refused_at_its_field(self, places):
        for city_id in (10**12, 0, 2**63):
            with pytest.raises(Invalid) as refusal:
                await places.create_airport(admin=ADMIN, draft=airport(city_id, "zz", icao=None))
            assert findings(refusal) == [("/iata", "malformed"), ("/city_id", "unknown_city")]

    async def test_has_a_code_of_its_own(self, places, town, field):
        with pytest.raises(DuplicateIata) as refusal:
            await places.create_airport(admin=ADMIN, draft=airport(town.id, field.draft.iata))
        assert refusal.value.extra == {"airport_id": field.id}
        other = await places.create_airport(admin=ADMIN, draft=airport(town.id, code()))
        with pytest.raises(DuplicateIata):
            await places.replace_airport(
                admin=ADMIN, airport_id=other.id, draft=airport(town.id, field.draft.iata), version=1
            )

    async def test_has_a_code_of_its_own_also_when_many_want_it_at_once(self, places, town):
        iata = code()
        tries = [places.create_airport(admin=ADMIN, draft=airport(town.id, iata)) for _ in range(8)]
        done = await asyncio.gather(*tries, return_exceptions=True)
        assert sorted(type(each).__name__ for each in done) == ["Airport"] + ["DuplicateIata"] * 7

    async def test_changes_with_its_version_and_tells(self, places, db, field):
        draft = replace(field.draft, name="New name", zone="Europe/London")
        replaced = await places.replace_airport(admin=ADMIN, airport_id=field.id, draft=draft, version=1)
        assert (replaced.version, replaced.draft) == (2, draft)
        assert (AirportChanged.__name__, {"airport_id": field.id}) in await told(db)
        with pytest.raises(VersionConflict):
            await places.replace_airport(admin=ADMIN, airport_id=field.id, draft=draft, version=1)
        with pytest.raises(Invalid) as refusal:
            await places.replace_airport(
                admin=ADMIN, airport_id=field.id, draft=replace(draft, city_id=10**12), version=2
            )
        assert findings(refusal) == [("/city_id", "unknown_city")]

    async def test_with_flights_or_schedules_is_not_deleted_and_they_are_listed(self, catalog, here):
        made = await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        change = await catalog.airline.create_schedule(owner=AIRLINE, draft=schedule(here))
        for airport_id in (here.origin, here.destination):
            with pytest.raises(AirportInUse) as refusal:
                await catalog.places.delete_airport(admin=ADMIN, airport_id=airport_id)
            listed = refusal.value.extra
            assert listed["flights"][0] == {"id": made.terms.flight_id, "number": "HF101", "date": "2027-03-12"}
            assert listed["schedules"] == [{"id": change.schedule.id, "number": "HF201"}]
            assert len(listed["flights"]) == 1 + change.made
            assert "HF101 of 2027-03-12" in refusal.value.detail

    async def test_with_flights_keeps_its_zone_and_nothing_else(self, catalog, here):
        await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        [before] = await catalog.places.airports(ids=[here.origin])
        with pytest.raises(AirportInUse):
            await catalog.places.replace_airport(
                admin=ADMIN, airport_id=here.origin, draft=replace(before.draft, zone="Europe/London"), version=1
            )
        renamed = await catalog.places.replace_airport(
            admin=ADMIN, airport_id=here.origin, draft=replace(before.draft, name="Renamed", iata=code()), version=1
        )
        assert renamed.draft.name == "Renamed"

    async def test_is_written_by_admins_alone(self, places, field):
        for stranger in (AIRLINE, GUEST):
            with pytest.raises(Forbidden):
                await places.create_airport(admin=stranger, draft=field.draft)
            with pytest.raises(Forbidden):
                await places.replace_airport(admin=stranger, airport_id=field.id, draft=field.draft, version=1)
            with pytest.raises(Forbidden):
                await places.delete_airport(admin=stranger, airport_id=field.id)

    async def test_that_is_not_there_is_not_found(self, places, field):
        with pytest.raises(NotFound):
            await places.delete_airport(admin=ADMIN, airport_id=10**12)
        with pytest.raises(NotFound):
            await places.replace_airport(admin=ADMIN, airport_id=10**12, draft=field.draft, version=1)

    async def test_is_listed_by_its_code_and_by_its_city(self, places, town, field):
        assert await places.airports_page(iata=field.draft.iata) == [field]
        assert await places.airports_page(city_id=town.id) == [field]
        assert await places.airports_page(city_id=town.id, iata="AAA") == []
        assert field in await places.airports_page(limit=1_000)

    async def test_may_be_known_to_the_world(self, places):
        known = await places.known_airports(iatas=["DCA", "SYD", "QQQ"])
        assert sorted(known) == ["DCA", "SYD"]
        assert isinstance(known["DCA"], KnownAirport)
        assert (known["DCA"].zone, known["DCA"].country, known["DCA"].icao) == ("America/New_York", "US", "KDCA")
        assert known["SYD"].zone == "Australia/Sydney"


class TestAnAirplane:
    async def test_is_what_was_said_of_it(self, catalog):
        draft = airplane(name())
        made = await catalog.airline.create_airplane(owner=AIRLINE, draft=draft)
        assert (made.owner_id, made.version, made.draft) == (4, 1, draft)
        assert await catalog.airline.airplanes(ids=[made.id, 10**12, 0]) == [made]

    async def test_belongs_to_owners(self, catalog):
        with pytest.raises(Forbidden):
            await catalog.airline.create_airplane(owner=GUEST, draft=airplane(name()))

    async def test_has_a_name_of_its_own_among_its_owners(self, catalog, here):
        [first] = await catalog.airline.airplanes(ids=[here.airplane])
        with pytest.raises(DuplicateAirplane) as refusal:
            await catalog.airline.create_airplane(owner=AIRLINE, draft=first.draft)
        assert refusal.value.extra == {"airplane_id": first.id}
        await catalog.airline.create_airplane(owner=OTHER_AIRLINE, draft=first.draft)
        other = await catalog.airline.create_airplane(owner=AIRLINE, draft=airplane(name()))
        with pytest.raises(DuplicateAirplane):
            await catalog.airline.replace_airplane(owner=AIRLINE, airplane_id=other.id, draft=first.draft, version=1)

    async def test_changes_with_its_version_and_tells(self, catalog, db, here):
        draft = airplane(name(), cabins=(ECONOMY,), currency="EUR")
        replaced = await catalog.airline.replace_airplane(
            owner=AIRLINE, airplane_id=here.airplane, draft=draft, version=1
        )
        assert (replaced.version, replaced.draft) == (2, draft)
        assert (AirplaneChanged.__name__, {"airplane_id": here.airplane}) in await told(db)
        with pytest.raises(VersionConflict):
            await catalog.airline.replace_airplane(owner=AIRLINE, airplane_id=here.airplane, draft=draft, version=1)

    async def test_with_flights_keeps_its_cabins_by_name_and_its_currency(self, catalog, here):
        made = await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        draft = airplane(name(), cabins=(ECONOMY,), currency="EUR")
        with pytest.raises(Invalid) as refusal:
            await catalog.airline.replace_airplane(owner=AIRLINE, airplane_id=here.airplane, draft=draft, version=1)
        assert findings(refusal) == [("/cabins", "cabin_in_use"), ("/cabins", "currency_mismatch")]
        longer = airplane(name(), cabins=(BUSINESS, replace(ECONOMY, last_row=40)))
        await catalog.airline.replace_airplane(owner=AIRLINE, airplane_id=here.airplane, draft=longer, version=1)
        offer = (await catalog.flights.leg_offers(ids=[made.terms.flight_id]))[made.terms.flight_id]
        assert offer.terms.cabins[0].seats == made.terms.cabins[0].seats + 60

    async def test_with_a_flight_that_was_offered_keeps_its_seats(self, catalog, here):
        made = await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        await catalog.flights.mark_offered(ids=[made.terms.flight_id])
        longer = airplane(name(), cabins=(BUSINESS, replace(ECONOMY, last_row=40)))
        with pytest.raises(AirplaneInUse) as refusal:
            await catalog.airline.replace_airplane(owner=AIRLINE, airplane_id=here.airplane, draft=longer, version=1)
        assert [each["id"] for each in refusal.value.extra["flights"]] == [made.terms.flight_id]
        renamed = await catalog.airline.replace_airplane(
            owner=AIRLINE, airplane_id=here.airplane, draft=airplane(name()), version=1
        )
        assert renamed.version == 2

    async def test_with_flights_or_schedules_is_not_deleted(self, catalog, here):
        made = await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        with pytest.raises(AirplaneInUse) as refusal:
            await catalog.airline.delete_airplane(owner=AIRLINE, airplane_id=here.airplane)
        assert [each["id"] for each in refusal.value.extra["flights"]] == [made.terms.flight_id]
        await catalog.flights.delete(owner=AIRLINE, flight_id=made.terms.flight_id)
        await catalog.airline.delete_airplane(owner=AIRLINE, airplane_id=here.airplane)
        assert await catalog.airline.airplanes(ids=[here.airplane]) == []

    async def test_of_somebody_else_is_not_found(self, catalog, here):
        draft = airplane(name())
        for stranger in (OTHER_AIRLINE, GUEST):
            with pytest.raises(NotFound):
                await catalog.airline.replace_airplane(
                    owner=stranger, airplane_id=here.airplane, draft=draft, version=1
                )
            with pytest.raises(NotFound):
                await catalog.airline.delete_airplane(owner=stranger, airplane_id=here.airplane)
        with pytest.raises(NotFound):
            await catalog.airline.delete_airplane(owner=AIRLINE, airplane_id=10**12)
        await catalog.airline.replace_airplane(owner=ADMIN, airplane_id=here.airplane, draft=draft, version=1)

    async def test_is_listed_by_its_owner(self, catalog):
        made = await catalog.airline.create_airplane(owner=ADMIN, draft=airplane(name()))
        assert made in await catalog.airline.airplanes_page(owner_id=1, limit=1_000)
        assert made not in await catalog.airline.airplanes_page(owner_id=4, limit=1_000)
        assert await catalog.airline.airplanes_page(owner_id=1, after_id=made.id) == []

    async def test_gives_its_flights_a_seat_map(self, catalog, here):
        made = await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        seats = {f"{seat.row}{seat.column}": seat for seat in made.terms.seats}
        assert len(seats) == 4 * 4 + 20 * 6 - 1
        assert "13A" not in seats
        assert "30A" not in seats
        assert seats["30C"].blocked
        assert seats["20F"].exit
        assert (seats["20F"].extra_minor, seats["10A"].extra_minor, seats["12A"].extra_minor) == (3_500, 2_500, 900)
        assert seats["1A"].cabin == "business"
        assert [(cabin.code, cabin.seats) for cabin in made.terms.cabins] == [("economy", 117), ("business", 16)]


def adding(table, **values):
    ordinary = {"version": 1, **values}
    params = {key: bindparam(key) for key in ordinary}
    return statement(insert(table).values({**params, "changed_at": db_now()}))(**ordinary)


class TestTheDatabase:
    async def test_refuses_an_airport_of_no_city(self, db):
        wrong = {"city_id": 10**12, "iata": code(), "name": "A", "latitude": 1.0, "longitude": 1.0, "zone": "UTC"}
        with pytest.raises(ForeignKeyViolation):
            await db.put(adding(models.airport, min_connection_minutes=1, **wrong))

    async def test_refuses_to_lose_what_is_referred_to(self, db, catalog, here):
        await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        for table, row_id in (
            (models.city, here.city),
            (models.airport, here.origin),
            (models.airport, here.destination),
            (models.airplane, here.airplane),
        ):
            gone = statement(delete(table).where(table.c.id == bindparam("id")))
            with pytest.raises(ForeignKeyViolation):
                await db.put(gone(id=row_id))
        with pytest.raises(ForeignKeyViolation):
            await db.put(statement(delete(models.fare).where(models.fare.c.id >= bindparam("least")))(least=1))

    async def test_refuses_flights_that_refer_to_nothing_or_end_where_they_begin(self, db, catalog, here):
        made = await catalog.flights.create(owner=AIRLINE, draft=flight(here))
        for column in ("origin_id", "destination_id", "airplane_id", "fare_id", "schedule_id"):
            to_nothing = statement(
                update(models.flight).where(models.flight.c.id == bindparam("this")).values({column: bindparam("to")})
            )
            with pytest.raises(ForeignKeyViolation):
                await db.put(to_nothing(this=made.terms.flight_id, to=10**12))
        nowhere = statement(
            update(models.flight)
            .where(models.flight.c.id == bindparam("this"))
            .values(destination_id=models.flight.c.origin_id)
        )
        with pytest.raises(CheckViolation):
            await db.put(nowhere(this=made.terms.flight_id))

    async def test_refuses_a_second_airport_of_a_code(self, db, town, field):
        again = {"city_id": town.id, "iata": field.draft.iata, "name": "A", "latitude": 1.0, "longitude": 1.0}
        with pytest.raises(UniqueViolation):
            await db.put(adding(models.airport, zone="UTC", min_connection_minutes=1, **again))

    @pytest.mark.parametrize(
        "wrong",
        [{"latitude": 90.5}, {"longitude": -181.0}, {"min_connection_minutes": 601}, {"version": 0}, {"name": ""}],
        ids=str,
    )
    async def test_refuses_airports_the_rules_would(self, db, town, wrong):
        fine = {"city_id": town.id, "iata": code(), "name": "A", "latitude": 1.0, "longitude": 1.0, "zone": "UTC"}
        with pytest.raises(CheckViolation):
            await db.put(adding(models.airport, **(fine | {"min_connection_minutes": 1} | wrong)))


class TestMigrations:
    async def test_tell_the_truth_and_go_down_and_up_again(self, fresh_url):
        await migrate(fresh_url, "catalog", target="catalog_0003")
        await migrate(fresh_url, "catalog")
        assert await differences(fresh_url, "catalog", tables) == []
        await migrate(fresh_url, "catalog", target="base")
        await migrate(fresh_url, "catalog")
        database = await open_database(fresh_url)
        made = await world(Catalog(db=database))
        assert made.origin != made.destination
        await database.close()
