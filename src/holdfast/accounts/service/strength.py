"""How hard a password is to guess, as zxcvbn reckons it (Wheeler, USENIX Security 2016)."""

from typing import Final

from holdfast.accounts.credentials_api import Strength

JUDGED_MAX: Final = 72
"""How many characters are judged: what zxcvbn takes grows with the square, and 72 are hard to guess by then."""
_CONTEXT_MAX: Final = 10
_WORD_MAX: Final = 64


def judged(password: str, context: tuple[str, ...]) -> Strength:
    """Judge a password; takes some milliseconds of a thread."""
    from zxcvbn import zxcvbn  # noqa: PLC0415 - a start must be fast

    if not password:
        return Strength(score=0, guesses_log10=0.0, warning="", suggestions=())
    words = [word[:_WORD_MAX] for word in context[:_CONTEXT_MAX] if word]
    found = zxcvbn(password[:JUDGED_MAX], user_inputs=words)
    feedback = found["feedback"]
    return Strength(
        score=found["score"],
        guesses_log10=round(float(found["guesses_log10"]), 1),
        warning=feedback["warning"] or "",
        suggestions=tuple(feedback["suggestions"]),
    )
