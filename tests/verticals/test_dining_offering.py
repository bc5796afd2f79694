"""What a day offers.

Goal: a time is free exactly if no rule stands against it and the engine would give the party one of its options.
Method: random rooms, hours, stock and parties, also in nights in which the clocks change; `engine.claims.decide` over
`options` is the judge of every time and every area.
"""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.engine.claims import Cell
from holdfast.verticals.dining.offering import day_slots, free_starts
from holdfast.verticals.dining.reasons import reasons, shortages
from holdfast.verticals.dining.seating import areas_of
from holdfast.verticals.dining.slots import arrivals, instant_of, quarter_of, slot_of
from holdfast.verticals.dining.terms import SpecialDay
from support.effort import rounds
from verticals.dining_builder import (
    AREAS,
    MONDAY,
    NOW,
    ask,
    combination,
    fits,
    service,
    some_cells,
    some_days,
    some_requests,
    some_terms,
    table,
    take,
    taken,
    terms,
)


def offers(the_terms, party_size=2, cells=None, *, now=NOW, online=True, **wish):
    return {
        offer.at: offer
        for offer in day_slots(the_terms, MONDAY, party_size, cells or {}, now=now, online=online, **wish)
    }


def free(the_terms, *asked, **more):
    return [at for at, offer in offers(the_terms, *asked, **more).items() if offer.free]


@st.composite
def some_evenings(draw):
    """A restaurant, a day, its stock after parties came and as nobody left it, and a moment around that day."""
    the_terms = draw(some_terms(notice_minutes=draw(st.sampled_from([0, 60]))))
    day = draw(some_days)
    cells = {}
    for request in draw(st.lists(some_requests(day), max_size=8)):
        online = draw(st.booleans())
        at = draw(st.sampled_from(arrivals(the_terms, day))).at
        option = fits(the_terms, replace(request, at=at), cells, online=online)
        if option is not None:
            take(the_terms, cells, option)
    cells |= draw(st.just({}) | some_cells(the_terms, day))
    midnight = instant_of(the_terms.zone, slot_of(day, time(0)))
    now = midnight + timedelta(minutes=draw(st.sampled_from([-3_000, -3_000, -30, 75, 1_200])))
    return the_terms, day, cells, now


class TestDaySlots:
    @settings(max_examples=rounds(300, thorough=3_000))
    @given(
        evening=some_evenings(),
        size=st.integers(0, 11),
        area=st.none() | st.sampled_from([*AREAS, "roof"]),
        minutes=st.none() | st.sampled_from([15, 30, 45, 100, 180, 195, 0]),
        online=st.booleans(),
    )
    def test_agree_with_the_engine_about_every_time_and_area(self, evening, size, area, minutes, online):
        the_terms, day, cells, now = evening
        found = day_slots(the_terms, day, size, cells, now=now, online=online, area=area, minutes=minutes)
        assert [(offer.at, offer.slot, offer.instant, offer.service) for offer in found] == [
            (arrival.at, arrival.slot, arrival.instant, arrival.service.code) for arrival in arrivals(the_terms, day)
        ]
        for offer in found:
            request = ask(size, day=day, at=offer.at, minutes=minutes, area=area)
            rules = reasons(the_terms, request, now=now, online=online)
            assert offer.free == (not rules and fits(the_terms, request, cells, online=online) is not None)
            assert offer.reasons == (*rules, *shortages(the_terms, request, cells, online=online, now=now))
            assert offer.free == (not offer.reasons)
            elsewhere = [replace(request, area=other) for other in areas_of(the_terms)]
            assert offer.areas == tuple(
                other.area
                for other in elsewhere
                if not reasons(the_terms, other, now=now, online=online)
                and fits(the_terms, other, cells, online=online) is not None
            )

    @settings(max_examples=rounds(100, thorough=3_000))
    @given(evening=some_evenings(), sizes=st.lists(st.integers(0, 12), unique=True, max_size=5))
    def test_agree_with_free_starts(self, evening, sizes):
        the_terms, day, cells, now = evening
        found = free_starts(the_terms, day, sizes, cells, now=now)
        assert list(found) == sizes
        for size, starts in found.items():
            assert starts >> 96 == 0
            expected = {
                offer.at for offer in day_slots(the_terms, day, size, cells, now=now, online=True) if offer.free
            }
            assert {at for at in (time(*divmod(15 * n, 60)) for n in range(96)) if starts >> quarter_of(at) & 1} == (
                expected
            )

    def test_of_a_closed_day_are_none(self):
        closed = terms(special_days=(SpecialDay(day=MONDAY, services=()),))
        assert offers(closed) == {}
        assert free_starts(closed, MONDAY, [2], {}, now=NOW) == {2: 0}

    def test_say_what_each_time_is(self):
        offer = offers(terms(), 3)[time(19)]
        assert (offer.service, offer.minutes, offer.free, offer.reasons) == ("dinner", 120, True, ())
        assert offer.slot == slot_of(MONDAY, time(19))
        assert offer.instant == datetime(2026, 8, 3, 23, tzinfo=UTC)
        assert offer.areas == ("main", "terrace")
        assert offers(terms(), 3, online=False)[time(19)].areas == ("main", "terrace")
        assert offers(terms(), 2, online=False)[time(19)].areas == ("main", "terrace", "bar")

    def test_keep_a_table_until_the_party_has_left(self):
        one = terms(tables=(table("A"),), combinations=(), services=(service(last=time(22)),))
        cells = taken(one, ask(2, at=time(19, 30)))
        assert free(one, 2, cells) == [time(18), *(time(21, m) for m in (0, 15, 30, 45)), time(22)]

    def test_say_why_not(self):
        the_terms = terms(services=(service(covers_per_slot=10),), tables=(table("A", 8), table("B", 8)))
        cells = taken(the_terms, ask(8, at=time(19, 15)))
        offer = offers(the_terms, 3, cells)[time(19, 15)]
        assert [each.detail for each in offer.reasons] == ["pacing 19:15 is 8 of 10, you asked 3"]
        assert (offer.free, offer.areas) == (False, ())

    def test_name_the_areas_that_are_free_beside_the_one_asked_for(self):
        cells = taken(terms(), ask(4, area="terrace"), ask(4, area="terrace"))
        offer = offers(terms(), 2, cells, area="terrace")[time(19)]
        assert [each.rule for each in offer.reasons] == ["tables_taken"]
        assert offer.areas == ("main",)

    def test_leave_no_area_to_tables_of_several(self):
        across = terms(tables=(table("A", 2), table("B", 2, area="bar")), combinations=(combination("A", "B"),))
        offer = offers(across, 6)[time(19)]
        assert (offer.free, offer.areas) == (True, ())

    def test_are_not_free_too_late_or_too_early(self):
        noon = datetime(2026, 8, 3, 16, tzinfo=UTC)
        assert free(terms(notice_minutes=7 * 60), now=noon)[0] == time(19)
        assert free(terms(), now=noon - timedelta(days=61)) == []

    def test_change_nothing_in_the_cells(self):
        cells = taken(terms(), ask(2))
        before = dict(cells)
        offers(terms(), 2, cells)
        assert cells == before

    def test_pass_over_cells_of_others(self):
        cells = {("table:8:t:M1", slot_of(MONDAY, time(19))): Cell(1, 1), ("stay:7", 20_000): Cell(1, 1)}
        assert len(free(terms(tables=(table("M1"),)), 2, cells)) == 13
