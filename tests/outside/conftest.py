"""Servers of the product as processes, on databases of their own, for the tests that see it only from outside."""

import pytest
from security_house import secure_site

from support.process import HoldfastServer, run_holdfast
from support.visitors import SECRET, Site

SIGNED = {"HOLDFAST_SECRET": SECRET}


@pytest.fixture(scope="module")
def migrated(url):
    """A database on each engine in turn, with the schema made by the command line."""
    done = run_holdfast("migrate", "--database", url, env=SIGNED)
    assert done.returncode == 0, done.stderr
    return url


@pytest.fixture(scope="module")
def server(migrated):
    """A server on each engine in turn."""
    with HoldfastServer("--database", migrated, env=SIGNED) as running:
        yield running


@pytest.fixture(scope="module")
def site(server):
    """What visitors of that server use."""
    with Site(server.base_url) as made:
        yield made


@pytest.fixture(scope="session")
def safe_site(tmp_path_factory):
    """A server as production runs it, on SQLite; shared, so whoever counts or limits something starts another."""
    with secure_site(tmp_path_factory.mktemp("safe")) as made:
        yield made
