"""Searching stays with the price a quote will say: search finds, the catalog gives the terms, the vertical prices."""

from datetime import timedelta
from typing import Annotated, Any, Final

from fastapi import Query, Response

from holdfast.catalog.api import CatalogApi
from holdfast.gateway.search_wire import FoundPage, Hit, Money, Page, Reason, Stay, StaysQuery, encode
from holdfast.kit.clock import Clock
from holdfast.kit.errors import Invalid
from holdfast.kit.http.cursors import CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.search.api import SearchApi, StayHit, StaySearch
from holdfast.verticals import stays

_FOUND: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "A page.", "model": FoundPage}}


def router(*, search: SearchApi, catalog: CatalogApi, cursors: Cursors, clock: Clock) -> Router:
    """Return the route that searches stays."""
    made = Router(tags=["search"])

    @made.get("/v1/search/stays", responses=_FOUND | responses(Invalid, CursorInvalid))
    async def search_stays(query: Annotated[StaysQuery, Query()]) -> Response:
        """Find places to stay.

        Give dates to see only what is free on every night and what the property's ordinary rules allow (shortest and
        longest stay, notice, booking window), each with the total a quote will say. A rule of single nights (a longer
        shortest stay over New Year, no arrival on a Sunday) is judged here: such a property is shown with
        `bookable: false` and the rule. Answers may be up to a second old: the hold is the judge.
        """
        digest = filter_digest(list="stays", **query.model_dump(mode="json", exclude={"limit", "cursor"}))
        after = None if query.cursor is None else cursors.decode(query.cursor, digest)
        found = await search.stays(search=_wanted(query), after=after, facets=query.facets)
        ids = [hit.property_id for hit in found.hits]
        terms: dict[int, stays.StayTerms] = {}
        if query.check_in is not None and query.check_out is not None and ids:
            terms = await catalog.stay_terms(ids=ids, first=query.check_in, end=query.check_out)
        position = found.next_position
        page = Page(
            items=tuple(_hit(hit, terms.get(hit.property_id), query, clock) for hit in found.hits),
            total=found.total,
            next_cursor=None if position is None else cursors.encode(list(position), digest),
            facets={name: dict(counts) for name, counts in found.facets.items()} if query.facets else None,
        )
        return Response(encode(page), media_type="application/json")

    return made


def _wanted(query: StaysQuery) -> StaySearch:
    return StaySearch(
        text=query.text,
        place=query.place,
        box=query.wanted_box(),
        circle=query.wanted_circle(),
        check_in=query.check_in,
        check_out=query.check_out,
        guests=query.guests,
        price_min_minor=query.price_min,
        price_max_minor=query.price_max,
        kinds=_several(query.type),
        amenities=_several(query.amenities),
        rating_min=query.rating_min,
        sort=query.sort,
        limit=query.limit,
    )


def _several(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(dict.fromkeys(text.split(",")))


def _hit(hit: StayHit, terms: stays.StayTerms | None, query: StaysQuery, clock: Clock) -> Hit:
    return Hit(
        property_id=hit.property_id,
        name=hit.name,
        kind=hit.kind,
        neighbourhood=hit.neighbourhood,
        city=hit.city,
        latitude=hit.latitude,
        longitude=hit.longitude,
        guests_max=hit.guests_max,
        bedrooms=hit.bedrooms,
        beds=hit.beds,
        bathrooms=hit.bathrooms,
        amenities=hit.amenities,
        rating=hit.rating,
        reviews=hit.reviews,
        night=Money(hit.base_minor, hit.currency),
        distance_km=hit.distance_km,
        stay=_stay(terms, query, clock),
    )


def _stay(terms: stays.StayTerms | None, query: StaysQuery, clock: Clock) -> Stay | None:
    if query.check_in is None or query.check_out is None:
        return None
    nights = (query.check_out - query.check_in) // timedelta(days=1)
    if terms is None:  # taken off the market since search heard of it
        gone = Reason("not_listed", "This place is not offered at the moment.")
        return Stay(nights, bookable=False, total=None, reasons=(gone,))
    wish = stays.StayRequest(check_in=query.check_in, check_out=query.check_out, guests=query.guests)
    today = clock.today(terms.zone)
    against = stays.reasons(terms, wish, today=today)
    total = Money(stays.price(terms, wish, today=today).total_minor, terms.currency)
    reasons = tuple(Reason(each.rule, each.detail) for each in against)
    return Stay(nights, bookable=not against, total=total, reasons=reasons)
