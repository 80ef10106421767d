"""The agent at rest: memory and CPU while nothing is asked of it."""

from __future__ import annotations

import time
from typing import Any

from bench.figures import Figure, Limit, Report
from bench.ground import Ground
from workshop.progress import say

AGENT, DOOR, DOCKER = "upkeep-agent.service", "upkeep-door@", "docker.service"
DOOR_QUESTION = "http://127.0.0.1/api/updater/health"
INTERPRETER = "/opt/upkeep/current/bin/python"
REST_SECONDS, QUICK_SECONDS = 300, 20
SETTLE_SECONDS = 5
BARE = "import re; print(re.search(r'Rss: +([0-9]+)', open('/proc/self/smaps_rollup').read())[1])"


def measure(ground: Ground, quick: bool) -> Report:
    """On every host where the stack serves, at the same time."""
    ground.serving()
    hosts = sorted(ground.ready)
    for host in hosts:
        ground.on(host, "curl", "--fail", "--silent", DOOR_QUESTION)
    seconds = QUICK_SECONDS if quick else REST_SECONDS
    time.sleep(SETTLE_SECONDS)
    before = [_look(ground, host) for host in hosts]
    began = time.monotonic()
    say(f"  Ruhe für {seconds} s auf {', '.join(hosts)}")
    time.sleep(seconds)
    after = [_look(ground, host) for host in hosts]
    elapsed = time.monotonic() - began
    bare = [int(ground.on(host, INTERPRETER, "-c", BARE)) / 1024 for host in hosts]
    return Report("agent", "Agent im Leerlauf", _method(len(hosts), seconds), _figures(before, after, elapsed, bare))


def _look(ground: Ground, host: str) -> dict[str, Any]:
    found: dict[str, Any] = ground.script(host, "footprint.py", AGENT, DOOR, DOCKER)
    return found


def _figures(
    before: list[dict[str, Any]], after: list[dict[str, Any]], elapsed: float, bare: list[float]
) -> list[Figure]:
    def now(unit: str, key: str) -> list[float]:
        return [found[unit][key] for found in after]

    def busy(unit: str) -> list[float]:
        return [
            100 * (late[unit]["cpu_s"] - early[unit]["cpu_s"]) / elapsed
            for early, late in zip(before, after, strict=True)
        ]

    interpreter = "leerer Python-Interpreter"
    return [
        Figure("Agent: Speicher (RSS)", "MB", now(AGENT, "rss_mb"), interpreter, bare, Limit(60, always=True)),
        Figure("Agent: Speicher (PSS)", "MB", now(AGENT, "pss_mb"), interpreter, bare, Limit(60, always=True)),
        Figure("Agent: Prozessor", "%", busy(AGENT), "Docker-Daemon", busy(DOCKER), Limit(0.1, always=True)),
        Figure("Tür: Speicher (RSS)", "MB", [found[DOOR]["rss_mb"] for found in before], interpreter, bare),
    ]


def _method(hosts: int, seconds: int) -> str:
    return f"""\
Auf {hosts} Host(s) mit laufender Lager-App, {seconds} s lang, ohne dass jemand etwas vom Agenten will. Gezählt werden
alle Prozesse des Dienstes in `/proc`: Speicher aus `smaps_rollup`, Rechenzeit aus `stat` (beendete Kinder
eingeschlossen), in Prozent eines Kerns. RSS zählt geteilte Seiten voll, PSS anteilig.

Die Tür (`upkeep-door`) läuft erst, wenn jemand nach ihr gefragt hat, und geht von selbst
wieder: Ihr Speicher ist der gleich nach einer Anfrage, in Ruhe belegt sie keinen."""
