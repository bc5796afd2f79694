"""What payments asks of whoever moves the money.

Every call that changes something takes a key that was written down before: the provider answers the same key with the
same result, so that a lost answer is found by asking again. A provider never raises anything but the errors here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from holdfast.payments.api import CardShown, PaymentMethod, PaymentState


class ProviderUnavailable(Exception):
    """The provider did not answer, or answered 5xx, 429 or 409: whether it did what was asked is not known."""


class ProviderRefused(Exception):
    """The provider understood and said no. `denial` is a stable word, `detail` what a person may read."""

    def __init__(self, denial: str, detail: str = "") -> None:
        super().__init__(detail or denial)
        self.denial = denial
        self.detail = detail


class MessageForged(Exception):
    """A message that is said to come from the provider does not, or not now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What is to be authorised."""

    payment_id: str
    """Ours; kept with the provider's object, so that it can be found by it."""
    hold_id: str
    amount_minor: int
    currency: str
    method: PaymentMethod
    token: str | None
    customer: str | None
    """The provider's own customer, for a kept method."""
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPayment:
    """A payment as its provider sees it."""

    ref: str
    payment_id: str | None
    """Ours, as the provider kept it."""
    state: PaymentState
    amount_minor: int
    currency: str
    captured_minor: int
    refunded_minor: int
    action_url: str | None = None
    denial: str | None = None
    card: CardShown | None = None
    disputed: bool = False
    dispute_lost: bool | None = None
    """None while it is not decided."""


class ProviderRefundState(StrEnum):
    """Where a refund stands."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRefund:
    """A refund as its provider sees it."""

    ref: str
    refund_id: str | None
    """Ours, as the provider kept it."""
    amount_minor: int
    currency: str
    state: ProviderRefundState


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptMethod:
    """A way to pay that the provider keeps."""

    token: str
    customer: str | None
    card: CardShown | None
    expires: str | None
    """`YYYY-MM`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message whose signature was right: a hint where to look, nothing more."""

    event_id: str
    kind: str
    ref: str | None
    """The provider's payment it is about; None where it is about nothing of ours."""
    at: datetime


class Provider(Protocol):
    """Whoever moves the money. Amounts in minor units; capture is always a step of its own."""

    @property
    def name(self) -> str:
        """Return the name in settings, paths and ledger accounts."""

    @property
    def methods(self) -> frozenset[PaymentMethod]:
        """Return the ways to pay it can take."""

    async def authorise(self, *, key: str, what: Authorisation) -> ProviderPayment:
        """Make a payment object that is captured by hand, and try to authorise it.

        Raises:
            ProviderRefused: It was denied.
            ProviderUnavailable: The outcome is not known.
        """

    async def look_up(self, *, ref: str) -> ProviderPayment:
        """Return a payment as it stands.

        Raises:
            ProviderRefused: There is no such payment (`unknown`).
            ProviderUnavailable: No answer.
        """

    async def find(self, *, payment_id: str) -> Sequence[ProviderPayment]:
        """Return every payment object that was made for one of ours, however its making was answered.

        Raises:
            ProviderUnavailable: No answer.
        """

    async def capture(self, *, key: str, ref: str, amount_minor: int) -> ProviderPayment:
        """Take what is authorised.

        Raises:
            ProviderRefused: It cannot be captured (any more).
            ProviderUnavailable: The outcome is not known.
        """

    async def cancel(self, *, key: str, ref: str) -> ProviderPayment:
        """Let a payment go before it is captured. One that is captured or gone already is returned as it is.

        Raises:
            ProviderUnavailable: The outcome is not known.
        """

    async def refund(self, *, key: str, ref: str, refund_id: str, amount_minor: int) -> ProviderRefund:
        """Give back part or all of what was captured.

        Raises:
            ProviderRefused: It cannot be given back.
            ProviderUnavailable: The outcome is not known.
        """

    async def refunds(self, *, ref: str) -> Sequence[ProviderRefund]:
        """Return all refunds of a payment.

        Raises:
            ProviderUnavailable: No answer.
        """

    async def keep(self, *, key: str, account_id: int, method: PaymentMethod, token: str) -> KeptMethod:
        """Turn a token into one that lasts.

        Raises:
            ProviderRefused: The token is not good, or this method cannot be kept.
            ProviderUnavailable: The outcome is not known.
        """

    async def forget(self, *, token: str) -> None:
        """Forget a kept way to pay. Forgetting twice changes nothing.

        Raises:
            ProviderUnavailable: The outcome is not known.
        """

    async def read(self, *, headers: Mapping[str, str], body: bytes, now: datetime) -> Message:
        """Check that a message is the provider's and fresh (300 s in both directions), and read it.

        Raises:
            MessageForged: It is not.
            ProviderUnavailable: The provider had to be asked and did not answer.
        """

    async def close(self) -> None:
        """End connections."""
