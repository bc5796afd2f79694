"""Statements are written once and mean the same on every engine."""

from datetime import UTC, datetime, timedelta

import pytest
from kit_sample import ACCOUNTS, ADD_NOTE, ADD_WORD, NOW, OPEN, PAY, account, all_of, balances, note, opened, word
from sqlalchemy import bindparam, exists, func, insert, literal, select, type_coerce, update

from holdfast.kit.clock import Clock
from holdfast.kit.db.statements import MARIADB, POSTGRESQL, SQLITE, adding, adding_rows, db_now, rows, statement, upsert
from holdfast.kit.db.types import Count, Text, Whole

NAMES = rows("names", name=Text(20))
GIVEN = rows("given", name=Text(20), cents=Whole())
ADD_GIVEN = adding_rows(account, GIVEN)


async def fill(db, **cents):
    await db.put(*(OPEN(name=name, cents=each) for name, each in cents.items()))


class TestRows:
    async def test_can_be_joined(self, db):
        await fill(db, ann=1, bob=2, cid=3)
        find = statement(select(account).join(NAMES, NAMES.c.name == account.c.name).order_by(account.c.name))
        found = await db.read(lambda tx: tx.all(find(names=[("cid",), ("ann",), ("nobody",)])))
        assert [row.name for row in found] == ["ann", "cid"]

    async def test_can_be_a_list_to_be_in(self, db):
        await fill(db, ann=1, bob=2, cid=3)
        find = statement(select(account).where(account.c.name.in_(select(NAMES.c.name))).order_by(account.c.name))
        found = await db.read(lambda tx: tx.all(find(names=[("bob",), ("cid",), ("bob",)])))
        assert [row.cents for row in found] == [2, 3]

    async def test_can_be_asked_whether_one_exists(self, db):
        await fill(db, ann=1, bob=2)
        find = statement(select(account.c.name).where(~exists().where(NAMES.c.name == account.c.name)))
        assert [row.name for row in await db.read(lambda tx: tx.all(find(names=[("ann",)])))] == ["bob"]

    async def test_may_be_none_at_all(self, db):
        await fill(db, ann=1)
        find = statement(select(account).join(NAMES, NAMES.c.name == account.c.name))
        assert await db.read(lambda tx: tx.all(find(names=[]))) == []
        assert await db.write(lambda tx: tx.run(ADD_GIVEN(given=[]))) == 0

    async def test_may_be_thousands(self, db):
        many = [(f"name{number}", number) for number in range(5000)]
        assert await db.write(lambda tx: tx.run(ADD_GIVEN(given=many))) == 5000
        assert await balances(db) == dict(many)

    async def test_may_hold_nothing_in_a_place(self, db):
        pairs = rows("pairs", name=Text(20), cents=Whole())
        show = statement(select(pairs.c.name, pairs.c.cents).order_by(pairs.c.cents))
        found = await db.read(lambda tx: tx.all(show(pairs=[("a", 1), (None, 2)])))
        assert [tuple(row) for row in found] == [("a", 1), (None, 2)]

    async def test_may_have_columns_named_like_words_of_sql(self, db):
        odd = rows("odd", order=Whole(), group=Text(5))
        show = statement(select(odd.c.order, odd.c.group))
        [row] = await db.read(lambda tx: tx.all(show(odd=[(1, "x")])))
        assert tuple(row) == (1, "x")

    async def test_can_change_rows(self, db):
        await fill(db, ann=1, bob=2, cid=3)
        move = statement(
            update(account).values(cents=account.c.cents + GIVEN.c.cents).where(account.c.name == GIVEN.c.name)
        )
        assert await db.write(lambda tx: tx.run(move(given=[("bob", 40), ("ann", -1)]))) == 2
        assert await balances(db) == {"ann": 0, "bob": 42, "cid": 3}


class TestAdding:
    async def test_returns_the_new_key(self, db):
        first = await db.write(lambda tx: tx.insert(ADD_WORD(text="one")))
        second = await db.write(lambda tx: tx.insert(ADD_WORD(text="two")))
        find = statement(select(word.c.text).where(word.c.id == bindparam("id")))
        assert first < second
        assert (await db.read(lambda tx: tx.one(find(id=second)))).text == "two"

    async def test_without_names_binds_every_column(self, db):
        await db.put(adding(account)(name="ann", cents=7))
        assert await balances(db) == {"ann": 7}

    async def test_may_put_values_into_the_statement(self, db):
        fixed = statement(insert(account).values(name=literal("100% \\'", Text(20)), cents=bindparam("cents")))
        plain = statement(insert(account).values(name="50%", cents=5))
        await db.put(fixed(cents=1), plain())
        assert await balances(db) == {"100% \\'": 1, "50%": 5}

    async def test_may_put_null_into_the_statement(self, db):
        show = statement(select(literal(None, Text(5)).label("none"), literal("%s ? $1", Text(9)).label("text")))
        assert tuple(await db.read(lambda tx: tx.one(show()))) == (None, "%s ? $1")


class TestAStatement:
    async def test_finds_one_row_or_none(self, db):
        await fill(db, ann=1)
        find = statement(select(account).where(account.c.name == bindparam("name")))
        assert (await db.read(lambda tx: tx.one(find(name="ann")))).cents == 1
        assert await db.read(lambda tx: tx.one(find(name="bob"))) is None

    async def test_counts_the_rows_it_matched(self, db):
        await fill(db, ann=1, bob=2)
        assert await db.write(lambda tx: tx.run(PAY(of="ann", by=0))) == 1
        assert await db.write(lambda tx: tx.run(PAY(of="nobody", by=1))) == 0
        assert await db.write(lambda tx: tx.run(statement(account.delete())())) == 2

    async def test_may_depend_on_the_dialect(self, db):
        asked = []

        def build(dialect):
            asked.append(dialect)
            return select(literal(dialect, Text(20)).label("dialect"))

        told = statement(build)
        for _ in range(3):
            assert (await db.read(lambda tx: tx.one(told()))).dialect == db.dialect
        assert asked == [db.dialect]

    async def test_limits(self, db):
        await fill(db, ann=1, bob=2, cid=3)
        some = statement(select(account).order_by(account.c.name).limit(bindparam("most")).offset(1))
        assert [row.name for row in await db.read(lambda tx: tx.all(some(most=1)))] == ["bob"]

    def test_refuses_a_list_that_would_make_it_a_new_one_for_every_length(self):
        find = statement(select(account).where(account.c.name.in_(["a", "b"])))
        for dialect in (SQLITE, POSTGRESQL, MARIADB):
            with pytest.raises(RuntimeError, match="rows"):
                find.compiled(dialect)

    async def test_needs_its_parameters(self, db):
        with pytest.raises(KeyError):
            await db.put(OPEN(name="ann"))
        assert await balances(db) == {}


class TestUpsert:
    ADD_UP = upsert(
        account,
        select(GIVEN.c.name, GIVEN.c.cents).select_from(GIVEN).order_by(GIVEN.c.name),
        columns=["name", "cents"],
        key=["name"],
        update=lambda proposed: {"cents": account.c.cents + proposed.cents},
    )
    KEEP = upsert(
        account,
        select(GIVEN.c.name, GIVEN.c.cents).select_from(GIVEN),
        columns=["name", "cents"],
        key=["name"],
        update=lambda _: {},
    )

    async def test_inserts_or_updates(self, db):
        await fill(db, bob=2)
        await db.put(self.ADD_UP(given=[("ann", 1), ("bob", 40)]))
        assert await balances(db) == {"ann": 1, "bob": 42}

    async def test_may_keep_what_is_there(self, db):
        await fill(db, bob=2)
        await db.put(self.KEEP(given=[("ann", 1), ("bob", 40)]))
        assert await balances(db) == {"ann": 1, "bob": 2}

    async def test_is_all_or_nothing(self, db):
        await fill(db, bob=2)
        with pytest.raises(Exception, match="solvent"):
            await db.put(self.ADD_UP(given=[("ann", 1), ("bob", -3)]))
        assert await balances(db) == {"bob": 2}


class TestTheDatabasesClock:
    async def test_is_near_ours(self, db):
        ours = Clock().now()
        theirs = await db.read(lambda tx: tx.now())
        assert theirs.tzinfo is UTC
        assert abs(theirs - ours) < timedelta(seconds=30)

    async def test_is_the_same_in_all_of_a_transaction(self, db):
        async def work(tx):
            first = await tx.one(NOW(seconds=0))
            await tx.run(OPEN(name="ann", cents=1))
            second = await tx.one(NOW(seconds=90.5))
            return {first.now, first.then, second.now, await tx.now(), second.then - timedelta(seconds=90.5)}

        assert len(await db.write(work)) == 1

    async def test_may_be_put_off(self, db):
        for seconds in (600, -600, 0.000001, 86_400 * 365):
            row = await db.read(lambda tx, seconds=seconds: tx.one(NOW(seconds=seconds)))
            assert row.then - row.now == timedelta(seconds=seconds)

    async def test_follows_the_shift_of_ours(self, db, made_url):
        del db  # which is empty now
        async with opened(made_url) as plain, opened(made_url, shift=timedelta(days=40, microseconds=7)) as ahead:
            before = await plain.read(lambda tx: tx.now())
            row = await ahead.read(lambda tx: tx.one(NOW(seconds=5)))
            told = await ahead.put(OPEN(name="ann", cents=1))
            after = await plain.read(lambda tx: tx.now())
            shift = timedelta(days=40, microseconds=7)
            assert before + shift <= row.now <= told <= after + shift
            assert row.then - row.now == timedelta(seconds=5)
            ahead.clock.advance(timedelta(days=-40))
            assert await ahead.read(lambda tx: tx.now()) < after + timedelta(days=1)

    async def test_is_what_put_returns_and_writes(self, db):
        at = statement(
            insert(note).from_select(
                ["account", "at"], select(account.c.name, db_now()).where(account.c.name == bindparam("name"))
            )
        )
        await fill(db, ann=1)
        told = await db.put(at(name="ann"))
        [row] = await all_of(db, statement(select(note.c.at)))
        assert row.at == told

    async def test_is_told_even_if_nothing_is_written(self, db):
        before = await db.read(lambda tx: tx.now())
        assert before <= await db.put() <= await db.read(lambda tx: tx.now())

    async def test_compares_with_moments_that_were_stored(self, db):
        await fill(db, ann=1)
        now = await db.read(lambda tx: tx.now())
        await db.put(
            ADD_NOTE(account="ann", at=now - timedelta(seconds=1)), ADD_NOTE(account="ann", at=now.replace(year=2200))
        )
        past = statement(select(type_coerce(func.count(), Count()).label("past")).where(note.c.at < db_now()))
        assert (await db.read(lambda tx: tx.one(past()))).past == 1


class TestTogether:
    async def test_writes_all_of_it(self, db):
        await db.write(lambda tx: tx.together(OPEN(name="ann", cents=1), OPEN(name="bob", cents=2), ADD_WORD(text="x")))
        assert await balances(db) == {"ann": 1, "bob": 2}

    async def test_may_be_nothing(self, db):
        await db.write(lambda tx: tx.together())
        assert await all_of(db, ACCOUNTS) == []

    async def test_binds_each_its_own_parameters(self, db):
        await fill(db, ann=1, bob=2, cid=3)
        await db.put(*(PAY(of=name, by=by) for name, by in [("cid", 30), ("ann", 10), ("bob", 20)]))
        assert await balances(db) == {"ann": 11, "bob": 22, "cid": 33}

    async def test_sees_the_same_time_in_all_parts(self, db):
        at = [
            statement(insert(note).from_select(["account", "at"], select(literal("ann", Text(20)), db_now("plus"))))
            for _ in range(2)
        ]
        await fill(db, ann=1)
        await db.put(*(each(plus=10 * place) for place, each in enumerate(at)))
        first, second = sorted(row.at for row in await all_of(db, statement(select(note.c.at))))
        assert second - first == timedelta(seconds=10)
        assert first > datetime(2025, 1, 1, tzinfo=UTC)
