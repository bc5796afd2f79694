"""A restaurant over HTTP: free tables, notes, the floor, and cards that stand for tables."""

import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from paying import SETTLES_WITHIN_S, payers

from support.principals import principal_of

sys.path.append(str(Path(__file__).parent.parent / "booking"))  # its builders know what a restaurant is

from trip_builder import GUARANTEE, ZONE, restaurant_draft

from support.polling import eventually
from support.product import PASSWORD

NUTS = "One of us must not eat nuts."
DECLINED_LATER = "pm_card_chargeCustomerFail"


class Room:
    """A restaurant of a product."""

    def __init__(self, house, number):
        self.house = house
        self.id = number
        self.day = house.running.clock.today(ZONE) + timedelta(days=3)

    def wish(self, party=2, at="19:00", **more):
        return {
            "kind": "table",
            "restaurant_id": self.id,
            "date": self.day.isoformat(),
            "time": at,
            "party_size": party,
            **more,
        }

    async def book(self, *wishes, **more):
        """Send a confirmation of tables and return the answer, whatever it is."""
        hold = await self.house.hold(*(wishes or (self.wish(),)))
        body = {"hold_id": hold["id"], "hold_token": hold["token"], "payment": {"method": "at_property"}, **more}
        return await self.house.ask("POST", "/v1/bookings", body)

    async def booked(self, *wishes, **more):
        made = await self.book(*wishes, **more)
        assert made.status_code == 201, made.text
        return made.json()["reference"]

    async def ask(self, method, path, body=None, *, who=None, **params):
        return await self.house.ask(
            method, f"/v1/owner/restaurants/{self.id}/{path}", body, who=who or self.house.owner, **params
        )

    async def move(self, reference, state, *, item=0, who=None):
        return await self.house.ask(
            "POST",
            f"/v1/owner/bookings/{reference}/items/{item}/visit",
            {"state": state},
            who=who or self.house.owner,
        )

    async def turn_to(self, at):
        """Let it be this time of the room's day, and everybody log in anew."""
        clock = self.house.running.clock
        then = datetime.combine(self.day, time.fromisoformat(at), ZoneInfo(ZONE))
        clock.advance(max(then - clock.now(), timedelta()))
        house = self.house
        people = {
            "gina": house.guest,
            "rita": house.rival,
            "olga": house.owner,
            "omar": house.other_owner,
            "adam": house.admin,
        }
        for name, person in people.items():
            access = await self.house.door("accounts").log_in(email=f"{name}@example.com", password=PASSWORD)
            person.headers["Authorization"] = f"Bearer {access.token}"


@pytest.fixture(scope="module")
async def house(url):
    async with payers(url) as running:
        yield running


@pytest.fixture
def open_room(house):
    """A function that opens a restaurant."""

    async def make(**terms):
        draft = restaurant_draft(**terms)
        owner = principal_of(house.owner.id, "owner")
        made = await house.door("catalog").restaurants.create(owner=owner, draft=draft)
        return Room(house, made.id)

    return make


@pytest.fixture
async def room(open_room):
    return await open_room()


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def pointers(answer):
    return [error["pointer"] for error in answer.json()["errors"]]


class TestFreeTables:
    async def test_are_shown_to_everybody(self, house, room):
        day = {"date": room.day.isoformat(), "party_size": 2}
        answer = await house.client.get(f"/v1/restaurants/{room.id}/slots", params=day)
        assert answer.status_code == 200, answer.text
        found = answer.json()
        assert (found["date"], found["zone"], found["party_size"]) == (room.day.isoformat(), ZONE, 2)
        first = found["slots"][0]
        assert (first["time"], first["service"], first["minutes"], first["free"]) == ("17:00", "dinner", 90, True)
        assert (first["areas"], first["reasons"]) == (["room", "terrace"], [])
        assert (found["due"]["amount"], found["guarantee"]["amount"]) == (0, 0)

    async def test_say_why_not(self, house, room):
        day = {"date": room.day.isoformat(), "party_size": 9, "area": "moon", "minutes": 20}
        found = (await house.client.get(f"/v1/restaurants/{room.id}/slots", params=day)).json()
        assert [reason["rule"] for reason in found["slots"][0]["reasons"]][:2] == ["party_too_large", "no_such_area"]

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"party_size": "0"}, "#query/party_size"),
            ({"party_size": None}, "#query/party_size"),
            ({"date": "2027-02-30"}, "#query/date"),
            ({"minutes": "1441"}, "#query/minutes"),
            ({"area": ""}, "#query/area"),
            ({"colour": "red"}, "#query/colour"),
        ],
    )
    async def test_are_asked_for_properly(self, house, room, change, pointer):
        day = {"date": room.day.isoformat(), "party_size": "2", **change}
        params = {name: value for name, value in day.items() if value is not None}
        answer = await house.client.get(f"/v1/restaurants/{room.id}/slots", params=params)
        assert answer.status_code == 422
        assert pointers(answer) == [pointer]

    async def test_of_a_restaurant_that_is_not_there_are_not_found(self, house, room):
        day = {"date": room.day.isoformat(), "party_size": 2}
        assert refusal(await house.client.get("/v1/restaurants/4711/slots", params=day)) == (404, "not_found")


class TestNotes:
    async def test_are_kept_with_the_booking_and_changed(self, house, room):
        given = {"item": 0, "notes": "A high chair.", "occasion": "birthday", "dietary": NUTS, "dietary_consent": True}
        reference = await room.booked(notes=[given])
        path = f"/v1/bookings/{reference}"
        found = await house.get(f"{path}/notes")
        [note] = found["items"]
        assert (note["notes"], note["occasion"], note["dietary"]) == ("A high chair.", "birthday", NUTS)
        assert note["consent_version"] == found["consent_version"]
        assert NUTS not in (await house.ask("GET", path)).text
        changed = await house.ask("PUT", f"{path}/items/0/notes", {"notes": "By the window."})
        assert changed.status_code == 200, changed.text
        assert (changed.json()["notes"], changed.json()["dietary"]) == ("By the window.", None)

    async def test_of_a_diet_need_consent(self, house, room):
        answer = await room.book(notes=[{"item": 0, "dietary": NUTS}])
        assert refusal(answer) == (422, "consent_required")
        assert pointers(answer) == ["/notes/0/dietary_consent"]
        assert NUTS not in answer.text
        reference = await room.booked()
        answer = await house.ask("PUT", f"/v1/bookings/{reference}/items/0/notes", {"dietary": NUTS})
        assert refusal(answer) == (422, "consent_required")

    async def test_are_read_by_the_guest_and_the_host_alone(self, house, room):
        reference = await room.booked(notes=[{"item": 0, "dietary": NUTS, "dietary_consent": True}])
        path = f"/v1/bookings/{reference}/notes"
        assert (await house.get(path, who=house.owner))["items"][0]["dietary"] == NUTS
        for nobody in (house.rival, house.other_owner, house.admin):
            assert refusal(await house.ask("GET", path, who=nobody)) == (404, "not_found")


class TestTheFloor:
    async def test_shows_the_day_and_moves_along_with_it(self, house, room):
        reference = await room.booked(notes=[{"item": 0, "dietary": NUTS, "dietary_consent": True}])
        taken = await room.ask(
            "POST",
            "reservations",
            {"date": room.day.isoformat(), "time": "20:00", "party_size": 3, "name": "Ms. Okafor"},
        )
        assert taken.status_code == 201, taken.text
        day = (await room.ask("GET", "timeline", date=room.day.isoformat())).json()
        assert [table["code"] for table in day["tables"]] == ["1", "2", "3", "4"]
        assert [(each["time"], each["party_size"], each["state"], each["source"]) for each in day["parties"]] == [
            ("19:00", 2, "booked", "guest"),
            ("20:00", 3, "booked", "staff"),
        ]
        assert (day["parties"][0]["reference"], day["parties"][0]["dietary"]) == (reference, NUTS)
        assert day["parties"][1] == taken.json()
        await room.turn_to("19:05")
        moved = await room.move(reference, "seated")
        assert (moved.status_code, moved.json()["state"]) == (200, "seated")
        again = await room.move(reference, "arrived")
        assert refusal(again) == (409, "visit_move_refused")
        assert again.json()["state"] == "seated"
        walked = await room.ask("POST", "walk-ins", {"party_size": 2, "table_codes": ["4"]})
        assert walked.status_code == 201, walked.text
        assert (walked.json()["time"], walked.json()["tables"], walked.json()["state"]) == ("19:00", ["4"], "seated")
        full = await room.ask("POST", "walk-ins", {"party_size": 2, "table_codes": ["4"]})
        assert refusal(full) == (409, "sold_out")
        await house.clean()

    async def test_is_the_owners(self, house, room):
        reference = await room.booked()
        day = {"date": room.day.isoformat()}
        assert refusal(await room.ask("GET", "timeline", who=house.guest, **day)) == (403, "forbidden")
        assert refusal(await room.ask("GET", "timeline", who=house.other_owner, **day)) == (404, "not_found")
        assert refusal(await room.move(reference, "arrived", who=house.other_owner)) == (404, "not_found")
        assert refusal(await room.move(reference, "arrived", who=house.guest)) == (403, "forbidden")

    async def test_names_the_rules_against_a_party(self, room):
        refused = await room.ask(
            "POST", "reservations", {"date": room.day.isoformat(), "time": "03:00", "party_size": 2}
        )
        assert refusal(refused) == (422, "rule_violation")
        assert pointers(refused) == ["/time"]


class TestACardThatStandsForATable:
    async def guaranteed(self, house, open_room, token="pm_card_visa", **more):  # noqa: S107 - of a test's card
        room = await open_room(securities=(GUARANTEE,))
        kept = await house.post("/v1/payment-methods", {"method": "card", "token": token})
        return room, await room.booked(guarantee_method_id=kept["id"], **more)

    async def fee_of(self, house, reference, status):
        async def look():
            [fee] = (await house.booking(reference))["fees"]
            assert fee["status"] == status, fee
            return fee

        return await eventually(look, SETTLES_WITHIN_S)

    async def test_is_asked_for(self, house, open_room):
        room = await open_room(securities=(GUARANTEE,))
        answer = await room.book()
        assert refusal(answer) == (402, "guarantee_required")
        assert answer.json()["amount"] == 5_000
        theirs = await house.post("/v1/payment-methods", {"method": "card", "token": "pm_card_visa"}, who=house.rival)
        assert refusal(await room.book(guarantee_method_id=theirs["id"])) == (402, "guarantee_required")

    async def test_is_charged_for_canceling_late(self, house, open_room):
        room, reference = await self.guaranteed(house, open_room)
        await room.turn_to("12:00")
        quote = await house.post(f"/v1/bookings/{reference}/cancellation-quotes", {})
        assert (quote["fee"]["amount"], quote["refund"]["amount"]) == (5_000, 0)
        canceled = await house.post(f"/v1/bookings/{reference}/cancel", {"quote_id": quote["id"]})
        assert [fee["why"] for fee in canceled["fees"]] == ["late_cancellation"]
        fee = await self.fee_of(house, reference, "charged")
        assert fee["amount"] == {"amount": 5_000, "currency": "USD"}
        balance = await house.door("payments").statement(reference=reference)
        assert balance.balances[f"owner:{house.owner.id}"] == {"USD": 5_000}
        await house.clean()

    async def test_is_charged_for_not_coming(self, house, open_room):
        room, reference = await self.guaranteed(house, open_room)
        await room.turn_to("19:20")
        assert (await room.move(reference, "no_show")).status_code == 200
        fee = await self.fee_of(house, reference, "charged")
        assert (fee["why"], fee["denial"]) == ("no_show", None)
        [theirs] = (await house.booking(reference, who=house.owner))["fees"]
        assert theirs == fee
        await house.clean()

    async def test_stays_while_it_stands_for_a_visit(self, house, open_room):
        room = await open_room(securities=(GUARANTEE,))
        kept = await house.post("/v1/payment-methods", {"method": "card", "token": "pm_card_visa"})
        reference = await room.booked(guarantee_method_id=kept["id"])
        path = f"/v1/payment-methods/{kept['id']}"
        refused = await house.ask("DELETE", path)
        assert (refusal(refused), refused.json()["bookings"]) == ((409, "payment_method_in_use"), [reference])
        await room.turn_to("19:00")
        for state in ("arrived", "seated", "done"):
            assert (await room.move(reference, state)).status_code == 200
        assert (await house.ask("DELETE", path)).status_code == 204

    async def test_shows_its_fee_on_the_curve(self, house, open_room):
        room, reference = await self.guaranteed(house, open_room)
        curve = (await house.ask("GET", f"/v1/bookings/{reference}/refund-curve")).json()
        fees = [step["fee"]["amount"] for step in curve["steps"]]
        assert (fees[0], fees[-1], curve["steps"][-1]["until"]) == (0, 5_000, None)
        await room.turn_to("12:00")
        quote = await house.post(f"/v1/bookings/{reference}/cancellation-quotes", {})
        assert quote["fee"]["amount"] == fees[-1]

    async def test_gets_its_fee_back_of_the_owners_own_accord(self, house, open_room):
        room, reference = await self.guaranteed(house, open_room)
        await room.turn_to("19:20")
        await room.move(reference, "no_show")
        fee = await self.fee_of(house, reference, "charged")
        path = f"/v1/owner/bookings/{reference}/refunds"
        body = {"amount": 5_000, "currency": "USD", "reason": "You did call.", "fee": fee["turn"]}
        assert refusal(await house.ask("POST", path, body | {"fee": 2}, who=house.owner)) == (422, "invalid")
        assert refusal(await house.ask("POST", path, body | {"fee": None}, who=house.owner)) == (
            409,
            "payment_not_captured",
        )
        too_much = await house.ask("POST", path, body | {"amount": 5_001}, who=house.owner)
        assert refusal(too_much) == (422, "refund_exceeds_capture")
        given = await house.ask("POST", path, body, who=house.owner)
        assert given.status_code == 201, given.text
        balance = (await house.door("payments").statement(reference=reference)).balances
        assert balance.get(f"owner:{house.owner.id}", {}).get("USD", 0) == 0
        await house.clean()

    async def test_that_does_not_pay_leaves_the_booking_as_it_is(self, house, open_room):
        room, reference = await self.guaranteed(house, open_room, DECLINED_LATER)
        await room.turn_to("19:20")
        await room.move(reference, "no_show")
        fee = await self.fee_of(house, reference, "denied")
        assert fee["denial"] == "card_declined"
        assert (await house.booking(reference))["state"] == "confirmed"
        await house.clean()
