"""What all modules together keep of somebody: asked door by door, nothing kept here."""

from collections.abc import Collection, Mapping
from typing import Any, Final

from holdfast.kit.errors import HoldfastError
from holdfast.kit.privacy import Disclosure, Extract, Kind, MapEntry, Obstacle, PersonalData, Recipient

_SHOWN_MOST: Final = 20


class ActiveBookings(HoldfastError):
    """Bookings lie ahead, or your organization has other members: see `bookings`. Cancel, wait or remove them."""

    code = "active_bookings"
    status = 409
    title = "Bookings lie ahead"


class People:
    """Asks every module that runs here."""

    def __init__(self, modules: Mapping[str, PersonalData]) -> None:
        self.modules = dict(modules)
        """In order of need; an erasure goes the other way."""

    def map(self) -> list[MapEntry]:
        """Return the data map of all modules."""
        found = (entry for each in self.modules.values() for entry in each.map())
        return list(dict.fromkeys(found))  # a module may keep the same in several databases

    def recipients(self) -> list[Recipient]:
        """Return to whom something is given, the way this installation is set up."""
        given = {recipient for each in self.modules.values() for recipient in each.recipients}
        return [recipient for recipient in Recipient if recipient in given]

    async def gather(self, account_id: int) -> list[Extract]:
        """Return everything that is kept of an account."""
        found = [extract for each in self.modules.values() for extract in await each.export(account_id=account_id)]
        given = await self.disclosures(account_id)
        told = [(each.recipient, list(each.kinds), each.purpose, each.about, each.at) for each in given]
        return [
            *found,
            Extract(table="disclosures", columns=("recipient", "kinds", "purpose", "about", "at"), rows=told),
        ]

    async def disclosures(self, account_id: int) -> list[Disclosure]:
        """Return to whom something about an account was given, newest first."""
        found = [given for each in self.modules.values() for given in await each.disclosures(account_id=account_id)]
        return sorted(found, key=lambda each: each.at, reverse=True)

    async def obstacles(self, account_id: int) -> list[Obstacle]:
        """Return what an erasure would have to wait for."""
        return [found for each in self.modules.values() for found in await each.obstacles(account_id=account_id)]

    async def refuse_obstacles(self, account_id: int) -> None:
        """Refuse to erase an account that is needed still.

        Raises:
            ActiveBookings: Bookings lie ahead.
        """
        if found := await self.obstacles(account_id):
            raise ActiveBookings(extra={"bookings": [_shown(each) for each in found[:_SHOWN_MOST]]})

    async def concerned(self, kinds: Collection[Kind]) -> dict[int, frozenset[Kind]]:
        """Return all accounts of which something of these kinds is kept, and which of them."""
        found: dict[int, frozenset[Kind]] = {}
        for each in self.modules.values():
            async for person in each.concerned(kinds=kinds):
                found[person.account_id] = found.get(person.account_id, frozenset()) | person.kinds
        return found


def _shown(obstacle: Obstacle) -> dict[str, Any]:
    until = None if obstacle.until is None else obstacle.until.isoformat()
    return {"what": obstacle.what, "reference": obstacle.reference, "title": obstacle.title, "until": until}
