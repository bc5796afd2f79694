"""The demo as a stranger meets it: one command, then what it says to try, pasted into a shell.

One server is started on an empty folder for all the tests here, because filling 6,257 homes is the long part.
"""

import json
import re
import shutil
import subprocess
import urllib.request
from datetime import timedelta

import pytest

from holdfast.app.demo.load import PASSWORD, USERS
from holdfast.kit.clock import Clock
from support.process import HoldfastServer, run_holdfast

HOMES = 6_262


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    return f"sqlite:///{tmp_path_factory.mktemp('demo')}/demo.db"


@pytest.fixture(scope="module")
def demo(database):
    server = HoldfastServer("--database", database, command="demo")
    server.start(within_s=170)
    try:
        yield server
    finally:
        server.__exit__()


def get(server, path):
    with urllib.request.urlopen(server.base_url + path, timeout=60) as answer:  # noqa: S310 - our own server
        return json.load(answer)


def tour_of(output):
    """What is printed to be pasted, as a script."""
    _, found, printed = output.rpartition("paste this into another terminal:\n")
    assert found, output
    return printed.partition("\n  Stop with Ctrl-C")[0]


class TestTheDemo:
    pytestmark = pytest.mark.timeout(240)

    def test_says_who_to_log_in_as(self, demo):
        printed = demo.output()
        assert PASSWORD in printed
        assert all(user.email in printed for user in USERS)

    def test_offers_every_home_with_its_year(self, demo):
        assert len(get(demo, "/api/bookings/properties")) == HOMES
        today = Clock().today("America/New_York")
        tonight = f"check_in={today + timedelta(days=3)}&check_out={today + timedelta(days=5)}"
        all_homes, free = (get(demo, f"/v1/search/stays?limit=1&{dates}")["total"] for dates in ("", tonight))
        assert all_homes == HOMES - 1
        assert 0 < free < all_homes

    def test_what_it_says_to_try_works_when_pasted(self, demo, tmp_path):
        if not shutil.which("curl"):
            pytest.skip("needs curl: apt-get install curl")
        script = "set -eu\n" + tour_of(demo.output())
        script = re.sub(r"(?m)^\s*\S*holdfast verify.*$", "", script)
        result = subprocess.run(
            ["bash", "-c", script], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
        )
        assert result.returncode == 0, result.stderr
        said = [line for line in result.stdout.splitlines() if line.strip()]
        search, booking = json.loads(said[0]), json.loads(said[1])
        assert search["total"] > 0
        assert all(item["stay"]["total"] for item in search["items"])
        assert (booking["state"], booking["payment"]["method"]) == ("confirmed", "card")
        assert said[2].startswith('[{"propertyId":1,"name":"Modern City Apartment"')

    def test_adds_up(self, demo, database):
        del demo
        result = run_holdfast("verify", "--database", database)
        assert (result.returncode, result.stdout.partition(":")[0]) == (0, "clean"), result.stdout + result.stderr

    def test_starts_again_with_what_is_there(self, demo):
        assert demo.stop() == 0
        demo.start()
        assert len(get(demo, "/api/bookings/properties")) == HOMES


class TestSeeding:
    def test_leaves_other_data_alone(self, tmp_path):
        database = f"sqlite:///{tmp_path}/own.db"
        env = {"HOLDFAST_ADMIN_PASSWORD": "four random words here"}
        run_holdfast("create-admin", "--email", "a@example.com", "--username", "ada", "--database", database, env=env)
        refused = run_holdfast("seed", "--database", database)
        assert (refused.returncode, "another --database" in refused.stderr) == (2, True)
