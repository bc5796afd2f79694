"""The recount names what was done to the data behind the product's back, and nothing else.

Method: sell, check that the recount is content, doctor the database with its guards, foreign keys and CHECKs switched
off, recount, and look at what is new. Each example sells for itself, so that one database serves them all.
"""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from builders import House, engine_of, new_account, opened, run_sql, with_tables

from holdfast.booking import models
from holdfast.booking.api import Booking, CancellationQuote, Change, Hold, PaymentTerms
from holdfast.booking.service.verifying import BREACHES_MOST
from holdfast.engine.price import digest, from_json, to_json

GUARDS = (
    "booking_claim_no_update",
    "booking_claim_no_delete",
    "booking_hold_state_moves",
    "booking_booking_state_moves",
    "booking_cancellation_state_moves",
    "booking_change_state_moves",
    "booking_revision_no_update",
    "booking_revision_no_delete",
)


@pytest.fixture(scope="module")
async def unguarded(url):
    """A database whose guards are gone, as only somebody with its keys could do it."""
    await with_tables(url)
    if engine_of(url) == "postgresql":
        run_sql(url, "ALTER TABLE booking_cell DROP CONSTRAINT booking_cell_taken_fits_ck")
    else:
        run_sql(url, *[f"DROP TRIGGER {each}" for each in GUARDS])
    return url


def doctor(url, *statements):
    """Run SQL without guards, foreign keys and CHECKs."""
    off = {
        "sqlite": "PRAGMA ignore_check_constraints = ON",
        "postgresql": "SET session_replication_role = replica",
        "mysql": "SET foreign_key_checks = 0, check_constraint_checks = 0",
    }
    run_sql(url, off[engine_of(url)], *statements)


@dataclass(frozen=True)
class Sale:
    """What was sold before somebody came: a live hold, a released one, a booking, a cancelled one, a block."""

    url: str
    house: House
    guest: int
    home: int
    hold: Hold
    released: Hold
    booking: Booking
    cancelled: Booking
    block: str

    @property
    def cell(self):
        """Where a cell of the booking is, as SQL."""
        return f"resource_id = 'stay:{self.home}' AND slot = {self.house.slot_of(self.house.day(1))}"

    @property
    def cell_name(self):
        return f"stay:{self.home}@{self.house.slot_of(self.house.day(1))}"

    async def one(self, table, **where) -> Any:
        [row] = await self.house.rows(table, **where)
        return row


@pytest.fixture
async def sale(unguarded):
    async with opened(unguarded) as house:
        home, guest = await house.home(units=5), new_account()
        hold = await house.hold(guest, house.stay(home, 0, 3))
        released = await house.hold(guest, house.stay(home, 0, 3))
        await house.bookings.release_hold(account_id=guest, hold_id=released.id)
        booking = await house.booked(guest, house.stay(home, 1, 2))
        cancelled = await house.booked(guest, house.stay(home, 1, 2))
        await house.cancel(cancelled)
        block = await house.block(home, 1, 2)
        yield Sale(unguarded, house, guest, home, hold, released, booking, cancelled, block)


async def found_after(sale, *statements):
    """Return what the recount finds that it did not find before: rules with the subjects they name."""
    before = (await sale.house.bookings.verify()).breaches
    doctor(sale.url, *statements)
    after = (await sale.house.bookings.verify()).breaches
    assert len(after) < BREACHES_MOST
    new: dict[str, set[str]] = {}
    for breach in after:
        if breach not in before:
            assert breach.detail
            new.setdefault(breach.rule, set()).add(breach.subject)
    return new


def dearer(stored):
    """A price with one cent more on its first line, consistent in itself."""
    price = from_json(stored)
    lines = (replace(price.lines[0], amount_minor=price.lines[0].amount_minor + 1), *price.lines[1:])
    return replace(price, lines=lines, total_minor=price.total_minor + 1)


def setting(table, key, **values):
    """An UPDATE of one row."""
    texts = [f"{name} = {_literal(value)}" for name, value in values.items()]
    [(column, wanted)] = key.items()
    return f"UPDATE {table} SET {', '.join(texts)} WHERE {column} = {_literal(wanted)}"  # noqa: S608 - made here


def _literal(value):
    if value is None:
        return "NULL"
    if isinstance(value, int):
        return str(value)
    return f"'{value if isinstance(value, str) else json.dumps(value)}'"


def with_price(table, key, price, *, rest=True):
    """An UPDATE that gives a row another price: all of it, or only its lines."""
    values = {"price": to_json(price)}
    if rest:
        values |= {"total_minor": price.total_minor, "currency": price.currency, "digest": digest(price)}
    return setting(table, key, **values)


class TestACleanDatabase:
    async def test_has_no_breach(self, fresh_url):
        async with opened(await with_tables(fresh_url)) as house:
            assert (await house.bookings.verify()).breaches == ()
            pool, rooms = await house.home(units=5), await house.home(names=("a", "b"), preparation_nights=1)
            guest = new_account()
            trip = await house.booked(guest, house.stay(rooms, 0, 2), house.stay(pool, 5, 1))
            await house.book(guest, house.stay(rooms, 10))
            await house.hold(guest, house.stay(pool, 0, 3))
            await house.set_nights(pool, 20, 5, capacity=9, closed=True)
            house.wait(minutes=10)
            assert (await house.bookings.verify()).breaches == ()
            await house.bookings.expire_holds()
            await house.cancel(trip)
            await house.bookings.resize(owner=house.owner, property_id=pool, units=6)
            assert (await house.bookings.verify()).breaches == ()

    async def test_has_none_when_past_nights_keep_another_capacity(self, fresh_url):
        async with opened(await with_tables(fresh_url)) as house:
            home = await house.home(units=3)
            await house.book(new_account(), house.stay(home, -28))
            await house.book(new_account(), house.stay(home, 9))
            house.wait(days=10)
            await house.bookings.resize(owner=house.owner, property_id=home, units=2)
            assert {row.capacity for row in await house.rows(models.cell)} == {3, 2}
            assert (await house.bookings.verify()).breaches == ()


class TestADoctoredCell:
    @pytest.mark.parametrize("change", ["taken + 1", "taken - 1", "0"])
    async def test_is_named(self, sale, change):
        found = await found_after(sale, f"UPDATE booking_cell SET taken = {change} WHERE {sale.cell}")  # noqa: S608 - made here
        assert found == {"cell_taken": {sale.cell_name}}

    async def test_with_more_capacity_than_there_is_is_named(self, sale):
        found = await found_after(sale, f"UPDATE booking_cell SET capacity = 9 WHERE {sale.cell}")  # noqa: S608 - made here
        assert found == {"cell_capacity": {sale.cell_name}}

    async def test_over_its_capacity_is_named(self, sale):
        found = await found_after(sale, f"UPDATE booking_cell SET taken = 6 WHERE {sale.cell}")  # noqa: S608 - made here
        assert found == {"cell_taken": {sale.cell_name}, "cell_oversold": {sale.cell_name}}

    async def test_that_is_gone_is_named(self, sale):
        found = await found_after(sale, f"DELETE FROM booking_cell WHERE {sale.cell}")  # noqa: S608 - made here
        assert found == {"cell_missing": {sale.cell_name}}

    async def test_of_a_resource_that_shrank_is_named(self, sale):
        found = await found_after(sale, setting("booking_resource", {"id": f"stay:{sale.home}"}, capacity=4))
        assert set(found) == {"cell_capacity"}


class TestADeletedHold:
    async def test_that_was_live_is_named(self, sale):
        found = await found_after(sale, f"DELETE FROM booking_hold WHERE id = '{sale.hold.id}'")  # noqa: S608 - made here
        assert found == {"hold_missing": {sale.hold.id}, "quota_live": {str(sale.guest)}}

    async def test_that_was_over_is_named(self, sale):
        found = await found_after(sale, f"DELETE FROM booking_hold WHERE id = '{sale.released.id}'")  # noqa: S608 - made here
        assert found == {"hold_missing": {sale.released.id}}

    async def test_that_became_a_booking_is_named(self, sale):
        hold = sale.booking.hold_id
        found = await found_after(sale, f"DELETE FROM booking_hold WHERE id = '{hold}'")  # noqa: S608 - made here
        assert found == {"hold_missing": {hold}, "booking_hold": {sale.booking.reference}}

    async def test_with_its_ledger_is_named_by_its_cells(self, sale):
        found = await found_after(
            sale,
            f"DELETE FROM booking_claim WHERE hold_id = '{sale.block}'",  # noqa: S608 - made here
            f"DELETE FROM booking_hold WHERE id = '{sale.block}'",  # noqa: S608 - made here
        )
        assert set(found) == {"cell_taken"}
        assert sale.cell_name in found["cell_taken"]


class TestADoctoredHold:
    async def test_that_was_ended_without_freeing_is_named(self, sale):
        found = await found_after(sale, setting("booking_hold", {"id": sale.hold.id}, state="expired"))
        assert found == {"hold_claims": {sale.hold.id}, "quota_live": {str(sale.guest)}}

    async def test_that_was_brought_back_is_named(self, sale):
        found = await found_after(sale, setting("booking_hold", {"id": sale.released.id}, state="held"))
        assert found == {"hold_claims": {sale.released.id}, "quota_live": {str(sale.guest)}}

    async def test_that_was_confirmed_without_a_booking_is_named(self, sale):
        found = await found_after(sale, setting("booking_hold", {"id": sale.hold.id}, state="confirmed"))
        assert found == {"booking_missing": {sale.hold.id}, "quota_live": {str(sale.guest)}}

    async def test_of_other_nights_is_named(self, sale):
        row = await sale.one(models.hold, id=sale.hold.id)
        [[resource, first, end, quantity, _]] = row.spans
        moved = [[resource, first + 1, end + 1, quantity]]
        found = await found_after(sale, setting("booking_hold", {"id": sale.hold.id}, spans=moved))
        assert found == {"hold_claims": {sale.hold.id}}


class TestADoctoredBooking:
    async def test_without_a_claim_is_named(self, sale):
        hold = sale.booking.hold_id
        found = await found_after(sale, f"DELETE FROM booking_claim WHERE hold_id = '{hold}'")  # noqa: S608 - made here
        assert set(found) == {"hold_claims", "cell_taken"}
        assert found["hold_claims"] == {hold}

    async def test_of_a_released_hold_is_named(self, sale):
        found = await found_after(
            sale, setting("booking_booking", {"number": sale.booking.number}, hold_id=sale.released.id)
        )
        assert found["booking_claim"] == {sale.booking.reference}
        assert found["booking_missing"] == {sale.booking.hold_id}

    async def test_that_is_gone_is_named(self, sale):
        found = await found_after(sale, f"DELETE FROM booking_booking WHERE number = {sale.booking.number}")  # noqa: S608 - made here
        # Its owner's entry is left behind: a server's foreign key would have refused.
        owners = {"booking_owner": {str(sale.booking.number)}}
        assert found == {"booking_missing": {sale.booking.hold_id}, **owners}

    async def test_that_was_called_cancelled_is_named(self, sale):
        row = await sale.one(models.booking, number=sale.cancelled.number)
        assert row.cancelled_at
        found = await found_after(
            sale,
            f"UPDATE booking_booking SET state = 'cancelled', refund_minor = 0, cancelled_at = created_at"  # noqa: S608 - made here
            f" WHERE number = {sale.booking.number}",
        )
        assert found == {"booking_claim": {sale.booking.reference}}

    async def test_that_was_brought_back_is_named(self, sale):
        back = setting(
            "booking_booking",
            {"number": sale.cancelled.number},
            state="confirmed",
            cancelled_at=None,
            refund_minor=None,
        )
        assert await found_after(sale, back) == {
            "booking_claim": {sale.cancelled.reference},
            "cancellation_used": {sale.cancelled.reference},
        }


class TestAPriceChangedAfterTheFact:
    """In lines, in the total, in the part of a stay, or everywhere at once."""

    async def test_in_a_quote_is_named(self, sale):
        key = {"id": sale.hold.quote_id}
        row = await sale.one(models.quote, **key)
        price = dearer(row.price)
        lines_only = await found_after(sale, with_price("booking_quote", key, price, rest=False))
        assert lines_only == {"quote_price": {sale.hold.quote_id}}
        consistent = await found_after(sale, with_price("booking_quote", key, price))
        assert consistent["hold_price"] == {sale.hold.id}

    async def test_in_the_total_of_a_quote_is_named(self, sale):
        quote = await sale.house.quote(sale.guest, sale.house.stay(sale.home))
        for change in ({"total_minor": 1}, {"currency": "EUR", "total_minor": quote.price.total_minor}):
            found = await found_after(sale, setting("booking_quote", {"id": quote.id}, **change))
            assert found == {"quote_price": {quote.id}}

    async def test_in_a_part_of_a_quote_is_named(self, sale):
        quote = await sale.house.quote(sale.guest, sale.house.stay(sale.home))
        row = await sale.one(models.quote, id=quote.id)
        items = [{**row.items[0], "total_minor": 1}]
        found = await found_after(sale, setting("booking_quote", {"id": quote.id}, items=items))
        assert found == {"quote_price": {quote.id}}

    async def test_until_it_cannot_be_read_is_named(self, sale):
        quote = await sale.house.quote(sale.guest, sale.house.stay(sale.home))
        found = await found_after(sale, setting("booking_quote", {"id": quote.id}, price={"lines": []}))
        assert found == {"quote_price": {quote.id}}

    async def test_in_a_hold_is_named(self, sale):
        key = {"id": sale.hold.id}
        price = dearer((await sale.one(models.hold, **key)).price)
        for rest in (False, True):
            found = await found_after(sale, with_price("booking_hold", key, price, rest=rest))
            assert found == {"hold_price": {sale.hold.id}}

    async def test_in_the_total_or_a_part_of_a_hold_is_named(self, sale):
        key = {"id": sale.hold.id}
        row = await sale.one(models.hold, **key)
        items = [{**row.items[0], "total_minor": 1}]
        for change in ({"total_minor": 1}, {"total_minor": row.total_minor, "items": items}):
            found = await found_after(sale, setting("booking_hold", key, **change))
            assert found == {"hold_price": {sale.hold.id}}

    async def test_in_a_hold_and_its_quote_is_named_by_the_ledger(self, sale):
        row = await sale.one(models.hold, id=sale.hold.id)
        price = dearer(row.price)
        items = [{**row.items[0], "total_minor": price.total_minor}]
        found = await found_after(
            sale,
            with_price("booking_hold", {"id": row.id}, price),
            setting("booking_hold", {"id": row.id}, items=items),
            with_price("booking_quote", {"id": row.quote_id}, price),
            setting("booking_quote", {"id": row.quote_id}, items=items),
        )
        assert found == {"hold_price": {sale.hold.id}}

    async def test_in_the_lines_of_a_booking_is_named(self, sale):
        key = {"number": sale.booking.number}
        price = dearer((await sale.one(models.booking, **key)).price)
        for rest in (False, True):
            found = await found_after(sale, with_price("booking_booking", key, price, rest=rest))
            assert found == {"booking_price": {sale.booking.reference}}

    async def test_in_the_total_or_a_part_of_a_booking_is_named(self, sale):
        key = {"number": sale.booking.number}
        row = await sale.one(models.booking, **key)
        items = [{**row.items[0], "total_minor": 1}]
        for change in ({"total_minor": 1}, {"total_minor": row.total_minor, "items": items}):
            found = await found_after(sale, setting("booking_booking", key, **change))
            assert found == {"booking_price": {sale.booking.reference}}

    async def test_everywhere_is_named_by_the_ledger(self, sale):
        row = await sale.one(models.booking, number=sale.booking.number)
        hold = await sale.one(models.hold, id=row.hold_id)
        price = dearer(row.price)
        items = [{**row.items[0], "total_minor": price.total_minor}]
        places = (
            ("booking_booking", {"number": row.number}),
            ("booking_hold", {"id": hold.id}),
            ("booking_quote", {"id": hold.quote_id}),
        )
        found = await found_after(
            sale,
            *[with_price(table, key, price) for table, key in places],
            *[setting(table, key, items=items) for table, key in places],
        )
        assert found == {"hold_price": {hold.id}}


class TestAMiscountedQuota:
    @pytest.mark.parametrize("live", [0, 2])
    async def test_is_named(self, sale, live):
        found = await found_after(sale, setting("booking_quota", {"account_id": sale.guest}, live=live))
        assert found == {"quota_live": {str(sale.guest)}}

    async def test_that_is_gone_is_named(self, sale):
        found = await found_after(sale, f"DELETE FROM booking_quota WHERE account_id = {sale.guest}")  # noqa: S608 - made here
        assert found == {"quota_live": {str(sale.guest)}}


class TestAnAlteredLedger:
    @pytest.mark.parametrize("change", ["quantity = 2", "end_slot = end_slot + 1", "first_slot = first_slot + 1"])
    async def test_is_named_by_hold_and_cells(self, sale, change):
        found = await found_after(sale, f"UPDATE booking_claim SET {change} WHERE hold_id = '{sale.hold.id}'")  # noqa: S608 - made here
        assert found["hold_claims"] == {sale.hold.id}
        assert set(found) <= {"hold_claims", "cell_taken", "cell_missing"}
        assert len(found) > 1

    async def test_with_another_price_is_named(self, sale):
        found = await found_after(
            sale,
            f"UPDATE booking_claim SET digest = 'x' WHERE hold_id = '{sale.hold.id}'",  # noqa: S608 - made here
        )
        assert found == {"hold_price": {sale.hold.id}}

    async def test_that_frees_twice_is_named(self, sale):
        hold = sale.released.id
        found = await found_after(
            sale,
            "INSERT INTO booking_claim (hold_id, resource_id, first_slot, end_slot, quantity, reason, at)"  # noqa: S608 - made here
            " SELECT hold_id, resource_id, first_slot, end_slot, quantity, reason, at FROM booking_claim"
            f" WHERE hold_id = '{hold}' AND quantity < 0",
        )
        assert found["hold_claims"] == {hold}
        assert sale.cell_name in found["cell_taken"]


class TestTooManyBreaches:
    async def test_are_counted(self, tmp_path):
        url = await with_tables(f"sqlite:///{tmp_path}/many.db")
        async with opened(url) as house:
            for home in [await house.home() for _ in range(2)]:
                await house.set_nights(home, 0, 600, closed=True)
            doctor(url, "UPDATE booking_cell SET taken = 1")
            breaches = (await house.bookings.verify()).breaches
        assert len(breaches) == BREACHES_MOST + 1
        assert (breaches[-1].rule, breaches[-1].detail) == ("more", "200 more breaches are not listed")


class TestADoctoredRequest:
    """A hold that waits for an owner's answer, and the booking that waits on it."""

    @pytest.fixture
    async def request_(self, sale):
        return await sale.house.booked(sale.guest, sale.house.stay(await sale.house.home(instant=False)))

    async def test_that_was_called_a_booking_is_named(self, sale, request_):
        found = await found_after(
            sale, setting("booking_booking", {"number": request_.number}, state="confirmed", decide_by=None)
        )
        assert found == {"booking_claim": {request_.reference}}

    async def test_that_was_declined_and_keeps_its_nights_is_named(self, sale, request_):
        declined = (
            f"UPDATE booking_booking SET state = 'declined', decided_at = created_at"  # noqa: S608 - made here
            f" WHERE number = {request_.number}"
        )
        assert await found_after(sale, declined) == {"booking_claim": {request_.reference}}

    async def test_whose_hold_forgot_it_is_named(self, sale, request_):
        found = await found_after(sale, setting("booking_hold", {"id": request_.hold_id}, request_number=None))
        assert found == {"booking_claim": {request_.reference}}

    async def test_of_a_hold_that_is_free_is_named(self, sale):
        found = await found_after(sale, setting("booking_hold", {"id": sale.hold.id}, request_number=7))
        assert found == {"booking_missing": {sale.hold.id}}


class TestADoctoredLateSale:
    @pytest.fixture
    async def late(self, sale):
        hold = await sale.house.hold(sale.guest, sale.house.stay(sale.home, 9))
        sale.house.wait(minutes=10)
        paid = PaymentTerms(method="card", status="pending", payment_id="pay_1")
        return await sale.house.bookings.book_late(hold_id=hold.id, payment=paid)

    async def test_of_a_hold_that_did_not_run_out_is_named(self, sale, late):
        found = await found_after(sale, setting("booking_hold", {"id": late.hold_id}, late_of=sale.released.id))
        assert found["late_price"] == {late.hold_id}  # the stay is another one, too

    async def test_of_a_hold_that_is_not_there_is_named(self, sale, late):
        found = await found_after(sale, setting("booking_hold", {"id": late.hold_id}, late_of="hold_none"))
        assert found == {"late_price": {late.hold_id}}


class TestDoctoredOwners:
    async def test_are_named(self, sale):
        number = sale.booking.number
        taken = await found_after(sale, f"DELETE FROM booking_owner WHERE number = {number}")  # noqa: S608 - made here
        given = await found_after(
            sale,
            f"INSERT INTO booking_owner (owner_id, number) VALUES (1, {number})",  # noqa: S608 - made here
        )
        assert taken == given == {"booking_owner": {str(number)}}


@dataclass(frozen=True)
class Amended:
    """What was changed and canceled in part: a booking with a confirmed and an open change, a smaller one."""

    url: str
    house: House
    moved: Booking
    confirmed: Change
    open: Change
    smaller: Booking
    used: CancellationQuote
    ended: Booking
    ending: CancellationQuote


@pytest.fixture
async def amended(unguarded):
    async with opened(unguarded) as house:
        home, guest = await house.home(units=9), new_account()
        booking = await house.booked(guest, house.stay(home, 0, 2))
        confirmed = await house.change(booking, house.stay(home, 1, 3))
        moved = (await house.confirm_change(confirmed, booking)).value
        placed = await house.change(moved, house.stay(home, 1, 4))
        trip = await house.booked(guest, house.stay(home, 0), house.stay(await house.home()))
        used = await house.offer(trip, 1)
        smaller = (await house.accept_offer(used, trip)).value
        over = await house.booked(guest, house.stay(home, 5))
        ending = await house.offer(over)
        ended = (await house.accept_offer(ending, over)).value
        yield Amended(unguarded, house, moved, confirmed, placed, smaller, used, ended, ending)


class TestWhatHappensAfterTheSale:
    async def test_is_sound(self, amended):
        assert await found_after(amended, "SELECT 1") == {}

    async def test_leaves_a_chain_of_prices(self, amended):
        number = amended.moved.number
        for statement, rules in (
            (setting("booking_revision", {"number": number}, digest_after="x"), {"revision_cause", "booking_price"}),
            (setting("booking_revision", {"number": number}, total_minor=1), {"revision_price", "revision_chain"}),
        ):
            found = await found_after(amended, statement)
            assert rules <= set(found), found

    async def test_without_its_revision_is_named(self, amended):
        found = await found_after(
            amended,
            f"DELETE FROM booking_revision WHERE number = {amended.moved.number}",  # noqa: S608 - made here
        )
        assert found["booking_price"] == {amended.moved.reference}
        assert found["hold_price"] == {amended.moved.hold_id}

    async def test_of_a_booking_that_is_gone_is_named(self, amended):
        found = await found_after(
            amended,
            f"DELETE FROM booking_booking WHERE number = {amended.moved.number}",  # noqa: S608 - made here
        )
        assert found["revision_missing"] == {str(amended.moved.number)}
        assert found["booking_missing"] == {amended.moved.hold_id}

    async def test_is_confirmed_with_its_hold(self, amended):
        found = await found_after(amended, setting("booking_hold", {"id": amended.confirmed.hold.id}, state="released"))
        assert found == {"change_hold": {amended.confirmed.id}}
        at_once = "UPDATE booking_change SET state = 'confirmed', confirmed_at = created_at"
        found = await found_after(amended, f"{at_once} WHERE id = '{amended.open.id}'")
        assert found == {"change_hold": {amended.open.id}}

    async def test_costs_what_was_promised(self, amended):
        [row] = await amended.house.rows(models.change, id=amended.open.id)
        lines = with_price("booking_change", {"id": row.id}, dearer(row.price), rest=False)
        assert await found_after(amended, lines) == {"change_price": {row.id}}
        [row] = await amended.house.rows(models.cancellation, id=amended.used.id)
        lines = setting("booking_cancellation", {"id": row.id}, price_after=to_json(dearer(row.price_after)))
        assert await found_after(amended, lines) == {"cancellation_price": {row.id}}

    async def test_gives_back_what_was_promised(self, amended):
        found = await found_after(amended, setting("booking_cancellation", {"id": amended.ending.id}, refund_minor=1))
        assert found == {
            "cancellation_refund": {amended.ending.id},
            "cancellation_used": {amended.ended.reference},
        }
        unused = setting("booking_cancellation", {"id": amended.used.id}, state="open", used_at=None)
        found = await found_after(amended, unused)
        assert found == {"revision_cause": {amended.smaller.reference}}

    async def test_never_gives_back_more_than_was_charged(self, amended):
        [row] = await amended.house.rows(models.cancellation, id=amended.used.id)
        more = row.total_minor * 2
        found = await found_after(
            amended, setting("booking_cancellation", {"id": row.id}, refund_minor=more, total_minor=more * 2)
        )
        assert found["refunds_bounded"] == {amended.smaller.reference}

    async def test_ends_a_booking_once(self, amended):
        values = {"number": amended.ended.number, "turn": 9, "price_after": None, "digest_after": None}
        found = await found_after(amended, setting("booking_cancellation", {"id": amended.used.id}, **values))
        assert found["cancellation_twice"] == {str(amended.ended.number)}
        assert found["revision_cause"] == {amended.smaller.reference}
