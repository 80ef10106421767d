"""The Lager app itself: how long it starts, how big its image is, how much memory it holds."""

from __future__ import annotations

import subprocess
from typing import Any

from bench.figures import Figure, Limit, Report
from bench.gate import MANY_CONNECTIONS, shoot, sign_in
from bench.ground import SLOT, Ground
from testbed.engine import docker

BASE = "upkeep-testbed/python"
BARE = "import re; print(re.search(r'Rss: +([0-9]+)', open('/proc/self/smaps_rollup').read())[1])"
METHOD = """\
Start: Der laufende Container wird hart beendet und wieder gestartet; gemessen wird von Dockers Startzeit bis zur ersten
Antwort 200 auf `/api/health` an der Adresse des Containers, alle 20 ms gefragt. Vergleich: ein Container desselben
Images, der nur Python startet und endet.

Speicher: alle Prozesse des Containers (RSS), nach dem Start und noch einmal nach einigen tausend Anfragen auf die
Artikelliste. Image: unkomprimierte Größe laut Docker, verglichen mit dem Grundimage, auf dem es steht."""


def measure(ground: Ground, quick: bool) -> Report:
    host = ground.serving()
    starts = ground.script(host, "starts.py", SLOT, "1" if quick else "5")
    fresh = _memory(ground, host)
    origin = f"http://{ground.address(host)}"
    shoot(origin, sign_in(origin, ground.password), MANY_CONNECTIONS, 1 if quick else 10)
    used = _memory(ground, host)
    bare = [int(ground.on(host, "docker", "exec", SLOT, "python3", "-c", BARE)) / 1024]
    interpreter = "leerer Python-Interpreter"
    image, base = _image_megabytes(f"{ground.image}:1.0.0"), _image_megabytes(BASE)
    figures = [
        Figure("Start bis bereit", "s", starts["ready"], "leerer Container", starts["bare"], Limit(3, always=True)),
        Figure("Größe des Images", "MB", [image], "Grundimage", [base], Limit(250)),
        Figure("Speicher nach dem Start (RSS)", "MB", [fresh], interpreter, bare, Limit(150)),
        Figure("Speicher nach Last (RSS)", "MB", [used], interpreter, bare, Limit(150)),
    ]
    return Report("app", "Lager-App: Start, Image, Speicher", METHOD, figures)


def _memory(ground: Ground, host: str) -> float:
    container = ground.on(host, "docker", "inspect", "-f", "{{.Id}}", SLOT)
    found: dict[str, Any] = ground.script(host, "footprint.py", container)
    return float(found[container]["rss_mb"])


def _image_megabytes(name: str) -> float:
    argv = docker("image", "inspect", "-f", "{{.Size}}", name)
    return int(subprocess.run(argv, capture_output=True, text=True, check=True).stdout) / 1e6
