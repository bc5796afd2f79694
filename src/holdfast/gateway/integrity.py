"""Whether the books are right: the last recount of what was sold, and of the money."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Self

from pydantic import Field

from holdfast.booking.api import BookingApi, Breach, IntegrityReport
from holdfast.gateway.payment_shapes import shown
from holdfast.kit.activity.chain import Seal
from holdfast.kit.activity.records import ActivityRecords
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


class SealOut(Wire):
    """The newest link of a chain of activity. Keep it: `holdfast verify --seal` tells later if anything is gone."""

    module: str
    number: int
    hash: str

    @classmethod
    def of(cls, seal: Seal) -> Self:
        """Render a seal."""
        return cls(module=seal.module, number=seal.number, hash=seal.hash)


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
            "activity": [
                {
                    "module": "booking",
                    "number": 91730,
                    "hash": "9f2c1d7be0a4c35b8e6f0d1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e",
                }
            ],
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
    activity: Annotated[tuple[SealOut, ...], Field(description="The newest seal of each module's activity, as of now.")]

    @classmethod
    def of(cls, report: IntegrityReport, money: MoneyReport | None, seals: Iterable[Seal]) -> Self:
        """Render both reports and the newest seals."""
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
            activity=tuple(map(SealOut.of, seals)),
        )


def router(*, booking: BookingApi, payments: PaymentsApi | None, activity: Mapping[str, ActivityRecords]) -> Router:
    """Return the route of the last recount."""
    made = Router(prefix="/v1/integrity", tags=["integrity"])

    @made.get("", responses=success(200, "The last recount.") | responses(NotFound))
    async def read_integrity() -> IntegrityOut:
        """Return the last recount of everything sold and paid against everything there is.

        Run one with `holdfast verify`. `activity` has the newest seal of each chain of what was done.
        """
        money = None if payments is None else await payments.last_report()
        report = _ran(await booking.last_report())
        newest = [await records.newest() for records in activity.values()]
        return IntegrityOut.of(report, money, [seal for seal in newest if seal is not None])

    return made


def _ran(report: IntegrityReport | None) -> IntegrityReport:
    if report is None:
        raise NotFound("Nothing has been recounted yet; the operator runs `holdfast verify`.")
    return report
