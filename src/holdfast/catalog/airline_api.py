"""The doors of the catalog to places, airplanes and schedules. Import them from `catalog.api`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Protocol

from holdfast.catalog.flights_api import Fares
from holdfast.kit.auth import Principal
from holdfast.kit.errors import HoldfastError


@dataclass(frozen=True, slots=True, kw_only=True)
class CityDraft:
    """All that is said of a city."""

    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: str | None = None
    """IANA zone, where it is known; flights go by those of airports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A city as described now."""

    id: int
    version: int
    draft: CityDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class AirportDraft:
    """All that is said of an airport."""

    city_id: int
    iata: str
    """Three capital letters, of one airport alone."""
    name: str
    latitude: float
    longitude: float
    zone: str
    """IANA zone: times there are meant in it."""
    icao: str | None = None
    min_connection_minutes: int = 60
    """Time a traveler needs between two flights there, at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Airport:
    """An airport as described now, with its city."""

    id: int
    version: int
    city: str
    country: str
    draft: AirportDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAirport:
    """What the world knows of an airport."""

    iata: str
    icao: str
    name: str
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    latitude: float
    longitude: float
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatPrice:
    """What choosing a seat of some rows costs."""

    first_row: int
    last_row: int
    minor: int
    """In the currency of the airplane's prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CabinLayout:
    """Where the seats of one cabin are, and what choosing one costs."""

    code: str
    """`economy`, `premium`, `business` or `first`."""
    first_row: int
    last_row: int
    columns: str
    """Capital letters from left to right, a space for every aisle: `ABC DEF`."""
    skipped_rows: tuple[int, ...] = ()
    """Rows there are not, such as 13."""
    exit_rows: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    """Seats there are not, such as `30C`."""
    blocked: tuple[str, ...] = ()
    """Seats nobody is given."""
    ordinary_minor: int = 0
    """What choosing a seat costs ..."""
    prices: tuple[SeatPrice, ...] = ()
    """... but in rows that have a price of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AirplaneDraft:
    """All an airline says of an airplane."""

    name: str
    """Registration or name, unique among the owner's."""
    equipment: str
    """IATA's code of the type, such as `738`."""
    cabins: tuple[CabinLayout, ...]
    """From front to back."""
    currency: str | None = None
    """Of the prices of seats; None where no seat has one. Its flights are sold in the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Airplane:
    """An airplane as described now."""

    id: int
    owner_id: int
    version: int
    draft: AirplaneDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleDraft:
    """All an airline says of flights that come again."""

    number: str
    airline_name: str
    origin_id: int
    destination_id: int
    airplane_id: int
    weekdays: tuple[int, ...]
    """Of departure at the origin; 0 is Monday."""
    first: date
    last: date
    """The last date it may depart on, itself included."""
    departs: time
    """At the origin. On a date whose clock skips this time it departs as much later as the clock jumps."""
    minutes: int
    """How long it flies; the local time of arrival follows, and moves by an hour where clocks change at one end."""
    fares: Fares


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A schedule as described now."""

    id: int
    owner_id: int
    version: int
    draft: ScheduleDraft


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleChange:
    """What became of dated flights when their schedule was created or replaced."""

    schedule: Schedule
    made: int
    changed: int
    removed: int
    kept: int
    """Flights on dates to come that stay as they are, because they were offered or canceled."""


class CityInUse(HoldfastError):
    """Airports belong to the city; `airports` lists them. Delete them or give them another city first."""

    code = "city_in_use"
    status = 409
    title = "The city has airports"


class AirportInUse(HoldfastError):
    """Flights or schedules use the airport; `flights` and `schedules` list some. Its zone stays and so does it."""

    code = "airport_in_use"
    status = 409
    title = "The airport has flights"


class AirplaneInUse(HoldfastError):
    """Flights or schedules use the airplane; `flights` and `schedules` list some.

    It cannot be deleted; and where one of the flights was offered, its cabins stay as they are: describe another
    airplane and give it to the flights.
    """

    code = "airplane_in_use"
    status = 409
    title = "The airplane has flights"


class DuplicateIata(HoldfastError):
    """Another airport has this IATA code; `airport_id` says which."""

    code = "duplicate_iata"
    status = 409
    title = "There is an airport of this code already"


class DuplicateAirplane(HoldfastError):
    """You have an airplane of this name; `airplane_id` says which."""

    code = "duplicate_airplane"
    status = 409
    title = "There is an airplane of this name already"


class PlacesApi(Protocol):
    """What others may ask of cities and airports: `CatalogApi.places`."""

    async def cities(self, *, ids: Sequence[int]) -> list[City]:
        """Return the cities that exist among `ids`, in no set order."""

    async def cities_page(self, *, country: str | None = None, after_id: int = 0, limit: int = 100) -> list[City]:
        """Return cities in order of id, of one country or of all."""

    async def create_city(self, *, admin: Principal, draft: CityDraft) -> City:
        """Create a city.

        Raises:
            Forbidden: The principal is no admin.
            Invalid: A field breaks a rule.
        """

    async def replace_city(self, *, admin: Principal, city_id: int, draft: CityDraft, version: int) -> City:
        """Replace what is said of a city.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such city.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule.
        """

    async def delete_city(self, *, admin: Principal, city_id: int) -> None:
        """Delete a city.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such city.
            CityInUse: It has airports.
        """

    async def airports(self, *, ids: Sequence[int]) -> list[Airport]:
        """Return the airports that exist among `ids`, in no set order."""

    async def airports_page(
        self, *, city_id: int | None = None, iata: str | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Airport]:
        """Return airports in order of id: all, those of a city, or the one of a code."""

    async def create_airport(self, *, admin: Principal, draft: AirportDraft) -> Airport:
        """Create an airport.

        Raises:
            Forbidden: The principal is no admin.
            Invalid: A field breaks a rule, or there is no such city.
            DuplicateIata: Another airport has the code.
        """

    async def replace_airport(self, *, admin: Principal, airport_id: int, draft: AirportDraft, version: int) -> Airport:
        """Replace what is said of an airport; publishes AirportChanged.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such airport.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule, or there is no such city.
            DuplicateIata: Another airport has the code.
            AirportInUse: Its zone would change under flights.
        """

    async def delete_airport(self, *, admin: Principal, airport_id: int) -> None:
        """Delete an airport.

        Raises:
            Forbidden: The principal is no admin.
            NotFound: No such airport.
            AirportInUse: Flights or schedules use it.
        """

    async def known_airports(self, *, iatas: Sequence[str]) -> dict[str, KnownAirport]:
        """Return what the world knows of airports, by IATA code; from a file, a tenth of a second. Creates nothing."""

    async def import_places(
        self, *, cities: Sequence[tuple[int, CityDraft]], airports: Sequence[tuple[int, AirportDraft]]
    ) -> None:
        """Insert many cities and airports at once, with their ids. Tells nobody: what has no flights is not looked for.

        Raises:
            Invalid: A field breaks a rule; pointers begin with `/cities/` or `/airports/` and the row's place.
        """


class AirlineApi(Protocol):
    """What others may ask of airplanes and schedules: `CatalogApi.airline`."""

    async def airplanes(self, *, ids: Sequence[int]) -> list[Airplane]:
        """Return the airplanes that exist among `ids`, in no set order."""

    async def airplanes_page(
        self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Airplane]:
        """Return airplanes in order of id, of one owner or of all."""

    async def create_airplane(self, *, owner: Principal, draft: AirplaneDraft) -> Airplane:
        """Create an airplane owned by `owner`.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule.
            DuplicateAirplane: The owner has one of this name.
        """

    async def replace_airplane(
        self, *, owner: Principal, airplane_id: int, draft: AirplaneDraft, version: int
    ) -> Airplane:
        """Replace what is said of an airplane; publishes AirplaneChanged.

        Raises:
            NotFound: No such airplane, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: A field breaks a rule, or a cabin goes while flights use the airplane.
            DuplicateAirplane: The owner has another one of this name.
            AirplaneInUse: Its cabins would change, and a flight with it was offered.
        """

    async def delete_airplane(self, *, owner: Principal, airplane_id: int) -> None:
        """Delete an airplane.

        Raises:
            NotFound: No such airplane, or somebody else's.
            AirplaneInUse: Flights or schedules use it.
        """

    async def import_airplanes(self, *, rows: Sequence[tuple[int, int, AirplaneDraft]]) -> None:
        """Insert many airplanes at once: (id, owner_id, draft).

        Raises:
            Invalid: A field breaks a rule; pointers begin with the row's place.
        """

    async def schedules(self, *, ids: Sequence[int]) -> list[Schedule]:
        """Return the schedules that exist among `ids`, in no set order."""

    async def schedules_page(
        self, *, owner_id: int | None = None, after_id: int = 0, limit: int = 100
    ) -> list[Schedule]:
        """Return schedules in order of id, of one owner or of all."""

    async def create_schedule(self, *, owner: Principal, draft: ScheduleDraft) -> ScheduleChange:
        """Create a schedule and a dated flight for each of its dates; publishes FlightCreated for each.

        Raises:
            Forbidden: The principal is no owner.
            Invalid: A field breaks a rule, or it has no dates or too many.
            DuplicateFlight: The owner has this number on one of the dates from this airport.
        """

    async def replace_schedule(
        self, *, owner: Principal, schedule_id: int, draft: ScheduleDraft, version: int
    ) -> ScheduleChange:
        """Replace what is said of a schedule, and its flights on dates to come that nobody was offered.

        Those of today and before stay, as do flights that were offered or canceled: change them one by one. The others
        become what the schedule says now, whatever was said of each since; dates that are new get a flight, those
        that are gone lose theirs. Publishes FlightCreated, FlightChanged and FlightDeleted for each.

        Raises:
            NotFound: No such schedule, or somebody else's.
            VersionConflict: `version` is not the newest.
            Invalid: As for `create_schedule`.
            DuplicateFlight: As for `create_schedule`.
        """

    async def delete_schedule(self, *, owner: Principal, schedule_id: int) -> None:
        """Delete a schedule with its flights on dates to come that nobody was offered; the others stand alone then.

        Raises:
            NotFound: No such schedule, or somebody else's.
        """
