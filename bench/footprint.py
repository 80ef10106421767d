"""Sent to a host on standard input: memory and CPU time of units and containers, as one JSON object.

Arguments are words to look for in the processes' cgroups (`upkeep-agent.service`, a container's id). Standard library
only; works with both versions of cgroups. Memory in MB, `cpu_s` in seconds since each process began, waited-for
children included.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
MEMORY = re.compile(r"^(Rss|Pss): +(\d+) kB$", re.MULTILINE)


def memory(process: Path) -> dict[str, float]:
    """{"Rss": MB, "Pss": MB} of one process."""
    return {name: int(size) / 1024 for name, size in MEMORY.findall((process / "smaps_rollup").read_text())}


def cpu(process: Path) -> float:
    """Seconds of user and system time, of its ended children, too."""
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return sum(int(field) for field in fields[11:15]) / TICKS


def look(process: Path, found: dict[str, dict[str, float]]) -> None:
    """Add one process to the entry whose word its cgroup names."""
    cgroup = (process / "cgroup").read_text()
    for word in (word for word in found if word in cgroup):
        sizes = memory(process)
        entry = found[word]
        entry["processes"] += 1
        entry["rss_mb"] += sizes["Rss"]
        entry["pss_mb"] += sizes["Pss"]
        entry["cpu_s"] += cpu(process)


def main() -> None:
    found = {word: {"processes": 0.0, "rss_mb": 0.0, "pss_mb": 0.0, "cpu_s": 0.0} for word in sys.argv[1:]}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            look(process, found)
        except (OSError, KeyError):
            continue  # ended meanwhile, or a kernel thread
    print(json.dumps(found))


main()
