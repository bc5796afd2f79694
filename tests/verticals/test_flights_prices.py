"""Prices of flights, by example, against a model that rounds with the decimal module, and done again by `replay`.

Every member of every line of a price is tampered with in turn, as is their order: whatever was changed is found.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_HALF_EVEN, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.price import Price, from_json, to_json
from holdfast.verticals import cancellation
from holdfast.verticals.flights.prices import LINES, ORDER, change_fee, price
from holdfast.verticals.flights.terms import FareBucket
from holdfast.verticals.replay import DoesNotFollow, replay
from verticals.flight_builder import BASIC, BUCKETS, DCA, ECONOMY, FLEX, JFK, NOON, NOW, asking, chosen, leg, request

LEGS = (leg(1), leg(2, hours=48, origin=DCA, destination=JFK))
AT = {1: "Q", 2: "M"}
FAMILY = asking(LEGS, adults=2, children=1, infants=1, seats=chosen((2, "4B", 2), (1, "2A", 0), (1, "3A", 1)))
WHOLE = price(LEGS, FAMILY, AT)
CHANGED = Price.of("USD", [*WHOLE.lines, change_fee(unit_minor=2_500, passengers=3)])


def brief(the_price):
    return [(line.kind, line.label, line.quantity, line.unit_minor, line.amount_minor) for line in the_price.lines]


class TestPrice:
    def test_is_the_fare_of_the_bucket_and_the_taxes(self):
        the_price = price([leg()], request(), {1: "Q"})
        assert brief(the_price) == [
            ("fares", "HF1 Basic, 1 adult", 1, 8_000, 8_000),
            ("tax", "HF1, airport taxes for 1 traveler", 1, 560, 560),
        ]
        assert (the_price.currency, the_price.total_minor) == ("USD", 8_560)

    def test_lists_all_fares_then_all_seats_then_all_taxes_leg_by_leg(self):
        assert brief(WHOLE) == [
            ("fares", "HF1 Basic, 2 adults", 2, 8_000, 16_000),
            ("fares", "HF1, 1 child at 75%", 1, 6_000, 6_000),
            ("fares", "HF1, 1 infant on a lap at 10%", 1, 800, 800),
            ("fares", "HF2 Basic, 2 adults", 2, 12_000, 24_000),
            ("fares", "HF2, 1 child at 75%", 1, 9_000, 9_000),
            ("fares", "HF2, 1 infant on a lap at 10%", 1, 1_200, 1_200),
            ("seats", "HF1, seat 2A", 1, 900, 900),
            ("seats", "HF1, seat 3A", 1, 3_500, 3_500),
            ("seats", "HF2, seat 4B", 1, 900, 900),
            ("tax", "HF1, airport taxes for 3 travelers", 3, 560, 1_680),
            ("tax", "HF2, airport taxes for 3 travelers", 3, 560, 1_680),
        ]

    def test_adds_what_the_brand_costs_to_the_fare_of_everybody_with_a_seat(self):
        the_price = price([leg()], request(adults=1, children=2, brand="flex"), {1: "Q"})
        assert brief(the_price)[:2] == [
            ("fares", "HF1 Flex, 1 adult", 1, 12_000, 12_000),
            ("fares", "HF1, 2 children at 75%", 2, 9_000, 18_000),
        ]

    @pytest.mark.parametrize(("fare", "unit"), [(1, 1), (2, 2), (3, 2), (5, 4), (6, 4), (10, 8), (14, 10)])
    def test_rounds_the_share_of_one_child_half_even_and_then_multiplies(self, fare, unit):
        odd = replace(ECONOMY, buckets=(FareBucket(code="Q", seats=9, fare_minor=fare),))
        line = price([leg(cabins=(odd,))], request(adults=1, children=3), {1: "Q"}).lines[1]
        assert (line.unit_minor, line.amount_minor) == (unit, 3 * unit)

    def test_lets_ordinary_seats_be_chosen_free_with_a_fare_that_includes_it(self):
        seats = chosen((1, "2A", 0), (1, "3A", 1))
        for brand, expected in (("basic", [900, 3_500]), ("flex", [3_500])):
            the_price = price([leg()], request(adults=2, brand=brand, seats=seats), {1: "Q"})
            assert [line.amount_minor for line in the_price.lines if line.kind == "seats"] == expected

    def test_lists_infants_who_fly_for_nothing_and_no_taxes_where_there_are_none(self):
        the_price = price([leg(infant_bp=0, tax_minor=0)], request(infants=1), {1: "Q"})
        assert brief(the_price)[1:] == [("fares", "HF1, 1 infant on a lap at 0%", 1, 0, 0)]

    def test_takes_no_taxes_for_infants(self):
        assert price([leg()], request(infants=1), {1: "Q"}).lines[-1].quantity == 1

    @pytest.mark.parametrize(
        ("changes", "bucket", "said"),
        [
            ({"cabin": "first"}, "Q", "HF1 has no fare first basic Q"),
            ({"brand": "light"}, "Q", "HF1 has no fare economy light Q"),
            ({}, "Z", "HF1 has no fare economy basic Z"),
            ({"seats": chosen((1, "9Z", 0))}, "Q", "HF1 has no seat '9Z'"),
        ],
    )
    def test_is_none_of_what_reasons_would_have_refused(self, changes, bucket, said):
        with pytest.raises(ValueError, match=said):
            price([leg()], request(**changes), {1: bucket})


class TestChangeFee:
    def test_is_for_everybody_with_a_seat(self):
        line = change_fee(unit_minor=2_500, passengers=3)
        assert (line.kind, line.label, line.amount_minor) == ("change_fee", "Change fee for 3 travelers", 7_500)


class TestCancellation:
    """That the policies of `cancellation` understand these lines."""

    @pytest.mark.parametrize(("share", "back"), [(10_000, WHOLE.total_minor), (5_000, WHOLE.total_minor // 2), (0, 0)])
    def test_gives_back_its_share_of_fares_seats_and_taxes(self, share, back):
        shares = cancellation.shares_of(share)
        window = cancellation.RefundWindow(days_before=0, hours_before=24, shares=shares)
        booked = cancellation.Booked(
            policy=cancellation.CancellationPolicy(name="fare", windows=(window,)),
            check_in=NOON.date(),
            check_out=NOON.date().replace(day=NOON.day + 1),
            check_in_from=NOON.time(),
            zone=JFK.zone,
            booked_at=NOW,
            lines=WHOLE.lines,
            start="departure",
        )
        assert cancellation.refund([booked], now=NOW).total_minor == back


some_legs = st.lists(
    st.tuples(
        *[st.integers(0, 99_999)] * 2,
        st.sampled_from([0, 1_000, 3_333, 7_500, 10_000]),
        st.sampled_from([0, 560, 1]),
        st.sampled_from([0, 900]),
    ),
    min_size=1,
    max_size=4,
)


def flown(figures):
    """Legs with these fares, extras, shares, taxes and seat prices."""
    found = []
    for number, (fare, extra, share, tax, seat) in enumerate(figures, 1):
        cabin = replace(
            ECONOMY,
            buckets=(replace(BUCKETS[0], fare_minor=fare),),
            brands=(replace(BASIC, extra_minor=extra), replace(FLEX, extra_minor=extra)),
        )
        seats = tuple(replace(each, extra_minor=each.extra_minor and seat) for each in leg().seats)
        facts = {"cabins": (cabin,), "seats": seats, "child_bp": share, "infant_bp": share // 2, "tax_minor": tax}
        found.append(leg(number, hours=24 * number, **facts))
    return found


def modeled(figures, asked):
    """What flights cost, by a model that knows nothing of lines."""
    total = 0
    party = asked.passengers
    for number, (fare, extra, share, tax, seat) in enumerate(figures, 1):
        adult = Decimal(fare + extra)
        child = (adult * share / 10_000).quantize(Decimal(1), ROUND_HALF_EVEN)
        infant = (adult * (share // 2) / 10_000).quantize(Decimal(1), ROUND_HALF_EVEN)
        total += party.adults * adult + party.children * child + party.infants * infant + party.seats * tax
        if asked.brand == "basic":
            total += seat * sum(each.flight_id == number for each in asked.seats)
    return total


some_parties = st.tuples(st.integers(1, 4), st.integers(0, 3), st.integers(0, 2), st.sampled_from(["basic", "flex"]))


def asked_of(legs, party, seated):
    adults, children, infants, brand = party
    seats = [(each.flight_id, code, 0) for each, code in zip(legs, seated, strict=False) if code]
    facts = {"adults": adults, "children": children, "infants": infants, "brand": brand}
    return asking(legs, seats=chosen(*seats), **facts)


class TestAnyPrice:
    @settings(max_examples=300, deadline=None)
    @given(figures=some_legs, party=some_parties, seated=st.lists(st.sampled_from(["", "2A", "4C"]), max_size=4))
    def test_is_what_the_model_says_and_the_same_done_again(self, figures, party, seated):
        legs = flown(figures)
        asked = asked_of(legs, party, seated)
        made = price(legs, asked, {each.flight_id: "Q" for each in legs})
        assert made.total_minor == modeled(figures, asked)
        assert replay(made) == made
        assert replay(from_json(json.loads(json.dumps(to_json(made))))) == made
        kinds = [ORDER.index(line.kind) for line in made.lines]
        assert kinds == sorted(kinds)

    @settings(max_examples=100, deadline=None)
    @given(parts=st.lists(st.tuples(some_legs, some_parties), min_size=2, max_size=3))
    def test_is_the_same_done_again_as_a_part_of_a_trip(self, parts):
        made = []
        for figures, party in parts:
            legs = flown(figures)
            made.append(price(legs, asked_of(legs, party, []), {each.flight_id: "Q" for each in legs}))
        assert replay(trip(*made)) == trip(*made)


def trip(*parts):
    """Several items in one price, as booking joins them."""
    return Price.of(
        "USD",
        [
            replace(line, label=f"{item + 1}. {line.label}", item=item)
            for item, part in enumerate(parts)
            for line in part.lines
        ],
    )


def others(value):
    """Other values of the kind of one."""
    match value:
        case None:
            return [1]
        case int():
            return [value + 1, value - 1, -value - 7, value + 0.5, True]
        case str():
            return [value + "!", ""]
        case Mapping():
            one_less = [{k: v for k, v in value.items() if k != name} for name in value]
            changed = [{**value, name: other} for name in value for other in others(value[name])]
            return [{**value, "more": 1}, *one_less, *changed]
    pytest.fail(f"no way to change {value!r}")


class TestReplay:
    def test_knows_every_rule_of_flights(self):
        assert {(line.rule, line.version) for line in CHANGED.lines} == {(rule, version) for rule, version, *_ in LINES}
        assert {line.kind for line in CHANGED.lines} == set(ORDER)
        assert replay(CHANGED) == CHANGED

    @pytest.mark.parametrize("made", [CHANGED, trip(WHOLE, CHANGED)], ids=["flights", "trip"])
    def test_finds_any_member_of_any_line_that_was_tampered_with(self, made):
        count = 0
        for place, line in enumerate(made.lines):
            for name in ("kind", "label", "amount_minor", "quantity", "unit_minor", "rule", "version", "inputs"):
                for other in others(getattr(line, name)):
                    if name == "amount_minor" and isinstance(other, float):
                        continue
                    lines = [*made.lines[:place], replace(line, **{name: other}), *made.lines[place + 1 :]]
                    with pytest.raises(DoesNotFollow):
                        replay(Price.of("USD", lines))
                    count += 1
        assert count > 500

    def test_finds_lines_that_change_places(self):
        for place in range(len(CHANGED.lines) - 1):
            lines = [*CHANGED.lines]
            lines[place], lines[place + 1] = lines[place + 1], lines[place]
            if [line.label for line in lines[place : place + 2]] == ["HF1, seat 3A", "HF1, seat 2A"]:
                # Which of two seats of a leg is named first is nobody's concern.
                assert replay(Price.of("USD", lines)).total_minor == CHANGED.total_minor
                continue
            with pytest.raises(DoesNotFollow):
                replay(Price.of("USD", lines))

    def test_finds_lines_that_are_there_twice(self):
        for place in range(len(CHANGED.lines)):
            with pytest.raises(DoesNotFollow):
                replay(Price.of("USD", [*CHANGED.lines[: place + 1], *CHANGED.lines[place:]]))

    def test_finds_adults_that_were_taken_out(self):
        adults = [place for place, line in enumerate(WHOLE.lines) if line.rule == "adult_fare"]
        for place in adults:
            with pytest.raises(DoesNotFollow):
                replay(Price.of("USD", [*WHOLE.lines[:place], *WHOLE.lines[place + 1 :]]))

    @pytest.mark.parametrize(
        ("line", "why"),
        [
            (change_fee(unit_minor=1, passengers=1), "no fare it could be for"),
            (WHOLE.lines[1], "its leg has no adults"),
            (WHOLE.lines[3], "the next leg is 1"),
            (WHOLE.lines[6], "its leg has no traveler left for it"),
            (WHOLE.lines[9], "its leg has 0 travelers with a seat"),
        ],
    )
    def test_says_what_a_line_that_stands_alone_lacks(self, line, why):
        with pytest.raises(DoesNotFollow, match=why):
            replay(Price.of("USD", [line]))

    @pytest.mark.parametrize(
        ("of", "place", "why"),
        [
            ((0, 2, 1), 2, "it must stand with the adults of its leg"),
            ((0, 3, 1), 2, "it must stand with the adults of its leg"),
            ((0, 3, 8, 6), 3, "seats come in the order of the legs"),
            ((0, 6, 6), 2, "its seat is sold on its leg already"),
            ((0, 9), 1, "its leg has 2 travelers with a seat"),
            ((0, 1, 3, 4, 10, 9), 5, "taxes come once for each leg, in order"),
        ],
    )
    def test_says_what_is_wrong_with_a_line_after_others(self, of, place, why):
        with pytest.raises(DoesNotFollow, match=why) as found:
            replay(Price.of("USD", [WHOLE.lines[each] for each in of]))
        assert found.value.place == place

    def test_finds_a_party_that_is_another_one_on_the_next_leg(self):
        alone = price(LEGS, asking(LEGS), AT).lines
        with pytest.raises(DoesNotFollow, match="the leg before has 1 adult"):
            replay(Price.of("USD", [alone[0], WHOLE.lines[3]]))

    def test_finds_a_child_at_the_share_of_another_fare(self):
        dearer = price([leg()], request(adults=2, children=1), {1: "M"}).lines[1]
        with pytest.raises(DoesNotFollow, match="an adult pays 8000 on its leg"):
            replay(Price.of("USD", [WHOLE.lines[0], dearer]))

    def test_finds_more_seats_than_travelers(self):
        lines = price([leg()], request(adults=2, seats=chosen((1, "2A", 0), (1, "2B", 1))), {1: "Q"}).lines
        one = price([leg()], request(), {1: "Q"}).lines[0]
        with pytest.raises(DoesNotFollow, match="its leg has no traveler left for it"):
            replay(Price.of("USD", [one, *lines[1:3]]))
