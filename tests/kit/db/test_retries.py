"""Conflicts that can be retried are not the caller's problem: a transaction is retried as a whole, to its deadline."""

import asyncio

import pytest
from kit_rival import connect_postgresql, locked, now, rival, somebody_waits
from kit_sample import OPEN, PAY, balances, clear, create, opened

from holdfast.kit.errors import DatabaseUnavailable
from support.effort import rounds

# A trigger that refuses an INSERT the first time(s): the count is kept in a sequence, which no rollback takes back.
REFUSING = {
    "postgresql": """
        CREATE SEQUENCE tries;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF nextval('tries') <= {times} THEN RAISE EXCEPTION 'forced' USING ERRCODE = '{code}'; END IF;
            RETURN NEW;
        END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON sample_account FOR EACH ROW EXECUTE FUNCTION refuse()
    """,
    "mysql": """
        CREATE SEQUENCE tries NOCACHE;
        DELIMITER //
        CREATE TRIGGER refuse BEFORE INSERT ON sample_account FOR EACH ROW BEGIN
            IF NEXTVAL(tries) <= {times} THEN
                SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'forced', MYSQL_ERRNO = {code};
            END IF;
        END//
    """,
}
TRIES = {"postgresql": "SELECT last_value FROM tries", "mysql": "SELECT NEXTVAL(tries) - 1"}
CODES = [
    *(("postgresql", code) for code in ("40001", "40P01", "55P03")),
    *(("mysql", code) for code in ("1213", "1205", "1020")),
]


@pytest.fixture
def refusing(engine_url):
    async def make(engine, code, times):
        url = engine_url(engine)
        await create(url)
        now(url, REFUSING[engine].format(code=code, times=times))
        return url

    return make


def add(database, way):
    if way == "put":
        return database.put(OPEN(name="ann", cents=1))
    return database.write(lambda tx: tx.run(OPEN(name="ann", cents=1)))


class TestARetryableRefusal:
    @pytest.mark.parametrize("way", ["put", "write"])
    @pytest.mark.parametrize(("engine", "code"), CODES)
    async def test_is_retried_until_it_works(self, refusing, engine, code, way):
        url = await refusing(engine, code, 3)
        async with opened(url) as database:
            await add(database, way)
            assert await balances(database) == {"ann": 1}
        assert int(now(url, TRIES[engine])) == 4

    @pytest.mark.parametrize("way", ["put", "write"])
    @pytest.mark.parametrize(("engine", "code"), [("postgresql", "40001"), ("mysql", "1213")])
    async def test_that_never_ends_is_told_as_being_busy(self, refusing, engine, code, way):
        url = await refusing(engine, code, 1_000_000)
        async with opened(url, deadline_s=0.5) as database:
            with pytest.raises(DatabaseUnavailable):
                await add(database, way)
            assert await balances(database) == {}
        assert int(now(url, TRIES[engine])) > 3


@pytest.fixture(params=["postgresql", "mysql"])
async def served(request, engine_url):
    made = engine_url(request.param)
    await create(made)
    if request.param == "postgresql":  # which looks for deadlocks after a second only
        now(made, f"ALTER DATABASE {made.rpartition('/')[2]} SET deadlock_timeout = '20ms'")
    return made


class TestADeadlock:
    async def test_is_survived_by_both(self, served):
        async with opened(served) as database:
            await database.put(OPEN(name="ann", cents=10), OPEN(name="bob", cents=10))
            both = asyncio.Barrier(2)
            tries = []

            def move(source, target):
                async def work(tx):
                    tries.append(source)
                    await tx.run(PAY(of=source, by=-1))
                    if tries.count(source) == 1:
                        await both.wait()  # each has its first lock: they cannot both get their second
                    await tx.run(PAY(of=target, by=1))

                return work

            await asyncio.gather(database.write(move("ann", "bob")), database.write(move("bob", "ann")))
            assert len(tries) >= 3
            assert await balances(database) == {"ann": 10, "bob": 10}

    async def test_is_survived_by_many(self, served):
        names = [f"n{number}" for number in range(8)]
        moves = [(names[turn % 8], names[turn * 5 % 8]) for turn in range(rounds(80, thorough=4000))]
        async with opened(served) as database:
            await database.put(*(OPEN(name=name, cents=1000) for name in names))

            def move(source, target):
                async def work(tx):
                    await tx.run(PAY(of=source, by=-1))
                    await tx.run(PAY(of=target, by=1))

                return work

            await asyncio.gather(*(database.write(move(*each)) for each in moves))
            kept = await balances(database)
        paid = dict.fromkeys(names, 1000)
        for source, target in moves:
            paid[source] -= 1
            paid[target] += 1
        assert kept == paid


class TestALockThatIsWaitedForInVain:
    async def test_leaves_nothing_half_written(self, served):
        """MariaDB keeps the transaction open after a lock wait time-out: a COMMIT would keep its first half."""
        async with opened(served, deadline_s=4) as database:
            await database.put(OPEN(name="ann", cents=1))
            tries, again = [], asyncio.Event()

            async def work(tx):
                tries.append(len(tries))
                if len(tries) > 1:
                    again.set()
                await tx.run(OPEN(name=f"try{len(tries)}", cents=1))
                await tx.run(PAY(of="ann", by=1))

            async with locked(served, "ann") as somebody:
                writing = asyncio.ensure_future(database.write(work))
                await again.wait()
                await somebody.end()
                await writing
            assert await balances(database) == {"ann": 2, f"try{len(tries)}": 1}

    async def test_and_never_comes_free_is_told_as_being_busy(self, served):
        async with opened(served, deadline_s=1.5) as database:
            await database.put(OPEN(name="ann", cents=1))
            async with locked(served, "ann"):
                with pytest.raises(DatabaseUnavailable):
                    await database.write(lambda tx: tx.together(OPEN(name="bob", cents=1), PAY(of="ann", by=1)))
            assert await balances(database) == {"ann": 1}

    async def test_on_sqlite_is_waited_for_again(self, tmp_path):
        url = f"sqlite:///{tmp_path}/test.db"
        await create(url)
        async with opened(url, deadline_s=0.6) as database:
            await database.put(OPEN(name="ann", cents=1))
            async with locked(url) as somebody:
                patient = asyncio.ensure_future(database.put(PAY(of="ann", by=1)))
                await asyncio.sleep(0.3)  # longer than the driver waits
                assert not patient.done()
                await somebody.end()
                await patient
            async with locked(url):
                with pytest.raises(DatabaseUnavailable):
                    await database.put(PAY(of="ann", by=100))
            assert await balances(database) == {"ann": 2}


class TestWritesThatGoTogether:
    """PostgreSQL runs the parts of one statement in an order that its manual does not promise."""

    async def test_take_their_locks_in_their_order(self, engine_url):
        url = engine_url("postgresql")
        await create(url)
        names = ["n3", "n1", "n4", "n0", "n2"]
        async with opened(url) as database:
            for way in ("put", "together"):
                await clear(database)
                await database.put(*(OPEN(name=name, cents=0) for name in names))
                for place, name in enumerate(names):
                    taken, free = await self.taken_while_waiting_for(url, database, way, names, name)
                    assert (taken, free) == (set(names[: place + 1]), set(names[place + 1 :]))

    async def taken_while_waiting_for(self, url, database, way, names, waited_for):
        calls = [PAY(of=name, by=1) for name in names]
        async with locked(url, waited_for) as somebody:
            writing = asyncio.ensure_future(
                database.put(*calls) if way == "put" else database.write(lambda tx: tx.together(*calls))
            )
            await somebody_waits(url)
            onlooker = await connect_postgresql(url)
            free = {
                row["name"] for row in await onlooker.fetch("SELECT name FROM sample_account FOR UPDATE SKIP LOCKED")
            }
            await onlooker.close()
            await somebody.end()
            await writing
        return set(names) - free, free

    async def test_do_so_when_they_insert(self, engine_url):
        url = engine_url("postgresql")
        await create(url)
        async with opened(url) as database, rival(url) as somebody:
            await somebody.run("INSERT INTO sample_account (name, cents) VALUES ('bob', 1)")
            writing = asyncio.ensure_future(database.put(OPEN(name="ann", cents=1), OPEN(name="bob", cents=1)))
            await somebody_waits(url)
            async with rival(url) as third:
                # Somebody has inserted ann already, and is to be waited for.
                await third.run("SET LOCAL lock_timeout = '50ms'")
                with pytest.raises(Exception, match="lock timeout"):
                    await third.run("INSERT INTO sample_account (name, cents) VALUES ('ann', 1)")
            await somebody.end("ROLLBACK")
            await writing
            assert await balances(database) == {"ann": 1, "bob": 1}
