"""The ring of nights: which of 840 consecutive nights cannot be sold, as bits.

The bit of a night is its slot modulo 840, so nothing moves when a day passes; what a bit speaks of is told by the
row's `first_word`. A ring is one whole number here and fourteen words of 60 bits in the database.
"""

from collections.abc import Iterator, Sequence
from typing import Final

WORD_NIGHTS: Final = 60
"""Nights in one word: with room to spare in a signed 64-bit integer of every engine."""
WORDS: Final = 14
RING_NIGHTS: Final = WORD_NIGHTS * WORDS
"""How many nights a row knows. The bit of a night is its slot modulo this, so the ring never has to be turned."""
ALL_BUSY: Final = (1 << RING_NIGHTS) - 1
HORIZON_NIGHTS_MAX: Final = RING_NIGHTS - WORD_NIGHTS - 1
"""The ring begins with the word of yesterday, so this many nights from today on are in it on every day."""
ASTRAY: Final = 0
"""`first_word` of a row whose stock has to be read anew as a whole."""
STOCKLESS: Final = -1
"""`first_word` of a row for which booking had no stock; it waits to hear that this has changed."""

_WORD: Final = (1 << WORD_NIGHTS) - 1


def word_of(slot: int) -> int:
    """Return the number of the word a night lies in, counted from 1970 on."""
    return slot // WORD_NIGHTS


def ring_start(today_slot: int) -> int:
    """Return the first word of the ring on a day: that of yesterday, where somewhere on Earth it still is."""
    return word_of(today_slot - 1)


def span_bits(first: int, end: int) -> int:
    """Return the bits in [first, end) that lie in a ring counted from 0; none if the span is empty or outside."""
    first, end = max(0, first), min(end, RING_NIGHTS)
    return (1 << end) - (1 << first) if first < end else 0


def onto_ring(bits: int, first_slot: int) -> int:
    """Return bits counted from a slot on, a ring of them at most, each at the place its night has on the ring."""
    turned = bits << first_slot % RING_NIGHTS
    return (turned & ALL_BUSY) | turned >> RING_NIGHTS


def nights_mask(first_slot: int, end_slot: int) -> int:
    """Return the nights in [first_slot, end_slot), at most a ring of them, at their places on the ring."""
    return onto_ring(span_bits(0, end_slot - first_slot), first_slot)


def spread_back(bits: int, nights: int) -> int:
    """Return bits with the `nights` before each of them.

    A stay also takes the nights of preparation after it. So a night cannot be sold when it is taken or one of those
    after it is, and a stay is free exactly if none of its nights is such a one.
    """
    for _ in range(nights):
        bits |= bits >> 1
    return bits


def spread_on(bits: int, nights: int) -> int:
    """Return bits with the `nights` after each of them."""
    for _ in range(nights):
        bits |= bits << 1
    return bits


def to_words(bits: int) -> tuple[int, ...]:
    """Return a ring as the words its columns hold."""
    return tuple([(bits >> shift) & _WORD for shift in range(0, RING_NIGHTS, WORD_NIGHTS)])


def from_words(words: Sequence[int]) -> int:
    """Return the ring whose words these are."""
    bits = 0
    for word in reversed(words):
        bits = bits << WORD_NIGHTS | word
    return bits


def runs(bits: int) -> Iterator[tuple[int, int]]:
    """Return where bits are set, run by run: the first position and the one after the last."""
    start = 0
    while bits:
        zeros = (bits & -bits).bit_length() - 1
        bits >>= zeros
        ones = (~bits & bits + 1).bit_length() - 1
        bits >>= ones
        yield start + zeros, start + zeros + ones
        start += zeros + ones
