"""Texts in people's own words, and the government identifiers that do not belong in them (APP 4 and 9).

Nothing here needs a tax file number, a Medicare number or a passport number, so a text that holds one is refused and
kept nowhere: the sender is told which field it was, and no log has its content. Card numbers are refused everywhere
already (`holdfast.kit.http.cards`). What looks like one of them only by chance is rare, because check digits have to
fit, and a number that could as well be a telephone's counts only beside a word that says what it is.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from pydantic import GetCoreSchemaHandler
from pydantic.annotated_handlers import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from holdfast.kit.http.wire import Prose

_GROUPED_TFN: Final = re.compile(r"(?<![\w+])\d{3}[ -]?\d{3}[ -]?\d{2,3}(?![\w-])")
_GROUPED_MEDICARE: Final = re.compile(r"(?<![\w+])[2-6]\d{3}[ -]\d{5}[ -]\d(?:[ /-]?\d)?(?![\w-])")
_PLAIN_MEDICARE: Final = re.compile(r"(?<![\w+])[2-6]\d{9,10}(?!\w)")
_PASSPORT: Final = re.compile(r"(?<!\w)(?:[A-Z]{1,2} ?\d{7}|\d{9})(?!\w)", re.IGNORECASE)
_SAYS_TFN: Final = re.compile(r"\btfn\b|\btax file\b", re.IGNORECASE)
_SAYS_MEDICARE: Final = re.compile(r"\bmedicare\b", re.IGNORECASE)
_SAYS_PASSPORT: Final = re.compile(r"\bpassport\b", re.IGNORECASE)
_TFN_WEIGHTS: Final = {8: (10, 7, 8, 4, 6, 3, 5, 1), 9: (1, 4, 3, 7, 5, 8, 6, 9, 10)}
_TFN_MODULUS: Final = 11
_MEDICARE_WEIGHTS: Final = (1, 3, 7, 9, 1, 3, 7, 9)
_LONG_TFN: Final = 9


def identifier_in(text: str) -> str | None:
    """Return which government identifier a text seems to hold (`tax_file_number`, …), or None. Some 2 us."""
    if not any(sign.isdigit() for sign in text):
        return None
    if any(_is_tfn(found[0], told=bool(_SAYS_TFN.search(text))) for found in _GROUPED_TFN.finditer(text)):
        return "tax_file_number"
    cards = [*_GROUPED_MEDICARE.finditer(text)]
    if _SAYS_MEDICARE.search(text):
        cards += _PLAIN_MEDICARE.finditer(text)
    if any(_is_medicare(_digits(found[0])) for found in cards):
        return "medicare_number"
    if _SAYS_PASSPORT.search(text) and _PASSPORT.search(text):
        return "passport_number"
    return None


def _digits(text: str) -> list[int]:
    return [int(sign) for sign in text if sign.isdigit()]


def _is_tfn(text: str, *, told: bool) -> bool:
    digits = _digits(text)
    # Eight digits could be a date; old numbers of that length count only where the text says what they are.
    if len(digits) < _LONG_TFN and not told:
        return False
    weighed = sum(digit * weight for digit, weight in zip(digits, _TFN_WEIGHTS[len(digits)], strict=True))
    return weighed % _TFN_MODULUS == 0


def _is_medicare(digits: list[int]) -> bool:
    weighed = sum(digit * weight for digit, weight in zip(digits[:8], _MEDICARE_WEIGHTS, strict=True))
    return weighed % 10 == digits[8]


def _screened(text: str) -> str:
    if identifier_in(text) is not None:
        raise PydanticCustomError(
            "government_identifier_refused",
            "This looks like a tax file, Medicare or passport number. Leave it out: nobody here needs it.",
        )
    return text


@dataclass(frozen=True, slots=True)
class OwnWords:
    """A text of many lines that somebody writes freely: like `Prose`, without government identifiers."""

    max_length: int
    min_length: int = 0

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Make the schema pydantic compiles."""
        prose = Prose(self.max_length, self.min_length).__get_pydantic_core_schema__(source, handler)
        return core_schema.no_info_after_validator_function(_screened, prose)

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Say in the OpenAPI document what is refused, as `Prose` does."""
        return Prose(self.max_length, self.min_length).__get_pydantic_json_schema__(schema, handler)
