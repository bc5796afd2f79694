"""What flights cost: lines for each leg, each from its inputs alone, so that anybody can do it again.

`price` decides which lines there are and what goes into them. A rule whose arithmetic or words change gets the next
version and stays here as it was, for the prices that were made with it. `LINES` and `ORDER` say to `replay` what there
is to know: all fares come first, leg by leg, then all seats, then all taxes, then the fee of a change.

Legs are counted from 1, as a person does.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from holdfast.engine.money import portion
from holdfast.engine.price import Price, PriceLine
from holdfast.verticals.flights.parts import brand_of, bucket_of, cabin_of, seats_by_code
from holdfast.verticals.flights.seats import ordinary_prices, seat_price
from holdfast.verticals.flights.terms import FareBrand, FareBucket, FlightRequest, LegTerms, Passengers
from holdfast.verticals.price_rules import LineRule
from holdfast.verticals.wording import counted, percent

ORDER: Final = ("fares", "seats", "tax", "change_fee")
"""The kinds of line, in the order they are reckoned; each may come for every leg."""

_Inputs = Mapping[str, Any]
_Lines = Sequence[PriceLine]


def price(legs: Sequence[LegTerms], request: FlightRequest, buckets: Mapping[int, str]) -> Price:
    """Return what flights cost, itemized; the caller has asked `reasons` before.

    Each leg has a line for the adults, and one for children and one for infants if there are any; then comes a line for
    each chosen seat that costs something, and then one for the taxes of each leg that has some. A child pays a share
    of an adult's fare, rounded half-even for one child, and so does an infant.

    Args:
        legs: In order, all in one currency.
        request: What is asked for.
        buckets: The code of the bucket of each flight.

    Raises:
        ValueError: A leg has no such cabin, brand, bucket or seat.
    """
    fares: list[PriceLine] = []
    seats: list[PriceLine] = []
    taxes: list[PriceLine] = []
    travelers = request.passengers.seats
    for place, leg in enumerate(legs, 1):
        brand, bucket = _fare(leg, request, buckets[leg.flight_id])
        fares += _fare_lines(place, leg, request.passengers, brand, bucket)
        seats += _seat_lines(place, leg, request, brand)
        if leg.tax_minor:
            taxes.append(airport_tax(leg=place, number=leg.number, unit_minor=leg.tax_minor, travelers=travelers))
    return Price.of(legs[0].currency, [*fares, *seats, *taxes])


def adult_fare(*, leg: int, number: str, brand: str, fare_minor: int, brand_minor: int, adults: int) -> PriceLine:
    """Return the line of the adults on a leg: the fare of their bucket, and what the brand adds to it."""
    return _product(
        ("fares", "adult_fare", f"{number} {brand}, {counted(adults, 'adult')}"),
        fare_minor + brand_minor,
        adults,
        {
            "leg": leg,
            "number": number,
            "brand": brand,
            "fare_minor": fare_minor,
            "brand_minor": brand_minor,
            "adults": adults,
        },
    )


def child_fare(*, leg: int, number: str, adult_minor: int, percent_bp: int, children: int) -> PriceLine:
    """Return the line of the children on a leg, each at a share of what an adult pays."""
    what = "child" if children == 1 else "children"
    return _product(
        ("fares", "child_fare", f"{number}, {children} {what} at {percent(percent_bp)}"),
        portion(adult_minor, percent_bp),
        children,
        {"leg": leg, "number": number, "adult_minor": adult_minor, "percent_bp": percent_bp, "children": children},
    )


def infant_fare(*, leg: int, number: str, adult_minor: int, percent_bp: int, infants: int) -> PriceLine:
    """Return the line of the infants on a leg, each at a share of what an adult pays."""
    return _product(
        ("fares", "infant_fare", f"{number}, {counted(infants, 'infant')} on a lap at {percent(percent_bp)}"),
        portion(adult_minor, percent_bp),
        infants,
        {"leg": leg, "number": number, "adult_minor": adult_minor, "percent_bp": percent_bp, "infants": infants},
    )


def chosen_seat(*, leg: int, number: str, seat: str, unit_minor: int) -> PriceLine:
    """Return the line of a seat that was chosen on a leg."""
    return _product(
        ("seats", "seat_price", f"{number}, seat {seat}"),
        unit_minor,
        1,
        {"leg": leg, "number": number, "seat": seat, "unit_minor": unit_minor},
    )


def airport_tax(*, leg: int, number: str, unit_minor: int, travelers: int) -> PriceLine:
    """Return the line of the taxes of a leg's airports, for everybody with a seat."""
    return _product(
        ("tax", "airport_tax", f"{number}, airport taxes for {counted(travelers, 'traveler')}"),
        unit_minor,
        travelers,
        {"leg": leg, "number": number, "unit_minor": unit_minor, "travelers": travelers},
    )


def change_fee(*, unit_minor: int, passengers: int) -> PriceLine:
    """Return the line of what a fare takes for a change, once for everybody with a seat."""
    return _product(
        ("change_fee", "change_fee", f"Change fee for {counted(passengers, 'traveler')}"),
        unit_minor,
        passengers,
        {"unit_minor": unit_minor, "passengers": passengers},
    )


def _fare(leg: LegTerms, request: FlightRequest, code: str) -> tuple[FareBrand, FareBucket]:
    cabin = cabin_of(leg, request.cabin)
    brand = brand_of(cabin, request.brand) if cabin else None
    bucket = bucket_of(cabin, code) if cabin else None
    if brand is None or bucket is None:
        raise ValueError(f"{leg.number} has no fare {request.cabin} {request.brand} {code}")
    return brand, bucket


def _fare_lines(
    place: int, leg: LegTerms, passengers: Passengers, brand: FareBrand, bucket: FareBucket
) -> list[PriceLine]:
    lines = [
        adult_fare(
            leg=place,
            number=leg.number,
            brand=brand.name,
            fare_minor=bucket.fare_minor,
            brand_minor=brand.extra_minor,
            adults=passengers.adults,
        )
    ]
    share: dict[str, Any] = {
        "leg": place,
        "number": leg.number,
        "adult_minor": bucket.fare_minor + brand.extra_minor,
    }
    if passengers.children:
        lines.append(child_fare(**share, percent_bp=leg.child_bp, children=passengers.children))
    if passengers.infants:
        lines.append(infant_fare(**share, percent_bp=leg.infant_bp, infants=passengers.infants))
    return lines


def _seat_lines(place: int, leg: LegTerms, request: FlightRequest, brand: FareBrand) -> list[PriceLine]:
    codes = [choice.seat for choice in request.seats if choice.flight_id == leg.flight_id]
    if not codes:
        return []
    seats, ordinary = seats_by_code(leg), ordinary_prices(leg)
    unknown = [code for code in codes if code not in seats]
    if unknown:
        raise ValueError(f"{leg.number} has no seat {unknown[0][:8]!r}")
    prices = [(code, seat_price(seats[code], brand, ordinary)) for code in codes]
    return [
        chosen_seat(leg=place, number=leg.number, seat=code, unit_minor=unit_minor)
        for code, unit_minor in prices
        if unit_minor
    ]


def _product(what: tuple[str, str, str], unit_minor: int, quantity: int, inputs: dict[str, Any]) -> PriceLine:
    kind, rule, label = what
    return PriceLine(
        kind=kind,
        label=label,
        amount_minor=quantity * unit_minor,
        quantity=quantity,
        unit_minor=unit_minor,
        rule=rule,
        inputs=inputs,
    )


def _fares_of(inputs: _Inputs, before: _Lines) -> dict[str, PriceLine]:
    """Return the fares of the leg that a line says it is for, by rule; none if its flight has another number."""
    of = [line for line in before if line.kind == "fares" and line.inputs["leg"] == inputs["leg"]]
    return {line.rule: line for line in of if line.inputs["number"] == inputs["number"]}


def _travelers(fares: Mapping[str, PriceLine]) -> int:
    return sum(line.quantity for rule, line in fares.items() if rule != "infant_fare")


def _adults(inputs: _Inputs, before: _Lines) -> str | None:
    adults = [line.quantity for line in before if line.rule == "adult_fare"]
    if inputs["leg"] != len(adults) + 1:
        return f"the next leg is {len(adults) + 1}"
    if adults and inputs["adults"] != adults[-1]:
        return f"the leg before has {counted(adults[-1], 'adult')}"
    return None


def _after_adults(inputs: _Inputs, before: _Lines, *between: str) -> str | None:
    adults = _fares_of(inputs, before).get("adult_fare")
    if adults is None:
        return "its leg has no adults"
    after = before[before.index(adults) + 1 :]
    if any(line.rule not in between for line in after):
        return "it must stand with the adults of its leg"
    return None if inputs["adult_minor"] == adults.unit_minor else f"an adult pays {adults.unit_minor} on its leg"


def _children(inputs: _Inputs, before: _Lines) -> str | None:
    return _after_adults(inputs, before)


def _infants(inputs: _Inputs, before: _Lines) -> str | None:
    return _after_adults(inputs, before, "child_fare")


def _seat(inputs: _Inputs, before: _Lines) -> str | None:
    seats = [line.inputs for line in before if line.kind == "seats"]
    if seats and seats[-1]["leg"] > inputs["leg"]:
        return "seats come in the order of the legs"
    same = [each["seat"] for each in seats if each["leg"] == inputs["leg"]]
    if inputs["seat"] in same:
        return "its seat is sold on its leg already"
    if len(same) >= _travelers(_fares_of(inputs, before)):
        return "its leg has no traveler left for it"
    return None


def _taxes(inputs: _Inputs, before: _Lines) -> str | None:
    taxed = [line.inputs["leg"] for line in before if line.rule == "airport_tax"]
    if taxed and taxed[-1] >= inputs["leg"]:
        return "taxes come once for each leg, in order"
    travelers = _travelers(_fares_of(inputs, before))
    return None if inputs["travelers"] == travelers else f"its leg has {counted(travelers, 'traveler')} with a seat"


def _flown(_inputs: _Inputs, before: _Lines) -> str | None:
    return None if any(line.kind == "fares" for line in before) else "there is no fare it could be for"


_LEG: Final = {"leg": int, "number": str}
_ADULT: Final = {**_LEG, "brand": str, "fare_minor": int, "brand_minor": int, "adults": int}
_SHARE: Final = {**_LEG, "adult_minor": int, "percent_bp": int}

LINES: Final[tuple[LineRule, ...]] = (
    ("adult_fare", 1, adult_fare, _ADULT, _adults),
    ("child_fare", 1, child_fare, {**_SHARE, "children": int}, _children),
    ("infant_fare", 1, infant_fare, {**_SHARE, "infants": int}, _infants),
    ("seat_price", 1, chosen_seat, {**_LEG, "seat": str, "unit_minor": int}, _seat),
    ("airport_tax", 1, airport_tax, {**_LEG, "unit_minor": int, "travelers": int}, _taxes),
    ("change_fee", 1, change_fee, {"unit_minor": int, "passengers": int}, _flown),
)
"""For `replay`: every version of every rule that ever made a line here, the function that makes it, its inputs and what
each is, and what it rests on."""
