"""The Home Rental contract: the paths, fields, status codes and messages of its document, on our services.

It is an application of its own, mounted under `/api`, because nothing of it may look like the rest of the API: names
are camelCase, ids are whole numbers, and a refusal is `{"error": …}` or `{"message": …}` instead of a problem document.
Where the document is silent: unknown fields are ignored, a field of the wrong type or a date that cannot be booked is
400, and a canceled booking is gone (404) for whoever asks again.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from holdfast.accounts.api import Account, AccountExists, AccountsApi, InvalidCredentials
from holdfast.booking.api import (
    AlreadyCancelled,
    Booking,
    BookingApi,
    BookingState,
    CapacityTaken,
    PaymentTerms,
    QuotedStay,
    StayItem,
)
from holdfast.catalog.api import CatalogApi, NotBookable, Property
from holdfast.engine.money import decimals_of
from holdfast.gateway import home_rental_wire as wire
from holdfast.kit.auth import Permission, Principal
from holdfast.kit.errors import HoldfastError, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.arrivals import identified
from holdfast.kit.http.json import read_json
from holdfast.kit.keyed import Caller
from holdfast.payments.api import PaymentMethod, PaymentStatus

log = structlog.get_logger()

_PAGE: Final = 1000
"""How many rows are asked of a door at a time where the contract wants all of them."""
_GUESTS: Final = 1
"""The contract knows no party; every property takes one guest."""

_NO_BOOKING: Final = {"error": "Booking not found"}
_NOT_AVAILABLE: Final = {"message": "Property not found or not available"}


class Refusal(Exception):
    """An answer of the contract that is not a success."""

    def __init__(self, status: HTTPStatus, body: Mapping[str, str], headers: Mapping[str, str] | None = None) -> None:
        super().__init__(str(body))
        self.status = status
        self.body = body
        self.headers = headers


class Malformed(Refusal):
    """The request cannot be read, or asks for what cannot be."""

    def __init__(self, what: str) -> None:
        super().__init__(HTTPStatus.BAD_REQUEST, {"error": what})


class HomeRental:
    """Answers the calls of the contract."""

    def __init__(self, *, accounts: AccountsApi, catalog: CatalogApi, booking: BookingApi) -> None:
        self._accounts = accounts
        self._catalog = catalog
        self._booking = booking

    async def register(self, request: Request) -> Response:
        """Register a guest.

        Raises:
            Refusal: The user exists, or the request is malformed.
        """
        fields = await _read(request)
        username, email = _text(fields, "username"), _text(fields, "email")
        password = _text(fields, "password")
        try:
            await self._accounts.register(username=username, email=email, password=password)
        except AccountExists as taken:
            raise Refusal(HTTPStatus.CONFLICT, {"error": "User already exists"}) from taken
        return _answer({"message": "User registered successfully"}, HTTPStatus.CREATED)

    async def login(self, request: Request) -> Response:
        """Exchange e-mail and password for a token, which goes into `Authorization: Bearer <token>` of other calls.

        Raises:
            Refusal: The credentials are wrong, or the request is malformed.
        """
        fields = await _read(request)
        try:
            access = await self._accounts.log_in(email=_text(fields, "email"), password=_text(fields, "password"))
        except InvalidCredentials as wrong:
            raise Refusal(HTTPStatus.UNAUTHORIZED, {"error": "Invalid credentials"}) from wrong
        return _answer({"token": access.token, "message": "Login successful"})

    async def profile(self, request: Request) -> Response:
        """Say whose token this is.

        Raises:
            Unauthenticated: The token is missing or bad, or its account is gone.
        """
        principal = await self._principal(request, Permission.ACCOUNT)
        for account in await self._accounts.get_many(ids=[principal.account_id]):
            return _answer(_user(account))
        raise Unauthenticated

    async def all_users(self, request: Request) -> Response:
        """List every user. For admins.

        Raises:
            Refusal: The token is not an admin's.
        """
        principal = await self._principal(request, Permission.ACCOUNT)
        if not principal.is_admin:
            raise Refusal(HTTPStatus.FORBIDDEN, {"error": "Only an admin may do this"})
        users: list[dict[str, Any]] = []
        last = 0
        while page := await self._accounts.list_all(after_id=last, limit=_PAGE):
            users.extend(_user(account) for account in page)
            last = page[-1].id
        return _answer(users)

    async def properties(self, request: Request) -> Response:
        """List every property, also those that cannot be booked at the moment."""
        del request
        found: list[dict[str, Any]] = []
        last = 0
        while page := await self._catalog.list_page(after_id=last, limit=_PAGE):
            found.extend(_property(each) for each in page)
            last = page[-1].id
        return _answer(found)

    async def book(self, request: Request) -> Response:
        """Book a property from `startDate` to `endDate`, which is the day of departure and not paid for.

        `userId` is whose token it is; an admin may book for anybody. The total is nights times price per night.

        Raises:
            Malformed: The request cannot be read, or the dates cannot be booked.
            Refusal: The property is not available, or `userId` is somebody else.
        """
        principal = await self._principal(request, Permission.TRIPS)
        fields = await _read(request)
        account_id, property_id = _whole(fields, "userId"), _whole(fields, "propertyId")
        start, end = _day(fields, "startDate"), _day(fields, "endDate")
        await self._check_guest(principal, account_id)
        if end <= start:
            raise Malformed("endDate must be after startDate")
        try:
            booked = await self._booking.book(
                caller=Caller(account_id=account_id, key=None),
                item=StayItem(property_id=property_id, check_in=start, check_out=end, guests=_GUESTS),
                payment=PaymentTerms(method=PaymentMethod.AT_PROPERTY, status=PaymentStatus.DUE_AT_PROPERTY),
            )
        except (NotFound, NotBookable, CapacityTaken) as gone:
            raise Refusal(HTTPStatus.NOT_FOUND, _NOT_AVAILABLE) from gone
        booking, price = booked.value, booked.value.price
        return _answer(
            {
                "bookingId": booking.number,
                "message": "Booking confirmed",
                "totalPrice": _units(price.total_minor, price.currency),
            },
            HTTPStatus.CREATED,
        )

    async def booking(self, request: Request) -> Response:
        """Return a booking to the guest who made it, or to an admin."""
        principal = await self._principal(request, Permission.TRIPS)
        booking = await self._own_booking(principal, request.path_params["bookingId"])
        return _answer(_booking(booking))

    async def cancel_booking(self, request: Request) -> Response:
        """Cancel a booking; its nights are free at once.

        Raises:
            Refusal: There is no such booking, or it is somebody else's.
        """
        principal = await self._principal(request, Permission.TRIPS)
        booking = await self._own_booking(principal, request.path_params["bookingId"])
        try:
            await self._booking.cancel(
                caller=Caller(account_id=principal.account_id, key=None), principal=principal, number=booking.number
            )
        except (AlreadyCancelled, NotFound) as gone:
            raise Refusal(HTTPStatus.NOT_FOUND, _NO_BOOKING) from gone
        return _answer({"message": "Booking cancelled successfully"})

    async def _principal(self, request: Request, permission: Permission) -> Principal:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        principal = await self._accounts.principal(token.strip())
        identified(request.scope, principal)
        if not principal.may(permission):
            raise Refusal(HTTPStatus.FORBIDDEN, {"error": f"This needs the permission {permission.value}"})
        return principal

    async def _check_guest(self, principal: Principal, account_id: int) -> None:
        if account_id == principal.account_id:
            return
        if not principal.is_admin:
            raise Refusal(HTTPStatus.FORBIDDEN, {"error": "userId is not yours"})
        if not await self._accounts.get_many(ids=[account_id]):
            raise Malformed("userId: there is no such user")

    async def _own_booking(self, principal: Principal, number: str) -> Booking:
        if not (number.isascii() and number.isdecimal() and 0 < int(number[: wire.ID_DIGITS + 1]) <= wire.ID_MAX):
            raise Refusal(HTTPStatus.NOT_FOUND, _NO_BOOKING)
        try:
            booking = await self._booking.get_booking(principal=principal, number=int(number))
        except NotFound as missing:
            raise Refusal(HTTPStatus.NOT_FOUND, _NO_BOOKING) from missing
        # The door also answers the host; the contract answers only the guest.
        mine = principal.is_admin or principal.is_guest(booking.account_id)
        if not mine or booking.state is BookingState.CANCELLED or _stay_of(booking) is None:
            raise Refusal(HTTPStatus.NOT_FOUND, _NO_BOOKING)
        return booking


def application(*, accounts: AccountsApi, catalog: CatalogApi, booking: BookingApi) -> FastAPI:
    """Return the application to mount under `/api`."""
    contract = HomeRental(accounts=accounts, catalog=catalog, booking=booking)
    app = FastAPI(title="Home Rental", openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    calls: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
        "/bookings/book": ("POST", contract.book),
        "/bookings/booking/{bookingId}": ("GET", contract.booking),
        "/cancel-booking/{bookingId}": ("DELETE", contract.cancel_booking),
        "/bookings/properties": ("GET", contract.properties),
        "/users/login": ("POST", contract.login),
        "/users/profile": ("GET", contract.profile),
        "/users/register": ("POST", contract.register),
        "/users/allusers": ("GET", contract.all_users),
    }
    for path, (method, call) in calls.items():
        text = inspect.cleandoc(call.__doc__ or "").partition("\n\nRaises:")[0]
        about = wire.described(call.__name__)
        app.add_api_route(path, call, methods=[method], tags=["home rental"], description=text, **about)
    app.add_exception_handler(Refusal, _refused)
    app.add_exception_handler(HoldfastError, _failed)
    app.add_exception_handler(HTTPException, _unroutable)
    app.add_exception_handler(Exception, _unexpected)
    return app


async def _refused(_: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)  # noqa: S101 - Starlette calls each handler with its own class only
    return _answer(refusal.body, refusal.status, refusal.headers)


async def _failed(_: Request, error: Exception) -> Response:
    assert isinstance(error, HoldfastError)  # noqa: S101 - see above
    headers = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    if error.retry_after_s is not None:
        headers["Retry-After"] = str(error.retry_after_s)
    status = HTTPStatus.BAD_REQUEST if isinstance(error, Invalid) else HTTPStatus(error.status)
    return _answer({"error": _reason(error)}, status, headers)


async def _unroutable(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - see above
    return _answer({"error": HTTPStatus(error.status_code).phrase}, HTTPStatus(error.status_code), error.headers)


async def _unexpected(_: Request, __: Exception) -> Response:
    return _answer({"error": "Something went wrong"}, HTTPStatus.INTERNAL_SERVER_ERROR)  # the edge logs it


def _reason(error: HoldfastError) -> str:
    return "; ".join(f"{each.pointer.strip('/') or 'body'}: {each.detail}" for each in error.errors) or error.detail


async def _read(request: Request) -> dict[str, Any]:
    try:
        body = read_json(await request.body())
    except HoldfastError as wrong:
        raise Malformed(_reason(wrong)) from wrong
    if not isinstance(body, dict):
        raise Malformed("the body must be a JSON object")
    return body


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = _field(fields, name)
    if not isinstance(value, str):
        raise Malformed(f"{name} must be a text")
    return value


def _whole(fields: Mapping[str, Any], name: str) -> int:
    value = _field(fields, name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= wire.ID_MAX:
        raise Malformed(f"{name} must be a whole number from 1 to {wire.ID_MAX}")
    return value


def _day(fields: Mapping[str, Any], name: str) -> date:
    value = _text(fields, name)
    # `fromisoformat` also reads 20241010 and 2024-W41-4; the contract's dates are ten characters with two hyphens.
    if len(value) == len("2024-10-10") and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise Malformed(f"{name} must be a date such as 2024-10-10")


def _field(fields: Mapping[str, Any], name: str) -> object:
    try:
        return fields[name]
    except KeyError as missing:
        raise Malformed(f"{name} is missing") from missing


def _answer(body: object, status: HTTPStatus = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, "application/json")


def _user(account: Account) -> dict[str, Any]:
    return {"id": account.id, "username": account.username, "email": account.email}


def _property(found: Property) -> dict[str, Any]:
    terms = found.draft.terms
    return {
        "propertyId": found.id,
        "name": found.draft.name,
        "location": found.draft.location.address,
        "pricePerNight": _units(terms.base_minor, terms.currency),
        # The contract knows neither requests nor payments, so what needs one cannot be had here.
        "availability": found.draft.listed and terms.instant and terms.pay_at_property,
    }


def _stay_of(booking: Booking) -> QuotedStay | None:
    """Return the stay the contract knows of; a booking made elsewhere may have several items, of other kinds too."""
    return next((item for item in booking.items if isinstance(item, QuotedStay)), None)


def _booking(booking: Booking) -> dict[str, Any]:
    stay = _stay_of(booking)
    assert stay is not None, "no other booking is shown here"  # noqa: S101 - programmer's error
    return {
        "bookingId": booking.number,
        "userId": booking.account_id,
        "propertyId": stay.property_id,
        "startDate": stay.check_in.isoformat(),
        "endDate": stay.check_out.isoformat(),
    }


def _units(amount_minor: int, currency: str) -> int | float:
    """Return an amount in units of the currency: a whole number where it is one, as the contract's prices are."""
    minor_units: int = 10 ** decimals_of(currency)
    units, rest = divmod(amount_minor, minor_units)
    return units if rest == 0 else amount_minor / minor_units
