"""`holdfast quote`: whether a signed quote holds, judged by whoever has the keys. No database is opened for it."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click

from holdfast.app.errors import CannotStart
from holdfast.app.lock import sqlite_files
from holdfast.app.modules import assemble
from holdfast.app.settings import RunSettings
from holdfast.app.starting import database_urls, keyring_of
from holdfast.booking.api import BookingApi
from holdfast.engine.money import format_amount
from holdfast.kit.jws import NotSigned, opened
from holdfast.kit.settings import Settings
from holdfast.verticals.promises import TYPE, Fault, faults

_INPUT_MOST: Final = 1_000_000
"""Characters of a file that are read at most."""


async def installation_keys(settings: Settings, run: RunSettings) -> Mapping[str, Any]:
    """Return the keys this installation signs quotes with.

    Raises:
        CannotStart: There is no such installation, or booking does not run here.
    """
    urls = database_urls(settings, run)
    for file in sqlite_files(urls):
        if not file.exists():
            raise CannotStart(f"there is no database {file} (--database, or give --keys)")
    assembly = await assemble(settings, keyring_of(settings, urls), names=run.modules)
    try:
        return _keys_of(assembly.door("booking"))
    finally:
        await assembly.stop()


def published_keys(path: str) -> Mapping[str, Any]:
    """Return the keys of a file, as `GET /v1/quote-keys` gives them.

    Raises:
        CannotStart: The file cannot be read, or holds no keys.
    """
    try:
        found = json.loads(_text(path))
    except ValueError as error:
        raise CannotStart(f"{path} is no JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("keys"), list):
        raise CannotStart(f"{path} holds no JSON Web Key Set")
    return found


def check_quote(path: str, keys: Mapping[str, Any]) -> bool:
    """Print whether the signed quote in a file (`-`: standard input) holds, and if not, what does not; return it.

    The file holds the signed text alone, or a quote as the API answers it.
    """
    text = _signed(_text(path).strip())
    try:
        said = json.loads(opened(text, keys, typ=TYPE))
    except NotSigned as error:
        found: tuple[Fault, ...] = (Fault(what="signature", detail=f"{error}."),)
    else:
        found = faults(said)
        if not found:
            price = said["price"]
            total = format_amount(price["total_minor"], price["currency"])
            lines = len(price["lines"])
            click.echo(f"{said['id']} holds: {total} {price['currency']} until {said['expires_at']}, {lines} lines")
            return True
    click.echo("this quote does not hold")
    for fault in found:
        place = "" if fault.place is None else f" {fault.place + 1}"
        click.echo(f"  {fault.what}{place}: {fault.detail}")
    return False


def _keys_of(booking: BookingApi | None) -> Mapping[str, Any]:
    if booking is None:
        raise CannotStart("this needs the booking module; add it to HOLDFAST_MODULES")
    return booking.quote_keys()


def _signed(text: str) -> str:
    """Return the signed text of a quote, given alone or as a member of an answer."""
    try:
        quote = json.loads(text)
    except ValueError:
        return text
    return str(quote.get("signed", "")) if isinstance(quote, dict) else text


def _text(path: str) -> str:
    try:
        if path == "-":
            return sys.stdin.read(_INPUT_MOST)
        with Path(path).open(encoding="utf-8") as file:
            return file.read(_INPUT_MOST)
    except (OSError, UnicodeDecodeError) as error:
        raise CannotStart(f"cannot read {path}: {error}") from error
