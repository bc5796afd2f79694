import pytest
from kit_sample import clear, create, opened


@pytest.fixture(scope="module")
async def made_url(url):
    """The tables of the sample on each engine in turn, shared by the tests of a module."""
    await create(url)
    return url


@pytest.fixture(scope="module")
async def _opened(made_url):
    async with opened(made_url) as database:
        yield database


@pytest.fixture
async def db(_opened):
    """The sample on each engine in turn, empty."""
    await clear(_opened)
    return _opened


@pytest.fixture
async def alone(fresh_url):
    """The URL of the sample on each engine in turn, empty, for one test alone."""
    await create(fresh_url)
    return fresh_url
