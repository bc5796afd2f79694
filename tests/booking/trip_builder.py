"""Things of every kind to put into a trip: restaurants and flights beside the homes of `builders`.

A `Travel` belongs to a `House`; each makes an airline of its own with airports and an airplane, so that tests share
nothing. Times are local; days count from the house's `day()`.
"""

from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import count
from string import ascii_uppercase
from typing import Any

from builders import House, new_account

from holdfast.booking.api import FlightItem, TableItem
from holdfast.catalog.api import (
    DINING_POLICIES,
    AirplaneDraft,
    AirportDraft,
    CabinFares,
    CabinLayout,
    CityDraft,
    Contact,
    Fares,
    FlightDraft,
    Location,
    RestaurantDraft,
)
from holdfast.kit.auth import Principal
from holdfast.verticals.cancellation import ALL, CancellationPolicy, RefundWindow, shares_of
from holdfast.verticals.dining.terms import (
    Combination,
    DiningTable,
    DiningTerms,
    Security,
    SecurityKind,
    Service,
    TurnTime,
)
from holdfast.verticals.flights.terms import FareBrand, FareBucket, Passengers, SeatChoice
from support.principals import principal_of

ZONE = "America/New_York"
_codes = count()
_EVERY_DAY = tuple(range(7))

TABLES = (
    DiningTable(code="1", area="room", seats_min=1, seats_max=2),
    DiningTable(code="2", area="room", seats_min=1, seats_max=2),
    DiningTable(code="3", area="room", seats_min=2, seats_max=4),
    DiningTable(code="4", area="terrace", seats_min=2, seats_max=4),
)
DINNER = Service(
    code="dinner",
    name="Dinner",
    weekdays=_EVERY_DAY,
    first_seating=time(17),
    last_seating=time(21),
    covers_per_slot=8,
    parties_per_slot=4,
    present_max=12,
)
DINING = DiningTerms(
    restaurant_id=0,
    currency="USD",
    zone=ZONE,
    tables=TABLES,
    combinations=(Combination(tables=("1", "2"), party_min=3, party_max=4, priority=1),),
    services=(DINNER,),
    special_days=(),
    turn_times=(TurnTime(party_max=2, minutes=90), TurnTime(party_max=8, minutes=120)),
    minutes_min=60,
    minutes_max=180,
    party_max=8,
    notice_minutes=0,
    booking_window_days=400,
    securities=(),
    policy=DINING_POLICIES["free_until_24h"],
)
DEPOSIT = Security(party_min=1, kind=SecurityKind.DEPOSIT, per_cover_minor=2_000)
GUARANTEE = Security(party_min=1, kind=SecurityKind.GUARANTEE, per_cover_minor=2_500)

FLEX = CancellationPolicy(name="flex", windows=(RefundWindow(days_before=0, shares=ALL),))
HALF = CancellationPolicy(name="standard", windows=(RefundWindow(days_before=0, shares=shares_of(5_000)),))
NOTHING = CancellationPolicy(name="basic", windows=())


def brand(code: str, policy: CancellationPolicy, extra: int, *, changeable: bool = True, fee: int = 0) -> FareBrand:
    """Return a fare brand."""
    return FareBrand(
        code=code,
        name=code.title(),
        extra_minor=extra,
        policy=policy,
        changeable=changeable,
        change_fee_minor=fee,
        bags=0 if code == "basic" else 1,
        seat_choice=code == "flex",
    )


BRANDS = (
    brand("basic", NOTHING, 0, changeable=False),
    brand("standard", HALF, 3_000, fee=5_000),
    brand("flex", FLEX, 9_000),
)


def fares(*buckets: tuple[str, int, int], overbooking: int = 0, brands: tuple[FareBrand, ...] = BRANDS) -> Fares:
    """Return fares of an economy cabin: buckets of code, seats and fare."""
    return Fares(
        currency="USD",
        cabins=(
            CabinFares(
                code="economy",
                buckets=tuple(FareBucket(code=code, seats=seats, fare_minor=minor) for code, seats, minor in buckets),
                brands=brands,
                overbooking=overbooking,
            ),
        ),
        child_bp=7_500,
        infant_bp=1_000,
        tax_minor=500,
        sales_close_minutes=60,
    )


ONE_FARE = fares(("Y", 180, 10_000))


def restaurant_draft(*, listed: bool = True, **terms: Any) -> RestaurantDraft:
    """Return what an owner says of a restaurant. `terms` are fields of `DiningTerms`."""
    return RestaurantDraft(
        name="Chez Test",
        description="",
        location=Location(
            address="1 Logan Circle NW",
            neighbourhood="Logan Circle",
            city="Washington",
            country="US",
            latitude=38.9,
            longitude=-77.0,
        ),
        contact=Contact(),
        cuisines=("french",),
        price_level=2,
        cards=(),
        images=(),
        videos=(),
        terms=replace(DINING, **terms),
        listed=listed,
    )


class Travel:
    """An airline and restaurants in a house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.admin = principal_of(new_account(), "admin")
        self.airports: dict[str, int] = {}
        self._planes: dict[int, int] = {}

    # ---------------------------------------------------------------------------------------------------- restaurants

    async def restaurant(self, *, listed: bool = True, owner: Principal | None = None, **terms: Any) -> int:
        """Open a restaurant; return its id. `terms` are fields of `DiningTerms`."""
        draft = restaurant_draft(listed=listed, **terms)
        made = await self.house.catalog.restaurants.create(owner=owner or self.house.owner, draft=draft)
        return made.id

    def table(self, restaurant: int, party: int = 2, at: str = "19:00", ahead: int = 0, **more: Any) -> TableItem:
        """Return a table on `day(ahead)`."""
        return TableItem(
            restaurant_id=restaurant,
            day=self.house.day(ahead),
            at=time.fromisoformat(at),
            party_size=party,
            **more,
        )

    # -------------------------------------------------------------------------------------------------------- flights

    async def airport(self, name: str, zone: str = ZONE) -> int:
        """Return an airport by a name of the test's; made when it is first asked for."""
        if name not in self.airports:
            places = self.house.catalog.places
            city = await places.create_city(admin=self.admin, draft=CityDraft(name=f"{name} City", country="US"))
            made = None
            while made is None:
                code = _code(next(_codes))
                if not await places.airports_page(iata=code):
                    draft = AirportDraft(
                        city_id=city.id, iata=code, name=f"{name} Airport", latitude=40.0, longitude=-74.0, zone=zone
                    )
                    made = await places.create_airport(admin=self.admin, draft=draft)
            self.airports[name] = made.id
        return self.airports[name]

    async def airplane(self, seats: int = 180) -> int:
        """Return an airplane with so many seats in rows of six (or one row of fewer)."""
        if seats not in self._planes:
            rows, rest = divmod(seats, 6)
            columns = "ABC DEF" if rows else ascii_uppercase[:rest]
            layout = CabinLayout(
                code="economy",
                first_row=1,
                last_row=max(1, rows),
                columns=columns,
                exit_rows=(10,) if rows > 10 else (),
                blocked=(),
            )
            draft = AirplaneDraft(name=f"N{next(_codes)}", equipment="738", cabins=(layout,))
            self._planes[seats] = (
                await self.house.catalog.airline.create_airplane(owner=self.house.owner, draft=draft)
            ).id
        return self._planes[seats]

    async def flight(
        self,
        origin: str = "AAA",
        destination: str = "BBB",
        departs: str = "09:00",
        *,
        ahead: int = 0,
        minutes: int = 90,
        seats: int = 180,
        fares: Fares | None = None,
        number: str | None = None,
    ) -> int:
        """Let an airplane fly; return the flight's id. Both ends are in one zone."""
        leaves = datetime.combine(self.house.day(ahead), time.fromisoformat(departs))
        lands = leaves + timedelta(minutes=minutes)
        draft = FlightDraft(
            number=number or f"HF{next(_codes) % 9000 + 100}",
            airline_name="Holdfast Air",
            origin_id=await self.airport(origin),
            destination_id=await self.airport(destination),
            airplane_id=await self.airplane(seats),
            day=leaves.date(),
            departs=leaves.time(),
            arrives=lands.time(),
            day_offset=(lands.date() - leaves.date()).days,
            fares=fares or _fares_for(seats),
        )
        made = await self.house.catalog.flights.create(owner=self.house.owner, draft=draft)
        return made.terms.flight_id

    def seat(
        self,
        *flights: int,
        adults: int = 1,
        children: int = 0,
        infants: int = 0,
        brand: str = "flex",
        seats: tuple[tuple[int, str, int], ...] = (),
        again: bool = False,
    ) -> FlightItem:
        """Return seats on flights."""
        return FlightItem(
            flight_ids=flights,
            cabin="economy",
            brand=brand,
            passengers=Passengers(adults=adults, children=children, infants=infants),
            seats=tuple(SeatChoice(flight_id=flight, seat=seat, passenger=who) for flight, seat, who in seats),
            again=again,
        )


def _code(number: int) -> str:
    first, rest = divmod(number, 26 * 26)
    second, third = divmod(rest, 26)
    return ascii_uppercase[first % 26] + ascii_uppercase[second] + ascii_uppercase[third]


def _fares_for(seats: int) -> Fares:
    return fares(("Y", seats, 10_000))
