"""Searching stays with the price a quote will say: search finds, the catalog gives the terms, the vertical prices."""

from datetime import date, timedelta
from typing import Annotated, Any, Final

from fastapi import Query, Response

from holdfast.catalog.api import CatalogApi
from holdfast.gateway.search_wire import FoundPage, Hit, Money, Page, Reason, Stay, StaysQuery, encode
from holdfast.kit.clock import Clock
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.cursors import CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.search.api import SearchApi, StayHit, StaySearch, StaySort
from holdfast.verticals import stays

_FOUND: Final[dict[int | str, dict[str, Any]]] = {200: {"description": "A page.", "model": FoundPage}}
_EARLIEST_ZONE: Final = "Etc/GMT+12"
"""Where on Earth a day lasts longest: what is past there is past everywhere."""


def router(*, search: SearchApi, catalog: CatalogApi, cursors: Cursors, clock: Clock) -> Router:
    """Return the route that searches stays."""
    made = Router(tags=["search"])

    @made.get("/v1/search/stays", responses=_FOUND | responses(Invalid, CursorInvalid))
    async def search_stays(query: Annotated[StaysQuery, Query()]) -> Response:
        """Find places to stay.

        Give dates to see only what is free on every night, each with the total a quote will say. A property with a rule
        against the stay (a shortest stay, say) is shown with `bookable: false` and the rule. Answers may be up to a
        second old: the hold is the judge.
        """
        _check(query, clock.today(_EARLIEST_ZONE))
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


def _check(query: StaysQuery, earliest_today: date) -> None:
    errors = [*_date_errors(query, earliest_today), *_place_errors(query)]
    if query.price_min is not None and query.price_max is not None and query.price_max < query.price_min:
        errors.append(_error("price_max", "out_of_range", "The most is less than the least."))
    if errors:
        raise Invalid(errors=errors)


def _date_errors(query: StaysQuery, earliest_today: date) -> list[FieldError]:
    if query.check_in is None or query.check_out is None:
        given = {"check_in": query.check_in, "check_out": query.check_out}
        missing = [name for name, day in given.items() if day is None]
        return [_error(name, "missing_field", "Give both dates or none.") for name in missing if len(missing) == 1]
    nights = query.check_out.toordinal() - query.check_in.toordinal()
    if nights < 1:
        return [_error("check_out", "empty_or_negative_range", "Check-out must be after check-in.")]
    if nights > stays.STAY_NIGHTS_MAX:
        return [_error("check_out", "stay_too_long", f"A stay has at most {stays.STAY_NIGHTS_MAX} nights.")]
    if query.check_in < earliest_today:
        return [_error("check_in", "past_date", "Check-in lies in the past.")]
    return []


def _place_errors(query: StaysQuery) -> list[FieldError]:
    box = query.wanted_box()
    errors = []
    if box is not None and box.south > box.north:
        errors.append(_error("box", "out_of_range", "South lies north of north."))
    if query.sort is StaySort.DISTANCE and query.near is None:
        errors.append(_error("near", "missing_field", "To sort by distance, say from where."))
    return errors


def _error(parameter: str, code: str, detail: str) -> FieldError:
    return FieldError(pointer=f"#query/{parameter}", code=code, detail=detail)


def _wanted(query: StaysQuery) -> StaySearch:
    return StaySearch(
        text=query.q,
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
    against = stays.reasons(terms, wish, today=clock.today(terms.zone))
    total = Money(stays.price(terms, wish).total_minor, terms.currency)
    reasons = tuple(Reason(each.rule, each.detail) for each in against)
    return Stay(nights, bookable=not against, total=total, reasons=reasons)
