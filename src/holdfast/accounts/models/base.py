"""What the rows of accounts have in common."""

from typing import Final

from sqlalchemy import CheckConstraint, ColumnElement, func
from sqlalchemy import column as sa_column

from holdfast.kit.db.tables import module_tables
from holdfast.kit.db.types import Text

tables: Final = module_tables("accounts")


def length(column: str, least: int, most: int) -> CheckConstraint:
    """Return the CHECK that a text has between `least` and `most` characters."""
    characters: ColumnElement[int] = func.char_length(sa_column(column, Text(most)))
    return CheckConstraint(characters.between(least, most), name=f"{column}_length")
