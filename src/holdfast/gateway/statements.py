"""The money of a booking, an owner and a day, and what owners give back of their own accord."""

from datetime import UTC, date, datetime, time
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Any, Final, Self
from zoneinfo import ZoneInfo, available_timezones

from fastapi import Query, Request, Response

from holdfast.booking.api import Booking, BookingApi, FeeState
from holdfast.gateway.bookings import REFERENCE, Reference
from holdfast.gateway.payment_shapes import (
    PAYMENT_ID,
    BookingPayments,
    CaseOut,
    MoneyBack,
    NewRefund,
    PaymentAttempt,
    shown,
)
from holdfast.gateway.statement_csv import COLUMNS, csv_of
from holdfast.kit.auth import Principal
from holdfast.kit.errors import FieldError, Forbidden, Invalid, NotFound, ReauthRequired, Unauthenticated
from holdfast.kit.http.answers import KEY_ERRORS, success, unwrapped
from holdfast.kit.http.keys import KeyedRequest, RequestKey
from holdfast.kit.http.principals import (
    AdminPrincipal,
    BookingMoneyReader,
    MoneyReadPrincipal,
    MoneyWritePrincipal,
    refuse_stale,
)
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import DayField, InstantField, Line, MoneyOut, Wire
from holdfast.kit.keyed import Keyed, KeyReused
from holdfast.payments.api import (
    CurrencyMismatch,
    PaymentNotCaptured,
    PaymentOutcomeUnknown,
    PaymentsApi,
    Refund,
    RefundExceedsCapture,
    RefundOrder,
    Share,
    Statement,
    Transfer,
)

_ZONE_MAX: Final = 64
_FIRST_YEAR: Final = 2000
_LAST_YEAR: Final = 2200
_CSV: Final = "text/csv"
_EXAMPLE: Final = (
    f"{','.join(COLUMNS)}\r\n1,2026-11-20T09:33:12Z,capture,provider:simulator,guest:6,990.00,99000,USD,"
    "pay_01JD3Z9B2K7M4P8R5T1V3X6Y0C,7K2M9QXR4T,capture:pay_01JD3Z9B2K7M4P8R5T1V3X6Y0C\r\n"
)
_PLATFORM: Final = "platform:fees"


class StatementForm(StrEnum):
    """How a statement is written."""

    JSON = "json"
    CSV = "csv"


Format = Annotated[StatementForm, Query(description="`csv` for spreadsheets.")]
Zone = Annotated[
    str, Line(_ZONE_MAX), Query(description="The IANA zone the days are meant in.", examples=["America/New_York"])
]


class TransferOut(Wire):
    """An amount that leaves one account and enters another."""

    seq: int
    at: InstantField
    kind: str
    debit: str
    """The account it leaves."""
    credit: str
    """The account it enters."""
    amount: MoneyOut
    payment_id: str | None
    booking_reference: str | None

    @classmethod
    def of(cls, transfer: Transfer) -> Self:
        """Render a transfer."""
        return cls(
            seq=transfer.seq,
            at=transfer.at,
            kind=transfer.kind,
            debit=transfer.debit,
            credit=transfer.credit,
            amount=MoneyOut(amount=transfer.amount_minor, currency=transfer.currency),
            payment_id=transfer.payment_id,
            booking_reference=transfer.reference,
        )


class BalanceOut(Wire):
    """What an account has got, less what it has given, by the transfers shown."""

    account: str
    balance: MoneyOut


class StatementOut(Wire):
    """Transfers of the ledger, oldest first, and what they come to for each account."""

    model_config = shown(
        {
            "subject": f"booking {REFERENCE}",
            "first": None,
            "end": None,
            "transfers": [
                {
                    "seq": 1,
                    "at": "2026-11-20T09:33:11Z",
                    "kind": "capture",
                    "debit": "provider:simulator",
                    "credit": "guest:3",
                    "amount": {"amount": 99000, "currency": "USD"},
                    "payment_id": PAYMENT_ID,
                    "booking_reference": REFERENCE,
                }
            ],
            "balances": [{"account": "guest:3", "balance": {"amount": 99000, "currency": "USD"}}],
        }
    )

    subject: str
    first: InstantField | None
    end: InstantField | None
    transfers: tuple[TransferOut, ...]
    balances: tuple[BalanceOut, ...]

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """Render a statement."""
        return cls(
            subject=statement.subject,
            first=statement.first,
            end=statement.end,
            transfers=tuple(map(TransferOut.of, statement.transfers)),
            balances=tuple(
                BalanceOut(account=account, balance=MoneyOut(amount=amount, currency=currency))
                for account, amounts in sorted(statement.balances.items())
                for currency, amount in sorted(amounts.items())
            ),
        )


def of_bookings(*, booking: BookingApi, payments: PaymentsApi) -> Router:
    """Return the routes that tell the money of one booking."""
    made = Router(prefix="/v1/bookings", tags=["bookings"])

    @made.get(
        "/{reference}/payments", responses=success(200, "The money.") | responses(Unauthenticated, Forbidden, NotFound)
    )
    async def read_booking_payments(reference: Reference, principal: BookingMoneyReader) -> BookingPayments:
        """Return the payments and refunds of a booking of yours, or of a property you run.

        What did not go the ordinary way (a payment that came late or twice, a dispute) is a case, with its outcome.
        """
        booked = await booking.get_booking(principal=principal, reference=reference)
        found = await payments.of_holds(hold_ids=await booking.holds_of(number=booked.number))
        ids = [each.id for each in found]
        as_payer = principal.is_admin or principal.is_guest(booked.account_id)
        return BookingPayments(
            payments=tuple(PaymentAttempt.of(each, as_payer=as_payer) for each in found),
            refunds=tuple(map(MoneyBack.of, await payments.refunds_of(payment_ids=ids))),
            cases=tuple(map(CaseOut.of, await payments.cases_of(payment_ids=ids))),
        )

    @made.get(
        "/{reference}/statement",
        response_model=StatementOut,
        responses=_statement("The transfers of the booking.")
        | responses(Unauthenticated, Forbidden, NotFound, Invalid),
    )
    async def read_booking_statement(
        reference: Reference,
        principal: BookingMoneyReader,
        format: Format = StatementForm.JSON,  # noqa: A002 - its name in the query
    ) -> Response:
        """Return what the ledger says about a booking, to the cent. Owners see their own part of it."""
        booked = await booking.get_booking(principal=principal, reference=reference)
        found = await payments.statement(reference=booked.reference)
        everything = principal.is_admin or principal.is_guest(booked.account_id)
        return _answer(found if everything else _part(found, _owner(principal.acting_for())), format)

    return made


def of_owners(*, booking: BookingApi, payments: PaymentsApi, reauth_above: int) -> Router:
    """Return the routes of an owner's money.

    Args:
        booking: What was sold.
        payments: What it was paid with.
        reauth_above: The largest refund, in minor units, that a session gives which is not fresh.
    """
    made = Router(prefix="/v1/owner", tags=["owner money"])

    @made.get(
        "/statement",
        response_model=StatementOut,
        responses=_statement("Your transfers.") | responses(Unauthenticated, Forbidden, Invalid),
    )
    async def read_owner_statement(
        principal: MoneyReadPrincipal,
        first: Annotated[DayField, Query(description="The first day.", examples=["2027-05-01"])],
        end: Annotated[DayField, Query(description="The first day that is not meant.", examples=["2027-06-01"])],
        zone: Zone = "UTC",
        format: Format = StatementForm.JSON,  # noqa: A002 - its name in the query
    ) -> Response:
        """Return what was sold for you and given back, from `first` up to and without `end`."""
        place = _zone(zone)
        _check_days(first=first, end=end)
        found = await payments.statement(
            account=_owner(principal.acting_for()), first=_midnight(first, place), end=_midnight(end, place)
        )
        return _answer(found, format)

    @made.post(
        "/bookings/{reference}/refunds",
        status_code=201,
        responses=success(201, "Given back, or on its way.", keyed=True)
        | responses(
            Unauthenticated,
            Forbidden,
            ReauthRequired,
            NotFound,
            Invalid,
            PaymentNotCaptured,
            RefundExceedsCapture,
            CurrencyMismatch,
            PaymentOutcomeUnknown,
            *KEY_ERRORS,
        ),
    )
    async def give_back(
        reference: Reference,
        body: NewRefund,
        principal: MoneyWritePrincipal,
        key: KeyedRequest,
        request: Request,
        response: Response,
    ) -> MoneyBack:
        """Give a guest money back of your own accord, out of your part of what the booking was paid with.

        It goes to where the guest paid from. The booking stays; to end it and give everything back, cancel it. For more
        than an installation's limit (500.00 by default) you must have proved who you are a short while before.
        """
        if body.amount > reauth_above:
            refuse_stale(request, principal)
        booked = await booking.get_booking(principal=principal, reference=reference)
        return MoneyBack.of(unwrapped(await _goodwill(payments, booked, principal, body, key), response))

    return made


def of_admins(payments: PaymentsApi) -> Router:
    """Return the route of a day's money."""
    made = Router(prefix="/v1/admin", tags=["admin"])

    @made.get(
        "/statement",
        response_model=StatementOut,
        responses=_statement("The transfers of the day.") | responses(Unauthenticated, Forbidden, Invalid),
    )
    async def read_day_statement(
        principal: AdminPrincipal,
        day: Annotated[DayField, Query(examples=["2027-05-01"])],
        zone: Zone = "UTC",
        format: Format = StatementForm.CSV,  # noqa: A002 - its name in the query
    ) -> Response:
        """Return every transfer of one calendar day."""
        del principal
        _zone(zone)
        _check_days(day=day)
        return _answer(await payments.day_statement(day=day, zone=zone), format)

    return made


def _statement(what: str) -> dict[int | str, dict[str, Any]]:
    text = {"type": "string", "description": "One line for each transfer, after a line of column names."}
    return {200: {"description": what, "content": {_CSV: {"schema": text, "example": _EXAMPLE}}}}


def _answer(statement: Statement, form: StatementForm) -> Response:
    if form is StatementForm.JSON:
        return Response(StatementOut.of(statement).model_dump_json(), media_type="application/json")
    # The name says nothing: what a browser makes of a name is not ours to know.
    headers = {"Content-Disposition": 'attachment; filename="statement.csv"'}
    return Response(csv_of(statement), headers=headers, media_type=f"{_CSV}; charset=utf-8; header=present")


def _owner(owner_id: int) -> str:
    return f"owner:{owner_id}"


def _part(statement: Statement, account: str) -> Statement:
    """Return what a statement says of one account."""
    mine = tuple(each for each in statement.transfers if account in {each.debit, each.credit})
    balances = {account: statement.balances[account]} if account in statement.balances else {}
    return Statement(
        subject=statement.subject, first=statement.first, end=statement.end, transfers=mine, balances=balances
    )


async def _goodwill(
    payments: PaymentsApi, booked: Booking, principal: Principal, body: NewRefund, key: RequestKey
) -> Keyed[Refund]:
    """Order a refund out of an owner's part (or, for an admin, of the platform's fees).

    Raises:
        NotFound: The booking is of nothing this owner runs.
        PaymentNotCaptured: It was not paid here.
        CurrencyMismatch: Another currency than the booking's.
        RefundExceedsCapture: More than is left.
        KeyReused: The key belongs to another refund.
    """
    if not any(principal.runs(item.owner_id) for item in booked.items):
        raise NotFound  # it is theirs to see as a guest, not as its owner
    payment_id = _paid_with(booked, body.fee)
    if body.currency != booked.price.currency:
        detail = f"The booking was paid in {booked.price.currency}."
        raise CurrencyMismatch(
            detail, errors=[FieldError(pointer="/currency", code=CurrencyMismatch.code, detail=detail)]
        )
    account = _PLATFORM if principal.is_admin else _owner(principal.acting_for())
    order = RefundOrder(
        key=_refund_key(principal.account_id, key),
        payment_id=payment_id,
        amount_minor=body.amount,
        currency=body.currency,
        reason="goodwill",
        reference=booked.reference,
        shares=(Share(account=account, amount_minor=body.amount),),
    )
    made = await payments.refunds_of(payment_ids=[payment_id])
    before = next((each for each in made if each.key == order.key), None)
    if before is not None and (before.amount_minor, before.currency) != (body.amount, body.currency):
        raise KeyReused
    if before is None and not principal.is_admin:
        _check_part(await payments.statement(reference=booked.reference), account, body)
    return Keyed(value=await payments.refund(order=order), replayed=before is not None)


def _paid_with(booked: Booking, turn: int | None) -> str:
    """Return the payment of a booking, or of one of its fees.

    Raises:
        PaymentNotCaptured: It was not paid here.
        Invalid: The booking has no such fee.
    """
    payment_id = booked.payment_id
    if turn is not None:
        fee = next((each for each in booked.fees if each.turn == turn), None)
        if fee is None:
            wrong = FieldError(pointer="/fee", code="no_such_fee", detail="The booking has no such fee.")
            raise Invalid(errors=[wrong])
        payment_id = fee.payment_id if fee.state is FeeState.CHARGED else None
    if payment_id is None:
        raise PaymentNotCaptured("It was not paid here.")
    return payment_id


def _check_part(statement: Statement, account: str, body: NewRefund) -> None:
    """Look whether an owner has as much of a booking as they want to give back; the rest is not theirs to give.

    Raises:
        RefundExceedsCapture: They have less.
    """
    left = max(0, statement.balances.get(account, {}).get(body.currency, 0))
    if body.amount > left:
        detail = f"Your part of the booking is {left} {body.currency} in minor units."
        wrong = FieldError(pointer="/amount", code=RefundExceedsCapture.code, detail=detail)
        raise RefundExceedsCapture(detail, errors=[wrong], extra={"remaining": left})


def _refund_key(account_id: int, key: RequestKey) -> str:
    """Return the refund's own key: the same for the same request of the same person, and of one length."""
    return f"goodwill:{account_id}:{sha256(f'{key.route} {key.key}'.encode()).hexdigest()}"


def _zone(name: str) -> ZoneInfo:
    if name not in available_timezones():
        detail = "Use a zone of the IANA database, such as America/New_York."
        raise Invalid(errors=[FieldError(pointer="#query/zone", code="unknown_zone", detail=detail)])
    return ZoneInfo(name)


def _check_days(**days: date) -> None:
    """Look whether there can be transfers of these days, and whether they are in order.

    Raises:
        Invalid: They are not.
    """
    strange = [name for name, day in days.items() if not _FIRST_YEAR <= day.year <= _LAST_YEAR]
    if strange:
        detail = f"Years from {_FIRST_YEAR} to {_LAST_YEAR} can be asked for."
        raise Invalid(
            errors=[FieldError(pointer=f"#query/{each}", code="out_of_range", detail=detail) for each in strange]
        )
    if sorted(days.values()) != list(days.values()) or len(set(days.values())) < len(days):
        detail = "The end must be after the first day."
        raise Invalid(errors=[FieldError(pointer="#query/end", code="empty_or_negative_range", detail=detail)])


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
