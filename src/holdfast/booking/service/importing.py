"""Taking in what was sold elsewhere: many claims in one write. Answers `ImportingApi`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final

from typing_extensions import override

from holdfast.booking.api import CapacityTaken, HoldState, ImportingApi
from holdfast.booking.models import ClaimReason, HoldKind, outbox
from holdfast.booking.service.answers import spans_kept
from holdfast.booking.service.kinds.words import tell_moved
from holdfast.booking.service.stocking import Stocking
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store.changes import Changes
from holdfast.engine.claims import SLOTS_MAX, Span
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.errors import CheckViolation, ForeignKeyViolation
from holdfast.kit.ids import new_id

_UNPRICED: Final = (None, None, None, None)
_PLAIN: Final = (None, None, None)
"""A block is no late sale, for no change, and nothing is to be paid."""


class Importing(ImportingApi):
    """Takes stock in bulk; what a method does is told in `ImportingApi`."""

    def __init__(self, db: Database, clock: Clock, settings: BookingSettings) -> None:
        self._db = db
        self._clock = clock
        self._settings = settings

    @override
    async def claims(self, *, claims: Sequence[tuple[Span, ...]], capacities: Mapping[str, int], note: str) -> int:
        await Stocking(self._db).ensure(capacities)
        return await self.blocks(claims, note=note)

    async def blocks(self, claims: Sequence[tuple[Span, ...]], *, note: str) -> int:
        """Block what each claim takes; returns how many blocks there are.

        Raises:
            CapacityTaken: Something is taken already, or there is no such resource.
        """
        changes = Changes()
        for spans in claims:
            hold_id = new_id("block", self._clock)
            changes.take(hold_id, spans, ClaimReason.BLOCKED, None)
            kept = spans_kept(spans)
            changes.new_holds.append(
                (hold_id, HoldKind.OWNER, 0, None, HoldState.CONFIRMED, kept, [], *_UNPRICED, note, *_PLAIN)
            )
        tell_moved(changes, _at_once(span for spans in claims for span in spans))
        limits = self._settings
        calls = changes.calls(
            self._db.dialect, ttl_s=limits.hold_ttl_s, most_s=limits.hold_most_s, holds_most=limits.holds_most
        )
        try:
            await self._db.put(*calls)
        except (CheckViolation, ForeignKeyViolation) as refusal:
            raise CapacityTaken("some of it is taken") from refusal
        outbox.nudge()
        return len(claims)


def _at_once(spans: Iterable[Span]) -> Iterator[Span]:
    """Yield what moved in few spans, one of each restaurant, flight or property where that is not too long.

    Whoever follows reads a range once; told of every block in it, it would read the same over and over.
    """
    moved: dict[str, Span] = {}
    for span in spans:
        subject = ":".join(span.resource_id.split(":", 2)[:2])
        known = moved.setdefault(subject, span)
        first, end = min(known.first_slot, span.first_slot), max(known.end_slot, span.end_slot)
        if end - first <= SLOTS_MAX:
            moved[subject] = replace(known, first_slot=first, end_slot=end)
        else:
            yield known
            moved[subject] = span
    yield from moved.values()
