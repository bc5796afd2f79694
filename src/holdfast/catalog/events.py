"""What the catalog tells others, after the fact."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyCreated:
    """A property exists. Booking makes its stock from this."""

    property_id: int
    units: int
    unit_names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyChanged:
    """Something said of the property, or the terms of some nights, changed."""

    property_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogImported:
    """Properties with ids in [first_id, last_id] were imported in bulk."""

    first_id: int
    last_id: int
