"""What guests note of their tables, who sees it, and what becomes of it."""

import pytest
from builders import AT_PROPERTY, SECRET, caller, new_account, opened, run_sql, with_tables
from restaurant_builder import open_room

from holdfast.booking import models
from holdfast.booking.api import AlreadyCancelled, ConsentRequired, NoteGiven, Occasion
from holdfast.booking.notes_api import CONSENT_VERSION, DIETARY_MAX
from holdfast.booking.service.diets import UNREADABLE, Diets
from holdfast.booking.service.personal import BookingPersonal
from holdfast.kit.auth import Principal
from holdfast.kit.errors import Invalid, NotFound
from holdfast.kit.secrets import Keyring
from support.principals import principal_of

NUTS = "One of us must not eat nuts."


@pytest.fixture
async def room(house):
    """A restaurant a month before."""
    return await open_room(house)


async def confirmed(room, guest, *notes, items=(), key="", fresh=True):
    hold = await room.house.hold(guest, *(items or (room.table(),))) if fresh is True else fresh
    return await room.house.bookings.confirm(
        caller=caller(guest, key, route="POST /v1/bookings", fingerprint=f"{hash(notes)}"),
        hold_id=hold.id,
        hold_token=hold.token,
        payment=AT_PROPERTY,
        notes=notes,
    )


async def noted(room, booking, principal=None):
    who = principal or Principal(booking.account_id, "guest")
    return await room.house.bookings.notes.of_booking(principal=who, number=booking.number)


async def note(room, booking, *, principal=None, item=0, **what):
    who = principal or Principal(booking.account_id, "guest")
    return await room.house.bookings.notes.set(principal=who, number=booking.number, note=NoteGiven(item=item, **what))


def diet(item=0, text=NUTS):
    return NoteGiven(item=item, dietary=text, dietary_consent=True)


class TestANote:
    async def test_is_kept_with_the_booking(self, room, guest):
        given = NoteGiven(item=0, notes="A high chair.", occasion=Occasion.BIRTHDAY)
        booking = (await confirmed(room, guest, given)).value
        [found] = await noted(room, booking)
        assert (found.item, found.notes, found.occasion) == (0, "A high chair.", Occasion.BIRTHDAY)
        assert (found.dietary, found.dietary_consented_at, found.consent_version) == (None, None, None)

    async def test_of_a_diet_is_kept_with_when_and_to_what_was_agreed(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        [found] = await noted(room, booking)
        assert (found.dietary, found.consent_version) == (NUTS, CONSENT_VERSION)
        assert found.dietary_consented_at == booking.created_at

    async def test_of_a_diet_is_refused_without_consent(self, room, guest):
        hold = await room.house.hold(guest, room.table())
        given = NoteGiven(item=0, dietary=NUTS)
        with pytest.raises(ConsentRequired) as refusal:
            await confirmed(room, guest, given, fresh=hold)
        assert [error.pointer for error in refusal.value.errors] == ["/notes/0/dietary_consent"]
        assert (await room.house.bookings.get_hold(account_id=guest, hold_id=hold.id)).state == "held"

    async def test_is_of_a_table(self, room, guest):
        home = await room.house.home()
        hold = await room.house.hold(guest, room.house.stay(home), room.table())
        for items, wrong in (((0,), [0]), ((5,), [0]), ((1, 1), [1])):
            with pytest.raises(Invalid) as refusal:
                await confirmed(room, guest, *[NoteGiven(item=each, notes="x") for each in items], fresh=hold, key="k")
            assert [error.pointer for error in refusal.value.errors] == [f"/notes/{at}/item" for at in wrong]
        # A request that was corrected may use the key that was refused.
        booking = (await confirmed(room, guest, NoteGiven(item=1, notes="x"), fresh=hold, key="k")).value
        assert [each.item for each in await noted(room, booking)] == [1]

    async def test_is_written_once_whatever_is_repeated(self, room, guest):
        hold = await room.house.hold(guest, room.table())
        first = await confirmed(room, guest, diet(), fresh=hold, key="once")
        again = await confirmed(room, guest, diet(), fresh=hold, key="once")
        assert again.replayed
        assert len(await noted(room, first.value)) == 1

    async def test_is_seen_by_its_guest_and_the_owner_of_the_restaurant_alone(self, room, guest, other):
        host = principal_of(new_account(), "owner")
        home = await room.house.home(owner=host)
        booking = (await confirmed(room, guest, diet(1), items=(room.house.stay(home), room.table()))).value
        assert len(await noted(room, booking)) == 1
        assert len(await noted(room, booking, room.owner)) == 1
        for nobody in (host, Principal(other, "guest"), principal_of(other, "admin")):
            with pytest.raises(NotFound):
                await noted(room, booking, nobody)

    async def test_is_shown_to_the_host_of_the_room(self, room, guest, other):
        await confirmed(room, guest, diet())
        [entry] = (await room.timeline()).entries
        assert entry.dietary == NUTS
        [entry] = (await room.timeline(principal=principal_of(other, "admin"))).entries
        assert (entry.dietary, entry.notes, entry.occasion) == (None, None, None)

    async def test_is_told_to_nobody(self, room, guest):
        booking = (await confirmed(room, guest, diet(text="only-a-test-would-say-this"))).value
        await note(room, booking, dietary="nor-that-which-came-later", dietary_consent=True)
        for table in (models.outbox.table, models.key, models.booking, models.hold, models.quote):
            for row in await room.house.rows(table):
                assert "only-a-test-would" not in repr(row)
                assert "nor-that-which" not in repr(row)

    async def test_moves_with_its_table_and_goes_with_it(self, room, guest):
        items = (room.table(2, "17:00"), room.table(2, "19:00"), room.table(2, "21:00"))
        given = [NoteGiven(item=place, notes=f"of {place}") for place in range(3)]
        booking = (await confirmed(room, guest, *given, items=items)).value
        await room.house.accept_offer(await room.house.offer(booking, 1), booking)
        assert [(each.item, each.notes) for each in await noted(room, booking)] == [(0, "of 0"), (1, "of 2")]
        await room.house.cancel(booking)
        assert await noted(room, booking) == []

    async def test_of_a_request_goes_when_that_is_declined(self, room, guest):
        home = await room.house.home(instant=False)
        asked = (await confirmed(room, guest, diet(1), items=(room.house.stay(home), room.table()))).value
        assert len(await noted(room, asked)) == 1
        await room.house.bookings.decide(
            caller=caller(room.owner.account_id), owner=room.owner, number=asked.number, accept=False
        )
        assert await noted(room, asked) == []

    async def test_of_a_request_goes_when_nobody_answers(self, room, guest):
        home = await room.house.home(instant=False)
        asked = (await confirmed(room, guest, diet(1), items=(room.house.stay(home), room.table()))).value
        room.house.wait(days=2)
        await room.house.bookings.expire_holds()
        assert await noted(room, asked) == []


class TestChangingANote:
    async def test_replaces_all_of_it(self, room, guest):
        booking = (await confirmed(room, guest, NoteGiven(item=0, notes="a", occasion=Occasion.DATE))).value
        changed = await note(room, booking, notes="b")
        assert (changed.notes, changed.occasion) == ("b", None)
        assert await noted(room, booking) == [changed]

    async def test_makes_the_first_one_too(self, room):
        booking = await room.booked()
        assert await noted(room, booking) == []
        await note(room, booking, dietary=NUTS, dietary_consent=True)
        [found] = await noted(room, booking)
        assert found.dietary == NUTS

    async def test_keeps_the_consent_to_the_same_words(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        room.house.wait(hours=1)
        same = await note(room, booking, notes="by the window", dietary=NUTS, dietary_consent=True)
        assert same.dietary_consented_at == booking.created_at
        more = await note(room, booking, dietary="And no milk.", dietary_consent=True)
        assert more.dietary_consented_at > booking.created_at

    @pytest.mark.parametrize("rest", [{}, {"notes": "by the window"}])
    async def test_without_the_diet_deletes_it(self, room, guest, rest):
        booking = (await confirmed(room, guest, diet())).value
        await note(room, booking, **rest)
        rows = await room.house.rows(models.note, number=booking.number)
        assert [(row.notes, row.dietary, row.dietary_consented_at) for row in rows] == [
            (text, None, None) for text in rest.values()
        ]

    async def test_with_a_diet_needs_consent_again(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        with pytest.raises(ConsentRequired) as refusal:
            await note(room, booking, dietary="And no milk.")
        assert [error.pointer for error in refusal.value.errors] == ["/dietary_consent"]

    async def test_is_for_its_guest_alone(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        for who in (room.owner, principal_of(new_account(), "admin"), Principal(new_account(), "guest")):
            with pytest.raises(NotFound):
                await note(room, booking, principal=who, notes="x")
        with pytest.raises(NotFound):
            await note(room, booking, item=1, notes="x")

    async def test_of_a_canceled_booking_is_refused(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        await room.house.cancel(booking)
        with pytest.raises(AlreadyCancelled):
            await note(room, booking, notes="x")

    async def test_leaves_what_staff_call_the_party(self, room):
        entry = (await room.reserve(2, name="Ms. Okafor")).value
        booking = await room.house.bookings.get_booking(principal=room.owner, reference=entry.visit.reference)
        await note(room, booking, notes="a regular")
        [entry] = (await room.timeline()).entries
        assert (entry.name, entry.notes) == ("Ms. Okafor", "a regular")
        await note(room, booking)
        [entry] = (await room.timeline()).entries
        assert (entry.name, entry.notes) == ("Ms. Okafor", None)


class TestADietAtRest:
    async def test_is_sealed(self, room, guest):
        booking = (await confirmed(room, guest, diet(text="only-a-test-eats-that"))).value
        assert "only-a-test-eats-that" not in await dump_of(room)
        await note(room, booking, dietary="only-a-test-leaves-that", dietary_consent=True)
        assert "only-a-test-leaves-that" not in await dump_of(room)
        assert (await kept(room, booking)).startswith("sealed:")

    async def test_may_be_as_long_as_any(self, room, guest):
        text = "\N{PEANUTS}" * DIETARY_MAX
        booking = (await confirmed(room, guest, diet(text=text))).value
        assert [each.dietary for each in await noted(room, booking)] == [text]

    async def test_from_before_is_read_and_sealed_when_it_is_next_written(self, room, guest, migrated):
        booking = (await confirmed(room, guest, diet())).value
        run_sql(migrated, f"UPDATE booking_note SET dietary = '{NUTS}' WHERE number = {booking.number}")  # noqa: S608 - names of this file
        assert [each.dietary for each in await noted(room, booking)] == [NUTS]
        [entry] = (await room.timeline()).entries
        assert entry.dietary == NUTS
        room.house.wait(hours=1)
        same = await note(room, booking, notes="by the window", dietary=NUTS, dietary_consent=True)
        assert same.dietary_consented_at == booking.created_at
        assert (await kept(room, booking)).startswith("sealed:")

    async def test_goes_with_its_table_and_is_good_there_only(self, room, guest, migrated):
        items = (room.table(2, "17:00"), room.table(2, "19:00"), room.table(2, "21:00"))
        booking = (await confirmed(room, guest, *[diet(at, f"No {at}.") for at in range(3)], items=items)).value
        await room.house.accept_offer(await room.house.offer(booking, 0), booking)
        assert [(each.item, each.dietary) for each in await noted(room, booking)] == [(0, "No 1."), (1, "No 2.")]
        [first, second] = await room.house.rows(models.note, number=booking.number)
        run_sql(
            migrated,
            f"UPDATE booking_note SET dietary = '{first.dietary}' WHERE number = {booking.number} AND item = 1",  # noqa: S608 - names of this file
        )
        assert [each.dietary for each in await noted(room, booking)] == ["No 1.", UNREADABLE]
        run_sql(
            migrated,
            f"UPDATE booking_note SET dietary = '{second.dietary}' WHERE number = {booking.number} AND item = 1",  # noqa: S608 - names of this file
        )
        assert [each.dietary for each in await noted(room, booking)] == ["No 1.", "No 2."]

    async def test_is_in_the_copy_its_guest_takes(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        personal = BookingPersonal(room.house.db, Keyring(SECRET))
        [extract] = [each for each in await personal.export(account_id=guest) if each.table == "booking_note"]
        [row] = [dict(zip(extract.columns, row, strict=True)) for row in extract.rows]
        assert (row["number"], row["dietary"], row["consent_version"]) == (booking.number, NUTS, CONSENT_VERSION)

    async def test_opens_after_a_change_of_the_secret_while_the_old_one_is_kept(self, room, guest):
        booking = (await confirmed(room, guest, diet())).value
        said = await kept(room, booking)
        new = "another secret, as long as it has to be"
        assert Diets(Keyring(new, previous=[SECRET])).open(said, number=booking.number, item=0) == NUTS
        assert Diets(Keyring(new)).open(said, number=booking.number, item=0) == UNREADABLE


async def kept(room, booking):
    """What the database has of a diet."""
    [row] = await room.house.rows(models.note, number=booking.number)
    return row.dietary


async def dump_of(room):
    """Every row of every table of booking."""
    return "".join([repr(await room.house.rows(table)) for table in models.tables.sorted_tables])


class TestTheDatabase:
    @pytest.mark.parametrize(
        "change", ["dietary_consented_at = NULL", "consent_version = NULL", "dietary = NULL", "item = -1"]
    )
    async def test_keeps_no_diet_without_consent(self, room, guest, migrated, change):
        booking = (await confirmed(room, guest, diet())).value
        with pytest.raises(Exception, match="booking_note_"):
            run_sql(
                migrated,
                f"UPDATE booking_note SET {change} WHERE number = {booking.number}",  # noqa: S608 - made here
            )


class TestTheRecount:
    async def test_finds_notes_that_nobody_needs(self, fresh_url):
        url = await with_tables(fresh_url)
        async with opened(url) as house:
            room = await open_room(house)
            booking = (await confirmed(room, new_account(), diet())).value
            await house.assert_sound()
            run_sql(url, "UPDATE booking_note SET item = 1")
            [breach] = (await house.bookings.verify()).breaches
            assert (breach.rule, breach.subject) == ("note_kept", f"{booking.number}/1")
