import pytest
from accounts_builder import opened

from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate


@pytest.fixture(scope="module")
async def migrated(url):
    """An engine's database with the tables of accounts, shared by the tests of a module."""
    await migrate(url, "accounts")
    return url


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def accounts(migrated, clock):
    """The door of accounts on each engine in turn."""
    async with opened(migrated, clock=clock) as api:
        yield api


@pytest.fixture(scope="session")
async def one_url(tmp_path_factory):
    """A SQLite database with the tables, for tests in which the engine plays no part."""
    url = f"sqlite:///{tmp_path_factory.mktemp('accounts')}/accounts.db"
    await migrate(url, "accounts")
    return url


@pytest.fixture
async def anywhere(one_url, clock):
    """The door of accounts on SQLite, for tests in which the engine plays no part."""
    async with opened(one_url, clock=clock) as api:
        yield api
