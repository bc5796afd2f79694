"""What all modules together keep of somebody: asked door by door, nothing kept here."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final

from holdfast.kit.errors import HoldfastError
from holdfast.kit.privacy import Disclosure, Extract, Kind, MapEntry, Obstacle, PersonalData, Recipient

_SHOWN_MOST: Final = 20
_NAMED_MOST: Final = 3


class ActiveBookings(HoldfastError):
    """Bookings lie ahead: see `bookings`. Cancel them, or wait until they are over."""

    code = "active_bookings"
    status = 409
    title = "Bookings lie ahead"


class OrganizationNeeded(HoldfastError):
    """Others are in an organization that cannot be without you: see `organizations`. Name an owner, or remove them."""

    code = "organization_needed"
    status = 409
    title = "An organization needs this account"


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
            OrganizationNeeded: None do, but others are in an organization that would lose its number or its only owner.
        """
        found = await self.obstacles(account_id)
        if bookings := _shown(found, "booking"):
            raise ActiveBookings(_named(bookings), extra={"bookings": bookings})
        if organizations := _shown(found, "organization"):
            raise OrganizationNeeded(_named(organizations), extra={"organizations": organizations})

    async def concerned(self, kinds: Collection[Kind]) -> dict[int, frozenset[Kind]]:
        """Return all accounts of which something of these kinds is kept, and which of them."""
        found: dict[int, frozenset[Kind]] = {}
        for each in self.modules.values():
            async for person in each.concerned(kinds=kinds):
                found[person.account_id] = found.get(person.account_id, frozenset()) | person.kinds
        return found


def _shown(found: Iterable[Obstacle], what: str) -> list[dict[str, Any]]:
    """Return the first obstacles of a kind as an answer shows them."""
    return [
        {
            "what": each.what,
            "reference": each.reference,
            "title": each.title,
            "until": None if each.until is None else each.until.isoformat(),
        }
        for each in found
        if each.what == what
    ][:_SHOWN_MOST]


def _named(shown: Sequence[Mapping[str, Any]]) -> str:
    """Return in a line what has to be seen to first, for whoever reads no members."""
    named = [f"{each['what']} {each['reference']} ({each['title']})" for each in shown[:_NAMED_MOST]]
    return f"To be seen to first: {', '.join(named)}{', …' if len(shown) > _NAMED_MOST else ''}"
