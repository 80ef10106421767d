"""What Upkeep says about this stack: `system.json`, which the agent on the host replaces as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

LARGEST = 512 * 1024  # bytes
NAME = "system.json"
REPORT = "uebung.html"
MISSING = (
    "Upkeep hat hier noch nichts hinterlegt ({path}). Das ist so, bis „playbooks/site.yml“ einmal gelaufen ist, "
    "oder wenn die App ohne Upkeep betrieben wird. Updates startet dann der Betreiber."
)
UNREADABLE = "Der Stand von Upkeep ist nicht lesbar ({path}: {why}). Bitte auf dem Server „upkeep status“ ansehen."


class _Part(BaseModel):
    """What we know of it; a newer agent may say more."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Release(_Part):
    version: str | None = None
    since: str | None = None
    notes: str | None = None


class Available(_Part):
    version: str
    notes: str | None = None
    checked_at: str | None = None
    held: bool = False


class Checked(_Part):
    run: str
    at: str | None = None
    result: str | None = None
    message: str = ""


class Running(_Part):
    run: str
    operation: str
    started_at: str | None = None


class Past(_Part):
    """``from`` and ``to`` are versions."""

    run: str
    operation: str
    result: str | None = None
    before: str | None = Field(None, alias="from")
    after: str | None = Field(None, alias="to")
    started_at: str
    seconds: float = 0.0
    message: str = ""
    code: str = ""


class Saved(_Part):
    """A backup that was made. ``size`` in bytes of what it holds."""

    at: str
    seconds: float
    size: int


class Drilled(_Part):
    """The last backup that was restored as a trial and worked; ``seconds`` until the app ran on it."""

    at: str
    seconds: float


class Backup(_Part):
    """``runs``: oldest first. ``report``: whether there is one to be had."""

    last: Saved | None = None
    drilled: Drilled | None = None
    runs: tuple[Saved, ...] = ()
    problems: tuple[str, ...] = ()
    report: bool = False


class Content(_Part):
    version: str | None = None
    release: Release | None = None
    available: Available | None = None
    checked: Checked | None = None
    actions: tuple[str, ...] = ()
    history: tuple[Past, ...] = ()
    running: Running | None = None
    backup: Backup | None = None


@dataclass(frozen=True)
class Published:
    """``problem`` is a German sentence when there is nothing to be read."""

    content: Content
    problem: str | None = None

    def view(self) -> dict[str, Any]:
        shown = self.content.model_dump(mode="json", by_alias=True)
        return shown | {"problem": self.problem}


def read_published(directory: Path) -> Published:
    """Never raises: a file that is missing or damaged is told, and the app goes on."""
    path = directory / NAME
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        return Published(Content(), MISSING.format(path=path))
    except OSError as exc:
        return _unreadable(path, exc.strerror or "unbekannt")
    if len(raw) > LARGEST:
        return _unreadable(path, f"größer als {LARGEST // 1024} KB")
    try:
        return Published(Content.model_validate_json(raw))
    except ValidationError as exc:
        place = ".".join(str(part) for part in exc.errors(include_url=False)[0]["loc"])
        return _unreadable(path, f"unerwarteter Inhalt bei „{place}“" if place else "kein gültiges JSON")


def read_report(directory: Path) -> bytes | None:
    """The newest trial restore's, as the agent wrote it; None when there is none."""
    try:
        with (directory / REPORT).open("rb") as file:
            raw = file.read(LARGEST + 1)
    except OSError:
        return None
    return raw if len(raw) <= LARGEST else None


def _unreadable(path: Path, why: str) -> Published:
    return Published(Content(), UNREADABLE.format(path=path, why=why))
