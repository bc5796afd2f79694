"""A tiny application on the kit's edge, which remembers what reached it."""

from enum import StrEnum
from typing import Annotated, Literal

import httpx
from fastapi import FastAPI, Query, Response
from pydantic import Field

from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.errors import DatabaseUnavailable, NotFound, Unauthenticated
from holdfast.kit.http.edge import Edge
from holdfast.kit.http.keys import KeyedRequest
from holdfast.kit.http.principals import AdminPrincipal, CatalogReader, CurrentPrincipal, OptionalPrincipal
from holdfast.kit.http.problems import install, responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import (
    BY_VALUE,
    Between,
    CurrencyField,
    DayField,
    Digits,
    InstantField,
    Line,
    Measure,
    MoneyOut,
    PathNumber,
    PathText,
    Prose,
    TimeField,
    Wire,
    YesNo,
    items,
)
from holdfast.kit.settings import Settings
from support.principals import principal_of

PEOPLE = {
    "guest": Principal(1, "guest"),
    "owner": principal_of(2, "owner"),
    "admin": principal_of(3, "admin"),
}


class Kind(StrEnum):
    HOME = "home"
    ROOM = "room"


class Item(Wire):
    kind: Annotated[Kind, BY_VALUE] = Kind.HOME
    guests: Annotated[int, Between(1, 50)]
    check_in: DayField | None = None
    check_in_from: TimeField | None = None
    at: InstantField | None = None
    share: Annotated[float, Between(0, 1)] | None = None
    currency: CurrencyField | None = None
    name: Annotated[str, Line(20)] | None = None
    note: Annotated[str, Prose(100)] | None = None


class Stay(Wire):
    kind: Literal["stay"]
    nights: Annotated[int, Between(1, 30)]


class Table(Wire):
    kind: Literal["table"]
    covers: Annotated[int, Between(1, 20)]


class Basket(Wire):
    items: Annotated[tuple[Annotated[Stay | Table, Field(discriminator="kind")], ...], items(3, 1)]


class Nothing(Wire):
    """An empty answer."""


def tiny_router(calls):
    router = Router(prefix="/v1")

    @router.post("/items", status_code=201)
    async def make(body: Item) -> Item:
        """Make an item."""
        calls.append(body)
        return body

    @router.post("/baskets")
    async def fill(body: Basket) -> Basket:
        """Fill a basket."""
        calls.append(body)
        return body

    @router.get("/search")
    async def search(
        *,
        limit: Annotated[int, Digits(1, 100)] = 20,
        latitude: Annotated[float, Measure(-90, 90)] = 0,
        day: DayField | None = None,
        pets: YesNo = False,
        kind: Kind = Kind.HOME,
        text: Annotated[str, Line(40)] = "anything",
        amenity: Annotated[tuple[Annotated[str, Line(10)], ...], items(3), Query()] = (),
    ) -> list[str]:
        """Search."""
        found = [str(each) for each in (limit, latitude, day, pets, kind.value, text, *amenity)]
        calls.append(found)
        return found

    add_item_routes(router, calls)
    return router


def add_item_routes(router, calls):
    @router.get("/items/{number}")
    async def get(number: PathNumber) -> MoneyOut:
        """Return an item."""
        calls.append(number)
        return MoneyOut(amount=number, currency="USD")

    @router.put("/items/{number}")
    async def put(number: PathNumber, body: Item) -> Item:
        """Replace an item."""
        calls.append(number)
        return body

    @router.delete("/items/{number}", status_code=204)
    async def remove(number: PathNumber) -> None:
        """Remove an item."""
        calls.append(number)

    @router.get("/named/{name}")
    async def named(name: PathText) -> Nothing:
        """Return a thing by name."""
        calls.append(name)
        return Nothing()

    @router.post("/items/{number}/extend")
    async def extend(number: PathNumber) -> Nothing:
        """Do something that takes no body."""
        calls.append(number)
        return Nothing()


def guarded_router(calls):
    router = Router(prefix="/v1")

    @router.post("/holds")
    async def hold(body: Item, principal: CurrentPrincipal, key: KeyedRequest) -> Nothing:
        """Hold something."""
        calls.append((body, principal, key))
        return Nothing()

    @router.post("/holds/{number}/extend")
    async def extend_hold(number: PathNumber, key: KeyedRequest) -> Nothing:
        """Extend a hold."""
        calls.append((number, key))
        return Nothing()

    @router.get("/me")
    async def me(principal: CurrentPrincipal) -> int:
        """Say who asks."""
        return principal.account_id

    @router.get("/perhaps")
    async def perhaps(principal: OptionalPrincipal) -> int:
        """Say who asks, if anybody."""
        return principal.account_id if principal else 0

    @router.get("/owner")
    async def owner(principal: CatalogReader) -> int:
        """Say which owner asks."""
        return principal.account_id

    @router.get("/admin")
    async def admin(principal: AdminPrincipal) -> int:
        """Say which admin asks."""
        return principal.account_id

    return router


def failing_router():
    router = Router(prefix="/v1/failing")

    @router.get("/known", responses=responses(NotFound, DatabaseUnavailable))
    async def known() -> Nothing:
        """Raise an error of ours.

        Raises:
            DatabaseUnavailable: Always.
        """
        raise DatabaseUnavailable("The database is away.", retry_after_s=7, extra={"engine": "sqlite"})

    @router.get("/replayed")
    async def replayed() -> Nothing:
        """Raise the error an earlier request with the same key got."""
        error = NotFound()
        error.replayed = True
        raise error

    @router.get("/unknown")
    async def unknown() -> Nothing:
        """Raise what nobody expected.

        Raises:
            RuntimeError: Always.
        """
        raise RuntimeError("SELECT secret FROM /etc/passwd")

    @router.get("/own-headers")
    async def own_headers() -> Response:
        """Answer with headers of one's own."""
        return Response("x", headers={"cache-control": "public, max-age=60", "content-security-policy": "sandbox"})

    return router


async def check_token(token):
    if token not in PEOPLE:
        raise Unauthenticated("The token is not good.")
    return PEOPLE[token]


def tiny_app(**settings):
    """Return the application and the list of what reached its routes."""
    calls = []
    app = FastAPI(redirect_slashes=False)
    app.include_router(tiny_router(calls))
    app.include_router(guarded_router(calls))
    app.include_router(failing_router())
    app.state.check_token = check_token
    install(app)
    app.add_middleware(Edge, settings=Settings(**settings), clock=Clock())
    return app, calls


def client_of(app):
    """Return a client that speaks to the application without a socket."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


def problem_of(response):
    """Return the problem of a refusal, having checked what every refusal has."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert problem["type"] == f"urn:holdfast:error:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"].startswith("/")
    assert problem["request_id"] == response.headers["x-request-id"]
    assert response.headers["cache-control"] == "no-store"
    for telling in ("Traceback", ".py", "SELECT", "/src/", "pydantic"):
        assert telling not in response.text
    return problem
