"""What is noted of an act, and who acts: taken from the request that is being answered."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from secrets import token_hex
from typing import Any, Final

import msgspec

from holdfast.kit.origin import current_origin

KIND_MAX: Final = 60
OBJECT_KIND_MAX: Final = 40
OBJECT_ID_MAX: Final = 64
ID_MAX: Final = 40
REQUEST_ID_MAX: Final = 64
ADDRESS_MAX: Final = 64
DEVICE_MAX: Final = 200
COMMITMENT_LENGTH: Final = 64

_KIND: Final = re.compile(r"[a-z_]+(\.[a-z_]+)+")
_CODE: Final = re.compile(r"[A-Za-z0-9_.:,+/-]{0,80}")
_DETAILS_MAX: Final = 20
_SALT_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who acts, and from where."""

    account_id: int | None = None
    """None: the product itself, or somebody who has not said who they are."""
    owner_id: int | None = None
    """The organization they act for."""
    session_id: str | None = None
    key_id: str | None = None
    request_id: str | None = None
    address: str | None = None
    device: str | None = None

    def known_as(self, account_id: int, *, session_id: str | None = None) -> "Actor":
        """Return the same actor, of whom it is known by now who they are: they have just registered, or logged in."""
        return replace(self, account_id=account_id, session_id=session_id or self.session_id)

    @property
    def is_somewhere(self) -> bool:
        """Whether anything is known of where they act from."""
        return not (self.address is None and self.device is None and self.request_id is None)


SYSTEM: Final = Actor()
"""The product itself: a job, a journey, a sweeper."""


def here() -> Actor:
    """Return who acts in the request that is being answered; the product itself outside of one.

    An order that is carried out by a lane takes this with it when it is made: a lane serves many requests at once.
    """
    origin = current_origin.get()
    if origin is None:
        return SYSTEM
    return Actor(
        account_id=origin.account_id,
        owner_id=origin.owner_id,
        session_id=origin.session_id,
        key_id=origin.key_id,
        request_id=_cut(origin.request_id, REQUEST_ID_MAX),
        address=_cut(origin.address, ADDRESS_MAX),
        device=_cut(origin.device, DEVICE_MAX),
    )


def _cut(text: str | None, most: int) -> str | None:
    return text[:most] if text else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing somebody did.

    `details` says what else there is to know in codes, dates and numbers. It is kept for ever, so it has no free text,
    nothing personal and no secret; whoever tries is stopped where the act is made.
    """

    kind: str
    """What was done, as `<subject>.<past tense>`: `booking.canceled`."""
    object_kind: str | None = None
    """What it was done to, like `booking`."""
    object_id: str | int | None = None
    subject_id: int | None = None
    """The account it concerns, where that may be another than who acts."""
    details: Mapping[str, Any] = field(default_factory=dict)
    actor: Actor = field(default_factory=here)

    def __post_init__(self) -> None:
        """Refuse what must not be kept for ever.

        Raises:
            ValueError: The kind is none, or a detail is not a code, a number, a flag or a list of those.
        """
        if len(self.kind) > KIND_MAX or not _KIND.fullmatch(self.kind):
            raise ValueError(f"an activity is named <subject>.<past tense>, not {self.kind!r}")
        if (self.object_kind is None) != (self.object_id is None):
            raise ValueError("an object has a kind and an id")
        if len(self.details) > _DETAILS_MAX or not all(map(_is_plain, self.details.values())):
            raise ValueError(f"the details of {self.kind} are codes and numbers, never free text")


def _is_plain(value: Any) -> bool:
    if isinstance(value, str):
        return _CODE.fullmatch(value) is not None
    if isinstance(value, list | tuple):
        return len(value) <= _DETAILS_MAX and all(map(_is_plain, value))
    return value is None or isinstance(value, int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """From where somebody acted, with what binds it to the row that is kept for ever."""

    commitment: str
    salt: str
    account_id: int | None
    address: str | None
    device: str | None
    request_id: str | None


def placed(actor: Actor, *, account_id: int | None) -> Place:
    """Return from where somebody acts under a commitment of its own: no two acts are linked by it.

    Args:
        actor: Who acts, and from where.
        account_id: With whose account it is forgotten: who acts, or whom it concerns where nobody knows who acts.
    """
    salt = token_hex(_SALT_BYTES)
    return Place(
        commitment=commitment(salt, address=actor.address, device=actor.device, request_id=actor.request_id),
        salt=salt,
        account_id=account_id,
        address=actor.address,
        device=actor.device,
        request_id=actor.request_id,
    )


def commitment(salt: str, *, address: str | None, device: str | None, request_id: str | None) -> str:
    """Return the SHA-256 that stands for a place in the chain; without the salt nobody can try addresses against it."""
    return sha256(msgspec.json.encode([salt, address, device, request_id])).hexdigest()
