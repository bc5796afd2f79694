"""A letter, and the message it becomes: text and HTML say the same, and nothing in them can be more than text."""

import re
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from html import escape
from typing import Final

_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_SUBJECT_MAX: Final = 200
_FROM: Final = re.compile(r"(?:(?P<name>[^<>]*)<)?(?P<address>[^<>\s]+)>?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Where a letter leads to."""

    label: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What is said to somebody."""

    to: str
    """One address, without a name."""
    subject: str
    paragraphs: tuple[str, ...]
    """Plain text; markup in it is shown as it stands."""
    link: Link | None = None
    after: tuple[str, ...] = ()
    """What is said below the link."""
    id: str = ""
    """The same for every try to send the same letter; the left side of its Message-ID."""
    unsubscribe_url: str | None = None
    """Where one click ends letters of this kind (RFC 8058); None for letters nobody can do without."""


class Unmailable(ValueError):
    """An address, a sender or a link has characters that could become another header."""


def message(letter: Letter, *, sender: str, at: datetime) -> EmailMessage:
    """Return the message of a letter.

    Args:
        letter: What it says.
        sender: `name@example.com` or `Name <name@example.com>`.
        at: Its date.

    Raises:
        Unmailable: The recipient, the sender, the id or a URL is not one.
    """
    name, author = parted(sender)
    made = EmailMessage(policy=SMTP.clone(utf8=not letter.to.isascii()))
    made["From"] = Address(display_name=name, addr_spec=author) if name else Address(addr_spec=author)
    made["To"] = _address(letter.to)
    made["Subject"] = _line(letter.subject)[:_SUBJECT_MAX]
    made["Date"] = at
    if letter.id:
        made["Message-ID"] = f"<{_plain(letter.id)}@{author.rpartition('@')[2]}>"
    # Out-of-office answers are of use to nobody here (RFC 3834).
    made["Auto-Submitted"] = "auto-generated"
    if letter.unsubscribe_url:
        made["List-Unsubscribe"] = f"<{_plain(letter.unsubscribe_url)}>"
        made["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    made.set_content(_text(letter))
    made.add_alternative(_html(letter), subtype="html")
    return made


def parted(sender: str) -> tuple[str, str]:
    """Return name and address of a sender.

    Raises:
        Unmailable: It is none.
    """
    found = _FROM.fullmatch(sender.strip())
    if found is None or _CONTROL.search(sender):
        raise Unmailable("a sender is written like Holdfast <mail@example.com>")
    address = found["address"]
    _address(address)
    return (found["name"] or "").strip().strip('"'), address


def _address(text: str) -> Address:
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain or _CONTROL.search(text) or set(text) & set(' ,;<>"()\\'):
        raise Unmailable("not one mail address")
    return Address(username=local, domain=domain)


def _plain(text: str) -> str:
    if _CONTROL.search(text) or set(text) & set(" <>") or not text.isascii():
        raise Unmailable("this may not stand in a header")
    return text


def _line(text: str) -> str:
    """Return a text as one line: what would end a header is a space."""
    return _CONTROL.sub(" ", text)


def _text(letter: Letter) -> str:
    parts = [*letter.paragraphs]
    if letter.link is not None:
        parts.append(f"{letter.link.label}:\n{letter.link.url}")
    return "\n\n".join([*parts, *letter.after]) + "\n"


def _html(letter: Letter) -> str:
    parts = [_paragraph(each) for each in letter.paragraphs]
    if letter.link is not None:
        url = escape(letter.link.url)
        parts.append(f'<p><a href="{url}">{escape(letter.link.label)}</a></p>\n<p>{url}</p>')
    parts += [_paragraph(each) for each in letter.after]
    title = escape(_line(letter.subject))
    head = f'<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{title}</title></head>\n<body>\n'
    return head + "\n".join(parts) + "\n</body>\n</html>\n"


def _paragraph(text: str) -> str:
    return "<p>" + escape(text).replace("\n", "<br>\n") + "</p>"
