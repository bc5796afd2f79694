"""What drafts of flights refer to, looked up in the transaction that writes them."""

from collections.abc import Callable, Sequence

from holdfast.catalog.airline_api import Airplane, ScheduleDraft
from holdfast.catalog.flights_api import FlightDraft
from holdfast.catalog.rules.flights import Ends
from holdfast.catalog.service.writing import possible
from holdfast.catalog.store import airplanes, places
from holdfast.kit.db.database import Tx


async def ends_of(tx: Tx, draft: FlightDraft | ScheduleDraft, may_use: Callable[[Airplane], bool]) -> Ends:
    """Return the airports and the airplane of a draft; an airplane that may not be used is as none."""
    airport_ids = possible([draft.origin_id, draft.destination_id])
    airports = {each.id: each for each in await places.airports(tx, ids=airport_ids)} if airport_ids else {}
    airplane_ids = possible([draft.airplane_id])
    found = await airplanes.find(tx, ids=airplane_ids) if airplane_ids else []
    return Ends(
        origin=airports.get(draft.origin_id),
        destination=airports.get(draft.destination_id),
        airplane=found[0] if found and may_use(found[0]) else None,
    )


async def all_ends(tx: Tx, *, drafts: Sequence[FlightDraft]) -> list[Ends]:
    """Return the ends of many drafts, whoever owns the airplanes."""
    airport_ids = possible([end for draft in drafts for end in (draft.origin_id, draft.destination_id)])
    airplane_ids = possible([draft.airplane_id for draft in drafts])
    airports = {each.id: each for each in await places.airports(tx, ids=airport_ids)}
    planes = {each.id: each for each in await airplanes.find(tx, ids=airplane_ids)}
    return [
        Ends(
            origin=airports.get(draft.origin_id),
            destination=airports.get(draft.destination_id),
            airplane=planes.get(draft.airplane_id),
        )
        for draft in drafts
    ]
