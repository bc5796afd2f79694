"""The rows of accounts, by subject; importing this makes all of them known."""

from holdfast.accounts.models import (
    accounts,
    activity,
    credentials,
    factors,
    keys,
    limits,
    marks,
    organizations,
    privacy,
    sessions,
)
from holdfast.accounts.models.base import tables

__all__ = [
    "accounts",
    "activity",
    "credentials",
    "factors",
    "keys",
    "limits",
    "marks",
    "organizations",
    "privacy",
    "sessions",
    "tables",
]
