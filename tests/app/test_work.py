"""Servers that leave relays and jobs to `holdfast work`."""

import subprocess
import sys

import httpx
import pytest

from support.polling import wait_until
from support.process import HoldfastServer, clean_environment

ENV = {"HOLDFAST_SECRET": "kLm3Xq9vT2wZ8rB5nY7cD4fG6hJ1pS0a", "HOLDFAST_WORK_ELSEWHERE": "true"}
OWNER = {"username": "olga", "email": "olga@example.com", "password": "four random words here", "role": "owner"}


@pytest.fixture
def server(engine_url):
    with HoldfastServer("--database", engine_url("postgresql"), env=ENV) as running:
        yield running


def working(url):
    """Start `holdfast work`."""
    code = "from holdfast.app.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "work", "--database", url],
        env=clean_environment(ENV),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def test_events_wait_until_somebody_works(server):
    url = server._arguments[-1]
    with httpx.Client(base_url=server.base_url, timeout=30) as client:
        client.post("/v1/accounts", json=OWNER).raise_for_status()
        log_in = {name: OWNER[name] for name in ("email", "password")}
        token = client.post("/v1/sessions", json=log_in).json()["access_token"]
        document = client.get("/openapi.json").json()
        [draft] = document["components"]["schemas"]["NewProperty"]["examples"]
        headers = {"Authorization": f"Bearer {token}"}
        client.post("/v1/owner/properties", json=draft, headers=headers).raise_for_status()

        def found():
            return client.get("/v1/search/stays").json()["total"]

        assert found() == 0
        worker = working(url)
        try:
            assert wait_until(lambda: worker.poll() is not None or found(), 60) == 1
        finally:
            worker.terminate()
            assert worker.wait(30) == 0
