"""The rows of the catalog, by subject; importing this makes all of them known."""

from holdfast.catalog.models import flights, properties, restaurants
from holdfast.catalog.models.base import activity, outbox, tables

__all__ = ["activity", "flights", "outbox", "properties", "restaurants", "tables"]
