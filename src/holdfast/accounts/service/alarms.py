"""Security events: what is noted and, in the same transaction, written to whom it concerns."""

from collections.abc import Mapping
from typing import Final

from holdfast.accounts.credentials_api import Facts, MailKind
from holdfast.accounts.models.activity import activity
from holdfast.accounts.service import mailing
from holdfast.kit.activity.acts import Act
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Tx

LETTERS: Final[Mapping[str, MailKind]] = {
    "session.opened_on_new_device": MailKind.NEW_LOGIN,
    "session.refresh_reused": MailKind.SECURITY_EVENT,
    "password.changed": MailKind.PASSWORD_CHANGED,
    "email.changed": MailKind.EMAIL_CHANGED,
    "username.changed": MailKind.USERNAME_CHANGED,
    "second_factor.turned_on": MailKind.FACTORS_CHANGED,
    "second_factor.turned_off": MailKind.FACTORS_CHANGED,
    "recovery_codes.renewed": MailKind.FACTORS_CHANGED,
    "recovery_code.used": MailKind.SECURITY_EVENT,
    "passkey.added": MailKind.FACTORS_CHANGED,
    "passkey.removed": MailKind.FACTORS_CHANGED,
    "passkey.refused": MailKind.SECURITY_EVENT,
    "factors.reset": MailKind.FACTORS_CHANGED,
    "key.created": MailKind.SECURITY_EVENT,
    "key.rotated": MailKind.SECURITY_EVENT,
    "erasure.asked": MailKind.SECURITY_EVENT,
    "erasure.waits": MailKind.PRIVACY_NOTICE,
}
"""Which letter an act brings. Whoever notes one of these writes its letter too, here or with words of its own."""

_WHAT: Final[Mapping[str, str]] = {
    "session.refresh_reused": (
        "A refresh token of one of your sessions was used twice. Somebody may have copied it, so the session was ended."
    ),
    "key.created": "An API key was made that can act in your name.",
    "key.rotated": "An API key of yours was replaced by a new one.",
}


async def alarm(tx: Tx, clock: Clock, act: Act, *, facts: Facts | None = None) -> None:
    """Note a security event, and write to the account it concerns.

    Args:
        tx: The transaction of what happened.
        clock: For the letter's id.
        act: One of `LETTERS`, with its subject.
        facts: What the letter says, where that is more than a sentence we have.

    Raises:
        KeyError: There is no letter, or no sentence, for this kind.
    """
    said = facts or {"what": _WHAT[act.kind]}
    await activity.note(tx, act)
    await mailing.queue(tx, clock=clock, kind=LETTERS[act.kind], account_id=act.subject_id, facts=said)
