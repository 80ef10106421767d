"""The agent of the second book: its port to the repository announces its changes, too; what happens may also happen a
while after a moment, and two deeds come from outside the host.

The order: {"point": …, "deed": …, "delay": seconds}. It is carried out once, and not after the run is over.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from onhost.agent import COURSE, DONE, ORDER, PLACE, fill_disk, kill_agent, restart_docker
from onhost.points import Course, Watched, watched
from upkeep.agent import __main__ as agent
from upkeep.agent import settings
from upkeep.agent.journald import set_up_logging
from upkeep.layout import Layout
from upkeep.policy.backup import Target
from upkeep.ports import Ports

STORE = PLACE / "store.json"
TABLE = "faults_cut"
READS = {"identity", "snapshots", "text", "stream", "check", "key"}
_one_at_a_time = threading.Lock()


def cut_network() -> None:
    """Like a pulled cable on the way to the backup server: open connections hang."""
    address = json.loads(STORE.read_text(encoding="utf-8"))["address"]
    chain = f"type filter hook output priority -500\nip daddr {address} drop\n"
    rules = f"table ip {TABLE} {{\nchain leaving {{\n{chain}}}\n}}\n"
    subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)


def mend_network() -> bool:
    """Whether it was cut."""
    return subprocess.run(["nft", "delete", "table", "ip", TABLE], check=False, capture_output=True).returncode == 0


def wait_for_the_plug() -> None:
    """Who watches from outside switches the host off now."""
    time.sleep(60)


DEEDS: dict[str, Callable[[], None]] = {
    "agent": kill_agent,
    "docker": restart_docker,
    "power": wait_for_the_plug,
    "disk": fill_disk,
    "net": cut_network,
}


class WatchedRestic(Watched):
    """What it only reads is no moment."""

    def __getattr__(self, verb: str) -> Any:
        return getattr(self._inner, verb) if verb in READS else super().__getattr__(verb)


def reached(point: str) -> None:
    with _one_at_a_time:
        with COURSE.open("a", encoding="utf-8") as course:
            course.write(f"{time.monotonic():.3f} {point}\n")
        order = _order()
        if order is None or order["point"] != point:
            return
        if order["delay"]:
            threading.Timer(order["delay"], _carry_out, (order["deed"],)).start()
        else:
            _carry_out(order["deed"])


def _carry_out(deed: str) -> None:
    try:
        ORDER.replace(DONE)
    except FileNotFoundError:
        return  # the run is over
    DEEDS[deed]()


def _order() -> dict[str, Any] | None:
    try:
        return dict(json.loads(ORDER.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def main() -> None:
    layout = Layout()
    chosen = settings.read(layout.settings_file)
    set_up_logging(chosen.log_level)
    PLACE.mkdir(parents=True, exist_ok=True)
    course, real = Course(reached), Ports()

    def restic(target: Target, cache: Path) -> Any:
        return WatchedRestic(real.restic(target, cache), "restic", course)

    agent.run(layout, chosen, replace(watched(real, course), restic=restic))


if __name__ == "__main__":
    main()
