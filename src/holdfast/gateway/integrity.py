"""Whether the books are right: the last recount of what was sold, and of the money."""

from typing import Annotated, Self

from pydantic import Field

from holdfast.booking.api import BookingApi, Breach, IntegrityReport
from holdfast.gateway.payment_shapes import shown
from holdfast.kit.errors import NotFound
from holdfast.kit.http.answers import success
from holdfast.kit.http.problems import responses
from holdfast.kit.http.routes import Router
from holdfast.kit.http.wire import InstantField, Wire
from holdfast.payments.api import MoneyBreach, MoneyReport, PaymentsApi


class BreachOut(Wire):
    """One thing the recount found wrong."""

    rule: str
    subject: str
    detail: str

    @classmethod
    def of(cls, breach: Breach | MoneyBreach) -> Self:
        """Render a breach."""
        return cls(rule=breach.rule, subject=breach.subject, detail=breach.detail)


class MoneyIntegrityOut(Wire):
    """The last recount of the ledger against payments and refunds."""

    clean: bool
    started_at: InstantField | None
    duration_ms: int
    payments: int
    refunds: int
    transfers: int
    breaches: Annotated[tuple[BreachOut, ...], Field(description="Empty if every cent is where it belongs.")]

    @classmethod
    def of(cls, report: MoneyReport) -> Self:
        """Render a report."""
        return cls(
            clean=not report.breaches,
            started_at=report.started_at,
            duration_ms=report.duration_ms,
            payments=report.payments,
            refunds=report.refunds,
            transfers=report.transfers,
            breaches=tuple(map(BreachOut.of, report.breaches)),
        )


class IntegrityOut(Wire):
    """The last recount of claims against cells, holds and bookings, and of the money."""

    model_config = shown(
        {
            "clean": True,
            "started_at": "2026-11-20T03:00:00Z",
            "duration_ms": 412,
            "cells": 184302,
            "holds": 40060,
            "bookings": 28940,
            "ledger_entries": 61210,
            "breaches": [],
            "money": {
                "clean": True,
                "started_at": "2026-11-20T03:00:01Z",
                "duration_ms": 95,
                "payments": 20110,
                "refunds": 2304,
                "transfers": 81200,
                "breaches": [],
            },
        }
    )

    clean: bool
    """Whether everything adds up, here and in `money`."""
    started_at: InstantField
    duration_ms: int
    cells: int
    holds: int
    bookings: int
    ledger_entries: int
    breaches: Annotated[tuple[BreachOut, ...], Field(description="Empty if everything adds up.")]
    money: MoneyIntegrityOut | None
    """Null where payments does not run, or was not recounted yet."""

    @classmethod
    def of(cls, report: IntegrityReport, money: MoneyReport | None) -> Self:
        """Render both reports."""
        return cls(
            clean=not report.breaches and not (money and money.breaches),
            started_at=report.started_at,
            duration_ms=report.duration_ms,
            cells=report.cells,
            holds=report.holds,
            bookings=report.bookings,
            ledger_entries=report.ledger_entries,
            breaches=tuple(map(BreachOut.of, report.breaches)),
            money=None if money is None else MoneyIntegrityOut.of(money),
        )


def router(*, booking: BookingApi, payments: PaymentsApi | None) -> Router:
    """Return the route of the last recount."""
    made = Router(prefix="/v1/integrity", tags=["integrity"])

    @made.get("", responses=success(200, "The last recount.") | responses(NotFound))
    async def read_integrity() -> IntegrityOut:
        """Return the last recount of everything sold and paid against everything there is.

        Run one with `holdfast verify`.
        """
        money = None if payments is None else await payments.last_report()
        return IntegrityOut.of(_ran(await booking.last_report()), money)

    return made


def _ran(report: IntegrityReport | None) -> IntegrityReport:
    if report is None:
        raise NotFound("Nothing has been recounted yet; the operator runs `holdfast verify`.")
    return report
