"""What the routes of the catalog read and answer of airplanes."""

from collections.abc import Iterator
from typing import Annotated, Any, Final, Self

from pydantic import Field

from holdfast.catalog.airline_api import Airplane, AirplaneDraft, CabinLayout, SeatPrice
from holdfast.catalog.routes.fare_shapes import CabinCode
from holdfast.catalog.routes.policies import shown
from holdfast.catalog.routes.terms import PriceIn
from holdfast.catalog.rules import airplanes as rules
from holdfast.kit.errors import FieldError, Invalid
from holdfast.kit.http.wire import BY_VALUE, Between, Line, MoneyOut, Wire, items

_AIRPLANE: Final[dict[str, Any]] = {
    "name": "N101HF",
    "equipment": "738",
    "cabins": [
        {
            "code": "economy",
            "first_row": 1,
            "last_row": 30,
            "columns": "ABC DEF",
            "skipped_rows": [13],
            "exit_rows": [15, 16],
            "missing": [],
            "blocked": ["30C", "30D"],
            "ordinary_price": {"amount": 900, "currency": "USD"},
            "prices": [
                {"first_row": 1, "last_row": 4, "price": {"amount": 2500, "currency": "USD"}},
                {"first_row": 15, "last_row": 16, "price": {"amount": 3500, "currency": "USD"}},
            ],
        }
    ],
}
_Row = Annotated[int, Between(1, rules.ROW_MAX)]
_Seat = Annotated[str, Field(min_length=2, max_length=3, pattern=rules.SEAT)]
_Seats = Annotated[tuple[_Seat, ...], items(rules.SEATS_NAMED_MAX)]


class SeatPriceIn(Wire):
    """What choosing a seat of some rows costs."""

    first_row: _Row
    last_row: _Row
    price: PriceIn
    """One currency for all of an airplane."""


class CabinIn(Wire):
    """Where the seats of one cabin are."""

    code: Annotated[CabinCode, BY_VALUE]
    first_row: _Row
    last_row: _Row
    columns: Annotated[str, Field(min_length=1, max_length=rules.COLUMNS_MAX, pattern=rules.COLUMNS)]
    """Capital letters from left to right, a space for every aisle: `ABC DEF`."""
    skipped_rows: Annotated[tuple[_Row, ...], items(rules.ROWS_NAMED_MAX)] = ()
    """Rows there are not, such as 13."""
    exit_rows: Annotated[tuple[_Row, ...], items(rules.ROWS_NAMED_MAX)] = ()
    missing: _Seats = ()
    """Seats there are not, such as `30C`."""
    blocked: _Seats = ()
    """Seats nobody is given."""
    ordinary_price: PriceIn | None = None
    """What choosing a seat costs, unless the fare includes it; null: nothing."""
    prices: Annotated[tuple[SeatPriceIn, ...], items(rules.SEAT_PRICES_MAX)] = ()
    """Rows whose seats cost something else, whatever the fare; from front to back."""

    def layout(self) -> CabinLayout:
        """Return it as the door takes it."""
        return CabinLayout(
            code=self.code.value,
            first_row=self.first_row,
            last_row=self.last_row,
            columns=self.columns,
            skipped_rows=self.skipped_rows,
            exit_rows=self.exit_rows,
            missing=self.missing,
            blocked=self.blocked,
            ordinary_minor=0 if self.ordinary_price is None else self.ordinary_price.amount,
            prices=tuple(
                SeatPrice(first_row=each.first_row, last_row=each.last_row, minor=each.price.amount)
                for each in self.prices
            ),
        )


class AirplaneIn(Wire):
    """All an airline says of an airplane."""

    model_config = shown(_AIRPLANE)

    name: Annotated[str, Line(rules.AIRPLANE_NAME_MAX)]
    """Registration or name, unique among yours."""
    equipment: Annotated[
        str,
        Field(min_length=rules.EQUIPMENT_MIN, max_length=rules.EQUIPMENT_MAX, pattern=rules.EQUIPMENT),
    ]
    """IATA's code of the type."""
    cabins: Annotated[tuple[CabinIn, ...], items(rules.CABINS_MAX, 1)]
    """From front to back."""

    def draft(self) -> AirplaneDraft:
        """Return it as the door takes it.

        Raises:
            Invalid: The prices are not in one currency.
        """
        prices = list(self._currencies())
        currency = prices[0][1] if prices else None
        detail = f"The first price is in {currency}."
        errors = [
            FieldError(pointer=pointer, code="currency_mismatch", detail=detail)
            for pointer, other in prices
            if other != currency
        ]
        if errors:
            raise Invalid(errors=errors)
        return AirplaneDraft(
            name=self.name,
            equipment=self.equipment,
            cabins=tuple(each.layout() for each in self.cabins),
            currency=currency,
        )

    def _currencies(self) -> Iterator[tuple[str, str]]:
        for place, cabin in enumerate(self.cabins):
            if cabin.ordinary_price is not None:
                yield f"/cabins/{place}/ordinary_price/currency", cabin.ordinary_price.currency
            for number, each in enumerate(cabin.prices):
                yield f"/cabins/{place}/prices/{number}/price/currency", each.price.currency


class SeatPriceOut(Wire):
    """What choosing a seat of some rows costs."""

    first_row: int
    last_row: int
    price: MoneyOut


class CabinOut(Wire):
    """Where the seats of one cabin are."""

    code: CabinCode
    first_row: int
    last_row: int
    columns: str
    """Capital letters from left to right, a space for every aisle."""
    skipped_rows: tuple[int, ...]
    exit_rows: tuple[int, ...]
    missing: tuple[str, ...]
    """Seats there are not."""
    blocked: tuple[str, ...]
    """Seats nobody is given."""
    ordinary_price: MoneyOut | None
    """What choosing a seat costs, unless the fare includes it; null: nothing."""
    prices: tuple[SeatPriceOut, ...]
    """Rows whose seats cost something else, whatever the fare."""

    @classmethod
    def of(cls, cabin: CabinLayout, currency: str | None) -> Self:
        """Render a cabin."""
        ordinary = None if currency is None else MoneyOut(amount=cabin.ordinary_minor, currency=currency)
        return cls(
            code=CabinCode(cabin.code),
            first_row=cabin.first_row,
            last_row=cabin.last_row,
            columns=cabin.columns,
            skipped_rows=cabin.skipped_rows,
            exit_rows=cabin.exit_rows,
            missing=cabin.missing,
            blocked=cabin.blocked,
            ordinary_price=ordinary if cabin.ordinary_minor else None,
            prices=tuple(
                SeatPriceOut(
                    first_row=each.first_row,
                    last_row=each.last_row,
                    price=MoneyOut(amount=each.minor, currency=currency or ""),
                )
                for each in cabin.prices
            ),
        )


class AirplaneOut(Wire):
    """An airplane."""

    model_config = shown({"id": 7, "owner_id": 4, **_AIRPLANE})

    id: int
    owner_id: int
    """The airline's account."""
    name: str
    equipment: str
    """IATA's code of the type."""
    cabins: tuple[CabinOut, ...]
    """From front to back."""

    @classmethod
    def of(cls, found: Airplane) -> Self:
        """Render an airplane."""
        said = found.draft
        return cls(
            id=found.id,
            owner_id=found.owner_id,
            name=said.name,
            equipment=said.equipment,
            cabins=tuple(CabinOut.of(each, said.currency) for each in said.cabins),
        )


class AirplanesPage(Wire):
    """Airplanes in order of id."""

    items: tuple[AirplaneOut, ...]
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last one."""
