import asyncio
from dataclasses import dataclass
from datetime import timedelta

import pytest
from accounts_builder import PASSWORD, person
from credentials_builder import NEW_PASSWORD, desk_on, few
from sqlalchemy import select

from holdfast.accounts.api import AccountExists, InvalidCredentials
from holdfast.accounts.credentials_api import TokenInvalid, UsernameTaken
from holdfast.accounts.models.credentials import mail, mail_token
from holdfast.accounts.service.mailing import hashed
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import Invalid
from holdfast.kit.limits.limits import TooManyRequests
from holdfast.kit.limits.rates import Rate

_ALL_MAIL = statement(select(mail))
_ALL_TOKENS = statement(select(mail_token))


@pytest.fixture
async def desk(migrated, clock):
    async with desk_on(migrated, clock=clock) as desk:
        yield desk


@pytest.fixture
async def one_desk(one_url, clock):
    async with desk_on(one_url, clock=clock) as desk:
        yield desk


async def read(desk, call):
    return await desk.db.read(lambda tx: tx.all(call))


@dataclass
class Found:
    """A recovery token, and whose it is."""

    who: dict
    account: object
    token: str


async def used(desk, found):
    await desk.credentials.recover(token=found.token, password=NEW_PASSWORD)


async def expired(desk, _):
    desk.clock.advance(timedelta(hours=4, seconds=1))


async def superseded(desk, found):
    await desk.recovery_of(found.who)


async def sent_before_the_address_changed(desk, found):
    new = person()["email"]
    await desk.credentials.ask_to_change_email(account_id=found.account.id, email=new)
    await desk.credentials.confirm(token=await desk.token_to(new))


async def sent_before_the_password_changed(desk, found):
    await desk.credentials.change_password(
        account_id=found.account.id, session_id=None, current_password=PASSWORD, new_password=NEW_PASSWORD
    )


async def of_a_closed_account(desk, found):
    await desk.accounts.disable(account_id=found.account.id)


SPOILT_BY = [
    used,
    expired,
    superseded,
    sent_before_the_address_changed,
    sent_before_the_password_changed,
    of_a_closed_account,
]


class TestRegistering:
    async def test_mails_a_link_that_confirms_the_address(self, desk):
        who, _ = await desk.registered()
        assert not (await desk.accounts._find_login(who["email"])).is_confirmed
        await desk.credentials.confirm(token=await desk.token_to(who["email"]))
        assert (await desk.accounts._find_login(who["email"])).is_confirmed

    async def test_of_a_known_address_says_nothing_and_tells_its_owner(self, desk):
        who, account = await desk.registered()
        await desk.mailed(who["email"])
        other = person(email=who["email"].upper(), password=NEW_PASSWORD)
        assert await desk.credentials.ask_to_register(role="owner", **other) is None
        assert await desk.accounts.find_by_email(email=who["email"]) == account
        assert await desk.lets_in(who["email"], PASSWORD)
        letter = (await desk.mailed(who["email"]))[-1]
        assert "already" in letter.subject
        assert letter.link is None

    async def test_keeps_a_name_from_others_also_where_the_address_was_known(self, desk):
        who, account = await desk.registered()
        wanted = person()["username"]
        await desk.credentials.ask_to_register(role="guest", **person(username=wanted, email=who["email"]))
        with pytest.raises(UsernameTaken):
            await desk.registered(username=wanted.upper())
        with pytest.raises(AccountExists):
            await desk.accounts.register(**person(username=wanted))
        await desk.credentials.change_username(account_id=account.id, username=wanted)
        assert (await desk.accounts.find_by_email(email=who["email"])).username == wanted

    @pytest.mark.parametrize("known", [True, False])
    async def test_judges_a_taken_name_alike_whether_the_address_is_known_or_not(self, desk, known):
        first, _ = await desk.registered()
        second, _ = await desk.registered()
        address = second["email"] if known else person()["email"]
        with pytest.raises(UsernameTaken):
            await desk.registered(username=first["username"], email=address)

    async def test_does_the_same_work_for_a_known_address_as_for_a_new_one(self, desk):
        who, _ = await desk.registered()
        before, rows = desk.passwords.hashed, len(await read(desk, _ALL_MAIL()))
        await desk.credentials.ask_to_register(role="guest", **person(email=who["email"]))
        known, rows_of_known = desk.passwords.hashed - before, len(await read(desk, _ALL_MAIL())) - rows
        await desk.registered()
        assert known == desk.passwords.hashed - before - known == 1
        assert rows_of_known == len(await read(desk, _ALL_MAIL())) - rows - rows_of_known == 1

    async def test_fifty_at_once_with_one_address_makes_one_account(self, desk):
        address = person()["email"]
        askings = (desk.registered(email=address) for _ in range(50))
        accounts = {account.id for _, account in await asyncio.gather(*askings)}
        assert len(accounts) == 1

    async def test_is_limited_by_where_it_comes_from(self, one_url, clock):
        async with desk_on(one_url, clock=clock, limits=few(registrations=Rate(quota=2, window_s=60))) as desk:
            await desk.registered()
            await desk.registered()
            with pytest.raises(TooManyRequests):
                await desk.registered()


class TestConfirming:
    async def test_is_asked_for_before_log_in_only_where_it_is_required(self, one_url, clock):
        async with desk_on(one_url, clock=clock, confirmation="required") as desk:
            with pytest.raises(InvalidCredentials):
                desk.credentials.refuse_unconfirmed(is_confirmed=False)
            desk.credentials.refuse_unconfirmed(is_confirmed=True)
        async with desk_on(one_url, clock=clock) as desk:
            desk.credentials.refuse_unconfirmed(is_confirmed=False)

    async def test_is_mailed_again_and_only_the_newest_link_works(self, desk):
        who, _ = await desk.registered()
        first = await desk.token_to(who["email"])
        await desk.credentials.ask_for_confirmation(email=who["email"])
        second = await desk.token_to(who["email"])
        with pytest.raises(TokenInvalid):
            await desk.credentials.confirm(token=first)
        await desk.credentials.confirm(token=second)

    async def test_is_not_mailed_once_it_is_done(self, desk):
        who, _ = await desk.registered()
        await desk.credentials.confirm(token=await desk.token_to(who["email"]))
        await desk.credentials.ask_for_confirmation(email=who["email"])
        assert len(await desk.mailed(who["email"])) == 1


class TestRecovering:
    async def test_sets_the_password_ends_sessions_and_tells_by_mail(self, desk):
        who, account = await desk.registered()
        await desk.credentials.recover(token=await desk.recovery_of(who), password=NEW_PASSWORD)
        assert await desk.lets_in(who["email"], NEW_PASSWORD)
        assert not await desk.lets_in(who["email"], PASSWORD)
        assert desk.ended == [(account.id, "password_changed", None)]
        assert "changed" in (await desk.mailed(who["email"]))[-1].subject
        assert (await desk.accounts._find_login(who["email"])).is_confirmed

    async def test_of_an_unknown_address_writes_the_same_row_and_mails_nobody(self, desk):
        address = person()["email"]
        await desk.credentials.ask_for_recovery(email=address)
        [row] = [each for each in await read(desk, _ALL_MAIL()) if each.email_key == address]
        assert (row.kind, row.account_id) == ("recover", None)
        assert await desk.mailed(address) == []
        [row] = [each for each in await read(desk, _ALL_MAIL()) if each.id == row.id]
        assert (row.email_key, row.given_up_why) == (None, "no account")

    async def test_keeps_no_token_anywhere(self, desk):
        who, _ = await desk.registered()
        await desk.credentials.ask_for_recovery(email=who["email"])
        before = [each for each in await read(desk, _ALL_TOKENS()) if each.purpose == "recover"]
        token = await desk.token_to(who["email"])
        kept = [*await read(desk, _ALL_TOKENS()), *await read(desk, _ALL_MAIL())]
        assert before == [each for each in before if each.email_key != who["email"]]
        assert token not in str(kept)
        assert hashed(token) in str(kept)
        assert len(token) == 43

    @pytest.mark.parametrize("spoiled", SPOILT_BY, ids=lambda spoiled: spoiled.__name__)
    async def test_takes_a_token_once_and_only_while_it_is_good(self, desk, spoiled):
        who, account = await desk.registered()
        token = await desk.recovery_of(who)
        await spoiled(desk, Found(who, account, token))
        with pytest.raises(TokenInvalid) as refusal:
            await desk.credentials.recover(token=token, password="another fine long phrase")
        assert (refusal.value.status, refusal.value.code) == (400, "token_invalid")
        [now] = await desk.accounts.get_many(ids=[account.id])
        assert not await desk.lets_in(now.email, "another fine long phrase")

    async def test_takes_no_invented_token(self, desk):
        with pytest.raises(TokenInvalid):
            await desk.credentials.recover(token="x" * 43, password=NEW_PASSWORD)

    async def test_takes_no_token_that_was_mailed_for_something_else(self, desk):
        who, _ = await desk.registered()
        with pytest.raises(TokenInvalid):
            await desk.credentials.recover(token=await desk.token_to(who["email"]), password=NEW_PASSWORD)
        with pytest.raises(TokenInvalid):
            await desk.credentials.confirm(token=await desk.recovery_of(who))

    async def test_fifty_at_once_with_one_token_succeeds_exactly_once(self, desk):
        who, _ = await desk.registered()
        token = await desk.recovery_of(who)
        tries = (desk.credentials.recover(token=token, password=f"{NEW_PASSWORD} {each}") for each in range(50))
        outcomes = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(outcome is None for outcome in outcomes) == 1
        assert {type(outcome) for outcome in outcomes} == {type(None), TokenInvalid}

    async def test_leaves_the_token_good_if_the_password_is_refused(self, desk):
        who, _ = await desk.registered()
        token = await desk.recovery_of(who)
        with pytest.raises(Invalid):
            await desk.credentials.recover(token=token, password="password123")
        await desk.credentials.recover(token=token, password=NEW_PASSWORD)

    async def test_is_limited_for_one_address(self, one_url, clock):
        async with desk_on(one_url, clock=clock, limits=few(recovery=Rate(quota=2, window_s=60))) as desk:
            address = person()["email"]
            await desk.credentials.ask_for_recovery(email=address)
            await desk.credentials.ask_for_recovery(email=address.upper())
            with pytest.raises(TooManyRequests):
                await desk.credentials.ask_for_recovery(email=address)


class TestChangingThePassword:
    async def test_ends_every_session_but_the_callers(self, desk):
        who, account = await desk.registered()
        await desk.credentials.change_password(
            account_id=account.id, session_id="ses_mine", current_password=PASSWORD, new_password=NEW_PASSWORD
        )
        assert desk.ended == [(account.id, "password_changed", "ses_mine")]
        assert await desk.lets_in(who["email"], NEW_PASSWORD)

    async def test_asks_for_the_current_one(self, desk):
        who, account = await desk.registered()
        with pytest.raises(InvalidCredentials):
            await desk.credentials.change_password(
                account_id=account.id, session_id=None, current_password="not this one", new_password=NEW_PASSWORD
            )
        assert await desk.lets_in(who["email"], PASSWORD)
        assert desk.ended == []

    async def test_stops_who_guesses_the_current_one(self, one_url, clock):
        async with desk_on(one_url, clock=clock, limits=few(login_pair=Rate(quota=3, window_s=600))) as desk:
            _, account = await desk.registered()
            outcomes = []
            for _ in range(4):
                with pytest.raises((InvalidCredentials, TooManyRequests)) as refusal:
                    await desk.credentials.change_password(
                        account_id=account.id,
                        session_id=None,
                        current_password="a wrong one",
                        new_password=NEW_PASSWORD,
                    )
                outcomes.append(refusal.type)
            assert outcomes == [InvalidCredentials] * 3 + [TooManyRequests]


class TestChangingTheAddress:
    async def test_waits_for_the_link_and_tells_the_old_one(self, desk):
        who, account = await desk.registered()
        new = person()["email"]
        await desk.credentials.ask_to_change_email(account_id=account.id, email=new)
        token = await desk.token_to(new)
        assert (await desk.accounts.find_by_email(email=who["email"])).id == account.id
        await desk.credentials.confirm(token=token)
        assert await desk.accounts.find_by_email(email=who["email"]) is None
        assert (await desk.accounts.find_by_email(email=new)).id == account.id
        assert "another e-mail address" in (await desk.mailed(who["email"]))[-1].subject

    async def test_to_somebody_elses_says_nothing_and_tells_them(self, desk):
        _, account = await desk.registered()
        other, _ = await desk.registered()
        await desk.mailed(other["email"])
        await desk.credentials.ask_to_change_email(account_id=account.id, email=other["email"])
        letter = (await desk.mailed(other["email"]))[-1]
        assert (letter.link, "already" in letter.subject) == (None, True)

    async def test_fails_if_somebody_else_took_it_meanwhile(self, desk):
        _, account = await desk.registered()
        new = person()["email"]
        await desk.credentials.ask_to_change_email(account_id=account.id, email=new)
        token = await desk.token_to(new)
        await desk.registered(email=new)
        with pytest.raises(TokenInvalid):
            await desk.credentials.confirm(token=token)

    async def test_follows_the_last_wish_only(self, desk):
        _, account = await desk.registered()
        first, second = person()["email"], person()["email"]
        await desk.credentials.ask_to_change_email(account_id=account.id, email=first)
        token = await desk.token_to(first)
        await desk.credentials.ask_to_change_email(account_id=account.id, email=second)
        with pytest.raises(TokenInvalid):
            await desk.credentials.confirm(token=token)


class TestChangingTheName:
    async def test_takes_a_free_one_and_no_other(self, desk):
        who, account = await desk.registered()
        other, _ = await desk.registered()
        with pytest.raises(UsernameTaken):
            await desk.credentials.change_username(account_id=account.id, username=other["username"].upper())
        with pytest.raises(Invalid):
            await desk.credentials.change_username(account_id=account.id, username="no spaces")
        await desk.credentials.change_username(account_id=account.id, username=who["username"].upper())
        assert (await desk.accounts.find_by_email(email=who["email"])).username == who["username"].upper()
