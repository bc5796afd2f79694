"""Reading the ledger: statements of a booking, an account, a time, and of a day at a place."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid
from holdfast.payments.api import Statement
from holdfast.payments.rules import local_day
from holdfast.payments.service.answers import transfer_of
from holdfast.payments.service.desk import Desk
from holdfast.payments.store import ledger

TRANSFERS_MOST: Final = 10_000


class Books:
    """Reads the ledger."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def statement(
        self,
        *,
        reference: str | None = None,
        account: str | None = None,
        first: datetime | None = None,
        end: datetime | None = None,
    ) -> Statement:
        """Return transfers with their balances; see `PaymentsApi.statement`.

        Raises:
            Invalid: Nothing is asked for, or too much would come.
        """
        if not any((reference, account, first, end)):
            raise Invalid("Say which booking, account or time the statement is about.")
        found = await self._desk.db.read(
            lambda tx: ledger.asked(
                tx,
                reference=reference or None,
                account=account or None,
                first=first,
                end=end,
                limit=TRANSFERS_MOST + 1,
            )
        )
        if len(found) > TRANSFERS_MOST:
            raise Invalid(f"There are more than {TRANSFERS_MOST} transfers: ask for a shorter time.")
        return Statement(
            subject=reference or account or "",
            first=first,
            end=end,
            transfers=tuple(transfer_of(row) for row in found),
            balances=balances_of(found),
        )

    async def day_statement(self, *, day: date, zone: str) -> Statement:
        """Return the transfers of one calendar day at a place.

        Raises:
            Invalid: There is no such zone, or the day has too many transfers.
        """
        try:
            first, end = local_day(day, ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError, OSError, OverflowError) as error:
            detail = "There is no such time zone, or no such day."
            raise Invalid(
                detail, errors=[FieldError(pointer="#query/zone", code="invalid_value", detail=detail)]
            ) from error
        made = await self.statement(first=first, end=end)
        return Statement(
            subject=f"{day.isoformat()} {zone}",
            first=first,
            end=end,
            transfers=made.transfers,
            balances=made.balances,
        )


def balances_of(found: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Return credits less debits of each account in these transfers, by currency."""
    balances: dict[str, dict[str, int]] = {}
    for row in found:
        for account, minor in ((row.credit, row.amount_minor), (row.debit, -row.amount_minor)):
            of_account = balances.setdefault(account, {})
            of_account[row.currency] = of_account.get(row.currency, 0) + minor
    return dict(sorted(balances.items()))
