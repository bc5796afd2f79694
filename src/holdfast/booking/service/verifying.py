"""The recount: claims against cells, holds and bookings, and every price against its fingerprint.

The ledger of claims is taken as what happened; everything else has to follow from it. Each rule has a name, and each
breach says what it is about, so that a breach can be looked into with one query.
"""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from holdfast.booking.api import BookingState, Breach, HoldState, IntegrityReport
from holdfast.booking.models import HoldKind
from holdfast.booking.rules import STANDING
from holdfast.booking.service.cancelling import FEE
from holdfast.booking.service.verifying_after import AfterSale
from holdfast.booking.service.verifying_floor import FloorRecount
from holdfast.booking.store import truth
from holdfast.engine.price import digest_of, from_json
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.verticals.stays import night_slot

BREACHES_MOST: Final = 1000
"""More are counted as one last breach, so that a report stays readable."""


_HOLD_OF: Final[Mapping[BookingState, frozenset[HoldState]]] = {
    BookingState.REQUESTED: frozenset({HoldState.HELD}),
    BookingState.CONFIRMED: frozenset({HoldState.CONFIRMED}),
    BookingState.CANCELLED: frozenset({HoldState.RELEASED}),
    BookingState.DECLINED: frozenset({HoldState.RELEASED, HoldState.EXPIRED}),
}
"""In which states the hold of a booking may be."""

STAYS: Final = "stay:"
"""How the names of resources begin whose slots are nights, and whose past is kept as it was."""
_SpanKey = tuple[str, int, int]
"""Resource, first slot, end slot: the ledger frees spans as it took them, so they need not be taken apart."""


@dataclass(slots=True)
class _HoldSeen:
    state: HoldState
    kind: HoldKind
    account_id: int
    digest: str | None
    total_minor: int | None
    claimed: Counter[_SpanKey]
    net: Counter[_SpanKey] = field(default_factory=Counter)
    """What the ledger gives it."""
    booked: bool = False
    request: int | None = None
    late_of: str | None = None
    change_id: str | None = None


@dataclass(slots=True)
class Recount:
    """One recount, while it runs."""

    breaches: list[Breach] = field(default_factory=list)
    left_out: int = 0
    cells: int = 0
    ledger_entries: int = 0
    bookings: int = 0
    _holds: dict[str, _HoldSeen] = field(default_factory=dict)
    _ledger: Counter[tuple[str, int]] = field(default_factory=Counter)
    _quotes: dict[str, str] = field(default_factory=dict)
    _capacities: dict[str, int] = field(default_factory=dict)
    _owners: dict[int, set[int]] = field(default_factory=dict)
    _after: AfterSale = field(init=False)
    _floor: FloorRecount = field(init=False)

    def __post_init__(self) -> None:
        self._after = AfterSale(breach=self.breach, check_price=self._price)
        self._floor = FloorRecount(breach=self.breach)

    def breach(self, rule: str, subject: Any, detail: str) -> None:
        """Note a breach."""
        if len(self.breaches) < BREACHES_MOST:
            self.breaches.append(Breach(rule=rule, subject=str(subject), detail=detail))
        else:
            self.left_out += 1

    async def run(self, tx: Tx) -> None:
        """Read everything and compare. Runs inside one snapshot."""
        await _each(truth.quotes(tx), self._quote)
        await _each(truth.holds(tx), self._hold)
        await self._after.read(tx)
        await _each(truth.claims(tx), self._claim)
        self._compare_holds()
        await _each(truth.resources(tx), self._resource)
        # A past night keeps the capacity it had; one day more, because a change reckons by another clock.
        today = night_slot((await tx.now()).date() - timedelta(days=1))
        async for page in truth.cells(tx):
            self._compare_cells(page, today)
        for (resource_id, slot), units in self._ledger.items():
            if units:
                self.breach("cell_missing", f"{resource_id}@{slot}", f"the ledger says {units} taken, there is no cell")
        await _each(truth.bookings(tx), self._booking)
        self._compare_bookings()
        self._after.finish(lambda hold_id: self._holds[hold_id].state if hold_id in self._holds else None)
        await self._compare_owners(tx)
        await self._compare_quotas(tx)
        await self._floor.compare(tx, self._after.late_fees)

    def report(self, *, started_at: datetime, duration_ms: int) -> IntegrityReport:
        """Return what was found."""
        breaches = list(self.breaches)
        if self.left_out:
            breaches.append(Breach(rule="more", subject="", detail=f"{self.left_out} more breaches are not listed"))
        return IntegrityReport(
            started_at=started_at,
            duration_ms=duration_ms,
            cells=self.cells,
            holds=len(self._holds),
            bookings=self.bookings,
            ledger_entries=self.ledger_entries,
            breaches=tuple(breaches),
        )

    def _quote(self, row: Row) -> None:
        self._quotes[row.id] = row.digest
        self._price("quote_price", row.id, row)

    def _price(self, rule: str, subject: Any, row: Row) -> None:
        try:
            price = from_json(row.price)
        except ValueError as error:
            self.breach(rule, subject, str(error))
            return
        if digest_of(row.price) != row.digest:
            self.breach(rule, subject, "the lines are not those that were promised")
        elif (price.total_minor, price.currency) != (row.total_minor, row.currency):
            self.breach(
                rule, subject, f"the total is {row.total_minor} {row.currency}, the lines say {price.total_minor}"
            )
        elif (parts := _parts(row)) != row.total_minor:
            self.breach(rule, subject, f"its items add up to {parts}, not to {row.total_minor}")

    def _hold(self, row: Row) -> None:
        claimed: Counter[_SpanKey] = Counter()
        for resource_id, first, end, quantity, *_ in row.spans:
            claimed[resource_id, first, end] += quantity
        seen = _HoldSeen(row.state, row.kind, row.account_id, row.digest, row.total_minor, claimed)
        seen.request, seen.late_of, seen.change_id = row.request_number, row.late_of, row.change_id
        self._holds[row.id] = seen
        if row.kind is HoldKind.OWNER:
            return
        self._price("hold_price", row.id, row)
        if row.quote_id is not None and self._quotes.get(row.quote_id) != row.digest:
            self.breach("hold_price", row.id, "the price is not the one that was quoted")

    def _claim(self, row: Row) -> None:
        self.ledger_entries += 1
        seen = self._holds.get(row.hold_id)
        if seen is None:
            self.breach("hold_missing", row.hold_id, f"ledger entry {row.seq} tells of a hold that does not exist")
        elif row.quantity > 0 and row.digest != seen.digest and not self._after.may_be(row.hold_id, row.digest):
            self.breach("hold_price", row.hold_id, "the price is not the one the ledger took stock for")
        if seen is not None:
            seen.net[row.resource_id, row.first_slot, row.end_slot] += row.quantity
        ledger, resource_id, quantity = self._ledger, row.resource_id, row.quantity
        for slot in range(row.first_slot, row.end_slot):
            ledger[resource_id, slot] += quantity

    def _compare_holds(self) -> None:
        for hold_id, seen in self._holds.items():
            net = {span: units for span, units in seen.net.items() if units}
            stands = seen.state in STANDING and not self._passed_over(hold_id, seen)
            expected = seen.claimed if stands else {}
            if net != expected:
                self.breach(
                    "hold_claims",
                    hold_id,
                    f"{seen.state}, but the ledger gives it {_units(net)}, not {_units(expected)}",
                )

    def _passed_over(self, hold_id: str, seen: _HoldSeen) -> bool:
        return seen.state is HoldState.CONFIRMED and self._after.is_passed_over(hold_id, seen.change_id)

    def _resource(self, row: Row) -> None:
        self._capacities[row.id] = row.capacity

    def _compare_cells(self, page: list[Row], today: int) -> None:
        self.cells += len(page)
        ledger, capacities = self._ledger, self._capacities
        for resource_id, slot, taken, capacity, own in page:
            recounted = ledger.pop((resource_id, slot), 0)
            if taken != recounted:
                self.breach("cell_taken", f"{resource_id}@{slot}", f"{taken} taken, the ledger says {recounted}")
            if not 0 <= taken <= capacity:
                self.breach("cell_oversold", f"{resource_id}@{slot}", f"{taken} taken of {capacity}")
            counts = slot >= today or not resource_id.startswith(STAYS)
            if not own and counts and capacity != capacities.get(resource_id):
                self.breach("cell_capacity", f"{resource_id}@{slot}", f"{capacity}, not {capacities.get(resource_id)}")

    def _booking(self, row: Row) -> None:
        self.bookings += 1
        self._owners[row.number] = {item["owner_id"] for item in row.items}
        self._price("booking_price", row.reference, row)
        self._floor.booking(row)
        seen = self._holds.get(row.hold_id)
        if seen is None:
            self.breach("booking_hold", row.reference, f"its hold {row.hold_id} does not exist")
            return
        seen.booked = True
        waits = row.state is BookingState.REQUESTED
        fits = seen.state in _HOLD_OF[row.state] or _was_begun(row, seen)
        if not fits or not seen.claimed or (waits and seen.request != row.number):
            self.breach("booking_claim", row.reference, f"{row.state}, but its hold {row.hold_id} is {seen.state}")
        self._after.compare(row, (seen.digest, seen.total_minor))

    def _compare_bookings(self) -> None:
        for hold_id, seen in self._holds.items():
            is_sold = seen.kind is not HoldKind.OWNER and seen.state is HoldState.CONFIRMED
            if is_sold and not seen.booked and not self._passed_over(hold_id, seen):
                self.breach("booking_missing", hold_id, "the hold is confirmed, there is no booking")
            elif seen.request is not None and not seen.booked:
                self.breach("booking_missing", hold_id, f"the hold waits for request {seen.request}, which is missing")
            if seen.late_of is not None:
                self._compare_late(hold_id, seen, self._holds.get(seen.late_of))

    def _compare_late(self, hold_id: str, late: _HoldSeen, first: _HoldSeen | None) -> None:
        if first is None or (first.digest, first.total_minor) != (late.digest, late.total_minor):
            self.breach("late_price", hold_id, f"the price is not the one of {late.late_of}, which it follows")
        elif first.state not in {HoldState.HELD, HoldState.EXPIRED} or first.booked:
            self.breach("late_hold", hold_id, f"{late.late_of}, which it follows, did not run out: {first.state}")

    async def _compare_owners(self, tx: Tx) -> None:
        async for page in truth.owners(tx):
            for row in page:
                named = self._owners.get(row.number, set())
                if row.owner_id not in named:
                    self.breach("booking_owner", row.number, f"owner {row.owner_id} has no item in it")
                named.discard(row.owner_id)
        for number, missing in self._owners.items():
            if missing:
                self.breach("booking_owner", number, f"it is not listed for its owners {sorted(missing)}")

    async def _compare_quotas(self, tx: Tx) -> None:
        live = Counter(
            seen.account_id
            for seen in self._holds.values()
            if seen.state is HoldState.HELD and seen.kind is HoldKind.GUEST
        )
        async for page in truth.quotas(tx):
            for row in page:
                counted = live.pop(row.account_id, 0)
                if row.live != counted:
                    self.breach("quota_live", row.account_id, f"{row.live} live holds counted, there are {counted}")
        for account_id, counted in live.items():
            self.breach("quota_live", account_id, f"{counted} live holds are not counted")


async def _each(pages: AsyncIterator[list[Row]], look: Callable[[Row], None]) -> None:
    async for page in pages:
        for row in page:
            look(row)


def _parts(row: Row) -> int:
    """Return what the items of a price add up to, with what was kept of others."""
    kept = sum(int(line["amount_minor"]) for line in row.price["lines"] if line["kind"] == FEE)
    return kept + sum(int(item["total_minor"]) for item in row.items)


def _was_begun(row: Row, seen: _HoldSeen) -> bool:
    """Return whether a booking was canceled after check-in, so that its hold keeps the nights that were spent."""
    if row.state is not BookingState.CANCELLED or seen.state is not HoldState.CONFIRMED:
        return False
    # One day more, because the night may have another date where the property is.
    tonight = night_slot(row.cancelled_at.date()) + 1
    return all(end <= tonight + 1 for resource_id, _, end in seen.claimed if resource_id.startswith(STAYS))


def _units(spans: Mapping[_SpanKey, int]) -> str:
    return f"{sum(spans.values())} units on {len(spans)} spans"
