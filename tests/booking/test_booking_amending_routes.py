"""Cancellations and changes over HTTP: what each route answers, and what it refuses with which code."""

from datetime import timedelta
from itertools import count

import pytest

from holdfast.accounts.api import Role
from support.product import product

VILLA, NOWHERE = 2, 4711
ZONE = "America/Los_Angeles"


class Desk:
    """Asks the product as one guest, with fresh keys and fresh dates."""

    def __init__(self, house):
        self.house = house
        self._keys, self._weeks = count(1), count(3)

    def key(self):
        return f"amending-{next(self._keys)}"

    def wish(self, start=None, nights=2, **changes):
        start = start or self.house.clock.today(ZONE) + timedelta(days=7 * next(self._weeks))
        stay = {
            "kind": "stay",
            "property_id": VILLA,
            "check_in": start.isoformat(),
            "check_out": (start + timedelta(days=nights)).isoformat(),
            "guests": 2,
        }
        return stay | changes

    async def post(self, path, body=None, *, person=None, key=None):
        headers = (person or self.house.guest).with_key(key or self.key())
        return await self.house.client.post(path, json={} if body is None else body, headers=headers)

    async def get(self, path, *, person=None):
        return await self.house.client.get(path, headers=(person or self.house.guest).headers)

    async def booked(self, *stays):
        """Return the path of a booking of these stays, and what a look at it says."""
        quote = await self.post("/v1/quotes", {"items": list(stays or (self.wish(),))})
        hold = (await self.post("/v1/holds", {"quote_id": quote.json()["id"]})).json()
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "payment": {"method": "at_property"}}
        made = await self.post("/v1/bookings", body)
        assert made.status_code == 201, made.text
        path = f"/v1/bookings/{made.json()['reference']}"
        return path, (await self.get(path)).json()


@pytest.fixture(scope="module")
async def desk(tmp_path_factory):
    file = tmp_path_factory.mktemp("amending") / "amending.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.guest = await running.person("gina")
        running.other_guest = await running.person("gert")
        await running.import_samples(running.owner)
        yield Desk(running)


class TestCancellations:
    async def test_are_offered_line_by_line_and_done_as_offered(self, desk):
        path, booking = await desk.booked()
        offer = await desk.post(f"{path}/cancellation-quotes")
        assert offer.status_code == 201
        said = offer.json()
        assert (said["refund"], said["items"], said["price_after"]) == (booking["price"]["total"], [0], None)
        assert [line["refund"] for line in said["lines"]] == [line["amount"] for line in booking["price"]["lines"]]
        done = await desk.post(f"{path}/cancel", {"quote_id": said["id"]})
        assert (done.status_code, done.json()["state"], done.json()["refund"]) == (200, "cancelled", said["refund"])

    async def test_of_some_items_leave_the_rest(self, desk):
        path, booking = await desk.booked(desk.wish(), desk.wish())
        offer = (await desk.post(f"{path}/cancellation-quotes", {"items": [1]})).json()
        assert offer["price_after"]["total"] == booking["items"][0]["total"]
        left = (await desk.post(f"{path}/cancel", {"quote_id": offer["id"]})).json()
        assert (left["state"], left["items"]) == ("confirmed", booking["items"][:1])

    async def test_by_the_owner_give_everything_back(self, desk):
        path, booking = await desk.booked()
        offer = (await desk.post(f"{path}/cancellation-quotes", person=desk.house.owner)).json()
        assert (offer["rule"], offer["refund"]) == ("by_owner", booking["price"]["total"])
        done = await desk.post(f"{path}/cancel", {"quote_id": offer["id"]}, person=desk.house.owner)
        assert done.json()["state"] == "cancelled"

    async def test_are_refused_by_name(self, desk):
        path, _ = await desk.booked()
        older = (await desk.post(f"{path}/cancellation-quotes")).json()
        newer = (await desk.post(f"{path}/cancellation-quotes")).json()
        refused = (
            (f"{path}/cancel", {}, 422, "invalid"),
            (f"{path}/cancel", {"quote_id": older["id"]}, 409, "quote_superseded"),
            (f"{path}/cancel", {"quote_id": "cancellation_none"}, 404, "not_found"),
            (f"{path}/cancel", {"quote_id": newer["id"], "refund": 1}, 422, "invalid"),
            (f"{path}/cancellation-quotes", {"items": [1]}, 422, "invalid"),
            (f"{path}/cancellation-quotes", {"items": [-1]}, 422, "invalid"),
            (f"{path}/cancellation-quotes", {"items": "all"}, 422, "invalid"),
        )
        for where, body, status, code in refused:
            answer = await desk.post(where, body)
            assert (answer.status_code, answer.json()["code"]) == (status, code), (body, answer.text)
        for where, body in ((f"{path}/cancel", {"quote_id": newer["id"]}), (f"{path}/cancellation-quotes", {})):
            assert (await desk.post(where, body, person=desk.house.other_guest)).status_code == 404
        without = await desk.house.client.post(
            f"{path}/cancel", json={"quote_id": newer["id"]}, headers=desk.house.guest.headers
        )
        assert (without.status_code, without.json()["code"]) == (400, "idempotency_key_missing")

    async def test_have_a_curve(self, desk):
        path, booking = await desk.booked()
        answer = await desk.get(f"{path}/refund-curve")
        assert answer.status_code == 200
        curve = answer.json()
        assert curve["total"] == booking["price"]["total"]
        assert curve["steps"][0]["refund"] == curve["total"]
        assert curve["points"][0]["at"] == booking["created_at"]
        assert (await desk.get(f"{path}/refund-curve", person=desk.house.other_guest)).status_code == 404


class TestChanges:
    async def test_hold_the_new_nights_and_take_the_place_of_the_old(self, desk):
        path, booking = await desk.booked()
        wish = desk.wish()
        key = desk.key()
        placed = await desk.post(f"{path}/changes", {"items": [wish]}, key=key)
        assert placed.status_code == 201, placed.text
        change = placed.json()
        assert change["hold"]["state"] == "held"
        assert change["items"][0]["check_in"] == wish["check_in"]
        assert (
            change["difference"]["amount"] == change["price"]["total"]["amount"] - booking["price"]["total"]["amount"]
        )
        assert change["payable"]["amount"] == 0
        again = await desk.post(f"{path}/changes", {"items": [wish]}, key=key)
        assert (again.content, again.headers["idempotent-replayed"]) == (placed.content, "true")
        assert (await desk.get(f"{path}/changes/{change['id']}")).json() == change
        assert (await desk.get(path)).json() == booking
        done = await desk.post(f"{path}/changes/{change['id']}/confirm", {})
        assert done.status_code == 200, done.text
        now = (await desk.get(path)).json()
        assert (now["items"], now["price"]) == (change["items"], change["price"])
        assert (await desk.get(f"{path}/changes/{change['id']}")).json()["hold"]["state"] == "confirmed"

    async def test_into_full_nights_keep_the_old_place(self, desk):
        taken = desk.wish()
        await desk.booked(taken)
        path, booking = await desk.booked()
        answer = await desk.post(f"{path}/changes", {"items": [taken]})
        assert (answer.status_code, answer.json()["code"]) == (409, "sold_out")
        assert (await desk.get(path)).json() == booking

    async def test_are_refused_by_name(self, desk):
        path, booking = await desk.booked()
        [stay] = booking["items"]
        same = {name: stay[name] for name in ("kind", "property_id", "check_in", "check_out", "guests")}
        refused = (
            ([desk.wish(property_id=NOWHERE)], 404, "not_found"),
            ([same], 422, "invalid"),
            ([], 422, "invalid"),
            ([desk.wish(), desk.wish()], 422, "invalid"),
            ([desk.wish(guests=40)], 422, "rule_violation"),
            ([desk.wish() | {"price": 1}], 422, "invalid"),
        )
        for items, status, code in refused:
            answer = await desk.post(f"{path}/changes", {"items": items})
            assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
        for person in (desk.house.other_guest, desk.house.owner):
            assert (await desk.post(f"{path}/changes", {"items": [desk.wish()]}, person=person)).status_code == 404
        assert (await desk.get(f"{path}/changes/change_none")).status_code == 404
