"""All routes of the catalog."""

from holdfast.catalog.api import CatalogApi
from holdfast.catalog.routes import airplanes, flights, owner, places, public, restaurants
from holdfast.catalog.settings import CatalogSettings
from holdfast.kit.http.cursors import Cursors
from holdfast.kit.http.routes import Router
from holdfast.kit.secrets import Keyring


def routers(catalog: CatalogApi, settings: CatalogSettings, keyring: Keyring) -> tuple[Router, ...]:
    """Return the routes of the catalog, those that are asked for most first."""
    return (
        public.properties(catalog),
        restaurants.public(catalog.restaurants),
        owner.reading(catalog, Cursors(keyring)),
        owner.writing(catalog, settings),
        owner.nights(catalog),
        restaurants.reading(catalog.restaurants, Cursors(keyring)),
        restaurants.writing(catalog.restaurants),
        restaurants.days(catalog.restaurants),
        flights.reading(catalog.flights, Cursors(keyring)),
        flights.writing(catalog.flights),
        flights.schedules(catalog.airline, Cursors(keyring)),
        airplanes.airplanes(catalog.airline, Cursors(keyring)),
        places.airports(catalog.places, Cursors(keyring)),
        places.cities(catalog.places, Cursors(keyring)),
    )
