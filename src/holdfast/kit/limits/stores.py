"""What keeps the counts of limits."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from holdfast.kit.errors import HoldfastError
from holdfast.kit.limits.rates import Draw, Verdict

RETRY_AFTER_S: Final = 5
KEY_LENGTH: Final = 40


class LimitsUnavailable(HoldfastError):
    """Who keeps count of tries cannot be reached, so nothing that is limited for safety is done. Try again later."""

    code = "limits_unavailable"
    status = 503
    title = "Tries cannot be counted at this moment"


class LimitStore(Protocol):
    """Keeps the numbers of `rates` by key. Draws that pass together are one atomic step, whoever else draws."""

    async def draw(self, draws: Sequence[Draw]) -> Verdict:
        """Decide about draws that pass together or not at all; subjects differ.

        Raises:
            HoldfastError: The store cannot be reached; nothing was counted, or nobody knows.
        """

    async def untils(self, keys: Sequence[str]) -> Mapping[str, int]:
        """Return the numbers of those keys that have one, in microseconds since 1970.

        Raises:
            HoldfastError: The store cannot be reached.
        """

    async def tidy(self) -> None:
        """Forget the subjects that have used nothing lately."""

    async def close(self) -> None:
        """Finish what is under way."""
