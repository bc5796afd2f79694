"""The ASGI application: the routes of the modules that run here, behind one edge.

`create_app` is what our own server and tests use; `from_environment` is the factory for servers that start processes of
their own, such as `granian --interface asgi --factory holdfast.app.asgi:from_environment`.
"""

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from holdfast.app import pages
from holdfast.app.description import complete
from holdfast.app.limiting import LIMITED, kept_up, new_limits
from holdfast.app.modules import Assembly
from holdfast.app.schema import alive
from holdfast.app.settings import RunSettings
from holdfast.app.starting import assembled
from holdfast.gateway import (
    activity,
    bookings,
    home_rental,
    integrity,
    payments,
    privacy,
    privacy_own,
    search,
    search_dining,
    search_flights,
    statements,
    webhooks,
)
from holdfast.gateway.activity_reading import Trail
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.csrf import CsrfTokens
from holdfast.kit.errors import HoldfastError
from holdfast.kit.http import problems
from holdfast.kit.http.cookies import Forgery
from holdfast.kit.http.cursors import Cursors
from holdfast.kit.http.edge import Edge
from holdfast.kit.http.health import health_router
from holdfast.kit.http.prefixes import Prefixes
from holdfast.kit.http.routes import Router
from holdfast.kit.log import configure_logging
from holdfast.kit.settings import Environment, Settings

log = structlog.get_logger()

VERSION: Final = "0.1.0"
_HOME_RENTAL: Final = "/api"
_HOT: Final = ("booking", "catalog", "accounts")
"""FastAPI tries routes in order, so the modules that are asked most come first."""
_TAGS: Final = (
    ("search", "Find what can be had."),
    ("quotes", "What it costs: a price that is promised for a while."),
    ("holds", "Stock kept for you at a locked price, until it expires."),
    ("payments", "Pay for a hold: authorised first, taken once it is a booking."),
    ("bookings", "Confirmed holds."),
    ("cancellations", "What comes back, and giving a booking up."),
    ("changes", "Other dates or guests for a booking."),
    ("properties", "Homes and hotel rooms, as guests see them."),
    ("restaurants", "Restaurants and their free tables, as guests see them."),
    ("places", "Cities and airports."),
    ("flights", "Airplanes, schedules, dated flights and their seats."),
    ("owner properties", "What you offer."),
    ("owner stock", "How much of it there is."),
    ("owner blocks", "Nights you keep for yourself."),
    ("owner restaurants", "Your restaurants."),
    ("owner floor", "Your room in service: who comes, who is seated, walk-ins."),
    ("owner bookings", "Who comes."),
    ("owner money", "What was sold for you, and what you give back."),
    ("accounts", "People and their access tokens."),
    ("organizations", "Who acts for one business, and as what."),
    ("API keys", "For programs: what they may do, shown once."),
    ("privacy", "What is kept of you, why, and what you can do about it."),
    ("operator sagas", "Journeys of money that wait, failed or need a person."),
    ("admin", "For those who run the installation."),
    ("integrity", "Whether the books are right."),
    ("operations", "For machines that watch over this one."),
    ("home rental", "The Home Rental contract, with field names and answers of its own."),
)


class AccountsElsewhere(HoldfastError):
    """This process does not run the accounts module, so it cannot check your token. Ask one that does."""

    code = "accounts_elsewhere"
    status = 503
    title = "Tokens cannot be checked here"


def create_app(
    settings: Settings | None = None,
    run: RunSettings | None = None,
    *,
    clock: Clock | None = None,
    prepared: bool = False,
    lasting: bool = False,
) -> FastAPI:
    """Make the application. Databases open, and its routes appear, when its lifespan begins.

    Args:
        settings: Of the installation; from the environment, if not given.
        run: What runs here; from the environment, if not given.
        clock: The time everybody here goes by.
        prepared: Whether the databases have been checked and migrated a moment ago.
        lasting: Whether this process does nothing but serve it until it ends.
    """
    settings = settings or Settings()
    run = run or RunSettings()
    clock = clock or Clock()
    limits = new_limits(clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            assembled(settings, run, clock=clock, limits=limits, prepared=prepared) as assembly,
            kept_up(limits, is_alone=all(db.dialect == "sqlite" for db in assembly.databases.values())),
        ):
            install_routes(app, assembly)
            if not run.work_elsewhere:
                await assembly.work()
            if lasting:
                # What is there by now stays: the collector need not look at it again, which saves a tenth of a request.
                gc.collect()
                gc.freeze()
            log.info("server.ready", modules=sorted(assembly.running))
            yield
            log.info("server.stopping")

    app = FastAPI(
        title="Holdfast",
        summary="One reservation engine: it never sells the same thing twice.",
        version=VERSION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.show_docs else None,
        lifespan=lifespan,
        # Our own metrics count at the edge; FastAPI's would look at every request a second time.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        redirect_slashes=False,
        generate_unique_id_function=_operation_id,
        openapi_tags=[{"name": name, "description": text} for name, text in _TAGS],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    app.state.mounted = {}
    app.state.cors_origins = settings.cors_origins
    app.state.settings = settings
    app.add_middleware(Prefixes, mounted=app.state.mounted)
    app.add_middleware(Edge, settings=settings, clock=clock, limits=limits, limited=LIMITED)
    problems.install(app)
    return app


def from_environment() -> FastAPI:
    """Make the application from the environment alone, and set up logging, for servers that are not ours."""
    settings = Settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    return create_app(settings)


def worker() -> FastAPI:
    """Make the application in one of the processes of `holdfast serve --workers`, whose parent has prepared it."""
    settings = Settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    return create_app(settings, prepared=True, lasting=True)


def install_routes(app: FastAPI, assembly: Assembly) -> None:
    """Add the routes of an assembly to an application, those that are asked most first."""
    accounts = assembly.door("accounts")
    app.state.assembly = assembly
    app.state.check_token = _nobody if accounts is None else accounts.principal
    app.state.is_fresh = None if accounts is None else accounts.step_up.is_fresh
    app.state.forgery = Forgery(CsrfTokens(assembly.keyring), origins=getattr(app.state, "cors_origins", ()))
    for router in _gateway_routers(assembly):
        app.include_router(router)
    _mount_home_rental(app, assembly)
    _mount_modules(app, assembly)
    for name in sorted(assembly.running, key=lambda name: _HOT.index(name) if name in _HOT else len(_HOT)):
        for router in assembly.running[name].built.routers:
            app.include_router(router)
    for router in _cooler_gateway_routers(assembly):
        app.include_router(router)
    checks = {f"database_{number}": _check_of(db) for number, db in enumerate(assembly.databases.values(), 1)}
    settings: Settings = app.state.settings
    token = None if settings.metrics_token is None else settings.metrics_token.get_secret_value()
    is_open = settings.environment is not Environment.PRODUCTION
    app.include_router(health_router(checks, metrics_token=token, is_open=is_open))
    pages.install(app, show_docs=settings.show_docs)
    if contact := _security_contact(settings):
        pages.install_security_txt(app, contact, assembly.clock)


def _security_contact(settings: Settings) -> str:
    """Return where weaknesses are reported: as set, else the mailbox RFC 2142 names at the first of our hosts."""
    if settings.security_contact or not settings.allowed_hosts:
        return settings.security_contact
    return f"mailto:security@{settings.allowed_hosts[0].lstrip('.')}"


def _gateway_routers(assembly: Assembly) -> list[Router]:
    made = []
    find, catalog = assembly.door("search"), assembly.door("catalog")
    if find and catalog:
        cursors = Cursors(assembly.keyring)
        made.append(search.router(search=find, catalog=catalog, cursors=cursors, clock=assembly.clock))
        made.append(search_dining.router(search=find, catalog=catalog, cursors=cursors))
        made.append(search_flights.router(search=find, cursors=cursors))
    booking, money = assembly.door("booking"), assembly.door("payments")
    if booking and money:
        made.append(bookings.router(booking=booking, payments=money))
        made.append(payments.router(booking=booking, payments=money))
    return made


def _cooler_gateway_routers(assembly: Assembly) -> list[Router]:
    """Return what is asked for less often than the modules' own routes."""
    made = []
    booking, money = assembly.door("booking"), assembly.door("payments")
    if booking and money:
        made.append(statements.of_bookings(booking=booking, payments=money))
        above = assembly.refund_reauth_above
        made.append(statements.of_owners(booking=booking, payments=money, reauth_above=above))
    if booking:
        made.append(integrity.router(booking=booking, payments=money, activity=assembly.activity()))
    if money:
        made.append(payments.methods_router(booking=booking, payments=money))
        made.append(webhooks.router(payments=money, clock=assembly.clock))
        made.append(statements.of_admins(money))
    return [*made, *_activity_routers(assembly), *_privacy_routers(assembly)]


def _privacy_routers(assembly: Assembly) -> list[Router]:
    work, accounts = assembly.privacy(), assembly.door("accounts")
    if work is None:
        return []
    return [
        privacy.router(work.privacy, work.policy),
        privacy.unsubscribe_router(work.privacy),
        privacy_own.router(accounts, work.people, work.settings),
    ]


def _activity_routers(assembly: Assembly) -> list[Router]:
    trail, cursors = Trail(assembly.activity()), Cursors(assembly.keyring)
    made = [activity.of_everybody(trail, cursors), activity.of_admins(trail, cursors)]
    booking, catalog = assembly.door("booking"), assembly.door("catalog")
    if booking and catalog:
        made.append(activity.of_owners(trail, cursors, booking=booking, catalog=catalog))
    return made


def _mount_home_rental(app: FastAPI, assembly: Assembly) -> None:
    doors = {name: assembly.door(name) for name in ("accounts", "catalog", "booking")}
    contracts = {_HOME_RENTAL: home_rental.application(**doors)} if all(doors.values()) else {}
    app.state.mounted.update(contracts)
    complete(app, contracts)


def _mount_modules(app: FastAPI, assembly: Assembly) -> None:
    for running in assembly.running.values():
        for mount in running.built.mounts:
            app.state.mounted[mount.prefix] = mount.app
            app.add_route(mount.prefix, _slash_after, include_in_schema=False)
            mount.serve(app)


async def _slash_after(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/", HTTPStatus.PERMANENT_REDIRECT)


def _check_of(db: Any) -> Any:
    async def check() -> None:
        await alive(db)

    return check


async def _nobody(token: str) -> Principal:
    del token
    raise AccountsElsewhere


def _operation_id(route: APIRoute) -> str:
    return route.name
