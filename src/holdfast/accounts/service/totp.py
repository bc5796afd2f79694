"""Codes of authenticator apps (RFC 6238: SHA-1, six digits, 30 seconds) and their secrets.

A secret has to be readable to check a code, so it is sealed and not hashed (`kit.sealing`), bound to its account.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from typing import TYPE_CHECKING, Final

from holdfast.kit.ids import new_secret

if TYPE_CHECKING:
    from pyotp import TOTP

PURPOSE: Final = "accounts/totp"
"""What its seal is made for."""
DIGITS: Final = 6
STEP_S: Final = 30
WINDOW: Final = 1
"""Steps a clock may be off, either way."""

_SECRET_BYTES: Final = 20


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


def _random(size: int) -> bytes:
    return base64.urlsafe_b64decode(new_secret() + "=")[:size]
