"""Statements as CSV (RFC 4180), for spreadsheets and for the programs of bookkeepers."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Final

from holdfast.engine.money import format_amount
from holdfast.payments.api import Statement, Transfer

COLUMNS: Final = (
    "seq", "at", "kind", "debit", "credit", "amount", "amount_minor", "currency", "payment_id", "booking", "cause",
)  # fmt: skip
"""The first line. New columns are added at the end."""

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a cell must not begin with: spreadsheets would run it."""


def csv_of(statement: Statement) -> str:
    """Return the transfers of a statement as CSV, oldest first, with a line of column names."""
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(map(_cells, statement.transfers))
    return written.getvalue()


def _cells(transfer: Transfer) -> Iterator[str]:
    return guarded(
        (
            str(transfer.seq),
            transfer.at.isoformat().replace("+00:00", "Z"),
            transfer.kind,
            transfer.debit,
            transfer.credit,
            format_amount(transfer.amount_minor, transfer.currency),
            str(transfer.amount_minor),
            transfer.currency,
            transfer.payment_id or "",
            transfer.reference or "",
            transfer.key,
        )
    )


def guarded(cells: Iterable[str]) -> Iterator[str]:
    """Yield cells so that no spreadsheet runs one (OWASP ASVS 5, 1.2.10)."""
    for cell in cells:
        yield f"'{cell}" if cell.startswith(_FORMULA) else cell
