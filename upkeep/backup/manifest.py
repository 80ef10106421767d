"""The manifest of a backup: written last, so that without it there is no backup. It says what is in it and what not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from upkeep import __version__
from upkeep.errors import RepositoryFailed
from upkeep.ports.restic import Snapshot

SCHEMA = 2
KNOWN = (1, SCHEMA)


@dataclass(frozen=True)
class Source:
    """One snapshot: `kind` mongodb, volume or files. `read`: bytes; `began`, `ended` of the reading; `facts`: what only
    this kind knows (a database's report, how a volume was quiesced)."""

    name: str
    kind: str
    snapshot: str
    read: int
    added: int
    began: str
    ended: str
    facts: dict[str, Any]

    def is_in(self, snapshots: dict[str, Snapshot]) -> bool:
        found = snapshots.get(self.name)
        return found is not None and found.id == self.snapshot


def source(raw: Mapping[str, Any]) -> Source:
    """What `dataclasses.asdict` made of one. Schema 1, and the runs of its days, also had restic's tree, which the
    snapshot's id stands for. Raises TypeError for anything else."""
    return Source(**{key: value for key, value in raw.items() if key != "tree"})


@dataclass(frozen=True)
class Manifest:
    """`at`: when the run began. `versions`: of upkeep and of what ran; `release`: image, digest, version."""

    stack: str
    host: str
    run: str
    at: str
    versions: dict[str, str | None]
    release: dict[str, Any] | None
    sources: tuple[Source, ...]
    left_out: tuple[str, ...]

    def text(self) -> str:
        return json.dumps({"schema": SCHEMA, "upkeep": __version__, **asdict(self)}, indent=1, ensure_ascii=False)


def parse(text: str, run: str) -> Manifest:
    """Raises RepositoryFailed for what is no manifest of this run (code manifest), or one of a newer version (code
    manifest_newer)."""
    try:
        raw = json.loads(text)
        schema, made_by = raw.pop("schema"), raw.pop("upkeep")
        if isinstance(schema, int) and schema > SCHEMA:
            raise _newer(run, schema, made_by)
        if schema in KNOWN and raw["run"] == run:
            sources = tuple(source(item) for item in raw["sources"])
            return Manifest(**raw | {"sources": sources, "left_out": tuple(raw["left_out"])})
        observed = f"Schema {schema}, Lauf {raw['run']}"
    except (ValueError, TypeError, KeyError, AttributeError) as exc:
        observed = type(exc).__name__
    raise RepositoryFailed(
        "manifest", f"Das Manifest der Sicherung {run} ist keines", observed=observed, limit=f"Schema {SCHEMA}"
    )


def _newer(run: str, schema: int, made_by: object) -> RepositoryFailed:
    return RepositoryFailed(
        "manifest_newer",
        f"Die Sicherung {run} stammt von einer neueren Version von Upkeep",
        observed=f"Format {schema}, Upkeep {made_by}",
        limit=f"Format {SCHEMA}, Upkeep {__version__}",
        next_step="Den Agenten dieses Hosts aktualisieren (`ansible-playbook playbooks/site.yml`).",
    )
