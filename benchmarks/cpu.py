"""CPU time of process trees, from Linux's /proc: what a server and its database really cost, whoever waits for whom.

A tree is a process and all its descendants. What a child used is found in its own counters while it lives and in its
parent's "children" counters once it has ended and was waited for, so nothing is lost or counted twice.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PPID, _UTIME, _STIME, _CUTIME, _CSTIME = 1, 11, 12, 13, 14  # counted from the state field, which follows the name


def _stat(pid: int) -> list[str] | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rindex(")") + 2 :].split()  # a process name may hold spaces and brackets


def tree(root: int) -> set[int]:
    """Return a process and its descendants that are alive now."""
    children = defaultdict(list)
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children[int(fields[_PPID])].append(int(entry.name))
    found, waiting = set(), [root]
    while waiting:
        pid = waiting.pop()
        found.add(pid)
        waiting.extend(children[pid])
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the CPU seconds (user and system) the trees have used since they began."""
    ticks = 0
    for pid in set().union(*(tree(root) for root in roots)):
        if fields := _stat(pid):
            ticks += sum(int(fields[index]) for index in (_UTIME, _STIME, _CUTIME, _CSTIME))
    return ticks / _TICKS_PER_S


def resident_bytes(root: int) -> int:
    """Return the resident memory of a tree; what its processes share counts for each of them."""
    return sum(_memory(pid, "Rss:") for pid in tree(root))


def proportional_bytes(root: int) -> int:
    """Return the memory of a tree, what is shared with whatever process divided by how many share it."""
    return sum(_memory(pid, "Pss:") for pid in tree(root))


def _memory(pid: int, name: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (OSError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(name)), 0)


class Meter:
    """Watches named groups of process trees: `Meter(server=[pid], database=[pid])`."""

    def __init__(self, **roots: Iterable[int]) -> None:
        self._roots = {name: tuple(pids) for name, pids in roots.items()}
        self._before: dict[str, float] = {}

    def start(self) -> None:
        """Begin to count."""
        self._before = self._now()

    def read(self) -> Mapping[str, float]:
        """Return the CPU seconds each group has used since `start`."""
        return {name: used - self._before[name] for name, used in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: cpu_seconds(pids) for name, pids in self._roots.items()}
