"""Routes that read strictly.

Use `Router` where FastAPI's manual says `APIRouter`. How to write a route:

```python
router = Router(prefix="/v1/holds", tags=["holds"])

@router.post("", status_code=201, responses=responses(CapacityTaken, QuoteExpired))
async def place_hold(body: NewHold, principal: CurrentPrincipal, key: KeyedRequest, request: Request) -> HoldOut:
    \"\"\"Hold the stock of a quote for ten minutes.\"\"\"       # for API users: it becomes the OpenAPI text
    hold = await request.app.state.booking.place_hold(...)   # parse, service, render: nothing else happens here
    return HoldOut.of(hold)
```

- `async def` only: a plain function costs a thread hop of some 130 us. Annotate what it returns: that is the fast path.
- Bodies are `Wire` models; queries use `Digits`, `Measure`, `YesNo`, `DayField`, `Line`; paths `PathNumber`,
  `PathText`.
- Raise a `HoldfastError`; never build an error answer. Few dependencies on hot routes: each costs some 10 us.

What `Router` adds to FastAPI: bodies only as `application/json` in UTF-8, read by `holdfast.kit.http.json`; unknown and
repeated query parameters are refused; a body on a route that takes none is refused unless it is `{}`; `Accept` is
honoured; a declaration without bounds raises TypeError when the route is declared.
"""

import re
from collections.abc import Callable, Coroutine, Iterator, Mapping
from inspect import iscoroutinefunction
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin

from fastapi import APIRouter, Request, Response
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import request_params_to_args
from fastapi.routing import APIRoute
from pydantic import BaseModel, TypeAdapter
from starlette.types import Scope
from typing_extensions import override

from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.http.bounds import unbounded
from holdfast.kit.http.cards import holds_card
from holdfast.kit.http.json import FINDINGS_MAX, pointer_of, read_json
from holdfast.kit.http.problems import ANY_PROBLEM, refusal_of
from holdfast.kit.http.refusals import (
    CardNumberRefused,
    DuplicateParameter,
    InvalidEncoding,
    NotAcceptable,
    UnsupportedMediaType,
)

_JSON: Final = "application/json"
_PLAIN_JSON: Final = frozenset(
    {b"application/json", b"application/json; charset=utf-8", b"application/json;charset=utf-8"}
)
_UTF8: Final = frozenset({"utf-8", "utf8"})
_BODY_METHODS: Final = frozenset({"POST", "PUT", "PATCH"})
_MANY: Final = frozenset({list, tuple, set, frozenset})
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_REPLACEMENT: Final = "\N{REPLACEMENT CHARACTER}"


class ReadRequest(Request):
    """A request whose body is read strictly, before FastAPI asks for it."""

    _value: Any = None

    def keep(self, value: Any) -> None:
        """Remember the JSON value of the body."""
        self._value = value

    @override
    async def json(self) -> Any:
        return self._value


class StrictRoute(APIRoute):
    """A route that looks at the request before FastAPI does."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        gate = _Gate(self)

        async def handle(request: Request) -> Response:
            return await answer(await gate.admit(request))

        return handle


class Router(APIRouter):
    """FastAPI's router with strict reading; see the module's docstring."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"route_class": StrictRoute, "redirect_slashes": False, **options})

    @override
    def add_api_route(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        """Add a route.

        Raises:
            TypeError: The endpoint is no coroutine function, reads a body it cannot get, or reads without bounds.
        """
        if not iscoroutinefunction(endpoint):
            raise TypeError(f"{path}: write the endpoint with async def")
        options["responses"] = {**ANY_PROBLEM, **(options.get("responses") or {})}
        super().add_api_route(path, endpoint, **options)
        route = self.routes[-1]
        if not isinstance(route, APIRoute):
            return
        if route.body_field is not None and not _BODY_METHODS & (route.methods or set()):
            raise TypeError(f"{route.path}: GET and DELETE take no body; a list in the query needs Query()")
        if faults := list(_faults(route)):
            raise TypeError(f"{route.path}: no bounds for {', '.join(faults)}; see holdfast.kit.http.wire")


class _Gate:
    """What one route checks of a request before anything else happens."""

    def __init__(self, route: APIRoute) -> None:
        self._query = list(_query_fields(route.dependant))
        parameters = dict(_query_parameters(route.dependant))
        self._known = frozenset(parameters)
        self._repeatable = frozenset(name for name, annotation in parameters.items() if _is_many(annotation))
        self._numeric = frozenset(name for name, annotation in parameters.items() if _is_number(annotation))
        body = route.body_field
        self._takes_body = body is not None
        self._needs_body = body is not None and body.field_info.is_required()
        self._reads_body = bool(_BODY_METHODS & (route.methods or set()))
        chosen: Any = route.response_class
        media_type: str = getattr(chosen, "value", chosen).media_type or _JSON
        self._answers = (media_type, media_type.partition("/")[0] + "/*", "*/*")

    async def admit(self, request: Request) -> Request:
        """Check a request and read its body.

        Raises:
            HoldfastError: The request cannot be read, or asks for what is not there.
        """
        scope = request.scope
        accept, content_types, content_encoding = _headers(scope)
        self._check_target(scope["path"], accept)
        if scope["query_string"]:
            self._check_query(request)
        if not self._reads_body:
            return request
        read = ReadRequest(scope, request.receive)
        body = await read.body()
        if body:
            _check_type(content_types, content_encoding)
            read.keep(read_json(body))
            if not self._takes_body:
                _refuse_members(await read.json())
        elif self._needs_body:
            read_json(body)
        return read

    def _check_target(self, path: str, accept: str | None) -> None:
        """Look at the path and at what the client wants to read.

        Raises:
            NotFound: The path holds a control character; no database should see a NUL.
            NotAcceptable: The client wants nothing this route answers.
        """
        if not path.isprintable() and _CONTROL.search(path):
            raise NotFound
        if accept is not None and accept not in self._answers and not _is_acceptable(accept, self._answers):
            raise NotAcceptable(f"This address answers {self._answers[0]}.")

    def _check_query(self, request: Request) -> None:
        """Look at every query parameter.

        Raises:
            DuplicateParameter: One that takes a single value is repeated.
            Invalid: One is not known here, or holds a control character.
            InvalidEncoding: One is not UTF-8.
        """
        sent = request.query_params.multi_items()
        self._refuse_cards(sent)
        names = [name for name, _ in sent]
        repeated = {name for name in names if names.count(name) > 1} - self._repeatable if len(sent) > 1 else set()
        findings = [
            _query_finding(name, "unknown_field", "Not known here.") for name in names if name not in self._known
        ]
        for name, value in sent:
            if not value.isprintable() and _CONTROL.search(value):
                findings.append(_query_finding(name, "control_character", "The text holds a control character."))
            if _REPLACEMENT in value or _REPLACEMENT in name:
                raise InvalidEncoding("The query must be UTF-8.")
        if findings:
            # What is known here but wrong is named in the same answer.
            _, wrong = request_params_to_args(self._query, request.query_params)
            named = {(each.pointer, each.code) for each in findings}
            if wrong:
                findings += [each for each in refusal_of(wrong, None).errors if (each.pointer, each.code) not in named]
            raise Invalid(errors=findings[:FINDINGS_MAX])
        if repeated:
            raise DuplicateParameter(
                errors=[_query_finding(name, "duplicate_parameter", "Send it once.") for name in sorted(repeated)]
            )

    def _refuse_cards(self, sent: list[tuple[str, str]]) -> None:
        findings = [
            _query_finding(name, "card_number_refused", "This looks like a card number.")
            for name, value in sent
            if holds_card(name) or (name not in self._numeric and holds_card(value))
        ]
        if findings:
            raise CardNumberRefused(errors=findings[:FINDINGS_MAX])


def _query_finding(name: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query{pointer_of(name)}", code=code, detail=detail)


def _headers(scope: Scope) -> tuple[str | None, list[bytes], bytes]:
    accept: list[bytes] = []
    content_types: list[bytes] = []
    encoding = b""
    for name, value in scope["headers"]:
        if name == b"accept":
            accept.append(value)
        elif name == b"content-type":
            content_types.append(value)
        elif name == b"content-encoding":
            encoding += value
    return b",".join(accept).decode("latin-1") if accept else None, content_types, encoding


def _is_acceptable(accept: str, answers: tuple[str, ...]) -> bool:
    """Whether one of our media types is wanted; the most specific range that speaks of it decides."""
    wanted: dict[str, bool] = {}
    for part in accept.lower().split(","):
        media_range, *parameters = (each.strip() for each in part.split(";"))
        wanted[media_range] = not any(_is_zero_weight(parameter) for parameter in parameters)
    return next((wanted[answer] for answer in answers if answer in wanted), False)


def _is_zero_weight(parameter: str) -> bool:
    name, _, value = parameter.partition("=")
    return name.strip() == "q" and not value.strip().strip("0.")


def _check_type(content_types: list[bytes], encoding: bytes) -> None:
    if encoding and encoding.lower() != b"identity":
        raise UnsupportedMediaType("Send the body without Content-Encoding.")
    if len(content_types) != 1:
        raise UnsupportedMediaType("Send one Content-Type: application/json.")
    if content_types[0] in _PLAIN_JSON:
        return
    media_type, *parameters = (part.strip().lower() for part in content_types[0].decode("latin-1").split(";"))
    charsets = [part.partition("=")[2].strip('" ') for part in parameters if part.startswith("charset")]
    if media_type != _JSON or any(charset not in _UTF8 for charset in charsets):
        raise UnsupportedMediaType("Send Content-Type: application/json in UTF-8.")


def _refuse_members(value: Any) -> None:
    """Refuse whatever a body says to a route that takes none.

    Raises:
        Invalid: It says something.
    """
    if not isinstance(value, dict):
        raise Invalid(errors=[FieldError(pointer="", code="type_error", detail="This address takes no body.")])
    if value:
        names = list(value)[:FINDINGS_MAX]
        raise Invalid(
            errors=[
                FieldError(pointer=pointer_of(name), code="unknown_field", detail="Not known here.") for name in names
            ]
        )


def _is_many(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return any(_is_many(part) for part in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return _is_many(get_args(annotation)[0])
    return (get_origin(annotation) or annotation) in _MANY


def _is_number(annotation: Any) -> bool:
    if get_origin(annotation) in {Union, UnionType}:
        return all(part is type(None) or _is_number(part) for part in get_args(annotation))
    if get_origin(annotation) is Annotated:
        return _is_number(get_args(annotation)[0])
    return annotation in {int, float}


def _query_fields(dependant: Dependant) -> Iterator[ModelField]:
    yield from dependant.query_params
    for each in dependant.dependencies:
        yield from _query_fields(each)


def _query_parameters(dependant: Dependant) -> Iterator[tuple[str, Any]]:
    """Yield the names a query may use, and their types; a model stands for its fields."""
    for field in _query_fields(dependant):
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            for name, inner in annotation.model_fields.items():
                yield inner.alias or name, inner.annotation
        else:
            yield field.alias, annotation


def _faults(route: APIRoute) -> Iterator[str]:
    for field in _query_fields(route.dependant):
        yield from (f"query {field.alias}{at.rstrip('/')}" for at in unbounded(_schema(field)))
    if route.body_field is not None:
        yield from (f"body {at}" for at in unbounded(_schema(route.body_field)))


def _schema(field: ModelField) -> Mapping[str, Any]:
    annotation: Any = field.field_info.annotation
    if field.field_info.metadata:
        annotation = Annotated[(annotation, *field.field_info.metadata)]
    return TypeAdapter(annotation).json_schema()
