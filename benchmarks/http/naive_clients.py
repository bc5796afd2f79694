"""Guests of the naive service."""

from collections.abc import Iterator

from benchmarks.baseline.service import NaiveService
from benchmarks.http.workload import Sold, Stay
from benchmarks.load import Connection, UnusableError


class _Guest:
    def __init__(self, service: NaiveService, user_id: int, stays: Iterator[Stay], sold: Sold) -> None:
        headers = {"Authorization": f"Bearer {service.token(user_id)}"}
        self._user_id = user_id
        self._connection = Connection(service.host, service.port, headers)
        self._stays = stays
        self._sold = sold

    def close(self) -> None:
        self._connection.close()

    def _body(self, stay: Stay) -> dict[str, object]:
        dates = {"startDate": stay.start.isoformat(), "endDate": stay.end.isoformat()}
        return {"userId": self._user_id, "propertyId": stay.property_id, **dates}


class OneCall(_Guest):
    """Books with the one call of the Home Rental contract."""

    async def act(self) -> str:
        stay = next(self._stays)
        answer = await self._connection.request("POST", "/api/bookings/book", self._body(stay))
        if answer.status == 201:
            self._sold.add(stay)
            return "booked"
        return "refused" if answer.status == 404 else _unexpected(answer.status, answer.body)


class ThreeSteps(_Guest):
    """Asks the price, holds, confirms."""

    async def act(self) -> str:
        ask, stay = self._connection.request, next(self._stays)
        body = self._body(stay)
        quote = await ask("POST", "/api/quotes", body)
        if quote.status != 201:
            return _unexpected(quote.status, quote.body)
        hold = await ask("POST", "/api/holds", body)
        if hold.status == 404:
            return "refused"
        confirmed = await ask("POST", f"/api/holds/{hold.json()['holdId']}/confirm", {})
        if confirmed.status == 201:
            self._sold.add(stay)
            return "booked"
        return _unexpected(confirmed.status, confirmed.body)


def _unexpected(status: int, body: bytes) -> str:
    if status < 500:
        raise UnusableError(f"the naive service answered {status}: {body[:300]!r}")
    return f"status {status}"
