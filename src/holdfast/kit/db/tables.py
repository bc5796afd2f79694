"""How modules describe their tables."""

from enum import StrEnum
from typing import Any, Final

from sqlalchemy import CheckConstraint, MetaData

STRICT: Final[dict[str, Any]] = {
    "sqlite_strict": True,
    "sqlite_with_rowid": True,
    "mysql_engine": "InnoDB",
    "mysql_default_charset": "utf8mb4",
    "mariadb_engine": "InnoDB",
    "mariadb_default_charset": "utf8mb4",
}
"""Options every table takes: types enforced on SQLite, transactions and full Unicode on MariaDB/MySQL."""


def module_tables(module: str) -> MetaData:
    """Return the collection of one module's tables; every table's name begins with the module's."""
    return MetaData(
        info={"module": module},
        naming_convention={
            "uq": "%(table_name)s_%(column_0_N_name)s_uq",
            "ix": "%(table_name)s_%(column_0_N_name)s_ix",
            "fk": "%(table_name)s_%(column_0_N_name)s_fk",
            "ck": "%(table_name)s_%(constraint_name)s_ck",
        },
    )


def one_of(column: str, choices: type[StrEnum]) -> CheckConstraint:
    """Return the CHECK that a column holds one of the values of an enumeration."""
    values = ", ".join(f"'{choice.value}'" for choice in choices)
    return CheckConstraint(f"{column} IN ({values})", name=f"{column}_known")
