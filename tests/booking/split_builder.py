"""A house whose stock is split: stays at home, tables and flights each in a database of their own."""

from contextlib import AsyncExitStack, asynccontextmanager

from builders import SECRET, House, caller, clock_of_a_morning, new_account
from trip_builder import DEPOSIT, Travel

from holdfast.booking import models
from holdfast.booking.api import ItemKind, PaymentTerms
from holdfast.booking.jobs import PART_EVENTS
from holdfast.booking.service.booking import Bookings
from holdfast.booking.service.split.bookings import SplitBookings
from holdfast.booking.service.split.stocks import HOME, Stocks
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.outbox import Relay, Subscription
from holdfast.kit.secrets import Keyring

NAMES = {ItemKind.TABLE: "dining", ItemKind.FLIGHT: "flights"}


class Killed(Exception):
    """The process is dead: nothing that it asks of a database is done any more."""


class Fate:
    """When a process dies: at its n-th write, before or after that is committed."""

    def __init__(self, at: int, *, after: bool) -> None:
        self.left = at
        self.after = after
        self.dead = False

    async def meet(self, work):
        self.check()
        self.left -= 1
        if self.left > 0:
            return await work()
        self.dead = True
        if self.after:
            await work()
        raise Killed

    def check(self) -> None:
        if self.dead:
            raise Killed


class Mortal:
    """A database as a process that dies sees it."""

    def __init__(self, db: Database, fate: Fate) -> None:
        self._db, self._fate = db, fate
        self.dialect, self.clock = db.dialect, db.clock

    async def read(self, work):
        self._fate.check()
        return await self._db.read(work)

    async def write(self, work):
        return await self._fate.meet(lambda: self._db.write(work))

    async def put(self, *calls):
        return await self._fate.meet(lambda: self._db.put(*calls))


class SplitHouse(House):
    """One process that sells from several databases."""

    def __init__(self, dbs, clock: Clock, *, fate: Fate | None = None, **settings) -> None:
        super().__init__(db=dbs[HOME], clock=clock, **settings)
        self.dbs = dbs
        lent = dbs if fate is None else {name: Mortal(db, fate) for name, db in dbs.items()}
        stocks = {
            name: Bookings(db=db, clock=clock, keyring=Keyring(SECRET), settings=self.settings, catalog=self.catalog)
            for name, db in lent.items()
        }
        for each in stocks.values():
            each.part.desk.counted_in = lent[HOME]
        self.stocks = Stocks(all=stocks, kinds={kind: name for kind, name in NAMES.items() if name in dbs})
        self.bookings = SplitBookings(self.stocks, self.settings)

    async def close(self) -> None:
        await self.bookings.close()
        for name, each in self.stocks.all.items():
            if name != HOME:
                await each.close()

    async def taken_anywhere(self):
        """All cells of which something is taken, in all stocks."""
        found = {}
        for name in self.dbs:
            for row in await self.rows_in(name, models.cell):
                if row.taken:
                    found[name, row.resource_id, row.slot] = row.taken
        return found

    async def rows_in(self, name, table):
        """The rows of a table in one stock."""
        self.db = self.dbs[name]
        try:
            return await self.rows(table)
        finally:
            self.db = self.dbs[HOME]

    async def told_of(self, kind):
        """What events of a kind say, told at home."""
        return [payload for name, payload in await self.told() if name == kind]

    async def tidy(self):
        """What jobs do."""
        for stock in self.stocks:
            await stock.expire_holds()
        await self.bookings.tend()

    def relays(self):
        """What carries news of parts to their trips."""
        subscription = Subscription(
            name="booking.trips",
            source="booking",
            events=PART_EVENTS,
            handle=self.bookings.canceling.follow,
            cursors=models.cursors,
        )
        return [
            Relay(
                Subscription(
                    name=f"booking.trips@{name}",
                    source="booking",
                    events=subscription.events,
                    handle=subscription.handle,
                    cursors=models.cursors,
                ),
                models.outbox,
                db,
                self.dbs[HOME],
                self.clock,
            )
            for name, db in self.dbs.items()
        ]

    async def carry(self):
        for relay in self.relays():
            while await relay.step():
                pass


class TripMaker:
    """Makes trips of new things, so that tests share nothing."""

    def __init__(self, house: SplitHouse) -> None:
        self.house = house
        self.travel = Travel(house)

    async def items(self, *, flight=False, deposit=True):
        """A home, a dinner and, if wanted, a flight."""
        home = await self.house.home()
        restaurant = await self.travel.restaurant(securities=(DEPOSIT,) if deposit else ())
        made = [self.house.stay(home, 0, 2), self.travel.table(restaurant, 2, ahead=1)]
        if flight:
            made.append(self.travel.seat(await self.travel.flight()))
        return made

    async def held(self, *items, guest=None):
        guest = guest or new_account()
        quote = await self.house.quote(guest, *(items or await self.items()))
        return (await self.house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)).value, guest


def paid(payment_id="payment_1"):
    return PaymentTerms(method="card", status="pending", payment_id=payment_id)


async def confirmed(house, hold, guest, terms=None, key=""):
    made = await house.bookings.confirm(
        caller=caller(guest, key, route="POST /v1/bookings"),
        hold_id=hold.id,
        hold_token=hold.token,
        payment=terms or paid(),
    )
    return made.value


async def split_tables(urls):
    """Make the tables of catalog and booking at home, those of booking elsewhere."""
    await migrate(urls[HOME], "catalog")
    for url in urls.values():
        await migrate(url, "booking")


@asynccontextmanager
async def split_house(urls, *, clock=None, fate=None, **settings):
    """A house over databases by the names of stocks; `opened` again it is another process."""
    clock = clock or clock_of_a_morning()
    async with AsyncExitStack() as stack:
        dbs = {}
        for name, url in urls.items():
            dbs[name] = await open_database(url, clock)
            stack.push_async_callback(dbs[name].close)
        house = SplitHouse(dbs, clock, fate=fate, **{"trip_tend_after_s": 1.0, "holds_most": 1000, **settings})
        stack.push_async_callback(house.close)
        yield house
