"""Password hashes: argon2id in a few threads of their own, with a bounded queue in front."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from holdfast.accounts.credentials_api import Strength
from holdfast.accounts.service.strength import judged
from holdfast.accounts.settings import AccountsSettings
from holdfast.kit.errors import Overloaded

_T = TypeVar("_T")

_SALT_BYTES = 16
_HASH_BYTES = 32
_RETRY_AFTER_S = 1


class Passwords:
    """Hashes and checks passwords without holding up the event loop."""

    def __init__(self, settings: AccountsSettings) -> None:
        self._hasher = PasswordHasher(
            time_cost=settings.argon2_passes,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_lanes,
            hash_len=_HASH_BYTES,
            salt_len=_SALT_BYTES,
            type=Type.ID,
        )
        self._pool = ThreadPoolExecutor(max_workers=settings.hash_threads, thread_name_prefix="passwords")
        self._room = threading.BoundedSemaphore(settings.hash_threads + settings.hash_queue)
        # A well-formed hash of nobody's password (zero salt, zero digest): checking against it costs what a real
        # check costs, so that the time of an answer does not tell whether an address has an account.
        cost = f"m={settings.argon2_memory_kib},t={settings.argon2_passes},p={settings.argon2_lanes}"
        self.nobody = f"$argon2id$v=19${cost}${_zeros(_SALT_BYTES)}${_zeros(_HASH_BYTES)}"
        """The hash that stands in for an account that does not exist."""

    async def hash(self, password: str) -> str:
        """Return the encoded hash of a password, with a new salt and the parameters inside.

        Raises:
            Overloaded: The queue is full.
        """
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password: str, password_hash: str) -> bool:
        """Return whether a password belongs to a hash; takes equally long for yes and no.

        Raises:
            Overloaded: The queue is full.
        """
        return await self._run(lambda: self._matches(password, password_hash))

    async def judge(self, password: str, context: tuple[str, ...]) -> Strength:
        """Return how hard a password is to guess.

        Raises:
            Overloaded: The queue is full.
        """
        return await self._run(lambda: judged(password, context))

    def is_outdated(self, password_hash: str) -> bool:
        """Return whether a hash was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(password_hash)

    async def close(self) -> None:
        """Let the hashes under way end and the threads go."""
        await asyncio.to_thread(self._pool.shutdown)

    def _matches(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        if not self._room.acquire(blocking=False):
            raise Overloaded("Too many people are logging in at this moment.", retry_after_s=_RETRY_AFTER_S)
        job = self._pool.submit(work)
        # The place is given back when the thread is done with the job, also when whoever asked has gone away.
        job.add_done_callback(self._leave)
        return await asyncio.wrap_future(job)

    def _leave(self, job: Future[_T]) -> None:
        del job
        self._room.release()


def _zeros(size: int) -> str:
    """Return that many zero bytes in unpadded base 64."""
    return "A" * -(-size * 4 // 3)
