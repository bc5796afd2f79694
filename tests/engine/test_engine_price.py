import json
from copy import deepcopy
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.price import Price, PriceLine, digest, from_json, to_json


def line(amount_minor=100, **changes):
    whole = PriceLine(
        kind="nights",
        label="1 night",
        amount_minor=amount_minor,
        quantity=1,
        unit_minor=amount_minor,
        rule="base_price",
    )
    return replace(whole, **changes)


lines = st.builds(
    PriceLine,
    kind=st.sampled_from(["nights", "discount", "tax"]),
    label=st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    amount_minor=st.integers(-(10**12), 10**12),
    quantity=st.integers(1, 365),
    unit_minor=st.none() | st.integers(0, 10**9),
    rule=st.sampled_from(["base_price", "tax"]),
    version=st.integers(1, 3),
    inputs=st.dictionaries(
        st.sampled_from(["of", "of_minor", "name"]),
        st.integers(0, 9) | st.lists(st.integers(0, 9), max_size=3) | st.sampled_from(["Season", "été"]),
        max_size=3,
    ),
    item=st.integers(0, 2),
)
prices = st.builds(Price.of, st.sampled_from(["USD", "JPY"]), st.lists(lines, max_size=5))


class TestPrice:
    def test_refuses_a_total_that_is_not_the_sum(self):
        with pytest.raises(ValueError, match="add up to 300, not to 299"):
            Price("USD", (line(100), line(200)), 299)

    def test_adds_up_its_lines_with_discounts_below_zero(self):
        assert Price.of("USD", [line(100), line(-30), line(7)]).total_minor == 77

    def test_of_no_lines_is_nothing(self):
        assert Price.of("USD", ()) == Price("USD", (), 0)

    def test_takes_lines_from_anything_that_gives_them_once(self):
        assert Price.of("USD", iter([line(1), line(2)])) == Price("USD", (line(1), line(2)), 3)

    @given(price=prices)
    def test_is_always_the_sum_of_its_lines(self, price):
        assert price.total_minor == sum(each.amount_minor for each in price.lines)


class TestDigest:
    def test_is_what_anybody_computes_from_the_stored_price(self):
        price = Price.of("USD", [line(label="1 nuit à Besançon")])
        stored = json.dumps(to_json(price), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        assert digest(price) == sha256(stored.encode()).hexdigest()

    def test_stays_the_same_between_releases(self):
        text = (
            '{"currency":"USD","lines":[{"amount_minor":12000,"kind":"nights","label":"1 night","quantity":1,'
            '"rule":"base_price","unit_minor":12000},{"amount_minor":-1200,"kind":"discount","label":"10% off",'
            '"quantity":1,"rule":"length_discount","unit_minor":null}],"total_minor":10800}'
        )
        discount = line(-1_200, kind="discount", label="10% off", unit_minor=None, rule="length_discount")
        assert digest(Price.of("USD", [line(12_000), discount])) == sha256(text.encode()).hexdigest()

    def test_covers_everything_a_line_reckoned_with(self):
        text = (
            '{"currency":"KWD","lines":[{"amount_minor":12000,"inputs":{"nights":1,"unit_minor":12000},"item":1,'
            '"kind":"nights","label":"1 night","quantity":1,"rule":"base_price","unit_minor":12000,"version":2}],'
            '"total_minor":12000}'
        )
        full = line(12_000, version=2, item=1, inputs={"unit_minor": 12_000, "nights": 1})
        assert digest(Price.of("KWD", [full])) == sha256(text.encode()).hexdigest()

    @pytest.mark.parametrize(
        "change",
        [
            *({"kind": "tax"}, {"label": "2 nights"}, {"quantity": 2}, {"unit_minor": None}, {"rule": "weekend_price"}),
            *({"amount_minor": 101}, {"version": 2}, {"item": 1}, {"inputs": {"nights": 1}}),
        ],
    )
    def test_shows_a_change_of_anything_in_a_line(self, change):
        assert digest(Price.of("USD", [line(), line()])) != digest(Price.of("USD", [line(), line(**change)]))

    def test_shows_another_currency_another_order_and_a_line_that_adds_nothing(self):
        price = Price.of("USD", [line(1), line(2)])
        others = [
            Price.of("EUR", price.lines),
            Price.of("USD", price.lines[::-1]),
            Price.of("USD", [*price.lines, line(0)]),
        ]
        assert len({digest(each) for each in [price, *others]}) == 4

    @given(one=prices, other=prices)
    def test_is_the_same_for_the_same_price_only(self, one, other):
        assert (digest(one) == digest(other)) == (one == other)


class TestFromJson:
    @given(price=prices)
    def test_returns_what_was_stored(self, price):
        again = from_json(json.loads(json.dumps(to_json(price))))
        assert again == price
        assert digest(again) == digest(price)

    def test_refuses_a_price_whose_total_was_changed(self):
        stored = to_json(Price.of("USD", [line(100)]))
        with pytest.raises(ValueError, match="add up"):
            from_json(stored | {"total_minor": 90})

    def test_refuses_a_price_of_which_a_line_was_changed(self):
        stored = deepcopy(to_json(Price.of("USD", [line(100), line(50)])))
        stored["lines"][1]["amount_minor"] = 40
        with pytest.raises(ValueError, match="add up"):
            from_json(stored)

    @pytest.mark.parametrize(
        "stored",
        [
            *({}, [], None, {"currency": "USD", "lines": [{}], "total_minor": 0}),
            {
                "currency": "USD",
                "lines": [{**to_json(Price.of("USD", [line()]))["lines"][0], "more": 1}],
                "total_minor": 100,
            },
            {"currency": "USD", "lines": 5, "total_minor": 0},
            {"currency": "USD", "lines": []},
        ],
    )
    def test_refuses_what_is_no_price(self, stored):
        with pytest.raises(ValueError, match="not a stored price"):
            from_json(stored)
