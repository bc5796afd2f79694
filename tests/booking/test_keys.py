"""Idempotency keys: a request that is sent again gets the first answer and has no second effect.

Each way to move stock is a function that prepares what it needs and returns `ask(who=…, key=…, …)`, so that every rule
is tried on every one of them.
"""

import asyncio
from collections import Counter

import pytest
from builders import (
    AT_PROPERTY,
    caller,
    engine_of,
    footprint,
    new_account,
    new_key,
    opened,
    processes,
    refusal_of,
    run_sql,
)

from holdfast.booking import models
from holdfast.booking.api import HoldQuotaExceeded, HoldState, RuleViolation
from holdfast.booking.service.booking import Bookings
from holdfast.kit.auth import Principal
from holdfast.kit.db.errors import GuardViolation
from holdfast.kit.errors import NotFound, Overloaded
from holdfast.kit.keyed import Keyed, KeyInProgress, KeyReused
from holdfast.kit.secrets import Keyring


def guest_of(account_id):
    return Principal(account_id, "guest")


async def placing(house, guest):
    quote = await house.quote(guest, house.stay(await house.home(units=60)))

    def ask(at=house, who=guest, **how):
        return at.bookings.place_hold(caller=caller(who, **how), quote_id=quote.id)

    return ask


async def extending(house, guest):
    hold = await house.hold(guest, house.stay(await house.home()))
    house.wait(minutes=3)

    def ask(at=house, who=guest, **how):
        return at.bookings.extend_hold(caller=caller(who, **how), hold_id=hold.id)

    return ask


async def confirming(house, guest):
    hold = await house.hold(guest, house.stay(await house.home()))

    def ask(at=house, who=guest, **how):
        return at.bookings.confirm(
            caller=caller(who, **how),
            hold_id=hold.id,
            hold_token=hold.token,
            payment=AT_PROPERTY,
        )

    return ask


async def booking(house, guest):
    item = house.stay(await house.home(units=60))

    def ask(at=house, who=guest, **how):
        return at.bookings.book(caller=caller(who, **how), item=item, payment=AT_PROPERTY)

    return ask


async def cancelling(house, guest):
    booked = await house.booked(guest, house.stay(await house.home()))

    def ask(at=house, who=guest, **how):
        return at.bookings.cancel(caller=caller(who, **how), principal=guest_of(who), number=booked.number)

    return ask


async def blocking(house, guest):
    home = await house.home(units=60)

    def ask(at=house, who=guest, **how):
        return at.bookings.block(
            caller=caller(who, **how),
            owner=house.owner,
            property_id=home,
            nights=(house.day(0), house.day(2)),
            quantity=2,
            note="the owner's own",
        )

    return ask


async def deciding(house, guest):
    asked = await house.booked(guest, house.stay(await house.home(instant=False)))

    def ask(at=house, who=guest, **how):
        return at.bookings.decide(caller=caller(who, **how), owner=house.owner, number=asked.number, accept=True)

    return ask


async def changing(house, guest):
    home = await house.home(units=60)
    booked = await house.booked(guest, house.stay(home))

    def ask(at=house, who=guest, **how):
        return at.bookings.place_change(
            caller=caller(who, **how),
            principal=guest_of(who),
            number=booked.number,
            items=[house.stay(home, 0, 2)],
        )

    return ask


async def confirming_a_change(house, guest):
    home = await house.home(units=60)
    booked = await house.booked(guest, house.stay(home))
    change = await house.change(booked, house.stay(home, 0, 2))

    def ask(at=house, who=guest, **how):
        return at.bookings.confirm_change(
            caller=caller(who, **how),
            principal=guest_of(who),
            number=booked.number,
            change_id=change.id,
            payment=None,
        )

    return ask


WAYS = (
    placing,
    extending,
    confirming,
    booking,
    cancelling,
    blocking,
    deciding,
    changing,
    confirming_a_change,
)
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)


class TestARepeatedRequest:
    @every_way
    async def test_gets_the_first_answer_and_changes_nothing(self, house, guest, way):
        ask = await way(house, guest)
        key = new_key()
        first = await ask(key=key)
        assert not first.replayed
        before = await footprint(house)
        for _ in range(3):
            assert await ask(key=key) == Keyed(value=first.value, replayed=True)
        assert await footprint(house) == before

    @every_way
    async def test_gets_it_from_another_process_too(self, migrated, house, guest, way):
        ask = await way(house, guest)
        key = new_key()
        first = await ask(key=key)
        async with opened(migrated, clock=house.clock, checkpoints=False) as elsewhere:
            assert await ask(at=elsewhere, key=key) == Keyed(value=first.value, replayed=True)

    @every_way
    async def test_is_counted_because_a_replay_has_to_write(self, house, guest, way):
        """What is only read could acknowledge an effect that has not reached the standby."""
        ask = await way(house, guest)
        key = new_key()
        for replays in range(3):
            await ask(key=key)
            [row] = await house.rows(models.key, key=key)
            assert row.replays == replays

    async def test_for_a_hold_gets_it_as_it_was_whatever_became_of_it(self, house, guest):
        home = await house.home(units=9)
        for end in ("extended", "confirmed", "released", "expired"):
            quote = await house.quote(guest, house.stay(home, 0, 2))
            key = new_key()
            first = (await house.bookings.place_hold(caller=caller(guest, key), quote_id=quote.id)).value
            house.wait(minutes=1)
            if end == "extended":
                await house.bookings.extend_hold(caller=caller(guest, route="extend"), hold_id=first.id)
            elif end == "confirmed":
                await house.confirm(first, guest)
            elif end == "released":
                await house.bookings.release_hold(account_id=guest, hold_id=first.id)
            else:
                house.wait(minutes=10)
                await house.bookings.expire_holds()
            again = await house.bookings.place_hold(caller=caller(guest, key), quote_id=quote.id)
            assert again == Keyed(value=first, replayed=True), end

    async def test_for_an_extension_gets_the_end_it_had(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        answers = {}
        for minutes in (4, 4, 4):
            house.wait(minutes=minutes)
            key = new_key()
            answers[key] = (
                await house.bookings.extend_hold(caller=caller(guest, key, route="extend"), hold_id=hold.id)
            ).value
        house.wait(minutes=30)
        await house.bookings.expire_holds()
        for key, first in answers.items():
            again = await house.bookings.extend_hold(caller=caller(guest, key, route="extend"), hold_id=hold.id)
            assert again == Keyed(value=first, replayed=True)

    async def test_for_a_booking_gets_it_as_it_was_confirmed(self, house, guest):
        home = await house.home(units=3)
        hold = await house.hold(guest, house.stay(home))
        confirmed, booked = (
            await house.confirm(hold, guest, key="c"),
            await house.book(guest, house.stay(home), key="b"),
        )
        for made in (confirmed, booked):
            await house.cancel(made.value)
        assert await house.confirm(hold, guest, key="c") == Keyed(value=confirmed.value, replayed=True)
        assert await house.book(guest, house.stay(home), key="b") == Keyed(value=booked.value, replayed=True)

    async def test_for_a_named_unit_gets_the_same_unit(self, house, guest, other):
        home = await house.home(names=("x", "y"))
        await house.booked(other, house.stay(home))
        quote = await house.quote(guest, house.stay(home))
        first = await house.bookings.place_hold(caller=caller(guest, "unit"), quote_id=quote.id)
        again = await house.bookings.place_hold(caller=caller(guest, "unit"), quote_id=quote.id)
        assert again == Keyed(value=first.value, replayed=True)
        assert again.value.items[0].units == ("y",)

    async def test_for_a_block_gets_it_although_it_was_lifted(self, house, guest):
        ask = await blocking(house, guest)
        first = await ask(key="block")
        await house.bookings.unblock(owner=house.owner, block_id=first.value.id)
        assert await ask(key="block") == Keyed(value=first.value, replayed=True)

    async def test_without_a_key_is_a_new_request(self, house, guest):
        ask = await placing(house, guest)
        ids = {(await ask(key=None)).value.id for _ in range(2)}
        assert len(ids) == 2
        assert await house.rows(models.key, account_id=guest) == []


class TestAKeyUsedForAnotherRequest:
    @every_way
    async def test_is_refused_without_effect(self, house, guest, way):
        ask = await way(house, guest)
        key = new_key()
        first = await ask(key=key, fingerprint="one")
        before = await footprint(house)
        for _ in range(2):
            refusal = await refusal_of(ask(key=key, fingerprint="another"))
            assert (type(refusal), refusal.status) == (KeyReused, 422)
        assert await footprint(house) == before
        assert await ask(key=key, fingerprint="one") == Keyed(value=first.value, replayed=True)

    async def test_is_refused_when_the_first_was_refused_too(self, house, guest):
        home = await house.home()
        await house.booked(guest, house.stay(home))
        quotes = [await house.quote(guest, house.stay(home, ahead)) for ahead in (0, 1)]
        place = house.bookings.place_hold
        await refusal_of(place(caller=caller(guest, "used", fingerprint="one"), quote_id=quotes[0].id))
        refusal = await refusal_of(place(caller=caller(guest, "used", fingerprint="two"), quote_id=quotes[1].id))
        assert isinstance(refusal, KeyReused)
        assert await house.taken(home, 0, 2) == [1, 0]

    async def test_fails_nobody_else_in_its_batch(self, house, guest, other):
        used, free = await placing(house, guest), await placing(house, other)
        await used(key="used", fingerprint="one")
        answers = await asyncio.gather(
            free(key=new_key()),
            used(key="used", fingerprint="another"),
            used(key="used 2"),
            free(key=new_key()),
            return_exceptions=True,
        )
        assert [type(each) for each in answers] == [Keyed, KeyReused, Keyed, Keyed]
        assert not any(each.replayed for each in answers if isinstance(each, Keyed))


class TestTheScopeOfAKey:
    async def test_is_the_account(self, house, guest, other):
        key = new_key()
        answers = [await (await placing(house, who))(key=key) for who in (guest, other)]
        assert not any(answer.replayed for answer in answers)
        assert len({answer.value.id for answer in answers}) == 2

    async def test_is_the_route(self, house, guest):
        key = new_key()
        ask = await placing(house, guest)
        answers = [await ask(key=key, route=route) for route in ("POST /one", "POST /two")]
        assert not any(answer.replayed for answer in answers)
        assert len({answer.value.id for answer in answers}) == 2

    async def test_tells_upper_from_lower_case_and_spaces_apart(self, house, guest):
        ask = await placing(house, guest)
        keys = ["K", "k", "k ", " k", "K" * 255]
        answers = [await ask(key=key) for key in keys]
        assert not any(answer.replayed for answer in answers)
        assert {row.key for row in await house.rows(models.key, account_id=guest)} == set(keys)


class TestTheSameKeyAtTheSameTime:
    @every_way
    async def test_has_one_effect(self, house, guest, way):
        ask = await way(house, guest)
        key = new_key()
        before = await footprint(house)
        answers = await asyncio.gather(*[ask(key=key) for _ in range(50)], return_exceptions=True)
        [first] = [each for each in answers if isinstance(each, Keyed) and not each.replayed]
        for each in answers:
            if isinstance(each, Keyed):
                assert each.value == first.value
            else:
                assert isinstance(each, KeyInProgress), repr(each)
                assert (each.status, each.retry_after_s) == (409, 1)
        after = await footprint(house)
        assert after[0][-1] == before[0][-1] + 1
        assert await ask(key=key) == Keyed(value=first.value, replayed=True)
        assert await footprint(house) == after

    @pytest.mark.parametrize("way", [placing, extending, cancelling], ids=lambda way: way.__name__)
    async def test_is_in_progress(self, house, guest, way):
        """These ask nobody else first, so that all but the first meet it under way."""
        ask = await way(house, guest)
        key = new_key()
        answers = await asyncio.gather(*[ask(key=key) for _ in range(50)], return_exceptions=True)
        assert Counter(type(each) for each in answers) == {Keyed: 1, KeyInProgress: 49}

    @every_way
    async def test_in_two_processes_has_one_effect(self, migrated, guest, way):
        async with processes(migrated, 2) as houses:
            ask = await way(houses[0], guest)
            key = new_key()
            asked = [ask(at=house, key=key) for _ in range(25) for house in houses]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            kinds = Counter(type(each) for each in answers)
            assert set(kinds) <= {Keyed, KeyInProgress}, kinds
            [first] = [each for each in answers if isinstance(each, Keyed) and not each.replayed]
            assert all(each.value == first.value for each in answers if isinstance(each, Keyed))
            assert len(await houses[0].rows(models.key, key=key)) == 1
            await houses[0].assert_sound()

    async def test_in_two_processes_fails_no_other_key(self, migrated):
        """Batches of both meet in several keys at once, in different mixtures."""
        async with processes(migrated, 2) as houses:
            here = houses[0]
            home = await here.home(units=200)
            guests = [new_account() for _ in range(24)]
            holds = {who: await here.hold(who, here.stay(home)) for who in guests}
            here.wait(minutes=2)

            def extend(house, who):
                call = caller(who, f"extend {who}", route="extend")
                return house.bookings.extend_hold(caller=call, hold_id=holds[who].id)

            asked = [extend(here, who) for who in guests] + [extend(houses[1], who) for who in reversed(guests)]
            answers = await asyncio.gather(*asked, return_exceptions=True)
            by_guest = list(zip(answers[:24], reversed(answers[24:]), strict=True))
            for one, another in by_guest:
                assert isinstance(one, Keyed), repr(one)
                assert isinstance(another, Keyed), repr(another)
                assert (one.value, one.replayed + another.replayed) == (another.value, 1)
            await here.assert_sound()


BREAK = {
    "sqlite": ("CREATE TRIGGER broken BEFORE INSERT ON booking_outbox BEGIN SELECT RAISE(ABORT, 'broken'); END",),
    "postgresql": (
        "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'broken'; END $$",
        "CREATE TRIGGER broken BEFORE INSERT ON booking_outbox FOR EACH ROW EXECUTE FUNCTION broken()",
    ),
    "mysql": ("CREATE TRIGGER broken BEFORE INSERT ON booking_outbox FOR EACH ROW SIGNAL SQLSTATE '45000'",),
}
MEND = {
    "sqlite": ("DROP TRIGGER broken",),
    "postgresql": ("DROP TRIGGER broken ON booking_outbox", "DROP FUNCTION broken"),
    "mysql": ("DROP TRIGGER broken",),
}


class TestATransactionThatFails:
    # An extension tells nobody anything, so a broken outbox does not break it.
    @pytest.mark.parametrize("way", [each for each in WAYS if each is not extending], ids=lambda way: way.__name__)
    async def test_keeps_nothing_so_that_the_request_can_be_sent_again(self, migrated, house, guest, way):
        ask = await way(house, guest)
        key = new_key()
        before = await footprint(house)
        run_sql(migrated, *BREAK[engine_of(migrated)])
        try:
            with pytest.raises((GuardViolation, Overloaded)):
                await ask(key=key)
        finally:
            run_sql(migrated, *MEND[engine_of(migrated)])
        assert await footprint(house) == before
        assert not (await ask(key=key)).replayed


class TestWhatIsNotKept:
    async def test_is_the_limit_of_holds(self, migrated, guest):
        async with opened(migrated, holds_most=1) as house:
            home = await house.home(units=5)
            held = await house.hold(guest, house.stay(home))
            quote = await house.quote(guest, house.stay(home))
            place = house.bookings.place_hold
            for _ in range(2):
                refusal = await refusal_of(place(caller=caller(guest, "later"), quote_id=quote.id))
                assert (type(refusal), refusal.replayed) == (HoldQuotaExceeded, False)
            await house.bookings.release_hold(account_id=guest, hold_id=held.id)
            done = await place(caller=caller(guest, "later"), quote_id=quote.id)
            assert (done.replayed, done.value.state) == (False, HoldState.HELD)

    async def test_is_what_was_refused_before_it_was_begun(self, house, guest, other):
        home = await house.home()
        quote = await house.quote(guest, house.stay(home))
        hold = await house.hold(guest, house.stay(home))
        made = (await house.confirm(hold, guest)).value
        place = house.bookings.place_hold
        for request in (
            place(caller=caller(other, "same"), quote_id=quote.id),
            place(caller=caller(other, "same"), quote_id="quote_nothing"),
            house.confirm(hold, other, key="same"),
            house.bookings.extend_hold(caller=caller(other, "same"), hold_id=hold.id),
            house.cancel(made, guest_of(other), key="same"),
        ):
            assert isinstance(await refusal_of(request), NotFound)
        assert isinstance(await refusal_of(house.book(other, house.stay(home, guests=40), key="same")), RuleViolation)
        assert await house.rows(models.key, account_id=other) == []
        assert not (await house.book(other, house.stay(home, 3), key="same")).replayed


class TestOldKeys:
    async def test_are_kept_for_days_and_then_forgotten(self, house, guest):
        ask = await booking(house, guest)
        key = new_key()
        first = await ask(key=key)
        house.wait(days=6, hours=23)
        await house.bookings.forget_old()
        assert await ask(key=key) == Keyed(value=first.value, replayed=True)
        house.wait(hours=2)
        await house.bookings.forget_old()
        assert await house.rows(models.key, key=key) == []
        anew = await ask(key=key)
        assert not anew.replayed
        assert anew.value.number != first.value.number

    async def test_are_kept_as_long_as_the_settings_say(self, migrated, guest):
        async with opened(migrated, key_days=1) as house:
            ask = await booking(house, guest)
            key = new_key()
            await ask(key=key)
            house.wait(hours=23)
            await house.bookings.forget_old()
            assert (await ask(key=key)).replayed
            house.wait(hours=2)
            await house.bookings.forget_old()
            assert not (await ask(key=key)).replayed


class TestANewSecret:
    async def test_still_takes_the_tokens_of_the_former_one(self, house, guest):
        hold = await house.hold(guest, house.stay(await house.home()))
        former = "the secret of the tests, long enough to be one"
        keyring = Keyring("another secret, which is long enough as well", previous=[former])
        rotated = Bookings(
            db=house.db, clock=house.clock, keyring=keyring, settings=house.settings, catalog=house.catalog
        )
        with pytest.raises(NotFound):
            await rotated.confirm(caller=caller(guest, None), hold_id=hold.id, hold_token="x", payment=AT_PROPERTY)
        made = await rotated.confirm(
            caller=caller(guest, None), hold_id=hold.id, hold_token=hold.token, payment=AT_PROPERTY
        )
        assert made.value.hold_id == hold.id
        await rotated.close()


def test_every_way_is_tried():
    """Every method of the class that takes a caller with a key is one of `WAYS`."""
    keyed = [name for name in vars(Bookings) if "caller" in getattr(vars(Bookings)[name], "__annotations__", {})]
    assert len(keyed) == len(WAYS), keyed
