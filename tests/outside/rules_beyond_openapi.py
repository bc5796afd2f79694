"""Hooks for Schemathesis: what the document cannot say of a request that fits it, and still is refused.

Its check `positive_data_acceptance` holds that whatever fits the schema is accepted. Some rules no schema can express:
that one date comes after another, that a zone or a cursor exists, what a key was used for before. The check here is
the same, but lets pass a refusal whose every code is one of the rules named below for that very operation. A refusal
for a wrong type, a length or a format is still a finding: that would be a schema that is not precise.
"""

import re

import schemathesis
from schemathesis.specs.openapi.checks import positive_data_acceptance

DATES = {"empty_or_negative_range", "range_too_long"}
"""One date against another."""
TODAY = {"past_date", "beyond_horizon", "advance_notice"}
"""A date against the day it is."""
KEY = {"idempotency_key_reused"}
"""A request against an earlier one."""
CURSOR = {"cursor_invalid"}
"""Cursors are signed."""
NAMES = {"invalid_username", "invalid_email", "password_too_common"}
"""Scripts of Unicode, and what everybody guesses first."""
PROPERTY = {
    "no_last_window",  # a policy's windows against what it gives after check-in
    "mixed",  # one price against another
    "out_of_range",  # dates from 2000 to 2200
    "empty_or_negative_range",  # the end of an adjustment against its beginning
    "unknown_zone",  # the IANA database, which changes without us
    "currency_mismatch",  # one price against another
    "above_maximum",  # one number against another
    "below_minimum",
    "below_notice",
    "not_ascending",  # a list against itself
    "not_descending",
    "duplicate",
    "reserved_name",
    "wrong_count",
    "malformed",  # letters of all scripts
    "zero",  # an adjustment that changes nothing
    "read_only",  # what the platform decides
}
STAY = {
    "too_many_pets",
    *DATES,
    *TODAY,
    "stay_too_long",
    "party_too_large",
    "min_nights",
    "max_nights",
    "closed_to_arrival",
    "closed_to_departure",
    "currency_mismatch",
    "duplicate_unit",
}
TABLE = {
    "closed_that_day",  # a date against the days a restaurant is open
    "not_a_slot",  # a time against its quarters of an hour and its services
    "time_does_not_exist",
    "no_service_then",
    "past_time",
    "notice",
    "beyond_horizon",
    "party_too_large",
    "no_such_area",
    "no_table_for_party",
    "length_out_of_bounds",
    "length_not_in_slots",
}
SEATS = {
    "seat_without_leg",
    "seat_unknown",
    "seat_blocked",
    "seat_in_other_cabin",
    "seat_without_passenger",
    "seat_chosen_twice",
    "passenger_seated_twice",
    "seat_at_exit",
}
FLIGHT = {
    *SEATS,
    "leg_canceled",
    "departed",
    "sales_closed",
    "legs_not_in_order",
    "connection_too_short",
    "leg_twice",
    "mixed_currencies",
    "several_airlines",
    "no_such_cabin",
    "no_such_brand",
    "too_many_passengers",  # adults and children together
    "too_many_infants",  # one number against another
}
ITEMS = {*STAY, *TABLE, *FLIGHT}
AMENDED = {
    "items_differ",
    "nothing_changes",
    "kind_fixed",
    "property_fixed",
    "restaurant_fixed",
    "not_changeable",
    "passengers_fixed",
    "awaiting_answer",
    "host_asked",
}
"""A change against the booking it is for."""
NOTES = {"no_such_table", "duplicate", "consent_required"}
"""Notes against what is booked, and a diet against the consent to tell of it."""
FLOOR = {*TABLE, *KEY, "no_such_table", "duplicate"}
VERSION = {"precondition_failed"}
"""If-Match against what is there."""
POLICY = {"no_last_window", "mixed", "not_ascending", "not_descending", "reserved_name"}
"""A policy's windows against each other, and its name against those there are."""
RESTAURANT = {
    *POLICY,
    "unknown_zone",
    "currency_mismatch",
    "duplicate",
    "unknown_table",  # what a combination names
    "unknown_service",  # what a special day names
    "overlap",  # one service against another
    "below_minimum",
    "below_notice",
    "empty_or_negative_range",
    "out_of_range",  # dates from 2000 to 2200
    "too_many",
}
CITY = {"unknown_zone"}
AIRPORT = {"unknown_zone", "unknown_city"}
AIRPLANE = {
    "duplicate",
    "not_ascending",  # columns by the alphabet, rows from front to back
    "empty_or_negative_range",
    "out_of_range",  # rows with a price against those of the cabin
    "unknown_seat",  # what a cabin names
    "no_seats",  # what is blocked against what is there
    "currency_mismatch",
    "cabin_in_use",
}
LEG = {
    *POLICY,
    "same_airport",
    "unknown_airport",
    "unknown_airplane",
    "unknown_cabin",
    "duplicate",
    "currency_mismatch",
    "out_of_range",  # dates from 2000 to 2200
}
DATED = {*LEG, "nonexistent_time", "not_after_departure", "flight_too_long"}
"""The clocks of both ends."""
SCHEDULE = {*LEG, "empty_or_negative_range", "range_too_long", "no_dates"}
MAP = {*CURSOR, *TODAY, "missing", "needs_circle", "south_above_north", "too_many"}
"""A parameter against others, and the number of words."""
SEARCH = {*DATES, *MAP, "stay_too_long"}
SEARCH_DINING = {*MAP, "needs_date"}
SEARCH_FLIGHTS = {
    *CURSOR,
    *TODAY,
    "missing",
    "not_together",  # one way to say it against another
    "malformed",  # letters of all scripts
    "unknown_place",
    "same_place",
    "invalid_date",  # within the text of a slice
    "dates_not_in_order",
    "empty_or_negative_range",  # one time of day against another
    "too_many_passengers",
    "too_many_infants",
}
NIGHTS = {*DATES, "below_minimum", "currency_mismatch", "out_of_range"}  # the last: dates from 2000 to 2200

ANYWHERE = {"card_number_refused"}
"""Digits that could be a card's, in any text."""
PAYING = {
    *KEY,
    "missing_field",  # a token, where the way to pay needs one
    "invalid_value",  # a token and a kept way to pay
    "invalid_format",  # an address browsers can be sent to
    "card_number",  # digits that could be one
    "payment_method_unavailable",  # what is offered here
    "payment_denied",  # what the provider makes of a token
}
DUE = {"payment_mismatch", "payment_required", "guarantee_required", "payment_denied"}
"""A payment, or a card that stands for one, against what is due."""
SPAN = {"empty_or_negative_range", "out_of_range", "unknown_zone"}

RULES = {
    "POST /v1/payments": PAYING,
    "POST /v1/payment-methods": PAYING,
    "POST /v1/bookings/{reference}/cancellation-quotes": {"out_of_range", "not_yours", "awaiting_answer"},
    "POST /v1/bookings/{reference}/changes": {*ITEMS, *KEY, *AMENDED},
    "POST /v1/bookings/{reference}/changes/{change_id}/confirm": {*KEY, *DUE},
    "POST /v1/owner/bookings/{reference}/refunds": {*KEY, "refund_exceeds_capture", "currency_mismatch", "no_such_fee"},
    "POST /v1/owner/bookings/{reference}/accept": KEY,
    "POST /v1/owner/bookings/{reference}/decline": KEY,
    "GET /v1/owner/statement": SPAN,
    "GET /v1/admin/statement": SPAN,
    "POST /v1/webhooks/{provider}": {"webhook_refused"},  # a signature
    "POST /v1/accounts": {*NAMES, "username_taken"},
    "POST /v1/accounts/confirmations": NAMES,
    "POST /v1/accounts/recoveries": NAMES,
    "POST /v1/accounts/confirm": {"token_invalid"},  # what was mailed to somebody
    "POST /v1/accounts/recover": {*NAMES, "token_invalid"},
    "POST /v1/me/password": {*NAMES, "invalid_credentials"},
    "POST /v1/me/email": {*NAMES, "reauth_required"},
    "POST /v1/me/username": {*NAMES, "username_taken"},
    "GET /v1/me/activity": CURSOR,
    "GET /v1/owner/activity": CURSOR,
    "GET /v1/admin/activity": CURSOR,
    "POST /v1/quotes": ITEMS,
    "POST /v1/holds": KEY,
    "POST /v1/holds/{hold_id}/extend": KEY,
    "POST /v1/bookings": {*KEY, *NOTES, *DUE},
    "PUT /v1/bookings/{reference}/items/{item}/notes": NOTES,
    "POST /v1/bookings/{reference}/cancel": KEY,
    "GET /v1/bookings": CURSOR,
    "GET /v1/search/stays": SEARCH,
    "GET /v1/search/dining": SEARCH_DINING,
    "GET /v1/search/flights": SEARCH_FLIGHTS,
    "GET /v1/properties/{property_id}/calendar": DATES,
    "GET /v1/owner/bookings": CURSOR,
    "GET /v1/operator/sagas": CURSOR,
    "GET /v1/owner/properties": CURSOR,
    "POST /v1/owner/properties": PROPERTY,
    "PUT /v1/owner/properties/{property_id}": {*PROPERTY, *VERSION},
    "PUT /v1/owner/properties/{property_id}/nights": NIGHTS,
    "DELETE /v1/owner/properties/{property_id}/nights": NIGHTS,
    "PUT /v1/owner/properties/{property_id}/stock": {"named_units"},  # what the property is
    "PUT /v1/owner/properties/{property_id}/night-stock": {*DATES, "named_units"},
    "POST /v1/owner/properties/{property_id}/blocks": {*DATES, *KEY},
    "GET /v1/owner/restaurants": CURSOR,
    "POST /v1/owner/restaurants": RESTAURANT,
    "PUT /v1/owner/restaurants/{restaurant_id}": {*RESTAURANT, *VERSION},
    "PUT /v1/owner/restaurants/{restaurant_id}/special-days/{date}": RESTAURANT,
    "POST /v1/owner/restaurants/{restaurant_id}/walk-ins": FLOOR,
    "POST /v1/owner/restaurants/{restaurant_id}/reservations": FLOOR,
    "POST /v1/owner/bookings/{reference}/items/{item}/visit": KEY,
    "GET /v1/cities": CURSOR,
    "POST /v1/cities": CITY,
    "PUT /v1/cities/{city_id}": {*CITY, *VERSION},
    "GET /v1/airports": CURSOR,
    "POST /v1/airports": AIRPORT,
    "PUT /v1/airports/{airport_id}": {*AIRPORT, *VERSION},
    "GET /v1/airplanes": CURSOR,
    "POST /v1/airplanes": AIRPLANE,
    "PUT /v1/airplanes/{airplane_id}": {*AIRPLANE, *VERSION},
    "GET /v1/flights": CURSOR,
    "POST /v1/flights": DATED,
    "PUT /v1/flights/{flight_id}": {*DATED, *VERSION},
    "GET /v1/flights/{flight_id}/seats": {"unknown_brand"},
    "GET /v1/schedules": CURSOR,
    "POST /v1/schedules": SCHEDULE,
    "PUT /v1/schedules/{schedule_id}": {*SCHEDULE, *VERSION},
}
CONTRACT = {
    "POST /api/users/register": r"username: Use letters|email: Give one|password: This password is among",
    "POST /api/bookings/book": r"endDate must be after|items/0/(check_in|check_out|guests): |userId: there is no such",
}
"""The Home Rental contract has no codes, only texts."""
UNREAD = r".*: The text holds a NUL character|.*: The number is too large"
"""The contract ignores fields it does not know, but not what no JSON of ours may hold anywhere."""


def is_named_rule(operation, response, body):
    """Whether a refusal says nothing but what is named above for its operation."""
    if response.status_code not in {400, 402, 412, 422}:
        return False
    document = response.json()
    if "code" not in document:
        rules = re.compile(f"{CONTRACT.get(operation, UNREAD)}|{UNREAD}", re.DOTALL)
        return all(rules.match(part) for part in document["error"].split("; "))
    rules = RULES.get(operation, set()) | ANYWHERE
    found = document.get("errors") or [{"code": document["code"], "pointer": ""}]
    return all(error["code"] in rules or _is_whole_with_a_point(error, body) for error in found)


def _is_whole_with_a_point(error, body):
    """Whether an error is about a number like 2.0: an integer to JSON Schema, but written as none."""
    if error["code"] != "type_error":
        return False
    value = body
    for part in error["pointer"].split("/")[1:]:
        try:
            value = value[int(part)] if isinstance(value, list) else value[part]
        except (KeyError, TypeError, ValueError, IndexError):
            return False
    return isinstance(value, float) and value.is_integer()


@schemathesis.check
def valid_data_is_accepted_unless_a_named_rule_is_against_it(ctx, response, case):
    if is_named_rule(case.operation.label, response, case.body):
        return None
    return positive_data_acceptance(ctx, response, case)
