"""The hotel's reservations, and the observer that judges the answers; a slice of them over HTTP on every engine."""

from collections import Counter
from datetime import date, timedelta

import pytest
from benchmarks.replay.hotel import ROOMS, Reservation, days, into_future, nights_of, read, refusals_one_by_one
from benchmarks.replay.run import HORIZON_DAYS, busiest, chapters, replay
from benchmarks.replay.watch import Watch

from holdfast.kit.clock import Clock
from support.effort import campaign, rounds
from support.servers import fresh_database

_ARRIVAL = date(2027, 6, 1)


@pytest.fixture(scope="module")
def reservations():
    return read()[0]


def stay(number, *, nights=2, arrival=_ARRIVAL, room_type="H", booked_on=date(2027, 1, 1), cancelled_on=None):
    return Reservation(
        number=number,
        booked_on=booked_on,
        arrival=arrival,
        nights=nights,
        guests=2,
        room_type=room_type,
        status="Canceled" if cancelled_on else "Check-Out",
        cancelled_on=cancelled_on,
    )


class TestTheFile:
    def test_counts_what_cannot_be_replayed(self):
        usable, skipped = read()
        assert len(usable) + skipped.total() == 40_060
        assert sorted(skipped.values()) == [10, 384]

    def test_keeps_weekdays_and_lengths_when_it_moves(self, reservations):
        moved = into_future(reservations, first_arrival=date(2030, 3, 3))
        assert min(each.arrival for each in moved) >= date(2030, 3, 3)
        for before, after in zip(reservations, moved, strict=True):
            assert before.arrival.weekday() == after.arrival.weekday()
            assert after.departure - after.arrival == before.departure - before.arrival
            assert after.arrival - after.booked_on == before.arrival - before.booked_on

    def test_never_cancels_before_it_books(self, reservations):
        booked = set()
        for day in days(reservations):
            for phase in (day.first, day.second):
                in_phase = {each.number for what, each in phase if what == "book"}
                for what, each in phase:
                    assert what == "book" or (each.number in booked and each.number not in in_phase)
                booked |= in_phase

    def test_has_the_rooms_for_all_who_came(self, reservations):
        came = Counter(cell for each in reservations if each.status == "Check-Out" for cell in nights_of(each))
        assert all(occupied <= ROOMS[cell[0]] for cell, occupied in came.items())

    def test_is_refused_something_by_a_clerk(self, reservations):
        assert len(refusals_one_by_one(reservations, ROOMS)) == 65


class TestChapters:
    def test_happen_within_the_horizon_of_their_clock(self, reservations):
        today = date(2027, 1, 1)
        moved = into_future(reservations, first_arrival=today + timedelta(days=2))
        told = list(chapters(moved, today))
        assert sum(len(day.first) + len(day.second) for _, happens in told for day in happens) == sum(
            2 if each.cancelled_on else 1 for each in moved
        )
        ahead, happens = told[-1]
        now = today + timedelta(days=ahead)
        for day in happens:
            for _, each in (*day.first, *day.second):
                assert now <= each.arrival <= now + timedelta(days=HORIZON_DAYS)


class TestTheObserver:
    def test_notices_a_room_sold_twice(self):
        watch = Watch({"H": 1})
        for number in (1, 2):
            watch.asks(stay(number))
            watch.got(stay(number))
        assert watch.oversold == nights_of(stay(2))

    def test_accepts_a_refusal_when_the_night_is_full(self):
        watch = Watch({"H": 1})
        watch.asks(stay(1))
        watch.got(stay(1))
        watch.asks(stay(2))
        assert watch.refused(stay(2), asked_at=1.0, now=2.0) == ("H", _ARRIVAL)

    def test_rejects_a_refusal_when_there_was_room(self):
        watch = Watch({"H": 2})
        watch.asks(stay(1))
        watch.got(stay(1))
        watch.asks(stay(2))
        assert watch.refused(stay(2), asked_at=1.0, now=2.0) is None

    def test_rejects_a_refusal_after_a_cancellation(self):
        watch = Watch({"H": 1})
        watch.asks(stay(1))
        watch.got(stay(1))
        watch.cancels(stay(1))
        watch.cancelled(stay(1), now=1.0)
        watch.asks(stay(2))
        assert watch.refused(stay(2), asked_at=2.0, now=3.0) is None

    def test_doubts_in_favor_of_requests_under_way(self):
        watch = Watch({"H": 1})
        watch.asks(stay(1))
        watch.asks(stay(2))
        watch.lost(stay(1), now=2.0)
        assert watch.refused(stay(2), asked_at=1.0, now=3.0) == ("H", _ARRIVAL)


class TestAReplay:
    @pytest.mark.timeout(1800)
    async def test_is_right_to_the_last_room(self, engine, reservations):
        size = rounds(150, thorough=len(reservations))
        first = Clock().today("UTC") + timedelta(days=2)
        moved = into_future(busiest(reservations, size), first_arrival=first)
        # A slice leaves most rooms empty; so the hotel is made as small as it takes to refuse many.
        rooms = ROOMS if campaign() else {room_type: max(1, units // 20) for room_type, units in ROOMS.items()}
        with fresh_database(engine) as url:
            outcome = await replay(url, moved, rooms=rooms)
        diary = outcome.diary
        assert diary.booked.total() + len(diary.sold_out) + diary.by_rule.total() == len(moved)
        assert diary.sold_out
        assert diary.cancelled
        assert outcome.verified.startswith("clean")
