"""Quotes: what a request costs and what it would claim, promised for a while."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final

from holdfast.booking.api import Item, Quote, QuotedItem, RuleViolation
from holdfast.booking.service.answers import items_of, price_of, spans_kept, spans_of
from holdfast.booking.service.kinds.asked import Asked, errors_of
from holdfast.booking.service.kinds.asking import Asking, together
from holdfast.booking.service.signing import Signing
from holdfast.booking.service.stocking import Stocking
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import sales
from holdfast.catalog.api import CatalogApi
from holdfast.engine.claims import ClaimOrder, Span, cells_of
from holdfast.engine.price import Price, PriceLine, digest
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import Invalid, NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.lanes import Lane
from holdfast.verticals.trips import discounted

_REMEMBERED: Final = 4096
_OPTIONS_MOST: Final = 256
"""Ways of assigning units, tables and seats that a claim tries, over all items together."""
_LOOKS_MOST: Final = 4_096
"""Choices that are looked at for them: a room that is too small for all has more than could ever be gone through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FullQuote:
    """A quote with what only booking needs to know of it."""

    quote: Quote
    account_id: int
    claim: ClaimOrder
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    id: str
    account_id: int
    items: tuple[QuotedItem, ...]
    claim: ClaimOrder
    price: Price
    digest: str

    def row(self) -> tuple[Any, ...]:
        options = [spans_kept(option) for option in self.claim.options]
        price = self.price
        return self.id, self.account_id, self.items, options, price, price.total_minor, price.currency, self.digest


class Quoting:
    """Makes quotes and remembers the newest: a quote never changes, so what this process made needs no look-up."""

    def __init__(
        self, db: Database, clock: Clock, settings: BookingSettings, catalog: CatalogApi, signing: Signing
    ) -> None:
        self._db = db
        self._signing = signing
        self._clock = clock
        self._settings = settings
        self._asking = Asking(db, clock, catalog)
        self.stocking = Stocking(db)
        self._remembered: OrderedDict[str, FullQuote] = OrderedDict()
        self._lane: Lane[_Draft, datetime] = Lane("booking.quote", self._keep, lines=1 if db.dialect == "sqlite" else 4)

    async def quote(self, *, account_id: int, items: Sequence[Item]) -> Quote:
        """Price a request; see `BookingApi.quote`.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
            RuleViolation: Rules stand against it.
            Invalid: The items do not go together.
            CapacityTaken: A flight has no fare left.
        """
        asked = await self.ask(items, account_id=account_id)
        self.judge(items, asked)
        return await self.promise(account_id, asked, self._as_trip(asked, [each.price() for each in asked]))

    async def ask(self, items: Sequence[Item], *, account_id: int) -> list[Asked]:
        """Return items with the terms of whoever sells them.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
        """
        return await self._asking.ask(items, account_id=account_id)

    def judge(self, items: Sequence[Item], asked: Sequence[Asked]) -> None:
        """Check a request against the rules of whoever sells it.

        Raises:
            RuleViolation: Rules stand against it.
            Invalid: The items do not go together.
            HoldfastError: There is nothing to price: a flight has no fare left.
        """
        errors = [error for place, each in enumerate(asked) for error in errors_of(each.reasons(), place)]
        if errors:
            raise RuleViolation(errors[0].detail, errors=errors)
        if wrong := together(items, asked):
            raise Invalid(wrong[0].detail, errors=wrong)
        for each in asked:
            if (refusal := each.shortage()) is not None:
                raise refusal

    async def promise(self, account_id: int, asked: Sequence[Asked], parts: Sequence[Price]) -> Quote:
        """Keep a quote for items that were judged and priced, and return it."""
        await self.stocking.ensure({name: units for each in asked for name, units in each.resources.items()})
        quoted = tuple(each.quoted(part) for each, part in zip(asked, parts, strict=True))
        price = _joined(parts)
        draft = _Draft(
            id=new_id("quote", self._clock),
            account_id=account_id,
            items=quoted,
            claim=claim_of(asked),
            price=price,
            digest=digest(price),
        )
        at = await self._lane.submit(draft)
        quote = self._in_writing(draft.id, quoted, price, draft.digest, (at, self._until(at)))
        self._remember(FullQuote(quote=quote, account_id=account_id, claim=draft.claim, digest=draft.digest))
        return quote

    def _as_trip(self, asked: Sequence[Asked], parts: Sequence[Price]) -> Sequence[Price]:
        """Return the prices of items with what a trip of several kinds has off."""
        percent_bp = self._settings.trip_discount_bp
        if not percent_bp or len({type(each) for each in asked}) == 1:
            return parts
        return [discounted(part, percent_bp) for part in parts]

    async def _keep(self, drafts: Sequence[_Draft]) -> Sequence[datetime | Exception]:
        at = await self._db.put(sales.add_quotes([each.row() for each in drafts], ttl_s=self._settings.quote_ttl_s))
        return [at] * len(drafts)

    def _remember(self, full: FullQuote) -> None:
        self._remembered[full.quote.id] = full
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)

    async def find(self, *, account_id: int, quote_id: str) -> FullQuote:
        """Return a quote to whom it was made.

        Raises:
            NotFound: No such quote, or somebody else's.
        """
        full = self._remembered.get(quote_id)
        if full is None:
            row = await self._db.read(lambda tx: sales.find_quote(tx, quote_id))
            if row is None:
                raise NotFound("There is no such quote.")
            full = self._full(row)
            self._remember(full)
        if full.account_id != account_id:
            raise NotFound("There is no such quote.")
        return full

    def _until(self, at: datetime) -> datetime:
        return at + timedelta(seconds=self._settings.quote_ttl_s)

    def _in_writing(
        self,
        quote_id: str,
        items: tuple[QuotedItem, ...],
        price: Price,
        digest: str,
        promised: tuple[datetime, datetime],
    ) -> Quote:
        signed = self._signing.signed(quote_id=quote_id, items=items, price=price, digest=digest, promised=promised)
        created_at, expires_at = promised
        return Quote(id=quote_id, items=items, price=price, created_at=created_at, expires_at=expires_at, signed=signed)

    def _full(self, row: Row) -> FullQuote:
        promised = (row.created_at, row.expires_at)
        return FullQuote(
            quote=self._in_writing(row.id, items_of(row.items), price_of(row.price), row.digest, promised),
            account_id=row.account_id,
            claim=ClaimOrder(tuple(spans_of(option) for option in row.options)),
            digest=row.digest,
        )

    async def tidy(self) -> None:
        """Forget quotes that ran out a day ago and were never held."""
        await self._db.write(lambda tx: sales.drop_quotes(tx, older_than_s=86_400))


def claim_of(asked: Sequence[Asked]) -> ClaimOrder:
    """Return what a request claims: the ways of assigning units, tables and seats that can be, up to a bound."""
    choices = [[_for_item(option, place) for option in each.options()] for place, each in enumerate(asked)]
    if len(choices) == 1:
        return ClaimOrder(tuple(choices[0]))
    there = {name: units for each in asked for name, units in each.resources.items()}
    ways = list(islice(filter(None, islice(_ways(choices, (), there), _LOOKS_MOST)), _OPTIONS_MOST))
    # Where no two items leave room for each other, the claim says so: it is refused like what is sold out.
    return ClaimOrder(tuple(ways) or (tuple(span for choice in choices for span in choice[0]),))


def _ways(
    choices: Sequence[Sequence[tuple[Span, ...]]], taken: tuple[Span, ...], there: Mapping[str, int]
) -> Iterator[tuple[Span, ...]]:
    """Yield what items take together, and nothing for a choice that is more than there is: two parties at one table."""
    if not choices:
        yield taken
        return
    for option in choices[0]:
        both = (*taken, *option)
        if all(units <= there.get(resource_id, units) for (resource_id, _), units in cells_of(both).items()):
            yield from _ways(choices[1:], both, there)
        else:
            yield ()


def _for_item(option: Sequence[Span], place: int) -> tuple[Span, ...]:
    return tuple(replace(span, item=place) for span in option) if place else tuple(option)


def _joined(parts: Sequence[Price]) -> Price:
    if len(parts) == 1:
        return parts[0]
    lines: list[PriceLine] = []
    for place, part in enumerate(parts):
        lines += [replace(line, label=f"{place + 1}. {line.label}", item=place) for line in part.lines]
    return Price.of(parts[0].currency, lines)
