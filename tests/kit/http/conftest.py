import pytest
from http_app import client_of, tiny_app


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def app_and_calls():
    return tiny_app()


@pytest.fixture
def app(app_and_calls):
    return app_and_calls[0]


@pytest.fixture
def calls(app_and_calls):
    return app_and_calls[1]


@pytest.fixture
async def client(app):
    async with client_of(app) as one:
        yield one
