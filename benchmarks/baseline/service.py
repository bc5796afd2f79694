"""Starts the naive service for a measurement, fills it, and counts afterwards what it sold twice."""

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from typing import Self
from urllib.error import URLError
from urllib.request import urlopen

from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import create_engine, func, insert, select
from sqlalchemy.orm import aliased

from benchmarks import ROOT
from benchmarks.baseline.models import Base, Booking, Flight, Property, SeatBooking, User
from support.polling import wait_until
from support.servers import die_with_parent, end_group, free_port

_HOST = "127.0.0.1"
_START_WITHIN_S = 30.0
_STOP_WITHIN_S = 10.0
_TOKEN_LIVES_S = 3600

WORKERS = {
    "2 sync workers": ("--workers", "2", "--worker-class", "sync"),
    "2 workers x 4 threads": ("--workers", "2", "--worker-class", "gthread", "--threads", "4", "--keep-alive", "75"),
}
"""The two ways to run it that its users know; sync workers hang up after every answer, threads keep the line."""


class NaiveService:
    """`with NaiveService(url, workers="2 sync workers") as service: ... service.port`."""

    def __init__(self, database_url: str, *, workers: str) -> None:
        self.url = database_url
        self.workers = workers
        self.host = _HOST
        self.port = free_port()
        self._secret = secrets.token_hex(32)
        self._process: subprocess.Popen | None = None
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed in __exit__

    @property
    def pid(self) -> int:
        """The process id of gunicorn's master."""
        assert self._process
        return self._process.pid

    def token(self, user_id: int) -> str:
        """Return a token of a user."""
        claims = {"sub": str(user_id), "exp": int(time.time()) + _TOKEN_LIVES_S}  # noqa: TID251 - not our product
        return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(self._secret))

    def __enter__(self) -> Self:
        environment = {**os.environ, "BASELINE_DATABASE_URL": self.url, "BASELINE_SECRET": self._secret}
        options = ("--bind", f"{_HOST}:{self.port}", "--log-level", "warning", "--backlog", "2048")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", *options, *WORKERS[self.workers], "benchmarks.baseline.app:app"],
            cwd=ROOT,
            env=environment,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
            preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, no lock is taken
        )
        if not wait_until(self._answers, _START_WITHIN_S):
            self.__exit__()
            raise RuntimeError(f"the naive service did not start: {self._output()}")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process:
            end_group(self._process, 15, _STOP_WITHIN_S)

    def _answers(self) -> bool:
        try:
            with urlopen(f"http://{_HOST}:{self.port}/health", timeout=5) as answer:
                return answer.status == 200
        except (URLError, OSError):
            return False

    def _output(self) -> str:
        self._log.seek(0)
        return self._log.read().decode(errors="replace")


def fill(
    database_url: str,
    homes: Iterable[tuple[int, str, int]] = (),
    *,
    users: int,
    flights: Iterable[tuple[int, int, int]] = (),
) -> None:
    """Make the tables, users 1 to `users`, homes (id, name, price per night) and flights (id, seats, price)."""
    engine = create_engine(_driver(database_url))
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        people = [{"id": n, "username": f"guest{n}", "email": f"guest{n}@example.com"} for n in range(1, users + 1)]
        connection.execute(insert(User), people)
        rows = [
            {"id": i, "name": name, "location": "Washington DC", "price_per_night": price} for i, name, price in homes
        ]
        planes = [{"id": i, "number": f"NA{i}", "seats": seats, "price": price} for i, seats, price in flights]
        for table, described in ((Property, rows), (Flight, planes)):
            if described:
                connection.execute(insert(table), described)
    engine.dispose()


def double_bookings(database_url: str) -> tuple[int, int]:
    """Return how many bookings there are, and how many pairs of them have the same home on the same night."""
    first, second = aliased(Booking), aliased(Booking)
    overlapping = (
        select(func.count())
        .select_from(first)
        .join(
            second,
            (second.property_id == first.property_id)
            & (second.id > first.id)
            & (second.start_date < first.end_date)
            & (second.end_date > first.start_date),
        )
    )
    live = ("confirmed", "held")
    engine = create_engine(_driver(database_url))
    with engine.connect() as connection:
        bookings = connection.scalar(select(func.count()).select_from(Booking).where(Booking.status.in_(live))) or 0
        pairs = connection.scalar(overlapping.where(first.status.in_(live), second.status.in_(live))) or 0
    engine.dispose()
    return bookings, pairs


def seats_sold(database_url: str) -> dict[int, int]:
    """Return how many seats of each flight are sold, of flights that sold any."""
    engine = create_engine(_driver(database_url))
    counted = select(SeatBooking.flight_id, func.count()).group_by(SeatBooking.flight_id)
    with engine.connect() as connection:
        sold = {row[0]: row[1] for row in connection.execute(counted)}
    engine.dispose()
    return sold


def _driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg2://")
