"""The rows of search, by subject; importing this makes all of them known."""

from holdfast.search.models import dining, flights, stays
from holdfast.search.models.base import cursors, tables

__all__ = ["cursors", "dining", "flights", "stays", "tables"]
