"""Letters and what carries them: over a real SMTP server on this machine where SMTP is meant."""

import asyncio
import email
import io
import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.policy import default
from ipaddress import ip_address

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError

from holdfast.kit.clock import Clock
from holdfast.kit.mail.letters import Letter, Link, Unmailable, message
from holdfast.kit.mail.mailers import (
    AddressRefused,
    ConsoleMailer,
    FolderMailer,
    MailDeferred,
    MailRefused,
    SmtpMailer,
    mailer_of,
)
from holdfast.kit.mail.settings import MailSettings

AT = datetime(2026, 5, 4, 9, 30, tzinfo=UTC)
SENDER = "Holdfast <mail@example.com>"


def letter(**changes):
    said = {"to": "john@example.com", "subject": "Hello", "paragraphs": ("One.", "Two."), "id": "mail_1"}
    return Letter(**{**said, **changes})


def made(**changes):
    return email.message_from_bytes(message(letter(**changes), sender=SENDER, at=AT).as_bytes(), policy=default)


def settings(**given):
    return MailSettings(_env_file=None, **given)


class TestALetter:
    def test_says_the_same_in_text_and_in_html(self):
        found = made(link=Link(label="Go on", url="https://example.com/a?b=1&c=2#token=x"), after=("Bye.",))
        text, html = (found.get_body((kind,)).get_content() for kind in ("plain", "html"))
        assert text.replace("\r\n", "\n") == "One.\n\nTwo.\n\nGo on:\nhttps://example.com/a?b=1&c=2#token=x\n\nBye.\n"
        assert '<a href="https://example.com/a?b=1&amp;c=2#token=x">Go on</a>' in html
        assert all(f"<p>{each}</p>" in html for each in ("One.", "Two.", "Bye."))

    def test_shows_markup_as_it_stands(self):
        bad = '<img src=x onerror="alert(1)">&amp;'
        found = made(subject=bad, paragraphs=(bad,), link=Link(label=bad, url='https://e.com/"><script>'))
        html = found.get_body(("html",)).get_content()
        assert "<img" not in html
        assert "<script" not in html
        assert bad in found.get_body(("plain",)).get_content()

    @pytest.mark.parametrize("ending", ["\r\n", "\n", "\r", "\x0b", "\u2028", "\x00", "\x85"])
    def test_has_no_header_that_was_not_meant(self, ending):
        found = made(subject=f"Hi{ending}Bcc: eve@example.com{ending}{ending}Body", paragraphs=(f"a{ending}b",))
        assert found["Bcc"] is None
        assert found["Subject"].replace("  ", " ").startswith("Hi Bcc: eve@example.com")
        for wrong in (f"a@b.com{ending}Bcc: eve@example.com", f"a{ending}@b.com"):
            with pytest.raises(Unmailable):
                made(to=wrong)
        with pytest.raises(Unmailable):
            made(unsubscribe_url=f"https://e.com/{ending}X-Other: 1")
        with pytest.raises(Unmailable):
            message(letter(), sender=f"Us{ending}Bcc: eve@example.com <a@b.com>", at=AT)

    @pytest.mark.parametrize(
        "to", ["a@b.com, c@d.com", "a@b.com;c@d.com", "A <a@b.com>", "a b@c.com", "", "a", "@b.com"]
    )
    def test_goes_to_one_mailbox(self, to):
        with pytest.raises(Unmailable):
            made(to=to)

    def test_can_be_ended_by_one_click_where_that_is_meant(self):
        found = made(unsubscribe_url="https://example.com/u/1")
        assert found["List-Unsubscribe"] == "<https://example.com/u/1>"
        assert found["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert made()["List-Unsubscribe"] is None

    def test_names_its_sender_its_date_and_itself(self):
        found = made()
        assert (found["From"], found["Message-ID"]) == (SENDER, "<mail_1@example.com>")
        assert found["Date"].datetime == AT
        assert found["Auto-Submitted"] == "auto-generated"


class TestAFolder:
    async def test_gets_a_file_for_each_letter_that_nobody_else_may_read(self, tmp_path):
        mailer = FolderMailer(tmp_path / "a" / "b", sender=SENDER, clock=Clock())
        await mailer.send(letter())
        await mailer.send(letter(id="mail_2"))
        await mailer.send(letter())
        files = sorted((tmp_path / "a" / "b").iterdir())
        assert [each.name for each in files] == ["mail_1.eml", "mail_2.eml"]
        assert {each.stat().st_mode & 0o777 for each in files} == {0o600}
        assert email.message_from_bytes(files[0].read_bytes(), policy=default)["To"] == "john@example.com"

    async def test_that_cannot_be_written_is_tried_again_later(self, tmp_path):
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(MailDeferred):
            await FolderMailer(tmp_path / "file" / "mail", sender=SENDER, clock=Clock()).send(letter())

    async def test_is_beside_the_database_unless_it_is_named(self, tmp_path):
        await mailer_of(settings(), beside=tmp_path / "h.db", clock=Clock()).send(letter())
        named = settings(mail_url=f"folder://{tmp_path}/out%20box")
        await mailer_of(named, beside=None, clock=Clock()).send(letter())
        assert (tmp_path / "h.db.mail" / "mail_1.eml").exists()
        assert (tmp_path / "out box" / "mail_1.eml").exists()


class TestTheConsole:
    async def test_shows_the_text(self):
        out = io.StringIO()
        await ConsoleMailer(sender=SENDER, clock=Clock(), out=out).send(letter())
        assert "To: john@example.com\nSubject: Hello\n\nOne.\n\nTwo.\n" in out.getvalue()


# ---------------------------------------------------------------------------------------------------------------- SMTP


class Post:
    """What a mail server takes in, and what it answers instead if it is told to."""

    def __init__(self):
        self.taken = []
        self.says_to_rcpt = self.says_to_data = None

    async def handle_RCPT(self, *asked):  # noqa: N802 - aiosmtpd's name
        envelope, address = asked[2], asked[3]
        if self.says_to_rcpt:
            return self.says_to_rcpt
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, *asked):  # noqa: N802 - aiosmtpd's name
        envelope = asked[2]
        if self.says_to_data:
            return self.says_to_data
        self.taken.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=default)))
        return "250 OK"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for localhost that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    now = datetime.now(UTC)  # noqa: TID251 - a real certificate for a real handshake
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(plain + signed.public_bytes(pem))
    return str(path)


def tls_of(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@asynccontextmanager
async def serving(post, **how):
    """A mail server on a free port of this machine."""
    controller = Controller(post, hostname="127.0.0.1", port=0, **how)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        controller._factory_invoker,
        host="127.0.0.1",
        port=0,
        ssl=controller.ssl_context,
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        controller.loop.close()


def smtp(url, **given):
    return SmtpMailer(settings(mail_url=url, mail_from=SENDER, mail_timeout_s=5, **given), Clock())


class TestSmtp:
    async def test_hands_a_letter_over(self):
        post = Post()
        async with serving(post) as port:
            await smtp(f"smtp+plain://127.0.0.1:{port}").send(letter())
        [(recipients, taken)] = post.taken
        assert (recipients, taken["Subject"], taken["Message-ID"]) == (
            ["john@example.com"],
            "Hello",
            "<mail_1@example.com>",
        )

    async def test_speaks_starttls_and_logs_in(self, certificate):
        post, seen = Post(), []

        def authenticated(*asked):
            session, data = asked[1], asked[4]
            seen.append((session.ssl is not None, data.login, data.password))
            return AuthResult(success=True)

        how = {"tls_context": tls_of(certificate), "require_starttls": True, "authenticator": authenticated}
        async with serving(post, auth_required=True, **how) as port:
            url = f"smtp://a%40b@127.0.0.1:{port}"
            await smtp(url, mail_ca_file=certificate, mail_password="open sesame").send(letter())
        assert len(post.taken) == 1
        assert seen == [(True, b"a@b", b"open sesame")]

    async def test_speaks_tls_from_the_start(self, certificate):
        post = Post()
        async with serving(post, ssl_context=tls_of(certificate)) as port:
            await smtp(f"smtps://127.0.0.1:{port}", mail_ca_file=certificate).send(letter())
        assert len(post.taken) == 1

    @pytest.mark.parametrize("scheme", ["smtp", "smtps"])
    async def test_trusts_no_certificate_it_does_not_know(self, certificate, scheme):
        post = Post()
        how = {"tls_context" if scheme == "smtp" else "ssl_context": tls_of(certificate)}
        async with serving(post, **how) as port:
            with pytest.raises(MailDeferred):
                await smtp(f"{scheme}://127.0.0.1:{port}").send(letter())
        assert post.taken == []

    async def test_sends_nothing_to_a_server_without_tls(self):
        post = Post()
        async with serving(post) as port:
            with pytest.raises(MailDeferred):
                await smtp(f"smtp://127.0.0.1:{port}").send(letter())
        assert post.taken == []

    @pytest.mark.parametrize(
        ("rcpt", "data", "expected"),
        [
            ("550 5.1.1 no such user john@example.com", None, AddressRefused),
            ("451 4.7.1 greylisted", None, MailDeferred),
            (None, "554 5.7.1 spam", MailRefused),
            (None, "452 4.3.1 full", MailDeferred),
        ],
    )
    async def test_tells_never_from_not_now(self, rcpt, data, expected):
        post = Post()
        post.says_to_rcpt, post.says_to_data = rcpt, data
        async with serving(post) as port:
            with pytest.raises(expected) as refusal:
                await smtp(f"smtp+plain://127.0.0.1:{port}").send(letter())
        assert refusal.type is expected
        assert "john" not in str(refusal.value)

    async def test_waits_for_a_server_that_is_away(self):
        async with serving(Post()) as port:
            pass
        with pytest.raises(MailDeferred):
            await smtp(f"smtp+plain://127.0.0.1:{port}").send(letter())

    async def test_refuses_what_can_be_no_recipient_without_asking(self):
        with pytest.raises(AddressRefused):
            await smtp("smtp+plain://127.0.0.1:9").send(letter(to="a@b.com\r\nRCPT TO:<c@d.com>"))


class TestTheSettings:
    @pytest.mark.parametrize(
        "wrong",
        [
            {"mail_url": "smtp://user:secret@host"},
            {"mail_url": "smtp+plain://mail.example.com"},
            {"mail_url": "smtp:"},
            {"mail_url": "http://example.com"},
            {"mail_url": "folder:"},
            {"mail_from": "nobody"},
            {"mail_from": "A\nBcc: b@c.com <a@b.com>"},
            {"public_url": "javascript:alert(1)"},
            {"public_url": "https://me@example.com"},
            {"public_url": "https://example.com/?a=1"},
        ],
    )
    def test_refuse_what_cannot_be_meant(self, wrong):
        with pytest.raises(ValidationError) as refusal:
            settings(**wrong)
        assert "secret" not in str(refusal.value)

    def test_hide_the_password(self):
        assert "sesame" not in repr(settings(mail_url="smtp://u@h", mail_password="open sesame"))
