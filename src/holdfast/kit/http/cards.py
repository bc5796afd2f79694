"""Card numbers, which no field of ours takes: a card is entered in the form of whoever moves the money, never here.

A text holds a card number where 13 to 19 digits stand alone (not inside a word, an id or a decimal), perhaps in groups
of three and more parted by spaces and dashes, begin as an issuer's numbers of that length do, and pass the check digit.
That is narrow on purpose: ids, tokens, dates and phone numbers are not to be refused. Of whatever else has such a form
one in ten passes the check digit. Numbers that are sent as numbers are no texts; no text field of ours takes them.
"""

import re
from collections.abc import Iterator
from typing import Final

HIDDEN: Final = "[card number]"
"""What is said instead of a card number where it would be said."""

_DIGITS_MIN: Final = 13
_DIGITS_MAX: Final = 19
_GROUP_MIN: Final = 3
_LUHN: Final = 10

_GAPS: Final = " \\-\u00a0\u2007\u2009\u2010-\u2015\u202f\u3000"
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_NEAR_BYTES: Final = re.compile(rb"[0-9][0-9 -]{12}")
_NEAR: Final = re.compile(rf"\d[\d{_GAPS}]{{{_DIGITS_MIN - 1}}}")
_RUN: Final = re.compile(rf"(?<![\w+])(?<!\w[-.])\d+(?:[{_GAPS}]{{1,3}}\d+)*(?!\w|[-.]\w)")
_DIGITS: Final = re.compile(r"\d+")
_ISSUED: Final = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})"  # Visa
    r"|5[1-5]\d{14}|(?:222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:35(?:2[89]|[3-8]\d)|220[0-4])\d{12,15}"  # JCB, Mir
    r"|(?:6011|6[245]\d\d|81\d\d)\d{12,15}"  # Discover, UnionPay, RuPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{12,15}",  # Maestro
    re.ASCII,
)


def may_hold_card(raw: bytes) -> bool:
    """Return whether bytes are worth a closer look: enough digits with nothing but gaps between them. Some 2 us."""
    if raw.isascii():
        return len(raw.translate(None, _NO_DIGITS)) >= _DIGITS_MIN and _NEAR_BYTES.search(raw) is not None
    return _NEAR.search(raw.decode("utf-8", "replace")) is not None


def holds_card(text: str) -> bool:
    """Return whether a text holds what looks like a card number."""
    return _NEAR.search(text) is not None and any(
        _is_card(digits) for run in _RUN.finditer(text) for digits in _windows(run[0])
    )


def _windows(run: str) -> Iterator[str]:
    """Yield the digits of neighboring groups that could be a card number together."""
    groups = [_ascii(digits) for digits in _DIGITS.findall(run)]
    for first in range(len(groups)):
        digits = ""
        for last in range(first, len(groups)):
            digits += groups[last]
            if len(digits) > _DIGITS_MAX:
                break
            if len(digits) >= _DIGITS_MIN:
                yield digits
            if len(groups[last]) < _GROUP_MIN:  # a short group can only be the end
                break


def _ascii(digits: str) -> str:
    return digits if digits.isascii() else "".join(str(int(digit)) for digit in digits)


def _is_card(digits: str) -> bool:
    if not _ISSUED.fullmatch(digits):
        return False
    numbers = [int(digit) for digit in reversed(digits)]
    doubled = (sum(divmod(2 * number, 10)) for number in numbers[1::2])
    return (sum(numbers[::2]) + sum(doubled)) % _LUHN == 0


def hide_card(name: str) -> str:
    """Return a name as it may be told: one that holds a card number is hidden."""
    return HIDDEN if holds_card(name) else name
