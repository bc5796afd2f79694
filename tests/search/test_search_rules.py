"""The arithmetic of search against plain sets, and what words and places mean."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.search.api import Box, Circle
from holdfast.search.rules.facts import facts_of
from holdfast.search.rules.globe import (
    RADIUS_KM_MAX,
    box_bounds,
    chord_km,
    chord_squared,
    circle_bounds,
    distance_km,
    on_sphere,
)
from holdfast.search.rules.ranking import standing
from holdfast.search.rules.ring import (
    ALL_BUSY,
    HORIZON_NIGHTS_MAX,
    RING_NIGHTS,
    WORD_NIGHTS,
    WORDS,
    from_words,
    nights_mask,
    onto_ring,
    ring_start,
    runs,
    span_bits,
    spread_back,
    spread_on,
    to_words,
)
from holdfast.search.rules.words import (
    AMENITY_BITS,
    PLACES_MAX,
    amenity_words,
    number_list,
    pattern,
    place_key,
    places,
    words,
)
from holdfast.search.settings import SearchSettings
from search.search_builder import home

spots = st.sets(st.integers(0, RING_NIGHTS - 1), max_size=30)
slots = st.integers(0, 60_000)


def bits_of(numbers):
    return sum(1 << number for number in numbers)


def numbers_of(bits):
    return {number for number in range(bits.bit_length()) if bits >> number & 1}


class TestTheRing:
    @given(first=slots, count=st.integers(0, RING_NIGHTS))
    def test_gives_every_night_a_bit_of_its_own(self, first, count):
        assert numbers_of(nights_mask(first, first + count)) == {
            slot % RING_NIGHTS for slot in range(first, first + count)
        }

    @given(first=slots, taken=spots)
    def test_keeps_nights_apart_wherever_it_begins(self, first, taken):
        assert numbers_of(onto_ring(bits_of(taken), first)) == {(first + spot) % RING_NIGHTS for spot in taken}

    @given(taken=spots)
    def test_comes_back_from_its_words(self, taken):
        kept = to_words(bits_of(taken))
        assert len(kept) == WORDS
        assert all(0 <= word < 2**WORD_NIGHTS for word in kept)
        assert from_words(kept) == bits_of(taken)

    @given(first=st.integers(-100, 1000), end=st.integers(-100, 1000))
    def test_cuts_spans_to_itself(self, first, end):
        assert numbers_of(span_bits(first, end)) == {spot for spot in range(first, end) if 0 <= spot < RING_NIGHTS}

    @given(taken=spots, nights=st.integers(0, 5))
    def test_spreads(self, taken, nights):
        before = {spot - back for spot in taken for back in range(nights + 1) if spot >= back}
        after = {spot + on for spot in taken for on in range(nights + 1)}
        assert numbers_of(spread_back(bits_of(taken), nights)) == before
        assert numbers_of(spread_on(bits_of(taken), nights)) == after

    @given(taken=st.sets(st.integers(0, 900)))
    def test_tells_where_bits_are_run_by_run(self, taken):
        found = list(runs(bits_of(taken)))
        assert {spot for first, end in found for spot in range(first, end)} == taken
        assert all(one_end < next_first for (_, one_end), (next_first, _) in itertools.pairwise(found))
        assert all(first < end for first, end in found)

    @given(today=slots)
    def test_holds_yesterday_and_the_whole_horizon_on_every_day(self, today):
        start = ring_start(today + 100) * WORD_NIGHTS
        assert start <= today + 99
        assert today + 100 + HORIZON_NIGHTS_MAX <= start + RING_NIGHTS

    def test_is_as_long_as_the_setting_says(self):
        [limit] = [each.le for each in SearchSettings.model_fields["horizon_nights"].metadata if hasattr(each, "le")]
        assert limit == HORIZON_NIGHTS_MAX

    def test_is_busy_all_over(self):
        assert numbers_of(ALL_BUSY) == set(range(RING_NIGHTS))


class TestWords:
    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", ()),
            ("  \t\n ", ()),
            ("Dupont Circle, DC", ("dupont", "circle", "dc")),
            ("ÉCOLE école", ("ecole",)),
            ("Straße", ("strasse",)),
            ("ﬁve ①", ("five", "1")),
            ("o'brien's 5%", ("o", "brien", "s", "5")),
            ("100% %", ("100",)),
            ("% _!", ("_",)),
            ("% !", ("%", "!")),
            ("東京 Żółw", ("東京", "zołw")),
            ("a\x00b\ud800c\u200bd", ("abcd",)),
        ],
    )
    def test_are_what_a_text_has_to_contain(self, text, found):
        assert words(text) == found

    def test_stand_in_a_pattern_as_themselves(self):
        assert pattern("5%_!") == "%5!%!_!!%"


class TestAPlace:
    def test_answers_to_its_city_its_neighbourhood_and_the_parts_of_that(self):
        assert places("Dupont Circle, K Street/Foggy", "New York") == (
            "|new york|dupont circle k street foggy|dupont circle|k street foggy|"
        )

    def test_of_nothing_answers_to_nothing(self):
        assert places("", "!!!") == "|"
        assert place_key("!!!") == ""

    def test_fits_into_its_column_whole_key_by_whole_key(self):
        made = places(", ".join(f"part {number} {'x' * 40}" for number in range(60)), "Town")
        assert len(made) <= PLACES_MAX
        assert made.startswith("|town|part 0 ")
        assert made.endswith("x|")


class TestAmenities:
    def test_have_bits_as_far_as_there_are_some(self):
        assert amenity_words([0, 59, 60, AMENITY_BITS - 1, AMENITY_BITS, 9999]) == (1 | 1 << 59, 1, 0, 1 << 59)

    def test_are_listed_so_that_one_is_not_found_in_another(self):
        assert number_list([17, 3, 17, 170]) == ",3,17,170,"
        assert number_list([]) == ",,"


class TestTheRecommendedOrder:
    def test_prefers_many_content_guests_to_one_enthusiast(self):
        assert standing(4.8, 200) < standing(5.0, 1) < standing(None, 0) < standing(3.0, 1) < standing(3.0, 200)

    def test_prefers_more_reviews_at_the_same_rating(self):
        assert standing(4.4, 9) < standing(4.4, 8)


def far(from_, to):
    """The haversine formula."""
    (a, b), (c, d) = [map(math.radians, point) for point in (from_, to)]
    half = math.sin((c - a) / 2) ** 2 + math.cos(a) * math.cos(c) * math.sin((d - b) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(min(1.0, half)))


points = st.tuples(st.floats(-90, 90), st.floats(-180, 180))


class TestTheGlobe:
    @given(a=points, b=points)
    def test_measures_as_the_haversine_formula_does(self, a, b):
        assert distance_km(a, b) == pytest.approx(far(a, b), rel=1e-6, abs=0.2 if far(a, b) > 20_000 else 1e-3)

    @given(km=st.floats(0, 20_000))
    def test_turns_distances_into_chords_and_back(self, km):
        assert chord_km(chord_squared(km)) == pytest.approx(km, abs=0.01)

    @given(point=points)
    def test_reaches_the_opposite_point_with_the_largest_radius(self, point):
        opposite = (-point[0], point[1] - 180 if point[1] > 0 else point[1] + 180)
        apart = sum((a - b) ** 2 for a, b in zip(on_sphere(*point), on_sphere(*opposite), strict=True))
        assert apart <= chord_squared(RADIUS_KM_MAX)

    @given(middle=points, radius=st.floats(0.001, 20_100), point=points, share=st.floats(0, 1))
    def test_puts_bounds_around_all_of_a_circle(self, middle, radius, point, share):
        # Points anywhere seldom lie in a small circle, so one is also drawn close to it.
        near = (
            max(-90.0, min(90.0, middle[0] + (point[0] / 90) * share * radius / 111)),
            (middle[1] + (point[1] / 180) * share * radius / 111 + 540) % 360 - 180,
        )
        bounds = circle_bounds(Circle(latitude=middle[0], longitude=middle[1], radius_km=radius))
        for latitude, longitude in (point, near):
            if distance_km(middle, (latitude, longitude)) <= radius * (1 - 1e-9) - 1e-6:
                assert bounds.south <= latitude <= bounds.north
                inside = (longitude >= bounds.west, longitude <= bounds.east)
                assert any(inside) if bounds.wraps else all(inside)

    def test_lets_a_box_cross_the_date_line(self):
        assert box_bounds(Box(south=-20, west=170, north=-10, east=-170)).wraps
        assert not box_bounds(Box(south=-20, west=-170, north=-10, east=170)).wraps


class TestFacts:
    def test_of_an_unlisted_property_have_its_ordinary_limits(self):
        facts = facts_of(home(1, listed=False, min_nights=3, max_nights=9, rating=None), None)
        assert (facts.min_nights, facts.max_nights, facts.listed, facts.rated) == (3, 9, False, -1.0)

    def test_are_looked_for_in_name_place_and_kind(self):
        facts = facts_of(home(1, name="Café", neighbourhood="Ünder", city="Town"), None)
        assert facts.haystack == "cafe under town entire home"
