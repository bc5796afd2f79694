"""What databases behind a server have in common: sessions from a pool, transactions by BEGIN and COMMIT."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Attempt, Database, Tx, Work
from holdfast.kit.db.errors import cause_of
from holdfast.kit.db.pool import Pool, Session
from holdfast.kit.errors import CommitOutcomeUnknown, DatabaseUnavailable

T = TypeVar("T")


class ServedSession(Session):
    """A connection to a server."""

    @abstractmethod
    async def execute(self, sql: str) -> Any:
        """Run one statement without parameters."""

    @abstractmethod
    async def commit(self) -> None:
        """Commit; returns only if the transaction is kept."""

    @abstractmethod
    def meaning(self, error: Exception, attempt: Attempt) -> Exception:
        """Return what an error of the driver means to us; it may be the error itself."""

    @override
    async def ping(self) -> None:
        await self.execute("SELECT 1")


class ServedTx(Tx, Protocol):
    """A transaction that remembers what went wrong in it."""

    failure: Exception | None
    """The first error of a statement. The engines differ in what they would still commit after one, so we never do."""


SessionT = TypeVar("SessionT", bound=ServedSession)


class ServedDatabase(Database, Generic[SessionT]):
    """A database behind a server."""

    def __init__(self, clock: Clock, *, pool_size: int, **options: Any) -> None:
        super().__init__(clock, **options)
        self._pool: Pool[SessionT] = Pool(self._connect, clock, size=pool_size)

    @abstractmethod
    async def _connect(self) -> SessionT: ...

    @abstractmethod
    def _tx(self, session: SessionT, attempt: Attempt) -> ServedTx: ...

    scrubbing: ClassVar[str]
    """The statement that lets go of what was deleted from a table; it cannot run in a transaction."""
    remains: ClassVar[str]
    """What may hold it all the same."""

    @override
    async def scrub(self, tables: Sequence[str]) -> str:
        self._refuse_closed()
        attempt = Attempt(writes=True)
        session = await self._take(attempt)
        try:
            for table in tables:
                await session.execute(self.scrubbing.format(table=table))
        except Exception as error:  # noqa: BLE001 - raised again as what it means
            meaning = session.meaning(error, attempt)
            session.destroy()
            raise meaning from cause_of(meaning, error)
        except BaseException:
            session.destroy()
            raise
        finally:
            self._give_back(session, attempt)
        return self.remains

    @override
    async def close(self) -> None:
        await self._drain()
        await self._pool.close()

    async def _take(self, attempt: Attempt) -> SessionT:
        session = await self._pool.take()
        attempt.destroy = session.destroy
        return session

    def _give_back(self, session: SessionT, attempt: Attempt) -> None:
        # From here on it is somebody else's, whatever the deadline says.
        attempt.destroy = None
        self._pool.give_back(session)

    def _was_lost(self, session: SessionT) -> bool:
        """Return whether a connection was lost. If so, none of the others is used again: a restart closes them all."""
        lost = session.broken()
        if lost:
            self._pool.discard()
        return lost

    @override
    async def _read(self, work: Work[T], attempt: Attempt) -> T:
        while True:
            session = await self._take(attempt)
            try:
                return await work(self._tx(session, attempt))
            except DatabaseUnavailable:
                if not self._was_lost(session) or session.fresh:
                    raise
            except Exception:
                raise
            except BaseException:
                session.destroy()  # cancelled: an answer may still be on its way
                raise
            finally:
                self._give_back(session, attempt)

    async def _begun(self, attempt: Attempt, begin: Sequence[str]) -> SessionT:
        while True:
            session = await self._take(attempt)
            try:
                for sql in begin:
                    await session.execute(sql)
            except Exception as error:  # noqa: BLE001 - raised again if it means something
                meaning = session.meaning(error, attempt)
                session.destroy()
                self._was_lost(session)
                self._give_back(session, attempt)
                # Nothing was sent that matters. An old connection that died of age is no reason to give up.
                if session.fresh or not isinstance(meaning, DatabaseUnavailable):
                    raise meaning from cause_of(meaning, error)
            except BaseException:
                session.destroy()
                self._give_back(session, attempt)
                raise
            else:
                return session

    async def _transact(self, work: Work[T], attempt: Attempt, begin: Sequence[str]) -> T:
        session = await self._begun(attempt, begin)
        try:
            tx = self._tx(session, attempt)
            result = await work(tx)
            _refuse_failed(tx)
            if attempt.writes:
                attempt.commit()
            await session.commit()
        except Exception as error:  # noqa: BLE001 - raised again as what it means
            meaning = session.meaning(error, attempt)
            if not isinstance(meaning, CommitOutcomeUnknown):
                attempt.refused()
            await _roll_back(session)
            self._was_lost(session)
            raise meaning from cause_of(meaning, error)
        except BaseException:
            # Cancelled. The driver would ask the server to cancel what runs, and a cancelled COMMIT can look like
            # success (docs/decisions/0011); without its connection it cannot.
            session.destroy()
            raise
        else:
            return result
        finally:
            self._give_back(session, attempt)


def _refuse_failed(tx: ServedTx) -> None:
    if tx.failure is not None:
        raise tx.failure


async def _roll_back(session: ServedSession) -> None:
    """End the transaction: MariaDB keeps it open after a lock wait, and a COMMIT would keep its first half."""
    try:
        if not session.broken():
            await session.execute("ROLLBACK")
    except BaseException as error:
        session.destroy()
        if not isinstance(error, Exception):
            raise
