"""Ways to pay that guests keep: tokens of the provider's, brand and last four digits, nothing else."""

from dataclasses import dataclass
from typing import Any, Final

import structlog

from holdfast.kit.activity.acts import Act
from holdfast.kit.db.database import Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.keyed import Caller, Keyed, KeyInProgress, KeyReused
from holdfast.payments.api import MethodUnavailable, PaymentDenied, PaymentMethod, StoredMethod
from holdfast.payments.models import MethodState, activity
from holdfast.payments.providers.protocol import KeptMethod, Provider, ProviderRefused
from holdfast.payments.rules import looks_like_card
from holdfast.payments.service.answers import method_of
from holdfast.payments.service.desk import Desk
from holdfast.payments.store import methods

log = structlog.get_logger()

_TRIES: Final = 3
_TOKEN_MOST: Final = 255
_WITH_PAYMENT: Final = "payment"
"""The route under which a way to pay is kept that came with a payment; its key is the payment's id."""
_CANNOT_BE_KEPT: Final = frozenset({"cannot_be_kept", "method_unavailable", "unsupported"})
"""Denials that speak of the way to pay, not of this token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a guest pays with."""

    provider: Provider
    token: str | None
    customer: str | None = None


class Storing:
    """Keeps and forgets ways to pay."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def all_of(self, account_id: int) -> list[StoredMethod]:
        """Return the ways to pay an account keeps, newest first."""
        found = await self._desk.db.read(lambda tx: methods.kept(tx, account_id))
        return [method_of(row) for row in found]

    async def keep(self, caller: Caller, method: PaymentMethod, token: str) -> Keyed[StoredMethod]:
        """Keep a way to pay; see `PaymentsApi.keep_method`.

        Raises:
            MethodUnavailable: This way to pay is not offered, or cannot be kept.
            PaymentDenied: The provider refused the token.
            PaymentOutcomeUnknown: The provider did not answer in time.
            KeyReused: The key belongs to another request.
        """
        check_token(token)
        provider = serving(self._desk, method)
        row, replayed = await self._begin(caller, method, provider.name)
        if row.state is MethodState.STARTING:
            try:
                kept = await self._desk.ask(
                    provider.keep(key=row.id, account_id=caller.account_id, method=method, token=token)
                )
                values = {**kept_values(kept), "state": MethodState.KEPT}
            except ProviderRefused as refusal:
                values = {"state": MethodState.REFUSED, "refusal": refusal.denial[:60]}
            row = await self._end(row, values)
        if row.state is MethodState.REFUSED:
            raise self._refusal(row, replayed=replayed)
        return Keyed(value=method_of(row), replayed=replayed)

    def _refusal(self, row: Row, *, replayed: bool) -> MethodUnavailable | PaymentDenied:
        refusal: MethodUnavailable | PaymentDenied
        if row.refusal in _CANNOT_BE_KEPT:
            refusal = MethodUnavailable("This way to pay cannot be kept.", extra={"methods": offered(self._desk)})
        else:
            refusal = PaymentDenied("The provider refused this token.", extra={"denial": row.refusal})
        refusal.replayed = replayed
        return refusal

    async def _begin(self, caller: Caller, method: PaymentMethod, provider: str) -> tuple[Row, bool]:
        method_id = new_id("pm", self._desk.clock)

        async def work(tx: Tx) -> tuple[Row, bool]:
            if caller.key is not None:
                before = await methods.by_key(tx, caller.account_id, caller.route, caller.key)
                if before is not None:
                    if before.fingerprint != caller.fingerprint:
                        raise KeyReused
                    await methods.count_replay(tx, before.id)
                    return before, True
            values: dict[str, Any] = {
                "id": method_id,
                "account_id": caller.account_id,
                "route": caller.route,
                "key": caller.key,
                "fingerprint": caller.fingerprint,
                "provider": provider,
                "method": method,
                "state": MethodState.STARTING,
            }
            await methods.add(tx, values)
            made = await methods.find(tx, caller.account_id, method_id)
            assert made is not None  # noqa: S101 - it was written in this transaction
            return made, False

        for _ in range(_TRIES):
            try:
                return await self._desk.db.write(work)
            except UniqueViolation:
                continue  # another request with this key was first: look at what it wrote
        raise KeyInProgress(retry_after_s=1)

    async def _end(self, row: Row, values: dict[str, Any]) -> Row:
        async def work(tx: Tx) -> Row:
            moved = await methods.move(tx, row.id, MethodState.STARTING, values)
            if moved and values["state"] is MethodState.KEPT:
                await _note(tx, "payment_method.kept", row.id, row.account_id)
            found = await methods.find(tx, row.account_id, row.id)
            assert found is not None  # noqa: S101 - ways to pay are never deleted
            return found

        return await self._desk.db.write(work)

    async def with_payment(self, payment: Row, means: Means) -> Means:
        """Keep the way to pay that comes with a payment, before it is used; return how to use it.

        Raises:
            ProviderRefused: It is not good.
            PaymentOutcomeUnknown: The provider did not answer in time.
        """
        key = f"{payment.id}:keep"
        token = means.token or ""
        kept = await self._desk.ask(
            means.provider.keep(key=key, account_id=payment.account_id, method=payment.method, token=token)
        )

        async def work(tx: Tx) -> None:
            if await methods.by_key(tx, payment.account_id, _WITH_PAYMENT, payment.id) is None:
                method_id = new_id("pm", self._desk.clock)
                values: dict[str, Any] = {
                    "id": method_id,
                    "account_id": payment.account_id,
                    "route": _WITH_PAYMENT,
                    "key": payment.id,
                    "fingerprint": "",
                    "provider": payment.provider,
                    "method": payment.method,
                    "state": MethodState.KEPT,
                }
                await methods.add(tx, values | kept_values(kept))
                await _note(tx, "payment_method.kept", method_id, payment.account_id)

        try:
            await self._desk.db.write(work)
        except UniqueViolation:
            log.info("payments.method_kept_already", payment_id=payment.id)
        return Means(provider=means.provider, token=kept.token, customer=kept.customer)

    async def drop(self, account_id: int, method_id: str) -> None:
        """Forget a way to pay at the provider, then here.

        Raises:
            NotFound: No such method of this account.
            PaymentOutcomeUnknown: The provider did not answer in time; ask again.
        """
        row = await self._desk.db.read(lambda tx: methods.find(tx, account_id, method_id))
        if row is None or row.state is not MethodState.KEPT:
            raise NotFound("There is no such stored way to pay.")
        await self._desk.ask(self._desk.provider(row.provider).forget(token=row.token))
        shown = {"brand": row.brand, "last4": row.last4}
        dropped = {"state": MethodState.DROPPED, **shown}

        async def work(tx: Tx) -> None:
            if await methods.move(tx, method_id, MethodState.KEPT, dropped):
                await _note(tx, "payment_method.dropped", method_id, account_id)

        await self._desk.db.write(work)


async def _note(tx: Tx, kind: str, method_id: str, account_id: int) -> None:
    act = Act(kind=kind, object_kind="payment_method", object_id=method_id, subject_id=account_id)
    await activity.note(tx, act)


def serving(desk: Desk, method: PaymentMethod) -> Provider:
    """Return who takes a way to pay.

    Raises:
        MethodUnavailable: Nobody does.
    """
    provider = desk.providers.serving(method)
    if provider is None:
        detail = "This way to pay is not offered here."
        raise MethodUnavailable(
            detail,
            errors=[FieldError(pointer="/method", code="payment_method_unavailable", detail=detail)],
            extra={"methods": offered(desk)},
        )
    return provider


def offered(desk: Desk) -> list[str]:
    """Return the ways to pay there are, with the one that needs no provider."""
    return [PaymentMethod.AT_PROPERTY.value, *(method.value for method in desk.providers.methods)]


def check_token(token: str | None) -> None:
    """Refuse what is no token, above all a card number.

    Raises:
        Invalid: It is empty, too long, or could be a card number.
    """
    if token is None:
        return
    if looks_like_card(token):
        detail = "Card numbers are never sent here: the provider's form makes a token of them."
        raise Invalid(detail, errors=[FieldError(pointer="/token", code="card_number", detail=detail)])
    if not token or len(token) > _TOKEN_MOST:
        raise Invalid(errors=[FieldError(pointer="/token", code="too_long", detail="This is no token.")])


def kept_values(kept: KeptMethod) -> dict[str, Any]:
    """Return the columns of a way to pay that a provider keeps."""
    card = kept.card
    return {
        "token": kept.token,
        "customer": kept.customer,
        "brand": None if card is None else card.brand,
        "last4": None if card is None else card.last4,
        "expires": kept.expires,
    }
