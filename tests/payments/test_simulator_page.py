"""The simulator's pages as people and browsers see them."""

import re
from html.parser import HTMLParser

import pytest
from simulator_orders import order, paid

from holdfast.payments.api import PaymentMethod, PaymentState
from support.simulator import inside

VOID = {"meta", "link", "input", "br"}
CHALLENGED = "pm_card_threeDSecure2Required"


@pytest.fixture
async def simulator(tmp_path):
    async with inside(tmp_path / "books.db", settle_s=0.0) as made:
        yield made


class Page(HTMLParser):
    """What a page is made of: well formed, or the test fails."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


async def opened(simulator, path):
    answer = await simulator.http.get(path)
    assert answer.is_success, answer.text
    return Page(answer.text)


async def challenged(simulator, **changes):
    return await simulator.provider.authorise(key="k", what=order(**{"token": CHALLENGED, **changes}))


def paths(seen):
    return seen.action_url.removeprefix("/simulator")


class TestEveryPage:
    async def paths(self, simulator):
        waiting = await challenged(simulator)
        await paid(simulator, 2)
        await paid(simulator, 3, token="pm_card_createDispute")
        await simulator.fault("find", "slow")
        await simulator.app.round()
        return ["/", "/card", paths(waiting), "/pay/nowhere"]

    async def test_is_well_formed_and_named(self, simulator):
        for path in await self.paths(simulator):
            page = Page((await simulator.http.get(path)).text)
            assert page.all("html") == [{"lang": "en"}]
            assert len(page.all("title")) == len(page.all("h1")) == len(page.all("main")) == 1

    async def test_has_a_label_for_every_field(self, simulator):
        for path in await self.paths(simulator):
            text = (await simulator.http.get(path)).text
            for field in re.findall(r"<(?:input|select)(?![^>]*type=\"hidden\")[^>]*>", text):
                assert re.search(rf"<label>[^<]+{re.escape(field)}", text), field
            assert not re.findall(r"<button[^>]*></button>", text)

    async def test_lets_nothing_in(self, simulator):
        for path in [*await self.paths(simulator), "/style.css"]:
            answer = await simulator.http.get(path)
            policy = answer.headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'self'")
            assert "unsafe" not in policy
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["x-frame-options"] == "DENY"
            assert not re.search(r"<script|\son\w+=|\sstyle=", answer.text)

    async def test_shows_text_as_text(self, simulator):
        evil = '"><script>alert(1)</script>'
        body = {"amount": 1, "currency": "USD", "method": "paypal", "description": evil}
        body["return_url"] = "https://guest.example/?a=\"'><b>"
        made = await simulator.good("POST", "/v1/payments", body)
        for path in ("/", f"/pay/{made['id']}"):
            assert "<script>" not in (await simulator.http.get(path)).text
        assert evil in (await opened(simulator, f"/pay/{made['id']}")).text


class TestThePayersPage:
    @pytest.mark.parametrize(
        ("amount", "currency", "shown"),
        [
            (12_345, "USD", "123.45 USD"),
            (5, "USD", "0.05 USD"),
            (1_234_567, "JPY", "1,234,567 JPY"),
            (1_234, "KWD", "1.234 KWD"),
        ],
    )
    async def test_shows_what_is_paid(self, simulator, amount, currency, shown):
        seen = await challenged(simulator, amount_minor=amount, currency=currency)
        page = await opened(simulator, paths(seen))
        assert shown in page.text
        assert "visa ending in 3220" in page.text

    @pytest.mark.parametrize(
        ("decision", "state"), [("approve", PaymentState.AUTHORISED), ("decline", PaymentState.DENIED)]
    )
    @pytest.mark.parametrize("method", [PaymentMethod.CARD, PaymentMethod.PAYPAL])
    async def test_sends_the_payer_back(self, simulator, decision, state, method):
        seen = await challenged(simulator, method=method)
        page = await opened(simulator, paths(seen))
        assert ("PayPal" in page.text) is (method is PaymentMethod.PAYPAL)
        assert {each["value"] for each in page.all("button")} == {"approve", "decline"}
        answer = await simulator.http.post(paths(seen), data={"decision": decision})
        assert (answer.status_code, answer.headers["location"]) == (303, "https://guest.example/back")
        assert (await simulator.provider.look_up(ref=seen.ref)).state is state

    async def test_lets_the_form_end_only_where_the_merchant_said(self, simulator):
        seen = await challenged(simulator, return_url="https://guest.example:8443/back?x=1#y")
        policy = (await simulator.http.get(paths(seen))).headers["content-security-policy"]
        assert "form-action 'self' https://guest.example:8443;" in policy
        answer = await simulator.http.post(
            f"{paths(seen)}?return_url=https://evil.example", data={"decision": "approve", "return_url": "//evil"}
        )
        assert answer.headers["location"] == "https://guest.example:8443/back?x=1#y"

    async def test_stays_where_there_is_nowhere_to_go(self, simulator):
        seen = await challenged(simulator, return_url="")
        answer = await simulator.http.post(paths(seen), data={"decision": "approve"})
        assert answer.headers["location"] == seen.action_url
        assert "This payment is approved" in (await opened(simulator, paths(seen))).text

    async def test_decides_once(self, simulator):
        seen = await challenged(simulator)
        for decision in ("decline", "approve"):
            assert (await simulator.http.post(paths(seen), data={"decision": decision})).status_code == 303
        assert (await simulator.provider.look_up(ref=seen.ref)).state is PaymentState.DENIED
        assert not (await opened(simulator, paths(seen))).all("button")

    async def test_says_when_the_merchant_let_it_go(self, simulator):
        seen = await challenged(simulator)
        await simulator.provider.cancel(key="v", ref=seen.ref)
        await simulator.http.post(paths(seen), data={"decision": "approve"})
        assert (await simulator.provider.look_up(ref=seen.ref)).state is PaymentState.VOIDED
        assert "canceled by the merchant" in (await opened(simulator, paths(seen))).text

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    async def test_takes_no_decision_of_another_page(self, simulator, site):
        seen = await challenged(simulator)
        answer = await simulator.http.post(paths(seen), data={"decision": "approve"}, headers={"sec-fetch-site": site})
        assert answer.status_code == 403
        assert (await simulator.provider.look_up(ref=seen.ref)).state is PaymentState.REQUIRES_ACTION

    @pytest.mark.parametrize("body", [b"", b"decision=", b"decision=steal", b"\xff\xfe", b"&" * 100])
    async def test_takes_no_other_decision(self, simulator, body):
        seen = await challenged(simulator)
        answer = await simulator.http.post(paths(seen), content=body)
        assert answer.status_code in {400, 404}
        assert (await simulator.provider.look_up(ref=seen.ref)).state is PaymentState.REQUIRES_ACTION


class TestTheCardPage:
    async def test_makes_a_token_that_pays(self, simulator):
        typed = {"number": "4242 4242 4242 4242", "exp_month": "12", "exp_year": "2034", "cvc": "123"}
        answer = await simulator.http.post("/card", data=typed)
        [token] = re.findall(r'id="token">([^<]+)<', answer.text)
        seen = await simulator.provider.authorise(key="k", what=order(token=token))
        assert seen.state is PaymentState.AUTHORISED
        assert "4242 4242" not in answer.text

    @pytest.mark.parametrize(
        "changes",
        [{"number": ""}, {"number": "1"}, {"exp_month": "13"}, {"exp_month": "x"}, {"exp_year": ""}, {"cvc": "12"}],
        ids=str,
    )
    async def test_says_what_is_wrong(self, simulator, changes):
        typed = {"number": "4242424242424242", "exp_month": "12", "exp_year": "2034", "cvc": "123"} | changes
        answer = await simulator.http.post("/card", data=typed)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
        assert "4242424242424242" not in answer.text.partition("Test cards")[0], "it is not written back"


class TestTheOperatorsPage:
    async def test_shows_and_does_everything(self, simulator):
        seen = await paid(simulator)
        await simulator.app.round()
        page = await opened(simulator, "/")
        for words in ("123.45 USD", "pay_1", "payment.captured", "1 of 1", "1 payments; the books add up"):
            assert words in page.text, words
        await self.does(simulator, "dispute", payment=seen.ref)
        assert (await simulator.provider.look_up(ref=seen.ref)).disputed
        await self.does(simulator, "win", payment=seen.ref)
        assert (await simulator.provider.look_up(ref=seen.ref)).dispute_lost is False
        await self.does(simulator, "faults", fault="capture:timeout_after", times="2", seconds="5")
        assert "timeout after" in (await opened(simulator, "/")).text
        await self.does(simulator, "clear")
        assert (await simulator.good("GET", "/v1/faults"))["data"] == []
        [message, *_] = (await simulator.good("GET", "/v1/messages"))["data"]
        before = len(simulator.sent)
        await simulator.app.round()
        await self.does(simulator, "send", message=message["id"], manner="forged")
        await simulator.app.round()
        assert len(simulator.sent) > before

    async def does(self, simulator, act, **fields):
        answer = await simulator.http.post(f"/operator/{act}", data=fields)
        assert (answer.status_code, answer.headers["location"]) == (303, "/simulator/")

    @pytest.mark.parametrize("act", ["win", "faults", "send", "nothing"])
    async def test_says_what_cannot_be_done(self, simulator, act):
        answer = await simulator.http.post(f"/operator/{act}", data={"payment": "x", "fault": "x:y"})
        assert answer.status_code in {400, 404}

    async def test_takes_nothing_from_another_page(self, simulator):
        answer = await simulator.http.post(
            "/operator/faults", data={"fault": "create:decline"}, headers={"sec-fetch-site": "cross-site"}
        )
        assert answer.status_code == 403
        assert (await simulator.good("GET", "/v1/faults"))["data"] == []
