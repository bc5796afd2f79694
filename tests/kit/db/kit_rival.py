"""Somebody else at the same database: plain connections of the drivers, which know nothing of the kit."""

import sqlite3
from contextlib import asynccontextmanager

import asyncmy
import asyncpg
from sqlalchemy.engine import make_url

from support import servers
from support.polling import eventually

WAITING = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND wait_event_type = 'Lock'",
    "mysql": "SELECT count(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'",
}


def engine_of(url):
    return url.partition(":")[0]


async def connect_postgresql(url):
    return await asyncpg.connect(url)


async def connect_mysql(url):
    parts = make_url(url)
    return await asyncmy.connect(
        host=parts.host, port=parts.port, user=parts.username, password=parts.password, db=parts.database
    )


def now(url, sql):
    """Run a statement and commit it, without giving way to anybody in this process."""
    engine = engine_of(url)
    if engine == "sqlite":
        with sqlite3.connect(make_url(url).database, timeout=0) as connection:
            connection.execute(sql)
        connection.close()
        return ""
    return servers.shared(engine).execute(sql, url.rpartition("/")[2])


class Rival:
    """A transaction that somebody else has open."""

    def __init__(self, url):
        self._url = url
        self._engine = engine_of(url)
        self._connection = None

    async def begin(self):
        if self._engine == "sqlite":
            # Others may read, but not write.
            self._connection = sqlite3.connect(make_url(self._url).database, isolation_level=None, timeout=0)
            self._connection.execute("BEGIN IMMEDIATE")
        elif self._engine == "postgresql":
            self._connection = await connect_postgresql(self._url)
            await self._connection.execute("BEGIN")
        else:
            self._connection = await connect_mysql(self._url)
            await self.run("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
            await self.run("BEGIN")

    async def run(self, sql):
        if self._engine == "sqlite":
            return self._connection.execute(sql).fetchall()
        if self._engine == "postgresql":
            return await self._connection.fetch(sql)
        cursor = self._connection.cursor()
        await cursor.execute(sql)
        return await cursor.fetchall()

    async def end(self, how="COMMIT"):
        await self.run(how)

    async def close(self):
        if self._engine == "sqlite":
            self._connection.close()
        elif self._engine == "postgresql":
            await self._connection.close()
        else:
            await self._connection.ensure_closed()


@asynccontextmanager
async def rival(url):
    """Lend a transaction that somebody else has open; what it has not committed is rolled back."""
    somebody = Rival(url)
    await somebody.begin()
    try:
        yield somebody
    finally:
        await somebody.close()


@asynccontextmanager
async def locked(url, *names):
    """Keep accounts locked (on SQLite: keep everybody from writing)."""
    async with rival(url) as somebody:
        for name in names:
            await somebody.run(f"UPDATE sample_account SET cents = cents WHERE name = '{name}'")  # noqa: S608 - names made here, no input
        yield somebody


async def somebody_waits(url, *, many=1):
    """Wait until as many transactions wait for a lock."""
    engine = engine_of(url)
    server = servers.shared(engine)
    await eventually(lambda: int(server.execute(WAITING[engine], url.rpartition("/")[2])) >= many, 10)
