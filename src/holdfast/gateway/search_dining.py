"""Searching restaurants with what a table costs now: search finds, the catalog gives the terms, the vertical prices."""

from typing import Annotated, Any, Final

from fastapi import Query, Response

from holdfast.catalog.api import CatalogApi
from holdfast.gateway.search_dining_wire import DiningQuery, FoundRestaurantPage, Hit, Page, Table, encode
from holdfast.gateway.search_wire import Money
from holdfast.kit.errors import Invalid
from holdfast.kit.http.cursors import CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.search.api import DiningHit, DiningSearch, SearchApi
from holdfast.verticals.dining import prices
from holdfast.verticals.dining.slots import minutes_for
from holdfast.verticals.dining.terms import DiningTerms, TableRequest

_FOUND: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "A page.", "model": FoundRestaurantPage}}


def router(*, search: SearchApi, catalog: CatalogApi, cursors: Cursors) -> Router:
    """Return the route that searches restaurants."""
    made = Router(tags=["search"])

    @made.get("/v1/search/dining", responses=_FOUND | responses(Invalid, CursorInvalid))
    async def search_dining(query: Annotated[DiningQuery, Query()]) -> Response:
        """Find restaurants.

        Give a date to see only where a table for the party is free, with the free times nearest to `time` and what has
        to be paid or guaranteed; each time can be quoted as it is. `GET /v1/restaurants/{id}/slots` shows the whole day
        and why a time is not free. Answers may be up to a second old: the hold is the judge.
        """
        digest = filter_digest(list="dining", **query.model_dump(mode="json", exclude={"limit", "cursor"}))
        after = None if query.cursor is None else cursors.decode(query.cursor, digest)
        found = await search.dining(search=_wanted(query), after=after, facets=query.facets)
        ids = [hit.restaurant_id for hit in found.hits]
        offers = await catalog.restaurants.table_offers(ids=ids) if query.date is not None and ids else {}
        position = found.next_position
        terms = {restaurant_id: offer.terms for restaurant_id, offer in offers.items()}
        page = Page(
            items=tuple(_hit(hit, terms.get(hit.restaurant_id), query) for hit in found.hits),
            total=found.total,
            next_cursor=None if position is None else cursors.encode(list(position), digest),
            facets={name: dict(counts) for name, counts in found.facets.items()} if query.facets else None,
        )
        return Response(encode(page), media_type="application/json")

    return made


def _wanted(query: DiningQuery) -> DiningSearch:
    return DiningSearch(
        text=query.text,
        place=query.place,
        box=query.wanted_box(),
        circle=query.wanted_circle(),
        day=query.date,
        at=query.time,
        party_size=query.party_size,
        cuisines=_several(query.cuisine),
        price_levels=tuple(int(each) for each in _several(query.price_level)),
        rating_min=query.rating_min,
        sort=query.sort,
        limit=query.limit,
    )


def _several(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(dict.fromkeys(text.split(",")))


def _hit(hit: DiningHit, terms: DiningTerms | None, query: DiningQuery) -> Hit:
    return Hit(
        restaurant_id=hit.restaurant_id,
        name=hit.name,
        cuisines=hit.cuisines,
        price_level=hit.price_level,
        neighbourhood=hit.neighbourhood,
        city=hit.city,
        latitude=hit.latitude,
        longitude=hit.longitude,
        zone=hit.zone,
        image=hit.image,
        rating=hit.rating,
        reviews=hit.reviews,
        distance_km=hit.distance_km,
        table=_table(hit, terms, query),
    )


def _table(hit: DiningHit, terms: DiningTerms | None, query: DiningQuery) -> Table | None:
    if query.date is None or terms is None:
        return None
    # What is asked of a party depends on its size alone, not on when it comes.
    party = TableRequest(day=query.date, at=hit.times[0], party_size=query.party_size)
    return Table(
        times=tuple(f"{at:%H:%M}" for at in hit.times),
        minutes=minutes_for(terms, query.party_size, None),
        due=Money(prices.price(terms, party).total_minor, terms.currency),
        guarantee=Money(prices.guarantee_minor(terms, party), terms.currency),
    )
