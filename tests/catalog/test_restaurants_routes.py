"""Restaurants over HTTP: who may, what is refused and how, what comes back."""

import asyncio
from dataclasses import replace

import httpx
import pytest
from catalog_drafts import ADMIN, GUEST, OTHER_OWNER, OWNER
from fastapi import FastAPI
from restaurant_bodies import body, contact, policy, service, special, table, terms, usd, window
from restaurant_drafts import CHRISTMAS, NEW_YEARS_EVE, restaurant
from restaurant_refused import BAD

from holdfast.catalog.api import DINING_POLICIES
from holdfast.catalog.routes import restaurants as routes
from holdfast.catalog.service.restaurants import Restaurants
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.http import problems
from holdfast.kit.http.cursors import Cursors
from holdfast.kit.secrets import Keyring

PEOPLE = {"owner": OWNER, "other": OTHER_OWNER, "admin": ADMIN, "guest": GUEST}
ALL = "/v1/owner/restaurants"


async def check_token(token):
    if token not in PEOPLE:
        raise Unauthenticated
    return PEOPLE[token]


@pytest.fixture(scope="module")
async def restaurants(tmp_path_factory):
    url = f"sqlite:///{tmp_path_factory.mktemp('restaurants')}/catalog.db"
    await migrate(url, "catalog")
    database = await open_database(url)
    made = Restaurants(db=database)
    yield made
    await made.close()
    await database.close()


@pytest.fixture(scope="module")
async def client(restaurants):
    app = FastAPI()
    problems.install(app)
    cursors = Cursors(Keyring("a secret of the tests that is long enough"))
    for router in (
        routes.public(restaurants),
        routes.reading(restaurants, cursors),
        routes.writing(restaurants),
        routes.days(restaurants),
    ):
        app.include_router(router)
    app.state.check_token = check_token
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://testserver") as made:
        yield made


@pytest.fixture
async def place(restaurants):
    return await restaurants.create(owner=OWNER, draft=restaurant())


def as_(name, **headers):
    return {"Authorization": f"Bearer {name}", **headers}


def findings(answer):
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def without_null(value):
    """OpenAPI's examples lose their nulls on the way."""
    if isinstance(value, dict):
        return {name: without_null(each) for name, each in value.items() if each is not None}
    return [without_null(each) for each in value] if isinstance(value, list) else value


def without_instance(answer):
    return {key: value for key, value in answer.json().items() if key not in {"instance", "request_id"}}


class TestCreating:
    async def test_answers_what_was_said_and_where_it_is(self, client):
        answer = await client.post(ALL, headers=as_("owner"), json=body())
        assert answer.status_code == 201
        created = answer.json()
        assert answer.headers["location"] == f"{ALL}/{created['id']}"
        assert answer.headers["etag"] == '"1"'
        for name, value in body(terms=terms(areas=["main_room"]), version=1).items():
            assert created[name] == value, name
        assert (created["rating"], created["reviews"], created["notes"]) == (None, 0, {})

    async def test_needs_only_what_has_no_default(self, client):
        least = {
            "name": "Bar",
            "location": {"address": "A", "city": "B", "country": "DE", "latitude": 52, "longitude": 13},
            "price_level": 1,
            "terms": {
                "zone": "Europe/Berlin",
                "currency": "EUR",
                "tables": [{"code": "1", "seats_max": 2}],
                "services": [
                    {
                        "code": "evening",
                        "name": "Abends",
                        "weekdays": ["friday"],
                        "first_seating": "18:00",
                        "last_seating": "18:00",
                    }
                ],
            },
        }
        answer = await client.post(ALL, headers=as_("owner"), json=least)
        assert answer.status_code == 201
        made = answer.json()
        assert made["listed"] is True
        assert made["contact"] == {"phone": None, "email": None, "website": None}
        said = made["terms"]
        assert said["tables"] == [{"code": "1", "area": "main_room", "seats_min": 1, "seats_max": 2, "online": True}]
        [only] = said["services"]
        assert (only["covers_per_slot"], only["online_bp"]) == (None, 10_000)
        assert said["turn_times"] == [
            {"party_max": 2, "minutes": 90},
            {"party_max": 4, "minutes": 120},
            {"party_max": 100, "minutes": 150},
        ]
        assert (said["minutes_min"], said["minutes_max"], said["party_max"]) == (60, 180, 8)
        assert (said["notice_minutes"], said["booking_window_days"], said["tax_bp"]) == (60, 60, 0)
        assert said["combinations"] == said["special_days"] == said["securities"] == []
        assert said["policy"] == policy(window(24), name="free_until_24h")

    @pytest.mark.parametrize("name", sorted(DINING_POLICIES))
    async def test_takes_a_policy_by_its_name_and_shows_what_it_says(self, client, restaurants, name):
        answer = await client.post(ALL, headers=as_("owner"), json=body(terms=terms(policy=name)))
        made = answer.json()
        [stored] = await restaurants.get_many(ids=[made["id"]])
        assert stored.draft.terms.policy == DINING_POLICIES[name]
        again = await client.post(ALL, headers=as_("owner"), json=body(terms=terms(policy=made["terms"]["policy"])))
        assert again.json()["terms"]["policy"] == made["terms"]["policy"]

    async def test_shows_days_of_the_week_and_dates_in_order(self, client):
        said = terms(
            services=[service(weekdays=["sunday", "monday"])],
            special_days=[special("2026-12-31"), special("2026-12-25")],
        )
        shown = (await client.post(ALL, headers=as_("owner"), json=body(terms=said))).json()["terms"]
        assert shown["services"][0]["weekdays"] == ["monday", "sunday"]
        assert [each["date"] for each in shown["special_days"]] == ["2026-12-25", "2026-12-31"]

    async def test_is_for_owners(self, client):
        assert (await client.post(ALL, json=body())).status_code == 401
        assert (await client.post(ALL, headers=as_("guest"), json=body())).status_code == 403
        assert (await client.post(ALL, headers=as_("admin"), json=body())).status_code == 201


class TestBadInput:
    @pytest.mark.parametrize(
        ("said", "pointer", "code"), BAD, ids=[f"{n}-{at}-{code}" for n, (_, at, code) in enumerate(BAD)]
    )
    async def test_is_refused_and_named_and_creates_nothing(self, client, restaurants, said, pointer, code):
        before = len(await restaurants.list_page(limit=1000))
        answer = await client.post(ALL, headers=as_("owner"), json=said)
        assert (answer.status_code, findings(answer)) == (422, [(pointer, code)])
        assert len(await restaurants.list_page(limit=1000)) == before

    async def test_is_named_completely(self, client):
        said = body(name="", price_level=9, contact=contact(email="x"), terms=terms(party_max=0, tables=[table("a b")]))
        answer = await client.post(ALL, headers=as_("owner"), json=said)
        assert {pointer for pointer, _ in findings(answer)} == {
            "/name",
            "/price_level",
            "/contact/email",
            "/terms/party_max",
            "/terms/tables/0/code",
        }

    @pytest.mark.parametrize("name", ["description", "name"])
    async def test_with_a_card_number_is_refused(self, client, name):
        answer = await client.post(ALL, headers=as_("owner"), json=body(**{name: "Pay 4111 1111 1111 1111"}))
        assert (answer.status_code, answer.json()["code"]) == (422, "card_number_refused")

    async def test_of_many_fields_at_once_is_bounded(self, client):
        said = terms(tables=[table("T", area="A B") for _ in range(300)])
        answer = await client.post(ALL, headers=as_("owner"), json=body(terms=said))
        assert (answer.status_code, len(findings(answer))) == (422, 50)


class TestReadingAsAGuest:
    async def test_shows_what_the_owner_says_but_not_what_is_the_owners_own(self, client, place):
        answer = await client.get(f"/v1/restaurants/{place.id}")
        assert answer.status_code == 200
        shown = answer.json()
        assert (shown["id"], shown["name"], shown["cards"]) == (place.id, place.draft.name, ["visa", "amex"])
        assert not {"listed", "owner_id", "version"} & set(shown)
        assert not {"tables", "combinations"} & set(shown["terms"])
        assert shown["terms"]["areas"] == ["main_room"]
        assert shown["terms"]["services"][0] == {
            "code": "lunch",
            "name": "Lunch",
            "weekdays": ["monday", "tuesday", "wednesday", "thursday", "friday"],
            "first_seating": "11:30",
            "last_seating": "14:00",
        }
        assert shown["terms"]["securities"][1] == {"party_min": 8, "kind": "prepay", "per_cover": usd(9_900)}
        assert shown["terms"]["policy"] == policy(window(24), name="free_until_24h")

    async def test_sends_the_body_only_to_who_has_not_the_newest(self, client, restaurants, place):
        first = await client.get(f"/v1/restaurants/{place.id}")
        tag = first.headers["etag"]
        for sent in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            again = await client.get(f"/v1/restaurants/{place.id}", headers={"If-None-Match": sent})
            assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
        await restaurants.set_day(owner=OWNER, restaurant_id=place.id, day=CHRISTMAS, services=("dinner",))
        changed = await client.get(f"/v1/restaurants/{place.id}", headers={"If-None-Match": tag})
        assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
        assert changed.json()["terms"]["special_days"][0]["services"] == ["dinner"]

    async def test_answers_alike_for_hidden_missing_and_impossible_ids(self, client, restaurants):
        hidden = await restaurants.create(owner=OWNER, draft=restaurant(listed=False))
        bodies = []
        for name in (hidden.id, 10**12, 0, -1, "one", "1e3", 2**63):
            answer = await client.get(f"/v1/restaurants/{name}", headers=as_("owner"))
            assert answer.status_code == 404
            bodies.append(without_instance(answer))
        assert all(each == bodies[0] for each in bodies)

    async def test_marks_what_was_invented(self, client, restaurants):
        made = await restaurants.create(owner=OWNER, draft=restaurant(notes={"terms_invented": True}))
        assert (await client.get(f"/v1/restaurants/{made.id}")).json()["notes"] == {"terms_invented": True}


class TestReadingAsAnOwner:
    async def test_pages_through_ones_own(self, client, restaurants):
        for _ in range(5):
            await restaurants.create(owner=OTHER_OWNER, draft=restaurant(listed=False))
        everybodys = [each.id for each in await restaurants.list_page(owner_id=OTHER_OWNER.account_id, limit=1000)]
        found, cursor = [], None
        while True:
            query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await client.get(ALL, headers=as_("other"), params=query)).json()
            assert len(page["items"]) <= 2
            found += [each["id"] for each in page["items"]]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert found == everybodys

    async def test_refuses_cursors_of_somebody_else(self, client, restaurants):
        for _ in range(2):
            await restaurants.create(owner=OTHER_OWNER, draft=restaurant())
        cursor = (await client.get(ALL, headers=as_("other"), params={"limit": 1})).json()["next_cursor"]
        for sent in (cursor, "x", cursor[:-2]):
            answer = await client.get(ALL, headers=as_("owner"), params={"cursor": sent})
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")

    async def test_shows_the_version_as_etag(self, client, place):
        answer = await client.get(f"{ALL}/{place.id}", headers=as_("owner"))
        assert (answer.status_code, answer.headers["etag"], answer.json()["version"]) == (200, '"1"', 1)
        assert (await client.get(f"{ALL}/{place.id}", headers=as_("admin"))).status_code == 200

    async def test_answers_alike_for_another_owners_and_for_none(self, client, place):
        answers = [await client.get(f"{ALL}/{name}", headers=as_("other")) for name in (place.id, 10**12)]
        assert [answer.status_code for answer in answers] == [404, 404]
        assert without_instance(answers[0]) == without_instance(answers[1])


class TestReplacing:
    async def test_changes_everything_that_was_said(self, client, restaurants):
        made = await restaurants.create(
            owner=OWNER, draft=restaurant(rating=4.5, reviews=9, notes={"terms_invented": True})
        )
        said = body(name="Renamed", listed=False)
        answer = await client.put(f"{ALL}/{made.id}", headers=as_("owner", **{"If-Match": '"1"'}), json=said)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        changed = answer.json()
        for name, value in (said | {"terms": terms(areas=["main_room"])}).items():
            assert changed[name] == value, name
        assert (changed["rating"], changed["reviews"]) == (4.5, 9)
        assert changed["notes"] == {"terms_invented": True}
        assert (await client.get(f"{ALL}/{made.id}", headers=as_("owner"))).json() == changed

    async def test_takes_what_was_read_back(self, client, place):
        read = (await client.get(f"{ALL}/{place.id}", headers=as_("owner"))).json()
        said = {name: value for name, value in read.items() if name in body()}
        said["terms"] = {name: value for name, value in read["terms"].items() if name != "areas"}
        answer = await client.put(f"{ALL}/{place.id}", headers=as_("owner", **{"If-Match": '"1"'}), json=said)
        assert answer.json() == read | {"version": 2}

    @pytest.mark.parametrize(
        ("sent", "status", "code"),
        [
            (None, 428, "precondition_required"),
            ('"2"', 412, "precondition_failed"),
            ('W/"1"', 412, "precondition_failed"),
            ("1", 400, "if_match_malformed"),
        ],
    )
    async def test_refuses_without_the_right_precondition(self, client, restaurants, place, sent, status, code):
        headers = as_("owner") if sent is None else as_("owner", **{"If-Match": sent})
        answer = await client.put(f"{ALL}/{place.id}", headers=headers, json=body(name="Lost"))
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert (await restaurants.own(owner=OWNER, restaurant_id=place.id)) == place

    async def test_lets_one_of_many_at_the_same_time_win(self, client, restaurants, place):
        headers = as_("owner", **{"If-Match": '"1"'})
        answers = await asyncio.gather(
            *(client.put(f"{ALL}/{place.id}", headers=headers, json=body(name=f"Name {n}")) for n in range(8))
        )
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
        [winner] = [answer.json()["name"] for answer in answers if answer.status_code == 200]
        assert (await restaurants.own(owner=OWNER, restaurant_id=place.id)).draft.name == winner

    async def test_says_404_of_another_owners_whatever_the_version(self, client, place):
        for sent in ('"1"', '"9"', "*"):
            headers = as_("other", **{"If-Match": sent})
            assert (await client.put(f"{ALL}/{place.id}", headers=headers, json=body())).status_code == 404

    async def test_wants_listed_to_be_said(self, client, place):
        said = body()
        del said["listed"]
        answer = await client.put(f"{ALL}/{place.id}", headers=as_("owner", **{"If-Match": "*"}), json=said)
        assert findings(answer) == [("/listed", "missing_field")]


class TestSpecialDays:
    async def test_are_set_and_cleared(self, client, restaurants, place):
        path = f"{ALL}/{place.id}/special-days/2027-02-14"
        said = {"services": ["dinner"], "note": "For two"}
        answer = await client.put(path, headers=as_("owner"), json=said)
        assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
        assert answer.json() == said | {"date": "2027-02-14"}
        shown = (await client.get(f"/v1/restaurants/{place.id}")).json()["terms"]["special_days"]
        assert shown[-1] == special("2027-02-14", "dinner", note="For two")
        answer = await client.delete(path, headers=as_("owner"))
        assert (answer.status_code, answer.headers["etag"], answer.content) == (204, '"3"', b"")
        assert (await client.delete(path, headers=as_("owner"))).status_code == 204
        read = await restaurants.own(owner=OWNER, restaurant_id=place.id)
        assert [each.day for each in read.draft.terms.special_days] == [CHRISTMAS, NEW_YEARS_EVE]

    async def test_take_the_place_of_what_was_there(self, client, place):
        path = f"{ALL}/{place.id}/special-days/{NEW_YEARS_EVE}"
        assert (await client.put(path, headers=as_("owner"), json={"services": []})).status_code == 200
        shown = (await client.get(f"/v1/restaurants/{place.id}")).json()["terms"]["special_days"]
        assert shown[-1] == special("2026-12-31")

    @pytest.mark.parametrize(
        ("day", "changes", "pointer", "code"),
        [
            ("2027-02-14", {"services": ["brunch"]}, "/services/0", "unknown_service"),
            ("2027-02-14", {"services": ["dinner", "dinner"]}, "/services/1", "duplicate"),
            ("2027-02-14", {"services": ["Dinner!"]}, "/services/0", "invalid_format"),
            ("2027-02-14", {"services": "dinner"}, "/services", "type_error"),
            ("2027-02-14", {"services": None}, "/services", "type_error"),
            ("2027-02-14", {"note": "n" * 201}, "/note", "too_long"),
            ("2027-02-14", {"note": "two\nlines"}, "/note", "control_character"),
            ("2027-02-14", {"date": "2027-02-14"}, "/date", "unknown_field"),
            ("1999-12-31", {}, "#path/date", "out_of_range"),
            ("2200-01-01", {}, "#path/date", "out_of_range"),
        ],
    )
    async def test_are_refused_with_the_field_that_is_wrong(
        self, client, restaurants, place, day, changes, pointer, code
    ):
        said = {"services": ["dinner"]} | changes
        answer = await client.put(f"{ALL}/{place.id}/special-days/{day}", headers=as_("owner"), json=said)
        assert (answer.status_code, findings(answer)) == (422, [(pointer, code)])
        assert await restaurants.own(owner=OWNER, restaurant_id=place.id) == place

    @pytest.mark.parametrize("day", ["2027-02-29", "today", "20270214", "2027-02-14T00:00"])
    async def test_of_no_date_are_not_there(self, client, place, day):
        path = f"{ALL}/{place.id}/special-days/{day}"
        assert (await client.put(path, headers=as_("owner"), json={"services": []})).status_code == 404
        assert (await client.delete(path, headers=as_("owner"))).status_code == 404

    async def test_of_another_owners_restaurant_are_not_there(self, client, place):
        path = f"{ALL}/{place.id}/special-days/2027-02-14"
        assert (await client.put(path, headers=as_("other"), json={"services": []})).status_code == 404
        assert (await client.delete(path, headers=as_("other"))).status_code == 404
        assert (await client.put(path, headers=as_("guest"), json={"services": []})).status_code == 403
        assert (await client.put(path, json={"services": []})).status_code == 401


class TestTheDocument:
    async def test_describes_every_route_with_text(self, client):
        document = (await client.get("/openapi.json")).json()
        operations = {
            (method, path): operation
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        }
        assert set(operations) == {
            ("get", "/v1/restaurants/{restaurant_id}"),
            ("post", ALL),
            ("get", ALL),
            ("get", ALL + "/{restaurant_id}"),
            ("put", ALL + "/{restaurant_id}"),
            ("put", ALL + "/{restaurant_id}/special-days/{date}"),
            ("delete", ALL + "/{restaurant_id}/special-days/{date}"),
        }
        assert all(operation["description"] for operation in operations.values())
        put = operations["put", ALL + "/{restaurant_id}"]
        assert [(each["name"], each["required"]) for each in put["parameters"]] == [
            ("restaurant_id", True),
            ("If-Match", True),
        ]
        assert set(put["responses"]) >= {"200", "400", "401", "403", "404", "412", "422", "428"}

    async def test_describes_every_body_once(self, client):
        """A schema that differs between requests and answers would have got two names."""
        names = (await client.get("/openapi.json")).json()["components"]["schemas"]
        assert not [name for name in names if name.endswith(("-Input", "-Output"))]

    @pytest.mark.parametrize("name", ["NewRestaurant", "ReplacedRestaurant"])
    async def test_gives_examples_of_bodies_that_are_taken_and_shown(self, client, place, name):
        schemas = (await client.get("/openapi.json")).json()["components"]["schemas"]
        [example] = schemas[name]["examples"]
        if name == "NewRestaurant":
            answer = await client.post(ALL, headers=as_("owner"), json=example)
        else:
            answer = await client.put(f"{ALL}/{place.id}", headers=as_("owner", **{"If-Match": "*"}), json=example)
            [shown] = schemas["OwnRestaurantOut"]["examples"]
            assert without_null(answer.json()) == shown | {"id": place.id, "version": 2}
            [shown] = schemas["RestaurantOut"]["examples"]
            seen = (await client.get(f"/v1/restaurants/{place.id}")).json()
            assert without_null(seen) == shown | {"id": place.id}
        assert answer.is_success

    async def test_gives_an_example_of_a_special_day_that_is_taken(self, client, place):
        document = (await client.get("/openapi.json")).json()
        [example] = document["components"]["schemas"]["NewSpecialDay"]["examples"]
        answer = await client.put(f"{ALL}/{place.id}/special-days/2027-02-14", headers=as_("owner"), json=example)
        assert answer.status_code == 200


class TestADraft:
    async def test_of_the_door_is_shown_as_said(self, client, restaurants):
        """What a demo imports, a body can say too."""
        made = await restaurants.create(owner=OWNER, draft=restaurant(policy=DINING_POLICIES["free_until_7d"]))
        read = (await client.get(f"{ALL}/{made.id}", headers=as_("owner"))).json()
        said = {name: value for name, value in read.items() if name in body()}
        said["terms"] = {name: value for name, value in read["terms"].items() if name != "areas"}
        again = (await client.post(ALL, headers=as_("owner"), json=said)).json()
        [stored] = await restaurants.get_many(ids=[again["id"]])
        assert stored.draft == replace(made.draft, terms=replace(made.draft.terms, restaurant_id=again["id"]))
