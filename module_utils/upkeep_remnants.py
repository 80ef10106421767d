"""What a removed stack leaves on the host besides its containers: units, files, directories.

Standard library only: Ansible ships this file as `ansible.module_utils.upkeep_remnants`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Command = Callable[[list[str]], tuple[int, str, str]]


@dataclass(frozen=True)
class Remnants:
    """Of one stack. `root`: of the file system (tests use another)."""

    stack: str
    delete_data: bool
    root: Path = Path("/")

    @property
    def home(self) -> Path:
        return self.root / "srv/upkeep" / self.stack

    @property
    def data(self) -> Path:
        return self.root / "var/lib/upkeep" / self.stack

    @property
    def unit_files(self) -> Path:
        return self.root / "etc/systemd/system"

    def remove(self, command: Command, really: bool) -> list[str]:
        """Units first (a socket would make its file again), stack.yml last: as long as it lies there the agent knows
        the stack."""
        units, places = self._units(command), [place for place in self._places() if place.exists()]
        if really:
            for unit in units:
                command(["systemctl", "disable", "--now", "--quiet", unit])
            for place in places:
                _remove(place)
            if any(place.parent == self.unit_files for place in places):
                command(["systemctl", "daemon-reload"])
        return [f"Dienst abschalten: {unit}" for unit in units] + [f"löschen: {place}" for place in places]

    def _units(self, command: Command) -> list[str]:
        """Instances for this stack (its door, its timers) that are loaded or come with the next boot."""
        argv = ["systemctl", "list-units", "--all", "--plain", "--no-legend", f"upkeep-*@{self.stack}.*"]
        loaded = [line.split()[0] for line in command(argv)[1].splitlines() if line.split()]
        wanted = self.unit_files.glob(f"*.wants/upkeep-*@{self.stack}.*")
        lasting = {name.name for name in wanted} | {name for name in loaded if not name.endswith(".service")}
        running = [name for name in loaded if name.endswith(".service")]
        return [*sorted(lasting), *sorted(running)]

    def _places(self) -> list[Path]:
        sockets = self.root / "run/upkeep"
        places = [self.root / f"etc/tmpfiles.d/upkeep-{self.stack}.conf"]
        places += sorted(self.unit_files.glob(f"upkeep-*@{self.stack}.*"))  # of this stack alone, with their drop-ins
        places += (self.root / "var/lib/systemd/timers").glob(f"stamp-upkeep-*@{self.stack}.*")
        places += [sockets / "door" / self.stack, sockets / "gate" / self.stack]
        if self.delete_data:
            return [*places, self.data, self.home]
        kept = {"secrets", "release.env", "stack.yml"}
        files = sorted(self.home.iterdir()) if self.home.is_dir() else []
        return [*places, *(file for file in files if file.name not in kept), self.home / "stack.yml"]

    def kept(self, found: Json) -> list[str]:
        """What is still there afterwards, and where."""
        kept = [f"Volume {name}" for name in found["volumes"]]
        kept += [f"Ordner des Hosts {path} (löscht Upkeep nie)" for path in found["directories"]]
        if self.delete_data:
            return kept
        places = ((self.home / "secrets", "Geheimnisse"), (self.data, "Verlauf und letzter Stand"))
        return kept + [f"{what} in {place}" for place, what in places if place.is_dir() and any(place.iterdir())]

    def message(self, removed: list[str], kept: list[str], check_mode: bool) -> str:
        verb = "würde entfernt" if check_mode else "ist entfernt"
        first = f"„{self.stack}“ {verb}." if removed else f"Von „{self.stack}“ ist hier nichts mehr zu entfernen."
        if not kept:
            return f"{first} Geblieben ist nichts."
        call = f"playbooks/remove.yml -e stack={self.stack} -e data=delete -e confirm={self.stack}"
        more = f" Wieder ausrollen: playbooks/deploy.yml. Auch die Daten löschen: {call}."
        return f"{first} Geblieben: {'; '.join(kept)}.{'' if self.delete_data else more}"


def _remove(place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
