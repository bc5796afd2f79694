from datetime import time, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.engine.claims import ClaimOrder, Span, cells_of
from holdfast.verticals.dining.claims import options, resources, tables_of
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import arrival_at, arrivals, end_of, instant_of, minutes_for, slot_of
from verticals.dining_builder import (
    MONDAY,
    ask,
    combination,
    service,
    some_days,
    some_requests,
    some_terms,
    table,
    terms,
)

PACED = terms(
    tables=(table("T1", 4),),
    combinations=(),
    services=(service(covers_per_slot=10, parties_per_slot=3, present_max=25, online_bp=7_500),),
)
SEVEN = slot_of(MONDAY, time(19))


def span(resource, first=SEVEN, slots=1, quantity=1):
    return Span(resource_id=f"table:7:{resource}", first_slot=first, end_slot=first + slots, quantity=quantity)


class TestResources:
    def test_are_the_tables_where_nothing_is_limited(self):
        assert resources(terms(services=(service(online_bp=5_000),))) == {
            f"table:7:t:{code}": 1 for code in ("M1", "M2", "T1", "T2", "B1")
        }

    def test_are_the_limits_of_each_service_and_the_part_of_guests_rounded_down(self):
        assert resources(PACED) == {
            "table:7:t:T1": 1,
            "table:7:covers:dinner": 10,
            "table:7:parties:dinner": 3,
            "table:7:present:dinner": 25,
            "table:7:online-covers:dinner": 7,
            "table:7:online-parties:dinner": 2,
            "table:7:online-present:dinner": 18,
        }

    def test_have_no_part_of_guests_where_they_may_take_all(self):
        lunch = service("lunch", covers_per_slot=0)
        assert resources(terms(tables=(), services=(lunch,))) == {"table:7:covers:lunch": 0}


class TestOptions:
    def test_have_the_tables_then_what_is_counted_then_the_part_of_guests(self):
        [option] = options(PACED, ask(3), online=True)
        assert option == (
            span("t:T1", slots=8),
            span("covers:dinner", quantity=3),
            span("parties:dinner"),
            span("present:dinner", slots=8, quantity=3),
            span("online-covers:dinner", quantity=3),
            span("online-parties:dinner"),
            span("online-present:dinner", slots=8, quantity=3),
        )

    def test_of_staff_take_nothing_of_the_part_of_guests(self):
        [option] = options(PACED, ask(3), online=False)
        assert [each.resource_id for each in option] == [
            "table:7:t:T1",
            *(f"table:7:{count}:dinner" for count in ("covers", "parties", "present")),
        ]

    def test_take_all_tables_of_a_combination(self):
        assert [tables_of(option) for option in options(terms(), ask(6), online=True)] == [("T1", "T2")]

    def test_go_in_the_order_of_seatings(self):
        found = [tables_of(option) for option in options(terms(), ask(2), online=False)]
        assert found == [("B1",), ("M1",), ("M2",), ("T1",), ("T2",)]

    def test_run_on_after_midnight(self):
        late = terms(services=(service("late", time(22), time(23, 45)),))
        [option, *_] = options(late, ask(2, at=time(23, 45)), online=True)
        assert option[0].first_slot == slot_of(MONDAY, time(23, 45))
        assert option[0].end_slot == slot_of(MONDAY + timedelta(days=1), time(1, 15))

    def test_are_none_if_no_table_takes_the_party(self):
        assert options(terms(), ask(9), online=True) == ()
        assert options(terms(), ask(0), online=True) == ()
        assert options(terms(), ask(2, area="roof"), online=True) == ()

    @pytest.mark.parametrize("at", [time(17, 45), time(21, 15), time(19, 5)])
    def test_are_refused_at_a_time_that_reasons_would_have_refused(self, at):
        with pytest.raises(ValueError, match="nobody is seated"):
            options(terms(), ask(2, at=at), online=True)

    @given(the_terms=some_terms(), day=some_days, data=st.data(), online=st.booleans())
    def test_take_each_table_once_for_the_whole_stay(self, the_terms, day, data, online):
        arrival = data.draw(st.sampled_from(arrivals(the_terms, day)))
        request = data.draw(some_requests(day))
        request = ask(request.party_size, day=day, at=arrival.at, minutes=request.minutes, area=request.area)
        found = options(the_terms, request, online=online)
        assert [tables_of(option) for option in found] == list(
            seatings(the_terms, request.party_size, area=request.area, online=online)
        )
        minutes = minutes_for(the_terms, request.party_size, request.minutes)
        known = resources(the_terms)
        stay = range(arrival.slot, end_of(the_terms.zone, arrival.slot, minutes))
        for option in found:
            ClaimOrder((option,))
            codes = tables_of(option)
            cells = cells_of(option)
            assert {resource_id for resource_id, _ in cells} <= known.keys()
            for code in codes:
                assert [cells[f"table:7:t:{code}", slot] for slot in stay] == [1] * len(stay)
            of_tables = sum(quantity for (resource_id, _), quantity in cells.items() if ":t:" in resource_id)
            assert of_tables == len(codes) * len(stay)
            assert any("online" in each.resource_id for each in option) <= online

    @given(the_terms=some_terms(), day=some_days, data=st.data())
    def test_count_each_guest_once_on_arrival_and_all_the_time_in_the_room(self, the_terms, day, data):
        arrival = data.draw(st.sampled_from(arrivals(the_terms, day)))
        size = data.draw(st.integers(1, 10))
        found = options(the_terms, ask(size, day=day, at=arrival.at), online=True)
        assume(found)
        leaves = arrival.instant + timedelta(minutes=minutes_for(the_terms, size, None))
        totals = {}
        for each in found[0]:
            totals[each.resource_id.split(":")[2]] = (each.quantity, each.first_slot, each.end_slot)
        for count, (quantity, first, end) in totals.items():
            assert first == arrival.slot
            match count.removeprefix("online-"):
                case "covers":
                    assert (quantity, end) == (size, first + 1)
                case "parties":
                    assert (quantity, end) == (1, first + 1)
                case "present":
                    assert quantity == size
                    assert instant_of(the_terms.zone, end) >= leaves
                case "t":
                    assert quantity == 1

    def test_of_a_service_are_its_own_limits(self):
        both = terms(
            services=(service("lunch", time(12), time(14), covers_per_slot=4), service(covers_per_slot=9)),
        )
        for at, code in ((time(12), "lunch"), (time(18), "dinner")):
            assert arrival_at(both, MONDAY, at).service.code == code
            [option, *_] = options(both, ask(2, at=at), online=True)
            assert option[1].resource_id == f"table:7:covers:{code}"


class TestTablesOf:
    def test_name_only_tables(self):
        spans = [
            span("t:T-1", slots=2),
            span("covers:t"),
            Span(resource_id="stay:7:t:x", first_slot=0, end_slot=1),
            Span(resource_id="stay:7", first_slot=0, end_slot=1),
            span("t:T2"),
        ]
        assert tables_of(spans) == ("T-1", "T2")

    def test_of_combined_tables_are_all_of_them(self):
        the_terms = terms(combinations=(combination("M2", "T1", "T2", party_max=9),))
        [option] = options(the_terms, ask(9), online=True)
        assert tables_of(option) == ("M2", "T1", "T2")
