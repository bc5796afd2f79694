"""What is written to people because of their account, by kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from holdfast.accounts.credentials_api import Facts, MailKind, TokenPurpose
from holdfast.kit.mail.letters import Letter, Link

_NOT_YOU: Final = "If that was not you, set a new password at once and look through your sessions: {recover}"
_IGNORE: Final = "If you did not ask for this, do nothing: without the link nothing changes."
_ONCE: Final = "The link works once, and only for {hours} hours."


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a kind of letter reads. Braces name facts."""

    subject: str
    paragraphs: tuple[str, ...]
    after: tuple[str, ...] = ()
    purpose: TokenPurpose | None = None
    """What the token in it is good for; None: it has none."""
    label: str = ""
    """Of the link with the token."""


WORDINGS: Final[Mapping[MailKind, Wording]] = {
    MailKind.CONFIRM: Wording(
        subject="Confirm your e-mail address for {site}",
        paragraphs=("Hello {username},", "please confirm that this is your mailbox."),
        label="Confirm this address",
        after=(_ONCE, "If you did not open an account, do nothing."),
        purpose=TokenPurpose.CONFIRM,
    ),
    MailKind.RECOVER: Wording(
        subject="Set a new password for {site}",
        paragraphs=("Hello {username},", "somebody, hopefully you, asked to set a new password."),
        label="Set a new password",
        after=(_ONCE, _IGNORE),
        purpose=TokenPurpose.RECOVER,
    ),
    MailKind.CONFIRM_NEW_EMAIL: Wording(
        subject="Confirm your new e-mail address for {site}",
        paragraphs=("Hello {username},", "please confirm that your account is to have this address."),
        label="Use this address",
        after=(_ONCE, _IGNORE),
        purpose=TokenPurpose.CHANGE_EMAIL,
    ),
    MailKind.REGISTRATION_REPEATED: Wording(
        subject="You have an account at {site} already",
        paragraphs=(
            "Hello {username},",
            "somebody, perhaps you, wanted to use this address for an account. It has one, which was left as it is.",
            "If you have forgotten the password, set a new one: {recover}",
            "If that was not you, there is nothing to do.",
        ),
    ),
    MailKind.EMAIL_CHANGED: Wording(
        subject="Your account at {site} has another e-mail address",
        paragraphs=(
            "Hello {username},",
            "your account has another e-mail address now; this one is not used any more.",
            "If that was not you, tell whoever runs {site} at once: {public_url}",
        ),
    ),
    MailKind.PASSWORD_CHANGED: Wording(
        subject="Your password for {site} was changed",
        paragraphs=("Hello {username},", "your password was changed, and other sessions were ended.", _NOT_YOU),
    ),
    MailKind.USERNAME_CHANGED: Wording(
        subject="Your user name at {site} was changed",
        paragraphs=("Hello {username},", "this is your user name now.", _NOT_YOU),
    ),
    MailKind.FACTORS_CHANGED: Wording(
        subject="How you log in to {site} was changed",
        paragraphs=("Hello {username},", "this was changed: {what}.", _NOT_YOU),
    ),
    MailKind.NEW_LOGIN: Wording(
        subject="New log-in to your account at {site}",
        paragraphs=(
            "Hello {username},",
            "somebody logged in from a device that was not used before.",
            "When: {at}\nDevice: {device}\nAddress: {address}",
            _NOT_YOU,
        ),
    ),
    MailKind.SECURITY_EVENT: Wording(
        subject="About the safety of your account at {site}",
        paragraphs=("Hello {username},", "{what}", _NOT_YOU),
    ),
    MailKind.INVITATION: Wording(
        subject="You are invited to {organization} at {site}",
        paragraphs=(
            "Hello,",
            "you were invited to work for {organization}.",
            "Log in with this address, or open an account with it, and accept.",
        ),
        label="Accept the invitation",
        after=("The link works once. If you know nothing of this, do nothing.",),
    ),
    MailKind.PRIVACY_NOTICE: Wording(subject="{subject}", paragraphs=("Hello {username},", "{text}")),
    MailKind.MARKETING: Wording(subject="{subject}", paragraphs=("Hello {username},", "{text}")),
}
PAGES: Final[Mapping[TokenPurpose, str]] = {
    TokenPurpose.CONFIRM: "confirm",
    TokenPurpose.CHANGE_EMAIL: "confirm",
    TokenPurpose.RECOVER: "recover",
}
INVITATION_PAGE: Final = "invitation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every letter knows of the installation."""

    name: str
    public_url: str

    def link(self, page: str, token: str) -> str:
        """Return where a token is used. It stands behind a `#`, so that no server on the way writes it down."""
        return f"{self.public_url}/account/{page}#token={token}"


class _Known(dict[str, str | int]):
    """Facts; one that is missing reads as a dash rather than keep a letter from being sent."""

    def __missing__(self, key: str) -> str:
        return "-"


def written(kind: MailKind, *, to: str, facts: Facts, site: Site, url: str | None = None) -> Letter:
    """Return a letter. Facts are put in as they are: what they say is text, never markup or a format."""
    wording = WORDINGS[kind]
    known = _Known(facts)
    known.update(site=site.name, public_url=site.public_url, recover=f"{site.public_url}/account/recover")
    link = None if url is None else Link(label=wording.label, url=url)
    return Letter(
        to=to,
        subject=wording.subject.format_map(known),
        paragraphs=tuple(each.format_map(known) for each in wording.paragraphs),
        link=link,
        after=tuple(each.format_map(known) for each in wording.after),
    )
