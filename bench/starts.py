"""Sent to a host on standard input: how long a container takes from its start to the first good answer.

Arguments: the container, how many times. Prints {"ready": [seconds], "bare": [seconds]}; `bare` is a container of the
same image that only starts Python. Standard library only.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from datetime import datetime

PATIENCE = 60
INTERVAL = 0.02


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout.strip()


def inspected(container: str, template: str) -> str:
    return docker("inspect", "-f", template, container)


def started_at(container: str) -> float:
    """Docker's own start time as seconds since the epoch."""
    text = inspected(container, "{{.State.StartedAt}}")
    return datetime.fromisoformat(text[:19] + "+00:00").timestamp() + float("0" + text[19:].rstrip("Z"))


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def start(container: str) -> float:
    """Seconds from a hard end and a new start until ready."""
    docker("kill", container)
    docker("start", container)
    addresses = inspected(container, "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}").split()
    url = f"http://{addresses[0]}:8000/api/health"
    deadline = time.monotonic() + PATIENCE
    while not answers(url):
        if time.monotonic() > deadline:
            sys.exit(f"{container} nach {PATIENCE} s nicht bereit")
        time.sleep(INTERVAL)
    return time.time() - started_at(container)


def bare(container: str) -> float:
    """Seconds that a container of the same image takes to start Python and end."""
    image = inspected(container, "{{.Image}}")
    began = time.monotonic()
    docker("run", "--rm", "--network", "none", image, "python3", "-c", "pass")
    return time.monotonic() - began


def main() -> None:
    container, times = sys.argv[1], int(sys.argv[2])
    ready = [start(container) for _ in range(times)]
    print(json.dumps({"ready": ready, "bare": [bare(container) for _ in range(times)]}))


main()
