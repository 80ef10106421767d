"""The generated page of the second book. What nobody has seen yet is named on it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from bench import pages
from bench.machine import Circumstances
from tests.faults.matrix.data import campaign
from tests.faults.matrix.data.scenes import ALL_SCENES, PATIENCE, SCENES, Scene
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.report import GENERATED, places
from tests.faults.matrix.steps import plain

NAME, LIMIT = "stoerungen-daten", 60.0
RESULTS = {
    "updated": "gelungen",
    "unchanged": "gelungen",
    "rolled_back": "zurück",
    "failed": "gescheitert",
    "refused": "abgelehnt",
    None: "nicht angenommen",
}
DEEDS = {
    "agent": "Agent abgeschossen (SIGKILL)",
    "docker": "Docker neu gestartet",
    "power": "Strom weg",
    "disk": "Platte voll",
    "net": "Netz zum Sicherungsserver getrennt",
}
PLACES = ("vor Absicht", "nach Absicht", "mitten darin", "vor Abschluss", "nach Abschluss")
Json = dict[str, Any]
METHOD = f"""\
Echter Agent als systemd-Dienst, echtes Docker, Compose, HAProxy, MongoDB, PostgreSQL und restic auf Testhosts; das
Sicherungsziel ist restics REST-Server auf einer anderen Maschine, der nur annimmt (wie ihn die Rolle `backup_server`
einrichtet). Gesichert werden eine MongoDB, eine PostgreSQL, ein Volume, dessen Benutzer eingefroren werden, eines,
dessen Benutzer angehalten werden, und ein Ordner. An jedem Volume hängen drei fremde Container: einer arbeitet, einer
war schon eingefroren, einer stand schon. Bei Sicherung, Übung und Update bucht jemand weiter (Geld wandert zwischen
Konten, jede Buchung wird gezählt, in einer Transaktion über mehrere Sammlungen oder Tabellen); jede bestätigte Buchung
muss danach da sein. Beim Zurückspielen und Zurücknehmen gibt es zwei Stände, „damals“ und „heute“: Danach liegt
überall derselbe, und zwar der, den das Ergebnis des Laufs behauptet, mit genau gleichen Zahlen.

Gestört wird vor und nach jedem Eintrag im Journal, nach jeder Veränderung der Welt dazwischen und nach einem Viertel,
der Hälfte und drei Vierteln jedes Schritts, der länger als {campaign.LONG:g} s dauert. Jedes zweite Mal ist der Stack
in der Wartung des Betreibers. Der Strom ist weg, wenn der Testhost hart ausgeschaltet und wieder gestartet wird: Was
geschrieben war, bleibt dabei im Speicher der Maschine; ein Verlust ungesicherter Blöcke ist damit nicht nachgestellt.
Das Netz bleibt getrennt, bis der Lauf zu Ende ist (Grenze {PATIENCE:g} s).

Danach wird nichts von Hand entsperrt oder aufgeräumt. Geprüft wird bei Docker, den Datenbanken, den Dateien, dem Gate
und dem Sicherungsserver selbst: Daten unversehrt; jeder Container wie vorher, spätestens {LIMIT:g} s nach der Rückkehr
des Agenten; Sperre frei, Journal geschlossen, nichts halb Geschriebenes; keine Reste (Container, Volumes und Netze
einer Übung, Sammlungen und Datenbanken neben den echten, entpackte Ordner); das Gate, wie sein Besitzer es will; die
nächste Sicherung gelingt und lässt keine Sperre im Sicherungsziel zurück; was der Lauf als Sicherung meldet, ist eine,
was nicht, ist keine. Eingefrorene Container, die Docker beim eigenen Neustart selbst vergisst, zählen nicht."""


def summary(ledger: Ledger) -> str:
    columns = ("Lauf", *DEEDS.values(), "mit Befund", "längste Zeit, bis alles war wie vorher", "Urteil")
    return pages.table(columns, [_summary_row(scene, ledger) for scene in SCENES])


def _summary_row(scene: Scene, ledger: Ledger) -> list[str]:
    names = {one.name for one in ALL_SCENES if one.name.removeprefix("platte-") == scene.name}
    cells = [cell for cell in ledger.of("cell") if cell["scene"] in names]
    counts = [str(sum(cell["deed"] == deed for cell in cells) or "–") for deed in DEEDS]
    bad = sum(bool(cell["problems"]) for cell in cells)
    slowest = max((_seconds(cell) for cell in cells if cell["deed"] != "net"), default=0.0)
    told = "–" if not cells else f"{pages.KEPT}: {len(cells)}" if not bad else f"{pages.MISSED}: {bad}"
    return [scene.title, *counts, str(bad), f"{pages.quantity(slowest, 's')} (Grenze {LIMIT:g} s)", told]


def _seconds(cell: Json) -> float:
    return float(cell.get("seconds_to_prior") or 0.0)


def kill_table(scene: Scene, ledger: Ledger) -> str:
    """One row for each step: how often the agent was shot where, and what came of it."""
    rows: dict[str, list[tuple[str, Json]]] = {}
    for cell in ledger.of("cell", scene=scene.name, deed="agent"):
        point, _, percent = cell["point"].partition("@")
        hit = [(cell["phase"], "mitten darin")] if percent else places(point)
        for step, place in hit:
            rows.setdefault(plain(step), []).append((place, cell))
    lines = [_kill_row(step, hits) for step, hits in rows.items()]
    columns = ("Schritt", *PLACES, "Ausgang", "längste Zeit, bis alles war wie vorher", "Befund")
    return pages.table(columns, lines)


def _kill_row(step: str, hits: list[tuple[str, Json]]) -> list[str]:
    counts, ends = Counter(place for place, _ in hits), Counter(_outcome(cell) for _, cell in hits)
    bad = sum(bool(cell["problems"]) for _, cell in hits)
    told = ", ".join(f"{count} × {name}" for name, count in ends.most_common())
    slowest = pages.quantity(max(_seconds(cell) for _, cell in hits), "s")
    seen = [str(counts[place] or "–") for place in PLACES]
    return [step or "(Annahme)", *seen, told, slowest, f"**{bad} ×**" if bad else "keiner"]


def deed_table(ledger: Ledger, deed: str) -> str:
    columns = ("Szene", "bei", "Ausgang", "Sekunden", "Befund")
    lines = [
        [
            cell["scene"],
            cell["phase"] or cell["point"].partition("|")[0] or "(Annahme)",
            _outcome(cell),
            pages.quantity(_seconds(cell), ""),
            "; ".join(cell["problems"])[:300] or "keiner",
        ]
        for cell in ledger.of("cell", deed=deed)
    ]
    return pages.table(columns, lines)


def _outcome(cell: Json) -> str:
    return RESULTS.get(cell["result"], str(cell["result"]))


def page(ledger: Ledger, seen: Circumstances) -> str:
    gaps, done = unfinished(ledger), len(ledger.of("cell"))
    told = f"**Unvollständig: {done} Läufe sind gemacht. {'; '.join(gaps)}.**" if gaps else f"Alle {done} Läufe."
    absent = len(ledger.of("absent"))
    told += f" {absent} vermessene Augenblicke kamen kein zweites Mal vor und konnten nicht gestört werden."
    parts = [GENERATED, "# Störungen an Sicherungen", pages.circumstances_text(seen, False), summary(ledger), told]
    parts += ["## Wie gestört wurde", METHOD, f"## {DEEDS['agent']}"]
    for scene in SCENES:
        parts += [f"### {scene.title}", kill_table(scene, ledger)]
    for deed in list(DEEDS)[1:]:
        parts += [f"## {DEEDS[deed]}", deed_table(ledger, deed)]
    return "\n\n".join(parts) + "\n"


def write(folder: Path, ledger: Ledger, seen: Circumstances) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / f"{NAME}.md"
    place.write_text(page(ledger, seen), encoding="utf-8")
    if (folder / "README.md").exists():
        (folder / "README.md").write_text(pages.index(folder), encoding="utf-8")
    return place


def unfinished(ledger: Ledger) -> list[str]:
    """What nobody has seen yet."""
    scenes, cells = campaign.outstanding(ledger)
    counted = Counter(f"{cell.scene.name} ({cell.kind})" for cell in cells)
    found = [f"Szene ohne ungestörten Lauf: {scene.name}" for scene in scenes]
    return found + [f"noch nicht gelaufen: {count} × {name}" for name, count in counted.items()]


def failures(ledger: Ledger) -> list[str]:
    return [
        f"{cell['scene']} {cell['point']} {cell['deed']}: {problem}"
        for cell in ledger.of("cell")
        for problem in cell["problems"]
    ]
