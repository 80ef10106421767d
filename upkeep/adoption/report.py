"""What a takeover found and is going to change, in the operator's words. Values of variables are never in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from upkeep.adoption.survey import Fate, Survey
from upkeep.adoption.wish import Taker
from upkeep.plans.plan import Plan
from upkeep.ports.neighbours import Occupant

SECRET = re.compile(r"PASS|PWD|SECRET|TOKEN|KEY|CREDENTIAL|PRIVATE", re.IGNORECASE)
ADDRESS_WITH_PASSWORD = re.compile(r"://[^/@\s]*:[^/@\s]+@")
SHOWN = 5
BECOMES = {
    Fate.APP: "wird zur Anwendung des Stacks",
    Fate.DATABASE: "wird zur Datenbank des Stacks",
    Fate.GATE: "wird angehalten, an seine Stelle tritt das Gate",
    Fate.KEPT: "läuft weiter wie bisher",
    Fate.DROPPED: "wird angehalten und nicht ersetzt",
    Fate.UNKNOWN: "noch offen",
}


def lines(found: Survey, taker: Taker, plan: Plan | None) -> list[str]:
    sections = (
        ("Dienste", _services(found)),
        ("Abbild", _image(found, plan)),
        ("Daten", _data(found, taker)),
        ("Ports", _ports(found, taker)),
        ("Umgebung", _environment(found, taker)),
        ("Bleibt zurück", _left(found)),
        ("Ablauf", _course(found, taker)),
    )
    written = [f"Projekt „{found.project}“ in {found.directory or 'unbekanntem Ordner'} → Stack „{taker.policy.stack}“"]
    for title, body in sections:
        texts = list(body)
        written += [f"{title}:", *(f"  {text}" for text in texts)] if texts else []
    return written


def _services(found: Survey) -> Iterator[str]:
    for part in found.parts:
        item = part.occupant
        state = "läuft" if item.running else f"läuft nicht ({item.state})"
        yield f"{item.service} ({state}): {item.image}, {_digest(item)} – {BECOMES[part.fate]}"


def _digest(item: Occupant) -> str:
    return item.digests[0].partition("@")[2][:19] if item.digests else f"ohne Digest ({item.image_id[:19]})"


def _image(found: Survey, plan: Plan | None) -> Iterator[str]:
    if plan is None or plan.target is None or found.app is None:
        return
    same = any(digest.endswith(plan.target.digest) for digest in found.app.digests)
    if same:
        yield f"dasselbe wie jetzt: {plan.target.image}"
    else:
        other = f"{plan.target.image} ({plan.target.label})"
        yield f"ein anderes als jetzt: {other}, denn das laufende kommt nicht aus dieser Quelle"


def _data(found: Survey, taker: Taker) -> Iterator[str]:
    for holding in found.holdings:
        mount = holding.mount
        kind = "Volume" if mount.name else "Ordner"
        yield f"{kind} {holding.label} ({_size(holding.size)}) wird weiterbenutzt, im Container unter {mount.target}"
        if holding.strangers:
            user, group = taker.app_user
            yield f"  {holding.strangers} Einträge darin gehören danach {user}:{group}, dem Benutzer der Anwendung"


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.1f} MB".replace(".", ",") if count >= 1024 * 1024 else f"{count // 1024} KB"


def _ports(found: Survey, taker: Taker) -> Iterator[str]:
    for occupant in found.stopping:
        for opening in occupant.openings:
            goes = "übernimmt das Gate" if opening.host_port in taker.host_ports else "bietet danach niemand mehr an"
            yield f"{opening.bind}:{opening.host_port} ({occupant.service}) {goes}"
    for port in sorted(set(taker.host_ports) - set(found.ports)):
        yield f"{port} bietet das Gate neu an"


def _environment(found: Survey, taker: Taker) -> Iterator[str]:
    if found.app is None:
        return
    for name, value in sorted(found.app.environment.items()):
        secret = " (Geheimnis)" if SECRET.search(name) or ADDRESS_WITH_PASSWORD.search(value) else ""
        yield f"{name}{secret}: {_compared(name, value, taker)}"


def _compared(name: str, value: str, taker: Taker) -> str:
    if name in taker.environment_secrets:
        return "setzt der Stack aus seinen Geheimnissen"
    if name not in taker.environment:
        return "setzt der Stack nicht"
    return "wie bisher" if taker.environment[name] == value else "bekommt im Stack einen anderen Wert"


def _left(found: Survey) -> Iterator[str]:
    for part in found.parts:
        if part.fate is Fate.DROPPED:
            yield f"Dienst {part.occupant.service} (ohne Ersatz)"
    if found.layer:
        more = f" und {len(found.layer) - SHOWN} weitere" if len(found.layer) > SHOWN else ""
        shown = ", ".join(found.layer[:SHOWN])
        yield f"im alten Container selbst, in keinem Volume: {shown}{more}. Er wird nur angehalten, nicht gelöscht"
    yield f"die Dateien des Projekts, unverändert: {found.directory}"


def _course(found: Survey, taker: Taker) -> Iterator[str]:
    yield "Abbilder laden; bis hier läuft alles weiter"
    yield f"anhalten: {', '.join(item.service for item in found.stopping)} (die Container bleiben, ohne Neustart-Regel)"
    yield f"Gate starten, mit Wartungsseite auf Port {', '.join(map(str, taker.host_ports))}"
    total = _size(sum(holding.size for holding in found.holdings))
    yield f"Daten zur Sicherheit kopieren ({total}) und die Kopie vergleichen"
    yield "Stack auf denselben Daten starten, prüfen, Wartungsseite ausschalten"
    yield "geht dabei etwas schief: Daten zurück aus der Kopie, altes Projekt wieder starten"
