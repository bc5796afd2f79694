"""Sagas over a database of the test."""

import pytest

from sagas_builder import running


@pytest.fixture
def run_sagas(fresh_url, tmp_path):
    """A function that runs sagas of the test's own over this test's database: `async with run_sagas({...}) as sagas`."""

    def run(sagas, **options):
        return running(fresh_url, sagas, folder=tmp_path, **options)

    return run
