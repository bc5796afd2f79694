"""`simulator`: the payment simulator as a process of its own."""

from pathlib import Path
from typing import Any, Final

import click
import uvicorn

from holdfast.app.errors import CannotStart
from holdfast.app.listening import listen
from holdfast.app.settings import read_settings
from holdfast.kit.ids import new_secret
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from holdfast.payments.module import MODULE, simulator_server

_WEBHOOK_URL: Final = "http://127.0.0.1:8000/v1/webhooks/simulator"
_DRAIN_S: Final = 2


def serve_simulator(
    settings: Settings, *, host: str, port: int, books: str, webhook_url: str | None, public_url: str | None
) -> None:
    """Serve the simulator until told to stop.

    Raises:
        CannotStart: The port is not to be had, or there is no secret that the servers could know too.
    """
    chosen: Any = read_settings(MODULE.settings)
    if settings.secret is None and not chosen.simulator_secrets:
        raise CannotStart(
            "the servers and their simulator have to share a secret: give both HOLDFAST_SECRET, or "
            "HOLDFAST_PAYMENTS_SIMULATOR_SECRETS"
        )
    keyring = _keyring(settings)
    with listen(host, port) as sock:
        port = sock.getsockname()[1]
        app = simulator_server(
            chosen,
            keyring,
            books=Path(books),
            public_url=(public_url or f"http://{host}:{port}/simulator").rstrip("/"),
            webhook_url=webhook_url or _WEBHOOK_URL,
        )
        click.echo(f"the payment simulator listens on http://{host}:{port}/simulator/", err=True)
        config = uvicorn.Config(
            app,
            loop="uvloop",
            http="httptools",
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_DRAIN_S,
        )
        uvicorn.Server(config).run(sockets=[sock])


def _keyring(settings: Settings) -> Keyring:
    if settings.secret is None:
        return Keyring(new_secret())  # not asked for where the settings name a secret for the simulator alone
    return Keyring(settings.secret.get_secret_value(), [each.get_secret_value() for each in settings.secret_previous])
