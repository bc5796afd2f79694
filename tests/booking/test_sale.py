"""Quotes and holds by example: what each method of booking's door gives, and each refusal it names. On every engine."""

from datetime import timedelta
from itertools import pairwise

import pytest
from builders import AT_PROPERTY, ZONE, caller, opened

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyConfirmed,
    BookingState,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    HoldQuotaExceeded,
    HoldState,
    QuoteExpired,
    RuleViolation,
    StayItem,
)
from holdfast.catalog.api import NotBookable
from holdfast.engine.price import digest
from holdfast.kit.errors import Invalid, NotFound
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import NightTerms


class TestAQuote:
    async def test_itemizes_the_price_and_promises_it_for_a_quarter_of_an_hour(self, house, guest):
        home = await house.home()
        quote = await house.quote(guest, house.stay(home, nights=2))
        assert [(line.kind, line.amount_minor) for line in quote.price.lines] == [
            ("nights", 20_000),
            ("cleaning", 5_000),
            ("tax", 2_500),
        ]
        assert (quote.price.total_minor, quote.price.currency) == (27_500, "USD")
        assert quote.expires_at - quote.created_at == timedelta(minutes=15)
        [item] = quote.items
        assert (item.property_id, item.owner_id, item.total_minor) == (home, house.owner.account_id, 27_500)
        assert (item.zone, item.policy, item.units) == (ZONE, POLICIES["flexible"], ())

    async def test_can_be_read_again_by_whom_it_was_made_for(self, house, guest):
        quote = await house.quote(guest, house.stay(await house.home()))
        assert await house.bookings.get_quote(account_id=guest, quote_id=quote.id) == quote

    async def test_is_the_same_in_another_process(self, migrated, house, guest):
        quote = await house.quote(guest, house.stay(await house.home()), house.stay(await house.home()))
        async with opened(migrated, clock=house.clock) as elsewhere:
            assert await elsewhere.bookings.get_quote(account_id=guest, quote_id=quote.id) == quote

    async def test_is_nobody_elses(self, house, guest, other):
        quote = await house.quote(guest, house.stay(await house.home()))
        for who, which in ((other, quote.id), (guest, "quote_nothing")):
            with pytest.raises(NotFound):
                await house.bookings.get_quote(account_id=who, quote_id=which)

    async def test_takes_no_stock_and_looks_at_none(self, house, guest, other):
        home = await house.home()
        await house.booked(other, house.stay(home))
        assert (await house.quote(guest, house.stay(home))).price.total_minor == 16_500
        assert await house.taken(home) == [1]

    async def test_of_what_is_not_listed_or_not_there_is_refused(self, house, guest):
        hidden = await house.home(listed=False)
        for which in (hidden, 2**40):
            with pytest.raises(NotFound):
                await house.quote(guest, house.stay(which))

    async def test_names_every_rule_that_stands_against_every_item(self, house, guest):
        small, large = await house.home(guests_included=1, guests_max=1), await house.home(min_nights=3)
        with pytest.raises(RuleViolation) as refusal:
            await house.quote(guest, house.stay(small, guests=2), house.stay(large, nights=2), house.stay(large, -40))
        found = {(error.pointer, error.code) for error in refusal.value.errors}
        assert found == {
            ("/items/0/guests", "party_too_large"),
            ("/items/1/check_out", "min_nights"),
            ("/items/2/check_in", "past_date"),
            ("/items/2/check_out", "min_nights"),
        }

    async def test_of_no_nights_is_refused(self, house, guest):
        home = await house.home()
        with pytest.raises(RuleViolation) as refusal:
            await house.quote(guest, house.stay(home, nights=0))
        assert {error.code for error in refusal.value.errors} == {"empty_or_negative_range"}

    async def test_of_one_home_twice_on_a_night_is_refused(self, house, guest):
        home = await house.home(units=5)
        with pytest.raises(Invalid) as refusal:
            await house.quote(guest, house.stay(home, 0, 3), house.stay(home, 3, 2), house.stay(home, 2, 1))
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/items/2", "duplicate_unit")]

    async def test_in_two_currencies_is_refused(self, house, guest):
        here, there = await house.home(), await house.home(currency="EUR")
        with pytest.raises(Invalid) as refusal:
            await house.quote(guest, house.stay(here), house.stay(there))
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [
            ("/items/1/property_id", "currency_mismatch")
        ]

    async def test_of_two_homes_adds_both_up(self, house, guest):
        first, second = await house.home(), await house.home(base_minor=7_000, cleaning_minor=0, tax_bp=0)
        quote = await house.quote(guest, house.stay(first, nights=2), house.stay(second, 5, nights=3))
        assert [item.total_minor for item in quote.items] == [27_500, 21_000]
        assert quote.price.total_minor == 48_500 == sum(line.amount_minor for line in quote.price.lines)
        assert {line.label[:3] for line in quote.price.lines} == {"1. ", "2. "}


class TestPlacingAHold:
    async def test_takes_the_stock_for_ten_minutes_at_the_quoted_price(self, house, guest):
        home = await house.home(units=3)
        quote = await house.quote(guest, house.stay(home, 1, 2))
        hold = (await house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)).value
        assert (hold.state, hold.quote_id, hold.price, hold.items) == (
            HoldState.HELD,
            quote.id,
            quote.price,
            quote.items,
        )
        assert hold.expires_at - hold.created_at == timedelta(minutes=10)
        assert hold.extendable_until - hold.created_at == timedelta(minutes=30)
        assert await house.taken(home, 0, 4) == [0, 1, 1, 0]
        assert await house.bookings.get_hold(account_id=guest, hold_id=hold.id) == hold

    async def test_gives_each_hold_a_token_nobody_can_guess(self, house, guest):
        home = await house.home(units=3)
        tokens = {(await house.hold(guest, house.stay(home))).token for _ in range(3)}
        assert len(tokens) == 3
        assert all(len(token) == 32 for token in tokens)

    async def test_keeps_the_price_whatever_the_owner_charges_by_then(self, house, guest):
        home = await house.home()
        quote = await house.quote(guest, house.stay(home))
        first, end = house.day(0), house.day(1)
        await house.catalog.set_nights(
            owner=house.owner, property_id=home, first=first, end=end, terms=NightTerms(price_minor=99_900)
        )
        hold = (await house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)).value
        booking = (await house.confirm(hold, guest)).value
        assert quote.price.total_minor == hold.price.total_minor == booking.price.total_minor == 16_500
        assert digest(booking.price) == digest(quote.price)

    async def test_with_somebody_elses_quote_is_refused(self, house, guest, other):
        home = await house.home()
        quote = await house.quote(guest, house.stay(home))
        for who, which in ((other, quote.id), (guest, "quote_nothing")):
            with pytest.raises(NotFound):
                await house.bookings.place_hold(caller=caller(who), quote_id=which)
        assert await house.taken(home) == [0]

    async def test_after_the_promise_is_refused(self, house, guest):
        home = await house.home()
        quote = await house.quote(guest, house.stay(home))
        house.wait(minutes=15)
        with pytest.raises(QuoteExpired):
            await house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)
        assert await house.taken(home) == [0]

    async def test_of_a_taken_night_is_refused_and_takes_no_other(self, house, guest, other):
        home = await house.home()
        await house.hold(other, house.stay(home, 2))
        for _ in range(2):  # the first refusal is met while writing, the second while reading
            with pytest.raises(CapacityTaken) as refusal:
                await house.hold(guest, house.stay(home, 0, 5))
            assert refusal.value.extra == {"property_id": home, "night": house.day(2).isoformat()}
        assert await house.taken(home, 0, 5) == [0, 0, 1, 0, 0]

    async def test_of_two_homes_takes_both_or_none(self, house, guest, other):
        free, full = await house.home(), await house.home()
        await house.hold(other, house.stay(full))
        for items in ((house.stay(free), house.stay(full)), (house.stay(full), house.stay(free))):
            with pytest.raises(CapacityTaken):
                await house.hold(guest, *items)
        assert (await house.taken(free), await house.taken(full)) == ([0], [1])
        both = await house.hold(guest, house.stay(free, 1), house.stay(full, 1))
        assert (await house.taken(free, 1), await house.taken(full, 1)) == ([1], [1])
        assert [item.property_id for item in both.items] == [free, full]

    async def test_of_a_home_without_stock_is_refused_by_name(self, house, guest):
        home = await house.home()
        made = (await house.catalog.get_many(ids=[home]))[0]
        bare = await house.catalog.create(owner=house.owner, draft=made.draft)
        with pytest.raises(NotBookable) as refusal:
            await house.hold(guest, house.stay(bare.id))
        assert refusal.value.extra == {"property_id": bare.id}

    async def test_stops_at_ten_live_holds_and_goes_on_when_one_ends(self, house, guest, other):
        home = await house.home(units=40)
        held = [await house.hold(guest, house.stay(home)) for _ in range(10)]
        with pytest.raises(HoldQuotaExceeded) as refusal:
            await house.hold(guest, house.stay(home))
        assert (refusal.value.status, refusal.value.extra) == (429, {"limit": 10})
        assert refusal.value.retry_after_s
        await house.hold(other, house.stay(home))
        await house.bookings.release_hold(account_id=guest, hold_id=held[0].id)
        await house.hold(guest, house.stay(home))
        await house.confirm(held[1], guest)
        await house.hold(guest, house.stay(home))
        with pytest.raises(HoldQuotaExceeded):
            await house.hold(guest, house.stay(home))
        house.wait(minutes=10)  # nobody tidies meanwhile
        await house.hold(guest, house.stay(home))
        [quota] = await house.rows(models.quota, account_id=guest)
        assert quota.live == 1

    async def test_keeps_nights_of_preparation_free_after_the_stay(self, house, guest, other):
        home = await house.home(preparation_nights=2)
        await house.hold(guest, house.stay(home, 3, 2))
        assert await house.taken(home, 2, 6) == [0, 1, 1, 1, 1, 0]
        for early in (5, 6, 2):
            with pytest.raises(CapacityTaken):
                await house.hold(other, house.stay(home, early))
        await house.hold(other, house.stay(home, 7))
        await house.hold(other, house.stay(home, 0, 1))

    async def test_assigns_named_units_as_they_are_free(self, house, guest, other):
        home = await house.home(names=("101", "102", "103"))
        holds = [await house.hold(guest, house.stay(home, 0, 2)) for _ in range(3)]
        assert [hold.items[0].units for hold in holds] == [("101",), ("102",), ("103",)]
        with pytest.raises(CapacityTaken):
            await house.hold(other, house.stay(home, 1))
        await house.bookings.release_hold(account_id=guest, hold_id=holds[1].id)
        booking = await house.booked(other, house.stay(home, 1))
        assert booking.items[0].units == ("102",)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=holds[2].id)).items[0].units == ("103",)

    async def test_names_the_unit_of_each_stay_of_a_trip(self, house, guest, other):
        home = await house.home(names=("101", "102"))
        await house.booked(other, house.stay(home, 0, 2))
        trip = await house.hold(guest, house.stay(home, 0, 2), house.stay(home, 5, 2))
        assert [item.units for item in trip.items] == [("102",), ("101",)]

    async def test_never_changes_the_unit_in_the_middle_of_a_stay(self, house, guest, other):
        home = await house.home(names=("101", "102"))
        await house.booked(other, house.stay(home, 0))
        late = await house.booked(other, house.stay(home, 2))
        assert late.items[0].units == ("101",)
        await house.block(home, 2)  # the other unit
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 0, 3))
        assert await house.taken(home, 0, 3) == [1, 0, 2]


class TestAHold:
    async def test_is_expired_the_moment_its_time_is_over(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        house.wait(minutes=9)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.HELD
        house.wait(minutes=1)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.EXPIRED

    async def test_is_nobody_elses(self, house, guest, other):
        hold = await house.hold(guest, house.stay(await house.home()))
        for who, which in ((other, hold.id), (guest, "hold_nothing")):
            with pytest.raises(NotFound):
                await house.bookings.get_hold(account_id=who, hold_id=which)
            with pytest.raises(NotFound):
                await house.bookings.extend_hold(caller=caller(who, route="extend"), hold_id=which)
            with pytest.raises(NotFound):
                await house.bookings.release_hold(account_id=who, hold_id=which)
        with pytest.raises(NotFound):
            await house.confirm(hold, other)

    async def test_is_not_what_a_block_or_a_direct_booking_is(self, house, guest):
        home = await house.home(units=2)
        block = await house.block(home)
        booking = (await house.book(guest, house.stay(home))).value
        for who, which in ((house.owner.account_id, block), (guest, booking.hold_id)):
            with pytest.raises(NotFound):
                await house.bookings.get_hold(account_id=who, hold_id=which)
        with pytest.raises(NotFound):
            await house.bookings.release_hold(account_id=house.owner.account_id, hold_id=block)
        with pytest.raises(NotFound):
            await house.bookings.unblock(owner=house.owner, block_id=booking.hold_id)
        assert await house.taken(home) == [2]


class TestExtendingAHold:
    async def test_gives_ten_minutes_from_now_until_half_an_hour_is_over(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        ends = [hold.expires_at]
        for _ in range(3):
            house.wait(minutes=9)
            before = house.clock.now()
            extended = (await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)).value
            assert (extended.id, extended.token, extended.state) == (hold.id, hold.token, HoldState.HELD)
            ends.append(extended.expires_at)
            assert extended.expires_at <= hold.extendable_until
            if len(ends) < 4:
                assert timedelta(minutes=10) <= extended.expires_at - before <= timedelta(minutes=10, seconds=30)
        assert all(earlier < later for earlier, later in pairwise(ends))
        assert ends[-1] == hold.extendable_until
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).expires_at == ends[-1]
        with pytest.raises(ExtensionLimit) as refusal:
            await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
        assert refusal.value.extra == {"expires_at": hold.extendable_until.isoformat()}
        house.wait(minutes=3)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.EXPIRED

    async def test_is_refused_when_it_is_over(self, house, guest):
        home = await house.home(units=4)
        expired, released, booked = [await house.hold(guest, house.stay(home)) for _ in range(3)]
        booking = (await house.confirm(booked, guest)).value
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        house.wait(minutes=10)
        for hold, error, extra in (
            (expired, HoldExpired, {}),
            (released, HoldNotActive, {}),
            (booked, AlreadyConfirmed, {"reference": booking.reference}),
        ):
            with pytest.raises(error) as refusal:
                await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
            assert refusal.value.extra == extra


class TestReleasingAHold:
    async def test_frees_the_stock_once(self, house, guest):
        home = await house.home(units=2)
        hold = await house.hold(guest, house.stay(home, 0, 3))
        await house.hold(guest, house.stay(home, 1))
        for _ in range(2):
            await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
            assert await house.taken(home, 0, 3) == [0, 1, 0]
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.RELEASED

    async def test_of_an_expired_one_frees_it_once(self, house, guest):
        home = await house.home(units=2)
        hold = await house.hold(guest, house.stay(home))
        house.wait(minutes=10)
        for _ in range(2):
            await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
            assert await house.taken(home) == [0]
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.EXPIRED

    async def test_of_a_booking_is_refused(self, house, guest):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home))
        booking = (await house.confirm(hold, guest)).value
        with pytest.raises(AlreadyConfirmed) as refusal:
            await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert refusal.value.extra == {"reference": booking.reference}
        assert await house.taken(home) == [1]


class TestConfirmingAHold:
    async def test_makes_a_booking_of_it_at_its_price(self, house, guest):
        home = await house.home()
        hold = await house.hold(guest, house.stay(home, 0, 2))
        booking = (await house.confirm(hold, guest)).value
        assert (booking.hold_id, booking.account_id, booking.state) == (hold.id, guest, BookingState.CONFIRMED)
        assert (booking.price, booking.items) == (hold.price, hold.items)
        assert (booking.payment_method, booking.payment_status) == ("at_property", "due")
        assert (booking.cancelled_at, booking.refund_minor) == (None, None)
        assert len(booking.reference) == 10
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.CONFIRMED
        assert await house.taken(home, 0, 2) == [1, 1]

    async def test_outlives_the_hold(self, house, guest, other):
        home = await house.home()
        await house.booked(guest, house.stay(home))
        house.wait(hours=1)
        await house.bookings.expire_holds()
        with pytest.raises(CapacityTaken):
            await house.hold(other, house.stay(home))

    async def test_needs_the_token(self, house, guest):
        home = await house.home(units=2)
        hold, another = await house.hold(guest, house.stay(home)), await house.hold(guest, house.stay(home))
        for token in ("", "x" * 32, another.token, hold.token[:-1], hold.token + "=", "é" * 32):
            with pytest.raises(NotFound):
                await house.bookings.confirm(
                    caller=caller(guest, route="POST /v1/bookings"),
                    hold_id=hold.id,
                    hold_token=token,
                    payment=AT_PROPERTY,
                )
        assert await house.rows(models.booking, account_id=guest) == []

    async def test_is_refused_when_the_hold_is_over(self, house, guest):
        home = await house.home(units=4)
        expired, released, booked, cancelled = [await house.hold(guest, house.stay(home)) for _ in range(4)]
        booking = (await house.confirm(booked, guest)).value
        await house.cancel((await house.confirm(cancelled, guest)).value)
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        house.wait(minutes=10)
        for hold, error, extra in (
            (expired, HoldExpired, {}),
            (released, HoldNotActive, {}),
            (cancelled, HoldNotActive, {}),
            (booked, AlreadyConfirmed, {"reference": booking.reference}),
        ):
            with pytest.raises(error) as refusal:
                await house.confirm(hold, guest)
            assert refusal.value.extra == extra
        assert len(await house.rows(models.booking, account_id=guest)) == 2


def test_an_item_says_nothing_of_money():
    assert set(StayItem.__dataclass_fields__) == {"property_id", "check_in", "check_out", "guests", "pets"}
