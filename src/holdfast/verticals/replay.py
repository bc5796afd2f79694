"""Doing a price again: every line from its rule, version and inputs, and every base from the lines it names.

This is what makes a quote checkable by whoever holds it. It shows that the cents follow from the inputs and the inputs
from one another; that the inputs are what the property asked for is what the signature of the quote is for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final

from holdfast.engine.price import Price, PriceLine, sum_of
from holdfast.verticals import price_rules
from holdfast.verticals.dining import prices as dining_prices
from holdfast.verticals.flights import prices as flight_prices
from holdfast.verticals.trips import trip_discount

ORDER: Final = (
    "nights", "fares", "deposit", "prepayment", "adjustment", "discount", "cleaning", "extra_guests", "pets", "seats",
    "service", "tax", "change_fee", "trip_discount",
)  # fmt: skip
"""The kinds of line, in the order they are reckoned; each kind of item has some of them."""
_MANY: Final = frozenset({"nights", "fares", "adjustment", "seats"})
"""Kinds of which an item may have several lines; and of taxes it has one for each flight."""

_Inputs = Mapping[str, Any]
_Lines = Sequence[PriceLine]


class DoesNotFollow(ValueError):
    """A line of a price does not follow from its rule, its inputs and the lines before it."""

    def __init__(self, place: int, why: str) -> None:
        super().__init__(f"line {place + 1} does not follow: {why}")
        self.place = place
        """Position of the line in the price, from 0."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule."""

    line: Callable[..., PriceLine]
    """Makes the line from the inputs, by name."""
    kinds: Mapping[str, type]
    """The inputs and what each is; a list is of whole numbers."""
    grounds: Callable[[_Inputs, _Lines], str | None]
    """Says what is wrong with the inputs, given the lines before, or None."""


def replay(price: Price) -> Price:
    """Return the price done again, which is the same price.

    Raises:
        DoesNotFollow: A line is not what its rule makes of its inputs, or its inputs are not what the lines before it
            are; the first such line is named.
    """
    again: list[PriceLine] = []
    stay: list[PriceLine] = []
    for place, line in enumerate(price.lines):
        if again and line.item != again[-1].item:
            if line.item < again[-1].item:
                raise DoesNotFollow(place, "its item comes before that of the line before it")
            stay = []
        made = _again(place, line, stay)
        stay.append(made)
        again.append(made)
    return Price.of(price.currency, again)


def _again(place: int, line: PriceLine, before: _Lines) -> PriceLine:
    if not all(_is(each, int) for each in (line.amount_minor, line.quantity, line.version, line.item)):
        raise DoesNotFollow(place, "its figures are no whole numbers")
    if not (_is(line.rule, str) and isinstance(line.inputs, Mapping)):
        raise DoesNotFollow(place, "it names no rule and inputs")
    rule = RULES.get((line.rule, line.version))
    if rule is None:
        raise DoesNotFollow(place, f"there is no rule {line.rule[:40]!r} in version {line.version}")
    _check_inputs(place, line.inputs, rule.kinds)
    wrong = rule.grounds(line.inputs, before)
    if wrong is not None:
        raise DoesNotFollow(place, wrong)
    made = replace(rule.line(**line.inputs), item=line.item)
    _check_order(place, made, before)
    # In a price of several items each label begins with the number of its item.
    if line.label == f"{line.item + 1}. {made.label}":
        made = replace(made, label=line.label)
    if made != line or type(line.unit_minor) is not type(made.unit_minor):
        raise DoesNotFollow(place, f"{line.rule} makes {made.amount_minor} of these inputs, in other words or figures")
    return made


def _check_inputs(place: int, inputs: _Inputs, kinds: Mapping[str, type]) -> None:
    if inputs.keys() != kinds.keys():
        raise DoesNotFollow(place, f"its inputs must be {', '.join(kinds)}")
    for name, kind in kinds.items():
        if not _is(inputs[name], kind):
            raise DoesNotFollow(place, f"its input {name} is of another kind")


def _is(value: Any, kind: type) -> bool:
    # By type, not by isinstance: true is no whole number here, and 1.0 is none either.
    found: type = type(value)
    return found is kind and (kind is not list or all(type(each) is int for each in value))


def _check_order(place: int, line: PriceLine, before: _Lines) -> None:
    last = ORDER.index(before[-1].kind) if before else 0
    again = bool(before) and line.kind == before[-1].kind
    may = line.kind in _MANY or line.rule == "airport_tax"
    if ORDER.index(line.kind) < last or (again and not may):
        raise DoesNotFollow(place, f"a line of {line.kind} cannot come after one of {before[-1].kind}")


def _free(_inputs: _Inputs, _before: _Lines) -> str | None:
    return None


def _nights(before: _Lines) -> int:
    return sum(line.quantity for line in before if line.kind == "nights")


def _all_before(inputs: _Inputs, before: _Lines) -> str | None:
    return _is_share_of(inputs, before, list(range(len(before))))


def _nights_before(inputs: _Inputs, before: _Lines) -> str | None:
    of = [place for place, line in enumerate(before) if line.kind in {"nights", "adjustment"}]
    return _is_share_of(inputs, before, of)


def _is_share_of(inputs: _Inputs, before: _Lines, of: list[int]) -> str | None:
    if inputs["of"] != of:
        return f"it must be a share of the lines {of} of its stay"
    base = sum(before[place].amount_minor for place in of)
    return None if inputs["of_minor"] == base else f"the lines it is a share of come to {base}"


def _long_enough(inputs: _Inputs, before: _Lines) -> str | None:
    if inputs["nights"] != _nights(before):
        return f"the stay has {_nights(before)} nights"
    if inputs["nights"] < inputs["nights_least"]:
        return "the stay is too short for it"
    return _nights_before(inputs, before)


def _early_enough(inputs: _Inputs, before: _Lines) -> str | None:
    if inputs["days_ahead"] < inputs["days_least"]:
        return "the stay was not booked early enough for it"
    return _nights_before(inputs, before)


def _late_enough(inputs: _Inputs, before: _Lines) -> str | None:
    if inputs["days_ahead"] > inputs["days_most"]:
        return "the stay was not booked late enough for it"
    return _nights_before(inputs, before)


def _extra_guests(inputs: _Inputs, before: _Lines) -> str | None:
    return None if inputs["nights"] == _nights(before) else f"the stay has {_nights(before)} nights"


def _adjusted(inputs: _Inputs, before: _Lines) -> str | None:
    of, nights = inputs["of"], inputs["nights"]
    if len(of) != len(nights) or of != sorted(set(of)):
        return "it must name each line once, in order, and the nights of each"
    base = 0
    for place, count in zip(of, nights, strict=True):
        line = before[place] if 0 <= place < len(before) else None
        if line is None or line.unit_minor is None or line.kind != "nights" or not 0 < count <= line.quantity:
            return f"line {place} of its stay has no {count} nights"
        base += count * line.unit_minor
    if inputs["of_minor"] != base:
        return f"the nights it is a share of come to {base}"
    return None if inputs["before_minor"] == sum_of(before) else f"the lines before it come to {sum_of(before)}"


_UNITS: Final = {"unit_minor": int, "nights": int}
_SHARE: Final = {"percent_bp": int, "of": list, "of_minor": int}
_ADJUSTED: Final = {"name": str, **_SHARE, "nights": list, "before_minor": int}

RULES: Final[Mapping[tuple[str, int], Rule]] = MappingProxyType(
    {
        ("base_price", 1): Rule(price_rules.base_price, _UNITS, _free),
        ("weekend_price", 1): Rule(price_rules.weekend_price, _UNITS, _free),
        ("date_price", 1): Rule(price_rules.date_price, _UNITS, _free),
        ("adjustment", 1): Rule(price_rules.adjustment, _ADJUSTED, _adjusted),
        ("length_discount", 1): Rule(
            price_rules.length_discount, {**_SHARE, "nights": int, "nights_least": int}, _long_enough
        ),
        ("early_bird", 1): Rule(
            price_rules.early_bird, {**_SHARE, "days_ahead": int, "days_least": int}, _early_enough
        ),
        ("last_minute", 1): Rule(
            price_rules.last_minute, {**_SHARE, "days_ahead": int, "days_most": int}, _late_enough
        ),
        ("cleaning_fee", 1): Rule(price_rules.cleaning_fee, {"unit_minor": int}, _free),
        ("extra_guests", 1): Rule(price_rules.extra_guests, {**_UNITS, "guests": int}, _extra_guests),
        ("pet_fee", 1): Rule(price_rules.pet_fee, {"unit_minor": int, "pets": int}, _free),
        ("service_fee", 1): Rule(price_rules.service_fee, _SHARE, _all_before),
        ("tax", 1): Rule(price_rules.tax, _SHARE, _all_before),
        ("trip_discount", 1): Rule(trip_discount, _SHARE, _all_before),
        **{
            (rule, version): Rule(line, kinds, grounds)
            for rule, version, line, kinds, grounds in (*dining_prices.LINES, *flight_prices.LINES)
        },
    }
)
"""Every version of every rule that ever made a line: none is ever taken away."""
