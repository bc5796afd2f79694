"""The bodies that are read. Unknown members are refused, nothing is converted."""

import re
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from holdfast.engine.money import DECIMALS

BodyT = TypeVar("BodyT", bound=msgspec.Struct)

AMOUNT_MOST: Final = 99_999_999_999
_RETURN_URL_MOST: Final = 2_000
_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f]")

Id = Annotated[str, Meta(max_length=100, pattern=r"^[\x21-\x7e]*$")]
Amount = Annotated[int, Meta(ge=1, le=AMOUNT_MOST)]
Line = Annotated[str, Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f]*$")]


class BadBody(ValueError):
    """A body cannot be read."""


class PaymentMetadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the merchant calls a payment."""

    payment_id: Id = ""
    hold_id: Id = ""


class RefundMetadata(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the merchant calls a refund."""

    refund_id: Id = ""


class NewPayment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A payment to be made and authorized."""

    amount: Amount
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    method: Annotated[str, Meta(pattern=r"^(card|wallet|paypal)$")] = "card"
    token: Id | None = None
    capture_method: Annotated[str, Meta(pattern=r"^manual$")] = "manual"
    return_url: Annotated[str, Meta(max_length=_RETURN_URL_MOST)] = ""
    description: Line = ""
    metadata: PaymentMetadata = PaymentMetadata()


class NewCapture(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much of a payment is to be captured."""

    amount: Amount | None = None


class NewRefund(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Money to be given back."""

    payment: Id
    amount: Amount | None = None
    metadata: RefundMetadata = RefundMetadata()


class NewToken(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Card data, as the form in the payer's browser sends them."""

    number: Annotated[str, Meta(max_length=40)]
    exp_month: Annotated[int, Meta(ge=1, le=12)]
    exp_year: Annotated[int, Meta(ge=2000, le=2100)]
    cvc: Annotated[str, Meta(max_length=4, pattern=r"^[0-9]{3,4}$")]


class NewMethod(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A way to pay that a customer wants to keep."""

    customer: Id
    method: Annotated[str, Meta(pattern=r"^(card|wallet|paypal)$")] = "card"
    token: Id


class NewFault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that is to go wrong."""

    operation: Id
    what: Id
    payment: Id | None = None
    times: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    skip: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    seconds: Annotated[float, Meta(ge=0, le=600)] = 60.0


class NewDispute(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why a payer disputes."""

    reason: Annotated[str, Meta(max_length=60, pattern=r"^[a-z_]*$")] = "general"


class NewSending(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a message is to be sent once more."""

    manner: Annotated[str, Meta(pattern=r"^(again|forged|old|future|altered|unsigned)$")] = "again"


def read(body: bytes, shape: type[BodyT]) -> BodyT:
    """Return a body.

    Raises:
        BadBody: It is not what this request takes.
    """
    try:
        made = msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.ValidationError as error:
        raise BadBody(str(error)) from None
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadBody("The body is no JSON.") from error
    if isinstance(made, NewPayment):
        _check(made)
    return made


def checked(made: BodyT) -> BodyT:
    """Return what was made of a form, looked at like a body: making a Struct alone checks nothing.

    Raises:
        BadBody: A value is not what it may be.
    """
    return read(msgspec.json.encode(made), type(made))


def _check(new: NewPayment) -> None:
    """Look at what a pattern cannot say.

    Raises:
        BadBody: The currency is none, or the payer would be sent to where nobody should be sent.
    """
    if new.currency not in DECIMALS:
        raise BadBody("This is no currency - at `$.currency`")
    if new.return_url and not is_return_url(new.return_url):
        raise BadBody("Only http and https, without a name or password - at `$.return_url`")


def is_return_url(url: str) -> bool:
    """Return whether a payer may be sent to an address."""
    if _CONTROL.search(url) or "\\" in url:
        return False
    try:
        parts = urlsplit(url)
        port_is_a_number = parts.port is None or parts.port >= 0
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc and port_is_a_number


def origin_of(url: str) -> str:
    """Return the origin of an address that `is_return_url`."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
