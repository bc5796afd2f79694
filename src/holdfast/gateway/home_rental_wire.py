"""What the Home Rental contract looks like on the wire, for openapi.json: one entry for each call."""

from http import HTTPStatus
from typing import Any, Final

ID_MAX: Final = 2**53 - 1
"""Ids are whole numbers every JSON reader keeps exactly."""
ID_DIGITS: Final = len(str(ID_MAX))

_Schema = dict[str, Any]


def _object(**properties: _Schema) -> _Schema:
    return {"type": "object", "properties": properties, "required": list(properties)}


def _says(name: str, *texts: str) -> _Schema:
    return _object(**{name: {"type": "string", "enum": list(texts)} if texts else {"type": "string", "minLength": 1}})


_ID: Final[_Schema] = {"type": "integer", "minimum": 1, "maximum": ID_MAX}
_DAY: Final[_Schema] = {"type": "string", "format": "date", "description": "ISO 8601, such as 2024-10-10."}
_MONEY: Final[_Schema] = {"type": "number", "minimum": 0, "description": "In whole units of the property's currency."}
_TEXT: Final[_Schema] = {"type": "string"}
_USER: Final = _object(id=_ID, username=_TEXT, email=_TEXT)
_USER_EXAMPLE: Final = {"id": 3, "username": "john", "email": "john@gmail.com"}
_STAY_EXAMPLE: Final = {"userId": 3, "propertyId": 2, "startDate": "2024-10-10", "endDate": "2024-10-15"}
_ERROR: Final = _says("error")


def _response(what: str, schema: _Schema, example: object) -> dict[str, Any]:
    return {"description": what, "content": {"application/json": {"schema": schema, "example": example}}}


def _error(what: str, text: str) -> dict[str, Any]:
    return _response(what, _ERROR, {"error": text})


_BAD: Final = {
    400: _error("The body is malformed, or a field is missing or impossible.", "endDate must be after startDate")
}
_BUSY: Final = {503: _error("Too busy, or the database is away. Try again.", "Too busy")}
_NEEDS_TOKEN: Final = {401: _error("The token is missing, forged or expired.", "Log in first")}
_NO_BOOKING: Final = {404: _error("There is no such booking, or it is not yours.", "Booking not found")}
_NUMBER: Final[_Schema] = {
    "name": "bookingId",
    "in": "path",
    "required": True,
    "schema": _ID,
    "description": "The `bookingId` of the booking.",
    "example": 1,
}


def _body(example: dict[str, Any], **properties: _Schema) -> dict[str, Any]:
    media = {"schema": _object(**properties), "example": example}
    return {"requestBody": {"required": True, "content": {"application/json": media}}}


_SECURED: Final[dict[str, Any]] = {"security": [{"bearer": []}]}
_NEW_USER: Final = {"username": "john", "email": "john@gmail.com", "password": "correct-horse-battery"}
_HOME: Final = {
    "propertyId": 2,
    "name": "Oceanfront Luxury Villa",
    "location": "Malibu, CA",
    "pricePerNight": 450,
    "availability": True,
}

_CALLS: Final[dict[str, dict[str, Any]]] = {
    "register": {
        "success": HTTPStatus.CREATED,
        "responses": {
            201: _response(
                "Registered.",
                _says("message", "User registered successfully"),
                {"message": "User registered successfully"},
            ),
            409: _error("The e-mail address or the user name is taken.", "User already exists"),
            **_BAD,
            **_BUSY,
        },
        "openapi_extra": _body(
            _NEW_USER,
            username={"type": "string", "minLength": 3, "maxLength": 40},
            email={"type": "string", "format": "email", "maxLength": 254},
            password={"type": "string", "minLength": 8, "maxLength": 128, "format": "password"},
        ),
    },
    "login": {
        "success": HTTPStatus.OK,
        "responses": {
            200: _response(
                "Logged in.",
                _object(token=_TEXT, message={"type": "string", "enum": ["Login successful"]}),
                {"token": "eyJhbGciOiJFUzI1NiJ9…", "message": "Login successful"},
            ),
            401: _error("E-mail and password do not belong together.", "Invalid credentials"),
            **_BAD,
            **_BUSY,
        },
        "openapi_extra": _body(
            {"email": "john@gmail.com", "password": "correct-horse-battery"}, email=_TEXT, password=_TEXT
        ),
    },
    "profile": {
        "success": HTTPStatus.OK,
        "responses": {200: _response("Whose token this is.", _USER, _USER_EXAMPLE), **_NEEDS_TOKEN, **_BUSY},
        "openapi_extra": _SECURED,
    },
    "all_users": {
        "success": HTTPStatus.OK,
        "responses": {
            200: _response("Every user.", {"type": "array", "items": _USER}, [_USER_EXAMPLE]),
            403: _error("The token is not an admin's.", "Only an admin may do this"),
            **_NEEDS_TOKEN,
            **_BUSY,
        },
        "openapi_extra": _SECURED,
    },
    "properties": {
        "success": HTTPStatus.OK,
        "responses": {
            200: _response(
                "Every property.",
                {
                    "type": "array",
                    "items": _object(
                        propertyId=_ID,
                        name=_TEXT,
                        location=_TEXT,
                        pricePerNight=_MONEY,
                        availability={"type": "boolean"},
                    ),
                },
                [_HOME],
            ),
            **_BUSY,
        },
        "openapi_extra": {},
    },
    "book": {
        "success": HTTPStatus.CREATED,
        "responses": {
            201: _response(
                "Booked.",
                _object(bookingId=_ID, message={"type": "string", "enum": ["Booking confirmed"]}, totalPrice=_MONEY),
                {"bookingId": 3, "message": "Booking confirmed", "totalPrice": 2250},
            ),
            403: _error("`userId` is not whose token it is.", "userId is not yours"),
            404: _response(
                "There is no such property, or a night is taken.",
                _says("message", "Property not found or not available"),
                {"message": "Property not found or not available"},
            ),
            **_BAD,
            **_NEEDS_TOKEN,
            **_BUSY,
        },
        "openapi_extra": _SECURED | _body(_STAY_EXAMPLE, userId=_ID, propertyId=_ID, startDate=_DAY, endDate=_DAY),
    },
    "booking": {
        "success": HTTPStatus.OK,
        "responses": {
            200: _response(
                "The booking.",
                _object(bookingId=_ID, userId=_ID, propertyId=_ID, startDate=_DAY, endDate=_DAY),
                {"bookingId": 1, **_STAY_EXAMPLE},
            ),
            **_NO_BOOKING,
            **_NEEDS_TOKEN,
            **_BUSY,
        },
        "openapi_extra": _SECURED | {"parameters": [_NUMBER]},
    },
    "cancel_booking": {
        "success": HTTPStatus.OK,
        "responses": {
            200: _response(
                "Canceled.",
                _says("message", "Booking cancelled successfully"),
                {"message": "Booking cancelled successfully"},
            ),
            409: _error("The stay has begun.", "Too late to cancel"),
            **_NO_BOOKING,
            **_NEEDS_TOKEN,
            **_BUSY,
        },
        "openapi_extra": _SECURED | {"parameters": [_NUMBER]},
    },
}


def described(call: str) -> dict[str, Any]:
    """Return what FastAPI is told about a call of the contract, by the name of its method."""
    known = _CALLS[call]
    return {
        "status_code": known["success"],
        "responses": known["responses"],
        "openapi_extra": known["openapi_extra"],
        "operation_id": f"home_rental_{call}",
        "summary": call.replace("_", " ").capitalize(),
    }
