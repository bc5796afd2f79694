"""What every table of search is made with, and how far its subscriptions have come."""

from typing import Final

from holdfast.kit.db.tables import module_tables
from holdfast.kit.outbox import cursor_table

tables: Final = module_tables("search")
cursors: Final = cursor_table("search", tables)
