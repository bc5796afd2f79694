"""Whether somebody may have a password: the quick rules first, then what takes long."""

from dataclasses import dataclass

from holdfast.accounts import rules
from holdfast.accounts.api import Role
from holdfast.accounts.service.breached import Breached
from holdfast.accounts.service.passwords import Passwords
from holdfast.kit.errors import FieldError, Invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who wants an account."""

    username: str
    email: str
    password: str
    role: Role


class PasswordRules:
    """Judges new passwords. Those that are in use already are never judged."""

    def __init__(self, *, passwords: Passwords, breached: Breached, score_min: int) -> None:
        self._passwords = passwords
        self._breached = breached
        self._score_min = score_min

    async def check_applicant(self, who: Applicant) -> None:
        """Refuse a registration that breaks a rule.

        Raises:
            Invalid: Something is wrong; every mistake is named.
            Overloaded: Too many passwords are being judged.
        """
        wrong = (rules.wrong_username(who.username), rules.wrong_email(who.email))
        await self.check(
            who.password,
            username=who.username,
            email=who.email,
            pointer="/password",
            mistakes=tuple(each for each in wrong if each is not None),
        )

    async def check(
        self, password: str, *, username: str, email: str, pointer: str, mistakes: tuple[FieldError, ...] = ()
    ) -> None:
        """Refuse what is wrong with a new password, and whatever else was found wrong.

        Args:
            password: The new one.
            username: Whose it is to be.
            email: Whose it is to be.
            pointer: Where in the request it stands.
            mistakes: What is known to be wrong, perhaps with the password too.

        Raises:
            Invalid: Something is wrong; every mistake is named.
            Overloaded: Too many passwords are being judged.
        """
        found = list(mistakes)
        if not any(each.pointer == pointer for each in found):
            wrong = rules.wrong_password(password, username=username, email=email, pointer=pointer)
            wrong = wrong or await self._found_slowly(password, username=username, email=email, pointer=pointer)
            found += [] if wrong is None else [wrong]
        if found:
            raise Invalid(errors=found)

    async def _found_slowly(self, password: str, *, username: str, email: str, pointer: str) -> FieldError | None:
        if self._score_min:
            words = rules.context_words(username=username, email=email)
            if (await self._passwords.judge(password, words)).score < self._score_min:
                return rules.too_guessable(pointer)
        if await self._breached.has(password):
            detail = "This password was found in a leak elsewhere, so others will try it. Choose one you use only here."
            return FieldError(pointer=pointer, code="password_breached", detail=detail)
        return None
