"""Signed quotes, refund curves and requests over HTTP."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from holdfast.accounts.api import Role
from support.principals import principal_of
from support.product import product

VILLA = 2


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("promises") / "promises.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.other_owner = await running.person("omar", Role.OWNER)
        running.guest = await running.person("gina")
        running.other_guest = await running.person("gert")
        await running.import_samples(running.owner)
        running.given = 0
        yield running


@pytest.fixture
def wish(house):
    def fresh(**change):
        house.given += 7
        start = house.clock.today("UTC") + timedelta(days=20 + house.given)
        dates = {"check_in": start.isoformat(), "check_out": (start + timedelta(days=2)).isoformat()}
        return {"kind": "stay", "property_id": VILLA, "guests": 2, **dates, **change}

    return fresh


@pytest.fixture
def quote(house, wish):
    async def ask(**change):
        body = {"items": [wish(**change)]}
        answer = await house.client.post("/v1/quotes", json=body, headers=house.guest.headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    return ask


def key(house):
    house.given += 1
    return f"key-{house.given}"


async def held(house, quoted):
    answer = await house.client.post(
        "/v1/holds", json={"quote_id": quoted["id"]}, headers=house.guest.with_key(key(house))
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


@pytest.fixture
async def requested(house, quote):
    """A function that makes a request to book; the villa asks while it does."""

    async def ask(*, instant=False):
        catalog = house.door("catalog")

        async def switch(*, to):
            [made] = await catalog.get_many(ids=[VILLA])
            draft = replace(made.draft, terms=replace(made.draft.terms, instant=to))
            await catalog.replace(owner=_principal(house.owner), property_id=VILLA, draft=draft, version=made.version)

        await switch(to=instant)
        try:
            hold = await held(house, await quote())
        finally:
            await switch(to=True)
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "payment": {"method": "at_property"}}
        answer = await house.client.post("/v1/bookings", json=body, headers=house.guest.with_key(key(house)))
        assert answer.status_code == 201, answer.text
        return answer.json()["reference"]

    return ask


def _principal(person):
    return principal_of(person.id, "owner")


class TestASignedQuote:
    async def test_is_checked_by_whoever_asks(self, house, quote):
        quoted = await quote()
        answer = await house.client.post("/v1/quotes/verify", json={"signed": quoted["signed"]})
        total = quoted["price"]["total"]
        assert answer.json() == {"holds": True, "quote_id": quoted["id"], "total": total, "faults": []}

    async def test_that_was_touched_says_nothing_more(self, house, quote):
        head, body, signature = (await quote())["signed"].split(".")
        answer = await house.client.post("/v1/quotes/verify", json={"signed": f"{head}.{body}A.{signature}"})
        assert answer.status_code == 200
        found = answer.json()
        assert (found["holds"], found["quote_id"], found["total"]) == (False, None, None)
        assert [fault["what"] for fault in found["faults"]] == ["signature"]

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            ({"signed": "x" * 60_001}, "too_long"),
            ({"signed": 7}, "type_error"),
            ({}, "missing_field"),
            ({"signed": "a.b.c", "total": 1}, "unknown_field"),
        ],
    )
    async def test_has_bounds(self, house, body, code):
        answer = await house.client.post("/v1/quotes/verify", json=body)
        assert answer.status_code == 422
        assert [error["code"] for error in answer.json()["errors"]] == [code]

    async def test_says_by_which_rule_and_inputs_every_line_was_made(self, quote):
        [line] = (await quote())["price"]["lines"]
        assert (line["rule"], line["version"], line["item"]) == ("base_price", 1, 0)
        assert line["inputs"] == {"nights": 2, "unit_minor": 45_000}

    async def test_comes_with_public_keys_that_may_be_kept(self, house):
        answer = await house.client.get("/v1/quote-keys")
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        [published] = answer.json()["keys"]
        assert (published["kty"], published["crv"], published["alg"]) == ("OKP", "Ed25519", "EdDSA")


class TestTheRefundCurveOfAQuote:
    async def test_is_a_table_and_the_corners_of_a_plot(self, house, quote):
        quoted = await quote()
        answer = await house.client.get(f"/v1/quotes/{quoted['id']}/refund-curve", headers=house.guest.headers)
        assert answer.status_code == 200, answer.text
        curve = answer.json()
        assert curve["total"] == quoted["price"]["total"]
        assert [step["until"] is None for step in curve["steps"]] == [False] * (len(curve["steps"]) - 1) + [True]
        for step in curve["steps"]:
            assert step["refund"]["amount"] + step["retained"]["amount"] == curve["total"]["amount"]
            assert step["detail"]
        moments = [datetime.fromisoformat(point["at"]) for point in curve["points"]]
        assert moments == sorted(moments)
        assert moments[0] == datetime.fromisoformat(quoted["created_at"])
        corners = [point["refund_minor"] for point in curve["points"]]
        assert corners[0] == curve["steps"][0]["refund"]["amount"]
        assert corners[-1] == curve["steps"][-1]["refund"]["amount"]

    async def test_is_nobody_elses(self, house, quote):
        path = f"/v1/quotes/{(await quote())['id']}/refund-curve"
        assert (await house.client.get(path, headers=house.other_guest.headers)).status_code == 404
        assert (await house.client.get(path)).status_code == 401


class TestAHold:
    async def test_shows_its_two_ends_and_what_is_payable(self, house, quote):
        quoted = await quote()
        hold = await held(house, quoted)
        assert hold["payment_required_by"] == hold["expires_at"]
        assert hold["price_guaranteed_until"] == hold["extendable_until"]
        assert hold["payable"] == hold["price"]["total"] == quoted["price"]["total"]


class TestARequest:
    async def test_waits_and_is_accepted_by_its_owner(self, house, requested):
        reference = await requested()
        path = f"/v1/owner/bookings/{reference}"
        read = await house.client.get(f"/v1/bookings/{reference}", headers=house.guest.headers)
        assert (read.json()["state"], read.json()["decide_by"] is not None) == ("requested", True)
        same = key(house)
        answers = [
            await house.client.post(f"{path}/accept", headers=house.owner.with_key(same), json={}) for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
        assert answers[0].json() == answers[1].json()
        assert answers[1].headers["Idempotent-Replayed"] == "true"
        assert answers[0].json()["state"] == "confirmed"
        again = await house.client.post(f"{path}/decline", headers=house.owner.with_key(key(house)))
        assert (again.status_code, again.json()["code"]) == (409, "not_requested")

    async def test_is_declined_by_its_owner(self, house, requested):
        reference = await requested()
        path = f"/v1/owner/bookings/{reference}/decline"
        answer = await house.client.post(path, headers=house.owner.with_key(key(house)))
        assert (answer.status_code, answer.json()["state"]) == (200, "declined")

    @pytest.mark.parametrize("verb", ["accept", "decline"])
    async def test_is_decided_by_nobody_else(self, house, requested, verb):
        path = f"/v1/owner/bookings/{await requested()}/{verb}"
        for person, status in ((house.guest, 403), (house.other_guest, 403), (house.other_owner, 404)):
            answer = await house.client.post(path, headers=person.with_key(key(house)))
            assert answer.status_code == status, answer.text
        assert (await house.client.post(path, headers=house.owner.headers)).status_code == 400
        assert (await house.client.post(path)).status_code == 401

    async def test_is_nothing_to_decide_once_booked(self, house, requested):
        path = f"/v1/owner/bookings/{await requested(instant=True)}/accept"
        answer = await house.client.post(path, headers=house.owner.with_key(key(house)))
        assert (answer.status_code, answer.json()["code"]) == (409, "not_requested")
