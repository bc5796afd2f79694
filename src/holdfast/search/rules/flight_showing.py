"""Showing journeys: legs with the times of both ends, and fares side by side."""

from collections.abc import Mapping, Sequence
from typing import Any

from holdfast.search.flights_api import CabinCode, FlightHit, FoundEnd, FoundFare, FoundLeg, FoundSlice
from holdfast.search.rules.flight_facts import rooms_of, wall_time
from holdfast.search.rules.flight_ways import Journey, Way
from holdfast.verticals.flights.parts import brand_of, cabin_of
from holdfast.verticals.flights.terms import FareBrand, LegTerms


def hit_of(
    journey: Journey,
    cabin: CabinCode,
    faces: Mapping[int, Any],
    airports: Mapping[int, Any],
    sold_as: Mapping[int, LegTerms],
) -> FlightHit:
    """Return what is shown of a journey.

    Args:
        journey: As it was found.
        cabin: In which one flies.
        faces: What is kept of its flights.
        airports: Those it touches.
        sold_as: By number, legs that are sold as its flights are.
    """
    rows = [faces[hop.flight_id] for hop in journey.hops]
    return FlightHit(
        flight_ids=tuple(row.flight_id for row in rows),
        cabin=cabin,
        currency=journey.currency,
        slices=tuple(_slice(way, cabin, faces, airports) for way in journey.ways),
        fares=_fares(journey, cabin, [sold_as[row.sold_as] for row in rows]),
    )


def _slice(way: Way, cabin: CabinCode, faces: Mapping[int, Any], airports: Mapping[int, Any]) -> FoundSlice:
    legs = []
    for place, hop in enumerate(way.hops):
        wait = hop.departs - way.hops[place - 1].arrives if place else None
        legs.append(_leg(faces[hop.flight_id], cabin, airports, wait))
    days = legs[-1].arrives.toordinal() - legs[0].departs.toordinal()
    return FoundSlice(legs=tuple(legs), minutes=way.minutes, day_offset=days)


def _leg(row: Any, cabin: CabinCode, airports: Mapping[int, Any], wait: int | None) -> FoundLeg:
    departs, arrives = wall_time(row.departs_wall), wall_time(row.arrives_wall)
    return FoundLeg(
        flight_id=row.flight_id,
        number=row.number,
        airline=row.airline,
        airline_name=row.airline_name,
        origin=_end(airports[row.origin_id]),
        destination=_end(airports[row.destination_id]),
        departs=departs,
        arrives=arrives,
        day_offset=arrives.toordinal() - departs.toordinal(),
        minutes=row.arrives - row.departs,
        equipment=row.equipment,
        connection_minutes=wait,
        seats_left=rooms_of(row.rooms)[cabin].seats,
    )


def _end(airport: Any) -> FoundEnd:
    return FoundEnd(iata=airport.iata, name=airport.name, city=airport.city, country=airport.country, zone=airport.zone)


def _fares(journey: Journey, cabin: CabinCode, legs: Sequence[LegTerms]) -> tuple[FoundFare, ...]:
    totals = sorted(journey.totals.items(), key=lambda each: (each[1], each[0]))
    return tuple(_fare(total_minor, _brands(legs, cabin, code)) for code, total_minor in totals)


def _brands(legs: Sequence[LegTerms], cabin: CabinCode, code: str) -> list[FareBrand]:
    cabins = [each for leg in legs if (each := cabin_of(leg, cabin)) is not None]
    return [brand for each in cabins if (brand := brand_of(each, code)) is not None]


def _fare(total_minor: int, brands: Sequence[FareBrand]) -> FoundFare:
    """Return a fare: what is promised is what every leg promises, and what it is called is what the first calls it."""
    return FoundFare(
        brand=brands[0].code,
        name=brands[0].name,
        total_minor=total_minor,
        bags=min(each.bags for each in brands),
        changeable=all(each.changeable for each in brands),
        change_fee_minor=max(each.change_fee_minor for each in brands),
        refundable=all(bool(each.policy.windows) for each in brands),
        seat_choice=all(each.seat_choice for each in brands),
    )
