"""What whoever tries things out may do: decide for payers, dispute, make faults, send messages again or wrongly."""

from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

from holdfast.kit.db.database import Tx
from holdfast.kit.ids import new_id
from holdfast.payments.simulator import store
from holdfast.payments.simulator.asking import Answer, Books, bad_request, good, missing
from holdfast.payments.simulator.courier import Courier
from holdfast.payments.simulator.faults import OPERATIONS
from holdfast.payments.simulator.records import Kind, Movement
from holdfast.payments.simulator.shapes import NewFault
from holdfast.payments.simulator.telling import SEND
from holdfast.payments.simulator.till import Till

ACTS: Final = ("approve", "decline", "dispute", "win", "lose", "expire")
"""What may be done to a payment from outside."""
_ALL: Final = 2**53


class Operator:
    """Does what people at the simulator ask."""

    def __init__(self, books: Books, courier: Courier) -> None:
        self._books = books
        self._courier = courier
        self._till = Till(books)

    async def act(self, ref: str, act: str, *, reason: str | None = None) -> Answer:
        """Do something to a payment that a merchant cannot."""
        if act not in ACTS:
            return missing("action")

        async def work(tx: Tx) -> Answer:
            now = await tx.now()
            match act:
                case "approve" | "decline":
                    return await self._till.decide(tx, now, ref, approved=act == "approve")
                case "dispute":
                    return await self._till.dispute(tx, ref, reason)
                case "expire":
                    return await self._till.cancel(tx, now, ref, "authorization_expired")
                case _:
                    return await self._till.close_dispute(tx, ref, won=act == "win")

        answer = await self._books.db.write(work)
        self._courier.nudge()
        return answer

    async def add_fault(self, new: NewFault) -> Answer:
        """Let something go wrong later."""
        if new.operation not in OPERATIONS:
            return bad_request("operation_unknown", f"There are: {', '.join(OPERATIONS)}.")
        if new.what not in OPERATIONS[new.operation]:
            return bad_request("fault_unknown", f"For {new.operation}: {', '.join(OPERATIONS[new.operation])}.")
        fault_id = new_id("sim_fault", self._books.clock)

        async def work(tx: Tx) -> None:
            await store.add_fault(
                tx,
                id=fault_id,
                operation=new.operation,
                what=new.what,
                payment=new.payment,
                skip=new.skip,
                times=new.times,
                seconds=new.seconds,
                at=await tx.now(),
            )

        await self._books.db.write(work)
        return good({"id": fault_id, "operation": new.operation, "what": new.what}, HTTPStatus.CREATED)

    async def faults(self) -> list[dict[str, Any]]:
        """Return the faults, with how often each has struck and still will."""
        return [row._asdict() for row in await self._books.db.read(store.faults)]

    async def messages(self, *, before: int = _ALL, limit: int) -> list[dict[str, Any]]:
        """Return the messages, newest first."""
        rows = await self._books.db.read(lambda tx: store.messages(tx, before=before, limit=limit))
        return [row._asdict() for row in rows]

    async def send(self, message_id: str, manner: str) -> Answer:
        """Send a message once more, rightly or wrongly."""

        async def work(tx: Tx) -> Answer:
            now = await tx.now()
            if await store.one_message(tx, message_id) is None:
                return missing("message")
            await store.enqueue(tx, task=SEND, ref=message_id, manner=manner, next_at=now - timedelta(seconds=1))
            return good({"id": message_id, "manner": manner}, HTTPStatus.ACCEPTED)

        answer = await self._books.db.write(work)
        self._courier.nudge()
        return answer

    async def audit(self) -> dict[str, Any]:
        """Compare how payments stand with the money that moved, in one snapshot."""

        async def look(tx: Tx) -> dict[str, Any]:
            sums = await store.sums(tx)
            payments = [each for _, each in await store.newest(tx, Kind.PAYMENT, before=_ALL, limit=_ALL)]
            wrong = [each.id for each in payments if _moved(sums.get(each.id, {})) != (each.captured, each.refunded)]
            return {"payments": len(payments), "wrong": wrong, "waiting": await store.waiting(tx)}

        return await self._books.db.snapshot(look)


def _moved(sums: dict[Movement, int]) -> tuple[int, int]:
    refunded = sums.get(Movement.REFUND, 0) - sums.get(Movement.REFUND_FAILED, 0)
    return sums.get(Movement.CAPTURE, 0), refunded
