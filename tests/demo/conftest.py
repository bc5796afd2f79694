import airportsdata
import pytest

from holdfast.app.demo.flights import iatas
from holdfast.catalog.api import KnownAirport


@pytest.fixture(scope="session")
def known():
    """What the world knows of the airports of the demo."""
    airports = airportsdata.load("IATA")
    return {
        iata: KnownAirport(
            iata=iata,
            icao=airports[iata]["icao"],
            name=airports[iata]["name"],
            city=airports[iata]["city"],
            country=airports[iata]["country"],
            latitude=airports[iata]["lat"],
            longitude=airports[iata]["lon"],
            zone=airports[iata]["tz"],
        )
        for iata in iatas()
    }
