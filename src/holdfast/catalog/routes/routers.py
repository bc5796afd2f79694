"""All routes of the catalog."""

from holdfast.catalog.api import CatalogApi
from holdfast.catalog.routes import owner, public
from holdfast.catalog.settings import CatalogSettings
from holdfast.kit.http.cursors import Cursors
from holdfast.kit.http.routes import Router
from holdfast.kit.secrets import Keyring


def routers(catalog: CatalogApi, settings: CatalogSettings, keyring: Keyring) -> tuple[Router, ...]:
    """Return the routes of the catalog, those that are asked for most first."""
    return (
        public.properties(catalog),
        owner.reading(catalog, Cursors(keyring)),
        owner.writing(catalog, settings),
        owner.nights(catalog),
    )
