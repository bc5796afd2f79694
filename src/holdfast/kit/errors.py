"""Errors with a stable code and a status, rendered as RFC 9457 problem+json at the edge."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldError:
    """One wrong field of a request."""

    pointer: str
    """JSON pointer into the body (`/items/0/guests`), or `#query/<name>`, `#header/<name>`, `#path/<name>`."""
    code: str
    detail: str


class HoldfastError(Exception):
    """Something a caller can understand and act on; never a programmer's mistake.

    Subclasses set `code` (stable, documented in `docs/errors.md`), `status` (HTTP) and `title`. The class docstring
    says what the user can do about it.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Error"

    def __init__(
        self,
        detail: str = "",
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        """Further members of the problem document, JSON values only."""
        self.retry_after_s = retry_after_s
        self.replayed = False
        """Whether this is the answer an earlier request with the same Idempotency-Key was given."""


class Invalid(HoldfastError):
    """The request was read but a field is wrong; `errors` names every one. Correct them and send again."""

    code = "invalid"
    status = 422
    title = "The request is not valid"


class NotFound(HoldfastError):
    """There is no such thing, or it is not yours to see; the answer is the same for both."""

    code = "not_found"
    status = 404
    title = "Not found"


class Forbidden(HoldfastError):
    """You are known, but your role does not allow this."""

    code = "forbidden"
    status = 403
    title = "Not allowed"


class ReauthRequired(HoldfastError):
    """You may do this, once you have shown that it is still you: `POST /v1/me/reauthenticate`, then send it again."""

    code = "reauth_required"
    status = 403
    title = "Prove again who you are"


class PaymentRequired(HoldfastError):
    """What you want to confirm has to be paid first: `POST /v1/payments`, approve it if asked, then confirm."""

    code = "payment_required"
    status = 402
    title = "Payment required"


class Unauthenticated(HoldfastError):
    """Send a valid access token in `Authorization: Bearer …`."""

    code = "unauthenticated"
    status = 401
    title = "Log in first"


class Overloaded(HoldfastError):
    """The server takes no more work at this moment. Try again after `Retry-After` seconds; nothing was done."""

    code = "overloaded"
    status = 503
    title = "Too busy"


class DatabaseUnavailable(HoldfastError):
    """The database cannot be reached. Nothing was done; try again after `Retry-After` seconds."""

    code = "database_unavailable"
    status = 503
    title = "The database cannot be reached"


class CommitOutcomeUnknown(HoldfastError):
    """The database did not say whether the change was kept. Send the same request with the same Idempotency-Key."""

    code = "commit_outcome_unknown"
    status = 503
    title = "The outcome is not known yet"


class StorageFull(HoldfastError):
    """The disk is full. Nothing was changed; reading still works. The operator has to make space."""

    code = "storage_full"
    status = 507
    title = "No space left"
