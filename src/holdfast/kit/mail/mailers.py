"""The door to what carries mail, and the three that do."""

import asyncio
import os
import ssl
import sys
from collections.abc import Collection
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final, Protocol, TextIO
from urllib.parse import unquote, urlsplit

import structlog
from typing_extensions import override

from holdfast.kit.clock import Clock
from holdfast.kit.mail.letters import Letter, Unmailable, message
from holdfast.kit.mail.settings import MailSettings

log = structlog.get_logger()

_PORTS: Final = {"smtp": 587, "smtps": 465, "smtp+plain": 25}
_PERMANENT: Final = 500
_REASON_MAX: Final = 100


class MailDeferred(Exception):
    """Not now: the server is away, not trusted, or asks to come again. Try later."""


class MailRefused(Exception):
    """Never: the server will not take this message."""


class AddressRefused(MailRefused):
    """Never: there is no such mailbox."""


class Mailer(Protocol):
    """Carries letters."""

    async def send(self, letter: Letter) -> None:
        """Hand a letter over; when this returns, somebody else is responsible for it.

        Raises:
            MailDeferred: Not now.
            MailRefused: Never; `AddressRefused` if it is because of the recipient.
        """

    async def forget(self, *, addresses: Collection[str]) -> int:
        """Delete the letters to, or about, addresses that lie here; return how many. What was handed over is gone."""
        del addresses
        return 0


class FolderMailer(Mailer):
    """Writes each letter into a file of its own, to be opened by any mail program."""

    def __init__(self, folder: Path, *, sender: str, clock: Clock) -> None:
        self._folder = folder
        self._sender = sender
        self._clock = clock

    @override
    async def send(self, letter: Letter) -> None:
        made = _message(letter, self._sender, self._clock)
        name = letter.id or self._clock.now().strftime("%Y%m%dT%H%M%S%f")
        try:
            await asyncio.to_thread(self._write, f"{name}.eml", made.as_bytes())
        except OSError as error:
            raise MailDeferred(f"the folder cannot be written: {type(error).__name__}") from error

    @override
    async def forget(self, *, addresses: Collection[str]) -> int:
        return await asyncio.to_thread(self._forget, tuple(each.casefold() for each in addresses))

    def _forget(self, addresses: tuple[str, ...]) -> int:
        gone = [path for path in self._folder.glob("*.eml") if _speaks_of(path.read_bytes(), addresses)]
        for path in gone:
            path.unlink(missing_ok=True)
        return len(gone)

    def _write(self, name: str, content: bytes) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Whole or not at all, and for nobody else's eyes: there are links in it.
        draft = self._folder / f".{name}"
        with open(draft, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            file.write(content)
        draft.replace(self._folder / name)


class ConsoleMailer(Mailer):
    """Prints each letter's text."""

    def __init__(self, *, sender: str, clock: Clock, out: TextIO | None = None) -> None:
        self._sender = sender
        self._clock = clock
        self._out = out

    @override
    async def send(self, letter: Letter) -> None:
        made = _message(letter, self._sender, self._clock)
        body = made.get_body(("plain",))
        text = "" if body is None else body.get_content()
        lines = [f"To: {made['To']}", f"Subject: {made['Subject']}", "", text]
        print("\n".join(lines), file=self._out or sys.stdout, flush=True)


class SmtpMailer(Mailer):
    """Speaks SMTP, over TLS whose certificate is checked."""

    def __init__(self, settings: MailSettings, clock: Clock) -> None:
        parts = urlsplit(settings.mail_url)
        self._settings = settings
        self._clock = clock
        self._scheme = parts.scheme
        self._host = parts.hostname or ""
        self._port = parts.port or _PORTS[parts.scheme]
        self._tls = None if parts.scheme == "smtp+plain" else _trusting(settings.mail_ca_file)

    @override
    async def send(self, letter: Letter) -> None:
        import aiosmtplib  # noqa: PLC0415 - a start must be fast

        made = _message(letter, self._settings.mail_from, self._clock)
        try:
            async with self._connection(aiosmtplib) as server:
                await self._hand_over(server, made)
        except aiosmtplib.SMTPException as error:
            raise MailDeferred(_named(error)) from error
        except (OSError, TimeoutError) as error:
            raise MailDeferred(type(error).__name__) from error

    def _connection(self, aiosmtplib: Any) -> Any:
        password = self._settings.mail_password
        return aiosmtplib.SMTP(
            hostname=self._host,
            port=self._port,
            username=self._settings.user,
            password=password.get_secret_value() if password is not None and self._settings.user else None,
            timeout=self._settings.mail_timeout_s,
            use_tls=self._scheme == "smtps",
            start_tls=self._scheme == "smtp",
            tls_context=self._tls,
        )

    async def _hand_over(self, server: Any, made: EmailMessage) -> None:
        import aiosmtplib  # noqa: PLC0415 - a start must be fast

        try:
            await server.send_message(made)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [each.code for each in error.recipients]
            raise _verdict(codes[0] if codes else 0, AddressRefused) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise AddressRefused("the server takes no such address (SMTPUTF8)") from error
        except aiosmtplib.SMTPDataError as error:
            raise _verdict(error.code, MailRefused) from error


def _speaks_of(content: bytes, addresses: tuple[str, ...]) -> bool:
    """Return whether a letter is to an address or names it."""
    letter = message_from_bytes(content, policy=policy.default)
    bodies = [part.get_content() for part in letter.walk() if part.get_content_maintype() == "text"]
    told = " ".join([str(letter["to"]), *bodies]).casefold()
    return any(address in told for address in addresses)


def mailer_of(settings: MailSettings, *, beside: Path | None, clock: Clock) -> Mailer:
    """Return what carries mail.

    Args:
        settings: How.
        beside: The file of the database, if it is one: the folder for trying out is beside it.
        clock: For dates of letters.
    """
    parts = urlsplit(settings.mail_url)
    if parts.scheme.startswith("smtp"):
        return SmtpMailer(settings, clock)
    if parts.scheme == "console":
        return ConsoleMailer(sender=settings.mail_from, clock=clock)
    folder = Path(unquote(parts.path)) if parts.scheme == "folder" else _own_folder(beside)
    return FolderMailer(folder, sender=settings.mail_from, clock=clock)


def _own_folder(beside: Path | None) -> Path:
    return Path("var") / "mail" if beside is None else Path(f"{beside}.mail")


def _trusting(ca_file: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=ca_file or None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _message(letter: Letter, sender: str, clock: Clock) -> EmailMessage:
    """Return a letter's message.

    Raises:
        AddressRefused: Its recipient can be none.
    """
    try:
        return message(letter, sender=sender, at=clock.now())
    except Unmailable as error:
        raise AddressRefused(str(error)) from error


def _verdict(code: int, never: type[MailRefused]) -> MailRefused | MailDeferred:
    return never(str(code)) if code >= _PERMANENT else MailDeferred(str(code))


def _named(error: Exception) -> str:
    """Say what went wrong without what the server said: it may repeat the address."""
    code = getattr(error, "code", None)
    return (type(error).__name__ if code is None else f"{type(error).__name__} {code}")[:_REASON_MAX]
