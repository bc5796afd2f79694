import pytest
from kit_sample import create, opened


@pytest.fixture
async def made_url(fresh_url):
    """The tables of the sample on each engine in turn, empty, for one test alone."""
    await create(fresh_url)
    return fresh_url


@pytest.fixture
async def db(made_url):
    """The sample on each engine in turn, for one test alone."""
    async with opened(made_url) as database:
        yield database
