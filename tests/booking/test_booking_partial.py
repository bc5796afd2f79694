"""Canceling some items of a trip: the rest stands on at its own price, the total is what was paid. On every engine."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import ZONE, caller, new_key, outcomes

from holdfast.booking import models
from holdfast.booking.api import AlreadyCancelled, BookingState, QuoteSuperseded
from holdfast.engine.price import sum_of
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Invalid, NotFound
from holdfast.kit.keyed import Keyed
from holdfast.verticals.cancellation import POLICIES
from support.principals import principal_of

HALF = POLICIES["limited"]
"""Two weeks to one week before check-in half of the nights come back, and all of the cleaning."""


def as_guest(account_id):
    return Principal(account_id, "guest")


async def trip(house, guest, *, policy=HALF, owner=None, ahead=7):
    """Book two homes for two nights each, 27,500 each; return the homes and the booking."""
    homes = await house.home(), await house.home(policy=policy, owner=owner)
    booking = await house.booked(guest, house.stay(homes[0], ahead + 10, 2), house.stay(homes[1], ahead, 2))
    return homes, booking


class TestCancelingAnItem:
    async def test_leaves_the_rest_at_its_price_and_what_the_policy_keeps(self, house, guest):
        homes, booking = await trip(house, guest)
        house.wait(days=27)  # ten days before check-in: half
        offer = await house.offer(booking, 1)
        assert (offer.items, offer.refund.total_minor) == ((1,), 16_500)
        assert [(line.kind, line.refund_minor, line.item) for line in offer.refund.lines] == [
            ("nights", 10_000, 1),
            ("cleaning", 5_000, 1),
            ("tax", 1_500, 1),
        ]
        rest = offer.price_after
        assert rest.total_minor == 55_000 - 16_500
        fees = [line for line in rest.lines if line.kind == "cancellation_fee"]
        assert [(line.inputs["of"], line.amount_minor) for line in fees] == [("nights", 10_000), ("tax", 1_000)]
        before = await house.bookings.get_booking(principal=as_guest(guest), number=booking.number)
        assert before == booking
        smaller = (await house.accept_offer(offer, booking)).value
        assert (smaller.state, smaller.refund_minor, smaller.price) == (BookingState.CONFIRMED, None, rest)
        assert smaller.items == booking.items[:1]
        assert smaller.items[0].total_minor == 27_500
        [stock] = (
            await house.bookings.stock(
                property_ids=[homes[1]], first=booking.items[1].check_in, end=booking.items[1].check_out
            )
        ).values()
        assert [night.taken for night in stock] == [0, 0]
        assert await house.bookings.get_booking(principal=as_guest(guest), number=booking.number) == smaller

    async def test_keeps_what_the_booking_was(self, house, guest):
        _, booking = await trip(house, guest)
        offer = await house.offer(booking, 0)
        await house.accept_offer(offer, booking)
        [kept] = await house.rows(models.revision, number=booking.number)
        assert (kept.revision, kept.why, kept.cancellation_id) == (1, "cancellation", offer.id)
        assert (kept.total_minor, len(kept.items), len(kept.spans)) == (55_000, 2, 2)
        told = [said for kind, said in await house.told() if kind == "BookingCancelled"][-1]
        assert (told["whole"], told["refund_minor"], told["cancellation_id"]) == (False, 27_500, offer.id)

    async def test_renumbers_the_lines_of_the_rest(self, house, guest):
        homes = [await house.home() for _ in range(3)]
        booking = await house.booked(guest, *[house.stay(home, place * 5, 1) for place, home in enumerate(homes)])
        smaller = (await house.accept_offer(await house.offer(booking, 1), booking)).value
        assert [item.property_id for item in smaller.items] == [homes[0], homes[2]]
        assert {line.item for line in smaller.price.lines} == {0, 1}
        for place, item in enumerate(smaller.items):
            assert sum_of(line for line in smaller.price.lines if line.item == place) == item.total_minor
        assert {line.label.split(". ")[0] for line in smaller.price.lines} == {"1", "2"}
        last = (await house.accept_offer(await house.offer(booking, 1), booking)).value
        assert not any(". " in line.label for line in last.price.lines)

    async def test_one_after_the_other_ends_with_all(self, house, guest):
        _, booking = await trip(house, guest)
        house.wait(days=27)
        first = (await house.accept_offer(await house.offer(booking, 1), booking)).value
        offer = await house.offer(booking, 0)
        assert (offer.price_after, offer.refund.total_minor) == (None, 27_500)
        last = (await house.accept_offer(offer, booking)).value
        assert (last.state, last.refund_minor, last.price) == (BookingState.CANCELLED, 27_500, first.price)
        # What was kept of the other home stays kept: 55,000 paid, 16,500 and 27,500 given back.
        assert last.price.total_minor - last.refund_minor == 11_000

    async def test_by_the_guest_is_no_matter_of_the_other_owner(self, house, guest):
        host = principal_of(guest + 500_000, "owner")
        homes, booking = await trip(house, guest, owner=host)
        house.wait(days=27)
        for principal, position in ((host, 0), (house.owner, 1)):
            with pytest.raises(Invalid) as refusal:
                await house.offer(booking, position, principal=principal)
            assert refusal.value.errors[0].code == "not_yours"
        with pytest.raises(Invalid):
            await house.offer(booking, principal=host)
        theirs = await house.offer(booking, 1, principal=host)
        assert theirs.refund.total_minor == 27_500
        await house.accept_offer(await house.offer(booking, 1), booking)
        with pytest.raises(NotFound):
            await house.bookings.get_booking(principal=host, number=booking.number)
        of = house.bookings.bookings_of_owner
        assert await of(owner_id=host.account_id, before=None, limit=5) == []
        assert [each.number for each in await of(owner_id=house.owner.account_id, before=None, limit=5)] == [
            booking.number
        ]
        # The first owner gives back what is theirs; what the second kept is not for them to give.
        mine = await house.offer(booking, principal=house.owner)
        assert mine.refund.total_minor == 27_500
        assert homes[0] == mine.stays[0].property_id

    async def test_of_a_request_is_refused(self, house, guest):
        home, slow = await house.home(), await house.home(instant=False)
        booking = await house.booked(guest, house.stay(home, 0), house.stay(slow, 0))
        assert booking.state is BookingState.REQUESTED
        with pytest.raises(Invalid) as refusal:
            await house.offer(booking, 0)
        assert refusal.value.errors[0].code == "awaiting_answer"

    async def test_after_check_in_frees_the_nights_that_were_not_had(self, house, guest):
        home, later = await house.home(policy=POLICIES["flexible"]), await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 4), house.stay(later, 8, 1))
        stay = booking.items[0]
        opens = datetime.combine(stay.check_in, time(15), ZoneInfo(ZONE)).astimezone(UTC)
        house.clock.advance(opens + timedelta(days=1, hours=2) - house.clock.now())
        offer = await house.offer(booking, 0)
        assert offer.refund.total_minor == 11_000  # one of four nights, and its tax
        smaller = (await house.accept_offer(offer, booking)).value
        assert [item.property_id for item in smaller.items] == [later]
        found = await house.bookings.stock(property_ids=[home], first=stay.check_in, end=stay.check_out)
        assert [night.taken for night in found[home]] == [1, 1, 0, 0]
        # And what is left can be canceled, the nights that were had stay had.
        await house.cancel(smaller)
        found = await house.bookings.stock(property_ids=[home], first=stay.check_in, end=stay.check_out)
        assert [night.taken for night in found[home]] == [1, 1, 0, 0]


class TestARepeatedKey:
    async def test_gives_the_same_answer_whatever_became_of_it(self, house, guest):
        _, booking = await trip(house, guest)
        key, offer = new_key(), await house.offer(booking, 0)
        first = await house.accept_offer(offer, booking, key=key)
        await house.changed(first.value, house.stay(first.value.items[0].property_id, 7, 3))
        await house.cancel(booking)
        again = await house.accept_offer(offer, booking, key=key)
        assert (again.value, again.replayed) == (first.value, True)

    async def test_of_the_confirmation_still_shows_the_whole_trip(self, house, guest):
        homes = [await house.home() for _ in range(2)]
        hold = await house.hold(guest, *[house.stay(home) for home in homes])
        key = new_key()
        first = await house.confirm(hold, guest, key=key)
        await house.accept_offer(await house.offer(first.value, 0), first.value)
        assert (await house.confirm(hold, guest, key=key)).value == first.value


class TestARace:
    async def test_of_two_items_cancels_one_and_tells_the_other_to_look_again(self, house, guest):
        homes = [await house.home() for _ in range(3)]
        booking = await house.booked(guest, *[house.stay(home) for home in homes])
        offer = await house.offer(booking, 0)
        owners = await house.offer(booking, 1, principal=house.owner)
        answers = await outcomes(
            house.accept_offer(offer, booking), house.accept_offer(owners, booking, principal=house.owner)
        )
        assert sorted(type(each).__name__ for each in answers) == ["Keyed", "QuoteSuperseded"]
        left = await house.bookings.get_booking(principal=as_guest(guest), number=booking.number)
        assert len(left.items) == 2
        assert sum([(await house.taken(home))[0] for home in homes]) == 2

    async def test_of_a_part_and_the_whole_ends_sound(self, house, guest):
        for _ in range(5):
            homes = [await house.home() for _ in range(2)]
            booking = await house.booked(guest, *[house.stay(home) for home in homes])
            part, whole = await house.offer(booking, 0, principal=house.owner), await house.offer(booking)
            answers = await outcomes(
                house.accept_offer(part, booking, principal=house.owner),
                house.accept_offer(whole, booking),
                house.bookings.cancel(caller=caller(guest), principal=as_guest(guest), number=booking.number),
            )
            assert {type(each) for each in answers} <= {Keyed, QuoteSuperseded, AlreadyCancelled}
            assert sum(isinstance(each, Keyed) for each in answers) >= 1
