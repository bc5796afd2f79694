#!/usr/bin/env python3
"""What is installed: known weaknesses of it, and the list of it.

    python tools/supply.py audit     # exit 1 if a pinned release has a known weakness
    python tools/supply.py sbom      # dist/sbom.cdx.json, CycloneDX, of what the server needs to run

`audit` asks OSV about every pinned release of requirements/*.txt, none of which is installed for that. Where OSV cannot
be reached it says so in so many words and ends with 0, so that a machine without network can still build; whoever
releases looks for the line "checked". Neither command is run by the product.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import click

ROOT: Final = Path(__file__).parents[1]
LOCKS: Final = ("requirements/run.txt", "requirements/build.txt", "requirements/dev.txt")
SBOM: Final = ROOT / "dist" / "sbom.cdx.json"
OSV: Final = "https://api.osv.dev/v1/query"

_AWAY: Final = ("ConnectionError", "ServiceError", "Could not connect", "Connection refused", "ProxyError", "timed out")


def audit(osv_url: str) -> int:
    """Ask about every pinned release; return the exit code."""
    command = [_beside("pip-audit"), "--vulnerability-service", "osv", "--osv-url", osv_url, "--format", "json"]
    command += ["--require-hashes", "--disable-pip", "--strict", "--progress-spinner", "off", "--desc", "off"]
    for lock in LOCKS:
        command += ["--requirement", str(ROOT / lock)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - a tool of ours
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return _unanswered(done.stderr, osv_url)
    weak = [(each, fault) for each in found for fault in each.get("vulns", ())]
    for each, fault in weak:
        fixed = ", ".join(fault["fix_versions"]) or "no release yet"
        click.echo(f"{each['name']} {each['version']}: {fault['id']}, fixed in {fixed}")
    click.echo(f"checked: {len(found)} pinned releases, {len(weak)} known weaknesses")
    return 1 if weak else 0


def _unanswered(stderr: str, osv_url: str) -> int:
    if any(sign in stderr for sign in _AWAY):
        click.echo(
            f"NOT CHECKED: no list of weaknesses to be reached at {osv_url}; nothing is known of these releases."
        )
        return 0
    click.echo(stderr, err=True)
    click.echo("the audit itself failed", err=True)
    return 2


def sbom(to: Path) -> int:
    """Write the bill of materials of what the server needs to run; return the exit code."""
    to.parent.mkdir(parents=True, exist_ok=True)
    command = [_beside("cyclonedx-py"), "requirements", str(ROOT / LOCKS[0]), "--output-reproducible"]
    command += ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application"]
    command += ["--output-format", "JSON", "--output-file", str(to)]
    environment = os.environ | {"NO_COLOR": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)  # noqa: S603 - as above
    if done.returncode:
        click.echo(done.stderr, err=True)
        return 1
    count = len(json.loads(to.read_text(encoding="utf-8"))["components"])
    click.echo(f"{to}: {count} components")
    return 0


def _beside(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def main() -> int:
    """Do what the command line says; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("audit").add_argument("--osv-url", default=OSV)
    commands.add_parser("sbom").add_argument("--to", type=Path, default=SBOM)
    chosen = parser.parse_args()
    return audit(chosen.osv_url) if chosen.command == "audit" else sbom(chosen.to)


if __name__ == "__main__":
    sys.exit(main())
