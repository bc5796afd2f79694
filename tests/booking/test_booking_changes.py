"""Other dates and guests: nothing old is touched until the new is sure, and then all at once. On every engine."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import ZONE, caller, new_account, new_key, outcomes, processes

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    BookingState,
    CancellationTooLate,
    CapacityTaken,
    ChangeNotActive,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
    PaymentTerms,
    RuleViolation,
)
from holdfast.engine.price import sum_of
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Invalid, NotFound, PaymentRequired
from holdfast.kit.keyed import Keyed, KeyReused
from holdfast.verticals.cancellation import POLICIES
from support.effort import rounds
from support.principals import principal_of

ADMIN = principal_of(1, "admin")
CARD = PaymentTerms(method="card", status="pending", payment_id="payment_1")
MORE = PaymentTerms(method="card", status="pending", payment_id="payment_2")


def as_guest(account_id):
    return Principal(account_id, "guest")


def check_in_of(booking):
    return datetime.combine(booking.items[0].check_in, time(15), ZoneInfo(ZONE)).astimezone(UTC)


async def paid(house, guest, *items):
    hold = await house.hold(guest, *items)
    done = await house.bookings.confirm(
        caller=caller(guest, route="POST /v1/bookings"), hold_id=hold.id, hold_token=hold.token, payment=CARD
    )
    return done.value


async def seen(house, booking):
    return await house.bookings.get_booking(principal=as_guest(booking.account_id), number=booking.number)


class TestAChange:
    async def test_holds_only_the_nights_that_are_new(self, house, guest):
        home = await house.home(units=2)
        booking = await house.booked(guest, house.stay(home, 0, 3))
        change = await house.change(booking, house.stay(home, 1, 4))
        assert await house.taken(home, 0, 6) == [1, 1, 1, 1, 1, 0]
        assert await seen(house, booking) == booking
        [held] = await house.rows(models.hold, id=change.hold.id)
        first = house.slot_of(house.day(3))
        assert held.spans == [[f"stay:{home}", first, first + 2, 1, 0]]
        assert (change.hold.state, change.hold.change_id, change.number) == (
            HoldState.HELD,
            change.id,
            booking.number,
        )
        assert change.hold.expires_at - change.hold.created_at == timedelta(minutes=10)
        assert (change.price.total_minor, change.difference_minor, change.refund_minor) == (49_500, 11_000, 0)
        assert change.hold.payable_minor == 0  # the booking is paid at the property
        assert [item.check_in for item in change.items] == [house.day(1)]

    async def test_takes_the_place_of_the_old_all_at_once(self, house, guest):
        home = await house.home(units=2)
        booking = await house.booked(guest, house.stay(home, 0, 3))
        change = await house.change(booking, house.stay(home, 1, 4))
        done = (await house.confirm_change(change, booking)).value
        assert await house.taken(home, 0, 6) == [0, 1, 1, 1, 1, 0]
        assert (done.state, done.number, done.hold_id) == (BookingState.CONFIRMED, booking.number, booking.hold_id)
        assert (done.items, done.price) == (change.items, change.price)
        assert await seen(house, booking) == done
        [kept] = await house.rows(models.revision, number=booking.number)
        assert (kept.why, kept.change_id, kept.total_minor) == ("change", change.id, 38_500)
        assert (await house.rows(models.hold, id=change.hold.id))[0].state is HoldState.CONFIRMED
        told = [said for kind, said in await house.told() if kind == "BookingChanged"][-1]
        assert told == {
            "number": booking.number,
            "reference": booking.reference,
            "account_id": guest,
            "change_id": change.id,
            "difference_minor": 11_000,
            "refund_minor": 0,
            "currency": "USD",
            "payment_id": None,
            "change_payment_id": None,
        }
        assert (await house.bookings.change(change_id=change.id)).confirmed_at is not None

    async def test_of_guests_alone_holds_nothing_and_is_priced_anew(self, house, guest):
        home = await house.home(extra_guest_minor=2_000)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 0, 2, guests=4))
        assert (await house.rows(models.hold, id=change.hold.id))[0].spans == []
        assert change.difference_minor == 8_800  # two guests, two nights, and the tax
        done = (await house.confirm_change(change, booking)).value
        assert (done.items[0].guests, done.price.total_minor) == (4, 36_300)
        assert await house.taken(home, 0, 2) == [1, 1]

    async def test_to_fewer_nights_frees_what_is_not_needed(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 4))
        change = await house.change(booking, house.stay(home, 1, 2))
        assert (change.difference_minor, change.refund_minor, change.refund.total_minor) == (-22_000, 22_000, 22_000)
        assert sum(line.refund_minor for line in change.refund.lines) == 22_000
        assert await house.taken(home, 0, 4) == [1, 1, 1, 1]
        await house.confirm_change(change, booking)
        assert await house.taken(home, 0, 4) == [0, 1, 1, 0]

    async def test_far_away_moves_the_stay(self, house, guest, other):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        await house.changed(booking, house.stay(home, 20, 2))
        assert await house.taken(home, 0, 2) == [0, 0]
        assert await house.taken(home, 20, 2) == [1, 1]
        await house.booked(other, house.stay(home, 0, 2))

    async def test_again_and_again_keeps_every_former_state(self, house, guest):
        home = await house.home(preparation_nights=1)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        for ahead, nights in ((1, 2), (2, 3), (0, 1)):
            await house.changed(booking, house.stay(home, ahead, nights))
        assert await house.taken(home, 0, 7) == [1, 1, 0, 0, 0, 0, 0]
        kept = await house.rows(models.revision, number=booking.number)
        assert [row.revision for row in kept] == [1, 2, 3]
        assert [row.total_minor for row in kept] == [27_500, 27_500, 38_500]
        cancelled = (await house.cancel(booking)).value
        assert cancelled.refund_minor == cancelled.price.total_minor == 16_500
        assert await house.taken(home, 0, 7) == [0] * 7

    async def test_takes_the_price_of_today(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        [made] = await house.catalog.get_many(ids=[home])
        dearer = replace(made.draft, terms=replace(made.draft.terms, base_minor=20_000))
        await house.catalog.replace(owner=house.owner, property_id=home, draft=dearer, version=made.version)
        change = await house.change(booking, house.stay(home, 1, 2))
        assert change.difference_minor == 22_000
        kept = await house.change(booking, house.stay(home, 0, 2, guests=1))
        assert kept.price.total_minor == 49_500


class TestOneStayOfATrip:
    async def test_changes_and_the_other_is_as_it_was(self, house, guest):
        homes = [await house.home() for _ in range(2)]
        booking = await house.booked(guest, *[house.stay(home, 0, 2) for home in homes])
        done = await house.changed(booking, house.stay(homes[0], 0, 2), house.stay(homes[1], 1, 3))
        assert done.items[0] == booking.items[0]
        assert [line for line in done.price.lines if line.item == 0] == [
            line for line in booking.price.lines if line.item == 0
        ]
        assert [sum_of(line for line in done.price.lines if line.item == place) for place in (0, 1)] == [
            item.total_minor for item in done.items
        ]
        assert [await house.taken(home, 0, 4) for home in homes] == [[1, 1, 0, 0], [0, 1, 1, 1]]

    async def test_may_take_the_nights_the_other_leaves(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2), house.stay(home, 4, 2))
        done = await house.changed(booking, house.stay(home, 4, 2), house.stay(home, 8, 2))
        assert await house.taken(home, 0, 10) == [0, 0, 0, 0, 1, 1, 0, 0, 1, 1]
        assert [item.check_in for item in done.items] == [house.day(4), house.day(8)]

    async def test_may_not_meet_the_other(self, house, guest):
        home = await house.home(units=3)
        booking = await house.booked(guest, house.stay(home, 0, 2), house.stay(home, 4, 2))
        with pytest.raises(Invalid) as refusal:
            await house.change(booking, house.stay(home, 0, 2), house.stay(home, 1, 2))
        assert [(each.pointer, each.code) for each in refusal.value.errors] == [("/items/1", "duplicate_unit")]


class TestNamedUnits:
    async def test_stay_the_same_where_they_are_free(self, house, guest, other):
        home = await house.home(names=("A", "B", "C"))
        await house.booked(other, house.stay(home, 0, 2))
        booking = await house.booked(guest, house.stay(home, 0, 2))
        assert booking.items[0].units == ("B",)
        done = await house.changed(booking, house.stay(home, 1, 3))
        assert done.items[0].units == ("B",)
        assert await house.taken(home, 0, 4) == [1, 2, 1, 1]

    async def test_are_others_where_they_are_not(self, house, guest, other):
        home = await house.home(names=("A", "B", "C"))
        booking = await house.booked(guest, house.stay(home, 0, 2))
        assert booking.items[0].units == ("A",)
        await house.booked(other, house.stay(home, 3, 1))
        change = await house.change(booking, house.stay(home, 0, 4))
        assert change.items[0].units == ("B",)
        assert await house.taken(home, 0, 4) == [2, 2, 1, 2]
        done = (await house.confirm_change(change, booking)).value
        assert done.items[0].units == ("B",)
        assert await house.taken(home, 0, 4) == [1, 1, 1, 2]


class TestMoney:
    async def test_of_a_booking_paid_online_the_difference_is_payable(self, house, guest):
        home = await house.home()
        booking = await paid(house, guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 0, 3))
        assert (change.hold.payable_minor, change.difference_minor) == (11_000, 11_000)
        payable = await house.bookings.payable(account_id=guest, hold_id=change.hold.id, hold_token=change.hold.token)
        assert (payable.payable_minor, payable.change_id) == (11_000, change.id)
        with pytest.raises(PaymentRequired) as refusal:
            await house.confirm_change(change, booking)
        assert (refusal.value.extra["hold_id"], refusal.value.extra["amount"]) == (change.hold.id, 11_000)
        assert await seen(house, booking) == booking
        await house.confirm_change(change, booking, payment_id="payment_2")
        assert (await house.bookings.change(change_id=change.id)).payment_id == "payment_2"
        told = [said for kind, said in await house.told() if kind == "BookingChanged"][-1]
        assert (told["payment_id"], told["change_payment_id"]) == ("payment_1", "payment_2")
        assert await house.bookings.holds_of(number=booking.number) == (booking.hold_id, change.hold.id)
        assert (await house.bookings.booking_of_hold(hold_id=change.hold.id)).number == booking.number

    async def test_comes_back_by_the_share_the_policy_gives_for_nights(self, house, guest):
        home = await house.home(policy=POLICIES["limited"])
        booking = await paid(house, guest, house.stay(home, 0, 4))
        house.clock.advance(check_in_of(booking) - timedelta(days=10) - house.clock.now())
        start = booking.items[0].check_in
        ahead = (start - house.day()).days
        change = await house.change(booking, house.stay(home, ahead, 2))
        # 22,000 less, of which the policy gives half of the nights back.
        assert (change.refund_minor, change.difference_minor) == (11_000, -11_000)
        fees = [line for line in change.price.lines if line.kind == "cancellation_fee"]
        assert [(line.inputs["of"], line.amount_minor) for line in fees] == [("nights", 10_000), ("tax", 1_000)]
        assert change.price.total_minor == 49_500 - 11_000
        done = (await house.confirm_change(change, booking)).value
        assert (done.price.total_minor, done.items[0].total_minor) == (38_500, 27_500)
        # The host who cancels gives back what was kept as well: everything the guest has paid.
        assert (await house.offer(done, principal=house.owner)).refund.total_minor == 38_500

    async def test_of_what_does_not_come_back_any_more_stays_paid(self, house, guest):
        home = await house.home(policy=POLICIES["non_refundable"])
        booking = await paid(house, guest, house.stay(home, 0, 2))
        shorter = await house.changed(booking, house.stay(home, 0, 1))
        assert shorter.price.total_minor == 27_500
        assert (await house.offer(shorter)).refund.total_minor == 0

    async def test_is_not_won_back_by_moving_away_and_canceling(self, house, guest):
        home = await house.home(policy=POLICIES["limited"])
        booking = await paid(house, guest, house.stay(home, 0, 2))
        house.clock.advance(check_in_of(booking) - timedelta(days=10) - house.clock.now())
        now = (await house.offer(booking)).refund.total_minor
        assert now == 16_500
        moved = await house.changed(booking, house.stay(home, 90, 2))
        assert moved.items[0].kept_minor == 11_000
        assert (await house.offer(moved)).refund.total_minor == now
        # What is added later comes back by the policy, what was lost stays lost.
        longer = await house.change(moved, house.stay(home, 90, 4))
        more = (await house.confirm_change(longer, moved, payment_id="payment_2")).value
        assert (await house.offer(more)).refund.total_minor == now + 22_000

    async def test_that_is_authorised_confirms_the_change_for_a_guest_who_is_gone(self, house, guest):
        home = await house.home()
        booking = await paid(house, guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 0, 3))
        for _ in range(2):
            done = await house.bookings.confirm_paid(hold_id=change.hold.id, payment=MORE)
            assert (done.number, done.price.total_minor) == (booking.number, 38_500)
        with pytest.raises(AlreadyConfirmed):
            await house.bookings.confirm_paid(hold_id=change.hold.id, payment=CARD)

    async def test_that_comes_late_changes_nothing(self, house, guest):
        home = await house.home()
        booking = await paid(house, guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 0, 3))
        house.wait(minutes=10)
        with pytest.raises(HoldExpired):
            await house.bookings.confirm_paid(hold_id=change.hold.id, payment=MORE)
        with pytest.raises(CapacityTaken):
            await house.bookings.book_late(hold_id=change.hold.id, payment=MORE)
        assert await seen(house, booking) == booking


class TestAChangeThatIsNotConfirmed:
    async def test_leaves_the_booking_as_it_was(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 1, 2))
        house.wait(minutes=10)
        with pytest.raises(HoldExpired):
            await house.confirm_change(change, booking)
        await house.bookings.expire_holds()
        assert await house.taken(home, 0, 3) == [1, 1, 0]
        assert await seen(house, booking) == booking

    async def test_is_let_go_with_its_hold(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 1, 2))
        await house.bookings.release_hold(account_id=guest, hold_id=change.hold.id)
        assert await house.taken(home, 0, 3) == [1, 1, 0]
        with pytest.raises(ChangeNotActive):
            await house.confirm_change(change, booking)
        with pytest.raises(HoldNotActive):
            await house.bookings.confirm_paid(hold_id=change.hold.id, payment=MORE)

    async def test_is_let_go_by_a_second_one(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        first = await house.change(booking, house.stay(home, 0, 3))
        second = await house.change(booking, house.stay(home, 0, 4))
        assert await house.taken(home, 0, 5) == [1, 1, 1, 1, 0]
        with pytest.raises(ChangeNotActive):
            await house.confirm_change(first, booking)
        ended = [said for kind, said in await house.told() if kind == "HoldEnded"]
        assert {"hold_id": first.hold.id, "how": "released"} in ended
        await house.confirm_change(second, booking)
        assert await house.taken(home, 0, 5) == [1, 1, 1, 1, 0]

    async def test_stays_if_the_second_one_cannot_be(self, house, guest, other):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        await house.booked(other, house.stay(home, 5, 1))
        first = await house.change(booking, house.stay(home, 0, 3))
        with pytest.raises(CapacityTaken):
            await house.change(booking, house.stay(home, 0, 6))
        await house.confirm_change(first, booking)
        assert await house.taken(home, 0, 6) == [1, 1, 1, 0, 0, 1]

    async def test_is_let_go_when_the_booking_is_canceled(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 5, 2))
        await house.cancel(booking)
        assert await house.taken(home, 0, 7) == [0] * 7
        with pytest.raises(AlreadyCancelled):
            await house.confirm_change(change, booking)

    async def test_cannot_be_confirmed_as_a_booking_of_its_own(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        change = await house.change(booking, house.stay(home, 5, 2))
        with pytest.raises(NotFound):
            await house.confirm(change.hold, guest)


class TestAChangeIsRefused:
    async def test_where_a_new_night_is_full_and_the_old_place_is_kept(self, house, guest, other):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        await house.booked(other, house.stay(home, 2, 1))
        key = new_key()
        for _ in range(2):
            with pytest.raises(CapacityTaken) as refusal:
                await house.change(booking, house.stay(home, 1, 3), key=key)
            assert refusal.value.extra == {"property_id": home, "night": house.day(2).isoformat()}
        assert await house.taken(home, 0, 4) == [1, 1, 1, 0]
        assert await seen(house, booking) == booking

    async def test_to_another_property(self, house, guest):
        mine, hidden = await house.home(), await house.home(listed=False)
        next_door, foreign = await house.home(), await house.home(owner=principal_of(new_account(), "owner"))
        booking = await house.booked(guest, house.stay(mine, 0, 2))
        for home in (hidden, foreign, 9_999_999):
            with pytest.raises(NotFound):
                await house.change(booking, house.stay(home, 0, 2))
        with pytest.raises(Invalid) as refusal:
            await house.change(booking, house.stay(next_door, 0, 2))
        assert [(each.pointer, each.code) for each in refusal.value.errors] == [
            ("/items/0/property_id", "property_fixed")
        ]
        for items in ([], [house.stay(mine, 1, 2), house.stay(mine, 5, 2)]):
            with pytest.raises(Invalid) as refusal:
                await house.change(booking, *items)
            assert refusal.value.errors[0].code == "items_differ"
        with pytest.raises(Invalid) as refusal:
            await house.change(booking, house.stay(mine, 0, 2))
        assert refusal.value.errors[0].code == "nothing_changes"

    async def test_by_the_rules_of_the_property(self, house, guest):
        homes = [await house.home() for _ in range(2)]
        booking = await house.booked(guest, *[house.stay(home, 0, 2) for home in homes])
        with pytest.raises(RuleViolation) as refusal:
            await house.change(booking, house.stay(homes[0], 0, 2), house.stay(homes[1], 0, 31, guests=9))
        assert [(each.pointer, each.code) for each in refusal.value.errors] == [
            ("/items/1/guests", "party_too_large"),
            ("/items/1/check_out", "max_nights"),
        ]
        with pytest.raises(RuleViolation):
            await house.change(booking, house.stay(homes[0], -40, 2), house.stay(homes[1], 0, 2))

    async def test_but_an_arrival_that_stays_is_not_judged_again(self, house, guest):
        home = await house.home(advance_notice_days=5)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        house.clock.advance(check_in_of(booking) - timedelta(days=2) - house.clock.now())
        ahead = (booking.items[0].check_in - house.day()).days
        longer = await house.changed(booking, house.stay(home, ahead, 3))
        assert longer.price.total_minor == 38_500
        with pytest.raises(RuleViolation):
            await house.change(booking, house.stay(home, ahead + 1, 2))

    async def test_where_the_host_wants_to_be_asked(self, house, guest):
        home = await house.home(instant=False)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        with pytest.raises(RuleViolation) as refusal:
            await house.change(booking, house.stay(home, 1, 2))
        assert refusal.value.errors[0].code == "awaiting_answer"
        await house.bookings.decide(
            caller=caller(house.owner.account_id, route="accept"), owner=house.owner, number=booking.number, accept=True
        )
        with pytest.raises(RuleViolation) as refusal:
            await house.change(booking, house.stay(home, 1, 2))
        assert refusal.value.errors[0].code == "host_asked"

    async def test_once_the_stay_has_begun_or_the_booking_has_ended(self, house, guest):
        home = await house.home(units=2)
        begun, over = [await house.booked(guest, house.stay(home, 0, 2)) for _ in range(2)]
        await house.cancel(over)
        with pytest.raises(AlreadyCancelled):
            await house.change(over, house.stay(home, 1, 2))
        house.clock.advance(check_in_of(begun) - house.clock.now())
        with pytest.raises(CancellationTooLate):
            await house.change(begun, house.stay(home, 1, 2))

    async def test_to_whom_it_does_not_belong(self, house, guest, other):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        for principal in (as_guest(other), house.owner):
            with pytest.raises(NotFound):
                await house.change(booking, house.stay(home, 1, 2), principal=principal)
        change = await house.change(booking, house.stay(home, 1, 2), principal=ADMIN)
        get = house.bookings.get_change
        with pytest.raises(NotFound):
            await get(principal=as_guest(other), number=booking.number, change_id=change.id)
        with pytest.raises(NotFound):
            await get(principal=as_guest(guest), number=booking.number, change_id="change_none")
        assert await get(principal=as_guest(guest), number=booking.number, change_id=change.id) == change
        owners = await get(principal=house.owner, number=booking.number, change_id=change.id)
        assert (owners.hold.token, owners.price) == ("", change.price)

    async def test_beyond_the_holds_an_account_may_have(self, house, guest):
        home = await house.home(units=30)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        for _ in range(house.settings.holds_most):
            await house.hold(guest, house.stay(home, 9))
        with pytest.raises(HoldQuotaExceeded):
            await house.change(booking, house.stay(home, 1, 2))


class TestARepeatedKey:
    async def test_gives_the_same_change(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        key = new_key()
        first = await house.place_change(booking, house.stay(home, 1, 2), key=key)
        await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=first.value.hold.id)
        await house.confirm_change(first.value, booking)
        again = await house.place_change(booking, house.stay(home, 1, 2), key=key)
        assert (again.value, first.replayed, again.replayed) == (first.value, False, True)
        with pytest.raises(KeyReused):
            await house.bookings.place_change(
                caller=caller(guest, key, route="POST /changes", fingerprint="other"),
                principal=as_guest(guest),
                number=booking.number,
                items=[house.stay(home, 2, 2)],
            )

    async def test_gives_the_same_booking(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        change, key = await house.change(booking, house.stay(home, 1, 2)), new_key()
        first = await house.confirm_change(change, booking, key=key)
        await house.changed(booking, house.stay(home, 3, 2))
        again = await house.confirm_change(change, booking, key=key)
        assert (again.value, again.replayed) == (first.value, True)
        with pytest.raises(ChangeNotActive):
            await house.confirm_change(change, booking)

    async def test_at_the_same_moment_places_one(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        key = new_key()
        answers = await outcomes(*[house.place_change(booking, house.stay(home, 1, 2), key=key) for _ in range(6)])
        assert sum(isinstance(each, Keyed) and not each.replayed for each in answers) == 1
        assert len(await house.rows(models.change, number=booking.number)) == 1


class TestARace:
    async def test_of_two_changes_leaves_one_open(self, house, guest):
        home = await house.home(units=2)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        placed = await outcomes(*[house.change(booking, house.stay(home, ahead, 2)) for ahead in range(1, 7)])
        open_ones = [
            each
            for each in placed
            if (await house.bookings.get_hold(account_id=guest, hold_id=each.hold.id)).state is HoldState.HELD
        ]
        assert len(open_ones) == 1
        answers = await outcomes(*[house.confirm_change(each, booking) for each in placed])
        assert sum(isinstance(each, Keyed) for each in answers) == 1
        assert {type(each) for each in answers} == {Keyed, ChangeNotActive}
        assert sum(await house.taken(home, 0, 10)) == 2

    async def test_of_a_change_with_another_guest_sells_the_night_once(self, house):
        home = await house.home()
        for place in range(rounds(4, thorough=60)):
            mine, theirs = new_account(), new_account()
            start = place * 5
            booking = await house.booked(mine, house.stay(home, start, 2))
            answers = await outcomes(
                house.change(booking, house.stay(home, start, 3)), house.hold(theirs, house.stay(home, start + 2))
            )
            assert sorted(isinstance(each, CapacityTaken) for each in answers) == [False, True]

    async def test_of_confirming_and_canceling_ends_sound(self, house):
        home = await house.home(units=9)
        for _ in range(rounds(5, thorough=80)):
            guest = new_account()
            booking = await house.booked(guest, house.stay(home, 0, 2))
            change = await house.change(booking, house.stay(home, 1, 2))
            confirmed, cancelled, *_ = await outcomes(
                house.confirm_change(change, booking),
                house.cancel(booking),
                house.change(booking, house.stay(home, 2, 2)),
                house.bookings.release_hold(account_id=guest, hold_id=change.hold.id),
            )
            assert isinstance(cancelled, Keyed), cancelled
            assert isinstance(confirmed, Keyed | AlreadyCancelled | ChangeNotActive), confirmed
            assert (await seen(house, booking)).state is BookingState.CANCELLED
            house.wait(minutes=10)
            await house.bookings.expire_holds()
            assert await house.taken(home, 0, 5) == [0] * 5

    async def test_between_processes_ends_sound(self, served):
        async with processes(served, 2) as houses:
            here, there = houses
            home = await here.home(units=3)
            for _ in range(rounds(4, thorough=60)):
                guest = new_account()
                booking = await here.booked(guest, here.stay(home, 0, 2))
                change = await there.change(booking, there.stay(home, 1, 3))
                answers = await outcomes(
                    here.confirm_change(change, booking),
                    there.confirm_change(change, booking),
                    here.change(booking, here.stay(home, 0, 4)),
                    there.change(booking, there.stay(home, 2, 2)),
                    here.cancel(booking),
                    there.hold(new_account(), there.stay(home, 0, 5)),
                )
                assert sum(isinstance(each, Keyed) for each in answers[:2]) <= 1
                assert isinstance(answers[4], Keyed), answers
                here.wait(minutes=10)
                await here.bookings.expire_holds()
                assert await here.taken(home, 0, 6) == [0] * 6
            await here.assert_sound()
