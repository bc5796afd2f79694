"""Quotes: what a request costs and what it would claim, promised for a while."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice, product
from typing import Any, Final

from holdfast.booking.api import Quote, QuotedStay, RuleViolation, StayItem
from holdfast.booking.service.answers import price_of, spans_kept, spans_of, stays_of
from holdfast.booking.service.signing import Signing
from holdfast.booking.settings import BookingSettings
from holdfast.booking.store import sales
from holdfast.catalog.api import CatalogApi, StayOffer
from holdfast.engine.claims import ClaimOrder
from holdfast.engine.price import Price, PriceLine, digest
from holdfast.kit.clock import Clock
from holdfast.kit.db.database import Database
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import FieldError, Invalid, NotFound
from holdfast.kit.ids import new_id
from holdfast.kit.lanes import Lane
from holdfast.verticals import stays
from holdfast.verticals.stays import StayRequest

_REMEMBERED: Final = 4096
_OPTIONS_MOST: Final = 64
"""Ways of assigning named units that a claim tries, over all items together."""
_FIELD_CODES: Final = {"empty_range": "empty_or_negative_range"}


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
    items: tuple[QuotedStay, ...]
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
        self._catalog = catalog
        self._remembered: OrderedDict[str, FullQuote] = OrderedDict()
        self._lane: Lane[_Draft, datetime] = Lane("booking.quote", self._keep, lines=1 if db.dialect == "sqlite" else 4)

    async def quote(self, *, account_id: int, items: Sequence[StayItem]) -> Quote:
        """Price a request; see `BookingApi.quote`.

        Raises:
            NotFound: A property does not exist or is not listed.
            RuleViolation: Rules of a property stand against it.
            Invalid: The items do not go together.
        """
        offers = await self.offers(items)
        self.judge(items, offers)
        parts = [self.priced(item, offers[item.property_id]) for item in items]
        return await self.promise(account_id, items, offers, parts)

    def priced(self, item: StayItem, offer: StayOffer) -> Price:
        """Return what a stay costs today."""
        return stays.price(offer.terms, _request(item), today=self._clock.today(offer.terms.zone))

    async def offers(self, items: Sequence[StayItem]) -> dict[int, StayOffer]:
        """Return the offers of all properties asked for.

        Raises:
            NotFound: A property does not exist or is not listed.
        """
        first = min(item.check_in for item in items)
        end = max(item.check_out for item in items)
        ids = {item.property_id for item in items}
        offers = await self._catalog.stay_offers(ids=list(ids), first=first, end=end)
        if ids - offers.keys():
            raise NotFound("There is no such property, or it is not listed.")
        return offers

    def judge(self, items: Sequence[StayItem], offers: dict[int, StayOffer]) -> None:
        """Check a request against the rules of its properties.

        Raises:
            RuleViolation: Rules stand against it.
            Invalid: The items do not go together.
        """
        errors = []
        for place, item in enumerate(items):
            terms = offers[item.property_id].terms
            today = self._clock.today(terms.zone)
            errors += [
                FieldError(
                    pointer=f"/items/{place}/{reason.field}",
                    code=_FIELD_CODES.get(reason.rule, reason.rule),
                    detail=reason.detail,
                )
                for reason in stays.reasons(terms, _request(item), today=today)
            ]
        if errors:
            raise RuleViolation(errors[0].detail, errors=errors)
        together = [*_meeting(items), *_currencies(items, offers)]
        if together:
            raise Invalid(together[0].detail, errors=together)

    async def promise(
        self, account_id: int, items: Sequence[StayItem], offers: dict[int, StayOffer], parts: Sequence[Price]
    ) -> Quote:
        """Keep a quote for items that were judged and priced, and return it."""
        quoted = tuple(
            quoted_stay(item, offers[item.property_id], part) for item, part in zip(items, parts, strict=True)
        )
        price = _joined(parts)
        draft = _Draft(
            id=new_id("quote", self._clock),
            account_id=account_id,
            items=quoted,
            claim=claim_of(items, offers),
            price=price,
            digest=digest(price),
        )
        at = await self._lane.submit(draft)
        quote = self._in_writing(draft.id, quoted, price, draft.digest, (at, self._until(at)))
        self._remember(FullQuote(quote=quote, account_id=account_id, claim=draft.claim, digest=draft.digest))
        return quote

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
        items: tuple[QuotedStay, ...],
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
            quote=self._in_writing(row.id, stays_of(row.items), price_of(row.price), row.digest, promised),
            account_id=row.account_id,
            claim=ClaimOrder(tuple(spans_of(option) for option in row.options)),
            digest=row.digest,
        )

    async def tidy(self) -> None:
        """Forget quotes that ran out a day ago and were never held."""
        await self._db.write(lambda tx: sales.drop_quotes(tx, older_than_s=86_400))


def _request(item: StayItem) -> StayRequest:
    return StayRequest(check_in=item.check_in, check_out=item.check_out, guests=item.guests, pets=item.pets)


def claim_of(items: Sequence[StayItem], offers: dict[int, StayOffer]) -> ClaimOrder:
    """Return what a request claims: every way of assigning named units, up to a bound."""
    choices = [
        stays.spans(
            item.property_id,
            offers[item.property_id].unit_names,
            _request(item),
            offers[item.property_id].terms.preparation_nights,
        )
        for item in items
    ]
    if len(choices) == 1:
        return ClaimOrder(choices[0])
    every = (tuple(span for part in parts for span in part) for parts in product(*choices))
    return ClaimOrder(tuple(islice(every, _OPTIONS_MOST)))


def quoted_stay(item: StayItem, offer: StayOffer, part: Price) -> QuotedStay:
    """Return a stay with everything that is promised about it."""
    terms = offer.terms
    return QuotedStay(
        property_id=item.property_id,
        property_name=offer.name,
        owner_id=offer.owner_id,
        check_in=item.check_in,
        check_out=item.check_out,
        guests=item.guests,
        zone=terms.zone,
        check_in_from=terms.check_in_from,
        check_out_until=terms.check_out_until,
        policy=terms.policy,
        total_minor=part.total_minor,
        pets=item.pets,
        instant=terms.instant,
        pay_at_property=terms.pay_at_property,
    )


def _joined(parts: Sequence[Price]) -> Price:
    if len(parts) == 1:
        return parts[0]
    lines: list[PriceLine] = []
    for place, part in enumerate(parts):
        lines += [replace(line, label=f"{place + 1}. {line.label}", item=place) for line in part.lines]
    return Price.of(parts[0].currency, lines)


def _meeting(items: Sequence[StayItem]) -> Iterable[FieldError]:
    """Name items that ask for the same property on the same night."""
    for place, item in enumerate(items):
        for other in items[:place]:
            if (
                other.property_id == item.property_id
                and other.check_in < item.check_out
                and item.check_in < other.check_out
            ):
                yield FieldError(
                    pointer=f"/items/{place}",
                    code="duplicate_unit",
                    detail="This property is asked for twice on the same night.",
                )
                break


def _currencies(items: Sequence[StayItem], offers: dict[int, StayOffer]) -> Iterable[FieldError]:
    """Name items that are priced in another currency than the first."""
    first = offers[items[0].property_id].terms.currency
    for place, item in enumerate(items):
        if offers[item.property_id].terms.currency != first:
            yield FieldError(
                pointer=f"/items/{place}/property_id",
                code="currency_mismatch",
                detail=f"This property is not priced in {first}: quote it on its own.",
            )
