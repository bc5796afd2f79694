"""The plug of the catalog."""

from holdfast.catalog.models import activity, outbox, tables
from holdfast.catalog.routes.routers import routers
from holdfast.catalog.service.catalog import Catalog
from holdfast.catalog.service.personal import CatalogPersonal
from holdfast.catalog.settings import CatalogSettings
from holdfast.kit.activity.records import ActivityRecords
from holdfast.kit.module import Built, House, Module


def build(house: House) -> Built:
    """Put the catalog together with what the house gives it."""
    catalog = Catalog(db=house.db)
    return Built(
        api=catalog,
        routers=routers(catalog, house.settings, house.keyring),
        outbox=outbox,
        activity=ActivityRecords(activity, house.db),
        close=catalog.close,
        personal=CatalogPersonal(house.db),
    )


MODULE = Module(name="catalog", build=build, tables=tables, settings=CatalogSettings)
