"""Statements as CSV: read back by a CSV reader, and nothing in them that a spreadsheet would run."""

import csv
from datetime import UTC, datetime
from io import StringIO

import pytest

from holdfast.gateway.statement_csv import COLUMNS, csv_of
from holdfast.payments.api import Statement, Transfer


def transfer(**changes):
    said = {
        "seq": 1,
        "key": "pay_1:capture",
        "leg": 0,
        "kind": "capture",
        "debit": "provider:simulator",
        "credit": "guest:3",
        "amount_minor": 99_000,
        "currency": "USD",
        "payment_id": "pay_1",
        "reference": "7K2M9QXR4T",
        "at": datetime(2027, 5, 1, 9, 30, 0, tzinfo=UTC),
    }
    return Transfer(**(said | changes))


def read(*transfers):
    written = csv_of(Statement(subject="x", first=None, end=None, transfers=transfers, balances={}))
    assert written.endswith("\r\n")
    return list(csv.DictReader(StringIO(written, newline=""), strict=True))


def test_has_a_line_of_names_also_without_transfers():
    assert csv_of(Statement(subject="x", first=None, end=None, transfers=(), balances={})) == ",".join(COLUMNS) + "\r\n"


@pytest.mark.parametrize(
    ("amount_minor", "currency", "amount"), [(99_000, "USD", "990.00"), (1_050, "JPY", "1050"), (5, "KWD", "0.005")]
)
def test_writes_amounts_out_with_the_decimals_of_their_currency(amount_minor, currency, amount):
    [row] = read(transfer(amount_minor=amount_minor, currency=currency))
    assert (row["amount"], row["amount_minor"], row["currency"]) == (amount, str(amount_minor), currency)


def test_writes_every_transfer_in_order():
    rows = read(transfer(), transfer(seq=2, payment_id=None, reference=None))
    assert [row["seq"] for row in rows] == ["1", "2"]
    assert rows[0] == {
        "seq": "1",
        "at": "2027-05-01T09:30:00Z",
        "kind": "capture",
        "debit": "provider:simulator",
        "credit": "guest:3",
        "amount": "990.00",
        "amount_minor": "99000",
        "currency": "USD",
        "payment_id": "pay_1",
        "booking": "7K2M9QXR4T",
        "cause": "pay_1:capture",
    }
    assert (rows[1]["payment_id"], rows[1]["booking"]) == ("", "")


@pytest.mark.parametrize("evil", ["=1+2", '=HYPERLINK("x")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_keeps_spreadsheets_from_running_a_cell(evil):
    [row] = read(transfer(reference=evil, debit=evil))
    assert row["booking"] == f"'{evil}"
    assert row["debit"] == f"'{evil}"


@pytest.mark.parametrize("odd", ['a,"b"', "two\nlines", "'=1", "1-1"])
def test_keeps_everything_else_as_it_is(odd):
    [row] = read(transfer(reference=odd))
    assert row["booking"] == odd
