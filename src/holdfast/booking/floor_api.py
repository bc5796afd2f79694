"""The door to the floor: which tables may be had when, who comes, and who sits where. Import it from `booking.api`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from enum import StrEnum
from typing import Protocol

from holdfast.booking.items import QuotedTable
from holdfast.booking.notes_api import Occasion
from holdfast.kit.auth import Principal
from holdfast.kit.keyed import Caller, Keyed
from holdfast.verticals.dining.offering import SlotOffer
from holdfast.verticals.dining.terms import DiningTable


class VisitState(StrEnum):
    """Where a party stands that has a table."""

    BOOKED = "booked"
    ARRIVED = "arrived"
    SEATED = "seated"
    DONE = "done"
    NO_SHOW = "no_show"


class VisitSource(StrEnum):
    """How a party came to its table."""

    GUEST = "guest"
    """Its guest booked it."""
    STAFF = "staff"
    """Staff noted it, as of a call."""
    WALK_IN = "walk_in"
    """It walked in and was seated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySlot:
    """A time of a day with what is asked of a party for it."""

    offer: SlotOffer
    free_until: datetime | None
    """Until when canceling would cost nothing, UTC; None: it always costs what was paid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySlots:
    """Every time of a day at which parties are seated, free or not."""

    restaurant_id: int
    zone: str
    day: date
    party_size: int
    currency: str
    due_minor: int
    """What is paid before the table is confirmed: a deposit, all, or nothing."""
    guarantee_minor: int
    """The fee for canceling late or not coming that a card stands for."""
    slots: tuple[DaySlot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A party that staff give a table."""

    party_size: int
    minutes: int | None = None
    """How long; None: the turn time of the party."""
    area: str | None = None
    table_codes: tuple[str, ...] = ()
    """The tables it gets, all of them; none: the first that are free, as for a guest."""
    name: str | None = None
    """What staff call it."""
    notes: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Where a party with a table stands."""

    number: int
    reference: str
    item: int
    """Position of the table in its booking, from 0."""
    restaurant_id: int
    state: VisitState
    source: VisitSource
    since: datetime
    """Since when it is in this state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    """A party of a day, as the host of the room sees it."""

    visit: Visit
    account_id: int
    table: QuotedTable
    name: str | None = None
    occasion: Occasion | None = None
    notes: str | None = None
    dietary: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """A day of a room."""

    restaurant_id: int
    name: str
    zone: str
    day: date
    tables: tuple[DiningTable, ...]
    entries: tuple[TimelineEntry, ...]
    """In order of time."""


class FloorApi(Protocol):
    """What others may ask of the floor: `BookingApi.floor`."""

    async def slots(
        self, *, restaurant_id: int, day: date, party_size: int, minutes: int | None = None, area: str | None = None
    ) -> DaySlots:
        """Return every time of a day at which parties are seated, and for what is not free why. Takes no stock.

        Raises:
            NotFound: No such restaurant, or it is not listed.
        """

    async def timeline(self, *, owner: Principal, restaurant_id: int, day: date) -> Timeline:
        """Return who comes on a day. What guests have noted is shown to the restaurant's owner only.

        Raises:
            NotFound: No such restaurant, or somebody else's.
        """

    async def move_visit(
        self, *, caller: Caller, owner: Principal, reference: str, item: int, state: VisitState
    ) -> Keyed[Visit]:
        """Say where a party stands. `done` and `no_show` free the rest of the table's time.

        Raises:
            NotFound: No such table of a booking, or somebody else's.
            AlreadyCancelled: The booking does not stand.
            VisitMoveRefused: A party does not get there from where it stands, or not yet.
        """

    async def walk_in(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, party: Party
    ) -> Keyed[TimelineEntry]:
        """Seat a party that walked in, now, in the quarter of an hour that is running.

        Raises:
            NotFound: No such restaurant, or somebody else's.
            RuleViolation: Nobody is seated now, or no table takes the party.
            CapacityTaken: No table is free for so long, or too many guests arrive at once.
        """

    async def reserve(
        self, *, caller: Caller, owner: Principal, restaurant_id: int, when: tuple[date, time], party: Party
    ) -> Keyed[TimelineEntry]:
        """Note a reservation that staff took, as of a call; all of the room is theirs to give.

        Raises:
            NotFound: No such restaurant, or somebody else's.
            RuleViolation: Nobody is seated then, or no table takes the party.
            CapacityTaken: No table is free then, or too many guests arrive at once.
        """

    async def visits_of(self, *, principal: Principal, number: int) -> Sequence[Visit]:
        """Return where the parties of a booking stand, to its guest, its owners or an admin.

        Raises:
            NotFound: No such booking, or somebody else's.
        """
