"""Booking over HTTP: what each route answers, and what it refuses with which code."""

from datetime import timedelta

import pytest

from holdfast.accounts.api import Role
from support.product import product

VILLA, PENTHOUSE, NOWHERE = 2, 5, 4711
ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("routes") / "routes.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.other_owner = await running.person("omar", Role.OWNER)
        running.guest = await running.person("gina")
        running.other_guest = await running.person("gert")
        await running.import_samples(running.owner)
        running.days_given = 0
        running.keys_given = 0
        yield running


@pytest.fixture
def key(house):
    """A function that returns a fresh Idempotency-Key."""

    def fresh():
        house.keys_given += 1
        return f"key-{house.keys_given}"

    return fresh


@pytest.fixture
def wish(house):
    """A function that returns a stay at the villa that nobody asked for yet, as JSON."""

    def fresh(nights=2, **change):
        house.days_given += 7
        start = house.clock.today(ZONE) + timedelta(days=20 + house.days_given)
        stay = {
            "kind": "stay",
            "property_id": VILLA,
            "check_in": start.isoformat(),
            "check_out": (start + timedelta(days=nights)).isoformat(),
            "guests": 2,
        }
        return {**stay, **change}

    return fresh


@pytest.fixture
def quote(house, wish):
    """A function that quotes a stay and returns the quote."""

    async def ask(stay=None, person=None):
        person = person or house.guest
        answer = await house.client.post("/v1/quotes", json={"items": [stay or wish()]}, headers=person.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return ask


@pytest.fixture
def hold(house, quote, key):
    """A function that quotes and holds a stay, and returns the hold."""

    async def ask(stay=None, person=None):
        person = person or house.guest
        quoted = await quote(stay, person)
        answer = await house.client.post("/v1/holds", json={"quote_id": quoted["id"]}, headers=person.with_key(key()))
        assert answer.status_code == 201, answer.text
        return answer.json()

    return ask


@pytest.fixture
def confirm(house, key):
    """A function that sends the confirmation of a hold."""

    async def ask(held, person=None, *, with_key=None, **change):
        person = person or house.guest
        body = {"hold_id": held["id"], "hold_token": held["token"], "payment": {"method": "at_property"}, **change}
        return await house.client.post("/v1/bookings", json=body, headers=person.with_key(with_key or key()))

    return ask


@pytest.fixture
def booked(hold, confirm):
    """A function that books a stay and returns what the guest was told."""

    async def ask(stay=None, person=None):
        answer = await confirm(await hold(stay, person), person)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return ask


class TestQuotes:
    async def test_say_every_line_and_their_sum(self, house, quote, wish):
        stay = wish(3)
        quoted = await quote(stay)
        [item] = quoted["items"]
        assert {name: item[name] for name in stay} == stay
        assert (item["nights"], item["zone"], item["check_in_from"]) == (3, ZONE, "15:00")
        lines = quoted["price"]["lines"]
        assert quoted["price"]["total"]["amount"] == sum(line["amount"]["amount"] for line in lines) == 3 * 45_000
        again = await house.client.get(f"/v1/quotes/{quoted['id']}", headers=house.guest.headers)
        assert again.json() == quoted

    async def test_are_nobody_elses(self, house, quote):
        quoted = await quote()
        other = await house.client.get(f"/v1/quotes/{quoted['id']}", headers=house.other_guest.headers)
        missing = await house.client.get("/v1/quotes/quote_nothing", headers=house.other_guest.headers)
        assert (other.status_code, missing.status_code) == (404, 404)
        for answer in (other, missing):
            assert answer.json()["code"] == "not_found"

    @pytest.mark.parametrize("property_id", [PENTHOUSE, NOWHERE])
    async def test_of_what_is_not_offered_are_refused(self, house, wish, property_id):
        body = {"items": [wish(property_id=property_id)]}
        answer = await house.client.post("/v1/quotes", json=body, headers=house.guest.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_name_every_rule_that_stands_against_the_stay(self, house, wish):
        stay = wish(guests=9)
        stay["check_in"], stay["check_out"] = stay["check_out"], stay["check_in"]
        answer = await house.client.post("/v1/quotes", json={"items": [stay]}, headers=house.guest.headers)
        assert answer.status_code == 422
        pointers = {error["pointer"] for error in answer.json()["errors"]}
        assert pointers == {"/items/0/check_out", "/items/0/guests"}

    async def test_need_a_token(self, house, wish):
        answer = await house.client.post("/v1/quotes", json={"items": [wish()]})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


class TestHolds:
    async def test_keep_the_stock_and_the_price(self, house, quote, hold, key):
        held = await hold()
        assert held["state"] == "held"
        assert held["created_at"] < held["expires_at"] < held["extendable_until"]
        read = await house.client.get(f"/v1/holds/{held['id']}", headers=house.guest.headers)
        assert read.json() == held
        [stay] = held["items"]
        same = {name: stay[name] for name in ("kind", "property_id", "check_in", "check_out", "guests")}
        rival = await quote(same, house.other_guest)
        refused = await house.client.post(
            "/v1/holds", json={"quote_id": rival["id"]}, headers=house.other_guest.with_key(key())
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "sold_out")

    async def test_repeat_their_answer_for_the_same_key(self, house, quote, key):
        quoted, again = await quote(), key()
        body, headers = {"quote_id": quoted["id"]}, house.guest.with_key(again)
        first = await house.client.post("/v1/holds", json=body, headers=headers)
        second = await house.client.post("/v1/holds", json=body, headers=headers)
        assert (first.status_code, second.status_code) == (201, 201)
        assert second.content == first.content
        assert "idempotent-replayed" not in first.headers
        assert second.headers["idempotent-replayed"] == "true"

    async def test_refuse_a_key_for_another_request(self, house, quote, key):
        again = key()
        for status in (201, 422):
            quoted = await quote()
            answer = await house.client.post(
                "/v1/holds", json={"quote_id": quoted["id"]}, headers=house.guest.with_key(again)
            )
            assert answer.status_code == status
        assert answer.json()["code"] == "idempotency_key_reused"

    async def test_need_a_key(self, house, quote):
        quoted = await quote()
        answer = await house.client.post("/v1/holds", json={"quote_id": quoted["id"]}, headers=house.guest.headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_missing")

    async def test_can_be_extended(self, house, hold, key):
        held = await hold()
        answer = await house.client.post(f"/v1/holds/{held['id']}/extend", headers=house.guest.with_key(key()))
        assert answer.status_code == 200
        assert answer.json()["expires_at"] > held["expires_at"]

    async def test_can_be_let_go_more_than_once(self, house, hold, key, confirm):
        held = await hold()
        for _ in range(2):
            answer = await house.client.delete(f"/v1/holds/{held['id']}", headers=house.guest.headers)
            assert (answer.status_code, answer.content) == (204, b"")
        read = await house.client.get(f"/v1/holds/{held['id']}", headers=house.guest.headers)
        assert read.json()["state"] == "released"
        for late in (
            await confirm(held),
            await house.client.post(f"/v1/holds/{held['id']}/extend", headers=house.guest.with_key(key())),
        ):
            assert (late.status_code, late.json()["code"]) == (409, "hold_not_active")

    async def test_are_nobody_elses(self, house, hold, key):
        held = await hold()
        path, stranger = f"/v1/holds/{held['id']}", house.other_guest
        for answer in (
            await house.client.get(path, headers=stranger.headers),
            await house.client.delete(path, headers=stranger.headers),
            await house.client.post(f"{path}/extend", headers=stranger.with_key(key())),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestBookings:
    async def test_come_from_holds_at_the_held_price(self, house, hold, confirm):
        held = await hold()
        answer = await confirm(held)
        assert answer.status_code == 201
        made = answer.json()
        assert made["total"] == held["price"]["total"]
        assert made["payment"] == {"method": "at_property", "status": "due_at_property", "payment_id": None}
        assert answer.headers["location"] == f"/v1/bookings/{made['reference']}"
        read = await house.client.get(answer.headers["location"], headers=house.guest.headers)
        assert read.status_code == 200
        whole = read.json()
        assert (whole["state"], whole["hold_id"], whole["price"]) == ("confirmed", held["id"], held["price"])

    async def test_are_made_once(self, hold, confirm, key):
        held, same = await hold(), key()
        first = await confirm(held, with_key=same)
        again = await confirm(held, with_key=same)
        other = await confirm(held)
        assert again.content == first.content
        assert again.headers["idempotent-replayed"] == "true"
        assert (other.status_code, other.json()["code"]) == (409, "already_confirmed")

    async def test_need_the_holds_token_and_owner(self, house, hold, confirm):
        held = await hold()
        for answer in (await confirm(held, hold_token="guessed"), await confirm(held, house.other_guest)):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("sent", [{"amount": 1}, {"total": {"amount": 1, "currency": "USD"}}, {"paid": True}])
    async def test_take_no_amount_from_outside(self, hold, confirm, sent):
        answer = await confirm(await hold(), **sent)
        assert answer.status_code == 422
        assert {error["code"] for error in answer.json()["errors"]} == {"unknown_field"}

    async def test_are_listed_newest_first_in_pages(self, house, booked):
        person = await house.person("lena")
        made = [(await booked(person=person))["reference"] for _ in range(5)]
        seen, cursor = [], None
        for size in (2, 2, 1):
            params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await house.client.get("/v1/bookings", params=params, headers=person.headers)).json()
            assert len(page["items"]) == size
            seen += [item["reference"] for item in page["items"]]
            cursor = page["next_cursor"]
        assert cursor is None
        assert seen == made[::-1]

    async def test_cursors_belong_to_one_list(self, house, booked):
        person = await house.person("luis")
        for _ in range(2):
            await booked(person=person)
        cursor = (await house.client.get("/v1/bookings?limit=1", headers=person.headers)).json()["next_cursor"]
        for headers, sent in ((house.guest.headers, cursor), (person.headers, cursor[:-2] + "xx")):
            answer = await house.client.get("/v1/bookings", params={"cursor": sent}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")

    async def test_can_be_canceled_for_what_was_quoted(self, house, booked, key):
        made = await booked()
        path = f"/v1/bookings/{made['reference']}"
        offer = await house.client.post(f"{path}/cancellation-quotes", headers=house.guest.headers)
        assert (offer.status_code, offer.json()["refund"]) == (201, made["total"])
        headers, body = house.guest.with_key(key()), {"quote_id": offer.json()["id"]}
        first = await house.client.post(f"{path}/cancel", json=body, headers=headers)
        again = await house.client.post(f"{path}/cancel", json=body, headers=headers)
        assert (first.status_code, first.json()["state"], first.json()["refund"]) == (200, "cancelled", made["total"])
        assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")
        late = await house.client.post(f"{path}/cancel", json=body, headers=house.guest.with_key(key()))
        assert (late.status_code, late.json()["code"]) == (409, "already_cancelled")

    async def test_are_seen_by_guest_and_host_only(self, house, booked):
        made = await booked()
        path = f"/v1/bookings/{made['reference']}"
        for person, status in (
            (house.guest, 200),
            (house.owner, 200),
            (house.other_owner, 404),
            (house.other_guest, 404),
        ):
            assert (await house.client.get(path, headers=person.headers)).status_code == status
        listed = await house.client.get("/v1/owner/bookings", headers=house.owner.headers)
        assert listed.json()["items"][0]["reference"] == made["reference"]
        assert (await house.client.get("/v1/owner/bookings", headers=house.other_owner.headers)).json()["items"] == []
        assert (await house.client.get("/v1/owner/bookings", headers=house.guest.headers)).status_code == 403


class TestTheCalendar:
    async def test_shows_every_night_with_price_and_stock(self, house, booked, wish):
        stay = wish(2)
        await booked(stay)
        answer = await house.client.get(
            f"/v1/properties/{VILLA}/calendar", params={"first": stay["check_in"], "end": stay["check_out"]}
        )
        assert answer.status_code == 200
        calendar = answer.json()
        assert (calendar["property_id"], calendar["zone"], calendar["check_out_until"]) == (VILLA, ZONE, "11:00")
        assert [night["free"] for night in calendar["nights"]] == [0, 0]
        assert {night["price"]["amount"] for night in calendar["nights"]} == {45_000}
        assert calendar["nights"][0]["date"] == stay["check_in"]

    @pytest.mark.parametrize(
        ("first", "end", "code"),
        [(5, 5, "empty_or_negative_range"), (5, 4, "empty_or_negative_range"), (0, 367, "range_too_long")],
    )
    async def test_has_limits(self, house, first, end, code):
        today = house.clock.today(ZONE)
        params = {"first": str(today + timedelta(days=first)), "end": str(today + timedelta(days=end))}
        answer = await house.client.get(f"/v1/properties/{VILLA}/calendar", params=params)
        assert answer.status_code == 422
        assert answer.json()["errors"] == [
            {"pointer": "#query/end", "code": code, "detail": answer.json()["errors"][0]["detail"]}
        ]

    @pytest.mark.parametrize("property_id", [PENTHOUSE, NOWHERE, 0, "x"])
    async def test_of_what_is_not_offered_is_not_there(self, house, property_id):
        params = {"first": "2030-01-01", "end": "2030-01-02"}
        answer = await house.client.get(f"/v1/properties/{property_id}/calendar", params=params)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


class TestOwners:
    @pytest.fixture
    def nights(self, wish):
        """A function that returns nights nobody asked for yet."""

        def fresh(count=3):
            stay = wish(count)
            return {"first": stay["check_in"], "end": stay["check_out"]}

        return fresh

    async def test_block_and_unblock_nights(self, house, nights, key):
        body = {**nights(), "note": "painters"}
        path = f"/v1/owner/properties/{VILLA}/blocks"
        headers = house.owner.with_key(key())
        made = await house.client.post(path, json=body, headers=headers)
        again = await house.client.post(path, json=body, headers=headers)
        assert made.status_code == 201
        assert (again.content, again.headers["idempotent-replayed"]) == (made.content, "true")
        block = made.json()
        assert {name: block[name] for name in body} == body
        listed = await house.client.get(path, headers=house.owner.headers)
        assert block in listed.json()["items"]
        taken = await house.client.post(path, json=body, headers=house.owner.with_key(key()))
        assert (taken.status_code, taken.json()["code"]) == (409, "sold_out")
        for _ in range(2):
            gone = await house.client.delete(f"/v1/owner/blocks/{block['id']}", headers=house.owner.headers)
            assert gone.status_code == 204
        assert block not in (await house.client.get(path, headers=house.owner.headers)).json()["items"]

    async def test_stop_sale_and_open_it(self, house, nights):
        when = nights()
        path = f"/v1/owner/properties/{VILLA}/night-stock"
        for closed, free in ((True, 0), (False, 1)):
            answer = await house.client.put(path, json={**when, "closed": closed}, headers=house.owner.headers)
            assert answer.status_code == 204, answer.text
            calendar = await house.client.get(f"/v1/properties/{VILLA}/calendar", params=when)
            assert {(night["closed"], night["free"]) for night in calendar.json()["nights"]} == {(closed, free)}

    async def test_cannot_go_below_what_is_sold(self, house, booked, wish):
        stay = wish()
        made = await booked(stay)
        body = {"first": stay["check_in"], "end": stay["check_out"], "capacity": 0}
        answer = await house.client.put(
            f"/v1/owner/properties/{VILLA}/night-stock", json=body, headers=house.owner.headers
        )
        assert (answer.status_code, answer.json()["code"]) == (409, "below_sold")
        assert made["reference"] in str(answer.json()["bookings"])

    async def test_change_how_many_units_there_are(self, house, nights):
        path = "/v1/owner/properties/3/stock"
        for units in (4, 1):
            answer = await house.client.put(path, json={"units": units}, headers=house.owner.headers)
            assert answer.status_code == 204, answer.text
            calendar = await house.client.get("/v1/properties/3/calendar", params=nights())
            assert {night["capacity"] for night in calendar.json()["nights"]} == {units}

    @pytest.mark.parametrize(
        ("method", "path", "body"),
        [
            ("PUT", f"/v1/owner/properties/{VILLA}/stock", {"units": 2}),
            (
                "PUT",
                f"/v1/owner/properties/{VILLA}/night-stock",
                {"first": "2030-01-01", "end": "2030-01-02", "closed": True},
            ),
            ("POST", f"/v1/owner/properties/{VILLA}/blocks", {"first": "2030-01-01", "end": "2030-01-02"}),
            ("GET", f"/v1/owner/properties/{VILLA}/blocks", None),
            ("DELETE", "/v1/owner/blocks/block_nothing", None),
        ],
    )
    async def test_run_their_own_property_only(self, house, key, method, path, body):
        for person, status in ((house.other_owner, 404), (house.guest, 403)):
            answer = await house.client.request(method, path, json=body, headers=person.with_key(key()))
            assert answer.status_code == status

    @pytest.mark.parametrize(
        ("body", "pointer", "code"),
        [
            ({"first": "2030-01-02", "end": "2030-01-02", "closed": True}, "/end", "empty_or_negative_range"),
            ({"first": "2030-01-01", "end": "2033-01-01", "closed": True}, "/end", "range_too_long"),
            ({"first": "2030-01-01", "end": "2030-01-02"}, "/capacity", "missing_field"),
            ({"first": "2030-02-30", "end": "2030-03-02", "closed": True}, "/first", "invalid_date"),
            ({"first": "2030-01-01", "end": "2030-01-02", "capacity": -1}, "/capacity", "out_of_range"),
            ({"first": "2030-01-01", "end": "2030-01-02", "capacity": True}, "/capacity", "type_error"),
            ({"first": "2030-01-01", "end": "2030-01-02", "state": "confirmed"}, "/state", "unknown_field"),
        ],
    )
    async def test_are_told_what_is_wrong_where(self, house, body, pointer, code):
        answer = await house.client.put(
            f"/v1/owner/properties/{VILLA}/night-stock", json=body, headers=house.owner.headers
        )
        assert answer.status_code == 422
        assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


class TestIntegrity:
    async def test_says_what_the_last_recount_found(self, tmp_path):
        async with product(f"sqlite:///{tmp_path}/own.db") as own:
            none_yet = await own.client.get("/v1/integrity")
            assert (none_yet.status_code, none_yet.json()["code"]) == (404, "not_found")
            assert "holdfast verify" in none_yet.json()["detail"]
            await own.door("booking").verify()
            answer = await own.client.get("/v1/integrity")
            assert answer.status_code == 200
            assert (answer.json()["clean"], answer.json()["breaches"]) == (True, [])
