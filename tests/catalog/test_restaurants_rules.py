"""What may be said of a restaurant: each wrong field is named, and only that one."""

from dataclasses import replace
from datetime import date, time

import pytest
from restaurant_drafts import (
    CHRISTMAS,
    combination,
    dining_terms,
    restaurant,
    security,
    service,
    special,
    table,
    turns,
)

from holdfast.catalog.api import CUISINES, DINING_POLICIES, CardBrand
from holdfast.catalog.rules.dining import day_errors
from holdfast.catalog.rules.restaurants import restaurant_errors
from holdfast.verticals.cancellation import (
    ALL,
    POLICIES,
    AfterCheckIn,
    CancellationPolicy,
    RefundWindow,
    Shares,
    shares_of,
)

HOUSE = (table("T1"), table("T2"), table("T3"))


def named(errors):
    return [(error.pointer, error.code) for error in errors]


def policy(*windows, name="own_terms", **more):
    made = (RefundWindow(days_before=days, hours_before=hours, shares=shares_of(bp)) for days, hours, bp in windows)
    return CancellationPolicy(name=name, windows=tuple(made), **more)


def window(**changes):
    return CancellationPolicy(name="own_terms", windows=(RefundWindow(**{"days_before": 1, "shares": ALL} | changes),))


def lunch(**changes):
    return service("lunch", (11, 30), (14, 0), **changes)


class TestADraft:
    def test_that_keeps_every_rule_is_accepted(self):
        assert restaurant_errors(restaurant()) == []

    @pytest.mark.parametrize(
        "allowed",
        [
            {"description": "", "neighbourhood": "", "cuisines": (), "cards": (), "images": (), "videos": ()},
            {"phone": None, "email": None, "website": None},
            {"phone": "(202) 555-0143"},
            {"phone": "12345"},
            {"email": f"{'a' * 242}@example.com"},
            {"website": "https://xn--caf-dma.example:8443/men%C3%BC?x=(1)&y=[2]#~"},
            {"website": "https://example.com/" + "a" * 480},
            {"cuisines": CUISINES[:20]},
            {"cuisines": CUISINES[20:40]},
            {"cuisines": CUISINES[40:60]},
            {"cuisines": CUISINES[60:]},
            {"cards": tuple(CardBrand)},
            {"price_level": 1},
            {"price_level": 4},
            {"images": tuple(f"https://example.com/{n}" for n in range(50))},
            {"videos": tuple(f"https://example.com/{n}" for n in range(10))},
            {"currency": "JPY", "zone": "Asia/Tokyo", "country": "JP"},
            {"tables": (table("1", 1),), "combinations": ()},
            {"tables": tuple(table(f"T{n}", 100, seats_min=100) for n in range(300))},
            {"tables": tuple(table(f"T{n}", online=False) for n in range(9))},
            {"combinations": ()},
            {"combinations": (combination("T1", "T2", party_min=1, party_max=100, priority=1_000),)},
            {
                "tables": tuple(table(f"T{n}") for n in range(9)),
                "combinations": (
                    combination(*(f"T{n}" for n in range(8))),
                    combination(*(f"T{n}" for n in range(1, 9))),
                ),
            },
            {"services": (service(first=(0, 0), last=(23, 45), weekdays=()),)},
            {"services": (service(first=(12, 0), last=(12, 0)),), "special_days": ()},
            {"services": (lunch(), service(first=(14, 15))), "special_days": ()},
            {
                "services": (lunch(weekdays=(0, 1)), service(weekdays=(5, 6), first=(12, 0))),
                "special_days": (special(CHRISTMAS, "dinner"),),
            },
            {"services": (service(covers_per_slot=10_000, parties_per_slot=1, present_max=1, online_bp=0),)},
            {"special_days": ()},
            {"special_days": (special(date(2000, 1, 1)), special(date(2199, 12, 31), note="\N{ROCKET}" * 200))},
            {"turn_times": turns((100, 1_440))},
            {"turn_times": turns(*((n, 15) for n in range(1, 21)))},
            {"minutes_min": 15, "minutes_max": 1_440},
            {"minutes_min": 120, "minutes_max": 120},
            {"party_max": 1},
            {"party_max": 100},
            {"notice_minutes": 0, "booking_window_days": 0},
            {"notice_minutes": 1_439, "booking_window_days": 0},
            {"notice_minutes": 43_200, "booking_window_days": 730},
            {"securities": ()},
            {"securities": (security(1, 1), security(100, 10**11))},
            *({"policy": each} for each in DINING_POLICIES.values()),
            {"policy": policy((365, 720, 10_000), (2, 0, 5_000), (1, 23, 5_000), (0, 0, 0))},
            {"policy": policy(*((0, 10 - n, 1) for n in range(10)))},
            {"tax_bp": 0},
            {"tax_bp": 10_000},
            {"rating": 5.0, "reviews": 10**9, "notes": {"terms_invented": True}},
        ],
        ids=str,
    )
    def test_may_go_to_the_limits(self, allowed):
        assert restaurant_errors(restaurant(**allowed)) == []

    @pytest.mark.parametrize(
        ("wrong", "pointer", "code"),
        [
            ({"name": "\N{EM SPACE}"}, "/name", "blank"),
            ({"name": "n" * 121}, "/name", "too_long"),
            ({"name": "two\nlines"}, "/name", "control_character"),
            ({"description": "d" * 5_001}, "/description", "too_long"),
            ({"description": "half\ud800"}, "/description", "control_character"),
            ({"address": ""}, "/location/address", "blank"),
            ({"neighbourhood": "n" * 201}, "/location/neighbourhood", "too_long"),
            ({"neighbourhood": "two\nlines"}, "/location/neighbourhood", "control_character"),
            ({"city": "c" * 101}, "/location/city", "too_long"),
            ({"country": "USA"}, "/location/country", "unknown_country"),
            ({"latitude": float("nan")}, "/location/latitude", "out_of_range"),
            ({"longitude": 180.1}, "/location/longitude", "out_of_range"),
            ({"phone": "1234"}, "/contact/phone", "malformed"),
            ({"phone": "+1 202 555 0143 ext. 5"}, "/contact/phone", "malformed"),
            ({"phone": "1" * 31}, "/contact/phone", "malformed"),
            ({"phone": "12345\n"}, "/contact/phone", "malformed"),
            ({"email": "a b@example.com"}, "/contact/email", "malformed"),
            ({"email": f"{'a' * 243}@example.com"}, "/contact/email", "malformed"),
            ({"website": "http://example.com"}, "/contact/website", "malformed"),
            ({"website": "https://example.com/" + "a" * 481}, "/contact/website", "malformed"),
            ({"cuisines": ("thai", "Thai food")}, "/cuisines/1", "malformed"),
            ({"cuisines": ("a" * 41,)}, "/cuisines/0", "malformed"),
            ({"cuisines": ("thai", "thai")}, "/cuisines/1", "duplicate"),
            ({"cuisines": tuple(f"c{n}" for n in range(21))}, "/cuisines", "too_many"),
            ({"price_level": 0}, "/price_level", "out_of_range"),
            ({"price_level": 5}, "/price_level", "out_of_range"),
            ({"cards": (CardBrand.JCB, CardBrand.JCB)}, "/cards/1", "duplicate"),
            ({"images": ("https://example.com/1", "ftp://example.com/2")}, "/images/1", "malformed"),
            ({"images": ("https://example.com/1",) * 2}, "/images/1", "duplicate"),
            ({"images": tuple(f"https://example.com/{n}" for n in range(51))}, "/images", "too_many"),
            ({"videos": ("",)}, "/videos/0", "malformed"),
            ({"videos": tuple(f"https://example.com/{n}" for n in range(11))}, "/videos", "too_many"),
            ({"rating": 5.1}, "/rating", "out_of_range"),
            ({"reviews": -1}, "/reviews", "out_of_range"),
        ],
        ids=str,
    )
    def test_with_one_wrong_field_is_refused_for_it(self, wrong, pointer, code):
        assert named(restaurant_errors(restaurant(**wrong))) == [(pointer, code)]

    @pytest.mark.parametrize(
        ("wrong", "pointer", "code"),
        [
            ({"zone": "EST"}, "/zone", "unknown_zone"),
            ({"currency": "usd"}, "/currency", "unsupported_currency"),
            ({"tables": (), "combinations": ()}, "/tables", "too_short"),
            ({"tables": tuple(table(f"T{n}") for n in range(301))}, "/tables", "too_many"),
            ({"tables": (*HOUSE, table("T2"))}, "/tables/3/code", "duplicate"),
            ({"tables": (*HOUSE, table(""))}, "/tables/3/code", "malformed"),
            ({"tables": (*HOUSE, table("a:b"))}, "/tables/3/code", "malformed"),
            ({"tables": (*HOUSE, table("a\n"))}, "/tables/3/code", "malformed"),
            ({"tables": (*HOUSE, table("T" * 21))}, "/tables/3/code", "malformed"),
            ({"tables": (*HOUSE, table("4", area="By the door"))}, "/tables/3/area", "malformed"),
            ({"tables": (*HOUSE, table("4", seats_min=0))}, "/tables/3/seats_min", "out_of_range"),
            ({"tables": (*HOUSE, table("4", 101))}, "/tables/3/seats_max", "out_of_range"),
            ({"tables": (*HOUSE, table("4", 2, seats_min=3))}, "/tables/3/seats_max", "below_minimum"),
            ({"combinations": (combination("T1"),)}, "/combinations/0/tables", "too_short"),
            (
                {
                    "tables": tuple(table(f"T{n}") for n in range(9)),
                    "combinations": (combination(*(f"T{n}" for n in range(9))),),
                },
                "/combinations/0/tables",
                "too_many",
            ),
            ({"combinations": (combination("T1", "T9"),)}, "/combinations/0/tables/1", "unknown_table"),
            ({"combinations": (combination("T1", "T2", "T1"),)}, "/combinations/0/tables/2", "duplicate"),
            (
                {"combinations": (combination("T1", "T2"), combination("T2", "T1", party_min=8))},
                "/combinations/1/tables",
                "duplicate",
            ),
            ({"combinations": (combination("T1", "T2", party_min=0),)}, "/combinations/0/party_min", "out_of_range"),
            ({"combinations": (combination("T1", "T2", party_max=101),)}, "/combinations/0/party_max", "out_of_range"),
            ({"combinations": (combination("T1", "T2", party_min=9),)}, "/combinations/0/party_max", "below_minimum"),
            ({"combinations": (combination("T1", "T2", priority=-1),)}, "/combinations/0/priority", "out_of_range"),
            ({"services": (), "special_days": ()}, "/services", "too_short"),
            (
                {
                    "services": (*(service(f"s{n}", (n, 0), (n, 45)) for n in range(20)), service("late")),
                    "special_days": (),
                },
                "/services",
                "too_many",
            ),
            ({"services": (lunch(), service("lunch")), "special_days": ()}, "/services/1/code", "duplicate"),
            ({"services": (service("Dinner"),), "special_days": ()}, "/services/0/code", "malformed"),
            ({"services": (service(name=" "),)}, "/services/0/name", "blank"),
            ({"services": (service(weekdays=(7,)),)}, "/services/0/weekdays/0", "out_of_range"),
            ({"services": (service(weekdays=(6, 6)),)}, "/services/0/weekdays/1", "duplicate"),
            ({"services": (service(first=(17, 20)),)}, "/services/0/first_seating", "not_on_a_quarter"),
            ({"services": (service(last=(21, 44)),)}, "/services/0/last_seating", "not_on_a_quarter"),
            (
                {"services": (service(last_seating=time(21, 45, 0, 1)),)},
                "/services/0/last_seating",
                "not_on_a_quarter",
            ),
            ({"services": (service(last=(17, 15)),)}, "/services/0/last_seating", "empty_or_negative_range"),
            (
                {"services": (lunch(), service(first=(14, 0))), "special_days": ()},
                "/services/1/first_seating",
                "overlap",
            ),
            (
                {"services": (lunch(weekdays=(0,)), service(first=(9, 0), weekdays=(6, 0))), "special_days": ()},
                "/services/1/first_seating",
                "overlap",
            ),
            ({"services": (service(covers_per_slot=0),)}, "/services/0/covers_per_slot", "out_of_range"),
            ({"services": (service(parties_per_slot=10_001),)}, "/services/0/parties_per_slot", "out_of_range"),
            ({"services": (service(present_max=-1),)}, "/services/0/present_max", "out_of_range"),
            ({"services": (service(online_bp=10_001),)}, "/services/0/online_bp", "out_of_range"),
            ({"special_days": (special(CHRISTMAS, "brunch"),)}, "/special_days/0/services/0", "unknown_service"),
            ({"special_days": (special(CHRISTMAS), special(CHRISTMAS))}, "/special_days/1/date", "duplicate"),
            (
                {"special_days": tuple(special(date.fromordinal(730_120 + n)) for n in range(401))},
                "/special_days",
                "too_many",
            ),
            ({"turn_times": ()}, "/turn_times", "too_short"),
            ({"turn_times": turns(*((n, 15) for n in range(1, 22)))}, "/turn_times", "too_many"),
            ({"turn_times": turns((4, 90), (2, 90))}, "/turn_times/1/party_max", "not_ascending"),
            ({"turn_times": turns((2, 100))}, "/turn_times/0/minutes", "not_in_quarters"),
            ({"turn_times": turns((2, 1_455))}, "/turn_times/0/minutes", "out_of_range"),
            ({"turn_times": turns((0, 90))}, "/turn_times/0/party_max", "out_of_range"),
            ({"minutes_min": 0}, "/minutes_min", "out_of_range"),
            ({"minutes_min": 50}, "/minutes_min", "not_in_quarters"),
            ({"minutes_max": 45}, "/minutes_max", "below_minimum"),
            ({"party_max": 0}, "/party_max", "out_of_range"),
            ({"notice_minutes": -1}, "/notice_minutes", "out_of_range"),
            ({"booking_window_days": 731}, "/booking_window_days", "out_of_range"),
            ({"notice_minutes": 2_880, "booking_window_days": 1}, "/booking_window_days", "below_notice"),
            ({"securities": (security(0),)}, "/securities/0/party_min", "out_of_range"),
            ({"securities": (security(1, 0),)}, "/securities/0/per_cover/amount", "out_of_range"),
            ({"securities": (security(6), security(6))}, "/securities/1/party_min", "not_ascending"),
            (
                {"securities": tuple(security(n) for n in range(1, 22))},
                "/securities",
                "too_many",
            ),
            ({"policy": policy(name="Own")}, "/policy/name", "malformed"),
            ({"policy": policy((0, 3, 10_000), name="free_until_2h")}, "/policy/name", "reserved_name"),
            ({"policy": policy(name="moderate")}, "/policy/name", "reserved_name"),
            ({"policy": policy((0, 2, 1), (0, 2, 1))}, "/policy/windows/1", "not_descending"),
            ({"policy": policy((1, 0, 1), (0, 24, 1))}, "/policy/windows/1", "not_descending"),
            ({"policy": policy((1, 0, 1), (0, 2, 2))}, "/policy/windows/1/share_bp", "not_descending"),
            ({"policy": policy((366, 0, 1))}, "/policy/windows/0/days_before", "out_of_range"),
            ({"policy": policy((0, 721, 1))}, "/policy/windows/0/hours_before", "out_of_range"),
            ({"policy": policy((0, 1, 10_001))}, "/policy/windows/0/share_bp", "out_of_range"),
            ({"policy": policy(*((0, 11 - n, 1) for n in range(11)))}, "/policy/windows", "too_many"),
            ({"policy": policy(grace_hours=1)}, "/policy", "malformed"),
            (
                {"policy": policy((0, 0, 1), after_check_in=AfterCheckIn(nights_more=0, shares=ALL))},
                "/policy",
                "malformed",
            ),
            ({"policy": window(nights_kept=1)}, "/policy", "malformed"),
            ({"policy": window(shares=Shares(nights_bp=1, cleaning_bp=2, service_bp=1))}, "/policy", "malformed"),
            ({"policy": window(shares=replace(shares_of(1), tax_bp=1))}, "/policy", "malformed"),
            ({"policy": POLICIES["flexible"]}, "/policy", "malformed"),
            ({"tax_bp": -1}, "/tax_bp", "out_of_range"),
        ],
        ids=str,
    )
    def test_with_one_wrong_term_is_refused_for_it(self, wrong, pointer, code):
        assert named(restaurant_errors(restaurant(**wrong))) == [(f"/terms{pointer}", code)]

    def test_with_many_wrong_fields_is_refused_for_all_of_them(self):
        wrong = restaurant(name="", zone="Mars/Base", tables=(table("T1", 0),), combinations=(), party_max=0)
        assert named(restaurant_errors(wrong)) == [
            ("/name", "blank"),
            ("/terms/zone", "unknown_zone"),
            ("/terms/tables/0/seats_max", "out_of_range"),
            ("/terms/tables/0/seats_max", "below_minimum"),
            ("/terms/party_max", "out_of_range"),
        ]


class TestASpecialDay:
    def errors(self, said):
        services = (service(weekdays=(0,)), service("brunch", (10, 0), (17, 30), weekdays=(6,)), lunch())
        return named(day_errors(said, services, pointer="/here", date_pointer="/there"))

    @pytest.mark.parametrize(
        "allowed",
        [special(CHRISTMAS), special(CHRISTMAS, "lunch", "dinner"), special(CHRISTMAS, "brunch", note="All day")],
        ids=str,
    )
    def test_may_have_any_services_that_do_not_meet(self, allowed):
        assert self.errors(allowed) == []

    @pytest.mark.parametrize(
        ("wrong", "pointer", "code"),
        [
            (special(date(1999, 12, 31)), "/there", "out_of_range"),
            (special(date(2200, 1, 1)), "/there", "out_of_range"),
            (special(CHRISTMAS, note="n" * 201), "/here/note", "too_long"),
            (special(CHRISTMAS, note="two\nlines"), "/here/note", "control_character"),
            (special(CHRISTMAS, "dinner", "supper"), "/here/services/1", "unknown_service"),
            (special(CHRISTMAS, "dinner", "dinner"), "/here/services/1", "duplicate"),
            (special(CHRISTMAS, "dinner", "brunch"), "/here/services/1", "overlap"),
            (special(CHRISTMAS, "lunch", "brunch", "dinner"), "/here/services/1", "overlap"),
        ],
        ids=str,
    )
    def test_with_one_wrong_field_is_refused_for_it(self, wrong, pointer, code):
        assert self.errors(wrong) == [(pointer, code)]


class TestCuisines:
    def test_are_named_once_in_order(self):
        assert list(CUISINES) == sorted(set(CUISINES))


class TestDiningPolicies:
    def test_have_the_names_they_are_found_by(self):
        assert all(name == each.name for name, each in DINING_POLICIES.items())
        assert dining_terms().policy == DINING_POLICIES["free_until_24h"]
