"""Guests who pay, guests who pay on arrival, and a provider's messages, all as clients of a load."""

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

from benchmarks.http.product_clients import unexpected
from benchmarks.http.workload import Stay
from benchmarks.load import Connection, UnusableError
from benchmarks.product import Guest, Product
from holdfast.kit.clock import Clock

CARD = "pm_card_visa"
Sign = Callable[[str, bytes], dict[str, str]]
"""Makes the headers of a message from its id and body."""
_SETTLED_WITHIN_S = 300.0
_numbers = count(1)


class Buyer:
    """Asks the price, holds, pays by card if told so, confirms."""

    def __init__(self, product: Product, guest: Guest, stays: Iterator[Stay], *, pays: bool, made: list[str]) -> None:
        self._connection = Connection(product.host, product.port, {"Authorization": f"Bearer {guest.token}"})
        self._stays = stays
        self._pays = pays
        self._made = made

    async def act(self) -> str:
        """Book once."""
        stay = next(self._stays)
        wish = {
            "kind": "stay",
            "property_id": stay.property_id,
            "check_in": stay.start.isoformat(),
            "check_out": stay.end.isoformat(),
            "guests": 1,
        }
        quote = await self._ask("/v1/quotes", {"items": [wish]})
        hold = await self._ask("/v1/holds", {"quote_id": quote["id"]})
        if hold is None:
            return "refused"
        proof = {"hold_id": hold["id"], "hold_token": hold["token"]}
        choice = {"method": "at_property"}
        if self._pays:
            payment = await self._ask("/v1/payments", proof | {"method": "card", "token": CARD})
            choice = {"method": "card", "payment_id": payment["id"]}
        booked = await self._ask("/v1/bookings", proof | {"payment": choice})
        self._made.append(booked["reference"])
        return "booked"

    async def _ask(self, path: str, body: Any) -> Any:
        answer = await self._connection.request("POST", path, body, key=f"bench-{next(_numbers)}")
        if answer.status == 409 and answer.json()["code"] == "sold_out":
            return None
        if answer.status != 201:
            raise RuntimeError(unexpected(answer))
        return answer.json()

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class Messenger:
    """Delivers messages about payments there are: signed ones, each new; or always the same one; or forged ones."""

    def __init__(self, product: Product, messages: Iterator[tuple[str, str]], sign: Sign) -> None:
        self._connection = Connection(product.host, product.port)
        self._messages = messages
        self._sign = sign

    async def act(self) -> str:
        """Deliver one."""
        event, ref = next(self._messages)
        stamp = Clock().now().isoformat()
        body = {"id": event, "type": "payment.captured", "timestamp": stamp, "data": {"payment": {"id": ref}}}
        content = json.dumps(body).encode()
        answer = await self._connection.send("POST", "/v1/webhooks/simulator", content, self._sign(event, content))
        return str(answer.json()["outcome"]) if answer.status == 200 else f"status {answer.status}"

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


async def settled(product: Product) -> None:
    """Wait until the money of every guest's newest bookings is where it belongs.

    Raises:
        UnusableError: That takes too long.
    """
    watcher = Connection(product.host, product.port)
    waiting = list(product.guests)
    until = time.perf_counter() + _SETTLED_WITHIN_S
    try:
        while waiting:
            if time.perf_counter() > until:
                raise UnusableError("the money of some bookings was not taken")
            answer = await watcher.request("GET", "/v1/bookings?limit=100", token=waiting[-1].token)
            if all(each["payment"]["status"] in {"completed", "due_at_property"} for each in answer.json()["items"]):
                waiting.pop()
            else:
                await asyncio.sleep(0.1)
    finally:
        watcher.close()


def signer(secret: str) -> Sign:
    """Return what signs messages as the simulator does."""
    key = hmac.new(secret.encode(), b"simulator messages", hashlib.sha256).digest()

    def headers_of(event: str, content: bytes) -> dict[str, str]:
        stamp = str(int(Clock().now().timestamp()))
        mark = hmac.new(key, f"{event}.{stamp}.".encode() + content, hashlib.sha256).digest()
        signature = f"v1,{base64.b64encode(mark).decode()}"
        return {"webhook-id": event, "webhook-timestamp": stamp, "webhook-signature": signature}

    return headers_of
