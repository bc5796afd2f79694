"""What may be said of a property: each wrong field is named, and only that one."""

from datetime import date, time

import pytest
from catalog_drafts import draft

from holdfast.catalog.rules.limits import COUNTRIES, zones
from holdfast.catalog.rules.properties import draft_errors, night_errors, unit_errors
from holdfast.verticals.cancellation import (
    ALL,
    POLICIES,
    AfterCheckIn,
    CancellationPolicy,
    RefundWindow,
    Shares,
    shares_of,
)
from holdfast.verticals.stays import Adjustment, AheadDiscount, LengthDiscount, NightTerms


def named(errors):
    return [(error.pointer, error.code) for error in errors]


def policy(*windows, name="own_terms", **more):
    return CancellationPolicy(
        name=name,
        windows=tuple(RefundWindow(days_before=days, shares=nights_share(bp)) for days, bp in windows),
        **more,
    )


def nights_share(bp, **more):
    return Shares(**{"nights_bp": bp, "cleaning_bp": 0, "service_bp": 0} | more)


def kept(*nights):
    return CancellationPolicy(
        name="own_terms",
        windows=tuple(
            RefundWindow(days_before=9 - place, shares=ALL, nights_kept=each) for place, each in enumerate(nights)
        ),
    )


def after(nights_more, shares=ALL, last=None):
    last = last or RefundWindow(days_before=0, shares=ALL, nights_kept=1)
    return CancellationPolicy(
        name="own_terms", windows=(last,), after_check_in=AfterCheckIn(nights_more=nights_more, shares=shares)
    )


def adjusted(**changes):
    return (Adjustment(**{"name": "Season", "percent_bp": 1_000} | changes),)


def ahead(*pairs):
    return tuple(AheadDiscount(days=days, percent_bp=bp) for days, bp in pairs)


def discounts(*pairs):
    return tuple(LengthDiscount(nights=nights, percent_bp=bp) for nights, bp in pairs)


class TestADraft:
    def test_that_keeps_every_rule_is_accepted(self):
        assert draft_errors(draft()) == []

    @pytest.mark.parametrize(
        "allowed",
        [
            {"base_minor": 0, "weekend_minor": None, "cleaning_minor": 0, "extra_guest_minor": 0, "tax_bp": 0},
            {"base_minor": 10**11, "tax_bp": 10_000},
            {"currency": "JPY", "zone": "Asia/Tokyo", "country": "JP"},
            {"currency": "KWD", "zone": "Asia/Kuwait", "country": "KW"},
            {"zone": "Australia/Lord_Howe", "latitude": -31.5, "longitude": 159.1},
            {"zone": "UTC"},
            {"latitude": -90.0, "longitude": -180.0},
            {"latitude": 90.0, "longitude": 180.0},
            {"guests_max": 50, "guests_included": 50},
            {"min_nights": 365, "max_nights": 365},
            {"check_in_from": time(0), "check_out_until": time(23, 59)},
            {"advance_notice_days": 0, "booking_window_days": 0},
            {"bathrooms": 0.0, "bedrooms": 0, "beds": 0},
            {"amenities": (), "discounts": (), "policy": policy()},
            *({"policy": each} for each in POLICIES.values()),
            {"policy": policy(grace_hours=168, grace_days_before=365)},
            {"policy": kept(0, 0, 365)},
            {"policy": after(0)},
            {"policy": after(365, shares_of(0))},
            {"adjustments": adjusted(name="n" * 60, percent_bp=-9_000, weekdays=(6, 0))},
            {"adjustments": adjusted(percent_bp=10_000, first=date(2000, 1, 1), end=date(2200, 1, 1)) * 10},
            {"adjustments": adjusted(first=date(2027, 1, 1)) + adjusted(end=date(2027, 1, 1))},
            {"early_bird": ahead((0, 1), (730, 10_000)), "last_minute": ahead((0, 10_000))},
            {"pets_max": 20, "pet_minor": 10**11, "service_bp": 3_000},
            {"instant": False, "pay_at_property": False},
            {"policy": policy((365, 10_000), (30, 5_000), (0, 0))},
            {"discounts": discounts((2, 1), (365, 10_000))},
            {"neighbourhood": "", "description": "", "house_rules": ""},
            {"description": "First\n\tsecond \N{WOMAN}\N{ZERO WIDTH JOINER}\N{ROCKET}"},
            {"rating": 0.0, "reviews": 0},
            {"rating": 5.0},
        ],
        ids=str,
    )
    def test_may_go_to_the_limits(self, allowed):
        assert draft_errors(draft(**allowed)) == []

    @pytest.mark.parametrize(
        ("wrong", "pointer", "code"),
        [
            ({"name": ""}, "/name", "blank"),
            ({"name": " \N{EM SPACE}"}, "/name", "blank"),
            ({"name": "n" * 121}, "/name", "too_long"),
            ({"name": "two\nlines"}, "/name", "control_character"),
            ({"name": "nul\x00"}, "/name", "control_character"),
            ({"description": "bell\x07"}, "/description", "control_character"),
            ({"description": "half\ud800"}, "/description", "control_character"),
            ({"description": "d" * 5001}, "/description", "too_long"),
            ({"house_rules": "h" * 3001}, "/house_rules", "too_long"),
            ({"address": ""}, "/location/address", "blank"),
            ({"neighbourhood": "n" * 201}, "/location/neighbourhood", "too_long"),
            ({"city": " "}, "/location/city", "blank"),
            ({"country": "us"}, "/location/country", "unknown_country"),
            ({"country": "USA"}, "/location/country", "unknown_country"),
            ({"country": "XX"}, "/location/country", "unknown_country"),
            ({"latitude": 90.1}, "/location/latitude", "out_of_range"),
            ({"latitude": float("nan")}, "/location/latitude", "out_of_range"),
            ({"longitude": -180.1}, "/location/longitude", "out_of_range"),
            ({"longitude": float("inf")}, "/location/longitude", "out_of_range"),
            ({"bedrooms": -1}, "/bedrooms", "out_of_range"),
            ({"beds": 101}, "/beds", "out_of_range"),
            ({"bathrooms": 1.25}, "/bathrooms", "not_in_halves"),
            ({"bathrooms": -0.5}, "/bathrooms", "out_of_range"),
            ({"amenities": ("Free parking",)}, "/amenities/0", "malformed"),
            ({"amenities": ("wifi", "a" * 41)}, "/amenities/1", "malformed"),
            ({"amenities": ("wifi", "pool", "wifi")}, "/amenities/2", "duplicate"),
            ({"amenities": tuple(f"a{n}" for n in range(101))}, "/amenities", "too_many"),
            ({"zone": "Mars/Base"}, "/terms/zone", "unknown_zone"),
            ({"zone": "AEST"}, "/terms/zone", "unknown_zone"),
            ({"zone": "EST"}, "/terms/zone", "unknown_zone"),
            ({"zone": "../../etc/passwd"}, "/terms/zone", "unknown_zone"),
            ({"zone": "america/new_york"}, "/terms/zone", "unknown_zone"),
            ({"zone": "Z" * 10_240}, "/terms/zone", "unknown_zone"),
            ({"currency": "usd"}, "/terms/base_price/currency", "unsupported_currency"),
            ({"currency": "XXX"}, "/terms/base_price/currency", "unsupported_currency"),
            ({"currency": "BTC"}, "/terms/base_price/currency", "unsupported_currency"),
            ({"base_minor": -1}, "/terms/base_price/amount", "out_of_range"),
            ({"base_minor": 10**11 + 1}, "/terms/base_price/amount", "out_of_range"),
            ({"base_minor": 2**63}, "/terms/base_price/amount", "out_of_range"),
            ({"weekend_minor": -1}, "/terms/weekend_price/amount", "out_of_range"),
            ({"cleaning_minor": -1}, "/terms/cleaning_fee/amount", "out_of_range"),
            ({"extra_guest_minor": -1}, "/terms/extra_guest_fee/amount", "out_of_range"),
            ({"guests_max": 51}, "/terms/guests_max", "out_of_range"),
            ({"guests_included": 0}, "/terms/guests_included", "out_of_range"),
            ({"guests_included": 5}, "/terms/guests_included", "above_maximum"),
            ({"tax_bp": -1}, "/terms/tax_bp", "out_of_range"),
            ({"tax_bp": 10_001}, "/terms/tax_bp", "out_of_range"),
            ({"discounts": discounts((1, 500))}, "/terms/discounts/0/nights", "out_of_range"),
            ({"discounts": discounts((7, 0))}, "/terms/discounts/0/percent_bp", "out_of_range"),
            ({"discounts": discounts((7, 10_100))}, "/terms/discounts/0/percent_bp", "out_of_range"),
            ({"discounts": discounts((7, -5_000))}, "/terms/discounts/0/percent_bp", "out_of_range"),
            ({"discounts": discounts((28, 1), (7, 1))}, "/terms/discounts/1/nights", "not_ascending"),
            ({"discounts": discounts((7, 1), (7, 2))}, "/terms/discounts/1/nights", "not_ascending"),
            ({"discounts": discounts(*((n, 1) for n in range(2, 8)))}, "/terms/discounts", "too_many"),
            ({"min_nights": 0}, "/terms/min_nights", "out_of_range"),
            ({"max_nights": 366}, "/terms/max_nights", "out_of_range"),
            ({"min_nights": 31}, "/terms/max_nights", "below_minimum"),
            ({"advance_notice_days": -1}, "/terms/advance_notice_days", "out_of_range"),
            ({"booking_window_days": 731}, "/terms/booking_window_days", "out_of_range"),
            ({"booking_window_days": 0}, "/terms/booking_window_days", "below_notice"),
            ({"preparation_nights": 31}, "/terms/preparation_nights", "out_of_range"),
            ({"check_in_from": time(15, 0, 1)}, "/terms/check_in_from", "malformed"),
            ({"check_out_until": time(10, 0, 0, 1)}, "/terms/check_out_until", "malformed"),
            ({"policy": policy(name="Not a code")}, "/terms/policy/name", "malformed"),
            ({"policy": policy((1, 1), name="flexible")}, "/terms/policy/name", "reserved_name"),
            ({"policy": policy((366, 1))}, "/terms/policy/windows/0/days_before", "out_of_range"),
            ({"policy": policy((-1, 1))}, "/terms/policy/windows/0/days_before", "out_of_range"),
            ({"policy": policy((5, 10_001))}, "/terms/policy/windows/0/shares/nights_bp", "out_of_range"),
            ({"policy": policy((5, -1))}, "/terms/policy/windows/0/shares/nights_bp", "out_of_range"),
            ({"policy": policy((1, 5), (5, 5))}, "/terms/policy/windows/1/days_before", "not_descending"),
            ({"policy": policy((5, 5), (5, 5))}, "/terms/policy/windows/1/days_before", "not_descending"),
            ({"policy": policy((5, 5), (1, 6))}, "/terms/policy/windows/1/shares/nights_bp", "not_descending"),
            ({"policy": kept(366)}, "/terms/policy/windows/0/nights_kept", "out_of_range"),
            ({"policy": kept(2, 1)}, "/terms/policy/windows/1/nights_kept", "not_ascending"),
            ({"policy": policy(grace_hours=169)}, "/terms/policy/grace_hours", "out_of_range"),
            ({"policy": policy(grace_days_before=-1)}, "/terms/policy/grace_days_before", "out_of_range"),
            (
                {"policy": after(-1, last=RefundWindow(days_before=0, shares=ALL))},
                "/terms/policy/after_check_in/nights_more",
                "out_of_range",
            ),
            (
                {"policy": after(0, last=RefundWindow(days_before=0, shares=ALL, nights_kept=2))},
                "/terms/policy/after_check_in/nights_more",
                "not_ascending",
            ),
            (
                {
                    "policy": after(
                        1,
                        ALL,
                        RefundWindow(days_before=0, shares=nights_share(9_999, cleaning_bp=10_000, service_bp=10_000)),
                    )
                },
                "/terms/policy/after_check_in/shares/nights_bp",
                "not_descending",
            ),
            (
                {"policy": after(1, nights_share(0, tax_bp=0))},
                "/terms/policy/after_check_in/shares/tax_bp",
                "mixed",
            ),
            (
                {"policy": after(1, last=RefundWindow(days_before=1, shares=ALL))},
                "/terms/policy/windows",
                "no_last_window",
            ),
            ({"adjustments": adjusted() * 11}, "/terms/adjustments", "too_many"),
            ({"adjustments": adjusted(name=" ")}, "/terms/adjustments/0/name", "blank"),
            ({"adjustments": adjusted(name="n" * 61)}, "/terms/adjustments/0/name", "too_long"),
            ({"adjustments": adjusted(percent_bp=-9_001)}, "/terms/adjustments/0/percent_bp", "out_of_range"),
            ({"adjustments": adjusted(percent_bp=10_001)}, "/terms/adjustments/0/percent_bp", "out_of_range"),
            ({"adjustments": adjusted(percent_bp=0)}, "/terms/adjustments/0/percent_bp", "zero"),
            ({"adjustments": adjusted(weekdays=(7,))}, "/terms/adjustments/0/weekdays/0", "out_of_range"),
            ({"adjustments": adjusted(weekdays=(1, 1))}, "/terms/adjustments/0/weekdays/1", "duplicate"),
            ({"adjustments": adjusted(first=date(1999, 1, 1))}, "/terms/adjustments/0/first", "out_of_range"),
            (
                {"adjustments": adjusted(first=date(2027, 1, 2), end=date(2027, 1, 2))},
                "/terms/adjustments/0/end",
                "empty_or_negative_range",
            ),
            ({"early_bird": ahead((731, 1))}, "/terms/early_bird/0/days", "out_of_range"),
            ({"early_bird": ahead((30, 10_100))}, "/terms/early_bird/0/percent_bp", "out_of_range"),
            ({"early_bird": ahead((30, 1), (30, 2))}, "/terms/early_bird/1/days", "not_ascending"),
            ({"last_minute": ahead((-1, 1))}, "/terms/last_minute/0/days", "out_of_range"),
            ({"last_minute": ahead((3, -5_000))}, "/terms/last_minute/0/percent_bp", "out_of_range"),
            ({"last_minute": ahead(*((n, 1) for n in range(6)))}, "/terms/last_minute", "too_many"),
            ({"pets_max": -1}, "/terms/pets_max", "out_of_range"),
            ({"pets_max": 21}, "/terms/pets_max", "out_of_range"),
            ({"pet_minor": -1}, "/terms/pet_fee/amount", "out_of_range"),
            ({"service_bp": 3_001}, "/terms/service_bp", "out_of_range"),
            ({"policy": policy(*((n, 1) for n in range(20, 9, -1)))}, "/terms/policy/windows", "too_many"),
            ({"rating": 5.01}, "/rating", "out_of_range"),
            ({"rating": float("nan")}, "/rating", "out_of_range"),
            ({"reviews": -1}, "/reviews", "out_of_range"),
        ],
        ids=lambda value: str(value)[:60],
    )
    def test_is_refused_with_the_field_that_is_wrong(self, wrong, pointer, code):
        assert named(draft_errors(draft(**wrong))) == [(pointer, code)]

    def test_is_refused_with_every_field_that_is_wrong(self):
        wrong = draft(name="", country="XX", base_minor=-1, zone="Mars/Base", max_nights=0, amenities=("A",))
        assert named(draft_errors(wrong)) == [
            ("/name", "blank"),
            ("/location/country", "unknown_country"),
            ("/amenities/0", "malformed"),
            ("/terms/zone", "unknown_zone"),
            ("/terms/base_price/amount", "out_of_range"),
            ("/terms/max_nights", "out_of_range"),
            ("/terms/max_nights", "below_minimum"),
        ]


class TestUnits:
    @pytest.mark.parametrize(
        ("units", "names"), [(1, ()), (10_000, ()), (2, ("101", "102")), (3, ("A/1", "Room #2", "Größe 3"))]
    )
    def test_may_be_a_pool_or_have_names(self, units, names):
        assert unit_errors(units, names) == []

    @pytest.mark.parametrize(
        ("units", "names", "pointer", "code"),
        [
            (0, (), "/units", "out_of_range"),
            (-1, (), "/units", "out_of_range"),
            (10_001, (), "/units", "out_of_range"),
            (2, ("101",), "/unit_names", "wrong_count"),
            (1, ("101", "102"), "/unit_names", "wrong_count"),
            (2, ("101", "101"), "/unit_names/1", "duplicate"),
            (1, ("",), "/unit_names/0", "malformed"),
            (1, (" 101",), "/unit_names/0", "malformed"),
            (1, ("stay:7",), "/unit_names/0", "malformed"),
            (1, ("1\n",), "/unit_names/0", "malformed"),
            (1, ("n" * 41,), "/unit_names/0", "malformed"),
            (501, tuple(str(n) for n in range(501)), "/unit_names", "too_many"),
        ],
        ids=lambda value: str(value)[:40],
    )
    def test_are_refused_with_the_field_that_is_wrong(self, units, names, pointer, code):
        assert named(unit_errors(units, names)) == [(pointer, code)]


class TestNights:
    FIRST = date(2026, 5, 1)

    @pytest.mark.parametrize(
        ("first", "end", "terms"),
        [
            (date(2026, 5, 1), date(2026, 5, 2), None),
            (date(2026, 5, 1), date(2028, 4, 30), NightTerms(price_minor=0, min_nights=1, max_nights=365)),
            (date(2199, 12, 31), date(2200, 1, 1), NightTerms(min_nights=30)),
            (date(2000, 1, 1), date(2000, 1, 2), NightTerms(max_nights=1, closed_to_arrival=True)),
        ],
    )
    def test_may_go_to_the_limits(self, first, end, terms):
        assert night_errors(first, end, terms) == []

    @pytest.mark.parametrize(
        ("end", "terms", "pointer", "code"),
        [
            (date(2026, 5, 1), None, "/end", "empty_or_negative_range"),
            (date(2026, 4, 30), None, "/end", "empty_or_negative_range"),
            (date(2028, 5, 1), None, "/end", "range_too_long"),
            (date(2026, 5, 2), NightTerms(price_minor=-1), "/price/amount", "out_of_range"),
            (date(2026, 5, 2), NightTerms(price_minor=10**11 + 1), "/price/amount", "out_of_range"),
            (date(2026, 5, 2), NightTerms(min_nights=0), "/min_nights", "out_of_range"),
            (date(2026, 5, 2), NightTerms(max_nights=366), "/max_nights", "out_of_range"),
            (date(2026, 5, 2), NightTerms(min_nights=3, max_nights=2), "/max_nights", "below_minimum"),
        ],
    )
    def test_are_refused_with_the_field_that_is_wrong(self, end, terms, pointer, code):
        assert named(night_errors(self.FIRST, end, terms)) == [(pointer, code)]

    def test_lie_in_the_two_centuries_that_are_kept(self):
        assert named(night_errors(date(1999, 12, 31), date(2000, 1, 1), None)) == [("/first", "out_of_range")]
        assert named(night_errors(date(2200, 1, 1), date(2200, 1, 2), None)) == [("/end", "out_of_range")]


class TestTheLists:
    def test_of_zones_has_places_and_no_relics(self):
        assert {"America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"} <= zones()
        assert not {"EST", "GMT0", "Factory", "localtime", "posixrules"} & zones()

    def test_of_countries_is_complete(self):
        assert len(COUNTRIES) == 249
