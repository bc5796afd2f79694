"""Rows of booking. What a CHECK can say is said here; what it cannot, the guards of the first migration say."""

from enum import StrEnum
from typing import Final

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Table, UniqueConstraint

from holdfast.booking.api import (
    BookingState,
    ConfirmedBy,
    FeeReason,
    FeeState,
    HoldState,
    Occasion,
    VisitSource,
    VisitState,
)
from holdfast.booking.notes_api import NAME_MAX, NOTES_MAX
from holdfast.booking.rules import TripState
from holdfast.kit.activity.log import Activity
from holdfast.kit.db.tables import STRICT, module_tables, one_of
from holdfast.kit.db.types import Choice, Day, Flag, Json, Moment, Text, Whole
from holdfast.kit.outbox import Outbox, cursor_table
from holdfast.kit.privacy import Decision, Erase, Kind, Purpose, Recipient, Retention, numbered, personal

_SEALED_MAX: Final = 2_800
"""Of a sealed text of `DIETARY_MAX` characters."""
_NUMBER: Final = numbered(Purpose.BOOKING, Purpose.BOOKS)
_QUOTA: Final = personal(
    Kind.NUMBER, Purpose.BOOKING, keep=Retention.BOOKS, erase=Erase.KEPT, automated=(Decision.HOLD_LIMIT,)
)
_ASKED: Final = personal(
    Kind.BOOKING, Purpose.BOOKING, keep=Retention.BOOKS, erase=Erase.KEPT, automated=(Decision.PRICE,)
)
_BOOKED: Final = personal(
    Kind.BOOKING,
    Purpose.BOOKING,
    Purpose.BOOKS,
    keep=Retention.BOOKS,
    erase=Erase.KEPT,
    recipients=(Recipient.OWNER,),
    automated=(Decision.PRICE, Decision.ONE_PER_FLIGHT, Decision.REQUEST_LAPSED, Decision.REROUTE),
)
_FEE: Final = personal(Kind.BOOKING, Purpose.PAYMENT, keep=Retention.BOOKS, erase=Erase.KEPT, automated=(Decision.FEE,))
_CAME: Final = personal(
    Kind.BOOKING, Purpose.BOOKING, keep=Retention.BOOKS, erase=Erase.KEPT, recipients=(Recipient.OWNER,)
)
_OWNERS_WORDS: Final = personal(Kind.WORDS, Purpose.BOOKING, keep=Retention.LISTING, erase=Erase.CLEARED)
_ANSWERED_TO: Final = numbered(Purpose.BOOKING, keep=Retention.ANSWERS, erase=Erase.DELETED)
_ANSWER: Final = personal(Kind.BOOKING, Purpose.BOOKING, keep=Retention.ANSWERS)
_CALLED: Final = personal(Kind.NAME, Purpose.HOSPITALITY, keep=Retention.VISIT, recipients=(Recipient.OWNER,))
_SAID: Final = personal(Kind.WORDS, Purpose.HOSPITALITY, keep=Retention.VISIT, recipients=(Recipient.OWNER,))
_DIET: Final = personal(Kind.HEALTH, Purpose.HOSPITALITY, keep=Retention.VISIT, recipients=(Recipient.OWNER,))
_AGREED: Final = personal(Kind.CHOICE, Purpose.HOSPITALITY, keep=Retention.VISIT)


class HoldKind(StrEnum):
    """Who keeps stock, and how."""

    GUEST = "guest"
    """For a guest, on a clock."""
    DIRECT = "direct"
    """Booked in one step: confirmed from its first moment."""
    OWNER = "owner"
    """A block by the owner, without a clock."""


class ClaimReason(StrEnum):
    """Why stock was taken or freed."""

    HELD = "held"
    BOOKED = "booked"
    BLOCKED = "blocked"
    RELEASED = "released"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class CancellationState(StrEnum):
    """Where a cancellation quote stands; that it has run out or was superseded is judged when it is used."""

    OPEN = "open"
    USED = "used"


class ChangeState(StrEnum):
    """Where a change stands; that it was let go or has run out, its hold says."""

    OPEN = "open"
    CONFIRMED = "confirmed"


class RevisedBy(StrEnum):
    """What made a booking another."""

    CHANGE = "change"
    CANCELLATION = "cancellation"
    """Of some of its items."""


tables = module_tables("booking")

resource = Table(
    "booking_resource",
    tables,
    Column("id", Text(120), primary_key=True),
    # Of a stay's resource; tables and flights have theirs in the id alone, because only the catalog changes them.
    Column("property_id", Whole()),
    Column("unit", Text(60)),
    Column("capacity", Whole(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    CheckConstraint("capacity >= 0", name="capacity_whole"),
    CheckConstraint("(property_id IS NOT NULL) = (SUBSTR(id, 1, 5) = 'stay:')", name="stay_of_property"),
    CheckConstraint("unit IS NULL OR property_id IS NOT NULL", name="unit_of_property"),
    UniqueConstraint("property_id", "unit"),
    **STRICT,
)

cell = Table(
    "booking_cell",
    tables,
    Column("resource_id", Text(120), ForeignKey("booking_resource.id"), primary_key=True),
    Column("slot", Whole(), primary_key=True, autoincrement=False),
    Column("taken", Whole(), nullable=False),
    Column("capacity", Whole(), nullable=False),
    Column("own", Flag(), nullable=False),
    Column("closed", Flag(), nullable=False),
    # This is the guard: whatever the code above believes, nothing is sold twice.
    CheckConstraint("taken >= 0 AND taken <= capacity", name="taken_fits"),
    **STRICT,
)

quote = Table(
    "booking_quote",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("items", Json(), nullable=False, info=_ASKED),
    Column("options", Json(), nullable=False, info=_ASKED),
    Column("price", Json(), nullable=False, info=_ASKED),
    Column("total_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("digest", Text(64), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    CheckConstraint("expires_at > created_at", name="lives"),
    CheckConstraint("total_minor >= 0", name="total_whole"),
    Index("booking_quote_expires_at_ix", "expires_at"),
    **STRICT,
)

hold = Table(
    "booking_hold",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("kind", Choice(HoldKind), nullable=False),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("quote_id", Text(40), ForeignKey("booking_quote.id")),
    Column("state", Choice(HoldState), nullable=False),
    Column("spans", Json(), nullable=False),
    Column("items", Json(), nullable=False, info=_ASKED),
    Column("price", Json(), info=_ASKED),
    Column("total_minor", Whole()),
    Column("currency", Text(3)),
    Column("digest", Text(64)),
    Column("note", Text(200), info=_OWNERS_WORDS),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment()),
    Column("extendable_until", Moment()),
    # When it was given its time again because its guest has to approve the payment elsewhere: that happens once.
    Column("waited_at", Moment()),
    # The booking that waits on it for its owner's answer.
    Column("request_number", Whole()),
    # The hold that ran out and whose stock this one took again, because it was paid late.
    Column("late_of", Text(40), ForeignKey("booking_hold.id")),
    # The change of a booking it is for, and what that has to be paid with; otherwise the total is payable.
    Column("change_id", Text(40)),
    Column("payable_minor", Whole()),
    one_of("kind", HoldKind),
    one_of("state", HoldState),
    CheckConstraint("(kind = 'guest') = (COALESCE(quote_id, change_id) IS NOT NULL)", name="guest_quoted"),
    CheckConstraint("request_number IS NULL OR kind = 'guest'", name="guest_requests"),
    CheckConstraint("late_of IS NULL OR kind = 'direct'", name="late_direct"),
    CheckConstraint("payable_minor >= 0", name="payable_whole"),
    CheckConstraint("(kind = 'guest') = (expires_at IS NOT NULL)", name="guest_clocked"),
    CheckConstraint("(kind = 'owner') = (digest IS NULL)", name="sale_priced"),
    CheckConstraint("expires_at <= extendable_until", name="bounded"),
    CheckConstraint("kind = 'guest' OR state <> 'expired'", name="only_guest_expires"),
    # The state is not in the index, so that confirming a hold is a HOT update on PostgreSQL.
    Index("booking_hold_expires_at_ix", "expires_at"),
    Index("booking_hold_account_id_expires_at_ix", "account_id", "expires_at"),
    Index("booking_hold_late_of_ix", "late_of", unique=True),
    **STRICT,
)

claim = Table(
    "booking_claim",
    tables,
    Column("seq", Whole(), primary_key=True, autoincrement=True),
    Column("hold_id", Text(40), ForeignKey("booking_hold.id"), nullable=False),
    Column("resource_id", Text(120), ForeignKey("booking_resource.id"), nullable=False),
    Column("first_slot", Whole(), nullable=False),
    Column("end_slot", Whole(), nullable=False),
    Column("quantity", Whole(), nullable=False),
    Column("reason", Choice(ClaimReason), nullable=False),
    Column("digest", Text(64)),
    Column("at", Moment(), nullable=False),
    one_of("reason", ClaimReason),
    CheckConstraint("end_slot > first_slot", name="span_whole"),
    CheckConstraint("(reason IN ('held', 'booked', 'blocked')) = (quantity > 0) AND quantity <> 0", name="signed"),
    Index("booking_claim_hold_id_ix", "hold_id"),
    Index("booking_claim_resource_id_end_slot_ix", "resource_id", "end_slot"),
    **STRICT,
)

booking = Table(
    "booking_booking",
    tables,
    Column("number", Whole(), primary_key=True, autoincrement=False),
    Column("reference", Text(20), nullable=False),
    Column("hold_id", Text(40), ForeignKey("booking_hold.id"), nullable=False),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("owner_id", Whole(), nullable=False, info=_NUMBER),
    Column("state", Choice(BookingState), nullable=False),
    Column("items", Json(), nullable=False, info=_BOOKED),
    Column("price", Json(), nullable=False, info=_BOOKED),
    Column("total_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("digest", Text(64), nullable=False),
    Column("payment_method", Text(32), nullable=False),
    Column("payment_status", Text(32), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("cancelled_at", Moment()),
    Column("refund_minor", Whole()),
    Column("payment_id", Text(40)),
    Column("confirmed_by", Choice(ConfirmedBy), nullable=False, server_default=ConfirmedBy.GUEST),
    Column("decide_by", Moment()),
    # When a request was accepted or declined, or found to have run out.
    Column("decided_at", Moment()),
    # The kept way to pay that stands for its tables: payments has it.
    Column("guarantee_method_id", Text(40)),
    one_of("state", BookingState),
    one_of("confirmed_by", ConfirmedBy),
    UniqueConstraint("reference"),
    UniqueConstraint("hold_id"),
    CheckConstraint("total_minor >= 0", name="total_whole"),
    CheckConstraint(
        "(state = 'cancelled') = (cancelled_at IS NOT NULL) AND (cancelled_at IS NULL) = (refund_minor IS NULL)",
        name="cancelled_whole",
    ),
    CheckConstraint("refund_minor >= 0 AND refund_minor <= total_minor", name="refund_bounded"),
    CheckConstraint("state <> 'requested' OR (decide_by IS NOT NULL AND decided_at IS NULL)", name="request_open"),
    CheckConstraint("state <> 'declined' OR decided_at IS NOT NULL", name="declined_decided"),
    CheckConstraint("decided_at IS NULL OR decide_by IS NOT NULL", name="decided_asked"),
    Index("booking_booking_account_id_number_ix", "account_id", "number"),
    **STRICT,
)

owner = Table(
    "booking_owner",
    tables,
    # Whose property a booking takes: a trip may take those of several. The key serves "the bookings of an owner".
    Column("owner_id", Whole(), primary_key=True, autoincrement=False, info=_NUMBER),
    Column("number", Whole(), ForeignKey("booking_booking.number"), primary_key=True, autoincrement=False),
    # When this owner said yes to a request; it is a booking once all have who want to be asked.
    Column("accepted_at", Moment()),
    Index("booking_owner_number_ix", "number"),
    **STRICT,
)

quota = Table(
    "booking_quota",
    tables,
    Column("account_id", Whole(), primary_key=True, autoincrement=False, info=_QUOTA),
    Column("live", Whole(), nullable=False),
    Column("most", Whole(), nullable=False),
    # Live holds are limited as stock is: by a CHECK, so no race gets around it.
    CheckConstraint("live >= 0 AND live <= most", name="live_fits"),
    **STRICT,
)

key = Table(
    "booking_key",
    tables,
    Column("account_id", Whole(), primary_key=True, autoincrement=False, info=_ANSWERED_TO),
    Column("route", Text(120), primary_key=True),
    Column("key", Text(255), primary_key=True, info=_ANSWER),
    Column("fingerprint", Text(64), nullable=False),
    Column("answer", Json(), nullable=False, info=_ANSWER),
    Column("replays", Whole(), nullable=False),
    Column("at", Moment(), nullable=False),
    Index("booking_key_at_ix", "at"),
    **STRICT,
)

process = Table(
    "booking_process",
    tables,
    # One row for every start of a process: its number keeps booking numbers of different processes apart.
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("started_at", Moment(), nullable=False),
    **STRICT,
)

report = Table(
    "booking_report",
    tables,
    Column("id", Whole(), primary_key=True, autoincrement=True),
    Column("started_at", Moment(), nullable=False),
    Column("duration_ms", Whole(), nullable=False),
    Column("cells", Whole(), nullable=False),
    Column("holds", Whole(), nullable=False),
    Column("bookings", Whole(), nullable=False),
    Column("ledger_entries", Whole(), nullable=False),
    Column("breaches", Json(), nullable=False),
    **STRICT,
)

# ----------------------------------------------------------------------------------------------------- after the sale

cancellation = Table(
    "booking_cancellation",
    tables,
    # What canceling would give back, as it was offered to one account; of theirs only the newest can be used.
    Column("id", Text(40), primary_key=True),
    Column("number", Whole(), ForeignKey("booking_booking.number"), nullable=False),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("turn", Whole(), nullable=False),
    # How often the booking had been revised: a quote for what it was before is worth nothing.
    Column("revision", Whole(), nullable=False),
    Column("state", Choice(CancellationState), nullable=False),
    Column("positions", Json(), nullable=False),
    Column("stays", Json(), nullable=False, info=_ASKED),
    Column("refund", Json(), nullable=False, info=_ASKED),
    Column("refund_minor", Whole(), nullable=False),
    Column("total_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    # What the rest costs; nothing where all is canceled.
    Column("price_after", Json(), info=_ASKED),
    Column("digest_after", Text(64)),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    Column("used_at", Moment()),
    # What it costs beside, as the fee of a table: position and minor units each.
    Column("fees", Json(), info=_ASKED),
    one_of("state", CancellationState),
    CheckConstraint("expires_at > created_at", name="lives"),
    CheckConstraint("(state = 'used') = (used_at IS NOT NULL)", name="used_whole"),
    CheckConstraint("used_at IS NULL OR used_at < expires_at", name="used_in_time"),
    CheckConstraint("refund_minor >= 0 AND refund_minor <= total_minor", name="refund_bounded"),
    CheckConstraint("(price_after IS NULL) = (digest_after IS NULL)", name="rest_priced"),
    UniqueConstraint("number", "account_id", "turn"),
    Index("booking_cancellation_expires_at_ix", "expires_at"),
    **STRICT,
)

change = Table(
    "booking_change",
    tables,
    # Other dates or guests for a booking. Its hold has only what is new; `spans` is what the booking has once changed.
    Column("id", Text(40), primary_key=True),
    Column("number", Whole(), ForeignKey("booking_booking.number"), nullable=False),
    Column("hold_id", Text(40), ForeignKey("booking_hold.id"), nullable=False),
    Column("revision", Whole(), nullable=False),
    Column("state", Choice(ChangeState), nullable=False),
    Column("items", Json(), nullable=False, info=_ASKED),
    Column("spans", Json(), nullable=False),
    Column("price", Json(), nullable=False, info=_ASKED),
    Column("total_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("digest", Text(64), nullable=False),
    Column("difference_minor", Whole(), nullable=False),
    Column("refund", Json(), nullable=False, info=_ASKED),
    Column("refund_minor", Whole(), nullable=False),
    Column("payment_id", Text(40)),
    Column("created_at", Moment(), nullable=False),
    Column("confirmed_at", Moment()),
    one_of("state", ChangeState),
    CheckConstraint("(state = 'confirmed') = (confirmed_at IS NOT NULL)", name="confirmed_whole"),
    CheckConstraint("total_minor >= 0 AND difference_minor <= total_minor", name="total_whole"),
    CheckConstraint(
        "refund_minor = CASE WHEN difference_minor < 0 THEN -difference_minor ELSE 0 END", name="refund_is_difference"
    ),
    CheckConstraint("payment_id IS NULL OR state = 'confirmed'", name="paid_confirmed"),
    UniqueConstraint("hold_id"),
    Index("booking_change_number_ix", "number"),
    **STRICT,
)

revision = Table(
    "booking_revision",
    tables,
    # What a booking was before it became another: appended, never changed. The first one is what was sold.
    Column("number", Whole(), ForeignKey("booking_booking.number"), primary_key=True, autoincrement=False),
    Column("revision", Whole(), primary_key=True, autoincrement=False),
    Column("hold_id", Text(40), ForeignKey("booking_hold.id"), nullable=False),
    Column("why", Choice(RevisedBy), nullable=False),
    Column("change_id", Text(40), ForeignKey("booking_change.id")),
    Column("cancellation_id", Text(40), ForeignKey("booking_cancellation.id")),
    Column("items", Json(), nullable=False, info=_BOOKED),
    Column("spans", Json(), nullable=False),
    Column("price", Json(), nullable=False, info=_BOOKED),
    Column("total_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("digest", Text(64), nullable=False),
    # The fingerprint of what it became, which is also in the claim ledger.
    Column("digest_after", Text(64), nullable=False),
    Column("at", Moment(), nullable=False),
    one_of("why", RevisedBy),
    CheckConstraint("revision >= 1", name="counted"),
    CheckConstraint(
        "(why = 'change') = (change_id IS NOT NULL) AND (why = 'cancellation') = (cancellation_id IS NOT NULL)",
        name="caused",
    ),
    UniqueConstraint("change_id"),
    UniqueConstraint("cancellation_id"),
    **STRICT,
)

# ----------------------------------------------------------------------------------------------------------- the floor

visit = Table(
    "booking_visit",
    tables,
    # One row for every table of a booking that stands, made in the transaction that confirms it: who comes when.
    Column("number", Whole(), ForeignKey("booking_booking.number"), primary_key=True, autoincrement=False),
    Column("item", Whole(), primary_key=True, autoincrement=False),
    Column("restaurant_id", Whole(), nullable=False),
    Column("day", Day(), nullable=False),
    Column("slot", Whole(), nullable=False),
    Column("source", Choice(VisitSource), nullable=False),
    Column("state", Choice(VisitState), nullable=False, info=_CAME),
    Column("since", Moment(), nullable=False),
    one_of("source", VisitSource),
    one_of("state", VisitState),
    CheckConstraint("item >= 0", name="item_whole"),
    CheckConstraint("source <> 'walk_in' OR state IN ('seated', 'done')", name="walked_in"),
    Index("booking_visit_restaurant_id_day_slot_ix", "restaurant_id", "day", "slot"),
    **STRICT,
)

note = Table(
    "booking_note",
    tables,
    Column("number", Whole(), ForeignKey("booking_booking.number"), primary_key=True, autoincrement=False),
    Column("item", Whole(), primary_key=True, autoincrement=False),
    Column("name", Text(NAME_MAX), info=_CALLED),
    Column("notes", Text(NOTES_MAX), info=_SAID),
    Column("occasion", Choice(Occasion), info=_SAID),
    # Tells of health or belief: kept with consent only, which is kept beside it.
    Column("dietary_consented_at", Moment(), info=_AGREED),
    Column("dietary", Text(_SEALED_MAX), info=_DIET),  # sealed, see `service.diets`
    Column("consent_version", Text(20), info=_AGREED),
    one_of("occasion", Occasion),
    CheckConstraint("item >= 0", name="item_whole"),
    CheckConstraint(
        "(dietary IS NULL) = (dietary_consented_at IS NULL) AND (dietary IS NULL) = (consent_version IS NULL)",
        name="dietary_consented",
    ),
    CheckConstraint("COALESCE(name, notes, occasion, dietary) IS NOT NULL", name="says_something"),
    **STRICT,
)

fee = Table(
    "booking_fee",
    tables,
    # For canceling late or not coming, charged to the way to pay that stands for a table. What is gone stays named.
    Column("number", Whole(), ForeignKey("booking_booking.number"), primary_key=True, autoincrement=False),
    Column("turn", Whole(), primary_key=True, autoincrement=False),
    Column("owner_id", Whole(), nullable=False, info=_NUMBER),
    Column("title", Text(200), nullable=False, info=_FEE),
    Column("why", Choice(FeeReason), nullable=False),
    Column("amount_minor", Whole(), nullable=False),
    Column("currency", Text(3), nullable=False),
    Column("method_id", Text(40), nullable=False),
    Column("state", Choice(FeeState), nullable=False),
    Column("payment_id", Text(40)),
    Column("denial", Text(60)),
    Column("at", Moment(), nullable=False),
    Column("ended_at", Moment()),
    one_of("why", FeeReason),
    one_of("state", FeeState),
    CheckConstraint("turn >= 1", name="counted"),
    CheckConstraint("amount_minor > 0", name="amount_whole"),
    CheckConstraint("(state = 'due') = (ended_at IS NULL)", name="ended_whole"),
    CheckConstraint("state <> 'charged' OR payment_id IS NOT NULL", name="charged_by"),
    CheckConstraint("(state = 'denied') = (denial IS NOT NULL)", name="denied_why"),
    Index("booking_fee_state_at_ix", "state", "at"),
    **STRICT,
)

# ------------------------------------------------------------------------------------- trips over several stocks

trip_quote = Table(
    "booking_trip_quote",
    tables,
    # What quotes of several stocks make one: stock and quote of each.
    Column("id", Text(40), primary_key=True),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("parts", Json(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    CheckConstraint("expires_at > created_at", name="lives"),
    Index("booking_trip_quote_expires_at_ix", "expires_at"),
    **STRICT,
)

trip = Table(
    "booking_trip",
    tables,
    Column("id", Text(40), primary_key=True),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    Column("quote_id", Text(40), ForeignKey("booking_trip_quote.id"), nullable=False),
    Column("state", Choice(TripState), nullable=False),
    # Stock, quote, hold and, once it is booked, number of each; the holds are named before they are placed.
    Column("parts", Json(), nullable=False),
    # Why it ended: expired, released, refused, abandoned, unpaid; and the refusal, to give it again.
    Column("why", Text(20)),
    Column("refusal", Json()),
    Column("created_at", Moment(), nullable=False),
    Column("touched_at", Moment(), nullable=False),
    Column("expires_at", Moment()),
    Column("extendable_until", Moment()),
    Column("waited_at", Moment()),
    Column("booked_at", Moment()),
    # Whether its parts are taken again after it ran out, because it was paid late.
    Column("late", Flag(), nullable=False),
    Column("number", Whole()),
    Column("reference", Text(20)),
    Column("payment_method", Text(32)),
    Column("payment_status", Text(32)),
    Column("payment_id", Text(40)),
    Column("guarantee_method_id", Text(40)),
    Column("confirmed_by", Choice(ConfirmedBy), nullable=False),
    one_of("state", TripState),
    one_of("confirmed_by", ConfirmedBy),
    UniqueConstraint("number"),
    UniqueConstraint("reference"),
    CheckConstraint("(number IS NULL) = (reference IS NULL)", name="named_whole"),
    CheckConstraint("(expires_at IS NULL) = (extendable_until IS NULL)", name="clocked_whole"),
    CheckConstraint("state NOT IN ('held', 'confirming', 'booked') OR expires_at IS NOT NULL", name="held_clocked"),
    CheckConstraint("state NOT IN ('confirming', 'booked') OR number IS NOT NULL", name="booked_named"),
    CheckConstraint("(state = 'booked') = (booked_at IS NOT NULL)", name="booked_whole"),
    CheckConstraint("(state IN ('unwinding', 'ended')) = (why IS NOT NULL)", name="ended_why"),
    Index("booking_trip_state_touched_at_ix", "state", "touched_at"),
    Index("booking_trip_account_id_number_ix", "account_id", "number"),
    **STRICT,
)

trip_cancellation = Table(
    "booking_trip_cancellation",
    tables,
    # Cancellation quotes of parts of a trip that are used together: part, quote and positions of each.
    Column("id", Text(40), primary_key=True),
    Column("trip_id", Text(40), ForeignKey("booking_trip.id"), nullable=False),
    Column("account_id", Whole(), nullable=False, info=_NUMBER),
    # Who asked, to go on for them: `guest` or `admin`.
    Column("role", Text(20), nullable=False),
    Column("parts", Json(), nullable=False),
    Column("created_at", Moment(), nullable=False),
    Column("expires_at", Moment(), nullable=False),
    Column("used_at", Moment()),
    Column("done_at", Moment()),
    CheckConstraint("expires_at > created_at", name="lives"),
    CheckConstraint("done_at IS NULL OR used_at IS NOT NULL", name="done_used"),
    Index("booking_trip_cancellation_trip_id_ix", "trip_id"),
    Index("booking_trip_cancellation_done_at_ix", "done_at", "used_at"),
    **STRICT,
)

outbox = Outbox("booking", tables)
activity = Activity("booking", tables)
cursors = cursor_table("booking", tables)
