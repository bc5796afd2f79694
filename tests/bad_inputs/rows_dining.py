"""Rows 22-65 as far as they are about restaurants: tables, times where clocks change, the room and who may run it."""

from bad_house import AT_NIGHT, KEPT, Case, Sent, clock_change, get

from support.dining import DINNER, room
from support.visitors import day, usd

PLACE = "/items/0"
NOTES = {"notes": "By the window", "dietary": "No nuts"}


# ------------------------------------------------------------------ what guests ask


def dine(**changes):
    """Ask for a quote: a table with some fields changed."""
    return lambda house: Sent("POST", "/v1/quotes", {"items": [house.table(**changes)]})


def at_night(kind):
    """Ask for a table at half past two, on a night on which that comes never or twice."""

    def send(house):
        wish = house.table(restaurant_id=house.night_bar, date=clock_change(kind).isoformat(), time=f"{AT_NIGHT:%H:%M}")
        return Sent("POST", "/v1/quotes", {"items": [wish]})

    return send


def slots(query, which="tavern"):
    return lambda house: Sent("GET", f"/v1/restaurants/{getattr(house, which)}/slots?{query}", who=None)


def why_not(**changes):
    """Ask why a table cannot be had: what a quote refuses is the answer here."""
    return lambda house: Sent("POST", "/v1/why-not", {"items": [house.table(**changes)]})


def a_closed_day(house):
    """Ask for a table on a day on which the restaurant says that it is closed."""
    wish = house.table()
    path = f"/v1/owner/restaurants/{wish['restaurant_id']}/special-days/{wish['date']}"
    house.people["owner"].put(path, {"services": [], "note": "The cook is on a journey"})
    return Sent("POST", "/v1/quotes", {"items": [wish]})


def the_last_table(house):
    """Hold what somebody else holds already."""
    guest, wish = house.empty_handed(), house.table(party_size=6)  # both tables together, and there are no others
    quoted = guest.quoted(wish)
    house.empty_handed("rival").held(wish)
    return Sent("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=house.key())


def more_than_may_arrive(house):
    """Ask for more tables than parties may arrive: there are millions of ways to try, and none fits."""
    wish = house.table(restaurant_id=house.hall)
    return Sent("POST", "/v1/quotes", {"items": [wish] * 5})


def holding_more_than_may_arrive(house):
    quoted = house.empty_handed().quoted(*[house.table(restaurant_id=house.hall)] * 5)
    return Sent("POST", "/v1/holds", {"quote_id": quoted["id"]}, key=house.key())


WISHES = [
    Case(22, "guests at a table", dine(guests=2), 422, "unknown_field", f"{PLACE}/guests"),
    Case(22, "a table of a stay", dine(kind="stay"), 422, "unknown_field", f"{PLACE}/party_size"),
    Case(22, "a query that is none", slots(f"date={day(30)}&party_size=2&guests=2"), 422, "unknown_field",
         "#query/guests"),
    Case(22, "an item of a kind there is not", dine(kind="boat"), 422, "invalid_choice", PLACE),
    *(Case(26, f"a party of {size}", dine(party_size=size), 422, "out_of_range", f"{PLACE}/party_size")
      for size in (-1, 0, 101, 2**31, 2**64)),
    Case(26, "slots for nobody", slots(f"date={day(30)}&party_size=0"), 422, "out_of_range", "#query/party_size"),
    *(Case(27, f"a party of {size!r}", dine(party_size=size), 422, "type_error", f"{PLACE}/party_size")
      for size in (2.0, 1.5, "2", True, None, [2])),
    Case(27, "slots for 2.0", slots(f"date={day(30)}&party_size=2.0"), 422, "type_error", "#query/party_size"),
    Case(29, "a party larger than may book", dine(party_size=9), 422, "party_too_large", f"{PLACE}/party_size"),
    Case(29, "a party no table takes", dine(party_size=8), 422, "no_table_for_party", f"{PLACE}/party_size"),
    *(Case(31, f"{name} in a table", dine(**{name: value}), 422, "unknown_field", f"{PLACE}/{name}")
      for name, value in {"price": usd(0), "deposit": 0, "online": False, "tables": ["T3"]}.items()),
    *(Case(41, f"a table on {text!r}", dine(date=text), 422, "invalid_date", f"{PLACE}/date")
      for text in ("2027-02-29", "2027-13-01", "20270301", "", "tonight")),
    Case(41, "slots of no day", slots("date=2027-02-29&party_size=2"), 422, "invalid_date", "#query/date"),
    Case(42, "a table yesterday", dine(date=day(-2).isoformat()), 422, "past_time", f"{PLACE}/date"),
    Case(42, "a table in the year 1", dine(date="0001-01-01"), 422, "past_time", f"{PLACE}/date"),
    Case(42, "a table beyond the horizon", dine(date=day(800).isoformat()), 422, "beyond_horizon", f"{PLACE}/date"),
    Case(42, "a table on the last day there is", dine(date="9999-12-31"), 422, "beyond_horizon", f"{PLACE}/date"),
    *(Case(42, f"slots on {far}", slots(f"date={far}&party_size=2"), 200) for far in ("0001-01-01", "9999-12-31")),
    *(Case(42, f"why not on {far}", why_not(date=far), 200) for far in ("0001-01-01", "9999-12-31")),
    Case(31, "why not for a price", why_not(price=0), 422, "unknown_field", f"{PLACE}/price"),
    *(Case(44, f"a table at {text!r}", dine(time=text), 422, "invalid_time", f"{PLACE}/time")
      for text in ("24:00", "19:00:61", "19:60", "7 pm", "1900", "")),
    Case(44, "a table between two quarters", dine(time="19:07"), 422, "not_a_slot", f"{PLACE}/time"),
    Case(45, "a table while the clocks jump", at_night("gap"), 422, "time_does_not_exist", f"{PLACE}/time"),
    # Of a time that comes twice a reservation means the first: there is nothing to refuse, see the test of it.
    Case(46, "a table at a time that comes twice", at_night("fold"), 201, may_write=("*",)),
    *(Case(47, f"a table at {text!r}", dine(time=text), 422, "invalid_time", f"{PLACE}/time")
      for text in ("19:00Z", "19:00+10:00", "19:00-04:00", "19:00[America/New_York]")),
    Case(47, "a date with an offset", dine(date=f"{day(30)}T00:00:00-04:00"), 422, "invalid_date", f"{PLACE}/date"),
    Case(50, "a table for lunch", dine(time="12:00"), 422, "no_service_then", f"{PLACE}/time"),
    Case(50, "a table on a day it is closed", a_closed_day, 422, "closed_that_day", f"{PLACE}/date"),
    Case(50, "a table for too long", dine(minutes=600), 422, "length_out_of_bounds", f"{PLACE}/minutes"),
    Case(50, "a table for 100 minutes", dine(minutes=100), 422, "length_not_in_slots", f"{PLACE}/minutes"),
    Case(50, "a table for a minute too many", dine(minutes=1_441), 422, "out_of_range", f"{PLACE}/minutes"),
    Case(50, "a table on the roof", dine(area="roof"), 422, "no_such_area", f"{PLACE}/area"),
    Case(57, "a restaurant that does not exist", dine(restaurant_id=4_711), 404, "not_found"),
    Case(57, "a restaurant that is not listed", lambda house: Sent(
        "POST", "/v1/quotes", {"items": [house.table(restaurant_id=house.back_room)]}), 404, "not_found"),
    Case(57, "slots of one that is not listed", slots(f"date={day(30)}&party_size=2", "back_room"), 404, "not_found"),
    Case(58, "more tables than parties may arrive", more_than_may_arrive, 201, may_write=("*",)),
    Case(58, "holding more than may arrive", holding_more_than_may_arrive, 409, "sold_out", may_write=KEPT),
    Case(64, "a table somebody holds", the_last_table, 409, "sold_out", may_write=KEPT),
]  # fmt: skip


# ------------------------------------------------------------------ reservations that stand


def change(**changes):
    """Move a table that is booked."""

    def send(house):
        booked = house.empty_handed().booked(house.table())
        changed = {name: getattr(house, value) if name == "restaurant_id" else value for name, value in changes.items()}
        body = {"items": [house.table() | changed]}
        return Sent("POST", f"/v1/bookings/{booked['reference']}/changes", body, key=house.key())

    return send


def into_a_full_room(house):
    """Move a table to a time at which the room is taken."""
    full = house.table(party_size=6)
    house.empty_handed("rival").booked(full)
    booked = house.empty_handed().booked(house.table())
    body = {"items": [full | {"party_size": 2}]}
    return Sent("POST", f"/v1/bookings/{booked['reference']}/changes", body, key=house.key())


def as_a_stay(house):
    booked = house.empty_handed().booked(house.table())
    return Sent("POST", f"/v1/bookings/{booked['reference']}/changes", {"items": [house.wish()]}, key=house.key())


def note(body, item=0, who="guest", of="table"):
    """Note something of a table, or of what is none."""

    def send(house):
        booked = house.empty_handed().booked(house.table() if of == "table" else house.wish())
        return Sent("PUT", f"/v1/bookings/{booked['reference']}/items/{item}/notes", body, who=who)

    return send


def confirm_noting(**noted):
    """Confirm a table with a note of it."""

    def send(house):
        held = house.empty_handed().held(house.table())
        body = {"hold_id": held["id"], "hold_token": held["token"], "payment": {"method": "at_property"}}
        return Sent("POST", "/v1/bookings", body | {"notes": [noted]}, key=house.key())

    return send


STANDING = [
    Case(64, "moving into a full room", into_a_full_room, 409, "sold_out", may_write=(*KEPT, "booking_quote")),
    Case(64, "moving to another restaurant", change(restaurant_id="night_bar"), 422, "restaurant_fixed",
         f"{PLACE}/restaurant_id"),
    Case(64, "moving to another owner's", change(restaurant_id="other_room"), 404, "not_found"),
    Case(64, "moving to yesterday", change(date=day(-2).isoformat()), 422, "past_time", f"{PLACE}/date"),
    Case(64, "a table becomes a stay", as_a_stay, 422, "kind_fixed", f"{PLACE}/kind"),
    Case(61, "a diet without consent", note(NOTES), 422, "consent_required"),
    Case(61, "a diet with a half consent", note({**NOTES, "dietary_consent": 1}), 422, "type_error",
         "/dietary_consent"),
    Case(27, "an occasion there is not", note({"occasion": "coup"}), 422, "invalid_choice", "/occasion"),
    Case(60, "a note of a table of another", note({"notes": "Mine"}, who="rival"), 404, "not_found"),
    Case(60, "a note of a table there is not", note({"notes": "There"}, item=4), 404, "not_found"),
    Case(60, "a note of a stay", note({"notes": "A cot"}, of="stay"), 404, "not_found"),
    Case(61, "confirming with a diet without consent", confirm_noting(item=0, dietary="No nuts"), 422,
         "consent_required", "/notes/0/dietary_consent"),
    Case(57, "confirming with a note of no table", confirm_noting(item=3, notes="There"), 422, "no_such_table",
         "/notes/0/item"),
]  # fmt: skip


# ------------------------------------------------------------------ the room and who runs it


def create(**changes):
    """Create a restaurant whose description is changed."""
    return lambda _: Sent("POST", "/v1/owner/restaurants", room(**changes), who="owner")


def terms(**changes):
    """Create a restaurant with changed terms."""
    return create(terms=changes)


def dinner(**changes):
    """Create a restaurant with a changed service."""
    return terms(services=[DINNER | changes])


def run(method, path, body=None, who="other_owner"):
    """Ask as another owner (or a guest) for a room that is not theirs."""

    def send(house):
        key = house.key() if method == "POST" else None
        headers = {"if-match": "*"} if method == "PUT" and path == "" else {}
        return Sent(method, f"/v1/owner/restaurants/{house.tavern}{path}", body, who=who, key=key, headers=headers)

    return send


def reserve(**changes):
    """Take a reservation by phone."""

    def send(house):
        wish = house.table()
        body = {"date": wish["date"], "time": wish["time"], "party_size": 2}
        path = f"/v1/owner/restaurants/{house.tavern}/reservations"
        return Sent("POST", path, body | changes, who="owner", key=house.key())

    return send


def visit(state, who="owner", item=0):
    """Say where the party of a table stands, which is to come in weeks."""

    def send(house):
        reference = house.empty_handed().booked(house.table())["reference"]
        path = f"/v1/owner/bookings/{reference}/items/{item}/visit"
        return Sent("POST", path, {"state": state}, who=who, key=house.key())

    return send


def tables(*codes, **changes):
    return [{"code": code, "seats_max": 2, **changes} for code in codes]


ROOMS = [
    Case(22, "a rating for oneself", create(rating=5), 422, "unknown_field", "/rating"),
    Case(25, "replacing without a version", lambda house: Sent(
        "PUT", f"/v1/owner/restaurants/{house.tavern}", room(listed=True), who="owner"), 428, "precondition_required"),
    Case(25, "replacing an older version", lambda house: Sent(
        "PUT", f"/v1/owner/restaurants/{house.tavern}", room(listed=True), who="owner", headers={"if-match": '"9999"'}),
        412, "precondition_failed"),
    Case(26, "a table for nobody", terms(tables=tables("A", seats_min=0)), 422, "out_of_range",
         "/terms/tables/0/seats_min"),
    Case(26, "a table for fewer than none", terms(tables=tables("A", seats_min=3)), 422, "below_minimum",
         "/terms/tables/0/seats_max"),
    Case(26, "a room without tables", terms(tables=[], combinations=[]), 422, "too_short", "/terms/tables"),
    Case(27, "half a cover", dinner(covers_per_slot=0.5), 422, "type_error", "/terms/services/0/covers_per_slot"),
    Case(30, "a turn of a minute", terms(turn_times=[{"party_max": 2, "minutes": 1}]), 422, "out_of_range",
         "/terms/turn_times/0/minutes"),
    Case(34, "a deposit in another currency", terms(securities=[
        {"party_min": 1, "kind": "deposit", "per_cover": {"amount": 500, "currency": "EUR"}}]), 422,
        "currency_mismatch", "/terms/securities/0/per_cover/currency"),
    Case(34, "a currency of no country", terms(currency="XXX"), 422, "unsupported_currency", "/terms/currency"),
    Case(35, "a deposit below zero", terms(securities=[
        {"party_min": 1, "kind": "deposit", "per_cover": {"amount": -500, "currency": "USD"}}]), 422, "out_of_range",
        "/terms/securities/0/per_cover/amount"),
    Case(36, "a tax of 101 %", terms(tax_bp=10_100), 422, "out_of_range", "/terms/tax_bp"),
    Case(40, "a last seating before the first", dinner(last_seating="16:45"), 422, "empty_or_negative_range",
         "/terms/services/0/last_seating"),
    Case(44, "a seating between two quarters", dinner(first_seating="17:05"), 422, "not_on_a_quarter",
         "/terms/services/0/first_seating"),
    Case(44, "a seating after the day", dinner(last_seating="24:00"), 422, "invalid_time",
         "/terms/services/0/last_seating"),
    Case(48, "a restaurant on Mars", terms(zone="Mars/Base"), 422, "unknown_zone", "/terms/zone"),
    Case(50, "a combination of a table there is not", terms(combinations=[
        {"tables": ["T1", "T9"], "party_min": 5, "party_max": 6}]), 422, "unknown_table",
        "/terms/combinations/0/tables/1"),
    Case(58, "two tables of one code", terms(tables=tables("A", "A"), combinations=[]), 422, "duplicate",
         "/terms/tables/1/code"),
    Case(58, "a table put to itself", terms(combinations=[{"tables": ["T1", "T1"], "party_min": 5, "party_max": 6}]),
         422, "duplicate", "/terms/combinations/0/tables/1"),
    Case(57, "another owner's restaurant", run("PUT", "", room(listed=True)), 404, "not_found"),
    Case(57, "another owner's day", run("PUT", "/special-days/2030-01-01", {"services": []}), 404, "not_found"),
    Case(57, "another owner's guests", run("GET", f"/timeline?date={day(30)}"), 404, "not_found"),
    Case(57, "a party in another owner's room", run("POST", "/walk-ins", {"party_size": 2}), 404, "not_found"),
    Case(57, "a guest who runs the room", run("POST", "/walk-ins", {"party_size": 2}, who="guest"), 403, "forbidden"),
    Case(41, "a special day that is none", run("PUT", "/special-days/2027-02-29", {"services": []}, who="owner"), 404,
         "not_found"),
    Case(42, "a reservation for yesterday", reserve(date=day(-2).isoformat()), 422, "past_time", "/date"),
    Case(44, "a reservation at ten past", reserve(time="19:10"), 422, "not_a_slot", "/time"),
    Case(50, "a reservation at a table there is not", reserve(table_codes=["T9"]), 422, "no_such_table",
         "/table_codes/0"),
    Case(58, "a reservation at one table twice", reserve(table_codes=["T1", "T1"]), 422, "duplicate",
         "/table_codes/1"),
    Case(65, "a reservation without a key", lambda house: Sent(
        "POST", f"/v1/owner/restaurants/{house.tavern}/walk-ins", {"party_size": 2}, who="owner"), 400,
        "idempotency_key_missing"),
    Case(60, "a visit to another owner's table", visit("arrived", who="other_owner"), 404, "not_found"),
    Case(60, "a visit to a table there is not", visit("arrived", item=3), 404, "not_found", may_write=KEPT),
    Case(61, "a guest who says they came", visit("done", who="guest"), 403, "forbidden"),
    Case(61, "a visit that is paid", visit("paid"), 422, "invalid_choice", "/state"),
    Case(61, "leaving before coming", visit("done"), 409, "visit_move_refused", may_write=KEPT),
    Case(61, "not coming before the time", visit("no_show"), 409, "visit_move_refused", may_write=KEPT),
    Case(60, "notes of a booking there is not", get("/v1/bookings/NOBODYSREF/notes"), 404, "not_found"),
]  # fmt: skip

CASES = [*WISHES, *STANDING, *ROOMS]
