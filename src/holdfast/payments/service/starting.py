"""Beginning to pay: the payment is written down first, with the key its provider gets, and then asked for."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed, KeyInProgress, KeyReused
from holdfast.payments.api import (
    MethodUnavailable,
    Payment,
    PaymentDenied,
    PaymentInProgress,
    PaymentMethod,
    PaymentOrder,
    PaymentOutcomeUnknown,
    PaymentState,
)
from holdfast.payments.models import MethodState
from holdfast.payments.providers.protocol import Authorisation, ProviderPayment, ProviderRefused
from holdfast.payments.rules import LET_GO
from holdfast.payments.service.answers import payment_of
from holdfast.payments.service.desk import Desk
from holdfast.payments.service.ending import Ending
from holdfast.payments.service.keeping import Heard, Keeping
from holdfast.payments.service.looking import Looking
from holdfast.payments.service.storing import Means, Storing, check_token, offered, serving
from holdfast.payments.store import methods, records

_TRIES: Final = 5
_CARDS: Final = frozenset({PaymentMethod.CARD, PaymentMethod.WALLET})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Begun:
    """A payment that is written down, or another one that stands in its way."""

    row: Row
    replayed: bool = False
    in_the_way: bool = False


class Starting:
    """Authorises payments."""

    def __init__(self, desk: Desk, keeping: Keeping, looking: Looking, ending: Ending, storing: Storing) -> None:
        self._desk = desk
        self._storing = storing
        self._keeping = keeping
        self._looking = looking
        self._ending = ending
        self._under_way: set[tuple[int, str, str]] = set()

    async def authorise(self, caller: Caller, order: PaymentOrder) -> Keyed[Payment]:
        """Authorise the amount of a hold; see `PaymentsApi.authorise`.

        Raises:
            MethodUnavailable: This way to pay is not offered.
            PaymentDenied: The provider said no.
            PaymentInProgress: Another payment of the hold stands in the way.
            PaymentOutcomeUnknown: The provider did not answer in time.
            NotFound: There is no such stored method of this account.
            Invalid: A token is missing, or is no token.
            KeyReused: The key belongs to another request.
            KeyInProgress: A request with this key is being worked on.
        """
        means = await self._means(caller.account_id, order)
        with self._alone(caller):
            begun = await self._begin(caller, order, means.provider.name)
            row = begun.row
            if row.state is PaymentState.STARTING:
                row = await self._drive(row, order, means, resumed=begun.replayed)
        return Keyed(value=_accepted(row, replayed=begun.replayed), replayed=begun.replayed)

    async def again(self, caller: Caller) -> Keyed[Payment] | None:
        """Return the payment that was made with a key; see `PaymentsApi.replay`.

        Raises:
            PaymentDenied: It was refused.
            PaymentOutcomeUnknown: Nobody knows yet.
            KeyReused: The key belongs to another request.
        """
        key = caller.key
        if key is None:
            return None

        async def work(tx: Tx) -> Row | None:
            row = await records.by_key(tx, caller.account_id, caller.route, key)
            if row is not None and row.fingerprint == caller.fingerprint:
                await records.count_replay(tx, row.id)
            return row

        row = await self._desk.db.write(work)
        if row is None:
            return None
        if row.fingerprint != caller.fingerprint:
            raise KeyReused
        if row.state is PaymentState.STARTING:
            row = await self._looking.refresh(row.id)
        return Keyed(value=_accepted(row, replayed=True), replayed=True)

    @contextmanager
    def _alone(self, caller: Caller) -> Iterator[None]:
        """Keep a second request with the same key out of this process; other processes are kept by the provider's key.

        Raises:
            KeyInProgress: There is one.
        """
        if caller.key is None:
            yield
            return
        scope = (caller.account_id, caller.route, caller.key)
        if scope in self._under_way:
            raise KeyInProgress(retry_after_s=1)
        self._under_way.add(scope)
        try:
            yield
        finally:
            self._under_way.discard(scope)

    async def _means(self, account_id: int, order: PaymentOrder) -> Means:
        if order.amount_minor <= 0:
            raise Invalid("There is nothing to pay.")
        check_token(order.token)
        if order.stored_method_id is not None:
            return await self._stored(account_id, order)
        provider = serving(self._desk, order.method)
        if order.token is None and order.method in _CARDS:
            raise Invalid(
                "This way to pay needs a token.",
                errors=[
                    FieldError(pointer="/token", code="missing_field", detail="Make one with the provider's form.")
                ],
            )
        return Means(provider=provider, token=order.token)

    async def _stored(self, account_id: int, order: PaymentOrder) -> Means:
        method_id = order.stored_method_id or ""
        kept = await self._desk.db.read(lambda tx: methods.find(tx, account_id, method_id))
        if kept is None or kept.state is not MethodState.KEPT:
            raise NotFound("There is no such stored way to pay.")
        if kept.method is not order.method:
            detail = f"This stored way to pay is a {kept.method}."
            raise Invalid(detail, errors=[FieldError(pointer="/method", code="invalid_value", detail=detail)])
        provider = self._desk.providers.named(kept.provider)
        if provider is None:
            raise MethodUnavailable(extra={"methods": offered(self._desk)})
        return Means(provider=provider, token=kept.token, customer=kept.customer)

    # ------------------------------------------------------------------------------------------------- to write it down

    async def _begin(self, caller: Caller, order: PaymentOrder, provider: str) -> _Begun:
        payment_id = new_id("pay", self._desk.clock)
        for _ in range(_TRIES):
            try:
                begun = await self._desk.db.write(lambda tx: self._write(tx, caller, order, (payment_id, provider)))
            except UniqueViolation:
                continue  # somebody else was first: look at what they wrote
            if not begun.in_the_way:
                return begun
            await self._make_way(begun.row, caller.account_id)
        raise PaymentInProgress(retry_after_s=1)

    async def _write(self, tx: Tx, caller: Caller, order: PaymentOrder, new: tuple[str, str]) -> _Begun:
        # First this, then the key: what is written between the two looks is then found by its key, if it has ours.
        standing = await records.standing(tx, order.hold_id)
        if caller.key is not None:
            before = await records.by_key(tx, caller.account_id, caller.route, caller.key)
            if before is not None:
                if before.fingerprint != caller.fingerprint or before.hold_id != order.hold_id:
                    raise KeyReused
                await records.count_replay(tx, before.id)
                return _Begun(row=before, replayed=True)
        if standing is not None:
            return _Begun(row=standing, in_the_way=True)
        values: dict[str, Any] = {
            "id": new[0],
            "hold_id": order.hold_id,
            "open_hold": order.hold_id,
            "account_id": caller.account_id,
            "route": caller.route,
            "key": caller.key,
            "fingerprint": caller.fingerprint,
            "attempt": await records.attempts(tx, order.hold_id) + 1,
            "provider": new[1],
            "method": order.method,
            "amount_minor": order.amount_minor,
            "currency": order.currency,
        }
        await records.add(tx, values)
        made = await records.find(tx, new[0])
        assert made is not None  # noqa: S101 - it was written in this transaction
        return _Begun(row=made)

    async def _make_way(self, other: Row, account_id: int) -> None:
        """Let go another payment of the hold that nobody has paid yet.

        Raises:
            PaymentInProgress: It has been paid, or may have been.
        """
        refusal = PaymentInProgress(extra={"payment_id": other.id}) if other.account_id == account_id else None
        if refusal is None:
            raise PaymentInProgress
        if other.state in {PaymentState.STARTING, PaymentState.REQUIRES_ACTION}:
            other = await self._look_at(other, refusal)
        if other.state is PaymentState.REQUIRES_ACTION:
            other = await self._ending.void(other.id)
        if other.state not in LET_GO:
            raise refusal

    async def _look_at(self, other: Row, refusal: PaymentInProgress) -> Row:
        """Find out whether the guest has paid meanwhile; what the provider does not know is let go after a while."""
        row = await self._looking.refresh(other.id)
        if row.state is not PaymentState.STARTING:
            return row
        now = await self._desk.db.read(lambda tx: tx.now())
        if now - other.created_at < timedelta(seconds=self._desk.settings.abandon_s):
            raise refusal
        return await self._ending.void(other.id)

    # ------------------------------------------------------------------------------------------------------- to ask for

    async def _drive(self, row: Row, order: PaymentOrder, means: Means, *, resumed: bool) -> Row:
        """Ask the provider, under the key that is written down, and keep what it says."""
        if resumed:
            found = await self._looking.objects(row, thorough=True)
            if found:
                return await self._keep(row, found)
        try:
            if order.keep_method and order.method in _CARDS and order.stored_method_id is None and means.token:
                means = await self._storing.with_payment(row, means)
            what = Authorisation(
                payment_id=row.id,
                hold_id=row.hold_id,
                amount_minor=row.amount_minor,
                currency=row.currency,
                method=row.method,
                token=means.token,
                customer=means.customer,
                return_url=order.return_url or "",
            )
            answer = await self._desk.ask(means.provider.authorise(key=row.id, what=what))
        except ProviderRefused as refusal:
            denied = await self._keeping.keep(row, Heard(denial=refusal.denial[:60]))
            return await self._looking.refresh(row.id) if denied.overtaken else denied.row
        return await self._keep(row, [answer])

    async def _keep(self, row: Row, found: list[ProviderPayment]) -> Row:
        done = await self._keeping.keep(row, Heard(payment=found[0], rivals=found[1:]))
        if done.overtaken:
            return await self._looking.refresh(row.id)
        await self._looking.end_rivals(done.row, found)
        return done.row


def _accepted(row: Row, *, replayed: bool) -> Payment:
    """Return a payment that was not refused.

    Raises:
        PaymentDenied: It was.
        PaymentOutcomeUnknown: Nobody knows yet.
    """
    if row.state in LET_GO:
        refusal = PaymentDenied(extra={"payment_id": row.id, "denial": row.denial or "voided"})
        refusal.replayed = replayed
        raise refusal
    if row.state is PaymentState.STARTING:
        raise PaymentOutcomeUnknown(retry_after_s=2, extra={"payment_id": row.id})
    return payment_of(row)
