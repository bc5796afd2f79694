"""Whose the rows of accounts are, and what is left of an account: a number that is never given again."""

from typing import Any, Final

from sqlalchemy import or_

from holdfast.accounts.models.accounts import account
from holdfast.accounts.models.activity import activity
from holdfast.accounts.models.factors import passkey, passkey_user, recovery_code, totp
from holdfast.accounts.models.privacy import (
    breach_person,
    case_,
    consent,
    disclosure,
    erasure,
    export,
    export_part,
    restriction,
)
from holdfast.accounts.privacy_api import CaseState
from holdfast.kit.privacy import Retention
from holdfast.kit.privacy_rows import Held, Lapse, lapses_of, of_activity


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

HELD: Final = (
    Held(table=export_part, account=export.c.account_id, via=export.c.id == export_part.c.export_id, deletes=True),
    Held(table=export, account=export.c.account_id, deletes=True),
    Held(table=consent, account=consent.c.account_id, deletes=True),
    Held(table=restriction, account=restriction.c.account_id, deletes=True),
    Held(table=disclosure, account=disclosure.c.account_id, deletes=True),
    Held(table=case_, account=case_.c.account_id, cleared={"about": "", "says": ""}, hidden=("decided_by",)),
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
