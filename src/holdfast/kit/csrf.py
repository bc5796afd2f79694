"""What a page shows to prove that a request with cookies is its own: an HMAC of the session it belongs to.

A page elsewhere can make a browser send our cookies, but can neither read this token nor set a header. Nothing is
stored: the token is as good as the session is, and a former secret's token is good while that secret is (rotation).
"""

import hmac
from typing import Final

from holdfast.kit.errors import HoldfastError
from holdfast.kit.secrets import Keyring

PURPOSE: Final = "accounts/csrf"


class CsrfFailed(HoldfastError):
    """The request came with cookies but without proof that your page sent it: `X-CSRF-Token`, from the right origin."""

    code = "csrf_failed"
    status = 403
    title = "The request may not come from your page"


class CsrfTokens:
    """Makes the tokens of sessions and knows them again."""

    def __init__(self, keyring: Keyring) -> None:
        self._keys = keyring.derive_all(PURPOSE)

    def of(self, session_id: str) -> str:
        """Return the token of a session."""
        return _token(self._keys[0], session_id)

    def fits(self, session_id: str, token: str) -> bool:
        """Return whether a token is that of a session, in the same time whatever it is."""
        sent = token.encode()
        return any([hmac.compare_digest(_token(key, session_id).encode(), sent) for key in self._keys])  # noqa: C419 - every key takes its time


def _token(key: bytes, session_id: str) -> str:
    return hmac.digest(key, session_id.encode(), "sha256").hex()
