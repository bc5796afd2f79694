from datetime import UTC, datetime, time

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.engine.claims import Cell
from holdfast.verticals.dining.reasons import party_reasons, shortages
from holdfast.verticals.dining.slots import arrivals, slot_of
from verticals.dining_builder import (
    MONDAY,
    ask,
    changed,
    combination,
    fits,
    service,
    some_cells,
    some_days,
    some_requests,
    some_terms,
    table,
    taken,
    terms,
)

ORDER = (
    *("pacing_covers", "pacing_parties", "room_full"),
    *("online_covers", "online_parties", "online_room_full"),
    "tables_taken",
)
ONE_TABLE = terms(tables=(table("T1", 4),), combinations=())


def paced(last=time(21), **limits):
    return terms(services=(service(last=last, **limits),), tables=tuple(table(f"T{n}", 8) for n in range(20)))


def short(the_terms, request, cells, *, online=True, now=None):
    return shortages(the_terms, request, cells, online=online, now=now)


def only(*asked, **more):
    [reason] = short(*asked, **more)
    return reason


class TestShortages:
    def test_are_none_where_everything_is_free(self):
        assert short(paced(covers_per_slot=4, parties_per_slot=1, present_max=4, online_bp=10_000), ask(4), {}) == ()

    @given(the_terms=some_terms(), day=some_days, data=st.data(), online=st.booleans())
    def test_are_there_exactly_if_no_option_fits(self, the_terms, day, data, online):
        arrival = data.draw(st.sampled_from(arrivals(the_terms, day)))
        request = data.draw(some_requests(day))
        request = ask(request.party_size, day=day, at=arrival.at, minutes=request.minutes, area=request.area)
        cells = data.draw(some_cells(the_terms, day))
        found = short(the_terms, request, cells, online=online)
        places = [ORDER.index(each.rule) for each in found]
        assert places == sorted(set(places))
        if fits(the_terms, request, cells, online=online) is not None:
            assert found == ()
        elif not found:
            # That no table takes the party at all is for `reasons` to say.
            rules = [each.rule for each in party_reasons(the_terms, request, online=online)]
            assert {"no_table_for_party", "no_such_area", "party_too_large"}.intersection(rules)

    @given(the_terms=some_terms(), day=some_days, data=st.data(), online=st.booleans())
    def test_propose_only_what_really_opens_the_request(self, the_terms, day, data, online):
        arrival = data.draw(st.sampled_from(arrivals(the_terms, day)))
        request = data.draw(some_requests(day))
        request = ask(request.party_size, day=day, at=arrival.at, minutes=request.minutes, area=request.area)
        cells = data.draw(some_cells(the_terms, day))
        found = short(the_terms, request, cells, online=online)
        assume(found)
        for each in found:
            if each.change is None:
                assert each.field == "time"
                others = [
                    ask(request.party_size, day=day, at=other.at, minutes=request.minutes, area=request.area)
                    for other in arrivals(the_terms, day)
                ]
                assert all(fits(the_terms, other, cells, online=online) is None for other in others)
            else:
                assert each.field in each.change
                assert fits(the_terms, changed(request, each.change), cells, online=online) is not None

    def test_are_none_for_what_reasons_refuse_already(self):
        for request in (ask(at=time(12)), ask(0), ask(minutes=0), ask(minutes=10**9)):
            assert short(ONE_TABLE, request, {}) == ()
        assert short(ONE_TABLE, ask(7), {}) == ()


class TestPacing:
    def test_of_covers_is_named_with_its_values(self):
        the_terms = paced(covers_per_slot=10)
        cells = taken(the_terms, ask(6, at=time(19, 15)), ask(4, at=time(19, 15)))
        reason = only(the_terms, ask(2, at=time(19, 15)), cells)
        assert (reason.rule, reason.detail) == ("pacing_covers", "pacing 19:15 is 10 of 10")
        assert reason.values == {"time": "19:15", "limit": 10, "taken": 10, "asked": 2}
        assert (reason.field, reason.change) == ("time", {"time": "19:30"})

    def test_that_is_not_quite_full_says_what_was_asked(self):
        the_terms = paced(covers_per_slot=10)
        reason = only(the_terms, ask(4), taken(the_terms, ask(8)))
        assert reason.detail == "pacing 19:00 is 8 of 10, you asked 4"

    def test_proposes_the_nearest_other_time(self):
        the_terms = paced(covers_per_slot=4)
        full = [ask(4, at=time(*at)) for at in ((18, 45), (19, 0), (19, 15), (19, 30))]
        assert only(the_terms, ask(1), taken(the_terms, *full)).change == {"time": "18:30"}

    def test_proposes_a_smaller_party_where_no_other_time_is_free(self):
        the_terms = paced(covers_per_slot=10)
        reason = only(the_terms, ask(12), {})
        assert reason.values == {"time": "19:00", "limit": 10, "taken": 0, "asked": 12}
        assert reason.change == {"party_size": 8}, "no table takes ten"
        the_terms = paced(covers_per_slot=6, last=time(18))
        reason = only(the_terms, ask(5, at=time(18)), taken(the_terms, ask(3, at=time(18))))
        assert (reason.field, reason.change) == ("party_size", {"party_size": 3})

    def test_of_parties_is_named_and_no_smaller_party_proposed(self):
        the_terms = paced(parties_per_slot=1, last=time(18))
        reason = only(the_terms, ask(4, at=time(18)), taken(the_terms, ask(2, at=time(18))))
        assert (reason.rule, reason.detail) == ("pacing_parties", "pacing 18:00 is 1 of 1 parties")
        assert (reason.field, reason.change) == ("time", None)
        assert reason.values["asked"] == 1

    def test_of_guests_is_a_part_and_staff_may_take_the_whole(self):
        the_terms = paced(covers_per_slot=10, online_bp=5_000)
        cells = taken(the_terms, ask(4))
        reason = only(the_terms, ask(2), cells)
        assert (reason.rule, reason.detail) == ("online_covers", "online pacing 19:00 is 4 of 5, you asked 2")
        assert short(the_terms, ask(2), cells, online=False) == ()
        by_staff = taken(the_terms, ask(6), online=False)
        assert short(the_terms, ask(4), by_staff) == ()
        assert only(the_terms, ask(5), by_staff).rule == "pacing_covers"

    def test_and_its_part_are_both_named(self):
        the_terms = paced(covers_per_slot=4, parties_per_slot=1, online_bp=9_999)
        found = [each.rule for each in short(the_terms, ask(4), taken(the_terms, ask(4), online=False))]
        assert found == ["pacing_covers", "pacing_parties", "online_covers", "online_parties"]

    def test_that_is_closed_says_so(self):
        the_terms = paced(covers_per_slot=4)
        closed = {("table:7:covers:dinner", slot_of(MONDAY, time(19))): Cell(1, 4, closed=True)}
        reason = only(the_terms, ask(1), closed)
        assert reason.detail == "pacing 19:00 is closed"
        assert reason.values == {"time": "19:00", "limit": 4, "taken": 1, "asked": 1, "closed": True}

    def test_does_not_propose_what_is_over(self):
        the_terms = paced(covers_per_slot=4)
        cells = taken(the_terms, ask(4), ask(4, at=time(19, 15)), ask(4, at=time(19, 30)))
        assert only(the_terms, ask(), cells).change == {"time": "18:45"}
        now = datetime(2026, 8, 3, 22, 50, tzinfo=UTC)
        assert only(the_terms, ask(), cells, now=now).change == {"time": "19:45"}


class TestTheRoom:
    def test_is_full_at_the_first_slot_that_has_no_room(self):
        the_terms = paced(present_max=10)
        cells = taken(the_terms, ask(8, at=time(20)))
        reason = only(the_terms, ask(4, at=time(18, 30)), cells)
        assert (reason.rule, reason.detail) == ("room_full", "room 20:00 is 8 of 10, you asked 4")
        assert reason.values == {"time": "20:00", "limit": 10, "taken": 8, "asked": 4}
        assert reason.change == {"time": "18:00"}

    def test_has_a_part_for_guests(self):
        the_terms = paced(present_max=10, online_bp=5_000)
        reason = only(the_terms, ask(2), taken(the_terms, ask(4)))
        assert (reason.rule, reason.detail) == ("online_room_full", "online room 19:00 is 4 of 5, you asked 2")


class TestTables:
    def test_that_are_all_taken_are_named_for_the_stay(self):
        reason = only(ONE_TABLE, ask(2), taken(ONE_TABLE, ask(2, at=time(20))))
        assert (reason.rule, reason.detail) == ("tables_taken", "every table for 2 is taken between 19:00 and 20:30")
        assert reason.values == {"party_size": 2, "seatings": 1, "from": "19:00", "until": "20:30"}
        assert (reason.field, reason.change) == ("time", {"time": "18:30"})

    def test_are_free_again_when_the_party_before_leaves(self):
        cells = taken(ONE_TABLE, ask(2, at=time(18)))
        assert short(ONE_TABLE, ask(2, at=time(19, 30)), cells) == ()
        assert only(ONE_TABLE, ask(2, at=time(19, 15)), cells).change == {"time": "19:30"}

    def test_of_a_combination_are_taken_if_one_is(self):
        pair = terms(tables=(table("A", 4), table("B", 4)), combinations=(combination("A", "B"),))
        reason = only(pair, ask(6), taken(pair, ask(2)))
        assert (reason.rule, reason.values["seatings"]) == ("tables_taken", 1)
        assert [each.rule for each in short(pair, ask(2), taken(pair, ask(6)))] == ["tables_taken"]

    def test_of_an_area_lead_to_another_area_if_no_other_time_is_free(self):
        the_terms = terms(services=(service(last=time(18)),), combinations=())
        six = time(18)
        cells = taken(the_terms, ask(4, at=six, area="terrace"), ask(4, at=six, area="terrace"))
        reason = only(the_terms, ask(2, at=six, area="terrace"), cells)
        assert reason.detail == "every table for 2 in the area terrace is taken between 18:00 and 19:30"
        assert reason.values["area"] == "terrace"
        assert (reason.field, reason.change) == ("area", {"area": "main"})

    def test_lead_nowhere_where_all_is_taken(self):
        the_terms = terms(services=(service(last=time(18)),), tables=(table("A"),), combinations=())
        for area in (None, "main"):
            reason = only(the_terms, ask(2, at=time(18), area=area), taken(the_terms, ask(2, at=time(18))))
            assert (reason.field, reason.change) == ("time", None)

    def test_that_guests_cannot_book_do_not_help_them(self):
        the_terms = terms(tables=(table("A"), table("B", online=False)), combinations=())
        cells = taken(the_terms, ask(2))
        assert only(the_terms, ask(2), cells).values["seatings"] == 1
        assert short(the_terms, ask(2), cells, online=False) == ()

    @pytest.mark.parametrize("cell", [Cell(0, 1, closed=True), Cell(0, 0), Cell(1, 1)])
    def test_that_are_closed_are_taken(self, cell):
        cells = {("table:7:t:T1", slot_of(MONDAY, time(20, 15))): cell}
        assert only(ONE_TABLE, ask(2), cells).rule == "tables_taken"
        assert short(ONE_TABLE, ask(2, at=time(20, 30)), cells) == ()

    def test_and_limits_are_both_named(self):
        the_terms = terms(services=(service(parties_per_slot=1),), tables=(table("A"),), combinations=())
        found = short(the_terms, ask(2), taken(the_terms, ask(2)))
        assert [each.rule for each in found] == ["pacing_parties", "tables_taken"]
        assert {tuple(each.change.items()) for each in found} == {(("time", "20:30"),)}
