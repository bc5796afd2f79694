"""The payment simulator for tests: as a process of its own, or inside the test, and who operates it."""

import threading
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx
import uvicorn

from holdfast.kit.clock import Clock
from holdfast.kit.http.prefixes import Prefixes
from holdfast.payments.providers.simulator import Simulator as Provider
from holdfast.payments.providers.simulator import api_key_of
from holdfast.payments.simulator.app import PREFIX, Options, Simulator, standalone
from support.polling import wait_until
from support.process import HoldfastServer
from support.servers import free_port
from support.visitors import NO_TLS

SHARED = "shared between the tests and their simulator 0123456789"


class SimulatorProcess(HoldfastServer):
    """`holdfast simulator`, on books that outlive it."""

    def __init__(self, books, webhook_url="http://127.0.0.1:9/nobody", secrets=(SHARED,)):
        super().__init__(
            *("--books", str(books), "--webhook-url", webhook_url),
            command="simulator",
            env={"HOLDFAST_PAYMENTS_SIMULATOR_SECRETS": ",".join(secrets)},
        )
        self.books = Path(books)

    def tell(self, webhook_url):
        """Send messages there, from the next start on."""
        self._arguments[self._arguments.index("--webhook-url") + 1] = webhook_url

    @property
    def url(self):
        """Where it answers."""
        return f"{self.base_url}{PREFIX}"

    @property
    def settings(self):
        """What a server needs to use it."""
        return {
            "HOLDFAST_PAYMENTS_SIMULATOR_URL": self.url,
            "HOLDFAST_PAYMENTS_SIMULATOR_SECRETS": SHARED,
        }


class Bench:
    """Somebody with the merchant's key at a simulator."""

    def __init__(self, url, secret=SHARED):
        headers = {"authorization": f"Bearer {api_key_of(secret)}"}
        self.http = httpx.Client(base_url=url, headers=headers, timeout=30, verify=NO_TLS, trust_env=False)

    def ask(self, method, path, body=None, **headers):
        """Ask, and return the answer whatever it is."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.request(method, path, json=body, headers=named)

    def good(self, method, path, body=None, **headers):
        """Ask for something that succeeds."""
        answer = self.ask(method, path, body, **headers)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    def fault(self, operation, what, **more):
        """Let something go wrong."""
        return self.good("POST", "/v1/faults", {"operation": operation, "what": what, **more})["id"]

    def clear(self):
        """Let nothing go wrong any more."""
        self.good("DELETE", "/v1/faults")

    def all_payments(self):
        """Every payment there is."""
        found, before = [], ""
        while before is not None:
            page = self.good("GET", f"/v1/payments?limit=100{before and f'&before={before}'}")
            found += page["data"]
            before = page["before"]
        return found

    def movements(self):
        """Every movement of money, after the books were found to add up."""
        found = []
        while True:
            page = self.good("GET", f"/v1/books?after={found[-1]['seq'] if found else 0}")
            assert page["wrong"] == []
            if not page["data"]:
                return found
            found += page["data"]

    def all_messages(self):
        """Every message to the merchant, oldest first."""
        found, before = [], ""
        while before is not None:
            page = self.good("GET", f"/v1/messages?limit=100{before and f'&before={before}'}")
            found += page["data"]
            before = page["before"]
        return found[::-1]

    def waiting(self):
        """How much the simulator has still to do."""
        return self.good("GET", "/v1/books")["waiting"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.http.close()


@contextmanager
def bench_at(simulator):
    """Somebody with the merchant's key at a simulator's process."""
    with Bench(simulator.url) as bench:
        yield bench


@contextmanager
def beside(books, webhook_url=None, **options):
    """Run a simulator in a thread, which starts sooner than a process, and return its URL."""
    port = free_port()
    chosen = Options(books=books, secrets=(SHARED,), public_url=f"http://127.0.0.1:{port}{PREFIX}", **options)
    app = standalone(chosen, Clock(), webhook_url=webhook_url)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False))
    thread = threading.Thread(target=server.run, name="simulator", daemon=True)
    thread.start()
    assert wait_until(lambda: server.started or not thread.is_alive(), 20)
    assert server.started, "the simulator did not start"
    try:
        yield chosen.public_url
    finally:
        server.should_exit = server.force_exit = True
        thread.join(20)
        assert not thread.is_alive()


class Inside:
    """A simulator inside the test, with a provider that asks it and everything it has sent."""

    def __init__(self, books, clock=None, **options):
        self.clock = clock or Clock()
        self.app = Simulator(Options(books=books, secrets=(SHARED,), **options), self.clock)
        self.app.post = self._take
        self.sent = []
        self.answers = 200
        transport = httpx.ASGITransport(app=Prefixes(_nowhere, mounted={PREFIX: self.app}), raise_app_exceptions=False)
        url = f"http://simulator.test{PREFIX}"
        self.provider = Provider(base_url=url, secrets=(SHARED,), transport=transport, timeout_s=1.0)
        headers = {"authorization": f"Bearer {api_key_of(SHARED)}"}
        self.http = httpx.AsyncClient(transport=transport, base_url=url, headers=headers)

    async def _take(self, headers, body):
        self.sent.append((headers, body))
        return self.answers

    async def good(self, method, path, body=None):
        """Ask for something that succeeds."""
        answer = await self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json()

    async def fault(self, operation, what, **more):
        """Let something go wrong."""
        return await self.good("POST", "/v1/faults", {"operation": operation, "what": what, **more})


@asynccontextmanager
async def inside(books, clock=None, **options):
    """Run a simulator inside the test."""
    made = Inside(books, clock, **options)
    await made.app.open()
    try:
        yield made
    finally:
        await made.http.aclose()
        await made.provider.close()
        await made.app.close()


async def _nowhere(scope, receive, send):
    del receive, send
    raise AssertionError(scope["path"])
