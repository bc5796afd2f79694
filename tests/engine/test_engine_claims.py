"""Deciding claims, by example and against a model that looks before it takes and so leaves no order half taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.engine.claims import SLOTS_MAX, Cell, ClaimOrder, Shortage, Span, cells_of, decide

UNKNOWN_SLOT = 6
RESOURCES = ("a", "b", "c")


def span(resource_id, first_slot, end_slot, quantity=1):
    return Span(resource_id=resource_id, first_slot=first_slot, end_slot=end_slot, quantity=quantity)


def order(*options):
    return ClaimOrder(options=options)


class TestSpan:
    @pytest.mark.parametrize(("first", "end"), [(3, 3), (4, 3), (0, SLOTS_MAX + 1)])
    def test_refuses_an_impossible_range(self, first, end):
        with pytest.raises(ValueError, match="slots"):
            span("a", first, end)

    @pytest.mark.parametrize("quantity", [0, -1])
    def test_refuses_less_than_one_unit(self, quantity):
        with pytest.raises(ValueError, match="at least one unit"):
            span("a", 0, 1, quantity)

    def test_may_be_as_long_as_the_limit_and_lie_before_the_epoch(self):
        assert len(cells_of([span("a", -SLOTS_MAX, 0)])) == SLOTS_MAX


class TestClaimOrder:
    @pytest.mark.parametrize("options", [(), ((),), ((span("a", 0, 1),), ())])
    def test_refuses_to_want_nothing(self, options):
        with pytest.raises(ValueError, match="at least one option"):
            ClaimOrder(options=options)


class TestCellsOf:
    def test_leaves_out_the_end(self):
        assert cells_of([span("a", 5, 7, 2)]) == {("a", 5): 2, ("a", 6): 2}

    def test_adds_up_the_same_cell(self):
        assert cells_of([span("a", 5, 7, 2), span("b", 6, 7), span("a", 6, 8)]) == {
            ("a", 5): 2,
            ("a", 6): 3,
            ("a", 7): 1,
            ("b", 6): 1,
        }

    def test_is_empty_for_nothing(self):
        assert cells_of([]) == {}


class TestDecide:
    def test_serves_who_comes_first(self):
        cells = {("a", 1): Cell(taken=0, capacity=1, closed=False)}
        one = order((span("a", 1, 2),))
        assert decide(cells, [one, one]) == [0, Shortage("a", 1)]

    def test_lets_stays_meet_where_one_leaves_and_the_next_arrives(self):
        cells = {("a", slot): Cell(taken=0, capacity=1) for slot in range(4)}
        assert decide(cells, [order((span("a", 0, 2),)), order((span("a", 2, 4),))]) == [0, 0]

    def test_takes_nothing_for_an_order_that_does_not_fit(self):
        cells = {("a", 1): Cell(0, 1), ("a", 2): Cell(1, 1), ("b", 1): Cell(0, 1)}
        too_much = order((span("b", 1, 2), span("a", 1, 3)))
        assert decide(cells, [too_much, order((span("a", 1, 2), span("b", 1, 2)))]) == [Shortage("a", 2), 0]

    def test_names_the_first_cell_that_refused_of_the_last_option(self):
        cells = {("a", slot): Cell(1, 1) for slot in range(3)} | {("b", 0): Cell(0, 1)}
        assert decide(cells, [order((span("a", 0, 1),), (span("b", 0, 1), span("a", 1, 3)))]) == [Shortage("a", 1)]

    def test_takes_the_first_option_that_fits(self):
        cells = {("stay:1:North", 0): Cell(1, 1), ("stay:1:South", 0): Cell(0, 1), ("stay:1:West", 0): Cell(0, 1)}
        any_room = order(*[(span(f"stay:1:{name}", 0, 1),) for name in ("North", "South", "West")])
        assert decide(cells, [any_room, any_room, any_room]) == [1, 2, Shortage("stay:1:West", 0)]

    def test_refuses_a_closed_cell_whatever_is_free(self):
        assert decide({("a", 0): Cell(0, 5, closed=True)}, [order((span("a", 0, 1),))]) == [Shortage("a", 0)]

    def test_refuses_a_cell_that_holds_more_than_its_capacity(self):
        assert decide({("a", 0): Cell(3, 2)}, [order((span("a", 0, 1),))]) == [Shortage("a", 0)]

    def test_refuses_a_resource_it_was_not_told_of(self):
        assert decide({}, [order((span("gone", 7, 9),))]) == [Shortage("gone", 7)]

    def test_counts_two_spans_over_the_same_cell_together(self):
        cells = {("a", 0): Cell(0, 3), ("a", 1): Cell(0, 3)}
        twice = order((span("a", 0, 2, 2), span("a", 0, 1, 2)))
        assert decide(cells, [twice, order((span("a", 0, 2, 3),))]) == [Shortage("a", 0), 0]

    def test_gives_back_all_of_a_cell_that_a_refused_order_wanted_twice(self):
        cells = {("a", 0): Cell(0, 2), ("b", 0): Cell(1, 1)}
        twice = order((span("a", 0, 1), span("a", 0, 1), span("b", 0, 1)))
        assert decide(cells, [twice, order((span("a", 0, 1, 2),))]) == [Shortage("b", 0), 0]

    def test_leaves_the_cells_it_was_given_alone(self):
        cells = {("a", 0): Cell(0, 1)}
        decide(cells, [order((span("a", 0, 1),))])
        assert cells == {("a", 0): Cell(0, 1)}

    def test_has_nothing_to_say_about_nobody(self):
        assert decide({("a", 0): Cell(0, 1)}, []) == []


def model_refusal(free, option):
    """The first cell, in the order of the option, at which the wish so far exceeds what is free."""
    wish = {}
    for each in option:
        for slot in range(each.first_slot, each.end_slot):
            key = (each.resource_id, slot)
            wish[key] = wish.get(key, 0) + each.quantity
            if wish[key] > free.get(key, 0):
                return Shortage(*key)
    return None


def model_decide(cells, orders):
    free = {key: 0 if cell.closed else cell.capacity - cell.taken for key, cell in cells.items()}
    answers = []
    for each in orders:
        refusals = [model_refusal(free, option) for option in each.options]
        if None in refusals:
            answers.append(refusals.index(None))
            for key, quantity in cells_of(each.options[answers[-1]]).items():
                free[key] -= quantity
        else:
            answers.append(refusals[-1])
    return answers


some_cells = st.dictionaries(
    st.tuples(st.sampled_from(RESOURCES), st.integers(0, UNKNOWN_SLOT - 1)),
    st.builds(Cell, taken=st.integers(0, 2), capacity=st.integers(0, 4), closed=st.booleans()),
    max_size=18,
)
open_cells = st.fixed_dictionaries(
    {
        (resource, slot): st.builds(
            Cell, taken=st.integers(0, 1), capacity=st.integers(1, 5), closed=st.just(value=False)
        )
        for resource in RESOURCES
        for slot in range(UNKNOWN_SLOT + 1)
    }
)
some_spans = st.tuples(
    st.sampled_from(RESOURCES), st.integers(0, UNKNOWN_SLOT - 1), st.integers(1, 3), st.integers(1, 3)
).map(lambda t: span(t[0], t[1], min(t[1] + t[2], UNKNOWN_SLOT + 1), t[3]))
some_orders = st.lists(
    st.builds(
        ClaimOrder,
        options=st.lists(st.lists(some_spans, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple),
    ),
    max_size=12,
)


class TestAnyBatch:
    @given(cells=some_cells | open_cells, orders=some_orders)
    def test_is_decided_as_the_model_decides_it(self, cells, orders):
        assert decide(cells, orders) == model_decide(cells, orders)

    @given(cells=some_cells | open_cells, orders=some_orders)
    def test_never_takes_more_than_there_is(self, cells, orders):
        taken = {key: cell.taken for key, cell in cells.items()}
        for each, answer in zip(orders, decide(cells, orders), strict=True):
            if isinstance(answer, int):
                for key, quantity in cells_of(each.options[answer]).items():
                    taken[key] += quantity
                    assert not cells[key].closed
                    assert taken[key] <= cells[key].capacity

    @given(cells=some_cells | open_cells, orders=some_orders, late=some_orders)
    def test_does_not_let_who_comes_later_change_what_came_before(self, cells, orders, late):
        assert decide(cells, orders + late)[: len(orders)] == decide(cells, orders)

    @given(cells=some_cells | open_cells, orders=some_orders)
    def test_is_decided_the_same_without_the_orders_that_were_refused(self, cells, orders):
        answers = decide(cells, orders)
        served = [each for each, answer in zip(orders, answers, strict=True) if isinstance(answer, int)]
        assert decide(cells, served) == [answer for answer in answers if isinstance(answer, int)]
