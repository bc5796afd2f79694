"""The one clock: instants in UTC, days at a place, and time that can be moved."""

from datetime import UTC, date, datetime, timedelta

from holdfast.kit.clock import Clock


class Standing(Clock):
    """A clock that shows what it is told to."""

    at = datetime(2026, 12, 31, 12, 30, tzinfo=UTC)

    def now(self):
        return self.at + self.shift


class TestTheClock:
    def test_tells_the_time_in_utc(self):
        before = datetime.now(UTC)  # noqa: TID251 - to compare with
        assert before <= Clock().now() <= datetime.now(UTC)  # noqa: TID251 - as above
        assert Clock().now().tzinfo is UTC

    def test_knows_the_day_at_a_place(self):
        assert Standing().today("Pacific/Auckland") == date(2027, 1, 1)
        assert Standing().today("Pacific/Honolulu") == date(2026, 12, 31)

    def test_can_be_moved(self):
        clock = Clock(timedelta(days=400))
        ahead = clock.now() - Clock().now()
        assert timedelta(days=399) < ahead <= timedelta(days=400)
        clock.advance(timedelta(days=-400))
        assert abs(clock.now() - Clock().now()) < timedelta(minutes=1)

    def test_measures_time_that_never_runs_back(self):
        clock = Clock()
        first = clock.monotonic()
        clock.advance(timedelta(days=-1))
        assert clock.monotonic() >= first
