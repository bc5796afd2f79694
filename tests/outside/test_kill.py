"""`kill -9` under load: what was acknowledged is there afterwards, and no request with a key had two effects."""

import random
import shutil
import sqlite3
from contextlib import closing

import outside_truth as truth
import pytest
from outside_load import Crowd, judge, opened

from support.effort import campaign, rounds
from support.process import HoldfastServer, run_holdfast
from support.servers import MariaDB, PostgreSQL
from support.visitors import SECRET, Site

GUESTS = 8
KILLS = rounds(2, thorough=100)
ACTS_BETWEEN_KILLS = (rounds(30, thorough=60), rounds(90, thorough=240))
ENVIRONMENT = {"HOLDFAST_SECRET": SECRET, "HOLDFAST_BOOKING_HOLDS_MOST": "10000"}
"""Guests keep holds for good here, so that there is something to lose."""


KINDS = {"postgresql": PostgreSQL, "mysql": MariaDB}
SEED = random.randrange(1_000_000) if campaign() else 7  # noqa: S311 - repeatable, not secret


def run(url, server, kill, *, seed, tmp_path):
    """Let a crowd work while `kill` is called again and again, and judge what is left."""
    with Site(server.base_url) as site:
        crowd = Crowd(site, opened(site, "olga"), guests=GUESTS, seed=seed, is_up=server.ready)
        chance = random.Random(seed)  # noqa: S311 - repeatable, not secret
        try:
            for _ in range(KILLS):
                crowd.achieves(chance.randint(*ACTS_BETWEEN_KILLS))
                kill()
            crowd.achieves(ACTS_BETWEEN_KILLS[1])
            crowd.goes_home()
            crowd.asks_again()
            judge(url, crowd)
        finally:
            crowd.history.write(tmp_path / "history.jsonl")
    unknown = sum(deed.unknown for deed in crowd.history.deeds)
    assert unknown >= KILLS, "the kills met nobody"
    recount = run_holdfast("verify", "--database", url, env=ENVIRONMENT)
    assert recount.returncode == 0, recount.stdout


@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.timeout(21_600 if campaign() else 240)
def test_a_killed_server_keeps_its_word(fresh_url, seed, tmp_path):
    workers = [] if fresh_url.startswith("sqlite") else ["--workers", "2"]
    with HoldfastServer("--database", fresh_url, *workers, env=ENVIRONMENT) as server:

        def kill():
            server.kill()
            server.start()

        run(fresh_url, server, kill, seed=seed, tmp_path=tmp_path)


@pytest.mark.campaign
@pytest.mark.timeout(21_600)
@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.parametrize("engine", KINDS, indirect=True, scope="session")
def test_a_killed_database_server_keeps_its_word(engine, seed, tmp_path):
    database = KINDS[engine]().start()
    try:
        url = truth.adopted(database.create_database(), database)
        with HoldfastServer("--database", url, env=ENVIRONMENT) as server:

            def kill():
                database.kill()
                database.start()

            run(url, server, kill, seed=seed, tmp_path=tmp_path)
    finally:
        database.stop()


DOCTORED = {
    "a lost hold": "DELETE FROM booking_hold WHERE id = (SELECT hold_id FROM booking_booking LIMIT 1)",
    "a lost booking": "DELETE FROM booking_booking WHERE number = (SELECT max(number) FROM booking_booking)",
    "a lost confirmation": "UPDATE booking_hold SET state = 'held' WHERE id = (SELECT hold_id FROM booking_booking"
    " WHERE state = 'confirmed' LIMIT 1)",
    "a lost cancellation": "UPDATE booking_booking SET state = 'confirmed', cancelled_at = NULL, refund_minor = NULL"
    " WHERE number = (SELECT min(number) FROM booking_booking WHERE state = 'cancelled')",
    "a second effect of a key": "INSERT INTO booking_hold (id, kind, account_id, quote_id, state, spans, items,"
    " price, total_minor, currency, digest, note, created_at, expires_at, extendable_until)"
    " SELECT 'hold_twice', kind, account_id, quote_id, 'released',"
    " spans, items, price, total_minor, currency, digest, note, created_at, expires_at, extendable_until"
    " FROM booking_hold WHERE kind = 'guest' LIMIT 1",
    "an effect of what was refused": "INSERT INTO booking_hold (id, kind, account_id, quote_id, state, spans, items,"
    " price, total_minor, currency, digest, note, created_at, expires_at, extendable_until)"
    " SELECT 'hold_ghost', 'guest', account_id, id, 'held',"
    " options, items, price, total_minor, currency, digest, NULL, created_at, expires_at, expires_at FROM booking_quote"
    " WHERE id NOT IN (SELECT quote_id FROM booking_hold WHERE quote_id IS NOT NULL) LIMIT 1",
    "a hold nobody was told of": "INSERT INTO booking_hold (id, kind, account_id, quote_id, state, spans, items,"
    " price, total_minor, currency, digest, note, created_at, expires_at, extendable_until)"
    " SELECT 'hold_mute', 'direct', account_id, NULL, 'released',"
    " spans, items, price, total_minor, currency, digest, note, created_at, NULL, NULL FROM booking_hold"
    " WHERE kind = 'guest' LIMIT 1",
}


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    """A database that a crowd has worked on, judged to be right."""
    file = tmp_path_factory.mktemp("judged") / "judged.db"
    url = f"sqlite:///{file}"
    with HoldfastServer("--database", url, env=ENVIRONMENT) as server, Site(server.base_url) as site:
        crowd = Crowd(site, opened(site, "olga"), guests=GUESTS, seed=1, is_up=server.ready)
        crowd.achieves(400)
        crowd.goes_home()
    judge(url, crowd)
    return file, crowd


@pytest.mark.parametrize("what", DOCTORED)
def test_the_judge_notices(judged, tmp_path, what):
    right, crowd = judged
    file = shutil.copy(right, tmp_path / "doctored.db")
    judge(f"sqlite:///{file}", crowd)
    with closing(sqlite3.connect(file)) as connection, connection:
        for (trigger,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {trigger}")
        assert connection.execute(DOCTORED[what]).rowcount == 1
    with pytest.raises(AssertionError):
        judge(f"sqlite:///{file}", crowd)


def test_the_judge_notices_a_night_sold_twice(judged):
    right, crowd = judged
    fewer = dict.fromkeys(crowd.properties, 0)
    crowd_of_a_smaller_house = type("Crowd", (), {"history": crowd.history, "properties": fewer})
    with pytest.raises(AssertionError, match="sold more than there is"):
        judge(f"sqlite:///{right}", crowd_of_a_smaller_house)
