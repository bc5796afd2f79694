"""Signatures of messages, as Standard Webhooks has them: HMAC-SHA256 over `id.timestamp.body`."""

import hmac
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha256


def api_key_of(secret: str) -> str:
    """Return the key that requests of a merchant with this secret carry."""
    return "sim_sk_" + hmac.new(secret.encode(), b"simulator api key", sha256).hexdigest()


def hook_key_of(secret: str) -> bytes:
    """Return the key that messages to a merchant with this secret are signed with."""
    return hmac.new(secret.encode(), b"simulator messages", sha256).digest()


def signed(keys: Sequence[bytes], *, message_id: str, timestamp: int, body: bytes) -> dict[str, str]:
    """Return the headers of a message; several keys (while one is replaced) give several signatures."""
    content = f"{message_id}.{timestamp}.".encode() + body
    marks = [b64encode(hmac.new(key, content, sha256).digest()).decode() for key in keys]
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }
