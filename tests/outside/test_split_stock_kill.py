"""`kill -9` while trips are sold over two databases of two engines: each is whole afterwards, or not there at all."""

import sqlite3
import threading
from contextlib import closing, suppress

import httpx

from support.dining import restaurant, table
from support.polling import wait_until
from support.process import HoldfastServer, run_holdfast
from support.visitors import SECRET, Site, stay

GUESTS = 4
KILLS = 3
SOLD_BETWEEN_KILLS = 6
_UNDER_WAY = "SELECT count(*) FROM booking_trip WHERE state IN ('placing', 'confirming', 'unwinding')"
_STATES = "SELECT state, count(*) FROM booking_trip GROUP BY state"


class Seller(threading.Thread):
    """A guest who books one trip after the other, on days of their own, whatever happens to the server."""

    def __init__(self, guest, home, room, *, first, is_up):
        super().__init__(daemon=True)
        self.is_up = is_up
        self.guest, self.home, self.room, self.day = guest, home, room, first
        self.booked = []
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            if not self.is_up():
                self.over.wait(0.1)
                continue
            self.day += 1
            with suppress(httpx.HTTPError, AssertionError):  # it died meanwhile
                self.booked.append(self.sold(self.day)["reference"])

    def sold(self, day):
        hold = self.guest.held(stay(self.home, day, nights=1), table(self.room, day))
        return self.guest.confirmed(hold)


def asked(url, query):
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), timeout=10)) as db:
        return db.execute(query).fetchall()


def test_a_killed_server_leaves_whole_trips_or_none(engine_url):
    urls = {engine: engine_url(engine) for engine in ("sqlite", "postgresql")}
    env = {
        "HOLDFAST_SECRET": SECRET,
        "HOLDFAST_DATABASE_URL": urls["sqlite"],
        "HOLDFAST_BOOKING_DINING_DATABASE_URL": urls["postgresql"],
        "HOLDFAST_BOOKING_HOLDS_MOST": "10000",
        "HOLDFAST_BOOKING_TRIP_TEND_AFTER_S": "1",
    }
    with HoldfastServer(env=env) as server, Site(server.base_url) as site:
        assert len(site.anybody.get("/readyz")["checks"]) == 2
        olga = site.owner("olga")
        home, room = olga.property(), restaurant(olga)
        sellers = [
            Seller(site.guest(f"guest{n}"), home, room, first=40 + 160 * n, is_up=server.ready) for n in range(GUESTS)
        ]
        for each in sellers:
            each.start()
        for _ in range(KILLS):
            wanted = sum(len(each.booked) for each in sellers) + SOLD_BETWEEN_KILLS
            assert wait_until(lambda: sum(len(each.booked) for each in sellers) >= wanted, within_s=60)  # noqa: B023 - now
            server.kill()
            server.start()
        for each in sellers:
            each.over.set()
        for each in sellers:
            each.join(60)
        assert wait_until(lambda: asked(urls["sqlite"], _UNDER_WAY) == [(0,)], within_s=60), asked(
            urls["sqlite"], _STATES
        )
        for each in sellers:
            for reference in each.booked:
                found = each.guest.get(f"/v1/bookings/{reference}")
                assert [part["state"] for part in found["parts"]] == ["confirmed", "confirmed"]
        gina = site.guest("gina")
        bought = gina.bought(stay(home, 20), table(room, 20))
        assert gina.cancelled(bought["reference"])["refund"] == bought["price"]["total"]
        assert run_holdfast("verify", env=env).returncode == 0
