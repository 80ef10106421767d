"""Runs a server's scheduled tasks: the very program that was copied there, on this machine's Node."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from testbed.windows.bed import ROOT
from testbed.windows.host import Host

NODE = Path(sys.executable).with_name("node")
EVENT = "import sys; open(sys.argv[1], 'a').write(' '.join(sys.argv[2:]) + '\\n')"
SETTINGS = r"C:\upkeep\maintenance\etikettendruck.json"


def due(host: Host, work: str, **changed: Any) -> subprocess.CompletedProcess[str]:
    """What the task for `work` does when its time has come; `changed` are settings of this test."""
    actions = [task["actions"][0] for task in host.state["tasks"].values()]
    words = next(words for words in (_words(action) for action in actions) if words[1] == work)
    settings = _here(host, json.loads(host.disk.read(SETTINGS))) | _stand_ins(host) | changed
    file = host.folder / "settings.json"
    file.write_text(json.dumps(settings))
    argv = [str(NODE), str(host.disk.place(words[0])), work, str(file)]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def events(host: Host) -> str:
    file = host.folder / "events.txt"
    return file.read_text() if file.exists() else ""


def _words(action: dict[str, Any]) -> list[str]:
    """The program's own words on the command line, as Windows would split them."""
    return [word.strip('"') for word in shlex.split(action["arguments"], posix=False)]


def _here(host: Host, value: Any) -> Any:
    """With every Windows path where it lies on this machine."""
    if isinstance(value, dict):
        return {key: _here(host, entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_here(host, entry) for entry in value]
    return str(host.disk.place(value)) if isinstance(value, str) and value[1:3] == ":\\" else value


def _stand_ins(host: Host) -> dict[str, Any]:
    asked = f"http://127.0.0.1:{host.port('http:8099')}/api/health"
    return {
        "appcmd": [sys.executable, "-m", "testbed.windows.appcmd", str(host.folder)],
        "sc": [sys.executable, "-m", "testbed.windows.sc", str(host.folder)],
        "eventcreate": [sys.executable, "-c", EVENT, str(host.folder / "events.txt")],
        "health_url": asked,
        "health_tries": 3,
        "health_delay": 0.2,
    }
