"""What roles, memberships and keys may do: the table itself, and that it holds from one request to the next."""

import httpx
import pytest
from accounts_builder import PASSWORD
from fastapi import FastAPI
from organizations_builder import firm_on

from holdfast.accounts.api import LogIn, Role
from holdfast.kit.auth import GUEST_MAY, KEY_MAY, MEMBER_MAY, MemberRole, Permission, Principal, permissions_of
from holdfast.kit.errors import Forbidden
from holdfast.kit.http import problems
from holdfast.kit.http.principals import BookingReader, CatalogWriter, CurrentPrincipal
from support.principals import principal_of

READS = {Permission.CATALOG_READ, Permission.BOOKINGS_READ, Permission.MONEY_READ}
PERSONAL = {Permission.ACCOUNT, Permission.MEMBERS, Permission.OPERATE, Permission.ADMINISTER}


class TestAMember:
    def test_who_owns_may_do_everything_with_what_is_theirs(self):
        assert MEMBER_MAY[MemberRole.OWNER] == set(Permission) - GUEST_MAY - {Permission.OPERATE, Permission.ADMINISTER}

    def test_who_manages_may_do_all_of_that_but_choose_members(self):
        assert MEMBER_MAY[MemberRole.MANAGER] == MEMBER_MAY[MemberRole.OWNER] - {Permission.MEMBERS}

    def test_at_the_desk_sees_to_guests_and_to_no_money(self):
        assert MEMBER_MAY[MemberRole.DESK] == {
            Permission.CATALOG_READ,
            Permission.BOOKINGS_READ,
            Permission.BOOKINGS_WRITE,
            Permission.FLOOR,
        }

    def test_who_only_reads_changes_nothing(self):
        assert MEMBER_MAY[MemberRole.READ_ONLY] == READS

    @pytest.mark.parametrize("role", MemberRole)
    def test_never_watches_over_the_installation(self, role):
        assert MEMBER_MAY[role].isdisjoint({Permission.OPERATE, Permission.ADMINISTER})


class TestAnAccount:
    def test_may_book_for_itself_whatever_it_is(self):
        for role in Role:
            for membership in (None, *MemberRole):
                assert permissions_of(role, membership) >= GUEST_MAY

    def test_that_belongs_to_nothing_may_do_nothing_more(self):
        for role in (Role.GUEST, Role.OWNER):
            assert permissions_of(role, None) == GUEST_MAY

    def test_of_an_operator_watches_and_acts_on_nothing(self):
        assert permissions_of(Role.OPERATOR, None) == GUEST_MAY | {Permission.OPERATE}

    def test_of_an_admin_may_do_everything(self):
        assert permissions_of(Role.ADMIN, None) == set(Permission)

    def test_runs_what_its_organization_owns_and_nothing_else(self):
        member = principal_of(7, owner_id=4, member=MemberRole.READ_ONLY)
        assert member.runs(4)
        assert not member.runs(7)
        assert principal_of(1, "admin").runs(7)

    def test_without_an_organization_acts_for_none(self):
        with pytest.raises(Forbidden):
            Principal(7, "owner").acting_for()


class TestAKey:
    def test_may_never_be_given_what_a_person_answers_for(self):
        assert set(Permission) - KEY_MAY == PERSONAL


CHECKED = {
    "account": principal_of(3),
    "manager": principal_of(5, owner_id=4, member=MemberRole.MANAGER),
    "desk": principal_of(6, owner_id=4, member=MemberRole.DESK),
    "key": Principal(4, "owner", owner_id=4, permissions=frozenset({Permission.CATALOG_WRITE}), key_id="key_1"),
    "admin": principal_of(1, "admin"),
}


def application():
    app = FastAPI()
    problems.install(app)

    @app.get("/catalog")
    async def write(principal: CatalogWriter) -> int:
        return principal.account_id

    @app.get("/own")
    async def own(principal: CurrentPrincipal) -> int:
        return principal.account_id

    @app.get("/either")
    async def either(principal: BookingReader) -> list[str]:
        return sorted(principal.permissions)

    async def check_token(token):
        return CHECKED[token]

    app.state.check_token = check_token
    return app


@pytest.fixture
async def ask():
    transport = httpx.ASGITransport(app=application())
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:

        async def asked(path, who):
            return await client.get(path, headers={"authorization": f"Bearer {who}"})

        yield asked


class TestARoute:
    async def test_lets_in_who_has_its_permission(self, ask):
        for who in ("manager", "key", "admin"):
            assert (await ask("/catalog", who)).status_code == 200

    async def test_names_the_permission_that_is_missing(self, ask):
        for who in ("account", "desk"):
            answer = await ask("/catalog", who)
            assert answer.status_code == 403
            assert answer.json()["code"] == "forbidden"
            assert answer.json()["permission"] == "catalog:write"

    async def test_about_ones_account_is_for_persons(self, ask):
        assert (await ask("/own", "account")).status_code == 200
        assert (await ask("/own", "key")).json()["permission"] == "account"

    async def test_that_takes_either_gives_no_more_than_it_asked_for(self, ask):
        assert (await ask("/either", "account")).json() == ["trips"]
        assert (await ask("/either", "desk")).json() == ["bookings:read", "trips"]
        assert (await ask("/either", "key")).status_code == 403
        assert len((await ask("/either", "admin")).json()) == len(Permission)


@pytest.fixture
async def firm(migrated, clock):
    async with firm_on(migrated, clock) as made:
        yield made


async def session_of(firm, email):
    """The access token of somebody who logs in."""
    return (await firm.accounts.open_session(LogIn(email=email, password=PASSWORD))).access_token


async def joined(firm, owner, role):
    """Somebody with a session who joins the organization of an owner by it: the account, and the session's token."""
    account = await firm.account()
    token = await session_of(firm, account.email)
    organizations = firm.accounts.organizations
    await organizations.invite(principal=owner, email=account.email, role=role)
    [waits] = await organizations.invitations(principal=owner)
    mailed = await firm.sent(waits.id)
    await organizations.accept(principal=await firm.accounts.principal(token), token=mailed)
    return account, token


class TestASession:
    async def test_of_an_owner_acts_for_their_own_organization(self, firm):
        account = await firm.account("owner")
        who = await firm.accounts.principal(await session_of(firm, account.email))
        assert (who.owner_id, who.permissions) == (account.id, permissions_of("owner", MemberRole.OWNER))

    async def test_of_a_guest_acts_for_none(self, firm):
        account = await firm.account()
        who = await firm.accounts.principal(await session_of(firm, account.email))
        assert (who.owner_id, who.permissions) == (None, GUEST_MAY)

    async def test_may_do_what_its_account_is_now(self, firm):
        owner = await firm.owner()
        account, token = await joined(firm, owner, MemberRole.DESK)
        before = await firm.accounts.principal(token)
        assert (before.owner_id, before.permissions) == (owner.owner_id, permissions_of("guest", MemberRole.DESK))
        organizations = firm.accounts.organizations
        await organizations.change_role(principal=owner, account_id=account.id, role=MemberRole.READ_ONLY)
        after = await firm.accounts.principal(token)
        assert after.permissions == permissions_of("guest", MemberRole.READ_ONLY)
        await organizations.remove(principal=owner, account_id=account.id)
        gone = await firm.accounts.principal(token)
        assert (gone.owner_id, gone.permissions) == (None, GUEST_MAY)

    async def test_acts_for_the_organization_that_was_chosen(self, firm):
        one, other = await firm.owner(), await firm.owner()
        account, token = await joined(firm, one, MemberRole.DESK)
        _, organizations = await joined(firm, other, MemberRole.DESK), firm.accounts.organizations
        await organizations.invite(principal=other, email=account.email, role=MemberRole.MANAGER)
        [waits] = await organizations.invitations(principal=other)
        who = await firm.accounts.principal(token)
        await organizations.accept(principal=who, token=await firm.sent(waits.id))
        assert (await firm.accounts.principal(token)).owner_id == one.owner_id
        await organizations.act_for(principal=who, organization_id=other.owner_id)
        chosen = await firm.accounts.principal(token)
        assert (chosen.owner_id, chosen.permissions) == (
            other.owner_id,
            permissions_of("guest", MemberRole.MANAGER),
        )

    async def test_cannot_be_had_with_an_api_key(self, firm):
        owner = await firm.owner()
        made = await firm.accounts.keys.create(principal=owner, name="a program", scopes=[Permission.CATALOG_READ])
        who = await firm.accounts.principal(made.key)
        assert (who.session_id, who.key_id, who.permissions) == (None, made.about.id, {Permission.CATALOG_READ})
