"""What routes say about a success, and how a request with an idempotency key reaches a door and comes back."""

from typing import Any, Final, TypeVar

from fastapi import Response

from holdfast.kit.errors import HoldfastError
from holdfast.kit.http.keys import KeyMalformed, KeyMissing, RequestKey
from holdfast.kit.keyed import Caller, Keyed, KeyInProgress, KeyReused

T = TypeVar("T")

REPLAYED: Final = "Idempotent-Replayed"
KEY_ERRORS: Final[tuple[type[HoldfastError], ...]] = (KeyMissing, KeyMalformed, KeyReused, KeyInProgress)
"""What every route that takes a key may refuse."""

_REPLAY_HEADER: Final[dict[str, Any]] = {
    REPLAYED: {
        "description": "`true` if an earlier request with this Idempotency-Key was given this answer.",
        "schema": {"type": "string", "enum": ["true"]},
    }
}


def success(
    status: int, what: str, *, keyed: bool = False, headers: dict[str, Any] | None = None
) -> dict[int | str, dict[str, Any]]:
    """Return the OpenAPI entry of a route's success."""
    shown = {**(headers or {}), **(_REPLAY_HEADER if keyed else {})}
    return {status: {"description": what, **({"headers": shown} if shown else {})}}


def caller(account_id: int, key: RequestKey) -> Caller:
    """Return whose key it is, as doors take it."""
    return Caller(account_id=account_id, key=key.key, fingerprint=key.fingerprint, route=key.route)


def unwrapped(keyed: Keyed[T], response: Response) -> T:
    """Return the answer to a request with a key, and say in the headers if it was given before."""
    if keyed.replayed:
        response.headers[REPLAYED] = "true"
    return keyed.value
