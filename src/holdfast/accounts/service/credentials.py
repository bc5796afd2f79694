"""Credentials answers its door: addresses that are confirmed, passwords that are changed, nothing that is revealed."""

from dataclasses import dataclass
from typing import Final

import structlog
from typing_extensions import override

from holdfast.accounts import rules
from holdfast.accounts.api import InvalidCredentials, Role
from holdfast.accounts.credentials_api import (
    Confirmation,
    CredentialsApi,
    MailKind,
    Strength,
    TokenInvalid,
    TokenPurpose,
    UsernameTaken,
)
from holdfast.accounts.events import AccountCorrected
from holdfast.accounts.models.privacy import outbox
from holdfast.accounts.service.acts import note
from holdfast.accounts.service.factors import EndSessions
from holdfast.accounts.service.mailing import Mailing, hashed
from holdfast.accounts.service.password_rules import Applicant, PasswordRules
from holdfast.accounts.service.passwords import Passwords
from holdfast.accounts.service.registering import added, hashed_applicant
from holdfast.accounts.store import accounts as people
from holdfast.accounts.store import credentials as store
from holdfast.accounts.store import factors, keys
from holdfast.kit.db.database import Database, Tx, Work
from holdfast.kit.db.errors import UniqueViolation
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.limits.limits import Limit, Limits
from holdfast.kit.origin import current_origin

log = structlog.get_logger()

_TRIES: Final = 3
_NOWHERE: Final = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialNeeds:
    """What credentials are made of."""

    db: Database
    passwords: Passwords
    rules: PasswordRules
    mailing: Mailing
    limits: Limits
    end_sessions: EndSessions
    confirmation: Confirmation


class Credentials(CredentialsApi):
    """Answers `CredentialsApi`."""

    def __init__(self, needs: CredentialNeeds) -> None:
        self._db = needs.db
        self._passwords = needs.passwords
        self._rules = needs.rules
        self._mailing = needs.mailing
        self._limits = needs.limits
        self._end_sessions = needs.end_sessions
        self._confirmation = needs.confirmation

    # ------------------------------------------------------------------ registering
    @override
    async def ask_to_register(self, *, username: str, email: str, password: str, role: str) -> None:
        await self._limits.take(Limit.REGISTER, _address())
        who = Applicant(username=username, email=email, password=password, role=Role(role))
        await self._rules.check_applicant(who)
        new = await hashed_applicant(who, self._passwords)

        # Whichever way it goes, the same statements run: one that looks at names, one that looks at addresses, and
        # one row each for the name, for the mail and for the activity log.
        async def work(tx: Tx) -> None:
            if await store.is_named(tx, username_key=new.username_key):
                raise UsernameTaken
            known = await store.find_by_email(tx, email_key=new.email_key)
            await self._register(tx, new) if known is None else await self._repeat(tx, new, known)

        await self._settled(work)

    async def _register(self, tx: Tx, new: people.NewAccount) -> None:
        account = await added(tx, new)
        await self._mailing.queue(tx, kind=MailKind.CONFIRM, account_id=account.id)

    async def _repeat(self, tx: Tx, new: people.NewAccount, known: store.Person) -> None:
        await store.reserve_name(tx, username_key=new.username_key, account_id=known.id)
        await self._mailing.queue(tx, kind=MailKind.REGISTRATION_REPEATED, account_id=known.id)
        await note(tx, "account.registration_repeated", known.id)

    async def _settled(self, work: Work[None]) -> None:
        """Run a registration again if somebody was faster: then it reads what they wrote.

        Raises:
            UsernameTaken: Somebody has the name.
        """
        for _ in range(_TRIES):
            try:
                await self._db.write(work)
            except UniqueViolation:
                continue
            return
        raise UsernameTaken

    # ------------------------------------------------------------------ addresses
    @override
    async def ask_for_confirmation(self, *, email: str) -> None:
        await self._ask_by_mail(email, MailKind.CONFIRM)

    @override
    async def ask_for_recovery(self, *, email: str) -> None:
        await self._ask_by_mail(email, MailKind.RECOVER)

    async def _ask_by_mail(self, email: str, kind: MailKind) -> None:
        """Write down that an address asks for a letter. Whether it has an account is looked at when it is sent.

        Raises:
            Invalid: It is no address.
        """
        email_key = rules.email_key(email)
        if email_key is None:
            raise Invalid(errors=[rules.wrong_email(email) or _no_address()])
        limit = Limit.RECOVERY if kind is MailKind.RECOVER else Limit.MAIL
        await self._limits.take_all((limit, email_key), (Limit.RECOVERY_ADDRESS, _address()))
        await self._db.write(
            lambda tx: self._mailing.queue(tx, kind=kind, account_id=None, email_key=email_key),
        )

    @override
    async def confirm(self, *, token: str) -> None:
        await self._limits.take(Limit.RECOVERY_ADDRESS, _address())

        async def work(tx: Tx) -> None:
            used = await store.use_token(tx, token_hash=hashed(token))
            if used is None or used.purpose is TokenPurpose.RECOVER:
                raise TokenInvalid
            person = await _holder(tx, used)
            if used.purpose is TokenPurpose.CONFIRM:
                await store.confirm(tx, account_id=person.id)
                await note(tx, "email.confirmed", person.id)
            else:
                await self._set_email(tx, person, used)

        try:
            await self._db.write(work)
        except UniqueViolation as taken:
            raise TokenInvalid from taken

    async def _set_email(self, tx: Tx, person: store.Person, used: store.MailToken) -> None:
        asked = await store.email_asked_for(tx, account_id=person.id)
        if asked is None or asked[1] != used.email_key:
            raise TokenInvalid
        email, email_key = asked
        await store.set_email(tx, account_id=person.id, email=email, email_key=email_key)
        await store.drop_tokens(tx, account_id=person.id)
        former = person.email_key
        await self._mailing.queue(tx, kind=MailKind.EMAIL_CHANGED, account_id=person.id, email_key=former)
        await note(tx, "email.changed", person.id)
        await outbox.publish(tx, self._db.dialect, [AccountCorrected(account_id=person.id, what="email")])

    @override
    async def ask_to_change_email(self, *, account_id: int, email: str) -> None:
        email_key = rules.email_key(email)
        if email_key is None:
            raise Invalid(errors=[rules.wrong_email(email) or _no_address()])
        await self._limits.take_all((Limit.MAIL, email_key), (Limit.MAIL, account_id))

        async def work(tx: Tx) -> None:
            person = await store.find_locked(tx, account_id=account_id)
            if person is None:
                raise NotFound
            await store.ask_for_email(tx, account_id=account_id, email=email.strip(), email_key=email_key)
            await self._mailing.queue(tx, kind=MailKind.CONFIRM_NEW_EMAIL, account_id=account_id, email_key=email_key)
            await note(tx, "email.change_requested", account_id)

        await self._db.write(work)

    # ------------------------------------------------------------------ passwords
    @override
    async def recover(self, *, token: str, password: str) -> None:
        await self._limits.take(Limit.RECOVERY_ADDRESS, _address())
        token_hash = hashed(token)
        person = await self._db.read(lambda tx: _recovering(tx, token_hash))
        await self._rules.check(password, username=person.username, email=person.email, pointer="/password")
        password_hash = await self._passwords.hash(password)

        async def work(tx: Tx) -> None:
            used = await store.use_token(tx, token_hash=token_hash)
            if used is None or used.purpose is not TokenPurpose.RECOVER:
                raise TokenInvalid
            holder = await _holder(tx, used)
            if holder.confirmed_at is None:
                await _take_over(tx, holder.id)
            # The token came from the mailbox, which proves what a confirmation proves.
            await store.confirm(tx, account_id=holder.id)
            await self._set_password(tx, holder.id, password_hash, except_session=None)

        await self._db.write(work)
        log.info("account.recovered", account_id=person.id)

    @override
    async def change_password(
        self, *, account_id: int, session_id: str | None, current_password: str, new_password: str
    ) -> None:
        person = await self._db.read(lambda tx: store.find(tx, account_id=account_id))
        if person is None:
            raise InvalidCredentials
        taken = await self._limits.take(Limit.LOGIN_PAIR, f"password of {account_id}")
        plausible = rules.is_plausible_password(current_password)
        if not plausible or not await self._passwords.verify(current_password, person.password_hash):
            raise InvalidCredentials
        await self._limits.give_back(taken)
        await self._rules.check(new_password, username=person.username, email=person.email, pointer="/new_password")
        password_hash = await self._passwords.hash(new_password)

        async def work(tx: Tx) -> None:
            now = await store.find_locked(tx, account_id=account_id)
            if now is None or now.disabled or now.password_hash != person.password_hash:
                raise InvalidCredentials
            await self._set_password(tx, account_id, password_hash, except_session=session_id)

        await self._db.write(work)
        log.info("account.password_changed", account_id=account_id)

    async def _set_password(self, tx: Tx, account_id: int, password_hash: str, *, except_session: str | None) -> None:
        await store.set_password(tx, account_id=account_id, password_hash=password_hash)
        await store.drop_tokens(tx, account_id=account_id)
        await self._end_sessions(tx, account_id=account_id, why="password_changed", except_session=except_session)
        await self._mailing.queue(tx, kind=MailKind.PASSWORD_CHANGED, account_id=account_id)
        await note(tx, "password.changed", account_id)

    @override
    def refuse_unconfirmed(self, *, is_confirmed: bool) -> None:
        if self._confirmation is Confirmation.REQUIRED and not is_confirmed:
            raise InvalidCredentials

    @override
    async def strength(self, *, password: str, context: tuple[str, ...] = ()) -> Strength:
        return await self._passwords.judge(password, context)

    # ------------------------------------------------------------------ names
    @override
    async def change_username(self, *, account_id: int, username: str) -> None:
        wrong, username_key = rules.wrong_username(username), rules.username_key(username)
        if wrong is not None or username_key is None:
            raise Invalid(errors=[] if wrong is None else [wrong])

        async def work(tx: Tx) -> None:
            person = await store.find_locked(tx, account_id=account_id)
            if person is None:
                raise NotFound
            if await store.is_named(tx, username_key=username_key, besides=account_id):
                raise UsernameTaken
            await store.rename(tx, account_id=account_id, username=username, username_key=username_key)
            await self._mailing.queue(tx, kind=MailKind.USERNAME_CHANGED, account_id=account_id)
            await note(tx, "username.changed", account_id)
            await outbox.publish(tx, self._db.dialect, [AccountCorrected(account_id=account_id, what="username")])

        try:
            await self._db.write(work)
        except UniqueViolation as taken:
            raise UsernameTaken from taken
        outbox.nudge()


async def _recovering(tx: Tx, token_hash: str) -> store.Person:
    """Return whose password a token may set; the token stays good.

    Raises:
        TokenInvalid: Nobody's.
    """
    token = await store.find_token(tx, token_hash=token_hash)
    if token is None or token.purpose is not TokenPurpose.RECOVER:
        raise TokenInvalid
    person = await store.find(tx, account_id=token.account_id)
    return _fitting(person, token)


async def _holder(tx: Tx, token: store.MailToken) -> store.Person:
    """Return whose token it is, and let nobody else change them meanwhile.

    Raises:
        TokenInvalid: The account is closed, or has another address than the token was mailed to.
    """
    return _fitting(await store.find_locked(tx, account_id=token.account_id), token)


def _fitting(person: store.Person | None, token: store.MailToken) -> store.Person:
    moved = (
        person is not None and token.purpose is not TokenPurpose.CHANGE_EMAIL and (person.email_key != token.email_key)
    )
    if person is None or person.disabled or moved:
        raise TokenInvalid
    return person


def _address() -> str:
    origin = current_origin.get()
    return _NOWHERE if origin is None or origin.place is None else origin.place


def _no_address() -> FieldError:
    detail = "Give one e-mail address such as name@example.com."
    return FieldError(pointer="/email", code="invalid_email", detail=detail)


async def _take_over(tx: Tx, account_id: int) -> None:
    """Do away with every other way in that was made before anybody had shown that the mailbox is theirs.

    Whoever registers with another's address could otherwise leave a passkey or a key behind and come back once the
    mailbox's owner has made the account their own.
    """
    await factors.remove_totp(tx, account_id=account_id)
    await factors.remove_passkeys(tx, account_id=account_id)
    await keys.end_all(tx, account_id=account_id, why="recovered")
