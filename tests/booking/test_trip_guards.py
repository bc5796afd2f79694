"""What the database itself refuses of trips over several stocks: every CHECK, every key."""

from datetime import timedelta

import pytest

from holdfast.booking import models
from holdfast.booking.api import ConfirmedBy
from holdfast.booking.rules import TripState
from holdfast.kit.db.errors import CheckViolation, ForeignKeyViolation, UniqueViolation
from holdfast.kit.db.statements import adding

TABLES = {"quote": models.trip_quote, "trip": models.trip, "cancellation": models.trip_cancellation}


class _TakenBack(Exception):
    """The writes were allowed; they are undone."""


def rows_at(now):
    """A booked trip with its quote and the quote of a cancellation that was done, all as they should be."""
    later = now + timedelta(minutes=10)
    quote = {"id": "quote_t", "account_id": 1, "parts": [], "created_at": now, "expires_at": later}
    clock = {"created_at": now, "touched_at": now, "expires_at": later, "extendable_until": later, "booked_at": now}
    trip = {
        **dict.fromkeys(models.trip.c.keys()),
        **clock,
        "id": "hold_t",
        "account_id": 1,
        "quote_id": "quote_t",
        "state": TripState.BOOKED,
        "parts": [],
        "late": False,
        "number": 7,
        "reference": "TRIP7",
        "confirmed_by": ConfirmedBy.GUEST,
    }
    cancellation = {
        "id": "cancel_t",
        "trip_id": "hold_t",
        "account_id": 1,
        "role": "guest",
        "parts": [],
        "created_at": now,
        "expires_at": later,
        "used_at": now,
        "done_at": now,
    }
    return {"quote": quote, "trip": trip, "cancellation": cancellation}


async def written(house, name=None, again=None, **wrong):
    """Write the three rows, one of them wrong, or a second one like it, and undo it all."""

    async def work(tx):
        rows = rows_at(await tx.now())
        if name is not None:
            rows[name] |= {column: value(rows[name]) if callable(value) else value for column, value in wrong.items()}
        for each, table in TABLES.items():
            await tx.run(adding(table)(**rows[each]))
        if again is not None:
            await tx.run(adding(TABLES["trip"])(**{**rows["trip"], "id": "hold_u", **again}))
        raise _TakenBack

    await house.db.write(work)


CHECKS = (
    ("booking_trip_quote_lives_ck", "quote", {"expires_at": lambda row: row["created_at"]}),
    ("booking_trip_state_known_ck", "trip", {"state": "lost", "booked_at": None}),
    ("booking_trip_confirmed_by_known_ck", "trip", {"confirmed_by": "nobody"}),
    ("booking_trip_named_whole_ck", "trip", {"reference": None}),
    ("booking_trip_clocked_whole_ck", "trip", {"extendable_until": None}),
    ("booking_trip_held_clocked_ck", "trip", {"expires_at": None, "extendable_until": None}),
    ("booking_trip_booked_named_ck", "trip", {"number": None, "reference": None}),
    ("booking_trip_booked_whole_ck", "trip", {"booked_at": None}),
    ("booking_trip_ended_why_ck", "trip", {"why": "expired"}),
    ("booking_trip_cancellation_lives_ck", "cancellation", {"expires_at": lambda row: row["created_at"]}),
    ("booking_trip_cancellation_done_used_ck", "cancellation", {"used_at": None}),
)


class TestACheckOfTrips:
    @pytest.mark.parametrize(("constraint", "name", "wrong"), CHECKS, ids=lambda each: str(each)[:40])
    async def test_refuses_what_cannot_be(self, house, constraint, name, wrong):
        with pytest.raises(CheckViolation) as refused:
            await written(house, name, **wrong)
        assert refused.value.constraint == constraint

    async def test_lets_what_is_right_pass(self, house):
        with pytest.raises(_TakenBack):
            await written(house)

    def test_is_tried_for_every_check_of_the_tables(self):
        made = {
            str(constraint.name)
            for table in TABLES.values()
            for constraint in table.constraints
            if type(constraint).__name__ == "CheckConstraint"
        }
        assert {constraint for constraint, _, _ in CHECKS} == made


class TestAKeyOfTrips:
    @pytest.mark.parametrize(
        ("name", "wrong"), [("trip", {"quote_id": "quote_none"}), ("cancellation", {"trip_id": "hold_none"})]
    )
    async def test_of_another_table_has_to_exist(self, house, name, wrong):
        with pytest.raises(ForeignKeyViolation):
            await written(house, name, **wrong)

    @pytest.mark.parametrize("other", [{"number": 8}, {"reference": "TRIP8"}], ids=["reference", "number"])
    async def test_is_nobody_elses(self, house, other):
        with pytest.raises(UniqueViolation):
            await written(house, again=other)
