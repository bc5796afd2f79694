"""The plug of sagas."""

from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.module import Built, House, Module
from holdfast.kit.outbox import Subscription
from holdfast.kit.privacy_rows import Holdings, lapses_of, of_activity
from holdfast.sagas.jobs import BOOKING_EVENTS, PAYMENT_EVENTS, follow_booking, follow_payments, jobs, reconciler
from holdfast.sagas.models import activity, cursors, tables
from holdfast.sagas.routes import routers
from holdfast.sagas.service import Sagas
from holdfast.sagas.settings import SagasSettings
from holdfast.sagas.store.journal import place_of


def build(house: House) -> Built:
    """Put sagas together. DBOS is neither loaded nor launched before `start`."""
    settings: SagasSettings = house.settings
    booking, payments = house.doors["booking"], house.doors["payments"]
    place = place_of(settings.journal_url, house.url)
    sagas = Sagas(db=house.db, clock=house.clock, settings=settings, doors=(booking, payments), place=place)
    return Built(
        api=sagas,
        routers=routers(sagas, house.keyring),
        jobs=jobs(sagas, settings, reconciler(sagas, booking, payments, settings)),
        subscriptions=(
            Subscription(
                name="sagas.booking",
                source="booking",
                events=BOOKING_EVENTS,
                handle=follow_booking(sagas, payments),
                cursors=cursors,
            ),
            Subscription(
                name="sagas.payments",
                source="payments",
                events=PAYMENT_EVENTS,
                handle=follow_payments(sagas),
                cursors=cursors,
            ),
        ),
        activity=ActivityRecords(activity, house.db),
        start=sagas.start,
        close=sagas.close,
        personal=Holdings(db=house.db, tables=tables, held=of_activity(activity), lapses=lapses_of(activity)),
    )


MODULE = Module(name="sagas", build=build, tables=tables, settings=SagasSettings, needs=("booking", "payments"))
