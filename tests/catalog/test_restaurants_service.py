"""Restaurants through their door, on every engine."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta

import pytest
from asyncmy.errors import DataError
from asyncpg.exceptions import StringDataRightTruncationError
from catalog_drafts import ADMIN, GUEST, OTHER_OWNER, OWNER
from restaurant_drafts import (
    CHRISTMAS,
    NEW_YEARS_EVE,
    combination,
    restaurant,
    security,
    service,
    special,
    table,
    turns,
)

from holdfast.catalog.api import CardBrand, TableOffer, VersionConflict
from holdfast.catalog.events import RestaurantChanged, RestaurantCreated, RestaurantsImported
from holdfast.catalog.models import outbox
from holdfast.catalog.service.restaurants import Restaurants
from holdfast.catalog.store import restaurants as store
from holdfast.kit.db.errors import CheckViolation, ForeignKeyViolation, UniqueViolation
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import Forbidden, Invalid, NotFound
from holdfast.verticals.cancellation import CancellationPolicy, RefundWindow, shares_of
from holdfast.verticals.dining.terms import SecurityKind

VALENTINES = date(2027, 2, 14)


@pytest.fixture(scope="module")
async def db(url):
    await migrate(url, "catalog")
    database = await open_database(url)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def restaurants(db):
    made = Restaurants(db=db)
    yield made
    await made.close()


@pytest.fixture
async def place(restaurants):
    return await restaurants.create(owner=OWNER, draft=restaurant())


async def told(db):
    return [(row.kind, row.payload) for row in await outbox.after(db, (0, 0), limit=10_000)]


def changed(place):
    return (RestaurantChanged.__name__, {"restaurant_id": place.id})


def stored(draft, restaurant_id):
    return replace(draft, terms=replace(draft.terms, restaurant_id=restaurant_id))


def offer_of(place):
    return TableOffer(name=place.draft.name, owner_id=place.owner_id, terms=place.draft.terms)


class TestCreating:
    async def test_returns_what_is_stored(self, restaurants):
        created = await restaurants.create(owner=OWNER, draft=restaurant())
        assert await restaurants.get_many(ids=[created.id]) == [created]
        assert created.draft == stored(restaurant(), created.id)
        assert (created.owner_id, created.version) == (7, 1)

    async def test_keeps_every_optional_fact(self, restaurants):
        said = restaurant(
            listed=False,
            rating=4.87,
            reviews=12,
            notes={"terms_invented": True},
            phone=None,
            email=None,
            website=None,
            cuisines=(),
            cards=tuple(CardBrand),
            images=(),
            videos=(),
            combinations=(),
            services=(service("a_la_carte", (0, 0), (23, 45), weekdays=(), online_bp=0),),
            special_days=(),
            securities=tuple(security(n, n, kind) for n, kind in enumerate(SecurityKind, 1)),
            policy=CancellationPolicy(name="never", windows=()),
        )
        created = await restaurants.create(owner=OWNER, draft=said)
        assert created.draft == stored(said, created.id)

    async def test_has_room_for_the_largest_restaurant(self, restaurants):
        tables = tuple(table(f"{n:020}", 100, area="a" * 40) for n in range(300))
        windows = (RefundWindow(days_before=365, hours_before=720 - n, shares=shares_of(10_000)) for n in range(10))
        said = restaurant(
            name="\N{SLICE OF PIZZA}" * 120,
            description="\N{SLICE OF PIZZA}" * 5_000,
            address="\N{SLICE OF PIZZA}" * 200,
            neighbourhood="\N{SLICE OF PIZZA}" * 200,
            city="\N{SLICE OF PIZZA}" * 100,
            email=f"{'a' * 242}@example.com",
            phone="1" * 30,
            website="https://example.com/" + "a" * 480,
            cuisines=tuple(f"{n:040}" for n in range(20)),
            images=tuple(f"https://example.com/{n:0480}" for n in range(50)),
            videos=tuple(f"https://example.com/{n:0480}" for n in range(10)),
            tables=tables,
            combinations=tuple(combination(*(each.code for each in tables[place : place + 8])) for place in range(290)),
            services=tuple(
                service(
                    f"{n:040}",
                    (n, 0),
                    (n, 45),
                    name="\N{SLICE OF PIZZA}" * 60,
                    covers_per_slot=10_000,
                    parties_per_slot=10_000,
                    present_max=10_000,
                )
                for n in range(20)
            ),
            special_days=tuple(
                special(CHRISTMAS + timedelta(days=n), *(f"{code:040}" for code in range(20)), note="n" * 200)
                for n in range(400)
            ),
            turn_times=turns(*((81 + n, 1_440) for n in range(20))),
            securities=tuple(security(81 + n, 10**11) for n in range(20)),
            policy=CancellationPolicy(name="n" * 40, windows=tuple(windows)),
        )
        created = await restaurants.create(owner=OWNER, draft=said)
        assert created.draft == stored(said, created.id)

    async def test_tells_that_it_exists(self, restaurants, db):
        created = await restaurants.create(owner=OWNER, draft=restaurant())
        assert (RestaurantCreated.__name__, {"restaurant_id": created.id}) in await told(db)

    async def test_is_for_owners(self, restaurants):
        with pytest.raises(Forbidden):
            await restaurants.create(owner=GUEST, draft=restaurant())

    async def test_refuses_with_every_wrong_field_and_writes_nothing(self, restaurants, db):
        before = len(await restaurants.list_page(limit=1000)), len(await told(db))
        with pytest.raises(Invalid) as refusal:
            await restaurants.create(owner=OWNER, draft=restaurant(name="", zone="Mars/Base"))
        assert [error.pointer for error in refusal.value.errors] == ["/name", "/terms/zone"]
        assert (len(await restaurants.list_page(limit=1000)), len(await told(db))) == before


class TestReplacing:
    async def test_leaves_nothing_of_what_was_said_before(self, restaurants, place):
        said = restaurant(
            name="Renamed",
            tables=(table("T2", 6), table("9")),
            combinations=(combination("T2", "9"),),
            services=(service("supper"),),
            special_days=(special(CHRISTMAS, "supper"),),
        )
        replaced = await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=said, version=1)
        assert (replaced.version, replaced.owner_id) == (2, place.owner_id)
        assert replaced.draft == stored(said, place.id)
        assert await restaurants.get_many(ids=[place.id]) == [replaced]

    async def test_leaves_other_restaurants_alone(self, restaurants, place):
        other = await restaurants.create(owner=OWNER, draft=restaurant())
        await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(name="New"), version=1)
        assert await restaurants.own(owner=OWNER, restaurant_id=other.id) == other

    async def test_tells_that_it_changed(self, restaurants, db, place):
        await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(), version=1)
        assert (await told(db)).count(changed(place)) == 1

    async def test_refuses_an_old_version(self, restaurants, db, place):
        await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(name="First"), version=1)
        with pytest.raises(VersionConflict):
            await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(name="Second"), version=1)
        [found] = await restaurants.get_many(ids=[place.id])
        assert found.draft.name == "First"
        assert (await told(db)).count(changed(place)) == 1

    async def test_by_many_at_once_is_done_by_one_of_them_as_a_whole(self, restaurants, place):
        drafts = [
            restaurant(name=f"Name {n}", tables=tuple(table(f"{n}-{m}") for m in range(9)), combinations=())
            for n in range(8)
        ]
        done = await asyncio.gather(
            *(restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=each, version=1) for each in drafts),
            return_exceptions=True,
        )
        [winner] = [each for each in done if not isinstance(each, VersionConflict)]
        assert winner.draft in [stored(each, place.id) for each in drafts]
        assert await restaurants.own(owner=OWNER, restaurant_id=place.id) == winner

    async def test_says_the_same_of_another_owners_restaurant_and_of_none(self, restaurants, place):
        for owner, number in ((OTHER_OWNER, place.id), (OWNER, 10**12), (OWNER, 0), (OWNER, 2**70)):
            with pytest.raises(NotFound) as refusal:
                await restaurants.replace(owner=owner, restaurant_id=number, draft=restaurant(name=""), version=1)
            assert refusal.value.detail == NotFound().detail

    async def test_refuses_wrong_fields(self, restaurants, place):
        with pytest.raises(Invalid):
            await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(tax_bp=-1), version=1)

    async def test_is_open_to_admins(self, restaurants, place):
        replaced = await restaurants.replace(owner=ADMIN, restaurant_id=place.id, draft=restaurant(), version=1)
        assert replaced.owner_id == 7


class TestReading:
    async def test_own_is_for_the_owner_and_admins(self, restaurants, place):
        assert await restaurants.own(owner=OWNER, restaurant_id=place.id) == place
        assert await restaurants.own(owner=ADMIN, restaurant_id=place.id) == place
        for principal in (OTHER_OWNER, GUEST):
            with pytest.raises(NotFound):
                await restaurants.own(owner=principal, restaurant_id=place.id)

    async def test_get_many_returns_each_restaurant_once_and_passes_over_the_rest(self, restaurants, place):
        second = await restaurants.create(
            owner=OTHER_OWNER, draft=restaurant(listed=False, tables=(table("A"),), combinations=())
        )
        found = await restaurants.get_many(ids=[second.id, place.id, place.id, 0, -1, 2**64, 10**12])
        assert Counter(each.id for each in found) == {place.id: 1, second.id: 1}
        assert {each.id: each for each in found} == {place.id: place, second.id: second}
        assert await restaurants.get_many(ids=[]) == []

    async def test_pages_go_on_after_an_id(self, restaurants):
        owner = replace(OWNER, owner_id=4711)
        made = [await restaurants.create(owner=owner, draft=restaurant(name=f"{n}")) for n in range(5)]
        first = await restaurants.list_page(owner_id=4711, limit=3)
        rest = await restaurants.list_page(owner_id=4711, after_id=first[-1].id, limit=3)
        assert [*first, *rest] == made
        assert await restaurants.list_page(after_id=made[0].id - 1, limit=2) == made[:2]
        assert await restaurants.list_page(owner_id=4712) == []

    async def test_a_page_has_a_limit(self, restaurants):
        for limit in (0, 1001):
            with pytest.raises(ValueError, match="a page has 1 to 1000"):
                await restaurants.list_page(limit=limit)


class TestTableOffers:
    async def test_have_all_that_is_needed_to_quote(self, restaurants, place):
        second = await restaurants.create(owner=OTHER_OWNER, draft=restaurant(name="Second", currency="EUR"))
        found = await restaurants.table_offers(ids=[second.id, place.id, place.id])
        assert found == {place.id: offer_of(place), second.id: offer_of(second)}
        assert await restaurants.table_offers(ids=[place.id]) == {place.id: offer_of(place)}

    async def test_leave_out_what_is_not_listed_or_not_there(self, restaurants, place):
        hidden = await restaurants.create(owner=OWNER, draft=restaurant(listed=False))
        assert await restaurants.table_offers(ids=[]) == {}
        assert await restaurants.table_offers(ids=[hidden.id]) == {}
        assert set(await restaurants.table_offers(ids=[hidden.id, place.id, 2**70, 0, 10**12])) == {place.id}

    async def test_follow_every_change_whoever_makes_it(self, restaurants, db, place):
        elsewhere = Restaurants(db=db)
        assert await restaurants.table_offers(ids=[place.id]) == {place.id: offer_of(place)}
        renamed = await elsewhere.replace(
            owner=OWNER, restaurant_id=place.id, draft=restaurant(name="Renamed", party_max=2), version=1
        )
        assert await restaurants.table_offers(ids=[place.id]) == {place.id: offer_of(renamed)}
        closed = await elsewhere.set_day(owner=OWNER, restaurant_id=place.id, day=VALENTINES, services=())
        assert await restaurants.table_offers(ids=[place.id]) == {place.id: offer_of(closed)}
        await elsewhere.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(listed=False), version=3)
        assert await restaurants.table_offers(ids=[place.id]) == {}
        listed = await elsewhere.replace(owner=OWNER, restaurant_id=place.id, draft=restaurant(), version=4)
        assert await restaurants.table_offers(ids=[place.id]) == {place.id: offer_of(listed)}
        await elsewhere.close()

    async def test_asked_for_together_are_each_ones_own(self, restaurants):
        made = [await restaurants.create(owner=OWNER, draft=restaurant(name=f"{n}")) for n in range(6)]
        questions = [[each.id for each in made[first : first + 3]] for first in range(6)] * 4
        answers = await asyncio.gather(*(restaurants.table_offers(ids=ids) for ids in questions))
        offers = {each.id: offer_of(each) for each in made}
        assert answers == [{each: offers[each] for each in ids} for ids in questions]

    async def test_of_more_restaurants_than_are_kept_are_right(self, db):
        ids = range(5_000_000, 5_001_010)
        asked = Restaurants(db=db)
        small = restaurant(tables=(table("1"),), combinations=(), special_days=())
        await asked.import_many(rows=[(each, 9, replace(small, name=f"Place {each}")) for each in ids])
        for part in (ids[:600], ids[500:], ids[:5]):
            found = await asked.table_offers(ids=part)
            assert {each: offer.name for each, offer in found.items()} == {each: f"Place {each}" for each in part}
        await asked.close()


class TestSettingADay:
    async def test_makes_it_special_closed_and_ordinary_again(self, restaurants, place):
        async def put(services, note=""):
            done = await restaurants.set_day(
                owner=OWNER, restaurant_id=place.id, day=VALENTINES, services=services, note=note
            )
            assert await restaurants.own(owner=OWNER, restaurant_id=place.id) == done
            return done.draft.terms.special_days, done.version

        before = place.draft.terms.special_days
        said = special(VALENTINES, "lunch", "dinner", note="Größe \N{SLICE OF PIZZA}")
        assert await put(said.services, said.note) == ((*before, said), 2)
        assert await put(()) == ((*before, special(VALENTINES)), 3)
        assert await put(None) == (before, 4)
        assert await put(None) == (before, 5)

    async def test_leaves_everything_else_as_it_was(self, restaurants, place):
        done = await restaurants.set_day(owner=OWNER, restaurant_id=place.id, day=CHRISTMAS, services=("dinner",))
        special_days = (special(CHRISTMAS, "dinner"), special(NEW_YEARS_EVE, "dinner", note="Menu of five courses"))
        assert done == replace(
            place,
            version=2,
            draft=replace(place.draft, terms=replace(place.draft.terms, special_days=special_days)),
        )

    async def test_tells_that_the_restaurant_changed(self, restaurants, db, place):
        await restaurants.set_day(owner=OWNER, restaurant_id=place.id, day=VALENTINES, services=None)
        assert (await told(db)).count(changed(place)) == 1

    async def test_keeps_a_replacement_made_of_what_was_before_from_undoing_it(self, restaurants, place):
        await restaurants.set_day(owner=OWNER, restaurant_id=place.id, day=VALENTINES, services=())
        with pytest.raises(VersionConflict):
            await restaurants.replace(owner=OWNER, restaurant_id=place.id, draft=place.draft, version=1)

    async def test_by_many_at_once_loses_none(self, restaurants, place):
        days = [VALENTINES + timedelta(days=n) for n in range(16)]
        await asyncio.gather(
            *(restaurants.set_day(owner=OWNER, restaurant_id=place.id, day=day, services=("dinner",)) for day in days)
        )
        found = await restaurants.own(owner=OWNER, restaurant_id=place.id)
        assert [each.day for each in found.draft.terms.special_days] == [CHRISTMAS, NEW_YEARS_EVE, *days]
        assert found.version == 17

    async def test_refuses_what_breaks_a_rule_and_writes_nothing(self, restaurants, db, place):
        with pytest.raises(Invalid) as refusal:
            await restaurants.set_day(
                owner=OWNER, restaurant_id=place.id, day=date(1999, 1, 1), services=("brunch",), note="a\x00"
            )
        assert [error.pointer for error in refusal.value.errors] == ["#path/date", "/note", "/services/0"]
        assert await restaurants.own(owner=OWNER, restaurant_id=place.id) == place
        assert changed(place) not in await told(db)

    async def test_refuses_more_days_than_there_may_be(self, restaurants):
        days = tuple(special(VALENTINES + timedelta(days=n)) for n in range(400))
        full = await restaurants.create(owner=OWNER, draft=restaurant(special_days=days))
        said = {"owner": OWNER, "restaurant_id": full.id}
        with pytest.raises(Invalid) as refusal:
            await restaurants.set_day(**said, day=CHRISTMAS, services=())
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("#path/date", "too_many")]
        await restaurants.set_day(**said, day=VALENTINES, services=("dinner",))
        await restaurants.set_day(**said, day=VALENTINES, services=None)
        done = await restaurants.set_day(**said, day=CHRISTMAS, services=())
        assert len(done.draft.terms.special_days) == 400

    async def test_says_the_same_of_another_owners_restaurant_and_of_none(self, restaurants, place):
        for owner, number in ((OTHER_OWNER, place.id), (OWNER, 10**12), (OWNER, -5)):
            with pytest.raises(NotFound):
                await restaurants.set_day(owner=owner, restaurant_id=number, day=VALENTINES, services=("nothing",))


class TestImporting:
    async def test_takes_hundreds_at_once_with_their_ids_and_tells_of_it_once(self, restaurants, db):
        first = 1_000_000
        rows = [(first + n, 9 + n % 3, restaurant(name=f"Place {n}", party_max=1 + n % 9)) for n in range(450)]
        assert await restaurants.import_many(rows=rows) == 450
        found = await restaurants.get_many(ids=[first + 449, first + 3])
        assert {each.id: (each.owner_id, each.version, each.draft) for each in found} == {
            number: (owner_id, 1, stored(draft, number)) for number, owner_id, draft in (rows[449], rows[3])
        }
        expected = (RestaurantsImported.__name__, {"first_id": first, "last_id": first + 449})
        assert (await told(db)).count(expected) == 1

    async def test_leaves_free_ids_to_what_is_created_later(self, restaurants, place):
        await restaurants.import_many(rows=[(2_000_000 + place.id, 9, restaurant())])
        made = await asyncio.gather(*(restaurants.create(owner=OWNER, draft=restaurant()) for _ in range(5)))
        assert len({each.id for each in made}) == 5
        assert min(each.id for each in made) > 2_000_000 + place.id

    async def test_names_the_row_that_is_wrong_and_imports_none(self, restaurants):
        rows = [(3_000_000, 9, restaurant()), (3_000_001, 9, restaurant(party_max=0, price_level=5))]
        with pytest.raises(Invalid) as refusal:
            await restaurants.import_many(rows=rows)
        assert [error.pointer for error in refusal.value.errors] == ["/1/price_level", "/1/terms/party_max"]
        assert await restaurants.get_many(ids=[3_000_000]) == []

    async def test_of_nothing_is_nothing(self, restaurants):
        assert await restaurants.import_many(rows=[]) == 0


class TestTheDatabase:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": ""},
            {"latitude": 90.001},
            {"longitude": -180.5},
            {"phone": "1234"},
            {"email": ""},
            {"website": ""},
            {"price_level": 0},
            {"price_level": 5},
            {"currency": "US"},
            {"zone": ""},
            {"minutes_min": 0},
            {"minutes_min": 195},
            {"minutes_max": 1_455},
            {"party_max": 0},
            {"party_max": 101},
            {"notice_minutes": -1},
            {"notice_minutes": 43_201},
            {"booking_window_days": 731},
            {"booking_window_days": 0, "notice_minutes": 1_440},
            {"tax_bp": 10_001},
            {"rating": 5.1},
            {"reviews": -1},
            {"tables": (table(""),)},
            {"tables": (table("1", area=""),)},
            {"tables": (table("1", seats_min=0),)},
            {"tables": (table("1", 4, seats_min=5),)},
            {"tables": (table("1", 101),)},
            {"services": (service(""),)},
            {"services": (service(name=""),)},
            {"services": (service(weekdays=(7,)),)},
            {"services": (service(last=(17, 15)),)},
            {"services": (service(covers_per_slot=0),)},
            {"services": (service(parties_per_slot=10_001),)},
            {"services": (service(present_max=0),)},
            {"services": (service(online_bp=-1),)},
        ],
        ids=str,
    )
    async def test_refuses_what_the_rules_would(self, db, wrong):
        with pytest.raises(CheckViolation):
            await db.write(lambda tx: store.add(tx, owner_id=7, draft=restaurant(**wrong)))

    @pytest.mark.parametrize(
        "wrong",
        [
            *({name: "x" * 5_001} for name in ("name", "description", "address", "city", "zone", "phone", "email")),
            {"tables": (table("x" * 21),)},
            {"services": (service(name="x" * 61),)},
            {"special_days": (special(CHRISTMAS, note="x" * 201),)},
        ],
        ids=str,
    )
    async def test_refuses_text_that_is_too_long(self, db, wrong):
        # Only SQLite needs the CHECK; the others know the length of a column.
        with pytest.raises((CheckViolation, StringDataRightTruncationError, DataError)):
            await db.write(lambda tx: store.add(tx, owner_id=7, draft=restaurant(**wrong)))

    @pytest.mark.parametrize(
        "wrong",
        [
            {"tables": (table("T1"), table("T1"))},
            {"services": (service(), service())},
            {"special_days": (special(CHRISTMAS), special(CHRISTMAS))},
        ],
        ids=str,
    )
    async def test_refuses_what_is_there_twice(self, db, wrong):
        with pytest.raises(UniqueViolation):
            await db.write(lambda tx: store.add(tx, owner_id=7, draft=restaurant(**wrong)))

    async def test_tells_codes_apart_by_every_letter(self, restaurants):
        made = await restaurants.create(
            owner=OWNER, draft=restaurant(tables=(table("a1"), table("A1")), combinations=())
        )
        assert [each.code for each in made.draft.terms.tables] == ["a1", "A1"]

    async def test_refuses_days_of_no_restaurant(self, db):
        with pytest.raises(ForeignKeyViolation):
            await db.write(
                lambda tx: store.set_day(tx, restaurant_id=10**12, day=CHRISTMAS, special=special(CHRISTMAS))
            )
