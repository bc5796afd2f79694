#!/usr/bin/env python3
"""Pack the demo's flight routes: the source CSV of OpenFlights in, the data file of `holdfast.app.demo` out.

    tools/pack_routes.py flight_routes.csv.gz src/holdfast/app/demo/flight_routes.csv.gz

The same source gives the same bytes. Of several types of airplane the first is kept; a freighter becomes the type that
carries people; where the source names none, the type is the one its airline flies most, and `estimated` says so.
"""

import csv
import gzip
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

Route = dict[str, str]

FREIGHTERS = {"74Y": "744", "74N": "74H"}
_FIELDS = ("airline", "origin", "destination", "equipment", "estimated")


def routes_of(source: Sequence[Route]) -> list[Route]:
    """Return the routes in order, each with one type of airplane."""
    flown: dict[str, Counter[str]] = defaultdict(Counter)
    for line in source:
        flown[line["airline_iata"]].update(line["equipment_iata"].split())
    routes = []
    for line in source:
        airline = line["airline_iata"]
        said = line["equipment_iata"].split()
        # Of types flown equally often the first by code, so that the same source gives the same bytes.
        usual = min(flown[airline], key=lambda code: (-flown[airline][code], code))
        code = said[0] if said else usual
        routes.append(
            {
                "airline": airline,
                "origin": line["from_iata"],
                "destination": line["to_iata"],
                "equipment": FREIGHTERS.get(code, code),
                "estimated": "" if said else "equipment",
            }
        )
    return sorted(routes, key=lambda route: tuple(route[field] for field in _FIELDS))


def packed(source: Sequence[Route]) -> bytes:
    """Return the data file: CSV, compressed without a date so that the same facts give the same bytes."""
    text = io.StringIO()
    writer = csv.DictWriter(text, _FIELDS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(routes_of(source))
    out = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=out, compresslevel=9, mtime=0) as file:
        file.write(text.getvalue().encode())
    return out.getvalue()


def main(source: str, target: str) -> None:
    """Read the source and write the data file."""
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    data = packed(lines)
    Path(target).write_bytes(data)
    sys.stdout.write(f"{len(lines)} routes, {len(data)} bytes\n")


if __name__ == "__main__":
    main(*sys.argv[1:3])
