"""Stands in for Windows' sc.exe: `python -m testbed.windows.sc HOST_FOLDER query|start|stop SERVICE`."""

from __future__ import annotations

import sys
from pathlib import Path

from testbed.windows.host import Host

STATES = {"stopped": "1  STOPPED", "running": "4  RUNNING"}


def obey(host: Host, verb: str, name: str) -> str:
    """What it prints. Raises ValueError, KeyError."""
    service = host.state["services"][name]
    wanted = {"start": "running", "stop": "stopped"}.get(verb)
    if verb != "query" and (wanted is None or service["state"] == wanted):
        raise ValueError(f"sc {verb} {name}: nicht nachgebildet, oder der Dienst ist schon {service['state']}")
    if wanted:
        service |= {"state": wanted, "starts": service.get("starts", 0) + (verb == "start")}
        host.save()
    return f"\nSERVICE_NAME: {name}\n        TYPE  : 10  WIN32_OWN_PROCESS\n        STATE : {STATES[service['state']]}"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    try:
        print(obey(Host(folder.name, folder), *sys.argv[2:]))
    except (ValueError, KeyError) as error:
        sys.exit(f"[SC] FEHLER {error}")
