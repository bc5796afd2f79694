"""Trips whose parts lie in different databases: all parts or none, on every engine and over several at once."""

import asyncio
from datetime import timedelta

import pytest
from builders import AT_PROPERTY, caller, new_account, refusal_of
from split_builder import (
    TripMaker,
    confirmed,
    paid,
    split_house,
    split_tables,
)
from trip_builder import GUARANTEE

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    BookingState,
    CapacityTaken,
    ExtensionLimit,
    GuaranteeRequired,
    HoldExpired,
    HoldNotActive,
    HoldState,
    NotAcrossStocks,
    NoteGiven,
    QuoteExpired,
    RuleViolation,
)
from holdfast.booking.service.split.stocks import HOME
from holdfast.kit.auth import Principal
from holdfast.kit.db.database import UnsafeDatabase
from holdfast.kit.errors import NotFound, PaymentRequired
from holdfast.kit.keyed import KeyReused
from support import servers


@pytest.fixture(scope="module")
async def urls(engine):
    """Three databases of one engine, with their tables."""
    lent = {name: servers.fresh_database(engine) for name in (HOME, "dining", "flights")}
    opened = {name: each.__enter__() for name, each in lent.items()}
    await split_tables(opened)
    yield opened
    for each in lent.values():
        each.__exit__(None, None, None)


@pytest.fixture
async def house(urls):
    async with split_house(urls) as running:
        yield running
        await running.tidy()
        await running.assert_sound()


@pytest.fixture
def maker(house):
    return TripMaker(house)


class TestATripOverSeveralStocks:
    async def test_is_one_quote_one_hold_one_total_and_one_reference(self, house, maker, guest):
        items = await maker.items(flight=True)
        quote = await house.quote(guest, *items)
        assert len(quote.items) == 3
        assert quote.price.total_minor == sum(item.total_minor for item in quote.items)
        assert await house.bookings.get_quote(account_id=guest, quote_id=quote.id) == quote
        hold, _ = await maker.held(*items, guest=guest)
        assert (hold.state, hold.payable_minor) == (HoldState.HELD, quote.price.total_minor)
        assert hold.price == quote.price
        booking = await confirmed(house, hold, guest)
        assert (booking.state, booking.payment_id, booking.hold_id) == (BookingState.CONFIRMED, "payment_1", hold.id)
        assert [part.items for part in booking.parts] == [(0,), (1,), (2,)]
        assert sum(part.total_minor for part in booking.parts) == booking.price.total_minor
        told = [each for each in await house.told_of("BookingConfirmed") if each["reference"] == booking.reference]
        assert [(each["number"], each["payment_id"]) for each in told] == [(booking.number, "payment_1")]

    async def test_has_each_part_in_the_database_of_its_kind(self, house, maker, guest):
        hold, _ = await maker.held(*await maker.items(flight=True), guest=guest)
        booking = await confirmed(house, hold, guest)
        for name, part in zip((HOME, "dining", "flights"), booking.parts, strict=True):
            rows = {row.number for row in await house.rows_in(name, models.booking)}
            assert part.number in rows
            assert booking.number not in rows

    async def test_is_read_by_its_guest_and_each_part_by_who_sells_it(self, house, maker, guest):
        hold, _ = await maker.held(guest=guest)
        booking = await confirmed(house, hold, guest)
        ask = house.bookings.get_booking
        assert await ask(principal=Principal(guest, "guest"), reference=booking.reference) == booking
        with pytest.raises(NotFound):
            await ask(principal=house.owner, reference=booking.reference)
        sold = await house.bookings.bookings_of_owner(owner_id=house.owner.account_id, before=None, limit=5)
        part = next(each for each in sold if each.reference == booking.parts[1].reference)
        assert part.payment_id == "payment_1"
        assert await ask(principal=house.owner, reference=part.reference) == part

    async def test_stands_once_in_its_guests_list(self, house, maker, guest):
        [alone] = (await maker.items())[1:]
        table, _ = await maker.held(alone, guest=guest)
        single = await confirmed(house, table, guest, paid("payment_2"))
        hold, _ = await maker.held(guest=guest)
        trip = await confirmed(house, hold, guest)
        listed = await house.bookings.bookings_of(account_id=guest, before=None, limit=10)
        assert [each.reference for each in listed] == [trip.reference, single.reference]
        first = await house.bookings.bookings_of(account_id=guest, before=None, limit=1)
        rest = await house.bookings.bookings_of(account_id=guest, before=first[-1].number, limit=1)
        assert [each.reference for each in (*first, *rest)] == [trip.reference, single.reference]

    async def test_is_the_same_for_the_same_key(self, house, maker, guest):
        quote = await house.quote(guest, *await maker.items())
        who = caller(guest)
        first = await house.bookings.place_hold(caller=who, quote_id=quote.id)
        again = await house.bookings.place_hold(caller=who, quote_id=quote.id)
        assert (again.replayed, again.value.id) == (True, first.value.id)
        other = caller(guest, who.key, fingerprint="another request")
        with pytest.raises(KeyReused):
            await house.bookings.place_hold(caller=other, quote_id=quote.id)
        key = "confirm-once"
        booking = await confirmed(house, first.value, guest, key=key)
        assert await confirmed(house, first.value, guest, key=key) == booking

    async def test_names_every_rule_by_the_place_in_the_request(self, house, maker, guest):
        stay, table = await maker.items()
        wrong = [table, house.stay(stay.property_id, 0, 40)]
        refusal = await refusal_of(house.quote(guest, *wrong))
        assert isinstance(refusal, RuleViolation)
        assert {error.pointer.split("/")[2] for error in refusal.errors} == {"1"}

    async def test_of_one_kind_goes_straight_to_its_stock(self, house, maker, guest):
        _, table = await maker.items()
        hold, _ = await maker.held(table, guest=guest)
        assert hold.id.startswith("hold_")
        booking = await confirmed(house, hold, guest)
        assert booking.parts == ()
        assert booking.reference in {row.reference for row in await house.rows_in("dining", models.booking)}

    async def test_is_nobody_elses(self, house, maker):
        hold, guest = await maker.held()
        somebody = new_account()
        for ask in (
            house.bookings.get_hold(account_id=somebody, hold_id=hold.id),
            house.bookings.release_hold(account_id=somebody, hold_id=hold.id),
            house.bookings.payable(account_id=somebody, hold_id=hold.id, hold_token=hold.token),
            house.bookings.payable(account_id=guest, hold_id=hold.id, hold_token="guessed"),
            house.bookings.place_hold(caller=caller(somebody), quote_id=hold.quote_id),
        ):
            with pytest.raises(NotFound):
                await ask


class TestAPartThatIsRefused:
    @pytest.mark.parametrize("gone", [0, 1, 2])
    async def test_leaves_everything_free(self, house, maker, guest, gone):
        items = await maker.items(flight=True)
        quote = await house.quote(guest, *items)
        if gone == 0:
            await house.block(items[0].property_id, 0, 2)
        elif gone == 1:
            for _ in range(4):  # pacing: four parties in a quarter of an hour
                await maker.held(items[1])
        else:
            await maker.held(*[maker.travel.seat(items[2].flight_ids[0], adults=9, again=True)] * 1)
            for _ in range(19):
                await maker.held(maker.travel.seat(items[2].flight_ids[0], adults=9, again=True))
        before = await house.taken_anywhere()
        refusal = await refusal_of(house.bookings.place_hold(caller=caller(guest), quote_id=quote.id))
        assert isinstance(refusal, CapacityTaken)
        assert refusal.extra["part"] == (HOME, "dining", "flights")[gone]
        assert await house.taken_anywhere() == before
        assert [row.state for row in await house.rows(models.trip, account_id=guest)] == ["ended"]

    async def test_is_refused_again_for_the_same_key(self, house, maker, guest):
        items = await maker.items()
        quote = await house.quote(guest, *items)
        await house.block(items[0].property_id, 0, 2)
        who = caller(guest)
        first = await refusal_of(house.bookings.place_hold(caller=who, quote_id=quote.id))
        again = await refusal_of(house.bookings.place_hold(caller=who, quote_id=quote.id))
        assert (type(again), again.replayed) == (type(first), True)

    async def test_may_be_too_late(self, house, maker, guest):
        quote = await house.quote(guest, *await maker.items())
        house.wait(minutes=16)
        with pytest.raises(QuoteExpired):
            await house.bookings.place_hold(caller=caller(guest), quote_id=quote.id)

    async def test_lets_one_of_two_trips_win_that_want_each_others_parts(self, house, maker):
        for _ in range(5):
            stay, table = await maker.items(deposit=False)
            one, other = new_account(), new_account()
            there = await house.quote(one, stay, table)
            back = await house.quote(other, table, stay)
            async with asyncio.timeout(30):
                answers = await asyncio.gather(
                    house.bookings.place_hold(caller=caller(one), quote_id=there.id),
                    house.bookings.place_hold(caller=caller(other), quote_id=back.id),
                    return_exceptions=True,
                )
            assert sorted(type(each).__name__ for each in answers) == ["CapacityTaken", "Keyed"]


class TestTheHoldOfATrip:
    async def test_is_extended_in_all_its_parts(self, house, maker):
        hold, guest = await maker.held()
        house.wait(minutes=5)
        longer = (await house.bookings.extend_hold(caller=caller(guest), hold_id=hold.id)).value
        assert longer.expires_at >= hold.expires_at + timedelta(minutes=4)
        await house.assert_sound()
        house.wait(minutes=9)
        await house.bookings.extend_hold(caller=caller(guest), hold_id=hold.id)
        house.wait(minutes=9)
        await house.bookings.extend_hold(caller=caller(guest), hold_id=hold.id)
        with pytest.raises(ExtensionLimit):
            await house.bookings.extend_hold(caller=caller(guest), hold_id=hold.id)

    async def test_waits_once_for_a_payment(self, house, maker):
        hold, _ = await maker.held()
        house.wait(minutes=5)
        waited = await house.bookings.wait_for_payment(hold_id=hold.id)
        house.wait(minutes=2)
        assert waited.expires_at > hold.expires_at
        assert (await house.bookings.wait_for_payment(hold_id=hold.id)).expires_at == waited.expires_at

    async def test_is_released_in_all_its_parts_and_tells_of_it(self, house, maker):
        before = await house.taken_anywhere()
        hold, guest = await maker.held()
        assert await house.taken_anywhere() != before
        for _ in range(2):
            await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert await house.taken_anywhere() == before
        assert {"hold_id": hold.id, "how": "released"} in await house.told_of("HoldEnded")
        with pytest.raises(HoldNotActive):
            await confirmed(house, hold, guest)

    async def test_ends_by_its_clock(self, house, maker):
        before = await house.taken_anywhere()
        hold, guest = await maker.held()
        house.wait(minutes=11)
        await house.tidy()
        assert set(await house.taken_anywhere()) <= set(before)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.EXPIRED
        assert {"hold_id": hold.id, "how": "expired"} in await house.told_of("HoldEnded")
        with pytest.raises(HoldExpired):
            await confirmed(house, hold, guest)

    async def test_has_room_on_its_clock_before_it_is_paid(self, house, maker):
        hold, guest = await maker.held()
        house.wait(minutes=9, seconds=30)
        payable = await house.bookings.payable(account_id=guest, hold_id=hold.id, hold_token=hold.token)
        assert payable.expires_at > hold.expires_at

    async def test_is_lost_whole_when_one_part_is(self, house, maker):
        before = await house.taken_anywhere()
        hold, guest = await maker.held()
        [part] = [row for row in await house.rows_in("dining", models.hold) if row.account_id == guest]
        await house.stocks.dining.release_hold(account_id=guest, hold_id=part.id)
        with pytest.raises(HoldExpired):
            await house.bookings.payable(account_id=guest, hold_id=hold.id, hold_token=hold.token)
        assert await house.taken_anywhere() == before

    async def test_has_to_be_paid(self, house, maker):
        hold, guest = await maker.held()
        with pytest.raises(PaymentRequired):
            await confirmed(house, hold, guest, AT_PROPERTY)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.HELD

    async def test_may_be_paid_on_arrival_where_every_part_may(self, house, maker, guest):
        hold, _ = await maker.held(*await maker.items(deposit=False), guest=guest)
        booking = await confirmed(house, hold, guest, AT_PROPERTY)
        assert (booking.payment_method, booking.payment_id) == ("at_property", None)
        with pytest.raises(AlreadyConfirmed):
            await house.bookings.release_hold(account_id=guest, hold_id=hold.id)

    async def test_asks_for_a_guarantee_before_anything_is_booked(self, house, maker, guest):
        stay, _ = await maker.items()
        room = await maker.travel.restaurant(securities=(GUARANTEE,))
        hold, _ = await maker.held(stay, maker.travel.table(room, 2, ahead=1), guest=guest)
        with pytest.raises(GuaranteeRequired):
            await confirmed(house, hold, guest)
        assert (await house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state is HoldState.HELD

    async def test_is_booked_late_where_its_stock_is_free(self, house, maker):
        hold, _ = await maker.held()
        house.wait(minutes=11)
        await house.tidy()
        booking = await house.bookings.book_late(hold_id=hold.id, payment=paid())
        assert booking.state is BookingState.CONFIRMED
        assert await house.bookings.book_late(hold_id=hold.id, payment=paid()) == booking

    async def test_is_not_booked_late_by_halves(self, house, maker):
        items = await maker.items()
        before = await house.taken_anywhere()
        hold, _ = await maker.held(*items)
        house.wait(minutes=11)
        await house.tidy()
        taken = [(await maker.held(items[1]))[0] for _ in range(4)]
        with pytest.raises(CapacityTaken):
            await house.bookings.book_late(hold_id=hold.id, payment=paid())
        assert len(taken) == 4
        assert {each[:2] for each in await house.taken_anywhere()} - {each[:2] for each in before} != set()
        assert not [each for each in await house.taken_anywhere() if each[0] == HOME and each not in before]


class TestAfterTheSale:
    async def test_a_part_is_canceled_by_its_own_policy(self, house, maker, guest):
        hold, _ = await maker.held(guest=guest)
        booking = await confirmed(house, hold, guest)
        offer = await house.offer(booking, 1)
        assert offer.items == (1,)
        assert offer.refund.total_minor == booking.items[1].total_minor
        done = (await house.accept_offer(offer, booking)).value
        assert done.state is BookingState.CONFIRMED
        assert [part.state for part in done.parts] == [BookingState.CONFIRMED, BookingState.CANCELLED]
        await house.carry()
        [told] = [each for each in await house.told_of("BookingCancelled") if each["number"] == booking.number]
        assert (told["refund_minor"], told["payment_id"], told["whole"]) == (
            offer.refund.total_minor,
            "payment_1",
            False,
        )

    async def test_all_is_canceled_and_all_is_free(self, house, maker, guest):
        before = await house.taken_anywhere()
        hold, _ = await maker.held(guest=guest)
        booking = await confirmed(house, hold, guest)
        offer = await house.offer(booking)
        assert offer.price_after is None
        done = (await house.accept_offer(offer, booking)).value
        assert (done.state, done.refund_minor) == (BookingState.CANCELLED, offer.refund.total_minor)
        assert await house.taken_anywhere() == before
        with pytest.raises(AlreadyCancelled):
            await house.offer(booking)
        await house.carry()
        told = [each for each in await house.told_of("BookingCancelled") if each["number"] == booking.number]
        assert sum(each["refund_minor"] for each in told) == offer.refund.total_minor
        assert told[-1]["whole"]

    async def test_who_sells_a_part_cancels_it_and_the_trips_money_comes_back(self, house, maker, guest):
        hold, _ = await maker.held(guest=guest)
        booking = await confirmed(house, hold, guest)
        part = await house.bookings.get_booking(principal=house.owner, number=booking.parts[1].number)
        offer = await house.offer(part, principal=house.owner)
        await house.accept_offer(offer, part, principal=house.owner)
        for _ in range(2):
            await house.carry()
        [told] = [each for each in await house.told_of("BookingCancelled") if each["number"] == booking.number]
        assert told["refund_minor"] == booking.items[1].total_minor
        used = await house.bookings.cancellation(cancellation_id=told["cancellation_id"])
        assert used.refund.total_minor == told["refund_minor"]

    async def test_nothing_stands_whose_money_could_not_be_captured(self, house, maker, guest):
        before = await house.taken_anywhere()
        hold, _ = await maker.held(guest=guest)
        booking = await confirmed(house, hold, guest)
        for _ in range(2):
            done = await house.bookings.cancel_unpaid(number=booking.number, payment_id="payment_1")
            assert (done.state, done.refund_minor) == (BookingState.CANCELLED, 0)
        assert await house.taken_anywhere() == before

    async def test_what_cannot_be_done_over_stocks_is_said(self, house, maker, guest):
        hold, _ = await maker.held(guest=guest)
        asked = house.bookings.confirm(
            caller=caller(guest),
            hold_id=hold.id,
            hold_token=hold.token,
            payment=paid(),
            notes=[NoteGiven(item=1, notes="by the window")],
        )
        with pytest.raises(NotAcrossStocks):
            await asked
        booking = await confirmed(house, hold, guest)
        with pytest.raises(NotAcrossStocks):
            await house.change(booking, house.stay(booking.items[0].property_id, 5))
        note = NoteGiven(item=1, notes="by the window")
        await house.bookings.notes.set(principal=Principal(guest, "guest"), number=booking.number, note=note)
        found = await house.bookings.notes.of_booking(principal=Principal(guest, "guest"), number=booking.number)
        assert [(each.item, each.notes) for each in found] == [(1, "by the window")]
        home = await house.home(instant=False)
        with pytest.raises(NotAcrossStocks):
            await house.quote(guest, house.stay(home), (await maker.items())[1])

    async def test_how_its_payment_stands_is_noted_on_every_part(self, house, maker, guest):
        hold, _ = await maker.held(guest=guest)
        booking = await confirmed(house, hold, guest)
        noted = await house.bookings.record_payment(number=booking.number, payment_id="payment_1", status="completed")
        assert noted.payment_status == "completed"
        for name in (HOME, "dining"):
            [row] = [each for each in await house.rows_in(name, models.booking) if each.account_id == guest]
            assert row.payment_status == "completed"


class TestSeveralEngines:
    async def test_sell_one_trip(self, engine_url, guest):
        """Stays on SQLite, dining on PostgreSQL, flights on MariaDB."""
        urls = {HOME: engine_url("sqlite"), "dining": engine_url("postgresql"), "flights": engine_url("mysql")}
        await split_tables(urls)
        async with split_house(urls) as house:
            maker = TripMaker(house)
            hold, _ = await maker.held(*await maker.items(flight=True), guest=guest)
            booking = await confirmed(house, hold, guest)
            await house.accept_offer(await house.offer(booking, 1), booking)
            await house.carry()
            await house.assert_sound()

    async def test_do_not_sell_what_was_sold_before_the_split(self, engine_url):
        urls = {HOME: engine_url("sqlite"), "dining": engine_url("sqlite")}
        await split_tables(urls)
        async with split_house({HOME: urls[HOME]}) as before:
            maker = TripMaker(before)
            await maker.held((await maker.items())[1])
        async with split_house(urls) as house:
            with pytest.raises(UnsafeDatabase, match="table:"):
                await house.bookings.check_places()
