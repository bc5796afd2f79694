"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, 30 seconds) and how their secrets are kept.

A secret has to be readable to check a code, so it is encrypted and not hashed: AES-256-GCM under a key derived from the
server's secret, bound to the account it belongs to. Former secrets of the server still open it; it is then sealed anew.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.kit.ids import new_secret
from holdfast.kit.secrets import Keyring

if TYPE_CHECKING:
    from pyotp import TOTP

PURPOSE: Final = "accounts/totp"
DIGITS: Final = 6
STEP_S: Final = 30
WINDOW: Final = 1
"""Steps a clock may be off, either way."""

_SECRET_BYTES: Final = 20
_NONCE_BYTES: Final = 12
_VERSION: Final = "v1"


class SealBroken(Exception):
    """No key of this installation opens a stored secret: the server's secret was changed without keeping the old."""


class Seal:
    """Encrypts the secrets of authenticator apps."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = [AESGCM(key) for key in keyring.derive_all(PURPOSE)]

    def close(self, secret: str, *, account_id: int) -> str:
        """Return a secret encrypted with the present key, good for this account only."""
        nonce = _random(_NONCE_BYTES)
        sealed = self._keys[0].encrypt(nonce, secret.encode(), _bound_to(account_id))
        return f"{_VERSION}.{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, account_id: int) -> tuple[str, bool]:
        """Return a secret, and whether it was sealed with a former key and should be sealed anew.

        Raises:
            SealBroken: No key opens it.
        """
        both = base64.urlsafe_b64decode(sealed.removeprefix(f"{_VERSION}."))
        nonce, text = both[:_NONCE_BYTES], both[_NONCE_BYTES:]
        for number, key in enumerate(self._keys):
            try:
                return key.decrypt(nonce, text, _bound_to(account_id)).decode(), number > 0
            except InvalidTag:
                continue
        raise SealBroken


def new_totp_secret() -> str:
    """Return 160 random bits in base 32."""
    return base64.b32encode(_random(_SECRET_BYTES)).decode()


def otpauth_uri(secret: str, *, name: str, issuer: str) -> str:
    """Return what the QR code for an app says."""
    return _totp(secret).provisioning_uri(name=name, issuer_name=issuer)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the step whose code this is, one step before or after now at most; None if it is none of theirs.

    Every code that would do is compared, in constant time, whichever matches.
    """
    present = int(now.timestamp()) // STEP_S
    app = _totp(secret)
    found = None
    for step in range(present - WINDOW, present + WINDOW + 1):
        if hmac.compare_digest(app.generate_otp(step).encode(), code.encode(errors="replace")):
            found = step
    return found


def _totp(secret: str) -> "TOTP":
    import pyotp  # noqa: PLC0415 - not needed to start

    return pyotp.TOTP(secret, digits=DIGITS, digest=hashlib.sha1, interval=STEP_S)


def _bound_to(account_id: int) -> bytes:
    return f"{PURPOSE}/{account_id}".encode()


def _random(size: int) -> bytes:
    return base64.urlsafe_b64decode(new_secret() + "=")[:size]
