"""The source of the product as the architecture tests see it."""

import ast
import dataclasses
import subprocess
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "holdfast"
MODULES = frozenset(path.parent.name for path in PACKAGE.glob("*/module.py")) - {"kit"}
"""Folders with a plug: what the house calls a module. The kit has the form of the plug, not one of its own."""


@dataclasses.dataclass(frozen=True)
class Source:
    """One Python file of the product."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Where it is, for messages."""
        return self.path.relative_to(ROOT).as_posix()

    @property
    def parts(self) -> tuple[str, ...]:
        """The folders and the file below `holdfast`."""
        return self.path.relative_to(PACKAGE).parts

    @property
    def module(self) -> str:
        """The first folder below `holdfast`."""
        return self.parts[0] if len(self.parts) > 1 else ""

    def imports(self):
        """Yield the dotted names this file imports."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


@cache
def sources() -> tuple[Source, ...]:
    """Return every Python file of the product."""
    files = sorted(PACKAGE.rglob("*.py"))
    return tuple(Source(path, text, ast.parse(text)) for path in files for text in [path.read_text()])


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files of the repository, also the new ones that are not ignored."""
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


@cache
def pyproject() -> dict:
    """Return pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def contract(name: str) -> dict:
    """Return an import-linter contract by its name."""
    [found] = [each for each in pyproject()["tool"]["importlinter"]["contracts"] if each["name"] == name]
    return found
