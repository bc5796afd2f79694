"""Whether a password is among those that leaked somewhere, asked without telling it (k-anonymity).

Of the password's SHA-1 only the first five hexadecimal digits leave this machine; the answer lists every leaked hash
that begins with them, padded, so that neither its length nor the question tells which one was meant. The API is that
of Have I Been Pwned; any server that answers alike will do.
"""

from hashlib import sha1
from typing import Any, Final, Protocol

import structlog
from typing_extensions import override

log = structlog.get_logger()

_PREFIX: Final = 5
_ANSWER_MAX: Final = 1_000_000
_TIMEOUT_S: Final = 3.0


class Breached(Protocol):
    """Knows passwords that leaked."""

    async def has(self, password: str) -> bool:
        """Return whether a password leaked; False where nobody can say."""

    async def close(self) -> None:
        """Hang up."""


class NotAsked(Breached):
    """Knows nothing: the check is off."""

    @override
    async def has(self, password: str) -> bool:
        del password
        return False

    @override
    async def close(self) -> None:
        """Nothing is open."""


class RangeApi(Breached):
    """Asks a server over HTTPS. Where it does not answer in time, the password passes and that is logged."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client: Any = None

    @override
    async def has(self, password: str) -> bool:
        import httpx  # noqa: PLC0415 - only who turns this on needs it

        if self._client is None:
            self._client = httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=False)
        digest = sha1(password.encode(), usedforsecurity=False).hexdigest().upper()
        try:
            listed = await self._listed(digest[:_PREFIX])
        except (httpx.HTTPError, ValueError) as error:
            log.warning("breached.not_asked", error=type(error).__name__)
            return False
        return digest[_PREFIX:] in listed

    @override
    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()

    async def _listed(self, prefix: str) -> set[str]:
        """Return the rests of leaked hashes that begin so; padding has a count of 0.

        Raises:
            ValueError: The answer is no list.
        """
        url = f"{self._url}/range/{prefix}"
        async with self._client.stream("GET", url, headers={"Add-Padding": "true"}) as answer:
            answer.raise_for_status()
            content = b""
            async for part in answer.aiter_bytes():
                content += part
                if len(content) > _ANSWER_MAX:
                    raise ValueError("the answer is too long")
        pairs = [line.partition(":") for line in content.decode("ascii").splitlines() if line]
        return {rest.upper() for rest, _, count in pairs if int(count) > 0}


def breached_of(url: str) -> Breached:
    """Return what knows leaked passwords; nobody is asked if there is no URL."""
    return RangeApi(url) if url else NotAsked()
