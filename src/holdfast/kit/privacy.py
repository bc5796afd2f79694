"""What is personal, why it is kept, and the door through which every module gives it out or lets it go.

A column that tells of a person says so where it is declared:

    Column("email", Text(254), info=personal(Kind.CONTACT, Purpose.ACCOUNT, Purpose.MESSAGES, erase=Erase.CLEARED))

The data map, the privacy policy, the notices, the export, erasure and retention are all made from these marks, so none
of them can forget a column: tests/architecture/test_data_map.py refuses a text without a mark. The words of this file
are read by people who ask what becomes of their data; a changed one is a new version of the policy.
"""

from collections.abc import AsyncIterator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from sqlalchemy import MetaData, Table

from holdfast.kit.privacy_words import (
    DECISIONS,
    KINDS,
    PURPOSES,
    RECIPIENTS,
    RETENTIONS,
    SENSITIVE,
    Deciding,
    Decision,
    Erase,
    Kind,
    Purpose,
    Receiving,
    Recipient,
    Retention,
)

__all__ = [  # what is written beside; what is written here is exported anyway
    "DECISIONS",
    "KINDS",
    "PURPOSES",
    "RECIPIENTS",
    "RETENTIONS",
    "SENSITIVE",
    "Deciding",
    "Decision",
    "Erase",
    "Kind",
    "Purpose",
    "Receiving",
    "Recipient",
    "Retention",
]

INFO: Final = "personal"
"""Under this name a column's `info` holds its mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal:
    """The mark of a column."""

    kind: Kind
    purposes: tuple[Purpose, ...]
    keep: Retention
    erase: Erase
    recipients: tuple[Recipient, ...] = ()
    automated: tuple[Decision, ...] = ()


def personal(
    kind: Kind,
    *purposes: Purpose,
    keep: Retention = Retention.ACCOUNT,
    erase: Erase = Erase.DELETED,
    recipients: tuple[Recipient, ...] = (),
    automated: tuple[Decision, ...] = (),
) -> dict[Any, Any]:
    """Return the `info` of a column that tells of a person.

    Raises:
        ValueError: It has no purpose, and so may not be kept at all.
    """
    if not purposes:
        raise ValueError("what has no purpose is not kept")
    mark = Personal(kind=kind, purposes=purposes, keep=keep, erase=erase, recipients=recipients, automated=automated)
    return {INFO: mark}


def numbered(*purposes: Purpose, keep: Retention = Retention.BOOKS, erase: Erase = Erase.KEPT) -> dict[Any, Any]:
    """Return the `info` of a column that holds the number of an account."""
    return personal(Kind.NUMBER, *purposes, keep=keep, erase=erase)


def mark(table: Table, **marks: dict[Any, Any]) -> None:
    """Mark columns of a table that is declared elsewhere, by their names."""
    for column, info in marks.items():
        table.c[column].info.update(info)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapEntry:
    """One line of the data map: a column that tells of a person."""

    module: str
    table: str
    column: str
    mark: Personal


def entries(tables: MetaData) -> Iterator[MapEntry]:
    """Yield what a module's tables tell of persons, in order of their names."""
    for name, table in sorted(tables.tables.items()):
        for column in table.columns:
            mark = column.info.get(INFO)
            if mark is not None:
                yield MapEntry(module=str(tables.info["module"]), table=str(name), column=str(column.name), mark=mark)


# ------------------------------------------------------------------------------------------------- the door of a module


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """What one table holds of somebody, as they are given it."""

    table: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """What an erasure has to wait for."""

    what: str
    """`booking` or `organization`."""
    reference: str
    title: str
    until: datetime | None = None
    """When it is over, where that is known; UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """That something about somebody was given to somebody else."""

    recipient: str
    kinds: tuple[Kind, ...]
    purpose: Purpose
    about: str
    """What it was about: a payment, a booking, a message."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Lapsed:
    """What a retention rule found, and did unless it was only asked."""

    table: str
    keep: Retention
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """Of what kinds something is kept about an account."""

    account_id: int
    kinds: frozenset[Kind]


class PersonalData(Protocol):
    """What every module that keeps something of persons answers: `Built.personal`."""

    recipients: tuple[Recipient, ...]
    """To whom it really gives something, the way it is set up here."""

    def map(self) -> Sequence[MapEntry]:
        """Return what it keeps of persons."""

    def tables(self) -> Sequence[str]:
        """Return the tables that an erasure changes."""

    async def export(self, *, account_id: int) -> Sequence[Extract]:
        """Return everything that is kept of an account, each table once; what proves who they are is left out."""

    async def obstacles(self, *, account_id: int) -> Sequence[Obstacle]:
        """Return what an erasure would have to wait for."""

    async def erase(self, *, account_id: int) -> int:
        """Let go of everything that tells who an account was; return how many rows changed. Repeat it as you like."""

    async def disclosures(self, *, account_id: int) -> Sequence[Disclosure]:
        """Return to whom something about an account was given, newest first."""

    async def lapse(
        self, *, periods: Mapping[Retention, int], spare: Collection[int], dry_run: bool
    ) -> Sequence[Lapsed]:
        """Let go of what has been kept long enough.

        Args:
            periods: How many seconds each retention lasts after what it is counted from.
            spare: Accounts of which nothing is let go, because they asked for it to be kept.
            dry_run: Only count.
        """

    def concerned(self, *, kinds: Collection[Kind]) -> AsyncIterator[Concerned]:
        """Walk over the accounts of which something of these kinds is kept, in order of their numbers."""
