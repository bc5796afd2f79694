"""Sections and tables of the results, printed while they are made and written as Markdown at the end."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Table:
    """Rows under column names; cells are text already."""

    columns: Sequence[str]
    title: str = ""
    rows: list[Sequence[str]] = field(default_factory=list)

    def add(self, *cells: object) -> None:
        """Add a row."""
        assert len(cells) == len(self.columns), (cells, self.columns)
        self.rows.append([str(cell) for cell in cells])

    def markdown(self) -> str:
        """Return the table as Markdown, the first column left and the others right."""
        rule = "|".join(["---", *(["---:"] * (len(self.columns) - 1))])
        lines = [_line(self.columns), f"|{rule}|", *(_line(row) for row in self.rows)]
        return "\n".join([*([f"**{self.title}**", ""] if self.title else []), *lines])


@dataclass
class Section:
    """One benchmark: what it asks, how it was measured, what came out."""

    title: str
    method: str
    tables: list[Table] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def markdown(self) -> str:
        """Return the section as Markdown."""
        parts = [f"## {self.title}", " ".join(self.method.split())]
        parts += [table.markdown() for table in self.tables]
        parts += [f"- {remark}" for remark in self.remarks]
        return "\n\n".join(parts)


def document(sections: Sequence[str], *, machine: Sequence[tuple[str, str]], how: str) -> str:
    """Return the whole of RESULTS.md."""
    rows = Table(("what", "value"))
    for what, value in machine:
        rows.add(what, value)
    head = (
        "# Results\n\nWritten by `make bench`; do not edit. What is compared was measured in the same run, taking\n"
        "turns: read the ratios first, absolute figures belong to the machine below. What is measured, and why so: "
        "README.md."
    )
    return "\n\n".join([head, rows.markdown(), how, *sections]) + "\n"


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Return a parser with what every part takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="write the section to this file too")
    return parser


def hand_over(section: Section, out: Path | None) -> None:
    """Print a section, and write it where it was asked for."""
    print(f"\n{section.markdown()}\n", flush=True)
    if out:
        out.write_text(section.markdown())


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def count(value: float) -> str:
    """Return a number a person can read: 1234567 becomes 1,234,567."""
    return f"{value:,.0f}"


def millis(seconds: float | None) -> str:
    """Return seconds as milliseconds with as many digits as matter."""
    if seconds is None:
        return "-"
    value = seconds * 1000
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:,.0f}"


def ratio(value: float) -> str:
    """Return a ratio such as 3.4x."""
    return f"{value:.2f}x" if value < 10 else f"{value:.1f}x"
