import asyncio
from datetime import timedelta

import pytest
from credentials_builder import desk_on
from sqlalchemy import select

from holdfast.accounts.credentials_api import MailKind
from holdfast.accounts.models.accounts import account as account_table
from holdfast.accounts.models.credentials import mail
from holdfast.accounts.service.letters import WORDINGS, Site, written
from holdfast.accounts.service.mailing import ATTEMPTS_MAX, pause_after
from holdfast.kit.db.statements import statement
from holdfast.kit.mail.letters import message
from holdfast.kit.mail.mailers import AddressRefused, MailDeferred, MailRefused

_MAIL = statement(select(mail))
_ACCOUNTS = statement(select(account_table.c.id, account_table.c.email_bounced_at))
SITE = Site(name="Holdfast", public_url="https://book.example.com")


@pytest.fixture
async def desk(migrated, clock):
    async with desk_on(migrated, clock=clock) as desk:
        await desk.doors.mailing.send_due()
        desk.mailbox.letters.clear()
        yield desk


async def queued(desk, **changes):
    """Somebody to whom a letter waits, besides the one to confirm their address."""
    who, account = await desk.registered()
    await desk.mailed(who["email"])
    said = {"kind": "new_login", "account_id": account.id, "facts": {"device": "Firefox", "at": "now"}, **changes}
    await desk.db.write(lambda tx: desk.doors.mailing.queue(tx, **said))
    desk.mailbox.letters.clear()
    return who, account


async def last(desk, account):
    rows = await desk.db.read(lambda tx: tx.all(_MAIL()))
    return max((row for row in rows if row.account_id == account.id), key=lambda row: (row.created_at, row.id))


async def bounced(desk, account):
    rows = await desk.db.read(lambda tx: tx.all(_ACCOUNTS()))
    return next(row.email_bounced_at for row in rows if row.id == account.id)


class TestALetterThatWaits:
    async def test_is_not_there_if_its_act_is_not(self, desk):
        _, account = await queued(desk)
        before = await last(desk, account)

        async def fails(tx):
            await desk.doors.mailing.queue(tx, kind="new_login", account_id=account.id)
            raise LookupError

        with pytest.raises(LookupError):
            await desk.db.write(fails)
        assert (await last(desk, account)).id == before.id

    async def test_is_sent_once_and_forgets_what_it_said(self, desk):
        who, account = await queued(desk)
        assert len(await desk.mailed(who["email"])) == len(await desk.mailed(who["email"])) == 1
        row = await last(desk, account)
        assert (row.facts, row.email_key, row.next_attempt_at, row.attempts) == ({}, None, None, 1)
        assert row.sent_at is not None

    async def test_is_sent_once_by_many_senders(self, desk, migrated, clock):
        people = [await desk.registered() for _ in range(12)]
        async with desk_on(migrated, clock=clock) as other:
            other.mailbox.letters = desk.mailbox.letters
            await asyncio.gather(*(each.doors.mailing.send_due() for each in (desk, other) * 3))
        assert [len(desk.mailbox.to(who["email"])) for who, _ in people] == [1] * 12

    async def test_goes_to_the_address_the_account_has_when_it_is_sent(self, desk):
        who, account = await queued(desk)
        await desk.credentials.ask_to_change_email(account_id=account.id, email=f"new-{who['email']}")
        desk.mailbox.refusals = [MailDeferred("away")] * 2
        token = None
        await desk.doors.mailing.send_due()
        desk.clock.advance(timedelta(minutes=2))
        desk.mailbox.letters.clear()
        token = await desk.token_to(f"new-{who['email']}")
        assert token is not None

    @pytest.mark.parametrize("kind", ["no_such_kind", ""])
    async def test_is_of_a_known_kind(self, desk, kind):
        with pytest.raises(ValueError, match="MailKind"):
            await desk.db.write(lambda tx: desk.doors.mailing.queue(tx, kind=kind, account_id=1))

    async def test_of_marketing_goes_only_to_who_wants_it(self, desk):
        who, account = await queued(desk, kind="marketing", facts={"subject": "Offer", "text": "Cheap"})
        assert await desk.mailed(who["email"]) == []
        assert (await last(desk, account)).given_up_why == "not wanted"

        async def wanted(tx, account_id):
            del tx
            return f"https://book.example.com/u/{account_id}"

        desk.doors.mailing.unsubscribe = wanted
        who, account = await queued(desk, kind="marketing", facts={"subject": "Offer", "text": "Cheap"})
        [letter] = await desk.mailed(who["email"])
        assert letter.unsubscribe_url == f"https://book.example.com/u/{account.id}"


class TestALetterThatIsRefused:
    async def test_is_tried_again_later_and_then_sent(self, desk):
        who, account = await queued(desk)
        desk.mailbox.refusals = [MailDeferred("451")]
        assert await desk.mailed(who["email"]) == []
        assert await desk.mailed(who["email"]) == []
        desk.clock.advance(timedelta(minutes=1, seconds=1))
        assert len(await desk.mailed(who["email"])) == 1
        assert (await last(desk, account)).attempts == 2

    async def test_is_given_up_after_enough_tries(self, desk):
        who, account = await queued(desk)
        for _ in range(ATTEMPTS_MAX):
            desk.mailbox.refusals = [MailDeferred("451")]
            assert await desk.mailed(who["email"]) == []
            desk.clock.advance(timedelta(hours=6, minutes=1))
        row = await last(desk, account)
        assert (row.attempts, row.given_up_why) == (ATTEMPTS_MAX, "too often: 451")
        assert await desk.mailed(who["email"]) == []
        assert await bounced(desk, account) is None

    async def test_for_good_marks_the_address_if_that_is_why(self, desk):
        who, account = await queued(desk)
        desk.mailbox.refusals = [AddressRefused("550")]
        assert await desk.mailed(who["email"]) == []
        assert (await last(desk, account)).given_up_why == "refused: 550"
        assert await bounced(desk, account) is not None

    async def test_for_good_leaves_the_address_if_it_was_the_message(self, desk):
        who, account = await queued(desk)
        desk.mailbox.refusals = [MailRefused("554")]
        assert await desk.mailed(who["email"]) == []
        assert await bounced(desk, account) is None

    async def test_is_taken_up_by_another_if_its_sender_died(self, desk, clock):
        who, _ = await queued(desk)
        desk.mailbox.refusals = [KeyError("power cut")]
        with pytest.raises(KeyError):
            await desk.doors.mailing.send_due()
        assert await desk.mailed(who["email"]) == []
        clock.advance(timedelta(minutes=11))
        assert len(await desk.mailed(who["email"])) == 1

    def test_waits_longer_each_time_but_never_for_ever(self):
        pauses = [pause_after(attempts) for attempts in range(1, ATTEMPTS_MAX)]
        assert pauses == sorted(pauses)
        assert (pauses[0], pauses[-1]) == (timedelta(minutes=1), timedelta(hours=6))


class TestOldLetters:
    async def test_are_forgotten_when_they_are_old_enough(self, desk):
        who, account = await queued(desk)
        await desk.mailed(who["email"])
        await desk.doors.mailing.forget(older_than_s=3600)
        assert await last(desk, account)
        desk.clock.advance(timedelta(hours=2))
        assert await desk.doors.mailing.forget(older_than_s=3600) >= 1
        rows = await desk.db.read(lambda tx: tx.all(_MAIL()))
        assert [row for row in rows if row.account_id == account.id] == []


class TestWordings:
    @pytest.mark.parametrize("kind", list(MailKind))
    def test_are_there_for_every_kind_and_can_be_mailed(self, kind, clock):
        facts = dict.fromkeys(("what", "text", "subject", "device", "address", "at", "username"), "{braces} <b>")
        letter = written(kind, to="john@example.com", facts=facts, site=SITE, url="https://book.example.com/x")
        made = message(letter, sender="mail@example.com", at=clock.now())
        assert "<b>" not in made.get_body(("html",)).get_content()
        assert "{site}" not in str(letter)
        assert set(WORDINGS) == set(MailKind)
