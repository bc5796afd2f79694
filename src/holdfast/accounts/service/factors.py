"""Second factors: answers `FactorsApi`, and asks for codes when somebody logs in.

A code is used up in the transaction of what it proves, so that of many who send the same code at once one wins, and a
log-in that fails for another reason costs no code. Tries are counted before, in a store of their own that outlives
every transaction: a wrong code must count although nothing is committed for it.
"""

from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from holdfast.accounts.factors_api import (
    Enrolment,
    Factor,
    FactorsStanding,
    InvalidCode,
    SecondFactorOff,
    SecondFactorOn,
    Used,
)
from holdfast.accounts.service import recovery_codes, totp
from holdfast.accounts.service.factor_news import FactorNews, FactorTeller
from holdfast.accounts.settings import AccountsSettings
from holdfast.accounts.store import factors as store
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.errors import NotFound
from holdfast.kit.limits.limits import Limit, Limits, Taken
from holdfast.kit.sealing import Seal, SealBroken

log = structlog.get_logger()

RESET: Final = "factors_reset"
"""Why sessions end with the factors they were opened with."""


EndSessions = Callable[..., Awaitable[object]]
"""`sessions_store.end_all(tx, account_id=..., why=..., except_session=None)`."""


class SecondFactors:
    """Codes: whether an account wants one, and using one up. What log-in and step-up ask."""

    def __init__(self, *, seal: Seal, limits: Limits, news: FactorTeller) -> None:
        self._seal = seal
        self._limits = limits
        self.news = news

    async def take_try(self, subject: str | int) -> Taken:
        """Count a try before a code is checked; outside any transaction, because it is kept whatever comes of it.

        The password has to be right before a code is tried, so that no stranger can shut anybody out.

        Args:
            subject: The account's id, or the session's for what is tried in a session.

        Raises:
            TooManyRequests: There were too many.
        """
        return await self._limits.take(Limit.SECOND_FACTOR, subject)

    async def give_back(self, taken: Taken) -> None:
        """Take a try off the count: it was right, and only wrong ones count."""
        await self._limits.give_back(taken)

    async def required(self, tx: Tx, account_id: int) -> bool:
        """Return whether an account wants a code besides its password."""
        app = await store.find_totp(tx, account_id=account_id)
        return app is not None and app.confirmed_at is not None

    async def check(self, tx: Tx, account_id: int, code: str) -> Used:
        """Use up a code of the app or a recovery code, in the transaction of what it proves.

        Raises:
            InvalidCode: It is wrong, has run out, was used before, or none is asked for.
        """
        plain = recovery_codes.plain_code(code)
        if plain is not None:
            hashed = recovery_codes.code_hash(plain)
            good = await store.use_code(tx, account_id=account_id, code_hash=hashed)
            factor = Factor.RECOVERY_CODE
        else:
            good = await self._use_totp(tx, account_id, code)
            factor = Factor.TOTP
        if not good:
            log.info("account.code_refused", account_id=account_id, factor=factor.value)
            raise InvalidCode
        left = await store.codes_left(tx, account_id=account_id)
        if factor is Factor.RECOVERY_CODE:
            await self.news.tell(tx, FactorNews.RECOVERY_CODE_USED, account_id=account_id)
        return Used(factor=factor, recovery_codes_left=left)

    async def _use_totp(self, tx: Tx, account_id: int, code: str) -> bool:
        app = await store.find_totp(tx, account_id=account_id)
        if app is None or app.confirmed_at is None:
            return False
        try:
            secret, outdated = self._seal.open(app.sealed_secret, bound_to=account_id)
        except SealBroken:
            # Closed, not open: a recovery code still does, or the operator's reset.
            log.exception("account.totp_unreadable", account_id=account_id)
            return False
        step = totp.matching_step(secret, code, await tx.now())
        if step is None or not await store.use_step(tx, account_id=account_id, step=step):
            return False
        if outdated:
            anew = self._seal.close(secret, bound_to=account_id)
            await store.reseal(tx, account_id=account_id, old=app.sealed_secret, new=anew)
        return True


class Factors:
    """Answers `FactorsApi`."""

    def __init__(
        self,
        *,
        db: Database,
        settings: AccountsSettings,
        seal: Seal,
        codes: SecondFactors,
        end_sessions: EndSessions,
    ) -> None:
        self._db = db
        self._settings = settings
        self._seal = seal
        self._news = codes.news
        self._end_sessions = end_sessions
        self.codes = codes
        """What log-in asks."""

    async def standing(self, *, account_id: int) -> FactorsStanding:
        """Return what an account has besides its password."""
        return await self._db.read(lambda tx: _standing(tx, account_id))

    async def start_totp(self, *, account_id: int) -> Enrolment:
        """Make the secret of an authenticator app; it does nothing until `confirm_totp`. A later start replaces it.

        Raises:
            SecondFactorOn: One is on already.
            NotFound: There is no such account.
        """
        secret = totp.new_totp_secret()
        sealed = self._seal.close(secret, bound_to=account_id)

        async def start(tx: Tx) -> store.Person:
            await store.lock(tx, account_id=account_id)
            person = await store.find_person(tx, account_id=account_id)
            if person is None:
                raise NotFound
            if await self.codes.required(tx, account_id):
                raise SecondFactorOn
            await store.replace_totp(tx, account_id=account_id, sealed_secret=sealed)
            return person

        person = await self._db.write(start)
        uri = totp.otpauth_uri(secret, name=person.email, issuer=self._settings.site_name)
        return Enrolment(secret=secret, uri=uri)

    async def confirm_totp(self, *, account_id: int, code: str) -> tuple[str, ...]:
        """Turn the authenticator app on, if it shows the right code, and return ten recovery codes, shown only now.

        Raises:
            InvalidCode: The app shows another code.
            SecondFactorOff: Nothing waits to be confirmed.
            TooManyRequests: Too many wrong codes.
        """
        taken = await self.codes.take_try(account_id)
        codes = recovery_codes.new_codes()

        async def confirm(tx: Tx) -> None:
            await store.lock(tx, account_id=account_id)
            app = await store.find_totp(tx, account_id=account_id)
            if app is None or app.confirmed_at is not None:
                raise SecondFactorOff
            secret, _ = self._seal.open(app.sealed_secret, bound_to=account_id)
            step = totp.matching_step(secret, code, await tx.now())
            if step is None or not await store.confirm_totp(tx, account_id=account_id, step=step):
                raise InvalidCode
            await _store_codes(tx, account_id, codes)
            await self._news.tell(tx, FactorNews.TOTP_ON, account_id=account_id)

        await self._db.write(confirm)
        await self.codes.give_back(taken)
        return codes

    async def remove_totp(self, *, account_id: int) -> None:
        """Turn the authenticator app off, and do away with its secret and the recovery codes.

        Raises:
            SecondFactorOff: None is on.
        """

        async def remove(tx: Tx) -> None:
            await store.lock(tx, account_id=account_id)
            if not await self.codes.required(tx, account_id):
                raise SecondFactorOff
            await store.remove_totp(tx, account_id=account_id)
            await self._news.tell(tx, FactorNews.TOTP_OFF, account_id=account_id)

        await self._db.write(remove)

    async def renew_recovery_codes(self, *, account_id: int) -> tuple[str, ...]:
        """Return ten new recovery codes, shown only now; those of before are no good any more.

        Raises:
            SecondFactorOff: No authenticator app is on.
        """
        codes = recovery_codes.new_codes()

        async def renew(tx: Tx) -> None:
            await store.lock(tx, account_id=account_id)
            if not await self.codes.required(tx, account_id):
                raise SecondFactorOff
            await _store_codes(tx, account_id, codes)
            await self._news.tell(tx, FactorNews.RECOVERY_CODES_RENEWED, account_id=account_id)

        await self._db.write(renew)
        return codes

    async def reset(self, *, account_id: int) -> FactorsStanding:
        """Take every factor from an account and end its sessions; for the operator, when somebody lost everything.

        Returns what there was.

        Raises:
            NotFound: There is no such account.
        """

        async def reset(tx: Tx) -> FactorsStanding:
            if not await store.lock(tx, account_id=account_id):
                raise NotFound
            before = await _standing(tx, account_id)
            await store.remove_totp(tx, account_id=account_id)
            await store.remove_passkeys(tx, account_id=account_id)
            await self._end_sessions(tx, account_id=account_id, why=RESET)
            await self._news.tell(tx, FactorNews.RESET, account_id=account_id)
            return before

        return await self._db.write(reset)


async def _standing(tx: Tx, account_id: int) -> FactorsStanding:
    app = await store.find_totp(tx, account_id=account_id)
    return FactorsStanding(
        totp_since=None if app is None else app.confirmed_at,
        recovery_codes_left=await store.codes_left(tx, account_id=account_id),
        passkeys=await store.count_passkeys(tx, account_id=account_id),
    )


async def _store_codes(tx: Tx, account_id: int, codes: tuple[str, ...]) -> None:
    plain = [recovery_codes.plain_code(code) for code in codes]
    hashes = [recovery_codes.code_hash(each) for each in plain if each is not None]
    await store.replace_codes(tx, account_id=account_id, hashes=hashes)
