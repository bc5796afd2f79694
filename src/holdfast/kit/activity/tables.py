"""The tables of a module's activity, and how a migration makes them."""

from typing import Any, Final

from sqlalchemy import CheckConstraint, Column, Index, MetaData, Table

from holdfast.kit.activity.acts import (
    ADDRESS_MAX,
    COMMITMENT_LENGTH,
    DEVICE_MAX,
    ID_MAX,
    KIND_MAX,
    OBJECT_ID_MAX,
    OBJECT_KIND_MAX,
    REQUEST_ID_MAX,
)
from holdfast.kit.db import guards
from holdfast.kit.db.tables import STRICT, module_tables
from holdfast.kit.db.types import Json, Moment, Text, Whole
from holdfast.kit.privacy import Erase, Kind, Purpose, Retention, numbered, personal

HASH_LENGTH: Final = 64
_SALT_LENGTH: Final = 32
_NUMBER: Final = numbered(Purpose.SECURITY)
_DONE: Final = personal(Kind.ACTIVITY, Purpose.SECURITY, keep=Retention.BOOKS, erase=Erase.KEPT)


def activity_table(module: str, tables: MetaData) -> Table:
    """Return the table of what was done, which grows and never changes."""
    name = f"{module}_activity"
    return Table(
        name,
        tables,
        Column("id", Whole(), primary_key=True, autoincrement=True),
        Column("at", Moment(), nullable=False, info=_DONE),
        Column("kind", Text(KIND_MAX), nullable=False),
        Column("account_id", Whole(), info=_NUMBER),
        Column("owner_id", Whole(), info=_NUMBER),
        Column("session_id", Text(ID_MAX), info=_DONE),
        Column("key_id", Text(ID_MAX)),
        Column("object_kind", Text(OBJECT_KIND_MAX)),
        Column("object_id", Text(OBJECT_ID_MAX)),
        Column("subject_id", Whole(), info=_NUMBER),
        Column("details", Json(), nullable=False),
        # No foreign key: what it names is erased one day, and this row stays.
        Column("origin", Text(COMMITMENT_LENGTH)),
        CheckConstraint("(object_kind IS NULL) = (object_id IS NULL)", name="object_whole"),
        Index(f"{name}_account_id_id_ix", "account_id", "id"),
        Index(f"{name}_subject_id_id_ix", "subject_id", "id"),
        Index(f"{name}_object_ix", "object_kind", "object_id", "id"),
        # A number is never given again, or a row that was cut off at the end could be replaced unseen.
        sqlite_autoincrement=True,
        **STRICT,
    )


def origin_table(module: str, tables: MetaData) -> Table:
    """Return the table of from where it was done: personal, so its rows are erased in time."""
    name = f"{module}_activity_origin"
    return Table(
        name,
        tables,
        Column("commitment", Text(COMMITMENT_LENGTH), primary_key=True),
        Column("at", Moment(), nullable=False),
        Column("account_id", Whole(), info=numbered(Purpose.SECURITY, keep=Retention.SIGN_INS, erase=Erase.DELETED)),
        Column("salt", Text(_SALT_LENGTH), nullable=False),
        Column("address", Text(ADDRESS_MAX), info=personal(Kind.ADDRESS, Purpose.SECURITY, keep=Retention.SIGN_INS)),
        Column("device", Text(DEVICE_MAX), info=personal(Kind.DEVICE, Purpose.SECURITY, keep=Retention.SIGN_INS)),
        # A client may choose it, and so put anything into it.
        Column(
            "request_id", Text(REQUEST_ID_MAX), info=personal(Kind.DEVICE, Purpose.SECURITY, keep=Retention.SIGN_INS)
        ),
        Index(f"{name}_account_id_ix", "account_id"),
        Index(f"{name}_at_ix", "at"),
        **STRICT,
    )


def seal_table(module: str, tables: MetaData) -> Table:
    """Return the table of the chain: each row of activity once, with a hash over it and all before it."""
    return Table(
        f"{module}_activity_seal",
        tables,
        Column("number", Whole(), primary_key=True, autoincrement=False),
        Column("activity_id", Whole(), nullable=False, unique=True),
        Column("hash", Text(HASH_LENGTH), nullable=False),
        CheckConstraint("number >= 1", name="number_counted"),
        **STRICT,
    )


def create_activity(op: Any, module: str) -> None:
    """Make a module's tables of activity with their guards, in a migration."""
    tables = module_tables(module)
    made = [make(module, tables) for make in (activity_table, origin_table, seal_table)]
    tables.create_all(op.get_bind(), tables=made)
    guards.append_only(op, f"{module}_activity")
    guards.append_only(op, f"{module}_activity_seal")
    guards.never_updated(op, f"{module}_activity_origin")


def drop_activity(op: Any, module: str) -> None:
    """Take a module's tables of activity away, in a migration."""
    for table in ("activity_seal", "activity_origin", "activity"):
        op.drop_table(f"{module}_{table}")
    names = [f"{module}_{table}_no_{verb}" for table in ("activity", "activity_seal") for verb in ("update", "delete")]
    guards.drop_functions(op, *names, f"{module}_activity_origin_no_update")
