"""Why-not over HTTP: what it answers, and that a quote takes its alternatives as they are."""

from datetime import timedelta

import pytest

from holdfast.accounts.api import Role
from support.product import product

VILLA, NOWHERE = 2, 4711
ZONE = "America/Los_Angeles"


@pytest.fixture(scope="module")
async def house(tmp_path_factory):
    file = tmp_path_factory.mktemp("why") / "why.db"
    async with product(f"sqlite:///{file}") as running:
        running.owner = await running.person("olga", Role.OWNER)
        running.guest = await running.person("gina")
        await running.import_samples(running.owner)
        yield running


def stay(house, ahead=30, nights=2, **change):
    start = house.clock.today(ZONE) + timedelta(days=ahead)
    wish = {
        "kind": "stay",
        "property_id": VILLA,
        "check_in": start.isoformat(),
        "check_out": (start + timedelta(days=nights)).isoformat(),
        "guests": 2,
        "pets": 0,
    }
    return {**wish, **change}


async def ask(house, *items):
    answer = await house.client.post("/v1/why-not", json={"items": items}, headers=house.guest.headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def quote(house, *items):
    return await house.client.post("/v1/quotes", json={"items": items}, headers=house.guest.headers)


class TestWhyNot:
    async def test_says_that_nothing_stands_against_what_can_be_booked(self, house):
        assert await ask(house, stay(house, 60)) == {
            "bookable": True,
            "reasons": [],
            "items": [{"item": 0, "bookable": True, "change": None, "alternatives": []}],
        }

    async def test_names_what_the_quote_names_first_and_what_opens_it(self, house):
        wish = stay(house, 90, guests=40)
        found = await ask(house, wish)
        refused = (await quote(house, wish)).json()
        [reason], [opening] = found["reasons"], found["items"]
        assert (reason["rule"], reason["detail"]) == (refused["errors"][0]["code"], refused["errors"][0]["detail"])
        assert reason["values"] == {"guests": 40, "guests_max": reason["change"]["guests"]}
        assert (found["bookable"], opening["bookable"], opening["change"]) == (False, False, reason["change"])
        assert (await quote(house, {**wish, **opening["change"]})).status_code == 201

    async def test_gives_alternatives_that_a_quote_takes_as_they_are(self, house):
        wish = stay(house, 120)
        quoted = (await quote(house, wish)).json()
        headers = house.guest.with_key("why-not-1")
        held = await house.client.post("/v1/holds", json={"quote_id": quoted["id"]}, headers=headers)
        assert held.status_code == 201
        [opening] = (await ask(house, wish))["items"]
        assert len(opening["alternatives"]) == 5
        for alternative in opening["alternatives"]:
            again = await quote(house, alternative["item"])
            assert again.status_code == 201, again.text
            assert again.json()["price"]["total"] == alternative["total"]
            assert alternative["item"].keys() == wish.keys()

    async def test_needs_somebody_who_asks(self, house):
        answer = await house.client.post("/v1/why-not", json={"items": [stay(house)]})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")

    async def test_is_refused_for_what_does_not_exist(self, house):
        body = {"items": [stay(house, property_id=NOWHERE)]}
        answer = await house.client.post("/v1/why-not", json=body, headers=house.guest.headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    @pytest.mark.parametrize("items", [[], [{}], ["stay"]])
    async def test_is_refused_without_items(self, house, items):
        answer = await house.client.post("/v1/why-not", json={"items": items}, headers=house.guest.headers)
        assert answer.status_code == 422

    async def test_takes_five_items_and_no_more(self, house):
        answer = await house.client.post(
            "/v1/why-not", json={"items": [stay(house, 200 + n) for n in range(6)]}, headers=house.guest.headers
        )
        assert answer.status_code == 422
        assert len((await ask(house, *[stay(house, 200 + 3 * n) for n in range(5)]))["items"]) == 5
