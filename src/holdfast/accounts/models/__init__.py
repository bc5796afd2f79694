"""The rows of accounts, by subject; importing this makes all of them known."""

from holdfast.accounts.models import accounts, activity, factors, limits, marks, privacy
from holdfast.accounts.models.base import tables

__all__ = ["accounts", "activity", "factors", "limits", "marks", "privacy", "tables"]
