"""Paying for a hold: booking says what is due and until when, payments asks the provider."""

import re
from typing import Annotated, Final

import structlog
from fastapi import Path, Response

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    BookingApi,
    BookingState,
    Hold,
    HoldExpired,
    HoldNotActive,
    MethodInUse,
    fee_paid_by,
)
from holdfast.gateway.payment_shapes import (
    METHOD_ID,
    PAYMENT_ID,
    CaseOut,
    MoneyBack,
    NewPayment,
    NewPaymentMethod,
    PaymentAttempt,
    PaymentInFull,
    PaymentMethodsOut,
    PaymentStarted,
    StoredMethodOut,
)
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import KEY_ERRORS, caller, success, unwrapped
from holdfast.kit.http.keys import KeyedRequest
from holdfast.kit.http.principals import TripsPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import PathText
from holdfast.kit.keyed import Caller, Keyed
from holdfast.payments.api import (
    MethodUnavailable,
    Payment,
    PaymentDenied,
    PaymentInProgress,
    PaymentOrder,
    PaymentOutcomeUnknown,
    PaymentsApi,
    PaymentState,
)

log = structlog.get_logger()

PaymentId = Annotated[PathText, Path(examples=[PAYMENT_ID])]
MethodId = Annotated[PathText, Path(examples=[METHOD_ID])]

_LOCATION: Final = {"Location": {"description": "Where it is read.", "schema": {"type": "string"}}}
_WEB: Final = re.compile(r"https?://[^\s\\/@]+(?:[/?#]\S*)?", re.ASCII)
_WAITING: Final = frozenset({PaymentState.STARTING, PaymentState.REQUIRES_ACTION})
_ENDED: Final = frozenset({BookingState.CANCELLED, BookingState.DECLINED})


def router(*, booking: BookingApi, payments: PaymentsApi) -> Router:
    """Return the routes by which a guest pays for a hold."""
    made = Router(prefix="/v1/payments", tags=["payments"])

    @made.post(
        "",
        status_code=201,
        responses=success(201, "Authorised, or waiting for the guest.", keyed=True, headers=_LOCATION)
        | responses(
            Unauthenticated,
            Forbidden,
            NotFound,
            Invalid,
            MethodUnavailable,
            PaymentDenied,
            PaymentInProgress,
            PaymentOutcomeUnknown,
            HoldExpired,
            HoldNotActive,
            AlreadyConfirmed,
            *KEY_ERRORS,
        ),
    )
    async def start_payment(
        body: NewPayment, principal: TripsPrincipal, key: KeyedRequest, response: Response
    ) -> PaymentStarted:
        """Authorise what a live hold costs: the money is reserved, and taken only once the hold has become a booking.

        Takes no amount and no card number: what is due is what the hold says, and `token` was made by the provider's
        own form. Where `state` is `requires_action`, send the guest to `action_url`; the hold then gets its time again,
        once. Then confirm with `POST /v1/bookings`. If the answer is lost, send it again with the same key.
        """
        _check(body)
        hold, asked = await _authorised(booking, payments, caller(principal.account_id, key), body)
        payment = unwrapped(asked, response)
        response.headers["Location"] = f"/v1/payments/{payment.id}"
        return PaymentStarted.for_hold(payment, hold)

    @made.get("/{payment_id}", responses=success(200, "The payment.") | responses(Unauthenticated, Forbidden, NotFound))
    async def read_payment(payment_id: PaymentId, principal: TripsPrincipal) -> PaymentInFull:
        """Return a payment of yours, with what came of it. While it waits for you, its provider is asked."""
        found = await _fresh(payments, await _own(payments, principal.account_id, payment_id))
        refunds = await payments.refunds_of(payment_ids=[found.id])
        cases = await payments.cases_of(payment_ids=[found.id])
        return PaymentInFull.of(found, refunds=tuple(map(MoneyBack.of, refunds)), cases=tuple(map(CaseOut.of, cases)))

    @made.delete(
        "/{payment_id}",
        responses=success(200, "Let go, or as it had ended before.")
        | responses(Unauthenticated, Forbidden, NotFound, AlreadyConfirmed, PaymentOutcomeUnknown),
    )
    async def cancel_payment(payment_id: PaymentId, principal: TripsPrincipal) -> PaymentAttempt:
        """Let a payment go before it has paid for a booking; nothing is charged. Doing it again changes nothing.

        The hold stays, so another way to pay can be tried. What has paid for a booking comes back by canceling that.
        """
        payment = await _own(payments, principal.account_id, payment_id)
        _check_unused(payment, await booking.booking_of_hold(hold_id=payment.hold_id))
        return PaymentAttempt.of(await payments.void(payment_id=payment.id) if payment.is_open else payment)

    return made


def methods_router(*, booking: BookingApi | None, payments: PaymentsApi) -> Router:
    """Return the routes of the ways to pay a guest keeps. Where booking runs, it knows which of them stand for it."""
    made = Router(prefix="/v1/payment-methods", tags=["payments"])

    @made.get("", responses=success(200, "The ways to pay.") | responses(Unauthenticated))
    async def list_payment_methods(principal: TripsPrincipal) -> PaymentMethodsOut:
        """List the ways to pay that are offered here, and those you keep."""
        stored = await payments.stored_methods(account_id=principal.account_id)
        return PaymentMethodsOut(
            offered=await payments.methods_offered(), stored=tuple(StoredMethodOut.of(each) for each in stored)
        )

    @made.post(
        "",
        status_code=201,
        responses=success(201, "Kept.", keyed=True)
        | responses(
            Unauthenticated, Forbidden, Invalid, MethodUnavailable, PaymentDenied, PaymentOutcomeUnknown, *KEY_ERRORS
        ),
    )
    async def keep_payment_method(
        body: NewPaymentMethod, principal: TripsPrincipal, key: KeyedRequest, response: Response
    ) -> StoredMethodOut:
        """Keep a way to pay for later. The provider keeps the card; here is a token, its brand and last four digits."""
        kept = await payments.keep_method(
            caller=caller(principal.account_id, key), method=body.method, token=body.token
        )
        return StoredMethodOut.of(unwrapped(kept, response))

    @made.delete(
        "/{method_id}",
        status_code=204,
        responses=success(204, "Forgotten.")
        | responses(Unauthenticated, Forbidden, NotFound, MethodInUse, PaymentOutcomeUnknown),
    )
    async def drop_payment_method(method_id: MethodId, principal: TripsPrincipal) -> None:
        """Forget a way to pay, here and at the provider. One that stands for a table stays until the visit is over."""
        if booking is not None:
            await booking.fees.check_method_free(account_id=principal.account_id, method_id=method_id)
        await payments.drop_method(account_id=principal.account_id, method_id=method_id)

    return made


async def _authorised(
    booking: BookingApi, payments: PaymentsApi, who: Caller, body: NewPayment
) -> tuple[Hold, Keyed[Payment]]:
    """Authorise what a hold costs, or find what was authorised with this key before the hold ended.

    Raises:
        HoldExpired: Too late, and nothing was done with this key.
        HoldNotActive: The same.
        AlreadyConfirmed: The same.
    """
    try:
        hold = await booking.payable(account_id=who.account_id, hold_id=body.hold_id, hold_token=body.hold_token)
    except (HoldExpired, HoldNotActive, AlreadyConfirmed):
        before = await payments.replay(caller=who)
        if before is None:
            raise
        return await booking.get_hold(account_id=who.account_id, hold_id=body.hold_id), before
    order = PaymentOrder(
        hold_id=hold.id,
        amount_minor=hold.payable_minor,
        currency=hold.price.currency,
        method=body.method,
        token=body.token,
        stored_method_id=body.payment_method_id,
        keep_method=body.keep_method,
        return_url=body.return_url,
    )
    asked = await payments.authorise(caller=who, order=order)
    if asked.value.state is PaymentState.REQUIRES_ACTION:
        hold = await booking.wait_for_payment(hold_id=hold.id) or hold
    return hold, asked


def _check(body: NewPayment) -> None:
    """Look at what the fields say together.

    Raises:
        Invalid: Two ways to pay at once, or an address no browser should be sent to.
    """
    wrong = []
    if body.token is not None and body.payment_method_id is not None:
        detail = "Send either a token or a kept way to pay."
        wrong.append(FieldError(pointer="/payment_method_id", code="invalid_value", detail=detail))
    if body.return_url is not None and not _WEB.fullmatch(body.return_url):
        detail = "Send an absolute address that begins with https:// or http://, without user or password."
        wrong.append(FieldError(pointer="/return_url", code="invalid_format", detail=detail))
    if wrong:
        raise Invalid(errors=wrong)


def _check_unused(payment: Payment, booked: Booking | None) -> None:
    """Look whether a payment pays for a booking.

    Raises:
        AlreadyConfirmed: It does, or for a fee.
    """
    if fee_paid_by(payment.hold_id) is not None:
        raise AlreadyConfirmed("It pays a fee.")
    if booked is not None and booked.payment_id == payment.id and booked.state not in _ENDED:
        raise AlreadyConfirmed("It pays for a booking: cancel that.", extra={"reference": booked.reference})


async def _own(payments: PaymentsApi, account_id: int, payment_id: str) -> Payment:
    payment = await payments.get(payment_id=payment_id)
    if payment.account_id != account_id:
        raise NotFound
    return payment


async def _fresh(payments: PaymentsApi, payment: Payment) -> Payment:
    """Return a payment as its provider sees it, where it still waits and the provider can be asked."""
    if payment.state not in _WAITING:
        return payment
    try:
        return await payments.refresh(payment_id=payment.id)
    except PaymentOutcomeUnknown:
        log.info("payment.not_refreshed", payment_id=payment.id)
        return payment
