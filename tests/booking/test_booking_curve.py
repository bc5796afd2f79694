"""The refund curve of a booking: it says at every instant what canceling then gives back. On every engine."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import ZONE

from holdfast.booking.api import CancellationTooLate
from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound
from holdfast.verticals.cancellation import POLICIES


def as_guest(account_id):
    return Principal(account_id, "guest")


async def curve_of(house, booking):
    return await house.bookings.refund_curve(principal=as_guest(booking.account_id), number=booking.number)


def check_in_of(booking):
    return datetime.combine(booking.items[0].check_in, time(15), ZoneInfo(ZONE)).astimezone(UTC)


class TestTheCurve:
    @pytest.mark.parametrize("policy", ["flexible", "moderate", "limited", "firm", "non_refundable", "long_stay"])
    async def test_says_what_a_cancellation_quote_says_at_every_step(self, house, guest, policy):
        booking = await house.booked(guest, house.stay(await house.home(policy=POLICIES[policy]), 10, 3))
        curve = await curve_of(house, booking)
        assert (curve.total_minor, curve.currency) == (38_500, "USD")
        assert all(step.refund_minor + step.retained_minor == 38_500 for step in curve.steps)
        refunds = [step.refund_minor for step in curve.steps]
        assert refunds == sorted(refunds, reverse=True)
        for step in curve.steps[:-1]:
            house.clock.advance(step.until - timedelta(minutes=1) - house.clock.now())
            try:
                offered = (await house.offer(booking)).refund.total_minor
            except CancellationTooLate:
                offered = 0
            assert offered == step.refund_minor, step

    async def test_after_a_change_knows_what_is_lost(self, house, guest):
        home = await house.home(policy=POLICIES["moderate"])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        house.clock.advance(check_in_of(booking) - timedelta(days=2) - house.clock.now())
        lost = 27_500 - (await house.offer(booking)).refund.total_minor
        moved = await house.changed(booking, house.stay(home, 60, 2))
        curve = await curve_of(house, moved)
        assert curve.steps[0].refund_minor == 27_500 - lost
        assert (await house.offer(moved)).refund.total_minor == 27_500 - lost
        assert all(step.refund_minor <= 27_500 - lost for step in curve.steps)

    async def test_of_a_request_gives_everything_and_of_a_canceled_booking_what_it_gave(self, house, guest):
        home = await house.home(units=2, instant=False, policy=POLICIES["non_refundable"])
        request = await house.booked(guest, house.stay(home, 0, 2))
        [step] = (await curve_of(house, request)).steps
        assert (step.until, step.refund_minor, step.rule) == (None, 27_500, "request")
        await house.cancel(request)
        [step] = (await curve_of(house, request)).steps
        assert (step.refund_minor, step.rule) == (27_500, "cancelled")

    async def test_is_shown_to_whom_the_booking_concerns(self, house, guest, other):
        booking = await house.booked(guest, house.stay(await house.home()))
        assert await house.bookings.refund_curve(principal=house.owner, number=booking.number) == await curve_of(
            house, booking
        )
        with pytest.raises(NotFound):
            await house.bookings.refund_curve(principal=as_guest(other), number=booking.number)
