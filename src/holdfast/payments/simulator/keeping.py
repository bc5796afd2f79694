"""Tokens of cards that were typed into our form, and ways to pay that customers keep."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Final

from msgspec.structs import replace

from holdfast.kit.db.database import Tx
from holdfast.kit.ids import new_id
from holdfast.payments.simulator import store
from holdfast.payments.simulator.asking import Answer, Books, bad_request, good, missing, refused
from holdfast.payments.simulator.cards import Card, Plan, by_number, by_token, is_card_number, shown
from holdfast.payments.simulator.records import Kind, Method, Token, shown_method
from holdfast.payments.simulator.shapes import NewMethod, NewToken
from holdfast.payments.simulator.till import PAYPAL

_TOKEN_FOR: Final = timedelta(hours=1)
_AMEX_CVC: Final = 4
_CVC: Final = 3


def _card_error(code: str, message: str) -> Answer:
    return refused(HTTPStatus.PAYMENT_REQUIRED, "card_error", code, message)


class Vault:
    """Keeps what stands for cards, never their numbers."""

    def __init__(self, books: Books) -> None:
        self._books = books

    async def tokenize(self, tx: Tx, new: NewToken) -> Answer:
        """Make a token of card data."""
        now = await tx.now()
        digits = new.number.replace(" ", "").replace("-", "")
        if not is_card_number(digits):
            return _card_error("incorrect_number", "The card number is not right.")
        card = by_number(digits)
        if card is None:
            return _card_error("test_card_needed", "Only the published test cards are taken here; nothing was kept.")
        if (new.exp_year, new.exp_month) < (now.year, now.month):
            return _card_error("expired", "The card has expired.")
        if len(new.cvc) != (_AMEX_CVC if card.brand == "amex" else _CVC):
            return _card_error("incorrect_cvc", "The security code is not right.")
        token = Token(
            id=new_id("sim_tok", self._books.clock),
            card=shown(card, exp=(new.exp_month, new.exp_year)),
            plan=card.plan,
            expires=now + _TOKEN_FOR,
        )
        await store.add_change(
            tx,
            kind=Kind.TOKEN,
            object_id=token.id,
            version=1,
            parent=None,
            external=None,
            what="created",
            state=token,
            at=now,
        )
        return good(
            {"id": token.id, "object": "token", "card": token.card, "expires": token.expires}, HTTPStatus.CREATED
        )

    async def keep(self, tx: Tx, now: datetime, twist: str | None, new: NewMethod) -> Answer:
        """Keep a way to pay for a customer."""
        if new.method == PAYPAL:
            return bad_request("method_not_kept", "PayPal is approved each time; it is not kept.")
        source = await self._source(tx, now, new.token)
        if source is None:
            return bad_request("token_unknown", "There is no such token, or its hour is over.")
        card, plan = source
        denial = "card_declined" if twist == "decline" else plan.denial or plan.keep_denial
        if denial:
            return _card_error(denial, "The card was declined.")
        method = Method(
            id=new_id("sim_pm", self._books.clock),
            customer=f"sim_cus_{new.customer}",
            method=new.method,
            card=card,
            plan=plan,
            created=now,
        )
        await self._write(tx, "kept", method, 1, now)
        return good(shown_method(method), HTTPStatus.CREATED)

    async def forget(self, tx: Tx, now: datetime, method_id: str) -> Answer:
        """Forget a kept way to pay; twice is once."""
        found = await store.current(tx, Kind.METHOD, method_id)
        if found is None:
            return missing("method")
        version, method = found
        if not method.gone:
            await self._write(tx, "forgotten", replace(method, gone=True), version + 1, now)
        return good({"id": method_id, "deleted": True})

    async def _source(self, tx: Tx, now: datetime, token: str) -> tuple[Card, Plan] | None:
        if published := by_token(token):
            return shown(published), published.plan
        found = await store.current(tx, Kind.TOKEN, token)
        if found is None or now >= found[1].expires:
            return None
        return found[1].card, found[1].plan

    async def _write(self, tx: Tx, what: str, method: Method, version: int, now: datetime) -> None:
        await store.add_change(
            tx,
            kind=Kind.METHOD,
            object_id=method.id,
            version=version,
            parent=method.customer,
            external=None,
            what=what,
            state=method,
            at=now,
        )
