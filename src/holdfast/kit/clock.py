"""The clock. Nobody else in the product reads the time.

What decides a sale (expiry of a hold, a quote, a deadline) is judged by the database's clock inside the statement that
changes the row: see `holdfast.kit.db.statements.db_now`. This clock serves everything else: tokens, logs, "today".
Both follow `shift`, so a test or a sandbox can move time without touching the machine.
"""

import time
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


class Clock:
    """Wall time in UTC, movable by `shift`."""

    def __init__(self, shift: timedelta = timedelta()) -> None:
        self.shift = shift
        """How far ahead of the machine's clock this clock and the database's clock are read."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        return datetime.now(UTC) + self.shift  # noqa: TID251 - this is the one place that reads the clock

    def today(self, zone: str) -> date:
        """Return the calendar day at a place, given its IANA zone."""
        return self.now().astimezone(ZoneInfo(zone)).date()

    def monotonic(self) -> float:
        """Return seconds that never run backward, for durations and deadlines."""
        return time.monotonic()

    def advance(self, by: timedelta) -> None:
        """Move this clock (and what the database is told) forward; for tests and sandboxes."""
        self.shift += by
