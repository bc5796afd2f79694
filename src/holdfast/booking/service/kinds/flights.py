"""Flights, as booking asks for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from holdfast.booking.items import FlightItem, QuotedEnd, QuotedFlight, QuotedLeg
from holdfast.booking.refusals import AlreadyBooked, CapacityTaken
from holdfast.catalog.api import LegOffer
from holdfast.engine.claims import Cell, Span
from holdfast.engine.price import Price
from holdfast.kit.errors import HoldfastError
from holdfast.verticals.flights import claims, prices
from holdfast.verticals.flights.reasons import reasons, shortages
from holdfast.verticals.flights.terms import FareBrand, FlightRequest, LegTerms, Place
from holdfast.verticals.flights.times import minutes
from holdfast.verticals.reasons import Reason

Cells = Mapping[tuple[str, int], Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedFlight:
    """Flights of one airline, and which fares are open now."""

    item: FlightItem
    offers: tuple[LegOffer, ...]
    account_id: int
    cells: Cells
    """Of these flights, as far as they exist."""
    now: datetime
    buckets: Mapping[int, str] = field(init=False)
    """By flight: the cheapest fare with room for all travelers; a flight without one is missing."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "buckets", _open_buckets(self.item, self.legs, self.cells))

    @property
    def owner_id(self) -> int:
        """Whose flights they are."""
        return self.offers[0].owner_id

    @property
    def currency(self) -> str:
        """What the flights are priced in."""
        return self.legs[0].currency

    @property
    def legs(self) -> tuple[LegTerms, ...]:
        """The terms of each leg, in order."""
        return tuple(offer.terms for offer in self.offers)

    @property
    def resources(self) -> Mapping[str, int]:
        """The seats of each leg, its fares, and what keeps an account from booking a flight twice."""
        found: dict[str, int] = {}
        for leg in self.legs:
            found |= claims.resources(leg)
            if not self.item.again:
                found[claims.guest_resource(leg.flight_id, self.account_id)] = 1
        return found

    @property
    def request(self) -> FlightRequest:
        """What is asked, in the words of the vertical."""
        item = self.item
        return FlightRequest(
            flight_ids=item.flight_ids,
            cabin=item.cabin,
            brand=item.brand,
            passengers=item.passengers,
            seats=item.seats,
            again=item.again,
        )

    def at_fares(self, buckets: Mapping[int, str]) -> "AskedFlight":
        """Return it at fares it was sold for, whatever is open now."""
        same = replace(self)
        object.__setattr__(same, "buckets", dict(buckets))
        return same

    def reasons(self) -> tuple[Reason, ...]:
        """Return every rule that stands against it."""
        found = reasons(self.legs, self.request, now=self.now)
        if any(offer.owner_id != self.owner_id for offer in self.offers):
            detail = "One item has the flights of one airline: ask for the others as an item of their own."
            return (*found, Reason("several_airlines", detail, "flight_ids"))
        return found

    def shortage(self) -> HoldfastError | None:
        """Return that a flight is sold out: without a fare there is no price."""
        if len(self.buckets) == len(self.legs):
            return None
        found = shortages(self.legs, self.request, self.cells)
        detail = found[0].detail if found else "One of the flights has no fare for so many travelers."
        missing = next(leg.flight_id for leg in self.legs if leg.flight_id not in self.buckets)
        return CapacityTaken(detail, extra={"flight_id": missing})

    def price(self) -> Price:
        """Return what it costs at the fares that are open now."""
        return prices.price(self.legs, self.request, self.buckets)

    def options(self) -> tuple[tuple[Span, ...], ...]:
        """Return what it takes: one alternative, seats and fares on every leg."""
        return claims.options(self.legs, self.request, self.buckets, self.account_id)

    def quoted(self, part: Price) -> QuotedFlight:
        """Return it with everything that is promised about it."""
        item, brand = self.item, self.brand
        return QuotedFlight(
            owner_id=self.owner_id,
            zone=self.legs[0].origin.zone,
            policy=brand.policy,
            total_minor=part.total_minor,
            pay_at_property=False,
            legs=tuple(_leg(leg, self.buckets[leg.flight_id]) for leg in self.legs),
            cabin=item.cabin,
            brand=item.brand,
            brand_name=brand.name,
            passengers=item.passengers,
            seats=item.seats,
            bags=brand.bags,
            changeable=brand.changeable,
            change_fee_minor=brand.change_fee_minor,
            again=item.again,
        )

    @property
    def brand(self) -> FareBrand:
        """What the fare includes: the conditions of the first leg go for the whole item."""
        [cabin] = [each for each in self.legs[0].cabins if each.code == self.item.cabin]
        [brand] = [each for each in cabin.brands if each.code == self.item.brand]
        return brand


def cells_wanted(legs: Sequence[LegTerms]) -> set[tuple[str, int]]:
    """Return the cells that say which fares of legs are open."""
    return {(resource_id, 0) for leg in legs for resource_id in claims.resources(leg)}


def booked_already(flight_id: int) -> AlreadyBooked:
    """Return the refusal of an account that has this flight booked."""
    return AlreadyBooked(extra={"flight_id": flight_id})


def _open_buckets(item: FlightItem, legs: Sequence[LegTerms], cells: Cells) -> dict[int, str]:
    found = {}
    for leg in legs:
        cabin = next((each for each in leg.cabins if each.code == item.cabin), None)
        bucket = cabin and claims.open_bucket(cabin, leg.flight_id, item.passengers.seats, cells)
        if bucket:
            found[leg.flight_id] = bucket.code
    return found


def _leg(leg: LegTerms, bucket: str) -> QuotedLeg:
    return QuotedLeg(
        flight_id=leg.flight_id,
        number=leg.number,
        airline_name=leg.airline_name,
        origin=_end(leg.origin),
        destination=_end(leg.destination),
        departs=leg.departs,
        arrives=leg.arrives,
        minutes=minutes(leg),
        equipment=leg.equipment,
        bucket=bucket,
    )


def _end(place: Place) -> QuotedEnd:
    return QuotedEnd(iata=place.iata, city=place.city, zone=place.zone)
