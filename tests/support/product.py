"""The whole product in this process, over a database of the test: asked like over HTTP, but without a socket."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

import httpx
from fastapi import FastAPI

from holdfast.accounts.api import Account, Role
from holdfast.app.asgi import create_app
from holdfast.app.demo.load import drafts
from holdfast.app.modules import Assembly
from holdfast.app.settings import RunSettings
from holdfast.kit.clock import Clock
from holdfast.kit.settings import Settings
from support.polling import eventually

SECRET = "kLm3Xq9vT2wZ8rB5nY7cD4fG6hJ1pS0a"
PASSWORD = "four random words here"
SAMPLES = 5


@dataclass(frozen=True)
class Person:
    """Somebody with an account and a token."""

    account: Account
    headers: dict[str, str]

    @property
    def id(self) -> int:
        return self.account.id

    def with_key(self, key: str) -> dict[str, str]:
        """The headers of a request that moves stock."""
        return {**self.headers, "Idempotency-Key": key}


class Product:
    """A running product and who uses it."""

    def __init__(self, app: FastAPI, client: httpx.AsyncClient, clock: Clock) -> None:
        self.app = app
        self.client = client
        self.clock = clock

    @property
    def assembly(self) -> Assembly:
        """The modules that run."""
        return self.app.state.assembly

    def door(self, name: str) -> Any:
        """The door of a module."""
        return self.assembly.door(name)

    async def person(self, name: str, role: Role = Role.GUEST) -> Person:
        """Register somebody and log them in."""
        accounts = self.door("accounts")
        email = f"{name}@example.com"
        account = await accounts.register(username=name, email=email, password=PASSWORD, role=role)
        access = await accounts.log_in(email=email, password=PASSWORD)
        return Person(account, {"Authorization": f"Bearer {access.token}"})

    async def import_samples(self, owner: Person) -> None:
        """Import the five sample properties of the Home Rental document and wait until they can be booked and found."""
        rows = list(islice(drafts(owner_ids=[owner.id] * SAMPLES), SAMPLES))
        await self.door("catalog").import_many(rows=rows)
        listed = SAMPLES - 1  # the penthouse is not

        async def can_be_had() -> bool:
            start = self.clock.today("UTC") + timedelta(days=30)
            dates = {"check_in": start.isoformat(), "check_out": (start + timedelta(days=1)).isoformat()}
            found = await self.client.get("/v1/search/stays", params=dates)
            return found.json()["total"] == listed

        await eventually(can_be_had)


@asynccontextmanager
async def product(url: str, *, clock: Clock | None = None, modules: Iterable[str] = ()) -> AsyncIterator[Product]:
    """Run the product in this process."""
    clock = clock or Clock()
    app = create_app(Settings(database_url=url, secret=SECRET), RunSettings(modules=tuple(modules)), clock=clock)
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://holdfast.test") as client,
    ):
        yield Product(app, client, clock)
