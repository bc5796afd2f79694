"""The plug of payments."""

from holdfast.kit.module import Built, House, Module
from holdfast.payments.jobs import jobs
from holdfast.payments.models import outbox, tables
from holdfast.payments.providers.registry import build_providers
from holdfast.payments.service.payments import Payments
from holdfast.payments.settings import PaymentsSettings


def build(house: House) -> Built:
    """Put payments together."""
    providers = build_providers(house.settings, house.clock, house.keyring, database_url=house.url)
    payments = Payments(db=house.db, clock=house.clock, settings=house.settings, providers=providers)
    return Built(api=payments, jobs=jobs(payments), outbox=outbox, close=payments.close)


MODULE = Module(name="payments", build=build, tables=tables, settings=PaymentsSettings)
