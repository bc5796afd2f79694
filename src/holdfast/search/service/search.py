"""The class behind the door of search. What a method does and refuses is told in `search.api`."""

from collections.abc import Sequence

from typing_extensions import override

from holdfast.booking.api import BookingApi
from holdfast.catalog.api import CatalogApi
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.search.api import DiningPage, DiningSearch, FlightPage, FlightSearch, SearchApi, StayPage, StaySearch
from holdfast.search.service.dining import Dining
from holdfast.search.service.flights import Flights
from holdfast.search.service.legs import Legs
from holdfast.search.service.sold_as import SoldAsKept
from holdfast.search.service.stays import Stays
from holdfast.search.settings import SearchSettings


class Search(SearchApi):
    """Answers `SearchApi`."""

    def __init__(
        self, *, db: Database, clock: Clock, catalog: CatalogApi, booking: BookingApi, settings: SearchSettings
    ) -> None:
        self.homes = Stays(db=db, clock=clock, catalog=catalog, booking=booking, settings=settings)
        self.restaurants = Dining(db=db, clock=clock, catalog=catalog, booking=booking, settings=settings)
        sold_as = SoldAsKept(db)
        self.legs = Legs(db=db, clock=clock, catalog=catalog, booking=booking, sold_as=sold_as)
        self._flights = Flights(db=db, clock=clock, settings=settings, sold_as=sold_as)

    @override
    async def stays(
        self, *, search: StaySearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> StayPage:
        return await self.homes.find(search=search, after=after, facets=facets)

    @override
    async def dining(
        self, *, search: DiningSearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> DiningPage:
        return await self.restaurants.find(search=search, after=after, facets=facets)

    @override
    async def flights(
        self, *, search: FlightSearch, after: Sequence[float | int | str] | None = None, facets: bool = False
    ) -> FlightPage:
        return await self._flights.find(search=search, after=after, facets=facets)

    @override
    async def rebuild(self) -> int:
        return await self.homes.rebuild() + await self.restaurants.rebuild() + await self.legs.rebuild()

    async def tidy(self) -> None:
        """Delete what nobody can look for any more."""
        await self.restaurants.tidy()
        await self.legs.tidy()

    async def restock(self) -> int:
        """Read the whole stock of properties that have gone astray; returns how many there were."""
        return await self.homes.restock()
