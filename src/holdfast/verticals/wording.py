"""Counts and shares as a person reads them."""


def counted(count: int, what: str) -> str:
    """Return a count: `1 night`, `2 nights`."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def percent(basis_points: int) -> str:
    """Return basis points as a percentage: `14.95%`."""
    whole, hundredths = divmod(abs(basis_points), 100)
    written = f"{whole}.{hundredths:02d}".rstrip("0") if hundredths else str(whole)
    return f"{'-' if basis_points < 0 else ''}{written}%"
