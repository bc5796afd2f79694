"""Orders that wait go together; none waits for company, and none pays for another."""

import asyncio

import pytest

from holdfast.kit import lanes
from holdfast.kit.errors import Overloaded
from holdfast.kit.lanes import Lane
from support.polling import eventually


class Refused(Exception):
    pass


class Counter:
    """Works batches off, one each time it is told to go on, and remembers them."""

    def __init__(self):
        self.batches = []
        self.free = asyncio.Semaphore(0)

    async def __call__(self, orders):
        self.batches.append(list(orders))
        await self.free.acquire()
        return [Refused(order) if order == "refuse" else f"{order}!" for order in orders]

    def let(self, count=1):
        for _ in range(count):
            self.free.release()


@pytest.fixture
def counter():
    return Counter()


@pytest.fixture
async def lane(counter):
    made = Lane("test", counter)
    yield made
    counter.let(100)
    await made.close()


def submit(lane, *orders):
    return [asyncio.ensure_future(lane.submit(order)) for order in orders]


async def started(counter, count):
    await eventually(lambda: len(counter.batches) == count)


class TestAnOrder:
    async def test_at_an_idle_lane_runs_at_once_and_alone(self, lane, counter):
        [first] = submit(lane, "a")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert counter.batches == [["a"]]
        counter.let()
        assert await first == "a!"

    async def test_that_comes_while_the_lane_is_busy_goes_with_the_next_ones(self, lane, counter):
        submitted = submit(lane, "a")
        await started(counter, 1)
        submitted += submit(lane, "b", "c", "d")
        counter.let()
        await started(counter, 2)
        submitted += submit(lane, "e")
        counter.let(2)
        assert await asyncio.gather(*submitted) == ["a!", "b!", "c!", "d!", "e!"]
        assert counter.batches == [["a"], ["b", "c", "d"], ["e"]]

    async def test_after_an_answer_is_served_like_the_first(self, lane, counter):
        """Whoever is answered may submit again before the worker's task is known to be done."""
        counter.let(5)
        for place in range(5):
            assert await asyncio.wait_for(lane.submit(place), 5) == f"{place}!"
        assert counter.batches == [[0], [1], [2], [3], [4]]

    async def test_that_is_refused_fails_alone(self, lane, counter):
        first = submit(lane, "a")
        await started(counter, 1)
        rest = submit(lane, "b", "refuse", "c")
        counter.let(2)
        answers = await asyncio.gather(*first, *rest, return_exceptions=True)
        assert [str(answer) for answer in answers] == ["a!", "b!", "refuse", "c!"]
        assert isinstance(answers[2], Refused)

    async def test_is_done_although_its_caller_has_left(self, lane, counter):
        first = submit(lane, "a")
        await started(counter, 1)
        leaving, staying = submit(lane, "b", "c")
        await asyncio.sleep(0)
        leaving.cancel()
        counter.let(2)
        assert await asyncio.gather(*first, staying) == ["a!", "c!"]
        assert counter.batches == [["a"], ["b", "c"]]
        assert leaving.cancelled()

    async def test_that_fails_after_its_caller_has_left_troubles_nobody(self, lane, counter, caplog):
        first = submit(lane, "a")
        await started(counter, 1)
        [leaving] = submit(lane, "refuse")
        counter.let(1)
        await first[0]
        await started(counter, 2)
        counter.let()
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        assert caplog.records == []


class TestABatch:
    async def test_that_fails_fails_all_its_orders_and_no_others(self, counter):
        failures = [Refused("all")]

        async def run(orders):
            answers = await counter(orders)
            if len(orders) > 1 and failures:
                raise failures.pop()
            return answers

        lane = Lane("test", run)
        first = submit(lane, "a")
        await started(counter, 1)
        both = submit(lane, "b", "c")
        counter.let(3)
        assert await first[0] == "a!"
        for each in both:
            with pytest.raises(Refused, match="all"):
                await each
        assert await lane.submit("d") == "d!"
        await lane.close()

    async def test_with_too_few_answers_fails(self):
        async def run(orders):
            return orders[1:]

        lane = Lane("test", run)
        with pytest.raises(ValueError, match="zip"):
            await asyncio.wait_for(lane.submit("a"), 5)
        await lane.close()

    async def test_is_no_longer_than_it_may_be(self, lane, counter):
        submitted = submit(lane, "first")
        await started(counter, 1)
        submitted += submit(lane, *range(lanes.MAX_BATCH + 3))
        counter.let(3)
        await asyncio.gather(*submitted)
        assert [len(batch) for batch in counter.batches] == [1, lanes.MAX_BATCH, 3]
        assert counter.batches[1] + counter.batches[2] == list(range(lanes.MAX_BATCH + 3))

    async def test_that_is_cancelled_tells_its_callers(self, counter):
        lane = Lane("test", counter)
        [waiting] = submit(lane, "a")
        await started(counter, 1)
        [worker] = lane._workers
        worker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(waiting), 5)
        counter.let()
        assert await lane.submit("b") == "b!"
        await lane.close()


class TestALane:
    async def test_that_is_too_long_refuses_at_once(self, lane, counter):
        first = submit(lane, "first")
        await started(counter, 1)
        waiting = submit(lane, *range(lanes.MAX_WAITING))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded) as refused:
            await lane.submit("one too many")
        assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
        counter.let(1 + lanes.MAX_WAITING // lanes.MAX_BATCH)
        await asyncio.gather(*first, *waiting)
        counter.let()
        assert await lane.submit("later") == "later!"

    async def test_that_closes_finishes_what_is_in_line_and_refuses_the_rest(self, lane, counter):
        submitted = submit(lane, "a", "b")
        await started(counter, 1)
        submitted += submit(lane, "c")
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(lane.close())
        await asyncio.sleep(0)
        with pytest.raises(Overloaded):
            await lane.submit("d")
        assert not closing.done()
        counter.let(2)
        await closing
        assert [each.result() for each in submitted] == ["a!", "b!", "c!"]
        await lane.close()

    async def test_may_have_several_lines(self, counter):
        lane = Lane("test", counter, lines=2)
        submitted = submit(lane, "a")
        await started(counter, 1)
        submitted += submit(lane, "b")
        await started(counter, 2)
        submitted += submit(lane, "c", "d")
        await asyncio.sleep(0)
        assert counter.batches == [["a"], ["b"]]
        counter.let(3)
        assert await asyncio.gather(*submitted) == ["a!", "b!", "c!", "d!"]
        assert counter.batches == [["a"], ["b"], ["c", "d"]]
        await lane.close()

    async def test_answers_everybody_in_a_crowd(self):
        busy = 0

        async def run(orders):
            nonlocal busy
            busy += 1
            assert busy == 1
            await asyncio.sleep(0)
            busy -= 1
            return [order * 2 for order in orders]

        lane = Lane("test", run)

        async def caller(place):
            return [await lane.submit(place * 100 + turn) for turn in range(20)]

        answers = await asyncio.wait_for(asyncio.gather(*(caller(place) for place in range(50))), 20)
        assert answers == [[(place * 100 + turn) * 2 for turn in range(20)] for place in range(50)]
        await lane.close()
