"""Texts signed with Ed25519 that anybody can check: compact JWS (RFC 7515, RFC 8037) and the keys that go with them.

Signing is on a hot path, so the header is made once and the rest is a hash and a signature. Checking takes nothing from
the text on trust: the header must be exactly one that `Signer` writes, and the key is one of those given.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ALGORITHM: Final = "EdDSA"
"""RFC 9864 prefers the name `Ed25519`, which fewer libraries know yet; the keys say which curve it is."""
_FORM: Final = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")


class NotSigned(ValueError):
    """A text is not a signed one, or no key given has signed it."""


class _Header(msgspec.Struct, forbid_unknown_fields=True):
    """All a header may hold: a text brings neither its own key nor rules of its own."""

    alg: Literal["EdDSA"]
    kid: str
    typ: str


_read_header = msgspec.json.Decoder(_Header).decode


class Signer:
    """Signs texts of one type with the first of some keys, and publishes them all."""

    def __init__(self, seeds: Sequence[bytes], *, typ: str) -> None:
        keys = [Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds]
        self._published = tuple(_published(key) for key in keys)
        self._key = keys[0]
        header = {"alg": ALGORITHM, "kid": self._published[0]["kid"], "typ": typ}
        self._head = _base64(json.dumps(header, separators=(",", ":")).encode()) + b"."

    def sign(self, payload: bytes) -> str:
        """Return a payload with its signature, as a compact JWS."""
        signed = self._head + _base64(payload)
        return (signed + b"." + _base64(self._key.sign(signed))).decode()

    def keys(self) -> dict[str, Any]:
        """Return the public halves of all keys as a JSON Web Key Set, the signing key first."""
        return {"keys": [dict(each) for each in self._published]}


def opened(text: str, keys: Mapping[str, Any], *, typ: str) -> bytes:
    """Return the payload of a text that one of the keys of a JSON Web Key Set has signed.

    Raises:
        NotSigned: It is no such text, of another type, or none of the keys has signed it.
    """
    if _FORM.fullmatch(text) is None:
        raise NotSigned("this is not a compact JWS")
    head, body, signature = text.split(".")
    try:
        header = _read_header(_plain(head))
    except (ValueError, msgspec.DecodeError) as error:
        raise NotSigned("its header is not one of ours") from error
    if header.typ != typ:
        raise NotSigned(f"it is a {header.typ[:40]!r}, not a {typ!r}")
    found = [each for each in _listed(keys) if isinstance(each, Mapping) and each.get("kid") == header.kid]
    if not found:
        raise NotSigned(f"there is no key {header.kid[:60]!r} among those given")
    try:
        _key_of(found[0]).verify(_plain(signature), f"{head}.{body}".encode())
        return _plain(body)
    except (InvalidSignature, ValueError) as error:
        raise NotSigned("the signature is not that of the key") from error


def _key_of(published: Mapping[str, Any]) -> Ed25519PublicKey:
    if (published.get("kty"), published.get("crv")) != ("OKP", "Ed25519"):
        raise NotSigned("the key is of another kind")
    return Ed25519PublicKey.from_public_bytes(_plain(str(published.get("x", ""))))


def _plain(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _listed(keys: Mapping[str, Any]) -> list[Any]:
    found = keys.get("keys")
    if not isinstance(found, list):
        raise NotSigned("these are no keys: a JSON Web Key Set has a list of `keys`")
    return found


def _base64(value: bytes) -> bytes:
    return base64.urlsafe_b64encode(value).rstrip(b"=")


def _published(key: Ed25519PrivateKey) -> dict[str, str]:
    public = {"crv": "Ed25519", "kty": "OKP", "x": _base64(key.public_key().public_bytes_raw()).decode()}
    # RFC 7638: the members a key cannot do without, in order.
    thumbprint = hashlib.sha256(json.dumps(public, separators=(",", ":")).encode()).digest()
    return {**public, "kid": _base64(thumbprint).decode(), "alg": ALGORITHM, "use": "sig"}
