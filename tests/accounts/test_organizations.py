"""Who belongs to an organization, as what, how they join and how they leave. On every engine."""

import asyncio
from datetime import timedelta

import pytest
from accounts_builder import person
from organizations_builder import firm_on

from holdfast.accounts.api import Role
from holdfast.accounts.organizations_api import (
    INVITATIONS_MOST,
    AlreadyMember,
    InvitationRefused,
    LastOwner,
    OrganizationFull,
)
from holdfast.accounts.service.personal import AccountsPersonal
from holdfast.kit.auth import MemberRole
from holdfast.kit.errors import Forbidden, Invalid, NotFound
from support.principals import principal_of

AT_ONCE = 50


@pytest.fixture
async def firm(migrated, clock):
    async with firm_on(migrated, clock) as made:
        yield made


async def no_letters(*, addresses):
    return len(addresses)


class TestAnOrganization:
    async def test_is_founded_by_whoever_registers_as_an_owner(self, firm):
        account = await firm.account("owner")
        own = await firm.organizations.own(principal=principal_of(account.id, "owner"))
        assert (own.organization.id, own.organization.name, own.role) == (account.id, account.username, "owner")
        [again] = await firm.organizations.of_account(account_id=account.id)
        assert again == own

    async def test_is_founded_for_an_admin_too(self, firm):
        admin = await firm.accounts.create_admin(**person())
        assert (await firm.organizations.own(principal=principal_of(admin.id, "admin"))).organization.id == admin.id

    @pytest.mark.parametrize("role", [Role.GUEST, Role.OPERATOR])
    async def test_is_not_founded_for_others(self, firm, role):
        account = await firm.account(role)
        assert await firm.organizations.of_account(account_id=account.id) == []
        with pytest.raises(NotFound):
            await firm.organizations.own(principal=principal_of(account.id))

    async def test_is_renamed_by_its_owners_alone(self, firm):
        owner = await firm.owner()
        manager = await firm.join(owner, MemberRole.MANAGER)
        renamed = await firm.organizations.rename(principal=owner, name="Seaside Homes")
        assert renamed.organization.name == "Seaside Homes"
        with pytest.raises(Forbidden):
            await firm.organizations.rename(principal=manager, name="Mine")
        assert (await firm.organizations.own(principal=manager)).organization.name == "Seaside Homes"

    async def test_is_of_no_concern_to_another_one(self, firm):
        one, other = await firm.owner(), await firm.owner()
        desk = await firm.join(one)
        with pytest.raises(NotFound):
            await firm.organizations.change_role(principal=other, account_id=desk.account_id, role=MemberRole.OWNER)
        with pytest.raises(NotFound):
            await firm.organizations.remove(principal=other, account_id=desk.account_id)
        assert await firm.roles(one) == {one.account_id: "owner", desk.account_id: "desk"}

    async def test_is_chosen_among_those_somebody_belongs_to(self, firm):
        one, other = await firm.owner(), await firm.owner()
        token = await firm.invite(other, (await firm.accounts.get_many(ids=[one.account_id]))[0].email)
        await firm.organizations.accept(principal=one, token=token)
        found = await firm.organizations.of_account(account_id=one.account_id)
        assert [each.organization.id for each in found] == [one.owner_id, other.owner_id]
        session = principal_of(one.account_id, "owner", session_id="ses_1")
        chosen = await firm.organizations.act_for(principal=session, organization_id=other.owner_id)
        assert (chosen.role, firm.acting) == ("desk", {"ses_1": other.owner_id})
        with pytest.raises(NotFound):
            await firm.organizations.act_for(principal=session, organization_id=(await firm.owner()).owner_id)


class TestAMember:
    async def test_becomes_what_an_owner_says(self, firm):
        owner = await firm.owner()
        desk = await firm.join(owner)
        changed = await firm.organizations.change_role(
            principal=owner, account_id=desk.account_id, role=MemberRole.MANAGER
        )
        assert (changed.account_id, changed.role) == (desk.account_id, "manager")
        assert await firm.roles(owner) == {owner.account_id: "owner", desk.account_id: "manager"}

    @pytest.mark.parametrize("role", [MemberRole.MANAGER, MemberRole.DESK, MemberRole.READ_ONLY])
    async def test_who_is_no_owner_changes_nobody(self, firm, role):
        owner = await firm.owner()
        who, other = await firm.join(owner, role), await firm.join(owner)
        before = await firm.roles(owner)
        for refused in (
            firm.organizations.change_role(principal=who, account_id=who.account_id, role=MemberRole.OWNER),
            firm.organizations.remove(principal=who, account_id=other.account_id),
            firm.organizations.invite(principal=who, email="new@example.com", role=MemberRole.OWNER),
            firm.organizations.invitations(principal=who),
        ):
            with pytest.raises(Forbidden):
                await refused
        assert await firm.roles(owner) == before

    async def test_who_was_an_owner_when_the_request_came_changes_nobody_after(self, firm):
        owner = await firm.owner()
        former = await firm.join(owner, MemberRole.OWNER)
        await firm.organizations.change_role(principal=owner, account_id=former.account_id, role=MemberRole.DESK)
        with pytest.raises(Forbidden):
            await firm.organizations.remove(principal=former, account_id=owner.account_id)
        assert await firm.roles(owner) == {owner.account_id: "owner", former.account_id: "desk"}

    async def test_who_is_removed_belongs_to_it_no_more(self, firm):
        owner = await firm.owner()
        desk = await firm.join(owner)
        await firm.organizations.remove(principal=owner, account_id=desk.account_id)
        assert await firm.organizations.of_account(account_id=desk.account_id) == []
        with pytest.raises(NotFound):
            await firm.organizations.members(principal=desk)
        with pytest.raises(NotFound):
            await firm.organizations.remove(principal=owner, account_id=desk.account_id)

    async def test_leaves_when_they_like(self, firm):
        owner = await firm.owner()
        desk = principal_of(
            (await firm.join(owner)).account_id, owner_id=owner.owner_id, member=MemberRole.DESK, session_id="ses_2"
        )
        await firm.organizations.leave(principal=desk)
        assert await firm.roles(owner) == {owner.account_id: "owner"}
        assert firm.acting == {"ses_2": None}


class TestTheLastOwner:
    async def test_stays(self, firm):
        owner = await firm.owner()
        await firm.join(owner, MemberRole.MANAGER)
        for refused in (
            firm.organizations.leave(principal=owner),
            firm.organizations.remove(principal=owner, account_id=owner.account_id),
            firm.organizations.change_role(principal=owner, account_id=owner.account_id, role=MemberRole.MANAGER),
        ):
            with pytest.raises(LastOwner):
                await refused
        assert (await firm.roles(owner))[owner.account_id] == "owner"

    async def test_is_the_only_one_whose_account_is_open(self, firm):
        owner = await firm.owner()
        other = await firm.join(owner, MemberRole.OWNER)
        await firm.accounts.disable(account_id=other.account_id)
        with pytest.raises(LastOwner):
            await firm.organizations.leave(principal=owner)

    async def test_may_go_once_there_is_another(self, firm):
        founder = await firm.owner()
        other = await firm.join(founder, MemberRole.OWNER)
        await firm.organizations.leave(principal=founder)
        assert await firm.roles(other) == {other.account_id: "owner"}

    async def test_is_not_erased_while_others_are_members(self, firm):
        founder = await firm.owner()
        owner = await firm.join(founder, MemberRole.OWNER)
        desk = await firm.join(founder)
        personal = AccountsPersonal(firm.db, forget_mail=no_letters)

        async def needed(who):
            return [(each.what, each.reference) for each in await personal.obstacles(account_id=who.account_id)]

        this = [("organization", str(founder.owner_id))]
        # Its number is the founder's, whoever else runs it.
        assert [await needed(each) for each in (founder, owner, desk)] == [this, [], []]
        await firm.accounts.disable(account_id=founder.account_id)
        assert [await needed(each) for each in (founder, owner, desk)] == [this, this, []]
        for each in (founder, desk):
            await firm.organizations.remove(principal=owner, account_id=each.account_id)
        assert await needed(owner) == []

    async def test_is_left_when_all_owners_remove_each_other_at_once(self, firm):
        first = await firm.owner()
        owners = [first, *[await firm.join(first, MemberRole.OWNER) for _ in range(3)]]
        tries = [
            firm.organizations.remove(principal=one, account_id=other.account_id)
            for one in owners
            for other in owners
            if one is not other
        ]
        tries += [firm.organizations.leave(principal=each) for each in owners]
        answers = await asyncio.gather(*tries, return_exceptions=True)
        assert {type(each) for each in answers} <= {type(None), NotFound, Forbidden, LastOwner}
        left = await firm.db.read(lambda tx: members_of(tx, first.owner_id))
        assert [each.role for each in left] == ["owner"]


async def members_of(tx, organization_id):
    from holdfast.accounts.store import organizations  # noqa: PLC0415 - looks behind the door on purpose

    return await organizations.members(tx, organization_id=organization_id)


class TestAnInvitation:
    async def test_asks_known_and_unknown_addresses_alike(self, firm):
        owner, known = await firm.owner(), await firm.account()
        for email in (known.email, "nobody@example.com"):
            await firm.organizations.invite(principal=owner, email=email, role=MemberRole.DESK)
        one, other = firm.mails
        assert one[:2] == other[:2] == ("invitation", None)
        assert set(one[3]) == set(other[3]) == {"invitation_id"}
        assert (await firm.accounts.get_many(ids=[known.id])) == [known]
        assert await firm.roles(owner) == {owner.account_id: "owner"}

    async def test_says_who_asks_and_as_what(self, firm):
        owner = await firm.owner()
        await firm.organizations.invite(principal=owner, email="Anna@Example.com", role=MemberRole.MANAGER)
        assert firm.mails[-1][2] == "anna@example.com"
        [waits] = await firm.organizations.invitations(principal=owner)
        assert (waits.email, waits.role, waits.invited_by) == ("Anna@Example.com", "manager", owner.account_id)

    async def test_is_good_once(self, firm):
        owner, account = await firm.owner(), await firm.account()
        token = await firm.invite(owner, account.email, MemberRole.MANAGER)
        joined = await firm.organizations.accept(principal=principal_of(account.id, session_id="ses_3"), token=token)
        assert (joined.organization.id, joined.role) == (owner.owner_id, "manager")
        assert firm.acting == {"ses_3": owner.owner_id}
        with pytest.raises(InvitationRefused):
            await firm.organizations.accept(principal=principal_of(account.id), token=token)
        assert await firm.organizations.invitations(principal=owner) == []

    async def test_is_good_once_however_often_it_is_accepted_at_once(self, firm):
        owner, account = await firm.owner(), await firm.account()
        token = await firm.invite(owner, account.email)
        accepting = principal_of(account.id)
        answers = await asyncio.gather(
            *[firm.organizations.accept(principal=accepting, token=token) for _ in range(AT_ONCE)],
            return_exceptions=True,
        )
        assert [type(each) for each in answers].count(InvitationRefused) == AT_ONCE - 1
        assert await firm.roles(owner) == {owner.account_id: "owner", account.id: "desk"}

    async def test_is_good_for_its_own_address_alone(self, firm):
        owner, invited, other = await firm.owner(), await firm.account(), await firm.account()
        token = await firm.invite(owner, invited.email)
        with pytest.raises(InvitationRefused):
            await firm.organizations.accept(principal=principal_of(other.id), token=token)
        await firm.organizations.accept(principal=principal_of(invited.id), token=token)

    async def test_is_worthless_once_it_is_withdrawn(self, firm):
        owner, account = await firm.owner(), await firm.account()
        token = await firm.invite(owner, account.email)
        [waits] = await firm.organizations.invitations(principal=owner)
        with pytest.raises(NotFound):
            await firm.organizations.withdraw(principal=await firm.owner(), invitation_id=waits.id)
        await firm.organizations.withdraw(principal=owner, invitation_id=waits.id)
        with pytest.raises(InvitationRefused):
            await firm.organizations.accept(principal=principal_of(account.id), token=token)
        assert await firm.sent() is None
        with pytest.raises(NotFound):
            await firm.organizations.withdraw(principal=owner, invitation_id=waits.id)

    async def test_is_worthless_after_a_newer_one(self, firm):
        owner, account = await firm.owner(), await firm.account()
        old = await firm.invite(owner, account.email, MemberRole.OWNER)
        new = await firm.invite(owner, account.email, MemberRole.READ_ONLY)
        with pytest.raises(InvitationRefused):
            await firm.organizations.accept(principal=principal_of(account.id), token=old)
        await firm.organizations.accept(principal=principal_of(account.id), token=new)
        assert (await firm.roles(owner))[account.id] == "read_only"

    async def test_runs_out(self, firm):
        owner, account = await firm.owner(), await firm.account()
        token = await firm.invite(owner, account.email)
        firm.clock.shift += timedelta(days=7, seconds=1)
        with pytest.raises(InvitationRefused):
            await firm.organizations.accept(principal=principal_of(account.id), token=token)
        assert await firm.organizations.invitations(principal=owner) == []
        firm.clock.shift += timedelta(days=8)
        await firm.organizations.forget_invitations()

    async def test_changes_no_role_that_somebody_has(self, firm):
        owner = await firm.owner()
        desk = await firm.join(owner)
        [account] = await firm.accounts.get_many(ids=[desk.account_id])
        token = await firm.invite(owner, account.email, MemberRole.OWNER)
        with pytest.raises(AlreadyMember):
            await firm.organizations.accept(principal=desk, token=token)
        assert (await firm.roles(owner))[desk.account_id] == "desk"

    async def test_goes_to_an_address(self, firm):
        with pytest.raises(Invalid):
            await firm.organizations.invite(principal=await firm.owner(), email="anna at example", role=MemberRole.DESK)

    async def test_is_one_of_a_bounded_number(self, firm):
        owner = await firm.owner()
        for number in range(INVITATIONS_MOST):
            await firm.organizations.invite(principal=owner, email=f"person{number}@example.com", role=MemberRole.DESK)
        with pytest.raises(OrganizationFull):
            await firm.organizations.invite(principal=owner, email="more@example.com", role=MemberRole.DESK)
