"""What the routes of the floor read and answer."""

from typing import Annotated, Any, Final, Self

from holdfast.booking.api import Occasion, VisitSource, VisitState
from holdfast.booking.floor_api import Party, Timeline, TimelineEntry, Visit
from holdfast.booking.notes_api import NAME_MAX, NOTES_MAX
from holdfast.booking.routes.examples import REFERENCE, shown
from holdfast.booking.routes.item_shapes import AREA_MAX, CODE_MAX, MINUTES_MAX
from holdfast.kit.http.own_words import OwnWords
from holdfast.kit.http.wire import BY_VALUE, Between, DayField, InstantField, Line, TimeField, Wire, items
from holdfast.verticals.dining.terms import COMBINED_MAX, PARTY_MAX, DiningTable

_VISIT: Final[dict[str, Any]] = {
    "reference": REFERENCE,
    "item": 0,
    "state": "seated",
    "source": "guest",
    "since": "2027-05-14T23:17:40Z",
}
_ENTRY: Final[dict[str, Any]] = {
    **_VISIT,
    "account_id": 3,
    "date": "2027-05-14",
    "time": "19:15",
    "minutes": 120,
    "party_size": 4,
    "tables": ["T1"],
    "area": None,
    "service": "dinner",
    "name": None,
    "occasion": "birthday",
    "notes": "A high chair, please.",
    "dietary": "One of us must not eat nuts.",
}


class NewParty(Wire):
    """A party that staff give a table now."""

    model_config = shown({"party_size": 2, "table_codes": ["B1"], "name": "Green coat"})

    party_size: Annotated[int, Between(1, PARTY_MAX)]
    minutes: Annotated[int, Between(1, MINUTES_MAX)] | None = None
    """How long, in quarters of an hour; null: as long as parties of this size have their table."""
    area: Annotated[str, Line(AREA_MAX, 1)] | None = None
    """Where to sit, one of the restaurant's areas; null: wherever."""
    table_codes: Annotated[tuple[Annotated[str, Line(CODE_MAX, 1)], ...], items(COMBINED_MAX)] = ()
    """The tables it gets, all of them, however many it seats; none: the smallest that is free."""
    name: Annotated[str, Line(NAME_MAX, 1)] | None = None
    """What you call the party."""
    notes: Annotated[str, OwnWords(NOTES_MAX, 1)] | None = None

    def party(self) -> Party:
        """Return it as the door takes it."""
        return Party(
            party_size=self.party_size,
            minutes=self.minutes,
            area=self.area,
            table_codes=self.table_codes,
            name=self.name,
            notes=self.notes,
        )


class NewReservation(NewParty):
    """A reservation that staff took, as of a call."""

    model_config = shown({"date": "2027-05-14", "time": "19:15", "party_size": 6, "name": "Ms. Okafor"})

    date: DayField
    time: TimeField
    """Local wall time of the restaurant, on a quarter of an hour."""


class NewVisitState(Wire):
    """Where a party stands now."""

    model_config = shown({"state": "seated"})

    state: Annotated[VisitState, BY_VALUE]


class VisitOut(Wire):
    """Where a party with a table stands."""

    model_config = shown(_VISIT)

    reference: str
    item: int
    """Position of the table in its booking, from 0."""
    state: Annotated[VisitState, BY_VALUE]
    source: Annotated[VisitSource, BY_VALUE]
    """`guest`: booked by its guest; `staff`: noted by staff; `walk_in`: it walked in."""
    since: InstantField
    """Since when it is in this state."""

    @classmethod
    def of(cls, visit: Visit) -> Self:
        """Render a visit."""
        return cls(
            reference=visit.reference, item=visit.item, state=visit.state, source=visit.source, since=visit.since
        )


class TimelineEntryOut(VisitOut):
    """A party of a day."""

    model_config = shown(_ENTRY)

    account_id: int
    """Whose booking it is; of a party that staff noted, the restaurant's owner."""
    date: DayField
    time: TimeField
    minutes: int
    party_size: int
    tables: tuple[str, ...]
    area: str | None
    """The area asked for; null: wherever."""
    service: str
    name: str | None
    """What staff call it."""
    occasion: Annotated[Occasion, BY_VALUE] | None
    notes: str | None
    dietary: str | None
    """What somebody must not eat. They agreed that you read it, to prepare for their visit, and nobody else."""

    @classmethod
    def of_entry(cls, entry: TimelineEntry) -> Self:
        """Render a party."""
        visit, table = entry.visit, entry.table
        return cls(
            reference=visit.reference,
            item=visit.item,
            state=visit.state,
            source=visit.source,
            since=visit.since,
            account_id=entry.account_id,
            date=table.day,
            time=table.at,
            minutes=table.minutes,
            party_size=table.party_size,
            tables=table.tables,
            area=table.area,
            service=table.service,
            name=entry.name,
            occasion=entry.occasion,
            notes=entry.notes,
            dietary=entry.dietary,
        )


class RoomTableOut(Wire):
    """A table of the room."""

    code: str
    area: str
    seats_min: int
    seats_max: int
    online: bool
    """Whether guests may book it."""

    @classmethod
    def of(cls, table: DiningTable) -> Self:
        """Render a table."""
        return cls(
            code=table.code,
            area=table.area,
            seats_min=table.seats_min,
            seats_max=table.seats_max,
            online=table.online,
        )


class TimelineOut(Wire):
    """A day of a room."""

    model_config = shown(
        {
            "restaurant_id": 3,
            "name": "Anchor and Vine",
            "zone": "America/New_York",
            "date": "2027-05-14",
            "tables": [{"code": "T1", "area": "terrace", "seats_min": 2, "seats_max": 4, "online": True}],
            "parties": [_ENTRY],
        }
    )

    restaurant_id: int
    name: str
    zone: str
    """IANA zone of the restaurant: date and times are meant there."""
    date: DayField
    tables: tuple[RoomTableOut, ...]
    parties: tuple[TimelineEntryOut, ...]
    """In order of time."""

    @classmethod
    def of(cls, found: Timeline) -> Self:
        """Render a day."""
        return cls(
            restaurant_id=found.restaurant_id,
            name=found.name,
            zone=found.zone,
            date=found.day,
            tables=tuple(RoomTableOut.of(each) for each in found.tables),
            parties=tuple(TimelineEntryOut.of_entry(each) for each in found.entries),
        )
