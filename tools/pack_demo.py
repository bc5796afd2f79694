#!/usr/bin/env python3
"""Pack the demo homes: the source CSV of Inside Airbnb in, the data file of `holdfast.app.demo` out.

    tools/pack_demo.py stays_washington_dc.csv.gz src/holdfast/app/demo/washington_dc.csv.gz

The same source gives the same bytes. What the source leaves open is filled by medians and named in `estimated`; titles
say nothing that is not in the facts; amenities become codes, so that clients can translate them.
"""

import csv
import gzip
import io
import re
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from statistics import median

Home = dict[str, str]

KINDS = {
    "Entire home/apt": "entire_home",
    "Private room": "private_room",
    "Shared room": "shared_room",
    "Hotel room": "hotel_room",
}

# What a guest gets, by the source's property type, where the words differ from the source's own.
WHOLE = {
    "entire rental unit": "apartment",
    "entire home": "house",
    "entire vacation home": "vacation home",
    "casa particular": "guest home",
    "floor": "floor",
}
ROOMS = {
    "room in hotel": "hotel room",
    "room in boutique hotel": "boutique hotel room",
    "room in aparthotel": "aparthotel room",
    "room in hostel": "hostel room",
    "room in bed and breakfast": "bed and breakfast room",
    "room in serviced apartment": "room in a serviced apartment",
}
PLACES = {"rental unit": "apartment", "home": "house", "casa particular": "guest home"}

# The first pattern that is found in an amenity gives its code; an amenity without a pattern is left out.
AMENITIES: tuple[tuple[str, str], ...] = (
    (r"wifi", "wifi"),
    (r"ethernet", "ethernet"),
    (r"^(private |shared )?hot tub", "hot_tub"),
    (r"sauna", "sauna"),
    (r"pool table", "pool_table"),
    (r"pool view|courtyard view", "courtyard_view"),
    (r"(^|private |shared |outdoor |indoor )pool\b", "pool"),
    (r"waterfront", "waterfront"),
    (r"lake access", "lake_access"),
    (r"(river|lake|harbor|marina|canal|ocean) view", "water_view"),
    (r"city skyline view", "skyline_view"),
    (r"park view", "park_view"),
    (r"garden view", "garden_view"),
    (r"ev charger", "ev_charger"),
    (r"^free (parking|driveway|carport|residential garage|parking garage|residential).*on premises", "free_parking"),
    (r"^free (street )?parking", "free_street_parking"),
    (r"^paid .*parking", "paid_parking"),
    (r"piano", "piano"),
    (r"record player", "record_player"),
    (r"sound system", "sound_system"),
    (r"game console|^(ps\d|xbox|nintendo)", "game_console"),
    (r"board games", "board_games"),
    (r"fireplace guards", ""),
    (r"fireplace", "fireplace"),
    (r"fire pit", "fire_pit"),
    (r"barbecue utensils", ""),
    (r"bbq grill", "bbq_grill"),
    (r"hammock", "hammock"),
    (r"outdoor kitchen", "outdoor_kitchen"),
    (r"outdoor dining", "outdoor_dining"),
    (r"outdoor furniture|sun loungers", "outdoor_furniture"),
    (r"outdoor playground", "playground"),
    (r"patio or balcony", "patio_or_balcony"),
    (r"backyard", "backyard"),
    (r"\bgym nearby", ""),
    (r"\bgym\b", "gym"),
    (r"exercise equipment", "exercise_equipment"),
    (r"bikes", "bikes"),
    (r"elevator", "elevator"),
    (r"single level home", "single_level"),
    (r"private entrance", "private_entrance"),
    (r"private living room", "private_living_room"),
    (r"self check-in", "self_check_in"),
    (r"keypad|smart lock|lockbox", "keyless_entry"),
    (r"building staff", "building_staff"),
    (r"host greets", "host_greets_you"),
    (r"luggage dropoff", "luggage_dropoff"),
    (r"long term stays", "long_stays"),
    (r"pets allowed", "pets_allowed"),
    (r"smoking allowed", "smoking_allowed"),
    (r"breakfast", "breakfast"),
    (r"workspace", "workspace"),
    (r"laundromat", "laundromat_nearby"),
    (r"hair ?dryer", "hair_dryer"),
    (r"dishwasher", "dishwasher"),
    (r"drying rack", "drying_rack"),
    (r"^(free |paid )?washer", "washer"),
    (r"^(free |paid )?dryer", "dryer"),
    (r"\bac\b|air conditioning", "air_conditioning"),
    (r"heating", "heating"),
    (r"portable fans|ceiling fan", "fan"),
    (r"kitchenette", "kitchenette"),
    (r"^kitchen$", "kitchen"),
    (r"cooking basics", "cooking_basics"),
    (r"mini fridge", "mini_fridge"),
    (r"refrigerator", "refrigerator"),
    (r"freezer", "freezer"),
    (r"microwave", "microwave"),
    (r"stove", "stove"),
    (r"oven", "oven"),
    (r"coffee maker|^coffee$", "coffee"),
    (r"kettle", "kettle"),
    (r"toaster", "toaster"),
    (r"blender", "blender"),
    (r"rice maker", "rice_maker"),
    (r"wine glasses", "wine_glasses"),
    (r"children.s dinnerware", "children_dinnerware"),
    (r"dishes and silverware", "dishes"),
    (r"dining table", "dining_table"),
    (r"high chair", "high_chair"),
    (r"children.s books|children.s playroom", "toys"),
    (r"pack .n play|^(paid )?crib|travel crib", "crib"),
    (r"baby|changing table|outlet covers|window guards", "baby_safety"),
    (r"babysitter", "babysitter_tips"),
    (r"books and reading", "books"),
    (r"\btv\b|hdtv", "tv"),
    (r"movie theater", "home_theater"),
    (r"bathtub", "bathtub"),
    (r"bidet", "bidet"),
    (r"essentials", "essentials"),
    (r"hot water", "hot_water"),
    (r"shampoo", "shampoo"),
    (r"conditioner", "conditioner"),
    (r"shower gel|body soap", "soap"),
    (r"bed linens", "bed_linens"),
    (r"extra pillows", "extra_pillows"),
    (r"room-darkening", "dark_shades"),
    (r"hangers|clothing storage", "clothing_storage"),
    (r"^iron$", "iron"),
    (r"lock on bedroom door", "bedroom_lock"),
    (r"^safe$", "safe"),
    (r"smoke alarm", "smoke_alarm"),
    (r"carbon monoxide", "carbon_monoxide_alarm"),
    (r"fire extinguisher", "fire_extinguisher"),
    (r"first aid", "first_aid_kit"),
    (r"security cameras", "outdoor_cameras"),
    (r"noise decibel", "noise_monitor"),
    (r"cleaning available|housekeeping", "housekeeping"),
    (r"cleaning products", "cleaning_products"),
)
_PATTERNS = tuple((re.compile(pattern), code) for pattern, code in AMENITIES)

# What a title may boast of, rarest and best first.
STANDOUT: tuple[tuple[str, str], ...] = (
    ("pool", "pool"),
    ("hot_tub", "hot tub"),
    ("sauna", "sauna"),
    ("waterfront", "waterfront setting"),
    ("water_view", "water view"),
    ("home_theater", "home theater"),
    ("piano", "piano"),
    ("pool_table", "pool table"),
    ("record_player", "record player"),
    ("skyline_view", "skyline view"),
    ("ev_charger", "EV charger"),
    ("park_view", "park view"),
    ("garden_view", "garden view"),
    ("fireplace", "fireplace"),
    ("fire_pit", "fire pit"),
    ("hammock", "hammock"),
    ("bikes", "bikes"),
    ("bbq_grill", "grill"),
    ("outdoor_dining", "outdoor dining"),
    ("gym", "gym"),
    ("free_parking", "free parking"),
    ("breakfast", "breakfast"),
    ("patio_or_balcony", "patio or balcony"),
    ("backyard", "backyard"),
    ("elevator", "elevator"),
    ("crib", "crib"),
    ("bathtub", "bathtub"),
    ("private_entrance", "private entrance"),
    ("workspace", "workspace"),
    ("washer", "washer"),
    ("self_check_in", "self check-in"),
    ("kitchen", "kitchen"),
    ("wifi", "wifi"),
)

# A countable thing takes an article after "with".
_NO_ARTICLE = {"bikes", "outdoor dining", "free parking", "breakfast", "self check-in", "wifi"}
_NUMBERS = ("", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_TITLE_LIMIT = 120
_FIELDS = (
    "title",
    "neighbourhood",
    "latitude",
    "longitude",
    "property_type",
    "kind",
    "guests",
    "bedrooms",
    "beds",
    "bathrooms",
    "price_usd",
    "minimum_nights",
    "maximum_nights",
    "reviews",
    "rating",
    "instant",
    "available_days",
    "estimated",
    "amenities",
)


def codes_of(amenities: str) -> list[str]:
    """Return the codes of the source's amenities, each once, in the source's order."""
    codes: dict[str, None] = {}
    for raw in amenities.split("|"):
        text = raw.lower().replace("\N{NO-BREAK SPACE}", " ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        code = next((code for pattern, code in _PATTERNS if pattern.search(text)), "")
        if code:
            codes[code] = None
    return list(codes)


def medians(homes: Iterable[Home], column: str, *keys: Callable[[Home], str]) -> Callable[[Home], float]:
    """Return what finds the median of `column` among the homes alike by the first key that knows any."""
    known: dict[tuple[int, str], list[float]] = defaultdict(list)
    for home in homes:
        if home[column]:
            for place, key in enumerate(keys):
                known[place, key(home)].append(float(home[column]))
    found = {group: median(values) for group, values in known.items()}

    def of(home: Home) -> float:
        return next(found[place, key(home)] for place, key in enumerate(keys) if (place, key(home)) in found)

    return of


def fill(homes: list[Home]) -> None:
    """Fill what the source leaves open, and say so in `estimated`."""

    def everywhere(_: Home) -> str:
        return ""

    def kind(home: Home) -> str:
        return home["room_type"]

    def kind_and_place(home: Home) -> str:
        return f"{home['room_type']}|{home['neighbourhood']}"

    def kind_and_guests(home: Home) -> str:
        return f"{home['room_type']}|{home['accommodates']}"

    guesses: dict[str, tuple[Callable[[Home], float], str]] = {
        "price_usd": (medians(homes, "price_usd", kind_and_place, kind, everywhere), ".2f"),
        "bedrooms": (medians(homes, "bedrooms", kind_and_guests, kind, everywhere), ".0f"),
        "beds": (medians(homes, "beds", kind_and_guests, kind, everywhere), ".0f"),
        "bathrooms": (medians(homes, "bathrooms", kind_and_guests, kind, everywhere), ".1f"),
    }
    for home in homes:
        missing = [column for column in guesses if not home[column]]
        for column in missing:
            of, form = guesses[column]
            value = of(home)
            home[column] = format(round(value * 2) / 2 if column == "bathrooms" else value, form)
        home["estimated"] = "|".join(column.removesuffix("_usd") for column in missing)


def area(neighbourhood: str) -> str:
    """Return a short name of one of the city's neighbourhood clusters: its first two names."""
    first, *others = neighbourhood.split(", ")
    return f"{first} / {others[0]}" if others and "/" not in first + others[0] else first


def thing(home: Home) -> str:
    """Return what a guest gets, in words."""
    source = home["property_type"].lower()
    if source in ROOMS:
        return ROOMS[source]
    for words in ("private room", "shared room"):
        if source.startswith(words):
            place = source.removeprefix(words).removeprefix(" in ")
            return f"{words} in {with_article(PLACES.get(place, place))}" if place else words
    noun = WHOLE.get(source, source.removeprefix("entire "))
    if "bedrooms" in home["estimated"].split("|"):
        return noun
    bedrooms = int(home["bedrooms"])
    if bedrooms == 0:
        return "studio apartment" if noun == "apartment" else f"studio {noun}"
    return f"{_NUMBERS[bedrooms]}-bedroom {noun}"


def boasts(codes: Iterable[str], pick: int) -> Iterator[str]:
    """Yield what stands out, best first; `pick` may pass over the first so that neighbours differ."""
    have = set(codes)
    found = [words for code, words in STANDOUT if code in have]
    yield from found[1:3] if pick % 5 == 0 and len(found) > 2 else found[:2]  # noqa: PLR2004 - two are said


def with_article(words: str) -> str:
    """Return the words as they stand after "with"."""
    if words in _NO_ARTICLE:
        return words
    return f"{'an' if words[0] in 'aeioE' else 'a'} {words}"


def title(home: Home, codes: list[str]) -> str:
    """Return a title that says only what the facts say, in one of several shapes."""
    pick = zlib.crc32(home["id"].encode())
    what, where, sleeps = thing(home), area(home["neighbourhood"]), home["accommodates"]
    first, *more = [*boasts(codes, pick >> 8), "", ""]
    second = more[0]
    shapes = [f"{what} in {where}", f"{what} for {sleeps} in {where}"]
    if first:
        shapes += [
            f"{what} with {with_article(first)}, {where}",
            f"{what} for {sleeps} with {with_article(first)}, {where}",
            f"{where}: {what} with {with_article(first)}",
        ]
    if second:
        shapes += [
            f"{what} with {with_article(first)} and {with_article(second)}, {where}",
            f"{first} and {second}: {what} in {where}",
        ]
    # The plain shapes are for homes that have nothing to boast of.
    usable = [shape for shape in (shapes[2:] or shapes) if len(shape) <= _TITLE_LIMIT] or shapes[:1]
    chosen = usable[pick % len(usable)]
    return chosen[0].upper() + chosen[1:]


def packed(homes: list[Home]) -> bytes:
    """Return the data file: CSV, compressed without a date so that the same facts give the same bytes."""
    fill(homes)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_FIELDS)
    for home in homes:
        codes = codes_of(home["amenities"])
        row = {
            **home,
            "title": title(home, codes),
            "kind": KINDS[home["room_type"]],
            "guests": home["accommodates"],
            "instant": "1" if home["instant_bookable"] == "t" else "0",
            "available_days": home["available_days_365"],
            "amenities": "|".join(codes),
        }
        writer.writerow([row[field] for field in _FIELDS])
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=9, mtime=0) as file:
        file.write(text.getvalue().encode())
    return out.getvalue()


def main(source: str, target: str) -> None:
    """Read the source and write the data file."""
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        homes = list(csv.DictReader(file))
    data = packed(homes)
    Path(target).write_bytes(data)
    estimated = Counter(name for home in homes for name in home["estimated"].split("|") if name)
    sys.stdout.write(f"{len(homes)} homes, {len(data)} bytes, estimated: {dict(estimated)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
