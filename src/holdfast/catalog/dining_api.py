"""The door of the catalog to restaurants. Import it from `catalog.api`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.verticals.dining.terms import DiningTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOffer:
    """All that is needed to quote a table at a listed restaurant."""

    name: str
    owner_id: int
    terms: DiningTerms


class RestaurantsApi(Protocol):
    """What others may ask of restaurants: `CatalogApi.restaurants`."""

    async def table_offers(self, *, ids: Sequence[int]) -> dict[int, TableOffer]:
        """Return what is needed to quote a table at the *listed* restaurants among `ids`."""
