"""Pages from files of our own, so that they work offline.

`/docs` makes openapi.json readable and callable; `/operator/sagas` shows an admin which journeys wait, failed or need
a person; `/.well-known/security.txt` says where weaknesses are reported; links
in mail lead to `/account/…`.
"""

from datetime import timedelta
from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from holdfast.kit.clock import Clock

_FILES: Final = {
    "/docs": ("docs.html", "text/html"),
    "/docs/docs.css": ("docs.css", "text/css"),
    "/docs/docs.js": ("docs.js", "text/javascript"),
    "/account/confirm": ("account.html", "text/html"),
    "/account/recover": ("account.html", "text/html"),
    "/account/invitation": ("account.html", "text/html"),
    "/account/account.css": ("account.css", "text/css"),
    "/account/account.js": ("account.js", "text/javascript"),
    "/operator/sagas": ("sagas.html", "text/html"),
    "/operator/sagas/sagas.css": ("sagas.css", "text/css"),
    "/operator/sagas/sagas.js": ("sagas.js", "text/javascript"),
}
_DOCS: Final = "/docs"
_SECURITY_TXT: Final = "/.well-known/security.txt"
_SECURITY_TXT_FOR: Final = timedelta(days=180)
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page may load and ask what comes from this server, and nothing else."""


def install(app: FastAPI, *, show_docs: bool = True) -> None:
    """Add the pages, and send whoever asks for `/` to the documentation, if it is shown."""
    folder = files(__name__)
    for path, (name, media_type) in _FILES.items():
        if show_docs or not path.startswith(_DOCS):
            _add_file(app, path, folder.joinpath(name).read_bytes(), media_type)
    if show_docs:
        app.add_route("/", _to_docs, include_in_schema=False)


def install_security_txt(app: FastAPI, contact: str, clock: Clock) -> None:
    """Say where weaknesses are to be reported (RFC 9116).

    Args:
        app: Gets the page.
        contact: A URI such as `mailto:security@example.com`.
        clock: Tells when the page has to be read again.
    """

    async def serve(_: Request) -> Response:
        expires = (clock.now() + _SECURITY_TXT_FOR).replace(hour=0, minute=0, second=0, microsecond=0)
        lines = (f"Contact: {contact}", f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}", "Preferred-Languages: en")
        return PlainTextResponse("".join(f"{line}\n" for line in lines), headers={"cache-control": "no-cache"})

    app.add_route(_SECURITY_TXT, serve, include_in_schema=False)


async def _to_docs(_: Request) -> Response:
    return RedirectResponse(_DOCS)


def _add_file(app: FastAPI, path: str, content: bytes, media_type: str) -> None:
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}

    async def serve(_: Request) -> Response:
        return Response(content, headers=headers, media_type=media_type)

    app.add_route(path, serve, include_in_schema=False)
