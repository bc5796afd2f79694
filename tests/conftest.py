"""What every test may ask for. Servers and processes live in tests/support, which benchmarks use too."""

import ipaddress
import os
import socket
import sys
from pathlib import Path

import pytest

from support import servers
from support.effort import campaign
from support.process import LIMITS_TIMES

_OURS = {"HOLDFAST_REQUIRE", "HOLDFAST_CAMPAIGN"}
_CALLS_WITH_ADDRESS = {"socket.connect", "socket.sendto"}


class OutsideWorld(BaseException):
    """A test tried to reach beyond this machine."""


def _is_local(address: object) -> bool:
    if not isinstance(address, tuple):
        return True  # a Unix socket
    host = str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host in {"", "localhost"}


def _only_loopback(event: str, arguments: tuple) -> None:
    if event in _CALLS_WITH_ADDRESS and arguments[0].family in {socket.AF_INET, socket.AF_INET6}:
        address = arguments[1]
    elif event == "socket.getaddrinfo":
        address = (arguments[0] or "",)
    else:
        return
    if not _is_local(address):
        raise OutsideWorld(f"{event} {address}")


def pytest_configure(config):
    config.addinivalue_line("markers", "campaign: takes too long for every run; `make campaign` runs it")
    sys.addaudithook(_only_loopback)


def pytest_collection_modifyitems(config, items):
    if campaign():
        return
    skipped = [item for item in items if item.get_closest_marker("campaign")]
    if skipped:
        config.hook.pytest_deselected(items=skipped)
        items[:] = [item for item in items if not item.get_closest_marker("campaign")]


@pytest.fixture(scope="session", autouse=True)
def _nobodys_settings(tmp_path_factory):
    """Keep the developer's environment and `.env` away from the code under test: both may name a real database."""
    before = Path.cwd()
    for name in [each for each in os.environ if each.startswith("HOLDFAST_") and each not in _OURS]:
        del os.environ[name]
    os.environ["HOLDFAST_LIMITS_TIMES"] = LIMITS_TIMES
    os.chdir(tmp_path_factory.mktemp("here"))
    yield
    os.chdir(before)


def need(engine: str) -> None:
    """Skip the test where the engine's server is not installed; fail it there if HOLDFAST_REQUIRE names the engine."""
    if problem := servers.missing(engine):
        if engine in servers.required():
            pytest.fail(f"HOLDFAST_REQUIRE names {engine}: {problem}", pytrace=False)
        pytest.skip(problem)


@pytest.fixture(scope="session", params=servers.ENGINES)
def engine(request):
    """Each engine in turn, by the name its URLs begin with."""
    need(request.param)
    return request.param


@pytest.fixture(scope="module")
def url(engine):
    """An empty database on each engine in turn, shared by the tests of a module."""
    with servers.fresh_database(engine) as fresh:
        yield fresh


@pytest.fixture
def fresh_url(engine):
    """An empty database on each engine in turn, for one test alone."""
    with servers.fresh_database(engine) as fresh:
        yield fresh


@pytest.fixture(scope="session")
def server_of():
    """A function that returns the shared server of an engine (`postgresql`, `mysql`) for a test about that engine."""

    def server(engine):
        need(engine)
        return servers.shared(engine)

    return server


@pytest.fixture
def engine_url():
    """A function that makes empty databases: `engine_url("postgresql")`; dropped after the test."""
    lent = []

    def make(engine):
        need(engine)
        database = servers.fresh_database(engine)
        lent.append(database)
        return database.__enter__()

    yield make
    for database in reversed(lent):
        database.__exit__(None, None, None)
