"""A run's journal and the containers' logs as lines for people."""

from __future__ import annotations

from typing import Any

from upkeep.layout import StackPaths
from upkeep.memory import journal
from upkeep.ports import Ports
from upkeep.wording import OPERATIONS

COMMANDS = {"before": "Hook davor", "after": "Hook danach", "alarm": "Alarm-Hook", "migration": "Migration"}


def lines(paths: StackPaths, ports: Ports, count: int, report: dict[str, Any] | None) -> list[str]:
    """With `report` that run's protocol alone, else the newest run's and the containers' last `count` lines."""
    if report is not None:
        return of_run(report)
    newest = next(journal.readable(paths, newest_first=True), None)
    head = [*of_run(newest.report()), ""] if newest else []
    return head + _container_lines(paths, ports, count)


def of_run(report: dict[str, Any]) -> list[str]:
    name = OPERATIONS.get(report["operation"], report["operation"])
    head = [f"{report['started_at']} {name} {report['id']}, gestartet von {report['starter']}"]
    phases = [_phase(phase) for phase in report["phases"]]
    tail = [f"{report['finished_at']} {report['result']}: {report['message']}"] if report["finished_at"] else []
    timings = ", ".join(f"{key} {value}" for key, value in report["timings"].items())
    tail += [f"Zeiten: {timings}"] if timings else []
    commands = [line for command in report.get("commands", ()) for line in _command(command)]
    logs = [f"  {line}" for line in report["last_logs"]]
    return head + phases + commands + tail + (["Letzte Zeilen der fehlgeschlagenen Container:", *logs] if logs else [])


def _phase(phase: dict[str, Any]) -> str:
    detail = f" ({phase['detail']})" if phase["detail"] else ""
    unfinished = "" if phase["done_at"] else " – nicht abgeschlossen"
    return f"{phase['intent_at']} {phase['title']}{detail}{unfinished}"


def _command(command: dict[str, Any]) -> list[str]:
    """A hook or the migration: how it went, and what it printed."""
    good = f"Exit-Code {command['exit_code']}"
    took = f"{command['seconds']:.1f} s".replace(".", ",")
    title = f"{COMMANDS[command['when']]}: {' '.join(command['command'])} ({command['problem'] or good}, {took})"
    return [title, *(f"  {line}" for line in command["output"])]


def _container_lines(paths: StackPaths, ports: Ports, count: int) -> list[str]:
    found = sorted(ports.docker.containers(paths.name), key=lambda item: item.service)
    return [f"{item.service}: {line}" for item in found for line in ports.docker.logs(item.id, count)]
