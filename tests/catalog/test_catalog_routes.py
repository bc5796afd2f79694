"""The catalog over HTTP: who may, what is refused and how, what comes back."""

import asyncio
from datetime import date

import httpx
import pytest
from catalog_bodies import body, placed, shares, terms, usd
from catalog_drafts import ADMIN, GUEST, OTHER_OWNER, OWNER, draft
from catalog_refused import BAD
from fastapi import FastAPI

from holdfast.catalog.routes.routers import routers
from holdfast.catalog.service.catalog import Catalog
from holdfast.catalog.settings import CatalogSettings
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.http import problems
from holdfast.kit.secrets import Keyring
from holdfast.verticals.cancellation import POLICIES, policy_from_json
from holdfast.verticals.stays import NightTerms

PEOPLE = {"owner": OWNER, "other": OTHER_OWNER, "admin": ADMIN, "guest": GUEST}
ALL = "/v1/owner/properties"


async def check_token(token):
    if token not in PEOPLE:
        raise Unauthenticated
    return PEOPLE[token]


@pytest.fixture(scope="module")
async def catalog(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('catalog')}/catalog.db"
    await migrate(url, "catalog")
    database = await open_database(url)
    yield Catalog(db=database)
    await database.close()


@pytest.fixture(scope="module")
async def client(catalog):
    app = FastAPI()
    problems.install(app)
    for router in routers(
        catalog, CatalogSettings(service_bp=1_200), Keyring("a secret of the tests that is long enough")
    ):
        app.include_router(router)
    app.state.check_token = check_token
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as made:
        yield made


@pytest.fixture
async def home(catalog):
    return await catalog.create(owner=OWNER, draft=draft(service_bp=1_200))


def as_(name, **headers):
    return {"Authorization": f"Bearer {name}", **headers}


def findings(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


class TestCreating:
    async def test_answers_what_was_said_and_where_it_is(self, client):
        answer = await client.post(ALL, headers=as_("owner"), json=body() | {"units": 2, "unit_names": ["1", "2"]})
        assert answer.status_code == 201
        created = answer.json()
        assert answer.headers["location"] == f"{ALL}/{created['id']}"
        assert answer.headers["etag"] == '"1"'
        for name, value in body(units=2, unit_names=["1", "2"], version=1).items():
            assert created[name] == value, name
        assert (created["rating"], created["reviews"], created["notes"]) == (None, 0, {})

    async def test_needs_only_what_has_no_default(self, client):
        least = {
            "name": "Room",
            "location": {
                "address": "A",
                "city": "B",
                "country": "DE",
                "latitude": 52,
                "longitude": 13,
            },
            "kind": "private_room",
            "bedrooms": 1,
            "beds": 1,
            "bathrooms": 1,
            "terms": {"zone": "Europe/Berlin", "base_price": {"amount": 7000, "currency": "EUR"}, "guests_max": 2},
        }
        answer = await client.post(ALL, headers=as_("owner"), json=least)
        assert answer.status_code == 201
        made = answer.json()
        assert (made["listed"], made["units"], made["terms"]["guests_included"]) == (True, 1, 2)
        assert made["terms"]["cleaning_fee"] == {"amount": 0, "currency": "EUR"}
        assert made["terms"]["policy"]["name"] == "flexible"
        assert made["terms"]["policy"]["windows"][0] == {
            "days_before": 1,
            "nights_kept": 0,
            "shares": shares(10_000),
        }
        assert (made["terms"]["instant"], made["terms"]["pay_at_property"]) == (True, True)
        assert (made["terms"]["pets_max"], made["terms"]["pet_fee"]["amount"]) == (0, 0)
        assert made["terms"]["adjustments"] == made["terms"]["early_bird"] == made["terms"]["last_minute"] == []

    @pytest.mark.parametrize("name", sorted(POLICIES))
    async def test_takes_a_policy_by_its_name_and_shows_what_it_says(self, client, name):
        answer = await client.post(ALL, headers=as_("owner"), json=body(terms=terms(policy=name)))
        shown = answer.json()["terms"]["policy"]
        assert policy_from_json(shown) == POLICIES[name]
        again = await client.post(ALL, headers=as_("owner"), json=body(terms=terms(policy=shown)))
        assert again.json()["terms"]["policy"] == shown

    async def test_gives_a_new_property_the_fee_of_the_platform(self, client):
        left_out = {name: value for name, value in terms().items() if name != "service_bp"}
        answer = await client.post(ALL, headers=as_("owner"), json=body(terms=left_out))
        assert answer.json()["terms"]["service_bp"] == 1_200

    async def test_lets_only_an_admin_say_another_fee(self, client):
        said = body(terms=terms(service_bp=900))
        refused = await client.post(ALL, headers=as_("owner"), json=said)
        assert (refused.status_code, findings(refused)) == (422, [("/terms/service_bp", "read_only")])
        allowed = await client.post(ALL, headers=as_("admin"), json=said)
        assert allowed.json()["terms"]["service_bp"] == 900

    async def test_is_for_owners(self, client):
        assert (await client.post(ALL, json=body())).status_code == 401
        assert (await client.post(ALL, headers=as_("guest"), json=body())).status_code == 403
        assert (await client.post(ALL, headers=as_("admin"), json=body())).status_code == 201


class TestBadInput:
    @pytest.mark.parametrize(
        ("said", "pointer", "code"), BAD, ids=[f"{n}-{at}-{code}" for n, (_, at, code) in enumerate(BAD)]
    )
    async def test_is_refused_and_named_and_creates_nothing(self, client, catalog, said, pointer, code):
        before = len(await catalog.list_page(limit=1000))
        answer = await client.post(ALL, headers=as_("owner"), json=said)
        assert (answer.status_code, findings(answer)) == (422, [(pointer, code)])
        assert len(await catalog.list_page(limit=1000)) == before

    @pytest.mark.parametrize(
        ("said", "pointer", "code"),
        [
            ({"units": 0}, "/units", "out_of_range"),
            ({"units": 2, "unit_names": ["1"]}, "/unit_names", "wrong_count"),
            ({"units": 2, "unit_names": ["1", "1"]}, "/unit_names/1", "duplicate"),
            ({"unit_names": ["a:b"]}, "/unit_names/0", "malformed"),
        ],
    )
    async def test_of_units_is_refused_and_named(self, client, said, pointer, code):
        answer = await client.post(ALL, headers=as_("owner"), json=body() | said)
        assert (answer.status_code, findings(answer)) == (422, [(pointer, code)])

    async def test_is_named_completely(self, client):
        said = body(name="", beds=-1, location=placed(city=""), terms=terms(guests_max=0, tax_bp=-1))
        answer = await client.post(ALL, headers=as_("owner"), json=said)
        assert {pointer for pointer, _ in findings(answer)} == {
            "/name",
            "/beds",
            "/location/city",
            "/terms/guests_max",
            "/terms/tax_bp",
        }


class TestReadingAsAGuest:
    async def test_shows_what_the_owner_says_but_not_what_is_the_owners_own(self, client, home):
        answer = await client.get(f"/v1/properties/{home.id}")
        assert answer.status_code == 200
        shown = answer.json()
        assert (shown["id"], shown["name"]) == (home.id, home.draft.name)
        assert shown["terms"]["base_price"] == usd(12_000)
        assert not {"listed", "units", "unit_names", "owner_id", "version"} & set(shown)

    async def test_sends_the_body_only_to_who_has_not_the_newest(self, client, catalog, home):
        first = await client.get(f"/v1/properties/{home.id}")
        tag = first.headers["etag"]
        for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = await client.get(f"/v1/properties/{home.id}", headers={"If-None-Match": sent})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        await catalog.replace(owner=OWNER, property_id=home.id, draft=draft(name="New name"), version=1)
        changed = await client.get(f"/v1/properties/{home.id}", headers={"If-None-Match": tag})
        assert (changed.status_code, changed.json()["name"], changed.headers["etag"]) == (200, "New name", '"2"')

    async def test_answers_alike_for_hidden_missing_and_impossible_ids(self, client, catalog):
        hidden = await catalog.create(owner=OWNER, draft=draft(listed=False))
        bodies = []
        for name in (hidden.id, 10**12, 0, -1, "one", "1e3", 2**63):
            answer = await client.get(f"/v1/properties/{name}", headers=as_("owner"))
            assert answer.status_code == 404
            bodies.append({key: value for key, value in answer.json().items() if key not in {"instance", "request_id"}})
        assert all(each == bodies[0] for each in bodies)

    async def test_marks_what_was_estimated(self, client, catalog):
        made = await catalog.create(owner=OWNER, draft=draft(notes={"price_estimated": True}))
        assert (await client.get(f"/v1/properties/{made.id}")).json()["notes"] == {"price_estimated": True}


class TestReadingAsAnOwner:
    async def test_pages_through_ones_own(self, client, catalog):
        everybodys = {each.id for each in await catalog.list_page(owner_id=OTHER_OWNER.account_id, limit=1000)}
        for _ in range(3):
            everybodys.add((await catalog.create(owner=OTHER_OWNER, draft=draft(listed=False))).id)
        found, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(ALL, headers=as_("other"), params=query)).json()
            assert len(page["items"]) <= 2
            found += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == sorted(everybodys)

    async def test_refuses_cursors_of_somebody_else(self, client, catalog):
        for _ in range(2):
            await catalog.create(owner=OTHER_OWNER, draft=draft())
        cursor = (await client.get(ALL, headers=as_("other"), params={"limit": 1})).json()["next_cursor"]
        for sent in (cursor, "x", cursor[:-2]):
            answer = await client.get(ALL, headers=as_("owner"), params={"cursor": sent})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")

    @pytest.mark.parametrize("limit", ["0", "101", "1.0", "x", ""])
    async def test_refuses_limits_that_are_none(self, client, limit):
        answer = await client.get(ALL, headers=as_("owner"), params={"limit": limit})
        assert (answer.status_code, findings(answer)[0][0]) == (422, "#query/limit")

    async def test_shows_the_version_as_etag(self, client, home):
        answer = await client.get(f"{ALL}/{home.id}", headers=as_("owner"))
        assert (answer.status_code, answer.headers["etag"], answer.json()["version"]) == (200, '"1"', 1)
        assert (await client.get(f"{ALL}/{home.id}", headers=as_("admin"))).status_code == 200

    async def test_answers_alike_for_another_owners_and_for_none(self, client, home):
        bodies = []
        for name in (home.id, 10**12):
            answer = await client.get(f"{ALL}/{name}", headers=as_("other"))
            assert answer.status_code == 404
            bodies.append({key: value for key, value in answer.json().items() if key not in {"instance", "request_id"}})
        assert bodies[0] == bodies[1]


class TestReplacing:
    async def test_changes_everything_that_was_said(self, client, catalog):
        made = await catalog.create(
            owner=OWNER,
            draft=draft(rating=4.5, reviews=9, notes={"price_estimated": True}, service_bp=1_200),
            units=3,
        )
        said = body(name="Renamed", listed=False)
        answer = await client.put(f"{ALL}/{made.id}", headers=as_("owner", **{"If-Match": '"1"'}), json=said)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        changed = answer.json()
        for name, value in said.items():
            assert changed[name] == value, name
        assert (changed["rating"], changed["reviews"], changed["units"]) == (4.5, 9, 3)
        assert changed["notes"] == {"price_estimated": True}
        assert (await client.get(f"{ALL}/{made.id}", headers=as_("owner"))).json() == changed

    @pytest.mark.parametrize("sent", ["*", '"1"', '"7", "1"', ' "1" '])
    async def test_takes_every_form_of_if_match(self, client, home, sent):
        answer = await client.put(f"{ALL}/{home.id}", headers=as_("owner", **{"If-Match": sent}), json=body())
        assert answer.status_code == 200

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (None, 428, "precondition_required"),
            ("", 428, "precondition_required"),
            ('"2"', 412, "precondition_failed"),
            ('"0"', 412, "precondition_failed"),
            ('"abc"', 412, "precondition_failed"),
            ('W/"1"', 412, "precondition_failed"),
            ("1", 400, "if_match_malformed"),
            ('"1', 400, "if_match_malformed"),
            ("'1'", 400, "if_match_malformed"),
            ('"1" "2"', 400, "if_match_malformed"),
            ('*, "1"', 400, "if_match_malformed"),
            (", ".join(['"1"'] * 21), 400, "if_match_malformed"),
        ],
    )
    async def test_refuses_without_the_right_precondition(self, client, catalog, home, sent, status, code):
        headers = as_("owner") if sent is None else as_("owner", **{"If-Match": sent})
        answer = await client.put(f"{ALL}/{home.id}", headers=headers, json=body(name="Lost"))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await catalog.own(owner=OWNER, property_id=home.id)) == home

    async def test_lets_one_of_many_at_the_same_time_win(self, client, catalog, home):
        headers = as_("owner", **{"If-Match": '"1"'})
        answers = await asyncio.gather(
            *(client.put(f"{ALL}/{home.id}", headers=headers, json=body(name=f"Name {n}")) for n in range(8))
        )
        statuses = sorted(answer.status_code for answer in answers)
        assert statuses == [200] + [412] * 7
        [winner] = [answer.json()["name"] for answer in answers if answer.status_code == 200]
        assert (await catalog.own(owner=OWNER, property_id=home.id)).draft.name == winner

    async def test_says_404_of_another_owners_whatever_the_version(self, client, home):
        for sent in ('"1"', '"9"', "*"):
            headers = as_("other", **{"If-Match": sent})
            assert (await client.put(f"{ALL}/{home.id}", headers=headers, json=body())).status_code == 404

    async def test_wants_listed_to_be_said_and_units_not(self, client, home):
        headers = as_("owner", **{"If-Match": '"1"'})
        said = body(units=2)
        del said["listed"]
        answer = await client.put(f"{ALL}/{home.id}", headers=headers, json=said)
        assert sorted(findings(answer)) == [("/listed", "missing_field"), ("/units", "unknown_field")]


class TestNights:
    async def test_are_set_and_cleared(self, client, catalog, home):
        path = f"{ALL}/{home.id}/nights"
        said = {
            "first": "2027-07-02",
            "end": "2027-07-06",
            "price": usd(32_000),
            "min_nights": 3,
            "max_nights": 9,
            "closed_to_arrival": True,
            "closed_to_departure": True,
        }
        answer = await client.put(path, headers=as_("owner"), json=said)
        assert (answer.status_code, answer.json()) == (200, {"nights": 4})
        answer = await client.delete(path, headers=as_("owner"), params={"first": "2027-07-03", "end": "2027-07-06"})
        assert (answer.status_code, answer.json()) == (200, {"nights": 3})
        [found] = (await catalog.stay_terms(ids=[home.id], first=date(2027, 7, 1), end=date(2027, 7, 9))).values()
        assert found.nights == {
            date(2027, 7, 2): NightTerms(
                price_minor=32_000, min_nights=3, max_nights=9, closed_to_arrival=True, closed_to_departure=True
            )
        }

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"first": "2026-02-30"}, "/first", "invalid_date"),
            ({"first": "2027-02-29"}, "/first", "invalid_date"),
            ({"first": "0000-01-01"}, "/first", "invalid_date"),
            ({"end": "10000-01-01"}, "/end", "invalid_date"),
            ({"first": "2026-13-01"}, "/first", "invalid_date"),
            ({"first": "2026-W10-1"}, "/first", "invalid_date"),
            ({"first": 20270702}, "/first", "type_error"),
            ({"first": "1999-12-31", "end": "2000-01-01"}, "/first", "out_of_range"),
            ({"end": "2027-07-02"}, "/end", "empty_or_negative_range"),
            ({"end": "2027-07-01"}, "/end", "empty_or_negative_range"),
            ({"end": "2054-11-17"}, "/end", "range_too_long"),
            ({"price": usd(-1)}, "/price/amount", "out_of_range"),
            ({"price": usd(1.5)}, "/price/amount", "type_error"),
            ({"price": {"amount": 1, "currency": "EUR"}}, "/price/currency", "currency_mismatch"),
            ({"price": {"amount": 1, "currency": "eur"}}, "/price/currency", "unsupported_currency"),
            ({"price": {"amount": 1}}, "/price/currency", "missing_field"),
            ({"min_nights": 0}, "/min_nights", "out_of_range"),
            ({"max_nights": 366}, "/max_nights", "out_of_range"),
            ({"min_nights": 3, "max_nights": 2}, "/max_nights", "below_minimum"),
            ({"closed_to_arrival": 1}, "/closed_to_arrival", "type_error"),
            ({"total": 1}, "/total", "unknown_field"),
        ],
        ids=str,
    )
    async def test_are_refused_with_the_field_that_is_wrong(self, client, home, changes, pointer, code):
        said = {"first": "2027-07-02", "end": "2027-07-06"} | changes
        answer = await client.put(f"{ALL}/{home.id}/nights", headers=as_("owner"), json=said)
        assert (answer.status_code, findings(answer)) == (422, [(pointer, code)])

    @pytest.mark.parametrize(
        ("query", "pointer", "code"),
        [
            ({"end": "2027-07-06"}, "#query/first", "missing_field"),
            ({"first": "2027-07-06", "end": "2027-07-06"}, "#query/end", "empty_or_negative_range"),
            ({"first": "2027-07-06", "end": "2054-11-17"}, "#query/end", "range_too_long"),
            ({"first": "2026-02-30", "end": "2027-07-06"}, "#query/first", "invalid_date"),
            ({"first": "2027-07-06", "end": "2027-07-07", "all": "1"}, "#query/all", "unknown_field"),
        ],
    )
    async def test_in_a_query_are_refused_with_the_parameter_that_is_wrong(self, client, home, query, pointer, code):
        answer = await client.delete(f"{ALL}/{home.id}/nights", headers=as_("owner"), params=query)
        assert (answer.status_code, findings(answer)) == (422, [(pointer, code)])

    async def test_of_another_owners_property_are_not_there(self, client, home):
        path, dates = f"{ALL}/{home.id}/nights", {"first": "2027-07-02", "end": "2027-07-03"}
        assert (await client.put(path, headers=as_("other"), json=dates)).status_code == 404
        assert (await client.delete(path, headers=as_("other"), params=dates)).status_code == 404
        assert (await client.put(path, headers=as_("guest"), json=dates)).status_code == 403
        assert (await client.put(path, json=dates)).status_code == 401


class TestTheDocument:
    async def test_describes_every_route_with_text_and_examples_that_fit(self, client):
        document = (await client.get("/openapi.json")).json()
        operations = {
            (method, path): operation
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        assert {path: {method for method, of in operations if of == path} for _, path in operations} == {
            "/v1/properties/{property_id}": {"get"},
            ALL: {"get", "post"},
            ALL + "/{property_id}": {"get", "put"},
            ALL + "/{property_id}/nights": {"put", "delete"},
            "/v1/restaurants/{restaurant_id}": {"get"},
            "/v1/owner/restaurants": {"get", "post"},
            "/v1/owner/restaurants/{restaurant_id}": {"get", "put"},
            "/v1/owner/restaurants/{restaurant_id}/special-days/{date}": {"put", "delete"},
            "/v1/flights": {"get", "post"},
            "/v1/flights/{flight_id}": {"get", "put", "delete"},
            "/v1/flights/{flight_id}/cancel": {"post"},
            "/v1/schedules": {"get", "post"},
            "/v1/schedules/{schedule_id}": {"get", "put", "delete"},
            "/v1/airplanes": {"get", "post"},
            "/v1/airplanes/{airplane_id}": {"get", "put", "delete"},
            "/v1/airports": {"get", "post"},
            "/v1/airports/{airport_id}": {"get", "put", "delete"},
            "/v1/cities": {"get", "post"},
            "/v1/cities/{city_id}": {"get", "put", "delete"},
        }
        assert all(operation["description"] for operation in operations.values())
        put = operations["put", ALL + "/{property_id}"]
        assert [(each["name"], each["required"]) for each in put["parameters"]] == [
            ("property_id", True),
            ("If-Match", True),
        ]
        assert set(put["responses"]) >= {"200", "400", "401", "403", "404", "412", "422", "428"}

    @pytest.mark.parametrize("name", ["NewProperty", "ReplacedProperty"])
    async def test_gives_examples_of_bodies_that_are_taken(self, client, home, name):
        document = (await client.get("/openapi.json")).json()
        [example] = document["components"]["schemas"][name]["examples"]
        if name == "NewProperty":
            answer = await client.post(ALL, headers=as_("owner"), json=example)
        else:
            answer = await client.put(f"{ALL}/{home.id}", headers=as_("owner", **{"If-Match": "*"}), json=example)
        assert answer.is_success

    async def test_gives_an_example_of_nights_that_is_taken(self, client, home):
        document = (await client.get("/openapi.json")).json()
        [example] = document["components"]["schemas"]["NewNights"]["examples"]
        assert (await client.put(f"{ALL}/{home.id}/nights", headers=as_("owner"), json=example)).json() == {"nights": 4}
