"""Cursors: signed positions in a list, bound to the list they were made for."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from hashlib import sha256
from typing import Any, Final

import msgspec

from holdfast.kit.errors import HoldfastError
from holdfast.kit.secrets import Keyring

CURSOR_LENGTH_MAX: Final = 1_024

_TAG_BYTES: Final = 16
_PURPOSE: Final = "cursors"


class CursorInvalid(HoldfastError):
    """The cursor was changed, belongs to another list or filter, or is too old. Begin again without a cursor."""

    code = "cursor_invalid"
    status = 400
    title = "The cursor is not valid"


def filter_digest(**filters: Any) -> str:
    """Return a digest of what a list was filtered, sorted and scoped by (include whose list it is)."""
    return sha256(msgspec.json.encode(filters, order="deterministic")).hexdigest()


class Cursors:
    """Makes and reads cursors with the keys of a keyring."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = keyring.derive_all(_PURPOSE)

    def encode(self, position: list[Any], digest: str) -> str:
        """Return the cursor for a position (JSON values) in the list with this `filter_digest`."""
        payload = msgspec.json.encode(position)
        return _armored(_tag(self._keys[0], payload, digest) + payload)

    def decode(self, cursor: str, digest: str) -> list[Any]:
        """Return the position a cursor stands for.

        Raises:
            CursorInvalid: Not one of ours, or made for another list.
        """
        sealed = _unarmored(cursor)
        tag, payload = sealed[:_TAG_BYTES], sealed[_TAG_BYTES:]
        if not any(hmac.compare_digest(tag, _tag(key, payload, digest)) for key in self._keys):
            raise CursorInvalid
        position: list[Any] = msgspec.json.decode(payload)
        return position


def _armored(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


def _unarmored(cursor: str) -> bytes:
    if len(cursor) > CURSOR_LENGTH_MAX:
        raise CursorInvalid
    try:
        sealed = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (UnicodeEncodeError, NotBase64) as error:
        raise CursorInvalid from error
    if _armored(sealed) != cursor:  # the decoder skips what it does not know; a cursor has one spelling
        raise CursorInvalid
    return sealed


def _tag(key: bytes, payload: bytes, digest: str) -> bytes:
    return hmac.digest(key, digest.encode() + b"\x00" + payload, "sha256")[:_TAG_BYTES]
