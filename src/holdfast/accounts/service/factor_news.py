"""Who is told when the factors of an account change: its owner by mail, and the activity log."""

from enum import StrEnum

import structlog

from holdfast.accounts.models.activity import activity
from holdfast.kit.activity.acts import Act
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


async def tell(tx: Tx, news: FactorNews, *, account_id: int, passkey_id: str | None = None) -> None:
    """Write the news in the caller's transaction: none without the change, no change without it."""
    object_kind, object_id = ("account", account_id) if passkey_id is None else ("passkey", passkey_id)
    act = Act(kind=news.value, object_kind=object_kind, object_id=object_id, subject_id=account_id)
    await activity.note(tx, act)
    log.info("account.factors", news=news.value, account_id=account_id, passkey_id=passkey_id)
