"""Where limits are counted: rows that say nothing of whom they are about."""

from typing import Final

from holdfast.accounts.models.base import tables
from holdfast.kit.limits.database import limit_table

limit: Final = limit_table("accounts", tables)
