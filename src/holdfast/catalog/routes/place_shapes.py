"""What the routes of cities and airports read and answer."""

from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from holdfast.catalog.airline_api import Airport, AirportDraft, City, CityDraft
from holdfast.catalog.routes.policies import shown
from holdfast.catalog.rules.limits import COUNTRIES, ZONE_MAX
from holdfast.catalog.rules.places import CONNECTION_MINUTES_MAX, IATA, ICAO, NAME_MAX
from holdfast.kit.http.wire import NUMBER_MAX, Between, Line, Wire

_CITY: Final[dict[str, Any]] = {"name": "Washington", "country": "US", "zone": "America/New_York"}
_AIRPORT: Final[dict[str, Any]] = {
    "city_id": 12,
    "iata": "DCA",
    "icao": "KDCA",
    "name": "Ronald Reagan Washington National Airport",
    "latitude": 38.8514,
    "longitude": -77.0377,
    "zone": "America/New_York",
    "min_connection_minutes": 45,
}

Id = Annotated[int, Between(1, NUMBER_MAX)]
Iata = Annotated[str, Field(min_length=3, max_length=3, pattern=IATA, examples=["DCA"])]


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise PydanticCustomError("unknown_country", "Use a country code of ISO 3166-1, such as US.")
    return value


Country = Annotated[
    str,
    Field(min_length=2, max_length=2, pattern="^[A-Z]{2}$"),
    AfterValidator(_country),
    WithJsonSchema({"type": "string", "enum": sorted(COUNTRIES), "examples": ["US"]}),
]
_Zone = Annotated[str, Line(ZONE_MAX)]


class CityIn(Wire):
    """All that is said of a city."""

    model_config = shown(_CITY)

    name: Annotated[str, Line(NAME_MAX)]
    country: Country
    """ISO 3166-1 alpha-2."""
    zone: _Zone | None = None
    """IANA zone, where it is known; flights go by the zones of airports."""

    def draft(self) -> CityDraft:
        """Return it as the door takes it."""
        return CityDraft(name=self.name, country=self.country, zone=self.zone)


class CityOut(Wire):
    """A city."""

    model_config = shown({"id": 12, **_CITY})

    id: int
    name: str
    country: str
    """ISO 3166-1 alpha-2."""
    zone: str | None

    @classmethod
    def of(cls, found: City) -> Self:
        """Render a city."""
        said = found.draft
        return cls(id=found.id, name=said.name, country=said.country, zone=said.zone)


class CitiesPage(Wire):
    """Cities in order of id."""

    items: tuple[CityOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""


class AirportIn(Wire):
    """All that is said of an airport."""

    model_config = shown(_AIRPORT)

    city_id: Id
    iata: Iata
    """Three capital letters, of one airport alone."""
    icao: Annotated[str, Field(min_length=4, max_length=4, pattern=ICAO)] | None = None
    name: Annotated[str, Line(NAME_MAX)]
    latitude: Annotated[float, Between(-90, 90)]
    longitude: Annotated[float, Between(-180, 180)]
    zone: _Zone
    """IANA zone: times of flights there are meant in it."""
    min_connection_minutes: Annotated[int, Between(0, CONNECTION_MINUTES_MAX)] = 60
    """Time a traveler needs between two flights there, at least."""

    def draft(self) -> AirportDraft:
        """Return it as the door takes it."""
        return AirportDraft(
            city_id=self.city_id,
            iata=self.iata,
            icao=self.icao,
            name=self.name,
            latitude=self.latitude,
            longitude=self.longitude,
            zone=self.zone,
            min_connection_minutes=self.min_connection_minutes,
        )


class AirportOut(Wire):
    """An airport, with its city."""

    model_config = shown({"id": 31, **_AIRPORT, "city": "Washington", "country": "US"})

    id: int
    city_id: int
    city: str
    country: str
    """ISO 3166-1 alpha-2."""
    iata: str
    icao: str | None
    name: str
    latitude: float
    longitude: float
    zone: str
    """IANA zone: times of flights there are meant in it."""
    min_connection_minutes: int
    """Time a traveler needs between two flights there, at least."""

    @classmethod
    def of(cls, found: Airport) -> Self:
        """Render an airport."""
        said = found.draft
        return cls(
            id=found.id,
            city_id=said.city_id,
            city=found.city,
            country=found.country,
            iata=said.iata,
            icao=said.icao,
            name=said.name,
            latitude=said.latitude,
            longitude=said.longitude,
            zone=said.zone,
            min_connection_minutes=said.min_connection_minutes,
        )


class AirportsPage(Wire):
    """Airports in order of id."""

    items: tuple[AirportOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""
