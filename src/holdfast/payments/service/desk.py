"""What every part of the service works with: database, clock, settings, and providers that are asked in time."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import structlog

from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.payments.api import PaymentOutcomeUnknown
from holdfast.payments.providers.protocol import Provider, ProviderUnavailable
from holdfast.payments.providers.registry import Providers
from holdfast.payments.settings import PaymentsSettings
from holdfast.payments.store import records

log = structlog.get_logger()

T = TypeVar("T")


class Desk:
    """The tools of the service."""

    def __init__(self, *, db: Database, clock: Clock, settings: PaymentsSettings, providers: Providers) -> None:
        self.db = db
        self.clock = clock
        self.settings = settings
        self.providers = providers

    async def ask(self, answer: Awaitable[T]) -> T:
        """Return a provider's answer. Never called inside a transaction.

        Raises:
            PaymentOutcomeUnknown: It did not come in time, or says nothing.
        """
        try:
            async with asyncio.timeout(self.settings.deadline_s):
                return await answer
        except (TimeoutError, ProviderUnavailable) as error:
            log.warning("payments.provider_silent", error=type(error).__name__)
            raise PaymentOutcomeUnknown(retry_after_s=2) from error

    def provider(self, name: str) -> Provider:
        """Return the provider that has a payment's object.

        Raises:
            PaymentOutcomeUnknown: It is not set up here any more.
        """
        found = self.providers.named(name)
        if found is None:
            log.warning("payments.provider_missing", provider=name)
            raise PaymentOutcomeUnknown(f"The provider {name} is not set up here.", retry_after_s=60)
        return found

    async def row(self, payment_id: str) -> Row:
        """Return a payment.

        Raises:
            NotFound: No such payment.
        """
        found = await self.db.read(lambda tx: records.find(tx, payment_id))
        if found is None:
            raise NotFound("There is no such payment.")
        return found
