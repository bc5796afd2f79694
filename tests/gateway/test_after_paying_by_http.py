"""What becomes of paid bookings over HTTP: statements to the cent, requests, changes, cancellations, goodwill."""

import csv
from contextlib import AsyncExitStack
from io import StringIO

import pytest
from paying import CHALLENGE, SETTLES_WITHIN_S, payers

from support.polling import eventually
from support.visitors import usd

BASE, CLEANING = 10_000, 2_500


@pytest.fixture(scope="module")
async def house(url):
    stack = AsyncExitStack()
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("HOLDFAST_CATALOG_SERVICE_BP", "1000")
        running = await stack.enter_async_context(payers(url))
    async with stack:
        running.villa = await running.home(tax_bp=875, pay_at_property=False)
        running.asking = await running.home(instant=False, pay_at_property=False)
        running.other = await running.home(who=running.other_owner)
        yield running


def refusal(answer):
    return answer.status_code, answer.json()["code"]


def balances(statement):
    """Account -> amount of a statement in one currency."""
    return {each["account"]: each["balance"]["amount"] for each in statement["balances"]}


def amount_of(booking, *kinds):
    return sum(line["amount"]["amount"] for line in booking["price"]["lines"] if line["kind"] in kinds)


async def refunds_of(house, booking):
    found = await house.get(f"/v1/bookings/{booking['reference']}/payments")
    return found["refunds"]


async def given_back(house, booking, *amounts):
    """The refunds of a booking, once these amounts and no others are completed."""

    async def look():
        refunds = await refunds_of(house, booking)
        assert sorted(each["amount"]["amount"] for each in refunds) == sorted(amounts), refunds
        assert {each["state"] for each in refunds} <= {"completed"}, refunds
        return True

    await eventually(look, SETTLES_WITHIN_S)
    return await refunds_of(house, booking)


class TestAStatement:
    async def test_of_a_booking_says_whose_every_cent_is(self, house):
        booking, _, payment = await house.booked(house.stay(house.villa))
        total = booking["price"]["total"]["amount"]
        nights, cleaning = amount_of(booking, "nights"), amount_of(booking, "cleaning")
        service, tax = amount_of(booking, "service"), amount_of(booking, "tax")
        assert (cleaning, nights + cleaning + service + tax) == (CLEANING, total)
        assert min(service, tax) > 0
        statement = await house.get(f"/v1/bookings/{booking['reference']}/statement")
        assert balances(statement) == {
            f"guest:{house.guest.id}": 0,
            f"owner:{house.owner.id}": nights + cleaning,
            "platform:fees": service,
            "provider:simulator": -total,
            "tax": tax,
        }
        assert {each["payment_id"] for each in statement["transfers"]} == {payment["id"]}
        report = await house.clean()
        assert report.payments > 0

    async def test_as_csv_says_the_same(self, house):
        booking, _, _ = await house.booked(house.stay(house.villa))
        path = f"/v1/bookings/{booking['reference']}/statement"
        answer = await house.ask("GET", path, format="csv")
        assert answer.headers["content-type"].startswith("text/csv; charset=utf-8")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.DictReader(StringIO(answer.text)))
        transfers = (await house.get(path))["transfers"]
        assert [(row["debit"], row["credit"], int(row["amount_minor"])) for row in rows] == [
            (each["debit"], each["credit"], each["amount"]["amount"]) for each in transfers
        ]
        assert {row["booking"] for row in rows} == {booking["reference"]}

    async def test_of_a_booking_shows_an_owner_their_own_part(self, house):
        trip = await house.booked(house.stay(house.villa), house.stay(house.other))
        reference = trip[0]["reference"]
        for owner in (house.owner, house.other_owner):
            statement = await house.get(f"/v1/bookings/{reference}/statement", who=owner)
            account = f"owner:{owner.id}"
            assert set(balances(statement)) == {account}
            assert balances(statement)[account] > 0
            assert all(account in {each["debit"], each["credit"]} for each in statement["transfers"])
        assert refusal(await house.ask("GET", f"/v1/bookings/{reference}/statement", who=house.rival))[0] == 404

    async def test_of_an_owner_has_every_sale_of_the_days_asked_for(self, house):
        booking, _, _ = await house.booked(house.stay(house.villa))
        today = house.running.clock.today("UTC")
        span = {"first": today.isoformat(), "end": today.replace(year=today.year + 1).isoformat()}
        statement = await house.get("/v1/owner/statement", who=house.owner, **span)
        assert booking["reference"] in {each["booking_reference"] for each in statement["transfers"]}
        before = {"first": "2020-01-01", "end": "2020-02-01"}
        assert (await house.get("/v1/owner/statement", who=house.owner, **before))["transfers"] == []
        assert (await house.ask("GET", "/v1/owner/statement", **span)).status_code == 403
        as_csv = await house.ask("GET", "/v1/owner/statement", who=house.owner, format="csv", **span)
        assert len(list(csv.DictReader(StringIO(as_csv.text)))) >= len(statement["transfers"])

    async def test_of_a_day_is_for_admins_and_balances(self, house):
        await house.booked(house.stay(house.villa))
        day = {"day": house.running.clock.today("UTC").isoformat(), "zone": "UTC"}
        answer = await house.ask("GET", "/v1/admin/statement", who=house.admin, **day)
        assert answer.headers["content-type"].startswith("text/csv")
        assert len(answer.text.splitlines()) > 2
        statement = await house.get("/v1/admin/statement", who=house.admin, format="json", **day)
        assert sum(each["balance"]["amount"] for each in statement["balances"]) == 0
        assert (await house.ask("GET", "/v1/admin/statement", who=house.owner, **day)).status_code == 403

    @pytest.mark.parametrize(
        ("params", "pointer", "code"),
        [
            ({"first": "2027-02-01", "end": "2027-01-01"}, "#query/end", "empty_or_negative_range"),
            ({"first": "2027-02-01", "end": "2027-02-01"}, "#query/end", "empty_or_negative_range"),
            ({"first": "0001-01-01", "end": "2027-02-01"}, "#query/first", "out_of_range"),
            ({"first": "2027-02-01", "end": "9999-12-31"}, "#query/end", "out_of_range"),
            ({"first": "2027-02-30", "end": "2027-03-01"}, "#query/first", "invalid_date"),
            ({"first": "2027-02-01", "end": "2027-03-01", "zone": "Mars/Olympus"}, "#query/zone", "unknown_zone"),
            ({"first": "2027-02-01", "end": "2027-03-01", "format": "xls"}, "#query/format", "invalid_choice"),
            ({"end": "2027-03-01"}, "#query/first", "missing_field"),
        ],
    )
    async def test_is_not_made_of_what_is_no_time(self, house, params, pointer, code):
        answer = await house.ask("GET", "/v1/owner/statement", who=house.owner, **params)
        assert answer.status_code == 422
        assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {(pointer, code)}


class TestARequest:
    @pytest.fixture
    async def request_made(self, house):
        """A booking that waits for its owner, with the payment that is meant for it."""
        hold = await house.hold(house.stay(house.asking))
        payment = await house.paid(hold)
        answer = await house.confirm(hold, payment)
        assert answer.status_code == 201, answer.text
        return answer.json(), payment

    async def test_waits_with_its_money_authorised_only(self, house, request_made):
        made, payment = request_made
        assert made["state"] == "requested"
        assert made["decide_by"] > made["created_at"]
        assert made["payment"]["status"] == "pending"
        assert (await house.payment(payment))["state"] == "authorised"

    async def test_that_is_accepted_is_paid(self, house, request_made):
        made, payment = request_made
        path = f"/v1/owner/bookings/{made['reference']}"
        assert (await house.ask("POST", f"{path}/accept", who=house.other_owner)).status_code == 404
        await house.post(f"{path}/accept", who=house.owner)
        booking = await house.settled(made["reference"], "completed")
        assert booking["state"] == "confirmed"
        assert (await house.payment(payment))["state"] == "captured"
        key = house.fresh_key()
        for _ in range(2):
            refused = await house.ask("POST", f"{path}/decline", who=house.owner, key=key)
            assert refusal(refused) == (409, "not_requested")
        assert refused.headers["idempotent-replayed"] == "true"

    async def test_that_is_declined_costs_nothing(self, house, request_made):
        made, payment = request_made
        await house.post(f"/v1/owner/bookings/{made['reference']}/decline", who=house.owner)
        gone = await house.becomes(payment, "voided")
        assert gone["captured"]["amount"] == 0
        assert (await house.booking(made["reference"]))["state"] == "declined"
        await house.clean()


class TestAChange:
    async def test_to_more_nights_is_paid_before_it_holds(self, house):
        booking, _, _ = await house.booked(house.stay(house.villa, nights=2))
        [stay] = booking["items"]
        wish = house.stay(house.villa, nights=3)
        change = await house.post(f"/v1/bookings/{booking['reference']}/changes", {"items": [wish]})
        confirm = f"/v1/bookings/{booking['reference']}/changes/{change['id']}/confirm"
        assert change["difference"]["amount"] == change["payable"]["amount"] > 0
        assert refusal(await house.ask("POST", confirm, {})) == (402, "payment_required")
        assert refusal(await house.ask("POST", confirm, {"payment": {"method": "at_property"}})) == (
            402,
            "payment_required",
        )
        assert (await house.booking(booking["reference"]))["items"] == [stay]
        payment = await house.paid(change["hold"])
        assert payment["amount"] == change["payable"]
        paid = {"payment": {"method": "card", "payment_id": payment["id"]}}
        key = house.fresh_key()
        first, again = [await house.ask("POST", confirm, paid, key=key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (200, 200), (first.text, again.text)
        assert again.headers["idempotent-replayed"] == "true"
        await house.becomes(payment, "captured")
        after = await house.booking(booking["reference"])
        assert after["price"]["total"] == change["price"]["total"]
        assert [each["check_in"] for each in after["items"]] == [wish["check_in"]]
        found = await house.get(f"/v1/bookings/{booking['reference']}/payments")
        assert sum(each["captured"]["amount"] for each in found["payments"]) == after["price"]["total"]["amount"]
        await self.is_even(house, after)

    async def test_to_fewer_nights_gives_back_the_difference(self, house):
        booking, _, _ = await house.booked(house.stay(house.villa, nights=4))
        wish = house.stay(house.villa, nights=2)
        change = await house.post(f"/v1/bookings/{booking['reference']}/changes", {"items": [wish]})
        back = change["refund"]["amount"]
        assert 0 < back <= -change["difference"]["amount"]
        assert change["payable"]["amount"] == 0
        confirm = f"/v1/bookings/{booking['reference']}/changes/{change['id']}/confirm"
        assert (await house.ask("POST", confirm, {})).status_code == 200
        await given_back(house, booking, back)
        await self.is_even(house, await house.booking(booking["reference"]), given_back=back)

    async def test_that_is_not_there_is_not_confirmed(self, house):
        booking, _, _ = await house.booked(house.stay(house.villa))
        path = f"/v1/bookings/{booking['reference']}/changes/change_none/confirm"
        assert refusal(await house.ask("POST", path, {})) == (404, "not_found")
        assert refusal(await house.ask("POST", path, {}, who=house.rival)) == (404, "not_found")

    @staticmethod
    async def is_even(house, booking, given_back=None):
        """What the provider holds for the booking is what everybody together has got for it."""

        async def look():
            found = balances(await house.get(f"/v1/bookings/{booking['reference']}/statement"))
            held = -found.pop("provider:simulator")
            assert found.pop(f"guest:{house.guest.id}") == 0
            assert held == sum(found.values())
            if given_back is None:
                assert held == booking["price"]["total"]["amount"]
            return True

        await eventually(look, SETTLES_WITHIN_S)
        await house.clean()


class TestACancellation:
    async def test_gives_back_what_its_quote_says_to_the_cent(self, house):
        booking, _, payment = await house.booked(house.stay(house.villa))
        path = f"/v1/bookings/{booking['reference']}"
        quote = await house.post(f"{path}/cancellation-quotes", {})
        back = quote["refund"]["amount"]
        assert back == sum(line["refund"]["amount"] for line in quote["lines"]) > 0
        cancelled = await house.post(f"{path}/cancel", {"quote_id": quote["id"]})
        assert (cancelled["state"], cancelled["refund"]["amount"]) == ("cancelled", back)
        [refund] = await given_back(house, booking, back)
        assert (refund["reason"], refund["payment_id"]) == ("cancelled", payment["id"])
        after = await house.payment(payment)
        assert after["refunded"]["amount"] == back
        found = balances(await house.get(f"{path}/statement"))
        assert -found["provider:simulator"] == booking["price"]["total"]["amount"] - back
        assert sum(found.values()) == 0
        if back == booking["price"]["total"]["amount"]:
            assert after["status"] == "refunded"
            await house.settled(booking["reference"], "refunded")
        await house.clean()

    async def test_right_after_confirming_ends_with_nothing_taken(self, house):
        hold = await house.hold(house.stay(house.villa))
        payment = await house.paid(hold)
        made = (await house.confirm(hold, payment)).json()
        path = f"/v1/bookings/{made['reference']}"
        quote = await house.post(f"{path}/cancellation-quotes", {})
        await house.post(f"{path}/cancel", {"quote_id": quote["id"]})

        async def has_it_back():
            found = await house.payment(payment)
            kept = found["captured"]["amount"] - found["refunded"]["amount"]
            assert found["state"] in {"captured", "voided"}
            assert kept == hold["price"]["total"]["amount"] - quote["refund"]["amount"], found
            return all(each["state"] == "completed" for each in found["refunds"])

        await eventually(has_it_back, SETTLES_WITHIN_S)
        await house.clean()


class TestGoodwill:
    @pytest.fixture
    async def booking(self, house):
        return (await house.booked(house.stay(house.villa)))[0]

    @staticmethod
    def wanted(amount=1_000, **changes):
        return usd(amount) | {"reason": "The heating failed."} | changes

    async def test_comes_out_of_the_owners_part(self, house, booking):
        path = f"/v1/owner/bookings/{booking['reference']}/refunds"
        before = balances(await house.get(f"/v1/bookings/{booking['reference']}/statement"))
        key = house.fresh_key()
        first, again = [await house.ask("POST", path, self.wanted(), who=house.owner, key=key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201), (first.text, again.text)
        assert again.json()["id"] == first.json()["id"]
        assert again.headers["idempotent-replayed"] == "true"
        await given_back(house, booking, 1_000)
        after = balances(await house.get(f"/v1/bookings/{booking['reference']}/statement"))
        owner = f"owner:{house.owner.id}"
        moved = {account: after[account] - before[account] for account in after if after[account] != before[account]}
        assert moved == {owner: -1_000, "provider:simulator": 1_000}
        other = await house.ask("POST", path, self.wanted(2_000), who=house.owner, key=key)
        assert refusal(other) == (422, "idempotency_key_reused")
        await house.clean()

    async def test_is_at_most_the_owners_part_to_the_cent(self, house, booking):
        path = f"/v1/owner/bookings/{booking['reference']}/refunds"
        part = balances(await house.get(f"/v1/bookings/{booking['reference']}/statement"))[f"owner:{house.owner.id}"]
        refused = await house.ask("POST", path, self.wanted(part + 1), who=house.owner)
        assert refusal(refused) == (422, "refund_exceeds_capture")
        assert refused.json()["remaining"] == part
        assert (await house.ask("POST", path, self.wanted(part), who=house.owner)).status_code == 201
        await given_back(house, booking, part)
        refused = await house.ask("POST", path, self.wanted(1), who=house.owner)
        assert (refusal(refused), refused.json()["remaining"]) == ((422, "refund_exceeds_capture"), 0)

    async def test_is_for_those_who_run_the_property(self, house, booking):
        path = f"/v1/owner/bookings/{booking['reference']}/refunds"
        assert (await house.ask("POST", path, self.wanted(), who=house.guest)).status_code == 403
        assert (await house.ask("POST", path, self.wanted(), who=house.other_owner)).status_code == 404
        theirs, _, _ = await house.booked(house.stay(house.villa), who=house.other_owner)
        own = f"/v1/owner/bookings/{theirs['reference']}/refunds"
        as_guest = await house.ask("POST", own, self.wanted(), who=house.other_owner)
        assert refusal(as_guest) == (404, "not_found")

    async def test_of_an_admin_comes_from_the_platform(self, house, booking):
        path = f"/v1/owner/bookings/{booking['reference']}/refunds"
        assert (await house.ask("POST", path, self.wanted(), who=house.admin)).status_code == 201
        await given_back(house, booking, 1_000)
        found = balances(await house.get(f"/v1/bookings/{booking['reference']}/statement"))
        assert found["platform:fees"] == amount_of(booking, "service") - 1_000
        over = await house.ask("POST", path, self.wanted(booking["price"]["total"]["amount"]), who=house.admin)
        assert refusal(over) == (422, "refund_exceeds_capture")

    async def test_is_not_given_for_what_was_paid_at_the_property(self, house):
        hold = await house.hold(house.stay(house.other))
        made = (await house.confirm(hold, method="at_property")).json()
        path = f"/v1/owner/bookings/{made['reference']}/refunds"
        assert refusal(await house.ask("POST", path, self.wanted(), who=house.other_owner)) == (
            409,
            "payment_not_captured",
        )

    async def test_and_a_cancellation_give_back_no_more_than_was_paid(self, house, booking):
        path = f"/v1/owner/bookings/{booking['reference']}/refunds"
        assert (await house.ask("POST", path, self.wanted(), who=house.owner)).status_code == 201
        await given_back(house, booking, 1_000)
        quote = await house.post(f"/v1/bookings/{booking['reference']}/cancellation-quotes", {})
        await house.post(f"/v1/bookings/{booking['reference']}/cancel", {"quote_id": quote["id"]})

        async def is_over():
            refunds = await refunds_of(house, booking)
            total = sum(each["amount"]["amount"] for each in refunds if each["state"] == "completed")
            assert total == min(quote["refund"]["amount"] + 1_000, booking["price"]["total"]["amount"]), refunds
            return True

        await eventually(is_over, SETTLES_WITHIN_S)
        await house.clean()


class TestWhatDidNotGoTheOrdinaryWay:
    async def test_is_told_to_guest_and_owner(self, house):
        hold = await house.hold(house.stay(house.villa))
        payment = await house.paid(hold, token=CHALLENGE)
        await house.decide(payment, "approve")

        async def has_case():
            return (await house.payment(payment))["cases"]

        [case] = await eventually(has_case, SETTLES_WITHIN_S)
        assert (case["kind"], case["payment_id"]) == ("paid_in_time", payment["id"])

        async def is_booked():
            return (await house.payment(payment))["booking_reference"]

        reference = await eventually(is_booked, SETTLES_WITHIN_S)
        for who in (house.guest, house.owner):
            found = await house.get(f"/v1/bookings/{reference}/payments", who=who)
            assert [each["kind"] for each in found["cases"]] == ["paid_in_time"]
            assert {each["outcome"] for each in found["cases"]} == {"booked"}
            [shown] = found["payments"]
            assert (shown["card"] is None) == (who is house.owner)
        assert (await house.ask("GET", f"/v1/bookings/{reference}/payments", who=house.rival)).status_code == 404
