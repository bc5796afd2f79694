"""The catalog through its door, on every engine."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from typing import Final

import pytest
from asyncmy.errors import DataError
from asyncpg.exceptions import StringDataRightTruncationError
from catalog_drafts import ADMIN, GUEST, OTHER_OWNER, OWNER, draft
from sqlalchemy import bindparam, insert

from holdfast.catalog.api import PropertyKind, VersionConflict
from holdfast.catalog.events import CatalogImported, PropertyChanged, PropertyCreated
from holdfast.catalog.models import outbox, tables
from holdfast.catalog.models.properties import property_
from holdfast.catalog.service.catalog import Catalog
from holdfast.catalog.store import properties as store
from holdfast.kit.db.errors import CheckViolation, ForeignKeyViolation
from holdfast.kit.db.migrate import differences, migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import db_now, statement
from holdfast.kit.errors import Forbidden, Invalid, NotFound
from holdfast.verticals.cancellation import (
    POLICIES,
    AfterCheckIn,
    CancellationPolicy,
    RefundWindow,
    Shares,
    shares_of,
)
from holdfast.verticals.stays import Adjustment, AheadDiscount, LengthDiscount, NightTerms

MAY = date(2026, 5, 1)


@pytest.fixture(scope="module")
async def db(url):
    await migrate(url, "catalog")
    database = await open_database(url)
    yield database
    await database.close()


@pytest.fixture(scope="module")
async def catalog(db):
    return Catalog(db=db)


@pytest.fixture
async def home(catalog):
    return await catalog.create(owner=OWNER, draft=draft())


async def told(db):
    return [(row.kind, row.payload) for row in await outbox.after(db, (0, 0), limit=10_000)]


class TestCreating:
    async def test_returns_what_is_stored(self, catalog):
        created = await catalog.create(owner=OWNER, draft=draft(), units=2, unit_names=("A1", "A2"))
        [stored] = await catalog.get_many(ids=[created.id])
        assert stored == created
        assert stored.draft == replace(draft(), terms=replace(draft().terms, property_id=created.id))
        assert (stored.owner_id, stored.version, stored.units, stored.unit_names) == (7, 1, 2, ("A1", "A2"))

    async def test_keeps_every_optional_fact(self, catalog):
        said = draft(
            listed=False,
            rating=4.87,
            reviews=12,
            notes={"price_estimated": True},
            weekend_minor=None,
            discounts=(),
            kind=PropertyKind.HOTEL_ROOM,
            amenities=(),
            adjustments=(
                Adjustment(name="Größe \N{SLICE OF PIZZA}", percent_bp=-900, weekdays=(6, 0), first=MAY, end=None),
                Adjustment(name="Always", percent_bp=1),
            ),
            early_bird=(AheadDiscount(days=60, percent_bp=500), AheadDiscount(days=90, percent_bp=900)),
            last_minute=(AheadDiscount(days=0, percent_bp=10_000),),
            pets_max=3,
            pet_minor=1_999,
            service_bp=1_400,
            instant=False,
            pay_at_property=False,
            policy=POLICIES["long_stay"],
        )
        created = await catalog.create(owner=OWNER, draft=said)
        [stored] = await catalog.get_many(ids=[created.id])
        assert stored.draft == replace(said, terms=replace(said.terms, property_id=created.id))

    async def test_has_room_for_the_longest_rules(self, catalog):
        shares = Shares(nights_bp=10_000, cleaning_bp=10_000, service_bp=10_000, tax_bp=10_000)
        said = draft(
            adjustments=tuple(
                Adjustment(
                    name="\N{SLICE OF PIZZA}" * 60,
                    percent_bp=-9_000,
                    weekdays=tuple(range(7)),
                    first=MAY,
                    end=MAY + timedelta(days=9),
                )
                for _ in range(10)
            ),
            discounts=tuple(LengthDiscount(nights=360 + n, percent_bp=10_000) for n in range(5)),
            early_bird=tuple(AheadDiscount(days=700 + n, percent_bp=10_000) for n in range(5)),
            last_minute=tuple(AheadDiscount(days=700 + n, percent_bp=10_000) for n in range(5)),
            policy=CancellationPolicy(
                name="n" * 40,
                windows=tuple(RefundWindow(days_before=n, shares=shares, nights_kept=365) for n in range(365, 358, -1))
                + tuple(RefundWindow(days_before=n, shares=shares, nights_kept=365) for n in (2, 1, 0)),
                grace_hours=168,
                grace_days_before=365,
                after_check_in=AfterCheckIn(nights_more=365, shares=shares),
            ),
        )
        created = await catalog.create(owner=OWNER, draft=said)
        assert created.draft.terms == replace(said.terms, property_id=created.id)

    async def test_tells_booking_what_stock_to_make(self, catalog, db):
        created = await catalog.create(owner=OWNER, draft=draft(), units=3)
        expected = PropertyCreated(property_id=created.id, units=3, unit_names=())
        assert (type(expected).__name__, {"property_id": created.id, "units": 3, "unit_names": []}) in await told(db)

    async def test_is_for_owners(self, catalog):
        with pytest.raises(Forbidden):
            await catalog.create(owner=GUEST, draft=draft())

    async def test_refuses_with_every_wrong_field_and_writes_nothing(self, catalog, db):
        before = len(await catalog.list_page(limit=1000)), len(await told(db))
        with pytest.raises(Invalid) as refusal:
            await catalog.create(owner=OWNER, draft=draft(name="", zone="Mars/Base"), units=0)
        assert [error.pointer for error in refusal.value.errors] == ["/name", "/terms/zone", "/units"]
        assert (len(await catalog.list_page(limit=1000)), len(await told(db))) == before


class TestReplacing:
    async def test_counts_the_version_up_and_keeps_owner_and_units(self, catalog, home):
        replaced = await catalog.replace(owner=OWNER, property_id=home.id, draft=draft(name="Renamed"), version=1)
        assert (replaced.version, replaced.draft.name) == (2, "Renamed")
        assert (replaced.owner_id, replaced.units) == (home.owner_id, home.units)
        assert await catalog.get_many(ids=[home.id]) == [replaced]

    async def test_tells_that_it_changed(self, catalog, db, home):
        await catalog.replace(owner=OWNER, property_id=home.id, draft=draft(), version=1)
        assert (PropertyChanged.__name__, {"property_id": home.id}) in await told(db)

    async def test_refuses_an_old_version(self, catalog, home):
        await catalog.replace(owner=OWNER, property_id=home.id, draft=draft(name="First"), version=1)
        with pytest.raises(VersionConflict):
            await catalog.replace(owner=OWNER, property_id=home.id, draft=draft(name="Second"), version=1)
        [stored] = await catalog.get_many(ids=[home.id])
        assert stored.draft.name == "First"

    async def test_says_the_same_of_another_owners_property_and_of_none(self, catalog, home):
        for owner, property_id in ((OTHER_OWNER, home.id), (OWNER, 10**12), (OWNER, 0), (OWNER, 2**70)):
            with pytest.raises(NotFound) as refusal:
                await catalog.replace(owner=owner, property_id=property_id, draft=draft(name=""), version=1)
            assert refusal.value.detail == NotFound().detail

    async def test_refuses_wrong_fields(self, catalog, home):
        with pytest.raises(Invalid):
            await catalog.replace(owner=OWNER, property_id=home.id, draft=draft(tax_bp=10_001), version=1)

    async def test_is_open_to_admins(self, catalog, home):
        assert (await catalog.replace(owner=ADMIN, property_id=home.id, draft=draft(), version=1)).owner_id == 7


class TestReading:
    async def test_own_is_for_the_owner_and_admins(self, catalog, home):
        assert await catalog.own(owner=OWNER, property_id=home.id) == home
        assert await catalog.own(owner=ADMIN, property_id=home.id) == home
        for principal in (OTHER_OWNER, GUEST):
            with pytest.raises(NotFound):
                await catalog.own(owner=principal, property_id=home.id)

    async def test_get_many_returns_each_property_once_and_passes_over_the_rest(self, catalog, home):
        second = await catalog.create(owner=OTHER_OWNER, draft=draft(listed=False))
        found = await catalog.get_many(ids=[second.id, home.id, home.id, 0, -1, 2**64, 10**12])
        assert Counter(each.id for each in found) == {home.id: 1, second.id: 1}
        assert await catalog.get_many(ids=[]) == []

    async def test_pages_go_on_after_an_id(self, catalog):
        owner = replace(OWNER, owner_id=4711)
        made = [(await catalog.create(owner=owner, draft=draft())).id for _ in range(5)]
        first = await catalog.list_page(owner_id=4711, limit=3)
        rest = await catalog.list_page(owner_id=4711, after_id=first[-1].id, limit=3)
        assert [each.id for each in (*first, *rest)] == made
        everybody = await catalog.list_page(after_id=made[0] - 1, limit=2)
        assert [each.id for each in everybody] == made[:2]

    async def test_a_page_has_a_limit(self, catalog):
        for limit in (0, 1001):
            with pytest.raises(ValueError, match="a page has 1 to 1000"):
                await catalog.list_page(limit=limit)


class TestStayTerms:
    async def test_hold_the_dates_that_differ_with_both_ends(self, catalog, home):
        dear = NightTerms(price_minor=30_000, min_nights=2, max_nights=5, closed_to_arrival=True)
        await catalog.set_nights(owner=OWNER, property_id=home.id, first=MAY, end=MAY + timedelta(days=10), terms=dear)
        found = await catalog.stay_terms(ids=[home.id], first=MAY + timedelta(days=8), end=MAY + timedelta(days=12))
        nights = {MAY + timedelta(days=8): dear, MAY + timedelta(days=9): dear}
        assert found == {home.id: replace(home.draft.terms, nights=nights)}
        [only] = (await catalog.stay_terms(ids=[home.id], first=MAY - timedelta(days=1), end=MAY)).values()
        assert dict(only.nights) == {MAY: dear}

    async def test_of_many_keep_their_dates_apart(self, catalog, home):
        second = await catalog.create(owner=OWNER, draft=draft(base_minor=1))
        closed = NightTerms(closed_to_departure=True)
        await catalog.set_nights(owner=OWNER, property_id=second.id, first=MAY, end=date(2026, 5, 2), terms=closed)
        found = await catalog.stay_terms(ids=[home.id, second.id], first=MAY, end=date(2026, 5, 4))
        assert found == {home.id: home.draft.terms, second.id: replace(second.draft.terms, nights={MAY: closed})}

    async def test_leave_out_what_is_not_listed_or_not_there(self, catalog, home):
        hidden = await catalog.create(owner=OWNER, draft=draft(listed=False))
        days = {"first": MAY, "end": MAY}
        assert await catalog.stay_terms(ids=[hidden.id], **days) == {}
        assert await catalog.stay_terms(ids=[10**12], **days) == {}
        assert await catalog.stay_terms(ids=[], **days) == {}
        assert set(await catalog.stay_terms(ids=[hidden.id, home.id, 2**70, 0], **days)) == {home.id}


class TestSettingNights:
    async def test_replaces_the_terms_of_every_night_in_the_range_and_of_no_other(self, catalog, home):
        async def put(first, end, terms):
            return await catalog.set_nights(
                owner=OWNER, property_id=home.id, first=date(2026, 5, first), end=date(2026, 5, end), terms=terms
            )

        assert await put(1, 6, NightTerms(price_minor=1)) == 5
        assert await put(3, 5, NightTerms(min_nights=3)) == 2
        assert await put(5, 6, None) == 1
        assert await put(1, 2, NightTerms()) == 1
        [found] = (await catalog.stay_terms(ids=[home.id], first=MAY, end=date(2026, 5, 31))).values()
        assert {night.day: terms for night, terms in found.nights.items()} == {
            2: NightTerms(price_minor=1),
            3: NightTerms(min_nights=3),
            4: NightTerms(min_nights=3),
        }

    async def test_takes_two_years_at_a_time_and_tells_that_the_property_changed(self, catalog, db, home):
        before = (await told(db)).count((PropertyChanged.__name__, {"property_id": home.id}))
        end = MAY + timedelta(days=730)
        terms = NightTerms(price_minor=5)
        assert await catalog.set_nights(owner=OWNER, property_id=home.id, first=MAY, end=end, terms=terms) == 730
        assert (await told(db)).count((PropertyChanged.__name__, {"property_id": home.id})) == before + 1
        [found] = (await catalog.stay_terms(ids=[home.id], first=MAY, end=end)).values()
        assert len(found.nights) == 730

    async def test_by_many_at_once_leaves_the_terms_of_one_of_them(self, catalog, home):
        async def put(price):
            return await catalog.set_nights(
                owner=OWNER,
                property_id=home.id,
                first=MAY,
                end=MAY + timedelta(days=20),
                terms=NightTerms(price_minor=price),
            )

        assert await asyncio.gather(*(put(price) for price in range(1, 17))) == [20] * 16
        [found] = (await catalog.stay_terms(ids=[home.id], first=MAY, end=MAY + timedelta(days=30))).values()
        assert len(found.nights) == 20
        assert len({terms.price_minor for terms in found.nights.values()}) == 1

    async def test_leaves_the_version_of_the_property_alone(self, catalog, home):
        await catalog.set_nights(
            owner=OWNER, property_id=home.id, first=MAY, end=date(2026, 5, 2), terms=NightTerms(price_minor=5)
        )
        assert (await catalog.own(owner=OWNER, property_id=home.id)).version == home.version

    async def test_refuses_what_breaks_a_rule(self, catalog, home):
        with pytest.raises(Invalid) as refusal:
            await catalog.set_nights(
                owner=OWNER, property_id=home.id, first=MAY, end=MAY, terms=NightTerms(price_minor=-1)
            )
        assert [error.pointer for error in refusal.value.errors] == ["/end", "/price/amount"]

    async def test_says_the_same_of_another_owners_property_and_of_none(self, catalog, home):
        for owner, property_id in ((OTHER_OWNER, home.id), (OWNER, 10**12), (OWNER, -5)):
            with pytest.raises(NotFound):
                await catalog.set_nights(owner=owner, property_id=property_id, first=MAY, end=MAY, terms=None)


class TestImporting:
    async def test_takes_thousands_at_once_with_their_ids_and_tells_of_it_once(self, catalog, db):
        first = 1_000_000
        rows = [(first + n, 9 + n % 3, draft(name=f"Home {n}", base_minor=n), 1, ()) for n in range(1_234)]
        rows[5] = (first + 5, 9, draft(), 2, ("A", "B"))
        assert await catalog.import_many(rows=rows) == 1_234
        [some] = await catalog.get_many(ids=[first + 1_233])
        assert (some.draft.name, some.owner_id, some.version) == ("Home 1233", 9, 1)
        [named] = await catalog.get_many(ids=[first + 5])
        assert (named.units, named.unit_names) == (2, ("A", "B"))
        expected = (CatalogImported.__name__, {"first_id": first, "last_id": first + 1_233})
        assert (await told(db)).count(expected) == 1

    async def test_leaves_free_ids_to_what_is_created_later(self, catalog):
        given = (await catalog.create(owner=OWNER, draft=draft())).id + 100
        await catalog.import_many(rows=[(given, 9, draft(), 1, ())])
        assert (await catalog.create(owner=OWNER, draft=draft())).id > given

    async def test_never_gives_an_id_a_second_time(self, catalog):
        before = await catalog.create(owner=OWNER, draft=draft())
        await catalog.import_many(rows=[(3_000_000 + before.id, 9, draft(), 1, ())])
        made = await asyncio.gather(*(catalog.create(owner=OWNER, draft=draft()) for _ in range(5)))
        assert len({each.id for each in made}) == 5
        assert min(each.id for each in made) > 3_000_000 + before.id

    async def test_names_the_row_that_is_wrong_and_imports_none(self, catalog):
        rows = [(2_000_000, 9, draft(), 1, ()), (2_000_001, 9, draft(guests_max=0), 1, ())]
        with pytest.raises(Invalid) as refusal:
            await catalog.import_many(rows=rows)
        assert {error.pointer for error in refusal.value.errors} == {"/1/terms/guests_max", "/1/terms/guests_included"}
        assert await catalog.get_many(ids=[2_000_000]) == []

    async def test_of_nothing_is_nothing(self, catalog):
        assert await catalog.import_many(rows=[]) == 0


class TestTheDatabase:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": ""},
            {"latitude": 90.001},
            {"longitude": -180.5},
            {"currency": "US"},
            {"bedrooms": -1},
            {"bathrooms": 100.5},
            {"base_minor": -1},
            {"weekend_minor": 10**11 + 1},
            {"cleaning_minor": -1},
            {"extra_guest_minor": -1},
            {"guests_max": 0},
            {"guests_max": 51},
            {"guests_included": 5},
            {"tax_bp": 10_001},
            {"min_nights": 0},
            {"min_nights": 31},
            {"max_nights": 366},
            {"advance_notice_days": 366},
            {"booking_window_days": 731},
            {"preparation_nights": -1},
            {"pets_max": 21},
            {"pet_minor": -1},
            {"service_bp": 3_001},
            {"rating": 5.1},
            {"reviews": -1},
        ],
        ids=str,
    )
    async def test_refuses_what_the_rules_would(self, db, wrong):
        async def work(tx):
            return await store.add(tx, owner_id=7, draft=draft(**wrong), units=1, unit_names=())

        with pytest.raises(CheckViolation):
            await db.write(work)

    @pytest.mark.parametrize("column", ["name", "description", "house_rules", "address", "city", "country", "zone"])
    async def test_refuses_text_that_is_too_long(self, db, column):
        wrong = draft(**{column: "x" * 5001})

        async def work(tx):
            return await store.add(tx, owner_id=7, draft=wrong, units=1, unit_names=())

        # Only SQLite needs the CHECK; the others know the length of a column.
        with pytest.raises((CheckViolation, StringDataRightTruncationError, DataError)):
            await db.write(work)

    async def test_refuses_nights_of_no_property(self, db):
        async def work(tx):
            await store.set_nights(tx, property_id=10**12, nights=[MAY], terms=NightTerms(price_minor=1))

        with pytest.raises(ForeignKeyViolation):
            await db.write(work)

    @pytest.mark.parametrize(
        "wrong",
        [
            NightTerms(price_minor=-1),
            NightTerms(min_nights=0),
            NightTerms(max_nights=366),
            NightTerms(min_nights=3, max_nights=2),
        ],
        ids=str,
    )
    async def test_refuses_nights_the_rules_would(self, db, home, wrong):
        async def work(tx):
            await store.set_nights(tx, property_id=home.id, nights=[MAY], terms=wrong)

        with pytest.raises(CheckViolation):
            await db.write(work)


_OLD: Final = {
    "owner_id": 7, "version": 1, "listed": True, "name": "Home", "description": "", "house_rules": "", "address": "A",
    "neighbourhood": "", "city": "B", "country": "US", "latitude": 1.0, "longitude": 1.0,
    "kind": PropertyKind.ENTIRE_HOME, "bedrooms": 1, "beds": 1, "bathrooms": 1.0, "amenities": [], "currency": "USD",
    "zone": "UTC", "base_minor": 100, "cleaning_minor": 0, "extra_guest_minor": 0, "guests_included": 2,
    "guests_max": 2, "tax_bp": 0, "discounts": '[{"nights":7,"percent_bp":1000}]', "min_nights": 1, "max_nights": 30,
    "check_in_minute": 900, "check_out_minute": 660, "advance_notice_days": 0, "booking_window_days": 365,
    "preparation_nights": 0, "reviews": 0, "notes": {}, "units": 1, "unit_names": [],
    "policy": '{"name":"strict","windows":[{"days_before":14,"refund_bp":10000},{"days_before":7,"refund_bp":5000}]}',
}  # fmt: skip
_ADD_OLD: Final = statement(
    insert(property_).values(
        {**{name: bindparam(name) for name in _OLD}, "created_at": db_now(), "changed_at": db_now()}
    )
)


class TestMigrations:
    async def test_keep_what_was_said_before_and_give_the_rest_its_default(self, fresh_url):
        await migrate(fresh_url, "catalog", target="catalog_0001")
        database = await open_database(fresh_url)
        await database.write(lambda tx: tx.run(_ADD_OLD(**_OLD)))
        await database.close()
        await migrate(fresh_url, "catalog")
        assert await differences(fresh_url, "catalog", tables) == []
        database = await open_database(fresh_url)
        [found] = await Catalog(db=database).list_page()
        terms = found.draft.terms
        assert (terms.adjustments, terms.early_bird, terms.last_minute) == ((), (), ())
        assert (terms.pets_max, terms.pet_minor, terms.service_bp) == (0, 0, 0)
        assert (terms.instant, terms.pay_at_property) == (True, True)
        assert terms.discounts == (LengthDiscount(nights=7, percent_bp=1_000),)
        assert [(each.days_before, each.shares) for each in terms.policy.windows] == [
            (14, shares_of(10_000)),
            (7, shares_of(5_000)),
        ]
        with pytest.raises(CheckViolation):
            await database.write(lambda tx: store.add(tx, owner_id=7, draft=draft(pets_max=-1), units=1, unit_names=()))
        await database.close()

    async def test_tell_the_truth_and_go_down_and_up_again(self, fresh_url):
        await migrate(fresh_url, "catalog")
        assert await differences(fresh_url, "catalog", tables) == []
        await migrate(fresh_url, "catalog", target="base")
        await migrate(fresh_url, "catalog")
        database = await open_database(fresh_url)
        assert (await Catalog(db=database).create(owner=OWNER, draft=draft())).version == 1
        await database.close()
