"""Idempotency keys of refused requests: a refusal is an answer like any other, and is given again.

Each situation is a function that returns how to ask, what is refused, and how to change what stands against it.
"""

import pytest
from builders import caller, footprint, new_account, new_key, refusal_of

from holdfast.booking import models
from holdfast.booking.api import (
    AlreadyCancelled,
    AlreadyConfirmed,
    CapacityTaken,
    ExtensionLimit,
    HoldExpired,
    HoldNotActive,
    QuoteExpired,
)
from holdfast.catalog.api import NotBookable


def content(refusal):
    return type(refusal), refusal.code, refusal.status, refusal.detail, refusal.extra


async def _sold_out(house, guest):
    home = await house.home()
    taken = await house.hold(new_account(), house.stay(home))
    quote = await house.quote(guest, house.stay(home))

    async def change():
        [row] = await house.rows(models.hold, id=taken.id)
        await house.bookings.release_hold(account_id=row.account_id, hold_id=taken.id)

    return lambda key: house.bookings.place_hold(caller=caller(guest, key), quote_id=quote.id), CapacityTaken, change


async def _sold_out_at_once(house, guest):
    home = await house.home()
    taken = await house.booked(new_account(), house.stay(home))
    return lambda key: house.book(guest, house.stay(home), key=key), CapacityTaken, lambda: house.cancel(taken)


async def _block_of_sold_nights(house, guest):
    home = await house.home()
    taken = await house.booked(guest, house.stay(home, 1))
    return lambda key: house.block(home, 0, 3, key=key), CapacityTaken, lambda: house.cancel(taken)


async def _block_of_held_nights(house, guest):
    home = await house.home(names=("a", "b"))
    await house.booked(guest, house.stay(home, 1))
    held = await house.hold(guest, house.stay(home, 1))
    release = house.bookings.release_hold
    return (
        lambda key: house.block(home, 0, 3, key=key),
        CapacityTaken,
        lambda: release(account_id=guest, hold_id=held.id),
    )


async def _quote_ran_out(house, guest):
    quote = await house.quote(guest, house.stay(await house.home()))
    house.wait(minutes=15)
    return (
        lambda key: house.bookings.place_hold(caller=caller(guest, key), quote_id=quote.id),
        QuoteExpired,
        _nothing,
    )


async def _no_stock(house, guest):
    [made] = await house.catalog.get_many(ids=[await house.home()])
    bare = await house.catalog.create(owner=house.owner, draft=made.draft)
    quote = await house.quote(guest, house.stay(bare.id))
    return (
        lambda key: house.bookings.place_hold(caller=caller(guest, key), quote_id=quote.id),
        NotBookable,
        lambda: house.bookings.define_stock(property_id=bare.id, units=1),
    )


async def _confirmed_too_late(house, guest):
    hold = await house.hold(guest, house.stay(await house.home()))
    house.wait(minutes=10)
    return lambda key: house.confirm(hold, guest, key=key), HoldExpired, house.bookings.expire_holds


async def _confirmed_after_release(house, guest):
    hold = await house.hold(guest, house.stay(await house.home()))
    await house.bookings.release_hold(account_id=guest, hold_id=hold.id)
    return lambda key: house.confirm(hold, guest, key=key), HoldNotActive, _nothing


async def _confirmed_before(house, guest):
    hold = await house.hold(guest, house.stay(await house.home()))
    made = (await house.confirm(hold, guest)).value
    return lambda key: house.confirm(hold, guest, key=key), AlreadyConfirmed, lambda: house.cancel(made)


async def _extended_to_the_end(house, guest):
    hold = await house.hold(guest, house.stay(await house.home()))
    extend = house.bookings.extend_hold
    for _ in range(3):
        house.wait(minutes=8)
        await extend(caller=caller(guest, route="extend"), hold_id=hold.id)
    return (
        lambda key: extend(caller=caller(guest, key, route="extend"), hold_id=hold.id),
        ExtensionLimit,
        lambda: house.bookings.release_hold(account_id=guest, hold_id=hold.id),
    )


async def _cancelled_before(house, guest):
    made = await house.booked(guest, house.stay(await house.home()))
    await house.cancel(made)
    return lambda key: house.cancel(made, key=key), AlreadyCancelled, _nothing


async def _nothing():
    """Change nothing."""


REFUSALS = (
    _sold_out,
    _sold_out_at_once,
    _block_of_sold_nights,
    _block_of_held_nights,
    _quote_ran_out,
    _no_stock,
    _confirmed_too_late,
    _confirmed_after_release,
    _confirmed_before,
    _extended_to_the_end,
    _cancelled_before,
)


class TestARepeatedRequestThatWasRefused:
    @pytest.mark.parametrize("situation", REFUSALS, ids=lambda each: each.__name__.strip("_"))
    async def test_is_refused_again_in_the_same_words_whatever_has_changed(self, house, guest, situation):
        ask, kind, change = await situation(house, guest)
        key = new_key()
        first = await refusal_of(ask(key))
        assert (type(first), first.replayed) == (kind, False)
        again = await refusal_of(ask(key))
        assert (content(again), again.replayed) == (content(first), True)
        await change()
        before = await footprint(house)
        last = await refusal_of(ask(key))
        assert (content(last), last.replayed) == (content(first), True)
        assert await footprint(house) == before
        [row] = await house.rows(models.key, key=key)
        assert row.replays == 2

    async def test_is_carried_out_under_a_new_key(self, house, guest):
        ask, _, change = await _sold_out(house, guest)
        await refusal_of(ask("first"))
        await change()
        assert not (await ask(new_key())).replayed
