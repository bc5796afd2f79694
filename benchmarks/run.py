"""Runs the benchmarks one after the other and writes RESULTS.md. This is `make bench`.

Each part runs in a process of its own, with servers of its own, so that none finds what another has left. Without
options a slice of everything in about seven minutes; `--full` measures longer and replays everything on every engine.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from benchmarks import ROOT
from benchmarks.machine import describe
from benchmarks.report import document

RESULTS = ROOT / "benchmarks" / "RESULTS.md"


@dataclass(frozen=True)
class Part:
    """One benchmark: the module that runs it, and how it is called for a slice and in full."""

    name: str
    module: str
    slice: tuple[tuple[str, ...], ...]
    full: tuple[tuple[str, ...], ...]


PARTS = (
    Part(
        "claims",
        "benchmarks.claims.run",
        (("--seconds", "2", "--rounds", "1"),),
        (("--seconds", "5", "--rounds", "3"),),
    ),
    Part(
        "http",
        "benchmarks.http.run",
        (("--seconds", "1.5", "--rounds", "1"),),
        (("--seconds", "5", "--rounds", "3"),),
    ),
    Part(
        "payments",
        "benchmarks.payments.run",
        (("--engines", "sqlite", "--bookings", "150", "--rounds", "1", "--seconds", "1.5"),),
        (("--bookings", "1000", "--rounds", "3", "--seconds", "5"),),
    ),
    Part(
        "replay",
        "benchmarks.replay.run",
        (("--slice", "4000"),),
        tuple(("--engine", engine) for engine in ("sqlite", "postgresql", "mysql")),
    ),
    Part("search", "benchmarks.search.run", (("--engines", "sqlite", "--times", "30"),), ((),)),
    Part(
        "trips",
        "benchmarks.trips.run",
        (
            (
                "--engines",
                "sqlite",
                "--rounds",
                "1",
                "--seconds",
                "1",
                "--sales",
                "2",
                "--holds",
                "150",
                "--times",
                "30",
            ),
        ),
        (("--sales", "10", "--holds", "1000"),),
    ),
    Part("kit", "benchmarks.kit.run", (("--rounds", "12"),), (("--rounds", "60"),)),
    Part(
        "startup",
        "benchmarks.startup.run",
        (("--times", "3", "--engines", "sqlite,postgresql"),),
        (("--times", "7"),),
    ),
)


def run_part(module: str, options: Sequence[str]) -> tuple[str, bool]:
    """Run a part and return its section, and whether it came to its end."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "section.md"
        done = subprocess.run([sys.executable, "-m", module, *options, "--out", str(out)], cwd=ROOT, check=False)
        if done.returncode == 0 and out.exists():
            return out.read_text(), True
    return f"## {module} {' '.join(options)}\n\nIt ended with an error ({done.returncode}): no figures.", False


def main() -> None:
    """Run what was asked for; exit with 1 if a part failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="everything, for about an hour")
    parser.add_argument("--only", metavar="PARTS", help="some parts, separated by commas; writes no results")
    asked = parser.parse_args()
    chosen = [part for part in PARTS if find_spec(part.module)]
    if asked.only:
        names = asked.only.split(",")
        if strange := sorted(set(names) - {part.name for part in chosen}):
            parser.error(f"no such part: {', '.join(strange)}; there are {', '.join(part.name for part in chosen)}")
        chosen = [part for part in chosen if part.name in names]
    machine, began, sections, good = describe(), time.monotonic(), [], True
    for part in chosen:
        for options in part.full if asked.full else part.slice:
            print(f"\n=== {part.name} {' '.join(options)}", flush=True)
            section, ended = run_part(part.module, options)
            sections.append(section)
            good = good and ended
    minutes = (time.monotonic() - began) / 60
    print(f"\n=== {minutes:.1f} minutes", flush=True)
    if not asked.only:
        kind = "In full" if asked.full else "A slice; `make bench ARGS=--full` measures longer"
        RESULTS.write_text(document(sections, machine=machine, how=f"{kind}: {minutes:.0f} minutes."))
        print(f"written: {RESULTS.relative_to(ROOT)}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
