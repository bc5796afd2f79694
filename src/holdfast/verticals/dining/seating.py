"""Seating: which tables of a room take a party, and which of them go first.

The smallest single table that takes the party goes first, so that large ones are left for large parties; tables are
put together only as the restaurant says, and only when no single one is free.
"""

from collections.abc import Iterable

from holdfast.verticals.dining.terms import Combination, DiningTable, DiningTerms


def seatings(
    terms: DiningTerms, party_size: int, *, area: str | None = None, online: bool
) -> tuple[tuple[str, ...], ...]:
    """Return the codes of the tables that take a party, one table or several together, in order of preference.

    Single tables come first: of those that take the party the one with the fewest seats, then by code. Combinations
    follow by priority, then with the fewest seats to spare, then of the fewest tables, then by codes. What a
    combination seats is its `party_max`. A combination that names a table twice, or one there is not, is passed over.

    Args:
        terms: Of the restaurant.
        party_size: How many sit down.
        area: All tables must stand there; None: anywhere.
        online: Only tables that guests may book; staff may use all.
    """
    tables = _usable(terms.tables, area, online=online)
    single = sorted(
        (table.seats_max, table.code) for table in tables.values() if table.seats_min <= party_size <= table.seats_max
    )
    combined = sorted(
        (each.priority, each.party_max, len(each.tables), each.tables)
        for each in _usable_combinations(terms.combinations, tables)
        if each.party_min <= party_size <= each.party_max
    )
    return (*((code,) for _, code in single), *(codes for _, _, _, codes in combined))


def areas_of(terms: DiningTerms) -> tuple[str, ...]:
    """Return the areas of the room, in the order of its tables."""
    return tuple(dict.fromkeys(table.area for table in terms.tables))


def party_sizes(terms: DiningTerms, *, area: str | None = None, online: bool) -> frozenset[int]:
    """Return the sizes of party that some seating takes; for `area` and `online` see `seatings`."""
    tables = _usable(terms.tables, area, online=online)
    ranges = {(table.seats_min, table.seats_max) for table in tables.values()}
    ranges |= {(each.party_min, each.party_max) for each in _usable_combinations(terms.combinations, tables)}
    return frozenset(size for least, most in ranges for size in range(least, most + 1))


def _usable(tables: Iterable[DiningTable], area: str | None, *, online: bool) -> dict[str, DiningTable]:
    return {
        table.code: table for table in tables if (table.online or not online) and (area is None or table.area == area)
    }


def _usable_combinations(combinations: Iterable[Combination], tables: dict[str, DiningTable]) -> list[Combination]:
    return [
        each for each in combinations if tables.keys() >= set(each.tables) and len(set(each.tables)) == len(each.tables)
    ]
