"""Values come back equal on every engine, by whichever way they went in."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kit_sample import ADD_THING, ADD_THINGS, ADD_WORD, KINDS, THINGS, WORDS, Shade, all_of, thing, word
from sqlalchemy import bindparam, func, select, type_coerce

from holdfast.kit.db.errors import CheckViolation, UniqueViolation
from holdfast.kit.db.statements import rows, statement
from holdfast.kit.db.types import Count, Text, Whole
from support.effort import rounds

LEAST, MOST = -(2**63), 2**63 - 1
letters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
texts = st.text(letters, max_size=40)
# A JSON number that is not whole is kept to 15 digits: PostgreSQL turns it into a decimal, SQLite reads it by itself.
decimals = st.integers(-(10**12), 10**12).map(lambda number: number / 1000)
values = st.recursive(
    st.none() | st.booleans() | st.integers(LEAST, MOST) | decimals | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
OF_KIND = {
    "text": texts,
    "whole": st.integers(LEAST, MOST),
    "real": decimals | st.integers(-(2**53), 2**53).map(float),
    "flag": st.booleans(),
    "day": st.dates(date(1000, 1, 1), date(9999, 12, 31)),
    "moment": st.datetimes(datetime(1000, 1, 3), datetime(9999, 12, 29), timezones=zones),  # noqa: DTZ001 - bounds
    "json": values.filter(lambda value: value is not None),
    "choice": st.sampled_from(Shade),
}
things = st.lists(st.fixed_dictionaries({name: st.none() | kind for name, kind in OF_KIND.items()}), max_size=8)


def as_row(given_thing):
    return tuple(given_thing[name] for name in KINDS)


class RolledBack(Exception):
    pass


async def passed_through(database, write):
    """Return what is read back in the same transaction, which is then undone."""
    found = []

    async def work(tx):
        await write(tx)
        found.extend(await tx.all(THINGS()))
        raise RolledBack

    with pytest.raises(RolledBack):
        await database.write(work)
    return [row._asdict() for row in found]


class TestAValue:
    @settings(
        max_examples=rounds(40, thorough=2000),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(things)
    async def test_comes_back_equal_from_a_row(self, db, given_things):
        wanted = [{"id": place, **each} for place, each in enumerate(given_things)]

        async def write(tx):
            for each in wanted:
                assert await tx.run(ADD_THING(**each)) == 1

        assert await passed_through(db, write) == wanted

    @settings(
        max_examples=rounds(40, thorough=2000),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(things)
    async def test_comes_back_equal_from_a_table_of_rows(self, db, given_things):
        wanted = [{"id": place, **each} for place, each in enumerate(given_things)]

        async def write(tx):
            assert await tx.run(ADD_THINGS(things=[as_row(each) for each in wanted])) == len(wanted)

        assert await passed_through(db, write) == wanted

    async def test_has_the_type_it_had(self, db):
        one = {
            "id": 1,
            "text": "né",
            "whole": MOST,
            "real": 3.0,
            "flag": True,
            "day": date(2028, 2, 29),
            "moment": datetime(2026, 7, 1, 12, 0, 0, 1, tzinfo=UTC),
            "json": {"rate": 0.1, "tags": ["é", None, {"a": []}]},
            "choice": Shade.LIGHT,
        }

        async def write(tx):
            await tx.run(ADD_THING(**one))
            await tx.run(ADD_THINGS(things=[as_row({**one, "id": 2})]))

        for row in await passed_through(db, write):
            assert {name: type(value) for name, value in row.items()} == {
                name: type(value) for name, value in one.items()
            }
            assert row["moment"].tzinfo is UTC

    async def test_of_text_is_refused_where_a_number_belongs(self, db):
        with pytest.raises(Exception, match=r"(?i)text|str|incorrect"):
            await db.put(ADD_THING(**{**dict.fromkeys(KINDS), "id": 1, "whole": "one"}))
        assert await all_of(db, THINGS) == []


class TestADouble:
    @settings(
        max_examples=rounds(100, thorough=5000),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False))
    async def test_keeps_every_bit_in_a_row(self, db, number):
        async def write(tx):
            await tx.run(ADD_THING(**{**dict.fromkeys(KINDS), "id": 1, "real": number}))

        [found] = await passed_through(db, write)
        assert found["real"] == number


class TestAMoment:
    async def test_without_a_zone_is_refused(self, db):
        naive = datetime(2026, 1, 1)  # noqa: DTZ001 - that is the point
        with pytest.raises((ValueError, TypeError)):
            await db.put(ADD_THING(**{**dict.fromkeys(KINDS), "id": 1, "moment": naive}))


class TestText:
    async def test_is_told_apart_by_its_bytes(self, db):
        # Case, accents, spaces at the end, two ways of writing e with an accent, width, sharp s.
        different = ["a", "A", "a ", "a  ", " a", "á", "é", "e\u0301", "ß", "ss", "ij", "ĳ", ""]
        for each in different:
            await db.put(ADD_WORD(text=each))
        with pytest.raises(UniqueViolation):
            await db.put(ADD_WORD(text="a "))
        find = statement(select(word.c.text).where(word.c.text == bindparam("text")))
        for each in different:
            assert [row.text for row in await db.read(lambda tx, each=each: tx.all(find(text=each)))] == [each]

    async def test_is_ordered_by_its_bytes(self, db):
        words = ["b", "B", "a", "_", "é", "z", "ä", "😀", "￦", "a ", "Z", "0", "aa"]
        for each in words:
            await db.put(ADD_WORD(text=each))
        assert [row.text for row in await all_of(db, WORDS)] == sorted(words, key=str.encode)

    async def test_that_is_too_long_is_never_cut_off(self, db, engine):
        given_words = rows("words", text=Text(8))
        add = statement(word.insert().from_select(["text"], select(given_words.c.text)))
        for call in (add(words=[("123456789",)]), ADD_WORD(text="123456789")):
            if engine == "sqlite":  # which knows no length: a CHECK of the module says it where it matters
                await db.put(ADD_WORD(text="12345678"))
                assert await db.put(call)
                await db.put(statement(word.delete())())
            else:
                with pytest.raises(CheckViolation):
                    await db.put(call)
                assert await all_of(db, WORDS) == []

    async def test_that_is_too_long_finds_nothing(self, db):
        await db.put(ADD_WORD(text="12345678"))
        asked = rows("asked", text=Text(8))
        find = statement(select(word.c.text).join(asked, asked.c.text == word.c.text))
        found = await db.read(lambda tx: tx.all(find(asked=[("123456789",), ("12345678" + "9" * 90,)])))
        assert found == []


class TestACount:
    async def test_is_an_int(self, db):
        total = statement(select(type_coerce(func.sum(thing.c.whole), Count()).label("total")))
        assert (await db.read(lambda tx: tx.one(total()))).total is None
        await db.put(*(ADD_THING(**{**dict.fromkeys(KINDS), "id": id_, "whole": 2**53 + id_}) for id_ in (1, 2)))
        found = (await db.read(lambda tx: tx.one(total()))).total
        assert (found, type(found)) == (2**54 + 3, int)

    async def test_can_be_asked_of_no_rows(self, db):
        many = statement(select(type_coerce(func.count(), Count()).label("many")).select_from(thing))
        found = (await db.read(lambda tx: tx.one(many()))).many
        assert (found, type(found)) == (0, int)
        assert isinstance(Count(), Whole)
