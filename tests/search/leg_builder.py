"""Flights to search, a catalog and a booking that know them, and a search over both."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from types import SimpleNamespace

from holdfast.booking.events import FlightStockMoved
from holdfast.catalog.api import LegOffer
from holdfast.catalog.events import FlightChanged, FlightCreated
from holdfast.kit.db.database import Database
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.outbox import Delivered
from holdfast.search.api import FlightSearch, SliceWanted
from holdfast.search.jobs import follow_flights, follow_seats
from holdfast.search.service.search import Search
from holdfast.search.settings import SearchSettings
from holdfast.verticals.flights.claims import bucket_resource, cabin_resource
from holdfast.verticals.flights.terms import Passengers
from search.dining_builder import Stock
from search.search_builder import TODAY, StillClock, day
from verticals.flight_builder import DCA, IAD, JFK, LGA, LHR, ORD, PLAIN, place

LAX = place(7, "LAX", "Los Angeles", "America/Los_Angeles")
AIRPORTS = {each.iata: each for each in (JFK, LGA, DCA, IAD, ORD, LHR, LAX)}
ONE = Passengers(adults=1)


def flight(flight_id=1, path="JFK-DCA", *, ahead=5, at="12:00", minutes=75, owner_id=7, **changes) -> LegOffer:
    """A flight from one airport to another, so many days from today, at a wall time there, for so many real minutes."""
    origin, destination = (AIRPORTS[each] for each in path.split("-"))
    departs = datetime.combine(day(ahead), time.fromisoformat(at))
    # Where clocks differ by so much in January, without summer time anywhere.
    hours = {"America/New_York": -5, "America/Chicago": -6, "Europe/London": 0, "America/Los_Angeles": -8}
    arrives = departs + timedelta(minutes=minutes, hours=hours[destination.zone] - hours[origin.zone])
    plain = {
        "flight_id": flight_id,
        "number": f"HF{flight_id % 10_000}",
        "origin": origin,
        "destination": destination,
        "departs": departs,
        "arrives": arrives,
        "seats": (),
    }
    airplane_id = changes.pop("airplane_id", 1)
    return LegOffer(
        owner_id=owner_id,
        version=1,
        offered=False,
        airplane_id=airplane_id,
        schedule_id=None,
        terms=replace(PLAIN, **(plain | changes)),
    )


def trip(*path: str, ahead=5, days=0, **asked) -> FlightSearch:
    """A search for slices such as `JFK-DCA`, each so many days after the one before."""
    passengers = asked.pop("passengers", ONE)
    slices = tuple(
        SliceWanted(origin=each.split("-")[0], destination=each.split("-")[1], day=day(ahead + days * place_))
        for place_, each in enumerate(path)
    )
    return FlightSearch(slices=slices, passengers=passengers, **asked)


@dataclass(repr=False)
class FlightCatalog:
    """What `FlightsApi` promises about reading, kept in a dict."""

    kept: dict[int, LegOffer] = field(default_factory=dict)
    meanwhile: list = field(default_factory=list)
    """What happens elsewhere after the catalog was read and before the answer has arrived."""

    def put(self, *offers: LegOffer) -> None:
        self.kept |= {each.terms.flight_id: each for each in offers}

    async def leg_offers(self, *, ids):
        answer = {each: self.kept[each] for each in ids if each in self.kept}
        while self.meanwhile:
            await self.meanwhile.pop()()
        return answer

    async def flights_page(self, *, chosen=None, after_id=0, limit=100):
        assert chosen is None
        answer = [self.kept[each] for each in sorted(self.kept) if each > after_id][:limit]
        while self.meanwhile:
            await self.meanwhile.pop()()
        return answer


@dataclass(repr=False)
class World:
    """A search for flights, what it follows, and ways to let events reach it as the relay does."""

    db: Database
    clock: StillClock
    catalog: FlightCatalog
    stock: Stock
    search: Search

    async def empty(self) -> None:
        """Forget everything, so that a database serves many examples."""
        self.catalog.kept.clear()
        self.stock.kept.clear()
        self.stock.calls.clear()
        self.clock.shift = timedelta()
        await self.search.legs.rebuild()

    async def add(self, *offers: LegOffer) -> None:
        """Let flights become known."""
        self.catalog.put(*offers)
        await self.hear(*[FlightCreated(flight_id=each.terms.flight_id) for each in offers])

    async def change(self, offer: LegOffer) -> None:
        """Let a flight become another."""
        self.catalog.put(offer)
        await self.hear(FlightChanged(flight_id=offer.terms.flight_id, moved=True, stock=True))

    async def hear(self, *events) -> None:
        await self._hear(follow_flights(self.search), events)

    async def hear_stock(self, *events) -> None:
        await self._hear(follow_seats(self.search), events)

    async def found(self, search, **options) -> list[tuple[int, ...]]:
        """Return the flights of the journeys on the first page."""
        return [hit.flight_ids for hit in (await self.search.flights(search=search, **options)).hits]

    def take(self, flight_id: int, bucket: str, seats: int = 1, cabin: str = "economy") -> FlightStockMoved:
        """Take seats at a fare, or give them back; nobody has heard of it yet."""
        [said] = [each for each in self.catalog.kept[flight_id].terms.cabins if each.code == cabin]
        [fare] = [each for each in said.buckets if each.code == bucket]
        one = range(1)
        self.stock.move(cabin_resource(flight_id, cabin), one, seats, said.seats + said.overbooking)
        self.stock.move(bucket_resource(flight_id, cabin, bucket), one, seats, fare.seats)
        return FlightStockMoved(flight_id=flight_id)

    async def _hear(self, handle, events):
        delivered = [Delivered(position=(0, n), at=self.clock.now(), event=each) for n, each in enumerate(events, 1)]
        finish = await handle(delivered)
        if finish is not None:
            await self.db.write(finish)


@asynccontextmanager
async def a_flight_world(url: str, **settings):
    """A search over an empty, migrated database."""
    await migrate(url, "search")
    clock = StillClock()
    db = await open_database(url, clock)
    catalog, stock = FlightCatalog(), Stock()
    search = Search(
        db=db,
        clock=clock,
        catalog=SimpleNamespace(flights=catalog),
        booking=SimpleNamespace(stock_of=stock),
        settings=SearchSettings(**settings),
    )
    try:
        yield World(db=db, clock=clock, catalog=catalog, stock=stock, search=search)
    finally:
        await db.close()


__all__ = ["AIRPORTS", "ONE", "TODAY", "World", "a_flight_world", "day", "flight", "trip"]
