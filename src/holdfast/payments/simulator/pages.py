"""The pages for people: approve or decline a payment, type a card, and look after the simulator.

They are plain HTML without scripts, under a policy that lets nothing else in.
"""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from holdfast.payments.simulator import cards, shapes, store
from holdfast.payments.simulator.asking import Answer, Books
from holdfast.payments.simulator.courier import Courier
from holdfast.payments.simulator.faults import OPERATIONS
from holdfast.payments.simulator.keeping import Vault
from holdfast.payments.simulator.markup import STYLE, button, choice, field, form, money, page, table, text
from holdfast.payments.simulator.operating import Operator
from holdfast.payments.simulator.records import Kind, Payment, Status
from holdfast.payments.simulator.web import form_of

_SHOWN: Final = 50
_ALL: Final = 2**53
_WORDS: Final = {
    Status.REQUIRES_ACTION: "waits for you",
    Status.REQUIRES_CAPTURE: "approved",
    Status.SUCCEEDED: "paid",
    Status.CANCELED: "canceled by the merchant",
    Status.FAILED: "declined",
}
_FORM_PROBLEM: Final = "Please check what you typed: month and year like 12 and 2034, and the code on the card."


class Pages:
    """Answers people."""

    def __init__(self, books: Books, courier: Courier, *, check_operator: Callable[[Request], None]) -> None:
        self._books = books
        self._operator = Operator(books, courier)
        self._vault = Vault(books)
        self._check_operator = check_operator

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/", self._home, methods=["GET"]),
            Route("/style.css", _style, methods=["GET"]),
            Route("/pay/{id}", self._payer, methods=["GET"]),
            Route("/pay/{id}", self._decided, methods=["POST"]),
            Route("/card", self._card, methods=["GET"]),
            Route("/card", self._typed, methods=["POST"]),
            Route("/operator/{act:str}", self._operated, methods=["POST"]),
        ]

    # ------------------------------------------------------------------------------------------------------- the payer
    async def _payer(self, request: Request) -> Response:
        payment = await self._payment(request)
        if payment is None:
            return _html(_lost(request), HTTPStatus.NOT_FOUND)
        return _html(_asking(request, payment), form_to=payment.return_url)

    async def _decided(self, request: Request) -> Response:
        fields, payment = await form_of(request), await self._payment(request)
        decision = fields.get("decision")
        if payment is None or decision not in {"approve", "decline"}:
            return _html(_lost(request), HTTPStatus.NOT_FOUND)
        await self._operator.act(payment.id, decision)
        # Only where the merchant said when it made the payment: nothing in this request says where to go.
        if payment.return_url:
            return RedirectResponse(payment.return_url, HTTPStatus.SEE_OTHER, _headers(payment.return_url))
        return RedirectResponse(f"{_root(request)}/pay/{payment.id}", HTTPStatus.SEE_OTHER, _headers())

    async def _payment(self, request: Request) -> Payment | None:
        ref = request.path_params["id"]
        found = await self._books.db.read(lambda tx: store.current(tx, Kind.PAYMENT, ref))
        return None if found is None else found[1]

    # -------------------------------------------------------------------------------------------------------- the card
    async def _card(self, request: Request) -> Response:
        return _html(_card_form(request))

    async def _typed(self, request: Request) -> Response:
        fields = await form_of(request)
        try:
            new = shapes.NewToken(
                number=fields.get("number", ""),
                exp_month=int(fields.get("exp_month", "")),
                exp_year=int(fields.get("exp_year", "")),
                cvc=fields.get("cvc", ""),
            )
            new = shapes.checked(new)
        except ValueError:
            return _html(_card_form(request, problem=_FORM_PROBLEM), HTTPStatus.UNPROCESSABLE_ENTITY)
        answer = await self._books.db.write(lambda tx: self._vault.tokenize(tx, new))
        if answer.status != HTTPStatus.CREATED:
            return _html(_card_form(request, problem=answer.body["error"]["message"]), HTTPStatus.UNPROCESSABLE_ENTITY)
        return _html(_card_token(request, answer))

    # ---------------------------------------------------------------------------------------------------- the operator
    async def _home(self, request: Request) -> Response:
        self._check_operator(request)
        found = await self._books.db.read(lambda tx: store.newest(tx, Kind.PAYMENT, before=_ALL, limit=_SHOWN))
        content = "\n".join(
            (
                "<h1>Payment simulator</h1>",
                f'<p><a href="{text(_root(request))}/card">Type a test card</a> to get a token for it.</p>',
                _audited(await self._operator.audit()),
                "<h2>Payments</h2>",
                _payments(request, [each for _, each in found]),
                "<h2>Make something go wrong</h2>",
                _fault_form(request),
                _fault_list(request, await self._operator.faults()),
                "<h2>Messages to the merchant</h2>",
                _message_list(request, await self._operator.messages(limit=_SHOWN)),
            )
        )
        return _html(page(root=_root(request), title="Payment simulator", content=content))

    async def _operated(self, request: Request) -> Response:
        self._check_operator(request)
        fields, act = await form_of(request), request.path_params["act"]
        answer = await self._operate(act, fields)
        if answer is not None and answer.status >= HTTPStatus.BAD_REQUEST:
            problem = f'<h1>That cannot be done</h1><p class="problem">{text(answer.body["error"]["message"])}</p>'
            back = f'<p><a href="{text(_root(request))}/">Back</a></p>'
            content = page(root=_root(request), title="That cannot be done", content=problem + back)
            return _html(content, answer.status)
        return RedirectResponse(f"{_root(request)}/", HTTPStatus.SEE_OTHER, _headers())

    async def _operate(self, act: str, fields: dict[str, str]) -> Answer | None:
        if act == "faults":
            operation, _, what = fields.get("fault", "").partition(":")
            new = shapes.NewFault(
                operation=operation,
                what=what,
                payment=fields.get("payment", "").strip() or None,
                times=_number(fields, "times", 1),
                seconds=_number(fields, "seconds", 60),
            )
            return await self._operator.add_fault(shapes.checked(new))
        if act == "clear":
            await self._books.db.write(store.clear_faults)
            return None
        if act == "send":
            manner = shapes.checked(shapes.NewSending(manner=fields.get("manner", "again"))).manner
            return await self._operator.send(fields.get("message", ""), manner)
        return await self._operator.act(fields.get("payment", ""), act)


# ------------------------------------------------------------------------------------------------------ what is shown


def _root(request: Request) -> str:
    root: str = request.scope.get("root_path", "")
    return root


def _number(fields: dict[str, str], name: str, default: int) -> int:
    given = fields.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) <= 6 else default  # noqa: PLR2004 - bounds of a form


def _headers(form_to: str = "") -> dict[str, str]:
    """Return headers that let in nothing but our style; a form may end where the merchant wants the payer back."""
    back = f" {shapes.origin_of(form_to)}" if form_to else ""
    policy = f"default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'{back}; frame-ancestors 'none'"
    return {
        "content-security-policy": policy,
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
    }


def _html(content: str, status: int = HTTPStatus.OK, *, form_to: str = "") -> Response:
    return Response(content, status, headers=_headers(form_to), media_type="text/html")


async def _style(request: Request) -> Response:
    del request
    return Response(STYLE, headers={**_headers(), "cache-control": "no-cache"}, media_type="text/css")


def _lost(request: Request) -> str:
    content = "<h1>No such payment</h1><p>Go back to where you came from and pay again.</p>"
    return page(root=_root(request), title="No such payment", content=content, look="payer")


def _asking(request: Request, payment: Payment) -> str:
    paypal = payment.method == "paypal"
    brand = "PayPal (simulated)" if paypal else "Your bank (simulated)"
    title = "Pay with PayPal" if paypal else "Confirm it is you"
    lead = (
        "Approve this payment from your simulated PayPal account."
        if paypal
        else "Your bank asks you to confirm this payment (3-D Secure)."
    )
    rows = [("Merchant", "Holdfast"), ("Payment", payment.payment_id or payment.id)]
    if payment.description:
        rows.insert(1, ("For", payment.description))
    if payment.card:
        rows.append(("Card", f"{payment.card.brand} ending in {payment.card.last4}"))
    facts = "".join(f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in rows)
    waits = payment.status is Status.REQUIRES_ACTION
    action = f"{_root(request)}/pay/{payment.id}"
    buttons = button("Approve", name="decision", value="approve", kind="yes")
    buttons += button("Decline", name="decision", value="decline", kind="no")
    end = form(action, f'<div class="pair">{buttons}</div>') if waits else _ended(payment)
    amount = text(money(payment.amount, payment.currency))
    content = (
        f'<h1>{text(title)}</h1><p>{text(lead)}</p><section class="card" aria-label="The payment">'
        f'<p class="amount">{amount}</p><dl>{facts}</dl>{end}</section>'
    )
    return page(
        root=_root(request),
        title=f"{title}: {money(payment.amount, payment.currency)}",
        content=content,
        brand=brand,
        look="payer",
    )


def _ended(payment: Payment) -> str:
    back = f'<p><a href="{text(payment.return_url)}">Back to the merchant</a></p>' if payment.return_url else ""
    return f'<p role="status">This payment is {text(_WORDS[payment.status])}. You may close this page.</p>{back}'


def _card_form(request: Request, problem: str = "") -> str:
    told = f'<p class="problem" role="alert">{text(problem)}</p>' if problem else ""
    number = field(
        "Card number", "number", inputmode="numeric", autocomplete="cc-number", required="required", maxlength=24
    )
    month = field("Month", "exp_month", inputmode="numeric", autocomplete="cc-exp-month", required="required", value=12)
    year = field("Year", "exp_year", inputmode="numeric", autocomplete="cc-exp-year", required="required", value=2034)
    code = field("Security code", "cvc", inputmode="numeric", autocomplete="cc-csc", required="required", maxlength=4)
    fields = f'{number}<div class="pair">{month}{year}{code}</div>{button("Make a token")}'
    known = table(
        "Test cards",
        ("Number", "Card", "What it does"),
        ((f"<code>{text(each.number)}</code>", text(each.brand), text(_doing(each))) for each in cards.TEST_CARDS),
        empty="",
    )
    content = (
        "<h1>Your card</h1><p>Only test cards are taken. The number stays in the simulator for as long as this request"
        f' takes; the merchant gets a token.</p>{told}<section class="card" aria-label="Card">'
        f"{form(f'{_root(request)}/card', fields)}</section><h2>Test cards</h2>{known}"
    )
    return page(root=_root(request), title="Your card", content=content, look="payer")


def _doing(card: cards.TestCard) -> str:
    plan = card.plan
    said = {
        "refused": plan.denial,
        "once kept refused": plan.kept_denial,
        "approved, then refused": plan.challenge_denial,
        "authorized, capture refused": plan.capture_denial,
        "disputed": plan.dispute,
        "refunds come": None if plan.refund == "at_once" else plan.refund.replace("fails", "never"),
    }
    parts = [f"{what}: {why.replace('_', ' ')}" for what, why in said.items() if why]
    if plan.challenge and not plan.challenge_denial:
        parts.append("asks for approval (3-D Secure)")
    return "; ".join(parts) or "succeeds"


def _card_token(request: Request, answer: Answer) -> str:
    card = answer.body["card"]
    content = (
        f'<h1>Your token</h1><section class="card" aria-label="Token"><dl><dt>Token</dt>'
        f'<dd><code id="token">{text(answer.body["id"])}</code></dd>'
        f"<dt>Card</dt><dd>{text(card.brand)} ending in {text(card.last4)}</dd></dl>"
        f"<p>Give it to the merchant within the hour.</p></section>"
        f'<p><a href="{text(_root(request))}/card">Another card</a></p>'
    )
    return page(root=_root(request), title="Your token", content=content, look="payer")


def _audited(audit: dict[str, Any]) -> str:
    if audit["wrong"]:
        return f'<p class="problem" role="alert">The books do not add up: {text(", ".join(audit["wrong"]))}</p>'
    return f'<p class="note">{audit["payments"]} payments; the books add up. {audit["waiting"]} tasks wait.</p>'


def _payments(request: Request, found: list[Payment]) -> str:
    rows = []
    for each in found:
        link = f'<a href="{text(_root(request))}/pay/{text(each.id)}"><code>{text(each.id[-10:])}</code></a>'
        paid = " / ".join(money(amount, each.currency) if amount else "-" for amount in (each.captured, each.refunded))
        stands = each.status.replace("_", " ") + (f" ({each.denial})" if each.denial else "")
        disputed = f"{each.dispute.status.replace('_', ' ')}" if each.dispute else ""
        rows.append(
            (
                link,
                f"<code>{text(each.payment_id)}</code>",
                text(money(each.amount, each.currency)),
                text(each.method),
                text(stands),
                text(paid),
                text(disputed) + " " + _payment_buttons(request, each),
            )
        )
    heads = ("Here", "Merchant's id", "Amount", "By", "Stands", "Captured / refunded", "Dispute")
    return table("Payments", heads, rows, empty="Nobody has paid yet.")


def _payment_buttons(request: Request, payment: Payment) -> str:
    acts: tuple[tuple[str, str], ...] = ()
    if payment.status is Status.REQUIRES_CAPTURE:
        acts = (("expire", "Let it run out"),)
    if payment.status is Status.SUCCEEDED and payment.dispute is None:
        acts = (("dispute", "Open"),)
    if payment.dispute is not None and payment.dispute.status == "needs_response":
        acts = (("win", "Won"), ("lose", "Lost"))
    return " ".join(
        form(f"{_root(request)}/operator/{act}", button(label, kind="small"), hidden={"payment": payment.id})
        for act, label in acts
    )


def _fault_form(request: Request) -> str:
    options = [
        (f"{operation}:{what}", f"{operation}: {what.replace('_', ' ')}")
        for operation, faults in OPERATIONS.items()
        for what in faults
    ]
    fields = "".join(
        (
            choice("What", "fault", options),
            field("Payment (empty: any)", "payment", autocomplete="off"),
            field("How often", "times", inputmode="numeric", value=1),
            field("Seconds", "seconds", inputmode="numeric", value=60),
            button("Make it go wrong"),
        )
    )
    return form(f"{_root(request)}/operator/faults", fields, look="row")


def _fault_list(request: Request, faults: list[dict[str, Any]]) -> str:
    rows = [
        (
            text(each["operation"]),
            text(each["what"].replace("_", " ")),
            f"<code>{text(each['payment'] or 'any')}</code>",
            text(each["times"]),
            text(each["struck"]),
        )
        for each in faults
    ]
    heads = ("Operation", "What", "Payment", "Still to strike", "Has struck")
    shown = table("Faults", heads, rows, empty="Nothing is asked to go wrong.")
    return shown + (form(f"{_root(request)}/operator/clear", button("Clear all faults", kind="small")) if rows else "")


def _message_list(request: Request, messages: list[dict[str, Any]]) -> str:
    manners = (("again", "again"), ("forged", "forged"), ("old", "an hour old"), ("altered", "altered"))
    rows = []
    for each in messages:
        buttons = choice("Send", "manner", manners) + button("Send", kind="small")
        send = form(f"{_root(request)}/operator/send", buttons, hidden={"message": each["id"]}, look="row")
        rows.append(
            (
                text(each["at"].strftime("%Y-%m-%d %H:%M:%S")),
                text(each["kind"]),
                f"<code>{text(each['payment'][-10:])}</code>",
                text(f"{each['delivered']} of {each['tried']}"),
                send,
            )
        )
    heads = ("At", "What", "Payment", "Taken / sent", "Once more")
    return table("Messages", heads, rows, empty="The merchant has been told nothing yet.")
