import pytest
from builders import new_account, opened, with_tables

from support import servers


@pytest.fixture(scope="module")
async def migrated(url):
    """An engine's database with the tables of catalog and booking, shared by the tests of a module."""
    return await with_tables(url)


@pytest.fixture
async def house(migrated):
    """A process that sells, with a clock of its own; what a test leaves behind must pass the recount."""
    async with opened(migrated) as running:
        yield running
        await running.assert_sound()


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
async def served(request, server_of):
    """A database with the tables on each engine that is a server: only there do transactions meet."""
    server_of(request.param)
    with servers.fresh_database(request.param) as url:
        yield await with_tables(url)


@pytest.fixture
def guest():
    """An account that no other test knows."""
    return new_account()


@pytest.fixture
def other():
    """Another such account."""
    return new_account()
