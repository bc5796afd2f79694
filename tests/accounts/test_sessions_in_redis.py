"""Goal: Redis spares look-ups and keeps nothing open: no ended session, no lost role, not even when it is away.

Method: two processes with one database and one real Redis; the database is closed to one of them where Redis has to
answer, Redis is taken away where the database has to.
"""

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from accounts_builder import SECRET, built_on, person

from holdfast.accounts.api import Role
from holdfast.accounts.service.shared_standing import LEASE_S, MARK_S, SharedStandings
from holdfast.accounts.sessions_api import LogIn
from holdfast.accounts.store.sessions import Standing
from holdfast.kit.auth import MemberRole
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import DEADLINE_S
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import Unauthenticated
from holdfast.kit.secrets import Keyring
from support.redis_server import redis_url
from support.servers import free_port


class Process:
    """Accounts as one process runs them, and how often it asked the database."""

    def __init__(self, db, api):
        self.db, self.api, self.reads = db, api, 0
        self._read = db.read
        db.read = self._counted

    async def _counted(self, work):
        self.reads += 1
        return await self._read(work)

    async def asks(self, token):
        """How many reads of the database a request takes."""
        before = self.reads
        await self.api.principal(token)
        return self.reads - before

    async def refuses(self, token):
        with pytest.raises(Unauthenticated):
            await self.api.principal(token)
        return True


@asynccontextmanager
async def process(url, redis):
    db = await open_database(url, Clock())
    built = built_on(db, redis_url=redis)
    try:
        yield Process(db, built.api)
    finally:
        await built.close()
        await db.close()


@pytest.fixture
def redis():
    with redis_url() as url:
        yield url


@pytest.fixture
async def two(one_url, redis):
    async with process(one_url, redis) as one, process(one_url, redis) as other:
        yield one, other


async def somebody(at, **changes):
    who = person()
    account = await at.api.register(**who, **changes)
    given = await at.api.open_session(LogIn(email=who["email"], password=who["password"]))
    return account, given


class TestTheSharedStanding:
    async def test_spares_the_database_a_look_up_in_every_process(self, two):
        one, other = two
        _, given = await somebody(one)
        assert await one.asks(given.access_token) == 1
        assert await one.asks(given.access_token) == 0
        assert await other.asks(given.access_token) == 0

    async def test_never_outlives_the_end_of_the_session(self, two):
        one, other = two
        for _ in range(20):
            _, given = await somebody(one)
            principal = await one.api.principal(given.access_token)
            assert await other.asks(given.access_token) == 0
            await one.api.sessions.end(principal=principal, session_id=given.session_id)
            assert await other.refuses(given.access_token)
            assert await one.refuses(given.access_token)

    async def test_never_outlives_the_closing_of_the_account(self, two):
        one, other = two
        account, given = await somebody(one)
        await other.api.principal(given.access_token)
        assert await other.asks(given.access_token) == 0
        await one.api.disable(account_id=account.id)
        assert await other.refuses(given.access_token)

    async def test_is_read_anew_when_what_somebody_may_do_changes(self, two):
        one, other = two
        owner, given = await somebody(one, role=Role.OWNER)
        assert (await one.api.principal(given.access_token)).owner_id == owner.id
        assert await other.asks(given.access_token) == 0
        principal = await other.api.principal(given.access_token)
        await one.api.organizations.rename(principal=principal, name="Another name")
        assert await other.asks(given.access_token) == 0
        await one.db.write(lambda tx: one.api.sessions.act_for(tx, given.session_id, None))
        assert (await other.api.principal(given.access_token)).owner_id is None

    async def test_is_asked_while_others_end_sessions_and_never_answers_wrongly(self, two):
        one, other = two
        people = [await somebody(one) for _ in range(4)]
        ended = set()

        async def asks(at, number):
            for _ in range(40):
                was_ended = number in ended
                try:
                    await at.api.principal(people[number][1].access_token)
                except Unauthenticated:
                    continue
                assert not was_ended

        async def ends(number):
            await asyncio.sleep(0)
            await one.api.sessions.end_all_of(account_id=people[number][0].id)
            ended.add(number)

        await asyncio.gather(*(asks(at, number) for at in two for number in range(4)), *map(ends, range(4)))
        for _, given in people:
            assert await other.refuses(given.access_token)

    def test_lets_every_entry_run_out_before_the_mark_does(self):
        assert MARK_S > DEADLINE_S + LEASE_S


class TestWithoutRedis:
    async def test_the_database_answers(self, one_url):
        async with process(one_url, f"redis://127.0.0.1:{free_port()}/0") as alone:
            _, given = await somebody(alone)
            assert await alone.asks(given.access_token) == 1
            assert await alone.asks(given.access_token) == 1

    async def test_an_end_is_answered_once_nobody_can_believe_otherwise(self, one_url, redis):
        """One process has lost its Redis; the other still reads it, and has an entry that keeps nothing open."""
        async with process(one_url, redis) as sees, process(one_url, f"redis://127.0.0.1:{free_port()}/0") as blind:
            account, given = await somebody(sees)
            await sees.api.principal(given.access_token)
            assert await sees.asks(given.access_token) == 0
            await blind.api.sessions.end_all_of(account_id=account.id)
            assert await sees.refuses(given.access_token)


class TestAnEntry:
    STANDING = Standing("ses_X", 7, 7, Clock().now(), Clock().now() + timedelta(days=1), "guest", MemberRole.DESK)

    @pytest.fixture
    async def shared(self, redis):
        made = SharedStandings(redis, keyring=Keyring(SECRET), clock=(clock := Clock()))
        await made.keep([self.STANDING], since=clock.monotonic())
        yield made
        await made.close()

    async def test_says_what_was_put_there(self, shared):
        assert await shared.find({"ses_X": 7}) == {"ses_X": self.STANDING}

    async def test_is_not_believed_if_somebody_else_wrote_it(self, shared):
        redis = shared._redis
        value = await redis.get("holdfast:session:ses_X")
        for forged in (value.replace(b'"guest"', b'"admin"'), b"", b"x" * 32 + value[32:], value[32:]):
            assert forged != value
            await redis.set("holdfast:session:ses_X", forged)
            assert await shared.find({"ses_X": 7}) == {}

    async def test_is_not_believed_of_another_session(self, shared):
        redis = shared._redis
        await redis.set("holdfast:session:ses_Y", await redis.get("holdfast:session:ses_X"))
        assert await shared.find({"ses_Y": 7}) == {}

    async def test_that_was_read_too_long_ago_is_not_kept(self, shared):
        await shared._redis.delete("holdfast:session:ses_X")
        await shared.keep([self.STANDING], since=Clock().monotonic() - LEASE_S)
        assert await shared.find({"ses_X": 7}) == {}
