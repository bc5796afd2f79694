"""DBOS as this house runs it, with toy sagas: once, again after a stop, with patience, for people to see."""

import asyncio
import time
from datetime import timedelta

from sqlalchemy import create_engine, null, text, update

from holdfast.kit.clock import Clock
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import DatabaseUnavailable, NotFound
from holdfast.sagas import models
from holdfast.sagas.api import JourneyState
from support.polling import eventually


def counting(seen):
    async def saga(journey, *, number):
        async def add(word):
            seen.append((word, number))
            return word

        await journey.do("first", lambda: add("first"))
        await journey.do("second", lambda: add("second"))
        return "counted"

    return saga


async def ended(sagas, journey_id, state=JourneyState.DONE):
    async def look():
        found = await sagas.journey(journey_id=journey_id)
        return found if found.state is state else None

    return await eventually(look, within_s=20)


class TestAJourney:
    async def test_is_carried_out_once_however_often_it_is_noted(self, run_sagas):
        seen = []
        async with run_sagas({"count": counting(seen)}) as sagas:
            for _ in range(3):
                await sagas.note([("count:1", "count", {"number": 1})])
            found = await ended(sagas, "count:1")
            await sagas.note([("count:1", "count", {"number": 1})])
            assert (found.outcome, found.tries) == ("counted", 1)
            assert seen == [("first", 1), ("second", 1)]
            assert [step.name for step in await sagas.steps(journey_id="count:1")] == ["first", "second"]

    async def test_goes_on_behind_its_last_step_when_the_process_has_stopped(self, run_sagas):
        seen = []

        async def saga(journey):
            async def first():
                seen.append("first")

            async def second():
                seen.append("second")
                if len(seen) == 2:
                    await asyncio.Event().wait()

            await journey.do("first", first)
            await journey.do("second", second)
            return "through"

        async with run_sagas({"stops": saga}) as sagas:
            await sagas.note([("stops:1", "stops", {})])
            await eventually(lambda: seen == ["first", "second"])
            started = time.monotonic()
        assert time.monotonic() - started < 10
        async with run_sagas({"stops": saga}) as sagas:
            await ended(sagas, "stops:1")
        assert seen == ["first", "second", "second"]

    async def test_begins_anew_when_its_journal_is_lost(self, run_sagas):
        seen = []

        async def saga(journey):
            async def step():
                seen.append(len(seen))
                if len(seen) == 1:
                    await asyncio.Event().wait()

            await journey.do("step", step)
            return "through"

        async with run_sagas({"loses": saga}) as sagas:
            await sagas.note([("loses:1", "loses", {})])
            await eventually(lambda: seen == [0])
            place = sagas._place
        if place.file is None:
            engine = create_engine(place.url)
            with engine.begin() as connection:
                connection.execute(text("DROP SCHEMA holdfast_sagas CASCADE"))
            engine.dispose()
        else:
            for file in place.file.parent.glob(f"{place.file.name}*"):
                file.unlink()
        async with run_sagas({"loses": saga}) as sagas:
            await ended(sagas, "loses:1")
        assert seen == [0, 1]

    async def test_begins_anew_when_its_row_says_less_than_its_journal(self, run_sagas):
        seen, clock = [], Clock()
        async with run_sagas({"count": counting(seen)}, clock=clock) as sagas:
            await sagas.note([("count:1", "count", {"number": 1})])
            await ended(sagas, "count:1")
            # The module's database was restored from a moment at which the journey still waited.
            forgets = update(models.journey).values(state=JourneyState.WAITING, outcome=null())
            await sagas._db.put(statement(forgets)())
            clock.advance(timedelta(seconds=301))
            await sagas.find_lost()
            found = await ended(sagas, "count:1")
        assert (found.tries, found.outcome) == (2, "counted")
        assert seen == [("first", 1), ("second", 1)] * 2


class TestPatience:
    async def test_tries_a_step_again_until_somebody_answers(self, run_sagas):
        tries = []

        async def saga(journey):
            async def step():
                tries.append(1)
                if len(tries) < 4:
                    raise DatabaseUnavailable

            await journey.do("step", step)
            return "through"

        async with run_sagas({"waits": saga}, give_up_s=60) as sagas:
            await sagas.note([("waits:1", "waits", {})])
            await ended(sagas, "waits:1")
        assert len(tries) == 4

    async def test_asks_a_person_when_nobody_answers_and_begins_anew_when_told_to(self, run_sagas):
        answers = []

        async def saga(journey):
            async def step():
                if not answers:
                    raise DatabaseUnavailable

            await journey.do("step", step)
            return "through"

        async with run_sagas({"waits": saga}) as sagas:
            await sagas.note([("waits:1", "waits", {})])
            found = await ended(sagas, "waits:1", JourneyState.NEEDS_HUMAN)
            assert found.outcome == "database_unavailable"
            answers.append(1)
            await sagas.retry(journey_id="waits:1")
            again = await ended(sagas, "waits:1")
            assert (again.tries, again.outcome) == (2, "through")

    async def test_unwinds_where_a_door_says_no(self, run_sagas):
        seen = []

        async def saga(journey):
            async def note(word):
                seen.append(word)

            async def refuse():
                raise NotFound

            await journey.do("one", lambda: note("one"), undo=lambda: note("undo one"))
            await journey.do("two", lambda: note("two"), undo=lambda: note("undo two"))
            await journey.do("three", refuse, undo=lambda: note("undo three"))
            return "through"

        async with run_sagas({"unwinds": saga}) as sagas:
            await sagas.note([("unwinds:1", "unwinds", {})])
            found = await ended(sagas, "unwinds:1")
        assert (found.outcome, found.detail) == ("undone", "three: not_found")
        assert seen == ["one", "two", "undo two", "undo one"]

    async def test_shows_a_fault_of_the_program(self, run_sagas):
        async def saga(_):
            raise ZeroDivisionError("oh")

        async with run_sagas({"fails": saga}) as sagas:
            await sagas.note([("fails:1", "fails", {})])
            found = await ended(sagas, "fails:1", JourneyState.FAILED)
        assert (found.outcome, found.detail) == ("ZeroDivisionError", "oh")


class TestTwoInOneProcess:
    async def test_take_turns(self, run_sagas):
        first, second = [], []
        async with run_sagas({"count": counting(second)}, start=False) as other:
            async with run_sagas({"count": counting(first)}) as sagas:
                await other.start()
                await sagas.note([("count:1", "count", {"number": 1})])
                await ended(sagas, "count:1")
            await other.note([("count:2", "count", {"number": 2})])
            await other.watch()
            await ended(other, "count:2")
        assert [number for _, number in first] == [1, 1]
        assert [number for _, number in second] == [2, 2]
