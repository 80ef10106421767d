"""The agent as it is, with ports that announce every change; at the ordered moment it happens: the agent is shot, the
gate is shot, Docker or the host restarts, the disk is full.

The order lies in `/var/lib/faults/order.json`: {"point": …, "deed": …}. It is carried out once.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from onhost.points import Course, watched
from upkeep.agent import __main__ as agent
from upkeep.agent import settings
from upkeep.agent.journald import set_up_logging
from upkeep.layout import Layout
from upkeep.ports import Ports

PLACE = Path("/var/lib/faults")
ORDER, DONE, COURSE = PLACE / "order.json", PLACE / "done.json", PLACE / "course.txt"
_one_at_a_time = threading.Lock()


def kill_agent() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)  # the other threads' last moment: this one goes no further


def kill_gate() -> None:
    """The process itself: what is killed through Docker would stay down, as on an operator's wish."""
    shown = subprocess.run(
        ["docker", "inspect", "-f", "{{.State.Pid}}", "lager-gate-1"], capture_output=True, text=True, check=False
    )
    if int(shown.stdout or 0) > 0:
        os.kill(int(shown.stdout), signal.SIGKILL)


def restart_docker() -> None:
    """From outside the agent's own cgroup; not waited for. systemd bears it three times a minute: here it is more."""
    subprocess.run(["systemctl", "reset-failed", "docker"], check=False)
    subprocess.run(["systemctl", "restart", "--no-block", "docker"], check=False)


def reboot() -> None:
    subprocess.run(["systemctl", "reboot", "--no-block"], check=False)


def fill_disk() -> None:
    """To the last byte of the file system that holds the stack's data; what the agent frees then is its own again."""
    with (Path("/var/lib/upkeep/lager") / "ballast").open("ab", buffering=0) as ballast:
        for size in (1 << 24, 1 << 16, 1 << 12, 1):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(ballast.fileno(), os.fstat(ballast.fileno()).st_size, size)


DEEDS: dict[str, Callable[[], None]] = {
    "agent": kill_agent,
    "gate": kill_gate,
    "docker": restart_docker,
    "reboot": reboot,
    "disk": fill_disk,
}


def reached(point: str) -> None:
    with _one_at_a_time:
        with COURSE.open("a", encoding="utf-8") as course:
            course.write(f"{point}\n")
        order = _order()
        if order is None or order["point"] != point:
            return
        ORDER.replace(DONE)
        DEEDS[order["deed"]]()


def _order() -> dict[str, str] | None:
    try:
        return dict(json.loads(ORDER.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def main() -> None:
    layout = Layout()
    chosen = settings.read(layout.settings_file)
    set_up_logging(chosen.log_level)
    PLACE.mkdir(parents=True, exist_ok=True)
    agent.run(layout, chosen, watched(Ports(), Course(reached)))


if __name__ == "__main__":
    main()
