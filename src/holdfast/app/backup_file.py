"""The file a backup is: encrypted and authenticated in chunks, so that it is written and read with little memory.

    magic (16 bytes) | nonce (12) | the file's own key, sealed with a key of the installation (48)
    length (4, big-endian) | chunk, sealed with the file's own key        (again and again)

A chunk is AES-256-GCM over one letter that says what it is and up to `CHUNK` bytes. Its nonce is its number, and
whether it is the last; so a chunk that was changed, left out, moved or taken from another file does not open, and a
file that ends too early has no last chunk.
"""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from holdfast.app.errors import CannotStart

CHUNK: Final = 1 << 20
"""Bytes of content a chunk has at most."""
MANIFEST: Final = b"M"
"""What the file holds, as JSON: the first chunk."""
DATA: Final = b"D"
"""The next bytes of the database that is being told."""
NEXT: Final = b"N"
"""The database is told; another one follows, or the end."""
END: Final = b"E"
"""Nothing follows."""

_MAGIC: Final = b"holdfast backup\x01"
_NONCE: Final = 12
_TAG: Final = 16
_KEY_BITS: Final = 256
_SEALED_KEY: Final = _KEY_BITS // 8 + _TAG
_LENGTH: Final = 4


class BadBackup(CannotStart):
    """The file is no backup, is damaged, or belongs to an installation with another secret."""


class BackupWriter:
    """Writes the chunks of one file."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        """Begin a file.

        Args:
            file: Where to.
            key: The installation's, of 32 bytes.
        """
        own = AESGCM.generate_key(_KEY_BITS)
        nonce = os.urandom(_NONCE)
        self._file = file
        self._head = _MAGIC + nonce + AESGCM(key).encrypt(nonce, own, _MAGIC)
        self._cipher = AESGCM(own)
        self._number = 0
        file.write(self._head)

    def write(self, kind: bytes, content: bytes = b"") -> None:
        """Write content of one kind, in as many chunks as it needs."""
        for start in range(0, len(content) or 1, CHUNK):
            sealed = self._cipher.encrypt(
                _nonce(self._number, last=kind == END), kind + content[start : start + CHUNK], self._head
            )
            self._file.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
            self._number += 1


@contextmanager
def new_backup(path: Path, key: bytes, *, replace: bool) -> Iterator[BackupWriter]:
    """Write a file that only its owner may read, and give it its name when all of it is on the disk.

    Raises:
        CannotStart: There is such a file already, and it may not be replaced; or it cannot be written.
    """
    if path.exists() and not replace:
        raise CannotStart(f"{path} is there already; name another file, or replace it with --force")
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise CannotStart(f"{path} cannot be written: {error.strerror}") from error
    mine = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield BackupWriter(file, key)
            file.flush()
            os.fsync(file.fileno())
        _name(mine, path, replace=replace)
    except OSError as error:
        raise CannotStart(f"{path} cannot be written: {error.strerror}") from error
    finally:
        mine.unlink(missing_ok=True)


def _name(mine: Path, path: Path, *, replace: bool) -> None:
    if replace:
        mine.replace(path)
    else:
        try:
            os.link(mine, path)  # unlike a rename this never replaces what was put there meanwhile
        except FileExistsError:
            raise CannotStart(f"{path} is there already; name another file, or replace it with --force") from None
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Put the names in a folder on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):  # some file systems cannot
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def chunks_of(path: Path, keys: Sequence[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and content of each chunk of a file, but not its end.

    Args:
        path: The file.
        keys: Those of the installation, newest first; any may have sealed it.

    Raises:
        BadBackup: It is no backup, not whole, or was made with another secret; what was yielded before is good.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise BadBackup(f"{path} cannot be read: {error.strerror}") from error
    with file:
        head = file.read(len(_MAGIC) + _NONCE + _SEALED_KEY)
        cipher = AESGCM(_own_key(path, head, keys))
        number, last = 0, False
        while not last:
            kind, content, last = _opened(path, file, (cipher, head), number)
            number += 1
            if not last:
                yield kind, content
        if file.read(1):
            raise BadBackup(f"{path} is damaged: something stands behind its end")


def _own_key(path: Path, head: bytes, keys: Sequence[bytes]) -> bytes:
    if len(head) < len(_MAGIC) + _NONCE + _SEALED_KEY or not head.startswith(_MAGIC[:-1]):
        raise BadBackup(f"{path} is no backup of Holdfast")
    if not head.startswith(_MAGIC):
        raise BadBackup(f"{path} is a backup in a form this version does not know; use a newer one")
    nonce, sealed = head[len(_MAGIC) : len(_MAGIC) + _NONCE], head[len(_MAGIC) + _NONCE :]
    for key in keys:
        with suppress(InvalidTag):
            return AESGCM(key).decrypt(nonce, sealed, _MAGIC)
    raise BadBackup(
        f"{path} was made with another secret: set HOLDFAST_SECRET (or HOLDFAST_SECRET_PREVIOUS) to the one of that "
        "installation, or copy its <database>.secret beside the new database"
    )


def _opened(path: Path, file: BinaryIO, opening: tuple[AESGCM, bytes], number: int) -> tuple[bytes, bytes, bool]:
    cipher, head = opening
    length = int.from_bytes(file.read(_LENGTH), "big")
    if not _TAG < length <= CHUNK + _TAG + 1:
        raise BadBackup(f"{path} is damaged or not whole (chunk {number})")
    sealed = file.read(length)
    for last in (False, True):
        with suppress(InvalidTag):
            plain = cipher.decrypt(_nonce(number, last=last), sealed, head)
            return plain[:1], plain[1:], last
    raise BadBackup(f"{path} is damaged or not whole (chunk {number})")


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NONCE - 1, "big") + bytes([last])
