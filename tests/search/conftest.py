"""A search on each engine in turn, emptied between tests."""

import pytest

from search.search_builder import a_world
from support.servers import fresh_database


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_world(url) as world:
        yield world


@pytest.fixture
async def world(module_world):
    await module_world.empty()
    return module_world


@pytest.fixture(scope="module")
async def sqlite_world():
    with fresh_database("sqlite") as url:
        async with a_world(url) as world:
            yield world
