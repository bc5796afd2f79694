"""A room that fills and empties.

Goal: whoever comes, online or through staff, no two parties ever share a table, neither at a slot nor at any instant,
and no limit is ever exceeded. Method: parties are seated through `engine.claims.decide` alone, as the claim does it;
after each step everything is counted again from the parties, who are remembered by what they asked for and by the
real time they stay. The nights are those in which the clocks change, and an ordinary one.
"""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from holdfast.engine.claims import Cell, Span, cells_of
from holdfast.verticals.dining.claims import resources, tables_of
from holdfast.verticals.dining.offering import day_slots, free_starts
from holdfast.verticals.dining.slots import arrival_at, arrivals, minutes_for, quarter_of
from holdfast.verticals.dining.terms import DiningTerms, Service, TableRequest
from support.effort import rounds
from verticals.dining_builder import AREAS, NOW, fits, some_days, some_terms, take


@dataclass(frozen=True)
class Party:
    """Who sits where, from when to when in real time."""

    request: TableRequest
    online: bool
    spans: tuple[Span, ...]
    service: Service
    arrives: datetime
    leaves: datetime

    @property
    def tables(self):
        return tables_of(self.spans)


class Room(RuleBasedStateMachine):
    """An evening and its night."""

    parties = Bundle("parties")

    def __init__(self):
        super().__init__()
        self.terms: DiningTerms | None = None
        self.cells: dict[tuple[str, int], Cell] = {}
        self.seated: list[Party] = []

    @initialize(the_terms=some_terms(), day=some_days)
    def open(self, the_terms, day):
        self.terms = the_terms
        self.day = day

    @rule(
        target=parties,
        data=st.data(),
        size=st.integers(1, 9),
        minutes=st.none() | st.integers(1, 12).map(lambda quarters: 15 * quarters),
        area=st.none() | st.none() | st.sampled_from(AREAS),
        online=st.booleans(),
    )
    def come(self, data, size, minutes, area, online):
        arrival = data.draw(st.sampled_from(arrivals(self.terms, self.day)))
        request = TableRequest(day=self.day, at=arrival.at, party_size=size, minutes=minutes, area=area)
        spans = fits(self.terms, request, self.cells, online=online)
        if spans is None:
            return multiple()
        take(self.terms, self.cells, spans)
        party = Party(
            request=request,
            online=online,
            spans=spans,
            service=arrival.service,
            arrives=arrival.instant,
            leaves=arrival.instant + timedelta(minutes=minutes_for(self.terms, size, minutes)),
        )
        self.seated.append(party)
        return party

    @rule(party=consumes(parties))
    def leave(self, party):
        for key, quantity in cells_of(party.spans).items():
            self.cells[key] = replace(self.cells[key], taken=self.cells[key].taken - quantity)
        self.seated.remove(party)
        # What was given back can be had again at once, by the same party at least.
        assert fits(self.terms, party.request, self.cells, online=party.online) is not None

    @precondition(lambda self: self.terms is not None)
    @rule(size=st.integers(1, 9))
    def look(self, size):
        offers = day_slots(self.terms, self.day, size, self.cells, now=NOW, online=True)
        bits = sum(1 << quarter_of(offer.at) for offer in offers if offer.free)
        assert free_starts(self.terms, self.day, [size], self.cells, now=NOW) == {size: bits}

    @invariant()
    def no_two_parties_share_a_table(self):
        at_slots = Counter()
        stays = {}
        for party in self.seated:
            codes = party.tables
            assert len(set(codes)) == len(codes)
            for code in codes:
                stays.setdefault(code, []).append((party.arrives, party.leaves))
            at_slots.update(key for key in cells_of(party.spans) if ":t:" in key[0])
        assert all(count == 1 for count in at_slots.values())
        for of_table in stays.values():
            for one, other in pairwise(sorted(of_table)):
                assert one[1] <= other[0]

    @invariant()
    def everybody_has_a_seat(self):
        for party in self.seated:
            tables = [each for each in self.terms.tables if each.code in party.tables]
            assert len(tables) == len(party.tables)
            assert party.request.area in {None, *(each.area for each in tables)}
            assert not party.online or all(each.online for each in tables)
            size = party.request.party_size
            if len(tables) == 1:
                assert tables[0].seats_min <= size <= tables[0].seats_max
            else:
                assert any(
                    set(each.tables) == set(party.tables) and each.party_min <= size <= each.party_max
                    for each in self.terms.combinations
                )

    @invariant()
    def no_limit_is_exceeded(self):
        for service in self.terms.services if self.terms else ():
            everybody = [party for party in self.seated if party.service == service]
            guests = [party for party in everybody if party.online]
            for parties, share in ((everybody, 10_000), (guests, service.online_bp)):
                covers, count = Counter(), Counter()
                for party in parties:
                    covers[party.arrives] += party.request.party_size
                    count[party.arrives] += 1
                present = [
                    sum(other.request.party_size for other in parties if other.arrives <= party.arrives < other.leaves)
                    for party in parties
                ]
                for found, limit in (
                    (covers.values(), service.covers_per_slot),
                    (count.values(), service.parties_per_slot),
                    (present, service.present_max),
                ):
                    assert limit is None or max(found, default=0) <= limit * share / 10_000

    @invariant()
    def stock_is_what_the_parties_took(self):
        if self.terms is None:
            return
        expected = Counter()
        for party in self.seated:
            expected.update(cells_of(party.spans))
        capacities = resources(self.terms)
        assert {key: cell.taken for key, cell in self.cells.items() if cell.taken} == dict(expected)
        assert all(0 <= cell.taken <= cell.capacity == capacities[key[0]] for key, cell in self.cells.items())
        for party in self.seated:
            assert arrival_at(self.terms, self.day, party.request.at).instant == party.arrives


TestARoom = Room.TestCase
TestARoom.settings = settings(
    max_examples=rounds(60, thorough=800), stateful_step_count=rounds(30, thorough=50), deadline=None
)
