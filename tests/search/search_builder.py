"""Homes to search, a catalog and a booking that know them, and a search over both."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from holdfast.booking.events import StockMoved
from holdfast.catalog.api import Location, Property, PropertyDraft, PropertyKind
from holdfast.catalog.events import CatalogImported, PropertyChanged, PropertyCreated
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.outbox import Delivered
from holdfast.search.jobs import follow_catalog, follow_stock
from holdfast.search.service.search import Search
from holdfast.search.settings import SearchSettings
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import NightTerms, StayTerms, night_slot, slot_night

TODAY = date(2027, 1, 15)
_TABLES = ("search_stay", "search_face", "search_area", "search_amenity")


def day(ahead: int) -> date:
    return TODAY + timedelta(days=ahead)


class StillClock(Clock):
    """A clock that stands at noon of `TODAY`, until it is advanced."""

    def now(self) -> datetime:
        return datetime.combine(TODAY, time(12), UTC) + self.shift


def home(property_id: int = 1, *, listed: bool = True, **changes) -> Property:
    """A flat in Washington; `changes` are of any field of draft, location or terms."""

    def own(cls):
        names = cls.__dataclass_fields__
        return {name: changes.pop(name) for name in list(changes) if name in names}

    terms = StayTerms(
        **{
            "property_id": property_id,
            "currency": "USD",
            "zone": "America/New_York",
            "base_minor": 12_000,
            "weekend_minor": None,
            "cleaning_minor": 0,
            "extra_guest_minor": 0,
            "guests_included": 1,
            "guests_max": 4,
            "tax_bp": 0,
            "discounts": (),
            "min_nights": 1,
            "max_nights": 365,
            "check_in_from": time(15),
            "check_out_until": time(11),
            "advance_notice_days": 0,
            "booking_window_days": 730,
            "preparation_nights": 0,
            "policy": POLICIES["flexible"],
            **own(StayTerms),
        }
    )
    place = Location(
        **{
            "address": "1 Main Street",
            "neighbourhood": "Dupont Circle, Connecticut Avenue/K Street",
            "city": "Washington",
            "country": "US",
            "latitude": 38.91,
            "longitude": -77.04,
            **own(Location),
        }
    )
    said = {
        "name": f"Home {property_id}",
        "description": "",
        "kind": PropertyKind.ENTIRE_HOME,
        "bedrooms": 1,
        "beds": 2,
        "bathrooms": 1.5,
        "amenities": ("wifi", "kitchen"),
        "house_rules": "",
        "rating": 4.5,
        "reviews": 10,
        **own(PropertyDraft),
    }
    units = changes.pop("units", 1)
    assert not changes, f"no such field: {changes}"
    draft = PropertyDraft(location=place, terms=terms, listed=listed, **said)
    return Property(id=property_id, owner_id=7, version=1, draft=draft, units=units)


class Nothing:
    """Restaurants and flights of a catalog that has none."""

    async def list_page(self, *, owner_id=None, after_id=0, limit=100):
        del owner_id, after_id, limit
        return []

    async def flights_page(self, *, chosen=None, after_id=0, limit=100):
        del chosen, after_id, limit
        return []


@dataclass(repr=False)
class Catalog:
    """What `CatalogApi` promises about reading, kept in a dict."""

    restaurants = flights = Nothing()

    homes: dict[int, Property] = field(default_factory=dict)
    nights: dict[int, dict[date, NightTerms]] = field(default_factory=dict)
    meanwhile: list = field(default_factory=list)
    """What happens elsewhere after the catalog was read and before the answer has arrived."""

    def put(self, *homes: Property) -> None:
        self.homes |= {each.id: each for each in homes}

    async def get_many(self, *, ids):
        answer = [self.homes[each] for each in ids if each in self.homes]
        while self.meanwhile:
            await self.meanwhile.pop()()
        return answer

    async def stay_terms(self, *, ids, first, end):
        listed = [self.homes[each] for each in ids if each in self.homes and self.homes[each].draft.listed]
        return {
            each.id: replace(
                each.draft.terms,
                nights={night: terms for night, terms in self.nights.get(each.id, {}).items() if first <= night <= end},
            )
            for each in listed
        }

    async def list_page(self, *, owner_id=None, after_id=0, limit=100):
        assert owner_id is None
        return [self.homes[each] for each in sorted(self.homes) if each > after_id][:limit]


@dataclass(repr=False)
class Booking:
    """What `BookingApi` promises about stock, kept in dicts."""

    units: dict[int, int] = field(default_factory=dict)
    taken: dict[int, dict[int, int]] = field(default_factory=dict)
    closed: dict[int, set[int]] = field(default_factory=dict)
    calls: list = field(default_factory=list)
    meanwhile: list = field(default_factory=list)
    """What happens elsewhere after the stock was read and before the answer has arrived."""

    def open(self, property_id: int, units: int = 1) -> None:
        self.units[property_id] = units

    def take(self, property_id: int, first: date, nights: int = 1, units: int = 1) -> StockMoved:
        return self._move(property_id, first, nights, units)

    def free(self, property_id: int, first: date, nights: int = 1, units: int = 1) -> StockMoved:
        return self._move(property_id, first, nights, -units)

    def close(self, property_id: int, first: date, nights: int = 1) -> StockMoved:
        slots = range(night_slot(first), night_slot(first) + nights)
        self.closed.setdefault(property_id, set()).update(slots)
        return StockMoved(property_id=property_id, first_slot=slots.start, end_slot=slots.stop)

    def sellable(self, property_id: int, slot: int) -> bool:
        taken = self.taken.get(property_id, {}).get(slot, 0)
        return slot not in self.closed.get(property_id, ()) and taken < self.units.get(property_id, 0)

    async def nights_taken(self, *, spans):
        self.calls.append(tuple(spans))
        answer = {}
        for property_id, first, end in spans:
            if property_id not in self.units:
                continue
            slots = range(night_slot(first), night_slot(end))
            taken = {slot_night(slot) for slot in slots if not self.sellable(property_id, slot)}
            answer[property_id] = answer.get(property_id, frozenset()) | taken
        while self.meanwhile:
            await self.meanwhile.pop()()
        return answer

    def _move(self, property_id, first, nights, units):
        slots = range(night_slot(first), night_slot(first) + nights)
        cells = self.taken.setdefault(property_id, {})
        for slot in slots:
            cells[slot] = cells.get(slot, 0) + units
        return StockMoved(property_id=property_id, first_slot=slots.start, end_slot=slots.stop)


@dataclass(repr=False)
class World:
    """A search, what it follows, and ways to let events reach it as the relay does."""

    db: Database
    clock: StillClock
    catalog: Catalog
    booking: Booking
    search: Search

    async def empty(self) -> None:
        """Forget everything, so that a database serves many examples."""
        self.catalog.homes.clear()
        self.catalog.nights.clear()
        for known in (self.booking.units, self.booking.taken, self.booking.closed, self.booking.calls):
            known.clear()
        self.clock.shift = timedelta()
        await self.search.rebuild()

    async def add(self, *homes: Property) -> None:
        """Let homes with open stock become known."""
        self.catalog.put(*homes)
        for each in homes:
            self.booking.open(each.id, each.units)
        await self.hear_catalog(*[PropertyCreated(property_id=each.id, units=1, unit_names=()) for each in homes])
        await self.search.restock()

    async def hear_catalog(self, *events) -> None:
        await self._hear(follow_catalog(self.search), events)

    async def hear_stock(self, *events) -> None:
        await self._hear(follow_stock(self.search), events)

    async def ids(self, search, **options) -> list[int]:
        """Return the ids on the first page."""
        page = await self.search.stays(search=search, **options)
        return [hit.property_id for hit in page.hits]

    async def _hear(self, handle, events):
        delivered = [Delivered(position=(0, n), at=self.clock.now(), event=each) for n, each in enumerate(events, 1)]
        finish = await handle(delivered)
        if finish is not None:
            await self.db.write(finish)


@asynccontextmanager
async def a_world(url: str, **settings):
    """A search over an empty, migrated database."""
    await migrate(url, "search")
    clock = StillClock()
    db = await open_database(url, clock)
    catalog, booking = Catalog(), Booking()
    search = Search(db=db, clock=clock, catalog=catalog, booking=booking, settings=SearchSettings(**settings))
    try:
        yield World(db=db, clock=clock, catalog=catalog, booking=booking, search=search)
    finally:
        await db.close()


__all__ = [
    "TODAY",
    "Booking",
    "Catalog",
    "CatalogImported",
    "PropertyChanged",
    "PropertyCreated",
    "World",
    "a_world",
    "day",
    "home",
]
