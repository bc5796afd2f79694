"""Copies of what is kept of people: each encrypted with a key of its own, which is itself encrypted.

A copy that has run out loses its key with its content, so that what a backup still has of it cannot be read.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Final

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from typing_extensions import override

from holdfast.accounts.privacy_api import EXPORT_HOURS, Export, ExportsApi, ExportState
from holdfast.accounts.service.acts import note
from holdfast.accounts.store import exports as store
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.limits.limits import Limit, Limits
from holdfast.kit.secrets import KEY_BYTES, Keyring

log = structlog.get_logger()

_NONCE_BYTES: Final = 12
_LIVES_S: Final = EXPORT_HOURS * 3600
_EXPIRED_AT_ONCE: Final = 100
_NONE: Final = "There is no such export, or it is not there yet or any more."


class Exports(ExportsApi):
    """Answers `ExportsApi`."""

    def __init__(self, *, db: Database, clock: Clock, keyring: Keyring, limits: Limits) -> None:
        self._db = db
        self._limits = limits
        self._clock = clock
        self._keys = keyring.derive_all("exports")

    @override
    async def ask(self, *, account_id: int) -> Export:
        await self._limits.take(Limit.EXPORTS, account_id)
        export_id = new_id("exp", self._clock)

        async def work(tx: Tx) -> Export:
            row = await store.being_made(tx, account_id=account_id)
            if row is None:
                await store.add(tx, export_id=export_id, account_id=account_id)
                await note(tx, "export.asked", account_id, export=export_id)
                row = await store.being_made(tx, account_id=account_id)
            assert row is not None  # noqa: S101 - it was written in this transaction
            return store.shown(row)

        export = await self._db.write(work)
        log.info("export.asked", account_id=account_id, export_id=export.id)
        return export

    @override
    async def find(self, *, account_id: int, export_id: str) -> Export:
        row = await self._db.read(lambda tx: store.find(tx, account_id=account_id, export_id=export_id))
        if row is None:
            raise NotFound("There is no such export.")
        return store.shown(row)

    @override
    async def content(self, *, account_id: int, export_id: str) -> bytes:
        async def work(tx: Tx) -> tuple[str, str]:
            row = await store.find(tx, account_id=account_id, export_id=export_id)
            if row is None or row.state is not ExportState.READY or row.expires_at <= await tx.now():
                raise NotFound(_NONE)
            return row.sealed_key, await store.text_of(tx, export_id=export_id)

        sealed_key, text = await self._db.snapshot(work)
        return _opened(self._key_of(sealed_key, export_id), b64decode(text), export_id)

    @override
    async def waiting(self, *, limit: int = 10) -> Sequence[Export]:
        found = await self._db.read(lambda tx: store.waiting(tx, limit=limit))
        return [store.shown(row) for row in found]

    @override
    async def store(self, *, export_id: str, content: bytes) -> bool:
        key = os.urandom(KEY_BYTES)
        sealed_key = b64encode(_sealed(self._keys[0], key, export_id)).decode()
        text = b64encode(_sealed(key, content, export_id)).decode()

        async def work(tx: Tx) -> bool:
            if not await store.ready(
                tx, export_id=export_id, size=len(content), sealed_key=sealed_key, lives_s=_LIVES_S
            ):
                return False
            await store.add_parts(tx, export_id=export_id, text=text)
            await note(tx, "export.made", await store.account_of(tx, export_id=export_id), export=export_id)
            return True

        return await self._db.write(work)

    @override
    async def expire(self) -> int:
        return await self._db.write(lambda tx: store.expire(tx, limit=_EXPIRED_AT_ONCE))

    def _key_of(self, sealed_key: str, export_id: str) -> bytes:
        """Return the key of a copy; a copy whose secret has been rotated out is as good as expired.

        Raises:
            NotFound: None of our keys opens it.
        """
        for key in self._keys:
            try:
                return _opened(key, b64decode(sealed_key), export_id)
            except InvalidTag:
                continue
        raise NotFound(_NONE)


def _sealed(key: bytes, plain: bytes, export_id: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, export_id.encode())


def _opened(key: bytes, sealed: bytes, export_id: str) -> bytes:
    return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], export_id.encode())
