"""Claims: the resources of a restaurant, and what a party takes of them.

A party takes a table, or several together, for every slot of its stay. Of its service it takes, where these are
limited, *covers* (guests) and *parties* at the slot of its arrival, and guests *present* at every slot of its stay.
Each of these limits has a second count for what guests book online, where they may take only a part of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from holdfast.engine.claims import Span
from holdfast.engine.money import BASIS_POINTS
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import arrival_at, end_of, minutes_for
from holdfast.verticals.dining.terms import DiningTerms, Service, TableRequest

_TABLE = "t"


class Count(StrEnum):
    """What a limit counts."""

    COVERS = "covers"
    """Guests who arrive at a slot."""
    PARTIES = "parties"
    """Parties that arrive at a slot."""
    PRESENT = "present"
    """Guests who are in the room at a slot."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of one service, and the resource that keeps it."""

    resource_id: str
    count: Count
    most: int
    online: bool
    """Whether it is the part of guests; else it is the whole."""

    def asked(self, party_size: int) -> int:
        """Return how much of it a party takes."""
        return 1 if self.count is Count.PARTIES else party_size


def table_id(restaurant_id: int, code: str) -> str:
    """Return the resource of a table."""
    return f"table:{restaurant_id}:{_TABLE}:{code}"


def limits_of(terms: DiningTerms, service: Service, *, online: bool) -> tuple[Limit, ...]:
    """Return the limits a party has to keep: covers, parties and guests present; then, `online`, the part of each."""
    wholes = [
        (count, most)
        for count, most in (
            (Count.COVERS, service.covers_per_slot),
            (Count.PARTIES, service.parties_per_slot),
            (Count.PRESENT, service.present_max),
        )
        if most is not None
    ]
    place = f"table:{terms.restaurant_id}"
    found = [Limit(f"{place}:{count}:{service.code}", count, most, online=False) for count, most in wholes]
    if online and service.online_bp < BASIS_POINTS:
        found += [
            Limit(
                f"{place}:online-{count}:{service.code}", count, most * service.online_bp // BASIS_POINTS, online=True
            )
            for count, most in wholes
        ]
    return tuple(found)


def resources(terms: DiningTerms) -> dict[str, int]:
    """Return every resource of the restaurant with its capacity."""
    found = {table_id(terms.restaurant_id, table.code): 1 for table in terms.tables}
    for service in terms.services:
        found |= {limit.resource_id: limit.most for limit in limits_of(terms, service, online=True)}
    return found


def options(terms: DiningTerms, request: TableRequest, *, online: bool) -> tuple[tuple[Span, ...], ...]:
    """Return what a party may take, in order of preference: none if nothing seats it. The caller has asked `reasons`.

    Each option has its tables first and then what is counted of the party, the part of guests last.

    Raises:
        ValueError: Nobody is seated at this time.
    """
    seated = seatings(terms, request.party_size, area=request.area, online=online)
    arrival = arrival_at(terms, request.day, request.at)
    if arrival is None:
        raise ValueError(f"nobody is seated at {request.at} on {request.day}")
    first = arrival.slot
    end = end_of(terms.zone, first, minutes_for(terms, request.party_size, request.minutes))
    counted = [
        Span(
            resource_id=limit.resource_id,
            first_slot=first,
            end_slot=end if limit.count is Count.PRESENT else first + 1,
            quantity=limit.asked(request.party_size),
        )
        for limit in (limits_of(terms, arrival.service, online=online) if seated else ())
    ]
    tables = {
        code: Span(resource_id=table_id(terms.restaurant_id, code), first_slot=first, end_slot=end)
        for code in dict.fromkeys(code for codes in seated for code in codes)
    }
    return tuple((*(tables[code] for code in codes), *counted) for codes in seated)


def tables_of(spans: Iterable[Span]) -> tuple[str, ...]:
    """Return the codes of the tables among what was taken, in order."""
    parts = [span.resource_id.split(":", 3) for span in spans]
    return tuple(part[3] for part in parts if part[0] == "table" and part[2] == _TABLE)
