"""Two servers on one database: together they sell each night once, and a key counts on both."""

import asyncio
import itertools
import os
import random
import signal
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import outside_truth as truth
import pytest

from support.effort import campaign, rounds
from support.polling import wait_until
from support.process import HoldfastServer, run_holdfast
from support.visitors import NO_TLS, SECRET, Site, confirmation, day, nights_of, stay

CLIENTS = 64
ACCOUNTS = 8
ROUNDS = rounds(3, thorough=1_000)
WINDOW_NIGHTS = 30
STAY_NIGHTS_MAX = 14
ENVIRONMENT = {"HOLDFAST_SECRET": SECRET, "HOLDFAST_BOOKING_HOLDS_MOST": "10000"}
SHARED = pytest.mark.parametrize("engine", ["postgresql", "mysql"], indirect=True, scope="session")
"""Engines whose databases several processes may serve."""
LONG = pytest.mark.timeout(21_600 if campaign() else 180)


class Pair:
    """Two servers and who uses both."""

    def __init__(self, url, servers, site):
        self.url = url
        self.servers = servers
        self.site = site
        self.owner = site.owner("olga")
        self.tokens = [site.guest(f"guest{number}").token for number in range(ACCOUNTS)]
        self._days = itertools.count(20, WINDOW_NIGHTS + STAY_NIGHTS_MAX)
        self._names = itertools.count(1)

    def home(self, **changes):
        """The id of a new home that both servers know."""
        return self.owner.property(name=f"Contended home {next(self._names)}", **changes)

    def spot(self):
        """The first of some days that no other test uses."""
        return next(self._days)

    async def everybody(self, act):
        """Let 64 clients act at the same time, half of them at each server: `await act(client, number)`."""
        limits = httpx.Limits(max_connections=1)
        async with AsyncExitStack() as stack:
            clients = [
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=self.servers[number % 2].base_url,
                        headers={"authorization": f"Bearer {self.tokens[number % ACCOUNTS]}"},
                        limits=limits,
                        verify=NO_TLS,
                        timeout=60,
                    )
                )
                for number in range(CLIENTS)
            ]
            return await asyncio.gather(*(act(client, number) for number, client in enumerate(clients)))


@pytest.fixture(scope="module")
def pair(url):
    with (
        HoldfastServer("--database", url, env=ENVIRONMENT) as first,
        HoldfastServer("--database", url, env=ENVIRONMENT) as second,
        Site(first.base_url) as site,
    ):
        yield Pair(url, (first, second), site)


@pytest.fixture(scope="module")
def taken(tmp_path_factory):
    """A SQLite database that a server is using."""
    url = f"sqlite:///{tmp_path_factory.mktemp('taken')}/a.db"
    with HoldfastServer("--database", url, env=ENVIRONMENT) as server:
        yield url, server


async def quote(client, wish):
    answer = await client.post("/v1/quotes", json={"items": [wish]})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


async def hold(client, quote_id, key):
    return await client.post("/v1/holds", json={"quote_id": quote_id}, headers={"idempotency-key": key})


async def confirm(client, held, key):
    return await client.post("/v1/bookings", json=confirmation(held), headers={"idempotency-key": key})


def clean(url):
    recount = run_holdfast("verify", "--database", url, env=ENVIRONMENT)
    assert recount.returncode == 0, recount.stdout + recount.stderr


@SHARED
class TestContention:
    @LONG
    async def test_one_of_64_clients_gets_the_one_unit(self, pair):
        home = pair.home()
        at = pair.spot()
        for number in range(ROUNDS):
            wish = stay(home, at + number % WINDOW_NIGHTS, nights=1)
            run = f"one-{number}"

            async def act(client, who, wish=wish, run=run):
                held = await hold(client, await quote(client, wish), f"{run}-{who}")
                return held, await confirm(client, held.json(), f"{run}-{who}") if held.is_success else None

            answers = await pair.everybody(act)
            assert Counter(held.status_code for held, _ in answers) == {201: 1, 409: CLIENTS - 1}
            assert {held.json()["code"] for held, _ in answers if held.status_code == 409} == {"sold_out"}
            [made] = [made for _, made in answers if made is not None]
            assert made.status_code == 201
            if number % WINDOW_NIGHTS == WINDOW_NIGHTS - 1:
                home = pair.home()
        clean(pair.url)

    @LONG
    async def test_a_pool_sells_as_many_as_it_has(self, pair):
        pool, at = pair.home(units=7), pair.spot()

        async def act(client, who):
            return await hold(client, await quote(client, stay(pool, at)), f"pool-{who}")

        answers = await pair.everybody(act)
        assert Counter(each.status_code for each in answers) == {201: 7, 409: CLIENTS - 7}

    @LONG
    async def test_overlapping_stays_share_no_night_and_none_is_refused_without_need(self, pair):
        chance = random.Random(11)  # noqa: S311 - repeatable, not secret
        for number in range(ROUNDS):
            home, at = pair.home(), 20
            wishes = [
                stay(home, at + chance.randrange(WINDOW_NIGHTS), nights=chance.randint(1, STAY_NIGHTS_MAX))
                for _ in range(CLIENTS)
            ]

            async def act(client, who, wishes=wishes, number=number):
                return await hold(client, await quote(client, wishes[who]), f"overlap-{number}-{who}")

            answers = await pair.everybody(act)
            assert {each.status_code for each in answers} == {201, 409}
            won = [wish for wish, each in zip(wishes, answers, strict=True) if each.status_code == 201]
            taken = Counter(night for wish in won for night in nights_of(wish))
            assert max(taken.values()) == 1
            refused = [wish for wish, each in zip(wishes, answers, strict=True) if each.status_code == 409]
            assert all(taken.keys() & set(nights_of(wish)) for wish in refused), "refused although it was free"
        clean(pair.url)

    @LONG
    async def test_holding_releasing_confirming_and_cancelling_all_at_once_ends_with_clean_books(self, pair):
        homes = [pair.home(), pair.home(units=2), pair.home(units=2, unit_names=["east", "west"])]
        chance = random.Random(12)  # noqa: S311 - repeatable, not secret
        wishes = [
            [stay(chance.choice(homes), 20 + chance.randrange(6), chance.randint(1, 4)) for _ in range(ROUNDS)]
            for _ in range(CLIENTS)
        ]

        async def act(client, who):
            statuses = []
            for number, wish in enumerate(wishes[who]):
                held = await hold(client, await quote(client, wish), f"mix-{who}-{number}")
                statuses.append(held.status_code)
                if not held.is_success:
                    continue
                if (who + number) % 3 == 0:
                    statuses.append((await client.delete(f"/v1/holds/{held.json()['id']}")).status_code)
                    continue
                made = await confirm(client, held.json(), f"mix-{who}-{number}")
                statuses.append(made.status_code)
                if (who + number) % 3 == 1:
                    path = f"/v1/bookings/{made.json()['reference']}"
                    offer = await client.post(f"{path}/cancellation-quotes", json={})
                    headers, body = {"idempotency-key": f"mix-{who}-{number}"}, {"quote_id": offer.json()["id"]}
                    statuses.append((await client.post(f"{path}/cancel", json=body, headers=headers)).status_code)
            return statuses

        statuses = Counter(itertools.chain(*await pair.everybody(act)))
        assert statuses.keys() == {201, 204, 200, 409}
        clean(pair.url)


@SHARED
class TestKeys:
    async def test_the_second_server_repeats_the_answer_of_the_first(self, pair):
        wish = stay(pair.home(), pair.spot())
        async with (
            httpx.AsyncClient(base_url=pair.servers[0].base_url, verify=NO_TLS) as one,
            httpx.AsyncClient(base_url=pair.servers[1].base_url, verify=NO_TLS) as other,
        ):
            for client in (one, other):
                client.headers["authorization"] = f"Bearer {pair.tokens[0]}"
            quoted = await quote(one, wish)
            first, second = await hold(one, quoted, "both"), await hold(other, quoted, "both")
            assert (first.status_code, second.status_code) == (201, 201)
            assert second.content == first.content
            assert second.headers["idempotent-replayed"] == "true"
            reused = await hold(other, await quote(other, wish), "both")
            assert (reused.status_code, reused.json()["code"]) == (422, "idempotency_key_reused")
            made = await confirm(other, first.json(), "both")
            again = await confirm(one, first.json(), "both")
            assert (made.status_code, again.content) == (201, made.content)

    @LONG
    async def test_64_requests_with_one_key_have_one_effect(self, pair):
        pool = pair.home(units=CLIENTS)
        for number in range(ROUNDS):
            wish = stay(pool, 20 + number % 300)
            async with httpx.AsyncClient(base_url=pair.servers[0].base_url, verify=NO_TLS) as client:
                client.headers["authorization"] = f"Bearer {pair.tokens[0]}"
                quoted = await quote(client, wish)

            async def act(client, _, quoted=quoted, number=number):
                client.headers["authorization"] = f"Bearer {pair.tokens[0]}"
                return await hold(client, quoted, f"storm-{number}")

            answers = await pair.everybody(act)
            assert {each.status_code for each in answers} <= {201, 409}
            assert len({each.content for each in answers if each.status_code == 201}) == 1
            assert {each.json()["code"] for each in answers if each.status_code == 409} <= {"idempotency_in_progress"}
            placed = truth.rows(pair.url, f"SELECT id FROM booking_hold WHERE quote_id = '{quoted}'")  # noqa: S608 - an id of ours
            assert len(placed) == 1

    async def test_both_servers_may_be_asked_for_what_one_did(self, pair):
        home, at = pair.home(), pair.spot()
        block = {"first": day(at).isoformat(), "end": day(at + 2).isoformat()}
        pair.owner.post(f"/v1/owner/properties/{home}/blocks", block)
        dates = {"check_in": day(at), "check_out": day(at + 2), "limit": 100}
        with Site(pair.servers[1].base_url) as other:
            assert wait_until(lambda: not other.anybody.finds(home, **dates), within_s=15)
            night = {"first": day(at), "end": day(at + 1)}
            assert other.anybody.get(f"/v1/properties/{home}/calendar", **night)["nights"][0]["free"] == 0


class TestWorkers:
    @SHARED
    def test_serve_together_and_one_that_dies_is_replaced(self, fresh_url):
        with HoldfastServer("--database", fresh_url, "--workers", "2", env=ENVIRONMENT) as server:
            with Site(server.base_url) as site:
                guest = site.guest("wanda")
                before = children(server.pid)
                assert len(before) >= 2
                os.kill(next(iter(workers(server.pid))), signal.SIGKILL)
                assert wait_until(lambda: len(workers(server.pid) - before) == 1, within_s=60)
                assert wait_until(server.ready, within_s=60)
                assert guest.get("/v1/me")["username"] == "wanda"
            assert server.stop() == 0

    def test_need_more_than_sqlite(self, tmp_path):
        refused = run_holdfast("serve", "--port", "0", "--workers", "2", "--database", f"sqlite:///{tmp_path}/a.db")
        assert refused.returncode == 2
        assert "a.db is SQLite, which one process serves; use PostgreSQL or MariaDB with --workers" in refused.stderr


class TestOneSqliteFile:
    @pytest.mark.parametrize("command", [["serve", "--port", "0"], ["work"], ["migrate"], ["seed"], ["drop", "--yes"]])
    def test_is_not_shared(self, taken, command):
        url, server = taken
        refused = run_holdfast(*command, "--database", url, env=ENVIRONMENT)
        assert refused.returncode == 2
        assert f"a.db is in use by process {server.pid}: one process serves a SQLite database." in refused.stderr
        assert "Traceback" not in refused.stderr
        assert server.ready()

    def test_is_verified_beside_its_server(self, taken):
        url, server = taken
        with Site(server.base_url) as site:
            home = site.owner("vera").property()
            site.guest("vince").booked(stay(home, 20))
            clean(url)
            assert site.anybody.get("/v1/integrity")["bookings"] == 1

    def test_gets_an_admin_beside_its_server(self, taken):
        url, server = taken
        with Site(server.base_url) as site:
            assert site.admin("ada", url, ENVIRONMENT).get("/v1/admin/accounts")["items"]

    def test_is_free_again_when_its_server_was_killed(self, tmp_path):
        url = f"sqlite:///{tmp_path}/a.db"
        with HoldfastServer("--database", url, env=ENVIRONMENT) as server:
            server.kill()
            clean(url)
            assert server.start().ready()


def children(pid):
    """The process ids of a process's children."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return {int(child) for child in found.split()}


def workers(pid):
    """The process ids of the workers of a server: those of its children that serve, which load most."""
    return {child for child in children(pid) if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()}
