"""The servers and helpers that every other test leans on, tested themselves."""

import socket

import pytest

from support import servers
from support.polling import eventually, wait_until
from support.process import HoldfastServer, clean_environment


class TestAServer:
    @pytest.fixture(params=[servers.PostgreSQL, servers.MariaDB])
    def server(self, request):
        try:
            server = request.param()
        except servers.ServerMissingError as problem:
            pytest.skip(str(problem))
        yield server.start()
        server.stop()

    def test_keeps_what_was_committed_when_it_is_killed(self, server):
        name = server.create_database().rpartition("/")[2]
        server.execute("CREATE TABLE kept (id int); INSERT INTO kept VALUES (7)", name)
        port = server.port
        server.kill()
        with pytest.raises(servers.ServerFailedError):
            server.execute("SELECT 1")
        server.start()
        assert server.port == port
        assert server.execute("SELECT id FROM kept", name).strip() == "7"

    def test_flushes_every_commit(self, server):
        durable = {
            "postgresql": "SELECT current_setting('fsync') || current_setting('synchronous_commit')",
            "mysql": "SELECT @@innodb_flush_log_at_trx_commit",
        }
        assert server.execute(durable[server.engine]).strip() in {"onon", "1"}

    def test_shares_no_temporary_files_with_another(self, server):
        if server.engine == "mysql":
            assert server.execute("SELECT @@tmpdir").strip() == str(server.folder / "tmp")

    def test_leaves_no_folder_behind(self, server):
        server.stop()
        assert not server.folder.exists()


class TestAFreshDatabase:
    def test_is_gone_afterwards(self, server_of):
        for engine in ("postgresql", "mysql"):
            server = server_of(engine)
            with servers.fresh_database(engine) as url:
                name = url.rpartition("/")[2]
                assert server.execute("SELECT 1", name).strip() == "1"
            with pytest.raises(servers.ServerFailedError):
                server.execute("SELECT 1", name)

    def test_has_a_url_of_its_engine(self, engine, fresh_url):
        assert fresh_url.startswith(f"{engine}://")


class TestPolling:
    async def test_waits_until_an_assertion_holds(self):
        seen = []

        def look():
            seen.append(1)
            assert len(seen) >= 3
            return "done"

        assert await eventually(look, 5) == "done"

    async def test_waits_until_an_assertion_in_a_coroutine_holds(self):
        seen = []

        async def look():
            seen.append(1)
            assert len(seen) >= 3
            return "done"

        assert await eventually(look, 5) == "done"

    async def test_fails_with_the_last_assertion(self):
        def look():
            assert 1 + 1 == 3, "sums"

        with pytest.raises(AssertionError, match="sums"):
            await eventually(look, 0.05)

    def test_returns_the_last_value_when_time_is_up(self):
        assert wait_until(lambda: 0, 0.02) == 0


class TestTheWorldOutside:
    def test_cannot_be_reached(self):
        with socket.socket() as sock, pytest.raises(BaseException, match=r"192\.0\.2\.1"):
            sock.connect(("192.0.2.1", 80))

    def test_cannot_be_looked_up(self):
        with pytest.raises(BaseException, match="example"):
            socket.getaddrinfo("example.com", 80)


class TestAMissingServer:
    def test_fails_where_it_is_required(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_REQUIRE", "postgresql, mariadb")
        assert servers.required() == {"postgresql", "mysql"}


class TestAServerOfTheProduct:
    @pytest.fixture
    def server(self, tmp_path):
        with HoldfastServer("--database", f"sqlite:///{tmp_path}/test.db") as server:
            yield server

    def test_comes_back_where_it_was_when_it_is_killed(self, server):
        first, where = server.pid, server.base_url
        server.kill()
        assert not server.ready()
        server.start()
        assert server.ready()
        assert server.base_url == where
        assert server.pid != first

    def test_ends_well_when_it_is_asked_to(self, server):
        assert server.stop() == 0, server.output()
        assert not server.ready()

    def test_says_why_it_does_not_start(self):
        broken = HoldfastServer("--database", "sqlite:///nowhere.db", env={"HOLDFAST_SECRET": "short"})
        with pytest.raises(AssertionError, match="a secret has at least"), broken:
            pytest.fail("it started")

    def test_has_no_setting_of_the_developers(self, monkeypatch):
        monkeypatch.setenv("HOLDFAST_PORT", "1")
        assert "HOLDFAST_PORT" not in clean_environment()
        assert clean_environment({"HOLDFAST_PORT": "2"})["HOLDFAST_PORT"] == "2"
