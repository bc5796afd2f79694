"""Shapes of what crosses the wire: strict pydantic models and the field types bodies and queries are made of.

Nothing is coerced: `true`, `"2"` and `1.5` are no whole numbers, nor are digits of other scripts. Texts are stored
exactly as sent, but have a largest length and no control characters. Every number, text and list has bounds; `Router`
refuses a body or a query parameter without them when the route is declared. A body:

```python
class NewStay(Wire):
    property_id: Annotated[int, Between(1, NUMBER_MAX)]
    check_in: DayField
    guests: Annotated[int, Between(1, 50)]
    kind: Annotated[PropertyKind, BY_VALUE]          # a StrEnum
    nickname: Annotated[str, Line(80)] | None = None
    note: Annotated[str, Prose(2_000)] = ""
    amenities: Annotated[tuple[Annotated[str, Line(60)], ...], items(50)] = ()
```

In a query or a path everything arrives as text: `limit: Annotated[int, Digits(1, 100)] = 20`,
`latitude: Annotated[float, Measure(-90, 90)]`, `pets: YesNo = False`, `property_id: PathNumber`; `DayField`, `Line` and
plain StrEnums serve there too.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Any, Final, LiteralString

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    PlainSerializer,
    WithJsonSchema,
)
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.fields import FieldInfo
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from holdfast.engine.money import AMOUNT_MAX, DECIMALS, is_currency

NUMBER_MAX: Final = 2**53 - 1
"""Largest id and amount: exact as a JSON number in every language."""

BY_VALUE: Final[FieldInfo] = Field(strict=False)
"""Lets a StrEnum in a body be given by its value: `Annotated[Role, BY_VALUE]`."""

_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME: Final = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_INSTANT: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})?"
)
_DIGITS: Final = re.compile(r"-?(0|[1-9][0-9]{0,39})")
_MEASURE: Final = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?")
"""Whatever programs make of a double: 3.3485171283599073 and 1e-7 too."""
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CONTROL_BUT_LINES: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f]*$"
_FULL_LINE_PATTERN: Final = r"^[^\x00-\x1f\x7f-\x9f]*[^\x00-\x1f\x7f-\x9f\s][^\x00-\x1f\x7f-\x9f]*$"
_PROSE_PATTERN: Final = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"


class Wire(BaseModel):
    """Base of every body: strict, frozen, no unknown members, no silent conversion."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, allow_inf_nan=False, use_attribute_docstrings=True
    )


def _error(code: LiteralString, detail: LiteralString) -> PydanticCustomError:
    return PydanticCustomError(code, detail)  # pydantic's error type is the stable code of our error reference


def items(max_length: int, min_length: int = 0) -> Any:
    """Return the bounds of a list or tuple; with them a JSON array becomes a tuple."""
    return Field(strict=False, min_length=min_length, max_length=max_length)


@dataclass(frozen=True, slots=True)
class Between:
    """Bounds of a number in a body, both allowed. An int takes JSON whole numbers only, a float any finite number."""

    least: float
    most: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Make the schema pydantic compiles.

        Raises:
            TypeError: The annotated type is neither int nor float.
        """
        if source is int:
            return core_schema.int_schema(strict=True, ge=int(self.least), le=int(self.most))
        if source is float:
            return core_schema.float_schema(strict=True, ge=self.least, le=self.most, allow_inf_nan=False)
        raise TypeError(f"Between bounds int and float, not {source}")


def _digits(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _DIGITS.fullmatch(value):
        raise _error("type_error", "Write a whole number in plain digits.")
    return int(value)


@dataclass(frozen=True, slots=True)
class Digits:
    """Bounds of a whole number in a query or a path, written in plain digits."""

    least: int
    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Make the schema pydantic compiles.

        Raises:
            TypeError: The annotated type is not int.
        """
        if source is not int:
            raise TypeError(f"Digits bounds int, not {source}")
        number = core_schema.int_schema(strict=True, ge=self.least, le=self.most)
        return core_schema.no_info_before_validator_function(_digits, number)


def _measure(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _MEASURE.fullmatch(value):
        raise _error("type_error", "Write a number like 12 or -12.5.")
    return float(value)


@dataclass(frozen=True, slots=True)
class Measure:
    """Bounds of a number with decimals in a query, written like `-12.5` or `1e-7`."""

    least: float
    most: float

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Make the schema pydantic compiles.

        Raises:
            TypeError: The annotated type is not float.
        """
        if source is not float:
            raise TypeError(f"Measure bounds float, not {source}")
        number = core_schema.float_schema(strict=True, ge=self.least, le=self.most, allow_inf_nan=False)
        return core_schema.no_info_before_validator_function(_measure, number)


def _refuse_control(control: re.Pattern[str], text: str) -> str:
    if not text.isprintable() and control.search(text):
        raise _error("control_character", "The text holds a control character.")
    return text


def _line(text: str) -> str:
    return _refuse_control(_CONTROL, text)


def _full_line(text: str) -> str:
    if text.isspace():
        raise _error("blank", "The text is blank.")
    return _refuse_control(_CONTROL, text)


def _prose(text: str) -> str:
    return _refuse_control(_CONTROL_BUT_LINES, text)


@dataclass(frozen=True, slots=True)
class Line:
    """A text on one line: no control characters, and not blank unless it may be empty."""

    max_length: int
    min_length: int = 1

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Make the schema pydantic compiles.

        Raises:
            TypeError: The annotated type is not str.
        """
        if source is not str:
            raise TypeError(f"Line bounds str, not {source}")
        text = core_schema.str_schema(strict=True, min_length=self.min_length, max_length=self.max_length)
        check = _full_line if self.min_length else _line
        return core_schema.no_info_after_validator_function(check, text)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say in the OpenAPI document what is refused."""
        return handler(schema) | {"pattern": _FULL_LINE_PATTERN if self.min_length else _LINE_PATTERN}


@dataclass(frozen=True, slots=True)
class Prose:
    """A text of many lines: tabs and line breaks, but no other control characters."""

    max_length: int
    min_length: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Make the schema pydantic compiles.

        Raises:
            TypeError: The annotated type is not str.
        """
        if source is not str:
            raise TypeError(f"Prose bounds str, not {source}")
        text = core_schema.str_schema(strict=True, min_length=self.min_length, max_length=self.max_length)
        return core_schema.no_info_after_validator_function(_prose, text)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say in the OpenAPI document what is refused."""
        return handler(schema) | {"pattern": _PROSE_PATTERN}


def _day(value: Any) -> Any:
    if type(value) is date:
        return value
    if not isinstance(value, str):
        raise _error("type_error", "Write the date as a text like 2026-12-31.")
    if _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise _error("invalid_date", "Write an existing date like 2026-12-31.")


DayField = Annotated[date, BeforeValidator(_day)]
"""A calendar day, `YYYY-MM-DD` and nothing else; refused as `invalid_date`."""


def _time(value: Any) -> Any:
    if isinstance(value, time):
        return value
    if not isinstance(value, str):
        raise _error("type_error", "Write the time as a text like 15:00.")
    if match := _TIME.fullmatch(value):
        return time(int(match[1]), int(match[2]))
    raise _error("invalid_time", "Write the time like 15:00.")


def _clock_face(value: time) -> str:
    return value.strftime("%H:%M")


TimeField = Annotated[
    time,
    BeforeValidator(_time),
    PlainSerializer(_clock_face, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_TIME.pattern}$", "minLength": 5, "maxLength": 5}),
]
"""A local wall time, `HH:MM`; refused as `invalid_time`."""


def _instant(value: Any) -> Any:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, str):
        raise _error("type_error", "Write the instant as a text like 2026-12-31T23:59:00Z.")
    match = _INSTANT.fullmatch(value)
    if match and not match[3]:
        raise _error("offset_missing", "Say the offset from UTC: add Z, or one like +10:00.")
    if match:
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise _error("invalid_instant", "Write an existing instant like 2026-12-31T23:59:00Z.")


InstantField = Annotated[datetime, BeforeValidator(_instant)]
"""An instant with its offset from UTC (RFC 3339), given on in UTC; refused as `invalid_instant`, `offset_missing`."""


def _yes_no(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if value not in {"true", "false"}:
        raise _error("type_error", "Write true or false.")
    return value == "true"


YesNo = Annotated[bool, BeforeValidator(_yes_no)]
"""A flag in a query: `true` or `false`."""


def _currency(value: Any) -> Any:
    if isinstance(value, str) and not is_currency(value):
        raise _error("unsupported_currency", "This is no currency we trade in; codes are three capital letters.")
    return value


CurrencyField = Annotated[
    str, BeforeValidator(_currency), WithJsonSchema({"type": "string", "enum": sorted(DECIMALS), "examples": ["USD"]})
]
"""A currency we trade in, ISO 4217; refused as `unsupported_currency`."""

AmountField = Annotated[int, Between(0, AMOUNT_MAX)]
"""An amount of money in minor units, never negative."""

PathNumber = Annotated[int, Digits(1, NUMBER_MAX)]
"""The number of a thing in a path. Whatever is no such number is answered like a thing that does not exist."""

PathText = Annotated[str, Line(100)]
"""The id or reference of a thing in a path; refused like `PathNumber`."""


class MoneyOut(Wire):
    """An amount of money as we answer it."""

    amount: int
    """In minor units of the currency."""
    currency: str
    """ISO 4217."""
