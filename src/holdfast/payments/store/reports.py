"""Reports of recounts."""

from sqlalchemy import bindparam, insert, select

from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row, statement
from holdfast.payments.api import MoneyReport
from holdfast.payments.models import report

_COLUMNS = ("started_at", "duration_ms", "payments", "refunds", "transfers", "breaches")
_KEEP = statement(insert(report).values({name: bindparam(name) for name in _COLUMNS}))
_LAST = statement(select(report).order_by(report.c.id.desc()).limit(1))


async def keep(tx: Tx, made: MoneyReport) -> None:
    """Keep the report of a recount."""
    await tx.run(_KEEP(**{name: getattr(made, name) for name in _COLUMNS}))


async def last(tx: Tx) -> Row | None:
    """Return the newest report."""
    return await tx.one(_LAST())
