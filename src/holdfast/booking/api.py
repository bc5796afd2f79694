"""The door of booking."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from holdfast.booking.cancellation import CancellationQuote
from holdfast.booking.fees_api import Fee, FeeReason, FeesApi, FeeState, MethodInUse, fee_paid_by, fee_subject
from holdfast.booking.floor_api import FloorApi, VisitSource, VisitState
from holdfast.booking.importing_api import ImportingApi
from holdfast.booking.integrity import Breach, IntegrityReport
from holdfast.booking.items import (
    FlightItem,
    Item,
    ItemKind,
    QuotedEnd,
    QuotedFlight,
    QuotedItem,
    QuotedLeg,
    QuotedStay,
    QuotedTable,
    StayItem,
    TableItem,
)
from holdfast.booking.notes_api import DIETARY_MAX, NOTES_MAX, Note, NoteGiven, NotesApi, Occasion
from holdfast.booking.refusals import (
    AlreadyBooked,
    AlreadyCancelled,
    AlreadyConfirmed,
    BelowSold,
    CancellationTooLate,
    CapacityTaken,
    ChangeNotActive,
    ConsentRequired,
    ExtensionLimit,
    GuaranteeRequired,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    NotRequested,
    QuoteExpired,
    QuoteSuperseded,
    RuleViolation,
    VisitMoveRefused,
)
from holdfast.booking.stock_api import StockApi
from holdfast.booking.trips_api import NotAcrossStocks, TripPart, paid_by_trip
from holdfast.booking.why_api import Alternative, ItemReason, Opening, WhyApi, WhyNot
from holdfast.engine.price import Price
from holdfast.kit.auth import Principal
from holdfast.kit.keyed import Caller, Keyed
from holdfast.verticals.cancellation import Refund, RefundCurve

__all__ = [  # what is written beside; what is written here is exported anyway
    "DIETARY_MAX", "NOTES_MAX", "AlreadyBooked", "AlreadyCancelled", "AlreadyConfirmed", "Alternative", "BelowSold",
    "Breach", "CancellationQuote", "CancellationTooLate", "CapacityTaken", "ChangeNotActive", "ConsentRequired",
    "ExtensionLimit", "Fee", "FeeReason", "FeeState", "FeesApi", "FlightItem", "FloorApi", "GuaranteeRequired",
    "HoldExpired", "HoldNotActive", "HoldQuotaExceeded", "ImportingApi", "IntegrityReport", "Item", "ItemKind",
    "ItemReason", "MethodInUse", "NotAcrossStocks", "NotRequested", "Note", "NoteGiven", "NotesApi", "Occasion",
    "Opening", "QuoteExpired", "QuoteSuperseded", "QuotedEnd", "QuotedFlight", "QuotedItem", "QuotedLeg", "QuotedStay",
    "QuotedTable", "RuleViolation", "StayItem", "StockApi", "TableItem", "TripPart", "VisitMoveRefused", "VisitSource",
    "VisitState", "WhyApi", "WhyNot", "fee_paid_by", "fee_subject", "paid_by_trip",
]  # fmt: skip


class HoldState(StrEnum):
    """Where a hold stands. Expired by time and not yet tidied counts as expired for everyone."""

    HELD = "held"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    EXPIRED = "expired"


class BookingState(StrEnum):
    """Where a booking stands."""

    REQUESTED = "requested"
    """Waits for the owner's yes; its nights are blocked meanwhile and its money is at most authorised."""
    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    """The owner said no, or nothing in time."""


class ConfirmedBy(StrEnum):
    """Who turned a hold into a booking."""

    GUEST = "guest"
    PAYMENT = "payment"
    """The guest had paid, but never came back to say so: the resolver did it for them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A price that holds until `expires_at`; takes no stock."""

    id: str
    items: tuple[QuotedItem, ...]
    price: Price
    created_at: datetime
    expires_at: datetime
    signed: str = ""
    """The quote with its rule trace as a compact JWS (EdDSA): whoever has the published key can check and replay it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Stock kept for somebody at a locked price until `expires_at`.

    One clock with two ends: pay and confirm by `expires_at`; the price stays locked, through every extension, until
    `extendable_until`.
    """

    id: str
    token: str
    """Shown to whoever placed it; needed to confirm."""
    quote_id: str
    state: HoldState
    items: tuple[QuotedItem, ...]
    price: Price
    created_at: datetime
    expires_at: datetime
    extendable_until: datetime
    payable_minor: int = 0
    """What has to be paid online before it is confirmed, if it is paid online: the total, or a change's difference."""
    change_id: str | None = None
    """The change of a booking this hold is for, if it is for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A confirmed hold, or one that waits for its owner's yes."""

    reference: str
    number: int
    hold_id: str | None
    account_id: int
    state: BookingState
    items: tuple[QuotedItem, ...]
    price: Price
    payment_method: str
    payment_status: str
    created_at: datetime
    cancelled_at: datetime | None
    refund_minor: int | None
    payment_id: str | None = None
    confirmed_by: ConfirmedBy = ConfirmedBy.GUEST
    decide_by: datetime | None = None
    """Until when the owner may say yes, of a request."""
    guaranteed: bool = False
    """Whether a kept way to pay stands for its tables."""
    fees: tuple[Fee, ...] = ()
    """For canceling late or not coming."""
    parts: tuple[TripPart, ...] = ()
    """Of a trip over several stocks; none of any other booking."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentTerms:
    """How a booking is paid, and where that stands, in the words of `payments.api`."""

    method: str
    status: str
    payment_id: str | None = None
    guarantee_method_id: str | None = None
    """The kept way to pay that stands for tables which ask for one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Other dates or guests for a booking: the new nights are held, the old ones are kept until it is confirmed."""

    id: str
    number: int
    hold: Hold
    """Of the nights that are new; its `payable_minor` is what is to be paid, 0 if nothing is."""
    items: tuple[QuotedItem, ...]
    price: Price
    """Of the booking once changed."""
    difference_minor: int
    """New total less old."""
    refund_minor: int
    """What comes back once it is confirmed, by the booking's own policy."""
    refund: Refund
    """The same, line by line; the positions mean `items`."""
    payment_id: str | None = None
    """The payment of the difference, once it is confirmed and if there was one."""
    confirmed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Nights an owner keeps for themselves."""

    id: str
    property_id: int
    first: date
    end: date
    quantity: int
    note: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NightStock:
    """Stock of one property on one night."""

    night: date
    capacity: int
    taken: int
    closed: bool
    """Stop-sell: nothing more is sold, whatever is free."""

    @property
    def free(self) -> int:
        """Units that can still be sold."""
        return 0 if self.closed else max(0, self.capacity - self.taken)


class BookingApi(Protocol):
    """What others may ask of booking."""

    @property
    def stock_of(self) -> StockApi:
        """The door to what is taken of resources of any kind."""

    @property
    def floor(self) -> FloorApi:
        """The door to the floor of restaurants."""

    @property
    def importing(self) -> ImportingApi:
        """The door to stock that was taken elsewhere."""

    @property
    def notes(self) -> NotesApi:
        """The door to what is noted of tables."""

    @property
    def fees(self) -> FeesApi:
        """The door to fees for canceling late or not coming."""

    @property
    def why(self) -> WhyApi:
        """The door to why something cannot be booked."""

    async def quote(self, *, account_id: int, items: Sequence[Item]) -> Quote:
        """Price a request and promise the price for 15 minutes. Takes no stock and does not look at it.

        Raises:
            NotFound: A property does not exist or is not listed.
            RuleViolation: Rules of a property stand against the request; every one is named.
            Invalid: The items do not go together; every reason is named.
        """

    async def get_quote(self, *, account_id: int, quote_id: str) -> Quote:
        """Return a quote to whom it was made.

        Raises:
            NotFound: No such quote, or somebody else's.
        """

    def quote_keys(self) -> Mapping[str, Any]:
        """Return the keys that quotes are signed with as a JSON Web Key Set, those of previous secrets too."""

    async def quote_curve(self, *, account_id: int, quote_id: str) -> RefundCurve:
        """Return what canceling would give back, instant by instant, if the quote were booked now.

        Raises:
            NotFound: No such quote, or somebody else's.
        """

    async def place_hold(self, *, caller: Caller, quote_id: str) -> Keyed[Hold]:
        """Take the stock of a quote for 10 minutes at the quoted price, all of it or nothing.

        Raises:
            NotFound: No such quote, or somebody else's.
            QuoteExpired: The promise has run out.
            CapacityTaken: A cell is full or closed; nothing was taken.
            HoldQuotaExceeded: The account holds as much as it may.
            KeyReused: The key belongs to another request.
            KeyInProgress: A request with this key is running.
        """

    async def get_hold(self, *, account_id: int, hold_id: str) -> Hold:
        """Return a hold to whom it belongs, its state judged now.

        Raises:
            NotFound: No such hold, or somebody else's.
        """

    async def extend_hold(self, *, caller: Caller, hold_id: str) -> Keyed[Hold]:
        """Give a live hold 10 more minutes from now, never beyond 30 minutes after it was placed.

        Raises:
            NotFound: No such hold, or somebody else's.
            HoldExpired: Too late.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
            ExtensionLimit: It lives until its last moment already.
        """

    async def release_hold(self, *, account_id: int, hold_id: str) -> None:
        """Let a hold go and free its stock. Releasing a released or expired hold changes nothing.

        Raises:
            NotFound: No such hold, or somebody else's.
            AlreadyConfirmed: It is a booking: cancel that.
        """

    async def payable(self, *, account_id: int, hold_id: str, hold_token: str) -> Hold:
        """Return a live hold to whoever may pay for it: `payable_minor` of its price's currency is what is due.

        Raises:
            NotFound: No such hold, somebody else's, or the token is not its token.
            HoldExpired: Too late.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
        """

    async def wait_for_payment(self, *, hold_id: str) -> Hold | None:
        """Give a live hold its time again, once, because its guest has to approve the payment elsewhere.

        Never beyond `extendable_until`; a second call, or one for a hold that has ended, changes nothing.
        """

    async def find_hold(self, *, hold_id: str) -> Hold | None:
        """Return any guest's hold, its state judged now; for journeys, not for guests."""

    async def booking_of_hold(self, *, hold_id: str) -> Booking | None:
        """Return the booking a hold has become (also one that has ended since); for journeys, not for guests."""

    async def confirm_paid(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        """Confirm a live hold because its payment is authorised and its guest has not come back to say so.

        A hold that is already a booking with this payment is answered with that booking.

        Raises:
            NotFound: No such hold.
            HoldExpired: Too late.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking with another payment, or paid otherwise.
        """

    async def book_late(self, *, hold_id: str, payment: PaymentTerms) -> Booking:
        """Take the stock of a hold that ran out once more, at its locked price, and book it with this payment.

        Repeating it for the same hold and payment gives the same booking.

        Raises:
            NotFound: No such hold.
            HoldNotActive: It had not run out by itself: its guest let it go.
            AlreadyConfirmed: It is a booking with another payment.
            CapacityTaken: Somebody else has a night meanwhile; nothing was taken.
            RuleViolation: The stay has begun meanwhile.
        """

    async def record_payment(self, *, number: int, payment_id: str, status: str) -> Booking:
        """Note on a booking where its payment stands. Only a booking with this payment is touched.

        Raises:
            NotFound: No such booking with this payment.
        """

    async def confirm(
        self,
        *,
        caller: Caller,
        hold_id: str,
        hold_token: str,
        payment: PaymentTerms | None,
        notes: Sequence[NoteGiven] = (),
    ) -> Keyed[Booking]:
        """Turn a live hold into a booking at the held price, or into a request where an owner wants to be asked.

        Terms without a payment's id mean on arrival; whether every stay allows that is judged here, with the hold. None
        means that nobody has agreed on a payment: then only an earlier answer under the same key is given again.
        `notes` are of its tables, and kept with the booking or not at all.

        Raises:
            Invalid: A note is of something else than a table, or tells of a diet without consent. Not kept.
            NotFound: No such hold, somebody else's, or the token is not its token.
            HoldExpired: Too late; the stock may be gone.
            HoldNotActive: It was released.
            AlreadyConfirmed: It is a booking.
            PaymentRequired: It has to be paid first. This is not kept under the key.
            GuaranteeRequired: A table asks for a kept way to pay. This is not kept under the key.
        """

    async def book(self, *, caller: Caller, item: StayItem, payment: PaymentTerms) -> Keyed[Booking]:
        """Quote, hold and confirm one stay at once at the flat nightly price (the Home Rental contract's call).

        Raises:
            NotFound: No such property, or it is not listed.
            RuleViolation: A rule stands against it.
            CapacityTaken: A night is full or closed.
        """

    async def bookings_of(self, *, account_id: int, before: int | None, limit: int) -> list[Booking]:
        """Return an account's bookings, newest first, numbers below `before`."""

    async def bookings_of_owner(self, *, owner_id: int, before: int | None, limit: int) -> list[Booking]:
        """Return the bookings of everything an owner runs, newest first, numbers below `before`."""

    async def get_booking(
        self, *, principal: Principal, reference: str | None = None, number: int | None = None
    ) -> Booking:
        """Return a booking by its reference or its number to its guest, its owner or an admin.

        Raises:
            NotFound: No such booking, or somebody else's.
        """

    async def decide(self, *, caller: Caller, owner: Principal, number: int, accept: bool) -> Keyed[Booking]:
        """Say yes or no to a request.

        Raises:
            NotFound: No such booking, or somebody else's.
            NotRequested: It does not wait for an answer (any more).
        """

    async def quote_cancellation(
        self, *, principal: Principal, number: int, items: tuple[int, ...] = ()
    ) -> CancellationQuote:
        """Say what a cancellation would give back now, of some items or (no positions given) of all, and keep that.

        The guest gets what the booking's own policy gives; an owner or admin who cancels gives everything back.

        Raises:
            NotFound: No such booking, or somebody else's.
            AlreadyCancelled: It was cancelled before.
            CancellationTooLate: The stay has begun and its policy gives nothing to cancel any more.
            Invalid: There is no such item.
        """

    async def cancel(
        self, *, caller: Caller, principal: Principal, number: int, quote_id: str | None = None
    ) -> Keyed[Booking]:
        """Cancel as the newest cancellation quote says, and free the stock. The refund is the quote's to the cent.

        Args:
            caller: Whose key it is.
            principal: Who cancels.
            number: The booking.
            quote_id: The newest cancellation quote; None where a contract has none (Home Rental): all, as of now.

        Raises:
            NotFound: No such booking or quote, or somebody else's.
            QuoteSuperseded: There is a newer quote, or this one has run out.
            AlreadyCancelled: It was cancelled before.
            CancellationTooLate: Nothing can be canceled any more.
        """

    async def cancel_unpaid(self, *, number: int, payment_id: str) -> Booking:
        """Cancel a booking whose authorised money could not be captured; nothing is owed. Repeating changes nothing.

        Raises:
            NotFound: No such booking with this payment.
        """

    async def refund_curve(self, *, principal: Principal, number: int) -> RefundCurve:
        """Return what canceling a booking gives back, instant by instant.

        Raises:
            NotFound: No such booking, or somebody else's.
        """

    async def place_change(
        self, *, caller: Caller, principal: Principal, number: int, items: Sequence[Item]
    ) -> Keyed[Change]:
        """Price other dates or guests for a booking and hold the nights that are new; the old ones stay.

        Raises:
            NotFound: No such booking or property, or somebody else's.
            RuleViolation: Rules of a property stand against it.
            CapacityTaken: A new night is full; the booking is as it was.
            AlreadyCancelled: The booking was cancelled.
            CancellationTooLate: A stay has begun.
            Invalid: The items are not the booking's properties in the booking's order, or nothing changes.
            KeyReused: The key belongs to another request.
        """

    async def get_change(self, *, principal: Principal, number: int, change_id: str) -> Change:
        """Return a change.

        Raises:
            NotFound: No such booking or change, or somebody else's.
        """

    async def confirm_change(
        self, *, caller: Caller, principal: Principal, number: int, change_id: str, payment: PaymentTerms | None
    ) -> Keyed[Booking]:
        """Let the new nights take the place of the old, in one transaction; what was old and is not new is free.

        Raises:
            NotFound: No such booking or change, or somebody else's.
            ChangeNotActive: It was confirmed or let go.
            HoldExpired: It ran out; the booking is as it was.
        """

    async def cancellation(self, *, cancellation_id: str) -> CancellationQuote:
        """Return any booking's cancellation quote, used or not; for journeys, not for guests.

        Raises:
            NotFound: No such quote.
        """

    async def change(self, *, change_id: str) -> Change:
        """Return any booking's change; for journeys, not for guests.

        Raises:
            NotFound: No such change.
        """

    async def holds_of(self, *, number: int) -> tuple[str, ...]:
        """Return the holds a booking was paid by: its own, the one it was late for, those of its confirmed changes.

        Raises:
            NotFound: No such booking.
        """

    async def stock(self, *, property_ids: Sequence[int], first: date, end: date) -> Mapping[int, list[NightStock]]:
        """Return the stock of the properties for every night in [first, end); live holds count as taken."""

    async def nights_taken(self, *, spans: Sequence[tuple[int, date, date]]) -> Mapping[int, frozenset[date]]:
        """Return the nights without a free unit in spans (property id, first night, end) of many properties.

        Cheap where most nights are free: only the others are read. A property without stock is missing in the answer.
        """

    async def define_stock(self, *, property_id: int, units: int, unit_names: tuple[str, ...] = ()) -> None:
        """Make the stock of a property if it has none; a second call changes nothing."""

    async def resize(self, *, owner: Principal, property_id: int, units: int) -> None:
        """Change how many units a pool has.

        Raises:
            NotFound: No such property, or somebody else's.
            BelowSold: More is sold on some night.
        """

    async def set_night_stock(
        self, *, owner: Principal, property_id: int, first: date, end: date, capacity: int | None, closed: bool | None
    ) -> None:
        """Give every night in [first, end) a capacity of its own, or open or close it for sale.

        Raises:
            NotFound: No such property, or somebody else's.
            BelowSold: More is sold on some night.
        """

    async def block(
        self, *, caller: Caller, owner: Principal, property_id: int, nights: tuple[date, date], quantity: int, note: str
    ) -> Keyed[Block]:
        """Take nights of one's own property off the market: `nights` are the first and the one after the last.

        Raises:
            NotFound: No such property, or somebody else's.
            CapacityTaken: A night is sold; `bookings` lists what stands against it.
        """

    async def unblock(self, *, owner: Principal, block_id: str) -> None:
        """Give blocked nights back. Unblocking twice changes nothing.

        Raises:
            NotFound: No such block, or somebody else's.
        """

    async def blocks_of(self, *, owner: Principal, property_id: int) -> list[Block]:
        """Return the blocks of a property that are in force.

        Raises:
            NotFound: No such property, or somebody else's.
        """

    async def import_blocks(self, *, spans: Sequence[tuple[int, date, date]], note: str) -> int:
        """Block one unit of many (property id, first night, end) at once, for whoever fills a new house (the demo).

        Large batches are one transaction and one insert, not one claim each. Returns how many blocks were made.

        Raises:
            NotFound: One of the properties has no stock yet; nothing was blocked.
            CapacityTaken: One of the nights is taken; nothing was blocked.
        """

    async def verify(self) -> IntegrityReport:
        """Recount claims against cells, holds and bookings in one snapshot, keep and return the report."""

    async def last_report(self) -> IntegrityReport | None:
        """Return the last recount, if there was one."""
