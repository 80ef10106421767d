"""Maintenance at the gate: who closed it, why, until when. A run removes only its own; the operator's survives runs.

Truth is maintenance.json; the gate's map file and the running gate follow it, so that a restarted gate stays shut.
"""

from __future__ import annotations

import contextlib
import html
import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

from upkeep.errors import GateFailed, JournalCorrupt
from upkeep.layout import StackPaths
from upkeep.ports import Ports

OPERATOR = "operator"
STATE_MAP = "state.map"
RELEASE_MAP = "release.map"
_turn = threading.Lock()  # an operator's wish and a run's phase may come at the same moment


@dataclass(frozen=True)
class Notice:
    """One owner's reason to keep the gate shut. `until`: expected end, ISO 8601. `hold`: until that moment (seconds
    since 1970) the gate lets requests wait instead of turning them away."""

    owner: str
    reason: str
    title: str
    text: str
    since: str
    until: str | None = None
    hold: float | None = None


@dataclass(frozen=True)
class Maintenance:
    """Both owners' notices. What people read is the operator's, if there is one."""

    operator: Notice | None = None
    run: Notice | None = None

    @property
    def notice(self) -> Notice | None:
        return self.operator or self.run

    @property
    def on(self) -> bool:
        return self.notice is not None

    def public(self) -> dict[str, Any]:
        shown = asdict(self.notice) if self.notice else dict.fromkeys(("owner", "reason", "until", "title", "text"))
        return {"on": self.on} | {key: shown[key] for key in ("owner", "reason", "until", "title", "text")}

    def without_run(self, run_id: str) -> Maintenance:
        """Without the notice of that run; anybody else's stays."""
        mine = self.run is not None and self.run.owner == run_owner(run_id)
        return replace(self, run=None) if mine else self

    def map_entries(self) -> dict[str, str]:
        """Words for the page, HTML-escaped, and the end of a pause; the key that shuts the gate comes last."""
        if not self.notice:
            return {}
        notice = self.notice
        entries = {"title": _cell(notice.title), "text": _cell(notice.text), "until": _cell(notice.until or "")}
        filled = {key: value for key, value in entries.items() if value}
        filled |= {"hold": f"{notice.hold:.3f}"} if notice.hold else {}
        return filled | {"maintenance": notice.owner}


def run_owner(run_id: str) -> str:
    return f"run:{run_id}"


def load(paths: StackPaths) -> Maintenance:
    try:
        raw = json.loads(paths.maintenance_file.read_text(encoding="utf-8"))
        return Maintenance(**{key: Notice(**value) if value else None for key, value in raw.items()})
    except FileNotFoundError:
        return Maintenance()
    except (OSError, ValueError, TypeError, AttributeError) as exc:
        raise JournalCorrupt(
            f"{paths.maintenance_file} ist nicht lesbar",
            observed=type(exc).__name__,
            next_step=f"`upkeep repair {paths.name}` zeigt, was zu tun ist.",
        ) from exc


def from_map(paths: StackPaths, now: str) -> Maintenance:
    """The notice that the gate's map file still shows, when maintenance.json cannot be read."""
    try:
        lines = (paths.maps / STATE_MAP).read_text(encoding="utf-8").splitlines()
    except OSError:
        return Maintenance()
    shown = {key: html.unescape(value) for key, _, value in (line.partition(" ") for line in lines)}
    if "maintenance" not in shown:
        return Maintenance()
    owner = shown["maintenance"]
    title, text = shown.get("title", ""), shown.get("text", "")
    notice = Notice(owner, "", title, text, since=now, until=shown.get("until"))
    return Maintenance(operator=notice) if owner == OPERATOR else Maintenance(run=notice)


def change(paths: StackPaths, ports: Ports, turn: Callable[[Maintenance], Maintenance]) -> bool:
    """Remember what `turn` makes of the present notices, in maintenance.json, in the gate's map file and in the running
    gate. False when no gate answers (it reads the file when it starts)."""
    with _turn:
        wanted = turn(load(paths))
        ports.files.write(paths.maintenance_file, json.dumps(asdict(wanted)))
        write_map(paths, STATE_MAP, wanted.map_entries(), ports)
        return _tell_gate(paths, ports, wanted)


def _tell_gate(paths: StackPaths, ports: Ports, wanted: Maintenance) -> bool:
    gate = ports.gate(paths)
    if not gate.answers():
        return False
    gate.set_map(STATE_MAP, wanted.map_entries())
    return True


def write_map(paths: StackPaths, name: str, entries: dict[str, str], ports: Ports) -> None:
    lines = "".join(f"{key} {value}\n" for key, value in entries.items())
    ports.files.write(paths.maps / name, lines, mode=0o644)


def read_map(paths: StackPaths, name: str) -> dict[str, str]:
    try:
        lines = (paths.maps / name).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return {key: value for key, _, value in (line.partition(" ") for line in lines) if key}


def ensure_maps(paths: StackPaths, ports: Ports) -> None:
    """A gate does not start without its map files."""
    for name in (STATE_MAP, RELEASE_MAP):
        if not (paths.maps / name).exists():
            ports.files.write(paths.maps / name, "", mode=0o644)


def follow(paths: StackPaths, ports: Ports) -> None:
    """At agent start: whatever happened meanwhile, file and gate say what maintenance.json says."""
    if not paths.maintenance_file.exists():
        return
    with contextlib.suppress(GateFailed, JournalCorrupt):  # a gate that is just starting reads the file
        change(paths, ports, lambda present: present)


def _cell(text: str) -> str:
    """One line of a map file; HTML-escaped because the gate puts it into its page as it is."""
    return html.escape(" ".join(text.split()), quote=True)
