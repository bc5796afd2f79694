"""The pool, with sessions made up for the purpose."""

import asyncio

import pytest

from holdfast.kit.db.pool import DOUBTED_AFTER_S, Pool, Session
from holdfast.kit.errors import DatabaseUnavailable
from support.polling import eventually


class MadeUp(Session):
    def __init__(self, number):
        self.number = number
        self.dead = False
        self.answers = True
        self.closed = False
        self.pings = 0

    def broken(self):
        return self.dead

    def destroy(self):
        self.dead = True

    async def ping(self):
        self.pings += 1
        if self.answers == "never":
            await asyncio.Event().wait()
        if not self.answers:
            raise OSError

    async def close(self):
        self.closed = True


class Watch:
    """A clock that stands still until it is moved."""

    seconds = 1000.0

    def monotonic(self):
        return self.seconds


class Server:
    def __init__(self):
        self.made = []
        self.up = True

    async def connect(self):
        await asyncio.sleep(0)
        if not self.up:
            raise DatabaseUnavailable
        self.made.append(MadeUp(len(self.made)))
        return self.made[-1]


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def clock():
    return Watch()


@pytest.fixture
def pool(server, clock):
    return Pool(server.connect, clock, size=2)


class TestAPool:
    async def test_lends_the_session_that_came_back_last(self, pool):
        first, second = await pool.take(), await pool.take()
        assert (first.fresh, second.fresh) == (True, True)
        pool.give_back(first)
        pool.give_back(second)
        again = await pool.take()
        assert again is second
        assert not again.fresh
        assert again.pings == 0

    async def test_makes_others_wait_when_all_are_lent(self, pool, server):
        first, _ = await pool.take(), await pool.take()
        third = asyncio.ensure_future(pool.take())
        for _ in range(5):
            await asyncio.sleep(0)
        assert not third.done()
        pool.give_back(first)
        assert await third is first
        assert len(server.made) == 2

    async def test_forgets_who_stopped_waiting(self, pool):
        first, _ = await pool.take(), await pool.take()
        impatient = asyncio.ensure_future(pool.take())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.gather(impatient, return_exceptions=True)
        pool.give_back(first)
        assert await pool.take() is first

    async def test_frees_the_place_of_a_session_that_cannot_be_made(self, pool, server):
        server.up = False
        for _ in range(5):
            with pytest.raises(DatabaseUnavailable):
                await pool.take()
        server.up = True
        assert {(await pool.take()).number, (await pool.take()).number} == {0, 1}

    async def test_takes_no_broken_session_back_and_lends_none(self, pool, server):
        first = await pool.take()
        first.destroy()
        pool.give_back(first)
        second = await pool.take()
        pool.give_back(second)
        second.destroy()  # while it lies idle
        assert (await pool.take()).number == 2
        assert len(server.made) == 3

    async def test_destroys_all_sessions_there_are_when_told_to(self, pool):
        lent, idle = await pool.take(), await pool.take()
        pool.give_back(idle)
        pool.discard()
        assert idle.dead
        assert not lent.dead
        pool.give_back(lent)
        assert lent.dead
        assert (await pool.take()).number == 2

    async def test_closes_idle_sessions_and_destroys_those_that_come_back_later(self, pool):
        lent, idle = await pool.take(), await pool.take()
        pool.give_back(idle)
        await pool.close()
        assert idle.closed
        pool.give_back(lent)
        assert lent.dead


class TestASessionThatLayIdleForLong:
    @pytest.fixture
    async def idle(self, pool, clock):
        session = await pool.take()
        pool.give_back(session)
        clock.seconds += DOUBTED_AFTER_S
        return session

    async def test_is_asked_whether_it_lives(self, pool, idle):
        assert await pool.take() is idle
        assert idle.pings == 1

    async def test_is_replaced_if_it_does_not(self, pool, idle):
        idle.answers = False
        assert (await pool.take()).number == 1
        assert idle.dead

    async def test_is_replaced_if_it_says_nothing(self, pool, idle):
        idle.answers = "never"
        assert (await pool.take()).number == 1
        assert idle.dead

    async def test_is_given_up_with_whoever_asks(self, pool, idle):
        idle.answers = "never"
        asking = asyncio.ensure_future(pool.take())
        await eventually(lambda: idle.pings == 1)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert idle.dead
        assert {(await pool.take()).number, (await pool.take()).number} == {1, 2}
