"""The demo data: facts in, homes out, the same every time."""

import csv
import gzip
import importlib.util
import io
import time
from collections import defaultdict
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from holdfast.accounts.api import Role
from holdfast.accounts.rules import mistakes
from holdfast.app.demo.load import OWNERS, PASSWORD, USERS, drafts, occupancy
from holdfast.app.demo.pack import homes
from holdfast.catalog.api import PropertyKind
from holdfast.catalog.rules.properties import draft_errors, unit_errors
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.verticals.replay import replay
from holdfast.verticals.stays import StayRequest, price

ROOT = Path(__file__).parents[2]
OWNER_IDS = (11, 12, 13, 14, 15)
TODAY = date(2026, 3, 1)


@pytest.fixture(scope="module")
def packer():
    spec = importlib.util.spec_from_file_location("pack_demo", ROOT / "tools" / "pack_demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def properties():
    return list(drafts(owner_ids=OWNER_IDS))


@pytest.fixture(scope="module")
def spans():
    found = defaultdict(list)
    for property_id, first, end in occupancy(TODAY):
        found[property_id].append((first, end))
    return found


class TestPacking:
    SOURCE = (
        "id,neighbourhood,latitude,longitude,property_type,room_type,accommodates,bedrooms,beds,bathrooms,price_usd,"
        "minimum_nights,maximum_nights,reviews,rating,instant_bookable,available_days_365,amenities\n"
        '1,"Shaw, Logan Circle",38.9,-77.0,Entire townhouse,Entire home/apt,4,2,2,1.5,100.00,2,30,3,4.5,t,100,'
        "Wifi|Dryer \N{EN DASH}\N{NO-BREAK SPACE}In unit|Indoor fireplace: gas\n"
        '2,"Shaw, Logan Circle",38.9,-77.0,Entire rental unit,Entire home/apt,4,,,,300.00,2,30,0,,f,365,Hair dryer\n'
        "3,Historic Anacostia,38.9,-77.0,Entire rental unit,Entire home/apt,2,0,1,1.0,,2,30,0,,f,365,\n"
        '4,"Shaw, Logan Circle",38.9,-77.0,Entire condo,Entire home/apt,4,3,3,2.0,,2,30,0,,f,0,Pool|Shared gym nearby\n'
    )

    @pytest.fixture
    def rows(self, packer):
        packed = packer.packed(list(csv.DictReader(io.StringIO(self.SOURCE))))
        return list(csv.DictReader(io.StringIO(gzip.decompress(packed).decode())))

    def test_fills_prices_by_kind_and_neighbourhood_and_else_by_kind(self, rows):
        assert [row["price_usd"] for row in rows] == ["100.00", "300.00", "200.00", "200.00"]

    def test_fills_rooms_from_homes_for_as_many_guests(self, rows):
        assert (rows[1]["bedrooms"], rows[1]["beds"], rows[1]["bathrooms"]) == ("2", "2", "2.0")

    def test_names_what_it_filled(self, rows):
        assert [row["estimated"] for row in rows] == ["", "bedrooms|beds|bathrooms", "price", "price"]

    def test_turns_amenities_into_codes(self, rows):
        assert [row["amenities"] for row in rows] == ["wifi|dryer|fireplace", "hair_dryer", "", "pool"]

    def test_composes_titles_from_facts_only(self, rows):
        assert "wo-bedroom townhouse" in rows[0]["title"]
        assert "bedroom" not in rows[1]["title"]
        assert rows[2]["title"] in {
            "Studio apartment in Historic Anacostia",
            "Studio apartment for 2 in Historic Anacostia",
        }
        assert "pool" in rows[3]["title"]

    def test_gives_the_same_bytes_for_the_same_facts(self, packer):
        first, second = (packer.packed(list(csv.DictReader(io.StringIO(self.SOURCE)))) for _ in range(2))
        assert first == second


class TestTheProperties:
    def test_begin_with_the_five_samples_of_the_home_rental_contract(self, properties):
        samples = [
            (number, draft.name, draft.location.address, draft.terms.base_minor, draft.listed)
            for number, _, draft, _, _ in properties[:5]
        ]
        assert samples == [
            (1, "Modern City Apartment", "New York City NY", 12_000, True),
            (2, "Oceanfront Luxury Villa", "Malibu, CA", 45_000, True),
            (3, "Rustic Mountain Cabin", "Aspen, CO", 18_000, True),
            (4, "Charming Country Cottage", "Charleston, SC", 9_000, True),
            (5, "Downtown Penthouse", "Chicago, IL", 60_000, False),
        ]

    def test_of_the_samples_cost_nights_times_price_and_nothing_else(self, properties):
        for _, _, draft, _, _ in properties[:5]:
            terms = draft.terms
            assert (terms.cleaning_minor, terms.extra_guest_minor, terms.tax_bp, terms.discounts) == (0, 0, 0, ())
            assert (terms.weekend_minor, terms.min_nights) == (None, 1)
            assert (terms.adjustments, terms.early_bird, terms.last_minute, terms.service_bp) == ((), (), (), 0)
            assert (terms.instant, terms.pay_at_property) == (True, True)

    def test_go_on_with_every_home(self, properties):
        assert [number for number, *_ in properties] == list(range(1, 6_263))

    def test_keep_every_rule_of_the_catalog(self, properties):
        wrong = [
            (number, errors)
            for number, _, draft, units, names in properties
            if (errors := [*draft_errors(draft), *unit_errors(units, names)])
        ]
        assert wrong == []

    def test_belong_to_every_owner(self, properties):
        assert {owner_id for _, owner_id, *_ in properties} == set(OWNER_IDS)
        assert len(OWNERS) == len(OWNER_IDS)

    def test_are_the_same_every_time(self, properties):
        assert list(drafts(owner_ids=OWNER_IDS)) == properties

    def test_mark_what_was_estimated(self, properties):
        marked = sum(bool(draft.notes.get("price_estimated")) for _, _, draft, _, _ in properties)
        assert marked == sum("price" in home.estimated for home in homes()) == 1_488

    def test_of_all_kinds_are_there_with_varied_titles_and_policies(self, properties):
        assert {draft.kind for _, _, draft, _, _ in properties} == set(PropertyKind)
        assert len({draft.name for _, _, draft, _, _ in properties}) > 4_000
        assert len({draft.terms.policy.name for _, _, draft, _, _ in properties}) == 6

    def test_of_washington_pay_its_tax_in_its_zone(self, properties):
        assert {(draft.terms.tax_bp, draft.terms.zone) for _, _, draft, _, _ in properties[5:]} == {
            (1595, "America/New_York")
        }

    def test_are_sold_in_every_way_there_is(self, properties):
        homes_terms = [draft.terms for _, _, draft, _, _ in properties[5:]]
        assert {terms.service_bp for terms in homes_terms} == {1_400}
        shares = {
            "on request": sum(not terms.instant for terms in homes_terms),
            "paid online": sum(not terms.pay_at_property for terms in homes_terms),
            "adjusted": sum(bool(terms.adjustments) for terms in homes_terms),
            "early": sum(bool(terms.early_bird) for terms in homes_terms),
            "late": sum(bool(terms.last_minute) for terms in homes_terms),
            "with pets": sum(terms.pets_max > 0 for terms in homes_terms),
        }
        assert all(0.1 < count / len(homes_terms) < 0.6 for count in shares.values()), shares

    def test_cost_what_can_be_done_again(self, properties):
        for _, _, draft, _, _ in properties[::40]:
            nights = max(draft.terms.min_nights, 3)
            stay = StayRequest(check_in=date(2027, 3, 19), check_out=date(2027, 3, 19) + timedelta(nights), guests=1)
            made = price(draft.terms, stay, today=TODAY)
            assert replay(made) == made
            assert made.total_minor > 0


class TestOccupancy:
    def test_takes_as_many_nights_of_each_home_as_the_source_says(self, spans):
        taken = {home.id: sum((end - first).days for first, end in spans.get(home.id, ())) for home in homes()}
        assert taken == {home.id: 365 - home.available_days for home in homes()}

    def test_never_takes_a_night_twice_and_stays_within_the_year(self, spans):
        for runs in spans.values():
            assert runs[0][0] >= TODAY
            assert runs[-1][1] <= TODAY + timedelta(days=365)
            assert all(first < end for first, end in runs)
            assert all(before[1] <= after[0] for before, after in pairwise(runs))

    def test_is_made_of_stays_the_homes_allow(self, spans):
        short = [home for home in homes() if home.min_nights <= 2 and home.max_nights >= 9 and home.id in spans]
        open_homes = [home for home in short if home.available_days >= 73]
        lengths = [(end - first).days for home in open_homes for first, end in spans[home.id]]
        assert max(lengths) <= 9
        assert sum(length >= 2 for length in lengths) > 0.99 * len(lengths)
        long = [home for home in homes() if home.min_nights == 31 and 73 <= home.available_days <= 300]
        lengths = [(end - first).days for home in long for first, end in spans[home.id]]
        assert sum(length >= 31 for length in lengths) > 0.9 * len(lengths)

    def test_is_denser_at_the_beginning(self, spans):
        half = TODAY + timedelta(days=182)
        open_homes = {home.id for home in homes() if home.available_days >= 73}
        runs = [run for home_id, taken in spans.items() if home_id in open_homes for run in taken]
        assert sum(first < half for first, _ in runs) > 1.1 * sum(first >= half for first, _ in runs)

    def test_is_the_same_every_time_and_moves_with_today(self, spans):
        assert list(occupancy(TODAY)) == [(home, *run) for home, runs in spans.items() for run in runs]
        week = timedelta(days=7)
        later = [(home, first - week, end - week) for home, first, end in occupancy(TODAY + week)]
        assert later == [(home, *run) for home, runs in spans.items() for run in runs]

    def test_of_a_shorter_horizon_takes_its_share(self):
        taken = sum((end - first).days for _, first, end in occupancy(TODAY, horizon_days=90))
        share = sum(365 - home.available_days for home in homes()) * 90 / 365
        assert taken == pytest.approx(share, rel=0.01)

    def test_leaves_the_samples_free(self, spans):
        assert min(spans) > 5


class TestThePeople:
    def test_can_log_in(self):
        wrong = [
            mistakes(username=user.username, email=user.email, password=PASSWORD)
            for user in USERS
            if mistakes(username=user.username, email=user.email, password=PASSWORD)
        ]
        assert wrong == []

    def test_have_every_role_and_a_name_of_their_own(self):
        assert {user.role for user in USERS} == set(Role)
        assert len({user.email for user in USERS}) == len({user.username for user in USERS}) == len(USERS)


class TestImportingIt:
    async def test_puts_every_property_into_the_catalog(self, fresh_url, properties):
        await migrate(fresh_url, "catalog")
        db = await open_database(fresh_url)
        catalog = Catalog(db=db)
        began = time.monotonic()
        assert await catalog.import_many(rows=properties) == 6_262
        print(f"{db.dialect}: 6,262 properties in {time.monotonic() - began:.2f} s")  # noqa: T201 - read with -s
        last = properties[-1]
        [stored] = await catalog.get_many(ids=[6_262])
        assert (stored.draft.name, stored.draft.amenities) == (last[2].name, last[2].amenities)
        assert stored.draft.location == last[2].location
        found = 0
        after = 0
        while page := await catalog.list_page(after_id=after, limit=1000):
            found, after = found + len(page), page[-1].id
        assert found == 6_262
        await db.close()
