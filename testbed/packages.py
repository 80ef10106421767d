"""Debian packages on the machine that runs the testbed."""

import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from testbed.command import as_root, attempt, run
from testbed.console import say
from testbed.failure import TestbedError

_APT = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "DPkg::Lock::Timeout=300")
_LISTS = Path("/var/lib/apt/lists")
_LISTS_MAX_AGE_S = 24 * 3600


def ensure_packages(names: Sequence[str], *, why: str) -> None:
    """Install those Debian packages of `names` that are missing; `why` is shown to the operator."""
    missing = [name for name in names if not is_installed(name)]
    if not missing:
        return
    if shutil.which("apt-get") is None:
        raise TestbedError(
            f"Es fehlen Pakete für {why}: {', '.join(missing)}",
            observed="kein apt-get auf dieser Maschine",
            limit="Debian 12 oder 13",
            next_step="die Programme von Hand installieren oder eine Debian-Maschine benutzen",
        )
    say(f"Installiere für {why}: {' '.join(missing)}")
    _refresh_lists(missing)
    run([*as_root(), *_APT, "install", "-y", "--no-install-recommends", *missing], timeout=900)


def is_installed(name: str) -> bool:
    """Say whether dpkg knows `name` as fully installed."""
    if shutil.which("dpkg-query") is None:
        return False
    status = attempt(["dpkg-query", "-W", "-f", "${db:Status-Status}", name])
    return status.returncode == 0 and status.stdout.strip() == "installed"


def is_available(name: str) -> bool:
    """Say whether apt offers `name` on this release."""
    return attempt(["apt-cache", "show", "--no-all-versions", name]).returncode == 0


def _refresh_lists(names: Sequence[str]) -> None:
    fresh = any(time.time() - entry.stat().st_mtime < _LISTS_MAX_AGE_S for entry in _LISTS.glob("*Packages*"))
    if not (fresh and all(is_available(name) for name in names)):
        run([*as_root(), *_APT, "update"], timeout=300)
