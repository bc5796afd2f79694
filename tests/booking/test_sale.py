"""Every method of booking's door by example: what it gives, and each refusal it names. On every engine."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from builders import ZONE, caller, moved, new_account, opened, with_tables

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    BelowSold,
    BookingState,
    CancellationTooLate,
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
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Invalid, NotFound
from holdfast.verticals.stays import POLICIES, NightTerms

ADMIN = Principal(1, "admin")


def as_guest(account_id):
    return Principal(account_id, "guest")


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
                    payment_method="at_property",
                    payment_status="due",
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


class TestBookingAtOnce:
    async def test_takes_stock_at_the_flat_price(self, house, guest):
        home = await house.home(units=2)
        done = await house.book(guest, house.stay(home, 0, 3))
        assert not done.replayed
        booking = done.value
        assert (booking.price.total_minor, booking.items[0].total_minor) == (30_000, 30_000)
        assert (booking.state, booking.account_id) == (BookingState.CONFIRMED, guest)
        assert await house.taken(home, 0, 4) == [1, 1, 1, 0]
        assert await house.bookings.get_booking(principal=as_guest(guest), number=booking.number) == booking

    async def test_twice_without_a_key_books_twice(self, house, guest):
        home = await house.home(units=2)
        first, second = await house.book(guest, house.stay(home)), await house.book(guest, house.stay(home))
        assert first.value.number < second.value.number
        assert await house.taken(home) == [2]

    async def test_has_no_limit_of_holds(self, house, guest):
        home = await house.home(units=20)
        for _ in range(12):
            await house.book(guest, house.stay(home))
        assert await house.taken(home) == [12]

    async def test_assigns_a_named_unit(self, house, guest):
        home = await house.home(names=("A", "B"))
        units = [(await house.book(guest, house.stay(home))).value.items[0].units for _ in range(2)]
        assert units == [("A",), ("B",)]

    async def test_is_refused_by_name(self, house, guest):
        home, hidden = await house.home(), await house.home(listed=False)
        await house.book(guest, house.stay(home))
        with pytest.raises(NotFound):
            await house.book(guest, house.stay(hidden))
        with pytest.raises(RuleViolation):
            await house.book(guest, house.stay(home, guests=9))
        for _ in range(2):
            with pytest.raises(CapacityTaken) as refusal:
                await house.book(guest, house.stay(home, -1, 3))
            assert refusal.value.extra == {"property_id": home, "night": house.day(0).isoformat()}
        assert await house.taken(home, -1, 3) == [0, 1, 0]


class TestABooking:
    async def test_is_seen_by_its_guest_its_owner_and_an_admin_only(self, house, guest, other):
        booking = await house.booked(guest, house.stay(await house.home()))
        for principal in (as_guest(guest), house.owner, ADMIN):
            for way in ({"number": booking.number}, {"reference": booking.reference}):
                assert await house.bookings.get_booking(principal=principal, **way) == booking
        strangers = (as_guest(other), Principal(other, "owner"))
        for principal in strangers:
            for way in ({"number": booking.number}, {"reference": booking.reference}):
                with pytest.raises(NotFound):
                    await house.bookings.get_booking(principal=principal, **way)
        for way in ({"number": 1}, {"reference": "NOTHING000"}, {"reference": booking.reference.lower() + "x"}):
            with pytest.raises(NotFound):
                await house.bookings.get_booking(principal=ADMIN, **way)

    async def test_is_listed_newest_first_page_by_page(self, house, guest, other):
        home = await house.home(units=9)
        made = [await house.booked(guest, house.stay(home)) for _ in range(3)]
        made += [(await house.book(guest, house.stay(home))).value]
        foreign = await house.booked(other, house.stay(home))
        newest = [booking.number for booking in reversed(made)]
        of = house.bookings.bookings_of
        assert [each.number for each in await of(account_id=guest, before=None, limit=9)] == newest
        assert [each.number for each in await of(account_id=guest, before=None, limit=2)] == newest[:2]
        assert [each.number for each in await of(account_id=guest, before=newest[1], limit=9)] == newest[2:]
        owned = await house.bookings.bookings_of_owner(owner_id=house.owner.account_id, before=None, limit=9)
        assert [each.number for each in owned] == [foreign.number, *newest]
        assert await house.bookings.bookings_of_owner(owner_id=guest, before=None, limit=9) == []


def check_in_of(booking):
    [item] = booking.items
    return datetime.combine(item.check_in, time(15), ZoneInfo(ZONE)).astimezone(UTC)


class TestCancelling:
    async def test_frees_the_stock_and_stores_the_refund(self, house, guest, other):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        refund, at = await house.bookings.refund_now(principal=as_guest(guest), number=booking.number)
        assert refund == 27_500
        cancelled = (await house.cancel(booking)).value
        assert (cancelled.state, cancelled.refund_minor) == (BookingState.CANCELLED, 27_500)
        assert at <= cancelled.cancelled_at
        assert (cancelled.reference, cancelled.price, cancelled.items) == (
            booking.reference,
            booking.price,
            booking.items,
        )
        assert await house.bookings.get_booking(principal=as_guest(guest), number=booking.number) == cancelled
        assert await house.taken(home, 0, 2) == [0, 0]
        await house.hold(other, house.stay(home, 0, 2))

    @pytest.mark.parametrize(
        ("policy", "before", "part"),
        [
            ("flexible", timedelta(days=1, minutes=1), 1.0),
            ("flexible", timedelta(days=1, minutes=-1), 0),
            ("moderate", timedelta(days=5, minutes=1), 1.0),
            ("moderate", timedelta(days=5, minutes=-1), 0.5),
            ("moderate", timedelta(days=1, minutes=1), 0.5),
            ("moderate", timedelta(days=1, minutes=-1), 0),
            ("strict", timedelta(days=14, minutes=-1), 0.5),
            ("non_refundable", timedelta(days=20), 0),
        ],
    )
    async def test_gives_back_what_the_policy_says_at_that_moment(self, house, guest, policy, before, part):
        home = await house.home(policy=POLICIES[policy])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        house.clock.advance(check_in_of(booking) - before - house.clock.now())
        refund, _ = await house.bookings.refund_now(principal=as_guest(guest), number=booking.number)
        cancelled = (await house.cancel(booking)).value
        assert refund == cancelled.refund_minor == int(27_500 * part)

    async def test_keeps_to_the_policy_the_guest_was_quoted(self, house, guest):
        home = await house.home(policy=POLICIES["flexible"])
        booking = await house.booked(guest, house.stay(home))
        [made] = await house.catalog.get_many(ids=[home])
        harsh = _with_policy(made.draft, "non_refundable")
        await house.catalog.replace(owner=house.owner, property_id=home, draft=harsh, version=made.version)
        assert (await house.cancel(booking)).value.refund_minor == booking.price.total_minor

    @pytest.mark.parametrize("who", ["owner", "admin"])
    async def test_by_owner_or_admin_gives_everything_back(self, house, guest, who):
        home = await house.home(policy=POLICIES["non_refundable"])
        booking = await house.booked(guest, house.stay(home, 0, 2))
        principal = house.owner if who == "owner" else ADMIN
        assert (await house.bookings.refund_now(principal=principal, number=booking.number))[0] == 27_500
        assert (await house.bookings.refund_now(principal=as_guest(guest), number=booking.number))[0] == 0
        assert (await house.cancel(booking, principal)).value.refund_minor == 27_500

    async def test_adds_up_what_each_stay_gives_back(self, house, guest):
        kind, harsh = await house.home(), await house.home(policy=POLICIES["non_refundable"])
        booking = await house.booked(guest, house.stay(kind, 0, 2), house.stay(harsh, 0, 2))
        assert (await house.cancel(booking)).value.refund_minor == 27_500

    async def test_is_refused_by_name(self, house, guest, other):
        home = await house.home(units=2)
        booking, begun = await house.booked(guest, house.stay(home)), await house.booked(guest, house.stay(home))
        with pytest.raises(NotFound):
            await house.cancel(booking, as_guest(other))
        with pytest.raises(NotFound):
            await house.bookings.refund_now(principal=as_guest(other), number=booking.number)
        with pytest.raises(NotFound):
            await house.bookings.cancel(caller=caller(guest), principal=as_guest(guest), number=7)
        await house.cancel(booking)
        for _ in range(2):
            with pytest.raises(AlreadyCancelled):
                await house.cancel(booking)
        with pytest.raises(AlreadyCancelled):
            await house.bookings.refund_now(principal=as_guest(guest), number=booking.number)
        assert await house.taken(home) == [1]
        house.clock.advance(check_in_of(begun) - house.clock.now())
        for principal in (as_guest(guest), house.owner):
            with pytest.raises(CancellationTooLate):
                await house.cancel(begun, principal)
            with pytest.raises(CancellationTooLate):
                await house.bookings.refund_now(principal=principal, number=begun.number)


class TestBlocks:
    async def test_take_nights_off_the_market_until_they_are_lifted(self, house, guest):
        home = await house.home(units=3)
        block = await house.block(home, 1, 2, quantity=2)
        assert await house.taken(home, 0, 4) == [0, 2, 2, 0]
        [known] = await house.bookings.blocks_of(owner=house.owner, property_id=home)
        assert (known.id, known.first, known.end, known.quantity) == (block, house.day(1), house.day(3), 2)
        await house.hold(guest, house.stay(home, 1))
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 1))
        house.wait(days=1)
        await house.bookings.expire_holds()
        for _ in range(2):
            await house.bookings.unblock(owner=house.owner, block_id=block)
            assert await house.bookings.blocks_of(owner=house.owner, property_id=home) == []
        assert await house.taken(home, 0, 3) == [0, 0, 0]

    async def test_of_a_sold_night_are_refused_with_what_stands_there(self, house, guest):
        home = await house.home()
        booking = await house.booked(guest, house.stay(home, 2, 2))
        with pytest.raises(CapacityTaken) as refusal:
            await house.block(home, 0, 5)
        assert refusal.value.extra == {
            "property_id": home,
            "night": house.day(2).isoformat(),
            "bookings": [booking.reference],
        }
        assert await house.taken(home, 0, 5) == [0, 0, 1, 1, 0]

    async def test_take_a_free_one_of_named_units(self, house, guest):
        home = await house.home(names=("1", "2"))
        await house.booked(guest, house.stay(home))
        await house.block(home)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))
        assert [night.free for night in await house.nights(home, 0, 2)] == [0, 2]

    async def test_are_the_owners(self, house, other):
        home = await house.home()
        block = await house.block(home)
        stranger = Principal(other, "owner")
        with pytest.raises(NotFound):
            await house.bookings.unblock(owner=stranger, block_id=block)
        with pytest.raises(NotFound):
            await house.bookings.unblock(owner=house.owner, block_id="block_nothing")
        with pytest.raises(NotFound):
            await house.bookings.blocks_of(owner=stranger, property_id=home)
        with pytest.raises(NotFound):
            await house.bookings.block(
                caller=caller(other),
                owner=stranger,
                property_id=home,
                nights=(house.day(5), house.day(6)),
                quantity=1,
                note="",
            )
        await house.bookings.unblock(owner=ADMIN, block_id=block)
        assert await house.taken(home) == [0]

    @pytest.mark.parametrize(("nights", "code"), [(0, "empty_or_negative_range"), (731, "range_too_long")])
    async def test_of_a_wrong_range_are_refused(self, house, nights, code):
        home = await house.home()
        with pytest.raises(Invalid) as refusal:
            await house.block(home, 0, nights)
        assert [error.code for error in refusal.value.errors] == [code]

    async def test_can_be_imported_all_or_none(self, house, guest):
        first, second = await house.home(), await house.home(units=2)
        await house.booked(guest, house.stay(first, 9))
        spans = [
            (first, house.day(0), house.day(2)),
            (second, house.day(0), house.day(3)),
            (second, house.day(1), house.day(2)),
        ]
        assert await house.bookings.import_blocks(spans=spans, note="owner") == 3
        assert (await house.taken(first, 0, 3), await house.taken(second, 0, 3)) == ([1, 1, 0], [1, 2, 1])
        with pytest.raises(CapacityTaken):
            await house.bookings.import_blocks(
                spans=[(second, house.day(7), house.day(8)), (first, house.day(8), house.day(10))], note=""
            )
        with pytest.raises(NotFound):
            await house.bookings.import_blocks(
                spans=[(second, house.day(7), house.day(8)), (2**40, house.day(8), house.day(9))], note=""
            )
        assert await house.taken(second, 7) == [0]
        blocks = await house.bookings.blocks_of(owner=house.owner, property_id=second)
        assert {(block.first, block.end, block.note) for block in blocks} == {
            (house.day(0), house.day(3), "owner"),
            (house.day(1), house.day(2), "owner"),
        }


class TestStock:
    async def test_is_shown_night_by_night_for_many_homes(self, house, guest):
        single, pool, named = await house.home(), await house.home(units=4), await house.home(names=("x", "y"))
        await house.hold(guest, house.stay(single, 0), house.stay(pool, 1), house.stay(named, 0, 2))
        found = await house.bookings.stock(
            property_ids=[single, pool, named, 2**40], first=house.day(0), end=house.day(2)
        )
        assert {which: [(night.capacity, night.taken) for night in nights] for which, nights in found.items()} == {
            single: [(1, 1), (1, 0)],
            pool: [(4, 0), (4, 1)],
            named: [(2, 1), (2, 1)],
        }
        assert [night.night for night in found[pool]] == [house.day(0), house.day(1)]

    async def test_is_made_once(self, house):
        home = await house.home(units=3)
        for again in ({"units": 9}, {"units": 2, "unit_names": ("a", "b")}):
            await house.bookings.define_stock(property_id=home, **again)
            assert [night.capacity for night in await house.nights(home)] == [3]
        rooms = await house.home(names=("a", "b"))
        for again in ({"units": 9}, {"units": 3, "unit_names": ("a", "b", "c")}):
            await house.bookings.define_stock(property_id=rooms, **again)
            assert [night.capacity for night in await house.nights(rooms)] == [2]

    async def test_of_many_is_made_at_once(self, house):
        ids = [2**45 + place for place in range(3)]
        await house.bookings.define_many([(ids[0], 1, ()), (ids[1], 7, ()), (ids[2], 2, ("p", "q"))])
        found = await house.bookings.stock(property_ids=ids, first=house.day(0), end=house.day(1))
        assert [found[each][0].capacity for each in ids] == [1, 7, 2]


class TestResizing:
    async def test_changes_every_night_that_has_no_capacity_of_its_own(self, house, guest):
        home = await house.home(units=2)
        await house.hold(guest, house.stay(home, 0))
        await house.set_nights(home, 1, capacity=5)
        await house.bookings.resize(owner=house.owner, property_id=home, units=3)
        assert [night.capacity for night in await house.nights(home, 0, 3)] == [3, 5, 3]
        await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        assert [night.capacity for night in await house.nights(home, 0, 3)] == [1, 5, 1]
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 0))

    async def test_below_what_is_sold_is_refused_with_what_stands_against_it(self, house, guest):
        home = await house.home(units=3)
        bookings = [await house.booked(guest, house.stay(home, 4)) for _ in range(2)]
        with pytest.raises(BelowSold) as refusal:
            await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        assert refusal.value.extra == {"bookings": [booking.reference for booking in bookings]}
        assert [night.capacity for night in await house.nights(home, 3, 2)] == [3, 3]
        await house.bookings.resize(owner=house.owner, property_id=home, units=2)

    async def test_to_nothing_closes_a_home(self, house, guest):
        home = await house.home()
        await house.bookings.resize(owner=house.owner, property_id=home, units=0)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))
        await house.set_nights(home, 1, capacity=1)
        await house.hold(guest, house.stay(home, 1))

    async def test_is_refused_to_strangers_and_for_named_units(self, house, other):
        home, rooms = await house.home(), await house.home(names=("a", "b"))
        with pytest.raises(NotFound):
            await house.bookings.resize(owner=Principal(other, "owner"), property_id=home, units=4)
        with pytest.raises(Invalid) as refusal:
            await house.bookings.resize(owner=house.owner, property_id=rooms, units=4)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/units", "named_units")]

    async def test_is_not_stood_against_by_a_hold_that_has_run_out(self, house, guest):
        home = await house.home(units=2)
        for _ in range(2):
            await house.hold(guest, house.stay(home, 1))
        with pytest.raises(BelowSold):
            await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        house.wait(minutes=10)
        await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        await house.hold(guest, house.stay(home, 2))
        house.wait(minutes=10)
        await house.set_nights(home, 2, capacity=0)


class TestNightStock:
    async def test_above_the_ordinary_can_be_sold(self, house, guest):
        home = await house.home(units=1)
        await house.set_nights(home, 0, 2, capacity=3)
        for _ in range(3):
            await house.hold(guest, house.stay(home, 0, 2))
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home, 1))
        assert [(night.capacity, night.taken) for night in await house.nights(home, 0, 3)] == [(3, 3), (3, 3), (1, 0)]

    async def test_below_the_ordinary_holds(self, house, guest):
        home = await house.home(units=5)
        await house.set_nights(home, 0, capacity=1)
        await house.hold(guest, house.stay(home))
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(home))

    async def test_closed_sells_nothing_until_it_is_opened(self, house, guest):
        home = await house.home(units=5)
        before = await house.booked(guest, house.stay(home, 1))
        held = await house.hold(guest, house.stay(home, 1))
        await house.set_nights(home, 1, closed=True)
        assert [(night.closed, night.free) for night in await house.nights(home, 0, 3)] == [
            (False, 5),
            (True, 0),
            (False, 5),
        ]
        for _ in range(2):
            with pytest.raises(CapacityTaken) as refusal:
                await house.hold(guest, house.stay(home, 0, 3))
            assert refusal.value.extra["night"] == house.day(1).isoformat()
        with pytest.raises(CapacityTaken):
            await house.block(home, 1)
        await house.confirm(held, guest)
        await house.cancel(before)
        assert await house.taken(home, 0, 3) == [0, 1, 0]
        await house.set_nights(home, 1, closed=False)
        await house.hold(guest, house.stay(home, 0, 3))

    async def test_of_named_units_can_be_closed_but_not_counted(self, house, guest):
        rooms = await house.home(names=("a", "b"))
        with pytest.raises(Invalid) as refusal:
            await house.set_nights(rooms, 0, capacity=3)
        assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/capacity", "named_units")]
        await house.set_nights(rooms, 0, closed=True)
        with pytest.raises(CapacityTaken):
            await house.hold(guest, house.stay(rooms))
        assert [(night.capacity, night.free, night.closed) for night in await house.nights(rooms, 0, 2)] == [
            (2, 0, True),
            (2, 2, False),
        ]

    async def test_below_what_is_sold_is_refused(self, house, guest):
        home = await house.home(units=3)
        bookings = [await house.booked(guest, house.stay(home, 1)) for _ in range(2)]
        with pytest.raises(BelowSold) as refusal:
            await house.set_nights(home, 0, 3, capacity=1)
        assert refusal.value.extra == {"bookings": [booking.reference for booking in bookings]}
        assert [night.capacity for night in await house.nights(home, 0, 3)] == [3, 3, 3]

    async def test_changes_only_what_is_said(self, house):
        home = await house.home(units=3)
        await house.set_nights(home, capacity=2)
        await house.set_nights(home, closed=True)
        await house.bookings.resize(owner=house.owner, property_id=home, units=9)
        assert [(night.capacity, night.closed) for night in await house.nights(home, 0, 2)] == [(2, True), (9, False)]
        await house.set_nights(home, capacity=4)
        await house.set_nights(home, 1, closed=True)
        await house.bookings.resize(owner=house.owner, property_id=home, units=8)
        assert [(night.capacity, night.closed) for night in await house.nights(home, 0, 2)] == [(4, True), (8, True)]

    async def test_is_refused_to_strangers_and_for_wrong_ranges(self, house, other):
        home = await house.home()
        with pytest.raises(NotFound):
            await house.bookings.set_night_stock(
                owner=Principal(other, "owner"),
                property_id=home,
                first=house.day(0),
                end=house.day(1),
                capacity=9,
                closed=None,
            )
        for nights in (0, 731):
            with pytest.raises(Invalid):
                await house.set_nights(home, 0, nights, closed=True)
        assert [(night.capacity, night.closed) for night in await house.nights(home)] == [(1, False)]


class TestEvents:
    async def test_tell_exactly_what_happened(self, house, guest):
        home = await house.home(units=2, preparation_nights=1)
        before = len(await house.told())
        quote = await house.quote(guest, house.stay(home, 0, 2))
        assert (await house.told())[before:] == []
        hold = (await house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)).value
        await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=hold.id)
        booking = (await house.confirm(hold, guest)).value
        await house.cancel(booking)
        direct = (await house.book(guest, house.stay(home, 7))).value
        released = await house.hold(guest, house.stay(home, 20))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        block = await house.block(home, 30, 2)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        await house.set_nights(home, 40, 3, closed=True)
        who = {"account_id": guest}
        first = moved(home, house.day(0), 3)
        assert (await house.told())[before:] == [
            first,
            ("BookingConfirmed", {"number": booking.number, "reference": booking.reference, **who}),
            first,
            (
                "BookingCancelled",
                {
                    "number": booking.number,
                    "reference": booking.reference,
                    "refund_minor": 27_500,
                    "currency": "USD",
                    **who,
                },
            ),
            ("BookingConfirmed", {"number": direct.number, "reference": direct.reference, **who}),
            moved(home, house.day(7), 2),
            moved(home, house.day(20), 2),
            moved(home, house.day(20), 2),
            moved(home, house.day(30), 2),
            moved(home, house.day(30), 2),
            moved(home, house.day(40), 3),
        ]

    async def test_tell_of_a_hold_that_ran_out_once(self, house, guest, other):
        home = await house.home()
        await house.hold(guest, house.stay(home, 0, 2))
        house.wait(minutes=10)
        before = len(await house.told())
        await house.hold(other, house.stay(home, 1, 2))
        assert sorted((await house.told())[before:], key=str) == sorted(
            [moved(home, house.day(0), 2), moved(home, house.day(1), 2)], key=str
        )
        await house.bookings.expire_holds()
        assert (await house.told()).count(moved(home, house.day(0), 2)) == 2

    async def test_tell_nothing_of_what_was_refused_or_changed_nothing(self, house, guest, other):
        home = await house.home(units=2)
        booking = await house.booked(guest, house.stay(home))
        hold = await house.hold(guest, house.stay(home))
        await house.cancel(booking)
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        block = await house.block(home, 3)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        full = await house.booked(guest, house.stay(home, 9), house.stay(await house.home(), 9))
        await house.hold(guest, house.stay(home, 9))
        key = "again"
        await house.hold(guest, house.stay(home, 15), key=key)
        before = len(await house.told())
        with pytest.raises(CapacityTaken):
            await house.hold(other, house.stay(home, 9))
        with pytest.raises(CapacityTaken):
            await house.block(home, 9)
        with pytest.raises(AlreadyCancelled):
            await house.cancel(booking)
        with pytest.raises(HoldNotActive):
            await house.confirm(hold, guest)
        with pytest.raises(NotFound):
            await house.cancel(full, as_guest(other))
        with pytest.raises(BelowSold):
            await house.bookings.resize(owner=house.owner, property_id=home, units=1)
        with pytest.raises(BelowSold):
            await house.set_nights(home, 9, capacity=0)
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        await house.bookings.unblock(owner=house.owner, block_id=block)
        assert (
            await house.bookings.place_hold(caller=caller(guest, key), quote_id=await _any_quote(house, guest, home))
        ).replayed
        assert (await house.told())[before:] == []

    async def test_of_a_stay_of_two_homes_tell_of_both(self, house, guest):
        first, second = await house.home(), await house.home()
        before = len(await house.told())
        await house.hold(guest, house.stay(first, 0, 2), house.stay(second, 5))
        assert (await house.told())[before:] == [moved(first, house.day(0), 2), moved(second, house.day(5))]


class TestAReport:
    async def test_counts_what_there_is_and_is_kept(self, fresh_url):
        async with opened(await with_tables(fresh_url)) as house:
            assert await house.bookings.last_report() is None
            home, guest = await house.home(units=3), new_account()
            await house.booked(guest, house.stay(home, 0, 2))
            await house.hold(guest, house.stay(home, 1, 2))
            report = await house.bookings.verify()
            assert (report.cells, report.holds, report.bookings, report.ledger_entries) == (3, 2, 1, 2)
            assert report.breaches == ()
            assert await house.bookings.last_report() == report


def test_an_item_says_nothing_of_money():
    assert set(StayItem.__dataclass_fields__) == {"property_id", "check_in", "check_out", "guests"}


async def _any_quote(house, guest, home):
    return (await house.quote(guest, house.stay(home, 33))).id


def _with_policy(draft, name):
    return replace(draft, terms=replace(draft.terms, policy=POLICIES[name]))
