"""A search on each engine in turn, emptied between tests."""

import pytest

from search.search_builder import a_world


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_world(url) as world:
        yield world


@pytest.fixture
async def world(module_world):
    await module_world.empty()
    return module_world
