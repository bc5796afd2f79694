"""API keys over HTTP: for programs that act for somebody."""

from typing import Annotated, Any, Final

from fastapi import Response
from pydantic import ConfigDict
from pydantic.config import JsonDict

from holdfast.accounts.api import TokenExpired
from holdfast.accounts.keys_api import (
    KEY_NAME_MAX,
    LIFETIME_DAYS_MAX,
    OVERLAP_S_MAX,
    ApiKey,
    KeyMode,
    KeysApi,
    NewApiKey,
    ScopeRefused,
    TooManyKeys,
)
from holdfast.kit.auth import Permission
from holdfast.kit.errors import Forbidden, Invalid, NotFound, ReauthRequired, Unauthenticated
from holdfast.kit.http.principals import FRESH, CurrentPrincipal
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import BY_VALUE, Between, InstantField, Line, PathText, Wire, items

_KNOWN: Final = (Unauthenticated, TokenExpired, Forbidden)
_MAKING: Final = (*_KNOWN, ReauthRequired, Invalid, ScopeRefused, TooManyKeys)
_EXAMPLE: Final[JsonDict] = {
    "id": "key_01JD3Z8Q4T9XW2M5N7P0R6S1VB",
    "name": "Front desk display",
    "prefix": "Zm9yIHlv",
    "mode": "live",
    "organization_id": 4,
    "scopes": ["catalog:read", "bookings:read"],
    "created_at": "2026-05-04T09:30:00Z",
    "expires_at": "2027-05-04T09:30:00Z",
    "last_used_at": None,
}


class NewKeyIn(Wire):
    """A key to make."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"name": "Front desk display", "scopes": ["catalog:read", "bookings:read"], "lifetime_days": 365}
            ]
        }
    )

    name: Annotated[str, Line(KEY_NAME_MAX)]
    """To know it by."""
    scopes: Annotated[tuple[Annotated[Permission, BY_VALUE], ...], items(len(Permission), 1)]
    """What it may do: no more than you may, and never `account`, `members`, `operate` or `administer`."""
    lifetime_days: Annotated[int, Between(1, LIFETIME_DAYS_MAX)] | None = None
    """After how many days it runs out. Left out: never."""


class RotationIn(Wire):
    """How a key is replaced."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"overlap_s": 86_400}]})

    overlap_s: Annotated[int, Between(0, OVERLAP_S_MAX)] = 0
    """For how many seconds the old key stays good beside the new one: up to seven days."""


class KeyAboutOut(Wire):
    """What is known of a key; the key itself is not."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    id: str
    name: str
    prefix: str
    """The first eight characters after `hfk_live_` or `hfk_test_`, to know it by."""
    mode: KeyMode
    """`live` keys work in production only, `test` keys everywhere else only."""
    organization_id: int | None
    """What it acts for; null for one that only sees to your own trips."""
    scopes: list[Permission]
    created_at: InstantField
    expires_at: InstantField | None
    last_used_at: InstantField | None
    """To the minute."""


class KeysOut(Wire):
    """Keys that are good, the newest first."""

    items: list[KeyAboutOut]


class NewKeyOut(KeyAboutOut):
    """A key that was made just now."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{**_EXAMPLE, "key": "hfk_live_Zm9yIHlvdXIgZXllcyBvbmx5…"}]}
    )

    key: str
    """Send it as `Authorization: Bearer hfk_…`. It is shown only now and kept nowhere: store it safely."""


def router(keys: KeysApi) -> Router:
    """Return the routes of API keys."""
    made = Router(prefix="/v1/me/api-keys", tags=["API keys"])

    @made.get("", responses=responses(*_KNOWN))
    async def list_api_keys(principal: CurrentPrincipal) -> KeysOut:
        """List the API keys you made that are good, the newest first."""
        found = await keys.list_of(principal=principal)
        return KeysOut(items=[KeyAboutOut(**_about(each)) for each in found])

    @made.post("", status_code=201, dependencies=[FRESH], responses=responses(*_MAKING))
    async def create_api_key(body: NewKeyIn, principal: CurrentPrincipal, response: Response) -> NewKeyOut:
        """Make an API key for a program that acts for your organization, or (scope `trips` alone) for you as a guest.

        What it may do is what its scopes say and you may do yourself at that moment. Owners make the keys of an
        organization. A key is never fresh: what needs `POST /v1/me/reauthenticate` is not for programs.
        """
        made_key = await keys.create(
            principal=principal, name=body.name, scopes=body.scopes, lifetime_days=body.lifetime_days
        )
        response.headers["cache-control"] = "no-store"
        return _new_out(made_key)

    @made.post("/{key_id}/rotate", status_code=201, dependencies=[FRESH], responses=responses(*_MAKING, NotFound))
    async def rotate_api_key(
        key_id: PathText, body: RotationIn, principal: CurrentPrincipal, response: Response
    ) -> NewKeyOut:
        """Make a key like this one: the same name, scopes and length of life. The old one ends, at once or soon."""
        made_key = await keys.rotate(principal=principal, key_id=key_id, overlap_s=body.overlap_s)
        response.headers["cache-control"] = "no-store"
        return _new_out(made_key)

    @made.delete("/{key_id}", status_code=204, responses=responses(*_KNOWN, NotFound))
    async def revoke_api_key(key_id: PathText, principal: CurrentPrincipal) -> None:
        """End a key at once. Doing it again changes nothing."""
        await keys.revoke(principal=principal, key_id=key_id)

    return made


def _about(found: ApiKey) -> dict[str, Any]:
    return {
        "id": found.id,
        "name": found.name,
        "prefix": found.prefix,
        "mode": found.mode,
        "organization_id": found.organization_id,
        "scopes": list(found.scopes),
        "created_at": found.created_at,
        "expires_at": found.expires_at,
        "last_used_at": found.last_used_at,
    }


def _new_out(made: NewApiKey) -> NewKeyOut:
    return NewKeyOut(key=made.key, **_about(made.about))
