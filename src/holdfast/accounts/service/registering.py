"""How an account comes to be, whichever door somebody came through."""

from holdfast.accounts import rules
from holdfast.accounts.api import Account, Role
from holdfast.accounts.service.acts import note_by_itself
from holdfast.accounts.service.password_rules import Applicant
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.store import accounts as store
from holdfast.kit.db.database import Tx


async def hashed_applicant(who: Applicant, passwords: Passwords) -> store.NewAccount:
    """Return what is stored of somebody whose registration breaks no rule.

    Raises:
        Overloaded: Too many passwords are being hashed.
        ValueError: It breaks a rule.
    """
    username_key, email_key = rules.username_key(who.username), rules.email_key(who.email)
    if username_key is None or email_key is None:
        raise ValueError("names and addresses are checked before")
    return store.NewAccount(
        username=who.username,
        username_key=username_key,
        email=who.email.strip(),
        email_key=email_key,
        password_hash=await passwords.hash(who.password),
        role=who.role,
        # Admins are made on the command line, by whoever runs the installation and vouches for them.
        is_confirmed=who.role is Role.ADMIN,
    )


async def added(tx: Tx, new: store.NewAccount) -> Account:
    """Insert an account and note it.

    Raises:
        UniqueViolation: The address or the user name is taken.
    """
    made = await store.add(tx, new)
    await note_by_itself(tx, "account.registered", made.id, role=made.role.value)
    return made
