"""What owners describe is noted with who described it; a refused change leaves nothing."""

from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest
from catalog_drafts import ADMIN, OTHER_OWNER, OWNER, draft
from flight_drafts import AIRLINE, flight, schedule, world
from restaurant_drafts import restaurant

from holdfast.catalog.models import activity
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.activity.log import Wanted
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import HoldfastError
from holdfast.kit.origin import Origin, current_origin
from holdfast.verticals.stays import NightTerms

MAY = date(2026, 5, 1)


@pytest.fixture(scope="module")
async def db(url):
    await migrate(url, "catalog")
    now = datetime.now(UTC)  # noqa: TID251 - the clock of the test starts where the machine's is
    database = await open_database(url, Clock(datetime(2027, 1, 10, 12, tzinfo=UTC) - now))
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def catalog(db):
    made = Catalog(db=db)
    yield made
    await made.close()


@contextmanager
def asking(principal):
    token = current_origin.set(Origin(account_id=principal.account_id, address="192.0.2.9"))
    try:
        yield
    finally:
        current_origin.reset(token)


async def acts(db, kind, number):
    found = await ActivityRecords(activity, db).page(Wanted(object_kind=kind, object_id=str(number)))
    assert all(each.address == "192.0.2.9" for each in found)
    return [(each.kind, each.account_id, each.subject_id) for each in reversed(found)]


class TestAProperty:
    async def test_is_noted_with_each_change_and_whose_it_is(self, catalog, db):
        with asking(OWNER):
            home = await catalog.create(owner=OWNER, draft=draft())
        with asking(ADMIN):
            await catalog.replace(owner=ADMIN, property_id=home.id, draft=draft(), version=1)
            await catalog.set_nights(
                owner=ADMIN,
                property_id=home.id,
                first=MAY,
                end=MAY + timedelta(days=2),
                terms=NightTerms(price_minor=1),
            )
        owner, admin = OWNER.account_id, ADMIN.account_id
        assert await acts(db, "property", home.id) == [
            ("property.created", owner, owner),
            ("property.changed", admin, owner),
            ("property.nights_priced", admin, owner),
        ]

    async def test_that_is_not_changed_leaves_nothing(self, catalog, db):
        with asking(OWNER):
            home = await catalog.create(owner=OWNER, draft=draft())
        with asking(OTHER_OWNER):
            for change in (
                catalog.replace(owner=OTHER_OWNER, property_id=home.id, draft=draft(), version=1),
                catalog.replace(owner=OWNER, property_id=home.id, draft=draft(), version=9),
                catalog.set_nights(owner=OTHER_OWNER, property_id=home.id, first=MAY, end=MAY, terms=None),
            ):
                with pytest.raises(HoldfastError):
                    await change
        assert await acts(db, "property", home.id) == [("property.created", OWNER.account_id, OWNER.account_id)]


class TestARestaurant:
    async def test_is_noted_with_each_change(self, catalog, db):
        with asking(OWNER):
            made = await catalog.restaurants.create(owner=OWNER, draft=restaurant())
            await catalog.restaurants.replace(
                owner=OWNER, restaurant_id=made.id, draft=restaurant(), version=made.version
            )
            await catalog.restaurants.set_day(owner=OWNER, restaurant_id=made.id, day=MAY, services=())
        owner = OWNER.account_id
        assert await acts(db, "restaurant", made.id) == [
            ("restaurant.created", owner, owner),
            ("restaurant.changed", owner, owner),
            ("restaurant.day_changed", owner, owner),
        ]


class TestAFlight:
    async def test_is_noted_when_it_is_canceled_once(self, catalog, db):
        owner = AIRLINE.account_id
        place = await world(catalog)
        with asking(AIRLINE):
            made = await catalog.flights.create(owner=AIRLINE, draft=flight(place))
            number = made.terms.flight_id
            for _ in range(2):
                await catalog.flights.cancel(owner=AIRLINE, flight_id=number)
        assert await acts(db, "flight", number) == [
            ("flight.created", owner, owner),
            ("flight.canceled", owner, owner),
        ]

    async def test_of_a_schedule_is_noted_with_it(self, catalog, db):
        place = await world(catalog)
        with asking(AIRLINE):
            made = await catalog.airline.create_schedule(owner=AIRLINE, draft=schedule(place))
            await catalog.airline.replace_schedule(
                owner=AIRLINE, schedule_id=made.schedule.id, draft=schedule(place), version=1
            )
            await catalog.airline.delete_schedule(owner=AIRLINE, schedule_id=made.schedule.id)
        kinds = [kind for kind, _, _ in await acts(db, "schedule", made.schedule.id)]
        assert kinds == ["schedule.created", "schedule.changed", "schedule.deleted"]
