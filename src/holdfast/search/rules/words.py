"""Words, places and amenities: how texts are compared."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

WORDS_MAX: Final = 10
HAYSTACK_MAX: Final = 1000
PLACES_MAX: Final = 1000
ESCAPE: Final = "!"

_RUNS = re.compile(r"\w+")


def normal(text: str) -> str:
    """Return text as it is compared: lower case, without accents and control characters, single spaces."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    characters = unicodedata.normalize("NFKD", apart)
    kept = [each for each in characters if each.isspace() or unicodedata.category(each)[0] not in "CM"]
    return " ".join("".join(kept).split())


def haystack(*texts: str) -> str:
    """Return the text in which the words of a search are looked for."""
    return normal(" ".join(texts))[:HAYSTACK_MAX]


def words(text: str) -> tuple[str, ...]:
    """Return what must occur in a haystack, each once: runs of letters and digits, or else the symbols there are."""
    plain = normal(text)
    return tuple(dict.fromkeys(_RUNS.findall(plain) or plain.split()))


def pattern(needle: str) -> str:
    """Return the LIKE pattern for text that contains `needle`, with `ESCAPE` as its escape character."""
    return "%" + "".join(ESCAPE + each if each in "%_!" else each for each in needle) + "%"


def place_key(place: str) -> str:
    """Return a place as it is compared: its words."""
    return " ".join(_RUNS.findall(normal(place)))


def places(neighbourhood: str, city: str) -> str:
    """Return the keys a property's place answers to, each between bars: city, neighbourhood, its parts by commas."""
    keys = [place_key(each) for each in (city, neighbourhood, *neighbourhood.split(","))]
    found = ""
    for key in dict.fromkeys(keys):
        if key and len(found) + len(key) + 2 <= PLACES_MAX:
            found += f"|{key}"
    return f"{found}|"


def place_pattern(place: str) -> str:
    """Return the LIKE pattern for `places` that answer to a place."""
    return pattern(f"|{place_key(place)}|")


AMENITY_WORDS: Final = 4
AMENITY_WORD_BITS: Final = 60
AMENITY_BITS: Final = AMENITY_WORDS * AMENITY_WORD_BITS
"""Amenities numbered below this have a bit; the others are looked for in the list of a property's numbers."""
NUMBERS_MAX: Final = 1000


def amenity_words(numbers: Iterable[int]) -> tuple[int, ...]:
    """Return the bits of amenities as the words their columns hold; those without a bit are left out."""
    found = [0] * AMENITY_WORDS
    for number in numbers:
        if number < AMENITY_BITS:
            found[number // AMENITY_WORD_BITS] |= 1 << number % AMENITY_WORD_BITS
    return tuple(found)


def number_list(numbers: Iterable[int]) -> str:
    """Return numbers as text in which `,17,` can be looked for."""
    return f",{','.join(map(str, sorted(set(numbers))))},"[:NUMBERS_MAX]
