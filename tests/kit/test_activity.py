"""What was done is noted with what it tells of, once, and from where it was done can be erased."""

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import select

from holdfast.kit.activity.acts import SYSTEM, Act, Actor, commitment, here
from holdfast.kit.activity.log import Activity, Wanted
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.activity.tables import create_activity
from holdfast.kit.clock import Clock
from holdfast.kit.db.errors import CheckViolation, GuardViolation
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import adding, statement
from holdfast.kit.db.tables import module_tables
from holdfast.kit.lanes import Lane
from holdfast.kit.origin import Origin, current_origin

doing = module_tables("doing")
activity = Activity("doing", doing)
AT_HOME = Actor(account_id=7, owner_id=70, session_id="ses_1", request_id="req_1", address="192.0.2.7", device="Fox")


def make(connection):
    create_activity(Operations(MigrationContext.configure(connection)), "doing")


@asynccontextmanager
async def opened(url):
    database = await open_database(url, Clock())
    try:
        yield database
    finally:
        await database.close()


@pytest.fixture
async def db(fresh_url):
    await _with_connection(fresh_url, make)
    async with opened(fresh_url) as database:
        yield database


@pytest.fixture
def records(db):
    return ActivityRecords(activity, db)


def act(kind="thing.done", actor=AT_HOME, **told):
    return Act(kind=kind, actor=actor, **told)


async def note(db, *acts):
    await db.write(lambda tx: activity.note(tx, *acts))


async def all_rows(db, table):
    return await db.read(lambda tx: tx.all(statement(select(table))()))


class TestAnAct:
    async def test_is_kept_as_it_was_noted(self, db, records):
        told = act(object_kind="thing", object_id=2**53, subject_id=9, details={"n": 3, "of": ["a", "b"], "so": True})
        before = await db.read(lambda tx: tx.now())
        await note(db, told)
        after = await db.read(lambda tx: tx.now())
        [found] = await records.page(Wanted())
        assert before <= found.at <= after
        assert (found.module, found.kind, found.object_kind, found.object_id) == (
            "doing",
            "thing.done",
            "thing",
            str(2**53),
        )
        assert (found.account_id, found.owner_id, found.session_id, found.key_id) == (7, 70, "ses_1", None)
        assert found.subject_id == 9
        assert found.details == {"n": 3, "of": ["a", "b"], "so": True}
        assert (found.address, found.device, found.request_id) == ("192.0.2.7", "Fox", "req_1")

    async def test_of_the_product_itself_is_nobodys_and_from_nowhere(self, db, records):
        await note(db, act(actor=SYSTEM))
        [found] = await records.page(Wanted())
        assert (found.account_id, found.address, found.device) == (None, None, None)
        assert await all_rows(db, activity.origins) == []

    async def test_of_a_transaction_that_fails_was_never_there(self, db, records):
        async def work(tx):
            await activity.note(tx, act())
            raise RuntimeError("no")

        with pytest.raises(RuntimeError, match="no"):
            await db.write(work)
        assert await records.page(Wanted()) == []
        assert await all_rows(db, activity.origins) == []

    async def test_cannot_be_changed_or_deleted(self, db, records):
        await note(db, act())
        await records.seal()
        for table in (activity.table, activity.seals):
            column = table.primary_key.columns[0]
            with pytest.raises(GuardViolation):
                await db.put(statement(table.update().values({column: column + 1}))())
            with pytest.raises(GuardViolation):
                await db.put(statement(table.delete())())
        with pytest.raises(GuardViolation):
            await db.put(statement(activity.origins.update().values(salt="x"))())
        assert len(await records.page(Wanted())) == 1

    async def test_takes_who_asks_from_the_request_whatever_thread_or_task_writes(self, db, records):
        async def work(tx):
            await activity.note(tx, Act(kind="thing.done"))

        token = current_origin.set(Origin(account_id=5, session_id="ses_5", address="192.0.2.5", request_id="r"))
        try:
            await db.write(work)
        finally:
            current_origin.reset(token)
        await db.write(work)
        second, first = await records.page(Wanted())
        assert (first.account_id, first.session_id, first.address, first.request_id) == (5, "ses_5", "192.0.2.5", "r")
        assert (second.account_id, second.address) == (None, None)

    async def test_of_an_order_is_never_of_whoever_woke_the_lane(self):
        async def run(orders):
            return [(order, here()) for order in orders]

        lane = Lane("doing", run)
        current_origin.set(Origin(account_id=5))
        order, within = await lane.submit(Act(kind="thing.done"))
        assert order.actor.account_id == 5
        assert within == SYSTEM
        current_origin.set(None)
        await lane.close()

    @pytest.mark.parametrize(
        "told",
        [
            {"kind": "done"},
            {"kind": "Thing.done"},
            {"kind": f"thing.{'x' * 60}"},
            {"object_kind": "thing"},
            {"object_id": 1},
            {"details": {"note": "please call me"}},
            {"details": {"mail": "a@example.com"}},
            {"details": {"deep": {"er": 1}}},
            {"details": {"share": 0.5}},
            {"details": {str(place): place for place in range(21)}},
        ],
    )
    def test_with_what_must_not_be_kept_for_ever_is_refused(self, told):
        with pytest.raises(ValueError):  # noqa: PT011 - each message is of its own
            act(**told)


class TestReading:
    async def test_finds_what_an_account_did_and_what_concerned_it_newest_first(self, db, records):
        guest = replace(AT_HOME, account_id=1)
        await note(db, act("a.did", guest), act("b.was", AT_HOME, subject_id=1), act("c.no", AT_HOME))
        await note(db, act("d.both", guest, subject_id=1))
        found = await records.page(Wanted(account_id=1))
        assert [each.kind for each in found] == ["d.both", "b.was", "a.did"]

    async def test_goes_on_below_the_last_one(self, db, records):
        await note(db, *[act(object_kind="thing", object_id=place % 2, subject_id=3) for place in range(10)])
        wanted = Wanted(account_id=3, object_kind="thing", object_id="1")
        first = await records.page(wanted, limit=3)
        rest = await records.page(wanted, before=first[-1].id, limit=3)
        ids = [each.id for each in (*first, *rest)]
        assert len(ids) == 5
        assert ids == sorted(set(ids), reverse=True)

    async def test_filters_by_kind_and_time(self, db, records):
        await note(db, act("a.did"), act("b.did"))
        [found] = await records.page(Wanted(kind="b.did"))
        assert found.kind == "b.did"
        assert await records.page(Wanted(end=found.at)) == []
        assert len(await records.page(Wanted(first=found.at))) == 2

    async def test_is_bounded(self, records):
        for limit in (0, 201):
            with pytest.raises(ValueError, match="limit"):
                await records.page(Wanted(), limit=limit)


class TestFromWhere:
    async def test_is_bound_to_the_act_by_a_commitment_of_its_own(self, db):
        await note(db, act(), act())
        rows = await all_rows(db, activity.table)
        origins = {each.commitment: each for each in await all_rows(db, activity.origins)}
        assert len(origins) == 2
        for row in rows:
            where = origins[row.origin]
            opened_again = commitment(
                where.salt, address=where.address, device=where.device, request_id=where.request_id
            )
            assert opened_again == row.origin

    async def test_is_told_to_whom_it_concerns_and_erased(self, db, records):
        await note(db, act(), act(actor=replace(AT_HOME, account_id=8, address="192.0.2.8")))
        [mine] = await records.origins_of(7)
        assert (mine["address"], mine["device"], mine["request_id"]) == ("192.0.2.7", "Fox", "req_1")
        assert await records.erase_origins(7) == 1
        assert await records.erase_origins(7) == 0
        assert await records.origins_of(7) == []
        other, erased = await records.page(Wanted())
        assert (erased.account_id, erased.address, erased.device, erased.request_id) == (7, None, None, None)
        assert other.address == "192.0.2.8"

    async def test_of_somebody_unknown_goes_with_the_account_it_concerns(self, db, records):
        await note(db, act(actor=replace(AT_HOME, account_id=None), subject_id=9))
        assert await records.origins_of(7) == []
        assert await records.erase_origins(9) == 1

    async def test_is_cut_to_what_is_kept(self, db, records):
        token = current_origin.set(Origin(account_id=5, device="x" * 1000, address="", request_id="r" * 100))
        try:
            told = Act(kind="thing.done")
        finally:
            current_origin.reset(token)
        await note(db, told)
        [found] = await records.page(Wanted())
        assert (len(found.device), found.address, len(found.request_id)) == (200, None, 64)


class TestManyAtOnce:
    async def test_are_all_noted(self, db, records):
        await asyncio.gather(*(note(db, act(object_kind="thing", object_id=place)) for place in range(30)))
        found = await records.page(Wanted())
        assert {each.object_id for each in found} == {str(place) for place in range(30)}


class TestACheckOfActivity:
    async def test_names_an_object_whole_or_not_at_all(self, db):
        for wrong in ({"object_kind": "thing", "object_id": None}, {"object_kind": None, "object_id": "7"}):
            with pytest.raises(CheckViolation) as refused:
                await db.write(lambda tx, wrong=wrong: _insert(tx, activity.table, wrong))
            assert refused.value.constraint == "doing_activity_object_whole_ck"

    async def test_counts_seals_from_one(self, db):
        seal = {"number": 0, "activity_id": 1, "hash": "0" * 64}
        with pytest.raises(CheckViolation) as refused:
            await db.write(lambda tx: tx.run(adding(activity.seals)(**seal)))
        assert refused.value.constraint == "doing_activity_seal_number_counted_ck"


async def _insert(tx, table, wrong):
    await activity.note(tx, act(object_kind="thing", object_id=1))
    [row] = await tx.all(statement(select(table))())
    await tx.run(adding(table)(**{**row._asdict(), "id": row.id + 1, **wrong}))
