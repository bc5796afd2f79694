"""HTTP for the catalog: `public` for guests, `owner` for who runs properties, `shapes` what both read and answer.

`conditions` reads and writes entity tags, so that two people who edit one property notice each other.
"""

from holdfast.catalog.api import CatalogApi
from holdfast.catalog.routes import owner, public
from holdfast.kit.http.cursors import Cursors
from holdfast.kit.http.routes import Router
from holdfast.kit.secrets import Keyring


def routers(catalog: CatalogApi, keyring: Keyring) -> tuple[Router, ...]:
    """Return the routes of the catalog, those that are asked for most first."""
    return public.properties(catalog), owner.properties(catalog, Cursors(keyring)), owner.nights(catalog)
