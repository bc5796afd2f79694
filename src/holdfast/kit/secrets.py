"""The secret of an installation, and the keys that are derived from it.

One secret is configured; every purpose (signing quotes, cursors, tokens at rest) gets a key of its own, so that no key
serves two. Former secrets stay readable while they are being rotated out.
"""

import base64
import contextlib
import os
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from holdfast.kit.ids import new_secret

KEY_BYTES: Final = 32
SECRET_LENGTH_MIN: Final = 32
"""Characters a secret has at least: 128 bits even if they are hexadecimal digits."""

_SALT: Final = b"holdfast keyring 1"


class Keyring:
    """Derives keys from the secret of an installation; `previous` are former secrets, newest first."""

    def __init__(self, secret: str, previous: Sequence[str] = ()) -> None:
        secrets = (secret, *previous)
        if any(len(each) < SECRET_LENGTH_MIN for each in secrets):
            raise ValueError(f"a secret has at least {SECRET_LENGTH_MIN} characters")
        self._secrets = tuple(each.encode() for each in secrets)
        self._derived: dict[str, tuple[bytes, ...]] = {}

    def derive(self, purpose: str) -> bytes:
        """Return the 32-byte key for a purpose, from the present secret. The same purpose gives the same key."""
        return self.derive_all(purpose)[0]

    def derive_all(self, purpose: str) -> tuple[bytes, ...]:
        """Return the keys for a purpose, newest first: make with the first, accept any."""
        keys = self._derived.get(purpose)
        if keys is None:
            keys = tuple(_hkdf(secret, purpose) for secret in self._secrets)
            self._derived[purpose] = keys
        return keys


def _hkdf(secret: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=_SALT, info=purpose.encode()).derive(secret)


def new_installation_secret() -> str:
    """Return a fresh secret fit for `HOLDFAST_SECRET`."""
    return base64.urlsafe_b64encode(new_secret().encode()).decode().rstrip("=")


def load_or_create_secret(path: Path) -> str:
    """Return the secret kept in a file, making the file (readable by its owner only) on the first call.

    For development and small installations; two processes that start together agree on one secret.

    Raises:
        PermissionError: Others may read the file.
        ValueError: The file holds no usable secret.
    """
    try:
        return _load(path)
    except FileNotFoundError:
        _create(path)
        return _load(path)


def _load(path: Path) -> str:
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PermissionError(f"{path} must be readable by its owner only: chmod 600 {path}")
    secret = path.read_text(encoding="utf-8").strip()
    if len(secret) < SECRET_LENGTH_MIN:
        raise ValueError(f"{path} holds no secret of {SECRET_LENGTH_MIN} characters; delete it to get a new one")
    return secret


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, mine = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # readable by its owner only
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(new_installation_secret() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(mine, path)  # unlike a rename this never replaces a secret another process has just made
    finally:
        Path(mine).unlink()
