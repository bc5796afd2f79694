"""What operators see and do: over HTTP, on the page, on the command line beside a running server."""

import json

import pytest

from holdfast.accounts.api import Role
from holdfast.sagas.api import JourneyState
from support.polling import eventually
from support.process import HoldfastServer, run_holdfast
from support.product import product

NOBODYS = ("place:1", "place_booking", {"number": 1, "payment_id": "pay_nobodys"})
"""A booking that does not exist cannot be taken back either: that is for a person to look at."""


async def needs_human(product_now):
    await product_now.door("sagas").note([NOBODYS])

    async def look():
        found = await product_now.door("sagas").journey(journey_id="place:1")
        return found.state is JourneyState.NEEDS_HUMAN

    await eventually(look, within_s=20)


class TestAnOperator:
    async def test_sees_what_needs_a_person_and_tries_it_again(self, fresh_url):
        async with product(fresh_url) as running:
            admin = await running.person("ann", Role.ADMIN)
            await needs_human(running)
            page = await running.client.get("/v1/operator/sagas", headers=admin.headers)
            [found] = page.json()["items"]
            assert (found["id"], found["state"], found["outcome"]) == ("place:1", "needs_human", "not_found")
            detail = (await running.client.get("/v1/operator/sagas/place:1", headers=admin.headers)).json()
            assert [step["name"] for step in detail["steps"]] == ["look", "void", "undo confirm"]
            again = await running.client.post("/v1/operator/sagas/place:1/retry", headers=admin.headers)
            assert (again.status_code, again.json()["tries"]) == (202, 2)
            await needs_human(running)

    async def test_filters_and_pages(self, engine_url):
        async with product(engine_url("sqlite")) as running:
            admin = await running.person("ann", Role.ADMIN)
            due = [(f"place:{number}", *NOBODYS[1:]) for number in range(1, 6)]
            await running.door("sagas").note(due)

            async def look():
                found = await running.door("sagas").journeys(states=[JourneyState.NEEDS_HUMAN], limit=9)
                return len(found) == len(due)

            await eventually(look, within_s=20)
            seen, cursor = [], None
            while True:
                asked = {"limit": 2, "state": "needs_human", "saga": "place_booking"} | (
                    {"cursor": cursor} if cursor else {}
                )
                page = (await running.client.get("/v1/operator/sagas", params=asked, headers=admin.headers)).json()
                seen += [each["id"] for each in page["items"]]
                if (cursor := page["next_cursor"]) is None:
                    break
            assert seen == sorted((each[0] for each in due), reverse=True)
            other = {"saga": "expire_hold"}
            page = (await running.client.get("/v1/operator/sagas", params=other, headers=admin.headers)).json()
            assert page["items"] == []

    @pytest.mark.parametrize(("role", "status"), [(Role.GUEST, 403), (Role.OWNER, 403), (None, 401)])
    async def test_is_an_admin(self, engine_url, role, status):
        async with product(engine_url("sqlite")) as running:
            headers = {} if role is None else (await running.person("bob", role)).headers
            for method, path in (("GET", ""), ("GET", "/place:1"), ("POST", "/place:1/retry")):
                answer = await running.client.request(method, f"/v1/operator/sagas{path}", headers=headers)
                assert answer.status_code == status

    async def test_cannot_retry_what_is_not_there_or_is_under_way(self, engine_url):
        async with product(engine_url("sqlite")) as running:
            admin = await running.person("ann", Role.ADMIN)
            answer = await running.client.post("/v1/operator/sagas/place:9/retry", headers=admin.headers)
            assert answer.status_code == 404
            await needs_human(running)
            await running.door("sagas").retry(journey_id="place:1")
            answer = await running.client.post("/v1/operator/sagas/place:1/retry", headers=admin.headers)
            assert answer.status_code in {202, 409}


class TestThePage:
    async def test_is_files_of_our_own_under_a_strict_policy(self, engine_url):
        async with product(engine_url("sqlite")) as running:
            for path, kind in (("/operator/sagas", "text/html"), ("/operator/sagas/sagas.js", "text/javascript")):
                answer = await running.client.get(path)
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith(kind)
                assert "default-src 'none'" in answer.headers["content-security-policy"]
                assert "http://" not in answer.text
                assert "https://" not in answer.text


class TestTheCommandLine:
    def test_lists_shows_and_retries_beside_a_server(self, tmp_path):
        url = f"sqlite:///{tmp_path}/busy.db"
        with HoldfastServer("--database", url) as server:
            nothing = run_holdfast("sagas", "list", "--database", url)
            assert (nothing.returncode, nothing.stdout) == (0, "nothing waits, nothing failed, nobody is needed\n")
            assert run_holdfast("sagas", "show", "place:1", "--database", url).returncode == 2
            assert "DBOS" not in server.output()

    def test_launches_nothing(self, tmp_path):
        url = f"sqlite:///{tmp_path}/quiet.db"
        assert run_holdfast("migrate", "--database", url).returncode == 0
        for command in (("verify",), ("sagas", "list", "--json")):
            done = run_holdfast(*command, "--database", url)
            assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout) == []
        assert not list(tmp_path.rglob("*.sagas.db"))
