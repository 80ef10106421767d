"""Stands in for IIS's appcmd.exe: `python -m testbed.windows.appcmd HOST_FOLDER WORDS…` acts on a simulated host.

Knows only what role win_maintenance says, and refuses everything else.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from testbed.windows.host import Host

SETTINGS = {"physicalPath": "physical_path", "applicationPool": "application_pool"}


def obey(host: Host, words: list[str]) -> str:
    """What it prints. Raises ValueError."""
    match words:
        case ["set", "vdir" | "app", site, setting] if site.endswith("/"):
            _set(host, site[:-1], setting)
        case ["list", "apppool", pool, "/text:state"]:
            return str(host.state["pools"][pool]["state"]).capitalize()
        case ["start" | "stop" as verb, "apppool", pool]:
            _turn(host, pool, {"start": "started", "stop": "stopped"}[verb])
        case ["recycle", "apppool", pool]:
            if host.state["pools"][pool]["state"] != "started":
                raise ValueError(f"Der Anwendungspool „{pool}“ läuft nicht")
            host.state["pools"][pool]["starts"] += 1
        case _:
            raise ValueError(f"appcmd {words} ist nicht nachgebildet")
    host.save()
    return ""


def _set(host: Host, site: str, setting: str) -> None:
    found = re.fullmatch(r"/(\w+):(.+)", setting)
    if found is None or found[1] not in SETTINGS:
        raise ValueError(f"{setting} ist nicht nachgebildet")
    value = _windows_path(host, found[2]) if found[1] == "physicalPath" else found[2]
    host.state["sites"][site][SETTINGS[found[1]]] = value


def _windows_path(host: Host, place: str) -> str:
    drive, *names = Path(place).relative_to(host.disk.root).parts
    return "\\".join([f"{drive}:", *names])


def _turn(host: Host, name: str, state: str) -> None:
    pool = host.state["pools"][name]
    if pool["state"] == state:
        raise ValueError(f"Der Anwendungspool „{name}“ ist schon {state}")
    pool |= {"state": state, "starts": pool["starts"] + (state == "started")}


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    try:
        print(obey(Host(folder.name, folder), sys.argv[2:]))
    except (ValueError, KeyError) as error:
        sys.exit(f"ERROR ( message:{error} )")
