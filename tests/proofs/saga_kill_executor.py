"""Carries journeys out in a process of its own, and kills itself with SIGKILL at the instants it is told.

    python saga_kill_executor.py PLAN        PLAN is a JSON file; test_saga_kill.py makes it

It forks for each start, so that everything is loaded once: the child carries out and dies, the parent counts and forks
again, until a child ends by itself. Then it prints how often one was killed and how long the last one took.

No line of this is in the product: steps are wrapped where the runtime runs them, the provider where payments asks it.
A point fires once; a file beside the plan remembers that, so the next start of this process goes on behind it.
"""

import asyncio
import json
import os
import signal
import sys
import time
from contextvars import ContextVar
from pathlib import Path

from dbos import DBOS

from holdfast.booking import models as booking_models
from holdfast.booking.service.booking import Bookings
from holdfast.booking.settings import BookingSettings
from holdfast.catalog.service.catalog import Catalog
from holdfast.kit.clock import Clock
from holdfast.kit.db.opening import open_database
from holdfast.kit.errors import NotFound
from holdfast.kit.log import configure_logging
from holdfast.kit.outbox import Relay, Subscription
from holdfast.kit.secrets import Keyring
from holdfast.kit.settings import LogLevel
from holdfast.payments import models as payments_models
from holdfast.payments.providers.protocol import ProviderRefused, ProviderUnavailable
from holdfast.payments.providers.registry import Providers
from holdfast.payments.providers.simulator import Simulator
from holdfast.payments.service.payments import Payments
from holdfast.payments.settings import PaymentsSettings
from holdfast.sagas import runtime
from holdfast.sagas.api import JourneyState
from holdfast.sagas.jobs import BOOKING_EVENTS, PAYMENT_EVENTS, follow_booking, follow_payments
from holdfast.sagas.models import cursors
from holdfast.sagas.service import Sagas
from holdfast.sagas.settings import SagasSettings
from holdfast.sagas.store.journal import place_of

AT: ContextVar[dict | None] = ContextVar("point", default=None)
QUIET_LOOKS = 8
"""Events that follow from the last journey have been carried over by then."""
OPERATIONS = ("look_up", "find", "capture", "cancel", "refund", "refunds")


class Points:
    """The instants at which this process dies."""

    def __init__(self, plan, folder):
        self._folder = folder
        self._points = {(each["journey"], each["step"]): each for each in plan["points"]}
        self.refusing = set(plan["refusing"])

    def at(self, journey, step):
        """The point of a step, unless it has fired."""
        point = self._points.get((journey, step))
        return None if point is None or self._mark(point).exists() else point

    def die(self, point):
        """Note that the point has fired, and die."""
        descriptor = os.open(self._mark(point), os.O_CREAT | os.O_WRONLY)
        os.fsync(descriptor)
        os.kill(os.getpid(), signal.SIGKILL)

    def _mark(self, point):
        return self._folder / f"fired-{point['id']}"


def wrap_steps(points):
    """Die before a step, between what it did and its being written down, or right after it was written down."""
    original = runtime._run_step

    async def run_step(name, work):
        journey = DBOS.workflow_id.partition("#")[0]
        point = points.at(journey, name)
        if point and point["when"] == "before":
            points.die(point)

        async def done_and_not_written():
            token = AT.set({"point": point, "journey": journey, "step": name})
            try:
                result = await work()
            finally:
                AT.reset(token)
            if point and point["when"] == "unwritten":
                points.die(point)
            return result

        result = await original(name, done_and_not_written)
        if point and point["when"] == "after":
            points.die(point)
        return result

    runtime._run_step = run_step


def wrap_provider(provider, points):
    """Let the first call of a point's operation end as the point says, and die there if it says so."""
    for operation in OPERATIONS:
        _wrap(provider, operation, getattr(provider, operation), points)


def _wrap(provider, operation, original, points):
    async def call(**arguments):
        now = AT.get()
        if now and operation == "capture" and now["journey"] in points.refusing:
            raise ProviderRefused("injected")
        point = now and now["point"]
        if not point or point["operation"] != operation or now.get("used"):
            return await original(**arguments)
        now["used"] = True
        answer = None if point["outcome"] in {"lost before", "refused"} else await original(**arguments)
        if point["when"] == "call":
            points.die(point)
        if point["outcome"] == "refused":
            raise ProviderRefused("injected")
        if point["outcome"] != "answered":
            raise ProviderUnavailable("injected")
        return answer

    setattr(provider, operation, call)


async def main(path):
    plan = json.loads(path.read_text())
    points = Points(plan, path.parent)
    wrap_steps(points)
    configure_logging(level=LogLevel.WARNING)
    clock = Clock()
    databases = {url: await open_database(url, clock) for url in dict.fromkeys(plan["urls"].values())}
    db = {name: databases[url] for name, url in plan["urls"].items()}
    provider = Simulator(base_url=plan["simulator"], secrets=plan["secrets"])
    wrap_provider(provider, points)
    payments = Payments(
        db=db["payments"],
        clock=clock,
        settings=PaymentsSettings(_env_file=None),
        providers=Providers(dict.fromkeys(sorted(provider.methods), provider)),
    )
    booking = Bookings(
        db=db["booking"],
        clock=clock,
        keyring=Keyring(plan["keys"]),
        settings=BookingSettings(_env_file=None),
        catalog=Catalog(db=db["booking"]),
    )
    settings = SagasSettings(
        _env_file=None, first_pause_s=0.05, longest_pause_s=0.5, dead_after_s=1, journal_url=plan["journal"]
    )
    place = place_of(settings.journal_url, plan["urls"]["sagas"])
    sagas = Sagas(db=db["sagas"], clock=clock, settings=settings, doors=(booking, payments), place=place)

    def relay(name, events, handle, models):
        source = name.partition(".")[2]
        subscription = Subscription(name=name, source=source, events=events, handle=handle, cursors=cursors)
        return Relay(subscription, models.outbox, db[source], db["sagas"], clock)

    relays = (
        relay("sagas.booking", BOOKING_EVENTS, follow_booking(sagas, payments), booking_models),
        relay("sagas.payments", PAYMENT_EVENTS, follow_payments(sagas), payments_models),
    )
    await sagas.start()
    tasks = [asyncio.create_task(each.run()) for each in relays]
    quiet = 0
    while quiet < QUIET_LOOKS:
        await asyncio.sleep(0.1)
        await sagas.watch()
        left = [row async for row in sagas._waiting()]
        done = not left and all([await _is_done(sagas, each) for each in plan["journeys"]])
        quiet = quiet + 1 if done else 0
    for task in tasks:
        task.cancel()
    await sagas.close()
    await payments.close()
    await booking.close()
    for database in databases.values():
        await database.close()


async def _is_done(sagas, journey_id):
    try:
        found = await sagas.journey(journey_id=journey_id)
    except NotFound:
        return False
    return found.state is not JourneyState.WAITING


def start_again_and_again(path, most):
    """Fork until a child ends by itself; return how many were killed, and how long the last one took.

    Raises:
        AssertionError: One ended otherwise, or too many died.
    """
    kills = 0
    while kills <= most:
        started = time.monotonic()
        child = os.fork()
        if child == 0:
            asyncio.run(main(path))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert status == 0, f"a child ended with {status}"
            return kills, time.monotonic() - started
        assert os.WTERMSIG(status) == signal.SIGKILL, f"a child ended by signal {os.WTERMSIG(status)}"
        kills += 1
    raise AssertionError("it died oftener than it was told to")


if __name__ == "__main__":
    plan_path = Path(sys.argv[1])
    killed, last_s = start_again_and_again(plan_path, len(json.loads(plan_path.read_text())["points"]))
    print(json.dumps({"kills": killed, "last_s": last_s}))  # noqa: T201 - the answer
