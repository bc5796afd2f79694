"""Cancellations and their quotes, by example: what comes back, to the cent, and what is free again. On every engine."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import ZONE, caller, new_account, new_key, outcomes

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    BookingState,
    CancellationTooLate,
    HoldState,
    PaymentTerms,
    QuoteSuperseded,
)
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Invalid, NotFound
from holdfast.kit.keyed import Keyed, KeyReused
from holdfast.verticals.cancellation import POLICIES
from support.principals import principal_of

ADMIN = principal_of(1, "admin")
MILLISECOND = timedelta(milliseconds=1)
CARD = PaymentTerms(method="card", status="pending", payment_id="payment_1")


def as_guest(account_id):
    return Principal(account_id, "guest")


def check_in_of(booking, place=0):
    return datetime.combine(booking.items[place].check_in, time(15), ZoneInfo(ZONE)).astimezone(UTC)


def go_to(house, instant):
    """Let the clock be just before an instant, so that a little work still happens before it."""
    house.clock.advance(instant - house.clock.now())


async def nights_of(house, booking):
    """Return how much is taken on the nights a booking has or had."""
    [stay] = booking.items
    found = await house.bookings.stock(property_ids=[stay.property_id], first=stay.check_in, end=stay.check_out)
    return [night.taken for night in found[stay.property_id]]


async def paid(house, guest, *items, payment=CARD):
    hold = await house.hold(guest, *items)
    done = await house.bookings.confirm(
        caller=caller(guest, route="POST /v1/bookings"), hold_id=hold.id, hold_token=hold.token, payment=payment
    )
    return done.value


class TestCanceling:
    async def test_frees_the_stock_and_gives_back_what_was_offered(self, house, guest, other):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        offer = await house.offer(booking)
        assert offer.refund.total_minor == 27_500
        assert sum(line.refund_minor for line in offer.refund.lines) == 27_500
        assert [(line.kind, line.paid_minor, line.refund_minor) for line in offer.refund.lines] == [
            ("nights", 20_000, 20_000),
            ("cleaning", 5_000, 5_000),
            ("tax", 2_500, 2_500),
        ]
        assert (offer.items, offer.price_after, offer.stays) == ((0,), None, booking.items)
        assert offer.expires_at - offer.created_at == timedelta(minutes=15)
        assert await house.taken(home, 0, 2) == [1, 1]
        cancelled = (await house.accept_offer(offer, booking)).value
        assert (cancelled.state, cancelled.refund_minor) == (BookingState.CANCELLED, 27_500)
        assert (cancelled.reference, cancelled.price, cancelled.items) == (
            booking.reference,
            booking.price,
            booking.items,
        )
        assert offer.created_at <= cancelled.cancelled_at
        assert await house.bookings.get_booking(principal=as_guest(guest), number=booking.number) == cancelled
        assert await house.taken(home, 0, 2) == [0, 0]
        await house.hold(other, house.stay(home, 0, 2))

    async def test_tells_which_payment_and_which_quote_give_it_back(self, house, guest):
        booking = await paid(house, guest, house.stay(await house.home(), 0, 2))
        offer = await house.offer(booking)
        await house.accept_offer(offer, booking)
        [told] = [said for kind, said in await house.told() if kind == "BookingCancelled"][-1:]
        assert (told["payment_id"], told["cancellation_id"], told["whole"]) == ("payment_1", offer.id, True)
        used = await house.bookings.cancellation(cancellation_id=offer.id)
        assert (used.refund, used.used_at is not None) == (offer.refund, True)
        with pytest.raises(NotFound):
            await house.bookings.cancellation(cancellation_id="cancellation_none")

    async def test_without_a_quote_goes_by_this_moment_and_keeps_what_it_said(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home(), 0, 2))
        assert (await house.cancel(booking)).value.refund_minor == 27_500
        [kept] = await house.rows(models.cancellation, number=booking.number)
        assert (kept.state, kept.refund_minor, kept.turn) == ("used", 27_500, 1)

    @pytest.mark.parametrize(
        ("policy", "before", "back"),
        [
            ("flexible", timedelta(days=1), 27_500),
            # A night is kept, of the rest all comes back: 10,000 + 5,000 and the tax on it.
            ("flexible", timedelta(days=1) - MILLISECOND * 2000, 16_500),
            ("moderate", timedelta(days=5), 27_500),
            ("moderate", timedelta(days=5) - MILLISECOND * 2000, 11_000),
            ("limited", timedelta(days=14) - MILLISECOND * 2000, 16_500),
            ("limited", timedelta(days=7) - MILLISECOND * 2000, 0),
            ("non_refundable", timedelta(days=20), 0),
        ],
    )
    async def test_gives_back_what_the_policy_says_at_that_moment(self, house, guest, policy, before, back):
        home = await house.home(policy=POLICIES[policy])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        go_to(house, check_in_of(booking) - before - timedelta(seconds=1))
        offer = await house.offer(booking)
        assert offer.refund.total_minor == back
        assert (await house.accept_offer(offer, booking)).value.refund_minor == back

    async def test_keeps_to_the_policy_the_guest_was_quoted(self, house, guest):
        home = await house.home(policy=POLICIES["flexible"])
        booking = await house.booked(guest, house.stay(home))
        [made] = await house.catalog.get_many(ids=[home])
        harsh = replace(made.draft, terms=replace(made.draft.terms, policy=POLICIES["non_refundable"]))
        await house.catalog.replace(owner=house.owner, property_id=home, draft=harsh, version=made.version)
        assert (await house.cancel(booking)).value.refund_minor == booking.price.total_minor

    @pytest.mark.parametrize("who", ["owner", "admin"])
    async def test_by_owner_or_admin_gives_everything_back(self, house, guest, who):
        home = await house.home(policy=POLICIES["non_refundable"])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        principal = house.owner if who == "owner" else ADMIN
        offer = await house.offer(booking, principal=principal)
        assert (offer.refund.total_minor, offer.refund.rule) == (27_500, "by_owner")
        assert (await house.offer(booking)).refund.total_minor == 0
        # Everybody has a newest quote of their own: the guest's does not stand in the owner's way.
        assert (await house.accept_offer(offer, booking, principal=principal)).value.refund_minor == 27_500

    async def test_adds_up_what_each_stay_gives_back(self, house, guest):
        kind, harsh = await house.home(), await house.home(policy=POLICIES["non_refundable"])
        booking = await house.booked(guest, house.stay(kind, 0, 2), house.stay(harsh, 0, 2))
        offer = await house.offer(booking)
        assert offer.refund.total_minor == 27_500
        assert {line.item for line in offer.refund.lines if line.refund_minor} == {0}
        assert (await house.cancel(booking)).value.refund_minor == 27_500

    async def test_of_a_request_gives_everything_back(self, house, guest):
        home = await house.home(policy=POLICIES["non_refundable"], instant=False)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        assert booking.state is BookingState.REQUESTED
        offer = await house.offer(booking)
        assert (offer.refund.total_minor, offer.refund.rule) == (27_500, "request")
        assert (await house.accept_offer(offer, booking)).value.refund_minor == 27_500
        assert await house.taken(home, 0, 2) == [0, 0]
        assert (await house.rows(models.hold, id=booking.hold_id))[0].state is HoldState.RELEASED

    async def test_a_quote_of_a_request_ends_with_the_hosts_yes(self, house, guest):
        home = await house.home(policy=POLICIES["non_refundable"], instant=False)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        offer = await house.offer(booking)
        await house.bookings.decide(
            caller=caller(house.owner.account_id, route="accept"),
            owner=house.owner,
            number=booking.number,
            accept=True,
        )
        with pytest.raises(QuoteSuperseded):
            await house.accept_offer(offer, booking)
        assert (await house.offer(booking)).refund.total_minor == 0

    async def test_is_refused_by_name(self, house, guest, other):
        home = await house.home(units=2, policy=POLICIES["firm"])
        booking, begun = await house.booked(guest, house.stay(home)), await house.booked(guest, house.stay(home))
        offer = await house.offer(booking)
        for request in (
            house.cancel(booking, as_guest(other)),
            house.offer(booking, principal=as_guest(other)),
            house.accept_offer(offer, booking, principal=as_guest(other)),
            house.accept_offer(offer, booking, principal=house.owner),
            house.accept_offer(offer, begun),
            house.accept_offer(replace(offer, id="cancellation_none"), booking),
            house.bookings.cancel(caller=caller(guest), principal=as_guest(guest), number=7),
        ):
            with pytest.raises(NotFound):
                await request
        with pytest.raises(Invalid) as missing:
            await house.offer(booking, 1)
        assert [(each.pointer, each.code) for each in missing.value.errors] == [("/items/0", "out_of_range")]
        await house.accept_offer(offer, booking)
        for _ in range(2):
            with pytest.raises(AlreadyCancelled):
                await house.cancel(booking)
            with pytest.raises(AlreadyCancelled):
                await house.accept_offer(offer, booking)
            with pytest.raises(AlreadyCancelled):
                await house.offer(booking)
        assert await house.taken(home) == [1]
        go_to(house, check_in_of(begun))
        for principal in (as_guest(guest), house.owner):
            with pytest.raises(CancellationTooLate):
                await house.cancel(begun, principal)
            with pytest.raises(CancellationTooLate):
                await house.offer(begun, principal=principal)


class TestAQuote:
    async def test_is_kept_to_the_cent_a_millisecond_after_the_deadline(self, house, guest):
        home = await house.home(policy=POLICIES["moderate"])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        deadline = check_in_of(booking) - timedelta(days=5)
        go_to(house, deadline - timedelta(seconds=30))
        offer = await house.offer(booking)
        assert offer.refund.total_minor == 27_500
        go_to(house, deadline + MILLISECOND)
        assert (await house.offer(booking, principal=house.owner)).refund.total_minor == 27_500
        assert (await house.accept_offer(offer, booking)).value.refund_minor == 27_500

    async def test_is_kept_when_the_stay_has_begun_meanwhile(self, house, guest):
        home = await house.home(policy=POLICIES["limited"])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        go_to(house, check_in_of(booking) - timedelta(minutes=5))
        offer = await house.offer(booking)
        house.wait(minutes=6)
        with pytest.raises(CancellationTooLate):
            await house.offer(booking)
        cancelled = (await house.accept_offer(offer, booking)).value
        assert cancelled.refund_minor == offer.refund.total_minor == 0
        # The first night has begun: it was had. The second is free.
        assert await nights_of(house, booking) == [1, 0]

    async def test_counts_only_if_it_is_the_newest(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home(), 0, 2))
        older, newer = await house.offer(booking), await house.offer(booking)
        with pytest.raises(QuoteSuperseded):
            await house.accept_offer(older, booking)
        assert (await house.accept_offer(newer, booking)).value.state is BookingState.CANCELLED

    async def test_runs_out(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home(), 0, 2))
        offer = await house.offer(booking)
        house.wait(minutes=15)
        with pytest.raises(QuoteSuperseded):
            await house.accept_offer(offer, booking)
        assert (await house.cancel(booking)).value.state is BookingState.CANCELLED

    async def test_of_what_the_booking_was_before_counts_no_more(self, house, guest):
        home = await house.home(units=3)
        booking = await house.booked(guest, house.stay(home, 0, 2))
        offer = await house.offer(booking)
        await house.changed(booking, house.stay(home, 0, 3))
        with pytest.raises(QuoteSuperseded):
            await house.accept_offer(offer, booking)

    async def test_that_nobody_used_is_forgotten_after_a_day(self, house, guest):
        home = await house.home(units=2)
        booking, other = await house.booked(guest, house.stay(home)), await house.booked(guest, house.stay(home))
        await house.offer(booking)
        await house.accept_offer(await house.offer(other), other)
        house.wait(days=1, minutes=16)
        await house.bookings.forget_old()
        assert await house.rows(models.cancellation, number=booking.number) == []
        assert len(await house.rows(models.cancellation, number=other.number)) == 1

    async def test_cannot_be_used_twice_whatever_the_code_believes(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home()))
        await house.accept_offer(await house.offer(booking), booking)
        [kept] = await house.rows(models.cancellation, number=booking.number)
        assert kept.used_at is not None
        assert kept.used_at < kept.expires_at


class TestAfterCheckIn:
    async def test_the_nights_that_were_not_had_are_free_and_come_back_but_one(self, house, guest):
        home = await house.home(policy=POLICIES["flexible"])
        booking = await house.booked(guest, house.stay(home, 0, 4))
        go_to(house, check_in_of(booking) + timedelta(days=1, hours=5))
        offer = await house.offer(booking)
        assert (offer.refund.total_minor, offer.refund.rule) == (11_000, "after_check_in")
        cancelled = (await house.accept_offer(offer, booking)).value
        assert (cancelled.state, cancelled.refund_minor) == (BookingState.CANCELLED, 11_000)
        assert await nights_of(house, booking) == [1, 1, 0, 0]

    async def test_nothing_can_be_canceled_once_no_night_is_left(self, house, guest):
        home = await house.home(policy=POLICIES["flexible"])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        go_to(house, check_in_of(booking) + timedelta(hours=1))
        with pytest.raises(CancellationTooLate):
            await house.offer(booking)
        assert await nights_of(house, booking) == [1, 1]


class TestCancelingUnpaid:
    async def test_ends_the_booking_and_owes_nothing(self, house, guest):
        home = await house.home()
        booking = await paid(house, guest, house.stay(home, 0, 2))
        for _ in range(2):
            ended = await house.bookings.cancel_unpaid(number=booking.number, payment_id="payment_1")
            assert (ended.state, ended.refund_minor) == (BookingState.CANCELLED, 0)
        assert await house.taken(home, 0, 2) == [0, 0]
        told = [said for kind, said in await house.told() if kind == "BookingCancelled"]
        assert [said["number"] for said in told].count(booking.number) == 1
        assert (told[-1]["payment_id"], told[-1]["refund_minor"]) == (None, 0)

    async def test_is_for_its_own_payment_only(self, house, guest):
        home = await house.home(units=2)
        booking, unpaid = await paid(house, guest, house.stay(home)), await house.booked(guest, house.stay(home))
        for number, payment_id in ((booking.number, "payment_2"), (unpaid.number, "payment_1"), (7, "payment_1")):
            with pytest.raises(NotFound):
                await house.bookings.cancel_unpaid(number=number, payment_id=payment_id)
        assert await house.taken(home) == [2]

    async def test_leaves_a_canceled_booking_as_it_is(self, house, guest):
        booking = await paid(house, guest, house.stay(await house.home(), 0, 2))
        cancelled = (await house.cancel(booking)).value
        assert await house.bookings.cancel_unpaid(number=booking.number, payment_id="payment_1") == cancelled


class TestARepeatedKey:
    async def test_gives_the_same_answer(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home(), 0, 2))
        offer, key = await house.offer(booking), new_key()
        first = await house.accept_offer(offer, booking, key=key)
        house.wait(hours=1)
        again = await house.accept_offer(offer, booking, key=key)
        assert (again.value, again.replayed) == (first.value, True)
        with pytest.raises(KeyReused):
            await house.bookings.cancel(
                caller=caller(guest, key, route="POST /cancel", fingerprint="other"),
                principal=as_guest(guest),
                number=booking.number,
            )

    async def test_gives_the_same_refusal(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home(), 0, 2))
        older, key = await house.offer(booking), new_key()
        newer = await house.offer(booking)
        for _ in range(2):
            with pytest.raises(QuoteSuperseded):
                await house.accept_offer(older, booking, key=key)
        await house.accept_offer(newer, booking)
        with pytest.raises(QuoteSuperseded):
            await house.accept_offer(older, booking, key=key)


class TestARace:
    async def test_of_many_to_cancel_has_one_winner(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        mine, hosts = await house.offer(booking), await house.offer(booking, principal=house.owner)
        answers = await outcomes(
            *[house.accept_offer(mine, booking) for _ in range(5)],
            *[house.accept_offer(hosts, booking, principal=house.owner) for _ in range(5)],
            *[house.cancel(booking) for _ in range(5)],
        )
        assert sum(isinstance(each, Keyed) for each in answers) == 1
        assert {type(each) for each in answers} == {Keyed, AlreadyCancelled}
        assert await house.taken(home, 0, 2) == [0, 0]

    async def test_of_quotes_leaves_one_newest(self, house, guest):
        booking = await house.booked(guest, house.stay(await house.home(), 0, 2))
        offers = await outcomes(*[house.offer(booking) for _ in range(8)])
        answers = [await _answer(house.accept_offer(offer, booking)) for offer in offers]
        assert answers.count(Keyed) == 1
        assert set(answers) <= {Keyed, QuoteSuperseded, AlreadyCancelled}

    async def test_with_the_hosts_yes_ends_sound(self, house):
        home = await house.home(units=20, instant=False)
        for _ in range(5):
            guest = new_account()
            booking = await house.booked(guest, house.stay(home, 0, 2))
            answers = await outcomes(
                house.cancel(booking),
                house.bookings.decide(
                    caller=caller(house.owner.account_id, route="accept"),
                    owner=house.owner,
                    number=booking.number,
                    accept=True,
                ),
            )
            assert isinstance(answers[0], Keyed), answers
            now = await house.bookings.get_booking(principal=ADMIN, number=booking.number)
            assert now.state is BookingState.CANCELLED
        assert await house.taken(home, 0, 2) == [0, 0]


async def _answer(request):
    [answer] = await outcomes(request)
    return type(answer)
