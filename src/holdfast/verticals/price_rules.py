"""The rules that make the lines of a stay's price: each from its inputs alone, so that anybody can do it again.

`stays.price` decides which rules apply and what goes into them; `replay` does them again from what was kept. A rule
whose arithmetic or words change gets the next version and stays here as it was, for the prices that were made with it.

A share names the lines it is a share of by their positions (`of`) among the lines of its stay, and what they come to
(`of_minor`).
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from holdfast.engine.money import portion
from holdfast.engine.price import PriceLine
from holdfast.verticals.wording import counted, percent

LineRule = tuple[
    str,
    int,
    Callable[..., PriceLine],
    Mapping[str, type],
    Callable[[Mapping[str, Any], Sequence[PriceLine]], str | None],
]
"""What `replay` has to know of a rule: its name and version, what makes the line, its inputs and what each is, and what
says whether they have ground."""


def base_price(*, unit_minor: int, nights: int) -> PriceLine:
    """Return the line of the nights at the ordinary price."""
    return _product("nights", "base_price", counted(nights, "night"), unit_minor, nights, {"nights": nights})


def weekend_price(*, unit_minor: int, nights: int) -> PriceLine:
    """Return the line of the nights at the price of weekends."""
    label = counted(nights, "weekend night")
    return _product("nights", "weekend_price", label, unit_minor, nights, {"nights": nights})


def date_price(*, unit_minor: int, nights: int) -> PriceLine:
    """Return the line of the nights whose dates have this price of their own."""
    label = f"{counted(nights, 'night')}, priced by date"
    return _product("nights", "date_price", label, unit_minor, nights, {"nights": nights})


def adjustment(
    *, name: str, percent_bp: int, of: list[int], nights: list[int], of_minor: int, before_minor: int
) -> PriceLine:
    """Return the line that makes nights dearer or cheaper.

    Args:
        name: The owner's words.
        percent_bp: Of the price of the nights; negative: cheaper.
        of: The lines of nights it is a share of ...
        nights: ... and of how many nights of each.
        of_minor: What these nights cost.
        before_minor: What the lines before come to: it takes off no more than that.
    """
    count = sum(nights)
    sign = "+" if percent_bp > 0 else ""
    return PriceLine(
        kind="adjustment",
        label=f"{name}: {sign}{percent(percent_bp)} on {counted(count, 'night')}",
        amount_minor=max(portion(of_minor, percent_bp), -before_minor),
        quantity=count,
        unit_minor=None,
        rule="adjustment",
        inputs={
            "name": name,
            "percent_bp": percent_bp,
            "of": of,
            "nights": nights,
            "of_minor": of_minor,
            "before_minor": before_minor,
        },
    )


def length_discount(*, percent_bp: int, nights: int, nights_least: int, of: list[int], of_minor: int) -> PriceLine:
    """Return the discount for a stay of `nights` nights, which are at least `nights_least`."""
    label = f"{percent(percent_bp)} off for {counted(nights_least, 'night')} or more"
    reached = {"nights": nights, "nights_least": nights_least}
    return _share("discount", "length_discount", label, percent_bp, (of, of_minor), -1, reached)


def early_bird(*, percent_bp: int, days_ahead: int, days_least: int, of: list[int], of_minor: int) -> PriceLine:
    """Return the discount for booking `days_ahead` days before arrival, which are at least `days_least`."""
    label = f"{percent(percent_bp)} off, booked {counted(days_ahead, 'day')} ahead ({days_least} or more)"
    reached = {"days_ahead": days_ahead, "days_least": days_least}
    return _share("discount", "early_bird", label, percent_bp, (of, of_minor), -1, reached)


def last_minute(*, percent_bp: int, days_ahead: int, days_most: int, of: list[int], of_minor: int) -> PriceLine:
    """Return the discount for booking `days_ahead` days before arrival, which are at most `days_most`."""
    label = f"{percent(percent_bp)} off, booked {counted(days_ahead, 'day')} ahead ({days_most} or fewer)"
    reached = {"days_ahead": days_ahead, "days_most": days_most}
    return _share("discount", "last_minute", label, percent_bp, (of, of_minor), -1, reached)


def cleaning_fee(*, unit_minor: int) -> PriceLine:
    """Return the line of the cleaning, once for the stay."""
    return _product("cleaning", "cleaning_fee", "Cleaning", unit_minor, 1, {})


def extra_guests(*, unit_minor: int, guests: int, nights: int) -> PriceLine:
    """Return the line of the guests beyond those the price includes, for every night."""
    label = f"{counted(guests, 'extra guest')}, {counted(nights, 'night')}"
    inputs = {"guests": guests, "nights": nights}
    return _product("extra_guests", "extra_guests", label, unit_minor, guests * nights, inputs)


def pet_fee(*, unit_minor: int, pets: int) -> PriceLine:
    """Return the line of the pets, once for the stay."""
    return _product("pets", "pet_fee", counted(pets, "pet"), unit_minor, pets, {"pets": pets})


def service_fee(*, percent_bp: int, of: list[int], of_minor: int) -> PriceLine:
    """Return the line of what the platform takes for its service."""
    return _share("service", "service_fee", f"Service fee {percent(percent_bp)}", percent_bp, (of, of_minor))


def tax(*, percent_bp: int, of: list[int], of_minor: int) -> PriceLine:
    """Return the line of the tax on everything before it."""
    return _share("tax", "tax", f"Tax {percent(percent_bp)}", percent_bp, (of, of_minor))


def _product(kind: str, rule: str, label: str, unit_minor: int, quantity: int, counts: dict[str, int]) -> PriceLine:
    return PriceLine(
        kind=kind,
        label=label,
        amount_minor=quantity * unit_minor,
        quantity=quantity,
        unit_minor=unit_minor,
        rule=rule,
        inputs={"unit_minor": unit_minor, **counts},
    )


def _share(  # noqa: PLR0913, PLR0917 - private, and each is a member of the line
    kind: str,
    rule: str,
    label: str,
    percent_bp: int,
    base: tuple[list[int], int],
    sign: int = 1,
    more: Mapping[str, int] = MappingProxyType({}),
) -> PriceLine:
    of, of_minor = base
    return PriceLine(
        kind=kind,
        label=label,
        amount_minor=sign * portion(of_minor, percent_bp),
        quantity=1,
        unit_minor=None,
        rule=rule,
        inputs={"percent_bp": percent_bp, **more, "of": of, "of_minor": of_minor},
    )
