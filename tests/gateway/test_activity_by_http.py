"""Everybody sees what they did, owners what was done to theirs, operators all; over HTTP and on the command line."""

import csv
import json
import sqlite3
from contextlib import closing
from io import StringIO

import pytest
from paying import payers

from support.process import run_holdfast


@pytest.fixture(scope="module")
async def house(url):
    async with payers(url) as running:
        yield running


async def everything(house, path, *, who, **asked):
    """All pages of a list."""
    found, cursor = [], None
    while True:
        page = await house.get(path, who=who, limit=2, **asked, **({"cursor": cursor} if cursor else {}))
        assert len(page["items"]) <= 2
        found += page["items"]
        if (cursor := page["next_cursor"]) is None:
            return found


async def booked(house):
    """A home of the owner's, and a booking of it that the guest canceled."""
    home = await house.home()
    hold = await house.hold(house.stay(home))
    made = await house.confirm(hold, method="at_property")
    assert made.status_code == 201, made.text
    booking = made.json()
    await cancel(house, booking)
    return home, booking


async def cancel(house, booking):
    path = f"/v1/bookings/{booking['reference']}"
    quote = await house.post(f"{path}/cancellation-quotes", {})
    await house.post(f"{path}/cancel", {"quote_id": quote["id"]})


class TestMyActivity:
    async def test_is_what_i_did_newest_first_on_pages_and_from_where(self, house):
        _, booking = await booked(house)
        mine = await everything(house, "/v1/me/activity", who=house.guest)
        assert len({each["id"] for each in mine}) == len(mine)
        assert [each["at"] for each in mine] == sorted((each["at"] for each in mine), reverse=True)
        of_it = [each for each in mine if each["object"] and each["object"]["id"] == booking["reference"]]
        assert [each["kind"] for each in of_it] == ["booking.canceled", "booking.booked"]
        assert {each["by"] for each in of_it} == {"you"}
        assert all(each["origin"]["request_id"] for each in of_it)

    async def test_shows_what_others_did_that_concerns_me_and_not_from_where(self, house):
        home = await house.home(instant=False)
        hold = await house.hold(house.stay(home))
        payment = await house.paid(hold)
        reference = (await house.confirm(hold, payment)).json()["reference"]
        await house.post(f"/v1/owner/bookings/{reference}/decline", {}, who=house.owner)
        [declined, *_] = await everything(house, "/v1/me/activity", who=house.guest)
        assert (declined["kind"], declined["by"], declined["origin"]) == ("booking.declined", "somebody", None)
        assert str(house.owner.id) not in json.dumps(declined["details"])

    async def test_is_nobody_elses(self, house):
        await booked(house)
        strangers = await everything(house, "/v1/me/activity", who=house.rival)
        assert not [each for each in strangers if each["kind"].startswith("booking.")]
        page = await house.get("/v1/me/activity", who=house.guest, limit=1)
        answer = await house.ask("GET", "/v1/me/activity", who=house.rival, limit=1, cursor=page["next_cursor"])
        assert (answer.status_code, answer.json()["code"]) == (400, "cursor_invalid")
        assert (await house.client.get("/v1/me/activity")).status_code == 401


class TestTheTrailOfAThing:
    async def test_is_its_owners(self, house):
        home, booking = await booked(house)
        of_home = {"object_kind": "property", "object_id": str(home)}
        found = await everything(house, "/v1/owner/activity", who=house.owner, **of_home)
        assert [(each["kind"], each["account_id"]) for each in found] == [("property.created", house.owner.id)]
        of_booking = {"object_kind": "booking", "object_id": booking["reference"]}
        found = await everything(house, "/v1/owner/activity", who=house.owner, **of_booking)
        assert [each["kind"] for each in found] == ["booking.canceled", "booking.booked"]
        assert {each["account_id"] for each in found} == {house.guest.id}
        assert not [each for each in found if "origin" in each]
        for asked in (of_home, of_booking):
            answer = await house.ask("GET", "/v1/owner/activity", who=house.other_owner, **asked)
            assert answer.status_code == 404
            assert (await house.ask("GET", "/v1/owner/activity", who=house.guest, **asked)).status_code == 403

    @pytest.mark.parametrize("number", ["0", "-1", "x", "²", "99999999999999999999", "1.5"])
    async def test_of_what_is_not_there_is_not_found(self, house, number):
        for kind in ("property", "restaurant", "flight", "booking"):
            asked = {"object_kind": kind, "object_id": number}
            assert (await house.ask("GET", "/v1/owner/activity", who=house.owner, **asked)).status_code == 404


class TestAllActivity:
    async def test_is_for_operators_by_account_thing_kind_and_time(self, house):
        _, booking = await booked(house)
        for who in (house.guest, house.owner):
            assert (await house.ask("GET", "/v1/admin/activity", who=who)).status_code == 403
        asked = {"object_kind": "booking", "object_id": booking["reference"]}
        canceled, made = await everything(house, "/v1/admin/activity", who=house.admin, **asked)
        assert (made["account_id"], made["subject_id"]) == (house.guest.id, house.guest.id)
        assert made["origin"]["request_id"]
        [again] = await everything(house, "/v1/admin/activity", who=house.admin, kind="booking.booked", **asked)
        assert again == made
        [first] = await everything(house, "/v1/admin/activity", who=house.admin, end=canceled["at"], **asked)
        assert first == made
        of_guest = await everything(house, "/v1/admin/activity", who=house.admin, account_id=house.guest.id)
        assert made in of_guest

    async def test_is_written_for_spreadsheets_too(self, house):
        _, booking = await booked(house)
        asked = {"object_kind": "booking", "object_id": booking["reference"], "format": "csv"}
        answer = await house.ask("GET", "/v1/admin/activity", who=house.admin, **asked)
        assert answer.headers["content-type"].startswith("text/csv")
        canceled, made = csv.DictReader(StringIO(answer.text))
        assert (made["kind"], made["account_id"]) == ("booking.booked", str(house.guest.id))
        assert json.loads(canceled["details"])["whole"] is True

    async def test_never_runs_in_a_spreadsheet(self, house):
        home = await house.home()
        dates = {"first": "2027-05-01", "end": "2027-05-02"}
        answer = await house.client.put(
            f"/v1/owner/properties/{home}/night-stock",
            json={**dates, "closed": True},
            headers={**house.owner.headers, "User-Agent": "=1+1"},
        )
        assert answer.is_success, answer.text
        asked = {"object_kind": "property", "object_id": str(home), "kind": "stock.nights_changed", "format": "csv"}
        written = (await house.ask("GET", "/v1/admin/activity", who=house.admin, **asked)).text
        [row] = csv.DictReader(StringIO(written))
        assert row["device"] == "'=1+1"


class TestIntegrity:
    async def test_shows_the_newest_seal_of_each_module(self, house):
        await booked(house)
        await house.door("booking").verify()
        for records in house.running.assembly.activity().values():
            await records.seal()
        shown = (await house.client.get("/v1/integrity")).json()["activity"]
        assert {"accounts", "booking", "catalog"} <= {seal["module"] for seal in shown}
        for seal in shown:
            newest = await house.running.assembly.activity()[seal["module"]].newest()
            assert (seal["number"], len(seal["hash"])) == (newest.number, 64)


class TestTheCommandLine:
    async def test_exports_and_checks_what_a_stopped_product_has_noted(self, engine_url):
        url = engine_url("sqlite")
        async with payers(url) as house:
            _, booking = await booked(house)
            guest = house.guest.id
        found = run_holdfast("activity", "export", "--account", str(guest), "--database", url)
        assert found.returncode == 0, found.stderr
        lines = [json.loads(line) for line in found.stdout.splitlines()]
        assert {"booking.booked", "booking.canceled"} <= {each["kind"] for each in lines}
        assert booking["reference"] in {each["object_id"] for each in lines}
        late = run_holdfast("activity", "export", "--since", "2999-01-01", "--format", "csv", "--database", url)
        assert late.stdout.splitlines()[1:] == []
        bad = run_holdfast("activity", "export", "--since", "soon", "--database", url)
        assert (bad.returncode, "--since" in bad.stderr) == (2, True)
        self.check_seals(url)

    def check_seals(self, url):
        report = json.loads(run_holdfast("verify", "--json", "--database", url).stdout)
        chains = {each["module"]: each for each in report["activity"]}
        assert all(each["breaches"] == [] for each in chains.values())
        kept = chains["booking"]["newest"]
        seal = f"booking:{kept['number']}:{kept['hash']}"
        assert run_holdfast("verify", "--seal", seal, "--database", url).returncode == 0
        beyond = run_holdfast("verify", "--seal", f"booking:{kept['number'] + 1}:{kept['hash']}", "--database", url)
        assert (beyond.returncode, "activity_cut_off" in beyond.stdout) == (1, True)
        assert run_holdfast("verify", "--seal", "booking", "--database", url).returncode == 2
        path = url.removeprefix("sqlite:///")
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DROP TRIGGER booking_activity_no_update")
            connection.execute("UPDATE booking_activity SET account_id = 1 WHERE id = 1")
        tampered = run_holdfast("verify", "--json", "--database", url)
        assert tampered.returncode == 1, tampered.stderr
        [chain] = [each for each in json.loads(tampered.stdout)["activity"] if each["breaches"]]
        assert chain["module"] == "booking"
        assert [(each["rule"], each["subject"]) for each in chain["breaches"]] == [
            ("activity_changed", "booking activity 1")
        ]
