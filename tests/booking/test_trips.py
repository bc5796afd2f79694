"""Trips: a stay, a table and flights in one quote, one hold, one booking."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta

import msgspec
import pytest
from builders import caller, new_account, opened, outcomes, processes, refusal_of
from trip_builder import DEPOSIT, DINNER, TABLES, Travel, fares

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyBooked,
    BookingState,
    CapacityTaken,
    Hold,
    PaymentTerms,
    QuotedFlight,
    QuotedStay,
    QuotedTable,
    RuleViolation,
)
from holdfast.catalog.api import FlightDraft
from holdfast.engine.price import sum_of
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Invalid, NotFound, PaymentRequired
from holdfast.kit.jws import opened as unsealed
from holdfast.verticals.promises import TYPE, faults
from holdfast.verticals.replay import replay

PAID = PaymentTerms(method="card", status="pending", payment_id="payment_1")


@pytest.fixture
async def travel(migrated):
    """Things of every kind in a house where one account may hold much."""
    async with opened(migrated, holds_most=1_000) as house:
        yield Travel(house)
        await house.assert_sound()


async def a_trip(travel):
    """A home, a dinner and two flights."""
    house = travel.house
    home, restaurant = await house.home(), await travel.restaurant(securities=(DEPOSIT,))
    there, back = await travel.flight("AAA", "BBB"), await travel.flight("BBB", "AAA", ahead=3)
    return house.stay(home, 0, 3), travel.table(restaurant, 2, ahead=1), travel.seat(there, back, adults=2)


async def paid(house, hold, guest):
    made = await house.bookings.confirm(
        caller=caller(guest, route="POST /v1/bookings"), hold_id=hold.id, hold_token=hold.token, payment=PAID
    )
    return made.value


class TestATrip:
    async def test_has_one_quote_one_hold_one_total_and_one_reference(self, travel, guest):
        house, items = travel.house, await a_trip(travel)
        quote = await house.quote(guest, *items)
        assert [type(item) for item in quote.items] == [QuotedStay, QuotedTable, QuotedFlight]
        assert [sum_of(line for line in quote.price.lines if line.item == at) for at in range(3)] == [
            item.total_minor for item in quote.items
        ]
        hold = await house.hold(guest, *items)
        assert (hold.price, hold.payable_minor) == (quote.price, quote.price.total_minor)
        booking = await paid(house, hold, guest)
        assert booking.state is BookingState.CONFIRMED
        assert booking.items == hold.items
        assert booking.items[1].tables == ("1",)
        await house.assert_sound()

    async def test_follows_line_by_line_from_its_rules(self, travel, guest):
        quote = await travel.house.quote(guest, *await a_trip(travel))
        assert replay(quote.price) == quote.price
        assert {line.kind for line in quote.price.lines} >= {"nights", "deposit", "fares", "tax"}

    async def test_is_read_again_as_it_was(self, travel, guest, migrated):
        house = travel.house
        hold = await house.hold(guest, *await a_trip(travel))
        async with opened(migrated, clock=house.clock, checkpoints=False) as other:
            seen = await other.bookings.get_hold(account_id=guest, hold_id=hold.id)
            assert seen == hold
            quote = await other.bookings.get_quote(account_id=guest, quote_id=hold.quote_id)
            assert quote == await house.bookings.get_quote(account_id=guest, quote_id=hold.quote_id)

    async def test_has_to_be_paid_where_one_part_has_to(self, travel, guest):
        hold = await travel.house.hold(guest, *await a_trip(travel))
        assert isinstance(await refusal_of(travel.house.confirm(hold, guest)), PaymentRequired)

    async def test_is_held_together_or_not_at_all(self, travel, guest):
        house = travel.house
        stay, table, seat = await a_trip(travel)
        rival = new_account()
        for single in (stay, table, seat):
            quote = await house.quote(guest, stay, table, seat)
            taken = await self.take_all(travel, rival, single)
            before = await self.stock(house)
            refusal = await refusal_of(house.bookings.place_hold(caller=caller(guest), quote_id=quote.id))
            assert isinstance(refusal, CapacityTaken)
            assert await self.stock(house) == before
            for hold in taken:
                await house.bookings.release_hold(account_id=rival, hold_id=hold.id)
        assert isinstance(await house.hold(guest, stay, table, seat), Hold)
        await house.assert_sound()

    async def take_all(self, travel, rival, item):
        """Hold all there is of what an item asks for."""
        house = travel.house
        held = []
        while True:
            try:
                held.append(await house.hold(rival, item))
            except CapacityTaken:
                return held
            if len(held) == 1 and item.__class__.__name__ == "FlightItem":
                # One account has a flight once: the rest of the seats go to others.
                flight = item.flight_ids[0]
                more = travel.seat(flight, adults=9, again=True)
                held.extend([await house.hold(rival, more) for _ in range(19)])
                held.append(await house.hold(rival, travel.seat(flight, adults=7, again=True)))
                return held

    async def stock(self, house):
        return [(row.resource_id, row.slot, row.taken) for row in await house.rows(models.cell)]

    async def test_is_refused_where_parts_do_not_go_together(self, travel, guest):
        house = travel.house
        _, table, seat = await a_trip(travel)
        euros = await house.home(currency="EUR")
        refusal = await refusal_of(house.quote(guest, table, house.stay(euros), seat))
        assert isinstance(refusal, Invalid)
        assert [(each.pointer, each.code) for each in refusal.errors] == [("/items/1/property_id", "currency_mismatch")]
        twice = await refusal_of(house.quote(guest, seat, seat))
        assert [(each.pointer, each.code) for each in twice.errors] == [("/items/1", "duplicate_unit")]

    async def test_names_every_rule_of_every_part(self, travel, guest):
        house = travel.house
        stay, table, seat = await a_trip(travel)
        crowd = house.stay(stay.property_id, guests=9)
        late = travel.table(table.restaurant_id, at="23:00")
        children = travel.seat(*seat.flight_ids, adults=0, children=1)
        refusal = await refusal_of(house.quote(guest, crowd, late, children))
        assert isinstance(refusal, RuleViolation)
        assert {each.pointer.split("/")[2] for each in refusal.errors} == {"0", "1", "2"}

    async def test_of_what_is_not_there_is_not_found(self, travel, guest):
        house = travel.house
        hidden = await travel.restaurant(listed=False)
        for item in (travel.table(hidden), travel.table(10**9), travel.seat(10**9)):
            assert isinstance(await refusal_of(house.quote(guest, item)), NotFound)


class TestATripDiscount:
    async def test_is_a_line_of_each_part_that_costs_something(self, migrated, guest):
        async with opened(migrated, trip_discount_bp=1_000) as house:
            quote = await house.quote(guest, *await a_trip(Travel(house)))
            off = [line for line in quote.price.lines if line.kind == "trip_discount"]
            assert [line.item for line in off] == [0, 1, 2]
            assert all(line.amount_minor * 9 == -item.total_minor for line, item in zip(off, quote.items, strict=True))
            assert replay(quote.price) == quote.price

    async def test_is_for_more_than_one_kind(self, migrated, guest):
        async with opened(migrated, trip_discount_bp=1_000) as house:
            quote = await house.quote(guest, house.stay(await house.home()), house.stay(await house.home()))
            assert not [line for line in quote.price.lines if line.kind == "trip_discount"]

    async def test_is_taken_from_what_comes_back_once_it_is_no_trip(self, migrated, guest):
        async with opened(migrated, trip_discount_bp=1_000) as house:
            travel = Travel(house)
            stay, _, seat = await a_trip(travel)
            booking = await paid(house, await house.hold(guest, stay, seat), guest)
            house.wait(days=2)  # beyond the grace of the home, whose policy gives everything back till the day before
            flight = booking.items[1].total_minor
            off = -sum(
                line.amount_minor for line in booking.price.lines if line.kind == "trip_discount" and line.item == 0
            )
            offer = await house.offer(booking, 1)
            assert offer.refund.total_minor == flight - off
            done = (await house.accept_offer(offer, booking)).value
            assert done.price.total_minor == booking.price.total_minor - offer.refund.total_minor
            assert [type(item) for item in done.items] == [QuotedStay]
            again = await house.offer(done, 0)
            assert again.refund.total_minor == stay_total(done)
            await house.assert_sound()


def stay_total(booking):
    return booking.items[0].total_minor


class TestAPart:
    @pytest.mark.parametrize("place", [0, 1, 2])
    async def test_is_canceled_by_its_own_policy(self, travel, guest, place):
        house = travel.house
        booking = await paid(house, await house.hold(guest, *await a_trip(travel)), guest)
        offer = await house.offer(booking, place)
        assert offer.refund.total_minor == booking.items[place].total_minor
        done = (await house.accept_offer(offer, booking)).value
        rest = [item for at, item in enumerate(booking.items) if at != place]
        assert done.state is BookingState.CONFIRMED
        assert [type(item) for item in done.items] == [type(item) for item in rest]
        assert done.price.total_minor == sum(item.total_minor for item in rest)
        await house.assert_sound()
        whole = await house.offer(done)
        last = (await house.accept_offer(whole, done)).value
        assert last.state is BookingState.CANCELLED
        assert not any(row.taken for row in await house.rows(models.cell) if row.resource_id in self.of(booking))
        await house.assert_sound()

    def of(self, booking):
        stay, table, flight = booking.items
        return {
            f"stay:{stay.property_id}",
            *(f"table:{table.restaurant_id}:t:{code}" for code in table.tables),
            *(f"flight:{leg.flight_id}:economy" for leg in flight.legs),
        }

    async def test_is_changed_without_losing_the_others(self, travel, guest):
        house = travel.house
        stay, table, seat = await a_trip(travel)
        booking = await paid(house, await house.hold(guest, stay, table, seat), guest)
        later = travel.table(table.restaurant_id, 4, "20:00", ahead=2)
        change = await house.change(booking, stay, later, seat)
        assert change.hold.payable_minor == 4_000
        done = (await house.confirm_change(change, booking, payment_id="payment_2")).value
        assert (done.items[1].at, done.items[1].party_size, done.items[1].tables) == (later.at, 4, ("3",))
        assert (done.items[0], done.items[2]) == (booking.items[0], booking.items[2])
        assert done.price.total_minor == booking.price.total_minor + 4_000
        await house.assert_sound()

    async def test_stays_of_its_kind(self, travel, guest):
        house = travel.house
        stay, table, _ = await a_trip(travel)
        booking = await paid(house, await house.hold(guest, stay, table), guest)
        refusal = await refusal_of(house.change(booking, table, stay))
        assert [(each.pointer, each.code) for each in refusal.errors] == [("/items/0/kind", "kind_fixed")]


class TestTables:
    async def test_are_given_the_smallest_first_and_then_put_together(self, travel, guest):
        house, restaurant = travel.house, await travel.restaurant()
        given = [(await house.booked(guest, travel.table(restaurant, party))).items[0].tables for party in (2, 4, 2)]
        assert given == [("1",), ("3",), ("2",)]
        await house.assert_sound()

    async def test_are_put_together_where_no_single_one_is_left(self, travel, guest):
        house, restaurant = travel.house, await travel.restaurant(services=(unpaced(),))
        given = [(await house.booked(guest, travel.table(restaurant, 4))).items[0].tables for _ in range(3)]
        assert given == [("3",), ("4",), ("1", "2")]
        assert isinstance(
            await refusal_of(house.hold(guest, travel.table(restaurant, 2))), RuleViolation | CapacityTaken
        )
        await house.assert_sound()

    async def test_are_paced_by_cells(self, travel, guest):
        house, restaurant = travel.house, await travel.restaurant(services=(unpaced(covers_per_slot=3),))
        await house.booked(guest, travel.table(restaurant, 2))
        refusal = await refusal_of(house.hold(guest, travel.table(restaurant, 2)))
        assert isinstance(refusal, CapacityTaken)
        assert refusal.extra["restaurant_id"] == restaurant
        await house.booked(guest, travel.table(restaurant, 1))
        await house.booked(guest, travel.table(restaurant, 3, "19:15"))
        await house.assert_sound()

    async def test_are_moved_in_place(self, travel, guest):
        """The party keeps its table for the time both have in common: nobody else is needed to make room."""
        house, restaurant = travel.house, await travel.restaurant(tables=one_table(), combinations=())
        booking = await house.booked(guest, travel.table(restaurant, 2, "19:00"))
        done = await house.changed(booking, travel.table(restaurant, 2, "19:30"))
        assert (f"{done.items[0].at:%H:%M}", done.items[0].tables) == ("19:30", ("1",))
        await house.assert_sound()
        other = await house.booked(guest, travel.table(restaurant, 2, "17:30", minutes=90))
        assert other.items[0].tables == ("1",)

    async def test_stay_with_their_restaurant(self, travel, guest):
        house, one, two = travel.house, await travel.restaurant(), await travel.restaurant()
        booking = await house.booked(guest, travel.table(one))
        refusal = await refusal_of(house.change(booking, travel.table(two)))
        assert [(each.pointer, each.code) for each in refusal.errors] == [
            ("/items/0/restaurant_id", "restaurant_fixed")
        ]

    async def test_that_are_wanted_by_many_are_given_once(self, migrated):
        async with processes(migrated, 2, holds_most=1_000) as houses:
            travel = Travel(houses[0])
            restaurant = await travel.restaurant(tables=one_table(), combinations=())
            guests = [new_account() for _ in range(16)]
            item = travel.table(restaurant)
            done = await outcomes(*[houses[at % len(houses)].booked(guest, item) for at, guest in enumerate(guests)])
            assert sum(not isinstance(each, BaseException) for each in done) == 1
            assert {type(each) for each in done if isinstance(each, BaseException)} == {CapacityTaken}
            await houses[0].assert_sound()


class TestFlights:
    async def test_sell_every_seat_and_not_one_more(self, travel, guest):
        house = travel.house
        flight = await travel.flight(seats=6, fares=fares(("Q", 4, 5_000), ("Y", 6, 9_000)))
        prices = []
        for _ in range(5):
            hold = await house.hold(new_account(), travel.seat(flight))
            prices.append(hold.items[0].legs[0].bucket)
        assert prices == ["Q", "Q", "Q", "Q", "Y"]
        refusal = await refusal_of(house.hold(guest, travel.seat(flight, adults=2)))
        assert (type(refusal), refusal.extra["flight_id"]) == (CapacityTaken, flight)
        await house.hold(guest, travel.seat(flight))
        await house.assert_sound()

    async def test_may_be_overbooked_by_their_limit(self, travel):
        house = travel.house
        flight = await travel.flight(seats=6, fares=fares(("Y", 8, 9_000), overbooking=1))
        for _ in range(7):
            await house.hold(new_account(), travel.seat(flight))
        assert isinstance(await refusal_of(house.hold(new_account(), travel.seat(flight))), CapacityTaken)

    async def test_are_booked_once_by_one_account_unless_asked_otherwise(self, travel, guest):
        house, flight = travel.house, await travel.flight()
        await paid(house, await house.hold(guest, travel.seat(flight)), guest)
        assert isinstance(await refusal_of(house.hold(guest, travel.seat(flight))), AlreadyBooked)
        await house.hold(guest, travel.seat(flight, again=True))
        await house.assert_sound()

    async def test_give_a_chosen_seat_to_one_traveler(self, travel, guest):
        house, flight = travel.house, await travel.flight()
        mine = travel.seat(flight, adults=2, seats=((flight, "12A", 0), (flight, "12B", 1)))
        hold = await house.hold(guest, mine)
        assert [each.seat for each in hold.items[0].seats] == ["12A", "12B"]
        rival = travel.seat(flight, seats=((flight, "12B", 0),))
        assert isinstance(await refusal_of(house.hold(new_account(), rival)), CapacityTaken)
        await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        await house.hold(new_account(), rival)
        await house.assert_sound()

    async def test_take_stock_on_every_leg_or_none(self, travel, guest):
        house = travel.house
        first = await travel.flight("AAA", "BBB", "08:00")
        second = await travel.flight("BBB", "CCC", "12:00", seats=2)
        await house.hold(new_account(), travel.seat(second))
        assert isinstance(await refusal_of(house.hold(guest, travel.seat(first, second, adults=2))), CapacityTaken)
        assert not [
            row for row in await house.rows(models.cell) if row.resource_id.startswith(f"flight:{first}:") and row.taken
        ]
        await house.hold(guest, travel.seat(first, second))
        await house.assert_sound()

    async def test_are_changed_by_what_their_fare_allows(self, travel, guest):
        house = travel.house
        one, two = await travel.flight(), await travel.flight(departs="15:00")
        basic = await paid(house, await house.hold(guest, travel.seat(one, brand="basic")), guest)
        refusal = await refusal_of(house.change(basic, travel.seat(two, brand="basic")))
        assert "not_changeable" in {each.code for each in refusal.errors}
        other = new_account()
        standard = await paid(house, await house.hold(other, travel.seat(one, brand="standard")), other)
        change = await house.change(standard, travel.seat(two, brand="standard"))
        assert change.hold.payable_minor == 5_000  # the fee of the fare
        done = (await house.confirm_change(change, standard, payment_id="payment_2")).value
        assert [leg.flight_id for leg in done.items[0].legs] == [two]
        await house.assert_sound()


class TestAnAirlineThatCancels:
    async def test_gives_another_flight_at_the_price_that_was_paid(self, travel, guest):
        house = travel.house
        one, two = await travel.flight(), await travel.flight(departs="15:00", fares=fares(("Y", 180, 99_000)))
        booking = await paid(house, await house.hold(guest, travel.seat(one, brand="basic")), guest)
        await house.catalog.flights.cancel(owner=house.owner, flight_id=one)
        await house.bookings.rerouting.canceled(flight_id=one)
        now = await house.bookings.get_booking(principal=Principal(guest, "guest"), number=booking.number)
        assert [leg.flight_id for leg in now.items[0].legs] == [two]
        assert now.price.total_minor == booking.price.total_minor
        assert (await house.offer(now)).refund.total_minor == booking.price.total_minor
        await house.bookings.rerouting.canceled(flight_id=one)
        assert "FlightRebooked" in [kind for kind, _ in await house.told()]
        await house.assert_sound()

    async def test_gives_everything_back_where_there_is_no_other(self, travel, guest):
        house = travel.house
        stay, table, seat = await a_trip(travel)
        booking = await paid(house, await house.hold(guest, stay, table, seat), guest)
        await house.catalog.flights.cancel(owner=house.owner, flight_id=seat.flight_ids[0])
        await house.bookings.rerouting.canceled(flight_id=seat.flight_ids[0])
        now = await house.bookings.get_booking(principal=Principal(guest, "guest"), number=booking.number)
        assert [type(item) for item in now.items] == [QuotedStay, QuotedTable]
        assert now.price.total_minor == booking.price.total_minor - booking.items[2].total_minor
        await house.assert_sound()


class TestAnAirlineThatChanges:
    async def changed(self, travel, flight, **said):
        """Let the airline say something else of a flight."""
        flights = travel.house.catalog.flights
        offer = (await flights.leg_offers(ids=[flight]))[flight]
        terms = offer.terms
        draft = FlightDraft(
            number=terms.number,
            airline_name=terms.airline_name,
            origin_id=terms.origin.airport_id,
            destination_id=terms.destination.airport_id,
            airplane_id=offer.airplane_id,
            day=terms.departs.date(),
            departs=terms.departs.time(),
            arrives=terms.arrives.time(),
            day_offset=0,
            fares=fares(("Y", 180, 10_000)),
        )
        await flights.replace(
            owner=travel.house.owner, flight_id=flight, draft=replace(draft, **said), version=offer.version
        )

    async def test_its_times_tells_travelers_and_lets_them_go_for_nothing(self, travel, guest):
        house, flight = travel.house, await travel.flight()
        booking = await paid(house, await house.hold(guest, travel.seat(flight, brand="basic")), guest)
        assert (await house.offer(booking)).refund.total_minor == 0
        await self.changed(travel, flight, departs=time(11), arrives=time(12, 30))
        await house.bookings.rerouting.moved(flight_id=flight)
        now = await house.bookings.get_booking(principal=Principal(guest, "guest"), number=booking.number)
        assert f"{now.items[0].legs[0].departs:%H:%M}" == "11:00"
        assert now.price == booking.price
        assert (await house.offer(now)).refund.total_minor == booking.price.total_minor
        told = len(await house.told())
        await house.bookings.rerouting.moved(flight_id=flight)
        assert len(await house.told()) == told
        await house.assert_sound()

    async def test_its_airplane_sells_no_more_than_that_has(self, travel, guest):
        house, flight = travel.house, await travel.flight(seats=12)
        await house.hold(guest, travel.seat(flight, adults=8))
        await self.changed(travel, flight, airplane_id=await travel.airplane(6), fares=fares(("Y", 6, 10_000)))
        await house.bookings.rerouting.restocked(flight_id=flight)
        cells = {row.resource_id: row for row in await house.rows(models.cell)}
        assert (cells[f"flight:{flight}:economy"].taken, cells[f"flight:{flight}:economy"].capacity) == (8, 8)
        assert isinstance(await refusal_of(house.hold(new_account(), travel.seat(flight))), CapacityTaken)
        await house.assert_sound()


class TestContentionAcrossKinds:
    async def test_two_trips_in_opposite_order_do_not_lock_each_other(self, migrated):
        async with processes(migrated, 2, holds_most=1_000) as houses:
            travel = Travel(houses[0])
            for _ in range(5):
                home = await houses[0].home()
                restaurant = await travel.restaurant(tables=one_table(), combinations=())
                flight = await travel.flight(seats=1)
                parts = [houses[0].stay(home), travel.table(restaurant), travel.seat(flight)]
                orders = [parts, parts[::-1], [parts[1], parts[0], parts[2]], [parts[2], parts[0], parts[1]]]
                done = await asyncio.wait_for(
                    outcomes(
                        *[houses[at % len(houses)].hold(new_account(), *order) for at, order in enumerate(orders * 2)]
                    ),
                    timeout=timedelta(minutes=1).total_seconds(),
                )
                assert sum(isinstance(each, Hold) for each in done) == 1
                assert {type(each) for each in done if isinstance(each, BaseException)} == {CapacityTaken}
            await houses[0].assert_sound()


class TestASignedTrip:
    async def test_holds_by_itself(self, travel, guest):
        quote = await travel.house.quote(guest, *await a_trip(travel))
        said = msgspec.json.decode(unsealed(quote.signed, travel.house.bookings.quote_keys(), typ=TYPE))
        assert faults(said) == ()
        said["items"][2]["total_minor"] += 1
        assert [(each.what, each.place) for each in faults(said)] == [("item", 2)]


def unpaced(**limits):
    none = {"covers_per_slot": None, "parties_per_slot": None, "present_max": None}
    return replace(DINNER, **none | limits)


def one_table():
    return TABLES[:1]
