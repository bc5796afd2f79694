"""Which tables of a day are free, and why the others are not."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from builders import new_account
from restaurant_builder import open_room
from trip_builder import DEPOSIT, DINNER, GUARANTEE, ZONE

from holdfast.booking.api import CapacityTaken, RuleViolation
from holdfast.kit.errors import NotFound


@pytest.fixture
async def room(house):
    """A restaurant a month before."""
    return await open_room(house)


def offer_at(found, at):
    [offer] = [slot.offer for slot in found.slots if slot.offer.at == time.fromisoformat(at)]
    return offer


class TestADay:
    async def test_has_every_time_at_which_parties_are_seated(self, room):
        found = await room.slots(2)
        assert [slot.offer.at for slot in found.slots][:2] == [time(17), time(17, 15)]
        assert found.slots[-1].offer.at == time(21)
        assert len(found.slots) == 17
        assert all(slot.offer.free and slot.offer.minutes == 90 for slot in found.slots)
        assert offer_at(found, "19:00").areas == ("room", "terrace")
        assert offer_at(await room.slots(1), "19:00").areas == ("room",)

    async def test_says_of_what_is_not_free_why(self, room):
        for _ in range(2):
            await room.booked(room.table(4, "19:00"))
        taken = offer_at(await room.slots(2), "19:00")
        assert not taken.free
        assert [(reason.rule, dict(reason.values)) for reason in taken.reasons] == [
            ("pacing_covers", {"time": "19:00", "limit": 8, "taken": 8, "asked": 2})
        ]
        assert offer_at(await room.slots(4), "20:30").free
        await room.booked(room.table(2, "19:15"))
        assert [reason.rule for reason in offer_at(await room.slots(4), "20:30").reasons] == [
            "room_full",
            "tables_taken",
        ]

    async def test_says_what_the_hold_would(self, room):
        for party, at in ((4, "19:00"), (4, "18:30"), (2, "19:15"), (2, "20:00")):
            await room.booked(room.table(party, at))
        found = await room.slots(2)
        for slot in found.slots:
            item = room.table(2, slot.offer.at.isoformat("minutes"))
            if not slot.offer.free:
                with pytest.raises(CapacityTaken):
                    await room.house.hold(new_account(), item)
                continue
            guest = new_account()
            hold = await room.house.hold(guest, item)
            await room.house.bookings.release_hold(account_id=guest, hold_id=hold.id)

    async def test_counts_what_others_hold_until_they_let_go(self, room, guest):
        hold = await room.house.hold(guest, room.table(4, "19:00", area="terrace"))
        assert offer_at(await room.slots(4), "19:00").areas == ("room",)
        assert not offer_at(await room.slots(4, area="terrace"), "19:00").free
        await room.house.bookings.release_hold(account_id=guest, hold_id=hold.id)
        assert offer_at(await room.slots(4, area="terrace"), "19:00").free

    async def test_asks_for_the_length_that_is_wished_for(self, room):
        await room.booked(room.table(4, "20:30", area="terrace"))
        assert not offer_at(await room.slots(4, area="terrace"), "19:00").free
        short = offer_at(await room.slots(4, area="terrace", minutes=90), "19:00")
        assert (short.free, short.minutes) == (True, 90)

    async def test_without_a_service_has_no_time(self, house):
        room = await open_room(house, services=(replace(DINNER, weekdays=((house.day().weekday() + 1) % 7,)),))
        assert (await room.slots(2)).slots == ()

    async def test_that_is_over_says_so(self, room):
        room.turn_to("19:05")
        found = await room.slots(2)
        assert [reason.rule for reason in offer_at(found, "19:00").reasons] == ["past_time"]
        assert offer_at(found, "19:15").free

    async def test_names_the_rules_of_the_party(self, room):
        found = offer_at(await room.slots(9), "19:00")
        assert [reason.rule for reason in found.reasons] == ["party_too_large", "pacing_covers"]
        with pytest.raises(RuleViolation):
            await room.house.quote(new_account(), room.table(9))

    @pytest.mark.parametrize("day", [date(1, 1, 1), date(9999, 12, 31), date(1969, 12, 31)])
    async def test_may_be_any_of_the_calendar(self, room, day):
        found = await room.house.bookings.floor.slots(restaurant_id=room.id, day=day, party_size=2)
        assert not any(slot.offer.free for slot in found.slots)


class TestWhatIsAskedFor:
    async def test_is_nothing_where_nothing_is(self, room):
        found = await room.slots(2)
        assert (found.due_minor, found.guarantee_minor) == (0, 0)
        arrival = datetime.combine(room.day(), time(19), ZoneInfo(ZONE)).astimezone(UTC)
        [until] = [slot.free_until for slot in found.slots if slot.offer.at == time(19)]
        assert until == arrival

    @pytest.mark.parametrize(("security", "asked"), [(DEPOSIT, (6_000, 0)), (GUARANTEE, (0, 7_500))])
    async def test_is_what_the_quote_says(self, house, guest, security, asked):
        room = await open_room(house, securities=(security,))
        found = await room.slots(3)
        assert (found.due_minor, found.guarantee_minor) == asked
        quote = await house.quote(guest, room.table(3))
        [until] = [slot.free_until for slot in found.slots if slot.offer.at == time(19)]
        assert (quote.price.total_minor, quote.items[0].guarantee_minor) == asked
        assert quote.items[0].free_until == until


class TestARestaurant:
    async def test_that_is_not_listed_shows_nothing(self, house):
        room = await open_room(house, listed=False)
        with pytest.raises(NotFound):
            await room.slots(2)

    async def test_that_does_not_exist_shows_nothing(self, house):
        with pytest.raises(NotFound):
            await house.bookings.floor.slots(restaurant_id=2**53 - 1, day=house.day(), party_size=2)
