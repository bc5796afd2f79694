"""What is refused of airplanes, fares and flights: every rule once, at the field that breaks it."""

from dataclasses import replace
from datetime import date, time

import pytest
from flight_drafts import (
    BASIC,
    BUSINESS,
    BUSINESS_FARES,
    ECONOMY,
    ECONOMY_FARES,
    FLEX,
    airplane,
    airport,
    economy_fares,
    fares,
    flight,
)

from holdfast.catalog.airline_api import Airplane, Airport, SeatPrice
from holdfast.catalog.rules.airplanes import airplane_errors, seats_of, used_errors
from holdfast.catalog.rules.flights import Ends, flight_errors, real_minutes
from holdfast.catalog.rules.places import airport_errors
from holdfast.verticals.cancellation import CancellationPolicy, RefundWindow, shares_of
from holdfast.verticals.flights.terms import FareBucket


class _Here:
    origin, destination, airplane = 1, 2, 3


def ends(origin="America/New_York", destination="America/New_York", **plane):
    def there(airport_id, zone):
        return Airport(id=airport_id, version=1, city="C", country="US", draft=airport(1, zone=zone))

    return Ends(
        origin=there(1, origin),
        destination=there(2, destination),
        airplane=Airplane(id=3, owner_id=4, version=1, draft=airplane(**plane)),
    )


def found(errors):
    return [(error.pointer, error.code) for error in errors]


def economy(**changes):
    return airplane(cabins=(BUSINESS, replace(ECONOMY, **changes)))


def buckets(*pairs):
    return economy_fares(buckets=tuple(FareBucket(code=code, seats=5, fare_minor=minor) for code, minor in pairs))


def policy(*windows, **changes):
    made = CancellationPolicy(name="own_terms", windows=windows)
    return economy_fares(brands=(replace(BASIC, policy=replace(made, **changes)),))


def window(days_before, bp=10_000, **changes):
    return RefundWindow(days_before=days_before, shares=shares_of(bp), **changes)


AIRPLANES = [
    (airplane(name=" "), "/name", "blank"),
    (airplane(name="x" * 41), "/name", "too_long"),
    (airplane(name="a\x00"), "/name", "control_character"),
    (airplane(equipment="73"), "/equipment", "malformed"),
    (airplane(equipment="abc"), "/equipment", "malformed"),
    (airplane(cabins=()), "/cabins", "wrong_count"),
    (airplane(cabins=(ECONOMY,) * 5), "/cabins", "wrong_count"),
    (airplane(cabins=(ECONOMY, BUSINESS)), "/cabins/1/first_row", "not_ascending"),
    (airplane(cabins=(BUSINESS, replace(ECONOMY, code="business"))), "/cabins/1/code", "duplicate"),
    (economy(code="steerage"), "/cabins/1/code", "invalid_choice"),
    (economy(first_row=31), "/cabins/1/last_row", "empty_or_negative_range"),
    (economy(last_row=100), "/cabins/1/last_row", "out_of_range"),
    (airplane(cabins=(replace(BUSINESS, first_row=0),)), "/cabins/0/first_row", "out_of_range"),
    (economy(columns="ABCDEF "), "/cabins/1/columns", "malformed"),
    (economy(columns="abc"), "/cabins/1/columns", "malformed"),
    (economy(columns="A B C D E"), "/cabins/1/columns", "malformed"),
    (economy(columns="ABC DEA"), "/cabins/1/columns", "not_ascending"),
    (economy(columns="BA"), "/cabins/1/columns", "not_ascending"),
    (economy(skipped_rows=(9,)), "/cabins/1/skipped_rows/0", "unknown_seat"),
    (economy(skipped_rows=(13, 13)), "/cabins/1/skipped_rows/1", "duplicate"),
    (economy(exit_rows=(13,)), "/cabins/1/exit_rows/0", "unknown_seat"),
    (economy(skipped_rows=tuple(range(10, 31))), "/cabins/1/skipped_rows", "too_many"),
    (economy(missing=("9A",)), "/cabins/1/missing/0", "unknown_seat"),
    (economy(blocked=("30G",)), "/cabins/1/blocked/0", "unknown_seat"),
    (economy(blocked=("30C", "30C")), "/cabins/1/blocked/1", "duplicate"),
    (
        economy(
            last_row=10, columns="AB", skipped_rows=(), exit_rows=(), missing=("10A",), blocked=("10B",), prices=()
        ),
        "/cabins/1/last_row",
        "no_seats",
    ),
    (economy(ordinary_minor=-1), "/cabins/1/ordinary_price/amount", "out_of_range"),
    (
        economy(prices=(SeatPrice(first_row=10, last_row=12, minor=-1),)),
        "/cabins/1/prices/0/price/amount",
        "out_of_range",
    ),
    (economy(prices=(SeatPrice(first_row=9, last_row=12, minor=1),)), "/cabins/1/prices/0/first_row", "out_of_range"),
    (
        economy(prices=(SeatPrice(first_row=12, last_row=11, minor=1),)),
        "/cabins/1/prices/0/last_row",
        "empty_or_negative_range",
    ),
    (
        economy(prices=(SeatPrice(first_row=10, last_row=12, minor=1), SeatPrice(first_row=12, last_row=13, minor=1))),
        "/cabins/1/prices/1/first_row",
        "not_ascending",
    ),
    (economy(prices=(SeatPrice(first_row=10, last_row=10, minor=1),) * 21), "/cabins/1/prices", "too_many"),
]

FARES = [
    (fares(currency="usd"), "/fares/tax/currency", "unsupported_currency"),
    (fares(currency="EUR"), "/fares/tax/currency", "currency_mismatch"),
    (fares(tax_minor=-1), "/fares/tax/amount", "out_of_range"),
    (fares(child_bp=10_001), "/fares/child_bp", "out_of_range"),
    (fares(infant_bp=-1), "/fares/infant_bp", "out_of_range"),
    (fares(sales_close_minutes=10_081), "/fares/sales_close_minutes", "out_of_range"),
    (fares(cabins=()), "/fares/cabins", "wrong_count"),
    (fares(cabins=(ECONOMY_FARES, ECONOMY_FARES)), "/fares/cabins/1/code", "duplicate"),
    (fares(cabins=(replace(BUSINESS_FARES, code="first"),)), "/fares/cabins/0/code", "unknown_cabin"),
    (economy_fares(overbooking=201), "/fares/cabins/0/overbooking", "out_of_range"),
    (economy_fares(buckets=()), "/fares/cabins/0/buckets", "wrong_count"),
    (economy_fares(brands=()), "/fares/cabins/0/brands", "wrong_count"),
    (economy_fares(brands=(BASIC,) * 7), "/fares/cabins/0/brands", "wrong_count"),
    (buckets(("q", 1)), "/fares/cabins/0/buckets/0/code", "malformed"),
    (buckets(("Q", 1), ("Q", 2)), "/fares/cabins/0/buckets/1/code", "duplicate"),
    (buckets(("Q", 2), ("Y", 1)), "/fares/cabins/0/buckets/1/fare/amount", "not_ascending"),
    (buckets(("Q", 10**11 + 1)), "/fares/cabins/0/buckets/0/fare/amount", "out_of_range"),
    (
        economy_fares(buckets=(FareBucket(code="Q", seats=0, fare_minor=1),)),
        "/fares/cabins/0/buckets/0/seats",
        "out_of_range",
    ),
    (economy_fares(brands=(replace(BASIC, code="Basic"),)), "/fares/cabins/0/brands/0/code", "malformed"),
    (economy_fares(brands=(BASIC, BASIC)), "/fares/cabins/0/brands/1/code", "duplicate"),
    (economy_fares(brands=(replace(BASIC, name=""),)), "/fares/cabins/0/brands/0/name", "blank"),
    (economy_fares(brands=(FLEX, BASIC)), "/fares/cabins/0/brands/1/extra/amount", "not_ascending"),
    (economy_fares(brands=(replace(BASIC, extra_minor=-1),)), "/fares/cabins/0/brands/0/extra/amount", "out_of_range"),
    (
        economy_fares(brands=(replace(BASIC, change_fee_minor=-1),)),
        "/fares/cabins/0/brands/0/change_fee/amount",
        "out_of_range",
    ),
    (economy_fares(brands=(replace(BASIC, bags=10),)), "/fares/cabins/0/brands/0/bags", "out_of_range"),
    (policy(name="flexible"), "/fares/cabins/0/brands/0/policy/name", "reserved_name"),
    (policy(name="Own"), "/fares/cabins/0/brands/0/policy/name", "malformed"),
    (policy(window(1), window(1)), "/fares/cabins/0/brands/0/policy/windows/1/days_before", "not_descending"),
    (
        policy(window(1, 5_000), replace(window(0), shares=replace(shares_of(5_000), nights_bp=5_001))),
        "/fares/cabins/0/brands/0/policy/windows/1/shares/nights_bp",
        "not_descending",
    ),
    (policy(window(366)), "/fares/cabins/0/brands/0/policy/windows/0/days_before", "out_of_range"),
    (policy(grace_hours=169), "/fares/cabins/0/brands/0/policy/grace_hours", "out_of_range"),
]

FLIGHTS = [
    ({"number": "H1"}, "/number", "malformed"),
    ({"number": "hf101"}, "/number", "malformed"),
    ({"number": "11101"}, "/number", "malformed"),
    ({"number": "HF12345"}, "/number", "malformed"),
    ({"number": "HF1AB"}, "/number", "malformed"),
    ({"airline_name": "  "}, "/airline_name", "blank"),
    ({"airline_name": "x" * 101}, "/airline_name", "too_long"),
    ({"destination_id": 1}, "/destination_id", "same_airport"),
    ({"day": date(1999, 12, 31)}, "/date", "out_of_range"),
    ({"day": date(2200, 1, 2)}, "/date", "out_of_range"),
    ({"day_offset": 3}, "/day_offset", "out_of_range"),
    ({"day_offset": -2}, "/day_offset", "out_of_range"),
    ({"departs": time(8, 0, 1)}, "/departs", "malformed"),
    ({"arrives": time(19, 0, 0, 1)}, "/arrives", "malformed"),
    ({"arrives": time(18, 5)}, "/arrives", "not_after_departure"),
    ({"day_offset": -1}, "/arrives", "not_after_departure"),
    ({"day_offset": 1}, "/arrives", "flight_too_long"),
    ({"day": date(2027, 3, 14), "departs": time(2)}, "/departs", "nonexistent_time"),
    (
        {"day": date(2027, 3, 13), "departs": time(23), "arrives": time(2, 59), "day_offset": 1},
        "/arrives",
        "nonexistent_time",
    ),
]


def named(rows):
    return [pytest.param(*row, id=f"{row[1]} {row[2]} {number}") for number, row in enumerate(rows)]


class TestAnAirplane:
    def test_of_two_cabins_is_fine(self):
        assert airplane_errors(airplane()) == []

    @pytest.mark.parametrize(("draft", "pointer", "code"), named(AIRPLANES))
    def test_is_refused_at_the_field_that_is_wrong(self, draft, pointer, code):
        assert (pointer, code) in found(airplane_errors(draft))

    def test_without_wrong_fields_has_a_seat_map_whatever_it_says(self):
        tight = replace(
            ECONOMY,
            first_row=99,
            last_row=99,
            columns="ABCDEF GHIJ",
            skipped_rows=(),
            exit_rows=(99,),
            missing=("99A",),
            blocked=(),
            prices=(SeatPrice(first_row=99, last_row=99, minor=0),),
        )
        assert airplane_errors(airplane(cabins=(tight,))) == []
        seats = seats_of([tight])
        assert [seat.column for seat in seats] == list("BCDEFGHIJ")
        assert {(seat.exit, seat.extra_minor) for seat in seats} == {(True, 0)}

    def test_in_use_may_get_another_cabin_and_no_prices(self):
        assert list(used_errors(airplane(cabins=(ECONOMY,)), airplane(currency=None))) == []


class TestFares:
    def test_of_two_cabins_are_fine(self):
        assert flight_errors(flight(_Here), ends()) == []

    @pytest.mark.parametrize(("said", "pointer", "code"), named(FARES))
    def test_are_refused_at_the_field_that_is_wrong(self, said, pointer, code):
        assert found(flight_errors(flight(_Here, fares=said), ends())) == [(pointer, code)]

    def test_may_be_in_any_currency_where_seats_have_no_price(self):
        assert flight_errors(flight(_Here, fares=fares(currency="EUR")), ends(currency=None)) == []


class TestAFlight:
    @pytest.mark.parametrize(("changes", "pointer", "code"), named(FLIGHTS))
    def test_is_refused_at_the_field_that_is_wrong(self, changes, pointer, code):
        assert found(flight_errors(flight(_Here, **changes), ends())) == [(pointer, code)]

    @pytest.mark.parametrize("number", ["HF1", "H91", "9H1234", "HF1234Z", "B61A"])
    def test_has_a_number_of_the_field(self, number):
        assert flight_errors(flight(_Here, number=number), ends()) == []

    def test_may_take_a_whole_day_and_not_a_minute_more(self):
        day = flight(_Here, departs=time(8), arrives=time(8), day_offset=1)
        assert flight_errors(day, ends()) == []
        assert real_minutes(day, "UTC", "UTC") == 1_440
        longer = replace(day, arrives=time(8, 1))
        assert found(flight_errors(longer, ends())) == [("/arrives", "flight_too_long")]

    def test_is_judged_by_the_clocks_of_both_ends(self):
        across = flight(_Here, departs=time(0, 30), arrives=time(14), day_offset=-1)
        assert flight_errors(across, ends("Pacific/Kiritimati", "Pacific/Pago_Pago")) == []
        assert real_minutes(across, "Pacific/Kiritimati", "Pacific/Pago_Pago") == 14 * 60 + 30

    def test_that_refers_to_nothing_is_told_everything_else_too(self):
        nothing = Ends(origin=None, destination=None, airplane=None)
        assert found(flight_errors(flight(_Here, number="?"), nothing)) == [
            ("/number", "malformed"),
            ("/origin_id", "unknown_airport"),
            ("/destination_id", "unknown_airport"),
            ("/airplane_id", "unknown_airplane"),
        ]
        with pytest.raises(ValueError, match="judge"):
            nothing.known()


class TestAnAirport:
    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"iata": "DC"}, "/iata", "malformed"),
            ({"iata": "dca"}, "/iata", "malformed"),
            ({"icao": "KDCAX"}, "/icao", "malformed"),
            ({"name": "\n"}, "/name", "blank"),
            ({"latitude": 90.1}, "/latitude", "out_of_range"),
            ({"longitude": float("nan")}, "/longitude", "out_of_range"),
            ({"zone": "EST"}, "/zone", "unknown_zone"),
            ({"min_connection_minutes": -1}, "/min_connection_minutes", "out_of_range"),
            ({"min_connection_minutes": 601}, "/min_connection_minutes", "out_of_range"),
        ],
        ids=str,
    )
    def test_is_refused_at_the_field_that_is_wrong(self, changes, pointer, code):
        assert (pointer, code) in found(airport_errors(airport(1, **changes)))
