"""Rows 26-51: fields of the wrong type, numbers, money, dates, times and zones."""

from bad_house import Case, Sent, get, quote, search

from support.visitors import day, home, usd

WIDE_ONE, WIDE_TWO, ARABIC_THREE = "\N{FULLWIDTH DIGIT ONE}", "\N{FULLWIDTH DIGIT TWO}", "\N{ARABIC-INDIC DIGIT THREE}"
GUESTS = "/items/0/guests"


def create(**changes):
    """Create a property whose description is changed; `terms` are merged."""
    return lambda _: Sent("POST", "/v1/owner/properties", home(**changes), who="owner")


def terms(**changes):
    """Create a property with changed terms."""
    return lambda _: Sent("POST", "/v1/owner/properties", home(terms=changes), who="owner")


def block(**changes):
    """Block nights of the pool with some fields changed."""

    def send(house):
        nights = {"first": day(300).isoformat(), "end": day(302).isoformat(), "quantity": 1}
        path = f"/v1/owner/properties/{house.pool}/blocks"
        return Sent("POST", path, nights | changes, who="owner", key=house.key())

    return send


def nights(**changes):
    """Price nights of the villa with some fields changed."""

    def send(house):
        said = {"first": day(300).isoformat(), "end": day(302).isoformat(), "price": usd(100)}
        return Sent("PUT", f"/v1/owner/properties/{house.villa}/nights", said | changes, who="owner")

    return send


def hold(**extra):
    """Hold a fresh quote, with more fields than a hold has."""
    return lambda house: Sent("POST", "/v1/holds", {"quote_id": house.quote()["id"], **extra}, key=house.key())


def confirm(**extra):
    """Confirm a fresh hold, with more fields than that takes."""
    return lambda house: Sent("POST", "/v1/bookings", house.confirmation(**extra), key=house.key())


def stay_at(which, first, count):
    """Quote a stay, from so many days ahead, at a property of the house."""

    def send(house):
        span = {"check_in": day(first).isoformat(), "check_out": day(first + count).isoformat()}
        return Sent("POST", "/v1/quotes", {"items": [house.wish(getattr(house, which), **span)]})

    return send


def cancel_late(house):
    """Cancel a booking of which nothing comes back: that is an answer, not a failure."""
    late = house.people["owner"].property(name=f"No refunds {house.fresh()}", terms={"policy": "non_refundable"})
    soon = {"check_in": day(3).isoformat(), "check_out": day(5).isoformat()}
    path = f"/v1/bookings/{house.booking(property_id=late, **soon)['reference']}"
    quoted = house.people["guest"].post(f"{path}/cancellation-quotes", {})
    return Sent("POST", f"{path}/cancel", {"quote_id": quoted["id"]}, key=house.key())


def contract_dates(**changes):
    """Book by the Home Rental contract with some fields changed."""

    def send(house):
        wish = house.wish()
        body = {"userId": house.people["guest"].id, "propertyId": house.villa}
        body |= {"startDate": wish["check_in"], "endDate": wish["check_out"]}
        return Sent("POST", "/api/bookings/book", body | changes)

    return send


NUMBERS = [
    *(Case(26, f"{guests} guests", quote(guests=guests), 422, "out_of_range", GUESTS) for guests in (-1, 0)),
    *(
        Case(27, f"{text} guests", quote(text), 422, "type_error", GUESTS)
        for text in ("1.5", "2.0", '"2"', "true", "null", f'"{WIDE_ONE}{WIDE_TWO}"', '"1_0"', "[2]", "{}")
    ),
    *(
        Case(27, f"limit {text}", search(f"limit={text}"), 422, "type_error", "#query/limit")
        for text in ("1.5", "1_0", "%EF%BC%91", "0x10", "%201", "+1", "")
    ),
    Case(27, "a property named by a text", quote(property_id="1"), 422, "type_error", "/items/0/property_id"),
    Case(27, "a text for a number in the contract", contract_dates(propertyId="1"), 400, contract=True),
    Case(27, "a word in a number's path", get("/v1/properties/one"), 404, "not_found"),
    *(
        Case(28, f"2**{power} guests", quote(guests=2**power), 422, "out_of_range", GUESTS)
        for power in (31, 53, 63, 64, 200)
    ),
    Case(28, "property 2**64", quote(property_id=2**64), 422, "out_of_range", "/items/0/property_id"),
    Case(28, "property 2**53 - 1", quote(property_id=2**53 - 1), 404, "not_found"),
    Case(28, "2**64 in a path", get(f"/v1/properties/{2**64}"), 404, "not_found"),
    Case(28, "booking 10**40 of the contract", get(f"/api/bookings/booking/{10**40}"), 404, contract=True),
    Case(29, "one guest too many", quote(guests=5), 422, "party_too_large", GUESTS),
    Case(29, "more than anybody takes", quote(guests=51), 422, "out_of_range", GUESTS),
    Case(30, "0.01 of a unit", block(quantity=0.01), 422, "type_error", "/quantity"),
    Case(30, "-1 units", block(quantity=-1), 422, "out_of_range", "/quantity"),
    Case(30, "a negative fee", terms(cleaning_fee=usd(-1)), 422, "out_of_range", "/terms/cleaning_fee/amount"),
]

MONEY = [
    *(
        Case(31, f"{name} in a quote", quote(**{name: value}), 422, "unknown_field", f"/items/0/{name}")
        for name, value in {
            "price": 1, "total": usd(1), "discount": 5_000, "tax": 0, "currency_rate": 0.5, "payment_portion": 10,
        }.items()
    ),
    Case(31, "total in a hold", hold(total=usd(1)), 422, "unknown_field", "/total"),
    Case(31, "currency in a hold", hold(currency="KRW"), 422, "unknown_field", "/currency"),
    Case(31, "amount in a payment", confirm(payment={"method": "at_property", "amount": 1}), 422, "unknown_field",
         "/payment/amount"),
    Case(31, "price in a booking", confirm(price=usd(1)), 422, "unknown_field", "/price"),
    Case(31, "a way to pay that is none", confirm(payment={"method": "free"}), 422, "invalid_choice",
         "/payment/method"),
    *(  # amounts are whole numbers of minor units, so a decimal of any length is the wrong type
        Case(row, f"amount {amount!r}", terms(base_price={"amount": amount, "currency": currency}), 422, "type_error",
             "/terms/base_price/amount")
        for row, amount, currency in (
            (32, "10.001", "AUD"), (32, 10.5, "JPY"), (32, "1.2345", "KWD"), (32, 10.0, "USD"),
            (33, "NaN", "USD"), (33, "1E+9", "USD"), (33, ARABIC_THREE, "USD"), (33, " 10", "USD"),
            (33, "10,00", "USD"),
        )
    ),
    *(
        Case(34, f"currency {code!r}", terms(base_price={"amount": 1_000, "currency": code}), 422,
             "unsupported_currency", "/terms/base_price/currency")
        for code in ("aud", "XXX", "BTC", "", "USD ")
    ),
    Case(34, "a fee in another currency", terms(cleaning_fee={"amount": 1, "currency": "EUR"}), 422,
         "currency_mismatch", "/terms/cleaning_fee/currency"),
    Case(34, "a night in another currency", nights(price={"amount": 1, "currency": "EUR"}), 422, "currency_mismatch",
         "/price/currency"),
    Case(36, "a discount of 101 %", terms(discounts=[{"nights": 7, "percent_bp": 10_100}]), 422, "out_of_range",
         "/terms/discounts/0/percent_bp"),
    Case(36, "a discount of -50 %", terms(discounts=[{"nights": 7, "percent_bp": -5_000}]), 422, "out_of_range",
         "/terms/discounts/0/percent_bp"),
    Case(39, "an entry for the ledger", lambda _: Sent("POST", "/v1/ledger", {"amount": 1}, who="owner"), 404,
         "not_found"),
    Case(39, "books declared right", lambda _: Sent("PUT", "/v1/integrity", {"clean": True}, who="owner"), 405,
         "method_not_allowed", has=("allow",)),
]  # fmt: skip

DAYS = [
    Case(40, "check-out on check-in", stay_at("villa", 30, 0), 422, "empty_or_negative_range", "/items/0/check_out"),
    Case(40, "check-out before check-in", stay_at("villa", 30, -2), 422, "empty_or_negative_range",
         "/items/0/check_out"),
    Case(40, "an empty search", search(f"check_in={day(30)}&check_out={day(30)}"), 422, "empty_or_negative_range",
         "#query/check_out"),
    Case(40, "an empty block", block(end=day(300).isoformat()), 422, "empty_or_negative_range", "/end"),
    Case(40, "an empty calendar", get(f"/v1/properties/{{house.villa}}/calendar?first={day(9)}&end={day(8)}"), 422,
         "empty_or_negative_range", "#query/end"),
    Case(40, "an empty stay by the contract", contract_dates(endDate=day(2).isoformat()), 400, contract=True),
    *(
        Case(41, f"check-in {text!r}", quote(check_in=text), 422, "invalid_date", "/items/0/check_in")
        for text in ("2026-02-30", "2027-02-29", "0000-01-01", "10000-01-01", "2026-13-01", "2026-W10-1", "20260301",
                     "2026-03-01T00:00:00", "2026-3-1", "", "tomorrow", f"{WIDE_TWO}026-03-01")
    ),
    Case(41, "a number for a date", quote(check_in=20_260_301), 422, "type_error", "/items/0/check_in"),
    Case(41, "no date in a search", search("check_in=2026-02-30&check_out=2026-03-02"), 422, "invalid_date",
         "#query/check_in"),
    Case(41, "no date by the contract", contract_dates(startDate="2026-02-30"), 400, contract=True),
    Case(42, "yesterday", stay_at("villa", -3, 2), 422, "past_date", "/items/0/check_in"),
    Case(42, "the year 1", quote(check_in="0001-01-01", check_out="0001-01-03"), 422, "past_date", "/items/0/check_in"),
    Case(42, "beyond the horizon", stay_at("villa", 800, 2), 422, "beyond_horizon", "/items/0/check_in"),
    Case(42, "the last day there is", quote(check_in="9999-12-30", check_out="9999-12-31"), 422, "beyond_horizon",
         "/items/0/check_in"),
    Case(42, "a search beyond the horizon", search(f"check_in={day(1_000)}&check_out={day(1_002)}"), 422,
         "beyond_horizon"),
    Case(42, "a search for yesterday", search(f"check_in={day(-3)}&check_out={day(-1)}"), 422, "past_date"),
    Case(43, "10,000 nights", stay_at("villa", 30, 10_000), 422, "stay_too_long", "/items/0/check_out"),
    Case(43, "two million nights", quote(check_in="2027-01-01", check_out="9999-12-31"), 422, "stay_too_long",
         "/items/0/check_out"),
    Case(43, "a calendar of 10,000 nights", get(
        f"/v1/properties/{{house.villa}}/calendar?first={day(1)}&end={day(10_001)}"), 422, "range_too_long",
         "#query/end"),
    Case(43, "a block of 10,000 nights", block(end="2060-01-01"), 422, "range_too_long", "/end"),
    *(
        Case(44, f"check-in from {text!r}", terms(check_in_from=text), 422, "invalid_time", "/terms/check_in_from")
        for text in ("24:00", "15:00:61", "15:60", "3 pm", "15:00+25:00", "")
    ),
    *(
        Case(48, f"zone {name[:20]!r}", terms(zone=name), 422, code, "/terms/zone")
        for name, code in {
            "Mars/Base": "unknown_zone", "AEST": "unknown_zone", "../../etc/passwd": "unknown_zone",
            "EST": "unknown_zone",
            "america/new_york": "unknown_zone", "A/" + "x" * 10_240: "too_long",
        }.items()
    ),
    Case(50, "too short", stay_at("strict", 40, 2), 422, "min_nights", "/items/0/check_out"),
    Case(50, "too long", stay_at("strict", 40, 6), 422, "max_nights", "/items/0/check_out"),
    Case(50, "too soon", stay_at("strict", 5, 3), 422, "advance_notice", "/items/0/check_in"),
    Case(50, "too far ahead", stay_at("strict", 201, 3), 422, "beyond_horizon", "/items/0/check_in"),
    Case(51, "canceled after the last window", cancel_late, 200, may_write=("*",)),
]  # fmt: skip

CASES = [*NUMBERS, *MONEY, *DAYS]
