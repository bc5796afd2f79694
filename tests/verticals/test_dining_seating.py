import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.verticals.dining.seating import areas_of, party_sizes, seatings
from verticals.dining_builder import AREAS, combination, some_terms, table, terms

SIZES = st.integers(1, 12)
SOME_AREA = st.none() | st.sampled_from(AREAS)


def seated(party_size, *, tables, combinations=(), area=None, online=True):
    return seatings(terms(tables=tables, combinations=combinations), party_size, area=area, online=online)


class TestSingleTables:
    def test_go_from_the_smallest_that_takes_the_party(self):
        tables = (table("big", 8), table("mid", 4), table("small", 2))
        assert seated(2, tables=tables) == (("small",), ("mid",), ("big",))
        assert seated(3, tables=tables) == (("mid",), ("big",))

    def test_of_one_size_go_by_code(self):
        assert seated(2, tables=(table("B"), table("A"), table("C"))) == (("A",), ("B",), ("C",))

    def test_are_not_given_to_parties_too_small_for_them(self):
        assert seated(2, tables=(table("six", 6, seats_min=4),)) == ()

    def test_that_guests_cannot_book_are_for_staff(self):
        tables = (table("kept", 2, online=False), table("open", 4))
        assert seated(2, tables=tables) == (("open",),)
        assert seated(2, tables=tables, online=False) == (("kept",), ("open",))

    def test_are_those_of_the_area(self):
        tables = (table("in", 4), table("out", 4, area="terrace"))
        assert seated(2, tables=tables, area="terrace") == (("out",),)
        assert seated(2, tables=tables, area="roof") == ()


class TestCombinations:
    TABLES = (table("A", 4), table("B", 4), table("C", 2), table("D", 2, area="terrace"), table("E", 8))

    def test_come_after_single_tables(self):
        assert seated(6, tables=self.TABLES, combinations=(combination("A", "B"),)) == (("E",), ("A", "B"))

    def test_go_by_priority_then_spare_seats_then_fewest_tables_then_codes(self):
        combinations = (
            combination("B", "C", party_max=10),
            combination("A", "C", party_max=10),
            combination("A", "B", "C", party_max=10),
            combination("A", "B", party_max=12),
            combination("C", "D", party_max=10, priority=-1),
        )
        assert seated(9, tables=self.TABLES, combinations=combinations) == (
            ("C", "D"),
            ("A", "C"),
            ("B", "C"),
            ("A", "B", "C"),
            ("A", "B"),
        )

    @pytest.mark.parametrize(("size", "found"), [(4, 0), (5, 1), (8, 1), (9, 0)])
    def test_take_parties_within_their_bounds(self, size, found):
        tables = (table("A", 2), table("B", 2))
        assert len(seated(size, tables=tables, combinations=(combination("A", "B"),))) == found

    def test_are_for_an_area_only_if_every_table_stands_there(self):
        combinations = (combination("A", "B", party_max=9), combination("C", "D", party_max=9))
        assert seated(9, tables=self.TABLES, combinations=combinations, area="main") == (("A", "B"),)
        assert seated(9, tables=self.TABLES, combinations=combinations, area="terrace") == ()
        assert len(seated(9, tables=self.TABLES, combinations=combinations)) == 2

    def test_are_for_guests_only_if_every_table_is(self):
        tables = (table("A", 2), table("B", 2, online=False))
        combinations = (combination("A", "B"),)
        assert seated(6, tables=tables, combinations=combinations) == ()
        assert seated(6, tables=tables, combinations=combinations, online=False) == (("A", "B"),)

    def test_of_tables_there_are_not_or_of_one_table_twice_are_passed_over(self):
        combinations = (combination("A", "Z", party_max=9), combination("A", "A", party_max=9))
        assert seated(9, tables=self.TABLES, combinations=combinations) == ()

    def test_are_only_those_that_are_listed(self):
        assert seated(9, tables=self.TABLES) == ()


class TestAreas:
    def test_are_those_of_the_tables_in_their_order(self):
        assert areas_of(terms()) == ("main", "terrace", "bar")


class TestSeatings:
    @given(the_terms=some_terms(), size=SIZES, area=SOME_AREA, online=st.booleans())
    def test_seat_the_party_where_it_asked_and_use_no_table_twice(self, the_terms, size, area, online):
        tables = {each.code: each for each in the_terms.tables}
        bounds = {each.tables: (each.party_min, each.party_max) for each in the_terms.combinations}
        found = seatings(the_terms, size, area=area, online=online)
        for codes in found:
            assert len(set(codes)) == len(codes) > 0
            assert area is None or {tables[code].area for code in codes} == {area}
            assert not online or all(tables[code].online for code in codes)
            if len(codes) == 1:
                assert tables[codes[0]].seats_min <= size <= tables[codes[0]].seats_max
            else:
                assert any(
                    each.tables == codes and each.party_min <= size <= each.party_max for each in the_terms.combinations
                )
        assert bounds.keys() >= {codes for codes in found if len(codes) > 1}
        single = [codes for codes in found if len(codes) == 1]
        assert list(found[: len(single)]) == single
        assert [tables[code].seats_max for (code,) in single] == sorted(tables[code].seats_max for (code,) in single)

    @given(the_terms=some_terms(), size=SIZES, area=SOME_AREA)
    def test_of_staff_are_those_of_guests_and_more(self, the_terms, size, area):
        staff = seatings(the_terms, size, area=area, online=False)
        assert [codes for codes in staff if codes in seatings(the_terms, size, area=area, online=True)] == list(
            seatings(the_terms, size, area=area, online=True)
        )

    @given(the_terms=some_terms(), size=SIZES, area=SOME_AREA, online=st.booleans())
    def test_are_there_exactly_for_the_sizes_that_are_named(self, the_terms, size, area, online):
        assert (size in party_sizes(the_terms, area=area, online=online)) == bool(
            seatings(the_terms, size, area=area, online=online)
        )
