"""What `GET /v1/search/dining` reads and answers.

The answers exist twice: as msgspec structs, which are encoded, and as pydantic models, which describe them in
openapi.json. A test holds the bytes of one against the other.
"""

from typing import Annotated, Final

import msgspec
from pydantic import ConfigDict, Field

from holdfast.gateway.search_wire import LIMIT_MAX, MapQuery, Money
from holdfast.kit.http.cursors import CURSOR_LENGTH_MAX
from holdfast.kit.http.wire import (
    BY_VALUE,
    DayField,
    Digits,
    Line,
    Measure,
    MoneyOut,
    TimeField,
    Wire,
    YesNo,
)
from holdfast.search.api import DiningSort
from holdfast.verticals.dining.terms import PARTY_MAX

CUISINES_MAX: Final = 20

_CUISINE: Final = "[a-z0-9]{1,20}(?:_[a-z0-9]{1,20}){0,3}"
_CUISINE_LIST: Final = f"^{_CUISINE}(?:,{_CUISINE}){{0,{CUISINES_MAX - 1}}}$"
_LEVEL_LIST: Final = "^[1-4](?:,[1-4]){0,3}$"


class DiningQuery(MapQuery):
    """What a guest looks for. Everything is optional; what is given must all be met."""

    date: DayField | None = None
    """Only what has a table free on this day for the party, with the times."""
    time: TimeField | None = None
    """Local wall time at the restaurant, with `date`: only what has a table free up to 90 minutes earlier or later."""
    party_size: Annotated[int, Digits(1, PARTY_MAX)] = 2
    """Only what seats such a party."""
    cuisine: Annotated[str, Field(pattern=_CUISINE_LIST, max_length=900, examples=["thai,new_american"])] | None = None
    """One or more cuisines, separated by commas; any of them will do."""
    price_level: Annotated[str, Field(pattern=_LEVEL_LIST, max_length=7, examples=["1,2"])] | None = None
    """One or more levels from 1 (inexpensive) to 4, separated by commas; any of them will do."""
    rating_min: Annotated[float, Measure(0, 5)] | None = None
    sort: Annotated[DiningSort, BY_VALUE] = DiningSort.RECOMMENDED
    """`distance` needs `near`; `earliest`, by the first time that is offered, needs `date`."""
    facets: YesNo = False
    """Whether to count what was found by cuisine, neighbourhood and price level."""
    limit: Annotated[int, Digits(1, LIMIT_MAX)] = 20
    cursor: Annotated[str, Line(CURSOR_LENGTH_MAX)] | None = None
    """`next_cursor` of the page before, asked for with the same filters."""


# ------------------------------------------------------------------------------------------- what goes out, described


class FoundTable(Wire):
    """The table that was searched for at this restaurant."""

    times: list[str]
    """Free times for the party, as a quote takes them: those nearest to `time`, or else the first of the day."""
    minutes: int
    """How long the party has its table."""
    due: MoneyOut
    """What is paid before the table is confirmed: a deposit, all, or nothing."""
    guarantee: MoneyOut
    """The fee for canceling late or not coming that a card stands for."""


class FoundRestaurant(Wire):
    """A restaurant found."""

    restaurant_id: int
    name: str
    cuisines: list[str]
    price_level: int
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    zone: str
    """IANA zone: its times are meant there."""
    image: str | None
    rating: float | None
    reviews: int
    distance_km: float | None
    """From `near`."""
    table: FoundTable | None
    """Null unless a date was given; and where the restaurant was taken off the list a moment ago."""


class FoundRestaurantPage(Wire):
    """A page of what was found."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "items": [
                        {
                            "restaurant_id": 3,
                            "name": "The Copper Ladle",
                            "cuisines": ["new_american", "seafood"],
                            "price_level": 3,
                            "neighbourhood": "Logan Circle",
                            "city": "Washington",
                            "latitude": 38.9096,
                            "longitude": -77.0296,
                            "zone": "America/New_York",
                            "image": None,
                            "rating": 4.6,
                            "reviews": 812,
                            "distance_km": None,
                            "table": {
                                "times": ["18:45", "19:00", "19:30"],
                                "minutes": 120,
                                "due": {"amount": 0, "currency": "USD"},
                                "guarantee": {"amount": 10000, "currency": "USD"},
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

    items: list[FoundRestaurant]
    total: int
    """How many restaurants were found in all."""
    next_cursor: str | None
    """Send it as `cursor`, with the same filters, for the next page; null on the last one."""
    facets: dict[str, dict[str, int]] | None
    """Counts by `cuisine`, `neighbourhood` and `price_level`, where they were asked for."""


# --------------------------------------------------------------------------------------------- what goes out, encoded


class Table(msgspec.Struct, frozen=True, gc=False):
    """`FoundTable`, fast."""

    times: tuple[str, ...]
    minutes: int
    due: Money
    guarantee: Money


class Hit(msgspec.Struct, frozen=True, gc=False):
    """`FoundRestaurant`, fast."""

    restaurant_id: int
    name: str
    cuisines: tuple[str, ...]
    price_level: int
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    zone: str
    image: str | None
    rating: float | None
    reviews: int
    distance_km: float | None
    table: Table | None


class Page(msgspec.Struct, frozen=True, gc=False):
    """`FoundRestaurantPage`, fast."""

    items: tuple[Hit, ...]
    total: int
    next_cursor: str | None
    facets: dict[str, dict[str, int]] | None


encode: Final = msgspec.json.Encoder().encode
