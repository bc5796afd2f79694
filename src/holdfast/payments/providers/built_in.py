"""The simulator as the settings have it: a part of this server, or a process somewhere."""

from collections.abc import Awaitable, Callable, Mapping
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import engine_of, parsed
from holdfast.kit.errors import HoldfastError
from holdfast.kit.http.prefixes import Prefixes
from holdfast.kit.secrets import Keyring
from holdfast.payments.providers.simulator import Simulator as Provider
from holdfast.payments.settings import PaymentsSettings
from holdfast.payments.simulator.app import PREFIX, Options, Simulator, standalone

HOOKS: Final = "/v1/webhooks/simulator"
"""Where this server takes the simulator's messages."""

_PURPOSE: Final = "payments simulator"
_HOST: Final = "http://simulator.internal"
_DIGEST: Final = 8

Received = Callable[[Mapping[str, str], bytes], Awaitable[Any]]
"""Takes a message; raises a HoldfastError where it does not."""


def secrets_of(settings: PaymentsSettings, keyring: Keyring) -> tuple[str, ...]:
    """Return what this installation shares with its simulator, newest first."""
    if settings.simulator_secrets:
        return tuple(each.get_secret_value() for each in settings.simulator_secrets)
    return tuple(key.hex() for key in keyring.derive_all(_PURPOSE))


def books_of(settings: PaymentsSettings, database_url: str) -> Path:
    """Return the file of the books: beside a SQLite database, else one for each database in `var/`."""
    if settings.simulator_books:
        return Path(settings.simulator_books)
    url = parsed(database_url)
    if engine_of(url) == "sqlite":
        return Path(f"{url.database}.simulator.db")
    where = f"{url.host}:{url.port}/{url.database}{sorted(url.query.items())}"
    return Path("var") / f"simulator-{sha256(where.encode()).hexdigest()[:_DIGEST]}.db"


class BuiltIn:
    """The simulator that runs inside this server, and what asks it."""

    def __init__(
        self, *, books: Path, secrets: tuple[str, ...], clock: Clock, timeout_s: float, is_open: bool = True
    ) -> None:
        self.app = Simulator(Options(books=books, secrets=secrets, is_open=is_open), clock)
        transport = httpx.ASGITransport(
            app=Prefixes(_nowhere, mounted={PREFIX: self.app}), raise_app_exceptions=False, client=("127.0.0.1", 0)
        )
        self.provider = Provider(base_url=f"{_HOST}{PREFIX}", secrets=secrets, transport=transport, timeout_s=timeout_s)
        self._client: httpx.AsyncClient | None = None

    def tell(self, received: Received) -> None:
        """Hand its messages to this function, where no server is around it."""

        async def post(headers: dict[str, str], body: bytes) -> int:
            try:
                await received(headers, body)
            except HoldfastError as refusal:
                return refusal.status
            return HTTPStatus.OK

        self.app.post = post

    def serve(self, around: ASGIApp) -> None:
        """Hand its messages to the application around it, by the way those of other providers come."""
        transport = httpx.ASGITransport(app=around, raise_app_exceptions=False)
        client = self._client = httpx.AsyncClient(transport=transport, base_url=_HOST)

        async def post(headers: dict[str, str], body: bytes) -> int:
            return (await client.post(HOOKS, content=body, headers=headers)).status_code

        self.app.post = post

    async def round(self) -> None:
        """Send what is due."""
        await self.app.round()

    async def close(self) -> None:
        """Close the books."""
        if self._client is not None:
            await self._client.aclose()
        await self.app.close()


def elsewhere(*, url: str, secrets: tuple[str, ...], timeout_s: float) -> Provider:
    """Return what asks a simulator that is a process of its own."""
    return Provider(base_url=url, secrets=secrets, timeout_s=timeout_s)


def server(settings: PaymentsSettings, keyring: Keyring, *, books: Path, public_url: str, webhook_url: str) -> ASGIApp:
    """Return a simulator that is a whole server of its own."""
    options = Options(
        books=books,
        secrets=secrets_of(settings, keyring),
        public_url=public_url,
        is_open=settings.simulator_is_open,
    )
    return standalone(options, Clock(), webhook_url=webhook_url)


async def _nowhere(scope: Scope, receive: Receive, send: Send) -> None:
    del receive, send
    raise RuntimeError(f"the simulator has nothing at {scope['path']}")
