"""Money: whole minor units of a currency, and the only ways from and to text. No floating point anywhere."""

import re
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar, Final

DECIMALS: Final[Mapping[str, int]] = MappingProxyType(
    dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0)
    | dict.fromkeys(
        (
            *("AED", "ARS", "AUD", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "HKD"),
            *("HUF", "IDR", "ILS", "INR", "KES", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PLN"),
            *("QAR", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "ZAR"),
        ),
        2,
    )
    | dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3)
)
"""Decimals of the currencies Holdfast trades in (ISO 4217): how many digits of the written amount are minor units."""

AMOUNT_MAX: Final = 2**53 - 1
"""Largest amount in minor units, either sign: the largest whole number every JSON reader keeps exactly."""

BASIS_POINTS: Final = 10_000
"""The whole, in basis points."""

_TEXT = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_UNITS_MAX = len(str(AMOUNT_MAX))


class AmountError(ValueError):
    """A written amount or its currency cannot be accepted; `code` says why."""

    code: ClassVar[str] = "invalid_amount"


class UnknownCurrencyError(AmountError):
    """The currency is none of `DECIMALS`; codes are three capital letters."""

    code = "unsupported_currency"


class MalformedAmountError(AmountError):
    """The amount is not written as plain digits with a point, like `1234.50`."""

    code = "malformed_amount"


class TooManyDecimalsError(AmountError):
    """The amount has more decimals than the currency."""

    code = "too_many_decimals"


class AmountOutOfRangeError(AmountError):
    """The amount is larger than `AMOUNT_MAX` minor units."""

    code = "amount_out_of_range"


def is_currency(code: str) -> bool:
    """Return whether amounts in this currency (ISO 4217, capital letters) can be handled."""
    return code in DECIMALS


def decimals_of(currency: str) -> int:
    """Return how many decimals the currency has.

    Raises:
        UnknownCurrencyError: The currency is not one of ours.
    """
    decimals = DECIMALS.get(currency)
    if decimals is None:
        raise UnknownCurrencyError(f"unsupported currency {currency[:8]!r}")
    return decimals


def portion(amount_minor: int, basis_points: int) -> int:
    """Return a share of an amount, rounded to a whole minor unit, halves to the even one.

    Rounding to even leaves no drift over many lines, and the portion of a negative amount is the negative portion.
    """
    return fraction(amount_minor, basis_points, BASIS_POINTS)


def fraction(amount_minor: int, numerator: int, denominator: int) -> int:
    """Return `numerator / denominator` of an amount, rounded as in `portion`; the denominator is positive."""
    whole, rest = divmod(amount_minor * numerator, denominator)
    # The lowest bit of `whole` decides an exact half: an odd one goes up, an even one stays.
    return whole + (2 * rest + (whole & 1) > denominator)


def to_minor(amount: str | Decimal, currency: str) -> int:
    """Return a written amount in minor units, exactly; nothing is rounded, trimmed or guessed.

    Only ASCII digits, an optional leading minus and one point are read: no spaces, grouping, exponent, plus sign,
    leading zeros or bare point. A `Decimal` is taken as it prints, so `Decimal("1E+3")` is refused like its text.

    Raises:
        UnknownCurrencyError: The currency is not one of ours.
        MalformedAmountError: The text is not a plain decimal number (this includes NaN and infinity).
        TooManyDecimalsError: There are more decimals than the currency has, be they zeros.
        AmountOutOfRangeError: The amount is beyond `AMOUNT_MAX`.
    """
    decimals = decimals_of(currency)
    match = _TEXT.fullmatch(str(amount) if isinstance(amount, Decimal) else amount)
    if match is None:
        raise MalformedAmountError("an amount is written in plain digits with a point, like 1234.50")
    sign, units, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > decimals:
        raise TooManyDecimalsError(f"{currency} has {decimals} decimals, not {len(fraction)}")
    # The length is looked at first: a million digits must not become a number.
    minor = int(units + fraction.ljust(decimals, "0")) if len(units) <= _UNITS_MAX else AMOUNT_MAX + 1
    if minor > AMOUNT_MAX:
        raise AmountOutOfRangeError(f"an amount is at most {format_amount(AMOUNT_MAX, currency)} {currency}")
    return -minor if sign else minor


def format_amount(amount_minor: int, currency: str) -> str:
    """Return an amount as plain text without the currency: `1234.50`; `to_minor` reads it back.

    Raises:
        UnknownCurrencyError: The currency is not one of ours.
    """
    decimals = decimals_of(currency)
    sign = "-" if amount_minor < 0 else ""
    if decimals == 0:
        return f"{sign}{abs(amount_minor)}"
    units, fraction = divmod(abs(amount_minor), 10**decimals)
    return f"{sign}{units}.{fraction:0{decimals}d}"
