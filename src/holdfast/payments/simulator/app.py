"""The simulator as an ASGI application, and how it is opened and closed."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from holdfast.kit.clock import Clock
from holdfast.kit.db.sqlite import SqliteDatabase
from holdfast.kit.http.prefixes import Prefixes
from holdfast.payments.simulator import store
from holdfast.payments.simulator.asking import Books
from holdfast.payments.simulator.courier import Courier, Post, stop, to_url
from holdfast.payments.simulator.pages import Pages
from holdfast.payments.simulator.routes import Api, refusal
from holdfast.payments.simulator.shapes import BadBody
from holdfast.payments.simulator.signing import api_key_of, hook_key_of
from holdfast.payments.simulator.till import Till
from holdfast.payments.simulator.web import Refusal

PREFIX: Final = "/simulator"
_COURIER_EVERY_S: Final = 0.05
_SUFFIX: Final = ".checkpoints"


class Options(msgspec.Struct, frozen=True, kw_only=True):
    """How a simulator is set up."""

    books: Path
    secrets: tuple[str, ...]
    """What the merchant and the simulator share, newest first: the API key and the signatures come from it."""
    public_url: str = PREFIX
    is_open: bool = True
    """Whether everybody who reaches it may use the operator's page and make faults."""
    settle_s: float = 0.5


class Simulator:
    """A simulator over its books, as an ASGI application. Nothing is opened before the first use."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._running: _Running | None = None
        self._opening = asyncio.Lock()
        self.post: Post | None = None
        """Where messages go; set it before they are sent."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        running = self._running or await self._opened()
        await running.app(scope, receive, send)

    async def round(self) -> None:
        """Send what is due, until nothing is."""
        running = self._running or await self._opened()
        running.courier.post = self.post
        while await running.courier.round():
            pass

    async def work(self, every_s: float) -> None:
        """Send what is due for ever."""
        running = self._running or await self._opened()
        running.courier.post = self.post
        await running.courier.run(every_s)

    async def _opened(self) -> "_Running":
        async with self._opening:
            if self._running is None:
                running = _Running(self._options, self._clock)
                await running.db.write(store.create)
                self._running = running
        return self._running

    async def open(self) -> None:
        """Open the books, and make them where there are none."""
        await self._opened()

    async def close(self) -> None:
        """Close the books."""
        if self._running is not None:
            await self._running.close()
            self._running = None


class _Running:
    """A simulator whose books are open."""

    def __init__(self, options: Options, clock: Clock) -> None:
        options.books.parent.mkdir(parents=True, exist_ok=True)
        self._lock = _checkpoint_lock(options.books)
        self.db = SqliteDatabase(str(options.books), clock, checkpoints=self._lock is not None)
        books = Books(self.db, clock, public_url=options.public_url, settle_s=options.settle_s)
        self.courier = Courier(books, Till(books), keys=[hook_key_of(secret) for secret in options.secrets])
        api = Api(books, self.courier, api_key=api_key_of(options.secrets[0]), is_open=options.is_open)
        pages = Pages(books, self.courier, check_operator=api.check_operator)
        self.app = Starlette(
            routes=[*api.routes(), *pages.routes()], exception_handlers={Refusal: refusal, BadBody: refusal}
        )
        self.app.router.redirect_slashes = False

    async def close(self) -> None:
        await self.db.close()
        if self._lock is not None:
            os.close(self._lock)


def _checkpoint_lock(books: Path) -> int | None:
    """Return the lock of the one process that checkpoints, None if another has it.

    Several server processes may have the books open, and SQLite below 3.51.3 can lose its way when two of them
    checkpoint. The operating system lets go of the lock when the process ends, however.
    """
    descriptor = os.open(f"{books}{_SUFFIX}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def standalone(options: Options, clock: Clock, *, webhook_url: str | None) -> ASGIApp:
    """Return the simulator as a whole server of its own, under the same prefix as when it is mounted."""
    mounted: dict[str, Simulator] = {}

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        del app
        simulator = Simulator(options, clock)
        await simulator.open()
        mounted[PREFIX] = simulator
        async with httpx.AsyncClient(trust_env=False) as client:
            simulator.post = to_url(client, webhook_url) if webhook_url else None
            task = asyncio.get_running_loop().create_task(simulator.work(_COURIER_EVERY_S))
            yield
            await stop(task)
        await simulator.close()

    async def ready(request: Request) -> Response:
        del request
        return Response(status_code=200 if mounted else 503)

    async def home(request: Request) -> Response:
        del request
        return RedirectResponse(f"{PREFIX}/")

    app = Starlette(lifespan=lifespan)
    app.add_route("/readyz", ready)
    app.add_route("/", home)
    app.add_route(PREFIX, home)
    return Prefixes(app, mounted=mounted)
