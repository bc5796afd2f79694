"""From where the request comes that is being answered, and whom it speaks for."""

from contextvars import ContextVar
from typing import Final

import msgspec


class Origin(msgspec.Struct, frozen=True, kw_only=True):  # one is made for each request: a sixth of a dataclass's time
    """One request's origin. The edge sets where it comes from, the check of its token whom it speaks for."""

    address: str | None = None
    """Of the client, behind the proxies that are trusted."""
    place: str | None = None
    """What limits count it by: its address, of IPv6 its network of 64 bits."""
    device: str | None = None
    """What the client says it is (`User-Agent`), cut to a bounded length."""
    request_id: str | None = None
    account_id: int | None = None
    owner_id: int | None = None
    """The organization it acts for."""
    session_id: str | None = None
    key_id: str | None = None


current_origin: Final[ContextVar[Origin | None]] = ContextVar("current_origin", default=None)
"""None outside of a request: the product itself acts."""
