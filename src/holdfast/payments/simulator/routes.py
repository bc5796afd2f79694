"""The API of the simulator: what a merchant calls, and what whoever tries things out may ask of it."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from holdfast.kit.db.database import Tx
from holdfast.payments.simulator import asking, cards, shapes, store
from holdfast.payments.simulator.asking import Answer, Asked, Books, bad_request, good, missing
from holdfast.payments.simulator.courier import Courier
from holdfast.payments.simulator.keeping import Vault
from holdfast.payments.simulator.operating import Operator
from holdfast.payments.simulator.records import Kind, shown_payment, shown_refund
from holdfast.payments.simulator.till import Till
from holdfast.payments.simulator.web import (
    Refusal,
    after_faults,
    body_of,
    check_bearer,
    key_of,
    listed,
    number_in,
    response,
)

_PAGE_MOST: Final = 100
_SEQ_MOST: Final = 2**53
_CROSS_ORIGIN: Final = {
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "600",
}
"""Forms of any page may make a token, as with every provider: it is worth nothing without the merchant's key."""

_Work = Callable[[Tx, datetime, str | None], Awaitable[Answer]]


class Api:
    """Answers requests."""

    def __init__(self, books: Books, courier: Courier, *, api_key: str, is_open: bool) -> None:
        self._books = books
        self._courier = courier
        self._till = Till(books)
        self._vault = Vault(books)
        self._operator = Operator(books, courier)
        self._api_key = api_key
        self._is_open = is_open

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/v1/payments", self._create, methods=["POST"]),
            Route("/v1/payments", self._list, methods=["GET"]),
            Route("/v1/payments/{id}", self._retrieve, methods=["GET"]),
            Route("/v1/payments/{id}/capture", self._capture, methods=["POST"]),
            Route("/v1/payments/{id}/cancel", self._cancel, methods=["POST"]),
            Route("/v1/payments/{id}/refunds", self._refunds, methods=["GET"]),
            Route("/v1/payments/{id}/history", self._history, methods=["GET"]),
            Route("/v1/payments/{id}/{act:str}", self._operate, methods=["POST"]),
            Route("/v1/refunds", self._refund, methods=["POST"]),
            Route("/v1/methods", self._keep, methods=["POST"]),
            Route("/v1/methods/{id}", self._forget, methods=["DELETE"]),
            Route("/v1/tokens", self._tokenize, methods=["POST", "OPTIONS"]),
            Route("/v1/faults", self._faults, methods=["GET", "POST", "DELETE"]),
            Route("/v1/faults/{id}", self._clear_fault, methods=["DELETE"]),
            Route("/v1/messages", self._messages, methods=["GET"]),
            Route("/v1/messages/{id}/send", self._send, methods=["POST"]),
            Route("/v1/books", self._movements, methods=["GET"]),
            Route("/v1/cards", self._cards, methods=["GET"]),
        ]

    # ---------------------------------------------------------------------------------------------------- the merchant
    async def _create(self, request: Request) -> Response:
        check_bearer(request, self._api_key)
        body = await body_of(request)
        new = shapes.read(body, shapes.NewPayment)
        asked = Asked(
            operation="create",
            path="/v1/payments",
            key=key_of(request),
            body=body,
            ours=new.metadata.payment_id,
        )
        return await self._change(asked, lambda tx, now, twist: self._till.create(tx, now, twist, new))

    async def _capture(self, request: Request) -> Response:
        asked = await self._asked(request, "capture")
        ref, new = request.path_params["id"], shapes.read(asked.body, shapes.NewCapture)
        return await self._change(asked, lambda tx, now, twist: self._till.capture(tx, now, twist, ref, new.amount))

    async def _cancel(self, request: Request) -> Response:
        asked, ref = await self._asked(request, "cancel"), request.path_params["id"]
        return await self._change(asked, lambda tx, now, _: self._till.cancel(tx, now, ref))

    async def _refund(self, request: Request) -> Response:
        check_bearer(request, self._api_key)
        body = await body_of(request)
        new = shapes.read(body, shapes.NewRefund)
        asked = Asked(operation="refund", path="/v1/refunds", key=key_of(request), body=body, theirs=new.payment)
        return await self._change(asked, lambda tx, now, twist: self._till.refund(tx, now, twist, new))

    async def _keep(self, request: Request) -> Response:
        asked = await self._asked(request, "keep")
        new = shapes.read(asked.body, shapes.NewMethod)
        return await self._change(asked, lambda tx, now, twist: self._vault.keep(tx, now, twist, new))

    async def _forget(self, request: Request) -> Response:
        asked, ref = await self._asked(request, "forget"), request.path_params["id"]
        return await self._change(asked, lambda tx, now, _: self._vault.forget(tx, now, ref))

    async def _asked(self, request: Request, operation: str) -> Asked:
        check_bearer(request, self._api_key)
        return Asked(
            operation=operation,
            path=_path(request),
            key=key_of(request),
            body=await body_of(request),
            theirs=request.path_params.get("id"),
        )

    async def _change(self, asked: Asked, work: _Work) -> Response:
        outcome = await asking.changing(self._books.db, asked, work)
        self._courier.nudge()
        return await after_faults(outcome)

    # ------------------------------------------------------------------------------------------------ merchant's looks
    async def _retrieve(self, request: Request) -> Response:
        check_bearer(request, self._api_key)
        ref = request.path_params["id"]

        async def look(tx: Tx) -> Answer:
            found = await store.current(tx, Kind.PAYMENT, ref)
            return missing("payment") if found is None else good(self._shown(found[1]))

        return await self._look(Asked(operation="retrieve", path=_path(request), key=None, theirs=ref), look)

    async def _list(self, request: Request) -> Response:
        check_bearer(request, self._api_key)
        payment_id = request.query_params.get("payment_id")
        limit = number_in(request, "limit", _PAGE_MOST, _PAGE_MOST)
        before = number_in(request, "before", _SEQ_MOST, _SEQ_MOST)

        async def look(tx: Tx) -> Answer:
            if payment_id is not None:
                found = await store.by_external(tx, Kind.PAYMENT, payment_id)
                return good(listed([self._shown(each) for each in found]))
            rows = await store.newest(tx, Kind.PAYMENT, before=before, limit=limit)
            more = str(rows[-1][0]) if len(rows) == limit else None
            return good(listed([self._shown(each) for _, each in rows], more=more))

        return await self._look(Asked(operation="find", path="/v1/payments", key=None, ours=payment_id), look)

    async def _refunds(self, request: Request) -> Response:
        check_bearer(request, self._api_key)
        ref = request.path_params["id"]

        async def look(tx: Tx) -> Answer:
            if await store.current(tx, Kind.PAYMENT, ref) is None:
                return missing("payment")
            return good(listed([shown_refund(each) for each in await store.by_parent(tx, Kind.REFUND, ref)]))

        return await self._look(Asked(operation="refunds", path=_path(request), key=None, theirs=ref), look)

    async def _look(self, asked: Asked, look: Callable[[Tx], Awaitable[Answer]]) -> Response:
        return await after_faults(await asking.reading(self._books.db, asked, look))

    def _shown(self, payment: Any) -> dict[str, Any]:
        return shown_payment(payment, public_url=self._books.public_url)

    # ------------------------------------------------------------------------------------------------- the payer's form
    async def _tokenize(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=_CROSS_ORIGIN)
        new = shapes.read(await body_of(request), shapes.NewToken)
        return response(await self._books.db.write(lambda tx: self._vault.tokenize(tx, new)), _CROSS_ORIGIN)

    # ---------------------------------------------------------------------------------------------------- the operator
    def check_operator(self, request: Request) -> None:
        """Look at whether somebody may try things out.

        Raises:
            Refusal: This installation is not open to everybody, and this is not the merchant.
        """
        if not self._is_open:
            check_bearer(request, self._api_key)

    async def _operate(self, request: Request) -> Response:
        self.check_operator(request)
        ref, act = request.path_params["id"], request.path_params["act"]
        reason = shapes.read(await body_of(request), shapes.NewDispute).reason if act == "dispute" else None
        return response(await self._operator.act(ref, act, reason=reason))

    async def _history(self, request: Request) -> Response:
        self.check_operator(request)
        ref = request.path_params["id"]
        rows = await self._books.db.read(lambda tx: store.history(tx, Kind.PAYMENT, ref))
        items = [{"version": row.version, "what": row.what, "at": row.at, "state": row.state} for row in rows]
        return response(good(listed(items)) if items else missing("payment"))

    async def _faults(self, request: Request) -> Response:
        self.check_operator(request)
        if request.method == "POST":
            new = shapes.read(await body_of(request), shapes.NewFault)
            return response(await self._operator.add_fault(new))
        if request.method == "DELETE":
            await self._books.db.write(store.clear_faults)
            return response(good({"deleted": True}))
        return response(good(listed(await self._operator.faults())))

    async def _clear_fault(self, request: Request) -> Response:
        self.check_operator(request)
        fault_id = request.path_params["id"]
        there = await self._books.db.write(lambda tx: store.clear_fault(tx, fault_id))
        return response(good({"id": fault_id, "deleted": True}) if there else missing("fault"))

    async def _messages(self, request: Request) -> Response:
        self.check_operator(request)
        limit = number_in(request, "limit", _PAGE_MOST, _PAGE_MOST)
        before = number_in(request, "before", _SEQ_MOST, _SEQ_MOST)
        items = await self._operator.messages(before=before, limit=limit)
        return response(good(listed(items, more=str(items[-1]["seq"]) if len(items) == limit else None)))

    async def _send(self, request: Request) -> Response:
        self.check_operator(request)
        new = shapes.read(await body_of(request), shapes.NewSending)
        return response(await self._operator.send(request.path_params["id"], new.manner))

    async def _movements(self, request: Request) -> Response:
        self.check_operator(request)
        after = number_in(request, "after", 0, _SEQ_MOST)
        rows = await self._books.db.read(lambda tx: store.movements(tx, after=after, limit=_PAGE_MOST * 10))
        return response(good({**listed([row._asdict() for row in rows]), **await self._operator.audit()}))

    async def _cards(self, request: Request) -> Response:
        del request
        items = [
            {"number": each.number, "brand": each.brand, "token": each.token, "plan": each.plan}
            for each in (*cards.TEST_CARDS, *cards.WALLETS)
        ]
        return response(good(listed(items)))


def _path(request: Request) -> str:
    """Return the path below the simulator's own root."""
    path: str = request.scope["path"]
    return path.removeprefix(request.scope.get("root_path", ""))[:300]


async def refusal(request: Request, error: Exception) -> Response:
    """Answer a request that goes no further."""
    del request
    if isinstance(error, Refusal):
        return response(error.answer)
    return response(bad_request("body_invalid", str(error)))
