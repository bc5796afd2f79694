"""Rows 50-65: what properties, holds, bookings and keys do not allow in the state they are in."""

from datetime import date, timedelta

from bad_house import HOLDS_MOST, KEPT, Case, Sent

from support.visitors import confirmation, home


def after(day, count=1):
    return (date.fromisoformat(day) + timedelta(days=count)).isoformat()


# ------------------------------------------------------------------ properties and their stock


def closed_to(rule):
    """Quote a stay over a date the owner has closed to arrivals or to departures."""

    def send(house):
        wish = house.wish()
        on = wish["check_in"] if rule == "closed_to_arrival" else wish["check_out"]
        path = f"/v1/owner/properties/{house.villa}/nights"
        house.people["owner"].put(path, {"first": on, "end": after(on), rule: True})
        return Sent("POST", "/v1/quotes", {"items": [wish]})

    return send


def hold_of(prepare):
    """Hold a quote after something has been done to its property."""

    def send(house):
        house.empty_handed()
        quoted = house.quote(property_id=house.pool)
        prepare(house, quoted["items"][0])
        return Sent("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=house.key())

    return send


def stop_sale(house, item):
    span = {"first": item["check_in"], "end": item["check_out"], "closed": True}
    house.people["owner"].put(f"/v1/owner/properties/{house.pool}/night-stock", span)


def sell_out(house, item):
    span = {"first": item["check_in"], "end": item["check_out"], "quantity": 3}
    house.people["owner"].post(f"/v1/owner/properties/{house.pool}/blocks", span)


def withdrawn(house):
    """Quote a property that was taken off the market a moment ago."""
    owner = house.people["owner"]
    made = owner.property(name=f"Withdrawn {house.fresh()}")
    etag = owner.ask("GET", f"/v1/owner/properties/{made}").headers["etag"]
    owner.put(f"/v1/owner/properties/{made}", home(listed=False), **{"if-match": etag})
    return Sent("POST", "/v1/quotes", {"items": [house.wish(property_id=made)]})


def quote_of(which):
    return lambda house: Sent("POST", "/v1/quotes", {"items": [house.wish(property_id=getattr(house, which))]})


def twice(house):
    wish = house.wish()
    return Sent("POST", "/v1/quotes", {"items": [wish, wish]})


def overlapping(house):
    wish = house.wish()
    other = wish | {"check_in": after(wish["check_in"]), "check_out": after(wish["check_out"])}
    return Sent("POST", "/v1/quotes", {"items": [wish, other]})


def two_bookings(house):
    """Two rooms of a pool are sold on a night; return the pool's id and the night."""
    pool = house.people["owner"].property(name=f"Sold pool {house.fresh()}", units=3)
    wish = house.wish(property_id=pool)
    for _ in range(2):
        house.empty_handed("rival").booked(wish)
    return pool, wish["check_in"]


def fewer_units(house):
    pool, _ = two_bookings(house)
    return Sent("PUT", f"/v1/owner/properties/{pool}/stock", {"units": 1}, who="owner")


def fewer_on_a_night(house):
    pool, night = two_bookings(house)
    span = {"first": night, "end": after(night), "capacity": 1}
    return Sent("PUT", f"/v1/owner/properties/{pool}/night-stock", span, who="owner")


def block_what_is_sold(house):
    pool, night = two_bookings(house)
    span = {"first": night, "end": after(night), "quantity": 2}
    return Sent("POST", f"/v1/owner/properties/{pool}/blocks", span, who="owner", key=house.key())


def owners(method, path, body=None, who="other_owner"):
    """Ask as another owner (or a guest) for what is not theirs."""

    def send(house):
        key = house.key() if method == "POST" else None
        headers = {"if-match": "*"} if method == "PUT" and path == "" else {}
        return Sent(method, f"/v1/owner/properties/{house.villa}{path}", body, who=who, key=key, headers=headers)

    return send


STOCK = [
    Case(50, "closed to arrival", closed_to("closed_to_arrival"), 422, "closed_to_arrival", "/items/0/check_in"),
    Case(50, "closed to departure", closed_to("closed_to_departure"), 422, "closed_to_departure", "/items/0/check_out"),
    Case(57, "a property that does not exist", lambda house: Sent(
        "POST", "/v1/quotes", {"items": [house.wish(property_id=4_711)]}), 404, "not_found"),
    Case(57, "a property that is not listed", quote_of("hidden"), 404, "not_found"),
    Case(57, "a property taken off the market", withdrawn, 404, "not_found"),
    Case(57, "nights whose sale is stopped", hold_of(stop_sale), 409, "sold_out", may_write=KEPT),
    Case(57, "nights that are sold out", hold_of(sell_out), 409, "sold_out", may_write=KEPT),
    Case(57, "nothing by the contract", lambda house: Sent("POST", "/api/bookings/book", {
        "userId": house.people["guest"].id, "propertyId": house.hidden, "startDate": house.wish()["check_in"],
        "endDate": after(house.wish()["check_in"], 9)}), 404, contract=True),
    Case(57, "another owner's calendar of stock", owners(
        "PUT", "/night-stock", {"first": "2030-01-01", "end": "2030-01-02", "closed": True}), 404, "not_found"),
    Case(57, "another owner's size", owners("PUT", "/stock", {"units": 9}), 404, "not_found"),
    Case(57, "another owner's nights to block", owners("POST", "/blocks", {"first": "2030-01-01", "end": "2030-01-02"}),
         404, "not_found"),
    Case(57, "another owner's property", owners("PUT", "", home(listed=True)), 404, "not_found"),
    Case(57, "a guest who sizes", owners("PUT", "/stock", {"units": 9}, who="guest"), 403, "forbidden"),
    Case(58, "one unit twice", twice, 422, "duplicate_unit"),
    Case(58, "one unit on nights that overlap", overlapping, 422, "duplicate_unit"),
    Case(62, "fewer units than are sold", fewer_units, 409, "below_sold", members=("bookings",)),
    Case(62, "fewer on a night than are sold", fewer_on_a_night, 409, "below_sold", members=("bookings",)),
    Case(62, "a block over what is sold", block_what_is_sold, 409, "sold_out", members=("bookings",), may_write=KEPT),
    Case(63, "removing a property", lambda house: Sent(
        "DELETE", f"/v1/owner/properties/{house.villa}", who="owner"), 405, "method_not_allowed", has=("allow",)),
]  # fmt: skip


# ------------------------------------------------------------------ holds and bookings


def confirm(hold_of_the_house):
    """Confirm a hold with which something has been done."""
    return lambda house: Sent("POST", "/v1/bookings", confirmation(hold_of_the_house(house)), key=house.key())


def ran_out(house):
    return house.expired(house.hold())


def confirmed(house):
    held = house.hold()
    house.people["guest"].confirmed(held)
    return held


def released(house):
    held = house.hold()
    house.people["guest"].delete(f"/v1/holds/{held['id']}")
    return held


def cancelled(house):
    held = house.hold()
    booked = house.people["guest"].confirmed(held)
    house.people["guest"].cancelled(booked["reference"])
    return held


def wrong_token(house):
    return house.hold() | {"token": "x" * 32}


def extend(hold_of_the_house):
    return lambda house: Sent("POST", f"/v1/holds/{hold_of_the_house(house)['id']}/extend", key=house.key())


def as_many_as_may_be(house):
    """Hold one more than an account may."""
    guest = house.empty_handed()
    for _ in range(HOLDS_MOST):
        guest.held(house.wish())
    return Sent("POST", "/v1/holds", {"quote_id": house.quote(property_id=house.pool)["id"]}, key=house.key())


def of_another(method, path, body=None):
    """Ask for a hold of somebody else."""

    def send(house):
        held = house.hold("rival")
        key = house.key() if method == "POST" else None
        sent = confirmation(held) if body == "confirmation" else None
        return Sent(method, path.format(id=held["id"]), sent, key=key)

    return send


def booking_of_another(method, path, body=None):
    def send(house):
        booked = house.booking("rival")
        return Sent(method, path.format(booked["reference"]), body, key=house.key() if method == "POST" else None)

    return send


def quote_of_another(house):
    return Sent("POST", "/v1/holds", {"quote_id": house.quote("rival")["id"]}, key=house.key())


def contract_booking(method, path):
    """Ask by the contract for a booking of somebody else."""

    def send(house):
        rival, wish = house.people["rival"], house.wish()
        body = {"userId": rival.id, "propertyId": house.villa}
        body |= {"startDate": wish["check_in"], "endDate": wish["check_out"]}
        made = rival.post("/api/bookings/book", body)
        return Sent(method, path.format(made["bookingId"]))

    return send


def set_state(method, path, body):
    def send(house):
        held = house.hold()
        return Sent(method, path.format(id=held["id"]), body, key=house.key() if method == "POST" else None)

    return send


def confirm_with(**more):
    return lambda house: Sent("POST", "/v1/bookings", house.confirmation(**more), key=house.key())


def cancel_twice(house):
    booked = house.booking()
    path = f"/v1/bookings/{booked['reference']}"
    offer = house.people["guest"].post(f"{path}/cancellation-quotes", {})
    house.people["guest"].post(f"{path}/cancel", {"quote_id": offer["id"]})
    return Sent("POST", f"{path}/cancel", {"quote_id": offer["id"]}, key=house.key())


def by_an_older_quote(house):
    path = f"/v1/bookings/{house.booking()['reference']}"
    older, _ = (house.people["guest"].post(f"{path}/cancellation-quotes", {}) for _ in range(2))
    return Sent("POST", f"{path}/cancel", {"quote_id": older["id"]}, key=house.key())


HOLDS = [
    Case(52, "confirming what ran out", confirm(ran_out), 409, "hold_expired", may_write=KEPT, where="hasty"),
    Case(53, "confirming twice", confirm(confirmed), 409, "already_confirmed", may_write=KEPT),
    Case(54, "confirming what was let go", confirm(released), 409, "hold_not_active", may_write=KEPT),
    Case(54, "confirming what was canceled", confirm(cancelled), 409, "hold_not_active", may_write=KEPT),
    Case(54, "canceling twice", cancel_twice, 409, "already_cancelled", may_write=KEPT),
    Case(54, "letting a booking go", lambda house: Sent("DELETE", f"/v1/holds/{confirmed(house)['id']}"), 409,
         "already_confirmed"),
    Case(56, "extending beyond the end", extend(lambda house: house.hold()), 409, "hold_extension_limit",
         may_write=KEPT),
    Case(56, "extending what ran out", extend(ran_out), 409, "hold_expired", may_write=KEPT, where="hasty"),
    Case(59, "more holds than one may have", as_many_as_may_be, 429, "hold_quota_exceeded", has=("retry-after",)),
    Case(60, "reading a hold of another", of_another("GET", "/v1/holds/{id}"), 404, "not_found"),
    Case(60, "extending a hold of another", of_another("POST", "/v1/holds/{id}/extend"), 404, "not_found",
         may_write=KEPT),
    Case(60, "letting go a hold of another", of_another("DELETE", "/v1/holds/{id}"), 404, "not_found"),
    Case(60, "confirming a hold of another", of_another("POST", "/v1/bookings", "confirmation"), 404, "not_found",
         may_write=KEPT),
    Case(60, "confirming with a token that is not it", confirm(wrong_token), 404, "not_found", may_write=KEPT),
    Case(60, "holding a quote of another", quote_of_another, 404, "not_found", may_write=KEPT),
    Case(60, "reading a booking of another", booking_of_another("GET", "/v1/bookings/{}"), 404, "not_found"),
    Case(60, "canceling a booking of another", booking_of_another(
        "POST", "/v1/bookings/{}/cancel", {"quote_id": "cancellation_of_nobody"}), 404, "not_found"),
    Case(54, "canceling by an older quote", by_an_older_quote, 409, "quote_superseded", may_write=KEPT),
    Case(54, "canceling without a quote", lambda house: Sent(
        "POST", f"/v1/bookings/{house.booking()['reference']}/cancel", {}, key=house.key()), 422, "missing_field",
        "/quote_id"),
    Case(60, "a booking of another by the contract", contract_booking("GET", "/api/bookings/booking/{}"), 404,
         contract=True),
    Case(60, "canceling another's by the contract", contract_booking("DELETE", "/api/cancel-booking/{}"), 404,
         contract=True),
    Case(61, "a state for a hold", set_state("PATCH", "/v1/holds/{id}", {"state": "confirmed"}), 405,
         "method_not_allowed", has=("allow",)),
    Case(61, "a state while extending", set_state("POST", "/v1/holds/{id}/extend", {"state": "confirmed"}), 422,
         "unknown_field", "/state"),
    Case(61, "a state while confirming", confirm_with(state="confirmed"), 422, "unknown_field", "/state"),
    Case(61, "paid while confirming", confirm_with(paid=True), 422, "unknown_field", "/paid"),
    Case(61, "paid as a way to pay", confirm_with(payment={"method": "at_property", "status": "paid"}), 422,
         "unknown_field", "/payment/status"),
]  # fmt: skip


# ------------------------------------------------------------------ keys


def keyed(*keys):
    """Hold a quote with these Idempotency-Key headers."""

    def send(house):
        headers = [("idempotency-key", key) for key in keys]
        return Sent("POST", "/v1/holds", {"quote_id": house.quote()["id"]}, headers=headers)

    return send


def reused(house):
    key = house.key()
    house.empty_handed().post("/v1/holds", {"quote_id": house.quote()["id"]}, key=key)
    return Sent("POST", "/v1/holds", {"quote_id": house.quote()["id"]}, key=key)


KEYS = [
    Case(65, "no key", keyed(), 400, "idempotency_key_missing"),
    Case(65, "a key of 256 characters", keyed("x" * 256), 400, "idempotency_key_malformed"),
    Case(65, "an empty key", keyed(""), 400, "idempotency_key_malformed"),
    Case(65, "a key that is not ASCII", keyed("schlüssel".encode()), 400, "idempotency_key_malformed"),
    Case(65, "two keys", keyed("one", "two"), 400, "idempotency_key_malformed"),
    Case(65, "one key for two requests", reused, 422, "idempotency_key_reused", may_write=KEPT),
]

# ------------------------------------------------------------------ requests to book, signed quotes


def decide(verb, *, who="owner"):
    """Decide about a booking that waits for nobody."""

    def send(house):
        reference = house.booking()["reference"]
        return Sent("POST", f"/v1/owner/bookings/{reference}/{verb}", who=who, key=house.key())

    return send


def promised(signed):
    return lambda house: Sent("POST", "/v1/quotes/verify", {"signed": signed}, who=None)  # noqa: ARG005 - every row has one


PROMISES = [
    Case(54, "accepting what waits for nobody", decide("accept"), 409, "not_requested", may_write=KEPT),
    Case(54, "declining what waits for nobody", decide("decline"), 409, "not_requested", may_write=KEPT),
    Case(60, "deciding for another owner", decide("accept", who="other_owner"), 404, "not_found"),
    Case(61, "a guest who accepts for the host", decide("accept", who="guest"), 403, "forbidden"),
    Case(61, "a signed quote longer than any", promised("x" * 60_001), 422, "too_long", "/signed"),
    Case(61, "a signed quote that is a number", promised(7), 422, "type_error", "/signed"),
]

CASES = [*STOCK, *HOLDS, *KEYS, *PROMISES]
