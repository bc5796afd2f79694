"""What restaurants of one style have in common: the room, the hours, how long parties stay, what they are asked for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from types import MappingProxyType
from typing import Final

from holdfast.verticals.dining.terms import Security, SecurityKind, TurnTime

DAILY: Final = (0, 1, 2, 3, 4, 5, 6)
WEEKDAYS: Final = (0, 1, 2, 3, 4)
WEEKEND: Final = (5, 6)
_FRIDAY_AND_SATURDAY: Final = (4, 5)
_NOT_FRIDAY_NOR_SATURDAY: Final = (0, 1, 2, 3, 6)
_FROM_WEDNESDAY: Final = (2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A part of a room."""

    code: str
    letter: str
    """What its tables' codes begin with."""
    percent: int
    """Of the room's tables."""
    seats: tuple[int, ...]
    """Of its tables one after the other, over and over."""
    joins: bool = True
    """Whether neighbors can be put together."""
    kept_every: int = 0
    """Every so many-th table is kept for walk-ins; 0: none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """A service as a style has it."""

    code: str
    name: str
    weekdays: tuple[int, ...]
    first: time
    last: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """One kind of restaurant."""

    tables: tuple[int, int]
    """The fewest and the most."""
    areas: tuple[Area, ...]
    hours: tuple[Hours, ...]
    closed: tuple[int | None, ...]
    """Weekdays of which one is the day it is closed; None: open every day."""
    turns: tuple[TurnTime, ...]
    party_max: int
    online_bp: int
    notice_minutes: int
    window_days: int
    securities: tuple[tuple[Security, ...], ...]
    """Of which it has one."""
    policies: tuple[str, ...]
    """Of which it has one: names of `DINING_POLICIES`."""
    words: str
    """What it is, as a description ends."""


def _turns(*said: tuple[int, int]) -> tuple[TurnTime, ...]:
    return tuple(TurnTime(party_max=party_max, minutes=minutes) for party_max, minutes in said)


def _asked(kind: SecurityKind, *dollars: tuple[int, int]) -> tuple[Security, ...]:
    return tuple(Security(party_min=least, kind=kind, per_cover_minor=each * 100) for least, each in dollars)


_DEPOSIT, _PREPAY, _GUARANTEE = SecurityKind.DEPOSIT, SecurityKind.PREPAY, SecurityKind.GUARANTEE
_LUNCH: Final = Hours(code="lunch", name="Lunch", weekdays=WEEKDAYS, first=time(11, 30), last=time(14))
_BRUNCH: Final = Hours(code="brunch", name="Brunch", weekdays=WEEKEND, first=time(10, 30), last=time(14, 30))
_DINNER: Final = Hours(code="dinner", name="Dinner", weekdays=DAILY, first=time(17), last=time(21, 30))
_BAR: Final = Area(code="bar", letter="B", percent=20, seats=(2,), joins=False, kept_every=2)
_TERRACE: Final = Area(code="terrace", letter="T", percent=20, seats=(2, 4, 4))

STYLES: Final[Mapping[str, Style]] = MappingProxyType(
    {
        "cafe": Style(
            tables=(12, 20),
            areas=(
                Area(code="dining_room", letter="D", percent=50, seats=(2, 4, 2)),
                Area(code="window", letter="W", percent=20, seats=(2,), joins=False),
                Area(code="terrace", letter="T", percent=30, seats=(2, 4), kept_every=3),
            ),
            hours=(
                Hours(code="breakfast", name="Breakfast", weekdays=WEEKDAYS, first=time(7, 30), last=time(10, 30)),
                Hours(code="lunch", name="Lunch", weekdays=WEEKDAYS, first=time(11, 30), last=time(14, 30)),
                Hours(code="brunch", name="Brunch", weekdays=WEEKEND, first=time(8, 30), last=time(14)),
            ),
            closed=(0, 1, None, None),
            turns=_turns((2, 60), (4, 75), (8, 90)),
            party_max=6,
            online_bp=5_000,
            notice_minutes=30,
            window_days=30,
            securities=((),),
            policies=("free_until_2h",),
            words="A café with a terrace, for the first half of the day.",
        ),
        "counter": Style(
            tables=(12, 14),
            areas=(
                Area(code="chefs_counter", letter="C", percent=65, seats=(2, 2, 1), joins=False),
                Area(code="dining_room", letter="D", percent=35, seats=(2, 4)),
            ),
            hours=(
                Hours(code="early", name="First seating", weekdays=_FROM_WEDNESDAY, first=time(17, 30), last=time(18)),
                Hours(code="late", name="Second seating", weekdays=_FROM_WEDNESDAY, first=time(20, 15), last=time(21)),
            ),
            closed=(None,),
            turns=_turns(
                (4, 135),
            ),
            party_max=4,
            online_bp=10_000,
            notice_minutes=24 * 60,
            window_days=60,
            securities=(_asked(_PREPAY, (1, 165)), _asked(_PREPAY, (1, 195)), _asked(_DEPOSIT, (1, 75))),
            policies=("free_until_7d", "non_refundable", "free_until_48h"),
            words="A chef's counter with two seatings a night and a few tables behind it.",
        ),
        "bistro": Style(
            tables=(16, 28),
            areas=(Area(code="dining_room", letter="D", percent=60, seats=(2, 2, 4, 2, 4, 6)), _BAR, _TERRACE),
            hours=(_LUNCH, _BRUNCH, _DINNER),
            closed=(0, 0, 1),
            turns=_turns((2, 90), (4, 105), (8, 120)),
            party_max=8,
            online_bp=8_000,
            notice_minutes=60,
            window_days=60,
            securities=((), _asked(_GUARANTEE, (6, 15)), _asked(_GUARANTEE, (1, 10), (6, 20))),
            policies=("free_until_2h", "free_until_24h"),
            words="A small room with a bar and a few tables outside.",
        ),
        "kitchen": Style(
            tables=(18, 32),
            areas=(
                Area(code="dining_room", letter="D", percent=75, seats=(2, 4, 4, 2, 6)),
                Area(code="garden", letter="G", percent=25, seats=(4, 2)),
            ),
            hours=(_LUNCH, _DINNER),
            closed=(0, 1, None),
            turns=_turns((2, 75), (4, 90), (12, 120)),
            party_max=8,
            online_bp=7_000,
            notice_minutes=60,
            window_days=45,
            securities=((), (), _asked(_GUARANTEE, (6, 10)), _asked(_DEPOSIT, (7, 10))),
            policies=("free_until_2h", "free_until_2h", "free_until_24h"),
            words="A neighborhood kitchen with a garden.",
        ),
        "tavern": Style(
            tables=(22, 38),
            areas=(
                Area(code="bar", letter="B", percent=30, seats=(2, 2, 4), joins=False, kept_every=2),
                Area(code="dining_room", letter="D", percent=50, seats=(4, 4, 2, 6)),
                Area(code="terrace", letter="T", percent=20, seats=(4, 6, 2)),
            ),
            hours=(
                _LUNCH,
                _BRUNCH,
                Hours(
                    code="dinner", name="Dinner", weekdays=_NOT_FRIDAY_NOR_SATURDAY, first=time(16, 30), last=time(22)
                ),
                Hours(
                    code="late",
                    name="Dinner and late night",
                    weekdays=_FRIDAY_AND_SATURDAY,
                    first=time(16, 30),
                    last=time(23),
                ),
            ),
            closed=(None, None, 0),
            turns=_turns((2, 75), (4, 90), (8, 120), (12, 150)),
            party_max=10,
            online_bp=6_000,
            notice_minutes=30,
            window_days=30,
            securities=((), (), _asked(_DEPOSIT, (8, 10))),
            policies=("free_until_2h", "free_until_24h"),
            words="A tavern with a long bar, of which half is kept for whoever walks in.",
        ),
        "brasserie": Style(
            tables=(34, 48),
            areas=(
                Area(code="dining_room", letter="D", percent=55, seats=(2, 2, 4, 4, 2, 6)),
                Area(code="booths", letter="P", percent=15, seats=(4, 6), joins=False),
                Area(code="bar", letter="B", percent=10, seats=(2,), joins=False, kept_every=2),
                _TERRACE,
            ),
            hours=(_LUNCH, _BRUNCH, Hours(code="dinner", name="Dinner", weekdays=DAILY, first=time(17), last=time(22))),
            closed=(None, None, 0),
            turns=_turns((2, 90), (4, 105), (6, 120), (12, 150)),
            party_max=10,
            online_bp=7_500,
            notice_minutes=60,
            window_days=90,
            securities=((), _asked(_GUARANTEE, (6, 15)), _asked(_GUARANTEE, (5, 20)), _asked(_DEPOSIT, (8, 25))),
            policies=("free_until_24h", "free_until_2h"),
            words="A brasserie with booths, a bar and a terrace.",
        ),
        "hall": Style(
            tables=(48, 60),
            areas=(
                Area(code="main_hall", letter="D", percent=55, seats=(4, 4, 2, 6, 4, 8)),
                Area(code="gallery", letter="G", percent=20, seats=(2, 4)),
                Area(code="bar", letter="B", percent=10, seats=(2,), joins=False, kept_every=2),
                Area(code="terrace", letter="T", percent=15, seats=(4, 4, 6)),
            ),
            hours=(
                Hours(code="lunch", name="Lunch", weekdays=DAILY, first=time(11, 30), last=time(15)),
                Hours(code="dinner", name="Dinner", weekdays=DAILY, first=time(16, 30), last=time(22)),
            ),
            closed=(None, None, None, 1),
            turns=_turns((2, 75), (4, 90), (8, 120), (16, 150)),
            party_max=14,
            online_bp=7_000,
            notice_minutes=30,
            window_days=90,
            securities=((), _asked(_GUARANTEE, (8, 15)), _asked(_DEPOSIT, (10, 20))),
            policies=("free_until_2h", "free_until_24h", "free_until_48h"),
            words="A big hall with a gallery above it.",
        ),
        "fine": Style(
            tables=(12, 20),
            areas=(
                Area(code="dining_room", letter="D", percent=65, seats=(2, 2, 4, 2, 4)),
                Area(code="salon", letter="S", percent=20, seats=(4, 6)),
                Area(code="chefs_counter", letter="C", percent=15, seats=(2,), joins=False),
            ),
            hours=(
                Hours(code="dinner", name="Dinner", weekdays=(1, 2, 3, 4, 5), first=time(17, 30), last=time(20, 45)),
            ),
            closed=(1, None),
            turns=_turns((2, 150), (4, 165), (8, 180)),
            party_max=6,
            online_bp=10_000,
            notice_minutes=12 * 60,
            window_days=90,
            securities=(_asked(_PREPAY, (1, 145)), _asked(_DEPOSIT, (1, 50)), _asked(_PREPAY, (1, 185))),
            policies=("free_until_48h", "free_until_7d"),
            words="A tasting menu, a salon, and two or three tables at the chef's counter.",
        ),
        "grill": Style(
            tables=(36, 52),
            areas=(
                Area(code="dining_room", letter="D", percent=55, seats=(2, 4, 4, 6)),
                Area(code="booths", letter="P", percent=25, seats=(4, 4, 6), joins=False),
                Area(code="bar", letter="B", percent=20, seats=(2,), joins=False, kept_every=2),
            ),
            hours=(_LUNCH, Hours(code="dinner", name="Dinner", weekdays=DAILY, first=time(17), last=time(22))),
            closed=(None, 6),
            turns=_turns((2, 105), (4, 120), (12, 150)),
            party_max=12,
            online_bp=8_000,
            notice_minutes=60,
            window_days=90,
            securities=(_asked(_GUARANTEE, (1, 25)), _asked(_GUARANTEE, (4, 25), (8, 40)), _asked(_DEPOSIT, (7, 40))),
            policies=("free_until_24h", "free_until_48h"),
            words="A grill room with booths and a serious bar.",
        ),
    }
)
