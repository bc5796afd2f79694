import json
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.money import portion
from holdfast.engine.price import Price, from_json, to_json
from holdfast.verticals import price_rules
from holdfast.verticals.cancellation import ALL, POLICIES, Booked, CancellationPolicy, RefundWindow, refund, shares_of
from holdfast.verticals.dining.prices import (
    LINES,
    ORDER,
    comes_first,
    fee_deadline,
    guarantee_minor,
    price,
    security_of,
    table_deposit,
)
from holdfast.verticals.dining.terms import Security, SecurityKind
from holdfast.verticals.replay import DoesNotFollow, replay
from verticals.dining_builder import AUTUMN, MONDAY, SPRING, ask, service, terms

DEPOSIT = Security(party_min=6, kind=SecurityKind.DEPOSIT, per_cover_minor=1_500)
PREPAY = Security(party_min=1, kind=SecurityKind.PREPAY, per_cover_minor=8_999)
GUARANTEE = Security(party_min=4, kind=SecurityKind.GUARANTEE, per_cover_minor=2_500)
TAX = ("tax", 1, price_rules.tax, {"percent_bp": int, "of": list, "of_minor": int})

some_securities = st.lists(
    st.builds(
        Security,
        party_min=st.integers(1, 10),
        kind=st.sampled_from(SecurityKind),
        per_cover_minor=st.sampled_from([0, 1, 999, 10_001]),
    ),
    max_size=4,
    unique_by=lambda security: security.party_min,
).map(tuple)
some_windows = st.lists(
    st.builds(
        RefundWindow,
        days_before=st.integers(0, 5),
        hours_before=st.integers(0, 30),
        shares=st.sampled_from([ALL, ALL, shares_of(5_000), shares_of(0)]),
        nights_kept=st.sampled_from([0, 0, 0, 1]),
    ),
    max_size=3,
).map(lambda windows: tuple(sorted(windows, key=lambda each: (-each.days_before, -each.hours_before))))


def policy(*windows):
    return CancellationPolicy(name="own", windows=windows, grace_hours=24)


def free_until(days_before, hours_before=0, *, shares=ALL, nights_kept=0):
    return RefundWindow(days_before=days_before, hours_before=hours_before, shares=shares, nights_kept=nights_kept)


RULES = {(rule, version): (make, kinds) for rule, version, make, kinds, *_ in (*LINES, TAX)}


class TestTheSecurity:
    @pytest.mark.parametrize(
        ("size", "found"), [(1, PREPAY), (3, PREPAY), (4, GUARANTEE), (5, GUARANTEE), (9, DEPOSIT)]
    )
    def test_is_that_of_the_largest_size_that_is_reached(self, size, found):
        assert security_of(terms(securities=(GUARANTEE, PREPAY, DEPOSIT)), size) == found

    def test_is_none_for_parties_too_small_for_any(self):
        assert security_of(terms(securities=(GUARANTEE, DEPOSIT)), 3) is None


class TestThePrice:
    def test_is_nothing_where_nothing_is_asked(self):
        assert price(terms(tax_bp=1_000), ask()) == Price("USD", (), 0)

    def test_of_a_deposit_is_for_every_guest(self):
        found = price(terms(securities=(DEPOSIT,)), ask(6))
        [line] = found.lines
        assert (line.kind, line.rule, line.version) == ("deposit", "table_deposit", 1)
        assert (line.label, line.quantity, line.unit_minor, line.amount_minor) == (
            "Deposit for 6 guests",
            6,
            1_500,
            9_000,
        )
        assert line.inputs == {"unit_minor": 1_500, "guests": 6}
        assert found.total_minor == 9_000

    def test_of_a_prepayment_has_tax_on_it(self):
        found = price(terms(securities=(PREPAY,), tax_bp=1_025), ask(1))
        assert [(line.kind, line.rule, line.amount_minor) for line in found.lines] == [
            ("prepayment", "table_prepayment", 8_999),
            ("tax", "tax", 922),
        ]
        assert found.lines[0].label == "Paid for 1 guest"
        assert found.lines[1].inputs == {"percent_bp": 1_025, "of": [0], "of_minor": 8_999}
        assert found.total_minor == 9_921

    def test_of_a_guarantee_is_nothing_now(self):
        the_terms = terms(securities=(GUARANTEE,), tax_bp=1_000)
        assert price(the_terms, ask(4)).lines == ()
        assert guarantee_minor(the_terms, ask(4)) == 10_000

    def test_that_is_free_has_no_lines(self):
        free = Security(party_min=1, kind=SecurityKind.DEPOSIT, per_cover_minor=0)
        assert price(terms(securities=(free,), tax_bp=1_000), ask()).lines == ()

    @given(securities=some_securities, size=st.integers(1, 12), tax_bp=st.sampled_from([0, 725, 10_000]))
    def test_and_the_guarantee_exclude_each_other(self, securities, size, tax_bp):
        the_terms = terms(securities=securities, tax_bp=tax_bp)
        found = price(the_terms, ask(size))
        security = security_of(the_terms, size)
        asked = 0 if security is None else security.per_cover_minor * size
        guaranteed = guarantee_minor(the_terms, ask(size))
        assert found.total_minor == 0 or guaranteed == 0
        assert found.total_minor + guaranteed == asked + (0 if guaranteed else portion(asked, tax_bp))
        assert [line.kind for line in found.lines] == sorted((line.kind for line in found.lines), key=ORDER.index)


class TestALine:
    @given(securities=some_securities, size=st.integers(1, 12), tax_bp=st.sampled_from([0, 725]))
    def test_follows_from_its_rule_and_inputs_after_a_journey_through_json(self, securities, size, tax_bp):
        made = price(terms(securities=securities, tax_bp=tax_bp), ask(size))
        again = from_json(json.loads(json.dumps(to_json(made))))
        assert again == made
        for line in again.lines:
            make, kinds = RULES[line.rule, line.version]
            assert {name: type(value) for name, value in line.inputs.items()} == kinds
            assert make(**line.inputs) == line
        assert replay(again) == made

    @pytest.mark.parametrize("changes", [{"amount_minor": 8_999}, {"inputs": {"unit_minor": 1_500, "guests": 5}}])
    def test_that_was_tampered_with_is_found(self, changes):
        [line] = price(terms(securities=(DEPOSIT,)), ask(6)).lines
        with pytest.raises(DoesNotFollow, match="line 1"):
            replay(Price.of("USD", [replace(line, **changes)]))

    def test_of_what_is_paid_now_is_the_first_of_its_table(self):
        line = table_deposit(unit_minor=100, guests=2)
        assert comes_first(line.inputs, []) is None
        assert comes_first(line.inputs, [line]) == "it must be the first line of its table"
        assert {(rule, version, grounds) for rule, version, _, _, grounds in LINES} == {
            ("table_deposit", 1, comes_first),
            ("table_prepayment", 1, comes_first),
        }

    def test_is_of_a_kind_that_has_its_place(self):
        made = {make(unit_minor=1, guests=1).kind for _, _, make, *_ in LINES}
        assert made | {"tax"} == set(ORDER)


class TestTheDeadline:
    def test_is_the_end_of_the_last_window_that_gives_everything_back(self):
        windows = (free_until(7), free_until(1), free_until(0, shares=shares_of(5_000)))
        the_terms = terms(securities=(DEPOSIT,), policy=policy(*windows))
        assert fee_deadline(the_terms, ask(6)) == datetime(2026, 8, 2, 23, tzinfo=UTC)

    def test_is_real_hours_before_the_wall_time_days_before(self):
        the_terms = terms(securities=(GUARANTEE,), policy=policy(free_until(0, 4)))
        assert fee_deadline(the_terms, ask(4)) == datetime(2026, 8, 3, 19, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("day", "window", "hours"),
        [
            (SPRING, free_until(1), 23),
            (AUTUMN, free_until(1), 25),
            (SPRING, free_until(0, 24), 24),
            (AUTUMN, free_until(1, 2), 27),
            (MONDAY, free_until(1), 24),
        ],
    )
    def test_goes_with_the_clock_of_the_restaurant(self, day, window, hours):
        the_terms = terms(securities=(GUARANTEE,), policy=policy(window))
        arrives = datetime.combine(day, time(19), UTC) + timedelta(hours=5 if day == AUTUMN else 4)
        assert fee_deadline(the_terms, ask(4, day=day)) == arrives - timedelta(hours=hours)

    def test_is_none_where_canceling_always_costs(self):
        for own in (policy(), policy(free_until(1, shares=shares_of(9_999))), policy(free_until(1, nights_kept=1))):
            assert fee_deadline(terms(securities=(GUARANTEE,), policy=own), ask(4)) is None
        assert fee_deadline(terms(securities=(DEPOSIT,), policy=POLICIES["non_refundable"]), ask(6)) is None

    def test_is_not_in_a_window_before_which_canceling_costs(self):
        # Until a week before a half comes back, then everything: who cancels before such a deadline may pay.
        own = policy(free_until(7, shares=shares_of(5_000)), free_until(1))
        assert fee_deadline(terms(securities=(GUARANTEE,), policy=own), ask(4)) is None

    def test_is_the_arrival_where_nothing_is_at_stake(self):
        assert fee_deadline(terms(policy=policy()), ask()) == datetime(2026, 8, 3, 23, tzinfo=UTC)

    @given(
        securities=some_securities,
        windows=some_windows,
        size=st.integers(1, 12),
        day=st.sampled_from([MONDAY, SPRING, AUTUMN, date(2026, 11, 2)]),
        at=st.sampled_from([time(0, 30), time(1, 30), time(19)]),
        tax_bp=st.sampled_from([0, 725]),
    )
    def test_is_the_last_instant_at_which_everything_comes_back(self, securities, windows, size, day, at, tax_bp):
        own = CancellationPolicy(name="own", windows=windows)
        the_terms = terms(
            securities=securities,
            policy=own,
            tax_bp=tax_bp,
            services=(service(first=time(0), last=time(23, 45)),),
        )
        request = ask(size, day=day, at=at)
        lines = price(the_terms, request).lines
        deadline = fee_deadline(the_terms, request)
        if not lines:
            return
        booked = Booked(
            policy=own,
            check_in=day,
            check_out=day + timedelta(days=1),
            check_in_from=at,
            zone=the_terms.zone,
            booked_at=datetime(2026, 1, 1, tzinfo=UTC),
            lines=lines,
        )
        paid = sum(line.amount_minor for line in lines)

        def comes_back(now):
            return refund([booked], now=now).total_minor

        if deadline is None:
            assert comes_back(datetime(2026, 1, 1, tzinfo=UTC)) < paid
        else:
            assert comes_back(deadline) == paid
            assert comes_back(deadline + timedelta(microseconds=1)) < paid
