"""Schema up and down. tests/architecture goes through the revisions of every module that keeps something."""

import asyncio
import sys

import pytest

from holdfast.accounts.models import tables
from holdfast.kit.db.migrate import differences, migrate, revision_of
from holdfast.kit.db.opening import BadDatabaseUrl

MIGRATE = (
    "import asyncio, sys; from holdfast.kit.db.migrate import migrate; asyncio.run(migrate(sys.argv[1], 'accounts'))"
)


class TestMigrating:
    async def test_goes_up_and_down_and_tells_where_it_is(self, fresh_url):
        none, newest = await revision_of(fresh_url, "accounts")
        assert none is None
        assert await differences(fresh_url, "accounts", tables)
        await migrate(fresh_url, "accounts")
        assert await revision_of(fresh_url, "accounts") == (newest, newest)
        assert await differences(fresh_url, "accounts", tables) == []
        await migrate(fresh_url, "accounts")
        await migrate(fresh_url, "accounts", target="base")
        assert await revision_of(fresh_url, "accounts") == (None, newest)

    async def test_is_done_once_by_servers_that_start_together(self, fresh_url):
        starting = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", MIGRATE, fresh_url, stderr=asyncio.subprocess.PIPE
            )
            for _ in range(3)
        ]
        for each in starting:
            _, told = await each.communicate()
            assert each.returncode == 0, told.decode()
        assert await differences(fresh_url, "accounts", tables) == []

    async def test_needs_a_url(self):
        with pytest.raises(BadDatabaseUrl):
            await migrate("nonsense", "accounts")
