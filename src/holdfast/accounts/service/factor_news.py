"""Who is told when the factors of an account change: its owner by mail, and the activity log."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

import structlog

from holdfast.accounts.credentials_api import MailKind
from holdfast.accounts.models.activity import activity
from holdfast.accounts.service import mailing
from holdfast.kit.activity.acts import Act
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Tx

log = structlog.get_logger()


class FactorNews(StrEnum):
    """What happened to the factors of an account, as the activity log says it."""

    TOTP_ON = "second_factor.turned_on"
    TOTP_OFF = "second_factor.turned_off"
    RECOVERY_CODES_RENEWED = "recovery_codes.renewed"
    RECOVERY_CODE_USED = "recovery_code.used"
    PASSKEY_ADDED = "passkey.added"
    PASSKEY_REMOVED = "passkey.removed"
    PASSKEY_REFUSED = "passkey.refused"
    """Its counter ran backward: there may be a copy of it."""
    RESET = "factors.reset"
    REAUTHENTICATED = "session.reauthenticated"


_CHANGED: Final[Mapping[FactorNews, str]] = {
    FactorNews.TOTP_ON: "an authenticator app was turned on",
    FactorNews.TOTP_OFF: "the authenticator app was turned off",
    FactorNews.RECOVERY_CODES_RENEWED: "there are new recovery codes, and the old ones are no good any more",
    FactorNews.PASSKEY_ADDED: "a passkey was added",
    FactorNews.PASSKEY_REMOVED: "a passkey was removed",
    FactorNews.RESET: "the operator took away the authenticator app and all passkeys, and ended every session",
}
_HAPPENED: Final[Mapping[FactorNews, str]] = {
    FactorNews.RECOVERY_CODE_USED: "One of your recovery codes was used in place of a code of your app.",
    FactorNews.PASSKEY_REFUSED: (
        "One of your passkeys was refused, because its counter did not move on. There may be a copy of it: remove it."
    ),
}


class FactorTeller:
    """Writes the news in the caller's transaction: none without the change, no change without it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def tell(self, tx: Tx, news: FactorNews, *, account_id: int, passkey_id: str | None = None) -> None:
        """Note what happened, and write to the owner where they should know."""
        object_kind, object_id = ("account", account_id) if passkey_id is None else ("passkey", passkey_id)
        act = Act(kind=news.value, object_kind=object_kind, object_id=object_id, subject_id=account_id)
        await activity.note(tx, act)
        if what := _CHANGED.get(news):
            await self._queue(tx, MailKind.FACTORS_CHANGED, account_id, what)
        elif what := _HAPPENED.get(news):
            await self._queue(tx, MailKind.SECURITY_EVENT, account_id, what)
        log.info("account.factors", news=news.value, account_id=account_id, passkey_id=passkey_id)

    async def _queue(self, tx: Tx, kind: MailKind, account_id: int, what: str) -> None:
        await mailing.queue(tx, clock=self._clock, kind=kind, account_id=account_id, facts={"what": what})
