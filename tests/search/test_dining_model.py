"""Every search against a look at every restaurant: hits, times, order, pages, total and facets, on each engine.

The model knows nothing of weekdays, digits, bits or rows: for each restaurant it asks `day_slots`, which is what a
guest sees who looks at one restaurant, and filters in plain Python. Distances alone are reckoned by the same function.
"""

import random
from collections import Counter
from datetime import timedelta

import pytest

from holdfast.search.api import Box, Circle, DiningSearch, DiningSort
from holdfast.search.rules.globe import distance_km
from holdfast.search.rules.ranking import standing
from holdfast.verticals.dining.offering import day_slots
from holdfast.verticals.dining.seating import seatings
from holdfast.verticals.dining.slots import QUARTERS
from holdfast.verticals.dining.terms import Combination, DiningTable, Service, SpecialDay, TurnTime
from search.dining_builder import TableStockMoved, a_dining_world, day, resources, restaurant, slot_of
from support.effort import rounds

ZONES = ("America/New_York", "America/New_York", "Pacific/Auckland", "Asia/Kathmandu", "America/Los_Angeles")
AREAS = ("Dupont Circle", "Capitol Hill", "", "Old Town, Kings")
CUISINES = ("thai", "italian", "new_american", "vegan", "wine_bar")
AHEAD = (-1, 0, 0, 1, 1, 2, 3, 7, 8, 57, 58, 59, 69, 70, 71)
"""Around today, and around clock changes in America (58) and New Zealand (79 - 8)."""
SEARCHES = 12


@pytest.fixture(scope="module")
async def module_world(url):
    async with a_dining_world(url) as world:
        yield world


class Chance:
    """Draws towns and searches."""

    def __init__(self, seed):
        self.random = random.Random(seed)  # noqa: S311 - a test that can be repeated
        self.pick = self.random.choice

    def some(self, values, most):
        return tuple(self.random.sample(values, self.random.randint(0, most)))

    def span(self, least, most):
        return sorted((self.random.randint(least, most), self.random.randint(least, most)))

    def restaurant(self, restaurant_id):
        pick = self.pick
        rooms = tuple(
            DiningTable(code=f"t{n}", area="a", seats_min=least, seats_max=most, online=pick((True, True, False)))
            for n in range(self.random.randint(1, 5))
            for least, most in [self.span(1, 6)]
        )
        pairs = [each.code for each in rooms[:2]]
        joined = (Combination(tables=tuple(pairs), party_min=5, party_max=9),) if len(pairs) > 1 else ()
        return restaurant(
            restaurant_id,
            listed=pick((True, True, True, True, False)),
            neighbourhood=pick(AREAS),
            latitude=pick((38.9, 38.91, 39.0, -36.8)),
            longitude=pick((-77.0, -77.04, 179.9, -179.9)),
            rating=pick((None, 3.5, 4.5, 4.5, 5.0)),
            reviews=pick((0, 10, 10, 500)),
            cuisines=self.some(CUISINES, 3),
            price_level=self.random.randint(1, 4),
            zone=pick(ZONES),
            tables=rooms,
            combinations=joined,
            services=self.services(),
            special_days=self.special_days(),
            turn_times=(TurnTime(party_max=2, minutes=pick((60, 90))), TurnTime(party_max=9, minutes=135)),
            party_max=pick((4, 8, 12)),
            notice_minutes=pick((0, 0, 0, 120, 1800)),
            booking_window_days=pick((1, 60, 70, 90)),
        )

    def services(self):
        first, last = self.span(0, 40)
        late, end = self.span(44, 95)
        limits = {
            "covers_per_slot": self.pick((None, None, 4)),
            "parties_per_slot": self.pick((None, None, 2)),
            "present_max": self.pick((None, None, 9)),
            "online_bp": self.pick((10_000, 5_000)),
        }
        return (
            Service(
                code="early",
                name="Early",
                weekdays=self.some(range(7), 7),
                first_seating=QUARTERS[first],
                last_seating=QUARTERS[last],
            ),
            Service(
                code="late",
                name="Late",
                weekdays=tuple(range(7)),
                first_seating=QUARTERS[late],
                last_seating=QUARTERS[end],
                **limits,
            ),
        )

    def special_days(self):
        days = {day(self.pick(AHEAD)) for _ in range(self.random.randint(0, 3))}
        return tuple(SpecialDay(day=each, services=self.some(("early", "late"), 2)) for each in sorted(days))

    def move(self, known):
        """Take some of a resource of a restaurant."""
        terms = known.draft.terms
        resource_id, capacity = self.pick(sorted(resources(terms).items()))
        first = slot_of(day(self.pick(AHEAD)), self.pick(QUARTERS))
        slots = range(first, first + self.random.randint(1, 12))
        return resource_id, slots, self.random.randint(1, capacity) if capacity else 0, capacity

    def search(self):
        asked = {"day": day(self.pick(AHEAD))} if self.random.random() < 0.8 else {}
        if asked and self.random.random() < 0.6:
            asked["at"] = self.pick(QUARTERS).replace(minute=self.pick((0, 15, 20, 59)))
        if self.random.random() < 0.3:
            asked |= self.pick(
                (
                    {"cuisines": self.some(CUISINES, 2)},
                    {"price_levels": self.some((1, 2, 3, 4), 3)},
                    {"rating_min": 4.5},
                    {"place": self.pick(("Old Town", "kings", "washington"))},
                    {"text": self.pick(("wine bar", "room 1", "dupont"))},
                    {"box": Box(south=-40.0, west=179.0, north=38.95, east=-77.0)},
                )
            )
        if self.random.random() < 0.3:
            asked["circle"] = Circle(latitude=38.9, longitude=-77.02, radius_km=self.pick((2.0, 15.0, 20_000.0)))
        sorts = [
            each
            for each in DiningSort
            if ("circle" in asked or each is not DiningSort.DISTANCE)
            and ("day" in asked or each is not DiningSort.EARLIEST)
        ]
        return DiningSearch(
            **asked, party_size=self.pick((1, 2, 2, 3, 5, 8, 13)), sort=self.pick(sorts), limit=self.pick((1, 3, 50))
        )


class Model:
    """What a guest finds who looks at every restaurant."""

    def __init__(self, world, search):
        self.world = world
        self.search = search
        self.free = {}

    def found(self):
        """The restaurants in order."""
        kept = [each for each in self.world.catalog.kept.values() if each.draft.listed and self.fits(each)]
        for each in kept:
            self.free[each.id] = self.starts(each)
        if self.search.day is not None:
            kept = [each for each in kept if self.free[each.id]]
        return sorted(kept, key=self.key)

    def fits(self, each):
        draft, search = each.draft, self.search
        place = draft.location
        seated = search.party_size <= draft.terms.party_max and seatings(draft.terms, search.party_size, online=True)
        return bool(seated) and all(
            (
                not search.cuisines or set(search.cuisines) & set(draft.cuisines),
                not search.price_levels or draft.price_level in search.price_levels,
                search.rating_min is None or (draft.rating or 0) >= search.rating_min,
                search.place is None
                or search.place.lower()
                in {"washington", *[part.strip().lower() for part in place.neighbourhood.split(",")]},
                search.text is None or self.says(draft, search.text),
                search.box is None or (-40 <= place.latitude <= 38.95 and not -77.0 < place.longitude < 179.0),
                search.circle is None or self.away(each) <= search.circle.radius_km,
            )
        )

    def says(self, draft, text):
        said = " ".join((draft.name, draft.location.neighbourhood, *draft.cuisines)).replace("_", " ").lower()
        return all(word in said for word in text.lower().split())

    def away(self, each):
        middle = (self.search.circle.latitude, self.search.circle.longitude)
        return distance_km(middle, (each.draft.location.latitude, each.draft.location.longitude))

    def starts(self, each):
        """The free wall times that are offered."""
        if self.search.day is None:
            return []
        terms = each.draft.terms
        offers = day_slots(
            terms,
            self.search.day,
            self.search.party_size,
            self.world.cells_of(terms),
            now=self.world.clock.now(),
            online=True,
        )
        free = [offer.at for offer in offers if offer.free]
        return [at for at in free if self.search.at is None or self.apart(at) <= 90]

    def apart(self, at):
        wanted = self.search.at
        return abs((at.hour - wanted.hour) * 60 + at.minute - wanted.minute)

    def key(self, each):
        draft = each.draft
        first = {
            DiningSort.RECOMMENDED: lambda: 0,
            DiningSort.RATING: lambda: -(-1 if draft.rating is None else draft.rating),
            DiningSort.DISTANCE: lambda: self.away(each),
            DiningSort.EARLIEST: lambda: self.free[each.id][0],
        }[self.search.sort]()
        return first, standing(draft.rating, draft.reviews), each.id

    def times(self, each):
        free = self.free[each.id]
        if self.search.at is not None:
            free = sorted(free, key=lambda at: (self.apart(at), at))
        return tuple(sorted(free[:7]))

    def facets(self, found):
        drafts = [each.draft for each in found]
        counted = {
            "cuisine": Counter(cuisine for draft in drafts for cuisine in draft.cuisines),
            "neighbourhood": Counter(draft.location.neighbourhood for draft in drafts if draft.location.neighbourhood),
            "price_level": Counter(str(draft.price_level) for draft in drafts),
        }
        return {name: dict(counts) for name, counts in counted.items()}


async def pages(world, search):
    after = None
    for _ in range(60):
        page = await world.search.dining(search=search, after=after, facets=True)
        yield page
        after = page.next_position
        if after is None:
            return
    pytest.fail("pages without end")


async def check(world, search):
    model = Model(world, search)
    found = model.found()
    hits = []
    async for page in pages(world, search):
        assert page.total == len(found)
        assert page.facets == model.facets(found)
        assert len(page.hits) == min(search.limit, len(found) - len(hits))
        hits += page.hits
    assert [(hit.restaurant_id, hit.times) for hit in hits] == [(each.id, model.times(each)) for each in found]
    return len(found)


class TestASearchOfAnyKind:
    @pytest.mark.parametrize("seed", range(rounds(4, thorough=100)))
    async def test_finds_what_a_look_at_every_restaurant_finds(self, module_world, seed):
        world, chance = module_world, Chance(seed)
        await world.empty()
        town = [chance.restaurant(each) for each in range(1, chance.random.randint(8, 20))]
        for _ in range(20):
            world.stock.move(*chance.move(chance.pick(town)))
        await world.add(*town)
        moved = []
        for _ in range(40):
            known = chance.pick(town)
            resource_id, slots, units, capacity = chance.move(known)
            world.stock.move(resource_id, slots, units, capacity)
            moved.append(TableStockMoved(restaurant_id=known.id, first_slot=slots.start, end_slot=slots.stop))
        await world.hear_stock(*moved)
        total = 0
        for hours in (0, 5, 6):
            world.clock.advance(timedelta(hours=hours))
            for _ in range(SEARCHES):
                total += await check(world, chance.search())
        assert total
