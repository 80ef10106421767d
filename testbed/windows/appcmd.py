"""Stands in for IIS's appcmd.exe: `python -m testbed.windows.appcmd HOST_FOLDER WORDS…` acts on a simulated host.

Knows only what the roles say, and refuses everything else.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from testbed.windows.host import Host

ARR = r"C:\Windows\System32\inetsrv\config\schema\arr_schema.xml"
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
        case ["list", "config", "/section:system.webServer/proxy"]:
            return _proxy(host)
        case ["set", "config", "/section:system.webServer/proxy", "/commit:apphost", *settings]:
            host.state["proxy"] |= dict(_setting(word) for word in settings)
        case _:
            raise ValueError(f"appcmd {words} ist nicht nachgebildet")
    host.save()
    return ""


def _set(host: Host, site: str, word: str) -> None:
    name, given = _setting(word)
    if name not in SETTINGS:
        raise ValueError(f"{word} ist nicht nachgebildet")
    host.state["sites"][site][SETTINGS[name]] = _windows_path(host, given) if name == "physicalPath" else given


def _setting(word: str) -> tuple[str, str]:
    found = re.fullmatch(r"/(\w+):(.+)", word)
    if found is None:
        raise ValueError(f"{word} ist nicht nachgebildet")
    return found[1], found[2]


def _proxy(host: Host) -> str:
    """Only what was set: as on a server, where a default is not said."""
    if not host.disk.exists(ARR):
        raise ValueError("Unknown config section system.webServer/proxy")
    said = " ".join(f'{name}="{value}"' for name, value in host.state["proxy"].items())
    return f"<system.webServer>\n  <proxy {said}>\n  </proxy>\n</system.webServer>"


def _windows_path(host: Host, place: str) -> str:
    drive, *names = Path(place).relative_to(host.disk.root).parts
    return "\\".join([f"{drive}:", *names])


def _turn(host: Host, name: str, state: str) -> None:
    pool = host.state["pools"][name]
    if pool["state"] == state:
        raise ValueError(f"Der Anwendungspool „{name}“ ist schon {state}")
    pool |= {"state": state, "starts": pool["starts"] + (state == "started")}


if __name__ == "__main__":
    from testbed.windows.host import Host

    folder = Path(sys.argv[1])
    try:
        print(obey(Host(folder.name, folder), sys.argv[2:]))
    except (ValueError, KeyError) as error:
        sys.exit(f"ERROR ( message:{error} )")
