"""Settings of mail, and of where links in it lead."""

from typing import Final, Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from holdfast.kit.mail.letters import Unmailable, parted
from holdfast.kit.settings import ModuleSettings

SCHEMES: Final = ("folder", "console", "smtp", "smtps", "smtp+plain")
LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


class MailSettings(ModuleSettings, env_prefix="HOLDFAST_"):
    """How people are written to."""

    mail_url: str = ""
    """What carries mail: `folder:///var/mail/holdfast` writes files, `console:` prints, `smtp://user@host:587` speaks
    SMTP with STARTTLS, `smtps://user@host:465` with TLS from the start; `smtp+plain://localhost:1025` has no TLS and
    takes this machine only. Empty: a folder `mail` beside the database, for trying out."""
    mail_password: SecretStr | None = None
    """The password for the user named in `HOLDFAST_MAIL_URL`."""
    mail_from: str = Field(default="Holdfast <holdfast@localhost>", max_length=200)
    """Who mail is from."""
    mail_ca_file: str = ""
    """A file of certificates (PEM) to trust for SMTP instead of the machine's own."""
    mail_timeout_s: int = Field(default=20, ge=1, le=300)
    """How many seconds the mail server has for each answer."""
    public_url: str = Field(default="http://localhost:8000", max_length=200)
    """Where people reach this server; links in mail begin with it. Never taken from a request."""

    @field_validator("public_url")
    @classmethod
    def _is_base(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment or "@" in url:
            raise ValueError("a public URL is like https://book.example.com")
        return url.rstrip("/")

    @field_validator("mail_from")
    @classmethod
    def _is_sender(cls, text: str) -> str:
        try:
            parted(text)
        except Unmailable as wrong:
            raise ValueError(str(wrong)) from None
        return text

    @model_validator(mode="after")
    def _is_carried(self) -> Self:
        if not self.mail_url:
            return self
        parts = urlsplit(self.mail_url)
        if parts.scheme not in SCHEMES:
            raise ValueError(f"mail goes by one of {', '.join(SCHEMES)}")
        if parts.password is not None:
            raise ValueError("the password belongs into HOLDFAST_MAIL_PASSWORD")
        if parts.scheme == "folder" and not parts.path:
            raise ValueError("folder: needs a path, like folder:///var/mail/holdfast")
        if parts.scheme.startswith("smtp"):
            _check_server(parts.scheme, parts.hostname)
        return self

    @property
    def reaches_people(self) -> bool:
        """Whether mail leaves this machine at all."""
        return urlsplit(self.mail_url).scheme in {"smtp", "smtps"}

    @property
    def user(self) -> str | None:
        """Who logs in to the mail server."""
        name = urlsplit(self.mail_url).username
        return unquote(name) if name else None


def _check_server(scheme: str, host: str | None) -> None:
    if not host:
        raise ValueError("the mail server has no name")
    if scheme == "smtp+plain" and host not in LOOPBACK:
        raise ValueError("smtp+plain: is for this machine only; use smtp: or smtps:")
