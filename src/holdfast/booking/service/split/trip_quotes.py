"""Quotes of trips: each stock promises its part, and the trip is what they make together."""

from collections.abc import Sequence
from typing import Final

from holdfast.booking.api import Item, NotAcrossStocks, Quote
from holdfast.booking.service.kinds.asked import Asked
from holdfast.booking.service.split.composing import curve_shown, joined
from holdfast.booking.service.split.stocks import Stocks
from holdfast.booking.store import trips as store
from holdfast.booking.trips_api import TRIP
from holdfast.engine.price import digest
from holdfast.kit.db.database import Tx
from holdfast.kit.db.statements import Row
from holdfast.kit.errors import NotFound
from holdfast.kit.ids import new_id
from holdfast.verticals.cancellation import RefundCurve

_PREFIX: Final = f"{TRIP}quote"
_DAY_S: Final = 86_400


def is_trips(quote_id: str) -> bool:
    """Return whether a quote is one of a trip over several stocks."""
    return quote_id.startswith(f"{_PREFIX}_")


class TripQuotes:
    """Makes and finds quotes of trips."""

    def __init__(self, stocks: Stocks) -> None:
        self._stocks = stocks
        self._desk = stocks.home.part.desk

    async def quote(self, *, account_id: int, items: Sequence[Item], grouped: dict[str, list[int]]) -> Quote:
        """Price items of several stocks; `grouped` has their positions by stock. What they answer stands in that order.

        Raises:
            NotFound: A property, restaurant or flight does not exist or is not listed.
            RuleViolation: Rules stand against it; every one is named.
            Invalid: The items do not go together.
            NotAcrossStocks: An owner wants to be asked.
        """
        asked = await self._asked(account_id, items, grouped)
        self._desk.quoting.judge(items, [asked[place] for place in range(len(items))])
        parts = {
            name: await self._stocks.all[name].part.promise(account_id, [asked[place] for place in places])
            for name, places in grouped.items()
        }
        if not all(item.instant for part in parts.values() for item in part.items):
            raise NotAcrossStocks("An owner of this trip wants to be asked: book that part by itself.")
        quote_id, expires_at = new_id(_PREFIX, self._desk.clock), min(each.expires_at for each in parts.values())
        kept = [[name, part.id] for name, part in parts.items()]

        async def keep(tx: Tx) -> Row:
            await store.add_quote(tx, quote_id, account_id, kept, expires_at)
            return await store.find_quote(tx, quote_id)

        return self._shown(await self._desk.db.write(keep), list(parts.values()))

    async def _asked(self, account_id: int, items: Sequence[Item], grouped: dict[str, list[int]]) -> dict[int, Asked]:
        found: dict[int, Asked] = {}
        for name, places in grouped.items():
            answers = await self._stocks.all[name].part.ask([items[place] for place in places], account_id=account_id)
            found |= zip(places, answers, strict=True)
        return found

    async def row(self, *, account_id: int, quote_id: str) -> Row:
        """Return what a quote is made of, to whom it was made.

        Raises:
            NotFound: No such quote, or somebody else's.
        """
        row = await self._desk.db.read(lambda tx: store.find_quote(tx, quote_id))
        if row is None or row.account_id != account_id:
            raise NotFound("There is no such quote.")
        return row

    async def get(self, *, account_id: int, quote_id: str) -> Quote:
        """Return a quote to whom it was made.

        Raises:
            NotFound: No such quote, or somebody else's.
        """
        row = await self.row(account_id=account_id, quote_id=quote_id)
        parts = [
            await self._stocks.all[name].get_quote(account_id=account_id, quote_id=part_id)
            for name, part_id in row.parts
        ]
        return self._shown(row, parts)

    async def curve(self, *, account_id: int, quote_id: str) -> RefundCurve:
        """Return what canceling would give back, instant by instant, if the quote were booked now.

        Raises:
            NotFound: No such quote, or somebody else's.
        """
        row = await self.row(account_id=account_id, quote_id=quote_id)
        return curve_shown(
            [
                await self._stocks.all[name].quote_curve(account_id=account_id, quote_id=part_id)
                for name, part_id in row.parts
            ]
        )

    async def tidy(self) -> None:
        """Forget quotes that ran out a day ago and were never held."""
        await self._desk.db.write(lambda tx: store.drop_quotes(tx, older_than_s=_DAY_S))

    def _shown(self, row: Row, parts: Sequence[Quote]) -> Quote:
        price = joined([(each.items, each.price) for each in parts])
        items = tuple(item for each in parts for item in each.items)
        signed = self._desk.signing.signed(
            quote_id=row.id,
            items=items,
            price=price,
            digest=digest(price),
            promised=(row.created_at, row.expires_at),
        )
        return Quote(
            id=row.id, items=items, price=price, created_at=row.created_at, expires_at=row.expires_at, signed=signed
        )
