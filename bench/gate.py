"""The gate against direct access: latency and throughput of the article list, in turns with the same client."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.failure import BenchFailed
from bench.figures import Figure, Limit, Of, Report
from bench.ground import DIRECT_PORT, LOGIN, SLOT, STACK, Ground
from workshop.progress import say

PATH = "/api/articles"
APP_PORT = 8000
MANY_CONNECTIONS = 16
GATE, DATABASE = f"{STACK}-gate-1", f"{STACK}-mongodb-1"
METHOD = f"""\
`GET {PATH}` (50 Artikel der Beispieldaten, angemeldete Sitzung, jede Antwort aus MongoDB) mit `wrk` von dieser Maschine
auf die Adresse des Testhosts, also ohne Dockers Umweg über Loopback. „Direkt“ ist derselbe Container, für die Messung
auf einem eigenen Port so veröffentlicht, wie Docker es täte (Adressumsetzung im Kern).

Beide Wege wechseln sich ab (direkt, Tor, Tor, direkt …), verglichen wird Paar für Paar; vor der ersten Messung wird
jeder Weg aufgewärmt. Latenz: eine Verbindung, eine Anfrage nach der anderen. Durchsatz: {MANY_CONNECTIONS} Verbindungen
nebeneinander. Jede Antwort muss 200 sein, sonst gilt die Messung nicht. Die Rechenzeit zählt der Kern (`/proc`)."""


@dataclass(frozen=True)
class Shot:
    """One call of wrk."""

    per_second: float
    p50_ms: float
    p99_ms: float


def measure(ground: Ground, quick: bool) -> Report:
    host = ground.serving()
    address = ground.address(host)
    cookie = sign_in(f"http://{address}", ground.password)
    turns, seconds = (2, 1) if quick else (14, 2)
    with direct_port(ground, host):
        ways = Ways(f"http://{address}:{DIRECT_PORT}", f"http://{address}", cookie)
        ways.compare(MANY_CONNECTIONS, 1, seconds)
        alone = ways.compare(1, turns, seconds)
        crowd = ways.compare(MANY_CONNECTIONS, turns, seconds)
    busy = _busy(ground, host, ways, seconds * 2)
    return Report("tor", "Tor: Latenz und Durchsatz gegen direkten Zugriff", METHOD, [*_figures(alone, crowd), busy])


@dataclass(frozen=True)
class Ways:
    """The two origins of the same application."""

    direct: str
    gate: str
    cookie: str

    def compare(self, connections: int, turns: int, seconds: int) -> list[list[Shot]]:
        """[direct, gate] for each turn; who is first alternates, so that neither profits from the order."""
        found = []
        for turn in range(turns):
            origins = (self.direct, self.gate) if turn % 2 == 0 else (self.gate, self.direct)
            shots = {origin: shoot(origin, self.cookie, connections, seconds) for origin in origins}
            found.append([shots[self.direct], shots[self.gate]])
        return found


def _busy(ground: Ground, host: str, ways: Ways, seconds: int) -> Figure:
    """CPU time of a request: barely touched by what else the machine is doing."""
    names = (GATE, SLOT, DATABASE)
    ids = ground.on(host, "docker", "inspect", "-f", "{{.Id}}", *names).split()
    before = ground.script(host, "footprint.py", *ids)
    shot = shoot(ways.gate, ways.cookie, MANY_CONNECTIONS, seconds)
    after = ground.script(host, "footprint.py", *ids)
    requests_served = shot.per_second * seconds
    gate, app, database = (1000 * (after[i]["cpu_s"] - before[i]["cpu_s"]) / requests_served for i in ids)
    return Figure("Rechenzeit je Anfrage: Tor", "ms", [gate], "App und Datenbank", [app + database])


def _figures(alone: list[list[Shot]], crowd: list[list[Shot]]) -> list[Figure]:
    def pair(name: str, unit: str, shots: list[list[Shot]], value: str, limit: Limit | None = None) -> Figure:
        direct, gate = ([getattr(turn[way], value) for turn in shots] for way in (0, 1))
        return Figure(name, unit, gate, "direkt", direct, limit)

    crowded = f"{MANY_CONNECTIONS} Verbindungen"
    return [
        pair("Latenz p50, eine Verbindung", "ms", alone, "p50_ms", Limit(1, Of.DIFFERENCE)),
        pair("Latenz p99, eine Verbindung", "ms", alone, "p99_ms"),
        pair(f"Durchsatz, {crowded}", "Anfragen/s", crowd, "per_second", Limit(0.9, Of.RATIO, at_least=True)),
        pair(f"Latenz p50, {crowded}", "ms", crowd, "p50_ms"),
    ]


def sign_in(origin: str, password: str, login: str = LOGIN) -> str:
    """A session's cookie, as a browser would send it."""
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(
            f"{origin}/api/session",
            json={"login": login, "password": password},
            headers={"X-Lager-Client": "bench"},
            timeout=10,
        )
    if answer.status_code != 200:
        raise BenchFailed(f"Anmeldung an {origin} scheitert: HTTP {answer.status_code} {answer.text[:200]}")
    return "; ".join(f"{name}={value}" for name, value in answer.cookies.items())


def shoot(origin: str, cookie: str, connections: int, seconds: int) -> Shot:
    """One run of wrk; raises BenchFailed if any answer was not a 2xx."""
    script = Path(__file__).with_name("wrk.lua")
    argv = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), origin + PATH]
    environment = {**os.environ, "BENCH_COOKIE": cookie}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=seconds + 60)
    found = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if done.returncode or not found:
        raise BenchFailed(f"wrk endete mit {done.returncode}: {done.stdout}{done.stderr}")
    result = json.loads(found[0].removeprefix("RESULT "))
    if result["errors"] or not result["requests"]:
        raise BenchFailed(f"{origin}: {result['errors']} von {result['requests']} Anfragen ohne 200")
    shot = Shot(result["requests"] / result["seconds"], result["p50_ms"], result["p99_ms"])
    say(f"  {origin}: {connections} Verb., {shot.per_second:.0f}/s, p50 {shot.p50_ms:.2f} ms, p99 {shot.p99_ms:.2f} ms")
    return shot


@contextmanager
def direct_port(ground: Ground, host: str) -> Iterator[None]:
    """Publish the app's container on DIRECT_PORT as Docker would, and take that back."""
    network = f'{{{{(index .NetworkSettings.Networks "{STACK}_front").IPAddress}}}}'
    container = ground.on(host, "docker", "inspect", "-f", network, SLOT)
    to = f"{container}:{APP_PORT}"
    arriving = ["PREROUTING", "-p", "tcp", "--dport", str(DIRECT_PORT), "-j", "DNAT", "--to-destination", to]
    passing = ["DOCKER-USER", "-d", container, "-p", "tcp", "--dport", str(APP_PORT), "-j", "ACCEPT"]
    try:
        ground.on(host, "iptables", "-t", "nat", "-I", *arriving)
        ground.on(host, "iptables", "-I", *passing)
        yield
    finally:
        ground.on(host, "iptables", "-t", "nat", "-D", *arriving)
        ground.on(host, "iptables", "-D", *passing)
