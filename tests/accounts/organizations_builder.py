"""Builds organizations and API keys as the module does, with a mailbox of our own, and people who belong to them."""

from contextlib import asynccontextmanager
from functools import partial
from hashlib import sha256

from accounts_builder import built_on, person

from holdfast.accounts.api import Role
from holdfast.accounts.keys_api import KeyMode
from holdfast.accounts.service.keys import Keys
from holdfast.accounts.service.organizations import Organizations
from holdfast.accounts.settings import AccountsSettings
from holdfast.accounts.store.credentials import confirm
from holdfast.accounts.store.organizations import set_token
from holdfast.kit.auth import MemberRole
from holdfast.kit.db.opening import open_database
from holdfast.kit.ids import new_secret
from support.principals import principal_of


class Firm:
    """The doors of organizations and keys over one database."""

    def __init__(self, db, built, clock, *, mode=KeyMode.TEST):
        self.db, self.accounts, self.clock = db, built.api, clock
        self.mails, self.acting, self.changed = [], {}, []
        settings = AccountsSettings(_env_file=None)
        self.organizations = Organizations(
            db=db, clock=clock, settings=settings, queue=self._queue, act_for=self._act_for, changed=self.changed.append
        )
        self.keys = Keys(db=db, clock=clock, mode=mode)

    async def _queue(self, _tx, *, kind, account_id=None, email_key=None, facts):
        self.mails.append((kind, account_id, email_key, facts))

    async def _act_for(self, _tx, session_id, organization_id):
        self.acting[session_id] = organization_id

    async def account(self, role="guest", *, confirmed=True):
        """Return a new account."""
        made = await self.accounts.register(**person(role=Role(role)))
        if confirmed:
            await self.db.write(lambda tx: confirm(tx, account_id=made.id))
        return made

    async def owner(self):
        """Return the owner of a new organization."""
        return principal_of((await self.account("owner")).id, "owner")

    async def invite(self, owner, email, role=MemberRole.DESK):
        """Invite an address and return the token its mail holds."""
        await self.organizations.invite(principal=owner, email=email, role=role)
        return await self.sent()

    async def sent(self, invitation_id=None):
        """Make a token for an invitation (that of the last mail), as its sender does; None if there is none to send."""
        token, invitation_id = new_secret(), invitation_id or self.mails[-1][3]["invitation_id"]
        token_hash = sha256(token.encode()).hexdigest()
        work = partial(set_token, invitation_id=invitation_id, token_hash=token_hash)
        return token if await self.db.write(work) else None

    async def join(self, owner, role=MemberRole.DESK):
        """Return somebody new who has joined the organization of an owner."""
        account = await self.account()
        token = await self.invite(owner, account.email, role)
        await self.organizations.accept(principal=principal_of(account.id), token=token)
        return principal_of(account.id, owner_id=owner.owner_id, member=role)

    async def roles(self, owner):
        """Return who is what in the organization of an owner."""
        found = await self.organizations.members(principal=owner)
        return {each.account_id: each.role.value for each in found}


@asynccontextmanager
async def firm_on(url, clock, **choices):
    """Everything about organizations over a migrated database."""
    db = await open_database(url, clock)
    built = built_on(db)
    firm = Firm(db, built, clock, **choices)
    try:
        yield firm
    finally:
        await firm.keys.close()
        await built.close()
        await db.close()
