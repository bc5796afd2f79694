"""The door of the catalog to flights. Import it from `catalog.api`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.verticals.flights.terms import LegTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOffer:
    """All that is needed to quote a seat on a dated flight."""

    owner_id: int
    """The airline's account."""
    terms: LegTerms


class FlightsApi(Protocol):
    """What others may ask of flights: `CatalogApi.flights`."""

    async def leg_offers(self, *, ids: Sequence[int]) -> dict[int, LegOffer]:
        """Return what is needed to quote the dated flights among `ids`, canceled ones too."""
