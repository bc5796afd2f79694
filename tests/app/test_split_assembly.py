"""The whole product with tables in a database of their own: what runs, what follows what, and who sees it."""

from datetime import timedelta

import pytest

from holdfast.accounts.api import Role
from holdfast.app.errors import CannotStart
from holdfast.app.modules import MODULES, assemble
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from support.dining import room, table
from support.polling import eventually
from support.product import SECRET, product
from support.visitors import home, stay


@pytest.fixture
def urls(tmp_path, monkeypatch):
    elsewhere = f"sqlite:///{tmp_path}/dining.db"
    monkeypatch.setenv("HOLDFAST_BOOKING_DINING_DATABASE_URL", elsewhere)
    return f"sqlite:///{tmp_path}/rest.db", elsewhere


async def made(house, owner, path, body):
    answer = await house.client.post(path, json=body, headers=owner.with_key(path))
    assert answer.status_code == 201, answer.text
    return answer.json()


class TestASplit:
    async def test_runs_booking_once_more(self, urls):
        rest, elsewhere = urls
        settings = Settings(database_url=rest)
        assembly = await assemble(settings, Keyring(SECRET))
        try:
            assert set(assembly.running) == {module.name for module in MODULES} | {"booking.dining"}
            assert assembly.runs_all
            assert assembly.running["booking.dining"].url == elsewhere
            followed = {(each.subscription.name, each.subscription.source) for each in assembly.relays()}
            assert followed >= {
                ("sagas.booking", "booking"),
                ("sagas.booking@dining", "booking.dining"),
                ("search.tables@dining", "booking.dining"),
                ("booking.trips@dining", "booking.dining"),
            }
            assert database_urls(settings, RunSettings()) == [rest, elsewhere]
        finally:
            await assembly.stop()

    async def test_into_one_database_is_none(self, urls):
        _, elsewhere = urls
        assembly = await assemble(Settings(database_url=elsewhere), Keyring(SECRET))
        try:
            assert set(assembly.running) == {module.name for module in MODULES}
        finally:
            await assembly.stop()

    async def test_of_two_kinds_may_share_a_database(self, urls, monkeypatch):
        rest, elsewhere = urls
        monkeypatch.setenv("HOLDFAST_BOOKING_FLIGHTS_DATABASE_URL", elsewhere)
        assembly = await assemble(Settings(database_url=rest), Keyring(SECRET))
        try:
            assert [name for name in assembly.running if "." in name] == ["booking.dining"]
            names = {each.subscription.name for each in assembly.relays()}
            assert "booking.flights" in names
        finally:
            await assembly.stop()

    async def test_sells_a_trip_and_shows_its_parts(self, urls):
        rest, _ = urls
        async with product(rest) as house:
            owner, guest = await house.person("olga", Role.OWNER), await house.person("gina")
            place = (await made(house, owner, "/v1/owner/properties", home()))["id"]
            diner = (await made(house, owner, "/v1/owner/restaurants", room()))["id"]

            today = house.clock.today("UTC")

            async def has_stock():
                found = await house.door("booking").stock(
                    property_ids=[place], first=today, end=today + timedelta(days=1)
                )
                return bool(found.get(place))

            await eventually(has_stock)
            quote = await made(house, guest, "/v1/quotes", {"items": [table(diner, 30), stay(place, 30)]})
            assert [item["kind"] for item in quote["items"]] == ["stay", "table"]
            checked = await house.client.post("/v1/quotes/verify", json={"signed": quote["signed"]})
            assert checked.json()["holds"], checked.text
            hold = await made(house, guest, "/v1/holds", {"quote_id": quote["id"]})
            body = {"hold_id": hold["id"], "hold_token": hold["token"], "payment": {"method": "at_property"}}
            reference = (await made(house, guest, "/v1/bookings", body))["reference"]
            shown = await house.client.get(f"/v1/bookings/{reference}", headers=guest.headers)
            assert [(part["state"], part["items"]) for part in shown.json()["parts"]] == [
                ("confirmed", [0]),
                ("confirmed", [1]),
            ]
            theirs = await house.client.get("/v1/owner/bookings", headers=owner.headers)
            assert len(theirs.json()["items"]) == 2
            report = await house.door("booking").verify()
            assert (report.breaches, report.bookings) == ((), 2)
            chains = house.assembly.activity()
            assert chains["booking.dining"].module == "booking.dining"
            for each in chains.values():
                await each.seal()
                assert (await each.verify()).breaches == ()

    async def test_that_would_sell_again_what_is_sold_does_not_start(self, urls, monkeypatch):
        rest, _ = urls
        monkeypatch.delenv("HOLDFAST_BOOKING_DINING_DATABASE_URL")
        async with product(rest) as house:
            owner, guest = await house.person("olga", Role.OWNER), await house.person("gina")
            diner = (await made(house, owner, "/v1/owner/restaurants", room()))["id"]
            quote = await made(house, guest, "/v1/quotes", {"items": [table(diner, 30)]})
            await made(house, guest, "/v1/holds", {"quote_id": quote["id"]})
        monkeypatch.setenv("HOLDFAST_BOOKING_DINING_DATABASE_URL", urls[1])
        with pytest.raises(CannotStart, match=f"table:{diner}"):
            async with product(rest):
                pass
