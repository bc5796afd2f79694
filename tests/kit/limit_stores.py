"""The three stores of limits, empty, for the tests of limits."""

from contextlib import asynccontextmanager

from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.tables import module_tables
from holdfast.kit.limits.database import DatabaseLimits, limit_table
from holdfast.kit.limits.limits import Limits
from holdfast.kit.limits.memory import MemoryLimits
from holdfast.kit.limits.redis import RedisLimits
from holdfast.kit.limits.settings import LimitSettings
from support.redis_server import redis_url

tables = module_tables("sample")
limit = limit_table("sample", tables)
KEY = b"the key of the tests"


@asynccontextmanager
async def in_memory(clock):
    """The one store of this process."""
    store = MemoryLimits(clock)

    async def make():
        return store

    yield make


@asynccontextmanager
async def in_database(url, clock):
    """Makes stores on the same table, each over connections of its own, as processes have them."""
    await _with_connection(url, tables.create_all)
    opened = []

    async def make():
        db = await open_database(url, clock, checkpoints=not opened)
        opened.append(db)
        return DatabaseLimits(db, limit, clock)

    try:
        yield make
    finally:
        for db in opened:
            await db.close()


@asynccontextmanager
async def in_redis(clock):
    """Makes stores on the same Redis."""
    made = []
    with redis_url() as url:

        async def make():
            made.append(RedisLimits(url, clock))
            return made[-1]

        yield make
        for store in made:
            await store.close()


def limits_on(store, clock=None, **settings):
    """Limits of a process that counts in a store."""
    made = Limits(settings=LimitSettings(_env_file=None, **{"times": 1, **settings}), clock=clock or Clock())
    if store is not None:
        made.attach(store, KEY)
    return made
