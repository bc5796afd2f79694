"""Rows 31-39, 55, 61, 64, 98 and 99 as far as they are about payments, refunds, changes and messages of providers.

Of rows 36 to 38: coupons and gift cards are no part of the product, so that a field of that name is refused like any
other unknown one; the discounts there are (an owner's, by length of stay) have their bounds in `rows_values`.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime

from bad_house import BODY_LIMIT_BYTES, JSON, KEPT, Case, Sent

from support.visitors import SECRET, confirmation, usd

NOBODYS_PAYMENT = "pay_00000000000000000000000000"
WEBHOOK_MAX = 262_144


# ------------------------------------------------------------------ paying


def payment_of(hold, **more):
    return {"hold_id": hold["id"], "hold_token": hold["token"], "method": "card", "token": "pm_card_visa", **more}


def pay(hold_of_the_house=None, **more):
    """Pay for a fresh hold, or for one with which something has been done, with more fields than that takes."""

    def send(house):
        hold = house.prepaid_hold() if hold_of_the_house is None else hold_of_the_house(house)
        return Sent("POST", "/v1/payments", payment_of(hold) | more, key=house.key())

    return send


def confirm_by(payment_of_the_house):
    """Confirm a fresh hold by a payment that is not for it."""

    def send(house):
        house.empty_handed()
        payment = payment_of_the_house(house)
        hold = house.prepaid_hold(keep=True)
        return Sent("POST", "/v1/bookings", confirmation(hold, payment), key=house.key())

    return send


def of_another_hold(house):
    return house.people["guest"].paid(house.prepaid_hold())


def of_a_cheaper_hold(house):
    return house.people["guest"].paid(house.hold(property_id=house.villa))


def in_another_currency(house):
    return house.people["guest"].paid(house.hold(property_id=house.in_euros))


def of_another_guest(house):
    return house.people["rival"].paid(house.hold("rival", property_id=house.prepaid))


def of_nobody(house):
    del house
    return {"method": "card", "id": NOBODYS_PAYMENT}


def refunded(house):
    """A payment whose booking was canceled in time: all of it has gone back."""
    guest = house.people["guest"]
    booked = house.bought()
    guest.cancelled(booked["reference"])
    payment = {"method": "card", "id": booked["payment"]["payment_id"]}
    house.quiet(lambda: guest.get(f"/v1/payments/{payment['id']}")["status"] == "refunded")
    return payment


def let_go(house):
    guest = house.people["guest"]
    payment = guest.paid(house.prepaid_hold())
    guest.delete(f"/v1/payments/{payment['id']}")
    return payment


def unapproved(house):
    """Confirm by a payment its guest has yet to approve."""
    hold = house.prepaid_hold()
    payment = house.people["guest"].paid(hold, "pm_card_threeDSecure2Required")
    return Sent("POST", "/v1/bookings", confirmation(hold, payment), key=house.key())


def unpaid(method):
    def send(house):
        body = confirmation(house.prepaid_hold()) | {"payment": {"method": method}}
        return Sent("POST", "/v1/bookings", body, key=house.key())

    return send


def payment_of_another(method):
    def send(house):
        return Sent(method, f"/v1/payments/{of_another_guest(house)['id']}")

    return send


PAYING = [
    *(
        Case(row, f"{name} in a payment", pay(**{name: value}), 422, "unknown_field", f"/{name}")
        for row, name, value in (
            (31, "amount", 1), (31, "price", usd(1)), (31, "total", usd(1)), (31, "discount", 5_000), (31, "tax", 0),
            (31, "currency_rate", 0.5), (31, "payment_portion", 10), (34, "currency", "KRW"), (36, "coupon", "HALF"),
            (37, "coupons", ["HALF", "HALF"]), (38, "gift_card", "GIFT-1"), (61, "state", "captured"),
            (61, "paid", True), (61, "status", "completed"),
        )
    ),
    Case(36, "a coupon in a quote", lambda house: Sent(
        "POST", "/v1/quotes", {"items": [house.wish()], "coupon": "HALF"}), 422, "unknown_field", "/coupon"),
    Case(37, "a coupon in a hold", lambda house: Sent(
        "POST", "/v1/holds", {"quote_id": house.quote()["id"], "coupon": "HALF"}, key=house.key()), 422,
        "unknown_field", "/coupon"),
    Case(38, "a gift card in a confirmation", lambda house: Sent(
        "POST", "/v1/bookings", house.confirmation(gift_card="GIFT-1"), key=house.key()), 422, "unknown_field",
        "/gift_card"),
    Case(55, "nothing paid where payment is due", unpaid("at_property"), 402, "payment_required", may_write=KEPT),
    Case(55, "a card without a payment", unpaid("card"), 402, "payment_required", may_write=KEPT),
    Case(55, "a payment that waits for its guest", unapproved, 402, "payment_required",
         may_write=("payments_payment",)),  # its provider was asked a moment ago
    Case(55, "another hold's payment", confirm_by(of_another_hold), 422, "payment_mismatch", may_write=KEPT),
    Case(55, "a smaller payment", confirm_by(of_a_cheaper_hold), 422, "payment_mismatch", may_write=KEPT),
    Case(55, "a payment in another currency", confirm_by(in_another_currency), 422, "payment_mismatch",
         may_write=KEPT),
    Case(55, "another guest's payment", confirm_by(of_another_guest), 422, "payment_mismatch", may_write=KEPT),
    Case(55, "a payment that was let go", confirm_by(let_go), 422, "payment_mismatch", may_write=KEPT),
    Case(55, "a payment that was refunded", confirm_by(refunded), 422, "payment_mismatch", may_write=KEPT),
    Case(55, "a payment there is not", confirm_by(of_nobody), 422, "payment_mismatch", may_write=KEPT),
    Case(60, "paying for a hold of another", pay(lambda house: house.hold("rival")), 404, "not_found"),
    Case(60, "paying with a token that is not it", pay(lambda house: house.prepaid_hold() | {"token": "x" * 32}), 404,
         "not_found"),
    Case(60, "reading a payment of another", payment_of_another("GET"), 404, "not_found"),
    Case(60, "letting go a payment of another", payment_of_another("DELETE"), 404, "not_found"),
    Case(61, "a state for a payment", lambda house: Sent(
        "PATCH", f"/v1/payments/{of_another_hold(house)['id']}", {"state": "captured"}), 405, "method_not_allowed",
        has=("allow",)),
    Case(65, "a payment without a key", lambda house: Sent(
        "POST", "/v1/payments", payment_of(house.prepaid_hold())), 400, "idempotency_key_missing"),
]  # fmt: skip


# ------------------------------------------------------------------ giving back


def give_back(who="owner", reference=None, **changes):
    """Give goodwill to the guest of a booking that is paid and settled, with some fields changed."""

    def send(house):
        booked = house.paid_booking()
        body = {"amount": 1_000, "currency": "USD", "reason": "The heating failed."} | changes
        if callable(body["amount"]):
            body["amount"] = body["amount"](booked)
        at = reference or booked["reference"]
        return Sent("POST", f"/v1/owner/bookings/{at}/refunds", body, who=who, key=house.key())

    return send


def give_back_at_the_property(house):
    booked = house.booking()
    body = {"amount": 1_000, "currency": "USD", "reason": "The heating failed."}
    return Sent("POST", f"/v1/owner/bookings/{booked['reference']}/refunds", body, who="owner", key=house.key())


def total_of(more):
    return lambda booked: booked["price"]["total"]["amount"] + more


REFUNDS = [
    *(
        Case(35, f"a refund of {amount}", give_back(amount=amount), 422, "out_of_range", "/amount")
        for amount in (0, -1, -1_000, 2**63)
    ),
    Case(35, "a refund of a cent more than was paid", give_back(amount=total_of(1)), 422, "refund_exceeds_capture",
         members=("remaining",)),
    Case(35, "a refund of twice what was paid", give_back(amount=lambda booked: 2 * total_of(0)(booked)), 422,
         "refund_exceeds_capture", members=("remaining",)),
    Case(35, "a refund in another currency", give_back(currency="EUR"), 422, "currency_mismatch", "/currency"),
    Case(35, "a refund of what was paid at the property", give_back_at_the_property, 409, "payment_not_captured"),
    Case(35, "a refund by the guest", give_back(who="guest"), 403, "forbidden"),
    Case(35, "a refund by another owner", give_back(who="other_owner"), 404, "not_found"),
    *(
        Case(row, f"a refund of {amount!r}", give_back(amount=amount), 422, "type_error", "/amount")
        for row, amount in (
            (32, "10.001"), (32, 10.5), (33, "NaN"), (33, "1E+9"), (33, " 10"), (33, "10,00"), (33, True), (33, None),
        )
    ),
    *(
        Case(34, f"a refund in {code!r}", give_back(currency=code), 422, "unsupported_currency", "/currency")
        for code in ("usd", "XXX", "BTC", "")
    ),
    Case(39, "a transfer by a statement", lambda house: Sent(
        "POST", f"/v1/bookings/{house.paid_booking()['reference']}/statement", {"amount": 1}, who="owner"), 405,
        "method_not_allowed", has=("allow",)),
    Case(39, "a payment's refunds set", lambda house: Sent(
        "PUT", f"/v1/bookings/{house.paid_booking()['reference']}/payments", {"refunds": []}, who="owner"), 405,
        "method_not_allowed", has=("allow",)),
]  # fmt: skip


# ------------------------------------------------------------------ changing a booking


def change(who="guest", **wishes):
    """Move a booking; each value is a function of the house, or a value."""

    def send(house):
        booked = house.booking("guest", property_id=house.villa)
        wish = house.wish(property_id=house.villa)
        for name, value in wishes.items():
            wish[name] = value(house) if callable(value) else value
        return Sent("POST", f"/v1/bookings/{booked['reference']}/changes", {"items": [wish]}, who=who, key=house.key())

    return send


def into_what_is_taken(house):
    booked = house.booking("guest", property_id=house.villa)
    taken = house.empty_handed("rival").booked(house.wish(property_id=house.villa))["items"][0]
    wish = {name: taken[name] for name in ("kind", "property_id", "check_in", "check_out", "guests")}
    return Sent("POST", f"/v1/bookings/{booked['reference']}/changes", {"items": [wish]}, key=house.key())


CHANGES = [
    Case(64, "into what is taken", into_what_is_taken, 409, "sold_out", may_write=(*KEPT, "booking_quote")),
    Case(64, "to another owner's property", change(property_id=lambda house: house.other), 404, "not_found"),
    Case(64, "a booking of another", change(who="rival"), 404, "not_found"),
    Case(64, "with a price of one's own", change(total=usd(1)), 422, "unknown_field", "/items/0/total"),
]


# ------------------------------------------------------------------ messages of providers


def message(event="evt_bad", **data):
    said = {"id": event, "type": "payment.captured", "timestamp": "2026-11-20T10:00:00Z", "data": data}
    return json.dumps(said)


def now():
    return int(datetime.now(UTC).timestamp())  # noqa: TID251 - tests from outside have no clock of the product


def signed(body, *, secret=SECRET, at=None, event="evt_bad"):
    """The headers of a message as the simulator signs it."""
    stamp = str(now() if at is None else at)
    key = hmac.new(secret.encode(), b"simulator messages", hashlib.sha256).digest()
    mark = hmac.new(key, f"{event}.{stamp}.".encode() + body.encode(), hashlib.sha256).digest()
    return {
        "webhook-id": event,
        "webhook-timestamp": stamp,
        "webhook-signature": f"v1,{base64.b64encode(mark).decode()}",
        "content-type": "application/json",
    }


def deliver(headers_of, body=None, provider="simulator", send_body=None):
    """Deliver a message with headers made from its body."""

    def send(house):
        del house
        text = message() if body is None else body
        return Sent("POST", f"/v1/webhooks/{provider}", send_body or text, who=None, headers=headers_of(text))

    return send


def off_by(seconds):
    return lambda body: signed(body, at=now() + seconds)


def without(name):
    return lambda body: {key: value for key, value in signed(body).items() if key != name}


def two_kinds(body):
    return signed(body) | {"webhook-signature": "v1,AAAA v2,BBBB"}


MESSAGES = [
    Case(98, "no signature", deliver(lambda _: JSON), 400, "webhook_refused"),
    Case(98, "no id", deliver(without("webhook-id")), 400, "webhook_refused"),
    Case(98, "no time", deliver(without("webhook-timestamp")), 400, "webhook_refused"),
    Case(98, "an old signature", deliver(off_by(-301)), 400, "webhook_refused"),
    Case(98, "a signature of the future", deliver(off_by(310)), 400, "webhook_refused"),
    Case(98, "a signature that is none", deliver(two_kinds), 400, "webhook_refused"),
    Case(98, "a signature with another key", deliver(lambda body: signed(body, secret="x" * 32)), 400,
         "webhook_refused"),
    Case(98, "another event's signature", deliver(lambda body: signed(body, event="evt_other") | {
        "webhook-id": "evt_bad"}), 400, "webhook_refused"),
    Case(98, "a body written anew", deliver(signed, send_body=message() + " "), 400, "webhook_refused"),
    Case(98, "a body that is no JSON, unsigned", deliver(lambda _: JSON, body="{"), 400, "webhook_refused"),
    Case(98, "a provider there is not", deliver(signed, provider="nobody"), 404, "not_found"),
    Case(99, "10 MB", deliver(lambda _: JSON, body="x" * 10 * 1_000_000), 413, "payload_too_large", closes=True),
    Case(99, "more than a message has", deliver(lambda _: JSON, body="x" * (WEBHOOK_MAX + 1)), 413,
         "payload_too_large", closes=True),
    Case(99, "as much as the edge reads", deliver(lambda _: JSON, body="x" * BODY_LIMIT_BYTES), 413,
         "payload_too_large", closes=True),
]  # fmt: skip

CASES = [replace(case, settles=True) for case in (*PAYING, *REFUNDS, *CHANGES, *MESSAGES)]
