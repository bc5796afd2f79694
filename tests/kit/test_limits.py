"""Limits, on every store: exactly as many pass as may, whoever comes at once, and nobody learns who was counted."""

import asyncio
import hashlib
from datetime import timedelta
from itertools import pairwise

import pytest
from limit_stores import in_database, in_memory, in_redis, limit, limits_on
from sqlalchemy import select

from holdfast.kit.clock import Clock
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import DatabaseUnavailable
from holdfast.kit.limits.limits import Limit, Limits, Memory, TooManyRequests, current_standings
from holdfast.kit.limits.rates import Draw, Rate, decide
from holdfast.kit.limits.redis import RedisLimits
from holdfast.kit.limits.requests import RequestRate
from holdfast.kit.limits.settings import LimitSettings
from holdfast.kit.limits.sharing import Sharing
from holdfast.kit.limits.stores import LimitsUnavailable
from support import servers
from support.servers import free_port

RACERS = 50
SECOND = 1_000_000


class FrozenClock(Clock):
    """A clock that stands still unless it is moved."""

    def __init__(self):
        super().__init__()
        self._now = super().now()

    def now(self):
        return self._now + self.shift

    def monotonic(self):
        return self.now().timestamp()


@pytest.fixture
def clock():
    return FrozenClock()


@pytest.fixture(params=["memory", "redis", *servers.ENGINES])
async def stores(request, clock, engine_url):
    """A function that makes stores which share their counts, as those of several processes do; in memory it is one."""
    if request.param == "memory":
        kind = in_memory(clock)
    elif request.param == "redis":
        kind = in_redis(clock)
    else:
        kind = in_database(engine_url(request.param), clock)
    async with kind as make:
        yield make


@pytest.fixture
async def limits(stores, clock):
    return limits_on(await stores(), clock)


async def passes(limits, name, subject, cost=1):
    try:
        await limits.take(name, subject, cost)
    except TooManyRequests:
        return False
    return True


class TestALimit:
    async def test_lets_exactly_as_many_through_as_it_says_when_all_come_at_once(self, stores, clock):
        processes = [limits_on(await stores(), clock) for _ in range(3)]
        tries = [passes(processes[each % 3], "second_factor", "race") for each in range(RACERS)]
        assert sum(await asyncio.gather(*tries)) == 5

    async def test_counts_each_subject_by_itself(self, limits):
        tries = [passes(limits, "second_factor", subject) for subject in range(10) for _ in range(10)]
        assert sum(await asyncio.gather(*tries)) == 10 * 5

    async def test_says_after_how_long_one_more_passes_and_keeps_its_word(self, limits, clock):
        for _ in range(5):
            await limits.take("second_factor", 1)
        with pytest.raises(TooManyRequests) as refused:
            await limits.take("second_factor", 1)
        assert refused.value.retry_after_s == 60
        clock.advance(timedelta(seconds=59))
        assert not await passes(limits, "second_factor", 1)
        clock.advance(timedelta(seconds=1))
        assert await passes(limits, "second_factor", 1)
        assert not await passes(limits, "second_factor", 1)

    async def test_is_whole_again_after_its_window_and_never_more_than_whole(self, limits, clock):
        for _ in range(5):
            await limits.take("second_factor", 1)
        clock.advance(timedelta(days=1))
        assert [await passes(limits, "second_factor", 1) for _ in range(6)] == [True] * 5 + [False]

    async def test_takes_a_cost_whole_or_not_at_all(self, limits):
        assert not await passes(limits, "second_factor", 1, cost=6)
        assert await passes(limits, "second_factor", 1, cost=4)
        assert not await passes(limits, "second_factor", 1, cost=2)
        assert await passes(limits, "second_factor", 1)

    async def test_gives_back_what_was_no_failure(self, limits):
        for _ in range(30):
            await limits.give_back(await limits.take("second_factor", 1))
        assert [await passes(limits, "second_factor", 1) for _ in range(6)] == [True] * 5 + [False]

    async def test_shuts_nobody_out_for_longer_than_its_window_when_a_clock_was_wrong(self, limits, clock):
        clock.advance(timedelta(days=400))
        for _ in range(5):
            await limits.take("second_factor", 1)
        clock.advance(timedelta(days=-400))
        assert not await passes(limits, "second_factor", 1)
        clock.advance(timedelta(seconds=300))
        assert await passes(limits, "second_factor", 1)


class TestSeveralLimitsTogether:
    async def test_take_nothing_when_the_narrowest_refuses(self, limits):
        wanted = (("login_pair", "pair"), ("login_account", "account"))
        for _ in range(10):
            await limits.take_all(*wanted)
        for _ in range(200):
            with pytest.raises(TooManyRequests) as refused:
                await limits.take_all(*wanted)
            assert refused.value.extra == {"limit": "login_pair"}
        tries = [passes(limits, "login_account", "account") for _ in range(100)]
        assert sum(await asyncio.gather(*tries)) == 90

    async def test_pass_exactly_as_often_as_the_narrowest_allows_when_all_come_at_once(self, stores, clock):
        processes = [limits_on(await stores(), clock) for _ in range(2)]

        async def one(number):
            try:
                await processes[number % 2].take_all(("login_pair", "x"), ("login_address", "y"))
            except TooManyRequests:
                return False
            return True

        assert sum(await asyncio.gather(*map(one, range(RACERS)))) == 10


class TestWhatIsRemembered:
    async def test_is_known_to_all_until_its_time_is_over(self, stores, clock):
        here, there = limits_on(await stores(), clock), limits_on(await stores(), clock)
        assert not await there.remembers("known", "a")
        await here.give_back(await here.take("login_pair", "a"), memory=Memory(what="known", subject="a", seconds=60))
        assert await there.remembers("known", "a")
        assert not await there.remembers("known", "b")
        clock.advance(timedelta(seconds=61))
        assert not await there.remembers("known", "a")


class TestMisses:
    async def test_are_counted_whatever_is_left_and_then_refused(self, limits, clock):
        for _ in range(30):
            limits.refuse_spent("lookup", 7)
            await limits.charge("lookup", 7)
        with pytest.raises(TooManyRequests):
            limits.refuse_spent("lookup", 7)
        limits.refuse_spent("lookup", 8)
        clock.advance(timedelta(seconds=601))
        limits.refuse_spent("lookup", 7)


class TestTheStore:
    async def test_survives_its_process(self, fresh_url, clock):
        async with in_database(fresh_url, clock) as make:
            for _ in range(5):
                await limits_on(await make(), clock).take("second_factor", 1)
            assert not await passes(limits_on(await make(), clock), "second_factor", 1)

    async def test_keeps_no_subject_that_could_be_read(self, fresh_url, clock):
        async with in_database(fresh_url, clock) as make:
            store = await make()
            await limits_on(store, clock).take("login_address", "203.0.113.77")
            [row] = await store._db.read(lambda tx: tx.all(statement(select(limit))()))
            plain = hashlib.blake2b(b"login_address\x00203.0.113.77", digest_size=20).hexdigest()
            assert len(row.key_hash) == len(plain)
            assert row.key_hash != plain  # whoever has the table alone cannot try addresses out

    async def test_forgets_who_used_nothing_lately(self, fresh_url, clock):
        async with in_database(fresh_url, clock) as make:
            store = await make()
            taken = await limits_on(store, clock).take("second_factor", 1)
            [draw] = taken.draws
            clock.advance(timedelta(seconds=301))
            assert draw.key in await store.untils([draw.key])
            await store.tidy()
            assert not await store.untils([draw.key])

    async def test_that_is_away_lets_nothing_through_that_is_limited_for_safety(self, clock):
        limits = limits_on(RedisLimits(f"redis://127.0.0.1:{free_port()}/0", clock), clock)
        with pytest.raises(LimitsUnavailable):
            await limits.take("login_pair", 1)
        with pytest.raises(LimitsUnavailable):
            await limits.remembers("known", "1")
        await limits.take("requests_address", "1")
        await limits.close()


class TestCheapLimits:
    def test_let_exactly_as_many_through_as_they_say(self, clock):
        limits = limits_on(None, clock, requests_account="7/60")
        for _ in range(7):
            limits.pass_now("requests_account", 1)
        for _ in range(RACERS):
            with pytest.raises(TooManyRequests) as refused:
                limits.pass_now("requests_account", 1)
            assert refused.value.retry_after_s == 9

    async def test_are_added_up_over_processes(self, stores, clock):
        here = limits_on(await stores(), clock, requests_account="10/60")
        there = limits_on(await stores(), clock, requests_account="10/60")
        for _ in range(6):
            here.pass_now("requests_account", 1)
        for _ in range(3):
            there.pass_now("requests_account", 1)
        for _ in range(2):
            await Sharing(here).share()
            await Sharing(there).share()
        there.pass_now("requests_account", 1)
        with pytest.raises(TooManyRequests):
            there.pass_now("requests_account", 1)

    async def test_go_on_while_the_store_is_away(self, clock):
        class Away:
            async def draw(self, _):
                raise DatabaseUnavailable

        limits = limits_on(Away(), clock, requests_account="10/60")
        for _ in range(5):
            limits.pass_now("requests_account", 1)
        await Sharing(limits).share()
        limits.pass_now("requests_account", 1)

    def test_count_costs(self, clock):
        limits = limits_on(None, clock, hold_minutes="100/60")
        limits.pass_now("hold_minutes", 1, 60)
        with pytest.raises(TooManyRequests):
            limits.pass_now("hold_minutes", 1, 41)
        limits.pass_now("hold_minutes", 1, 40)

    def test_forget_who_used_nothing_lately(self):
        rate = RequestRate(Rate(quota=10, window_s=10))
        for subject in range(100):
            rate.take(str(subject), 1_000.0)
        rate.tidy(1_000.5)
        assert rate.used_s("5", 1_000.5) == 0.5
        rate.tidy(1_002.0)
        assert not rate._untils


class TestWhatAnAnswerIsTold:
    async def test_names_every_limit_that_was_drawn_on(self, clock):
        limits = limits_on(None, clock)
        told = []
        token = current_standings.set(told)
        await limits.take("second_factor", 1)
        limits.pass_now("why_not", "place")
        limits.pass_now("requests_address", "place", tells=False)
        current_standings.reset(token)
        assert [(each.name, each.rate.quota, each.remaining, each.reset_s) for each in told] == [
            ("second_factor", 5, 4, 60),
            ("why_not", 120, 119, 1),
        ]


class TestSettings:
    def test_write_a_limit_as_so_many_in_so_many_seconds(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_LIMITS_LOGIN_PAIR", "3/60")
        assert LimitSettings(_env_file=None).login_pair == Rate(quota=3, window_s=60)

    @pytest.mark.parametrize("wrong", ["", "3", "0/60", "3/0", "-3/60", "3/60/60", "three/60", "3 / 60 s"])
    def test_refuse_what_is_no_limit(self, wrong):
        with pytest.raises(ValueError, match="so many in so many seconds"):
            LimitSettings(_env_file=None, login_pair=wrong or "x")

    def test_give_every_limit_a_rate(self):
        settings = LimitSettings(_env_file=None, times=1)
        for name in Limit:
            rate = settings.rate(name)
            assert rate.quota >= 1
            assert rate.window_s >= 1

    def test_raise_all_limits_at_once(self):
        assert LimitSettings(_env_file=None, times=50).rate("second_factor") == Rate(quota=250, window_s=300)

    async def test_leave_whoever_has_none_unlimited(self):
        limits = Limits(settings=LimitSettings(_env_file=None, times=1_000_000))
        tries = [passes(limits, "second_factor", 1) for _ in range(1_000)]
        assert all(await asyncio.gather(*tries))


class TestTheDecision:
    def test_lets_through_the_quota_at_once_and_then_one_as_each_comes_back(self):
        rate = Rate(quota=10, window_s=100)
        untils, passed = {}, []
        for tick in range(0, 1_000 * SECOND, SECOND // 2):
            draw = Draw(key="k", cost_us=rate.spacing_us, window_us=rate.window_us)
            if decide(untils, [draw], tick).passed:
                passed.append(tick)
        assert passed[:10] == [each * SECOND // 2 for each in range(10)]
        assert {second - first for first, second in pairwise(passed[10:])} == {10 * SECOND}
        assert len(passed) == rate.quota + 1_000 // 10 - 1
