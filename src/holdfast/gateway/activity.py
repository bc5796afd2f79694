"""Who did what: for everybody about themselves, for owners about what is theirs, for operators about all."""

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from fastapi import Depends, Query, Response
from typing_extensions import override

from holdfast.booking.api import BookingApi
from holdfast.catalog.api import CatalogApi
from holdfast.gateway.activity_reading import Below, Trail, csv_head, csv_line
from holdfast.gateway.payment_shapes import shown
from holdfast.kit.activity.acts import KIND_MAX, OBJECT_ID_MAX, OBJECT_KIND_MAX
from holdfast.kit.activity.log import Noted, Wanted
from holdfast.kit.auth import Permission, Principal
from holdfast.kit.errors import Forbidden, Invalid, NotFound, Unauthenticated
from holdfast.kit.http.answers import success
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX, CursorInvalid, Cursors, filter_digest
from holdfast.kit.http.principals import CatalogReader, CurrentPrincipal, OperatorPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import NUMBER_MAX, Digits, InstantField, Line, Wire

LIMIT: Final = 50
LIMIT_MAX: Final = 100
EXPORT_MOST: Final = 10_000
"""Lines of one CSV; ask for a shorter time to get the others, or use `holdfast activity export`."""
_CSV: Final = "text/csv"

Limit = Annotated[int, Digits(1, LIMIT_MAX), Query(description="How many to return at most.")]
Cursor = Annotated[str, Line(CURSOR_LENGTH_MAX), Query(description="`next_cursor` of the page before.")]
Kind = Annotated[str, Line(KIND_MAX), Query(description="Only acts of this kind.", examples=["booking.canceled"])]
AccountId = Annotated[
    int, Digits(1, NUMBER_MAX), Query(description="Only what this account did, or what concerns it.", examples=[3])
]
First = Annotated[InstantField, Query(description="Only acts of this moment or later.", examples=["2026-11-01T00:00Z"])]
End = Annotated[InstantField, Query(description="Only acts before this moment.", examples=["2026-12-01T00:00Z"])]
ObjectKind = Annotated[
    str, Line(OBJECT_KIND_MAX), Query(description="Only acts on this kind of thing.", examples=["property"])
]
ObjectId = Annotated[str, Line(OBJECT_ID_MAX), Query(description="Only acts on this one.", examples=["12"])]


class ActivityForm(StrEnum):
    """How activity is written."""

    JSON = "json"
    CSV = "csv"


class OwnThing(StrEnum):
    """What owners may ask about."""

    BOOKING = "booking"
    PROPERTY = "property"
    RESTAURANT = "restaurant"
    FLIGHT = "flight"


class By(StrEnum):
    """Who acted, as seen by who asks."""

    YOU = "you"
    SOMEBODY = "somebody"
    """Another account."""
    NOBODY = "nobody"
    """The product itself, or somebody who was not logged in."""


class ThingOut(Wire):
    """What was acted on."""

    kind: str
    id: str


class OriginOut(Wire):
    """From where somebody acted, as far as it is still kept."""

    address: str | None
    device: str | None
    request_id: str | None

    @classmethod
    def of(cls, act: Noted) -> Self | None:
        """Render from where it was done, or nothing."""
        if act.address is None and act.device is None and act.request_id is None:
            return None
        return cls(address=act.address, device=act.device, request_id=act.request_id)


_ORIGIN: Final = {"address": "203.0.113.7", "device": "Mozilla/5.0 (X11; Linux x86_64)", "request_id": "req_01JD-2f"}
_DONE: Final[dict[str, Any]] = {
    "id": "booking-1207",
    "at": "2026-11-20T09:33:12Z",
    "kind": "booking.canceled",
    "object": {"kind": "booking", "id": "7K2M9QXR4T"},
    "details": {"refund_minor": 99000, "currency": "USD", "whole": True},
}
_MINE: Final[dict[str, Any]] = _DONE | {"by": "you", "origin": _ORIGIN}
_THEIRS: Final[dict[str, Any]] = _DONE | {"account_id": 3, "organization_id": None}
_FULL: Final[dict[str, Any]] = _THEIRS | {
    "session_id": "ses_01JD3Z9B2K7M4P8R5T1V3X6Y0C",
    "key_id": None,
    "subject_id": 3,
    "origin": _ORIGIN,
}


class _Done(Wire):
    id: str
    at: InstantField
    kind: str
    """`<what it was done to>.<what was done>`; docs/activity.md has the list."""
    object: ThingOut | None
    details: dict[str, Any]


class MyAct(_Done):
    """Something you did, or that was done and concerns you."""

    model_config = shown(_MINE)

    by: By
    origin: OriginOut | None
    """From where you did it; null for what others did, and once it has been forgotten."""

    @classmethod
    def of(cls, act: Noted, *, account_id: int) -> Self:
        """Render an act as its subject sees it."""
        mine = act.account_id == account_id
        by = By.YOU if mine else By.NOBODY if act.account_id is None else By.SOMEBODY
        return cls(**_done(act), by=by, origin=OriginOut.of(act) if mine else None)


class OwnAct(_Done):
    """Something that was done to what is yours."""

    model_config = shown(_THEIRS)

    account_id: int | None
    """Who did it; null for the product itself, and for somebody who was not logged in."""
    organization_id: int | None
    """For whom they did it."""

    @classmethod
    def of(cls, act: Noted) -> Self:
        """Render an act as the owner of its object sees it."""
        return cls(**_done(act), account_id=act.account_id, organization_id=act.owner_id)


class FullAct(OwnAct):
    """An act as operators see it."""

    model_config = shown(_FULL)

    session_id: str | None
    key_id: str | None
    """The API key it was done with."""
    subject_id: int | None
    """The account it concerns."""
    origin: OriginOut | None
    """Null once it has been forgotten or erased."""

    @override
    @classmethod
    def of(cls, act: Noted) -> Self:
        """Render an act in full."""
        return cls(
            **_done(act),
            account_id=act.account_id,
            organization_id=act.owner_id,
            session_id=act.session_id,
            key_id=act.key_id,
            subject_id=act.subject_id,
            origin=OriginOut.of(act),
        )


class MyActivity(Wire):
    """A page of what you did and what concerns you, newest first."""

    model_config = shown({"items": [_MINE], "next_cursor": None})

    items: tuple[MyAct, ...]
    next_cursor: str | None


class OwnActivity(Wire):
    """A page of what was done to one thing of yours, newest first."""

    model_config = shown({"items": [_THEIRS], "next_cursor": None})

    items: tuple[OwnAct, ...]
    next_cursor: str | None


class FullActivity(Wire):
    """A page of what was done, newest first."""

    model_config = shown({"items": [_FULL], "next_cursor": None})

    items: tuple[FullAct, ...]
    next_cursor: str | None


class _Pages:
    """Pages of one list with cursors of its own."""

    def __init__(self, trail: Trail, cursors: Cursors, name: str, wanted: Wanted) -> None:
        self._trail = trail
        self._cursors = cursors
        self._wanted = wanted
        self._digest = filter_digest(list=name, **{each: str(getattr(wanted, each)) for each in Wanted.__slots__})

    async def page(self, cursor: str | None, limit: int) -> tuple[list[Noted], str | None]:
        """Return a page and the cursor of the next.

        Raises:
            CursorInvalid: Not one of ours, or made for another list.
        """
        below: Below = {} if cursor is None else self._cursors.decode(cursor, self._digest)[0]
        acts, reached = await self._trail.page(self._wanted, below=below, limit=limit)
        return acts, None if reached is None else self._cursors.encode([reached], self._digest)


def of_everybody(trail: Trail, cursors: Cursors) -> Router:
    """Return the route by which everybody sees their own activity."""
    made = Router(prefix="/v1/me", tags=["accounts"])

    @made.get(
        "/activity", responses=success(200, "A page.") | responses(Unauthenticated, Forbidden, Invalid, CursorInvalid)
    )
    async def list_my_activity(
        principal: CurrentPrincipal, limit: Limit = LIMIT, cursor: Cursor | None = None
    ) -> MyActivity:
        """List what you did, and what others did that concerns you, newest first.

        Rows cannot be changed by anybody. From where you acted is kept for a time, and forgotten after.
        """
        account_id = principal.account_id
        pages = _Pages(trail, cursors, f"activity of {account_id}", Wanted(account_id=account_id))
        acts, following = await pages.page(cursor, limit)
        return MyActivity(items=tuple(MyAct.of(each, account_id=account_id) for each in acts), next_cursor=following)

    return made


def of_owners(trail: Trail, cursors: Cursors, *, booking: BookingApi, catalog: CatalogApi) -> Router:
    """Return the route by which owners see what was done to something of theirs."""
    made = Router(prefix="/v1/owner", tags=["owner properties"])

    @made.get(
        "/activity",
        responses=success(200, "A page.") | responses(Unauthenticated, Forbidden, NotFound, Invalid, CursorInvalid),
    )
    async def list_activity_of_own_thing(
        principal: CatalogReader,
        object_kind: Annotated[OwnThing, Query(description="What kind of thing it is.")],
        object_id: Annotated[
            str, Line(OBJECT_ID_MAX), Query(description="Its id; of a booking its reference.", examples=["12"])
        ],
        limit: Limit = LIMIT,
        cursor: Cursor | None = None,
    ) -> OwnActivity:
        """List who did what to one thing of yours, newest first: its audit trail."""
        own = await _own(principal, object_kind, object_id, booking=booking, catalog=catalog)
        wanted = Wanted(object_kind=object_kind.value, object_id=own)
        pages = _Pages(trail, cursors, f"activity for {principal.owner_id}", wanted)
        acts, following = await pages.page(cursor, limit)
        return OwnActivity(items=tuple(map(OwnAct.of, acts)), next_cursor=following)

    return made


def of_admins(trail: Trail, cursors: Cursors) -> Router:
    """Return the route by which operators see what anybody did."""
    made = Router(prefix="/v1/admin", tags=["admin"])

    @made.get(
        "/activity",
        response_model=FullActivity,
        responses=_in_two_forms() | responses(Unauthenticated, Forbidden, Invalid, CursorInvalid),
    )
    async def list_activity(
        principal: OperatorPrincipal,
        wanted: Annotated[Wanted, Depends(_wanted)],
        format: Annotated[ActivityForm, Query(description="`csv` for spreadsheets.")] = ActivityForm.JSON,  # noqa: A002 - its name in the query
        limit: Limit = LIMIT,
        cursor: Cursor | None = None,
    ) -> Response:
        """List who did what, when, from where and to what, newest first.

        As CSV it is the newest 10,000 that fit, without pages.
        """
        del principal
        if format is ActivityForm.CSV:
            lines = [csv_line(each) async for each in trail.all(wanted, most=EXPORT_MOST)]
            headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
            media_type = f"{_CSV}; charset=utf-8; header=present"
            return Response("".join([csv_head(), *lines]), headers=headers, media_type=media_type)
        acts, following = await _Pages(trail, cursors, "all activity", wanted).page(cursor, limit)
        page = FullActivity(items=tuple(map(FullAct.of, acts)), next_cursor=following)
        return Response(page.model_dump_json(), media_type="application/json")

    return made


async def _wanted(
    account_id: AccountId | None = None,
    object_kind: ObjectKind | None = None,
    object_id: ObjectId | None = None,
    kind: Kind | None = None,
    first: First | None = None,
    end: End | None = None,
) -> Wanted:
    return Wanted(account_id=account_id, object_kind=object_kind, object_id=object_id, kind=kind, first=first, end=end)


async def _own(principal: Principal, kind: OwnThing, thing_id: str, *, booking: BookingApi, catalog: CatalogApi) -> str:
    """Return the id of something that is a principal's, as activity names it.

    Raises:
        NotFound: There is no such thing, or it is somebody else's.
        Forbidden: They may not see who comes.
    """
    if kind is OwnThing.BOOKING:
        if not principal.may(Permission.BOOKINGS_READ):
            raise Forbidden(f"This needs the permission {Permission.BOOKINGS_READ.value}.")
        return (await booking.get_booking(principal=principal, reference=thing_id)).reference
    number = int(thing_id) if thing_id.isascii() and thing_id.isdecimal() else 0
    if not 0 < number <= NUMBER_MAX:
        raise NotFound
    if kind is OwnThing.PROPERTY:
        await catalog.own(owner=principal, property_id=number)
    elif kind is OwnThing.RESTAURANT:
        await catalog.restaurants.own(owner=principal, restaurant_id=number)
    else:
        await catalog.flights.own(owner=principal, flight_id=number)
    return str(number)


def _done(act: Noted) -> dict[str, Any]:
    thing = None
    if act.object_kind is not None and act.object_id is not None:
        thing = ThingOut(kind=act.object_kind, id=act.object_id)
    return {"id": f"{act.module}-{act.id}", "at": act.at, "kind": act.kind, "object": thing, "details": act.details}


def _in_two_forms() -> dict[int | str, dict[str, Any]]:
    text = {"type": "string", "description": "One line for each act, after a line of column names."}
    return {
        200: {"description": "A page, or lines of CSV.", "content": {_CSV: {"schema": text, "example": csv_head()}}}
    }
