"""What a browser answers for a passkey, checked with the library of WebAuthn. Knows no database.

All bytes here are of a stranger's making. Whatever the library says or raises over them, they are refused alike.
"""

import asyncio
import base64
import hashlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

from holdfast.accounts.factors_api import PasskeyRefused
from holdfast.accounts.service.challenges import Challenge
from holdfast.accounts.settings import AccountsSettings

_T = TypeVar("_T")

ALGORITHMS: Final = (-8, -7, -257)
"""EdDSA, ES256, RS256: the ones the library knows, the best first."""
MAX_CREDENTIAL_BYTES: Final = 1023
_LIBRARY: Final = "webauthn"

Known = Callable[[bytes], Challenge | None]
"""Says which challenge of ours some bytes are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """This site, as authenticators know it."""

    id: str
    name: str
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A passkey that was just made."""

    challenge: Challenge
    credential_id: str
    credential_hash: str
    public_key: str
    sign_count: int
    backed_up: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Asserted:
    """A good signature of a passkey. Its counter has yet to be compared."""

    challenge: Challenge
    sign_count: int
    backed_up: bool
    user_verified: bool
    """Whether the authenticator checked a finger, a face or a PIN."""


async def ready() -> None:
    """Load the library in a thread, once: that takes a fifth of a second, in which everybody else would wait."""
    if _LIBRARY not in sys.modules:
        await asyncio.to_thread(import_module, _LIBRARY)


def relying_party(settings: AccountsSettings, *, public_url: str) -> RelyingParty:
    """Return this site: what the settings say, and where they say nothing, the address people reach us at."""
    address = urlsplit(public_url)
    return RelyingParty(
        id=settings.passkey_rp_id or address.hostname or "localhost",
        name=settings.site_name,
        origins=settings.passkey_origins or (f"{address.scheme}://{address.netloc}",),
    )


def registered(credential: Mapping[str, Any], *, site: RelyingParty, known: Known) -> Registered:
    """Return the passkey a browser has made.

    Raises:
        PasskeyRefused: It is malformed, or answers no challenge of ours for this site.
    """
    return _tried(lambda: _registered(credential, site, known))


def asserted(
    credential: Mapping[str, Any], *, site: RelyingParty, known: Known, public_key: str, handle: str
) -> Asserted:
    """Return what a passkey's signature says.

    Raises:
        PasskeyRefused: It is malformed, not this passkey's, or answers no challenge of ours for this site.
    """
    return _tried(lambda: _asserted(credential, site, known, (public_key, handle)))


def credential_hash(credential: Mapping[str, Any]) -> str:
    """Return what the passkey of a browser's answer is looked for by.

    Raises:
        PasskeyRefused: The answer names none.
    """
    return _tried(lambda: _hash(_bytes(credential["rawId"])))


def handle_bytes(handle: str) -> bytes:
    """Return the bytes authenticators keep of an account."""
    return _bytes(handle)


def _registered(credential: Mapping[str, Any], site: RelyingParty, known: Known) -> Registered:
    from webauthn import verify_registration_response  # noqa: PLC0415 - takes long to import, and few ask for it

    challenge = _challenge(credential, known)
    made = verify_registration_response(
        credential=dict(credential),
        expected_challenge=challenge.value,
        expected_rp_id=site.id,
        expected_origin=list(site.origins),
    )
    if len(made.credential_id) > MAX_CREDENTIAL_BYTES or made.credential_id != _bytes(credential["rawId"]):
        raise PasskeyRefused
    return Registered(
        challenge=challenge,
        credential_id=_text(made.credential_id),
        credential_hash=_hash(made.credential_id),
        public_key=_text(made.credential_public_key),
        sign_count=made.sign_count,
        backed_up=made.credential_backed_up,
    )


def _asserted(credential: Mapping[str, Any], site: RelyingParty, known: Known, owner: tuple[str, str]) -> Asserted:
    from webauthn import verify_authentication_response  # noqa: PLC0415 - as above

    public_key, handle = owner
    challenge = _challenge(credential, known)
    said = credential["response"].get("userHandle")
    if said and _bytes(said) != handle_bytes(handle):
        raise PasskeyRefused
    made = verify_authentication_response(
        credential=dict(credential),
        expected_challenge=challenge.value,
        expected_rp_id=site.id,
        expected_origin=list(site.origins),
        credential_public_key=_bytes(public_key),
        # The library would refuse a counter that ran backward before it looks at the signature; only with a good
        # signature is it worth recording, so it is compared where the row is changed.
        credential_current_sign_count=0,
    )
    return Asserted(
        challenge=challenge,
        sign_count=made.new_sign_count,
        backed_up=made.credential_backed_up,
        user_verified=made.user_verified,
    )


def _challenge(credential: Mapping[str, Any], known: Known) -> Challenge:
    from webauthn.helpers import parse_client_data_json  # noqa: PLC0415 - as above

    said = parse_client_data_json(_bytes(credential["response"]["clientDataJSON"]))
    challenge = known(said.challenge)
    if challenge is None or said.cross_origin:
        raise PasskeyRefused
    return challenge


def _tried(check: Callable[[], _T]) -> _T:
    try:
        return check()
    except PasskeyRefused:
        raise
    except Exception as error:
        raise PasskeyRefused from error


def _hash(credential_id: bytes) -> str:
    return hashlib.sha256(credential_id).hexdigest()


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
