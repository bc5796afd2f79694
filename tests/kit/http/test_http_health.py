import asyncio

import pytest
import structlog
from fastapi import FastAPI
from http_app import client_of

from holdfast.kit.http import health
from holdfast.kit.http.health import health_router


async def fine():
    return 1


async def broken():
    raise ConnectionError("password=hunter2 refused")


async def hangs():
    await asyncio.Event().wait()


async def ask(checks, path):
    app = FastAPI()
    app.include_router(health_router(checks))
    async with client_of(app) as client:
        return await client.get(path)


async def test_a_process_that_answers_is_alive_whatever_else_fails():
    response = await ask({"database": broken}, "/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "alive"})


async def test_a_process_is_ready_when_every_check_passes():
    response = await ask({"database": fine, "outbox": fine}, "/readyz")
    assert response.status_code == 200
    assert response.json() == {"status": "ready", "checks": {"database": "ok", "outbox": "ok"}}


async def test_a_failed_check_is_named_here_and_explained_in_the_log():
    with structlog.testing.capture_logs() as lines:
        response = await ask({"database": broken, "outbox": fine}, "/readyz")
    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "checks": {"database": "failed", "outbox": "ok"}}
    assert "hunter2" not in response.text
    assert [(line["event"], line["check"]) for line in lines] == [("readiness.check_failed", "database")]


async def test_a_check_that_hangs_has_failed(monkeypatch):
    monkeypatch.setattr(health, "CHECK_SECONDS_MAX", 0.01)
    response = await ask({"database": hangs}, "/readyz")
    assert (response.status_code, response.json()["checks"]) == (503, {"database": "failed"})


async def test_metrics_are_prometheus_text():
    response = await ask({}, "/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "# TYPE holdfast_http_request_seconds histogram" in response.text
    assert "process_resident_memory_bytes" in response.text


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1", 200),
        ("text/plain", 200),
        ("text/*", 200),
    ],
)
async def test_metrics_answer_what_scrapers_accept(accept, status):
    app = FastAPI()
    app.include_router(health_router({}))
    async with client_of(app) as client:
        response = await client.get("/metrics", headers={"accept": accept})
    assert response.status_code == status
