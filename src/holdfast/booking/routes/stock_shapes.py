"""What the routes of stock, calendars and the recount read and answer."""

from typing import Annotated, Any, Final, Self

from pydantic import ConfigDict

from holdfast.booking.api import Block, NightStock
from holdfast.booking.routes.examples import BLOCK_ID, shown
from holdfast.kit.http.wire import Between, DayField, InstantField, Line, MoneyOut, TimeField, Wire
from holdfast.verticals.stays import NightTerms, StayTerms, night_price

UNITS_MAX: Final = 10_000
NOTE_MAX: Final = 200
_ORDINARY: Final = NightTerms()
_BLOCK: Final = {
    "id": BLOCK_ID,
    "property_id": 2,
    "first": "2027-07-01",
    "end": "2027-07-08",
    "quantity": 1,
    "note": "painters",
    "created_at": "2026-11-20T09:30:00Z",
}


def _said(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a body in which this field has a value."""
    return {"type": "object", "required": [name], "properties": {name: schema}}


class NewBlock(Wire):
    """Nights to take off the market."""

    model_config = shown({"first": "2027-07-01", "end": "2027-07-08", "quantity": 1, "note": "painters"})

    first: DayField
    end: DayField
    """The morning the property is free again: not blocked."""
    quantity: Annotated[int, Between(1, UNITS_MAX)] = 1
    """How many units, where the property is a pool."""
    note: Annotated[str, Line(NOTE_MAX, 0)] = ""


class NewStock(Wire):
    """How many units there are."""

    model_config = shown({"units": 12})

    units: Annotated[int, Between(1, UNITS_MAX)]


class NewNightStock(Wire):
    """What is special about some nights; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"first": "2027-12-24", "end": "2027-12-27", "capacity": 4, "closed": False}],
            "anyOf": [
                _said("capacity", {"type": "integer", "minimum": 0, "maximum": UNITS_MAX}),
                _said("closed", {"type": "boolean"}),
            ],
        }
    )

    first: DayField
    end: DayField
    """The first night that is not meant."""
    capacity: Annotated[int, Between(0, UNITS_MAX)] | None = None
    """Units that may be sold on each of the nights."""
    closed: bool | None = None
    """Whether sale is stopped, whatever is free."""


class NightOut(Wire):
    """One night of a property."""

    date: DayField
    price: MoneyOut
    """For the guests included, before discount, fees and tax."""
    capacity: int
    free: int
    """Units that can still be sold; 0 where sale is stopped."""
    closed: bool
    """Sale is stopped by the owner."""
    min_nights: int
    """Smallest stay that arrives on this date."""
    max_nights: int
    closed_to_arrival: bool
    closed_to_departure: bool

    @classmethod
    def of(cls, terms: StayTerms, stock: NightStock) -> Self:
        """Render a night from what the owner says and what is taken."""
        own = terms.nights.get(stock.night, _ORDINARY)
        return cls(
            date=stock.night,
            price=MoneyOut(amount=night_price(terms, stock.night), currency=terms.currency),
            capacity=stock.capacity,
            free=stock.free,
            closed=stock.closed,
            min_nights=terms.min_nights if own.min_nights is None else own.min_nights,
            max_nights=terms.max_nights if own.max_nights is None else own.max_nights,
            closed_to_arrival=own.closed_to_arrival,
            closed_to_departure=own.closed_to_departure,
        )


class CalendarOut(Wire):
    """Price, stock and rules of a property, night by night."""

    model_config = shown(
        {
            "property_id": 2,
            "zone": "America/Los_Angeles",
            "check_in_from": "15:00",
            "check_out_until": "11:00",
            "nights": [
                {
                    "date": "2027-05-14",
                    "price": {"amount": 45000, "currency": "USD"},
                    "capacity": 1,
                    "free": 1,
                    "closed": False,
                    "min_nights": 1,
                    "max_nights": 28,
                    "closed_to_arrival": False,
                    "closed_to_departure": False,
                }
            ],
        }
    )

    property_id: int
    zone: str
    """IANA zone of the property: dates and times are meant there."""
    check_in_from: TimeField
    check_out_until: TimeField
    nights: tuple[NightOut, ...]


class BlockOut(Wire):
    """Nights an owner keeps off the market."""

    model_config = shown(_BLOCK)

    id: str
    property_id: int
    first: DayField
    end: DayField
    quantity: int
    note: str
    created_at: InstantField

    @classmethod
    def of(cls, block: Block) -> Self:
        """Render a block."""
        return cls(
            id=block.id,
            property_id=block.property_id,
            first=block.first,
            end=block.end,
            quantity=block.quantity,
            note=block.note,
            created_at=block.created_at,
        )


class BlocksOut(Wire):
    """The blocks of a property that are in force."""

    model_config = shown({"items": [_BLOCK]})

    items: tuple[BlockOut, ...]
