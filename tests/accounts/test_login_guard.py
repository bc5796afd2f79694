"""Guessing passwords: it comes to an end, and shuts out nobody but who guesses."""

from datetime import timedelta

import pytest

from holdfast.accounts.service.guarding import KNOWN_FOR_S, LoginGuard
from holdfast.kit.clock import Clock
from holdfast.kit.limits.limits import Limits, TooManyRequests
from holdfast.kit.limits.settings import LimitSettings

OWNER = "owner@example.com"
HOME = "198.51.100.7"


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def guard(clock):
    return LoginGuard(Limits(settings=LimitSettings(_env_file=None, times=1), clock=clock))


async def fails(guard, email, place):
    """Whether a log-in that will fail was let through to the check of the password."""
    try:
        await guard.admit(email_key=email, place=place)
    except TooManyRequests:
        return False
    return True


async def logs_in(guard, email, place):
    await guard.succeeded(await guard.admit(email_key=email, place=place))


async def stormed(guard, email, places):
    """How many guesses get through when many places guess at one account."""
    return sum([await fails(guard, email, f"203.0.113.{place}") for place in range(places) for _ in range(12)])


class TestGuessing:
    async def test_from_one_place_ends_after_a_few_tries(self, guard):
        assert sum([await fails(guard, OWNER, HOME) for _ in range(100)]) == 10

    async def test_from_a_hundred_places_ends_as_well(self, guard):
        assert await stormed(guard, OWNER, 100) == 100

    async def test_many_accounts_from_one_place_ends_as_well(self, guard):
        assert sum([await fails(guard, f"{each}@example.com", HOME) for each in range(300)]) == 100

    async def test_costs_as_much_where_there_is_no_account(self, guard):
        assert sum([await fails(guard, "nobody@example.com", HOME) for _ in range(100)]) == 10

    async def test_counts_only_what_fails(self, guard):
        for _ in range(200):
            await logs_in(guard, OWNER, HOME)


class TestTheOwner:
    async def test_gets_in_from_elsewhere_while_a_stranger_guesses(self, guard):
        for _ in range(100):
            await fails(guard, OWNER, "203.0.113.1")
        await logs_in(guard, OWNER, HOME)

    async def test_gets_in_from_a_known_place_while_the_whole_world_guesses(self, guard):
        await logs_in(guard, OWNER, HOME)
        await stormed(guard, OWNER, 100)
        await logs_in(guard, OWNER, HOME)
        assert not await fails(guard, OWNER, "192.0.2.50")

    async def test_may_mistype_at_home_while_the_whole_world_guesses(self, guard):
        await logs_in(guard, OWNER, HOME)
        await stormed(guard, OWNER, 100)
        assert sum([await fails(guard, OWNER, HOME) for _ in range(20)]) == 10

    async def test_of_another_account_gets_in_while_one_is_guessed_at(self, guard):
        await stormed(guard, OWNER, 20)
        await logs_in(guard, "other@example.com", "192.0.2.50")

    async def test_is_a_stranger_again_where_they_were_not_for_a_long_time(self, guard, clock):
        await logs_in(guard, OWNER, HOME)
        clock.advance(timedelta(seconds=KNOWN_FOR_S + 1))
        await stormed(guard, OWNER, 100)
        assert not await fails(guard, OWNER, HOME)
