"""Windows services that WinSW holds, on a simulated host: what the XML beside the program says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PureWindowsPath
from typing import Any
from xml.etree import ElementTree

from testbed.windows.disk import Disk


@dataclass(frozen=True)
class Wrapped:
    """A Node program: its words on the command line, where it runs, with which environment."""

    words: tuple[str, ...]
    folder: str
    environment: dict[str, str]


def wrapped(disk: Disk, service: Mapping[str, Any]) -> Wrapped | None:
    """None for a service of another kind."""
    program = PureWindowsPath(str(service.get("path", "")).strip('"'))
    if not program.suffix or not disk.exists(str(program.with_suffix(".xml"))):
        return None
    root = ElementTree.fromstring(disk.read(str(program.with_suffix(".xml"))))  # noqa: S314 - rendered by the test
    environment = {entry.get("name", ""): entry.get("value", "") for entry in root.iterfind("env")}
    words = (root.findtext("arguments") or "").split()
    return Wrapped(tuple(words), root.findtext("workingdirectory") or "", environment)


def on_port(disk: Disk, services: Mapping[str, Mapping[str, Any]], port: str) -> str:
    """Name of the running service that listens there; empty where none does."""
    for name, service in services.items():
        held = wrapped(disk, service)
        if held and held.environment.get("PORT") == port and service["state"] == "running":
            return name
    return ""


def release_of(disk: Disk, held: Wrapped) -> str:
    """Folder of the release that files/service.mjs of role win_node_app would run; empty where it would end at once."""
    choice = f"{held.folder}\\release.txt"
    if not disk.exists(choice):
        return ""
    return f"{PureWindowsPath(held.folder).parent}\\releases\\{disk.read(choice).strip()}"
