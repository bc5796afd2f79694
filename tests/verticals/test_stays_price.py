"""Prices of stays, by example and against a model that walks night by night and rounds with the decimal module."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.replay import ORDER
from holdfast.verticals.stays import (
    Adjustment,
    AheadDiscount,
    LengthDiscount,
    NightTerms,
    StayRequest,
    flat_price,
    night_price,
)
from verticals.stay_builder import MONDAY, price, some_stays, some_terms, stay, terms

WEEK = LengthDiscount(nights=7, percent_bp=1_000)
MONTH = LengthDiscount(nights=28, percent_bp=2_000)
THURSDAY = MONDAY + timedelta(days=3)
EVERYTHING = terms(
    weekend_minor=20_000,
    cleaning_minor=1,
    extra_guest_minor=1,
    pets_max=1,
    pet_minor=1,
    service_bp=1,
    tax_bp=1,
    discounts=(WEEK,),
    adjustments=(Adjustment(name="Season", percent_bp=1_000),),
    nights={MONDAY: NightTerms(price_minor=1)},
)


def brief(the_price):
    return [(line.kind, line.label, line.quantity, line.unit_minor, line.amount_minor) for line in the_price.lines]


class TestPrice:
    def test_is_nights_times_the_ordinary_price_where_nothing_else_applies(self):
        the_price = price(terms(), stay(3))
        assert brief(the_price) == [("nights", "3 nights", 3, 10_000, 30_000)]
        assert (the_price.currency, the_price.total_minor) == ("USD", 30_000)

    def test_charges_friday_and_saturday_nights_as_weekend(self):
        the_price = price(terms(weekend_minor=15_000), stay(5, check_in=THURSDAY))
        assert brief(the_price) == [
            ("nights", "3 nights", 3, 10_000, 30_000),
            ("nights", "2 weekend nights", 2, 15_000, 30_000),
        ]

    def test_has_no_line_for_ordinary_nights_where_there_are_none(self):
        friday = stay(1, check_in=THURSDAY + timedelta(days=1))
        assert brief(price(terms(weekend_minor=15_000), friday)) == [("nights", "1 weekend night", 1, 15_000, 15_000)]

    def test_lets_the_price_of_a_date_win_over_weekend_and_ordinary(self):
        calendar = {THURSDAY + timedelta(days=n): NightTerms(price_minor=20_000) for n in (0, 1)}
        calendar[THURSDAY + timedelta(days=2)] = NightTerms(min_nights=2)
        the_price = price(terms(weekend_minor=15_000, nights=calendar), stay(4, check_in=THURSDAY))
        assert brief(the_price) == [
            ("nights", "1 night", 1, 10_000, 10_000),
            ("nights", "1 weekend night", 1, 15_000, 15_000),
            ("nights", "2 nights, priced by date", 2, 20_000, 40_000),
        ]

    def test_takes_a_price_of_zero_on_a_date_as_a_price(self):
        the_price = price(terms(nights={MONDAY: NightTerms(price_minor=0)}), stay(1))
        assert brief(the_price) == [("nights", "1 night, priced by date", 1, 0, 0)]

    def test_leaves_the_day_of_departure_out(self):
        calendar = {MONDAY + timedelta(days=3): NightTerms(price_minor=99_999)}
        assert price(terms(nights=calendar), stay(3)).total_minor == 30_000

    def test_gives_one_discount_of_those_the_stay_reaches(self):
        the_terms = terms(discounts=(MONTH, WEEK))
        totals = {nights: price(the_terms, stay(nights)).total_minor for nights in (6, 7, 27, 28)}
        assert totals == {6: 60_000, 7: 63_000, 27: 243_000, 28: 224_000}

    def test_gives_the_discount_that_is_best_for_the_guest_even_where_another_is_for_longer_stays(self):
        the_terms = terms(discounts=(replace(WEEK, percent_bp=5_000), MONTH))
        assert price(the_terms, stay(28)).total_minor == 140_000

    @pytest.mark.parametrize(
        ("days_ahead", "nights", "rule", "percent_bp"),
        [
            *(
                (90, 3, "early_bird", 1_500),
                (60, 3, "early_bird", 1_000),
                (59, 3, None, 0),
                (60, 7, "length_discount", 1_000),
            ),
            *((90, 7, "early_bird", 1_500), (3, 3, "last_minute", 500), (4, 3, None, 0), (0, 3, "last_minute", 2_500)),
            *((1, 7, "length_discount", 1_000), (0, 7, "last_minute", 2_500)),
        ],
    )
    def test_weighs_early_and_late_booking_against_the_length(self, days_ahead, nights, rule, percent_bp):
        the_terms = terms(
            discounts=(WEEK,),
            early_bird=(AheadDiscount(days=60, percent_bp=1_000), AheadDiscount(days=90, percent_bp=1_500)),
            last_minute=(AheadDiscount(days=3, percent_bp=500), AheadDiscount(days=0, percent_bp=2_500)),
        )
        found = price(the_terms, stay(nights), today=MONDAY - timedelta(days=days_ahead)).lines[1:]
        assert [(line.rule, line.inputs["percent_bp"]) for line in found] == ([(rule, percent_bp)] if rule else [])

    def test_discounts_the_nights_only_and_taxes_what_is_left_with_the_fees(self):
        the_terms = terms(
            discounts=(WEEK,), cleaning_minor=5_000, extra_guest_minor=1_000, guests_included=2, tax_bp=1_000
        )
        assert brief(price(the_terms, stay(7, guests=4))) == [
            ("nights", "7 nights", 7, 10_000, 70_000),
            ("discount", "10% off for 7 nights or more", 1, None, -7_000),
            ("cleaning", "Cleaning", 1, 5_000, 5_000),
            ("extra_guests", "2 extra guests, 7 nights", 14, 1_000, 14_000),
            ("tax", "Tax 10%", 1, None, 8_200),
        ]

    def test_adds_ten_percent_to_one_hundred(self):
        assert price(terms(tax_bp=1_000), stay(1)).total_minor == 11_000

    @pytest.mark.parametrize(("base", "tax"), [(105, 10), (115, 12), (125, 12), (135, 14), (5, 0), (15, 2)])
    def test_rounds_half_a_cent_to_the_even_one(self, base, tax):
        assert price(terms(base_minor=base, tax_bp=1_000), stay(1)).lines[-1].amount_minor == tax

    def test_rounds_the_discount_by_itself_before_the_tax(self):
        the_terms = terms(base_minor=15, tax_bp=5_000, discounts=(LengthDiscount(nights=1, percent_bp=1_000),))
        assert [line.amount_minor for line in price(the_terms, stay(1)).lines] == [15, -2, 6]

    def test_charges_only_guests_beyond_those_included(self):
        the_terms = terms(extra_guest_minor=1_000, guests_included=3)
        assert [len(price(the_terms, stay(guests=guests)).lines) for guests in (1, 3, 4)] == [1, 1, 2]
        assert brief(price(the_terms, stay(1, guests=4)))[1] == (
            *("extra_guests", "1 extra guest, 1 night"),
            *(1, 1_000, 1_000),
        )

    @pytest.mark.parametrize(
        ("basis_points", "label"), [(1_495, "Tax 14.95%"), (750, "Tax 7.5%"), (5, "Tax 0.05%"), (10_000, "Tax 100%")]
    )
    def test_writes_percentages_as_people_do(self, basis_points, label):
        assert price(terms(tax_bp=basis_points), stay(1)).lines[-1].label == label

    def test_adjusts_first_then_discounts(self):
        the_terms = terms(
            base_minor=100,
            adjustments=(Adjustment(name="Season", percent_bp=1_000),),
            discounts=(LengthDiscount(nights=1, percent_bp=2_000),),
        )
        assert [line.amount_minor for line in price(the_terms, stay(1)).lines] == [100, 10, -22]
        assert price(the_terms, stay(1)).total_minor == 88

    def test_adjusts_the_price_each_night_has(self):
        season = Adjustment(name="Season", percent_bp=2_000, first=THURSDAY, end=THURSDAY + timedelta(days=2))
        weekends = Adjustment(name="Quiet Saturdays", percent_bp=-550, weekdays=(5,))
        the_terms = terms(weekend_minor=15_000, adjustments=(season, weekends))
        assert brief(price(the_terms, stay(5, check_in=THURSDAY - timedelta(days=1)))) == [
            ("nights", "3 nights", 3, 10_000, 30_000),
            ("nights", "2 weekend nights", 2, 15_000, 30_000),
            ("adjustment", "Season: +20% on 2 nights", 2, None, 5_000),
            ("adjustment", "Quiet Saturdays: -5.5% on 1 night", 1, None, -825),
        ]

    def test_never_adjusts_below_nothing(self):
        half = Adjustment(name="Half", percent_bp=-5_000)
        found = price(terms(base_minor=3, adjustments=(half, half, half), cleaning_minor=7), stay(1))
        assert [line.amount_minor for line in found.lines] == [3, -2, -1, 0, 7]

    def test_charges_pets_for_the_stay_and_service_on_all_but_tax(self):
        the_terms = terms(cleaning_minor=5_000, pets_max=2, pet_minor=1_250, service_bp=1_400, tax_bp=1_000)
        assert brief(price(the_terms, stay(2, pets=2))) == [
            ("nights", "2 nights", 2, 10_000, 20_000),
            ("cleaning", "Cleaning", 1, 5_000, 5_000),
            ("pets", "2 pets", 2, 1_250, 2_500),
            ("service", "Service fee 14%", 1, None, 3_850),
            ("tax", "Tax 10%", 1, None, 3_135),
        ]

    def test_names_the_rule_of_every_line(self):
        found = price(EVERYTHING, stay(7, guests=3, pets=1)).lines
        assert [line.rule for line in found] == [
            *("base_price", "weekend_price", "date_price", "adjustment", "length_discount", "cleaning_fee"),
            *("extra_guests", "pet_fee", "service_fee", "tax"),
        ]
        assert {line.version for line in found} == {1}
        assert {line.item for line in found} == {0}

    def test_keeps_everything_each_rule_reckoned_with(self):
        assert [dict(line.inputs) for line in price(EVERYTHING, stay(7, guests=3, pets=1)).lines] == [
            {"unit_minor": 10_000, "nights": 4},
            {"unit_minor": 20_000, "nights": 2},
            {"unit_minor": 1, "nights": 1},
            {
                "name": "Season",
                "percent_bp": 1_000,
                "of": [0, 1, 2],
                "nights": [4, 2, 1],
                "of_minor": 80_001,
                "before_minor": 80_001,
            },
            {"percent_bp": 1_000, "nights": 7, "nights_least": 7, "of": [0, 1, 2, 3], "of_minor": 88_001},
            {"unit_minor": 1},
            {"unit_minor": 1, "guests": 1, "nights": 7},
            {"unit_minor": 1, "pets": 1},
            {"percent_bp": 1, "of": [0, 1, 2, 3, 4, 5, 6, 7], "of_minor": 79_210},
            {"percent_bp": 1, "of": [0, 1, 2, 3, 4, 5, 6, 7, 8], "of_minor": 79_218},
        ]

    @pytest.mark.parametrize("nights", [0, -1, 366, 3_000_000])
    def test_refuses_a_stay_that_reasons_would_have_refused(self, nights):
        request = StayRequest(check_in=date.min, check_out=date.fromordinal(1 + abs(nights)), guests=1)
        if nights < 1:
            request = replace(request, check_in=request.check_out, check_out=request.check_in)
        with pytest.raises(ValueError, match="1 to 365 nights"):
            price(terms(), request, today=MONDAY)

    def test_prices_the_longest_stay(self):
        assert price(terms(), stay(365)).total_minor == 3_650_000


class TestNightPrice:
    def test_is_that_of_the_night_with_its_adjustments(self):
        weekends = Adjustment(name="Weekends", percent_bp=1_500, weekdays=(4, 5))
        the_terms = terms(
            weekend_minor=15_000,
            adjustments=(weekends, Adjustment(name="Sale", percent_bp=-1_000)),
            nights={MONDAY: NightTerms(price_minor=7)},
        )
        week = [night_price(the_terms, MONDAY + timedelta(days=n)) for n in range(7)]
        assert week == [6, 9_000, 9_000, 9_000, 15_750, 15_750, 9_000]

    @given(the_terms=some_terms)
    def test_is_what_a_stay_of_that_night_says_of_it(self, the_terms):
        lines = price(the_terms, stay(1)).lines
        assert night_price(the_terms, MONDAY) == sum(
            line.amount_minor for line in lines if line.kind in {"nights", "adjustment"}
        )


class TestFlatPrice:
    def test_is_nights_times_the_ordinary_price_and_nothing_else(self):
        the_terms = terms(
            base_minor=45_000,
            weekend_minor=1,
            cleaning_minor=1,
            tax_bp=1_000,
            discounts=(LengthDiscount(nights=1, percent_bp=5_000),),
            nights={MONDAY: NightTerms(price_minor=1)},
        )
        assert brief(flat_price(the_terms, 5)) == [("nights", "5 nights", 5, 45_000, 225_000)]
        assert flat_price(the_terms, 5).total_minor == 225_000

    @pytest.mark.parametrize("nights", [0, -1, 366])
    def test_refuses_no_nights_and_too_many(self, nights):
        with pytest.raises(ValueError, match="1 to 365 nights"):
            flat_price(terms(), nights)


def share(amount_minor, basis_points):
    exact = Decimal(amount_minor) * basis_points / 10_000
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_EVEN))


def naive_nightly(the_terms, night):
    own = the_terms.nights.get(night)
    if own is not None and own.price_minor is not None:
        return own.price_minor
    if the_terms.weekend_minor is not None and night.strftime("%A") in {"Friday", "Saturday"}:
        return the_terms.weekend_minor
    return the_terms.base_minor


def naive_applies(each, night):
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return (
        (not each.weekdays or night.strftime("%A") in {names[day] for day in each.weekdays})
        and (each.first is None or each.first <= night)
        and (each.end is None or night < each.end)
    )


def naive_discount(the_terms, nights, days_ahead):
    reached = [each.percent_bp for each in the_terms.discounts if nights >= each.nights]
    reached += [each.percent_bp for each in the_terms.early_bird if days_ahead >= each.days]
    reached += [each.percent_bp for each in the_terms.last_minute if days_ahead <= each.days]
    return max(reached, default=0)


def naive_total(the_terms, request, today):
    nights = [request.check_in + timedelta(days=n) for n in range((request.check_out - request.check_in).days)]
    total = sum(naive_nightly(the_terms, night) for night in nights)
    for each in the_terms.adjustments:
        on = sum(naive_nightly(the_terms, night) for night in nights if naive_applies(each, night))
        total = max(0, total + share(on, each.percent_bp))
    total -= share(total, naive_discount(the_terms, len(nights), (request.check_in - today).days))
    total += max(0, request.guests - the_terms.guests_included) * len(nights) * the_terms.extra_guest_minor
    total += the_terms.cleaning_minor + request.pets * the_terms.pet_minor
    total += share(total, the_terms.service_bp)
    return total + share(total, the_terms.tax_bp)


class TestAnyStay:
    @given(the_terms=some_terms, request=some_stays, days_ahead=st.integers(0, 40))
    def test_costs_what_the_model_reckons_night_by_night(self, the_terms, request, days_ahead):
        today = request.check_in - timedelta(days=days_ahead)
        assert price(the_terms, request, today=today).total_minor == naive_total(the_terms, request, today)

    @given(the_terms=some_terms, request=some_stays)
    def test_has_a_price_that_explains_itself(self, the_terms, request):
        the_price = price(the_terms, request)
        assert the_price.total_minor == sum(line.amount_minor for line in the_price.lines)
        for line in the_price.lines:
            assert line.unit_minor is None or line.amount_minor == line.quantity * line.unit_minor
        nights = [line for line in the_price.lines if line.kind == "nights"]
        assert sum(line.quantity for line in nights) == (request.check_out - request.check_in).days
        assert len({(line.rule, line.unit_minor) for line in nights}) == len(nights)

    @given(the_terms=some_terms, request=some_stays)
    def test_gets_each_share_once_and_in_order(self, the_terms, request):
        kinds = [line.kind for line in price(the_terms, request).lines]
        several = ["nights"] * kinds.count("nights") + ["adjustment"] * kinds.count("adjustment")
        once = [kind for kind in ORDER if kind in kinds and kind not in several]
        assert kinds == several + once

    @given(the_terms=some_terms, request=some_stays)
    def test_never_costs_less_with_one_more_guest(self, the_terms, request):
        more = replace(request, guests=request.guests + 1)
        assert price(the_terms, more).total_minor >= price(the_terms, request).total_minor

    @given(the_terms=some_terms, request=some_stays)
    def test_never_costs_less_for_one_more_night_at_the_same_discount(self, the_terms, request):
        # A night in an adjustment that makes it cheaper is not free, but its cents are rounded with those of others.
        always = tuple(replace(each, nights=1) for each in the_terms.discounts[:1])
        the_terms = replace(the_terms, discounts=always, adjustments=())
        longer = replace(request, check_out=request.check_out + timedelta(days=1))
        assert price(the_terms, longer).total_minor >= price(the_terms, request).total_minor

    @given(the_terms=some_terms, request=some_stays, more=st.integers(0, 1_000))
    def test_never_costs_less_at_a_higher_ordinary_price(self, the_terms, request, more):
        the_terms = replace(the_terms, adjustments=())
        dearer = replace(the_terms, base_minor=the_terms.base_minor + more)
        assert price(dearer, request).total_minor >= price(the_terms, request).total_minor
