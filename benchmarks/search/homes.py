"""Homes to search: those of the demo with their year of occupancy, and as many more as are wanted, made of them."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import count, islice

from benchmarks.search.textbook import NIGHTS, textbook_tables
from holdfast.app.demo.load import OWNERS, drafts, occupancy
from holdfast.catalog.api import Property, PropertyDraft
from holdfast.kit.db.database import Database
from holdfast.kit.db.migrate import _with_connection, migrate
from holdfast.search.rules.facts import facts_of
from holdfast.search.rules.ring import ALL_BUSY, onto_ring, ring_start, span_bits
from holdfast.search.store import keeping
from holdfast.search.store.keeping import Sighting
from holdfast.verticals.stays import night_slot

_AT_ONCE = 1000
_NIGHTS_AT_ONCE = 50_000
_SPREAD_DEGREES = 0.5
_SPREAD_PRICE = 0.2

Spans = dict[int, list[tuple[int, int]]]
Home = tuple[PropertyDraft, list[tuple[int, int]]]


def _originals(today: date) -> list[Home]:
    taken: Spans = defaultdict(list)
    for property_id, first, end in occupancy(today):
        taken[property_id].append((night_slot(first), night_slot(end)))
    return [(draft, taken[property_id]) for property_id, _, draft, *_ in drafts(owner_ids=range(len(OWNERS)))]


def _homes(today: date) -> Iterator[tuple[int, Home]]:
    """Yield the homes of the demo; then copies of them without end, elsewhere and at another price."""
    originals = _originals(today)
    chance = random.Random(20260314)
    for number in count():
        draft, taken = originals[number % len(originals)]
        if number >= len(originals):
            place = draft.location
            moved = replace(
                place,
                latitude=max(-90.0, min(90.0, place.latitude + chance.gauss(0, _SPREAD_DEGREES))),
                longitude=max(-180.0, min(180.0, place.longitude + chance.gauss(0, _SPREAD_DEGREES))),
            )
            price = draft.terms.base_minor * (1 + chance.uniform(-_SPREAD_PRICE, _SPREAD_PRICE))
            draft = replace(draft, location=moved, terms=replace(draft.terms, base_minor=round(price)))
        yield number + 1, (draft, taken)


async def fill(database: Database, url: str, *, homes: int, today: date, textbook: bool) -> None:
    """Fill the read model, and the textbook's table of taken nights where it is wanted."""
    await migrate(url, "search")
    if textbook:
        await _with_connection(url, textbook_tables.create_all)
    left = islice(_homes(today), homes)
    while batch := list(islice(left, _AT_ONCE)):
        await _add(database, batch, today)
        if textbook:
            await _add_nights(database, batch)


async def _add(database: Database, batch: Sequence[tuple[int, Home]], today: date) -> None:
    facts = [
        facts_of(Property(id=number, owner_id=1, version=1, draft=draft, units=1), draft.terms)
        for number, (draft, _) in batch
    ]
    first_word = ring_start(night_slot(today))
    origin = first_word * 60
    sightings = []
    for number, (_, taken) in batch:
        bits = 0
        for first, end in taken:
            bits |= span_bits(first - origin, end - origin)
        busy = onto_ring(bits, origin)
        sightings.append(Sighting(property_id=number, stamp=0, first_word=first_word, asked=ALL_BUSY, busy=busy))
    await database.write(lambda tx: keeping.write_facts(tx, facts=facts, before={}))
    await database.write(lambda tx: keeping.write_stock(tx, sightings=sightings))


async def _add_nights(database: Database, batch: Sequence[tuple[int, Home]]) -> None:
    nights = ((number, slot) for number, (_, taken) in batch for first, end in taken for slot in range(first, end))
    while some := list(islice(nights, _NIGHTS_AT_ONCE)):
        await database.put(NIGHTS(nights=some))
