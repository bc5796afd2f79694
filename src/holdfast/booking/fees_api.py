"""Fees for canceling late or not coming, where a kept card stands for a table. Import it from `booking.api`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from holdfast.kit.errors import HoldfastError

_SUBJECT: Final = "fee:"


class FeeReason(StrEnum):
    """Why a fee is due."""

    NO_SHOW = "no_show"
    LATE_CANCELLATION = "late_cancellation"


class FeeState(StrEnum):
    """Where a fee stands."""

    DUE = "due"
    """It is being charged."""
    CHARGED = "charged"
    DENIED = "denied"
    """The kept card did not pay it; the booking is as it was, and the owner may ask the guest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fee:
    """A fee of a booking."""

    number: int
    turn: int
    """Counts from 1 within the booking."""
    owner_id: int
    """Who gets it."""
    title: str
    """Of what was not made use of."""
    why: FeeReason
    amount_minor: int
    currency: str
    method_id: str
    """The kept way to pay it is charged to."""
    state: FeeState
    at: datetime
    payment_id: str | None = None
    denial: str | None = None
    """Why it was denied, as a stable word."""


class MethodInUse(HoldfastError):
    """This way to pay stands for tables that are still to come, or pays a fee. It can be forgotten afterwards."""

    code = "payment_method_in_use"
    status = 409
    title = "This way to pay stands for a booking"


class FeesApi(Protocol):
    """What journeys and the edge may ask of fees: `BookingApi.fees`."""

    async def check_method_free(self, *, account_id: int, method_id: str) -> None:
        """Look whether a kept way to pay may be forgotten.

        Raises:
            MethodInUse: It stands for tables that are still to come, or a fee is being charged to it; the problem
                names the bookings.
        """

    async def get(self, *, number: int, turn: int) -> Fee:
        """Return a fee.

        Raises:
            NotFound: No such fee.
        """

    async def due(self, *, older_than_s: int, limit: int) -> Sequence[Fee]:
        """Return fees that have been due for so long, oldest first."""

    async def record(
        self, *, number: int, turn: int, state: FeeState, payment_id: str | None = None, denial: str | None = None
    ) -> Fee:
        """Note what became of a fee that is due; one that was noted before stays as it is.

        Raises:
            NotFound: No such fee.
        """


def fee_subject(number: int, turn: int) -> str:
    """Return what a payment of a fee is for, where other payments name a hold."""
    return f"{_SUBJECT}{number}:{turn}"


def fee_paid_by(subject: str) -> tuple[int, int] | None:
    """Return the fee (number, turn) a payment is for, None where it is for a hold."""
    if not subject.startswith(_SUBJECT):
        return None
    number, _, turn = subject.removeprefix(_SUBJECT).partition(":")
    return int(number), int(turn)
