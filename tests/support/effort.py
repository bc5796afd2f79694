"""How hard a test tries: a quick run with every change, a campaign (`make campaign`) when there is time."""

import os


def campaign() -> bool:
    """Whether this run is a campaign."""
    return os.environ.get("HOLDFAST_CAMPAIGN", "") not in {"", "0"}


def rounds(quick: int, *, thorough: int) -> int:
    """Return how often to repeat something."""
    return thorough if campaign() else quick
