"""The recount of what happened after the sale: revisions, changes and cancellations against bookings and holds.

What a booking was and became is a chain of fingerprints from what was held to what it is now. Every link names the
change or the cancellation that made it, and that one says the same price.
"""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from holdfast.booking.api import BookingState, HoldState
from holdfast.booking.models import CancellationState, ChangeState, RevisedBy
from holdfast.booking.store import after_sale
from holdfast.engine.price import digest_of
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row


@dataclass(slots=True)
class _Link:
    """What a booking was before it became another."""

    turn: int
    by: str
    """The change, or the cancellation."""
    is_change: bool
    hold_id: str
    digest: str
    total_minor: int
    digest_after: str


@dataclass(slots=True)
class _Change:
    number: int
    hold_id: str
    confirmed: bool
    digest: str
    total_minor: int
    difference_minor: int
    refund_minor: int


@dataclass(slots=True)
class _Used:
    """A cancellation quote that was used."""

    number: int
    refund_minor: int
    total_minor: int
    digest_after: str | None


@dataclass(slots=True)
class AfterSale:
    """What the recount knows of what happened after the sale."""

    breach: Callable[[str, Any, str], None]
    check_price: Callable[[str, Any, Row], None]
    digests: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """By hold: fingerprints its booking had later on, which the claim ledger may name."""
    late_fees: Counter[int] = field(default_factory=Counter)
    """By booking: what its cancellations cost beside what they gave back."""
    _links: defaultdict[int, list[_Link]] = field(default_factory=lambda: defaultdict(list))
    _changes: dict[str, _Change] = field(default_factory=dict)
    _used: dict[str, _Used] = field(default_factory=dict)
    _wholly: dict[int, str] = field(default_factory=dict)
    """By booking: the cancellation that ended it."""

    async def read(self, tx: Tx) -> None:
        """Read everything, and look at each by itself."""
        async for page in after_sale.all_revisions(tx):
            for row in page:
                self._revision(row)
        async for page in after_sale.all_changes(tx):
            for row in page:
                self._change(row)
        async for page in after_sale.all_quotes(tx):
            for row in page:
                self._quote(row)

    def may_be(self, hold_id: str, digest: str | None) -> bool:
        """Return whether the booking of a hold had this fingerprint later on."""
        return hold_id in self.digests and digest in self.digests[hold_id]

    def is_passed_over(self, hold_id: str, change_id: str | None) -> bool:
        """Return whether the cells of a confirmed hold are its booking's by now, because it was for a change."""
        change = self._changes.get(change_id or "")
        return change is not None and change.confirmed and change.hold_id == hold_id

    def _revision(self, row: Row) -> None:
        self.check_price("revision_price", f"{row.number}/{row.revision}", row)
        is_change = row.why is RevisedBy.CHANGE
        link = _Link(
            turn=row.revision,
            by=row.change_id if is_change else row.cancellation_id,
            is_change=is_change,
            hold_id=row.hold_id,
            digest=row.digest,
            total_minor=row.total_minor,
            digest_after=row.digest_after,
        )
        self._links[row.number].append(link)
        self.digests[row.hold_id].add(row.digest_after)

    def _change(self, row: Row) -> None:
        self.check_price("change_price", row.id, row)
        if sum(line["refund_minor"] for line in row.refund["lines"]) != row.refund_minor:
            self.breach("change_refund", row.id, f"its lines do not give back {row.refund_minor}")
        self._changes[row.id] = _Change(
            number=row.number,
            hold_id=row.hold_id,
            confirmed=row.state is ChangeState.CONFIRMED,
            digest=row.digest,
            total_minor=row.total_minor,
            difference_minor=row.difference_minor,
            refund_minor=row.refund_minor,
        )

    def _quote(self, row: Row) -> None:
        if sum(line["refund_minor"] for line in row.refund["lines"]) != row.refund_minor:
            self.breach("cancellation_refund", row.id, f"its lines do not give back {row.refund_minor}")
        if row.price_after is not None:
            if digest_of(row.price_after) != row.digest_after:
                self.breach("cancellation_price", row.id, "the price of the rest is not the one that was promised")
            elif row.price_after["total_minor"] != row.total_minor - row.refund_minor:
                self.breach("cancellation_price", row.id, "the rest does not cost what is left after the refund")
        if row.state is not CancellationState.USED:
            return
        self.late_fees[row.number] += sum(minor for _, minor in row.fees or ())
        self._used[row.id] = _Used(
            number=row.number,
            refund_minor=row.refund_minor,
            total_minor=row.total_minor,
            digest_after=row.digest_after,
        )
        if row.digest_after is None:
            if row.number in self._wholly:
                self.breach("cancellation_twice", row.number, f"{row.id} ends it, as {self._wholly[row.number]} does")
            self._wholly[row.number] = row.id

    # ------------------------------------------------------------------------------------------------------- bookings

    def compare(self, row: Row, sold: tuple[str | None, int | None]) -> None:
        """Compare a booking with what happened to it.

        Args:
            row: The booking.
            sold: Fingerprint and total of its hold.
        """
        links = self._links.pop(row.number, [])
        digest, total = sold
        charged, given = total or 0, 0
        for turn, link in enumerate(links, 1):
            if (link.turn, link.hold_id, link.digest, link.total_minor) != (turn, row.hold_id, digest, total):
                self.breach("revision_chain", row.reference, f"revision {link.turn} does not follow the one before")
            follows = links[turn].total_minor if turn < len(links) else row.total_minor
            more, back, after = self._said(row, link, follows)
            charged, given = charged + more, given + back
            digest, total = link.digest_after, after
        if (digest, total) != (row.digest, row.total_minor):
            what = "what its revisions made of it" if links else "the one that was held"
            self.breach("booking_price", row.reference, f"the price is not {what}")
        ended = self._wholly.pop(row.number, None)
        if ended is not None:
            given += self._ended(row, self._used[ended])
        if given > charged:
            self.breach("refunds_bounded", row.reference, f"{given} is given back of {charged}")

    def _said(self, row: Row, link: _Link, follows: int) -> tuple[int, int, int]:
        """Return what a link charged and gave back, and the total after it, as the change or cancellation says.

        Where there is none, the total that follows is believed: one breach is told once.
        """
        if link.is_change:
            change = self._changes.get(link.by)
            if change is None or (change.number, change.digest, change.confirmed) != (
                row.number,
                link.digest_after,
                True,
            ):
                self.breach("revision_cause", row.reference, f"{link.by} does not make it what it became")
                return 0, 0, follows
            if change.total_minor - link.total_minor != change.difference_minor:
                self.breach("change_difference", link.by, f"{change.difference_minor} is not what it makes dearer")
            return max(change.difference_minor, 0), change.refund_minor, change.total_minor
        used = self._used.pop(link.by, None)
        if used is None or (used.number, used.digest_after) != (row.number, link.digest_after):
            self.breach("revision_cause", row.reference, f"{link.by} does not make it what it became")
            return 0, 0, follows
        if used.total_minor != link.total_minor:
            self.breach("cancellation_price", link.by, "it was quoted for another price than the booking had")
        return 0, used.refund_minor, used.total_minor - used.refund_minor

    def _ended(self, row: Row, used: _Used) -> int:
        if row.state is not BookingState.CANCELLED or used.refund_minor != row.refund_minor:
            self.breach("cancellation_used", row.reference, f"{row.state}, {row.refund_minor} back: not as was quoted")
        if used.total_minor != row.total_minor:
            self.breach("cancellation_price", row.reference, "it was quoted for another price than the booking had")
        return used.refund_minor

    def finish(self, states: Callable[[str], HoldState | None]) -> None:
        """Name what no booking has told of.

        Args:
            states: Returns the state of a hold.
        """
        for number in self._links:
            self.breach("revision_missing", number, "there are revisions and no booking")
        for number, ended in self._wholly.items():
            self.breach("cancellation_missing", number, f"{ended} ends a booking that does not exist")
        for cancellation_id, used in self._used.items():
            if used.digest_after is not None:
                self.breach("cancellation_used", cancellation_id, f"booking {used.number} shows nothing of it")
        confirmed = Counter(change.hold_id for change in self._changes.values() if change.confirmed)
        for change_id, change in self._changes.items():
            held = states(change.hold_id) is HoldState.CONFIRMED
            if change.confirmed != held or confirmed[change.hold_id] > 1:
                self.breach("change_hold", change_id, f"confirmed: {change.confirmed}, its hold: {held}")
