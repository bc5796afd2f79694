"""From a URL to a database: what is understood, and what is refused rather than passed over."""

import pytest
from kit_sample import OPEN, balances, create, opened

from holdfast.kit.db.opening import BadDatabaseUrl, engine_of, open_database, parsed


class TestAUrl:
    @pytest.mark.parametrize(
        ("url", "engine"),
        [
            ("sqlite:///file.db", "sqlite"),
            ("sqlite:////tmp/file.db", "sqlite"),
            ("postgresql://somebody:secret@host:5432/name?sslmode=require", "postgresql"),
            ("postgresql+asyncpg://host/name", "postgresql"),
            ("mysql://somebody@host/name?charset=utf8mb4", "mysql"),
            ("mariadb://host/name", "mysql"),
        ],
    )
    def test_is_understood(self, url, engine):
        assert engine_of(parsed(url)) == engine

    @pytest.mark.parametrize(
        "url",
        [
            "",
            "file.db",
            "oracle://host/name",
            "sqlite://",
            "sqlite:///:memory:",
            "postgresql://host",
            "mysql://host/",
            "sqlite:///file.db?mode=ro",
            "postgresql://host/name?sslmod=require",
            "mysql://host/name?ssl=true",
        ],
    )
    async def test_is_refused(self, url):
        with pytest.raises(BadDatabaseUrl):
            await open_database(url)

    def test_keeps_its_password_to_itself(self):
        with pytest.raises(BadDatabaseUrl) as refused:
            parsed("postgresql://somebody:hunter2@host/name?option=1")
        assert "hunter2" not in str(refused.value)


class TestOpening:
    async def test_connects_nothing(self, tmp_path):
        for url in (f"sqlite:///{tmp_path}/folder/test.db", "postgresql://127.0.0.1:1/x", "mysql://127.0.0.1:1/x"):
            database = await open_database(url)
            await database.close()
        assert list(tmp_path.iterdir()) == []

    async def test_makes_the_folder_of_a_file_when_it_is_needed(self, tmp_path):
        url = f"sqlite:///{tmp_path}/one/two/test.db"
        await create(url)
        async with opened(url) as database:
            await database.put(OPEN(name="ann", cents=1))
            assert await balances(database) == {"ann": 1}

    async def test_gives_databases_that_share_what_they_wrote(self, db, made_url):
        await db.put(OPEN(name="ann", cents=1))
        async with opened(made_url) as other:
            assert await balances(other) == {"ann": 1}

    async def test_may_ask_for_encryption(self, engine_url):
        url = engine_url("postgresql")
        await create(url)
        async with opened(f"{url}?sslmode=disable") as database:
            assert await balances(database) == {}
        async with opened(f"{url}?sslmode=require") as database:  # which this server has not been set up for
            with pytest.raises(Exception, match="reached"):
                await balances(database)

    async def test_goes_through_a_socket_of_mariadb(self, engine_url, server_of):
        url = engine_url("mysql")
        await create(url)
        socket = server_of("mysql")._socket
        server_of("mysql").execute("CREATE USER IF NOT EXISTS holdfast@localhost IDENTIFIED BY 'holdfast'")
        server_of("mysql").execute("GRANT ALL PRIVILEGES ON *.* TO holdfast@localhost")
        async with opened(f"{url}?unix_socket={socket}") as database:
            assert await balances(database) == {}
