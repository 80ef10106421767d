"""Whether a disk or a share is really there: an empty place where one should be mounted must not be written to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from upkeep.errors import Refused
from upkeep.ports.programs import PATH, HostPrograms

PATIENCE = 30.0  # seconds: a disk that sleeps takes some
TABLE = Path("/proc/self/mountinfo")
CONNECT = "Platte anschließen oder Freigabe einhängen (`findmnt {mount}`); geschrieben wurde nichts."
LET_GO = (
    "`systemctl restart upkeep-agent` lässt sie los. Damit das nicht wieder geschieht: in upkeep_agent__writable den "
    "Ordner über dem Einhängepunkt nennen ({above}), site.yml; geschrieben wurde nichts."
)


class NotMounted(Refused):
    code = "not_mounted"


def refuse_unmounted(mount: Path | None, patience: float = PATIENCE, table: Path = TABLE) -> None:
    """By the device below it, not by the list of mounts: systemd mounts what a service may write onto itself. Asked by
    a program that can be killed, and by a path that makes an automounter mount."""
    if mount is None:
        return
    devices = ("stat", "--format=%d", "--", f"{mount}/.", f"{mount}/..")
    asked = HostPrograms().run(devices, {"PATH": PATH, "LC_ALL": "C"}, patience)
    words = asked.output.strip().splitlines()
    if asked.exit_code is None:
        raise _missing(mount, "keine Antwort", f"eine in {patience:g} s")
    if asked.exit_code != 0:
        raise _missing(mount, words[0].rpartition(": ")[2] if words else "")
    if words[0] == words[1]:
        raise _missing(mount, "dort liegt die Platte des Servers selbst")
    if held(mount, table.read_text(encoding="utf-8").splitlines()):
        raise NotMounted(
            f"An {mount} ist nichts mehr eingehängt",
            observed="nur der Agent hält die Platte noch fest",
            next_step=LET_GO.format(above=mount.parent),
        )


def _missing(mount: Path, observed: str, limit: str | None = None) -> NotMounted:
    step = CONNECT.format(mount=mount)
    return NotMounted(f"An {mount} ist nichts eingehängt", observed=observed, limit=limit, next_step=step)


def held(mount: Path, table: Iterable[str]) -> bool:
    """Whether only this service still has what the host has unmounted. systemd gives it a view of its own in which
    every mount follows one of the host (`master:`, proc_pid_mountinfo(5)) as long as that is there."""
    follows = dict(_marks(line.split()) for line in table)
    return follows.get("/", False) and not follows.get(str(mount).replace(" ", "\\040"), True)


def _marks(fields: list[str]) -> tuple[str, bool]:
    """(mount point, whether it follows another one). Of several at one place the last is the one that is seen."""
    optional = fields[6 : fields.index("-")]
    return fields[4], any(mark.startswith("master:") for mark in optional)
