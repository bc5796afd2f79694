"""A database per module: accounts on PostgreSQL, booking on MariaDB, the rest on SQLite, all at once."""

import outside_truth as truth
import pytest

from support.polling import wait_until
from support.process import HoldfastServer, run_holdfast
from support.visitors import SECRET, Site, day, stay


@pytest.fixture
def urls(engine_url):
    """Three empty databases on three engines."""
    return {engine: engine_url(engine) for engine in ("sqlite", "postgresql", "mysql")}


def test_modules_with_databases_of_their_own_work_together(urls):
    env = {
        "HOLDFAST_SECRET": SECRET,
        "HOLDFAST_DATABASE_URL": urls["sqlite"],
        "HOLDFAST_ACCOUNTS_DATABASE_URL": urls["postgresql"],
        "HOLDFAST_BOOKING_DATABASE_URL": urls["mysql"],
    }
    assert run_holdfast("migrate", env=env).returncode == 0
    with HoldfastServer(env=env) as server, Site(server.base_url) as site:
        assert len(site.anybody.get("/readyz")["checks"]) == 3
        olga, gina = site.owner("olga"), site.guest("gina")
        home, asked = olga.property(), None
        for days_ahead in (20, 30):
            asked = stay(home, days_ahead)
            booking = gina.booked(asked)
        dates = {"check_in": asked["check_in"], "check_out": asked["check_out"], "limit": 100}
        assert wait_until(lambda: not gina.finds(home, **dates), within_s=15)
        assert gina.cancelled(booking["reference"])["refund"] == booking["price"]["total"]
        assert wait_until(lambda: gina.finds(home, **dates), within_s=15)
        block = {"first": day(40).isoformat(), "end": day(41).isoformat()}
        olga.post(f"/v1/owner/properties/{home}/blocks", block)
        free = {"first": day(40), "end": day(42)}
        assert [night["free"] for night in gina.get(f"/v1/properties/{home}/calendar", **free)["nights"]] == [0, 1]
        kept = gina.get("/v1/bookings")["items"]
        assert run_holdfast("verify", env=env).returncode == 0
        server.kill()
        server.start()
        assert gina.get("/v1/bookings")["items"] == kept
        assert len(olga.get("/v1/owner/bookings")["items"]) == 2
    owners = {engine: {name.partition("_")[0] for name in truth.tables(url)} for engine, url in urls.items()}
    assert owners == {
        "sqlite": {"catalog", "payments", "sagas", "search"},
        "postgresql": {"accounts"},
        "mysql": {"booking"},
    }
    assert run_holdfast("drop", "--yes", env=env).returncode == 0
    left = set().union(*(truth.tables(url) for url in urls.values()))
    assert {name for name in left if not name.endswith("_migration")} == set()
