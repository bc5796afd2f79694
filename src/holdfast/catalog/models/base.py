"""What every table of the catalog is made with, its outbox and its activity."""

from typing import Final

from sqlalchemy import CheckConstraint, ColumnElement, func
from sqlalchemy import column as sa_column

from holdfast.catalog.rules import limits as rules
from holdfast.kit.activity.log import Activity
from holdfast.kit.db.tables import module_tables
from holdfast.kit.db.types import Text
from holdfast.kit.outbox import Outbox
from holdfast.kit.privacy import Erase, Kind, Purpose, Retention, numbered, personal

tables: Final = module_tables("catalog")
outbox: Final = Outbox("catalog", tables)
activity: Final = Activity("catalog", tables)

OWNED: Final = numbered(Purpose.LISTING, Purpose.BOOKS)
"""The mark of the account that offers something."""
PUBLISHED: Final = personal(Kind.LISTING, Purpose.LISTING, keep=Retention.LISTING, erase=Erase.CLEARED)
"""The mark of what an owner says, which may tell where they live or how they are reached."""
PLACED: Final = personal(Kind.LISTING, Purpose.LISTING, keep=Retention.BOOKS, erase=Erase.KEPT)
"""The mark of what is said so widely that it tells of nobody once the rest is gone."""


def between(column: str, least: int | str, most: int | str) -> CheckConstraint:
    """Return a CHECK that a column lies between two numbers or columns, both in."""
    return CheckConstraint(f"{column} BETWEEN {least} AND {most}", name=f"{column}_range")


def price(column: str) -> CheckConstraint:
    """Return a CHECK that a column is an amount an owner may ask."""
    return between(column, 0, rules.PRICE_MAX_MINOR)


def length(column: str, least: int, most: int) -> CheckConstraint:
    """Return a CHECK of the characters of a text."""
    characters: ColumnElement[int] = func.char_length(sa_column(column, Text(most)))
    return CheckConstraint(characters.between(least, most), name=f"{column}_length")
