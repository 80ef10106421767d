"""What is remembered of a takeover: during the run in its journal, afterwards in adoption.json."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from upkeep.errors import JournalCorrupt
from upkeep.layout import StackPaths
from upkeep.ports.files import Files


@dataclass(frozen=True)
class Retired:
    """A container of the old project. `ran`: it was running, so the way back starts it. `restart`, `grace`: its restart
    policy, and how long it may take to stop (seconds)."""

    id: str
    service: str
    restart: str
    grace: float
    ran: bool


@dataclass(frozen=True)
class Store:
    """A directory with data, and where its safety copy lies. `owned`: it becomes the application's user's."""

    label: str
    path: str
    copy: str
    owned: bool


@dataclass(frozen=True)
class Takeover:
    """`containers` in the order in which they stop. `app`: id of the old application's container."""

    project: str
    directory: str
    containers: tuple[Retired, ...]
    stores: tuple[Store, ...]
    ports: tuple[int, ...]
    app: str
    user: int
    group: int

    def dump(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, raw: dict[str, Any]) -> Takeover:
        values = dict(raw)
        values["containers"] = tuple(Retired(**item) for item in raw["containers"])
        values["stores"] = tuple(Store(**item) for item in raw["stores"])
        values["ports"] = tuple(raw["ports"])
        return cls(**values)


@dataclass(frozen=True)
class Adopted:
    """What was taken over, when (ISO 8601), and where the safety copy of its data lies."""

    project: str
    directory: str
    at: str
    copies: str


def copies(paths: StackPaths, run_id: str) -> Path:
    return paths.data / "adoption" / run_id


def remember(paths: StackPaths, adopted: Adopted, files: Files) -> None:
    files.write(_file(paths), json.dumps(asdict(adopted), indent=1))


def recall(paths: StackPaths) -> Adopted | None:
    try:
        return Adopted(**json.loads(_file(paths).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as exc:
        raise JournalCorrupt(f"{_file(paths)} ist nicht lesbar", observed=type(exc).__name__) from exc


def _file(paths: StackPaths) -> Path:
    return paths.data / "adoption.json"
