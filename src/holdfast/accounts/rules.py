"""What a user name, an e-mail address and a password may be, and when two of them are the same. Pure.

Two spellings that a person or a mail server would take for the same must never become two accounts, so names and
addresses are compared by a key: NFKC, case-folded, the domain in its ASCII (IDNA) form. Dots and plus-tags stay
significant, because only some mail servers ignore them. A password is taken exactly as typed.
"""

import re
import unicodedata
from encodings import idna
from functools import cache

from holdfast.accounts.guessable import ALSO_COMMON, CONTEXT, RUNS
from holdfast.kit.errors import FieldError

MIN_USERNAME = 3
MAX_USERNAME = 40
MIN_EMAIL = 3
MAX_EMAIL = 254
MIN_PASSWORD = 8
MAX_PASSWORD = 128

_MAX_LOCAL_BYTES = 64
_MAX_LABEL = 63
_MIN_DISTINCT = 3
_MIN_CONTEXT = 4
_MIN_BESIDES_CONTEXT = 5

# Letters and marks that draw nothing: with them two names could look alike and yet differ.
_INVISIBLE = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
_LOCAL_ASCII = frozenset("abcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+/=?^_`{|}~-.")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")


def folded(text: str) -> str:
    """Return the form in which names are compared: compatibility forms, case and composition no longer matter."""
    once = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFKC", once.casefold())


def username_key(username: str) -> str | None:
    """Return the canonical form of a user name, or None if it may not be one."""
    if not MIN_USERNAME <= len(username) <= MAX_USERNAME:
        return None
    key = folded(username)
    if not MIN_USERNAME <= len(key) <= MAX_USERNAME or not any(sign.isalnum() for sign in key):
        return None
    return key if all(sign in "._-" or _is_word(sign) for sign in key) else None


def email_key(email: str) -> str | None:
    """Return the canonical form of an e-mail address, or None if it is not one we accept.

    One mailbox, no display name, no quoted local part, no comment, no address literal, and a domain with a dot in it.
    """
    if len(email) > MAX_EMAIL:
        return None
    local, at, domain = folded(email).strip(" ").partition("@")
    host = _domain_key(domain)
    if not at or not _is_local(local) or host is None:
        return None
    key = f"{local}@{host}"
    return key if len(key) <= MAX_EMAIL else None


def mistakes(*, username: str, email: str, password: str) -> tuple[FieldError, ...]:
    """Name everything that is wrong with what somebody wants to register with."""
    found = (
        wrong_username(username),
        wrong_email(email),
        wrong_password(password, username=username, email=email),
    )
    return tuple(mistake for mistake in found if mistake is not None)


def is_plausible_password(password: str) -> bool:
    """Return whether a password could belong to any account, so that hashing it is worth the while."""
    return MIN_PASSWORD <= len(password) <= MAX_PASSWORD and _is_encodable(password)


def wrong_username(username: str) -> FieldError | None:
    """Say what is wrong with a user name, if anything is."""
    wrong = _wrong_length("/username", username, MIN_USERNAME, MAX_USERNAME)
    if wrong is None and username_key(username) is None:
        detail = "Use letters, digits, dots, hyphens and underscores, with at least one letter or digit."
        wrong = FieldError(pointer="/username", code="invalid_username", detail=detail)
    return wrong


def wrong_email(email: str) -> FieldError | None:
    """Say what is wrong with an e-mail address, if anything is."""
    wrong = _wrong_length("/email", email, MIN_EMAIL, MAX_EMAIL)
    if wrong is None and email_key(email) is None:
        detail = "Give one e-mail address such as name@example.com."
        wrong = FieldError(pointer="/email", code="invalid_email", detail=detail)
    return wrong


def wrong_password(password: str, *, username: str, email: str, pointer: str = "/password") -> FieldError | None:
    """Say what is wrong with a password for somebody, if anything is; what takes long is not looked at here."""
    wrong = _wrong_length(pointer, password, MIN_PASSWORD, MAX_PASSWORD)
    if wrong is not None:
        return wrong
    if not _is_encodable(password):
        detail = "The text holds half a character (a lone surrogate)."
        return FieldError(pointer=pointer, code="invalid_unicode", detail=detail)
    if _is_guessable(folded(password), username=folded(username[:MAX_USERNAME]), email=folded(email[:MAX_EMAIL])):
        return too_guessable(pointer)
    return None


def too_guessable(pointer: str) -> FieldError:
    """Return what is said of a password that others would guess."""
    detail = "This password is among the first that anyone would guess. Three or four random words are a good one."
    return FieldError(pointer=pointer, code="password_too_common", detail=detail)


def context_words(*, username: str, email: str) -> tuple[str, ...]:
    """Return what is easy to guess for this person and this product, folded, the longest first."""
    local, _, domain = folded(email).partition("@")
    words = {folded(username), local, domain, *re.split(r"[^\w]+", local), *domain.split("."), *CONTEXT}
    return tuple(sorted((word for word in words if len(word) >= _MIN_CONTEXT), key=len, reverse=True))


def _wrong_length(pointer: str, text: str, least: int, most: int) -> FieldError | None:
    if least <= len(text) <= most:
        return None
    code = "too_short" if len(text) < least else "too_long"
    return FieldError(pointer=pointer, code=code, detail=f"Between {least} and {most} characters.")


def _is_guessable(plain: str, *, username: str, email: str) -> bool:
    run = any(plain in 2 * way for line in RUNS for way in (line, line[::-1]))  # they go round: 12345678901
    if run or len(set(plain)) < _MIN_DISTINCT or plain in _common():
        return True
    besides = plain
    for word in context_words(username=username, email=email):
        besides = besides.replace(word, "")
    return besides != plain and sum(sign.isalnum() for sign in besides) < _MIN_BESIDES_CONTEXT


@cache
def _common() -> frozenset[str]:
    """Return passwords many people have, by how often they were seen in leaks."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS  # noqa: PLC0415 - a start must be fast

    return ALSO_COMMON.union(word for word in FREQUENCY_LISTS["passwords"] if len(word) >= MIN_PASSWORD)


def _is_word(sign: str) -> bool:
    """Return whether a character is a letter, a digit or a mark on one, and can be seen."""
    return unicodedata.category(sign)[0] in "LMN" and _INVISIBLE.match(sign) is None


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_local(local: str) -> bool:
    if not all(sign in _LOCAL_ASCII if sign.isascii() else _is_word(sign) for sign in local):
        return False
    return bool(all(local.split("."))) and len(local.encode()) <= _MAX_LOCAL_BYTES


def _domain_key(domain: str) -> str | None:
    labels = [_label_key(label) for label in domain.replace("\u3002", ".").split(".")]
    known = [label for label in labels if label is not None]
    if len(known) < len(labels) or len(known) == 1 or known[-1].isdigit():
        return None
    return ".".join(known)


def _label_key(label: str) -> str | None:
    """Return one label of a domain in ASCII, or None if there is no such label."""
    try:
        shown = idna.ToUnicode(label) if label.startswith("xn--") else label
        ascii_form = idna.ToASCII(shown).decode("ascii")
    except UnicodeError:
        return None
    if len(ascii_form) > _MAX_LABEL or _LABEL.fullmatch(ascii_form) is None:
        return None
    # A label may come in its ASCII form only if that form is the one its letters have.
    honest = folded(shown) == shown and all(sign == "-" or _is_word(sign) for sign in shown)
    return ascii_form if honest else None
