import pytest
from money_house import new_guest, new_hold, opened, with_tables


@pytest.fixture(scope="module")
async def money_url(url):
    """An engine's database with the tables of payments, shared by the tests of a module."""
    return await with_tables(url)


@pytest.fixture
async def house(money_url):
    """A process that takes money; what a test leaves behind must pass the recount."""
    async with opened(money_url) as running:
        yield running
        await running.assert_sound()


@pytest.fixture
def guest():
    """An account that no other test knows."""
    return new_guest()


@pytest.fixture
def hold():
    """A hold that no other test knows."""
    return new_hold()
