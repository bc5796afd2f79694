"""Goal: a session is one device's, is seen and ended by its owner, and when it ends nothing of it is good any more.

Method: the door on each engine; where processes matter, two of them on one database.
"""

import asyncio
from datetime import timedelta

import pytest
from accounts_builder import built_on, opened, person
from sqlalchemy import select

from holdfast.accounts.api import InvalidCredentials, Role, TokenExpired
from holdfast.accounts.models.sessions import refresh_token, session
from holdfast.accounts.sessions_api import LogIn, RefreshRaced, RefreshRefused, SessionKind
from holdfast.kit.auth import Permission
from holdfast.kit.csrf import CsrfFailed
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import NotFound, Unauthenticated
from holdfast.kit.origin import Origin, current_origin

REFRESHES = statement(select(refresh_token))
SESSIONS = statement(select(session))
GRACE = timedelta(seconds=11)


async def somebody(accounts, **changes):
    """Somebody new, and their first session."""
    who = person()
    account = await accounts.register(**who, **changes)
    return account, who, await log_in(accounts, who)


async def log_in(accounts, who, **wanted):
    return await accounts.open_session(LogIn(email=who["email"], password=who["password"], **wanted))


async def refused(accounts, *tokens):
    """Whether each of these access tokens is refused."""
    outcomes = await asyncio.gather(*map(accounts.principal, tokens), return_exceptions=True)
    return all(type(each) is Unauthenticated for each in outcomes)


class TestASession:
    async def test_speaks_for_whoever_opened_it(self, accounts, clock):
        account, _, given = await somebody(accounts)
        principal = await accounts.principal(given.access_token)
        assert (principal.account_id, principal.session_id) == (account.id, given.session_id)
        assert principal.permissions == {Permission.TRIPS, Permission.ACCOUNT}
        assert abs(principal.authenticated_at - clock.now()) < timedelta(minutes=1)
        assert given.access_expires_at - clock.now() <= timedelta(minutes=10)

    async def test_of_an_owner_acts_for_the_organization_they_founded(self, accounts):
        account, _, given = await somebody(accounts, role=Role.OWNER)
        principal = await accounts.principal(given.access_token)
        assert principal.owner_id == given.organization_id == account.id
        assert Permission.MEMBERS in principal.permissions

    async def test_is_not_opened_for_an_organization_of_others(self, accounts):
        owner, _, _ = await somebody(accounts, role=Role.OWNER)
        _, who, given = await somebody(accounts)
        with pytest.raises(NotFound):
            await log_in(accounts, who, organization_id=owner.id)
        with pytest.raises(NotFound):
            await accounts.sessions.refresh(refresh_token=given.refresh_token, organization_id=owner.id)
        # What was refused has used nothing up.
        await accounts.sessions.refresh(refresh_token=given.refresh_token)

    async def test_is_listed_with_its_device_and_address_and_says_which_is_this_one(self, accounts):
        _, who, first = await somebody(accounts)
        token = current_origin.set(Origin(address="203.0.113.7", device="A telephone"))
        second = await log_in(accounts, who)
        current_origin.reset(token)
        principal = await accounts.principal(first.access_token)
        listed = {each.id: each for each in await accounts.sessions.list_of(principal=principal)}
        assert listed.keys() == {first.session_id, second.session_id}
        assert (listed[second.session_id].device, listed[second.session_id].address) == ("A telephone", "203.0.113.7")
        assert [each.is_current for each in listed.values()].count(True) == 1
        assert listed[first.session_id].is_current

    async def test_ends_at_its_last_day_however_often_it_was_carried_on(self, one_url, clock):
        async with opened(one_url, clock=clock, session_days=2, refresh_days=30) as accounts:
            _, _, given = await somebody(accounts)
            clock.advance(timedelta(hours=47, minutes=55))
            given = await accounts.sessions.refresh(refresh_token=given.refresh_token)
            assert given.access_expires_at - clock.now() <= timedelta(minutes=5)
            clock.advance(timedelta(minutes=6))
            with pytest.raises(TokenExpired):
                await accounts.principal(given.access_token)
            with pytest.raises(RefreshRefused):
                await accounts.sessions.refresh(refresh_token=given.refresh_token)

    async def test_ends_when_nobody_carries_it_on(self, one_url, clock):
        async with opened(one_url, clock=clock, refresh_days=1) as accounts:
            _, _, given = await somebody(accounts)
            clock.advance(timedelta(days=1, seconds=1))
            with pytest.raises(RefreshRefused):
                await accounts.sessions.refresh(refresh_token=given.refresh_token)


class TestARefreshToken:
    async def test_gives_the_next_one_and_a_new_access_token(self, accounts):
        _, _, given = await somebody(accounts)
        after = await accounts.sessions.refresh(refresh_token=given.refresh_token)
        assert after.session_id == given.session_id
        assert after.refresh_token != given.refresh_token
        for each in (given, after):
            assert (await accounts.principal(each.access_token)).session_id == given.session_id

    async def test_that_comes_back_ends_the_whole_session_at_once(self, accounts, clock):
        _, who, stolen = await somebody(accounts)
        elsewhere = await log_in(accounts, who)
        newest = await accounts.sessions.refresh(refresh_token=stolen.refresh_token)
        await accounts.principal(newest.access_token)
        clock.advance(GRACE)
        with pytest.raises(RefreshRefused):
            await accounts.sessions.refresh(refresh_token=stolen.refresh_token)
        assert await refused(accounts, stolen.access_token, newest.access_token)
        with pytest.raises(RefreshRefused):
            await accounts.sessions.refresh(refresh_token=newest.refresh_token)
        await accounts.principal(elsewhere.access_token)

    async def test_that_comes_back_within_the_grace_is_refused_only(self, accounts):
        _, _, given = await somebody(accounts)
        newest = await accounts.sessions.refresh(refresh_token=given.refresh_token)
        with pytest.raises(RefreshRaced) as refusal:
            await accounts.sessions.refresh(refresh_token=given.refresh_token)
        assert (refusal.value.status, refusal.value.code) == (409, "refresh_raced")
        await accounts.principal(newest.access_token)
        await accounts.sessions.refresh(refresh_token=newest.refresh_token)

    async def test_sent_fifty_times_at_once_over_two_processes_gives_one_successor(self, accounts, migrated, clock):
        _, _, given = await somebody(accounts)
        async with opened(migrated, clock=clock) as other:
            outcomes = await asyncio.gather(
                *(
                    (accounts, other)[number % 2].sessions.refresh(refresh_token=given.refresh_token)
                    for number in range(50)
                ),
                return_exceptions=True,
            )
        winners = [each for each in outcomes if not isinstance(each, Exception)]
        assert len(winners) == 1
        assert {type(each) for each in outcomes if isinstance(each, Exception)} == {RefreshRaced}
        assert (await accounts.principal(winners[0].access_token)).session_id == given.session_id

    @pytest.mark.parametrize("wrong", ["", "garbage", "hfr_" + "A" * 43])
    async def test_that_is_none_is_refused(self, anywhere, wrong):
        with pytest.raises(RefreshRefused):
            await anywhere.sessions.refresh(refresh_token=wrong)

    async def test_is_no_access_token_nor_the_other_way_round(self, anywhere):
        _, _, given = await somebody(anywhere)
        with pytest.raises(Unauthenticated):
            await anywhere.principal(given.refresh_token)
        with pytest.raises(RefreshRefused):
            await anywhere.sessions.refresh(refresh_token=given.access_token)

    async def test_of_a_session_in_cookies_needs_its_csrf_token(self, accounts):
        _, who, _ = await somebody(accounts)
        given, other = [await log_in(accounts, who, kind=SessionKind.COOKIE) for _ in range(2)]
        for wrong in (None, "", "x", other.csrf_token):
            with pytest.raises(CsrfFailed):
                await accounts.sessions.refresh(refresh_token=given.refresh_token, csrf_token=wrong)
        after = await accounts.sessions.refresh(refresh_token=given.refresh_token, csrf_token=given.csrf_token)
        assert after.csrf_token == given.csrf_token

    async def test_and_access_token_are_nowhere_in_the_database(self, accounts, migrated, clock):
        _, _, given = await somebody(accounts)
        after = await accounts.sessions.refresh(refresh_token=given.refresh_token)
        db = await open_database(migrated, clock)
        rows = [await db.read(lambda tx, each=each: tx.all(each())) for each in (REFRESHES, SESSIONS)]
        await db.close()
        dump = repr(rows)
        assert given.session_id in dump
        for each in (given, after):
            assert each.refresh_token not in dump
            assert each.refresh_token.removeprefix("hfr_") not in dump
            assert each.access_token.rpartition(".")[2] not in dump


class TestEnding:
    async def test_one_session_leaves_the_others(self, accounts):
        _, who, given = await somebody(accounts)
        other = await log_in(accounts, who)
        principal = await accounts.principal(given.access_token)
        await accounts.sessions.end(principal=principal, session_id=other.session_id)
        assert await refused(accounts, other.access_token)
        with pytest.raises(RefreshRefused):
            await accounts.sessions.refresh(refresh_token=other.refresh_token)
        assert (await accounts.principal(given.access_token)) == principal
        with pytest.raises(NotFound):
            await accounts.sessions.end(principal=principal, session_id=other.session_id)

    async def test_somebody_elses_session_is_not_possible(self, accounts):
        _, _, given = await somebody(accounts)
        _, _, other = await somebody(accounts)
        with pytest.raises(NotFound):
            await accounts.sessions.end(
                principal=await accounts.principal(given.access_token), session_id=other.session_id
            )
        await accounts.principal(other.access_token)

    @pytest.mark.parametrize("keep", [True, False])
    async def test_everywhere_leaves_none_or_this_one(self, accounts, keep):
        account, who, given = await somebody(accounts)
        others = [await log_in(accounts, who) for _ in range(3)]
        kept = given.session_id if keep else None
        assert await accounts.sessions.end_all_of(account_id=account.id, except_session=kept) == 4 - keep
        assert await refused(accounts, *(each.access_token for each in others))
        assert await refused(accounts, given.access_token) is not keep

    async def test_is_seen_at_once_by_another_process(self, accounts, migrated, clock):
        _, _, given = await somebody(accounts)
        async with opened(migrated, clock=clock) as other:
            principal = await other.principal(given.access_token)  # it knows the token by now
            await accounts.sessions.end(principal=principal, session_id=given.session_id)
            assert await refused(other, given.access_token)

    async def test_comes_with_closing_the_account_and_is_not_undone_by_opening_it(self, accounts, migrated, clock):
        account, who, given = await somebody(accounts)
        async with opened(migrated, clock=clock) as other:
            await other.principal(given.access_token)
            await accounts.disable(account_id=account.id)
            assert await refused(other, given.access_token)
            with pytest.raises(RefreshRefused):
                await other.sessions.refresh(refresh_token=given.refresh_token)
            with pytest.raises(InvalidCredentials):
                await log_in(other, who)
            await accounts.enable(account_id=account.id)
            assert await refused(other, given.access_token)
            await log_in(other, who)

    async def test_comes_with_a_change_of_the_password_but_for_this_session(self, accounts):
        account, who, given = await somebody(accounts)
        other = await log_in(accounts, who)
        await accounts.credentials.change_password(
            account_id=account.id,
            session_id=given.session_id,
            current_password=who["password"],
            new_password="Quite-Another 7 Rivers",
        )
        assert await refused(accounts, other.access_token)
        await accounts.principal(given.access_token)
        with pytest.raises(InvalidCredentials):
            await log_in(accounts, who)

    async def test_and_logging_in_at_once_leaves_no_session_of_an_old_password(self, accounts, migrated, clock):
        account, who, given = await somebody(accounts)
        async with opened(migrated, clock=clock) as other:
            outcomes = await asyncio.gather(
                *(log_in(other, who) for _ in range(5)),
                accounts.credentials.change_password(
                    account_id=account.id,
                    session_id=given.session_id,
                    current_password=who["password"],
                    new_password="Quite-Another 7 Rivers",
                ),
                *(log_in(other, who) for _ in range(5)),
                return_exceptions=True,
            )
        assert outcomes[5] is None
        opened_then = [each.access_token for each in outcomes if hasattr(each, "access_token")]
        assert await refused(accounts, *opened_then)


class TestThePlainToken:
    async def test_has_no_refresh_token_and_lives_an_hour(self, anywhere, clock):
        await anywhere.register(**(who := person()))
        given = await anywhere.log_in(email=who["email"], password=who["password"])
        principal = await anywhere.principal(given.token)
        clock.advance(timedelta(minutes=59))
        assert await anywhere.principal(given.token) == principal
        clock.advance(timedelta(minutes=2))
        with pytest.raises(TokenExpired):
            await anywhere.principal(given.token)

    async def test_is_ended_like_any_other(self, anywhere):
        account = await anywhere.register(**(who := person()))
        given = await anywhere.log_in(email=who["email"], password=who["password"])
        assert await anywhere.sessions.end_all_of(account_id=account.id) == 1
        assert await refused(anywhere, given.token)


class TestRotatingTheSecret:
    OLD, NEW = "an older secret of the tests, also long", "a newer secret of the tests, just as long"

    async def test_refuses_nobody_while_the_old_one_is_listed(self, one_url, clock):
        async with opened(one_url, clock=clock, secret=self.OLD) as before:
            _, who, given = await somebody(before)
            cookie = await log_in(before, who, kind=SessionKind.COOKIE)

            async def keeps_asking(accounts, token):
                for _ in range(50):
                    await accounts.principal(token)

            async with opened(one_url, clock=clock, secret=self.NEW, previous=(self.OLD,)) as after:
                fresh = await log_in(after, who)
                # Both processes are at work, as they are while the secret is rolled out.
                await asyncio.gather(
                    *(keeps_asking(each, given.access_token) for each in (before, after)),
                    *(keeps_asking(after, fresh.access_token) for _ in range(2)),
                )
                carried = await after.sessions.refresh(refresh_token=given.refresh_token)
                await after.principal(carried.access_token)
                await after.sessions.refresh(refresh_token=cookie.refresh_token, csrf_token=cookie.csrf_token)
        async with opened(one_url, clock=clock, secret=self.NEW) as done:
            await done.principal(fresh.access_token)
            await done.principal(carried.access_token)
            assert await refused(done, given.access_token)


class TestManyRequestsAtOnce:
    async def test_share_look_ups_and_each_gets_its_own_answer(self, accounts, migrated, clock):
        people = [await somebody(accounts) for _ in range(3)]
        await accounts.sessions.end_all_of(account_id=people[2][0].id)
        db = await open_database(migrated, clock)
        reads, read = [], db.read

        async def counted(work):
            reads.append(work)
            return await read(work)

        db.read = counted
        built = built_on(db, clock=clock)
        outcomes = await asyncio.gather(
            *(built.api.principal(people[number % 3][2].access_token) for number in range(90)), return_exceptions=True
        )
        await built.close()
        await db.close()
        for number, outcome in enumerate(outcomes):
            if number % 3 == 2:
                assert isinstance(outcome, Unauthenticated)
            else:
                assert outcome.account_id == people[number % 3][0].id
        assert len(reads) <= 3
