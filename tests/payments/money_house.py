"""Payments over a migrated database with a scripted provider. Each test takes holds and guests of its own."""

from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from scripted_provider import OK, ScriptedProvider
from sqlalchemy import select

from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.db.statements import statement
from holdfast.kit.keyed import Caller
from holdfast.payments import models
from holdfast.payments.api import PaymentMethod, PaymentOrder, RefundOrder, Sale, Share
from holdfast.payments.providers.registry import Providers
from holdfast.payments.service.payments import Payments
from holdfast.payments.settings import PaymentsSettings
from holdfast.payments.store import ledger

AMOUNT = 27_500
SHARES = (
    Share(account="owner:7", amount_minor=22_000),
    Share(account="platform:fees", amount_minor=3_000),
    Share(account="tax", amount_minor=2_500),
)
_numbers = count(1)
_EVERY: dict[Any, Any] = {}


def new_hold() -> str:
    """The id of a hold that no other test knows."""
    return f"hold_{next(_numbers)}"


def new_guest() -> int:
    """An account that no other test knows."""
    return 1000 + next(_numbers)


def sale(reference: str = "HF-1", *, amount: int = AMOUNT) -> Sale:
    """What the captured money pays for: three shares of the amount."""
    owner = amount - 5_500
    return Sale(reference=reference, shares=(Share(account="owner:7", amount_minor=owner), *SHARES[1:]))


class StillClock(Clock):
    """A clock that stands until it is advanced."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped = super().now()

    def now(self) -> datetime:
        return self._stopped + self.shift


class MoneyHouse:
    """One process that takes money."""

    def __init__(self, db, clock, provider=None, **settings):
        self.db = db
        self.clock = clock
        self.provider = provider or ScriptedProvider()
        self.settings = PaymentsSettings(_env_file=None, **{"deadline_s": 5.0, **settings})
        self.providers = Providers(dict.fromkeys(sorted(self.provider.methods), self.provider))
        self.payments = self.another()

    def another(self) -> Payments:
        """Another process over the same database and provider, as after a crash."""
        return Payments(db=self.db, clock=self.clock, settings=self.settings, providers=self.providers)

    def caller(self, guest, key=None, fingerprint="f") -> Caller:
        """Who asks; with a key of its own unless the test gives one."""
        return Caller(
            account_id=guest, key=key or f"key-{next(_numbers)}", route="POST /v1/payments", fingerprint=fingerprint
        )

    def order(self, hold=None, *, token=OK, method=PaymentMethod.CARD, amount=AMOUNT, currency="USD", **more):
        """What is to be authorised."""
        return PaymentOrder(
            hold_id=hold or new_hold(), amount_minor=amount, currency=currency, method=method, token=token, **more
        )

    async def pay(self, guest=None, **order):
        """Authorise; returns the payment."""
        made = await self.payments.authorise(caller=self.caller(guest or new_guest()), order=self.order(**order))
        return made.value

    async def paid(self, guest=None, *, reference="HF-1", **order):
        """Authorise and capture; returns the payment."""
        payment = await self.pay(guest, **order)
        return await self.payments.capture(payment_id=payment.id, sale=sale(reference, amount=payment.amount_minor))

    def back(self, payment, amount=None, *, key=None, shares=None, currency=None, reason="cancelled"):
        """An order to give money back, by the owner unless the test says who."""
        amount = payment.captured_minor if amount is None else amount
        return RefundOrder(
            key=key or f"refund-{next(_numbers)}",
            payment_id=payment.id,
            amount_minor=amount,
            currency=currency or payment.currency,
            reason=reason,
            shares=(Share(account="owner:7", amount_minor=amount),) if shares is None else shares,
        )

    async def refund(self, payment, amount=None, **order):
        """Give money back."""
        return await self.payments.refund(order=self.back(payment, amount, **order))

    async def hear(self, ref, **message):
        """Receive a message about an object."""
        return await self.payments.receive(provider="scripted", **self.provider.message(ref, **message))

    def wait(self, **how_long: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**how_long))

    # --------------------------------------------------------------------------------------------------------- to see

    async def rows(self, table, **where):
        """The rows of a table."""
        every = _EVERY.setdefault(table, statement(select(table).order_by(*table.primary_key.columns)))
        found = await self.db.read(lambda tx: tx.all(every()))
        return [row for row in found if all(getattr(row, name) == value for name, value in where.items())]

    async def row(self, table, **where):
        """The one row of a table."""
        [found] = await self.rows(table, **where)
        return found

    async def told(self, payment_id):
        """The events about a payment: kind and state."""
        found = sorted(await self.rows(models.outbox.table), key=lambda row: (row.epoch, row.seq))
        mine = [row for row in found if row.payload["payment_id"] == payment_id]
        return [(row.kind, row.payload.get("state", row.payload.get("kind"))) for row in mine]

    async def legs(self, payment_id):
        """The transfers of a payment: kind, debit, credit, amount."""
        found = await self.rows(models.transfer, payment_id=payment_id)
        return [(row.kind.value, row.debit, row.credit, row.amount_minor) for row in found]

    async def balances(self):
        """Every account's balance, in one reading."""
        found = await self.db.read(ledger.balances)
        return {(row.account, row.currency): row.minor for row in found}

    async def assert_sound(self):
        """Fail if the recount finds anything wrong, or the provider's books say something else than ours."""
        report = await self.payments.verify()
        assert report.breaches == (), report.breaches


async def with_tables(url: str) -> str:
    """Make the tables of payments in an empty database."""
    await migrate(url, "payments")
    return url


@asynccontextmanager
async def opened(url, provider=None, **settings):
    """A house over a database, closed at the end."""
    clock = StillClock()
    db = await open_database(url, clock)
    try:
        house = MoneyHouse(db, clock, provider, **settings)
        yield house
        await house.payments.close()
    finally:
        await db.close()
