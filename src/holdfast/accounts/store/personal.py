"""Whose the rows of accounts are, and what is left of an account: a number that is never given again."""

from typing import Any, Final

from sqlalchemy import and_, bindparam, exists, literal, not_, or_, select

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.activity import activity
from holdfast.accounts.models.credentials import email_change, mail, mail_token, reserved_name
from holdfast.accounts.models.factors import passkey, passkey_user, recovery_code, totp
from holdfast.accounts.models.keys import api_key
from holdfast.accounts.models.organizations import invitation, member, organization
from holdfast.accounts.models.privacy import (
    breach_person,
    case_,
    consent,
    disclosure,
    erasure,
    export,
    export_part,
    notice,
    restriction,
)
from holdfast.accounts.models.sessions import refresh_token, session
from holdfast.accounts.privacy_api import CaseState
from holdfast.kit.auth import MemberRole
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, statement
from holdfast.kit.db.types import Whole
from holdfast.kit.privacy import Retention
from holdfast.kit.privacy_rows import Held, Lapse, lapses_of, of_activity

GONE: Final = "Erased"
"""What an organization is called whose only member is gone."""


def _nobody(account_id: int) -> str:
    # No name and no address may have this sign at its head, so it stands in nobody's way.
    return f"#erased-{account_id}"


_TOMBSTONE: Final[dict[str, Any]] = {
    "username": _nobody,
    "username_key": _nobody,
    "email": _nobody,
    "email_key": _nobody,
    # No password has this hash: it is none of a password.
    "password_hash": "$argon2id$v=19$m=19456,t=2,p=1$erased$",
    "disabled": True,
}

_SAME_ADDRESS: Final = account.c.email_key
HELD: Final = (
    Held(
        table=refresh_token,
        account=session.c.account_id,
        via=session.c.id == refresh_token.c.session_id,
        deletes=True,
    ),
    Held(table=session, account=session.c.account_id, deletes=True),
    Held(table=mail_token, account=mail_token.c.account_id, deletes=True, hidden=("email_key",)),
    Held(table=mail, account=mail.c.account_id, deletes=True),
    # What was to be sent to an address of which it was not known whose it is.
    Held(
        table=mail,
        account=account.c.id,
        via=mail.c.email_key == _SAME_ADDRESS,
        where=mail.c.account_id.is_(None),
        deletes=True,
    ),
    Held(table=email_change, account=email_change.c.account_id, deletes=True, hidden=("email_key",)),
    Held(table=reserved_name, account=reserved_name.c.account_id, deletes=True),
    Held(
        table=invitation,
        account=account.c.id,
        via=invitation.c.email_key == _SAME_ADDRESS,
        deletes=True,
        hidden=("token_hash", "email_key", "invited_by"),
    ),
    Held(table=api_key, account=api_key.c.account_id, deletes=True),
    Held(table=member, account=member.c.account_id, deletes=True),
    Held(table=organization, account=organization.c.id, cleared={"name": GONE}),
    Held(table=export_part, account=export.c.account_id, via=export.c.id == export_part.c.export_id, deletes=True),
    Held(table=export, account=export.c.account_id, deletes=True),
    Held(table=notice, account=notice.c.account_id, deletes=True),
    Held(table=consent, account=consent.c.account_id, deletes=True),
    Held(table=restriction, account=restriction.c.account_id, deletes=True),
    Held(table=disclosure, account=disclosure.c.account_id, deletes=True),
    Held(table=case_, account=case_.c.account_id, cleared={"about": "", "says": ""}, hidden=("decided_by",)),
    # A complaint without logging in, by whoever gave this address to be reached at.
    Held(
        table=case_,
        account=account.c.id,
        via=account.c.email == case_.c.contact,
        where=case_.c.account_id.is_(None),
        cleared={"about": "", "says": ""},
        hidden=("decided_by",),
    ),
    Held(table=erasure, account=erasure.c.account_id, hidden=("open_account",)),
    Held(table=breach_person, account=breach_person.c.account_id),
    *(Held(table=each, account=each.c.account_id, deletes=True) for each in (totp, recovery_code)),
    *(Held(table=each, account=each.c.account_id, deletes=True) for each in (passkey, passkey_user)),
    *of_activity(activity),
    # The spellings by which names and addresses are compared are those names and addresses once more.
    Held(table=account, account=account.c.id, cleared=_TOMBSTONE, hidden=("username_key", "email_key")),
)
"""In an order in which rows can go: what refers to others goes before them."""

LAPSES: Final = (
    Lapse(
        keep=Retention.SIGN_INS,
        table=refresh_token,
        when=lambda before, _: exists(
            select(literal(1)).where(session.c.id == refresh_token.c.session_id, session.c.expires_at < before)
        ).correlate(refresh_token),
        account=session.c.account_id,
        via=session.c.id == refresh_token.c.session_id,
    ),
    Lapse(
        keep=Retention.SIGN_INS,
        table=session,
        when=lambda before, _: session.c.expires_at < before,
        account=session.c.account_id,
    ),
    Lapse(
        keep=Retention.MAIL,
        table=mail,
        when=lambda before, _: mail.c.next_attempt_at.is_(None) & (mail.c.created_at < before),
        account=mail.c.account_id,
    ),
    Lapse(keep=Retention.MAIL, table=mail_token, when=lambda before, _: mail_token.c.expires_at < before),
    Lapse(
        keep=Retention.SIGN_INS,
        table=invitation,
        when=lambda before, _: invitation.c.expires_at < before,
    ),
    Lapse(
        keep=Retention.RIGHTS,
        table=case_,
        when=lambda before, _: (
            (case_.c.state != CaseState.OPEN)
            & (case_.c.decided_at < before)
            & or_(case_.c.says != "", case_.c.contact.is_not(None))
        ),
        account=case_.c.account_id,
        deletes=False,
        cleared={"about": "", "says": "", "contact": None, "answer": None, "statement": None},
    ),
    Lapse(
        keep=Retention.RIGHTS,
        table=disclosure,
        when=lambda before, _: disclosure.c.at < before,
        account=disclosure.c.account_id,
    ),
    *lapses_of(activity),
)

_OTHER = member.alias("other")
_OTHER_OWNER = member.alias("other_owner")
_ME = bindparam("account_id", type_=Whole())
_HAS_OTHERS = exists(
    select(literal(1)).where(_OTHER.c.organization_id == organization.c.id, _OTHER.c.account_id != _ME)
).correlate(organization)
_RUNS_IT = exists(
    select(literal(1)).where(
        member.c.organization_id == organization.c.id, member.c.account_id == _ME, member.c.role == MemberRole.OWNER
    )
).correlate(organization)
# An owner whose account is closed runs nothing.
_HAS_ANOTHER_OWNER = exists(
    select(literal(1))
    .select_from(_OTHER_OWNER.join(account, account.c.id == _OTHER_OWNER.c.account_id))
    .where(
        _OTHER_OWNER.c.organization_id == organization.c.id,
        _OTHER_OWNER.c.account_id != _ME,
        _OTHER_OWNER.c.role == MemberRole.OWNER,
        account.c.disabled == bindparam("closed"),
    )
).correlate(organization)
_NEEDED = statement(
    select(organization.c.id)
    .where(_HAS_OTHERS, or_(organization.c.id == _ME, and_(_RUNS_IT, not_(_HAS_ANOTHER_OWNER))))
    .order_by(organization.c.id)
)
_ADDRESSES = statement(
    select(account.c.email, email_change.c.email.label("becomes"))
    .select_from(account)
    .outerjoin(email_change, email_change.c.account_id == account.c.id)
    .where(account.c.id == bindparam("account_id", type_=Whole()))
)
_MAILED = statement(
    select(mail.c.kind, mail.c.sent_at)
    .where(mail.c.account_id == bindparam("account_id", type_=Whole()), mail.c.sent_at.is_not(None))
    .order_by(mail.c.sent_at.desc())
)


async def addresses(tx: Tx, *, account_id: int) -> list[str]:
    """Return the address of an account, and the one it is about to have."""
    found = await tx.all(_ADDRESSES(account_id=account_id))
    return [each for row in found for each in (row.email, row.becomes) if each is not None and "@" in each]


async def needed_by(tx: Tx, *, account_id: int) -> list[int]:
    """Return the organizations with other members that an account founded, or of which it is the only owner."""
    return [row.id for row in await tx.all(_NEEDED(account_id=account_id, closed=False))]


async def mailed(tx: Tx, *, account_id: int) -> list[Row]:
    """Return the messages an account was sent, newest first."""
    return await tx.all(_MAILED(account_id=account_id))
