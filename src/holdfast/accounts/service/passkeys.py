"""Passkeys: answers `PasskeysApi`, and says whose a signature is.

What a browser answers is checked outside any transaction (it takes a millisecond or two); what may happen once, the
challenge and the counter, is decided by the rows it finds in the transaction that follows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import structlog

from holdfast.accounts.factors_api import (
    AssertionOptions,
    Passkey,
    PasskeyExists,
    PasskeyRefused,
    RegistrationOptions,
    TooManyPasskeys,
)
from holdfast.accounts.service import ceremonies
from holdfast.accounts.service.ceremonies import Asserted, RelyingParty
from holdfast.accounts.service.challenges import Ceremony, Challenge, Challenges
from holdfast.accounts.service.factor_news import FactorNews, FactorTeller
from holdfast.accounts.store import factors as store
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id, new_secret

log = structlog.get_logger()

MAX_PASSKEYS: Final = 20
_MS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A passkey's good signature, and whose it is."""

    account_id: int
    passkey_id: str
    asserted: Asserted


class Passkeys:
    """Answers `PasskeysApi`."""

    def __init__(
        self, *, db: Database, clock: Clock, challenges: Challenges, site: RelyingParty, news: FactorTeller
    ) -> None:
        self._db = db
        self._clock = clock
        self._challenges = challenges
        self._site = site
        self._news = news

    async def registration_options(self, *, account_id: int) -> RegistrationOptions:
        """Return what a browser needs to make a passkey.

        Raises:
            NotFound: There is no such account.
        """
        fresh = new_secret()

        async def find(tx: Tx) -> tuple[store.Person, str, tuple[str, ...]]:
            if not await store.lock(tx, account_id=account_id):
                raise NotFound
            person = await store.find_person(tx, account_id=account_id)
            if person is None:
                raise NotFound
            handle = await store.find_handle(tx, account_id=account_id)
            if handle is None:
                await store.add_handle(tx, account_id=account_id, handle=fresh)
            return person, handle or fresh, await store.credential_ids(tx, account_id=account_id)

        person, handle, exclude = await self._db.write(find)
        return RegistrationOptions(
            challenge=self._challenges.new(Ceremony.REGISTER, account_id=account_id),
            relying_party_id=self._site.id,
            relying_party_name=self._site.name,
            user_handle=handle,
            username=person.username,
            algorithms=ceremonies.ALGORITHMS,
            exclude=exclude,
            timeout_ms=self._timeout_ms,
        )

    async def add(self, *, account_id: int, name: str, credential: Mapping[str, Any]) -> Passkey:
        """Register the passkey a browser made.

        Raises:
            PasskeyRefused: It does not answer a challenge of ours, for this account and site.
            PasskeyExists: It is registered already.
            TooManyPasskeys: The account has as many as it may.
        """
        await ceremonies.ready()
        made = ceremonies.registered(
            credential, site=self._site, known=lambda value: self._known(value, Ceremony.REGISTER, account_id)
        )
        new = store.NewPasskey(
            id=new_id("pk", self._clock),
            account_id=account_id,
            name=name,
            credential_hash=made.credential_hash,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            backed_up=made.backed_up,
        )

        async def add(tx: Tx) -> Passkey:
            await store.lock(tx, account_id=account_id)
            if await store.find_handle(tx, account_id=account_id) is None:
                raise PasskeyRefused
            if await store.find_credential(tx, credential_hash=new.credential_hash) is not None:
                raise PasskeyExists
            if await store.count_passkeys(tx, account_id=account_id) >= MAX_PASSKEYS:
                raise TooManyPasskeys
            await store.spend(tx, challenge_hash=made.challenge.hash, expires_at=made.challenge.expires_at)
            added = await store.add_passkey(tx, new)
            await self._news.tell(tx, FactorNews.PASSKEY_ADDED, account_id=account_id, passkey_id=new.id)
            return added

        try:
            return await self._db.write(add)
        except UniqueViolation as taken:
            # The challenge was answered before, or somebody registered the same passkey at this moment.
            raise PasskeyRefused from taken

    async def list_of(self, *, account_id: int) -> tuple[Passkey, ...]:
        """Return the passkeys of an account, the oldest first."""
        return await self._db.read(lambda tx: store.list_passkeys(tx, account_id=account_id))

    async def rename(self, *, account_id: int, passkey_id: str, name: str) -> Passkey:
        """Call a passkey something else.

        Raises:
            NotFound: The account has no such passkey.
        """

        async def rename(tx: Tx) -> Passkey:
            renamed = await store.rename_passkey(tx, account_id=account_id, passkey_id=passkey_id, name=name)
            if renamed is None:
                raise NotFound
            return renamed

        return await self._db.write(rename)

    async def remove(self, *, account_id: int, passkey_id: str) -> None:
        """Forget a passkey. The password remains, so that nobody locks themselves out.

        Raises:
            NotFound: The account has no such passkey.
        """

        async def remove(tx: Tx) -> None:
            if not await store.remove_passkey(tx, account_id=account_id, passkey_id=passkey_id):
                raise NotFound
            await self._news.tell(tx, FactorNews.PASSKEY_REMOVED, account_id=account_id, passkey_id=passkey_id)

        await self._db.write(remove)

    def log_in_options(self) -> AssertionOptions:
        """Return what a browser needs to log in with any passkey of this site."""
        return self._assertion_options(self._challenges.new(Ceremony.LOG_IN), ())

    async def reauthentication_options(self, *, account_id: int) -> AssertionOptions:
        """Return what a browser needs to prove anew that a certain account's passkey is at hand."""
        allow = await self._db.read(lambda tx: store.credential_ids(tx, account_id=account_id))
        return self._assertion_options(self._challenges.new(Ceremony.REAUTHENTICATE, account_id=account_id), allow)

    async def shown(self, credential: Mapping[str, Any], *, account_id: int | None = None) -> Shown:
        """Return whose passkey has signed; it counts only once `accept` has taken it in a transaction.

        Args:
            credential: What the browser answered.
            account_id: Whose it has to be, to prove anew who they are; None to log in with any.

        Raises:
            PasskeyRefused: It is not known here, or what it signed is not what was asked.
        """
        await ceremonies.ready()
        hashed = ceremonies.credential_hash(credential)
        found = await self._db.read(lambda tx: store.find_credential(tx, credential_hash=hashed))
        if found is None or account_id not in {None, found.account_id}:
            log.info("account.passkey_refused", account_id=account_id, known=found is not None)
            raise PasskeyRefused
        ceremony = Ceremony.LOG_IN if account_id is None else Ceremony.REAUTHENTICATE
        asserted = ceremonies.asserted(
            credential,
            site=self._site,
            known=lambda value: self._known(value, ceremony, account_id),
            public_key=found.public_key,
            handle=found.handle,
        )
        return Shown(account_id=found.account_id, passkey_id=found.passkey_id, asserted=asserted)

    async def accept(self, tx: Tx, shown: Shown) -> bool:
        """Use up the challenge and count the passkey on, in the transaction of what it proves.

        Returns False if the counter has not moved on: then there may be a copy, which is noted in this transaction
        (so commit it) and told to the owner.

        Raises:
            UniqueViolation: The challenge was answered before; give the transaction up.
        """
        challenge = shown.asserted.challenge
        await store.spend(tx, challenge_hash=challenge.hash, expires_at=challenge.expires_at)
        counted = await store.count_on(
            tx,
            passkey_id=shown.passkey_id,
            count=shown.asserted.sign_count,
            backed_up=shown.asserted.backed_up,
        )
        if not counted:
            await self._news.tell(
                tx, FactorNews.PASSKEY_REFUSED, account_id=shown.account_id, passkey_id=shown.passkey_id
            )
        return counted

    async def forget_spent(self) -> None:
        """Forget the challenges that were answered and have run out."""
        await self._db.write(store.forget_spent)

    @property
    def _timeout_ms(self) -> int:
        return self._challenges.lifetime_s * _MS

    def _known(self, value: bytes, ceremony: Ceremony, account_id: int | None) -> Challenge | None:
        return self._challenges.known(value, ceremony, account_id=account_id)

    def _assertion_options(self, challenge: str, allow: tuple[str, ...]) -> AssertionOptions:
        return AssertionOptions(
            challenge=challenge, relying_party_id=self._site.id, allow=allow, timeout_ms=self._timeout_ms
        )
