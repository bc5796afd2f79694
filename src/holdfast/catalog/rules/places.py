"""What may be said of cities and airports. Pure; the same limits stand as CHECKs in `models`."""

import re
from collections.abc import Iterator
from typing import Final

from holdfast.catalog.airline_api import AirportDraft, CityDraft
from holdfast.catalog.rules.checks import country, line, real, whole, zone
from holdfast.kit.errors import FieldError

NAME_MAX: Final = 100
CONNECTION_MINUTES_MAX: Final = 600
IATA: Final = "^[A-Z]{3}$"
ICAO: Final = "^[A-Z0-9]{4}$"

_IATA: Final = re.compile(IATA)
_ICAO: Final = re.compile(ICAO)


def city_errors(draft: CityDraft) -> Iterator[FieldError]:
    """Yield every wrong field of a city."""
    yield from line("/name", draft.name, NAME_MAX)
    yield from country("/country", draft.country)
    if draft.zone is not None:
        yield from zone("/zone", draft.zone)


def airport_errors(draft: AirportDraft) -> Iterator[FieldError]:
    """Yield every wrong field of an airport, but for whether its city exists."""
    if not _IATA.fullmatch(draft.iata):
        yield _error("/iata", "malformed", "IATA's code of an airport is three capital letters.")
    if draft.icao is not None and not _ICAO.fullmatch(draft.icao):
        yield _error("/icao", "malformed", "ICAO's code of an airport is four capital letters or digits.")
    yield from line("/name", draft.name, NAME_MAX)
    yield from real("/latitude", draft.latitude, -90, 90)
    yield from real("/longitude", draft.longitude, -180, 180)
    yield from zone("/zone", draft.zone)
    yield from whole("/min_connection_minutes", draft.min_connection_minutes, 0, CONNECTION_MINUTES_MAX)


def no_city() -> FieldError:
    """Return the finding for an airport of a city that does not exist."""
    return _error("/city_id", "unknown_city", "There is no such city.")


def _error(pointer: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=pointer, code=code, detail=detail)
