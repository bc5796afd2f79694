"""Events are written with what they tell of, and every subscriber gets each once, in order, whatever comes between."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Table, select
from structlog.testing import capture_logs

from holdfast.kit.clock import Clock
from holdfast.kit.db.errors import CheckViolation, UniqueViolation
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import adding, adding_rows, rows, statement
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Whole
from holdfast.kit.outbox import BATCH, Outbox, Relay, Subscription, create_cursors, create_outbox, cursor_table, prune
from support.effort import rounds
from support.polling import eventually
from support.servers import fresh_database


class Shade(StrEnum):
    DARK = "dark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    name: str
    at: datetime
    day: date
    shade: Shade
    parts: tuple[Part, ...]
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unheard:
    number: int


telling = module_tables("telling")
hearing = module_tables("hearing")
outbox = Outbox("telling", telling)
cursors = cursor_table("hearing", hearing)
kept = Table(
    "hearing_kept",
    hearing,
    Column("place", Whole(), primary_key=True, autoincrement=True),
    Column("number", Whole(), nullable=False),
    **STRICT,
)
KEEP = adding_rows(kept, rows("numbers", number=Whole()))
KEPT = statement(select(kept.c.number).order_by(kept.c.place))
WRITTEN = statement(select(outbox.table.c.seq).order_by(outbox.table.c.seq))
CLEAR = [statement(table.delete()) for table in (outbox.table, cursors, kept)]


def make(connection):
    op = Operations(MigrationContext.configure(connection))
    create_outbox(op, "telling")
    create_cursors(op, "hearing")
    kept.create(connection)


@asynccontextmanager
async def opened(url):
    database = await open_database(url, Clock())
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture(scope="module")
async def home(url):
    await _with_connection(url, make)
    async with opened(url) as database:
        yield database


@pytest.fixture
async def db(home):
    """The tables of one who tells and one who hears, empty, on each engine in turn."""
    await home.put(*(each() for each in CLEAR))
    return home


def numbered(count, first=0):
    return [Counted(number=first + place) for place in range(count)]


async def tell(database, *events):
    await database.write(lambda tx: outbox.publish(tx, database.dialect, events))


def subscription(handle, *kinds, name="hearing.all"):
    return Subscription(name=name, source="telling", events=kinds or (Counted,), handle=handle, cursors=cursors)


def relay(database, handle, *kinds, name="hearing.all", own=None):
    return Relay(subscription(handle, *kinds, name=name), outbox, database, own or database, Clock())


async def keep(delivered):
    """Keep the numbers in the transaction that moves the cursor."""

    async def finish(tx):
        await tx.run(KEEP(numbers=[(each.event.number,) for each in delivered]))

    return finish


async def numbers(database):
    return [row.number for row in await database.read(lambda tx: tx.all(KEPT()))]


class Listener:
    """Remembers what it was handed."""

    def __init__(self):
        self.batches = []

    async def __call__(self, delivered):
        self.batches.append(delivered)

    @property
    def events(self):
        return [each.event for batch in self.batches for each in batch]


class TestAnEvent:
    async def test_arrives_as_it_was_published(self, db):
        told = Described(
            name="né 🏠",
            at=datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC),
            day=date(2028, 2, 29),
            shade=Shade.DARK,
            parts=(Part(number=2**62), Part(number=-1)),
        )
        listener = Listener()
        before = await db.read(lambda tx: tx.now())
        await tell(db, told)
        after = await db.read(lambda tx: tx.now())
        assert await relay(db, listener, Described).step() == 1
        [[delivered]] = listener.batches
        assert delivered.event == told
        assert before <= delivered.at <= after

    async def test_of_a_transaction_that_fails_was_never_there(self, db):
        async def work(tx):
            await outbox.publish(tx, db.dialect, numbered(3))
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no"):
            await db.write(work)
        with pytest.raises((UniqueViolation, CheckViolation)):
            await db.put(adding(kept)(place=1, number=1), adding(kept)(place=1, number=1), *calls(db, 3))
        await tell(db, Counted(number=9))
        listener = Listener()
        assert await relay(db, listener).step() == 1
        assert listener.events == [Counted(number=9)]

    async def test_may_be_one_of_none(self, db):
        await tell(db)
        assert outbox.calls(db.dialect, []) == ()
        assert await relay(db, Listener()).step() == 0

    async def test_of_another_kind_is_passed_over(self, db):
        listener = Listener()
        following = relay(db, listener)
        await tell(db, Unheard(number=1))
        assert await following.step() == 1
        assert listener.batches == []
        await tell(db, Unheard(number=2), Counted(number=3), Unheard(number=4))
        assert await following.step() == 3
        assert listener.events == [Counted(number=3)]
        assert await following.step() == 0


def calls(database, count):
    return outbox.calls(database.dialect, numbered(count))


class TestTheOrder:
    async def test_is_that_of_publishing_and_of_commits(self, db):
        await tell(db, *numbered(3))
        await db.put(*calls(db, 0), *outbox.calls(db.dialect, numbered(2, 3)))

        async def twice(tx):
            await outbox.publish(tx, db.dialect, numbered(2, 5))
            await outbox.publish(tx, db.dialect, numbered(2, 7))

        await db.write(twice)
        listener = Listener()
        assert await relay(db, listener).step() == 9
        assert listener.events == numbered(9)
        positions = [each.position for each in listener.batches[0]]
        assert positions == sorted(set(positions))

    async def test_is_kept_when_an_earlier_transaction_commits_later(self, engine_url):
        """PostgreSQL: the reader must not step over the row that has a lower number and is not there yet."""
        async with self.database(engine_url("postgresql")) as db:
            early, late = await self.at_once(db)
            await late.published.wait()
            late.go_on.set()
            await late.done
            listener = Listener()
            following = relay(db, listener)
            assert await following.step() == 0
            assert await following.step() == 0
            early.go_on.set()
            await early.done
            assert await following.step() == 2
            assert listener.events == [Counted(number=1), Counted(number=2)]

    async def test_is_kept_by_waiting_where_numbers_are_taken_last(self, engine_url):
        """MariaDB: the later transaction cannot take its number before the earlier one has ended."""
        async with self.database(engine_url("mysql")) as db:
            early, late = await self.at_once(db)
            listener = Listener()
            following = relay(db, listener)
            late.go_on.set()
            for _ in range(3):
                assert await following.step() == 0
                assert not late.published.is_set()
            early.go_on.set()
            await asyncio.gather(early.done, late.done)
            assert await following.step() == 2
            assert listener.events == [Counted(number=1), Counted(number=2)]

    async def test_forgets_an_earlier_transaction_that_fails(self, engine_url):
        for engine in ("postgresql", "mysql"):
            async with self.database(engine_url(engine)) as db:
                early, late = await self.at_once(db)
                early.fails = True
                late.go_on.set()
                early.go_on.set()
                with pytest.raises(RuntimeError):
                    await early.done
                await late.done
                listener = Listener()
                assert await relay(db, listener).step() == 1
                assert listener.events == [Counted(number=2)]

    async def test_is_kept_in_a_crowd(self, db):
        """Each teller's events arrive in its order, and all of them, while somebody reads all the time."""
        listener = Listener()
        following = relay(db, listener)
        tellers, each = 8, rounds(12, thorough=400)

        async def teller(place):
            for turn in range(each):
                await tell(db, Counted(number=place * 1000 + turn), Counted(number=place * 1000 + 500 + turn))

        reading = asyncio.ensure_future(following.run())
        await asyncio.gather(*(teller(place) for place in range(tellers)))
        await eventually(lambda: len(listener.events) == tellers * each * 2, 20)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        for place in range(tellers):
            heard = [event.number % 1000 for event in listener.events if event.number // 1000 == place]
            assert heard == [number for turn in range(each) for number in (turn, 500 + turn)]

    @asynccontextmanager
    async def database(self, url):
        await _with_connection(url, make)
        async with opened(url) as database:
            yield database

    async def at_once(self, db):
        """Return two transactions that are both open; the first has published event 1, the second will event 2."""
        early, late = Teller(db, 1), Teller(db, 2)
        early.start()
        await early.published.wait()
        late.start()
        await late.begun.wait()
        return early, late


class Teller:
    """A transaction that publishes an event and then waits before it commits."""

    def __init__(self, db, number):
        self.db = db
        self.number = number
        self.begun = asyncio.Event()
        self.published = asyncio.Event()
        self.go_on = asyncio.Event()
        self.fails = False
        self.done = None

    def start(self):
        self.done = asyncio.ensure_future(self.db.write(self.work))

    async def work(self, tx):
        await tx.now()
        self.begun.set()
        await outbox.publish(tx, self.db.dialect, [Counted(number=self.number)])
        self.published.set()
        await self.go_on.wait()
        if self.fails:
            raise RuntimeError("no")


class TestARelay:
    async def test_goes_on_where_it_stopped(self, db):
        await tell(db, *numbered(3))
        assert await relay(db, keep).step() == 3
        await tell(db, *numbered(2, 3))
        following = relay(db, keep)
        assert await following.step() == 2
        assert await following.step() == 0
        assert await numbers(db) == list(range(5))

    async def test_hands_over_no_more_than_a_batch(self, db):
        await tell(db, *numbered(BATCH + 20))
        listener = Listener()
        following = relay(db, listener)
        assert [await following.step() for _ in range(3)] == [BATCH, 20, 0]
        assert [len(batch) for batch in listener.batches] == [BATCH, 20]
        assert listener.events == numbered(BATCH + 20)

    async def test_serves_each_subscription_on_its_own(self, db):
        await tell(db, *numbered(2))
        one, other = Listener(), Listener()
        await relay(db, one, name="hearing.one").step()
        await tell(db, *numbered(1, 2))
        following = relay(db, other, name="hearing.other")
        assert await following.step() == 3
        assert (one.events, other.events) == (numbered(2), numbered(3))

    async def test_gives_the_same_events_again_when_the_handler_fails(self, db):
        await tell(db, *numbered(2))
        tries = []

        async def stumbling(delivered):
            tries.append(delivered)
            if len(tries) < 3:
                raise RuntimeError("not yet")
            return await keep(delivered)

        following = relay(db, stumbling)
        for _ in range(2):
            with pytest.raises(RuntimeError, match="not yet"):
                await following.step()
        assert await following.step() == 2
        assert tries[0] == tries[1] == tries[2]
        assert await numbers(db) == [0, 1]

    async def test_keeps_nothing_when_the_last_part_fails(self, db):
        await tell(db, *numbered(2))
        fails = [True, False]

        async def half(delivered):
            finish = await keep(delivered)

            async def and_fail(tx):
                await finish(tx)
                if fails.pop(0):
                    raise RuntimeError("half")

            return and_fail

        following = relay(db, half)
        with pytest.raises(RuntimeError, match="half"):
            await following.step()
        assert await numbers(db) == []
        assert await following.step() == 2
        assert await numbers(db) == [0, 1]

    async def test_runs_on_after_a_failure_and_says_so(self, db):
        failures = ["once"]

        async def stumbling(delivered):
            if failures:
                raise RuntimeError(failures.pop())
            return await keep(delivered)

        await tell(db, *numbered(2))
        with capture_logs() as logs:
            async with running(relay(db, stumbling)):
                await eventually(lambda: reached(db, 2))
        [logged] = [entry for entry in logs if entry["event"] == "relay.failed"]
        assert (logged["subscription"], logged["error"]) == ("hearing.all", "RuntimeError")

    async def test_notices_what_nobody_here_told_it_of(self, db):
        async with running(relay(db, keep)):
            await tell(db, *numbered(2))
            await eventually(lambda: reached(db, 2))

    async def test_is_woken_by_a_nudge_and_by_nobody_when_it_has_gone(self, db):
        with outbox.listening() as heard:
            assert not heard.is_set()
            outbox.nudge()
            assert heard.is_set()
        heard.clear()
        outbox.nudge()
        assert not heard.is_set()
        async with running(relay(db, keep)):
            await eventually(lambda: len(outbox._listeners) == 1)
        assert outbox._listeners == []

    async def test_does_everything_once_when_two_race(self, db):
        many = rounds(60, thorough=2000)
        async with running(relay(db, keep)), running(relay(db, keep)):
            for place in range(many):
                await tell(db, *numbered(3, place * 3))
                outbox.nudge()
            await eventually(lambda: reached(db, many * 3), 20)
        assert await numbers(db) == list(range(many * 3))

    async def test_that_was_overtaken_writes_nothing(self, db):
        await tell(db, *numbered(2))
        slow, quick = relay(db, keep), relay(db, keep)
        assert await slow.position() == (0, 0)
        assert await quick.step() == 2
        assert await slow.step() == 2  # the batch it found, and let go
        assert await numbers(db) == [0, 1]
        assert await slow.step() == 0

    async def test_carries_from_one_engine_to_another(self, db, engine_url):
        other = {"sqlite": "postgresql", "postgresql": "mysql", "mysql": "sqlite"}[db.dialect]
        url = engine_url(other)
        await _with_connection(url, make)
        async with opened(url) as own:
            following = relay(db, keep, own=own)
            await tell(db, *numbered(4))
            assert await following.step() == 4
            assert await numbers(own) == [0, 1, 2, 3]
            assert await numbers(db) == []


@asynccontextmanager
async def running(following):
    task = asyncio.ensure_future(following.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def reached(database, count):
    return len(await numbers(database)) >= count


class TestPruning:
    async def test_takes_away_what_all_have_heard(self, db):
        first, second = relay(db, Listener(), name="hearing.one"), relay(db, Listener(), name="hearing.other")
        await tell(db, *numbered(3))
        await first.step()
        await prune([first, second], db)
        assert await written(db) == 3
        await second.step()
        await tell(db, *numbered(2))
        await prune([first, second], db)
        assert await written(db) == 2

    async def test_of_everything_does_not_make_later_events_unheard(self, db):
        listener = Listener()
        following = relay(db, listener)
        for turn in range(3):
            await tell(db, *numbered(2, turn * 2))
            assert await following.step() == 2
            await prune([following], db)
            assert await written(db) == 0
        assert listener.events == numbered(6)

    async def test_without_followers_takes_nothing_away(self, db):
        await tell(db, *numbered(1))
        await prune([], db)
        assert await written(db) == 1


async def written(database):
    return len(await database.read(lambda tx: tx.all(WRITTEN())))


class TestReadingOn:
    async def test_uses_the_index(self, engine):
        """Else each look would pass over all that was heard since the last pruning."""
        explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN ", "mysql": "EXPLAIN "}[engine]
        with fresh_database(engine) as url:
            await _with_connection(url, make)
            async with opened(url) as database:
                for place in range(4):
                    await tell(database, *numbered(500, place * 500))

            def look(connection):
                if engine != "mysql":
                    connection.exec_driver_sql("ANALYZE")
                after = outbox._after.build(engine).limit(10).params(epoch=2**40, seq=1990)
                sql = str(after.compile(connection, compile_kwargs={"literal_binds": True}))
                return str(connection.exec_driver_sql(explain + sql).all())

            plan = await _with_connection(url, look)
        wanted = {"sqlite": "SEARCH telling_outbox", "postgresql": "Index Cond: ((ROW(epoch, seq) >", "mysql": "range"}
        assert wanted[engine] in plan
