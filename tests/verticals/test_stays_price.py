"""Prices of stays, by example and against a model that walks night by night and rounds with the decimal module."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.stays import LengthDiscount, NightTerms, StayRequest, flat_price, price
from verticals.stay_builder import MONDAY, some_stays, some_terms, stay, terms

WEEK = LengthDiscount(nights=7, percent_bp=1_000)
MONTH = LengthDiscount(nights=28, percent_bp=2_000)
THURSDAY = MONDAY + timedelta(days=3)


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

    def test_gives_one_discount_the_longest_that_the_stay_reaches(self):
        the_terms = terms(discounts=(MONTH, WEEK))
        totals = {nights: price(the_terms, stay(nights)).total_minor for nights in (6, 7, 27, 28)}
        assert totals == {6: 60_000, 7: 63_000, 27: 243_000, 28: 224_000}

    def test_gives_the_longest_discount_even_where_a_shorter_one_is_larger(self):
        the_terms = terms(discounts=(replace(WEEK, percent_bp=5_000), MONTH))
        assert price(the_terms, stay(28)).total_minor == 224_000

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

    def test_names_the_rule_of_every_line(self):
        the_terms = terms(
            weekend_minor=1,
            cleaning_minor=1,
            extra_guest_minor=1,
            tax_bp=1,
            discounts=(WEEK,),
            nights={MONDAY: NightTerms(price_minor=1)},
        )
        assert [line.rule for line in price(the_terms, stay(7, guests=3)).lines] == [
            *("base_price", "weekend_price", "date_price", "length_discount", "cleaning_fee", "extra_guests", "tax")
        ]

    @pytest.mark.parametrize("nights", [0, -1, 366, 3_000_000])
    def test_refuses_a_stay_that_reasons_would_have_refused(self, nights):
        request = StayRequest(check_in=date.min, check_out=date.fromordinal(1 + abs(nights)), guests=1)
        if nights < 1:
            request = replace(request, check_in=request.check_out, check_out=request.check_in)
        with pytest.raises(ValueError, match="1 to 365 nights"):
            price(terms(), request)

    def test_prices_the_longest_stay(self):
        assert price(terms(), stay(365)).total_minor == 3_650_000


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


def naive_total(the_terms, request):
    nights = [request.check_in + timedelta(days=n) for n in range((request.check_out - request.check_in).days)]
    of_nights = sum(naive_nightly(the_terms, night) for night in nights)
    percent_by_length = {each.nights: each.percent_bp for each in the_terms.discounts if each.nights <= len(nights)}
    off = share(of_nights, percent_by_length[max(percent_by_length)]) if percent_by_length else 0
    extra = max(0, request.guests - the_terms.guests_included) * len(nights) * the_terms.extra_guest_minor
    taxed = of_nights - off + extra + the_terms.cleaning_minor
    return taxed + share(taxed, the_terms.tax_bp)


class TestAnyStay:
    @given(the_terms=some_terms, request=some_stays)
    def test_costs_what_the_model_reckons_night_by_night(self, the_terms, request):
        assert price(the_terms, request).total_minor == naive_total(the_terms, request)

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
        rest = [kind for kind in kinds if kind != "nights"]
        assert kinds == ["nights"] * kinds.count("nights") + rest
        assert rest == [kind for kind in ("discount", "cleaning", "extra_guests", "tax") if kind in rest]

    @given(the_terms=some_terms, request=some_stays)
    def test_never_costs_less_with_one_more_guest(self, the_terms, request):
        more = replace(request, guests=request.guests + 1)
        assert price(the_terms, more).total_minor >= price(the_terms, request).total_minor

    @given(the_terms=some_terms, request=some_stays)
    def test_never_costs_less_for_one_more_night_at_the_same_discount(self, the_terms, request):
        the_terms = replace(the_terms, discounts=tuple(replace(each, nights=1) for each in the_terms.discounts[:1]))
        longer = replace(request, check_out=request.check_out + timedelta(days=1))
        assert price(the_terms, longer).total_minor >= price(the_terms, request).total_minor

    @given(the_terms=some_terms, request=some_stays, more=st.integers(0, 1_000))
    def test_never_costs_less_at_a_higher_ordinary_price(self, the_terms, request, more):
        dearer = replace(the_terms, base_minor=the_terms.base_minor + more)
        assert price(dearer, request).total_minor >= price(the_terms, request).total_minor
