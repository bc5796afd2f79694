"""Every statement about fares, which are written once for all flights that are sold alike."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Final

import msgspec
from sqlalchemy import bindparam, delete, exists, select, type_coerce

from holdfast.catalog.flights_api import Fares
from holdfast.catalog.models.flights import fare, flight, schedule
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import rows, statement, upsert
from holdfast.kit.db.types import Json, Text, to_json

FARES_TEXT: Final = type_coerce(fare.c.content, Text(1)).label("fares")
"""The content as the database writes it, for `fares_of`."""
_WRITTEN_AT_ONCE: Final = 100

_NEW: Final = rows("new_fares", digest=Text(64), content=Json())
_DIGESTS: Final = rows("digests", digest=Text(64))
_ADD: Final = upsert(
    fare,
    select(_NEW.c.digest, _NEW.c.content).order_by(_NEW.c.digest),
    columns=("digest", "content"),
    key=("digest",),
    update=lambda _: {},
)
_BY_DIGEST: Final = statement(select(fare.c.digest, fare.c.id).join(_DIGESTS, _DIGESTS.c.digest == fare.c.digest))
_FORGET: Final = statement(
    delete(fare).where(
        fare.c.id == bindparam("id"),
        ~exists().where(flight.c.fare_id == fare.c.id),
        ~exists().where(schedule.c.fare_id == fare.c.id),
    )
)


async def keep(tx: Tx, *, wanted: Sequence[Fares]) -> list[int]:
    """Return the ids of fares, in their order; those that are not there are written."""
    texts = [to_json(each) for each in wanted]
    digests = [sha256(text.encode()).hexdigest() for text in texts]
    by_digest = dict(zip(digests, wanted, strict=True))
    found = await _ids(tx, list(by_digest))
    missing = [(digest, fares) for digest, fares in by_digest.items() if digest not in found]
    for start in range(0, len(missing), _WRITTEN_AT_ONCE):
        await tx.run(_ADD(new_fares=missing[start : start + _WRITTEN_AT_ONCE]))
    if missing:
        found |= await _ids(tx, [digest for digest, _ in missing])
    return [found[digest] for digest in digests]


async def forget(tx: Tx, *, fare_id: int) -> None:
    """Delete fares that nothing is sold for any more."""
    await tx.run(_FORGET(id=fare_id))


async def _ids(tx: Tx, digests: Sequence[str]) -> dict[str, int]:
    return {row.digest: row.id for row in await tx.all(_BY_DIGEST(digests=[(each,) for each in digests]))}


fares_of: Final = lru_cache(maxsize=1024)(msgspec.json.Decoder(Fares).decode)
"""Return the fares of a text; equal texts are decoded once, for every quote asks for them."""
