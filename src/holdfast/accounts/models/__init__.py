"""The rows of accounts, by subject; importing this makes all of them known."""

from holdfast.accounts.models import accounts
from holdfast.accounts.models.base import tables

__all__ = ["accounts", "tables"]
