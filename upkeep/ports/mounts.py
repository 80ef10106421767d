"""Whether a disk or a share is really there: an empty place where one should be mounted must not be written to."""

from __future__ import annotations

from pathlib import Path

from upkeep.errors import Refused


class NotMounted(Refused):
    code = "not_mounted"


def refuse_unmounted(mount: Path | None) -> None:
    """By the device below it, not by the list of mounts: systemd mounts what a service may write onto itself."""
    if mount is None:
        return
    try:
        mounted = mount.is_dir() and mount.stat().st_dev != mount.parent.stat().st_dev
        observed = "dort liegt die Platte des Servers selbst" if mount.is_dir() else "den Ordner gibt es nicht"
    except OSError as exc:
        mounted, observed = False, str(exc.strerror)
    if not mounted:
        raise NotMounted(
            f"An {mount} ist nichts eingehängt",
            observed=observed,
            next_step=f"Platte anschließen oder Freigabe einhängen (`findmnt {mount}`); geschrieben wurde nichts.",
        )
