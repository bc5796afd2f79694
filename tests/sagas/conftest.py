"""Sagas over a database of the test: with toy sagas, or in a whole house that sells and takes money."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for neighbour in ("booking", "payments"):
    sys.path.append(str(HERE.parent / neighbour))  # their builders make the house

from money_world import opened, with_tables  # noqa: E402 - after the path is known
from sagas_builder import running  # noqa: E402 - as above


@pytest.fixture
def run_sagas(fresh_url, tmp_path):
    """A function that runs sagas of the test's own over this test's database.

    `async with run_sagas({...}) as sagas`
    """

    def run(sagas, **options):
        return running(fresh_url, sagas, folder=tmp_path, **options)

    return run


@pytest.fixture(scope="module")
async def world_url(url):
    """An engine's database with the tables of everything that sells and takes money, shared by a module's tests."""
    return await with_tables(url)


@pytest.fixture
async def world(world_url, tmp_path):
    """A house that sells and takes money; what a test leaves behind must pass both recounts."""
    async with opened(world_url, tmp_path) as running_world:
        yield running_world
        await running_world.assert_sound()
