"""Challenges of passkeys: random, bound to what they are for and to whom, good for a few minutes and once.

A challenge carries its end and a proof (HMAC) that this installation made it, so nothing is stored when one is asked
for, which anybody may do. Only the answered ones are stored, until they have run out, so that no answer counts twice.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from holdfast.kit.clock import Clock
from holdfast.kit.ids import new_secret
from holdfast.kit.secrets import Keyring

PURPOSE: Final = "accounts/passkey-challenge"

_RANDOM_BYTES: Final = 32
_TIME_BYTES: Final = 8
_OPEN_BYTES: Final = _RANDOM_BYTES + _TIME_BYTES
_LENGTH: Final = _OPEN_BYTES + 32


class Ceremony(StrEnum):
    """What a passkey is asked for."""

    REGISTER = "register"
    LOG_IN = "log_in"
    REAUTHENTICATE = "reauthenticate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """A challenge of ours that has not run out."""

    value: bytes
    hash: str
    expires_at: datetime


class Challenges:
    """Makes challenges and knows them again."""

    def __init__(self, *, keyring: Keyring, clock: Clock, lifetime_s: int) -> None:
        self._keys = keyring.derive_all(PURPOSE)
        self._clock = clock
        self.lifetime_s = lifetime_s

    def new(self, ceremony: Ceremony, *, account_id: int | None = None) -> str:
        """Return a new challenge in base64url; without an account, anybody may answer it."""
        until = int((self._clock.now() + timedelta(seconds=self.lifetime_s)).timestamp())
        start = base64.urlsafe_b64decode(new_secret() + "=") + until.to_bytes(_TIME_BYTES, "big")
        whole = start + _proof(self._keys[0], start, ceremony, account_id)
        return base64.urlsafe_b64encode(whole).decode().rstrip("=")

    def known(self, value: bytes, ceremony: Ceremony, *, account_id: int | None = None) -> Challenge | None:
        """Return the challenge these bytes are, or None if it is not ours, for something else, or has run out."""
        if len(value) != _LENGTH:
            return None
        start, proof = value[:_OPEN_BYTES], value[_OPEN_BYTES:]
        proofs = [_proof(key, start, ceremony, account_id) for key in self._keys]
        if not any([hmac.compare_digest(each, proof) for each in proofs]):  # noqa: C419 - every key takes its time
            return None
        expires_at = datetime.fromtimestamp(int.from_bytes(start[_RANDOM_BYTES:], "big"), UTC)
        if expires_at <= self._clock.now():
            return None
        return Challenge(value=value, hash=hashlib.sha256(value).hexdigest(), expires_at=expires_at)


def _proof(key: bytes, start: bytes, ceremony: Ceremony, account_id: int | None) -> bytes:
    return hmac.digest(key, start + f"|{ceremony}|{account_id or ''}".encode(), "sha256")
