"""Every search against a filter in plain Python over the same homes: hits, order, pages, total, facets, on each engine.

The model knows nothing of words, rings, bits or indexes: it looks at the stock night by night and at the homes one by
one. Distances alone are reckoned by the same function, as two roundings of one distance may differ in the last digit.
"""

import unicodedata
from collections import Counter
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.catalog.api import PropertyKind
from holdfast.search.api import Box, Circle, StaySearch, StaySort
from holdfast.search.rules.globe import chord_km, on_sphere
from holdfast.search.rules.ranking import standing
from holdfast.verticals.stays import NightTerms, night_slot
from search.search_builder import TODAY, day, home
from support.effort import rounds

AMENITIES = tuple(f"thing_{number:03}" for number in range(300))
USED = tuple(AMENITIES[number] for number in (0, 19, 20, 59, 60, 119, 120, 239, 240, 299))
"""At the ends of lanes and words; the last ones are not counted in facets or have no bit."""
AREAS = (
    ("Dupont Circle, Connecticut Avenue/K Street", "Washington"),
    ("Capitol Hill", "Washington"),
    ("Old Town", "Alexandria"),
    ("Café Quarter", "Old Town"),
    ("", "São Paulo"),
    ("50% Off_Beat!", "Malibu, CA"),
)
NAMES = ("Sunny Loft", "sunny höuse", "Loft_No 5%", "Straße 9", "İzmir Garden", "The !Bang")
TEXTS = (
    "sunny",
    "LOFT",
    "sunny loft",
    "hoUse",
    "5%",
    "%",
    "_",
    "!",
    "strasse",
    "cafe quarter",
    "washington dupont",
    "zzz",
    "entire",
    "izmir",
    "avenue/k",
    "  ",
    "50% off_beat",
)
PLACES = (
    "washington",
    "Old Town",
    "capitol HILL",
    "dupont circle",
    "Connecticut Avenue/K Street",
    "Dupont Circle, Connecticut Avenue/K Street",
    "sao paulo",
    "old",
    "malibu ca",
    "Malibu, CA",
    "%",
    " ",
    "50% off_beat!",
)
SEARCHES = 15
LATITUDES = (-90.0, -38.9, -0.5, 0.0, 38.9, 38.91, 39.0, 64.25, 89.5, 90.0)
PRICES = (0, 100, 5_000, 12_345, 10**12)
FILTERS = ("dates", "soon", "text", "place", "box", "circle", "guests", "price", "kinds", "amenities", "rating")
LONGITUDES = (-180.0, -179.75, -77.5, -77.0, -76.99, 0.0, 0.25, 77.0, 179.9, 180.0)


class Chance:
    """Draws towns and searches. Plainly at random: Hypothesis' own variations of one town resemble each other too much
    to meet the corners of a search, of which there are many and which lie far apart."""

    def __init__(self, random):
        self.random = random
        self.pick = random.choice

    def some(self, values, most):
        return tuple(self.random.sample(values, self.random.randint(0, most)))

    def home(self, property_id):
        pick = self.pick
        neighbourhood, city = pick(AREAS)
        least = pick((1, 1, 1, 3, 30))
        return home(
            property_id,
            listed=pick((True, True, True, True, False)),
            name=pick(NAMES),
            kind=pick(tuple(PropertyKind)),
            neighbourhood=neighbourhood,
            city=city,
            latitude=pick(LATITUDES),
            longitude=pick(LONGITUDES),
            base_minor=pick((0, 100, 5_000, 5_000, 12_345, 10**11)),
            rating=pick((None, 0.0, 3.5, 4.41, 4.41, 5.0)),
            reviews=pick((0, 1, 10, 5_000)),
            amenities=self.some(USED, 5),
            guests_max=pick((2, 4, 4, 50)),
            min_nights=least,
            max_nights=pick((max(least, 5), 30, 365)),
            advance_notice_days=pick((0, 0, 0, 3)),
            booking_window_days=pick((7, 365, 730, 730)),
            preparation_nights=pick((0, 0, 1, 3)),
            units=pick((1, 1, 2)),
        )

    def ahead(self):
        """Days from today, mostly soon, and as often far away."""
        return self.pick((self.random.randint(-3, 15), self.random.randint(-3, 15), self.random.randint(-70, 800)))

    def move(self, property_id):
        """One move of stock: what happens, to which property, from which day on, for how many nights."""
        return self.pick(("take", "take", "close")), property_id, day(self.ahead()), self.pick((1, 1, 2, 5, 60))

    def nights(self):
        terms = NightTerms(min_nights=self.pick((None, 1, 7)), max_nights=self.pick((None, 8, 90)))
        return {day(self.random.randint(0, 20)): terms}

    def search(self):
        """A search with few filters at a time: with many, nothing fits and every answer is right."""
        asked = {}
        for name in self.some(FILTERS, 3):
            asked |= getattr(self, f"_{name}")()
        sorts = [each for each in StaySort if "circle" in asked or each is not StaySort.DISTANCE]
        return StaySearch(**asked, sort=self.pick(sorts), limit=self.pick((1, 1, 2, 3, 7, 100)))

    def _dates(self):
        ahead = self.pick((self.random.randint(-1, 12), self.random.randint(-1, 12), self.random.randint(-1, 600)))
        nights = self.pick(
            (self.random.randint(1, 9), self.random.randint(1, 9), self.pick((30, 59, 60, 61, 120, 130)))
        )
        return {"check_in": day(ahead), "check_out": day(ahead + nights)}

    _soon = _dates

    def _text(self):
        return {"text": self.pick(TEXTS)}

    def _place(self):
        return {"place": self.pick(PLACES)}

    def _box(self):
        south, north = sorted((self.pick(LATITUDES), self.pick(LATITUDES)))
        return {"box": Box(south=south, north=north, west=self.pick(LONGITUDES), east=self.pick(LONGITUDES))}

    def _circle(self):
        radius = self.pick((0.5, 12.3, 170.7, 3_000.1, 9_999.9, 20_100.0))
        return {
            "circle": Circle(latitude=self.pick(LATITUDES), longitude=self.pick(LONGITUDES), radius_km=radius),
        }

    def _guests(self):
        return {"guests": self.pick((1, 2, 3, 50))}

    def _price(self):
        least, most = sorted((self.pick(PRICES), self.pick(PRICES)))
        return self.pick(({"price_min_minor": least}, {"price_max_minor": most}, {"price_min_minor": 0}))

    def _kinds(self):
        return {"kinds": self.some(tuple(PropertyKind), 4)}

    def _amenities(self):
        return {"amenities": self.some(USED, 2)}

    def _rating(self):
        return {"rating_min": self.pick((0.0, 3.5, 4.4, 4.41, 5.0))}


class Model:
    """The truth, one home at a time."""

    def __init__(self, world):
        self.homes = list(world.catalog.homes.values())
        self.booking = world.booking
        self.nights = world.catalog.nights

    def find(self, search):
        found = [each for each in self.homes if self._fits(each, search)]
        if search.sort in {StaySort.PRICE_DESC, StaySort.RATING}:
            return sorted(found, key=lambda each: (self._key(each, search), each.id), reverse=True)
        return sorted(found, key=lambda each: (self._key(each, search), each.id))

    def facets(self, search):
        found = self.find(search)
        return {
            "kind": Counter(each.draft.kind.value for each in found),
            "neighbourhood": Counter(
                each.draft.location.neighbourhood for each in found if each.draft.location.neighbourhood
            ),
            "amenity": Counter(code for each in found for code in each.draft.amenities if code in AMENITIES[:120]),
        }

    def _fits(self, each, search):
        draft = each.draft
        return (
            draft.listed
            and draft.terms.guests_max >= search.guests
            and (search.price_min_minor is None or draft.terms.base_minor >= search.price_min_minor)
            and (search.price_max_minor is None or draft.terms.base_minor <= search.price_max_minor)
            and (not search.kinds or draft.kind in search.kinds)
            and set(search.amenities) <= set(draft.amenities)
            and (search.rating_min is None or (draft.rating is not None and draft.rating >= search.rating_min))
            and self._reads(draft, search)
            and self._lies(draft.location, search)
            and (search.check_in is None or self._free(each, search))
        )

    def _reads(self, draft, search):
        place = draft.location
        if search.text is not None:
            text = plain(f"{draft.name} {place.neighbourhood} {place.city} {draft.kind.replace('_', ' ')}")
            parts = split(search.text) or plain(search.text).split()
            if not all(part in text for part in parts):
                return False
        if search.place is None or not search.place.strip():
            return True
        answers = [place.city, place.neighbourhood, *place.neighbourhood.split(",")]
        wanted = split(search.place)
        return bool(wanted) and wanted in [split(each) for each in answers]

    def _lies(self, place, search):
        box = search.box
        if box is not None:
            inside = box.west <= place.longitude <= box.east
            if box.west > box.east:
                inside = place.longitude >= box.west or place.longitude <= box.east
            if not (inside and box.south <= place.latitude <= box.north):
                return False
        return search.circle is None or chord_km(self._chord(place, search.circle)) <= search.circle.radius_km

    def _chord(self, place, circle):
        ax, ay, az = on_sphere(place.latitude, place.longitude)
        bx, by, bz = on_sphere(circle.latitude, circle.longitude)
        return (ax - bx) * (ax - bx) + (ay - by) * (ay - by) + (az - bz) * (az - bz)

    def _free(self, each, search):
        terms = each.draft.terms
        nights = (search.check_out - search.check_in).days
        special = self.nights.get(each.id, {}).values()
        least = min([terms.min_nights, *[own.min_nights for own in special if own.min_nights]])
        most = max([terms.max_nights, *[own.max_nights for own in special if own.max_nights]])
        # At the property it may be a day earlier or later than in UTC.
        ahead = [(search.check_in - (TODAY + timedelta(days=shift))).days for shift in (-1, 0, 1)]
        first = night_slot(search.check_in)
        return (
            least <= nights <= most
            and any(terms.advance_notice_days <= days for days in ahead)
            and any(days <= terms.booking_window_days for days in ahead)
            and all(
                self.booking.sellable(each.id, slot) for slot in range(first, first + nights + terms.preparation_nights)
            )
        )

    def _key(self, each, search):
        match search.sort:
            case StaySort.RECOMMENDED:
                return standing(each.draft.rating, each.draft.reviews)
            case StaySort.PRICE | StaySort.PRICE_DESC:
                return each.draft.terms.base_minor
            case StaySort.RATING:
                return -1.0 if each.draft.rating is None else each.draft.rating
            case StaySort.DISTANCE:
                return self._chord(each.draft.location, search.circle)


def plain(text):
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in apart if not unicodedata.combining(each))


def split(text):
    return "".join(each if each.isalnum() or each == "_" else " " for each in plain(text)).split()


async def settle(world, chance, size):
    """Let a town become known in a world: some homes before their stock moves, some after."""
    await world.empty()
    # The first amenities of all take the bits, so that the last ones have none and are looked for in the list.
    await world.add(home(999, amenities=AMENITIES))
    world.catalog.homes.clear()
    await world.search.homes.facts_changed(ids=[999], imported=[])
    ids = chance.random.sample(range(1, size + 1), size)
    world.catalog.nights |= {each: chance.nights() for each in ids if chance.random.random() < 0.2}
    early = [each for each in ids if each % 3]
    await world.add(*[chance.home(each) for each in early])
    for _ in range(3):
        moved = [chance.move(each) for each in ids for _ in range(chance.pick((0, 0, 1, 2)))]
        await world.hear_stock(*[getattr(world.booking, what)(*where) for what, *where in moved])
    await world.add(*[chance.home(each) for each in ids if each not in early])
    return Model(world)


async def every_page(world, search):
    hits, totals, after = [], [], None
    while True:
        page = await world.search.stays(search=search, after=after)
        hits += page.hits
        totals.append(page.total)
        assert len(page.hits) == search.limit or page.next_position is None
        if page.next_position is None:
            return hits, totals
        after = page.next_position


async def check(world, chance, size):
    model = await settle(world, chance, size)
    for _ in range(SEARCHES):
        search = chance.search()
        expected = model.find(search)
        hits, totals = await every_page(world, search)
        assert [hit.property_id for hit in hits] == [each.id for each in expected], search
        assert set(totals) == {len(expected)}
        told = await world.search.stays(search=search, facets=True)
        assert told.facets == model.facets(search), search
        assert told.total == len(expected)


def examples(quick, *, thorough):
    return settings(
        max_examples=rounds(quick, thorough=thorough),
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


class TestASearchOfAnyKind:
    @examples(40, thorough=500)
    @given(random=st.randoms(use_true_random=True), size=st.integers(1, 40))
    async def test_finds_what_a_look_at_every_home_finds(self, sqlite_world, random, size):
        await check(sqlite_world, Chance(random), size)

    @examples(8, thorough=300)
    @given(random=st.randoms(use_true_random=True), size=st.integers(1, 40))
    async def test_finds_the_same_on_each_engine(self, module_world, random, size):
        await check(module_world, Chance(random), size)
