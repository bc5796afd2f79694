"""Text that has to be readable again but not in a stolen database: encrypted under a key of the keyring.

AES-256-GCM with a key for each purpose, bound to the row the text belongs to: copied to another row, it does not open.
Former secrets of the server still open what was sealed with them; it is then sealed anew when it is next written.
"""

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.kit.ids import new_secret
from holdfast.kit.secrets import Keyring

VERSION: Final = "v1."
"""What sealed text begins with."""

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


class SealBroken(Exception):
    """No key of this installation opens a text: the server's secret was changed without keeping the old."""


class Seal:
    """Encrypts texts of one purpose."""

    def __init__(self, keyring: Keyring, purpose: str) -> None:
        self._purpose = purpose
        self._keys = [AESGCM(key) for key in keyring.derive_all(purpose)]

    def close(self, text: str, *, bound_to: int | str) -> str:
        """Return a text encrypted with the present key, good for one row only."""
        nonce = _nonce()
        sealed = self._keys[0].encrypt(nonce, text.encode(), self._bound(bound_to))
        return f"{VERSION}{base64.urlsafe_b64encode(nonce + sealed).decode()}"

    def open(self, sealed: str, *, bound_to: int | str) -> tuple[str, bool]:
        """Return a text, and whether it was sealed with a former key and should be sealed anew.

        Raises:
            SealBroken: No key opens it, or it belongs to another row.
        """
        try:
            both = base64.urlsafe_b64decode(sealed.removeprefix(VERSION))
        except binascii.Error as error:
            raise SealBroken from error
        if len(both) < _NONCE_BYTES + _TAG_BYTES:
            raise SealBroken
        nonce, text = both[:_NONCE_BYTES], both[_NONCE_BYTES:]
        for number, key in enumerate(self._keys):
            try:
                return key.decrypt(nonce, text, self._bound(bound_to)).decode(), number > 0
            except InvalidTag:
                continue
        raise SealBroken

    def _bound(self, to: int | str) -> bytes:
        return f"{self._purpose}/{to}".encode()


def _nonce() -> bytes:
    return base64.urlsafe_b64decode(new_secret() + "=")[:_NONCE_BYTES]
