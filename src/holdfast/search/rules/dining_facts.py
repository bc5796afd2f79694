"""From what the catalog says of a restaurant to what search keeps of it."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from holdfast.catalog.api import Restaurant
from holdfast.search.rules.dining_starts import Starts, sizes_text
from holdfast.search.rules.facts import UNRATED
from holdfast.search.rules.ranking import standing
from holdfast.search.rules.words import haystack, places
from holdfast.verticals.dining.terms import DiningTerms

CUISINES_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RestaurantFacts:
    """Everything search keeps of a restaurant but what is free."""

    restaurant_id: int
    listed: bool
    name: str
    cuisines: tuple[str, ...]
    price_level: int
    neighbourhood: str
    city: str
    latitude: float
    longitude: float
    zone: str
    image: str | None
    rating: float | None
    reviews: int
    sizes: str
    """Which sizes of party can book, as `dining_starts.sizes_text` says it."""
    notice_minutes: int
    window_days: int
    places: str
    haystack: str
    standing: int
    rated: float
    week: tuple[str, ...]
    """The starts of each weekday; none of an unlisted restaurant."""


def restaurant_facts(described: Restaurant, starts: Starts) -> RestaurantFacts:
    """Return the facts of a restaurant whose starts these are."""
    draft, terms, place = described.draft, described.draft.terms, described.draft.location
    return RestaurantFacts(
        restaurant_id=described.id,
        listed=draft.listed,
        name=draft.name,
        cuisines=draft.cuisines,
        price_level=draft.price_level,
        neighbourhood=place.neighbourhood,
        city=place.city,
        latitude=place.latitude,
        longitude=place.longitude,
        zone=terms.zone,
        image=draft.images[0] if draft.images else None,
        rating=draft.rating,
        reviews=draft.reviews,
        sizes=sizes_text(terms),
        notice_minutes=terms.notice_minutes,
        window_days=terms.booking_window_days,
        places=places(place.neighbourhood, place.city),
        haystack=haystack(
            draft.name, place.neighbourhood, place.city, *[each.replace("_", " ") for each in draft.cuisines]
        ),
        standing=standing(draft.rating, draft.reviews),
        rated=UNRATED if draft.rating is None else draft.rating,
        week=starts.week() if draft.listed else (),
    )


def special_days(terms: DiningTerms, today: date) -> set[date]:
    """Return the days to come that are not as their weekday is."""
    return {each.day for each in terms.special_days if each.day >= today}


def cuisine_list(cuisines: tuple[str, ...]) -> str:
    """Return cuisines as text in which `,thai,` can be looked for."""
    return f",{','.join(cuisines)},"
