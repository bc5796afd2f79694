"""The door of payments.

A *payment* is one attempt to pay one hold, authorised first and captured when the hold has become a booking. No amount
is ever taken from a guest's request: it is what the hold says. What a payment's state is, the provider has said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol

from holdfast.kit.errors import HoldfastError, Invalid
from holdfast.kit.keyed import Caller, Keyed


class PaymentMethod(StrEnum):
    """How a guest chooses to pay."""

    AT_PROPERTY = "at_property"
    CARD = "card"
    WALLET = "wallet"
    PAYPAL = "paypal"


class PaymentStatus(StrEnum):
    """Where the payment of a booking stands, in the words guests and owners read."""

    DUE_AT_PROPERTY = "due_at_property"
    PENDING = "pending"
    COMPLETED = "completed"
    DENIED = "denied"
    REFUNDED = "refunded"
    VOIDED = "voided"
    """Let go before any money moved."""


class PaymentState(StrEnum):
    """Where one payment stands with its provider."""

    STARTING = "starting"
    """Written down; the provider has not been heard."""
    REQUIRES_ACTION = "requires_action"
    """The guest has to approve it (3-D Secure, PayPal) at `action_url`."""
    AUTHORISED = "authorised"
    CAPTURED = "captured"
    DENIED = "denied"
    VOIDED = "voided"


class RefundState(StrEnum):
    """Where a refund stands with its provider."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class CaseKind(StrEnum):
    """What the late-payment resolver found: a closed table, one outcome each (docs/late-payments.md)."""

    PAID_IN_TIME = "paid_in_time"
    LATE_STOCK_FREE = "late_stock_free"
    LATE_STOCK_GONE = "late_stock_gone"
    PAID_TWICE = "paid_twice"
    WRONG_AMOUNT = "wrong_amount"
    RIVAL_ALIVE = "rival_alive"
    REFUND_FAILED = "refund_failed"
    DISPUTE = "dispute"


class CaseState(StrEnum):
    """Whether a case still needs something."""

    OPEN = "open"
    NEEDS_HUMAN = "needs_human"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CardShown:
    """What may be shown of a card or wallet: never more."""

    brand: str
    last4: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMethod:
    """A way to pay that a guest keeps, as a token of the provider's."""

    id: str
    account_id: int
    provider: str
    method: PaymentMethod
    card: CardShown | None
    expires: str | None
    """`YYYY-MM`, where the provider says."""
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentOrder:
    """What is to be authorised. Amount and currency come from the hold, never from a request."""

    hold_id: str
    amount_minor: int
    currency: str
    method: PaymentMethod
    token: str | None = None
    """The provider's token for a card or wallet, made by its own form in the browser."""
    stored_method_id: str | None = None
    keep_method: bool = False
    return_url: str | None = None
    """Where the provider sends the guest after approving."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One attempt to pay one hold."""

    id: str
    hold_id: str
    account_id: int
    attempt: int
    """Counts from 1 within the hold."""
    provider: str
    method: PaymentMethod
    amount_minor: int
    currency: str
    state: PaymentState
    captured_minor: int
    refunded_minor: int
    """Refunds that are pending or completed."""
    card: CardShown | None
    action_url: str | None
    denial: str | None
    """Why it was denied, as a stable word (`insufficient_funds`, `card_declined`, `expired`, ...)."""
    provider_ref: str | None
    booking_reference: str | None
    created_at: datetime
    authorised_at: datetime | None
    captured_at: datetime | None
    ended_at: datetime | None
    waited: bool = False
    """Whether the guest had to approve it elsewhere, so that nobody may have waited for its answer."""

    @property
    def status(self) -> PaymentStatus:
        """What guests and owners read."""
        match self.state:
            case PaymentState.CAPTURED:
                return PaymentStatus.REFUNDED if self.refunded_minor >= self.captured_minor else PaymentStatus.COMPLETED
            case PaymentState.DENIED:
                return PaymentStatus.DENIED
            case PaymentState.VOIDED:
                return PaymentStatus.VOIDED
            case _:
                return PaymentStatus.PENDING

    @property
    def is_open(self) -> bool:
        """Whether the provider may still take money by it."""
        return self.state in {PaymentState.STARTING, PaymentState.REQUIRES_ACTION, PaymentState.AUTHORISED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A part of an amount and whose it is: `owner:<account>`, `platform:fees`, `tax` (see docs/ledger.md)."""

    account: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What captured money pays for: the shares add up to the amount captured."""

    reference: str
    """The booking."""
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Money to give back. The same `key` is the same refund, however often it is ordered."""

    key: str
    payment_id: str
    amount_minor: int
    currency: str
    reason: str
    """A stable word: `cancelled`, `changed`, `late`, `paid_twice`, `wrong_amount`, `goodwill`, `compensation`."""
    reference: str | None = None
    shares: tuple[Share, ...] = ()
    """Who gives it back; empty where nothing was sold (a late payment)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money given back, or on its way."""

    id: str
    payment_id: str
    amount_minor: int
    currency: str
    state: RefundState
    reason: str
    created_at: datetime
    completed_at: datetime | None
    key: str = ""
    """That of its order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Something about a payment that did not go the ordinary way, with what came of it; guest and owner see it."""

    id: str
    kind: CaseKind
    state: CaseState
    payment_id: str
    hold_id: str
    reference: str | None
    outcome: str
    """A stable word of the table in docs/late-payments.md: `booked`, `voided`, `refunded`, `waiting`, ..."""
    detail: str
    opened_at: datetime
    closed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One posting of the ledger: an amount that leaves one account and enters another, so it sums to zero by itself."""

    seq: int
    key: str
    """What caused it; unique together with `leg`."""
    leg: int
    kind: str
    debit: str
    credit: str
    amount_minor: int
    currency: str
    payment_id: str | None
    reference: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Transfers of an account, a booking or a day, with balances per account and currency."""

    subject: str
    first: datetime | None
    end: datetime | None
    transfers: tuple[Transfer, ...]
    balances: Mapping[str, Mapping[str, int]]
    """account -> currency -> credits less debits, of these transfers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReceipt:
    """What became of a message of a provider's."""

    event_id: str
    known: bool
    """Whether the same message had been received before."""
    outcome: str
    """`applied`, `nothing_new`, `ignored` (a type or object that is not ours), `alert` (it contradicts our books)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyBreach:
    """One thing `verify` found wrong with the money."""

    rule: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyReport:
    """The result of one recount of the money."""

    payments: int
    refunds: int
    transfers: int
    breaches: tuple[MoneyBreach, ...]
    started_at: datetime | None = None
    duration_ms: int = 0


class PaymentDenied(HoldfastError):
    """The provider or the guest said no; `denial` says why. Nothing was charged. Try another way to pay."""

    code = "payment_denied"
    status = 402
    title = "The payment was denied"


class PaymentMismatch(Invalid):
    """The payment is not for this hold, this amount or this currency, or it has been let go or refunded."""

    code = "payment_mismatch"
    title = "This payment does not pay for that"


class PaymentInProgress(HoldfastError):
    """The hold has a payment under way. Finish it, or wait until it has ended."""

    code = "payment_in_progress"
    status = 409
    title = "A payment is under way"


class PaymentOutcomeUnknown(HoldfastError):
    """The provider did not answer. Ask again with the same Idempotency-Key: nothing is charged twice."""

    code = "payment_outcome_unknown"
    status = 503
    title = "The provider has not answered"


class MethodUnavailable(Invalid):
    """This way to pay is not offered here. `methods` lists what is."""

    code = "payment_method_unavailable"
    title = "This way to pay is not offered"


class PaymentNotCaptured(HoldfastError):
    """There is no captured money to give back: let the payment go instead."""

    code = "payment_not_captured"
    status = 409
    title = "Nothing was captured"


class CaptureRefused(HoldfastError):
    """The provider will not pay out what it had authorised. The booking cannot stand."""

    code = "capture_refused"
    status = 409
    title = "The authorised amount cannot be captured"


class RefundExceedsCapture(Invalid):
    """More is to be given back than is left of what was captured; `remaining` says how much is."""

    code = "refund_exceeds_capture"
    title = "More than was captured"


class CurrencyMismatch(Invalid):
    """The amount is in another currency than the payment."""

    code = "currency_mismatch"
    title = "Another currency"


class WebhookRefused(HoldfastError):
    """The message does not come from the provider, or not now: its signature, age or form is wrong."""

    code = "webhook_refused"
    status = 400
    title = "This message cannot be trusted"


class PaymentsApi(Protocol):
    """What others may ask of payments. No call to a provider happens inside a transaction."""

    async def authorise(self, *, caller: Caller, order: PaymentOrder) -> Keyed[Payment]:
        """Authorise the amount of a hold; one open payment per hold, and the same key is the same payment.

        Another open payment of the hold that still waits for the guest is let go first (its provider object is
        canceled); one that is authorised stands in the way.

        Raises:
            MethodUnavailable: This way to pay is not offered.
            PaymentDenied: The provider said no; the payment is kept with the reason.
            PaymentInProgress: The hold has an authorised or captured payment, or one whose outcome is not known.
            PaymentOutcomeUnknown: The provider did not answer in time. The same key finds out.
            NotFound: There is no such stored method of this account.
            Invalid: A token is missing where the method needs one.
            KeyReused: The key belongs to another request.
        """

    async def replay(self, *, caller: Caller) -> Keyed[Payment] | None:
        """Return what `authorise` has made with this key, None if nothing; for a hold that can be paid no more.

        Raises:
            PaymentDenied: It was denied, or has been let go since.
            PaymentOutcomeUnknown: The provider did not answer in time.
            KeyReused: The key belongs to another request.
            KeyInProgress: A request with this key is being worked on.
        """

    async def arrange(
        self, *, account_id: int, hold_id: str, due: tuple[int, str], method: PaymentMethod, payment_id: str | None
    ) -> Payment:
        """Return the payment that pays for a hold, before it is confirmed: `due` is what is to be paid, with currency.

        Nothing is asked of the provider where it has already said that this payment is authorised; else it is asked.
        Repeating it for the same hold changes nothing.

        Raises:
            PaymentRequired: No payment is named, or it still waits for the guest.
            PaymentMismatch: The payment is somebody else's, another hold's, amount's or currency's, or has ended.
            PaymentDenied: It was denied.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """

    async def get(self, *, payment_id: str) -> Payment:
        """Return a payment.

        Raises:
            NotFound: No such payment.
        """

    async def of_holds(self, *, hold_ids: Sequence[str]) -> list[Payment]:
        """Return all payments of these holds, oldest first."""

    async def refresh(self, *, payment_id: str) -> Payment:
        """Look a payment up at its provider, keep what it says, and return it. Lost answers are found this way.

        An object of the provider's with another amount or currency than ours is never taken for paid: it opens a case
        `wrong_amount` and stays as it is for the resolver. Objects of the payment that should not be alive (of one that
        was let go, or beside the one we go by) are let go, and their case `rival_alive` is closed when none is left.

        Raises:
            NotFound: No such payment.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """

    async def capture(self, *, payment_id: str, sale: Sale) -> Payment:
        """Capture what is authorised, all of it, and post it to the ledger. Repeating it changes nothing.

        Raises:
            NotFound: No such payment.
            CaptureRefused: The provider will not (the authorisation was void or has run out).
            PaymentOutcomeUnknown: The provider did not answer in time.
        """

    async def void(self, *, payment_id: str) -> Payment:
        """Let a payment go at its provider before anything was captured. Repeating it changes nothing.

        A payment that turns out to be captured stays captured: look at the state of what comes back.

        Raises:
            NotFound: No such payment.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """

    async def refund(self, *, order: RefundOrder) -> Refund:
        """Give captured money back and post it. The same key is the same refund; a failed one is tried again.

        Raises:
            NotFound: No such payment.
            PaymentNotCaptured: Nothing was captured.
            RefundExceedsCapture: Zero, negative, or more than is left.
            CurrencyMismatch: Another currency than the payment's.
            KeyReused: The key belongs to another refund.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """

    async def refunds_of(self, *, payment_ids: Sequence[str]) -> list[Refund]:
        """Return the refunds of payments, oldest first."""

    async def open_case(self, *, kind: CaseKind, payment_id: str, reference: str | None, detail: str) -> Case:
        """Note that a payment did not go the ordinary way. One case of a kind per payment: repeating it finds it."""

    async def settle_case(self, *, case_id: str, state: CaseState, outcome: str, reference: str | None) -> Case:
        """Say what became of a case.

        Raises:
            NotFound: No such case.
        """

    async def cases_of(self, *, payment_ids: Sequence[str]) -> list[Case]:
        """Return the cases of payments, oldest first."""

    async def cases_waiting(self, *, limit: int) -> list[Case]:
        """Return cases that are open or need a human, oldest first."""

    async def unsettled(self, *, older_than_s: int, limit: int) -> list[Payment]:
        """Return open payments and those with a pending or failed refund that nobody has touched for a while."""

    async def methods_offered(self) -> tuple[PaymentMethod, ...]:
        """Return the ways to pay that are offered here."""

    async def stored_methods(self, *, account_id: int) -> list[StoredMethod]:
        """Return the ways to pay an account keeps, newest first."""

    async def keep_method(self, *, caller: Caller, method: PaymentMethod, token: str) -> Keyed[StoredMethod]:
        """Keep a way to pay: the provider turns the token into one that lasts.

        Raises:
            MethodUnavailable: This way to pay is not offered, or cannot be kept.
            PaymentDenied: The provider refused the token.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """

    async def drop_method(self, *, account_id: int, method_id: str) -> None:
        """Forget a way to pay, here and at the provider.

        Raises:
            NotFound: No such method of this account.
        """

    async def receive(self, *, provider: str, headers: Mapping[str, str], body: bytes) -> WebhookReceipt:
        """Take a message of a provider's. Its content is only a hint: what is kept comes from a look-up.

        Args:
            provider: The name in the path it came to.
            headers: With lower-case names.
            body: Exactly the bytes that were sent.

        Raises:
            NotFound: There is no such provider here.
            WebhookRefused: Signature, age or form is wrong; nothing was kept.
            PaymentOutcomeUnknown: The provider did not answer the look-up; it will send the message again.
        """

    async def statement(
        self,
        *,
        reference: str | None = None,
        account: str | None = None,
        first: datetime | None = None,
        end: datetime | None = None,
    ) -> Statement:
        """Return the transfers of a booking, an account or a time [first, end), at most 10,000.

        Raises:
            Invalid: Nothing is asked for, or more than 10,000 transfers would come.
        """

    async def day_statement(self, *, day: date, zone: str) -> Statement:
        """Return the transfers of one calendar day at a place."""

    async def verify(self) -> MoneyReport:
        """Recount the ledger against payments and refunds in one snapshot, keep and return the report."""

    async def last_report(self) -> MoneyReport | None:
        """Return the last recount, if there was one."""
