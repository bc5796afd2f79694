"""What read, snapshot, write and put promise: what is kept, what is seen, and what becomes of those that are late."""

import asyncio
import sqlite3
import threading

import pytest
from kit_rival import engine_of, locked, now, rival, somebody_waits
from kit_sample import ACCOUNTS, OPEN, PAY, account, balances, create, opened
from sqlalchemy import String, cast, func, select, update

from holdfast.kit.db.database import Attempt
from holdfast.kit.db.errors import CheckViolation, Retryable
from holdfast.kit.db.statements import adding_rows, rows, statement
from holdfast.kit.db.types import Text, Whole
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable, StorageFull
from support.polling import eventually

MANY = statement(select(account))
LOCK = statement(select(account).order_by(account.c.name).with_for_update())
GIVEN_ROWS = adding_rows(account, rows("given", name=Text(20), cents=Whole()))
POOR = "INSERT INTO sample_account (name, cents) VALUES ('poor', 0)"


class Refused(Exception):
    pass


class Strange(BaseException):
    pass


class TestAWrite:
    async def test_keeps_what_it_did_and_returns_what_it_found(self, db):
        async def work(tx):
            await tx.run(OPEN(name="ann", cents=1))
            await tx.run(PAY(of="ann", by=1))
            return (await tx.one(ACCOUNTS())).cents

        assert await db.write(work) == 2
        assert await balances(db) == {"ann": 2}

    async def test_keeps_nothing_when_its_work_fails(self, db):
        async def work(tx):
            await tx.run(OPEN(name="ann", cents=1))
            raise Refused

        with pytest.raises(Refused):
            await db.write(work)
        assert await balances(db) == {}

    async def test_is_not_seen_before_its_end(self, db, made_url):
        seen = []
        async with opened(made_url) as other:

            async def work(tx):
                await tx.run(OPEN(name="ann", cents=1))
                seen.append(await tx.all(MANY()))

            await db.write(work)
            async with rival(made_url) as somebody:
                await somebody.run(POOR)
                assert set(await balances(other)) == {"ann"}
                await somebody.end()
            assert set(await balances(other)) == {"ann", "poor"}
        assert [len(rows) for rows in seen] == [1]

    async def test_lets_many_go_on_side_by_side(self, db):
        await db.put(OPEN(name="ann", cents=0))
        await asyncio.gather(*(db.write(lambda tx: tx.run(PAY(of="ann", by=1))) for _ in range(60)))
        assert await balances(db) == {"ann": 60}


class TestAPut:
    async def test_is_one_transaction(self, db):
        with pytest.raises(CheckViolation):
            await db.put(OPEN(name="ann", cents=1), OPEN(name="bob", cents=-1), OPEN(name="cid", cents=1))
        assert await balances(db) == {}


class TestARead:
    async def test_sees_what_others_commit_meanwhile(self, db, made_url):
        async def work(tx):
            before = len(await tx.all(MANY()))
            now(made_url, POOR)
            return before, len(await tx.all(MANY()))

        assert await db.read(work) == (0, 1)

    async def test_leaves_a_connection_that_works_when_its_work_fails(self, db):
        async def work(tx):
            await tx.all(MANY())
            raise Refused

        with pytest.raises(Refused):
            await db.read(work)
        assert await balances(db) == {}


class TestASnapshot:
    async def test_sees_one_instant(self, db, made_url):
        async def work(tx):
            before = len(await tx.all(MANY()))
            now(made_url, POOR)
            return before, len(await tx.all(MANY()))

        assert await db.snapshot(work) == (0, 0)
        assert len(await db.snapshot(lambda tx: tx.all(MANY()))) == 1

    async def test_cannot_write(self, db):
        with pytest.raises(Exception, match=r"(?i)read.?only"):
            await db.snapshot(lambda tx: tx.run(OPEN(name="ann", cents=1)))
        assert await balances(db) == {}
        await db.put(OPEN(name="ann", cents=1))

    async def test_leaves_the_next_transaction_as_it_should_be(self, alone):
        async with opened(alone, pool_size=1) as database:
            await database.snapshot(lambda tx: tx.all(MANY()))

            async def work(tx):
                before = len(await tx.all(MANY()))
                if database.dialect != "sqlite":  # which lets nobody else write in between
                    now(alone, POOR)
                return len(await tx.all(MANY())) - before

            assert await database.write(work) == (0 if database.dialect == "sqlite" else 1)


@pytest.fixture(params=["postgresql", "mysql"])
async def served(request, engine_url):
    """The URL of the sample behind each server in turn, with one account."""
    made = engine_url(request.param)
    await create(made)
    now(made, "INSERT INTO sample_account (name, cents) VALUES ('ann', 1)")
    return made


def pay(database, way):
    if way == "put":
        return database.put(PAY(of="ann", by=1))
    return database.write(lambda tx: tx.run(PAY(of="ann", by=1)))


async def has(database, cents):
    return await balances(database) == {"ann": cents}


class TestACallerThatLeaves:
    @pytest.mark.parametrize("way", ["write", "put"])
    async def test_does_not_take_its_transaction_with_it(self, served, way):
        async with opened(served) as database, locked(served, "ann") as somebody:
            caller = asyncio.ensure_future(pay(database, way))
            await somebody_waits(served)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            await somebody.end()
            await eventually(lambda: has(database, 2))

    async def test_of_a_read_frees_its_place(self, served):
        async with opened(served, pool_size=1) as database, locked(served, "ann"):
            caller = asyncio.ensure_future(database.read(lambda tx: tx.all(LOCK())))
            await somebody_waits(served)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            assert await has(database, 1)


def _slow(dialect):
    asleep = cast(func.pg_sleep(SLOW_S), String) == "" if dialect == "postgresql" else func.sleep(SLOW_S) == 0
    return update(account).values(cents=account.c.cents + 10).where(account.c.name == "ann", asleep)


SLOW_S = 1.0
SLOW = statement(_slow)
SLEEPERS = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND state = 'active'"
    " AND pid <> pg_backend_pid()",
    "mysql": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE 'UPDATE%sleep(%'",
}


async def sleepers_are_gone(url):
    await eventually(lambda: now(url, SLEEPERS[engine_of(url)]).strip() == "0", 10)


class TestADeadline:
    async def test_ends_a_write_of_which_nothing_is_kept(self, served):
        async with opened(served, pool_size=1, deadline_s=0.4) as database:

            async def work(tx):
                await tx.run(OPEN(name="bob", cents=1))
                await tx.run(SLOW())

            with pytest.raises(DatabaseUnavailable):
                await database.write(work)
            assert await has(database, 1)  # the only place is free again
            await sleepers_are_gone(served)
            assert await has(database, 1)

    async def test_leaves_a_statement_that_commits_by_itself_unknown(self, engine_url):
        url = engine_url("postgresql")
        await create(url)
        async with opened(url, pool_size=1, deadline_s=0.4) as database:
            await database.put(OPEN(name="ann", cents=1))
            with pytest.raises(CommitOutcomeUnknown) as told:
                await database.put(SLOW())
            assert (told.value.status, told.value.code) == (503, "commit_outcome_unknown")
            assert await has(database, 1)
            await eventually(lambda: has(database, 11), 10)

    async def test_holds_when_the_caller_has_left(self, served):
        async with opened(served, pool_size=1, deadline_s=0.4) as database:
            caller = asyncio.ensure_future(database.write(lambda tx: tx.run(SLOW())))
            await eventually(lambda: now(served, SLEEPERS[engine_of(served)]).strip() == "1")
            caller.cancel()
            assert await has(database, 1)  # which waited for the only place
            await sleepers_are_gone(served)
            assert await has(database, 1)

    async def test_ends_the_wait_for_a_connection(self, served):
        async with opened(served, pool_size=1, deadline_s=0.4) as database:
            session = await database._pool.take()
            for late in (pay(database, "put"), pay(database, "write"), balances(database)):
                with pytest.raises(DatabaseUnavailable):
                    await late
            database._pool.give_back(session)
            assert await has(database, 1)

    async def test_breaks_no_connection_that_is_somebody_elses_by_then(self, served):
        async with opened(served, pool_size=1) as database:
            attempt = Attempt(writes=True)
            session = await database._take(attempt)
            database._give_back(session, attempt)
            attempt.give_up()
            assert not session.broken()
            taken = await database._take(attempt)
            attempt.give_up()
            assert taken.broken()
            database._give_back(taken, attempt)
            assert await has(database, 1)

    async def test_ends_the_tries(self, served):
        async with opened(served, pool_size=1, deadline_s=0.5) as database:
            tries = []

            async def work(tx):
                tries.append(await tx.all(MANY()))
                raise Retryable("for ever")

            hopeless = asyncio.ensure_future(database.write(work))
            while not hopeless.done():  # in the pauses between its tries others have the connection
                await pay(database, "put")
            with pytest.raises(DatabaseUnavailable):
                await hopeless
            assert len(tries) > 3


class TestSqlite:
    @pytest.fixture
    async def path(self, tmp_path):
        await create(f"sqlite:///{tmp_path}/test.db")
        return f"sqlite:///{tmp_path}/test.db"

    async def test_refuses_to_await_anything_else(self, path):
        async with opened(path) as database:

            async def work(tx):
                await tx.all(MANY())
                await asyncio.sleep(0)

            async def half(tx):
                await tx.run(OPEN(name="ann", cents=1))
                await asyncio.sleep(0)

            for call in (database.write(work), database.read(work), database.snapshot(work), database.write(half)):
                with pytest.raises(RuntimeError, match="other than its Tx"):
                    await call
            assert await balances(database) == {}

    async def test_refuses_another_transaction_inside(self, path):
        async with opened(path) as database:
            with pytest.raises(RuntimeError):
                await database.write(lambda _: database.put(OPEN(name="ann", cents=1)))
            assert await balances(database) == {}

    async def test_lets_nobody_write_between_a_look_and_a_write(self, path):
        """A deferred transaction would fail at its first write, whatever the time-out, if somebody wrote by then."""
        refused = []
        async with opened(path) as database:
            await database.put(OPEN(name="ann", cents=1))

            async def work(tx):
                [row] = await tx.all(MANY())
                try:
                    now(path, POOR)
                except sqlite3.OperationalError as error:
                    refused.append(str(error))
                await tx.run(PAY(of="ann", by=row.cents))

            await database.write(work)
            assert refused == ["database is locked"]
            assert await has(database, 2)

    @pytest.mark.parametrize("raised", [Strange, StopIteration, asyncio.CancelledError, SystemError])
    async def test_survives_whatever_a_job_raises(self, path, raised):
        def plain(_):
            raise raised

        async with opened(path) as database:
            for way in (database.write, database.read, database.snapshot):
                caught = await outcome(way, plain)
                assert isinstance(caught, RuntimeError if raised is StopIteration else raised)
            await database.put(OPEN(name="ann", cents=1))
            assert await has(database, 1)

    async def test_keeps_nothing_of_a_write_that_ends_after_its_deadline(self, path):
        async with opened(path, deadline_s=0.2) as database:
            held, begun = threading.Event(), []

            async def slow(tx):
                await tx.run(OPEN(name="ann", cents=1))
                held.wait(10)

            late = asyncio.ensure_future(database.write(slow))

            async def queued(tx):
                begun.append(tx)
                await tx.run(OPEN(name="bob", cents=1))

            waiting = [
                asyncio.ensure_future(call)
                for call in (database.put(OPEN(name="cid", cents=1)), database.write(queued))
            ]
            for each in (late, *waiting):
                with pytest.raises(DatabaseUnavailable):
                    await each
            held.set()
            await database.put(OPEN(name="dan", cents=1))
            assert await balances(database) == {"dan": 1}
            assert begun == []

    async def test_does_what_was_asked_for_before_it_closes(self, path):
        async with opened(path) as database:
            asked = [asyncio.ensure_future(database.put(OPEN(name=f"n{number}", cents=1))) for number in range(20)]
            looks = [asyncio.ensure_future(balances(database)) for _ in range(20)]
            await asyncio.sleep(0)
        assert len({await each for each in asked}) > 1
        for each in looks:
            assert isinstance(await each, dict)
        async with opened(path) as database:
            assert len(await balances(database)) == 20

    async def test_tries_again_to_open_a_file_it_could_not_open(self, tmp_path):
        (tmp_path / "folder").write_text("not a folder")
        url = f"sqlite:///{tmp_path}/folder/test.db"
        async with opened(url) as database:
            for _ in range(2):
                with pytest.raises(DatabaseUnavailable):
                    await database.put(OPEN(name="ann", cents=1))
                with pytest.raises(DatabaseUnavailable) as told:
                    await balances(database)
                assert "folder" not in told.value.detail
            (tmp_path / "folder").unlink()
            await create(url)
            await database.put(OPEN(name="ann", cents=1))
            assert await has(database, 1)

    async def test_tells_when_the_disk_is_full(self, path):
        async with opened(path) as database:
            await database.put(OPEN(name="ann", cents=1))
            await database._writer.call(lambda connection: connection.execute("PRAGMA max_page_count=1"))
            with pytest.raises(StorageFull):
                await database.write(lambda tx: tx.run(GIVEN_ROWS(given=[(f"n{i}", i) for i in range(50_000)])))
            assert await has(database, 1)
            await database._writer.call(lambda connection: connection.execute("PRAGMA max_page_count=1000000"))
            await database.put(PAY(of="ann", by=1))
            assert await has(database, 2)


async def outcome(way, work):
    """Return what a call raises, also what asyncio would end its loop for."""
    try:
        return await way(work)
    except BaseException as error:  # noqa: BLE001 - what it is, is the question
        return error


class TestADatabaseThatIsClosed:
    async def test_answers_at_once(self, made_url):
        async with opened(made_url) as database:
            await balances(database)
        for call in (database.put(), balances(database), database.check(), database.snapshot(lambda tx: tx.now())):
            with pytest.raises(DatabaseUnavailable):
                await asyncio.wait_for(call, 5)

    async def test_has_let_its_transactions_end(self, alone):
        async with opened(alone) as database:
            await database.put(OPEN(name="ann", cents=0))
            paying = [asyncio.ensure_future(pay(database, "write")) for _ in range(30)]
            await asyncio.sleep(0)
        for each in paying:
            await each
        async with opened(alone) as database:
            assert await has(database, 30)
