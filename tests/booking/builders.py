"""A house to sell: booking over a migrated database, with a real catalog, an owner, and homes to stay in.

Tests share a database per module and engine, so each takes homes and guests of its own. Every `House` has a clock of
its own, and its database follows that clock.
"""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Table, select

from holdfast.booking import models
from holdfast.booking.api import Booking, CancellationQuote, Change, Hold, NightStock, PaymentTerms, Quote, StayItem
from holdfast.booking.service.booking import Bookings
from holdfast.booking.settings import BookingSettings
from holdfast.catalog.api import Location, PropertyDraft, PropertyKind
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import Row, rows, statement
from holdfast.kit.db.types import Text
from holdfast.kit.errors import HoldfastError
from holdfast.kit.keyed import Caller, Keyed
from holdfast.kit.secrets import Keyring
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import StayTerms, night_slot
from support import servers
from support.principals import principal_of

SECRET = "the secret of the tests, long enough to be one"
AT_PROPERTY = PaymentTerms(method="at_property", status="due")
ZONE = "America/New_York"
_AHEAD = timedelta(days=30)
_accounts = count(1000)
_keys = count(1)
_CHOSEN = rows("chosen", id=Text(40))
_CHOSEN_HOLDS = statement(select(models.hold).join(_CHOSEN, _CHOSEN.c.id == models.hold.c.id))
_EVERY: dict[Table, Any] = {}

TERMS = StayTerms(
    property_id=0,
    currency="USD",
    zone=ZONE,
    base_minor=10_000,
    weekend_minor=None,
    cleaning_minor=5_000,
    extra_guest_minor=0,
    guests_included=2,
    guests_max=4,
    tax_bp=1_000,
    discounts=(),
    min_nights=1,
    max_nights=30,
    check_in_from=time(15),
    check_out_until=time(11),
    advance_notice_days=0,
    booking_window_days=400,
    preparation_nights=0,
    policy=POLICIES["flexible"],
)
"""Two nights cost 27,500: nights 20,000, cleaning 5,000, tax 2,500."""

_DRAFT = PropertyDraft(
    name="Home",
    description="A home.",
    location=Location(
        address="1 Logan Circle NW",
        neighbourhood="Logan Circle",
        city="Washington",
        country="US",
        latitude=38.9,
        longitude=-77.0,
    ),
    kind=PropertyKind.ENTIRE_HOME,
    bedrooms=1,
    beds=1,
    bathrooms=1.0,
    amenities=("wifi",),
    house_rules="",
    terms=TERMS,
)


def new_account() -> int:
    """Return the id of an account that no other test knows."""
    return next(_accounts)


def new_key() -> str:
    """Return an Idempotency-Key that no other test used."""
    return f"key-{next(_keys)}"


def caller(account_id: int, key: str | None = "", *, route: str = "POST /v1/holds", fingerprint: str = "f") -> Caller:
    """Return who asks; with a key of its own unless the test gives one (or None)."""
    return Caller(account_id=account_id, key=new_key() if key == "" else key, route=route, fingerprint=fingerprint)


async def with_tables(url: str) -> str:
    """Make the tables of catalog and booking in an empty database."""
    await migrate(url, "catalog")
    await migrate(url, "booking")
    return url


class StillClock(Clock):
    """A clock that stands until it is advanced."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped = super().now()

    def now(self) -> datetime:
        return self._stopped + self.shift


class House:
    """One process that sells."""

    def __init__(self, *, db: Database, clock: Clock, **settings: Any) -> None:
        self.db = db
        self.clock = clock
        self.owner = principal_of(new_account(), "owner")
        self.catalog = Catalog(db=db)
        self.settings = BookingSettings(_env_file=None, **settings)
        self.bookings = Bookings(
            db=db, clock=clock, keyring=Keyring(SECRET), settings=self.settings, catalog=self.catalog
        )

    # ------------------------------------------------------------------------------------------------------- to build

    async def home(
        self,
        *,
        units: int = 1,
        names: Sequence[str] = (),
        owner: Principal | None = None,
        listed: bool = True,
        **terms: Any,
    ) -> int:
        """List a property with stock; return its id. `terms` are fields of `StayTerms`."""
        draft = replace(_DRAFT, terms=replace(TERMS, **terms), listed=listed)
        made = await self.catalog.create(
            owner=owner or self.owner, draft=draft, units=len(names) or units, unit_names=tuple(names)
        )
        await self.bookings.define_stock(property_id=made.id, units=len(names) or units, unit_names=tuple(names))
        return made.id

    def day(self, ahead: int = 0) -> date:
        """Return a day well in the future."""
        return self.clock.today(ZONE) + _AHEAD + timedelta(days=ahead)

    def slot_of(self, day: date) -> int:
        """Return the slot of a night."""
        return night_slot(day)

    def stay(self, home: int, ahead: int = 0, nights: int = 1, *, guests: int = 2) -> StayItem:
        """Return a stay that begins on `day(ahead)`."""
        return StayItem(property_id=home, check_in=self.day(ahead), check_out=self.day(ahead + nights), guests=guests)

    # --------------------------------------------------------------------------------------------------------- to use

    async def quote(self, guest: int, *items: StayItem) -> Quote:
        """Quote stays."""
        return await self.bookings.quote(account_id=guest, items=items)

    async def hold(self, guest: int, *items: StayItem, key: str | None = "") -> Hold:
        """Quote and hold stays."""
        quote = await self.quote(guest, *items)
        return (await self.bookings.place_hold(caller=caller(guest, key), quote_id=quote.id)).value

    async def confirm(self, hold: Hold, guest: int, *, key: str | None = "") -> Keyed[Booking]:
        """Confirm a hold, to be paid at the property."""
        return await self.bookings.confirm(
            caller=caller(guest, key, route="POST /v1/bookings"),
            hold_id=hold.id,
            hold_token=hold.token,
            payment=AT_PROPERTY,
        )

    async def booked(self, guest: int, *items: StayItem) -> Booking:
        """Quote, hold and confirm stays."""
        return (await self.confirm(await self.hold(guest, *items), guest)).value

    async def book(self, guest: int, item: StayItem, *, key: str | None = None) -> Keyed[Booking]:
        """Book in one step."""
        return await self.bookings.book(
            caller=caller(guest, key, route="POST /bookings"),
            item=item,
            payment=AT_PROPERTY,
        )

    async def cancel(
        self, booking: Booking, principal: Principal | None = None, *, key: str | None = ""
    ) -> Keyed[Booking]:
        """Cancel a booking, as its guest unless somebody else is named."""
        who = principal or Principal(booking.account_id, "guest")
        return await self.bookings.cancel(
            caller=caller(who.account_id, key, route="POST /cancel"), principal=who, number=booking.number
        )

    async def offer(self, booking: Booking, *positions: int, principal: Principal | None = None) -> CancellationQuote:
        """Ask what canceling gives back, as the guest unless somebody else is named."""
        who = principal or Principal(booking.account_id, "guest")
        return await self.bookings.quote_cancellation(principal=who, number=booking.number, items=positions)

    async def accept_offer(
        self, quote: CancellationQuote, booking: Booking, *, principal: Principal | None = None, key: str | None = ""
    ) -> Keyed[Booking]:
        """Cancel as a cancellation quote says."""
        who = principal or Principal(booking.account_id, "guest")
        return await self.bookings.cancel(
            caller=caller(who.account_id, key, route="POST /cancel"),
            principal=who,
            number=booking.number,
            quote_id=quote.id,
        )

    async def change(
        self, booking: Booking, *items: StayItem, principal: Principal | None = None, key: str | None = ""
    ) -> Change:
        """Place a change of a booking."""
        return (await self.place_change(booking, *items, principal=principal, key=key)).value

    async def place_change(
        self, booking: Booking, *items: StayItem, principal: Principal | None = None, key: str | None = ""
    ) -> Keyed[Change]:
        """Place a change of a booking; say whether it is a replay."""
        who = principal or Principal(booking.account_id, "guest")
        return await self.bookings.place_change(
            caller=caller(who.account_id, key, route="POST /changes"), principal=who, number=booking.number, items=items
        )

    async def confirm_change(
        self, change: Change, booking: Booking, *, payment_id: str | None = None, key: str | None = ""
    ) -> Keyed[Booking]:
        """Confirm a change as the guest, paid by a payment if one is named."""
        paid = PaymentTerms(method="card", status="pending", payment_id=payment_id) if payment_id else None
        return await self.bookings.confirm_change(
            caller=caller(booking.account_id, key, route="POST /changes/confirm"),
            principal=Principal(booking.account_id, "guest"),
            number=booking.number,
            change_id=change.id,
            payment=paid,
        )

    async def changed(self, booking: Booking, *items: StayItem) -> Booking:
        """Change a booking at once."""
        return (await self.confirm_change(await self.change(booking, *items), booking)).value

    async def block(
        self, home: int, ahead: int = 0, nights: int = 1, *, quantity: int = 1, key: str | None = ""
    ) -> str:
        """Block nights of a home; return the block's id."""
        made = await self.bookings.block(
            caller=caller(self.owner.account_id, key, route="POST /blocks"),
            owner=self.owner,
            property_id=home,
            nights=(self.day(ahead), self.day(ahead + nights)),
            quantity=quantity,
            note="",
        )
        return made.value.id

    async def set_nights(
        self, home: int, ahead: int = 0, nights: int = 1, *, capacity: int | None = None, closed: bool | None = None
    ) -> None:
        """Give nights a capacity of their own, or open or close them."""
        await self.bookings.set_night_stock(
            owner=self.owner,
            property_id=home,
            first=self.day(ahead),
            end=self.day(ahead + nights),
            capacity=capacity,
            closed=closed,
        )

    def wait(self, **how_long: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**how_long))

    # --------------------------------------------------------------------------------------------------------- to see

    async def nights(self, home: int, ahead: int = 0, nights: int = 1) -> list[NightStock]:
        """Return the stock of nights."""
        found = await self.bookings.stock(property_ids=[home], first=self.day(ahead), end=self.day(ahead + nights))
        return found[home]

    async def taken(self, home: int, ahead: int = 0, nights: int = 1) -> list[int]:
        """Return how much is taken, night by night."""
        return [night.taken for night in await self.nights(home, ahead, nights)]

    async def rows(self, table: Table, **where: Any) -> list[Row]:
        """Return the rows of a table."""
        every = _EVERY.setdefault(table, statement(select(table).order_by(*table.primary_key.columns)))
        found = await self.db.read(lambda tx: tx.all(every()))
        return [row for row in found if all(getattr(row, name) == value for name, value in where.items())]

    async def holds(self, ids: Iterable[str]) -> dict[str, Row]:
        """Return the rows of holds by their ids."""
        wanted = [(each,) for each in ids]
        found = await self.db.read(lambda tx: tx.all(_CHOSEN_HOLDS(chosen=wanted)))
        return {row.id: row for row in found}

    async def told(self) -> list[tuple[str, dict[str, Any]]]:
        """Return every event that was published, in order of writing: its kind and what it says."""
        found = await self.rows(models.outbox.table)
        return [(row.kind, row.payload) for row in sorted(found, key=lambda row: (row.epoch, row.seq))]

    async def assert_sound(self) -> None:
        """Fail if the recount finds anything wrong."""
        report = await self.bookings.verify()
        assert report.breaches == (), report.breaches

    async def close(self) -> None:
        """Finish what is under way."""
        await self.bookings.close()


def run_sql(url: str, *statements: str) -> list[list[str]]:
    """Run SQL past the product, in one session of the database's administrator; return the rows it prints, as text."""
    engine = engine_of(url)
    if engine == "sqlite":
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None, timeout=10)
        try:
            found = [connection.execute(each).fetchall() for each in statements]
        finally:
            connection.close()
        return [[str(value) for value in row] for rows in found for row in rows]
    text = ";\n".join(statements) + ";"
    if engine == "mysql":
        text = "DELIMITER //\n" + "\n//\n".join(statements) + "\n//\n"
    printed = servers.shared(engine).execute(text, url.rpartition("/")[2])
    return [line.split("\t") for line in printed.splitlines()]


def engine_of(url: str) -> str:
    """Return the engine an URL belongs to."""
    return url.partition(":")[0]


@asynccontextmanager
async def held_open(db: Database, work: Callable[[Tx], Awaitable[object]]) -> AsyncIterator[None]:
    """Keep a transaction open after `work` until the block ends, then commit it. Not on SQLite: it has one writer."""
    begun, over = asyncio.Event(), asyncio.Event()

    async def waiting(tx: Tx) -> None:
        await work(tx)
        begun.set()
        await over.wait()

    task = asyncio.create_task(db.write(waiting))
    try:
        await asyncio.wait({task, asyncio.create_task(begun.wait())}, return_when=asyncio.FIRST_COMPLETED)
        yield
    finally:
        over.set()
        begun.set()
        await task


async def somebody_waits(url: str) -> bool:
    """Return whether a transaction waits for a lock of another."""
    look = {
        "postgresql": "SELECT count(*) FROM pg_stat_activity"
        " WHERE datname = current_database() AND wait_event_type = 'Lock'",
        "mysql": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
    }[engine_of(url)]
    [[number]] = await asyncio.to_thread(run_sql, url, look)
    return number != "0"


def slot(day: date) -> int:
    """Return the slot of a night."""
    return night_slot(day)


def moved(home: int, first: date, nights: int = 1) -> tuple[str, dict[str, int]]:
    """Return the event that says that stock moved."""
    start = night_slot(first)
    return "StockMoved", {"property_id": home, "first_slot": start, "end_slot": start + nights}


def clock_of_a_morning() -> Clock:
    """Return a clock that is ahead until the next ten in the morning where the homes are.

    Who waits for an hour does not wait for the next day then, whenever the tests run.
    """
    now = Clock().now().astimezone(ZoneInfo(ZONE))
    ten = now.replace(hour=10, minute=0, second=0, microsecond=0)
    return Clock(ten - now if ten > now else ten + timedelta(days=1) - now)


@asynccontextmanager
async def opened(
    url: str, *, clock: Clock | None = None, checkpoints: bool = True, **settings: Any
) -> AsyncIterator[House]:
    """Open one process over a database that has the tables."""
    clock = clock or clock_of_a_morning()
    db = await open_database(url, clock, checkpoints=checkpoints)
    house = House(db=db, clock=clock, **settings)
    try:
        yield house
    finally:
        await house.close()
        await db.close()


@asynccontextmanager
async def processes(
    url: str, number: int, *, clock: Clock | None = None, **settings: Any
) -> AsyncIterator[list[House]]:
    """Open several processes over one database: each has connections, lanes and memory of its own.

    They share a clock and the owner, so that a home of one is a home of all.
    """
    clock = clock or clock_of_a_morning()
    async with AsyncExitStack() as stack:
        houses = [
            await stack.enter_async_context(opened(url, clock=clock, checkpoints=place == 0, **settings))
            for place in range(number)
        ]
        for house in houses[1:]:
            house.owner = houses[0].owner
        yield houses


async def refusal_of(request: Awaitable[object]) -> HoldfastError:
    """Return what a request is refused with; fail if it is not."""
    with pytest.raises(HoldfastError) as refused:
        await request
    return refused.value


async def footprint(house: House) -> tuple[list[int], int]:
    """Return how much there is of everything that moves stock, and how much is taken."""
    tables = (models.hold, models.claim, models.booking, models.outbox.table, models.key)
    counts = [len(await house.rows(table)) for table in tables]
    return counts, sum(row.taken for row in await house.rows(models.cell))


async def outcomes(*requests: Awaitable[Any]) -> list[Any]:
    """Ask all at once; return answers and refusals in order of asking."""
    return await asyncio.gather(*requests, return_exceptions=True)


def value(answer: Keyed[Any] | BaseException) -> Any:
    """Return what an answer of `outcomes` gives; fail if it is a refusal."""
    assert isinstance(answer, Keyed), repr(answer)
    return answer.value
