"""What every table of search is made with, and how far its subscriptions have come."""

from typing import Final

from holdfast.kit.db.tables import module_tables
from holdfast.kit.outbox import cursor_table
from holdfast.kit.privacy import Erase, Kind, Purpose, Retention, personal

tables: Final = module_tables("search")
cursors: Final = cursor_table("search", tables)
COPIED: Final = personal(Kind.LISTING, Purpose.LISTING, keep=Retention.LISTING, erase=Erase.CLEARED)
"""The mark of what an owner says: it is read again when the catalog clears it."""
