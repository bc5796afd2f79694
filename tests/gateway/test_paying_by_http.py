"""Paying for a hold and booking it, over HTTP, with the simulator as it is mounted in the product."""

import asyncio

import pytest
from paying import CHALLENGE, DECLINED, NO_FUNDS, payers

from support.polling import eventually


@pytest.fixture(scope="module")
async def house(url):
    async with payers(url) as running:
        running.villa = await running.home()
        running.prepaid = await running.home(pay_at_property=False)
        yield running


@pytest.fixture
async def hold(house):
    """A live hold of a home that wants to be paid before arrival."""
    return await house.hold(house.stay(house.prepaid))


def refusal(answer):
    return answer.status_code, answer.json()["code"]


class TestACard:
    async def test_is_authorised_for_what_the_hold_says_and_taken_once_it_is_a_booking(self, house, hold):
        answer = await house.pay(hold)
        assert answer.status_code == 201
        payment = answer.json()
        assert answer.headers["location"] == f"/v1/payments/{payment['id']}"
        assert (payment["state"], payment["status"], payment["action_url"]) == ("authorised", "pending", None)
        assert payment["amount"] == hold["price"]["total"]
        assert payment["captured"]["amount"] == 0
        assert payment["card"] == {"brand": "visa", "last4": "4242"}
        assert payment["payment_required_by"] == hold["expires_at"]
        assert payment["price_guaranteed_until"] == hold["extendable_until"]

        made = await house.confirm(hold, payment)
        assert made.status_code == 201, made.text
        assert made.json()["payment"] == {"method": "card", "status": "pending", "payment_id": payment["id"]}
        assert (made.json()["state"], made.json()["confirmed_by"]) == ("confirmed", "guest")

        booking = await house.settled(made.json()["reference"], "completed")
        assert booking["price"]["total"] == hold["price"]["total"]
        after = await house.payment(payment)
        assert (after["state"], after["status"]) == ("captured", "completed")
        assert after["captured"] == after["amount"]
        assert after["booking_reference"] == booking["reference"]
        await house.clean()

    @pytest.mark.parametrize(("token", "denial"), [(DECLINED, "card_declined"), (NO_FUNDS, "insufficient_funds")])
    async def test_that_is_refused_charges_nothing_and_leaves_the_hold_for_another(self, house, hold, token, denial):
        answer = await house.pay(hold, token=token)
        assert refusal(answer) == (402, "payment_denied")
        assert answer.json()["denial"] == denial
        refused = await house.confirm(hold, method="card")
        assert refusal(refused) == (402, "payment_required")
        good = await house.paid(hold)
        assert good["attempt"] == 2
        assert (await house.confirm(hold, good)).status_code == 201

    async def test_that_was_denied_pays_for_nothing(self, house, hold):
        denied = (await house.pay(hold, token=DECLINED)).json()
        assert refusal(await house.confirm(hold, {"id": denied["payment_id"]})) == (402, "payment_denied")

    async def test_that_is_kept_pays_again_without_a_token(self, house):
        kept = await house.post("/v1/payment-methods", {"method": "card", "token": "pm_card_mastercard"})
        assert (kept["card"]["brand"], len(kept["card"]["last4"])) == ("mastercard", 4)
        hold = await house.hold(house.stay(house.prepaid))
        payment = await house.paid(hold, token=None, payment_method_id=kept["id"])
        assert payment["state"] == "authorised"
        assert payment["card"] == kept["card"]
        others = await house.get("/v1/payment-methods", who=house.rival)
        assert others["stored"] == []
        theirs = await house.hold(house.stay(house.prepaid), who=house.rival)
        stolen = await house.pay(theirs, who=house.rival, token=None, payment_method_id=kept["id"])
        assert refusal(stolen) == (404, "not_found")
        assert (await house.ask("DELETE", f"/v1/payment-methods/{kept['id']}", who=house.rival)).status_code == 404
        assert (await house.ask("DELETE", f"/v1/payment-methods/{kept['id']}")).status_code == 204
        assert kept["id"] not in {each["id"] for each in (await house.get("/v1/payment-methods"))["stored"]}
        again = await house.hold(house.stay(house.prepaid))
        assert refusal(await house.pay(again, token=None, payment_method_id=kept["id"])) == (404, "not_found")

    async def test_may_be_kept_while_paying(self, house, hold):
        await house.paid(hold, token="pm_card_amex", keep_method=True)

        async def is_kept():
            stored = (await house.get("/v1/payment-methods"))["stored"]
            return "amex" in {each["card"]["brand"] for each in stored}

        await eventually(is_kept)


class TestAChallenge:
    async def test_that_is_approved_pays(self, house, hold):
        payment = await house.paid(hold, token=CHALLENGE, return_url="https://guest.example/back")
        assert payment["state"] == "requires_action"
        assert payment["action_url"].startswith(("http://", "https://", "/"))
        assert payment["payment_required_by"] >= hold["expires_at"]
        assert refusal(await house.confirm(hold, payment)) == (402, "payment_required")
        await house.decide(payment, "approve")
        await house.becomes(payment, "authorised", "captured")
        made = await house.confirm(hold, payment)
        assert made.status_code == 201, made.text
        await house.settled(made.json()["reference"], "completed")

    async def test_that_is_declined_does_not(self, house, hold):
        payment = await house.paid(hold, token=CHALLENGE)
        await house.decide(payment, "decline")
        denied = await house.becomes(payment, "denied")
        assert denied["status"] == "denied"
        assert refusal(await house.confirm(hold, payment)) == (402, "payment_denied")
        assert (await house.get(f"/v1/holds/{hold['id']}"))["state"] == "held"

    async def test_that_is_approved_books_also_if_the_guest_never_comes_back(self, house, hold):
        payment = await house.paid(hold, token=CHALLENGE)
        await house.decide(payment, "approve")

        async def is_booked():
            found = await house.get("/v1/bookings", limit="5")
            mine = [each for each in found["items"] if each["hold_id"] == hold["id"]]
            return mine and mine[0]

        booking = await eventually(is_booked, 15)
        assert booking["confirmed_by"] == "payment"
        late = await house.confirm(hold, payment)
        assert late.status_code == 201, late.text
        assert late.json()["reference"] == booking["reference"]
        assert late.headers["idempotent-replayed"] == "true"
        await house.settled(booking["reference"], "completed")

    async def test_gives_the_hold_its_time_again_once(self, house, hold):
        first = await house.paid(hold, token=CHALLENGE)
        second = await house.paid(hold, token=CHALLENGE)
        assert second["attempt"] == 2
        assert hold["expires_at"] <= first["payment_required_by"] == second["payment_required_by"]
        assert second["payment_required_by"] <= hold["extendable_until"]
        assert (await house.payment(first))["state"] == "voided"

    async def test_that_paypal_asks_for_is_approved_there(self, house, hold):
        payment = await house.paid(hold, method="paypal", token=None, return_url="https://guest.example/back")
        assert (payment["state"], payment["card"]) == ("requires_action", None)
        await house.decide(payment, "approve")
        await house.becomes(payment, "authorised", "captured")
        made = await house.confirm(hold, payment, method="paypal")
        assert made.status_code == 201, made.text
        assert made.json()["payment"]["method"] == "paypal"


class TestAPaymentThatDoesNotFit:
    async def test_is_refused_for_another_hold(self, house, hold):
        other = await house.hold(house.stay(house.prepaid))
        payment = await house.paid(other)
        assert refusal(await house.confirm(hold, payment)) == (422, "payment_mismatch")
        assert (await house.get(f"/v1/holds/{hold['id']}"))["state"] == "held"

    async def test_is_refused_for_another_guest(self, house, hold):
        theirs = await house.hold(house.stay(house.prepaid), who=house.rival)
        payment = await house.paid(theirs, who=house.rival)
        assert refusal(await house.confirm(hold, payment)) == (422, "payment_mismatch")
        answer = await house.ask("GET", f"/v1/payments/{payment['id']}")
        assert refusal(answer) == (404, "not_found")
        answer = await house.ask("DELETE", f"/v1/payments/{payment['id']}")
        assert refusal(answer) == (404, "not_found")

    async def test_is_refused_once_it_was_let_go(self, house, hold):
        payment = await house.paid(hold)
        gone = await house.ask("DELETE", f"/v1/payments/{payment['id']}")
        assert (gone.status_code, gone.json()["state"]) == (200, "voided")
        assert (await house.ask("DELETE", f"/v1/payments/{payment['id']}")).status_code == 200
        assert refusal(await house.confirm(hold, payment)) == (422, "payment_mismatch")

    async def test_is_refused_if_it_is_none(self, house, hold):
        assert refusal(await house.confirm(hold, {"id": "pay_nothing"})) == (422, "payment_mismatch")

    @pytest.mark.parametrize("what", ["other_amount", "other_currency"])
    async def test_is_not_believed_where_the_provider_says_another_sum(self, house, hold, what):
        await house.goes_wrong("create", what)
        answer = await house.pay(hold)
        if answer.status_code == 201:
            assert answer.json()["state"] != "authorised"
            assert (await house.confirm(hold, answer.json())).status_code in {402, 422}
        else:
            assert answer.status_code in {402, 422, 503}
        assert (await house.get(f"/v1/holds/{hold['id']}"))["state"] == "held"

    async def test_cannot_be_let_go_once_it_pays_for_a_booking(self, house):
        _, _, payment = await house.booked(house.stay(house.prepaid))
        answer = await house.ask("DELETE", f"/v1/payments/{payment['id']}")
        assert refusal(answer) == (409, "already_confirmed")


class TestPayingAtTheProperty:
    async def test_needs_no_payment(self, house):
        hold = await house.hold(house.stay(house.villa))
        made = await house.confirm(hold, method="at_property")
        assert made.status_code == 201, made.text
        paid = {"method": "at_property", "status": "due_at_property", "payment_id": None}
        assert made.json()["payment"] == paid

    async def test_is_refused_where_the_home_wants_to_be_paid_before(self, house, hold):
        assert refusal(await house.confirm(hold, method="at_property")) == (402, "payment_required")

    async def test_is_refused_where_one_home_of_a_trip_wants_to_be_paid_before(self, house):
        hold = await house.hold(house.stay(house.villa), house.stay(house.prepaid))
        assert refusal(await house.confirm(hold, method="at_property")) == (402, "payment_required")
        payment = await house.paid(hold)
        assert payment["amount"] == hold["price"]["total"]
        assert (await house.confirm(hold, payment)).status_code == 201

    async def test_makes_no_payment(self, house, hold):
        answer = await house.pay(hold, method="at_property", token=None)
        assert refusal(answer) == (422, "payment_method_unavailable")


class TestWhatIsSent:
    @pytest.mark.parametrize(
        ("wrong", "pointer", "code"),
        [
            ({"amount": 1}, "/amount", "unknown_field"),
            ({"price": {"amount": 1, "currency": "USD"}}, "/price", "unknown_field"),
            ({"currency": "KRW"}, "/currency", "unknown_field"),
            ({"discount": 5_000}, "/discount", "unknown_field"),
            ({"coupon": "HALF"}, "/coupon", "unknown_field"),
            ({"gift_card": "1234"}, "/gift_card", "unknown_field"),
            ({"method": "bitcoin"}, "/method", "invalid_choice"),
            ({"token": ""}, "/token", "too_short"),
            ({"token": "x" * 256}, "/token", "too_long"),
            ({"keep_method": "yes"}, "/keep_method", "type_error"),
            ({"return_url": "javascript:alert(1)"}, "/return_url", "invalid_format"),
            ({"return_url": "https://user:pass@evil.example/"}, "/return_url", "invalid_format"),
            ({"return_url": "//evil.example"}, "/return_url", "invalid_format"),
            ({"payment_method_id": "method_1"}, "/payment_method_id", "invalid_value"),
        ],
    )
    async def test_is_named_where_it_is_wrong(self, house, hold, wrong, pointer, code):
        answer = await house.pay(hold, **wrong)
        assert answer.status_code == 422, answer.text
        assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} >= {(pointer, code)}

    async def test_needs_the_token_of_the_hold(self, house, hold):
        answer = await house.pay(hold | {"token": "wrong"})
        assert refusal(answer) == (404, "not_found")

    async def test_needs_a_hold_of_ones_own(self, house, hold):
        assert refusal(await house.pay(hold, who=house.rival)) == (404, "not_found")

    async def test_needs_a_live_hold(self, house, hold):
        await house.ask("DELETE", f"/v1/holds/{hold['id']}")
        assert refusal(await house.pay(hold)) == (409, "hold_not_active")

    async def test_needs_a_token_for_a_card(self, house, hold):
        answer = await house.pay(hold, token=None)
        assert answer.status_code == 422, answer.text


class TestSendingAgain:
    async def test_with_the_same_key_is_the_same_payment(self, house, hold):
        key = house.fresh_key()
        first = await house.pay(hold, key=key)
        again = await house.pay(hold, key=key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json() == first.json()
        assert again.headers["idempotent-replayed"] == "true"

    async def test_with_the_same_key_finds_the_payment_also_when_the_hold_is_a_booking(self, house, hold):
        key = house.fresh_key()
        first = await house.pay(hold, key=key)
        assert (await house.confirm(hold, first.json())).status_code == 201
        again = await house.pay(hold, key=key)
        assert again.status_code == 201, again.text
        assert again.json()["id"] == first.json()["id"]

    async def test_with_another_key_is_refused_while_the_first_is_authorised(self, house, hold):
        await house.paid(hold)
        assert refusal(await house.pay(hold)) == (409, "payment_in_progress")

    async def test_with_the_same_key_for_something_else_is_refused(self, house, hold):
        key = house.fresh_key()
        assert (await house.pay(hold, key=key)).status_code == 201
        assert refusal(await house.pay(hold, key=key, token="pm_card_mastercard")) == (422, "idempotency_key_reused")

    @pytest.mark.parametrize("what", ["error_after", "error_before", "conflict", "rate_limited"])
    async def test_finds_what_became_of_a_payment_whose_answer_was_lost(self, house, hold, what):
        key = house.fresh_key()
        await house.goes_wrong("create", what)
        first = await house.pay(hold, key=key)
        if first.status_code != 201:
            assert refusal(first) == (503, "payment_outcome_unknown")

        async def is_found():
            again = await house.pay(hold, key=key)
            assert again.status_code == 201, again.text
            return again.json()

        payment = await eventually(is_found, 15)
        assert payment["state"] == "authorised"
        assert (await house.confirm(hold, payment)).status_code == 201
        made = await house.simulator("GET", "books")
        assert made

    async def test_a_confirmation_with_the_same_key_is_the_same_booking(self, house, hold):
        payment = await house.paid(hold)
        key = house.fresh_key()
        first, again = [await house.confirm(hold, payment, key=key) for _ in range(2)]
        assert (first.status_code, again.status_code) == (201, 201)
        assert again.json()["reference"] == first.json()["reference"]
        assert again.headers["idempotent-replayed"] == "true"

    async def test_a_confirmation_with_another_key_is_the_same_booking_by_the_same_payment(self, house, hold):
        payment = await house.paid(hold)
        first = await house.confirm(hold, payment)
        again = await house.confirm(hold, payment)
        assert again.status_code == 201
        assert again.json()["reference"] == first.json()["reference"]
        assert refusal(await house.confirm(hold, method="at_property")) == (409, "already_confirmed")

    async def test_many_at_once_charge_once(self, house, hold):
        answers = await asyncio.gather(*(house.pay(hold) for _ in range(6)))
        assert sorted({each.status_code for each in answers}) == [201, 409]
        good = [each.json() for each in answers if each.status_code == 201]
        assert len(good) == 1
        made = await asyncio.gather(*(house.confirm(hold, good[0]) for _ in range(4)))
        assert {each.status_code for each in made} == {201}
        assert len({each.json()["reference"] for each in made}) == 1
        await house.settled(made[0].json()["reference"], "completed")
        found = await house.get(f"/v1/bookings/{made[0].json()['reference']}/payments")
        assert [each["state"] for each in found["payments"]] == ["captured"]
        await house.clean()


class TestAHoldThatEnds:
    async def test_lets_go_what_was_meant_for_it(self, house, hold):
        payment = await house.paid(hold)
        await house.ask("DELETE", f"/v1/holds/{hold['id']}")
        gone = await house.becomes(payment, "voided")
        assert gone["captured"]["amount"] == 0
        assert refusal(await house.confirm(hold, payment)) == (409, "hold_not_active")
