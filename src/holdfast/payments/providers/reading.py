"""What every reader of a provider's answers and messages shares."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from holdfast.payments.providers.protocol import MessageForged, ProviderUnavailable

TOLERANCE: Final = timedelta(seconds=300)
"""How far from now a message may have been sent, before or after."""


@contextmanager
def readable() -> Iterator[None]:
    """Take an answer that is not of the documented form for no answer at all.

    Raises:
        ProviderUnavailable: It is not; what it wanted to say is not known.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ProviderUnavailable("The provider's answer could not be read.") from error


@contextmanager
def well_formed() -> Iterator[None]:
    """Take a message that is not of the documented form for a forged one.

    Raises:
        MessageForged: It is not.
    """
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise MessageForged("The message could not be read.") from error


def check_fresh(at: datetime, now: datetime) -> None:
    """Refuse a message that was sent too long ago, or in the future.

    Raises:
        MessageForged: It was.
    """
    if abs(now - at) > TOLERANCE:
        raise MessageForged("The message is not of this moment.")
