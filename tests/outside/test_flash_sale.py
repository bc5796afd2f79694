"""A flash sale: 64 clients want the 180 seats of one flight over HTTP, and exactly 180 are sold, on each engine.

Each client quotes, holds and pays one seat after the other until it is told that the flight is sold out. What was sold
is counted three times: by what clients were told, by what guests have in their lists, and by the recount.
"""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import pytest

from support.airline import SEATS, Airline, seat
from support.effort import rounds
from support.process import HoldfastServer, run_holdfast
from support.visitors import GOOD_CARD, NO_TLS, SECRET, Site, confirmation

CLIENTS = 64
ACCOUNTS = 16
SALES = rounds(1, thorough=20)
ENVIRONMENT = {"HOLDFAST_SECRET": SECRET, "HOLDFAST_BOOKING_HOLDS_MOST": "10000"}


@pytest.fixture
def server(fresh_url):
    with HoldfastServer("--database", fresh_url, env=ENVIRONMENT) as running:
        yield running


class Client:
    """Buys seats until there are none."""

    def __init__(self, http, number):
        self._http = http
        self._number = number
        self._keys = 0
        self.told = Counter()
        self.bought = []

    async def buy_all(self, flight):
        wish = {"items": [seat(flight, again=True)]}
        while True:
            quoted = await self._http.post("/v1/quotes", json=wish)
            if quoted.status_code == 409:
                self.told[quoted.json()["code"]] += 1
                return
            assert quoted.status_code == 201, quoted.text
            held = await self._keyed("/v1/holds", {"quote_id": quoted.json()["id"]})
            if held.status_code == 409:
                self.told[held.json()["code"]] += 1
                continue  # somebody was faster; the next quote says whether anything is left
            assert held.status_code == 201, held.text
            hold = held.json()
            proof = {"hold_id": hold["id"], "hold_token": hold["token"], "method": "card", "token": GOOD_CARD}
            paid = await self._keyed("/v1/payments", proof)
            assert paid.status_code == 201, paid.text
            booked = await self._keyed("/v1/bookings", confirmation(hold, paid.json()))
            assert booked.status_code == 201, booked.text
            self.bought.append(booked.json()["reference"])

    async def _keyed(self, path, body):
        self._keys += 1
        headers = {"idempotency-key": f"sale-{self._number}-{self._keys}"}
        return await self._http.post(path, json=body, headers=headers)


async def sale(server, tokens, flight):
    async with AsyncExitStack() as stack:
        clients = [
            Client(
                await stack.enter_async_context(
                    httpx.AsyncClient(
                        base_url=server.base_url,
                        headers={"authorization": f"Bearer {tokens[number % ACCOUNTS]}"},
                        limits=httpx.Limits(max_connections=1),
                        verify=NO_TLS,
                        timeout=120,
                    )
                ),
                number,
            )
            for number in range(CLIENTS)
        ]
        await asyncio.gather(*(client.buy_all(flight) for client in clients))
        return clients


@pytest.mark.timeout(7_200 if SALES > 1 else 240)
async def test_exactly_as_many_seats_are_sold_as_there_are(server, fresh_url):
    with Site(server.base_url) as site:
        airline = Airline(site.admin("ada", fresh_url, ENVIRONMENT), site.owner("olga"))
        guests = [site.guest(f"guest{number}") for number in range(ACCOUNTS)]
        for number in range(SALES):
            flight = airline.flight(30 + number)
            clients = await sale(server, [guest.token for guest in guests], flight)
            sold = [reference for client in clients for reference in client.bought]
            assert len(sold) == len(set(sold)) == SEATS
            assert {code for client in clients for code in client.told} == {"sold_out"}
            shown = Counter(
                leg["flight_id"]
                for guest in guests
                for booking in every_booking(guest)
                for item in booking["items"]
                for leg in item["legs"]
            )
            assert shown[flight] == SEATS
            seats = site.anybody.get(f"/v1/flights/{flight}/seats")["seats"]
            assert len(seats) == SEATS  # nobody chose one, so all can be chosen
    recount = run_holdfast("verify", "--database", fresh_url, env=ENVIRONMENT)
    assert recount.returncode == 0, recount.stdout + recount.stderr


def every_booking(guest):
    """All bookings of a guest, page by page."""
    cursor = {}
    while True:
        page = guest.get("/v1/bookings", limit=100, **cursor)
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}
