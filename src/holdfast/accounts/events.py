"""What accounts tells: what became of somebody's data. Numbers only; whoever needs more asks the door."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentWithdrawn:
    """Somebody withdrew a consent: what was kept because of it has to go."""

    account_id: int
    purpose: str
    """`dietary_notes`, `marketing_email` and so on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountCorrected:
    """Something said of an account was corrected: whoever was given it is told the right one (APP 13.2)."""

    account_id: int
    what: str
    """The field: `username`; or the kind of data an operator corrected on request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountErased:
    """Nothing tells any more whose account this was: copies elsewhere have to go."""

    account_id: int
