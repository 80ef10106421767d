"""How much longer everything takes because others want the machine, too: what a limit in seconds is multiplied by."""

from __future__ import annotations

import os


def crowding() -> float:
    """1 on a machine that keeps up, else the work that waited for each core during the last minute."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
