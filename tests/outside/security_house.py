"""What the security tests share: a server as production runs it, the people of it, and how one talks to it badly."""

import http.client
import socket
from contextlib import contextmanager
from pathlib import Path

import httpx

from support.process import HoldfastServer
from support.visitors import NO_TLS, SECRET, Site

PAGE = "https://app.example.com"
"""A page that may call the API."""
METRICS_TOKEN = "m7QpZ2xVtR9kLw4Hn8Yb3Cd6Ff1Gs5Jv"
PRODUCTION = {
    "HOLDFAST_SECRET": SECRET,
    "HOLDFAST_ENVIRONMENT": "production",
    "HOLDFAST_ALLOWED_HOSTS": "127.0.0.1",
    "HOLDFAST_CORS_ORIGINS": PAGE,
    "HOLDFAST_METRICS_TOKEN": METRICS_TOKEN,
    "HOLDFAST_SECURITY_CONTACT": "mailto:security@example.com",
    "HOLDFAST_PAYMENTS_ALLOW_SIMULATOR": "true",
}
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
}
"""Headers that are the same on every answer."""
CLOSED_POLICY = "default-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

_ANSWER_WITHIN_S = 30.0


class SecureSite(Site):
    """A running server of production, on a SQLite file of its own."""

    def __init__(self, server, folder):
        super().__init__(server.base_url)
        self.server = server
        self.folder = Path(folder)

    @property
    def database(self):
        return f"sqlite:///{self.folder}/house.db"

    def files(self):
        """Everything the server has written to its folder, by name."""
        return {file.name: file.read_bytes() for file in self.folder.rglob("*") if file.is_file()}

    @contextmanager
    def seen_from(self, address):
        """Somebody who comes from another address of the loopback network."""
        transport = httpx.HTTPTransport(local_address=address, verify=NO_TLS)
        with httpx.Client(base_url=self.base_url, transport=transport, timeout=_ANSWER_WITHIN_S) as client:
            yield client


@contextmanager
def secure_site(folder, **settings):
    """A server as production runs it; `settings` are environment variables without their prefix."""
    env = PRODUCTION | {f"HOLDFAST_{name.upper()}": value for name, value in settings.items()}
    arguments = ("--database", f"sqlite:///{folder}/house.db")
    with HoldfastServer(*arguments, env=env) as server, SecureSite(server, folder) as site:
        site.env = env
        yield site


def said_raw(port, request, *, within_s=10.0):
    """Send bytes as they are; return the status and the body of each answer, and whether the server hung up."""
    answers = []
    with socket.create_connection(("127.0.0.1", port), timeout=within_s) as connection:
        connection.sendall(request)
        received = b""
        try:
            while chunk := connection.recv(65_536):
                received += chunk
            closed = True
        except TimeoutError:
            closed = False
    while received.startswith(b"HTTP/1."):
        head, _, rest = received.partition(b"\r\n\r\n")
        length = _length(head)
        answers.append((int(head[9:12]), rest[:length]))
        received = rest[length:]
    return answers, closed


def _length(head):
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def problem_code(answer):
    """The code of a refusal, having looked that it is one of ours."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.json()["code"]


def is_up(site):
    """Whether the server still answers."""
    connection = http.client.HTTPConnection("127.0.0.1", site.server.port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    finally:
        connection.close()
