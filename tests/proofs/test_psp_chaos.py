"""`psp_chaos`: a retried payment never charges twice, and our books are the provider's to the cent.

Goal (promises P6, P9, P10): whatever the provider answers, late, wrongly, not at all, before or after the effect, and
whenever the server is killed, each hold is charged at most once, each booking is paid for exactly, money without a
booking goes back, and nothing stays open.

Method: the whole product as a process, the simulator as another with books that only it writes and that are never
killed. Payers (good cards, 3-D Secure, declined cards, two payments of one hold, released holds, cancellations) insist
on an answer to each request; a nemesis keeps faults waiting for every operation of the provider and for its messages;
the server is killed with SIGKILL in between. Then faults end, everything may come to rest, and both books are compared.
`HOLDFAST_CAMPAIGN=1` makes 10,000 payments with 200 kills on each engine.
"""

import copy
import random

import pytest
from psp_world import Books, Crowd, Nemesis, quiet, shown

from support.effort import campaign, rounds
from support.process import HoldfastServer, run_holdfast
from support.simulator import SimulatorProcess, bench_at
from support.visitors import SECRET, Site

PAYERS = 6
KILLS = rounds(3, thorough=200)
ATTEMPTS_BETWEEN_KILLS = rounds(10, thorough=50)
SEED = random.randrange(1_000_000) if campaign() else 7  # noqa: S311 - repeatable, not secret
DEADLINE_S = 1
IMPATIENT = {
    "HOLDFAST_SECRET": SECRET,
    "HOLDFAST_BOOKING_HOLDS_MOST": "10000",
    "HOLDFAST_PAYMENTS_DEADLINE_S": str(DEADLINE_S),
    "HOLDFAST_PAYMENTS_ABANDON_S": "3",
    "HOLDFAST_SAGAS_LONGEST_PAUSE_S": "1",
    "HOLDFAST_SAGAS_DEAD_AFTER_S": "2",
    "HOLDFAST_SAGAS_RECONCILE_EVERY_S": "1",
    "HOLDFAST_SAGAS_UNSETTLED_AFTER_S": "3",
    "HOLDFAST_SAGAS_REFUND_TRIES": "20",
}
"""A product that waits seconds where it would wait minutes, so that a run does not take hours."""


ENGINES = ("sqlite", "postgresql", "mysql") if campaign() else ("sqlite", "postgresql")


@pytest.mark.parametrize("seed", [SEED])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.timeout(21_600 if campaign() else 400)
def test_a_retried_payment_never_charges_twice(engine_url, engine, seed, tmp_path):
    fresh_url = engine_url(engine)
    simulator = SimulatorProcess(tmp_path / "provider.db")
    with HoldfastServer("--database", fresh_url, env=IMPATIENT | simulator.settings) as server:
        simulator.tell(f"{server.base_url}/v1/webhooks/simulator")
        with simulator, bench_at(simulator) as bench, Site(server.base_url) as site:
            owner = site.owner("olga")
            homes = [owner.property(name=f"Home {each}", units=1_000) for each in range(2)]
            payers = [site.guest(f"payer{each}") for each in range(PAYERS)]
            crowd = Crowd(payers, homes, simulator.url, seed=seed, is_up=server.ready)
            nemesis = Nemesis(simulator.url, seed=seed, one_in=3, hang_s=DEADLINE_S * 1.5)
            nemesis.start()
            try:
                for _ in range(KILLS):
                    crowd.makes(ATTEMPTS_BETWEEN_KILLS)
                    server.kill()
                    server.start()
                crowd.makes(ATTEMPTS_BETWEEN_KILLS)
            finally:
                crowd.is_over.set()
                struck = nemesis.ends()
            crowd.goes_home()
            found = quiet(fresh_url, bench, crowd.booked)
            books = Books(fresh_url, bench)
    print(figures(fresh_url, crowd, struck, found))  # noqa: T201 - the figures of the proof, read with -s
    assert not any(found.values()), f"{shown(found)}\n{dict(crowd.counts)}\n{dict(struck)}\n{server_tail(server)}"
    assert crowd.counts["booked"] >= KILLS
    assert crowd.counts["canceled"] + crowd.counts["let go"] >= KILLS
    assert len({each.partition(":")[0] for each, times in struck.items() if times}) >= 5, "the faults met nobody"
    assert sum(each["amount_captured"] for each in books.theirs.values()) > 0
    assert_teeth(books, crowd.booked)
    verified = run_holdfast("verify", "--database", fresh_url, env=IMPATIENT | simulator.settings)
    assert verified.returncode == 0, verified.stdout + verified.stderr


def assert_teeth(books, booked):
    """The judge notices each kind of wrong when it is made in a copy of what was right."""
    paid = next(each for each in books.theirs.values() if each["amount_captured"] > each["amount_refunded"])
    reference, row = next((name, row) for name, row in books.bookings.items() if row[1] == paid["metadata"]["hold_id"])
    mine = paid["metadata"]["payment_id"]
    doctored = {
        "double_charged": {"theirs": books.theirs | {"twin": paid | {"id": "twin"}}},
        "cents_off": {"ours": books.ours | {mine: [*books.ours[mine][:4], "1", *books.ours[mine][5:]]}},
        "stuck": {"theirs": books.theirs | {paid["id"]: paid | {"status": "requires_capture"}}},
        "lost": {"bookings": {name: each for name, each in books.bookings.items() if name != reference}},
        "wrong_bookings": {"bookings": books.bookings | {reference: [*row[:3], str(int(row[3]) + 1), *row[4:]]}},
        "ledger_off": {"transfers": books.transfers[1:]},
    }
    for name, changes in doctored.items():
        wrong = copy.copy(books)
        vars(wrong).update(changes)
        assert wrong.verdict(booked)[name], f"the judge does not notice {name}"


def figures(url, crowd, struck, found):
    """One line for the report."""
    facts = {
        "engine": url.partition(":")[0],
        "attempts": crowd.counts["attempts"],
        "booked": crowd.counts["booked"],
        "faults": sum(struck.values()),
        "kills": KILLS,
        "lost": len(found["lost"]),
        "double-charged": len(found["double_charged"]),
        "stuck": len(found["stuck"]),
        "cents off": sum(abs(a - b) for pair in found["cents_off"].values() for a, b in zip(*pair, strict=True)),
    }
    return f"psp_chaos: {facts}"


def server_tail(server):
    """The last the server has said."""
    try:
        return server.output()[-3_000:]
    except OSError:
        return ""
