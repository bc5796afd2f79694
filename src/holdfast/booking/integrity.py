"""What the recount of booking says. Import it from `booking.api`."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """One thing `verify` found wrong."""

    rule: str
    subject: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IntegrityReport:
    """The result of one recount."""

    started_at: datetime
    duration_ms: int
    cells: int
    holds: int
    bookings: int
    ledger_entries: int
    breaches: tuple[Breach, ...]
