"""What was acknowledged is kept, and what is not known is said to be unknown.

PostgreSQL with a synchronous standby that does not exist makes every COMMIT wait for ever; MariaDB does under a global
read lock. Then callers leave, deadlines pass, somebody cancels the wait, or the server dies. All on private servers.
"""

import asyncio

import pytest
from kit_rival import connect_mysql
from kit_sample import OPEN, PAY, balances, create, opened

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import UnsafeDatabase
from holdfast.kit.db.sqlite import SqliteDatabase
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable
from support import servers
from support.polling import eventually

PRIVATE = {"postgresql": servers.PostgreSQL, "mysql": servers.MariaDB}
STANDBY = "ALTER SYSTEM SET synchronous_standby_names = '{}'; SELECT pg_reload_conf()"
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
WAYS = ["write", "put"]


@pytest.fixture(scope="module")
def private(server_of):
    """A function that returns a server of an engine which only these tests use; they may leave it stuck or dead."""
    started = {}

    def server(engine):
        server_of(engine)  # or skip
        if engine not in started:
            started[engine] = PRIVATE[engine]().start()
        return started[engine]

    yield server
    for each in started.values():
        each.kill()
        each.stop()


def name_of(url):
    return url.rpartition("/")[2]


def add(database, way, name="ann"):
    if way == "put":
        return database.put(OPEN(name=name, cents=1))
    return database.write(lambda tx: tx.run(OPEN(name=name, cents=1)))


class TestACommitThatWaitsForAStandby:
    @pytest.fixture
    async def stuck(self, private):
        """A server whose commits wait for a standby that does not exist, and a database on it."""
        server = private("postgresql")
        url = server.create_database()
        await create(url)
        await self.turn(server, "nobody")
        yield server, url
        await self.turn(server, "")

    async def turn(self, server, standbys):
        server.execute(STANDBY.format(standbys))
        # New sessions of the server follow at once, those that wait go on when they are told.
        await eventually(lambda: server.execute("SHOW synchronous_standby_names").strip() == standbys, 10)

    async def waits(self, server, many=1):
        await eventually(lambda: int(server.execute(WAITING)) == many, 10)

    @pytest.mark.parametrize("way", WAYS)
    async def test_is_unknown_at_the_deadline(self, stuck, way):
        server, url = stuck
        async with opened(url, pool_size=1, deadline_s=0.5) as database:
            with pytest.raises(CommitOutcomeUnknown) as told:
                await add(database, way)
            assert (told.value.status, told.value.code) == (503, "commit_outcome_unknown")
            # Nobody cancelled it: it still waits, and what waits is not seen. The only place is free again.
            assert int(server.execute(WAITING)) == 1
            assert await balances(database) == {}
            await self.turn(server, "")
            await eventually(lambda: has(database, {"ann": 1}), 10)

    @pytest.mark.parametrize("way", WAYS)
    async def test_goes_on_waiting_when_its_caller_leaves(self, stuck, way):
        server, url = stuck
        async with opened(url, pool_size=1, deadline_s=1) as database:
            caller = asyncio.ensure_future(add(database, way))
            await self.waits(server)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller
            assert int(server.execute(WAITING)) == 1
            assert await balances(database) == {}  # after the deadline, which held without the caller
            assert int(server.execute(WAITING)) == 1

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("how", ["pg_cancel_backend", "pg_terminate_backend"])
    async def test_is_unknown_when_somebody_ends_its_wait(self, stuck, way, how):
        """The server then answers with success and a warning, and a failover would lose what it answered for."""
        server, url = stuck
        async with opened(url, pool_size=1) as database:
            caller = asyncio.ensure_future(add(database, way))
            await self.waits(server)
            server.execute(f"SELECT {how}(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'")  # noqa: S608 - names made here, no input
            with pytest.raises(CommitOutcomeUnknown):
                await caller
            assert await balances(database) == {"ann": 1}

    async def test_is_unknown_when_the_server_dies(self, private):
        server = private("postgresql")
        url = server.create_database()
        await create(url)
        await self.turn(server, "nobody")
        async with opened(url) as database:
            callers = [asyncio.ensure_future(add(database, way, way)) for way in WAYS]
            await self.waits(server, len(callers))
            server.kill()
            for caller in callers:
                with pytest.raises(CommitOutcomeUnknown):
                    await caller
            server.start()
            assert set(await balances(database)) == set(WAYS)
            await self.turn(server, "")
            await database.put(PAY(of="put", by=1))


class TestACommitThatIsHeldUpOnMariaDB:
    async def test_is_unknown_at_the_deadline_and_when_the_server_dies(self, private):
        server = private("mysql")
        url = server.create_database()
        await create(url)
        async with opened(url, pool_size=2, deadline_s=0.6) as hurried, opened(url) as patient:
            await hurried.put(OPEN(name="eve", cents=1))
            both, held = asyncio.Barrier(3), asyncio.Event()

            def work_for(name):
                async def work(tx):
                    await tx.run(OPEN(name=name, cents=1))
                    await both.wait()
                    await held.wait()

                return work

            callers = [
                asyncio.ensure_future(each.write(work_for(name))) for each, name in ((hurried, "a"), (patient, "b"))
            ]
            await both.wait()
            somebody = await connect_mysql(url)
            await somebody.cursor().execute("FLUSH TABLES WITH READ LOCK")
            held.set()
            with pytest.raises(CommitOutcomeUnknown):
                await callers[0]
            assert await balances(hurried) == {"eve": 1}
            server.kill()
            with pytest.raises(CommitOutcomeUnknown):
                await callers[1]
            somebody.close()
            server.start()
            assert set(await balances(patient)) <= {"a", "b", "eve"}
            await hurried.put(PAY(of="eve", by=1))


class TestAServerThatDies:
    @pytest.fixture(params=["postgresql", "mysql"])
    async def served(self, request, private):
        server = private(request.param)
        url = server.create_database()
        await create(url)
        return server, url

    async def test_inside_a_transaction_leaves_nothing_of_it(self, served):
        server, url = served
        async with opened(url) as database:

            async def work(tx):
                await tx.run(OPEN(name="ann", cents=1))
                server.kill()
                for number in range(100_000):  # PostgreSQL's other processes notice a moment later
                    await tx.run(OPEN(name=f"n{number}", cents=1))

            with pytest.raises(DatabaseUnavailable):
                await database.write(work)
            for call in (balances(database), add(database, "write"), add(database, "put")):
                with pytest.raises(DatabaseUnavailable):
                    await call
            server.start()
            assert await balances(database) == {}
            await add(database, "put")
            assert await balances(database) == {"ann": 1}

    async def test_and_comes_back_between_two_transactions_is_not_noticed(self, served):
        """The connections in the pool are all closed, and the first statement on one of them is what finds out."""
        server, url = served
        async with opened(url, pool_size=4) as database:
            for way in (lambda: add(database, "write"), lambda: balances(database)):
                await asyncio.gather(*(database.read(look) for _ in range(4)))
                assert len(database._pool._idle) > 1
                server.kill()  # and nothing else runs until it is up again, so nobody here knows
                server.start()
                await way()
            assert await balances(database) == {"ann": 1}

    async def test_that_is_reached_again_needs_no_restart_of_ours(self, served):
        server, url = served
        server.kill()
        async with opened(url) as database:
            with pytest.raises(DatabaseUnavailable):
                await database.check()
            server.start()
            await add(database, "write")
            assert await balances(database) == {"ann": 1}


async def look(tx):
    await tx.now()
    await asyncio.sleep(0)
    return await tx.now()


async def has(database, wanted):
    return await balances(database) == wanted


class TestAServerThatIsDemoted:
    """A primary that is made read only takes no writes, and the connections to it are given up."""

    @pytest.mark.parametrize("way", WAYS)
    async def test_is_left_on_postgresql(self, engine_url, way):
        url = engine_url("postgresql")
        await create(url)
        server = servers.shared("postgresql")
        async with opened(url) as database:
            await balances(database)
            server.execute(f"ALTER DATABASE {name_of(url)} SET default_transaction_read_only = on")
            async with opened(url) as late:
                with pytest.raises(DatabaseUnavailable):
                    await add(late, way)
                server.execute(f"ALTER DATABASE {name_of(url)} RESET default_transaction_read_only")
                await add(late, way)  # on a connection of its own, made after that
            assert await balances(database) == {"ann": 1}

    @pytest.mark.parametrize("way", WAYS)
    async def test_is_left_on_mariadb(self, private, way):
        server = private("mysql")
        url = server.create_database()
        await create(url)
        plain = server.url(name_of(url)).replace("holdfast:holdfast", "clerk:clerk")
        server.execute("CREATE USER IF NOT EXISTS clerk@'127.0.0.1' IDENTIFIED BY 'clerk'")
        server.execute("GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO clerk@'127.0.0.1'")
        async with opened(plain) as database:
            await balances(database)
            server.execute("SET GLOBAL read_only = 1")
            try:
                with pytest.raises(DatabaseUnavailable):
                    await add(database, way)
                assert database._pool._idle == []
            finally:
                server.execute("SET GLOBAL read_only = 0")
            await add(database, way)
            assert await balances(database) == {"ann": 1}


class TestTheStart:
    @pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
    async def test_refuses_postgresql_that_does_not_flush(self, private, setting):
        server = private("postgresql")
        url = server.create_database()
        turn = "ALTER SYSTEM SET {} = {}; SELECT pg_reload_conf()"
        try:
            server.execute(turn.format(setting, "off"))
            await eventually(lambda: server.execute(f"SHOW {setting}").strip() == "off", 10)
            await self.is_refused(url, f"{setting}=off")
        finally:
            server.execute(turn.format(setting, "on"))
            await eventually(lambda: server.execute(f"SHOW {setting}").strip() == "on", 10)
        await self.is_accepted(url)

    async def test_refuses_postgresql_that_commits_later(self, engine_url):
        url = engine_url("postgresql")
        servers.shared("postgresql").execute(f"ALTER DATABASE {name_of(url)} SET synchronous_commit = off")
        await self.is_refused(url, "synchronous_commit=off")

    @pytest.mark.parametrize("flush", [0, 2])
    async def test_refuses_mariadb_that_flushes_later(self, private, flush):
        server = private("mysql")
        url = server.create_database()
        server.execute(f"SET GLOBAL innodb_flush_log_at_trx_commit = {flush}")
        try:
            await self.is_refused(url, f"innodb_flush_log_at_trx_commit={flush}")
        finally:
            server.execute("SET GLOBAL innodb_flush_log_at_trx_commit = 1")
        await self.is_accepted(url)

    async def test_refuses_sqlite_without_a_log(self):
        database = SqliteDatabase(":memory:", Clock())
        try:
            with pytest.raises(UnsafeDatabase, match="journal_mode=memory"):
                await database.check()
            assert "journal_mode=memory" in (await database.check(accept_loss=True))[0]
        finally:
            await database.close()

    async def test_accepts_what_is_safe(self, fresh_url):
        await self.is_accepted(fresh_url)

    async def is_refused(self, url, why):
        async with opened(url) as database:
            with pytest.raises(UnsafeDatabase, match=why):
                await database.check()
            assert why in (await database.check(accept_loss=True))[0]

    async def is_accepted(self, url):
        async with opened(url) as database:
            assert [each for each in await database.check() if "WAL-reset" not in each] == []
