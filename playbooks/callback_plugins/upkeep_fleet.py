"""Callback: one report for all hosts of an update or a rollback, as a table and, with `-e report=path`, as JSON.

It listens to the results of `upkeep_update` and needs nothing from the playbooks, so it also tells the truth about a
play that ended in the middle. The file is written anew after every host; a killed play leaves `finished: false`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = r"""
name: upkeep_fleet
type: aggregate
short_description: One report for all hosts of an update
description:
  - Prints a table after plays for several hosts, and writes the file named with C(-e report=path) for any number.
author: Upkeep
"""

GERMAN = {
    "updated": "aktualisiert",
    "unchanged": "unverändert",
    "rolled_back": "gescheitert, alte Version läuft",
    "failed": "gescheitert",
    "refused": "abgelehnt",
    "busy": "besetzt",
    "unreachable": "nicht erreichbar",
    "reverted": "zurückgenommen",
    "not_reverted": "nicht zurückgenommen",
    "untouched": "nicht angefasst",
    "unfinished": "unterwegs",
}
GOOD = ("updated", "unchanged")
HEADS = ("Host", "Anwendung", "vorher", "nachher", "Ergebnis", "Sekunden")


@dataclass
class Row:
    """One application on one host. `before`, `after`: versions, null where nobody could ask; `seconds` for the host."""

    host: str
    stack: str | None = None
    before: str | None = None
    after: str | None = None
    result: str = "untouched"
    seconds: float | None = None
    message: str = ""


class Report:
    """Grows with the results of a play; knows nothing of Ansible."""

    def __init__(self, playbook: str, hosts: Iterable[str], clock: Any = time.monotonic) -> None:
        self.playbook, self.hosts, self._clock = playbook, list(hosts), clock
        self.started_at, self.finished = datetime.now().astimezone(), False
        self._rows: dict[tuple[str, str | None], Row] = {}
        self._began: dict[str, float] = {}
        self._closed: set[str] = set()

    def began(self, host: str) -> None:
        self._began.setdefault(host, self._clock())

    def planned(self, host: str, found: Mapping[str, Any]) -> None:
        """A look beforehand: what runs there now."""
        row = self._row(host, found.get("item"))
        row.before = version(found.get("release")) or row.before
        row.result = "unfinished"

    def ran(self, host: str, found: Mapping[str, Any]) -> None:
        """An update or rollback ended, or could not be followed."""
        item = found.get("item")
        if isinstance(item, Mapping):
            self._reverted(self._row(item["host"], item["stack"]), found)
            return
        row, report = self._row(host, item), found.get("report") or {}
        row.result = "unreachable" if found.get("unreachable") else str(found.get("result") or "failed")
        row.message = str(found.get("message") or found.get("msg") or "")
        row.after = version(found.get("release"))
        row.before = version(report.get("from")) or row.before or (row.after if row.result == "unchanged" else None)
        self._spent(host)

    def _reverted(self, row: Row, found: Mapping[str, Any]) -> None:
        row.result = "reverted" if found.get("result") == "updated" else "not_reverted"
        row.message = str(found.get("message") or found.get("msg") or "")
        row.after = version(found.get("release")) or row.after

    def went_wrong(self, host: str, message: str, result: str) -> None:
        """Something else than the update itself: no way to the host, to the balancer, back into rotation."""
        rows = [row for row in self._rows.values() if row.host == host] or [self._row(host, None)]
        for row in rows:
            if row.result in ("updated", "unchanged", "untouched", "unfinished"):
                row.result, row.message = result, message
        self._spent(host)
        self._closed.add(host)

    def on_its_way(self, host: str) -> None:
        """Any other result of the host: the clock of a host that serves again stops with its last step."""
        if host not in self._closed and any(row.host == host for row in self._rows.values()):
            self._spent(host)

    @property
    def rows(self) -> list[Row]:
        """In the order of the play; hosts nobody came to stand there, too."""
        touched = {row.host for row in self._rows.values()}
        found = [*self._rows.values(), *(Row(host) for host in self.hosts if host not in touched)]
        order = {host: number for number, host in enumerate(self.hosts)}
        return sorted(found, key=lambda row: order.get(row.host, len(order)))

    @property
    def result(self) -> str:
        """updated, unchanged or failed."""
        results = {row.result for row in self.rows}
        if results - set(GOOD):
            return "failed"
        return "updated" if "updated" in results else "unchanged"

    def as_json(self) -> dict[str, Any]:
        ended = datetime.now().astimezone().isoformat(timespec="seconds") if self.finished else None
        return {
            "schema": 1,
            "playbook": self.playbook,
            "started_at": self.started_at.isoformat(timespec="seconds"),
            "finished_at": ended,
            "finished": self.finished,
            "result": self.result,
            "hosts": [asdict(row) for row in self.rows],
        }

    def table(self) -> str:
        """German, with a line per host and application."""
        lines = [HEADS, *(_cells(row) for row in self.rows)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(HEADS))]
        return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)

    def _row(self, host: str, stack: str | None) -> Row:
        return self._rows.setdefault((host, stack), Row(host, stack))

    def _spent(self, host: str) -> None:
        for row in self._rows.values():
            if row.host == host and host in self._began:
                row.seconds = round(self._clock() - self._began[host], 1)


def version(release: Mapping[str, Any] | None) -> str | None:
    """A release's version; without a label the start of its digest."""
    if not release:
        return None
    return str(release.get("version") or str(release.get("digest") or "?")[:19])


def _cells(row: Row) -> tuple[str, ...]:
    seconds = "–" if row.seconds is None else f"{row.seconds:.1f}".replace(".", ",")
    return (
        row.host,
        row.stack or "–",
        row.before or "–",
        row.after or "–",
        GERMAN.get(row.result, row.result),
        seconds,
    )


class CallbackModule(CallbackBase):
    """Loaded by Ansible because it lies beside the playbooks."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "upkeep_fleet"

    def __init__(self) -> None:
        super().__init__()
        self._playbook, self._file, self._report = "", "", Report("", [])
        self._is_told = False

    def v2_playbook_on_start(self, playbook: Any) -> None:
        self._playbook = Path(playbook._file_name).name

    def v2_playbook_on_play_start(self, play: Any) -> None:
        if "fleet_operation" in play.vars and not play.check_mode:
            variables = play.get_variable_manager()
            self._file = str(variables.extra_vars.get("report") or "")
            hosts = [host.name for host in variables._inventory.get_hosts(play.hosts, ignore_restrictions=True)]
            # With `serial` Ansible says it for every batch, of which the first knows all hosts.
            self._report = self._report if self._is_told else Report(self._playbook, hosts)
            self._is_told = True

    def v2_runner_on_start(self, host: Any, task: Any) -> None:
        if self._is_told:
            self._report.began(host.name)

    def v2_runner_on_ok(self, result: Any) -> None:
        self._report.on_its_way(result.host.name)

    def v2_runner_item_on_ok(self, result: Any) -> None:
        self._heard(result)

    def v2_runner_item_on_failed(self, result: Any) -> None:
        self._heard(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        if self._is_told and not ignore_errors:
            self._report.went_wrong(result.host.name, str(result.result.get("msg") or ""), "failed")
            self._write()

    def v2_runner_on_unreachable(self, result: Any) -> None:
        if self._is_told and result.task.action == "upkeep_update":
            self._report.went_wrong(result.host.name, str(result.result.get("msg") or ""), "unreachable")
            self._write()

    def v2_playbook_on_stats(self, stats: Any) -> None:
        self._report.finished = True
        self._write()
        if self._is_told and (len(self._report.hosts) > 1 or self._file):
            self._display.banner("ERGEBNIS")
            self._display.display(self._report.table())

    def _heard(self, result: Any) -> None:
        if not self._is_told or result.task.action != "upkeep_update":
            return
        heard = self._report.planned if result.task.check_mode else self._report.ran
        heard(result.host.name, result.result)
        self._write()

    def _write(self) -> None:
        if not (self._is_told and self._file):
            return
        try:
            draft = Path(f"{self._file}.neu")
            draft.write_text(json.dumps(self._report.as_json(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            draft.replace(self._file)
        except OSError as error:
            self._display.error(f"Der Bericht ließ sich nicht schreiben ({self._file}: {error.strerror}).")
