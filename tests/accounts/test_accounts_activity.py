"""What is done to accounts is noted once, and written to whom it concerns where that is a matter of their safety."""

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from accounts_builder import PASSWORD, built_on, person
from sqlalchemy import select

import holdfast.accounts.service
from holdfast.accounts.api import InvalidCredentials, LogIn
from holdfast.accounts.models.credentials import mail
from holdfast.accounts.service.alarms import LETTERS
from holdfast.accounts.sessions_api import RefreshRefused
from holdfast.kit.activity.log import Wanted
from holdfast.kit.auth import GUEST_MAY, Permission, Principal
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.origin import Origin, current_origin
from holdfast.kit.privacy import Obstacle
from support.polling import eventually

FOX_1 = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
FOX_2 = "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"
PHONE = "Mozilla/5.0 (Linux; Android 16) Mobile"
EVERY_LETTER = statement(select(mail))


@contextmanager
def asking(**told):
    """Ask as a request would."""
    token = current_origin.set(Origin(**{"address": "192.0.2.9", "device": FOX_1, **told}))
    try:
        yield
    finally:
        current_origin.reset(token)


class Place:
    """Accounts, what they noted, and the letters they wrote."""

    def __init__(self, db, built):
        self.db, self.accounts, self.activity = db, built.api, built.activity

    async def registered(self, **who):
        said = person(**who)
        with asking():
            account = await self.accounts.register(**said)
        return account, said["email"]

    async def log_in(self, email, password=PASSWORD, **told):
        with asking(**told):
            return await self.accounts.open_session(LogIn(email=email, password=password))

    async def acts(self, account):
        found = await self.activity.page(Wanted(account_id=account.id))
        return [(each.kind, each.account_id, each.subject_id) for each in reversed(found)]

    async def letters(self, account):
        found = await self.db.read(lambda tx: tx.all(EVERY_LETTER()))
        return [row.kind.value for row in found if row.account_id == account.id]


@pytest.fixture
async def place(migrated, clock):
    db = await open_database(migrated, clock)
    built = built_on(db)
    yield Place(db, built)
    await built.close()
    await db.close()


class TestAnAccount:
    async def test_is_registered_by_itself(self, place):
        account, _ = await place.registered()
        assert await place.acts(account) == [("account.registered", account.id, account.id)]
        [found] = await place.activity.page(Wanted(account_id=account.id))
        assert (found.details, found.address) == ({"role": "guest"}, "192.0.2.9")

    async def test_is_closed_and_opened_by_an_admin(self, place):
        account, _ = await place.registered()
        with asking(account_id=99):
            await place.accounts.disable(account_id=account.id)
            await place.accounts.enable(account_id=account.id)
        assert (await place.acts(account))[1:] == [
            ("account.disabled", 99, account.id),
            ("account.enabled", 99, account.id),
        ]


class TestALogIn:
    async def test_is_noted_with_its_session(self, place):
        account, email = await place.registered()
        given = await place.log_in(email)
        [found] = await place.activity.page(Wanted(kind="session.opened", account_id=account.id))
        assert (found.account_id, found.session_id, found.object_id) == (account.id, *[given.session_id] * 2)

    async def test_from_a_new_device_is_written_to_its_owner(self, place):
        account, email = await place.registered()
        for device in (FOX_1, FOX_2, PHONE, PHONE):
            await place.log_in(email, device=device)
        kinds = [kind for kind, _, _ in (await place.acts(account))[1:]]
        new = "session.opened_on_new_device"
        assert kinds == ["session.opened", "session.opened", new, "session.opened"]
        assert await place.letters(account) == ["new_login"]

    async def test_that_is_refused_is_noted_once_a_minute(self, place):
        account, email = await place.registered()

        async def refused():
            return len(await place.activity.page(Wanted(kind="session.refused", account_id=account.id)))

        for _ in range(3):
            with pytest.raises(InvalidCredentials):
                await place.log_in(email, password="not the password")
        await eventually(refused)
        assert await refused() == 1
        [found] = await place.activity.page(Wanted(kind="session.refused", account_id=account.id))
        assert (found.account_id, found.subject_id, found.details) == (None, account.id, {"why": "password"})

    async def test_that_is_refused_goes_with_the_account_it_was_for(self, place):
        account, email = await place.registered()
        with pytest.raises(InvalidCredentials):
            await place.log_in(email, password="not the password")

        async def kept():
            return await place.activity.origins_of(account.id)

        await eventually(lambda: _many(kept, 2))
        assert await place.activity.erase_origins(account.id) == 2


async def _many(kept, number):
    return len(await kept()) == number


class TestASession:
    async def test_that_ends_is_noted_with_why(self, place):
        account, email = await place.registered()
        given = await place.log_in(email)
        who = Principal(account.id, "guest", session_id=given.session_id, permissions=GUEST_MAY)
        with asking(account_id=account.id):
            await place.accounts.sessions.end(principal=who, session_id=given.session_id)
        [found] = await place.activity.page(Wanted(kind="session.ended", account_id=account.id))
        assert (found.object_id, found.details) == (given.session_id, {"why": "logged_out"})

    async def test_whose_token_came_twice_is_written_to_its_owner(self, place, clock):
        account, email = await place.registered()
        given = await place.log_in(email)
        await place.accounts.sessions.refresh(refresh_token=given.refresh_token)
        clock.advance(timedelta(minutes=5))
        with asking(), pytest.raises(RefreshRefused):
            await place.accounts.sessions.refresh(refresh_token=given.refresh_token)
        kinds = [kind for kind, _, _ in await place.acts(account)]
        assert kinds[2:] == ["session.refresh_reused"]
        assert await place.letters(account) == ["security_event"]


class TestAKey:
    async def test_is_noted_without_itself_and_written_to_whose_it_is(self, place):
        account, _ = await place.registered()
        who = Principal(account.id, "guest", permissions=GUEST_MAY)
        with asking(account_id=account.id):
            made = await place.accounts.keys.create(principal=who, name="mine", scopes=[Permission.TRIPS])
            await place.accounts.keys.revoke(principal=who, key_id=made.about.id)
        revoked, created = await place.activity.page(Wanted(object_kind="key", object_id=made.about.id))
        assert (created.kind, created.details) == ("key.created", {"scopes": ["trips"]})
        assert (revoked.kind, revoked.account_id, revoked.subject_id) == ("key.revoked", account.id, account.id)
        assert await place.letters(account) == ["security_event"]
        assert made.key not in repr((created, revoked))


class TestAnErasure:
    async def test_that_is_planned_is_written_to_whose_account_it_is(self, place):
        account, _ = await place.registered()
        planned = await place.accounts.privacy.erasures.ask(account_id=account.id, cool_off_s=86_400)
        [act] = await place.activity.page(Wanted(kind="erasure.asked", account_id=account.id))
        assert (act.subject_id, act.details) == (account.id, {"erasure": planned.id, "by": "person"})
        [letter] = [
            row for row in await place.db.read(lambda tx: tx.all(EVERY_LETTER())) if row.account_id == account.id
        ]
        assert letter.kind.value == "security_event"
        assert f"{planned.due_at:%Y-%m-%d at %H:%M} UTC" in letter.facts["what"]

    async def test_that_waits_is_written_to_whose_account_it_is_once(self, place, clock):
        account, _ = await place.registered()
        erasures = place.accounts.privacy.erasures
        planned = await erasures.ask(account_id=account.id, cool_off_s=0)
        until = clock.now() + timedelta(days=3)
        table = Obstacle(what="booking", reference="HF-7K2M", title="A table", until=until)
        company = Obstacle(what="organization", reference="7", title="others need it")
        assert await erasures.waits(erasure_id=planned.id, obstacles=[table, company])
        assert not await erasures.waits(erasure_id=planned.id, obstacles=[table])
        [letter] = [
            row for row in await place.db.read(lambda tx: tx.all(EVERY_LETTER())) if row.account_id == account.id
        ]
        assert letter.kind.value == "privacy_notice"
        assert f"booking HF-7K2M (A table) until {until:%Y-%m-%d}" in letter.facts["text"]
        assert "organization 7 (others need it)." in letter.facts["text"]
        [act] = await place.activity.page(Wanted(kind="erasure.waits", account_id=account.id))
        assert act.details == {"erasure": planned.id}

    async def test_that_is_carried_out_is_told_of_nothing_in_the_way(self, place):
        account, _ = await place.registered()
        erasures = place.accounts.privacy.erasures
        planned = await erasures.ask(account_id=account.id, cool_off_s=0)
        await erasures.begin(erasure_id=planned.id)
        assert not await erasures.waits(erasure_id=planned.id, obstacles=[])
        assert await place.letters(account) == []

    async def test_that_is_carried_out_at_once_leaves_no_letter(self, place):
        account, _ = await place.registered()
        await place.accounts.privacy.erasures.ask(account_id=account.id, cool_off_s=0)
        assert await place.letters(account) == []


class TestALetter:
    @pytest.mark.parametrize("kind", sorted(LETTERS))
    def test_is_promised_only_for_what_is_noted_somewhere(self, kind):
        folder = Path(holdfast.accounts.service.__file__).parent
        sources = [path.read_text() for path in folder.glob("*.py") if path.name != "alarms.py"]
        assert any(f'"{kind}"' in source for source in sources)
