"""Guessing passwords: how often log-ins may fail, for whom and from where.

A stranger must neither guess for long nor be able to shut the owner out. So failures are counted in four widths, all
or none of them: this account from this place, this account from places it was never used from, this place, everybody.
A place from which somebody has logged in to the account before has a budget of its own (the first width) and is not
held up by what strangers do elsewhere. An address that has no account counts like one that has.

An attempt is counted before the password is looked at and given back if it was right: whoever counted afterwards would
let through as many guesses as come at once.
"""

from dataclasses import dataclass
from typing import Final

from holdfast.kit.limits.limits import Limit, Limits, Memory, Taken

KNOWN_FOR_S: Final = 90 * 86_400
"""How long a place is known after a log-in from it."""

_KNOWN: Final = "known_place"
_EVERYBODY: Final = "everybody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A log-in that was let through to the check of the password."""

    pair: str
    taken: Taken


class LoginGuard:
    """Lets log-ins through, or tells them to wait."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    async def admit(self, *, email_key: str, place: str) -> Attempt:
        """Count an attempt.

        Args:
            email_key: The canonical form of the mail address that was sent, whether or not it has an account.
            place: Where the request comes from, as limits count places.

        Raises:
            TooManyRequests: There were too many failures; the password was not looked at.
            LimitsUnavailable: Nobody can count at this moment (or `DatabaseUnavailable`).
        """
        pair = f"{email_key}\0{place}"
        wanted = [(Limit.LOGIN_PAIR, pair)]
        if not await self._limits.remembers(_KNOWN, pair):
            wanted += [
                (Limit.LOGIN_ACCOUNT, email_key),
                (Limit.LOGIN_ADDRESS, place),
                (Limit.LOGIN_GLOBAL, _EVERYBODY),
            ]
        return Attempt(pair=pair, taken=await self._limits.take_all(*wanted))

    async def succeeded(self, attempt: Attempt) -> None:
        """Give back what an attempt took, and know its place from now on."""
        memory = Memory(what=_KNOWN, subject=attempt.pair, seconds=KNOWN_FOR_S)
        await self._limits.give_back(attempt.taken, memory=memory)

    async def half_way(self, attempt: Attempt) -> None:
        """Give back what an attempt took whose password was right and whose code is still to come.

        Its place is not known by that. Codes have a limit of their own.
        """
        await self._limits.give_back(attempt.taken)
