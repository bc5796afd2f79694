"""What `GET /v1/search/stays` reads and answers.

The answers exist twice: as msgspec structs, which are encoded (a fifth of the time), and as pydantic models, which
describe them in openapi.json. A test holds the bytes of one against the other.
"""

from typing import Annotated, Final, Literal

import msgspec
from pydantic import ConfigDict, Field

from holdfast.catalog.api import PropertyKind
from holdfast.engine.money import AMOUNT_MAX
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX
from holdfast.kit.http.wire import (
    BY_VALUE,
    DayField,
    Digits,
    Line,
    Measure,
    MoneyOut,
    Wire,
    YesNo,
)
from holdfast.search.api import Box, Circle, StaySort

LIMIT_MAX: Final = 100
GUESTS_MAX: Final = 50
RADIUS_KM_MAX: Final = 500
AMENITIES_MAX: Final = 20

_LATITUDE: Final = r"-?(?:90(?:\.0{1,9})?|[0-8]?[0-9](?:\.[0-9]{1,9})?)"
_LONGITUDE: Final = r"-?(?:180(?:\.0{1,9})?|(?:1[0-7][0-9]|[0-9]{1,2})(?:\.[0-9]{1,9})?)"
_NEAR: Final = f"^{_LATITUDE},{_LONGITUDE}$"
_BOX: Final = f"^{_LATITUDE},{_LONGITUDE},{_LATITUDE},{_LONGITUDE}$"
_KINDS: Final = "|".join(PropertyKind)
_KIND_LIST: Final = f"^(?:{_KINDS})(?:,(?:{_KINDS})){{0,{len(PropertyKind) - 1}}}$"
_AMENITY: Final = "[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3}"
_AMENITY_LIST: Final = f"^{_AMENITY}(?:,{_AMENITY}){{0,{AMENITIES_MAX - 1}}}$"


class MapQuery(Wire):
    """Words and places: what a guest looks for of any kind."""

    text: Annotated[str, Line(200), Field(examples=["sunny garden"])] | None = None
    """Words of the name, neighborhood, city or kind; all of them have to occur."""
    place: Annotated[str, Line(100), Field(examples=["Capitol Hill"])] | None = None
    """A city or neighbourhood, as in `facets`."""
    box: Annotated[str, Field(pattern=_BOX, max_length=100, examples=["38.80,-77.15,39.00,-76.90"])] | None = None
    """A map box, `south,west,north,east` in degrees; west may be greater than east across the date line."""
    near: Annotated[str, Field(pattern=_NEAR, max_length=50, examples=["38.8977,-77.0365"])] | None = None
    """A point, `latitude,longitude`; see `radius_km`."""
    radius_km: Annotated[float, Measure(0.1, RADIUS_KM_MAX)] = 5.0
    """How far from `near`."""

    def wanted_box(self) -> Box | None:
        """Return the map box, if one is given."""
        if self.box is None:
            return None
        south, west, north, east = (float(part) for part in self.box.split(","))
        return Box(south=south, west=west, north=north, east=east)

    def wanted_circle(self) -> Circle | None:
        """Return the circle, if a point is given."""
        if self.near is None:
            return None
        latitude, longitude = (float(part) for part in self.near.split(","))
        return Circle(latitude=latitude, longitude=longitude, radius_km=self.radius_km)


class StaysQuery(MapQuery):
    """What a guest looks for. Everything is optional; what is given must all be met."""

    check_in: DayField | None = None
    """With `check_out`: only what is free on every night, with the total price of the stay."""
    check_out: DayField | None = None
    """The day of departure, which is not a night."""
    guests: Annotated[int, Digits(1, GUESTS_MAX)] = 1
    price_min: Annotated[int, Digits(0, AMOUNT_MAX)] | None = None
    """Least price of an ordinary night, in minor units of the property's currency."""
    price_max: Annotated[int, Digits(0, AMOUNT_MAX)] | None = None
    """Most price of an ordinary night, in minor units of the property's currency."""
    type: Annotated[str, Field(pattern=_KIND_LIST, max_length=100, examples=["entire_home,hotel_room"])] | None = None
    """One or more kinds, separated by commas; any of them will do."""
    amenities: Annotated[str, Field(pattern=_AMENITY_LIST, max_length=800, examples=["wifi,kitchen"])] | None = None
    """One or more amenities, separated by commas; all of them must be there."""
    rating_min: Annotated[float, Measure(0, 5)] | None = None
    sort: Annotated[StaySort, BY_VALUE] = StaySort.RECOMMENDED
    """`distance` needs `near`."""
    facets: YesNo = False
    """Whether to count what was found by kind, neighbourhood and amenity."""
    limit: Annotated[int, Digits(1, LIMIT_MAX)] = 20
    cursor: Annotated[str, Line(CURSOR_LENGTH_MAX)] | None = None
    """`next_cursor` of the page before, asked for with the same filters."""


# ------------------------------------------------------------------------------------------- what goes out, described


class ReasonOut(Wire):
    """A rule of the property that stands against the stay."""

    rule: str
    detail: str


class FoundStay(Wire):
    """What the stay that was searched for would be at this property."""

    nights: int
    bookable: bool
    """Whether no rule stands against it; that all nights are free was looked at before."""
    total: MoneyOut | None
    """The total a quote gives; null where the property takes no such stay."""
    reasons: list[ReasonOut]


class FoundProperty(Wire):
    """A property found."""

    property_id: int
    name: str
    kind: Literal["entire_home", "private_room", "shared_room", "hotel_room"]
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    guests_max: int
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: list[str]
    rating: float | None
    reviews: int
    night: MoneyOut
    """The price of an ordinary night."""
    distance_km: float | None
    """From `near`."""
    stay: FoundStay | None
    """Null unless dates were given."""


class FoundPage(Wire):
    """A page of what was found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "property_id": 2,
                            "name": "Oceanfront Luxury Villa",
                            "kind": "entire_home",
                            "neighbourhood": "",
                            "city": "Malibu, CA",
                            "latitude": 34.0259,
                            "longitude": -118.7798,
                            "guests_max": 8,
                            "bedrooms": 4,
                            "beds": 5,
                            "bathrooms": 3.5,
                            "amenities": ["kitchen", "pool", "wifi"],
                            "rating": 4.8,
                            "reviews": 112,
                            "night": {"amount": 45000, "currency": "USD"},
                            "distance_km": None,
                            "stay": {
                                "nights": 2,
                                "bookable": True,
                                "total": {"amount": 99000, "currency": "USD"},
                                "reasons": [],
                            },
                        }
                    ],
                    "total": 1,
                    "next_cursor": None,
                    "facets": None,
                }
            ]
        }
    )

    items: list[FoundProperty]
    total: int
    """How many properties were found in all."""
    next_cursor: str | None
    """Send it as `cursor`, with the same filters, for the next page; null on the last one."""
    facets: dict[str, dict[str, int]] | None
    """Counts by `kind`, `neighbourhood` and `amenity`, where they were asked for."""


# --------------------------------------------------------------------------------------------- what goes out, encoded


class Money(msgspec.Struct, frozen=True, gc=False):
    """`MoneyOut`, fast."""

    amount: int
    currency: str


class Reason(msgspec.Struct, frozen=True, gc=False):
    """`ReasonOut`, fast."""

    rule: str
    detail: str


class Stay(msgspec.Struct, frozen=True, gc=False):
    """`FoundStay`, fast."""

    nights: int
    bookable: bool
    total: Money | None
    reasons: tuple[Reason, ...]


class Hit(msgspec.Struct, frozen=True, gc=False):
    """`FoundProperty`, fast."""

    property_id: int
    name: str
    kind: str
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    guests_max: int
    bedrooms: int
    beds: int
    bathrooms: float
    amenities: tuple[str, ...]
    rating: float | None
    reviews: int
    night: Money
    distance_km: float | None
    stay: Stay | None


class Page(msgspec.Struct, frozen=True, gc=False):
    """`FoundPage`, fast."""

    items: tuple[Hit, ...]
    total: int
    next_cursor: str | None
    facets: dict[str, dict[str, int]] | None


encode: Final = msgspec.json.Encoder().encode
