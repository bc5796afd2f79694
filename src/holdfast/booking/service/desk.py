"""What every request to booking needs: the lanes, the keys in use, and finding what a request is about."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from holdfast.booking.api import ConfirmedBy, PaymentTerms
from holdfast.booking.service.answers import KeyUse, Tokens, may_see, refusal_again
from holdfast.booking.service.batch import Outcome, SettleOrder
from holdfast.booking.service.diets import Diets
from holdfast.booking.service.placing import BookingDraft, Placing
from holdfast.booking.service.quoting import Quoting
from holdfast.booking.service.settling import Settling
from holdfast.booking.service.signing import Signing
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import keys, records, sales
from holdfast.catalog.api import CatalogApi
from holdfast.kit.auth import Principal
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import Numbers, new_code
from holdfast.kit.keyed import KeyInProgress
from holdfast.kit.limits.limits import Limits, unlimited
from holdfast.kit.secrets import Keyring

T = TypeVar("T")


class Desk:
    """Where every request to booking is taken in."""

    def __init__(
        self,
        *,
        db: Database,
        clock: Clock,
        keyring: Keyring,
        settings: BookingSettings,
        catalog: CatalogApi,
        limits: Limits | None = None,
    ) -> None:
        self.db = db
        self.counted_in = db
        """Where starts of processes are counted: one place for all stocks, so that no two bookings have one number."""
        self.limits = limits or unlimited(clock=clock)
        self.clock = clock
        self.settings = settings
        self.tokens = Tokens(keyring)
        self.placing = Placing(db, clock, settings)
        self.diets = Diets(keyring)
        self.settling = Settling(db, clock, settings, self.tokens, self.diets)
        self.signing = Signing(keyring)
        self.quoting = Quoting(db, clock, settings, catalog, self.signing)
        self._numbers: Numbers | None = None
        self._in_flight: set[keys.Scope] = set()

    async def close(self) -> None:
        """Finish what is in line."""
        await self.placing.close()
        await self.settling.close()

    @contextmanager
    def alone(self, key: KeyUse | None) -> Iterator[None]:
        """Let only one request with a key in at a time.

        Raises:
            KeyInProgress: One is in.
        """
        if key is None:
            yield
            return
        if key.scope in self._in_flight:
            raise KeyInProgress(retry_after_s=1)
        self._in_flight.add(key.scope)
        try:
            yield
        finally:
            self._in_flight.discard(key.scope)

    async def settle(self, order: SettleOrder) -> Outcome:
        """Carry out one order of the lane that ends what stands; see `Settling.settle`."""
        with self.alone(order.key):
            return await self.settling.settle(order)

    async def draft(self, payment: PaymentTerms, *, by: ConfirmedBy = ConfirmedBy.GUEST) -> BookingDraft:
        """Return what a new booking says beyond its hold: a number and a reference of its own, and how it is paid."""
        if self._numbers is None:
            self._numbers = Numbers(self.clock, await self.counted_in.write(records.start_process))
        return BookingDraft(number=self._numbers.new(), reference=new_code(), payment=payment, by=by)

    async def row_of(self, answer: Mapping[str, Any]) -> Row:
        """Return the hold an earlier answer tells of.

        Raises:
            HoldfastError: The earlier answer was a refusal; it is given again.
            NotFound: The hold is gone.
        """
        refuse_again(answer)
        row = await self.db.read(lambda tx: sales.find_hold(tx, answer["hold"]))
        if row is None:
            raise NotFound
        return row

    async def found(self, *, number: int | None = None, reference: str | None = None) -> Row:
        """Return a booking, and the database's time as `now`.

        Raises:
            NotFound: There is none.
        """
        row = await self.db.read(lambda tx: sales.find_booking(tx, number=number, reference=reference))
        if row is None:
            raise NotFound("There is no such booking.")
        return row

    async def visible(self, principal: Principal, *, number: int | None = None, reference: str | None = None) -> Row:
        """Return a booking that is a principal's business, and the database's time as `now`.

        Raises:
            NotFound: There is none.
        """
        row = await self.found(number=number, reference=reference)
        if not may_see(principal, row):
            raise NotFound("There is no such booking.")
        return row


def refuse_again(answer: Mapping[str, Any]) -> None:
    """Give an earlier refusal again.

    Raises:
        HoldfastError: The earlier answer was one.
    """
    if (refusal := refusal_again(answer)) is not None:
        raise refusal


def was(kind: type[T], settled: object) -> T:
    """Return what a lane answered.

    Raises:
        TypeError: It is something else: a programmer's error.
    """
    if not isinstance(settled, kind):
        raise TypeError(f"{kind.__name__} expected, not {type(settled).__name__}")
    return settled
