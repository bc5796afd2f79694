"""Stays, as booking asks for them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Final

from holdfast.booking.items import QuotedStay, StayItem
from holdfast.catalog.api import StayOffer
from holdfast.engine.claims import Span
from holdfast.engine.price import Price
from holdfast.verticals import stays
from holdfast.verticals.reasons import Reason
from holdfast.verticals.stays import StayRequest

_NONE: Final[Mapping[str, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedStay:
    """A stay at a listed property."""

    item: StayItem
    offer: StayOffer
    today: date
    """The day it is at the property."""

    @property
    def owner_id(self) -> int:
        """Whose property it is."""
        return self.offer.owner_id

    @property
    def currency(self) -> str:
        """What the property is priced in."""
        return self.offer.terms.currency

    @property
    def resources(self) -> Mapping[str, int]:
        """None: the stock of a property is made with it, because its owner changes it."""
        return _NONE

    @property
    def request(self) -> StayRequest:
        """What is asked, in the words of the vertical."""
        item = self.item
        return StayRequest(check_in=item.check_in, check_out=item.check_out, guests=item.guests, pets=item.pets)

    def reasons(self) -> tuple[Reason, ...]:
        """Return every rule of the property that stands against it."""
        return stays.reasons(self.offer.terms, self.request, today=self.today)

    def shortage(self) -> None:
        """Return nothing: a stay is priced whatever is free."""

    def price(self) -> Price:
        """Return what it costs today."""
        return stays.price(self.offer.terms, self.request, today=self.today)

    def options(self) -> tuple[tuple[Span, ...], ...]:
        """Return what it takes: one alternative for each unit that would do."""
        offer = self.offer
        return stays.spans(self.item.property_id, offer.unit_names, self.request, offer.terms.preparation_nights)

    def quoted(self, part: Price) -> QuotedStay:
        """Return it with everything that is promised about it."""
        item, terms = self.item, self.offer.terms
        return QuotedStay(
            property_id=item.property_id,
            property_name=self.offer.name,
            owner_id=self.offer.owner_id,
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
