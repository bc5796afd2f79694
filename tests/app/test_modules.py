"""Putting modules together: which run, in which order, over which databases, and what keeps them from starting."""

import pytest

from holdfast.app.errors import CannotStart
from holdfast.app.modules import MODULES, assemble, chosen
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls, keyring_of
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from support.product import SECRET, product

KEYRING = Keyring(SECRET)


def names(modules):
    return [module.name for module in modules]


class TestChoosing:
    def test_takes_all_modules_if_none_is_named(self):
        assert set(names(chosen([]))) == set(names(MODULES))

    @pytest.mark.parametrize("order", [["search", "booking", "catalog"], ["catalog", "search", "booking"]])
    def test_puts_what_is_needed_first(self, order):
        assert names(chosen(order)) == ["catalog", "booking", "search"]

    def test_takes_only_what_is_named(self):
        assert names(chosen(["accounts", "catalog"])) == ["accounts", "catalog"]

    def test_every_need_is_a_module(self):
        assert {need for module in MODULES for need in module.needs} <= set(names(MODULES))

    def test_refuses_a_module_without_what_it_needs_and_names_the_setting(self):
        with pytest.raises(CannotStart, match=r"'booking' needs 'catalog'.*HOLDFAST_MODULES"):
            chosen(["accounts", "booking"])

    def test_refuses_a_module_that_is_none(self):
        with pytest.raises(CannotStart, match=r"no module 'bookings'; HOLDFAST_MODULES takes accounts, catalog"):
            chosen(["bookings"])


class TestDatabases:
    async def test_one_url_is_one_database(self, tmp_path):
        assembly = await assemble(Settings(database_url=f"sqlite:///{tmp_path}/one.db"), KEYRING)
        try:
            assert len({id(running.db) for running in assembly.running.values()}) == 1
            assert list(assembly.databases) == [f"sqlite:///{tmp_path}/one.db"]
        finally:
            await assembly.stop()

    async def test_a_module_may_have_its_own(self, tmp_path, monkeypatch):
        monkeypatch.setenv("HOLDFAST_ACCOUNTS_DATABASE_URL", f"sqlite:///{tmp_path}/people.db")
        async with product(f"sqlite:///{tmp_path}/rest.db") as house:
            person = await house.person("pia")
            running = house.assembly.running
            assert running["accounts"].db is not running["catalog"].db
            assert running["catalog"].db is running["booking"].db
            me = await house.client.get("/v1/me", headers=person.headers)
            assert me.json()["username"] == "pia"
            ready = (await house.client.get("/readyz")).json()
            assert ready == {"status": "ready", "checks": {"database_1": "ok", "database_2": "ok"}}

    @pytest.mark.parametrize("url", ["nonsense", "oracle://host/name", "postgresql://host", "sqlite://"])
    def test_a_url_that_is_none_is_refused_with_the_setting(self, url):
        with pytest.raises(CannotStart, match="HOLDFAST_DATABASE_URL"):
            database_urls(Settings(database_url=url), RunSettings())


class TestTheSecret:
    def test_is_made_once_beside_the_database(self, tmp_path):
        urls = [f"sqlite:///{tmp_path}/shop.db"]
        first = keyring_of(Settings(), urls)
        assert (tmp_path / "shop.db.secret").stat().st_mode & 0o077 == 0
        assert keyring_of(Settings(), urls).derive("cursors") == first.derive("cursors")
        assert keyring_of(Settings(secret=SECRET), urls).derive("cursors") != first.derive("cursors")

    def test_must_be_its_owners_only(self, tmp_path):
        file = tmp_path / "shop.db.secret"
        file.write_text(SECRET)
        file.chmod(0o644)
        with pytest.raises(CannotStart, match="HOLDFAST_SECRET"):
            keyring_of(Settings(), [f"sqlite:///{tmp_path}/shop.db"])


class TestSomeModules:
    async def test_serve_only_their_routes(self, tmp_path):
        async with product(f"sqlite:///{tmp_path}/some.db", modules=["accounts", "catalog"]) as house:
            person = await house.person("pia")
            assert (await house.client.get("/v1/me", headers=person.headers)).status_code == 200
            for path in ("/v1/bookings", "/v1/search/stays", "/api/bookings/properties", "/v1/integrity"):
                answer = await house.client.get(path, headers=person.headers)
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")

    async def test_without_accounts_tokens_cannot_be_checked(self, tmp_path):
        async with product(f"sqlite:///{tmp_path}/none.db", modules=["catalog"]) as house:
            answer = await house.client.get("/v1/owner/properties", headers={"Authorization": "Bearer x.y.z"})
            assert (answer.status_code, answer.json()["code"]) == (503, "accounts_elsewhere")
