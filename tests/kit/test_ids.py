"""Ids sort by time and never repeat; numbers fit every language."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.kit.clock import Clock
from holdfast.kit.ids import Numbers, new_code, new_id, new_secret

instants = st.datetimes(datetime(2024, 1, 2), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


class Standing(Clock):
    """A clock that shows what it is told to."""

    def __init__(self, at):
        super().__init__()
        self.at = at

    def now(self):
        return self.at


@pytest.fixture
def clock():
    return Standing(datetime(2026, 7, 1, tzinfo=UTC))


class TestAnId:
    def test_is_a_prefix_and_26_letters_that_cannot_be_mistaken(self):
        assert re.fullmatch(r"hold_[0-9A-HJKMNP-TV-Z]{26}", new_id("hold", Clock()))

    def test_is_never_the_same_twice(self, clock):
        assert len({new_id("x", clock) for _ in range(5000)}) == 5000

    @given(instants, st.timedeltas(timedelta(milliseconds=1), timedelta(days=9000)))
    def test_sorts_by_time(self, earlier, later_by):
        first, second = new_id("x", Standing(earlier)), new_id("x", Standing(earlier + later_by))
        assert first.encode() < second.encode()

    def test_tells_when_it_was_made(self, clock):
        alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        value = 0
        for letter in new_id("x", clock).removeprefix("x_"):
            value = value * 32 + alphabet.index(letter)
        assert value >> 82 == int(clock.at.timestamp() * 1000)


class TestANumber:
    @given(instants, st.integers(0, 10_000))
    def test_is_safe_in_json(self, at, slot):
        assert 0 < Numbers(Standing(at), slot).new() < 2**53

    def test_is_never_the_same_twice_and_always_greater(self, clock):
        numbers = Numbers(clock, 3)
        made = [numbers.new() for _ in range(1000)]  # all in one millisecond
        clock.at += timedelta(milliseconds=5)
        made += [numbers.new() for _ in range(1000)]
        assert made == sorted(set(made))

    def test_goes_on_when_the_clock_is_put_back(self, clock):
        numbers = Numbers(clock, 3)
        before = numbers.new()
        clock.at -= timedelta(hours=1)
        assert numbers.new() > before

    def test_differs_between_processes_with_different_slots(self, clock):
        many = [Numbers(clock, slot) for slot in range(64)]
        made = [each.new() for _ in range(500) for each in many]
        assert len(set(made)) == len(made)

    def test_grows_with_time(self, clock):
        early = Numbers(clock, 63).new()
        clock.at += timedelta(milliseconds=1)
        assert Numbers(clock, 0).new() > early


class TestACode:
    def test_has_ten_letters_that_can_be_read_out(self):
        codes = {new_code() for _ in range(500)}
        assert len(codes) == 500
        assert all(re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{10}", code) for code in codes)


class TestASecret:
    def test_is_long_and_fits_a_url(self):
        secrets = {new_secret() for _ in range(100)}
        assert len(secrets) == 100
        assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", secret) for secret in secrets)
