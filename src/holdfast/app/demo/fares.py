"""What the demo's flights cost: by how far they go and who flies them. Flights that are sold alike share fares."""

from enum import StrEnum
from functools import cache
from math import sqrt
from typing import Final

from holdfast.app.demo.airplanes import CURRENCY
from holdfast.catalog.api import CabinFares, Fares
from holdfast.verticals.cancellation import ALL, CancellationPolicy, RefundWindow, shares_of
from holdfast.verticals.flights.terms import FareBrand, FareBucket

_MEDIUM_KM: Final = 1_500
_LONG_KM: Final = 5_000
_ALONE: Final = 1
_FEW: Final = 3
_STEP: Final = 1_000
"""Fares are so many cents apart, less one dollar, so that flights of alike length share them."""


class Market(StrEnum):
    """Where a flight goes, as far as taxes and children are concerned."""

    DOMESTIC = "domestic"
    FROM_US = "from_us"
    ELSEWHERE = "elsewhere"


_TAX_MINOR: Final = {Market.DOMESTIC: 1_490, Market.FROM_US: 6_870, Market.ELSEWHERE: 4_520}
_SELLS_PERCENT: Final = {"low": 72, "full": 100, "high": 114}
# (code, percent of the cabin's seats, percent of its lowest fare); the last bucket has all that is left.
_BUCKETS: Final = {
    "economy": (("N", 10, 100), ("Q", 20, 124), ("M", 25, 158), ("B", 20, 206), ("Y", 25, 275)),
    "premium": (("P", 40, 100), ("W", 60, 135)),
    "business": (("Z", 35, 100), ("D", 35, 140), ("J", 30, 195)),
}
# Percent of economy's lowest fare: on short, medium and long flights.
_CABIN_PERCENT: Final = {"economy": (100, 100, 100), "premium": (160, 170, 185), "business": (250, 310, 420)}


def _policy(name: str, *windows: RefundWindow) -> CancellationPolicy:
    """Return a policy that gives everything back within a day of booking, a week before departure or earlier."""
    return CancellationPolicy(name=name, windows=windows, grace_hours=24, grace_days_before=7)


_BASIC: Final = _policy("basic_fare")
_STANDARD: Final = _policy("standard_fare", RefundWindow(days_before=1, shares=shares_of(5_000)))
_FLEX: Final = _policy("flex_fare", RefundWindow(days_before=0, shares=ALL, hours_before=2))


def lowest_minor(km: float, *, sells: str, rivals: int) -> int:
    """Return economy's lowest fare for one way.

    Args:
        km: How far it is.
        sells: As `Airline.sells` has it.
        rivals: How many airlines fly the route, this one with them.
    """
    dollars = 30 + 1.9 * sqrt(km) + 0.012 * km
    crowd = 118 if rivals == _ALONE else 100 if rivals <= _FEW else 92
    minor = dollars * crowd * _SELLS_PERCENT[sells] / 100
    return max(1, round(minor / _STEP)) * _STEP - 100


@cache
def fares(*, cabins: tuple[tuple[str, int], ...], lowest: int, haul: int, market: Market) -> Fares:
    """Return what a flight is sold for; equal arguments give the same object.

    Args:
        cabins: The airplane's, with how many seats are sold of each.
        lowest: Economy's lowest fare.
        haul: As `haul_of` has it.
        market: Where it goes.
    """
    domestic = market is Market.DOMESTIC
    return Fares(
        currency=CURRENCY,
        cabins=tuple(_cabin(code, seats, lowest * _CABIN_PERCENT[code][haul] // 100, haul) for code, seats in cabins),
        child_bp=10_000 if domestic else 7_500,
        infant_bp=0 if domestic else 1_000,
        tax_minor=_TAX_MINOR[market],
        sales_close_minutes=45 if domestic else 60,
    )


def haul_of(km: float) -> int:
    """Return whether a flight is short (0), medium (1) or long (2)."""
    if km < _MEDIUM_KM:
        return 0
    return 1 if km < _LONG_KM else 2


def _cabin(code: str, seats: int, lowest: int, haul: int) -> CabinFares:
    return CabinFares(code=code, buckets=_buckets(code, seats, lowest), brands=_brands(code, haul))


def _buckets(cabin: str, seats: int, lowest: int) -> tuple[FareBucket, ...]:
    buckets: list[FareBucket] = []
    left = seats
    said = _BUCKETS[cabin]
    for place, (code, share, percent) in enumerate(said):
        last = place == len(said) - 1
        count = left if last else min(max(1, seats * share // 100), left)
        if count:
            fare = lowest if percent == 100 else round(lowest * percent / 100 / 500) * 500 - 100  # noqa: PLR2004 - as is
            buckets.append(FareBucket(code=code, seats=count, fare_minor=fare))
        left -= count
    return tuple(buckets)


@cache
def _brands(cabin: str, haul: int) -> tuple[FareBrand, ...]:
    standard, flex = ((3_000, 8_000), (4_500, 13_000), (7_000, 24_000))[haul]
    brands = (
        _brand("basic", "Basic", 0, _BASIC, change_fee=None, bags=0),
        _brand("standard", "Standard", standard, _STANDARD, change_fee=(4_900, 9_900, 14_900)[haul], bags=1),
        _brand("flex", "Flex", flex, _FLEX, change_fee=0, bags=2),
    )
    if cabin == "economy":
        return brands
    # In front nobody is sold less than a standard fare; it costs nothing on top there, and flex twice as much.
    return (
        _brand("standard", "Standard", 0, _STANDARD, change_fee=9_900, bags=2),
        _brand("flex", "Flex", flex * 2, _FLEX, change_fee=0, bags=3),
    )


def _brand(
    code: str, name: str, extra: int, policy: CancellationPolicy, *, change_fee: int | None, bags: int
) -> FareBrand:
    return FareBrand(
        code=code,
        name=name,
        extra_minor=extra,
        policy=policy,
        changeable=change_fee is not None,
        change_fee_minor=change_fee or 0,
        bags=bags,
        seat_choice=bags > 0,
    )
