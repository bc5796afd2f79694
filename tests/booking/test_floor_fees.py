"""When a kept card has to stand for a table, and when its fee is due."""

from dataclasses import replace
from datetime import timedelta

import pytest
from builders import AT_PROPERTY, caller, opened, run_sql, with_tables
from restaurant_builder import open_room
from trip_builder import GUARANTEE

from holdfast.booking.api import (
    FeeReason,
    FeeState,
    GuaranteeRequired,
    PaymentTerms,
    RuleViolation,
)
from holdfast.booking.service.charging import is_late
from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound
from holdfast.verticals.cancellation import POLICIES

CARD = "method_1"
GUARANTEED = replace(AT_PROPERTY, guarantee_method_id=CARD)
FOR_TWO = 5_000


@pytest.fixture
async def room(house):
    """A restaurant that wants a card, a month before; canceling is free until a day before."""
    return await open_room(house, securities=(GUARANTEE,))


async def confirm(room, hold, guest, *, payment=GUARANTEED, key=""):
    return await room.house.bookings.confirm(
        caller=caller(guest, key, route="POST /v1/bookings"),
        hold_id=hold.id,
        hold_token=hold.token,
        payment=payment,
    )


async def booked(room, guest, *items):
    return (await confirm(room, await room.house.hold(guest, *(items or (room.table(),))), guest)).value


async def read(room, booking):
    return await room.house.bookings.get_booking(
        principal=Principal(booking.account_id, "guest"), number=booking.number
    )


async def fees(room, booking):
    return [(fee.turn, fee.why, fee.amount_minor, fee.state) for fee in (await read(room, booking)).fees]


async def due(room, booking):
    return [says for kind, says in await room.house.told() if kind == "FeeDue" and says["number"] == booking.number]


class TestATableThatWantsACard:
    async def test_is_not_confirmed_without_one(self, room, guest):
        hold = await room.house.hold(guest, room.table())
        with pytest.raises(GuaranteeRequired) as refusal:
            await confirm(room, hold, guest, payment=AT_PROPERTY, key="k")
        assert refusal.value.extra == {"amount": FOR_TWO, "currency": "USD"}
        # Whoever keeps a card meanwhile may use the same key.
        assert (await confirm(room, hold, guest, key="k")).value.guaranteed

    async def test_is_not_confirmed_by_a_payment_alone(self, room, guest):
        home = await room.house.home()
        hold = await room.house.hold(guest, room.house.stay(home), room.table())
        paid = PaymentTerms(method="card", status="pending", payment_id="pay_1")
        with pytest.raises(GuaranteeRequired):
            await room.house.bookings.confirm_paid(hold_id=hold.id, payment=paid)
        room.house.wait(hours=1)
        with pytest.raises(RuleViolation):
            await room.house.bookings.book_late(hold_id=hold.id, payment=paid)

    async def test_owes_nothing_when_it_is_booked(self, room, guest):
        booking = await booked(room, guest)
        assert (booking.price.total_minor, await fees(room, booking)) == (0, [])


class TestCanceling:
    async def test_in_time_costs_nothing(self, room, guest):
        booking = await booked(room, guest)
        quote = await room.house.offer(booking)
        assert (quote.fee_minor, quote.refund.total_minor) == (0, 0)
        await room.house.accept_offer(quote, booking)
        assert (await fees(room, booking), await due(room, booking)) == ([], [])

    @pytest.mark.parametrize(("seconds", "fee"), [(-5, 0), (5, FOR_TWO)])
    async def test_costs_the_fee_from_the_deadline_on(self, room, guest, seconds, fee):
        booking = await booked(room, guest)
        until = booking.items[0].free_until
        room.house.clock.advance(until - room.house.clock.now() + timedelta(seconds=seconds))
        assert (await room.house.offer(booking)).fee_minor == fee

    async def test_late_owes_what_its_quote_has_shown(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("12:00")
        quote = await room.house.offer(booking)
        assert quote.fees == ((0, FOR_TWO),)
        canceled = (await room.house.accept_offer(quote, booking)).value
        assert canceled.refund_minor == 0
        assert await fees(room, booking) == [(1, FeeReason.LATE_CANCELLATION, FOR_TWO, FeeState.DUE)]
        [told] = await due(room, booking)
        assert (told["turn"], told["method_id"], told["amount_minor"], told["account_id"]) == (1, CARD, FOR_TWO, guest)
        assert canceled.fees == (await read(room, booking)).fees

    async def test_costs_what_its_quote_says_although_the_deadline_has_passed(self, room, guest):
        booking = await booked(room, guest)
        until = booking.items[0].free_until
        room.house.clock.advance(until - room.house.clock.now() - timedelta(minutes=5))
        quote = await room.house.offer(booking)
        room.house.wait(minutes=10)
        await room.house.accept_offer(quote, booking)
        assert await fees(room, booking) == []

    async def test_without_a_quote_owes_what_it_costs_now(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("12:00")
        await room.house.cancel(booking)
        assert [fee[2] for fee in await fees(room, booking)] == [FOR_TWO]

    async def test_twice_under_one_key_owes_once(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("12:00")
        first = await room.house.cancel(booking, key="once")
        again = await room.house.cancel(booking, key="once")
        assert again.replayed
        assert again.value == first.value
        assert len(await fees(room, booking)) == 1

    async def test_by_the_owner_costs_nothing(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("12:00")
        assert (await room.house.offer(booking, principal=room.owner)).fee_minor == 0
        await room.house.cancel(booking, room.owner)
        assert await fees(room, booking) == []

    async def test_within_the_grace_after_booking_costs_nothing(self, room, guest):
        booking = await booked(room, guest)
        table = replace(booking.items[0], policy=replace(POLICIES["firm"], grace_hours=24, grace_days_before=0))
        at = table.free_until + timedelta(hours=2)
        assert not is_late(table, booked_at=at - timedelta(hours=1), now=at)
        assert is_late(table, booked_at=at - timedelta(hours=25), now=at)
        assert is_late(replace(table, free_until=None), booked_at=at - timedelta(hours=1), now=at)
        assert not is_late(replace(table, guarantee_minor=0), booked_at=at - timedelta(hours=25), now=at)

    async def test_a_part_owes_for_that_part(self, room, guest):
        booking = await booked(room, guest, room.table(2, "18:00"), room.table(3, "20:15"))
        room.turn_to("12:00")
        await room.house.accept_offer(await room.house.offer(booking, 0), booking)
        await room.house.accept_offer(await room.house.offer(booking), booking)
        assert [(turn, minor) for turn, _, minor, _ in await fees(room, booking)] == [(1, 5_000), (2, 7_500)]


class TestChanging:
    async def test_late_lets_nobody_off(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("12:00")
        moved = await room.house.changed(booking, room.table(2, "19:00", 20))
        assert (moved.items[0].free_until, moved.items[0].guarantee_minor) == (None, FOR_TWO)
        assert (await room.house.offer(moved)).fee_minor == FOR_TWO

    async def test_in_time_gives_the_deadline_of_the_new_time(self, room, guest):
        booking = await booked(room, guest)
        moved = await room.house.changed(booking, room.table(2, "19:00", 20))
        assert moved.items[0].free_until == booking.items[0].free_until + timedelta(days=20)
        room.turn_to("12:00")
        assert (await room.house.offer(moved)).fee_minor == 0

    async def test_to_a_party_that_wants_a_card_needs_one(self, house, guest):
        room = await open_room(house, securities=(replace(GUARANTEE, party_min=4),))
        booking = await room.booked(guest=guest)
        change = await house.change(booking, room.table(4))
        with pytest.raises(GuaranteeRequired):
            await house.confirm_change(change, booking)
        changed = await house.bookings.confirm_change(
            caller=caller(guest, route="POST /changes/confirm"),
            principal=Principal(guest, "guest"),
            number=booking.number,
            change_id=change.id,
            payment=GUARANTEED,
        )
        assert changed.value.items[0].guarantee_minor == 10_000
        room.turn_to("20:00")
        await room.move(booking, "no_show")
        assert [fee[2] for fee in await fees(room, booking)] == [10_000]


class TestNotComing:
    async def test_owes_the_fee(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("19:20")
        await room.move(booking, "no_show", key="once")
        await room.move(booking, "no_show", key="once")
        await room.move(booking, "no_show")
        assert await fees(room, booking) == [(1, FeeReason.NO_SHOW, FOR_TWO, FeeState.DUE)]
        assert len(await due(room, booking)) == 1

    async def test_owes_nothing_where_no_card_stands_for_it(self, house, guest):
        room = await open_room(house)
        booking = await room.booked(guest=guest)
        room.turn_to("19:20")
        await room.move(booking, "no_show")
        assert (await fees(room, booking), await due(room, booking)) == ([], [])

    async def test_is_not_what_somebody_did_who_came(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("19:20")
        await room.move(booking, "seated")
        await room.move(booking, "done")
        assert await fees(room, booking) == []


class TestAFee:
    async def owed(self, room, guest):
        booking = await booked(room, guest)
        room.turn_to("19:20")
        await room.move(booking, "no_show")
        return booking

    async def test_is_noted_once(self, room, guest):
        booking = await self.owed(room, guest)
        door = room.house.bookings.fees
        which = {"number": booking.number, "turn": 1}
        charged = await door.record(**which, state=FeeState.CHARGED, payment_id="pay_1")
        assert (charged.state, charged.payment_id) == (FeeState.CHARGED, "pay_1")
        assert await door.record(**which, state=FeeState.DENIED, denial="card_declined") == charged
        assert await door.get(**which) == charged

    async def test_that_does_not_exist_is_not_found(self, room, guest):
        booking = await self.owed(room, guest)
        with pytest.raises(NotFound):
            await room.house.bookings.fees.get(number=booking.number, turn=2)

    async def test_waits_among_those_that_are_due(self, room, guest):
        booking = await self.owed(room, guest)
        door = room.house.bookings.fees
        numbers = [fee.number for fee in await door.due(older_than_s=-1, limit=1000)]
        assert booking.number in numbers
        assert await door.due(older_than_s=3600, limit=1000) == [] or booking.number not in [
            fee.number for fee in await door.due(older_than_s=3600, limit=1000)
        ]
        await door.record(number=booking.number, turn=1, state=FeeState.DENIED, denial="card_declined")
        assert booking.number not in [fee.number for fee in await door.due(older_than_s=-1, limit=1000)]

    async def test_is_on_the_booking_wherever_that_is_read(self, room, guest):
        booking = await self.owed(room, guest)
        [mine] = await room.house.bookings.bookings_of(account_id=guest, before=None, limit=5)
        [theirs] = await room.house.bookings.bookings_of_owner(owner_id=room.owner.account_id, before=None, limit=5)
        assert mine.fees == theirs.fees == (await read(room, booking)).fees
        assert len(mine.fees) == 1

    @pytest.mark.parametrize(
        "change",
        ["amount_minor = 0", "state = 'charged'", "state = 'denied', ended_at = at", "turn = 0"],
    )
    async def test_makes_sense_in_the_database(self, room, guest, migrated, change):
        booking = await self.owed(room, guest)
        with pytest.raises(Exception, match="booking_fee_"):
            run_sql(
                migrated,
                f"UPDATE booking_fee SET {change} WHERE number = {booking.number}",  # noqa: S608 - made here
            )

    async def test_is_never_due_again(self, room, guest, migrated):
        booking = await self.owed(room, guest)
        await room.house.bookings.fees.record(number=booking.number, turn=1, state=FeeState.CHARGED, payment_id="pay_1")
        again = "UPDATE booking_fee SET state = 'due', ended_at = NULL WHERE number = "
        with pytest.raises(Exception, match="booking_fee_state_moves"):
            run_sql(migrated, f"{again}{booking.number}")


class TestTheRecount:
    async def test_finds_fees_that_are_not_what_was_told(self, fresh_url, guest):
        url = await with_tables(fresh_url)
        async with opened(url) as house:
            room = await open_room(house, securities=(GUARANTEE,))
            less, other = [await booked(room, guest, room.table(2, at)) for at in ("18:00", "20:15")]
            room.turn_to("12:00")
            await house.cancel(less)
            await house.cancel(other)
            await house.assert_sound()
            run_sql(
                url,
                f"UPDATE booking_fee SET amount_minor = 1 WHERE number = {less.number}",  # noqa: S608 - made here
                f"UPDATE booking_fee SET method_id = 'method_2' WHERE number = {other.number}",  # noqa: S608 - made here
            )
            found = {(breach.rule, breach.subject) for breach in (await house.bookings.verify()).breaches}
            assert found == {("fee_amount", f"{less.number}"), ("fee_method", f"{other.number}/1")}
