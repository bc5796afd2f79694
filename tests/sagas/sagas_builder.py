"""Sagas over a database of the test, with sagas and doors of the test."""

from contextlib import asynccontextmanager

from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import engine_of, open_database, parsed
from holdfast.sagas.service import SAGAS, Sagas
from holdfast.sagas.settings import SagasSettings
from holdfast.sagas.store.journal import place_of

QUICK = {"give_up_s": 0.3, "first_pause_s": 0.01, "longest_pause_s": 0.05, "dead_after_s": 3}


def place_for(url, folder):
    """Where the journal lies: where it would for this database, or in the test's folder."""
    beside = f"sqlite:///{folder / 'journal.db'}" if engine_of(parsed(url)) == "mysql" else ""
    return place_of(beside, url)


@asynccontextmanager
async def running(url, sagas=SAGAS, *, folder, doors=(None, None), start=True, clock=None, **settings):
    """Run sagas until the block ends."""
    clock = clock or Clock()
    await migrate(url, "sagas")
    db = await open_database(url, clock)
    service = Sagas(
        db=db,
        clock=clock,
        settings=SagasSettings(**{**QUICK, **settings}),
        doors=doors,
        place=place_for(url, folder),
        sagas=sagas,
    )
    try:
        if start:
            await service.start()
        yield service
    finally:
        await service.close()
        await db.close()
