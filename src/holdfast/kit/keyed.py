"""Requests with an idempotency key, as doors take them, and their answers."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from holdfast.kit.errors import HoldfastError

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed(Generic[T]):
    """The answer to a request with an idempotency key."""

    value: T
    replayed: bool = False
    """Whether this is the answer an earlier request with the same key was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Whose idempotency key it is, and what it is used for."""

    account_id: int
    key: str | None
    """The Idempotency-Key; None only where a contract has none (Home Rental)."""
    fingerprint: str = ""
    """Digest of the request, to notice a key that is used again for something else."""
    route: str = ""


class KeyReused(HoldfastError):
    """This Idempotency-Key was used for another request. Use a new key for a new request."""

    code = "idempotency_key_reused"
    status = 422
    title = "The key belongs to another request"


class KeyInProgress(HoldfastError):
    """A request with this key is being worked on. Ask again in a second with the same key."""

    code = "idempotency_in_progress"
    status = 409
    title = "Still working on it"
