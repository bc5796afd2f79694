"""What the routes of the catalog read and answer of what flights are sold for."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Discriminator, Field, Tag

from holdfast.catalog.flights_api import CabinFares, Fares
from holdfast.catalog.routes.policies import (
    BY_NAME,
    BY_WINDOWS,
    BasisPoints,
    CancellationPolicyOut,
    Code,
    PolicyIn,
    PolicyName,
    policy_form,
    policy_of,
)
from holdfast.catalog.routes.terms import PriceIn
from holdfast.catalog.rules import flights as rules
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.wire import BY_VALUE, Between, Line, MoneyOut, Wire, items
from holdfast.verticals.flights.terms import Cabin, FareBrand, FareBucket, LegTerms

_USD: Final = "USD"


def _usd(amount: int) -> dict[str, Any]:
    return {"amount": amount, "currency": _USD}


FARES: Final[dict[str, Any]] = {
    "tax": _usd(1860),
    "child_bp": 7500,
    "infant_bp": 1000,
    "sales_close_minutes": 45,
    "cabins": [
        {
            "code": "economy",
            "overbooking": 0,
            "buckets": [
                {"code": "Q", "seats": 20, "fare": _usd(8900)},
                {"code": "M", "seats": 40, "fare": _usd(12900)},
                {"code": "Y", "seats": 90, "fare": _usd(21900)},
            ],
            "brands": [
                {
                    "code": "basic",
                    "name": "Basic",
                    "extra": _usd(0),
                    "policy": "non_refundable",
                    "changeable": False,
                    "change_fee": _usd(0),
                    "bags": 0,
                    "seat_choice": False,
                },
                {
                    "code": "flex",
                    "name": "Flex",
                    "extra": _usd(4000),
                    "policy": "flexible",
                    "changeable": True,
                    "change_fee": _usd(0),
                    "bags": 1,
                    "seat_choice": True,
                },
            ],
        }
    ],
}


class CabinCode(StrEnum):
    """A class of an airplane."""

    ECONOMY = "economy"
    PREMIUM = "premium"
    BUSINESS = "business"
    FIRST = "first"


class BucketIn(Wire):
    """So many seats at a fare; when they are sold the next bucket is asked."""

    code: Annotated[str, Field(min_length=1, max_length=1, pattern="^[A-Z]$")]
    seats: Annotated[int, Between(1, rules.BUCKET_SEATS_MAX)]
    fare: PriceIn
    """For one adult."""


class BrandIn(Wire):
    """What a fare includes, and what becomes of it when plans change."""

    code: Code
    name: Annotated[str, Line(rules.NAME_MAX)]
    extra: PriceIn
    """On top of the bucket's fare, for each traveler with a seat."""
    policy: Annotated[
        Annotated[PolicyName, Tag(BY_NAME)] | Annotated[PolicyIn, Tag(BY_WINDOWS)], Discriminator(policy_form)
    ]
    """A policy by its name, or one of your own. A flight is one night to it, which begins with the departure."""
    changeable: bool
    change_fee: PriceIn
    """For each traveler with a seat, once for a change."""
    bags: Annotated[int, Between(0, rules.BAGS_MAX)] = 0
    """Checked bags included, for each traveler with a seat."""
    seat_choice: bool = False
    """Whether ordinary seats may be chosen without their extra price."""

    def brand(self) -> FareBrand:
        """Return it as the door takes it."""
        return FareBrand(
            code=self.code,
            name=self.name,
            extra_minor=self.extra.amount,
            policy=policy_of(self.policy),
            changeable=self.changeable,
            change_fee_minor=self.change_fee.amount,
            bags=self.bags,
            seat_choice=self.seat_choice,
        )


class CabinFaresIn(Wire):
    """What one cabin is sold for."""

    code: Annotated[CabinCode, BY_VALUE]
    """The airplane has to have it."""
    overbooking: Annotated[int, Between(0, rules.OVERBOOKING_MAX)] = 0
    """So many more than there are seats may be sold."""
    buckets: Annotated[tuple[BucketIn, ...], items(rules.BUCKETS_MAX, 1)]
    """From the cheapest to the dearest."""
    brands: Annotated[tuple[BrandIn, ...], items(rules.BRANDS_MAX, 1)]
    """From the plainest to the fullest."""

    def fares(self) -> CabinFares:
        """Return them as the door takes them."""
        return CabinFares(
            code=self.code.value,
            overbooking=self.overbooking,
            buckets=tuple(
                FareBucket(code=each.code, seats=each.seats, fare_minor=each.fare.amount) for each in self.buckets
            ),
            brands=tuple(each.brand() for each in self.brands),
        )


class FaresIn(Wire):
    """What a flight is sold for, in one currency."""

    tax: PriceIn
    """Airport taxes, for each traveler with a seat; its currency is the currency of all fares."""
    child_bp: BasisPoints = 10_000
    """What a child pays of an adult's fare, in basis points: 7500 is 75 %."""
    infant_bp: BasisPoints = 1_000
    """What an infant on a lap pays of it."""
    sales_close_minutes: Annotated[int, Between(0, rules.SALES_CLOSE_MINUTES_MAX)] = 60
    """Before departure."""
    cabins: Annotated[tuple[CabinFaresIn, ...], items(rules.CABINS_MAX, 1)]

    def fares(self) -> Fares:
        """Return them as the door takes them.

        Raises:
            Invalid: The prices are not in one currency.
        """
        if errors := list(self._currency_errors()):
            raise Invalid(errors=errors)
        return Fares(
            currency=self.tax.currency,
            cabins=tuple(each.fares() for each in self.cabins),
            child_bp=self.child_bp,
            infant_bp=self.infant_bp,
            tax_minor=self.tax.amount,
            sales_close_minutes=self.sales_close_minutes,
        )

    def _currency_errors(self) -> Iterator[FieldError]:
        for pointer, price in self._prices():
            if price.currency != self.tax.currency:
                detail = f"The fares are in {self.tax.currency}, as the tax is."
                yield FieldError(pointer=f"{pointer}/currency", code="currency_mismatch", detail=detail)

    def _prices(self) -> Iterator[tuple[str, PriceIn]]:
        for place, cabin in enumerate(self.cabins):
            pointer = f"/fares/cabins/{place}"
            yield from ((f"{pointer}/buckets/{number}/fare", each.fare) for number, each in enumerate(cabin.buckets))
            for number, brand in enumerate(cabin.brands):
                yield f"{pointer}/brands/{number}/extra", brand.extra
                yield f"{pointer}/brands/{number}/change_fee", brand.change_fee


class BucketOut(Wire):
    """So many seats at a fare; when they are sold the next bucket is asked."""

    code: str
    seats: int
    fare: MoneyOut
    """For one adult."""


class BrandOut(Wire):
    """What a fare includes, and what becomes of it when plans change."""

    code: str
    name: str
    extra: MoneyOut
    """On top of the bucket's fare, for each traveler with a seat."""
    policy: CancellationPolicyOut
    """What canceling gives back. A flight is one night to it, which begins with the departure."""
    changeable: bool
    change_fee: MoneyOut
    """For each traveler with a seat, once for a change."""
    bags: int
    """Checked bags included, for each traveler with a seat."""
    seat_choice: bool
    """Whether ordinary seats may be chosen without their extra price."""

    @classmethod
    def of(cls, brand: FareBrand, currency: str) -> Self:
        """Render a brand."""
        return cls(
            code=brand.code,
            name=brand.name,
            extra=MoneyOut(amount=brand.extra_minor, currency=currency),
            policy=CancellationPolicyOut.of(brand.policy),
            changeable=brand.changeable,
            change_fee=MoneyOut(amount=brand.change_fee_minor, currency=currency),
            bags=brand.bags,
            seat_choice=brand.seat_choice,
        )


class CabinFaresOut(Wire):
    """What one cabin is sold for."""

    code: CabinCode
    overbooking: int
    """So many more than there are seats may be sold."""
    buckets: tuple[BucketOut, ...]
    """From the cheapest to the dearest; what is left of each is in a quote."""
    brands: tuple[BrandOut, ...]
    """From the plainest to the fullest."""

    @classmethod
    def of(cls, cabin: CabinFares | Cabin, currency: str) -> Self:
        """Render the fares of a cabin."""
        return cls(
            code=CabinCode(cabin.code),
            overbooking=cabin.overbooking,
            buckets=tuple(
                BucketOut(code=each.code, seats=each.seats, fare=MoneyOut(amount=each.fare_minor, currency=currency))
                for each in cabin.buckets
            ),
            brands=tuple(BrandOut.of(each, currency) for each in cabin.brands),
        )


class FaresOut(Wire):
    """What a flight is sold for."""

    tax: MoneyOut
    """Airport taxes, for each traveler with a seat."""
    child_bp: int
    """What a child pays of an adult's fare, in basis points: 7500 is 75 %."""
    infant_bp: int
    """What an infant on a lap pays of it."""
    sales_close_minutes: int
    """Before departure."""
    cabins: tuple[CabinFaresOut, ...]

    @classmethod
    def of(cls, said: Fares | LegTerms) -> Self:
        """Render fares; the terms of a flight have them too."""
        return cls(
            tax=MoneyOut(amount=said.tax_minor, currency=said.currency),
            child_bp=said.child_bp,
            infant_bp=said.infant_bp,
            sales_close_minutes=said.sales_close_minutes,
            cabins=tuple(CabinFaresOut.of(each, said.currency) for each in said.cabins),
        )
