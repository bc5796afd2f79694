"""Members of an organization act on what it sold; its founder is one of them, and nobody once they have left."""

import pytest
from builders import caller, new_account
from restaurant_builder import open_room

from holdfast.kit.auth import MemberRole, Permission, Principal
from holdfast.kit.errors import NotFound
from support.principals import principal_of


def member_of(owner, role):
    """Return somebody else who belongs to the organization of an owner."""
    return principal_of(new_account(), owner_id=owner.owner_id, member=role)


class TestAMember:
    async def test_answers_requests_and_sees_who_comes(self, house, guest):
        home = await house.home(instant=False)
        asked = await house.booked(guest, house.stay(home))
        desk = member_of(house.owner, MemberRole.DESK)
        decided = await house.bookings.decide(
            caller=caller(desk.account_id), owner=desk, number=asked.number, accept=True
        )
        assert decided.value.state == "confirmed"
        found = await house.bookings.get_booking(principal=desk, number=asked.number)
        assert found.number == asked.number

    async def test_cancels_as_the_owner_does(self, house, guest):
        booked = await house.booked(guest, house.stay(await house.home()))
        desk = member_of(house.owner, MemberRole.DESK)
        quote = await house.bookings.quote_cancellation(principal=desk, number=booked.number)
        as_owner = await house.bookings.quote_cancellation(principal=house.owner, number=booked.number)
        assert quote.refund == as_owner.refund

    async def test_of_another_organization_sees_nothing(self, house, guest):
        booked = await house.booked(guest, house.stay(await house.home()))
        stranger = principal_of(new_account(), owner_id=new_account(), member=MemberRole.OWNER)
        with pytest.raises(NotFound):
            await house.bookings.get_booking(principal=stranger, number=booked.number)

    async def test_without_a_permission_about_bookings_sees_none(self, house, guest):
        booked = await house.booked(guest, house.stay(await house.home()))
        key = Principal(
            house.owner.account_id,
            "owner",
            owner_id=house.owner.owner_id,
            permissions=frozenset({Permission.TRIPS, Permission.CATALOG_WRITE}),
        )
        with pytest.raises(NotFound):
            await house.bookings.get_booking(principal=key, number=booked.number)

    async def test_with_a_key_that_does_not_see_to_trips_is_not_their_own_guest(self, house):
        me = new_account()
        booked = await house.booked(me, house.stay(await house.home()))
        key = Principal(me, "owner", owner_id=me, permissions=frozenset({Permission.BOOKINGS_READ}))
        with pytest.raises(NotFound):
            await house.bookings.get_booking(principal=key, number=booked.number)
        assert await house.bookings.get_booking(principal=principal_of(me), number=booked.number)


class TestAFounderWhoLeft:
    async def test_sees_no_more_who_walked_in(self, house):
        room = await open_room(house)
        room.turn_to("19:00")
        seated = (await room.walk_in(2)).value
        founder = principal_of(house.owner.account_id)
        with pytest.raises(NotFound):
            await house.bookings.get_booking(principal=founder, reference=seated.visit.reference)
        listed = await house.bookings.bookings_of(account_id=founder.account_id, before=None, limit=10)
        assert listed == []
        manager = member_of(house.owner, MemberRole.MANAGER)
        found = await house.bookings.get_booking(principal=manager, reference=seated.visit.reference)
        assert found.reference == seated.visit.reference

    async def test_runs_nothing_of_it(self, house, guest):
        home = await house.home()
        booked = await house.booked(guest, house.stay(home))
        founder = principal_of(house.owner.account_id)
        with pytest.raises(NotFound):
            await house.bookings.get_booking(principal=founder, number=booked.number)
        with pytest.raises(NotFound):
            await house.bookings.resize(owner=founder, property_id=home, units=9)
