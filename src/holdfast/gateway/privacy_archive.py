"""A copy of everything that is kept of somebody, as one zip file: JSON for programs, CSV for tables, a page to read."""

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO, StringIO
from typing import Any, Final
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import msgspec

from holdfast.gateway.privacy_pages import copy_page
from holdfast.gateway.statement_csv import guarded
from holdfast.kit.privacy import Extract

_FIRST_DATE: Final = (1980, 1, 1, 0, 0, 0)
_READ_ME: Final = "README.txt"


def archive_of(extracts: Sequence[Extract], policy_version: str, made: datetime) -> bytes:
    """Return the zip file. The same data gives the same files."""
    plain = {each.table: [_plain(row) for row in each.rows] for each in extracts}
    cells = {table: [[_cell(value) for value in row] for row in rows] for table, rows in plain.items()}
    when = made.isoformat(timespec="seconds").replace("+00:00", "Z")
    files = {
        _READ_ME: _read_me(when, policy_version),
        "index.html": copy_page(extracts, cells, when),
        "data.json": _json(extracts, plain, when),
        **{f"csv/{each.table}.csv": _csv(each, cells[each.table]) for each in extracts if each.rows},
    }
    written = BytesIO()
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(ZipInfo(name, _FIRST_DATE), content.encode(), ZIP_DEFLATED)
    return written.getvalue()


def _read_me(when: str, policy_version: str) -> str:
    return (
        f"This is a copy of everything that was kept of you on {when}.\n\n"
        "index.html  everything, to be read in a browser\n"
        "data.json   everything, for programs\n"
        "csv/        the same, one file for each table\n\n"
        "What proves that it is you (your password, keys, tokens) is left out, and so is what tells of somebody else.\n"
        f"Why each thing is kept, how long and who gets it: /privacy, version {policy_version}.\n"
    )


def _plain(row: Sequence[Any]) -> list[Any]:
    found: list[Any] = msgspec.to_builtins(list(row))
    return found


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _json(extracts: Sequence[Extract], plain: Mapping[str, list[list[Any]]], when: str) -> str:
    tables = {each.table: [dict(zip(each.columns, row, strict=True)) for row in plain[each.table]] for each in extracts}
    return msgspec.json.format(msgspec.json.encode({"made_at": when, "tables": tables}), indent=2).decode() + "\n"


def _csv(extract: Extract, rows: Sequence[Sequence[str]]) -> str:
    written = StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(extract.columns)
    writer.writerows(guarded(row) for row in rows)
    return written.getvalue()
