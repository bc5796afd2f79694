"""Mail that is written down with what it tells of, and sent afterwards, at least once.

A row names a kind and an account. The address is read, and a token made, when it is sent: so a copy of the queue opens
nothing, and a letter never goes to an address its account has given up.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Final

import structlog

from holdfast.accounts.credentials_api import FACT_MAX, Facts, MailKind, TokenPurpose
from holdfast.accounts.service.letters import INVITATION_PAGE, PAGES, WORDINGS, Site, written
from holdfast.accounts.settings import AccountsSettings
from holdfast.accounts.store import credentials as people
from holdfast.accounts.store import mail as store
from holdfast.accounts.store import organizations
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database, Tx
from holdfast.kit.ids import new_id, new_secret
from holdfast.kit.mail.letters import Letter
from holdfast.kit.mail.mailers import AddressRefused, MailDeferred, Mailer, MailRefused

log = structlog.get_logger()

_BATCH: Final = 10
_ROUNDS_MAX: Final = 50
_LEASE: Final = timedelta(minutes=10)
_FIRST_PAUSE: Final = timedelta(minutes=1)
_LONGEST_PAUSE: Final = timedelta(hours=6)
ATTEMPTS_MAX: Final = 14
"""About two days with pauses that double from one minute up to six hours."""
_HOUR_S: Final = 3600

Unsubscribe = Callable[[Tx, int], Awaitable[str | None]]
"""Of an account that agreed to marketing: where one click ends it. None: it does not want any."""


def hashed(token: str) -> str:
    """Return what is kept of a mailed token: enough, because it is 256 random bits."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


async def queue(
    tx: Tx, *, clock: Clock, kind: str, account_id: int | None, facts: Facts | None = None, email_key: str | None = None
) -> None:
    """Write a letter down in the caller's transaction: none without the act, no act without it.

    Args:
        tx: The caller's.
        clock: For its id.
        kind: One of `MailKind`.
        account_id: Whom it is for; None to let whoever sends it look whose `email_key` is.
        facts: What it says; short texts and numbers, no token or secret.
        email_key: Where it goes, if not to the account's own address.

    Raises:
        ValueError: There is no such kind, a fact is too long or no text, or nobody is meant.
    """
    facts = facts or {}
    if account_id is None and email_key is None:
        raise ValueError("a letter is for somebody")
    if any(not isinstance(each, str | int) or len(str(each)) > FACT_MAX for each in facts.values()):
        raise ValueError(f"a fact is a number or a text of at most {FACT_MAX} characters")
    new = store.Mail(
        id=new_id("mail", clock),
        kind=MailKind(kind),
        account_id=account_id,
        email_key=email_key,
        facts=facts,
        created_at=await tx.now(),
    )
    await store.add(tx, new)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """A letter that can be handed over now."""

    letter: Letter
    account_id: int | None
    """Whose address it is, where it is an account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Dropped:
    """A letter nobody needs any more."""

    why: str


class Mailing:
    """Writes mail down and sends it."""

    def __init__(self, *, db: Database, clock: Clock, mailer: Mailer, site: Site, settings: AccountsSettings) -> None:
        self._db = db
        self._clock = clock
        self._mailer = mailer
        self._site = site
        self._lifetime = timedelta(seconds=settings.mail_token_lifetime_s)
        self._kept = timedelta(days=settings.mail_kept_days)
        self.unsubscribe: Unsubscribe | None = None
        """Without it nothing of marketing is sent."""

    async def queue(
        self, tx: Tx, *, kind: str, account_id: int | None, facts: Facts | None = None, email_key: str | None = None
    ) -> None:
        """Write a letter down in the caller's transaction; see `queue`.

        Raises:
            ValueError: There is no such kind, or a fact cannot be one.
        """
        await queue(tx, clock=self._clock, kind=kind, account_id=account_id, facts=facts, email_key=email_key)

    async def send_due(self) -> None:
        """Send what waits, in rounds, until nothing is due; may run anywhere, any number of times at once."""
        for _ in range(_ROUNDS_MAX):
            waiting = await self._db.read(lambda tx: store.due(tx, limit=_BATCH))
            if not waiting:
                return
            taken = await self._db.write(partial(_claim, waiting))
            await asyncio.gather(*(self._send(each) for each in taken))

    async def forget_letters(self, *, addresses: Collection[str]) -> int:
        """Delete the letters to addresses that lie in a folder of ours, for trying out; return how many."""
        return await self._mailer.forget(addresses=addresses)

    async def forget_old(self) -> None:
        """Delete what has been kept as long as the settings say."""
        gone = await self.forget(older_than_s=self._kept.total_seconds())
        log.info("mail.forgotten", rows=gone)

    async def forget(self, *, older_than_s: float) -> int:
        """Delete letters that ended, and tokens that ran out, so many seconds ago; return how many rows went."""

        async def work(tx: Tx) -> int:
            before = await tx.now() - timedelta(seconds=older_than_s)
            return await store.forget(tx, before=before) + await people.forget_tokens(tx, before=before)

        return await self._db.write(work)

    async def _send(self, mail: store.Mail) -> None:
        ready = await self._db.write(lambda tx: self._prepared(tx, mail))
        if isinstance(ready, _Dropped):
            await self._db.write(lambda tx: store.give_up(tx, mail_id=mail.id, why=ready.why))
            log.info("mail.dropped", mail_id=mail.id, kind=mail.kind, why=ready.why)
            return
        try:
            await self._mailer.send(replace(ready.letter, id=mail.id))
        except MailRefused as refusal:
            await self._refused(mail, ready, refusal)
        except MailDeferred as delay:
            await self._deferred(mail, str(delay))
        else:
            await self._db.write(lambda tx: store.end_sent(tx, mail_id=mail.id))
            log.info("mail.sent", mail_id=mail.id, kind=mail.kind, attempts=mail.attempts + 1)

    async def _refused(self, mail: store.Mail, ready: _Ready, refusal: MailRefused) -> None:
        bounced = isinstance(refusal, AddressRefused)

        async def work(tx: Tx) -> None:
            await store.give_up(tx, mail_id=mail.id, why=f"refused: {refusal}")
            if bounced and ready.account_id is not None:
                await store.mark_bounced(tx, account_id=ready.account_id, email_key=ready.letter.to)

        await self._db.write(work)
        log.warning("mail.refused", mail_id=mail.id, kind=mail.kind, bounced=bounced, why=str(refusal))

    async def _deferred(self, mail: store.Mail, why: str) -> None:
        attempts = mail.attempts + 1

        async def work(tx: Tx) -> None:
            if attempts >= ATTEMPTS_MAX:
                await store.give_up(tx, mail_id=mail.id, why=f"too often: {why}")
            else:
                await store.defer(tx, mail_id=mail.id, until=await tx.now() + pause_after(attempts))

        await self._db.write(work)
        log.warning("mail.deferred", mail_id=mail.id, kind=mail.kind, attempts=attempts, why=why)

    async def _prepared(self, tx: Tx, mail: store.Mail) -> _Ready | _Dropped:
        if mail.kind is MailKind.INVITATION:
            return await self._for_invited(tx, mail)
        person = await _meant(tx, mail)
        if person is None or _is_needless(mail, person):
            return _Dropped(why="no account" if person is None else "not needed")
        if mail.kind is MailKind.CONFIRM_NEW_EMAIL:
            return await self._for_new_address(tx, mail, person)
        if mail.kind is MailKind.MARKETING:
            return await self._for_marketing(tx, mail, person)
        return _Ready(letter=await self._letter(tx, mail, person), account_id=person.id)

    async def _for_new_address(self, tx: Tx, mail: store.Mail, person: people.Person) -> _Ready | _Dropped:
        asked = await people.email_asked_for(tx, account_id=person.id)
        if asked is None or asked[1] != mail.email_key:
            return _Dropped(why="another address was asked for")
        owner = await people.find_by_email(tx, email_key=asked[1])
        if owner is None:
            return _Ready(letter=await self._letter(tx, mail, person), account_id=person.id)
        if owner.id == person.id or owner.disabled:
            return _Dropped(why="address in use")
        told = replace(mail, kind=MailKind.REGISTRATION_REPEATED, account_id=owner.id, email_key=None)
        return _Ready(letter=await self._letter(tx, told, owner), account_id=owner.id)

    async def _for_invited(self, tx: Tx, mail: store.Mail) -> _Ready | _Dropped:
        """Return the letter to somebody who may have no account; the token belongs to the invitation."""
        invitation_id = str(mail.facts.get("invitation_id", ""))
        invited = await organizations.invitation_to_send(tx, invitation_id=invitation_id)
        token = new_secret()
        if invited is None or mail.email_key is None:
            return _Dropped(why="no invitation")
        if not await organizations.set_token(tx, invitation_id=invitation_id, token_hash=hashed(token)):
            return _Dropped(why="no invitation")
        url = self._site.link(INVITATION_PAGE, token)
        facts = {"organization": invited.organization}
        letter = written(mail.kind, to=mail.email_key, facts=facts, site=self._site, url=url)
        return _Ready(letter=letter, account_id=None)

    async def _for_marketing(self, tx: Tx, mail: store.Mail, person: people.Person) -> _Ready | _Dropped:
        url = None if self.unsubscribe is None else await self.unsubscribe(tx, person.id)
        if url is None:
            return _Dropped(why="not wanted")
        letter = replace(await self._letter(tx, mail, person), unsubscribe_url=url)
        return _Ready(letter=letter, account_id=person.id)

    async def _letter(self, tx: Tx, mail: store.Mail, person: people.Person) -> Letter:
        to = mail.email_key if mail.account_id is not None and mail.email_key else person.email_key
        purpose = WORDINGS[mail.kind].purpose
        url = None
        if purpose is not None:
            url = self._site.link(PAGES[purpose], await self._new_token(tx, purpose, person.id, to))
        facts = {**mail.facts, "username": person.username, "hours": int(self._lifetime.total_seconds()) // _HOUR_S}
        return written(mail.kind, to=to, facts=facts, site=self._site, url=url)

    async def _new_token(self, tx: Tx, purpose: TokenPurpose, account_id: int, to: str) -> str:
        token = new_secret()
        standing = people.MailToken(account_id=account_id, purpose=purpose, email_key=to)
        expires_at = await tx.now() + self._lifetime
        await people.add_token(tx, standing, token_hash=hashed(token), expires_at=expires_at)
        return token


def pause_after(attempts: int) -> timedelta:
    """Return how long a letter waits after so many tries in vain."""
    return min(_FIRST_PAUSE * (1 << (attempts - 1)), _LONGEST_PAUSE)


def _is_needless(mail: store.Mail, person: people.Person) -> bool:
    if person.disabled:
        return mail.kind is not MailKind.PRIVACY_NOTICE
    return mail.kind is MailKind.CONFIRM and person.confirmed_at is not None


async def _claim(waiting: list[store.Mail], tx: Tx) -> list[store.Mail]:
    return await store.claim(tx, waiting, until=await tx.now() + _LEASE)


async def _meant(tx: Tx, mail: store.Mail) -> people.Person | None:
    if mail.account_id is not None:
        return await people.find(tx, account_id=mail.account_id)
    return None if mail.email_key is None else await people.find_by_email(tx, email_key=mail.email_key)
