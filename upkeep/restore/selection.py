"""Which part of a backup comes back: all data, one database, one collection, single volumes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from upkeep.backup.manifest import Manifest, Source
from upkeep.errors import BadRequest, UnknownBackup

MONGODB, VOLUME, POSTGRES = "mongodb", "volume", "postgres"
FORMS = "mongodb, mongodb:<Datenbank>, mongodb:<Datenbank>.<Sammlung>, postgres:<Datenbank> oder volume:<Name>"


@dataclass(frozen=True)
class Selection:
    """`mongodb`: a database or a namespace, empty for all of it, None for nothing of it. `postgres`: databases,
    `volumes`: their names."""

    mongodb: str | None
    postgres: tuple[str, ...]
    volumes: tuple[str, ...]


def asked(options: dict[str, Any]) -> tuple[str, ...]:
    """What the caller names; nothing means everything. Raises BadRequest."""
    only = options.get("only") or []
    if not isinstance(only, list) or not all(isinstance(item, str) for item in only):
        raise BadRequest("only muss eine Liste von Texten sein", observed=only)
    for item in only:
        kind, _, name = item.partition(":")
        if kind not in (MONGODB, POSTGRES, VOLUME) or (kind != MONGODB and not name):
            raise BadRequest("Das lässt sich nicht einzeln zurückspielen", observed=item, limit=FORMS)
    if sum(item.partition(":")[0] == MONGODB for item in only) > 1:
        raise BadRequest("Von der MongoDB geht nur eines auf einmal", observed=", ".join(only), limit=FORMS)
    return tuple(only)


def chosen(only: tuple[str, ...], manifest: Manifest) -> Selection:
    """Raises UnknownBackup for what is not in the backup."""
    return _named(only, manifest) if only else _everything(manifest)


def database(manifest: Manifest) -> Source | None:
    return next((source for source in manifest.sources if source.kind == MONGODB), None)


def _everything(manifest: Manifest) -> Selection:
    return Selection("" if database(manifest) else None, _parts(manifest, POSTGRES), _parts(manifest, VOLUME))


def _named(only: tuple[str, ...], manifest: Manifest) -> Selection:
    mongodb: str | None = None
    parts: dict[str, list[str]] = {POSTGRES: [], VOLUME: []}
    for item in only:
        kind, _, name = item.partition(":")
        if kind == MONGODB:
            _demand(name, _namespaces(manifest), item, manifest)
            mongodb = name
        else:
            _demand(name, _parts(manifest, kind), item, manifest)
            parts[kind].append(name)
    return Selection(mongodb, tuple(dict.fromkeys(parts[POSTGRES])), tuple(dict.fromkeys(parts[VOLUME])))


def _namespaces(manifest: Manifest) -> tuple[str, ...]:
    """Databases and collections of the backup; the empty name stands for all of them."""
    source = database(manifest)
    if source is None:
        return ()
    found = [(item["database"], f"{item['database']}.{item['name']}") for item in source.facts["collections"]]
    return ("", *dict.fromkeys(name for pair in found if pair[0] != "admin" for name in pair))


def _parts(manifest: Manifest, kind: str) -> tuple[str, ...]:
    return tuple(item.name.partition(":")[2] for item in manifest.sources if item.kind == kind)


def _demand(name: str, known: Iterable[str], item: str, manifest: Manifest) -> None:
    there = tuple(known)
    if name not in there:
        what = f"Die Sicherung {manifest.run} enthält „{item}“ nicht"
        raise UnknownBackup(what, limit=", ".join(text for text in there if text) or "nichts dergleichen")
