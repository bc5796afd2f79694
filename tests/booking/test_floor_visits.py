"""Who comes, where they stand, and what that does to the tables of the room."""

from dataclasses import replace
from datetime import time

import pytest
from builders import caller, new_account, opened, run_sql, with_tables
from restaurant_builder import open_room
from trip_builder import DEPOSIT, TABLES

from holdfast.booking.api import (
    AlreadyCancelled,
    CancellationTooLate,
    CapacityTaken,
    RuleViolation,
    VisitMoveRefused,
    VisitSource,
    VisitState,
)
from holdfast.booking.floor_api import Party
from holdfast.kit.auth import Principal
from holdfast.kit.errors import NotFound
from holdfast.kit.keyed import KeyReused
from holdfast.verticals.dining.slots import slot_of
from support.principals import principal_of


@pytest.fixture
async def room(house):
    """A restaurant a month before."""
    return await open_room(house)


@pytest.fixture
async def evening(room):
    """The restaurant at noon of its day."""
    room.turn_to("12:00")
    return room


class TestABookedTable:
    async def test_is_expected_on_its_day(self, room):
        late = await room.booked(room.table(2, "20:00"))
        early = await room.booked(room.table(3, "18:30"))
        found = await room.timeline()
        assert [entry.visit.reference for entry in found.entries] == [early.reference, late.reference]
        assert {entry.visit.state for entry in found.entries} == {VisitState.BOOKED}
        assert {entry.visit.source for entry in found.entries} == {VisitSource.GUEST}
        assert found.entries[1].table == late.items[0]
        assert found.tables == TABLES
        assert (await room.timeline(1)).entries == ()

    async def test_is_expected_once_every_owner_has_said_yes(self, room, guest):
        home = await room.house.home(instant=False)
        asked = await room.booked(room.house.stay(home), room.table(), guest=guest)
        assert (await room.timeline()).entries == ()
        await room.house.bookings.decide(
            caller=caller(room.owner.account_id), owner=room.owner, number=asked.number, accept=True
        )
        [entry] = (await room.timeline()).entries
        assert (entry.visit.reference, entry.visit.item) == (asked.reference, 1)

    async def test_is_expected_no_more_once_it_is_canceled(self, room):
        booking = await room.booked()
        await room.house.cancel(booking)
        assert (await room.timeline()).entries == ()
        assert await room.house.bookings.floor.visits_of(principal=room.owner, number=booking.number) == []

    async def test_is_expected_at_its_new_time(self, room):
        booking = await room.booked(room.table(2, "19:00"))
        await room.house.changed(booking, room.table(2, "20:15", 1))
        assert await room.states(0) == []
        assert await room.states(1) == [(time(20, 15), VisitState.BOOKED)]

    async def test_keeps_its_place_when_others_of_its_trip_go(self, room, guest):
        home = await room.house.home()
        items = (room.table(2, "18:00"), room.house.stay(home), room.table(2, "19:30"), room.table(2, "21:00"))
        booking = await room.booked(*items, guest=guest)
        await room.house.accept_offer(await room.house.offer(booking, 0, 1), booking)
        found = (await room.timeline()).entries
        assert [(entry.visit.item, entry.table.at) for entry in found] == [(0, time(19, 30)), (1, time(21))]

    async def test_is_a_stranger_to_others(self, room):
        booking = await room.booked()
        stranger = principal_of(new_account(), "owner")
        with pytest.raises(NotFound):
            await room.timeline(principal=stranger)
        with pytest.raises(NotFound):
            await room.move(booking, "arrived", principal=stranger)
        with pytest.raises(NotFound):
            await room.move(booking, "arrived", principal=Principal(booking.account_id, "guest"))
        with pytest.raises(NotFound):
            await room.move(booking, "arrived", item=1)


class TestAParty:
    async def test_arrives_sits_down_and_leaves(self, evening):
        booking = await evening.booked()
        evening.turn_to("18:55")
        for state in ("arrived", "booked", "arrived", "seated", "done"):
            moved = await evening.move(booking, state)
            assert (moved.value.state, moved.replayed) == (state, False)
            assert await evening.states() == [(time(19), VisitState(state))]
        told = [(kind, says) for kind, says in await evening.house.told() if kind == "VisitMoved"]
        assert [says["state"] for _, says in told if says["number"] == booking.number] == [
            "arrived", "booked", "arrived", "seated", "done",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("path", "refused"),
        [
            ([], "done"),
            (["arrived"], "no_show"),
            (["seated"], "arrived"),
            (["seated"], "booked"),
            (["seated", "done"], "seated"),
            (["no_show"], "seated"),
            (["no_show"], "booked"),
        ],
    )
    async def test_does_not_go_back_or_leave_out_what_comes_first(self, evening, path, refused):
        booking = await evening.booked()
        evening.turn_to("19:20")
        for state in path:
            await evening.move(booking, state)
        with pytest.raises(VisitMoveRefused) as refusal:
            await evening.move(booking, refused)
        assert refusal.value.extra == {"state": path[-1] if path else "booked"}

    async def test_is_no_no_show_before_its_time(self, evening):
        booking = await evening.booked()
        evening.turn_to("18:59")
        with pytest.raises(VisitMoveRefused):
            await evening.move(booking, "no_show")

    async def test_does_not_arrive_on_another_day(self, evening):
        booking = await evening.booked(evening.table(ahead=1))
        with pytest.raises(VisitMoveRefused):
            await evening.move(booking, "arrived")
        with pytest.raises(VisitMoveRefused):
            await evening.move(booking, "seated")

    async def test_that_stays_where_it_is_changes_nothing(self, evening):
        booking = await evening.booked()
        first = await evening.move(booking, "arrived")
        evening.house.wait(minutes=3)
        assert (await evening.move(booking, "arrived")).value == first.value

    async def test_of_a_canceled_booking_goes_nowhere(self, evening):
        booking = await evening.booked()
        await evening.house.cancel(booking)
        with pytest.raises(AlreadyCancelled):
            await evening.move(booking, "arrived")

    async def test_is_told_the_same_under_the_same_key(self, evening):
        booking = await evening.booked()
        first = await evening.move(booking, "arrived", key="the-key")
        await evening.move(booking, "seated")
        again = await evening.move(booking, "arrived", key="the-key")
        assert again.replayed
        assert again.value == first.value
        assert await evening.states() == [(time(19), VisitState.SEATED)]


class TestLeaving:
    async def test_early_frees_the_rest_of_the_time(self, evening):
        booking = await evening.booked(evening.table(4, "19:00"))
        [code] = booking.items[0].tables
        evening.turn_to("19:50")
        await evening.move(booking, "seated")
        before = await evening.taken(code)
        await evening.move(booking, "done")
        first = slot_of(evening.day(), time(19))
        assert before == set(range(first, first + 8))
        assert await evening.taken(code) == {first, first + 1, first + 2}

    async def test_early_lets_others_in_at_once(self, evening):
        booking = await evening.booked(evening.table(4, "19:00", area="terrace"))
        evening.turn_to("19:50")
        await evening.move(booking, "seated")
        with pytest.raises(CapacityTaken):
            await evening.walk_in(4, area="terrace")
        await evening.move(booking, "done")
        seated = await evening.walk_in(4, area="terrace")
        assert seated.value.table.tables == booking.items[0].tables

    async def test_keeps_the_quarter_it_came_in(self, evening):
        booking = await evening.booked()
        evening.turn_to("18:50")
        await evening.move(booking, "seated")
        await evening.move(booking, "done")
        assert await evening.taken(booking.items[0].tables[0]) == {slot_of(evening.day(), time(19))}

    async def test_late_frees_nothing(self, evening):
        booking = await evening.booked()
        before = await evening.taken(booking.items[0].tables[0])
        evening.turn_to("22:40")
        await evening.move(booking, "seated")
        await evening.move(booking, "done")
        assert await evening.taken(booking.items[0].tables[0]) == before

    async def test_frees_its_own_table_of_a_trip_alone(self, evening, guest):
        home = await evening.house.home()
        booking = await evening.booked(
            evening.house.stay(home), evening.table(2, "19:00"), evening.table(2, "21:00"), guest=guest
        )
        evening.turn_to("19:31")
        await evening.move(booking, "no_show", item=1)
        first = slot_of(evening.day(), time(19))
        spans = (await evening.house.holds([booking.hold_id]))[booking.hold_id].spans
        ends = {(item, end) for resource, _, end, _, item in spans if ":t:" in resource}
        assert ends == {(1, first + 2), (2, first + 8 + 6)}
        assert await evening.house.taken(home) == [1]

    async def test_is_not_undone_by_a_change_of_the_rest(self, evening, guest):
        home = await evening.house.home()
        stay = evening.house.stay(home, 3)
        booking = await evening.booked(evening.table(2, "19:00"), stay, guest=guest)
        evening.turn_to("19:31")
        change = await evening.house.change(booking, evening.table(2, "19:00"), evening.house.stay(home, 4))
        await evening.move(booking, "seated")
        await evening.move(booking, "done")
        await evening.house.confirm_change(change, booking)
        first = slot_of(evening.day(), time(19))
        assert await evening.taken(booking.items[0].tables[0]) == {first, first + 1}

    async def test_ends_what_can_be_canceled_or_changed(self, evening):
        booking = await evening.booked()
        change = await evening.house.change(booking, evening.table(2, "20:00"))
        offer = await evening.house.offer(booking)
        evening.turn_to("18:55")
        change = await evening.house.change(booking, evening.table(2, "20:00"))
        await evening.move(booking, "seated")
        with pytest.raises(CancellationTooLate):
            await evening.house.confirm_change(change, booking)
        with pytest.raises(CancellationTooLate):
            await evening.house.accept_offer(await evening.house.offer(booking), booking)
        with pytest.raises(CancellationTooLate):
            await evening.house.cancel(booking)
        assert offer.number == booking.number


class TestAWalkIn:
    async def test_sits_down_in_the_quarter_that_runs(self, evening):
        evening.turn_to("18:52")
        seated = (await evening.walk_in(2, name="Green coat", notes="by the window")).value
        assert (seated.table.day, seated.table.at, seated.table.party_size) == (evening.day(), time(18, 45), 2)
        assert (seated.visit.state, seated.visit.source) == (VisitState.SEATED, VisitSource.WALK_IN)
        assert seated.account_id == evening.owner.account_id
        [entry] = (await evening.timeline()).entries
        assert entry == replace(seated, visit=entry.visit)
        assert (entry.name, entry.notes) == ("Green coat", "by the window")
        booking = await evening.house.bookings.get_booking(principal=evening.owner, reference=seated.visit.reference)
        assert booking.price.total_minor == 0

    async def test_gets_the_tables_that_are_chosen(self, evening):
        evening.turn_to("18:52")
        seated = (await evening.walk_in(5, table_codes=("3", "4"))).value
        assert seated.table.tables == ("3", "4")
        with pytest.raises(CapacityTaken):
            await evening.walk_in(1, table_codes=("3",))

    async def test_gets_what_guests_cannot_book(self, evening):
        tables = (replace(TABLES[0], online=False),)
        other = await open_room(evening.house, tables=tables, combinations=())
        other.opening = evening.opening
        with pytest.raises(RuleViolation):
            await other.booked(other.table(2, "19:00"))
        other.turn_to("18:52")
        assert (await other.walk_in(2)).value.table.tables == ("1",)

    async def test_is_bound_by_what_is_there(self, evening):
        evening.turn_to("18:52")
        for party, codes, rule in (
            (9, (), "no_table_for_party"),
            (2, ("9",), "no_such_table"),
            (2, ("1", "1"), "duplicate"),
        ):
            with pytest.raises(RuleViolation) as refusal:
                await evening.walk_in(party, table_codes=codes)
            assert [error.code for error in refusal.value.errors] == [rule]
        evening.turn_to("23:10")
        with pytest.raises(RuleViolation) as refusal:
            await evening.walk_in(2)
        assert [error.code for error in refusal.value.errors] == ["no_service_then"]

    async def test_counts_in_the_pacing(self, evening):
        evening.turn_to("19:01")
        for _ in range(2):
            await evening.walk_in(4)
        with pytest.raises(CapacityTaken):
            await evening.walk_in(2)

    async def test_is_the_same_under_the_same_key_whatever_the_clock_says(self, evening):
        evening.turn_to("18:52")
        first = await evening.walk_in(2, key="door")
        evening.turn_to("23:30")
        again = await evening.walk_in(2, key="door")
        assert again.replayed
        assert again.value == first.value
        with pytest.raises(KeyReused):
            await evening.walk_in(3, key="door")

    async def test_is_done_by_the_staff_of_the_restaurant_alone(self, evening):
        stranger = principal_of(new_account(), "owner")
        with pytest.raises(NotFound):
            await evening.house.bookings.floor.walk_in(
                caller=caller(stranger.account_id), owner=stranger, restaurant_id=evening.id, party=Party(party_size=2)
            )


class TestAReservationByPhone:
    async def test_is_expected_like_any_other(self, room):
        noted = (await room.reserve(3, "20:00", 2, name="Ms. Okafor")).value
        assert (noted.visit.state, noted.visit.source) == (VisitState.BOOKED, VisitSource.STAFF)
        [entry] = (await room.timeline(2)).entries
        assert (entry.name, entry.table.tables) == ("Ms. Okafor", noted.table.tables)

    async def test_asks_for_no_deposit_and_no_card(self, house):
        room = await open_room(house, securities=(DEPOSIT,), party_max=2)
        noted = (await room.reserve(4)).value
        assert (noted.table.total_minor, noted.table.guarantee_minor) == (0, 0)

    async def test_is_refused_at_a_time_that_is_over(self, evening):
        evening.turn_to("20:00")
        with pytest.raises(RuleViolation) as refusal:
            await evening.reserve(2, "19:00")
        assert [error.pointer for error in refusal.value.errors] == ["/time"]

    async def test_can_be_for_an_unlisted_restaurant(self, house):
        room = await open_room(house, listed=False)
        assert (await room.reserve(2)).value.table.party_size == 2


class TestTheRecount:
    async def test_finds_who_is_expected_wrongly(self, unguarded_room):
        room, url = unguarded_room
        gone, early, kept = [await room.booked(room.table(2, at)) for at in ("17:00", "19:00", "20:45")]
        await room.house.assert_sound()
        run_sql(
            url,
            f"DELETE FROM booking_visit WHERE number = {gone.number}",  # noqa: S608 - made here
            f"UPDATE booking_visit SET slot = slot - 1 WHERE number = {early.number}",  # noqa: S608 - made here
            f"UPDATE booking_visit SET item = 1 WHERE number = {kept.number}",  # noqa: S608 - made here
        )
        found = {(breach.rule, breach.subject) for breach in (await room.house.bookings.verify()).breaches}
        assert found == {
            ("visit_missing", f"{gone.number}/0"),
            ("visit_time", f"{early.number}/0"),
            ("visit_missing", f"{kept.number}/0"),
            ("visit_unbooked", f"{kept.number}/1"),
        }


class TestTheDatabase:
    @pytest.mark.parametrize(("old", "new"), [("booked", "done"), ("seated", "arrived"), ("done", "seated")])
    async def test_lets_no_party_go_back(self, evening, migrated, old, new):
        booking = await evening.booked()
        evening.turn_to("19:05")
        for state in {"booked": (), "seated": ("seated",), "done": ("seated", "done")}[old]:
            await evening.move(booking, state)
        with pytest.raises(Exception, match="booking_visit_state_moves"):
            run_sql(
                migrated,
                f"UPDATE booking_visit SET state = '{new}' WHERE number = {booking.number}",  # noqa: S608 - made here
            )


@pytest.fixture
async def unguarded_room(fresh_url):
    url = await with_tables(fresh_url)
    async with opened(url) as house:
        yield await open_room(house), url
