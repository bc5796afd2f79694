"""What tells of a person in the rows of accounts, where that is not said with the column itself."""

from typing import Final

from holdfast.accounts.models.accounts import account
from holdfast.kit.privacy import Decision, Erase, Kind, Purpose, Recipient, Retention, mark, numbered, personal

_NAME: Final = personal(Kind.NAME, Purpose.ACCOUNT, erase=Erase.CLEARED)
_ADDRESS: Final = personal(
    Kind.CONTACT, Purpose.ACCOUNT, Purpose.MESSAGES, erase=Erase.CLEARED, recipients=(Recipient.MAIL,)
)
_PASSWORD: Final = personal(Kind.SECRET, Purpose.SECURITY, erase=Erase.CLEARED, automated=(Decision.SIGN_IN,))
_OPENED: Final = personal(Kind.ACTIVITY, Purpose.ACCOUNT, keep=Retention.BOOKS, erase=Erase.KEPT)

mark(
    account,
    id=numbered(Purpose.ACCOUNT, Purpose.BOOKS),
    username=_NAME,
    username_key=_NAME,
    email=_ADDRESS,
    email_key=_ADDRESS,
    password_hash=_PASSWORD,
    created_at=_OPENED,
)
