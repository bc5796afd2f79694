"""Pages from files of our own, so that they work offline.

`/docs` makes openapi.json readable and callable; `/operator/sagas` shows an admin which journeys wait, failed or need
a person.
"""

from importlib.resources import files
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

_FILES: Final = {
    "/docs": ("docs.html", "text/html"),
    "/docs/docs.css": ("docs.css", "text/css"),
    "/docs/docs.js": ("docs.js", "text/javascript"),
    "/operator/sagas": ("sagas.html", "text/html"),
    "/operator/sagas/sagas.css": ("sagas.css", "text/css"),
    "/operator/sagas/sagas.js": ("sagas.js", "text/javascript"),
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The page may load and ask what comes from this server, and nothing else."""


def install(app: FastAPI) -> None:
    """Add the pages, and send whoever asks for `/` to the first."""
    folder = files(__name__)
    for path, (name, media_type) in _FILES.items():
        _add_file(app, path, folder.joinpath(name).read_bytes(), media_type)

    async def to_docs(_: Request) -> Response:
        return RedirectResponse("/docs")

    app.add_route("/", to_docs, include_in_schema=False)


def _add_file(app: FastAPI, path: str, content: bytes, media_type: str) -> None:
    headers = {"content-security-policy": _POLICY, "cache-control": "no-cache"}

    async def serve(_: Request) -> Response:
        return Response(content, headers=headers, media_type=media_type)

    app.add_route(path, serve, include_in_schema=False)
