"""PostgreSQL's own load generator, as the measure of what one statement per claim can do on this machine."""

import asyncio
import math
import os
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from sqlalchemy.engine import make_url

from support.servers import PostgreSQL

CLIENTS = 32
THREADS = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """What pgbench did."""

    rate: float
    """Transactions per second."""
    p50: float
    p99: float


def script(statements: list[str], variables: Mapping[str, str], parameters: list[Mapping[int, str]]) -> str:
    """Return a pgbench script: draw the variables, run the statements in one transaction.

    Args:
        statements: With `$1`, `$2`, ... for parameters.
        variables: pgbench expressions by variable name.
        parameters: For each statement, the SQL expression (with `:name` for variables) that stands for a parameter.
    """
    drawn = [f"\\set {name} {expression}" for name, expression in variables.items()]
    filled = []
    for sql, values in zip(statements, parameters, strict=True):
        text = re.sub(r"\$(\d+)", lambda match, values=values: values[int(match[1])], sql)
        filled.append(" ".join(text.split()) + ";")
    if len(filled) > 1:
        filled = ["BEGIN;", *filled, "COMMIT;"]
    return "\n".join([*drawn, *filled]) + "\n"


async def pgbench(
    url: str, text: str, *, seconds: float, start: Mapping[str, int] = MappingProxyType({}), generic: bool = False
) -> Outcome:
    """Run a script with 32 clients for so long, prepared statements, every commit flushed.

    Args:
        url: The database.
        text: See `script`.
        seconds: At least one, rounded.
        start: Values of variables before the first transaction.
        generic: Let PostgreSQL plan the statement once and for all; otherwise it decides when to plan again.

    Raises:
        RuntimeError: pgbench or a statement in it failed.
    """
    parts = make_url(url)
    program = PostgreSQL.find()["psql"].with_name("pgbench")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "script.sql"
        file.write_text(text)
        command = [str(program), "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", str(THREADS)]
        command += ["-T", str(max(1, round(seconds))), "-f", str(file), "--log"]
        command += [part for name, value in start.items() for part in ("-D", f"{name}={value}")]
        command += ["-h", str(parts.host), "-p", str(parts.port), "-U", str(parts.username), str(parts.database)]
        options = f"-c plan_cache_mode={'force_generic_plan' if generic else 'auto'}"
        environment = {**os.environ, "PGOPTIONS": options}
        process = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
        )
        printed, problems = await process.communicate()
        found = re.search(r"^tps = ([\d.]+)", printed.decode(), re.MULTILINE)
        failed = re.search(r"number of failed transactions: (\d+)", printed.decode())
        if process.returncode or not found or (failed and int(failed[1])):
            raise RuntimeError(f"pgbench: {printed.decode()}{problems.decode()[:2000]}")
        latencies = _latencies(Path(folder))
    return Outcome(float(found[1]), _percentile(latencies, 0.5), _percentile(latencies, 0.99))


def _latencies(folder: Path) -> list[float]:
    """Return the seconds of every transaction, from the logs of all threads (the third column is microseconds)."""
    return sorted(int(line.split()[2]) / 1e6 for log in folder.glob("pgbench_log.*") for line in log.open())


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, math.ceil(share * len(ordered)) - 1)]
