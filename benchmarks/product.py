"""The product under measurement: a database with homes and guests in it, and a server in front of it."""

import http.client
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import date, time, timedelta

from benchmarks import ROOT
from holdfast.accounts.api import Role
from holdfast.app.modules import MODULES, Assembly, assemble
from holdfast.catalog.api import Location, PropertyDraft, PropertyKind
from holdfast.kit.clock import Clock
from holdfast.kit.db.migrate import migrate
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import Settings
from holdfast.verticals.cancellation import POLICIES
from holdfast.verticals.stays import STAY_NIGHTS_MAX, StayTerms
from support.polling import wait_until
from support.process import HoldfastServer, clean_environment, run_holdfast
from support.servers import die_with_parent, shared

SECRET = "9fK2-benchmarks-only-vT7xQ4mZ8rLwB3nY6pHs"
SIMULATOR_SECRET = "payments-benchmark-only-4Jx9Qm2Lw7Rb5Nz8"
_PASSWORD = "granite-otter-lantern-58"
_IMPORT_AT_ONCE = 2000


@dataclass(frozen=True, slots=True)
class Guest:
    """Somebody with a token."""

    account_id: int
    token: str


@dataclass(frozen=True, slots=True)
class Product:
    """A server that runs."""

    server: HoldfastServer
    url: str
    guests: Sequence[Guest]
    host: str = "127.0.0.1"

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.server.port


HOME = PropertyDraft(
    name="A home of the benchmark",
    description="It does not exist.",
    location=Location(
        address="1 Bench Street", neighbourhood="", city="Washington", country="US", latitude=38.9, longitude=-77.03
    ),
    kind=PropertyKind.ENTIRE_HOME,
    bedrooms=1,
    beds=1,
    bathrooms=1,
    amenities=("wifi",),
    house_rules="",
    terms=StayTerms(
        property_id=0,
        currency="USD",
        zone="America/New_York",
        base_minor=12_000,
        weekend_minor=None,
        cleaning_minor=0,
        extra_guest_minor=0,
        guests_included=2,
        guests_max=4,
        tax_bp=0,
        discounts=(),
        min_nights=1,
        max_nights=STAY_NIGHTS_MAX,
        check_in_from=time(15),
        check_out_until=time(11),
        advance_notice_days=0,
        booking_window_days=730,
        preparation_nights=0,
        policy=POLICIES["flexible"],
    ),
)
"""Plain rules: what is measured is selling, not refusing by rule."""


async def furnish(url: str, properties: Sequence[tuple[PropertyDraft, int]], *, guests: int) -> None:
    """Make the schema, an owner, guests, and properties (draft and units) with ids from 1 on; wait for their stock."""
    for module in MODULES:
        if module.tables is not None:
            await migrate(url, module.name)
    async with assembled(url) as assembly:
        await _fill(assembly, properties, guests)


@asynccontextmanager
async def assembled(url: str) -> AsyncIterator[Assembly]:
    """Put the product's modules together in this process, to fill a database through their doors."""
    settings = Settings(database_url=url, secret=SECRET, _env_file=None)
    assembly = await assemble(settings, Keyring(SECRET), clock=Clock())
    try:
        yield assembly
    finally:
        await assembly.stop()


async def tell_everybody(assembly: Assembly) -> None:
    """Let everybody hear now of what was made, so that no server is busy with that while it is measured."""
    relays = assembly.relays()
    while any([await relay.step() for relay in relays]):
        pass


async def _fill(assembly: Assembly, properties: Sequence[tuple[PropertyDraft, int]], guests: int) -> None:
    accounts, catalog, booking = assembly.door("accounts"), assembly.door("catalog"), assembly.door("booking")
    owner = await accounts.register(username="owner", email="owner@example.com", password=_PASSWORD, role=Role.OWNER)
    for number in range(1, guests + 1):
        await accounts.register(username=f"guest{number}", email=_email(number), password=_PASSWORD)
    rows = [(number, owner.id, draft, units, ()) for number, (draft, units) in enumerate(properties, start=1)]
    for first in range(0, len(rows), _IMPORT_AT_ONCE):
        await catalog.import_many(rows=rows[first : first + _IMPORT_AT_ONCE])
    await tell_everybody(assembly)
    await assembly.door("search").rebuild()
    found = await booking.stock(property_ids=[len(rows)], first=Clock().today("UTC"), end=_tomorrow())
    if [night.capacity for night in found[len(rows)]] != [rows[-1][3]]:
        raise RuntimeError("the last property has no stock")


def _tomorrow() -> date:
    return Clock().today("UTC") + timedelta(days=1)


def environment(url: str) -> dict[str, str]:
    """Return the settings of a server under measurement: the defaults, but for its secret and the least of logs."""
    return {"HOLDFAST_SECRET": SECRET, "HOLDFAST_LOG_LEVEL": "warning", "HOLDFAST_DATABASE_URL": url}


@contextmanager
def serving(url: str, *, guests: int, days_ahead: int = 0, more: Mapping[str, str] | None = None) -> Iterator[Product]:
    """Start the server on a furnished database, with its clock so far ahead, and log the guests in."""
    env = environment(url) | (more or {})
    server = HoldfastServer(env=env) if days_ahead == 0 else ServerAhead(days_ahead, env)
    with server:
        yield Product(server, url, [_log_in(server, _email(number)) for number in range(1, guests + 1)])


@contextmanager
def serving_paid(
    url: str, *, guests: int, more: Mapping[str, str] | None = None
) -> Iterator[tuple[Product, HoldfastServer]]:
    """Start the server as `serving` does, and the simulator of payments as a process of its own."""
    env = environment(url) | {"HOLDFAST_PAYMENTS_SIMULATOR_SECRETS": SIMULATOR_SECRET}
    simulator = HoldfastServer(command="simulator", env=env)
    told = {
        "HOLDFAST_PAYMENTS_SIMULATOR_SECRETS": SIMULATOR_SECRET,
        "HOLDFAST_PAYMENTS_SIMULATOR_URL": f"{simulator.base_url}/simulator",
    }
    with serving(url, guests=guests, more={**(more or {}), **told}) as served:
        simulator._arguments += ["--webhook-url", f"{served.server.base_url}/v1/webhooks/simulator"]  # noqa: SLF001 - both need the other's port
        with simulator:
            yield served, simulator


class ServerAhead(HoldfastServer):
    """The server with its clock ahead; see `ahead`."""

    def __init__(self, days: int, env: Mapping[str, str]) -> None:
        super().__init__(env=env)
        self._days = days

    def start(self, within_s: float = 60.0) -> "ServerAhead":
        """Start it and wait until it is ready."""
        command = [sys.executable, "-m", "benchmarks.ahead", str(self._days), "--host", "127.0.0.1"]
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                env=clean_environment(self._env),
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - one prctl call, no lock is taken
            )
        if not wait_until(self.ready, within_s):
            self.kill()
            raise RuntimeError(f"the server did not become ready:\n{self.output()}")
        return self


def database_pids(url: str) -> tuple[int, ...]:
    """Return the process that serves a database; SQLite has none of its own."""
    engine = url.partition(":")[0]
    return () if engine == "sqlite" else (shared(engine).pid,)


def verify(url: str) -> str:
    """Run `holdfast verify` and return its last line.

    Raises:
        RuntimeError: It found a breach.
    """
    done = run_holdfast("verify", "--database", url, env={"HOLDFAST_SECRET": SECRET}, within_s=600)
    if done.returncode != 0:
        raise RuntimeError(f"holdfast verify ended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout.strip().splitlines()[-1]


def _email(number: int) -> str:
    return f"guest{number}@example.com"


def _log_in(server: HoldfastServer, email: str) -> Guest:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    body = json.dumps({"email": email, "password": _PASSWORD})
    connection.request("POST", "/api/users/login", body, {"Content-Type": "application/json"})
    token = json.loads(connection.getresponse().read())["token"]
    connection.request("GET", "/api/users/profile", headers={"Authorization": f"Bearer {token}"})
    account_id = json.loads(connection.getresponse().read())["id"]
    connection.close()
    return Guest(account_id, token)
