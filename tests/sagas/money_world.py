"""A house that sells and takes money: real booking, real payments, a scripted provider, and sagas."""

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from builders import House, caller, clock_of_a_morning, new_account
from money_house import MoneyHouse
from restaurant_builder import open_room
from sagas_builder import QUICK, place_for
from scripted_provider import OK, ScriptedProvider
from trip_builder import GUARANTEE, ZONE

from holdfast.booking import models as booking_models
from holdfast.booking.api import PaymentTerms
from holdfast.kit.auth import Principal
from holdfast.kit.db.migrate import migrate
from holdfast.kit.db.opening import open_database
from holdfast.kit.outbox import Relay, Subscription
from holdfast.payments import models as payments_models
from holdfast.payments.api import PaymentMethod
from holdfast.sagas.jobs import (
    BOOKING_EVENTS,
    PAYMENT_EVENTS,
    follow_booking,
    follow_payments,
    reconciler,
)
from holdfast.sagas.journey import Journey, travel
from holdfast.sagas.models import cursors
from holdfast.sagas.service import SAGAS, Sagas
from holdfast.sagas.settings import SagasSettings
from support.polling import eventually

MODULES = ("catalog", "booking", "payments", "sagas")


@dataclass
class Journal:
    """What DBOS would keep of one try: the steps that are done, by name; and what a test does to them."""

    refuse: str | None = None
    """The step that is refused."""
    repeat: bool = False
    """Whether every step is done twice."""
    done: dict[str, Any] = field(default_factory=dict)

    async def run_step(self, name, work):
        assert name not in self.done, f"two steps are called {name!r}"
        if name == self.refuse:
            found = {"refused": "injected", "detail": "by the test"}
        else:
            found = await work()
            if self.repeat:
                found = await work()
        self.done[name] = msgspec.json.decode(msgspec.json.encode(found))
        return self.done[name]


@dataclass
class Sale:
    """Something sold in a world."""

    guest: int
    home: int
    hold: Any
    payment: Any
    booking: Any = None
    more: Any = None


class World:
    """One process that sells, takes money and carries journeys out."""

    def __init__(self, house, folder, url):
        self.house = house
        self.clock = house.clock
        self.provider = ScriptedProvider()
        self.money = MoneyHouse(house.db, house.clock, self.provider)
        self.payments = self.money.payments
        self.booking = house.bookings
        self.settings = SagasSettings(_env_file=None, **{**QUICK, "unsettled_after_s": 0, "refund_tries": 2})
        self.sagas = Sagas(
            db=house.db,
            clock=house.clock,
            settings=self.settings,
            doors=(self.booking, self.payments),
            place=place_for(url, folder),
        )
        self.relays = [
            self._relay("sagas.booking", BOOKING_EVENTS, follow_booking(self.sagas, self.payments), booking_models),
            self._relay("sagas.payments", PAYMENT_EVENTS, follow_payments(self.sagas), payments_models),
        ]
        self.reconcile = reconciler(self.sagas, self.booking, self.payments, self.settings)

    def _relay(self, name, events, handle, models):
        source = name.partition(".")[2]
        subscription = Subscription(name=name, source=source, events=events, handle=handle, cursors=cursors)
        return Relay(subscription, models.outbox, self.house.db, self.house.db, self.clock)

    # ------------------------------------------------------------------------------------------------------- to sell

    async def hold(self, *, home=None, guest=None, nights=2, ahead=0, **terms):
        """Hold a stay at a new home (or a given one)."""
        guest = guest or new_account()
        home = home or await self.house.home(**terms)
        hold = await self.house.hold(guest, self.house.stay(home, ahead, nights))
        return Sale(guest, home, hold, None)

    async def pay(self, sale, *, token=OK):
        """Authorise what a hold costs."""
        sale.payment = await self.money.pay(
            sale.guest,
            hold=sale.hold.id,
            amount=sale.hold.payable_minor,
            currency=sale.hold.price.currency,
            token=token,
        )
        return sale.payment

    async def held_and_paid(self, *, token=OK, **hold):
        """Hold a stay and authorise its price."""
        sale = await self.hold(**hold)
        await self.pay(sale, token=token)
        return sale

    async def confirm(self, sale):
        """Confirm a hold with its payment, as the gateway does."""
        terms = PaymentTerms(method=PaymentMethod.CARD.value, status="pending", payment_id=sale.payment.id)
        sale.booking = (
            await self.booking.confirm(
                caller=caller(sale.guest, route="POST /v1/bookings"),
                hold_id=sale.hold.id,
                hold_token=sale.hold.token,
                payment=terms,
            )
        ).value
        return sale

    async def sold(self, **hold):
        """Sell a stay that is paid by card; the money is authorised, not captured."""
        return await self.confirm(await self.held_and_paid(**hold))

    async def cancel(self, sale, principal=None, items=()):
        """Cancel a booking by its newest quote."""
        who = principal or Principal(sale.guest, "guest")
        quote = await self.booking.quote_cancellation(principal=who, number=sale.booking.number, items=items)
        await self.booking.cancel(
            caller=caller(who.account_id, route="POST /cancel"),
            principal=who,
            number=sale.booking.number,
            quote_id=quote.id,
        )
        return quote

    async def guaranteed(self, *, token=OK, ahead=0):
        """Book a table that a kept card stands for; `more` is that card."""
        guest = new_account()
        room = await open_room(self.house, securities=(GUARANTEE,))
        method = await self.payments.keep_method(
            caller=self.money.caller(guest), method=PaymentMethod.CARD, token=token
        )
        hold = await self.house.hold(guest, room.table(2, "19:00", ahead))
        terms = PaymentTerms(method="at_property", status="due_at_property", guarantee_method_id=method.value.id)
        booked = await self.booking.confirm(
            caller=caller(guest, route="POST /v1/bookings"), hold_id=hold.id, hold_token=hold.token, payment=terms
        )
        return Sale(guest, room, hold, None, booked.value, method.value)

    async def no_show(self, sale):
        """Nobody comes to a table; `home` is its room."""
        day = sale.booking.items[0].day
        now = self.clock.now().astimezone(ZoneInfo(ZONE))
        later = datetime.combine(day, time(19, 20), ZoneInfo(ZONE)) - now
        self.clock.advance(max(later, timedelta()))
        await sale.home.move(sale.booking, "no_show")

    # ---------------------------------------------------------------------------------------------------- to carry out

    async def travel(self, saga, journey_id, args, journal=None):
        """Carry one journey out without DBOS, with a journal of the test."""
        journey = Journey(
            id=journey_id,
            booking=self.booking,
            payments=self.payments,
            clock=self.clock,
            settings=self.settings,
            run_step=(journal or Journal()).run_step,
        )
        return await travel(SAGAS[saga], journey, args)

    async def due(self):
        """Carry all events over; return the journeys that wait, by id."""
        await self.carry()
        return {row.id: row async for row in self.sagas._waiting()}

    async def carry(self):
        """Carry all events over."""
        for relay in self.relays:
            while await relay.step():
                pass

    async def resolve(self):
        """Carry events over and journeys out, with journals of the test, until nothing waits; return their endings."""
        endings = {}
        while due := await self.due():
            for row in due.values():
                endings[row.id] = ending = await self.travel(row.saga, row.id, row.args)
                await self.sagas._end(row.id, row.tries, ending)
        return endings

    async def settle(self):
        """Carry events over and journeys out, by DBOS, until nothing waits."""

        async def quiet():
            await self.carry()
            return [row.id async for row in self.sagas._waiting()] == []

        await eventually(quiet, within_s=30)
        await self.carry()
        await eventually(quiet, within_s=30)

    # ------------------------------------------------------------------------------------------------------------ to se

    async def look(self, sale):
        """The payment, and the booking if there is one, as they are now."""
        payment = await self.payments.get(payment_id=sale.payment.id)
        booking = await self.booking.booking_of_hold(hold_id=sale.hold.id)
        return payment, booking

    async def cases(self, sale):
        """The cases of a payment: kind, state, outcome."""
        found = await self.payments.cases_of(payment_ids=[sale.payment.id])
        return [(each.kind.value, each.state.value, each.outcome) for each in found]

    def object_of(self, sale):
        """The provider's object of a payment."""
        return self.provider.of(sale.payment.id)[0].ref

    async def approve(self, sale):
        """The guest approves elsewhere, and the provider says so."""
        self.provider.approve(self.object_of(sale))
        await self.money.hear(self.object_of(sale))

    async def expire(self, sale):
        """Let the hold run out, and booking notice."""
        self.clock.advance(sale.hold.extendable_until - self.clock.now() + timedelta(seconds=1))
        await self.booking.expire_holds()

    def kept(self, sale):
        """What the provider holds for us of a payment."""
        return sum(self.provider.holds_of(each.ref) for each in self.provider.of(sale.payment.id))

    async def assert_sound(self):
        """Fail if a recount finds anything wrong."""
        await self.house.assert_sound()
        await self.money.assert_sound()


async def with_tables(url):
    """Make all tables."""
    for module in MODULES:
        await migrate(url, module)
    return url


@asynccontextmanager
async def opened(url, folder, *, dbos=False, clock=None):
    """Open a world over a database that has the tables."""
    clock = clock or clock_of_a_morning()
    db = await open_database(url, clock)
    house = House(db=db, clock=clock)
    world = World(house, folder, url)
    try:
        if dbos:
            await world.sagas.start()
        yield world
    finally:
        await world.sagas.close()
        await world.payments.close()
        await house.close()
        await db.close()
