"""DBOS, as this house runs it: launched inside the running loop, stopped without waiting for anybody.

DBOS keeps one instance per process, and a SQLite journal takes one process. So whoever launches takes two locks, one of
this process and one beside the journal's file; who finds them taken stands by and tries again with every look of the
watchdog, and takes over when the other has ended.

A workflow is one try of a journey: `place:17`, then `place:17#2`. Its only arguments are the journey's id, the number
of the try and the ids the saga is told; doors are reached through what was given at the launch. Everything here may be
called again with the same arguments.
"""

import asyncio
import fcntl
import logging
import os
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

import structlog

from holdfast.kit.clock import Clock
from holdfast.kit.ids import new_id
from holdfast.sagas.journey import RunStep, Work
from holdfast.sagas.store import journal

log = structlog.get_logger()

Travel = Callable[[str, int, str, dict[str, Any], RunStep], Awaitable[str]]
"""Carries one try of a journey (id, try, saga, args) to its end."""

APP: Final = "holdfast"
VERSION: Final = "stable"
"""Of the workflows. DBOS recovers only its own version, so it never changes; see docs/decisions/0012."""
_THREADS: Final = 8
_POLL_S: Final = 0.2
_FINISH_S: Final = 3.0
"""How long steps under way may take to end when the process is told to stop; what does not is done again later."""
_DESTROY_S: Final = 15.0
_LEAVE_S: Final = 5.0
_ENDED: Final = frozenset({"SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"})
_FORGET_AT_ONCE: Final = 500
_TAKEN: Final = Lock()
"""DBOS keeps one instance per process."""


@dataclass(slots=True)
class _Now:
    """What the workflows of this process reach the doors by. DBOS finds them by name alone, so this is global."""

    travel: Travel | None = None
    stopping: bool = False
    steps: set[asyncio.Future[None]] = field(default_factory=set)
    """One for each step under way."""


_NOW: Final = _Now()
_WORKFLOWS: Final[dict[str, Any]] = {}


def workflow_id(journey_id: str, tries: int) -> str:
    """Return what DBOS calls one try of a journey."""
    return journey_id if tries == 1 else f"{journey_id}#{tries}"


class Runtime:
    """DBOS in this process."""

    def __init__(self, place: journal.Place, clock: Clock) -> None:
        self.place = place
        self.executor_id = new_id("exe", clock)
        self._lock_file: int | None = None
        self._engine: Any = None
        self.launched = asyncio.Event()
        """Set while this process runs sagas."""

    async def launch(self, sagas: tuple[str, ...], travel: Travel) -> bool:
        """Launch DBOS if nobody else runs this journal here; return whether it runs."""
        if self.launched.is_set():
            return True
        if not self._take():
            return False
        try:
            self._launch(sagas, travel)
        except BaseException:
            await self._end()
            raise
        self.launched.set()
        log.info("sagas.launched", executor_id=self.executor_id)
        return True

    async def start(self, journey_id: str, tries: int, saga: str, args: Mapping[str, Any]) -> None:
        """Start one try of a journey, unless it was started before, here or elsewhere."""
        from dbos import DBOS, SetWorkflowID  # noqa: PLC0415 - loaded by those who run sagas only

        with SetWorkflowID(workflow_id(journey_id, tries)):
            await DBOS.start_workflow_async(_WORKFLOWS[saga], journey_id, tries, dict(args))

    async def recover(self, alive: set[str]) -> int:
        """Take over what executors that are not alive have left, and return how many workflows that are."""
        from dbos import DBOS  # noqa: PLC0415 - as above

        pending = await DBOS.list_workflows_async(status="PENDING", load_input=False, load_output=False)
        left = {each.executor_id or "" for each in pending} - alive - {self.executor_id}
        if not left:
            return 0
        handles = await asyncio.to_thread(DBOS._recover_pending_workflows, sorted(left))  # noqa: SLF001 - its only door
        if handles:
            log.info("sagas.recovered", workflows=len(handles), executors=len(left))
        return len(handles)

    async def has_ended(self, name: str) -> bool:
        """Return whether the journal says that a try has ended."""
        from dbos import DBOS  # noqa: PLC0415 - as above

        found = await DBOS.get_workflow_status_async(name)
        return found is not None and found.status in _ENDED

    async def forget(self, *, older_than_ms: int) -> None:
        """Delete what the journal keeps of workflows that are done since then."""
        from dbos import DBOS  # noqa: PLC0415 - as above

        before = await DBOS.list_workflows_async(
            status=["SUCCESS", "ERROR"], load_input=False, load_output=False, limit=_FORGET_AT_ONCE
        )
        old = [each.workflow_id for each in before if (each.completed_at or each.created_at or 0) < older_than_ms]
        if old:
            await DBOS.delete_workflows_async(old)

    async def close(self) -> None:
        """Let steps under way end for a moment, stop, and let others take over."""
        if self.launched.is_set():
            self.launched.clear()
            await self._finish()
        await self._end()

    def _take(self) -> bool:
        if self._lock_file is not None or not _TAKEN.acquire(blocking=False):
            return False
        try:
            self._lock_file = _lock(self.place.file)
        except BlockingIOError:
            _TAKEN.release()
            return False
        except BaseException:
            _TAKEN.release()
            raise
        return True

    def _launch(self, sagas: tuple[str, ...], travel: Travel) -> None:
        from dbos import DBOS, DBOSPortableJSONSerializer  # noqa: PLC0415 - as above

        self._engine = journal.open_engine(self.place)
        _NOW.travel, _NOW.stopping = travel, False
        _quiet()
        DBOS(
            config={
                "name": APP,
                "system_database_url": self.place.url,
                "system_database_engine": self._engine,
                "dbos_system_schema": journal.SCHEMA,
                "serializer": DBOSPortableJSONSerializer(),
                "application_version": VERSION,
                "executor_id": self.executor_id,
                "enable_otlp": False,
                # Nobody here waits for messages, so nothing has to be told at once.
                "use_listen_notify": False,
                "notification_listener_polling_interval_sec": _POLL_S,
                "max_executor_threads": _THREADS,
                "log_level": "WARNING",
            }
        )
        for name in sagas:
            if name not in _WORKFLOWS:
                _WORKFLOWS[name] = DBOS.workflow(name=name, max_recovery_attempts=None)(_workflow(name))
        DBOS.launch()
        _quiet()

    async def _finish(self) -> None:
        from dbos._dbos import _get_dbos_instance  # noqa: PLC0415 - as above

        _NOW.stopping = True
        if _NOW.steps:
            await asyncio.wait(set(_NOW.steps), timeout=_FINISH_S)
        tasks = set(_get_dbos_instance()._workflow_tasks)  # noqa: SLF001 - DBOS leaves tasks on our loop to us
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _end(self) -> None:
        if self._engine is not None:
            from dbos import DBOS  # noqa: PLC0415 - as above

            _stop_retrying()
            stopper = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sagas-stop")
            loop = asyncio.get_running_loop()
            ended = loop.run_in_executor(stopper, DBOS.destroy)
            try:
                await asyncio.wait_for(asyncio.shield(ended), _DESTROY_S)
            except TimeoutError:
                log.warning("sagas.stop_is_slow")
            stopper.shutdown(wait=False)
            # DBOS has put its own pool, which is closed now, in the place of the loop's.
            loop.set_default_executor(ThreadPoolExecutor())
            self._engine.dispose()
            self._engine = None
            _leave_nobody_waiting()
        _NOW.travel = None
        if self._lock_file is not None:
            os.close(self._lock_file)
            self._lock_file = None
            _TAKEN.release()


def _workflow(saga: str) -> Callable[[str, int, dict[str, Any]], Awaitable[str]]:
    async def run(journey_id: str, tries: int, args: dict[str, Any]) -> str:
        if _NOW.travel is None:
            await asyncio.Event().wait()  # the process stops; whoever recovers this begins here
        assert _NOW.travel is not None, "launched without doors"  # noqa: S101 - programmer's error
        return await _NOW.travel(journey_id, tries, saga, args, _run_step)

    run.__qualname__ = run.__name__ = saga
    return run


async def _run_step(name: str, work: Work) -> Any:
    from dbos import DBOS  # noqa: PLC0415 - as above

    async def step() -> Any:
        if _NOW.stopping:
            await asyncio.Event().wait()  # nothing new begins any more; this waits to be cancelled
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        _NOW.steps.add(ended)
        try:
            return await work()
        finally:
            ended.set_result(None)
            _NOW.steps.discard(ended)

    return await DBOS.run_step_async({"name": name}, step)


def _stop_retrying() -> None:
    """Let DBOS give up writing to a journal that is away: it would try for ever."""
    from dbos._dbos import _dbos_global_instance as running  # noqa: PLC0415 - as above

    journal_of = None if running is None else running._sys_db_field  # noqa: SLF001 - no public way
    if journal_of is not None:
        journal_of._retry_connection_errors = False  # noqa: SLF001 - as above


def _leave_nobody_waiting() -> None:
    """See to it that the process can end although a thread of DBOS sleeps before its next try to reach the journal.

    Python joins such threads before it exits, for up to a minute and a half. What they would write is done again by
    whoever recovers the workflow.
    """
    if any(each.name.startswith("dbos-executor-") for each in threading.enumerate()):
        threading.Thread(target=_leave, name="sagas-leave", daemon=True).start()


def _leave() -> None:
    threading.main_thread().join()
    for _ in range(round(_LEAVE_S / _POLL_S)):
        if not any(each.name.startswith("dbos-executor-") for each in threading.enumerate()):
            return
        time.sleep(_POLL_S)
    os._exit(0)


def _lock(file: Path | None) -> int:
    """Take the lock beside a SQLite journal and return its descriptor; on PostgreSQL there is nothing to take.

    Raises:
        BlockingIOError: Another process runs this journal.
    """
    if file is None:
        return os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(f"{file}.lock.pid", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _quiet() -> None:
    """Send what DBOS has to say the way of all logs, and only if it is a warning."""
    logger = logging.getLogger("dbos")  # noqa: TID251 - a library's own logger, told where to go
    logger.handlers.clear()
    logger.propagate = True
    logger.setLevel(logging.WARNING)
