"""How a reservation is made and undone over HTTP, with everything the observer needs to know."""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.load import Answer, Connection
from benchmarks.product import Guest
from benchmarks.replay.hotel import Reservation
from benchmarks.replay.watch import Cell, Watch


class ReplayError(Exception):
    """The server did something it may not; the text says what."""


@dataclass
class Diary:
    """What came of the reservations."""

    watch: Watch
    references: dict[int, str] = field(default_factory=dict)
    """Bookings in force, by number of the reservation."""
    booked: Counter[str] = field(default_factory=Counter)
    """By room type."""
    cancelled: Counter[str] = field(default_factory=Counter)
    sold_out: dict[int, Cell] = field(default_factory=dict)
    """Refused for want of rooms: the full night, by number of the reservation."""
    sold_out_to: dict[int, frozenset[int]] = field(default_factory=dict)
    """Who had the rooms of that night, as far as the client knew."""
    by_rule: Counter[str] = field(default_factory=Counter)
    """Refused by a rule of the house."""
    latencies: Mapping[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    requests: int = 0


class Desk:
    """A connection over which reservations of any guest are worked off, one after the other."""

    def __init__(
        self, connection: Connection, guests: Sequence[Guest], properties: Mapping[str, int], diary: Diary
    ) -> None:
        self._connection = connection
        self._guests = guests
        self._properties = properties
        self._diary = diary

    async def do(self, what: str, reservation: Reservation) -> None:
        """Book or cancel."""
        if what == "book":
            await self._book(reservation)
        elif reservation.number in self._diary.references:
            await self._cancel(reservation)

    async def _book(self, reservation: Reservation) -> None:
        diary = self._diary
        quote = await self._ask("quote", reservation, "/v1/quotes", {"items": [self._wish(reservation)]})
        if quote.status == 422:
            rules = {f"`{error['code']}` ({error['pointer']})" for error in quote.json()["errors"]}
            diary.by_rule[", ".join(sorted(rules))] += 1
            return
        quote_id = _checked(quote, 201, reservation)["id"]
        asked_at = time.perf_counter()
        diary.watch.asks(reservation)
        hold = await self._ask(
            "hold", reservation, "/v1/holds", {"quote_id": quote_id}, key=f"hold {reservation.number}"
        )
        if hold.status == 409 and hold.json()["code"] == "sold_out":
            self._refused(reservation, asked_at)
            return
        held = _checked(hold, 201, reservation)
        body = {"hold_id": held["id"], "hold_token": held["token"], "payment": {"method": "at_property"}}
        answer = await self._ask("confirm", reservation, "/v1/bookings", body, key=f"book {reservation.number}")
        diary.references[reservation.number] = _checked(answer, 201, reservation)["reference"]
        diary.watch.got(reservation)
        diary.booked[reservation.room_type] += 1

    async def _cancel(self, reservation: Reservation) -> None:
        diary = self._diary
        path = f"/v1/bookings/{diary.references.pop(reservation.number)}"
        offer = _checked(await self._ask("offer", reservation, f"{path}/cancellation-quotes", {}), 201, reservation)
        diary.watch.cancels(reservation)
        body = {"quote_id": offer["id"]}
        answer = await self._ask("cancel", reservation, f"{path}/cancel", body, key=f"cancel {reservation.number}")
        _checked(answer, 200, reservation)
        diary.watch.cancelled(reservation, time.perf_counter())
        diary.cancelled[reservation.room_type] += 1

    def _refused(self, reservation: Reservation, asked_at: float) -> None:
        diary = self._diary
        full = diary.watch.refused(reservation, asked_at, time.perf_counter())
        if full is None:
            raise ReplayError(f"sold out, though every night had a room free: {reservation}")
        diary.sold_out[reservation.number] = full
        diary.sold_out_to[reservation.number] = frozenset(diary.watch.guests(full))

    def _wish(self, reservation: Reservation) -> dict[str, object]:
        return {
            "kind": "stay",
            "property_id": self._properties[reservation.room_type],
            "check_in": reservation.arrival.isoformat(),
            "check_out": reservation.departure.isoformat(),
            "guests": reservation.guests,
        }

    async def _ask(
        self, step: str, reservation: Reservation, path: str, body: object, *, key: str | None = None
    ) -> Answer:
        guest = self._guests[reservation.number % len(self._guests)]
        began = time.perf_counter()
        answer = await self._connection.request("POST", path, body, key=key, token=guest.token)
        self._diary.latencies[step].append(time.perf_counter() - began)
        self._diary.requests += 1
        return answer


def _checked(answer: Answer, status: int, reservation: Reservation) -> dict:
    if answer.status != status:
        raise ReplayError(f"{answer.status} where {status} was due, {answer.body[:500]!r}: {reservation}")
    return answer.json()
