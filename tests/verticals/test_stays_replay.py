"""A price done again from what it keeps.

Goal: replay gives the same price, and finds whatever was changed in it: a cent, a count, an input, a word, a line taken
out or put elsewhere. Method: random terms and stays, in currencies with 0, 2 and 3 decimals; and of each price every
single number, word and line is tampered with in turn.
"""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.money import decimals_of
from holdfast.engine.price import Price, from_json, to_json
from holdfast.verticals.dining import prices as dining_prices
from holdfast.verticals.flights import prices as flight_prices
from holdfast.verticals.replay import ORDER, RULES, DoesNotFollow, replay
from holdfast.verticals.stays import Adjustment, AheadDiscount, LengthDiscount, NightTerms, flat_price
from verticals.stay_builder import MONDAY, price, some_stays, some_terms, stay, terms

OF_OTHERS = {"fares", "deposit", "prepayment", "seats", "change_fee", "trip_discount"}
"""Kinds of line that no stay has by itself."""
FULL = terms(
    weekend_minor=13_333,
    cleaning_minor=4_999,
    extra_guest_minor=1_001,
    pets_max=2,
    pet_minor=1_717,
    service_bp=1_415,
    tax_bp=1_495,
    discounts=(LengthDiscount(nights=7, percent_bp=1_000),),
    adjustments=(
        Adjustment(name="Season", percent_bp=1_333),
        Adjustment(name="Weekdays", percent_bp=-777, weekdays=(0, 1, 2, 3)),
    ),
    nights={MONDAY: NightTerms(price_minor=7_777)},
)
WHOLE = price(FULL, stay(8, guests=3, pets=2))


def trip(*parts):
    """Several stays in one price, as booking joins them."""
    lines = [
        replace(line, label=f"{item + 1}. {line.label}", item=item)
        for item, part in enumerate(parts)
        for line in part.lines
    ]
    return Price.of(parts[0].currency, lines)


class TestReplay:
    @settings(max_examples=300)
    @given(the_terms=some_terms, request=some_stays)
    def test_gives_the_same_price(self, the_terms, request):
        made = price(the_terms, request)
        assert replay(made) == made
        assert replay(from_json(json.loads(json.dumps(to_json(made))))) == made

    @given(
        parts=st.lists(st.tuples(some_terms, some_stays), min_size=2, max_size=4),
        currency=st.sampled_from(["JPY", "USD", "KWD"]),
    )
    def test_gives_the_same_price_of_several_stays(self, parts, currency):
        made = trip(*(price(replace(the_terms, currency=currency), request) for the_terms, request in parts))
        assert replay(made) == made
        assert decimals_of(currency) in {0, 2, 3}

    def test_gives_the_flat_price_again(self):
        assert replay(flat_price(FULL, 5)) == flat_price(FULL, 5)

    def test_knows_every_rule_that_makes_a_line(self):
        early = price(replace(FULL, early_bird=(AheadDiscount(days=1, percent_bp=9_000),)), stay(7))
        late = price(replace(FULL, last_minute=(AheadDiscount(days=30, percent_bp=9_000),)), stay(7))
        made = {(line.rule, line.version) for each in (WHOLE, early, late) for line in each.lines}
        of_others = {rule[:2] for rule in (*dining_prices.LINES, *flight_prices.LINES)} | {("trip_discount", 1)}
        assert made == RULES.keys() - of_others
        assert {line.kind for line in WHOLE.lines} == set(ORDER) - OF_OTHERS
        for each in (early, late):
            assert replay(each) == each


def changed(value):
    """Other values of the kind of one: each a change that matters, none that is only written otherwise."""
    match value:
        case None:
            return [1]
        case bool():
            return [not value]
        case int():
            return [value + 1, value - 1, -value - 7, value + 0.5, True]
        case str():
            return [value + "!", ""]
        case list():
            return [[*value, 0], value[:-1], *([*value[:n], value[n] + 1, *value[n + 1 :]] for n in range(len(value)))]
        case Mapping():
            one_less = [{k: v for k, v in value.items() if k != name} for name in value]
            others = [{**value, name: other} for name in value for other in changed(value[name])]
            return [{**value, "more": 1}, *one_less, *others]
    pytest.fail(f"no way to change {value!r}")


def tampered(made):
    """Every price in which one member of one line is another, with a total that fits, and the place of the line."""
    for place, line in enumerate(made.lines):
        for name in ("kind", "label", "amount_minor", "quantity", "unit_minor", "rule", "version", "inputs"):
            for other in changed(getattr(line, name)):
                lines = [*made.lines[:place], replace(line, **{name: other}), *made.lines[place + 1 :]]
                if isinstance(other, float) and name == "amount_minor":
                    continue
                yield place, name, other, lines


class TestTampering:
    @pytest.mark.parametrize("made", [WHOLE, trip(WHOLE, flat_price(FULL, 3))], ids=["stay", "trip"])
    def test_with_any_member_of_any_line_is_found(self, made):
        count = 0
        for place, name, other, lines in tampered(made):
            with pytest.raises(DoesNotFollow) as found:
                replay(Price.of(made.currency, lines))
            assert found.value.place <= max(place, len(made.lines) - 1), (name, other)
            assert str(found.value).startswith(f"line {found.value.place + 1} does not follow")
            count += 1
        assert count > 300

    @settings(max_examples=60, deadline=None)
    @given(the_terms=some_terms, request=some_stays, data=st.data())
    def test_with_an_amount_is_found_at_its_line(self, the_terms, request, data):
        made = price(the_terms, request)
        place = data.draw(st.integers(0, len(made.lines) - 1))
        by = data.draw(st.sampled_from([-1, 1, 100, -10_000]))
        line = made.lines[place]
        lines = [*made.lines[:place], replace(line, amount_minor=line.amount_minor + by), *made.lines[place + 1 :]]
        with pytest.raises(DoesNotFollow) as found:
            replay(Price.of(made.currency, lines))
        assert found.value.place == place

    @settings(max_examples=60, deadline=None)
    @given(the_terms=some_terms, request=some_stays, data=st.data())
    def test_with_an_input_is_found(self, the_terms, request, data):
        made = price(the_terms, request)
        place = data.draw(st.integers(0, len(made.lines) - 1))
        inputs = data.draw(st.sampled_from(changed(made.lines[place].inputs)))
        lines = [*made.lines[:place], replace(made.lines[place], inputs=inputs), *made.lines[place + 1 :]]
        with pytest.raises(DoesNotFollow):
            replay(Price.of(made.currency, lines))

    def test_by_taking_a_line_out_is_found_unless_nothing_rests_on_it(self):
        *shares, the_tax = range(len(WHOLE.lines))
        for place in shares:
            with pytest.raises(DoesNotFollow):
                replay(Price.of("USD", [*WHOLE.lines[:place], *WHOLE.lines[place + 1 :]]))
        # A price may have no tax; that this one had is what the digest and the signature say.
        assert replay(Price.of("USD", WHOLE.lines[:the_tax])).lines == WHOLE.lines[:-1]

    def test_by_putting_a_line_in_or_elsewhere_is_found(self):
        count = len(WHOLE.lines)
        for place in range(count - 1):
            lines = [*WHOLE.lines]
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
            with pytest.raises(DoesNotFollow):
                replay(Price.of("USD", lines))
            if WHOLE.lines[place].kind not in {"nights", "adjustment"}:
                with pytest.raises(DoesNotFollow):
                    replay(Price.of("USD", [*WHOLE.lines[: place + 1], *WHOLE.lines[place:]]))

    def test_by_mixing_stays_is_found(self):
        made = trip(flat_price(FULL, 3), flat_price(FULL, 4))
        with pytest.raises(DoesNotFollow, match="line 2"):
            replay(Price.of("USD", made.lines[::-1]))

    @pytest.mark.parametrize("nonsense", [{"rule": ["tax"]}, {"rule": None}, {"inputs": [1]}, {"inputs": None}])
    def test_with_what_is_no_rule_or_inputs_is_found(self, nonsense):
        line = replace(flat_price(FULL, 3).lines[0], **nonsense)
        with pytest.raises(DoesNotFollow, match="no rule and inputs"):
            replay(Price.of("USD", [line]))

    def test_with_a_rule_there_is_not_is_named(self):
        line = replace(flat_price(FULL, 3).lines[0], version=2)
        with pytest.raises(DoesNotFollow, match="no rule 'base_price' in version 2"):
            replay(Price.of("USD", [line]))
