"""What a database refuses comes back as a name, the same on every engine where the engines let us."""

import pytest
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from kit_sample import ADD_NOTE, ADD_WORD, OPEN, PAY, account, all_of, balances, opened
from sqlalchemy import Column, Table, bindparam, delete, select, update

from holdfast.kit.db import guards
from holdfast.kit.db.errors import (
    CheckViolation,
    ForeignKeyViolation,
    GuardViolation,
    NotNullViolation,
    UniqueViolation,
)
from holdfast.kit.db.migrate import _with_connection
from holdfast.kit.db.statements import adding, statement
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Text, Whole


class TestARefusal:
    async def test_of_a_second_row_with_the_key(self, db, engine):
        await db.put(ADD_WORD(text="x"))
        with pytest.raises(UniqueViolation) as refused:
            await db.put(ADD_WORD(text="x"))
        named = {"sqlite": "sample_word.text"}.get(engine, "sample_word_text_uq")
        assert refused.value.constraint == named

    async def test_of_a_second_row_with_the_primary_key(self, db, engine):
        await db.put(OPEN(name="ann", cents=1))
        with pytest.raises(UniqueViolation) as refused:
            await db.put(OPEN(name="ann", cents=1))
        names = {"sqlite": "sample_account.name", "postgresql": "sample_account_pkey", "mysql": "PRIMARY"}
        assert refused.value.constraint == names[engine]

    async def test_by_a_check(self, db):
        with pytest.raises(CheckViolation) as refused:
            await db.put(OPEN(name="ann", cents=-1))
        assert refused.value.constraint == "sample_account_solvent_ck"

    async def test_for_want_of_the_row_referred_to(self, db, engine):
        now = await db.read(lambda tx: tx.now())
        with pytest.raises(ForeignKeyViolation) as refused:
            await db.put(ADD_NOTE(account="nobody", at=now))
        assert refused.value.constraint == ("" if engine == "sqlite" else "sample_note_account_fk")

    async def test_because_a_row_is_referred_to(self, db, engine):
        now = await db.read(lambda tx: tx.now())
        await db.put(OPEN(name="ann", cents=1))
        await db.put(ADD_NOTE(account="ann", at=now))
        with pytest.raises(ForeignKeyViolation) as refused:
            await db.put(statement(delete(account))())
        assert refused.value.constraint == ("" if engine == "sqlite" else "sample_note_account_fk")

    async def test_for_want_of_a_value(self, db, engine):
        with pytest.raises(NotNullViolation) as refused:
            await db.put(OPEN(name="ann", cents=None))
        assert refused.value.constraint == ("sample_account.cents" if engine == "sqlite" else "cents")

    async def test_leaves_nothing_of_its_transaction(self, db):
        async def work(tx):
            await tx.run(OPEN(name="ann", cents=1))
            await tx.run(OPEN(name="bob", cents=-1))

        with pytest.raises(CheckViolation):
            await db.write(work)
        with pytest.raises(CheckViolation):
            await db.put(OPEN(name="cid", cents=1), OPEN(name="dan", cents=-1))
        assert await balances(db) == {}

    async def test_ends_a_transaction_that_passes_it_over(self, db):
        """SQLite and MariaDB would keep the rest, PostgreSQL would answer COMMIT with ROLLBACK."""

        async def work(tx):
            await tx.run(OPEN(name="ann", cents=1))
            try:
                await tx.run(OPEN(name="bob", cents=-1))
            except CheckViolation:
                return "kept"
            return "unreachable"

        with pytest.raises(CheckViolation):
            await db.write(work)
        assert await balances(db) == {}

    async def test_leaves_a_connection_that_works(self, alone):
        async with opened(alone) as db:
            for _ in range(20):
                with pytest.raises(CheckViolation):
                    await db.put(OPEN(name="ann", cents=-1))
                with pytest.raises(CheckViolation):
                    await db.write(lambda tx: tx.run(OPEN(name="ann", cents=-1)))
            await db.put(OPEN(name="ann", cents=1))
            assert await balances(db) == {"ann": 1}

    async def test_does_not_hide_a_mistake_of_ours(self, db):
        broken = statement(select(Table("sample_missing", module_tables("sample"), Column("id", Whole()))))
        with pytest.raises(Exception, match="sample_missing") as told:
            await db.read(lambda tx: tx.all(broken()))
        assert not isinstance(told.value, CheckViolation)


tables = module_tables("guarded")
paper = Table("guarded_paper", tables, Column("id", Whole(), primary_key=True), Column("text", Text(9)), **STRICT)
order = Table("guarded_order", tables, Column("id", Whole(), primary_key=True), Column("state", Text(9)), **STRICT)
WRITE = adding(paper)
BEGIN = adding(order)
MOVE = statement(update(order).where(order.c.id == bindparam("of")).values(state=bindparam("to")))
STATES = statement(select(order.c.state).order_by(order.c.id))


def guarded(connection):
    tables.create_all(connection)
    op = Operations(MigrationContext.configure(connection))
    guards.append_only(op, "guarded_paper")
    guards.transitions(op, "guarded_order", "state", [("held", "confirmed"), ("held", "expired")])


async def guard(url):
    await _with_connection(url, guarded)


async def fill(database):
    await database.put(WRITE(id=1, text="x"), BEGIN(id=1, state="held"), BEGIN(id=2, state="held"))


@pytest.fixture(scope="module")
async def guarded_db(url):
    await guard(url)
    async with opened(url) as database:
        await fill(database)
        yield database


class TestAGuard:
    @pytest.mark.parametrize(
        ("verb", "change"),
        [("update", update(paper).values(text="y")), ("delete", delete(paper)), ("update", update(paper).values(id=9))],
    )
    async def test_keeps_a_table_append_only(self, guarded_db, verb, change):
        with pytest.raises(GuardViolation) as refused:
            await guarded_db.put(statement(change)())
        assert refused.value.constraint == f"guarded_paper_no_{verb}"
        assert [tuple(row) for row in await all_of(guarded_db, statement(select(paper)))] == [(1, "x")]

    async def test_lets_a_state_move_only_where_it_may(self, guarded_db):
        await guarded_db.put(MOVE(of=1, to="held"))
        await guarded_db.put(MOVE(of=1, to="confirmed"))
        for state in ("expired", "held", "nonsense"):
            with pytest.raises(GuardViolation) as refused:
                await guarded_db.put(MOVE(of=1, to=state))
            assert refused.value.constraint == "guarded_order_state_moves"
        assert [row.state for row in await all_of(guarded_db, STATES)] == ["confirmed", "held"]

    async def test_can_be_taken_away(self, fresh_url):
        def drop(connection):
            op = Operations(MigrationContext.configure(connection))
            guards.drop(op, "guarded_order", "guarded_order_state_moves")

        await guard(fresh_url)
        await _with_connection(fresh_url, drop)
        async with opened(fresh_url) as database:
            await fill(database)
            await database.put(MOVE(of=1, to="nonsense"))
            assert [row.state for row in await all_of(database, STATES)] == ["nonsense", "held"]


class TestTooLittle:
    async def test_money_is_refused_while_the_rest_goes_on(self, db):
        await db.put(OPEN(name="ann", cents=5), OPEN(name="bob", cents=5))
        with pytest.raises(CheckViolation):
            await db.put(PAY(of="bob", by=6), PAY(of="ann", by=-6))
        assert await balances(db) == {"ann": 5, "bob": 5}
