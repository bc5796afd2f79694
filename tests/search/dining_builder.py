"""Restaurants to search, a catalog and a booking that know them, and a search over both."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from types import SimpleNamespace

from holdfast.booking.events import TableStockMoved
from holdfast.catalog.api import CardBrand, Contact, Location, Restaurant, RestaurantDraft
from holdfast.catalog.events import RestaurantChanged, RestaurantCreated, RestaurantsImported
from holdfast.engine.claims import Cell
from holdfast.kit.db.database import Database
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.outbox import Delivered
from holdfast.search.jobs import follow_restaurants, follow_tables
from holdfast.search.service.search import Search
from holdfast.search.settings import SearchSettings
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.dining.claims import resources, table_id
from holdfast.verticals.dining.slots import slot_of
from holdfast.verticals.dining.terms import DiningTable, DiningTerms, Service, TurnTime
from search.search_builder import TODAY, StillClock, day

DINNER = Service(code="dinner", name="Dinner", weekdays=tuple(range(7)), first_seating=time(18), last_seating=time(21))


def tables(*seats: int) -> tuple[DiningTable, ...]:
    """Tables t1, t2, ... with so many seats each."""
    return tuple(
        DiningTable(code=f"t{place}", area="room", seats_min=1, seats_max=each) for place, each in enumerate(seats, 1)
    )


def restaurant(restaurant_id: int = 1, **changes) -> Restaurant:
    """A small room in Washington; `changes` are of any field of draft, location or terms."""

    def own(cls):
        names = cls.__dataclass_fields__
        return {name: changes.pop(name) for name in list(changes) if name in names}

    terms = DiningTerms(
        **{
            "restaurant_id": restaurant_id,
            "currency": "USD",
            "zone": "America/New_York",
            "tables": tables(2, 4),
            "combinations": (),
            "services": (DINNER,),
            "special_days": (),
            "turn_times": (TurnTime(party_max=2, minutes=90), TurnTime(party_max=100, minutes=120)),
            "minutes_min": 60,
            "minutes_max": 240,
            "party_max": 6,
            "notice_minutes": 0,
            "booking_window_days": 60,
            "securities": (),
            "policy": POLICIES["flexible"],
            **own(DiningTerms),
        }
    )
    place = Location(
        **{
            "address": "1 Main Street",
            "neighbourhood": "Dupont Circle",
            "city": "Washington",
            "country": "US",
            "latitude": 38.91,
            "longitude": -77.04,
            **own(Location),
        }
    )
    said = {
        "name": f"Room {restaurant_id}",
        "description": "",
        "contact": Contact(),
        "cuisines": ("thai",),
        "price_level": 2,
        "cards": (CardBrand.VISA,),
        "images": ("https://example.com/1.jpg",),
        "videos": (),
        "rating": 4.5,
        "reviews": 10,
        **own(RestaurantDraft),
    }
    assert not changes, f"no such field: {changes}"
    return Restaurant(
        id=restaurant_id, owner_id=7, version=1, draft=RestaurantDraft(location=place, terms=terms, **said)
    )


@dataclass(repr=False)
class Restaurants:
    """What `RestaurantsApi` promises about reading, kept in a dict."""

    kept: dict[int, Restaurant] = field(default_factory=dict)
    meanwhile: list = field(default_factory=list)
    """What happens elsewhere after the catalog was read and before the answer has arrived."""

    def put(self, *restaurants: Restaurant) -> None:
        self.kept |= {each.id: each for each in restaurants}

    async def get_many(self, *, ids):
        answer = [self.kept[each] for each in ids if each in self.kept]
        while self.meanwhile:
            await self.meanwhile.pop()()
        return answer

    async def list_page(self, *, owner_id=None, after_id=0, limit=100):
        assert owner_id is None
        return [self.kept[each] for each in sorted(self.kept) if each > after_id][:limit]


@dataclass(repr=False)
class Stock:
    """What `StockApi` promises, kept in a dict."""

    kept: dict[tuple[str, int], Cell] = field(default_factory=dict)
    calls: list = field(default_factory=list)
    meanwhile: list = field(default_factory=list)
    """What happens elsewhere after the stock was read and before the answer has arrived."""

    async def cells(self, *, resource_ids, first, end):
        self.calls.append((tuple(resource_ids), first, end))
        wanted = set(resource_ids)
        answer = {key: cell for key, cell in self.kept.items() if key[0] in wanted and first <= key[1] < end}
        while self.meanwhile:
            await self.meanwhile.pop()()
        return answer

    def move(self, resource_id: str, slots: range, units: int, capacity: int) -> None:
        """Take units of a resource, or give them back."""
        for slot in slots:
            before = self.kept.get((resource_id, slot), Cell(0, capacity))
            self.kept[resource_id, slot] = Cell(before.taken + units, before.capacity)


@dataclass(repr=False)
class World:
    """A search for restaurants, what it follows, and ways to let events reach it as the relay does."""

    db: Database
    clock: StillClock
    catalog: Restaurants
    stock: Stock
    search: Search

    async def empty(self) -> None:
        """Forget everything, so that a database serves many examples."""
        self.catalog.kept.clear()
        self.stock.kept.clear()
        self.stock.calls.clear()
        self.clock.shift = timedelta()
        await self.search.restaurants.rebuild()

    async def add(self, *restaurants: Restaurant) -> None:
        """Let restaurants become known."""
        self.catalog.put(*restaurants)
        await self.hear(*[RestaurantCreated(restaurant_id=each.id) for each in restaurants])

    async def change(self, changed: Restaurant) -> None:
        """Let a restaurant become another."""
        self.catalog.put(changed)
        await self.hear(RestaurantChanged(restaurant_id=changed.id))

    async def hear(self, *events) -> None:
        await self._hear(follow_restaurants(self.search), events)

    async def hear_stock(self, *events) -> None:
        await self._hear(follow_tables(self.search), events)

    async def ids(self, search, **options) -> list[int]:
        """Return the ids on the first page."""
        return [hit.restaurant_id for hit in (await self.search.dining(search=search, **options)).hits]

    async def times(self, search) -> list[str]:
        """Return the free times of the first hit, none if there is no hit."""
        hits = (await self.search.dining(search=search)).hits
        return [f"{at:%H:%M}" for at in hits[0].times] if hits else []

    def take(
        self, restaurant_id: int, table: str, on: date, at: time, minutes: int = 120, units: int = 1
    ) -> TableStockMoved:
        """Take a table, or with -1 unit give it back; nobody has heard of it yet."""
        first = slot_of(on, at)
        slots = range(first, first + minutes // 15)
        self.stock.move(table_id(restaurant_id, table), slots, units, 1)
        return TableStockMoved(restaurant_id=restaurant_id, first_slot=slots.start, end_slot=slots.stop)

    def cells_of(self, terms: DiningTerms) -> dict:
        """Return the cells of a restaurant."""
        wanted = resources(terms)
        return {key: cell for key, cell in self.stock.kept.items() if key[0] in wanted}

    async def _hear(self, handle, events):
        delivered = [Delivered(position=(0, n), at=self.clock.now(), event=each) for n, each in enumerate(events, 1)]
        finish = await handle(delivered)
        if finish is not None:
            await self.db.write(finish)


@asynccontextmanager
async def a_dining_world(url: str, **settings):
    """A search over an empty, migrated database."""
    await migrate(url, "search")
    clock = StillClock()
    db = await open_database(url, clock)
    catalog, stock = Restaurants(), Stock()
    search = Search(
        db=db,
        clock=clock,
        catalog=SimpleNamespace(restaurants=catalog),
        booking=SimpleNamespace(stock_of=stock),
        settings=SearchSettings(**settings),
    )
    try:
        yield World(db=db, clock=clock, catalog=catalog, stock=stock, search=search)
    finally:
        await db.close()


__all__ = ["DINNER", "TODAY", "RestaurantsImported", "World", "a_dining_world", "day", "restaurant", "tables"]
