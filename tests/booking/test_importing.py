"""Stock that was sold elsewhere: many claims of any kind in one write, all or none."""

import pytest
from builders import new_account, refusal_of

from holdfast.booking import models
from holdfast.booking.api import CapacityTaken
from holdfast.engine.claims import Span
from holdfast.kit.errors import NotFound


@pytest.fixture
def number():
    """A restaurant or flight that no other test knows."""
    return new_account()


def evening(number, *codes, first=2_000_000, slots=6):
    """What one claim takes of a restaurant: tables for an evening, and the guests who arrive."""
    tables = tuple(
        Span(resource_id=f"table:{number}:t:{code}", first_slot=first, end_slot=first + slots) for code in codes
    )
    counted = Span(
        resource_id=f"table:{number}:covers:dinner", first_slot=first, end_slot=first + 1, quantity=2 * len(codes)
    )
    return (*tables, counted)


def room(number):
    return {f"table:{number}:t:D1": 1, f"table:{number}:t:D2": 1, f"table:{number}:covers:dinner": 8}


async def taken(house, resource_id, slot):
    cells = await house.bookings.stock_of.cells(resource_ids=[resource_id], first=slot, end=slot + 1)
    return cells[resource_id, slot].taken if cells else 0


class TestClaimsThatWereSoldBefore:
    async def test_take_tables_that_nobody_quoted_yet(self, house, number):
        made = await house.bookings.importing.claims(
            claims=[evening(number, "D1", "D2"), evening(number, "D1", first=2_000_006)],
            capacities=room(number),
            note="before",
        )
        assert made == 2
        assert await taken(house, f"table:{number}:t:D1", 2_000_005) == 1
        assert await taken(house, f"table:{number}:covers:dinner", 2_000_000) == 4
        assert await taken(house, f"table:{number}:t:D2", 2_000_006) == 0

    async def test_take_seats_and_fares_of_flights(self, house, number):
        flight = f"flight:{number}"
        spans = (
            Span(resource_id=f"{flight}:economy", first_slot=0, end_slot=1, quantity=30),
            Span(resource_id=f"{flight}:economy:N", first_slot=0, end_slot=1, quantity=20),
            Span(resource_id=f"{flight}:seats", first_slot=352, end_slot=358),
        )
        capacities = {f"{flight}:economy": 100, f"{flight}:economy:N": 20, f"{flight}:seats": 1}
        await house.bookings.importing.claims(claims=[spans], capacities=capacities, note="")
        assert await taken(house, f"{flight}:economy", 0) == 30
        assert await taken(house, f"{flight}:seats", 357) == 1

    async def test_are_taken_all_or_none(self, house, number):
        importing = house.bookings.importing
        await importing.claims(claims=[evening(number, "D1")], capacities=room(number), note="")
        later = evening(number, "D2", first=2_000_100)
        refused = await refusal_of(
            importing.claims(claims=[later, evening(number, "D1")], capacities=room(number), note="")
        )
        assert isinstance(refused, CapacityTaken)
        assert await taken(house, f"table:{number}:t:D2", 2_000_100) == 0

    async def test_need_resources(self, house, number):
        refused = await refusal_of(
            house.bookings.importing.claims(claims=[evening(number, "D1")], capacities={}, note="")
        )
        assert isinstance(refused, CapacityTaken)

    async def test_are_told_once_for_each_restaurant(self, house, number):
        before = len(await house.told())
        await house.bookings.importing.claims(
            claims=[evening(number, "D1", "D2"), evening(number, "D1", first=2_000_096)],
            capacities=room(number),
            note="",
        )
        told = [payload for _, payload in (await house.told())[before:]]
        assert [(each["restaurant_id"], each["first_slot"], each["end_slot"]) for each in told] == [
            (number, 2_000_000, 2_000_102)
        ]

    async def test_cannot_be_given_back_like_nights(self, house, number):
        await house.bookings.importing.claims(claims=[evening(number, "D1")], capacities=room(number), note="b")
        home = await house.home()
        [row] = [each for each in await house.rows(models.hold) if each.spans[0][0] == f"table:{number}:t:D1"]
        assert await house.bookings.blocks_of(owner=house.owner, property_id=home) == []
        assert isinstance(await refusal_of(house.bookings.unblock(owner=house.owner, block_id=row.id)), NotFound)
