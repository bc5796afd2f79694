"""What the database itself refuses, whatever the code above it believes: states, the ledger, every CHECK, every key."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations, product
from types import SimpleNamespace

import pytest
from builders import AT_PROPERTY, caller, new_account, opened
from restaurant_builder import open_room
from sqlalchemy import delete, update
from trip_builder import GUARANTEE

from holdfast.booking import models
from holdfast.booking.api import BookingState, HoldState, NoteGiven, VisitState
from holdfast.booking.rules import BOOKING_MOVES, MOVES, VISIT_MOVES, may_move
from holdfast.catalog.api import DINING_POLICIES
from holdfast.kit.db.errors import (
    CheckViolation,
    ForeignKeyViolation,
    GuardViolation,
    NotNullViolation,
    UniqueViolation,
)
from holdfast.kit.db.statements import adding, statement

_TRIED_ELSEWHERE = ("booking_activity", "booking_trip")
"""By kit for every module; by `test_trip_guards`."""


class _TakenBack(Exception):
    """The write was allowed; it is undone, so that the next example finds what it expects."""


async def attempt(house, call):
    """Run a write and undo it; returns without an error only if the database would have allowed it."""

    async def work(tx):
        await tx.run(call)
        raise _TakenBack

    with pytest.raises(_TakenBack):
        await house.db.write(work)


def changed(table, row, **values):
    """An UPDATE of one row."""
    key = next(iter(table.primary_key.columns))
    return statement(update(table).where(key == getattr(row, key.name)).values(values))()


def copied(table, row, **values):
    """An INSERT of a row like another."""
    return adding(table)(**{**row._asdict(), **values})


async def a_table(house, guest):
    """A table with a diet noted, for which a card stands that canceling is charged to, whenever it is."""
    room = await open_room(house, securities=(GUARANTEE,), policy=DINING_POLICIES["non_refundable"])
    hold = await house.hold(guest, room.table())
    confirmed = await house.bookings.confirm(
        caller=caller(guest, route="POST /v1/bookings"),
        hold_id=hold.id,
        hold_token=hold.token,
        payment=replace(AT_PROPERTY, guarantee_method_id="method_1"),
        notes=[NoteGiven(item=0, dietary="no nuts", dietary_consent=True)],
    )
    return confirmed.value


@pytest.fixture(scope="module")
async def sold(migrated):
    """One of everything: holds in every state, a block, bookings, their ledger and cells. No example changes it."""
    async with opened(migrated) as house:
        home, guest = await house.home(units=9), new_account()
        expired = await house.hold(guest, house.stay(home))
        house.wait(minutes=10)
        await house.bookings.expire_holds()
        held, released = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        booking = await house.booked(guest, house.stay(home))
        cancelled = (await house.cancel(await house.booked(guest, house.stay(home)))).value
        direct = (await house.book(guest, house.stay(home))).value
        block = await house.block(home)
        shy = await house.home(instant=False, units=9)
        requested = await house.booked(guest, house.stay(shy))
        declined = await house.booked(guest, house.stay(shy))
        await house.bookings.decide(
            caller=caller(house.owner.account_id), owner=house.owner, number=declined.number, accept=False
        )
        roomy = await house.home(units=9)
        amended = await house.changed(await house.booked(guest, house.stay(roomy)), house.stay(roomy, 3))
        placed, offered = await house.change(amended, house.stay(roomy, 5)), await house.offer(amended)
        table, left = await a_table(house, guest), await a_table(house, guest)
        await house.cancel(left)

        async def row(table, **where):
            [found] = await house.rows(table, **where)
            return found

        rows = SimpleNamespace(
            states={
                HoldState.EXPIRED: await row(models.hold, id=expired.id),
                HoldState.HELD: await row(models.hold, id=held.id),
                HoldState.RELEASED: await row(models.hold, id=released.id),
                HoldState.CONFIRMED: await row(models.hold, id=booking.hold_id),
            },
            direct=await row(models.hold, id=direct.hold_id),
            block=await row(models.hold, id=block),
            booking=await row(models.booking, number=booking.number),
            cancelled=await row(models.booking, number=cancelled.number),
            requested=await row(models.booking, number=requested.number),
            declined=await row(models.booking, number=declined.number),
            owner=await row(models.owner, number=booking.number),
            quote=await row(models.quote, id=held.quote_id),
            claim=await row(models.claim, hold_id=held.id),
            cell=await row(models.cell, resource_id=f"stay:{home}"),
            resource=await row(models.resource, property_id=home),
            quota=await row(models.quota, account_id=guest),
            offered=await row(models.cancellation, id=offered.id),
            placed=await row(models.change, id=placed.id),
            revision=await row(models.revision, number=amended.number),
            visit=await row(models.visit, number=table.number),
            note=await row(models.note, number=table.number),
            fee=await row(models.fee, number=left.number),
        )
        yield house, rows
        await house.assert_sound()


class TestTheStateOfAHold:
    async def test_moves_only_as_the_state_machine_says(self, sold):
        house, rows = sold
        allowed = set()
        for old, new in permutations(HoldState, 2):
            call = changed(models.hold, rows.states[old], state=new)
            if may_move(old, new):
                await attempt(house, call)
                allowed.add((old, new))
            else:
                with pytest.raises(GuardViolation) as refused:
                    await attempt(house, call)
                assert refused.value.constraint == "booking_hold_state_moves"
        assert allowed == {(old, new) for old in MOVES for new in MOVES[old]}

    async def test_may_stay_as_it_is(self, sold):
        house, rows = sold
        for state, row in rows.states.items():
            await attempt(house, changed(models.hold, row, state=state))


class TestTheStateOfABooking:
    async def test_moves_only_as_the_state_machine_says(self, sold):
        house, rows = sold
        of = {
            BookingState.REQUESTED: rows.requested,
            BookingState.CONFIRMED: rows.booking,
            BookingState.CANCELLED: rows.cancelled,
            BookingState.DECLINED: rows.declined,
        }
        for old, new in permutations(BookingState, 2):
            at = of[old].created_at
            cancelled = new is BookingState.CANCELLED
            call = changed(
                models.booking,
                of[old],
                state=new,
                cancelled_at=at if cancelled else None,
                refund_minor=0 if cancelled else None,
                decide_by=at,
                decided_at=None if new is BookingState.REQUESTED else at,
            )
            if new in BOOKING_MOVES[old]:
                await attempt(house, call)
            else:
                with pytest.raises(GuardViolation) as refused:
                    await attempt(house, call)
                assert refused.value.constraint == "booking_booking_state_moves"


class TestTheLedger:
    @pytest.mark.parametrize("values", [{"quantity": 2}, {"digest": "x"}, {"first_slot": 0}])
    async def test_is_never_changed(self, sold, values):
        house, rows = sold
        with pytest.raises(GuardViolation) as refused:
            await attempt(house, changed(models.claim, rows.claim, **values))
        assert refused.value.constraint == "booking_claim_no_update"

    async def test_is_never_shortened(self, sold):
        house, rows = sold
        for call in (
            statement(delete(models.claim).where(models.claim.c.seq == rows.claim.seq))(),
            statement(delete(models.claim))(),
        ):
            with pytest.raises(GuardViolation) as refused:
                await attempt(house, call)
            assert refused.value.constraint == "booking_claim_no_delete"


class TestWhatHappensAfterTheSale:
    async def test_is_used_and_confirmed_once(self, sold):
        house, rows = sold
        for table, row, new, at in (
            (models.cancellation, rows.offered, "used", "used_at"),
            (models.change, rows.placed, "confirmed", "confirmed_at"),
        ):
            await attempt(house, changed(table, row, state=new, **{at: row.created_at}))

            async def twice(tx, table=table, row=row, new=new, at=at):
                await tx.run(changed(table, row, state=new, **{at: row.created_at}))
                await tx.run(changed(table, row, state="open", **{at: None}))

            with pytest.raises(GuardViolation) as refused:
                await house.db.write(twice)
            assert refused.value.constraint == f"{table.name}_state_moves"

    async def test_leaves_what_was_before_as_it_was(self, sold):
        house, rows = sold
        table = models.revision
        mine = table.c.number == rows.revision.number
        for call, verb in (
            (statement(update(table).where(mine).values(total_minor=1))(), "update"),
            (statement(delete(table).where(mine))(), "delete"),
        ):
            with pytest.raises(GuardViolation) as refused:
                await attempt(house, call)
            assert refused.value.constraint == f"booking_revision_no_{verb}"


ENDLESS = timedelta(days=1000)
CHECKS = {
    "cell": (
        ("booking_cell_taken_fits_ck", {"taken": -1}),
        ("booking_cell_taken_fits_ck", {"taken": 10}),
        ("booking_cell_taken_fits_ck", {"capacity": 0}),
    ),
    "resource": (
        ("booking_resource_capacity_whole_ck", {"id": "stay:0:x", "unit": "x", "capacity": -1}),
        ("booking_resource_stay_of_property_ck", {"id": "table:1:t:x", "unit": "x"}),
        ("booking_resource_stay_of_property_ck", {"id": "stay:0:x", "property_id": None, "unit": None}),
        ("booking_resource_unit_of_property_ck", {"id": "table:1:t:x", "property_id": None, "unit": "x"}),
    ),
    "quote": (
        ("booking_quote_lives_ck", lambda row: {"id": "quote_x", "expires_at": row.created_at}),
        ("booking_quote_total_whole_ck", {"id": "quote_x", "total_minor": -1}),
    ),
    "held": (
        ("booking_hold_state_known_ck", {"state": "lost"}),
        ("booking_hold_guest_quoted_ck", {"quote_id": None}),
        ("booking_hold_guest_clocked_ck", {"expires_at": None}),
        ("booking_hold_bounded_ck", lambda row: {"expires_at": row.extendable_until + ENDLESS}),
        ("booking_hold_late_direct_ck", lambda row: {"late_of": row.id}),
        ("booking_hold_payable_whole_ck", {"payable_minor": -1}),
    ),
    "direct": (
        ("booking_hold_kind_known_ck", {"kind": "thief"}),
        ("booking_hold_sale_priced_ck", {"digest": None}),
        ("booking_hold_guest_clocked_ck", lambda row: {"expires_at": row.created_at + ENDLESS}),
        ("booking_hold_only_guest_expires_ck", {"state": "expired"}),
        ("booking_hold_guest_requests_ck", {"request_number": 7}),
        ("booking_hold_guest_quoted_ck", {"change_id": "change_x"}),
    ),
    "block": (
        ("booking_hold_sale_priced_ck", {"digest": "x"}),
        ("booking_hold_only_guest_expires_ck", {"state": "expired"}),
    ),
    "claim": (
        ("booking_claim_signed_ck", {"quantity": 0}),
        ("booking_claim_signed_ck", {"quantity": -1}),
        ("booking_claim_signed_ck", {"reason": "released"}),
        ("booking_claim_reason_known_ck", {"reason": "stolen", "quantity": -1}),
        ("booking_claim_span_whole_ck", lambda row: {"end_slot": row.first_slot}),
    ),
    "booking": (
        ("booking_booking_state_known_ck", {"state": "lost"}),
        ("booking_booking_cancelled_whole_ck", {"state": "cancelled"}),
        ("booking_booking_cancelled_whole_ck", lambda row: {"cancelled_at": row.created_at}),
        ("booking_booking_cancelled_whole_ck", {"refund_minor": 0}),
        ("booking_booking_total_whole_ck", {"total_minor": -1}),
        ("booking_booking_confirmed_by_known_ck", {"confirmed_by": "nobody"}),
        ("booking_booking_decided_asked_ck", lambda row: {"decided_at": row.created_at}),
    ),
    "requested": (
        ("booking_booking_request_open_ck", {"decide_by": None}),
        ("booking_booking_request_open_ck", lambda row: {"decided_at": row.created_at}),
    ),
    "declined": (("booking_booking_declined_decided_ck", {"decided_at": None}),),
    "cancelled": (
        ("booking_booking_refund_bounded_ck", {"refund_minor": -1}),
        ("booking_booking_refund_bounded_ck", lambda row: {"refund_minor": row.total_minor + 1}),
        ("booking_booking_cancelled_whole_ck", {"refund_minor": None}),
    ),
    "offered": (
        ("booking_cancellation_state_known_ck", {"state": "lost"}),
        ("booking_cancellation_lives_ck", lambda row: {"expires_at": row.created_at}),
        ("booking_cancellation_used_whole_ck", {"state": "used"}),
        ("booking_cancellation_used_in_time_ck", lambda row: {"state": "used", "used_at": row.expires_at}),
        ("booking_cancellation_refund_bounded_ck", {"refund_minor": -1}),
        ("booking_cancellation_refund_bounded_ck", lambda row: {"refund_minor": row.total_minor + 1}),
        ("booking_cancellation_rest_priced_ck", {"digest_after": "x"}),
    ),
    "placed": (
        ("booking_change_state_known_ck", {"state": "lost"}),
        ("booking_change_confirmed_whole_ck", {"state": "confirmed"}),
        ("booking_change_total_whole_ck", {"total_minor": -1}),
        ("booking_change_refund_is_difference_ck", {"refund_minor": 1}),
        ("booking_change_refund_is_difference_ck", {"difference_minor": -1}),
        ("booking_change_paid_confirmed_ck", {"payment_id": "payment_x"}),
    ),
    "revision": (
        ("booking_revision_why_known_ck", {"why": "lost", "change_id": None}),
        ("booking_revision_counted_ck", {"revision": 0}),
        ("booking_revision_caused_ck", {"change_id": None}),
    ),
    "visit": (
        ("booking_visit_source_known_ck", {"source": "lost"}),
        ("booking_visit_state_known_ck", {"state": "lost"}),
        ("booking_visit_item_whole_ck", {"item": -1}),
        ("booking_visit_walked_in_ck", {"source": "walk_in"}),
    ),
    "note": (
        ("booking_note_occasion_known_ck", {"occasion": "lost"}),
        ("booking_note_item_whole_ck", {"item": -1}),
        ("booking_note_dietary_consented_ck", {"consent_version": None}),
        ("booking_note_dietary_consented_ck", {"dietary_consented_at": None}),
        ("booking_note_dietary_consented_ck", {"dietary": None, "notes": "x"}),
        ("booking_note_says_something_ck", {"dietary": None, "dietary_consented_at": None, "consent_version": None}),
    ),
    "fee": (
        ("booking_fee_why_known_ck", {"why": "lost"}),
        ("booking_fee_state_known_ck", lambda row: {"state": "lost", "ended_at": row.at}),
        ("booking_fee_counted_ck", {"turn": 0}),
        ("booking_fee_amount_whole_ck", {"amount_minor": 0}),
        ("booking_fee_ended_whole_ck", lambda row: {"ended_at": row.at}),
        ("booking_fee_charged_by_ck", lambda row: {"state": "charged", "ended_at": row.at}),
        ("booking_fee_denied_why_ck", {"denial": "card_declined"}),
    ),
    "quota": (
        ("booking_quota_live_fits_ck", {"live": -1}),
        ("booking_quota_live_fits_ck", {"live": 11}),
    ),
}


def place_of(name, rows):
    """The table a name stands for, an example row in it, and what a copy must have of its own."""
    if name in {"held", "direct", "block"}:
        row = rows.states[HoldState.HELD] if name == "held" else getattr(rows, name)
        return models.hold, row, {"id": "hold_x"}
    if name in {"booking", "cancelled", "requested", "declined"}:
        fresh = {"number": 7, "reference": "X", "hold_id": rows.states[HoldState.RELEASED].id}
        return models.booking, getattr(rows, name), fresh
    after_sale = {
        "offered": (models.cancellation, {"id": "offered_x", "turn": 99}),
        "placed": (models.change, {"id": "placed_x", "hold_id": rows.states[HoldState.RELEASED].id}),
        "revision": (models.revision, {"revision": 2, "change_id": rows.placed.id}),
    }
    if name in after_sale:
        table, fresh = after_sale[name]
        return table, getattr(rows, name), fresh
    own = {
        "claim": {"seq": 2**50},
        "cell": {"slot": 1},
        "quota": {"account_id": 2**50},
        "resource": {"id": "stay:0:x"},
        "visit": {"item": 7},
        "note": {"item": 7},
        "fee": {"turn": 7},
    }
    return getattr(models, name), getattr(rows, name), own.get(name, {"id": f"{name}_x"})


class TestTheStateOfAVisit:
    async def test_moves_only_as_the_state_machine_says(self, sold):
        house, rows = sold
        for old, new in permutations(VisitState, 2):

            async def work(tx, old=old, new=new):
                await tx.run(copied(models.visit, rows.visit, item=7, state=old))
                await tx.run(statement(update(models.visit).where(models.visit.c.item == 7).values(state=new))())
                raise _TakenBack

            with pytest.raises(_TakenBack if new in VISIT_MOVES[old] else GuardViolation):
                await house.db.write(work)


class TestTheStateOfAFee:
    async def test_is_due_only_once(self, sold):
        house, rows = sold
        ended = {
            "charged": {"state": "charged", "payment_id": "pay_1", "ended_at": rows.fee.at},
            "denied": {"state": "denied", "denial": "card_declined", "ended_at": rows.fee.at},
        }
        due = {"state": "due", "ended_at": None, "denial": None}
        of_it = models.fee.c.turn == 7
        for old, new in permutations((*ended, "due"), 2):

            async def work(tx, old=old, new=new):
                await tx.run(copied(models.fee, rows.fee, turn=7, **ended.get(old, due)))
                await tx.run(statement(update(models.fee).where(of_it).values({**due, **ended.get(new, {})}))())
                raise _TakenBack

            with pytest.raises(_TakenBack if old == "due" else GuardViolation):
                await house.db.write(work)


class TestACheck:
    @pytest.mark.parametrize(
        ("name", "constraint", "wrong"),
        [(name, *each) for name, checks in CHECKS.items() for each in checks],
        ids=lambda each: each if isinstance(each, str) else "",
    )
    async def test_refuses_what_cannot_be(self, sold, name, constraint, wrong):
        house, rows = sold
        table, row, fresh = place_of(name, rows)
        values = wrong(row) if callable(wrong) else wrong
        with pytest.raises(CheckViolation) as refused:
            await attempt(house, copied(table, row, **{**fresh, **values}))
        assert refused.value.constraint == constraint

    async def test_lets_what_is_right_pass(self, sold):
        """So the refusals above are for the one thing that is wrong."""
        house, rows = sold
        for name in CHECKS:
            table, row, fresh = place_of(name, rows)
            if name == "resource":
                fresh |= {"unit": "x"}
            await attempt(house, copied(table, row, **fresh))

    def test_is_tried_for_every_check_of_the_tables(self):
        tried = {constraint for checks in CHECKS.values() for constraint, _ in checks}
        written = {
            str(constraint.name)
            for table in models.tables.tables.values()
            if not table.name.startswith(_TRIED_ELSEWHERE)
            for constraint in table.constraints
            if type(constraint).__name__ == "CheckConstraint"
        }
        assert {name for name in written if name.endswith("_ck")} == tried == written


class TestAKey:
    async def test_of_another_table_has_to_exist(self, sold):
        house, rows = sold
        for table, row, values in (
            (models.cell, rows.cell, {"slot": 1, "resource_id": "stay:nowhere"}),
            (models.hold, rows.states[HoldState.HELD], {"id": "hold_x", "quote_id": "quote_nothing"}),
            (models.claim, rows.claim, {"seq": 2**50, "hold_id": "hold_nothing"}),
            (models.claim, rows.claim, {"seq": 2**50, "resource_id": "stay:nowhere"}),
            (models.booking, rows.booking, {"number": 7, "reference": "X", "hold_id": "hold_nothing"}),
            (models.hold, rows.direct, {"id": "hold_x", "late_of": "hold_nothing"}),
            (models.owner, rows.owner, {"number": 7}),
            (models.cancellation, rows.offered, {"id": "x", "number": 7}),
            (models.change, rows.placed, {"id": "x", "hold_id": "hold_nothing"}),
            (models.revision, rows.revision, {"revision": 2, "change_id": "change_nothing"}),
            (models.visit, rows.visit, {"number": 7}),
            (models.note, rows.note, {"number": 7}),
            (models.fee, rows.fee, {"number": 7}),
        ):
            with pytest.raises(ForeignKeyViolation):
                await attempt(house, copied(table, row, **values))

    async def test_that_is_referred_to_stays(self, sold):
        house, rows = sold
        for table, row in (
            (models.hold, rows.states[HoldState.HELD]),
            (models.quote, rows.quote),
            (models.resource, rows.resource),
        ):
            with pytest.raises(ForeignKeyViolation):
                await attempt(house, statement(delete(table).where(table.c.id == row.id))())

    async def test_is_there_once(self, sold):
        house, rows = sold
        free = rows.states[HoldState.RELEASED].id
        for table, row, values in (
            (models.booking, rows.booking, {"number": 7, "reference": "X"}),
            (models.booking, rows.booking, {"number": 7, "hold_id": free}),
            (models.booking, rows.booking, {"hold_id": free, "reference": "X"}),
            (models.hold, rows.block, {}),
            (models.cell, rows.cell, {}),
            (models.quota, rows.quota, {}),
            (models.resource, rows.resource, {}),
            (models.owner, rows.owner, {}),
            (models.cancellation, rows.offered, {"id": "x"}),
            (models.change, rows.placed, {"id": "x"}),
            (models.revision, rows.revision, {"change_id": rows.placed.id}),
            (models.revision, rows.revision, {"revision": 2}),
            (models.visit, rows.visit, {}),
            (models.note, rows.note, {}),
            (models.fee, rows.fee, {}),
        ):
            with pytest.raises(UniqueViolation):
                await attempt(house, copied(table, row, **values))

    @pytest.mark.parametrize(
        ("name", "column"),
        [
            *product(["held"], ["account_id", "state", "spans", "created_at"]),
            *product(["claim"], ["hold_id", "quantity", "reason", "at"]),
            *product(["booking"], ["hold_id", "price", "total_minor", "owner_id"]),
            *product(["cell"], ["taken", "capacity", "closed"]),
        ],
    )
    async def test_needs_its_values(self, sold, name, column):
        house, rows = sold
        table, row, fresh = place_of(name, rows)
        with pytest.raises(NotNullViolation):
            await attempt(house, copied(table, row, **{**fresh, column: None}))
