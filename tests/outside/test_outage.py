"""The database goes away under a running server and comes back: the server says so, and goes on by itself."""

import outside_truth as truth
import pytest

from support.polling import wait_until
from support.process import HoldfastServer, run_holdfast
from support.servers import MariaDB, PostgreSQL
from support.visitors import SECRET, Site, confirmation, stay

ENVIRONMENT = {"HOLDFAST_SECRET": SECRET}
AWAY = {"database_unavailable", "commit_outcome_unknown"}


KINDS = {"postgresql": PostgreSQL, "mysql": MariaDB}


@pytest.fixture
def database(engine):
    """A private database server, to be killed."""
    server = KINDS[engine]().start()
    yield server
    server.stop()


@pytest.mark.parametrize("engine", KINDS, indirect=True, scope="session")
def test_a_server_says_that_its_database_is_away_and_goes_on_when_it_is_back(database):
    url = truth.adopted(database.create_database(), database)
    with HoldfastServer("--database", url, env=ENVIRONMENT) as server, Site(server.base_url) as site:
        guest, home = site.guest("gina"), site.owner("olga").property()
        held = guest.held(stay(home, 20))
        database.kill()
        assert site.anybody.ask("GET", "/healthz").status_code == 200
        assert wait_until(lambda: site.anybody.ask("GET", "/readyz").status_code == 503, within_s=20)
        asked = ("POST", "/v1/bookings", confirmation(held))
        refused = guest.ask(*asked, key="once")
        assert (refused.status_code, refused.headers["content-type"]) == (503, "application/problem+json")
        assert refused.json()["code"] in AWAY
        assert int(refused.headers["retry-after"]) > 0
        assert "Traceback" not in refused.text
        database.start()
        assert wait_until(server.ready, within_s=30)
        made = guest.ask(*asked, key="once")
        assert made.status_code == 201, made.text
        assert guest.get("/v1/bookings")["items"][0]["reference"] == made.json()["reference"]
        dates = {"check_in": held["items"][0]["check_in"], "check_out": held["items"][0]["check_out"], "limit": 100}
        assert wait_until(lambda: not guest.finds(home, **dates), within_s=20), "events are no longer carried"
    assert run_holdfast("verify", "--database", url, env=ENVIRONMENT).returncode == 0
