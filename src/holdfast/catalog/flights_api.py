"""The door of the catalog to flights. Import it from `catalog.api`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Final, Protocol

from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError
from holdfast.verticals.flights.terms import FareBrand, FareBucket, LegTerms

LEGS_FOUND_MAX: Final = 500
"""Dated flights that one look finds at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinFares:
    """What one cabin is sold for."""

    code: str
    """`economy`, `premium`, `business` or `first`; the airplane has to have it."""
    buckets: tuple[FareBucket, ...]
    """From the cheapest to the dearest."""
    brands: tuple[FareBrand, ...]
    """From the plainest to the fullest."""
    overbooking: int = 0
    """So many more than there are seats may be sold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fares:
    """What a flight is sold for. Flights with equal fares share them."""

    currency: str
    cabins: tuple[CabinFares, ...]
    child_bp: int
    """What a child pays of an adult's fare, in basis points."""
    infant_bp: int
    """What an infant on a lap pays of it."""
    tax_minor: int
    """Airport taxes, for each traveler with a seat and leg."""
    sales_close_minutes: int
    """Before departure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightDraft:
    """All an airline says of a dated flight; the same for creating and for replacing."""

    number: str
    """Two characters of the airline's, up to four digits, and a letter for a substitute: `HF101`, `HF101A`."""
    airline_name: str
    origin_id: int
    destination_id: int
    airplane_id: int
    day: date
    """Of departure, at the origin."""
    departs: time
    """At the origin. A time that a clock change repeats means its first occurrence."""
    arrives: time
    """At the destination; its first occurrence too."""
    day_offset: int
    """Days from `day` to the date of arrival there; -1 where the flight crosses the date line eastward."""
    fares: Fares


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOffer:
    """A dated flight as it is offered, with all that is needed to quote a seat on it."""

    owner_id: int
    """The airline's account."""
    version: int
    """Counts up with every change of the flight itself; its ETag."""
    offered: bool
    """Whether it was ever quoted: then it is never deleted, and both its ends stay."""
    airplane_id: int
    schedule_id: int | None
    terms: LegTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightFilter:
    """Which flights a list has; None: whichever."""

    owner_id: int | None = None
    schedule_id: int | None = None
    number: str | None = None
    origin: str | None = None
    """IATA code of the airport."""
    destination: str | None = None
    first: date | None = None
    """The first date of departure at the origin."""
    end: date | None = None
    """The first date that is not meant."""


class FlightInUse(HoldfastError):
    """The flight was offered to guests, so it cannot be deleted, nor fly from or to elsewhere. Cancel it instead."""

    code = "flight_in_use"
    status = 409
    title = "The flight was offered already"


class FlightIsCanceled(HoldfastError):
    """A canceled flight stays canceled and as it was. Create another one under another number."""

    code = "flight_canceled"
    status = 409
    title = "The flight is canceled"


class FlightHasDeparted(HoldfastError):
    """The flight has left, so nothing about it can change any more."""

    code = "flight_departed"
    status = 409
    title = "The flight has departed"


class DuplicateFlight(HoldfastError):
    """You have a flight of this number on this date from this airport. Change it, or add a letter to the number."""

    code = "duplicate_flight"
    status = 409
    title = "There is such a flight already"


class FlightsApi(Protocol):
    """What others may ask of flights: `CatalogApi.flights`."""

    async def leg_offers(self, *, ids: Sequence[int]) -> dict[int, LegOffer]:
        """Return what is needed to quote the dated flights among `ids`, canceled ones too."""

    async def legs_between(
        self,
        *,
        origin_ids: Sequence[int],
        destination_ids: Sequence[int],
        first: date,
        end: date,
        limit: int = LEGS_FOUND_MAX,
    ) -> list[LegOffer]:
        """Return flights that are not canceled, from some airports to others, in order of local departure.

        Args:
            origin_ids: Airports.
            destination_ids: Airports.
            first: The first date of departure at the origin.
            end: The first date that is not meant.
            limit: How many at most, up to `LEGS_FOUND_MAX`.
        """

    async def flights_page(
        self, *, chosen: FlightFilter | None = None, after_id: int = 0, limit: int = 100
    ) -> list[LegOffer]:
        """Return flights in order of id, canceled ones too: all, or those of a filter."""

    async def own(self, *, owner: Principal, flight_id: int) -> LegOffer:
        """Return a flight the principal may run (its owner, or an admin).

        Raises:
            NotFound: No such flight, or somebody else's.
        """

    async def create(self, *, owner: Principal, draft: FlightDraft) -> LegOffer:
        """Create a flight; it belongs to whoever owns the airplane. Publishes FlightCreated.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule; every wrong field is named.
            DuplicateFlight: The owner has this number on this date from this airport.
        """

    async def replace(self, *, owner: Principal, flight_id: int, draft: FlightDraft, version: int) -> LegOffer:
        """Replace what is said of a flight; publishes FlightChanged.

        Raises:
            NotFound: No such flight, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
            FlightIsCanceled: It stays as it was.
            FlightHasDeparted: It has left.
            FlightInUse: It was offered and would fly from or to elsewhere.
            DuplicateFlight: As for `create`.
        """

    async def cancel(self, *, owner: Principal, flight_id: int) -> LegOffer:
        """Cancel a flight for good; publishes FlightCanceled. Canceling again changes nothing and tells nobody.

        Raises:
            NotFound: No such flight, or somebody else's.
            FlightHasDeparted: It has left.
        """

    async def delete(self, *, owner: Principal, flight_id: int) -> None:
        """Delete a flight nobody was offered; publishes FlightDeleted.

        Raises:
            NotFound: No such flight, or somebody else's.
            FlightInUse: It was offered.
        """

    async def mark_offered(self, *, ids: Sequence[int]) -> frozenset[int]:
        """Note that flights are offered from now on; returns those of `ids` that exist. Costs little when repeated.

        Call it before a flight is quoted first (`LegOffer.offered` says whether it was), and ask for its offer again
        then: until it is marked, it may be deleted and its airplane may get other seats.
        """

    async def import_many(self, *, rows: Sequence[tuple[int, FlightDraft]]) -> int:
        """Insert many flights at once: (id, draft). They belong to the owners of their airplanes.

        Written in parts, each whole and with a FlightsImported of its own.

        Raises:
            Invalid: A field breaks a rule; pointers begin with the row's place. Nothing is imported.
        """
