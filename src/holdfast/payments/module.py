"""The plug of payments."""

from pathlib import Path
from typing import Final

from starlette.types import ASGIApp

from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.module import Built, House, Job, Module, Mount
from holdfast.kit.secrets import Keyring
from holdfast.payments.jobs import jobs
from holdfast.payments.models import activity, outbox, tables
from holdfast.payments.providers.registry import build_providers
from holdfast.payments.service.payments import Payments
from holdfast.payments.service.personal import PaymentsPersonal
from holdfast.payments.settings import PaymentsSettings

_SIMULATOR: Final = "/simulator"
_SIMULATOR_EVERY_S: Final = 0.1


def build(house: House) -> Built:
    """Put payments together, with the simulator inside where no other one is named."""
    providers = build_providers(house.settings, house.clock, house.keyring, database_url=house.url)
    payments = Payments(db=house.db, clock=house.clock, settings=house.settings, providers=providers)
    records = ActivityRecords(activity, house.db)
    personal = PaymentsPersonal(house.db, payments, providers.names)
    simulator = providers.built_in
    if simulator is None:
        return Built(
            api=payments, jobs=jobs(payments), outbox=outbox, activity=records, close=payments.close, personal=personal
        )
    simulator.tell(lambda headers, body: payments.receive(provider="simulator", headers=headers, body=body))
    courier = Job(name="payments.simulator", every_s=_SIMULATOR_EVERY_S, run=simulator.round)
    return Built(
        api=payments,
        jobs=(*jobs(payments), courier),
        outbox=outbox,
        activity=records,
        mounts=(Mount(prefix=_SIMULATOR, app=simulator.app, serve=simulator.serve),),
        close=payments.close,
        personal=personal,
    )


def simulator_server(
    settings: PaymentsSettings, keyring: Keyring, *, books: Path, public_url: str, webhook_url: str
) -> ASGIApp:
    """Return the simulator as a server of its own, for the command line."""
    from holdfast.payments.providers.built_in import server  # noqa: PLC0415 - only for that command

    return server(settings, keyring, books=books, public_url=public_url, webhook_url=webhook_url)


MODULE = Module(name="payments", build=build, tables=tables, settings=PaymentsSettings)
