"""state.json: what the agent knows of a stack between runs."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from upkeep.errors import JournalCorrupt
from upkeep.layout import StackPaths
from upkeep.memory.release import Images, Release
from upkeep.ports.files import Files

SCHEMA = 1


@dataclass(frozen=True)
class Migrated:
    """By which release's migration, in which run. Not `complete`: it failed or was cut short half-way."""

    version: str
    digest: str
    run: str
    at: str
    compatible: bool
    complete: bool


@dataclass(frozen=True)
class State:
    """`images` and `env_hash`: what release.env must hold. `references`: the names (tags) the gate's and the database's
    digests were resolved from. `hashes`: contents of secrets and gate files as last applied. `owned`: images this
    stack has run and may prune. `pin`: the pinned name last resolved, and its digest. `attention`: why new runs are
    refused until someone looked. `migrated`: what was done to the data last. `outdated`: digests of releases that no
    longer fit the data, because a migration that is not compatible has been at it since. `held_versions`: digest →
    version of what is held. `returned_from`: what was left by the rollback that led to the present release.
    `notes`: digest → what an image says is new in it; of the present release and of what the last check found."""

    release: Release | None = None
    previous: Release | None = None
    available: Release | None = None
    held: tuple[str, ...] = ()
    images: Images | None = None
    env_hash: str | None = None
    references: dict[str, str] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    owned: tuple[str, ...] = ()
    pin: tuple[str, str] | None = None
    attention: str | None = None
    migrated: Migrated | None = None
    outdated: tuple[str, ...] = ()
    held_versions: dict[str, str] = field(default_factory=dict)
    returned_from: Release | None = None
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def overtaken(self) -> bool:
        """Whether the release that is to run no longer fits the data: then nobody starts it by himself."""
        return self.release is not None and self.release.digest in self.outdated


# What a newer agent remembered beyond this is passed over: a host must come up again after it was taken back.
KNOWN = frozenset(item.name for item in fields(State))


def load(paths: StackPaths) -> State:
    """The remembered state; a stack never deployed has an empty one."""
    try:
        raw = _verified(json.loads(paths.state_file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return State()
    except (OSError, ValueError, AttributeError, TypeError) as exc:
        raise _unreadable(paths, exc) from exc
    try:
        return _parse(raw)
    except (KeyError, TypeError, ValueError) as exc:
        raise _unreadable(paths, exc) from exc


def save(paths: StackPaths, state: State, files: Files) -> None:
    body = {"schema": SCHEMA, **asdict(state)}
    files.write(paths.state_file, json.dumps(body | {"checksum": _checksum(body)}, indent=1))


def _verified(raw: dict[str, Any]) -> dict[str, Any]:
    """Raises ValueError for a file that was edited. The version before wrote none of these checksums."""
    checksum = raw.pop("checksum", None)
    if checksum is not None and checksum != _checksum(raw):
        raise ValueError("Prüfsumme stimmt nicht")
    return raw


def _checksum(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _parse(raw: dict[str, Any]) -> State:
    values = {key: value for key, value in raw.items() if key in KNOWN}
    for key in ("release", "previous", "available", "returned_from"):
        values[key] = Release.load(values.get(key))
    values["images"] = Images.load(values["images"])
    values["held"] = tuple(values["held"])
    values["owned"] = tuple(values["owned"])
    values["pin"] = (values["pin"][0], values["pin"][1]) if values["pin"] else None
    values["migrated"] = Migrated(**raw["migrated"]) if raw.get("migrated") else None
    values["outdated"] = tuple(raw.get("outdated", ()))
    return State(**values)


def _unreadable(paths: StackPaths, exc: Exception) -> JournalCorrupt:
    return JournalCorrupt(
        f"{paths.state_file} ist nicht lesbar",
        observed=str(exc) if isinstance(exc, ValueError | OSError) else type(exc).__name__,
        next_step=f"Die Anwendung läuft davon unberührt weiter. `upkeep repair {paths.name}` zeigt, was zu tun ist.",
    )
