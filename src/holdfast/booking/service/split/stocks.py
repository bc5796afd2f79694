"""Which stock something lies in."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from holdfast.booking.api import FlightItem, Item, ItemKind, StayItem, TableItem
from holdfast.booking.service.booking import Bookings
from holdfast.kit.errors import NotFound

T = TypeVar("T")

HOME: Final = "home"
"""The stock of stays, and of every kind that has no database of its own; trips are written down here."""
_OF_RESOURCE: Final = {"stay": ItemKind.STAY, "table": ItemKind.TABLE, "flight": ItemKind.FLIGHT}


def kind_of(item: Item) -> ItemKind:
    """Return of what kind an item is."""
    match item:
        case StayItem():
            return ItemKind.STAY
        case TableItem():
            return ItemKind.TABLE
        case FlightItem():
            return ItemKind.FLIGHT


@dataclass(frozen=True, slots=True, kw_only=True)
class Stocks:
    """All stocks of an installation."""

    all: Mapping[str, Bookings]
    """By name, home first; a trip asks them in this order, so that two trips never wait for each other."""
    kinds: Mapping[ItemKind, str]
    """Where kinds lie that do not lie at home."""

    @property
    def home(self) -> Bookings:
        """The stock of stays."""
        return self.all[HOME]

    @property
    def dining(self) -> Bookings:
        """The stock of tables."""
        return self.of(ItemKind.TABLE)

    def name_of(self, kind: ItemKind) -> str:
        """Return the name of the stock a kind lies in."""
        return self.kinds.get(kind, HOME)

    def of(self, kind: ItemKind) -> Bookings:
        """Return the stock a kind lies in."""
        return self.all[self.name_of(kind)]

    def of_resource(self, resource_id: str) -> str:
        """Return the name of the stock a resource lies in."""
        return self.name_of(_OF_RESOURCE[resource_id.partition(":")[0]])

    def grouped(self, items: Sequence[Item]) -> dict[str, list[int]]:
        """Return the positions of items by the name of their stock, in the order in which stocks are asked."""
        found: dict[str, list[int]] = {name: [] for name in self.all}
        for place, item in enumerate(items):
            found[self.name_of(kind_of(item))].append(place)
        return {name: places for name, places in found.items() if places}

    def by_resource(self, resource_ids: Iterable[str]) -> dict[str, list[str]]:
        """Return resources by the name of their stock."""
        found: dict[str, list[str]] = {}
        for each in resource_ids:
            found.setdefault(self.of_resource(each), []).append(each)
        return found

    def __iter__(self) -> Iterator[Bookings]:
        return iter(self.all.values())

    async def first(self, ask: Callable[[Bookings], Awaitable[T]]) -> T:
        """Return what the first stock answers that knows what it is asked about.

        Raises:
            NotFound: None does.
        """
        missing: NotFound | None = None
        for each in self:
            try:
                return await ask(each)
            except NotFound as error:
                missing = missing or error
        raise missing or NotFound

    async def first_found(self, ask: Callable[[Bookings], Awaitable[T | None]]) -> T | None:
        """Return what the first stock answers that has something to say."""
        for each in self:
            if (found := await ask(each)) is not None:
                return found
        return None

    async def every(self, ask: Callable[[Bookings], Awaitable[Sequence[Any]]]) -> list[Any]:
        """Return what all stocks answer, as one list."""
        return [found for each in self for found in await ask(each)]
