"""Idempotency-Key: read from the header, with a digest of the request to notice a key used again for another.

```python
@router.post("/v1/holds")
async def place_hold(body: NewHold, principal: CurrentPrincipal, key: KeyedRequest) -> HoldOut: ...
```
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Final

import msgspec
from fastapi import Depends, Header, Request

from holdfast.kit.errors import FieldError, HoldfastError
from holdfast.kit.http.cards import holds_card
from holdfast.kit.http.refusals import CardNumberRefused
from holdfast.kit.http.scopes import route_template

KEY_HEADER: Final = "Idempotency-Key"
KEY_LENGTH_MAX: Final = 255

_RAW_HEADER: Final = KEY_HEADER.lower().encode()
_SEPARATOR: Final = b"\x00"


class KeyMissing(HoldfastError):
    """This request moves stock or money: send an `Idempotency-Key` header with a value of your own making."""

    code = "idempotency_key_missing"
    status = 400
    title = "Idempotency-Key is missing"


class KeyMalformed(HoldfastError):
    """Send one `Idempotency-Key` header with 1 to 255 printable ASCII characters."""

    code = "idempotency_key_malformed"
    status = 400
    title = "Idempotency-Key is malformed"


@dataclass(frozen=True, slots=True)
class RequestKey:
    """The key of a request, and what it was used for."""

    key: str
    fingerprint: str
    """SHA-256 over method, path, query and body; the same for bodies that say the same."""
    route: str
    """Method and path template: the same key on another route is another key."""


def is_key_header(name: str) -> bool:
    """Return whether this is the header of idempotency keys."""
    return name.lower() == KEY_HEADER.lower()


async def _fingerprint(request: Request) -> str:
    body = await request.body()
    canonical = msgspec.json.encode(await request.json(), order="deterministic") if body else b""
    scope = request.scope
    path = scope["path"].encode("utf-8", "surrogateescape")
    parts = (scope["method"].encode(), path, scope["query_string"], canonical)
    return sha256(_SEPARATOR.join(parts)).hexdigest()


async def keyed_request(
    request: Request,
    idempotency_key: Annotated[
        str,
        Header(
            alias=KEY_HEADER,
            min_length=1,
            max_length=KEY_LENGTH_MAX,
            pattern=r"^[ -~]+$",
            description="A value of your own making. Repeat it to repeat the request without a second effect.",
        ),
    ],
) -> RequestKey:
    """Read the key of a request.

    Raises:
        KeyMalformed: Two headers, or one that is empty, too long or not printable ASCII.
        CardNumberRefused: It looks like a card number; keys are kept.
    """
    if sum(name == _RAW_HEADER for name, _ in request.scope["headers"]) > 1:
        raise KeyMalformed("There are several Idempotency-Key headers.")
    if holds_card(idempotency_key):
        pointer = f"#header/{KEY_HEADER.lower()}"
        raise CardNumberRefused(
            errors=[FieldError(pointer=pointer, code=CardNumberRefused.code, detail="This looks like a card number.")]
        )
    return RequestKey(
        key=idempotency_key,
        fingerprint=await _fingerprint(request),
        route=f"{request.method} {route_template(request.scope)}",
    )


KeyedRequest = Annotated[RequestKey, Depends(keyed_request)]
"""The idempotency key of this request; without one the answer is 400 `idempotency_key_missing`."""
