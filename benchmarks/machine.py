"""What the figures were measured on."""

import os
import platform
import sqlite3
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from support.servers import MariaDB, PostgreSQL, missing

_PACKAGES = ("fastapi", "uvicorn", "uvloop", "sqlalchemy", "asyncpg", "asyncmy", "flask", "gunicorn", "psycopg2-binary")


def describe() -> list[tuple[str, str]]:
    """Return what a reader needs to judge the figures, as (what, value)."""
    return [
        ("processor", f"{_processor()}, {os.cpu_count()} cores"),
        ("memory", f"{_memory_gib():.0f} GiB"),
        ("system", f"{_system()}, kernel {platform.release()}"),
        ("Python", platform.python_version()),
        ("SQLite", sqlite3.sqlite_version),
        ("PostgreSQL", _first_line("postgresql")),
        ("MariaDB", _first_line("mysql")),
        ("packages", ", ".join(f"{name} {_version(name)}" for name in _PACKAGES)),
        ("load while measuring began", f"{os.getloadavg()[0]:.2f} (1 minute)"),
    ]


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _memory_gib() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30


def _system() -> str:
    return platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "-"


def _first_line(engine: str) -> str:
    if missing(engine):
        return "not installed"
    server, program = {"postgresql": (PostgreSQL, "postgres"), "mysql": (MariaDB, "mariadbd")}[engine]
    path = server.find()[program]
    printed = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=20).stdout
    return printed.strip().removeprefix(str(path)).strip()
