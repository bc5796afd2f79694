"""API keys: made, shown once, used, replaced and ended. On every engine."""

import asyncio
from datetime import timedelta
from hashlib import sha256

import pytest
from organizations_builder import firm_on

from holdfast.accounts.keys_api import KEYS_MOST, OVERLAP_S_MAX, KeyMode, ScopeRefused, TooManyKeys
from holdfast.accounts.models import tables
from holdfast.accounts.service.keys import Keys
from holdfast.kit.auth import KEY_MAY, MemberRole, Permission
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.errors import NotFound, Unauthenticated
from support.principals import principal_of

READS = (Permission.CATALOG_READ, Permission.BOOKINGS_READ)


@pytest.fixture
async def firm(migrated, clock):
    async with firm_on(migrated, clock) as made:
        yield made


async def create(firm, owner, *scopes, **choices):
    return await firm.keys.create(principal=owner, name="a program", scopes=scopes or READS, **choices)


async def refused(firm, key):
    with pytest.raises(Unauthenticated):
        await firm.keys.principal(key)
    return True


class TestAKey:
    async def test_acts_for_the_organization_it_was_made_for(self, firm):
        owner = await firm.owner()
        made = await create(firm, owner)
        who = await firm.keys.principal(made.key)
        assert (who.account_id, who.owner_id, who.key_id) == (owner.account_id, owner.owner_id, made.about.id)
        assert who.permissions == set(READS)
        assert (who.session_id, who.authenticated_at, who.is_admin) == (None, None, False)

    async def test_is_random_and_says_where_it_works(self, firm):
        owner = await firm.owner()
        one, other = await create(firm, owner), await create(firm, owner)
        assert one.key.startswith("hfk_test_")
        assert len(one.key) == len("hfk_test_") + 43
        assert one.key != other.key
        assert one.about.prefix == one.key.removeprefix("hfk_test_")[:8]

    async def test_is_shown_once_and_kept_as_a_hash(self, firm):
        owner = await firm.owner()
        made = await create(firm, owner)
        [listed] = await firm.keys.list_of(principal=owner)
        assert listed == made.about
        assert made.key not in repr(listed)
        table = tables.tables["accounts_api_key"]
        rows = await firm.db.read(lambda tx: tx.all(statement(table.select())()))
        assert made.key not in repr(rows)
        assert sha256(made.key.encode()).hexdigest() in {row.key_hash for row in rows}

    @pytest.mark.parametrize(
        "change",
        [
            lambda key: key[:-1] + ("A" if key[-1] != "A" else "B"),
            lambda key: key.replace("hfk_test_", "hfk_live_"),
            lambda key: key + "A",
            lambda key: key[:-1],
            lambda key: key.upper(),
            lambda key: f" {key}",
            lambda _: "hfk_test_",
            lambda _: "hfk_",
            lambda _: "hfk_test_" + "A" * 43,
            lambda _: "hfk_test_" + "'" * 43,
            lambda _: "hfk_test_" + "A" * 5_000,
        ],
    )
    async def test_that_is_not_exactly_ours_is_refused(self, firm, change):
        made = await create(firm, await firm.owner())
        assert await refused(firm, change(made.key))

    async def test_of_another_mode_is_refused_where_the_rows_are_the_same(self, firm):
        made = await create(firm, await firm.owner())
        live = Keys(db=firm.db, clock=firm.clock, mode=KeyMode.LIVE)
        with pytest.raises(Unauthenticated):
            await live.principal(made.key)
        others = await live.create(principal=await firm.owner(), name="live", scopes=READS)
        assert others.key.startswith("hfk_live_")
        assert (await live.principal(others.key)).key_id == others.about.id
        assert await refused(firm, others.key)
        await live.close()

    async def test_of_a_guest_sees_to_their_trips_alone(self, firm):
        guest = principal_of((await firm.account()).id)
        made = await create(firm, guest, Permission.TRIPS)
        who = await firm.keys.principal(made.key)
        assert (who.owner_id, who.permissions) == (None, {Permission.TRIPS})
        assert who.is_guest(guest.account_id)

    async def test_without_trips_is_no_guest(self, firm):
        owner = await firm.owner()
        who = await firm.keys.principal((await create(firm, owner)).key)
        assert not who.is_guest(owner.account_id)

    async def test_is_one_of_a_bounded_number(self, firm):
        owner = await firm.owner()
        tries = [create(firm, owner) for _ in range(KEYS_MOST + 5)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(each) for each in answers].count(TooManyKeys) == 5
        assert len(await firm.keys.list_of(principal=owner)) == KEYS_MOST

    async def test_says_to_the_minute_when_it_was_used(self, firm):
        owner = await firm.owner()
        made = await create(firm, owner)
        assert made.about.last_used_at is None
        await firm.keys.principal(made.key)
        [first] = await firm.keys.list_of(principal=owner)
        assert first.last_used_at is not None
        firm.clock.shift += timedelta(seconds=30)
        await firm.keys.principal(made.key)
        assert await firm.keys.list_of(principal=owner) == [first]
        firm.clock.shift += timedelta(seconds=31)
        await firm.keys.principal(made.key)
        [later] = await firm.keys.list_of(principal=owner)
        assert later.last_used_at > first.last_used_at


class TestScopes:
    @pytest.mark.parametrize("scope", sorted(set(Permission) - KEY_MAY))
    async def test_never_hold_what_a_person_answers_for(self, firm, scope):
        for maker in (await firm.owner(), principal_of((await firm.account("admin")).id, "admin")):
            with pytest.raises(ScopeRefused) as refusal:
                await create(firm, maker, Permission.CATALOG_READ, scope)
            assert refusal.value.extra["scopes"] == [scope.value]
            assert await firm.keys.list_of(principal=maker) == []

    @pytest.mark.parametrize("role", [MemberRole.MANAGER, MemberRole.DESK, MemberRole.READ_ONLY])
    async def test_of_an_organization_are_given_by_its_owners(self, firm, role):
        member = await firm.join(await firm.owner(), role)
        with pytest.raises(ScopeRefused):
            await create(firm, member, Permission.CATALOG_READ)

    async def test_of_no_organization_are_trips(self, firm):
        guest = principal_of((await firm.account()).id)
        for scope in sorted(KEY_MAY - {Permission.TRIPS}):
            with pytest.raises(ScopeRefused):
                await create(firm, guest, scope)

    async def test_are_judged_by_what_the_maker_is_now_and_not_by_the_token(self, firm):
        owner = await firm.owner()
        former = await firm.join(owner, MemberRole.OWNER)
        await firm.organizations.change_role(principal=owner, account_id=former.account_id, role=MemberRole.DESK)
        with pytest.raises(ScopeRefused):
            await create(firm, former, Permission.MONEY_WRITE)

    async def test_shrink_with_what_their_maker_may(self, firm):
        owner = await firm.owner()
        maker = await firm.join(owner, MemberRole.OWNER)
        made = await create(firm, maker, Permission.MONEY_WRITE, Permission.BOOKINGS_READ)
        assert (await firm.keys.principal(made.key)).permissions == {
            Permission.MONEY_WRITE,
            Permission.BOOKINGS_READ,
        }
        await firm.organizations.change_role(principal=owner, account_id=maker.account_id, role=MemberRole.DESK)
        assert (await firm.keys.principal(made.key)).permissions == {Permission.BOOKINGS_READ}

    async def test_of_an_admins_key_reach_no_further_than_the_organization(self, firm):
        admin = principal_of((await firm.account("admin")).id, "admin")
        who = await firm.keys.principal((await create(firm, admin, *KEY_MAY)).key)
        assert (who.is_admin, who.role, who.permissions) == (False, "owner", KEY_MAY)
        assert not who.runs(admin.owner_id + 1)


class TestEnding:
    async def test_is_seen_at_once_by_every_process(self, firm, migrated):
        owner = await firm.owner()
        made = await create(firm, owner)
        elsewhere = await open_database(migrated, firm.clock)
        other = Keys(db=elsewhere, clock=firm.clock, mode=KeyMode.TEST)
        assert (await other.principal(made.key)).key_id == made.about.id
        for _ in range(2):
            await firm.keys.revoke(principal=owner, key_id=made.about.id)
        with pytest.raises(Unauthenticated):
            await other.principal(made.key)
        assert await firm.keys.list_of(principal=owner) == []
        await other.close()
        await elsewhere.close()

    async def test_is_for_the_maker_alone(self, firm):
        owner, other = await firm.owner(), await firm.owner()
        made = await create(firm, owner)
        for attempt in (firm.keys.revoke, firm.keys.rotate):
            with pytest.raises(NotFound):
                await attempt(principal=other, key_id=made.about.id)
        assert (await firm.keys.principal(made.key)).key_id == made.about.id

    async def test_comes_when_its_time_is_up(self, firm):
        made = await create(firm, await firm.owner(), lifetime_days=1)
        firm.clock.shift += timedelta(hours=23)
        await firm.keys.principal(made.key)
        firm.clock.shift += timedelta(hours=1, seconds=1)
        assert await refused(firm, made.key)

    async def test_comes_with_leaving_and_does_not_go_with_coming_back(self, firm):
        owner = await firm.owner()
        maker = await firm.join(owner, MemberRole.OWNER)
        made, private = await create(firm, maker), await create(firm, maker, Permission.TRIPS)
        await firm.organizations.leave(principal=maker)
        assert await refused(firm, made.key)
        assert (await firm.keys.principal(private.key)).account_id == maker.account_id
        [account] = await firm.accounts.get_many(ids=[maker.account_id])
        token = await firm.invite(owner, account.email, MemberRole.OWNER)
        await firm.organizations.accept(principal=principal_of(maker.account_id), token=token)
        assert await refused(firm, made.key)

    async def test_comes_with_removal(self, firm):
        owner = await firm.owner()
        maker = await firm.join(owner, MemberRole.OWNER)
        made = await create(firm, maker)
        await firm.organizations.remove(principal=owner, account_id=maker.account_id)
        assert await refused(firm, made.key)

    async def test_comes_with_closing_the_account_and_does_not_go_with_opening_it(self, firm):
        owner = await firm.owner()
        made = await create(firm, owner)
        await firm.accounts.disable(account_id=owner.account_id)
        assert await refused(firm, made.key)
        await firm.accounts.enable(account_id=owner.account_id)
        assert await refused(firm, made.key)


class TestRotating:
    async def test_makes_one_like_it_and_ends_the_old_one(self, firm):
        owner = await firm.owner()
        old = await create(firm, owner, lifetime_days=30)
        new = await firm.keys.rotate(principal=owner, key_id=old.about.id)
        assert await refused(firm, old.key)
        assert (await firm.keys.principal(new.key)).permissions == set(READS)
        assert (new.about.name, new.about.scopes) == (old.about.name, old.about.scopes)
        assert new.about.expires_at - new.about.created_at == timedelta(days=30)

    async def test_lets_both_work_for_a_while(self, firm):
        owner = await firm.owner()
        old = await create(firm, owner)
        new = await firm.keys.rotate(principal=owner, key_id=old.about.id, overlap_s=OVERLAP_S_MAX)
        firm.clock.shift += timedelta(seconds=OVERLAP_S_MAX - 5)
        for key in (old.key, new.key):
            await firm.keys.principal(key)
        firm.clock.shift += timedelta(seconds=10)
        assert await refused(firm, old.key)
        await firm.keys.principal(new.key)

    async def test_never_lengthens_the_old_one(self, firm):
        owner = await firm.owner()
        old = await create(firm, owner, lifetime_days=1)
        await firm.keys.rotate(principal=owner, key_id=old.about.id, overlap_s=OVERLAP_S_MAX)
        firm.clock.shift += timedelta(days=1, seconds=1)
        assert await refused(firm, old.key)

    async def test_gives_one_new_key_however_often_it_is_asked_at_once(self, firm):
        owner = await firm.owner()
        old = await create(firm, owner)
        tries = [firm.keys.rotate(principal=owner, key_id=old.about.id) for _ in range(20)]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert [type(each) for each in answers].count(NotFound) == 19
        assert len(await firm.keys.list_of(principal=owner)) == 1

    async def test_of_what_has_ended_is_refused(self, firm):
        owner = await firm.owner()
        old = await create(firm, owner)
        await firm.keys.revoke(principal=owner, key_id=old.about.id)
        with pytest.raises(NotFound):
            await firm.keys.rotate(principal=owner, key_id=old.about.id)
