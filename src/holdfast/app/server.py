"""The HTTP server: uvicorn on a socket of our own, in one process or several."""

import os
import signal
import socket
from collections.abc import Mapping
from typing import Any, Final

import uvicorn
from uvicorn.supervisors import Multiprocess

from holdfast.app.asgi import create_app
from holdfast.app.listening import BACKLOG
from holdfast.app.settings import RunSettings
from holdfast.kit.settings import Settings

_KEEP_ALIVE_S: Final = 75
"""Longer than what load balancers in front keep idle connections for, so that they close them and not we."""


def serve(sock: socket.socket, settings: Settings, run: RunSettings) -> None:
    """Serve until told to stop (SIGINT, SIGTERM); requests under way get to finish."""
    for number in (signal.SIGINT, signal.SIGTERM):
        # The server takes these over; what it passes on when it is done must not turn an orderly end into a failure.
        signal.signal(number, _done)
    if run.workers > 1:
        _serve_with_workers(sock, settings, run)
    else:
        app = create_app(settings, run, prepared=True, lasting=True)
        uvicorn.Server(uvicorn.Config(app, **_options(run))).run(sockets=[sock])


def _done(number: int, frame: object) -> None:
    del number, frame


def _serve_with_workers(sock: socket.socket, settings: Settings, run: RunSettings) -> None:
    # Each process reads its settings from the environment, where options of the command line have to be found too.
    os.environ.update(_as_environment(settings, run))
    config = uvicorn.Config("holdfast.app.asgi:worker", factory=True, workers=run.workers, **_options(run))
    Multiprocess(config, sockets=[sock]).run()


def _as_environment(settings: Settings, run: RunSettings) -> Mapping[str, str]:
    return {
        "HOLDFAST_DATABASE_URL": settings.database_url,
        "HOLDFAST_MODULES": ",".join(run.modules),
        "HOLDFAST_LOG_FORMAT": settings.log_format,
    }


def _options(run: RunSettings) -> dict[str, Any]:
    return {
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "backlog": BACKLOG,
        "timeout_keep_alive": _KEEP_ALIVE_S,
        "timeout_graceful_shutdown": run.drain_s,
    }
