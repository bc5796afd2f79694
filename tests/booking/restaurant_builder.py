"""A restaurant with its staff, on one evening: who comes, who sits where, and what o'clock it is."""

from datetime import time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from builders import House, caller, new_account
from trip_builder import ZONE, Travel

from holdfast.booking import models
from holdfast.booking.api import Booking, Item, TableItem, VisitState
from holdfast.booking.floor_api import DaySlots, Party, Timeline, TimelineEntry, Visit
from holdfast.kit.auth import Principal
from holdfast.kit.keyed import Keyed


class Room:
    """A restaurant of a house, as its staff see it. Days count from the one it was opened for."""

    def __init__(self, house: House, restaurant: int) -> None:
        self.house = house
        self.id = restaurant
        self.owner = house.owner
        self.opening = house.day()

    def day(self, ahead: int = 0) -> Any:
        """Return a day, the first one unless another is meant; it stays the same whatever the clock says."""
        return self.opening + timedelta(days=ahead)

    def turn_to(self, at: str, ahead: int = 0) -> None:
        """Let it be this time of a day. Time goes forward only."""
        day, hour = self.day(ahead), time.fromisoformat(at)
        now = self.house.clock.now().astimezone(ZoneInfo(ZONE))
        then = now.replace(
            year=day.year, month=day.month, day=day.day, hour=hour.hour, minute=hour.minute, second=7, microsecond=0
        )
        assert then > now
        self.house.clock.advance(then - now)

    def table(self, party: int = 2, at: str = "19:00", ahead: int = 0, **more: Any) -> TableItem:
        """Return a table on `day(ahead)`."""
        return TableItem(
            restaurant_id=self.id, day=self.day(ahead), at=time.fromisoformat(at), party_size=party, **more
        )

    async def booked(self, *items: Item, guest: int | None = None) -> Booking:
        """Book a table for two, or these items."""
        return await self.house.booked(guest or new_account(), *(items or (self.table(),)))

    async def slots(self, party: int = 2, ahead: int = 0, **more: Any) -> DaySlots:
        """Ask which tables are free."""
        return await self.house.bookings.floor.slots(
            restaurant_id=self.id, day=self.day(ahead), party_size=party, **more
        )

    async def timeline(self, ahead: int = 0, *, principal: Principal | None = None) -> Timeline:
        """Ask who comes."""
        return await self.house.bookings.floor.timeline(
            owner=principal or self.owner, restaurant_id=self.id, day=self.day(ahead)
        )

    async def states(self, ahead: int = 0) -> list[tuple[time, VisitState]]:
        """Return when who comes stands where."""
        return [(entry.table.at, entry.visit.state) for entry in (await self.timeline(ahead)).entries]

    async def move(
        self, booking: Booking, state: str, *, item: int = 0, principal: Principal | None = None, key: str = ""
    ) -> Keyed[Visit]:
        """Say where a party stands."""
        who = principal or self.owner
        return await self.house.bookings.floor.move_visit(
            caller=caller(who.account_id, key, route="POST /visit", fingerprint=state),
            owner=who,
            reference=booking.reference,
            item=item,
            state=VisitState(state),
        )

    async def walk_in(self, party: int, *, key: str = "", **more: Any) -> Keyed[TimelineEntry]:
        """Seat whoever stands at the door."""
        return await self.house.bookings.floor.walk_in(
            caller=caller(self.owner.account_id, key, route="POST /walk-ins", fingerprint=f"{party}"),
            owner=self.owner,
            restaurant_id=self.id,
            party=Party(party_size=party, **more),
        )

    async def reserve(
        self, party: int, at: str = "19:00", ahead: int = 0, *, key: str = "", **more: Any
    ) -> Keyed[TimelineEntry]:
        """Note a reservation by phone."""
        return await self.house.bookings.floor.reserve(
            caller=caller(self.owner.account_id, key, route="POST /reservations", fingerprint=f"{party} {at}"),
            owner=self.owner,
            restaurant_id=self.id,
            when=(self.day(ahead), time.fromisoformat(at)),
            party=Party(party_size=party, **more),
        )

    async def taken(self, code: str) -> set[int]:
        """Return the slots at which a table is taken."""
        rows = await self.house.rows(models.cell, resource_id=f"table:{self.id}:t:{code}")
        return {row.slot for row in rows if row.taken}


async def open_room(house: House, **more: Any) -> Room:
    """Open a restaurant; see `Travel.restaurant`."""
    return Room(house, await Travel(house).restaurant(**more))
