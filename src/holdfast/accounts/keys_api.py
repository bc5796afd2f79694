"""What accounts answers about API keys: `AccountsApi.keys`.

A key acts for the organization it was made for, as far as its scopes go and never further than its maker may go
himself at that moment. Keys that are made in production work in production only, the others only elsewhere
(docs/decisions/0022-organizations.md).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol

from holdfast.kit.auth import Permission, Principal
from holdfast.kit.errors import HoldfastError

KEY_NAME_MAX: Final = 60
KEYS_MOST: Final = 50
"""Keys of one account that are good at the same time."""
OVERLAP_S_MAX: Final = 7 * 86_400
"""How long a key that was replaced may stay good at most."""
LIFETIME_DAYS_MAX: Final = 3_650
KEY_PREFIX: Final = "hfk_"


class KeyMode(StrEnum):
    """Where a key works."""

    LIVE = "live"
    """In production only."""
    TEST = "test"
    """Everywhere but in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """What is known of a key; the key itself is not."""

    id: str
    name: str
    prefix: str
    """Its first characters, to know it by."""
    mode: KeyMode
    organization_id: int | None
    """What it acts for; None for one that only sees to its maker's own trips."""
    scopes: tuple[Permission, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """To the minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key that was made just now."""

    key: str
    """Shown this once; nobody can show it again."""
    about: ApiKey


class ScopeRefused(HoldfastError):
    """You may not give a key what you may not do yourself, and some things no key may do. `scopes` names which."""

    code = "scope_refused"
    status = 403
    title = "A key cannot be given this"


class TooManyKeys(HoldfastError):
    """You have as many keys as an account may have. Revoke one first."""

    code = "too_many_keys"
    status = 409
    title = "Too many API keys"


class KeysApi(Protocol):
    """What others may ask of API keys."""

    async def list_of(self, *, principal: Principal) -> Sequence[ApiKey]:
        """Return the keys an account made that are still good, the newest first."""

    async def create(
        self, *, principal: Principal, name: str, scopes: Collection[Permission], lifetime_days: int | None = None
    ) -> NewApiKey:
        """Make a key, for the organization one acts for unless it only sees to one's own trips.

        Raises:
            ScopeRefused: A scope is none of the maker's permissions, or no key may have it.
            TooManyKeys: The account has as many as it may.
        """

    async def rotate(self, *, principal: Principal, key_id: str, overlap_s: int = 0) -> NewApiKey:
        """Make a key like another one, which stays good for `overlap_s` seconds more at most.

        Raises:
            NotFound: They have no such key that is good.
            ScopeRefused: It has a scope that its maker may not give any more.
        """

    async def revoke(self, *, principal: Principal, key_id: str) -> None:
        """End a key at once, in every process. Doing it again changes nothing.

        Raises:
            NotFound: They never had such a key.
        """

    async def principal(self, token: str) -> Principal:
        """Return whom a key speaks for, as things are now.

        Raises:
            Unauthenticated: It is no key of ours, was revoked or has run out, works elsewhere only, or its maker's
                account is closed or does not belong to the organization any more.
        """
