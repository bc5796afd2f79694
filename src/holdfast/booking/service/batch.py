"""What the lane that ends what stands works on: orders, and holds and bookings as the orders before left them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from holdfast.booking.api import (
    AlreadyConfirmed,
    Booking,
    Hold,
    HoldExpired,
    HoldNotActive,
    HoldState,
    PaymentTerms,
    VisitState,
)
from holdfast.booking.events import HoldEnded
from holdfast.booking.floor_api import Visit
from holdfast.booking.models import ClaimReason
from holdfast.booking.rules import judged, may_move
from holdfast.booking.service.answers import KeyUse, spans_of
from holdfast.booking.service.kinds.words import tell_moved
from holdfast.booking.service.placing import Before, BookingDraft, decline
from holdfast.booking.store.changes import Changes
from holdfast.kit.activity.acts import SYSTEM, Act, Actor, here
from holdfast.kit.auth import Principal
from holdfast.kit.db.statements import Row


class Verb(StrEnum):
    """What is to be done."""

    CONFIRM = "confirm"
    EXTEND = "extend"
    WAIT = "wait"
    RELEASE = "release"
    EXPIRE = "expire"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    CANCEL_UNPAID = "cancel_unpaid"
    CHANGE = "change"
    VISIT = "visit"
    UNBLOCK = "unblock"


REVISING = frozenset({Verb.CANCEL, Verb.CANCEL_UNPAID, Verb.CHANGE, Verb.VISIT})
"""What is done to a booking after its sale."""
OF_BOOKINGS = REVISING | {Verb.ACCEPT, Verb.DECLINE}
"""What is done to a booking, and through it to its hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleOrder:
    """One order to end or prolong what stands."""

    verb: Verb
    account_id: int | None = None
    """Whose hold it must be; None: anybody's (the sweeper, a journey, an owner whose right was checked)."""
    hold_id: str = ""
    number: int = 0
    """The booking to cancel or decide about."""
    principal: Principal | None = None
    """Who cancels or decides."""
    draft: BookingDraft | None = None
    """What the booking will say, to confirm."""
    by_id: str | None = None
    """The cancellation quote to use, the change to confirm, or the payment that could not be captured."""
    fresh_id: str = ""
    """Id of the cancellation quote that is made and used at once, where none is named."""
    payment: PaymentTerms | None = None
    """How the difference of a change is paid."""
    item: int = 0
    """Position of the table whose party moves."""
    visit: VisitState | None = None
    """Where that party stands now."""
    told: Any = None
    """What else a change tells, if whoever sells made it."""
    key: KeyUse | None = None
    actor: Actor = field(default_factory=here)
    """Who asks, and from where: taken where the order is made, for the lane serves many."""
    acts: tuple[Act, ...] = ()
    """What is noted of it besides what becomes of bookings."""


Settled = Hold | Booking | Visit | None
Outcome = Settled | Before


@dataclass(slots=True)
class Standing:
    """A hold as the orders before this one in the batch left it."""

    row: Row
    state: HoldState
    expires_at: datetime | None
    request: int | None
    """The booking that waits on it for its owner's answer."""
    waited: bool

    @classmethod
    def of(cls, row: Row) -> "Standing":
        """Return a hold as it was found."""
        return cls(row, row.state, row.expires_at, row.request_number, row.waited_at is not None)


@dataclass(slots=True)
class AfterSale:
    """What a batch knows of the bookings it revises, read under the locks of their holds."""

    revisions: dict[int, int] = field(default_factory=dict)
    """How often a booking has been revised; those that never were are missing."""
    turns: Mapping[tuple[int, int], int] = field(default_factory=dict)
    """The newest turn of the cancellation quotes, by booking and account."""
    quotes: dict[str, Row] = field(default_factory=dict)
    changes: dict[str, Row] = field(default_factory=dict)
    visits: dict[tuple[int, int], Row] = field(default_factory=dict)
    """Of the tables among what is revised, by number and item."""
    fees: dict[int, int] = field(default_factory=dict)
    """How many fees a booking has had; those that never had any are missing."""


@dataclass(slots=True)
class Batch:
    """What a batch works on."""

    holds: dict[str, Standing]
    bookings: dict[int, Row]
    references: dict[str, str]
    """Of the bookings that holds became, as far as somebody has to be told."""
    accepted: dict[int, set[int]]
    """By booking: the owners who have said yes to it."""
    now: datetime
    changes: Changes = field(default_factory=Changes)
    after: AfterSale = field(default_factory=AfterSale)


def must_be_held(batch: Batch, standing: Standing) -> None:
    """Check that a hold is live and still free to become a booking.

    Raises:
        AlreadyConfirmed: It is a booking, or waits to become one.
        HoldExpired: It ran out.
        HoldNotActive: It was let go.
    """
    state = judged(standing.state, standing.expires_at, batch.now)
    if state is HoldState.CONFIRMED or (state is HoldState.HELD and standing.request is not None):
        raise AlreadyConfirmed(extra={"reference": batch.references.get(standing.row.id)})
    if state is HoldState.EXPIRED:
        raise HoldExpired
    if state is not HoldState.HELD:
        raise HoldNotActive


def end(batch: Batch, standing: Standing, new: HoldState, reason: ClaimReason) -> None:
    """Note that a hold ends and frees its stock."""
    assert may_move(standing.state, new), f"{standing.state} -> {new}"  # noqa: S101 - programmer's error
    row, spans = standing.row, spans_of(standing.row.spans)
    batch.changes.move(row.id, standing.state, new)
    batch.changes.free(row.id, spans, reason)
    if standing.state is HoldState.HELD:
        batch.changes.quotas[row.account_id] -= 1
        if standing.request is None:
            batch.changes.tell(HoldEnded(hold_id=row.id, how=new.value))
    tell_moved(batch.changes, spans)
    standing.state = new


def tidy(batch: Batch, standing: Standing) -> None:
    """End a hold that ran out, and with it the request that waits on it."""
    if standing.state is HoldState.HELD and judged(standing.state, standing.expires_at, batch.now) is HoldState.EXPIRED:
        end(batch, standing, HoldState.EXPIRED, ClaimReason.EXPIRED)
        if standing.request is not None:
            decline_in(batch, standing.request, SYSTEM, how="expired")


def decline_in(batch: Batch, number: int, actor: Actor, *, how: str) -> Row:
    """Note that a request is declined; return the booking as it then stands."""
    row = decline(batch.changes, batch.bookings[number], actor, how=how)._replace(decided_at=batch.now)
    batch.bookings[number] = row
    return row
