"""Guests of the product."""

from collections.abc import Iterator
from itertools import count

from benchmarks.http.workload import Sold, Stay
from benchmarks.load import Answer, Connection, UnusableError
from benchmarks.product import Guest, Product


class _Visitor:
    def __init__(self, product: Product, guest: Guest, stays: Iterator[Stay], sold: Sold) -> None:
        self._guest = guest
        self._connection = Connection(product.host, product.port, {"Authorization": f"Bearer {guest.token}"})
        self._stays = stays
        self._sold = sold

    def close(self) -> None:
        self._connection.close()


class OneCall(_Visitor):
    """Books with the one call of the Home Rental contract."""

    async def act(self) -> str:
        stay = next(self._stays)
        dates = {"startDate": stay.start.isoformat(), "endDate": stay.end.isoformat()}
        body = {"userId": self._guest.account_id, "propertyId": stay.property_id, **dates}
        answer = await self._connection.request("POST", "/api/bookings/book", body)
        if answer.status == 201:
            self._sold.add(stay)
            return "booked"
        return "refused" if answer.status == 404 else unexpected(answer)


class ThreeSteps(_Visitor):
    """Asks the price, holds, confirms; each step with an idempotency key where the API wants one."""

    _numbers = count(1)

    async def act(self) -> str:
        ask, stay = self._connection.request, next(self._stays)
        key = f"bench-{next(self._numbers)}"
        wish = {
            "kind": "stay",
            "property_id": stay.property_id,
            "check_in": stay.start.isoformat(),
            "check_out": stay.end.isoformat(),
            "guests": 1,
        }
        quote = await ask("POST", "/v1/quotes", {"items": [wish]})
        if quote.status != 201:
            return unexpected(quote)
        hold = await ask("POST", "/v1/holds", {"quote_id": quote.json()["id"]}, key=key)
        if hold.status == 409 and hold.json()["code"] == "sold_out":
            return "refused"
        if hold.status != 201:
            return unexpected(hold)
        held = hold.json()
        payment = {"method": "at_property"}
        body = {"hold_id": held["id"], "hold_token": held["token"], "payment": payment}
        confirmed = await ask("POST", "/v1/bookings", body, key=key)
        if confirmed.status == 201:
            self._sold.add(stay)
            return "booked"
        return unexpected(confirmed)


def unexpected(answer: Answer) -> str:
    """Name a failure of the server; any other answer means that the measurement asks wrongly.

    Raises:
        UnusableError: The answer is no failure of the server.
    """
    if answer.status < 500 and answer.status != 429:
        raise UnusableError(f"the product answered {answer.status}: {answer.body[:500]!r}")
    return f"status {answer.status}"
