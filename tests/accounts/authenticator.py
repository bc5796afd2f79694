"""An authenticator and the browser in front of it, in software: makes passkeys and signs with them as WebAuthn says."""

import base64
import hashlib
import json
import secrets

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

ORIGIN = "http://localhost:8000"
PRESENT, VERIFIED, ELIGIBLE, COPIED, ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


def text(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def plain(value):
    return base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))


class Authenticator:
    """Holds one passkey at a time, as a security key with a PIN would."""

    def __init__(self, *, origin=ORIGIN, verifies=True, counts=True, backed_up=False):
        self.origin = origin
        self.verifies = verifies
        self.count = 0 if counts else None
        self.backed_up = backed_up
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = secrets.token_bytes(32)
        self.handle = None
        self.cross_origin = False

    def make(self, options):
        """Answer `navigator.credentials.create` with the options of the server, as JSON."""
        self.handle = options["user"]["id"]
        told = self._client_data("webauthn.create", options["challenge"])
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self._data(options["rp"]["id"], extra=ATTESTED) + attested
        statement = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        response = {
            "clientDataJSON": text(told),
            "attestationObject": text(statement),
            "transports": ["internal"],
            "publicKeyAlgorithm": -7,
        }
        return self._credential(response) | {"clientExtensionResults": {"credProps": {"rk": True}}}

    def sign(self, options):
        """Answer `navigator.credentials.get` with the options of the server, as JSON."""
        told = self._client_data("webauthn.get", options["challenge"])
        data = self._data(options["rpId"])
        signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(told),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": self.handle,
        }
        return self._credential(response)

    def _client_data(self, kind, challenge):
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": self.cross_origin}
        return json.dumps(told).encode()

    def _data(self, site, *, extra=0):
        if self.count is not None:
            self.count += 1
        flags = PRESENT | extra | (VERIFIED if self.verifies else 0) | (ELIGIBLE | COPIED if self.backed_up else 0)
        return hashlib.sha256(site.encode()).digest() + bytes([flags]) + (self.count or 0).to_bytes(4, "big")

    def _credential(self, response):
        named = text(self.credential_id)
        return {
            "id": named,
            "rawId": named,
            "type": "public-key",
            "authenticatorAttachment": "cross-platform",
            "response": response,
        }
