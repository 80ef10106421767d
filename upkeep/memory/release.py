"""What runs: releases, the images of a stack, and release.env, which only the agent writes."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from upkeep.errors import Refused
from upkeep.layout import StackPaths
from upkeep.ports.files import Files

HEADER = "# Diese Datei schreibt nur upkeep-agent. Änderungen: `upkeep update`, `upkeep rollback`, `upkeep deploy`.\n"


@dataclass(frozen=True)
class Release:
    """One version of the app. `snapshot`: id of the run whose compose.yml and stack.yml it runs with."""

    image: str
    digest: str
    version: str | None
    since: str | None = None
    snapshot: str | None = None

    @property
    def label(self) -> str:
        """How people call it."""
        return self.version or self.digest[:19]

    def public(self) -> dict[str, Any]:
        return {"image": self.image, "digest": self.digest, "version": self.version, "since": self.since}

    @classmethod
    def load(cls, raw: dict[str, Any] | None) -> Release | None:
        return cls(**raw) if raw else None


@dataclass(frozen=True)
class Images:
    """The content of release.env: every image by digest."""

    app: str
    gate: str
    mongodb: str | None = None

    def with_app(self, image: str) -> Images:
        return replace(self, app=image)

    @property
    def all(self) -> tuple[str, ...]:
        return tuple(image for image in (self.app, self.gate, self.mongodb) if image)

    def render(self) -> str:
        lines = [f"UPKEEP_APP_IMAGE={self.app}", f"UPKEEP_GATE_IMAGE={self.gate}"]
        lines += [f"UPKEEP_MONGODB_IMAGE={self.mongodb}"] if self.mongodb else []
        return HEADER + "\n".join(lines) + "\n"

    @classmethod
    def load(cls, raw: dict[str, Any] | None) -> Images | None:
        return cls(**raw) if raw else None


def read(path: Path) -> Images | None:
    """What a release.env says; None where it says nothing to be understood."""
    lines = (_content(path) or "").splitlines()
    found = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    app, gate = found.get("UPKEEP_APP_IMAGE"), found.get("UPKEEP_GATE_IMAGE")
    whole = app and gate and "@sha256:" in app and "@sha256:" in gate
    return Images(str(app), str(gate), found.get("UPKEEP_MONGODB_IMAGE")) if whole else None


def write(paths: StackPaths, images: Images, files: Files) -> str:
    """Write release.env and return the hash to remember."""
    text = images.render()
    files.write(paths.release_env, text, mode=0o644)
    return fingerprint(text)


def edited_by_hand(paths: StackPaths, known_hash: str | None) -> bool:
    """Whether release.env differs from what the agent wrote last. A missing file was removed by hand, too."""
    content = _content(paths.release_env)
    return (fingerprint(content) if content is not None else None) != known_hash


def refuse_hand_edits(paths: StackPaths, known_hash: str | None) -> None:
    if edited_by_hand(paths, known_hash):
        raise Refused(
            f"{paths.release_env} wurde von Hand geändert",
            observed="Inhalt weicht von dem ab, was der Agent geschrieben hat",
            next_step="Änderung zurücknehmen, oder die Datei neu schreiben lassen: "
            f"`upkeep deploy {paths.name} --force`.",
        )


def fingerprint(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def dump(value: Release | Images | None) -> dict[str, Any] | None:
    return asdict(value) if value else None


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, NotADirectoryError):
        return None
