"""What keeps a project from being taken over. Each sentence says what to write where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from upkeep.adoption.survey import Fate, Part, Survey
from upkeep.adoption.wish import Taker
from upkeep.ports import Ports
from upkeep.ports.neighbours import Mount, Occupant

TLS = 443


def problems(found: Survey, taker: Taker, ports: Ports) -> list[str]:
    checks = (_names, _services, _data, _volumes, _database, _tls)
    return [text for check in checks for text in check(found, taker, ports)]


def _names(found: Survey, taker: Taker, ports: Ports) -> Iterator[str]:
    if found.project == taker.policy.stack:
        yield (
            f"Der Stack heißt wie das Projekt „{found.project}“; Docker könnte beide nicht auseinanderhalten. "
            "Dem Stack im Inventar einen anderen Namen geben."
        )
    known = {part.occupant.service for part in found.parts}
    asked = (*found.wish.without, *found.wish.keep, *([found.wish.app] if found.wish.app else []))
    for name in sorted(set(asked) - known):
        yield f"Einen Dienst „{name}“ hat das Projekt nicht; es hat: {', '.join(sorted(known))}."


def _services(found: Survey, taker: Taker, ports: Ports) -> Iterator[str]:
    open_ones = [part.occupant.service for part in found.parts if part.fate is Fate.UNKNOWN]
    for name in open_ones:
        also = f"app={name}, wenn das die Anwendung ist; " if found.app is None else ""
        choice = f"{also}keep=[{name}] lässt ihn laufen, without=[{name}] hält ihn an"
        yield f"Was aus dem Dienst „{name}“ wird, ist offen: {choice}."
    if found.app is None and not open_ones:
        yield "Keiner der Dienste ist die Anwendung. Mit app=… sagen, welcher es ist."
    services = [part.occupant.service for part in found.parts if part.fate in (Fate.APP, Fate.DATABASE)]
    for name in sorted({name for name in services if services.count(name) > 1}):
        yield f"Vom Dienst „{name}“ gibt es mehrere Container; übernommen werden kann nur einer."


def _data(found: Survey, taker: Taker, ports: Ports) -> Iterator[str]:
    for mount, part in found.left:
        place = f"{mount.target} ({part.occupant.service})"
        yield f"{_called(mount)} mit den Daten unter {place} nimmt der Stack nicht. {_remedy(mount, part)}."


def _called(mount: Mount) -> str:
    return f"Das Volume {mount.name}" if mount.name else f"Der Ordner {mount.path}"


def _remedy(mount: Mount, part: Part) -> str:
    if part.fate is Fate.DATABASE:
        return f"Im Inventar unter databases.mongodb: volume: {mount.name}"
    if mount.kind == "bind":
        return f"Im Inventar unter volumes: {{source: {mount.path}, target: {mount.target}}}"
    short = re.sub(r"[^a-z0-9]+", "-", mount.target.rpartition("/")[2].lower()).strip("-") or "daten"
    return f"Im Inventar unter volumes: {{name: {short}, target: {mount.target}, external: {mount.name}}}"


def _volumes(found: Survey, taker: Taker, ports: Ports) -> Iterator[str]:
    for holding in found.holdings:
        volume = ports.neighbours.volume(holding.mount.name) if holding.mount.name else None
        if volume and not volume.plain:
            yield f"Das Volume {volume.name} hat eigene Treiberoptionen; so eines übernimmt diese Version nicht."
        others = ports.neighbours.users(holding.mount.name) if holding.mount.name else {}
        for name in sorted(name for name, project in others.items() if project != found.project):
            yield f"Das Volume {holding.label} benutzt auch der Container {name}; er muss vorher weg."
    kept = {
        mount.name for part in found.parts if part.fate is Fate.KEPT for mount in part.occupant.mounts if mount.name
    }
    for name in sorted(kept & {holding.mount.name for holding in found.holdings}):
        yield f"Das Volume {name} benutzt auch ein Dienst, der weiterlaufen soll (keep)."


def _database(found: Survey, taker: Taker, ports: Ports) -> Iterator[str]:
    old, wanted = found.database, taker.policy.mongodb
    if wanted and old is None:
        yield "Der Stack hat eine MongoDB, das Projekt nicht; sie finge leer an. Im Inventar databases leeren."
    if old is None or wanted is None:
        return
    before, after = _series(mongodb_version(old)), _series(wanted.image.tag)
    if before and after and before != after:
        remedy = f"Im Inventar databases.mongodb.image: mongo:{before} setzen; der Wechsel kommt danach."
        yield f"Im Projekt läuft MongoDB {before}, der Stack will {after}. {remedy}"
    if not any(holding.part.fate is Fate.DATABASE for holding in found.holdings) and not found.left:
        yield f"Die Daten der MongoDB ({old.service}) liegen in keinem Volume; erwartet werden sie unter /data/db."


def mongodb_version(old: Occupant) -> str | None:
    return old.image_environment.get("MONGO_VERSION") or old.image_environment.get("MONGO_MAJOR")


def _series(version: str | None) -> str | None:
    found = re.match(r"\d+\.\d+", version or "")
    return found[0] if found else None


def _tls(found: Survey, taker: Taker, ports: Ports) -> Iterator[str]:
    for part in found.parts:
        holds = any(opening.host_port == TLS for opening in part.occupant.openings)
        if holds and part.fate not in (Fate.KEPT, Fate.DROPPED) and TLS not in taker.host_ports:
            name = part.occupant.service
            yield f"Port {TLS} (HTTPS) böte danach niemand mehr an: keep=[{name}] oder without=[{name}]."
