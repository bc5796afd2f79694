"""What booking keeps about itself: processes that started, reports of recounts."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, insert, select

from holdfast.booking.models import process, report
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, db_now, statement

_START = statement(insert(process).values(started_at=db_now()))
_COLUMNS = ("started_at", "duration_ms", "cells", "holds", "bookings", "ledger_entries", "breaches")
_KEEP = statement(insert(report).values({name: bindparam(name) for name in _COLUMNS}))
_LAST = statement(select(report).order_by(report.c.id.desc()).limit(1))


async def start_process(tx: Tx) -> int:
    """Note that a process starts; return its number."""
    return await tx.insert(_START())


async def keep_report(tx: Tx, values: Sequence[Any]) -> None:
    """Keep the report of a recount."""
    await tx.run(_KEEP(**dict(zip(_COLUMNS, values, strict=True))))


async def last_report(tx: Tx) -> Row | None:
    """Return the newest report."""
    return await tx.one(_LAST())
