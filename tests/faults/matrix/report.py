"""The generated page: what was disturbed at which step, and how it ended. A step without a row is a failure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import pages
from bench.machine import Circumstances
from tests.faults.matrix import campaign, steps
from tests.faults.matrix.broken import FAULTS, Fault
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.scenes import SCENES, story_of
from tests.faults.matrix.steps import BACK, FORWARD

NAME, LIMIT = "stoerungen", 30.0
GENERATED = "<!-- Erzeugt von `make faults`; nicht von Hand ändern. -->"
RESULTS = {
    "updated": "neue Version",
    "rolled_back": "zurück",
    "failed": "gescheitert, alte Version",
    "refused": "abgelehnt",
    "unchanged": "nichts zu tun",
    None: "nicht angenommen",
}
DEEDS = {"gate": "Gate abgeschossen", "docker": "Docker neu gestartet", "reboot": "Host neu gestartet"}
Json = dict[str, Any]


@dataclass
class Row:
    """One step of one strategy and direction: how often it was hit where, and what came of it."""

    hits: Counter[str] = field(default_factory=Counter)
    results: Counter[str] = field(default_factory=Counter)
    operator: int = 0
    slowest: float = 0.0
    bad: int = 0

    def add(self, place: str, cell: Json) -> None:
        self.hits[place] += 1
        self.results[outcome(cell)] += 1
        self.operator += bool(cell["operator"])
        self.slowest = max(self.slowest, cell.get("seconds_to_serving") or 0.0)
        self.bad += bool(cell["problems"])


def outcome(cell: Json) -> str:
    return RESULTS.get(cell["result"], str(cell["result"]))


def places(point: str) -> Iterable[tuple[str, str]]:
    """(step, where it was hit): a record of the journal completes one step and begins the next."""
    phase, when, what, _ = point.split("|")
    word = "vor" if when == "before" else "nach"
    if not what.startswith("journal "):
        yield phase, "mitten darin"
        return
    for kind, name in re.findall(r"(done|intent) ([^,]+)", what):
        yield name, f"{word} {'Abschluss' if kind == 'done' else 'Absicht'}"
    if "done" not in what and "intent" not in what:
        yield phase, "mitten darin"


def table_of_steps(ledger: Ledger) -> dict[tuple[str, str, str], Row]:
    """(strategy, direction, step) → row, from all runs in which the agent was shot."""
    rows: dict[tuple[str, str, str], Row] = {}
    for scene in SCENES:
        forward = set(story_of(scene)[FORWARD])
        for cell in ledger.of("cell", scene=scene.name, deed="agent"):
            for step, place in places(cell["point"]):
                ahead = step in forward or not step or not scene.tells_a_story
                direction = FORWARD if ahead else BACK
                rows.setdefault((scene.strategy, direction, steps.plain(step)), Row()).add(place, cell)
    return rows


def expected() -> dict[tuple[str, str, str], None]:
    """Every step the stories have, in their order."""
    wanted: dict[tuple[str, str, str], None] = {}
    for scene in SCENES:
        for direction, names in story_of(scene).items():
            wanted |= {(scene.strategy, direction, steps.plain(name)): None for name in names}
    return wanted


def missing(rows: Iterable[tuple[str, str, str]]) -> list[str]:
    """Steps without a row: of a story, or of the source at all."""
    present = set(rows)
    found = [" ".join(key) for key in expected() if key not in present]
    return found + sorted(steps.unmatched(steps.mentioned(), {step for _, _, step in present}))


COLUMNS = (
    "Schritt",
    "vor Absicht",
    "nach Absicht",
    "mitten darin",
    "vor Abschluss",
    "nach Abschluss",
    "davon in Betreiber-Wartung",
    "Ausgang",
    "längste Zeit bis zur Antwort",
    "Befund",
)


def cells_of(step: str, row: Row) -> list[str]:
    results = ", ".join(f"{count} × {name}" for name, count in row.results.most_common())
    hits = [str(row.hits[name] or "–") for name in COLUMNS[1:6]]
    verdict = f"**{row.bad} ×**" if row.bad else "keiner"
    return [step or "(Annahme)", *hits, str(row.operator), results, pages.quantity(row.slowest, "s"), verdict]


def kill_tables(ledger: Ledger) -> list[str]:
    rows, order = table_of_steps(ledger), list(expected())
    known = sorted(rows, key=lambda key: order.index(key) if key in order else -1)
    parts = []
    for strategy, direction in dict.fromkeys(key[:2] for key in (*order, *known)):
        lines = [cells_of(key[2], rows[key]) for key in known if key[:2] == (strategy, direction)]
        parts.append(f"### {strategy}, {direction}\n\n{pages.table(COLUMNS, lines)}")
    return parts


def deed_table(ledger: Ledger, deed: str) -> str:
    columns = ("Szene", "nach der Absicht zu", "Ausgang", "Zeit bis zur Antwort", "Befund")
    lines = [
        [
            cell["scene"],
            cell["phase"] if "|journal " in cell["point"] else cell["point"],
            outcome(cell),
            pages.quantity(cell.get("seconds_to_serving") or 0.0, "s"),
            "; ".join(cell["problems"]) or "keiner",
        ]
        for cell in ledger.of("cell", deed=deed)
    ]
    return pages.table(columns, lines)


def fault_table(ledger: Ledger) -> str:
    columns = ("Störung", "Weg", "bemerkt", "Ausgang", "Grund im Bericht", "letzte Logzeile", "Antworten", "Befund")
    lines = []
    for fault in FAULTS:
        for seen in ledger.of("fault", name=fault.name):
            lines.append(_fault_row(fault, seen))
    return pages.table(columns, lines)


def _fault_row(fault: Fault, seen: Json) -> list[str]:
    answers = ", ".join(f"{count} × {kind}" for kind, count in sorted(seen.get("answers", {}).items()))
    last = (seen.get("last_logs") or ["–"])[-1][:90]
    reason = (seen.get("reason") or "–")[:200]
    verdict = "; ".join(seen["problems"])[:300] or "keiner"
    return [fault.title, seen["strategy"], fault.caught, outcome(seen), reason, last, answers, verdict]


def summary(ledger: Ledger) -> str:
    kinds = [("Agent abgeschossen", "agent"), *((title, deed) for deed, title in DEEDS.items())]
    kinds += [("Platte läuft voll", "disk")]
    lines = [_summary_row(title, ledger.of("cell", deed=deed)) for title, deed in kinds]
    lines.append(_summary_row("kaputte Versionen und Umgebungen", ledger.of("fault")))
    return pages.table(("Matrix", "Läufe", "mit Befund", "längste Zeit bis zur Antwort", "Urteil"), lines)


def _summary_row(title: str, cells: list[Json]) -> list[str]:
    bad = sum(bool(cell["problems"]) for cell in cells)
    slowest = max((cell.get("seconds_to_serving") or 0.0 for cell in cells), default=0.0)
    verdict = f"{pages.KEPT}: {len(cells) - bad}" if cells and not bad else f"{pages.MISSED}: {bad}"
    return [title, str(len(cells)), str(bad), f"{pages.quantity(slowest, 's')} (Grenze {LIMIT:g} s)", verdict]


METHOD = """\
Echter Agent als systemd-Dienst, echtes Docker, Compose und HAProxy auf Testhosts. Nur die Ports sind ausgetauscht:
Sie melden jeden Augenblick vor und nach jedem Eintrag im Journal und jeder Veränderung der Welt, und an der
bestellten Stelle geschieht es. Danach kommt der Agent von selbst wieder, und jeder Lauf muss selbst zu Ende kommen.
Geprüft wird ohne den Agenten, bei Docker, den Dateien und dem Gate: eine einzige Version läuft (Digest),
`release.env` nennt sie, kein Container und kein Prozess zu viel, Sperre frei, Journal geschlossen, nichts halb
Geschriebenes, Gate wie sein Besitzer es will (jeder zweite Lauf in der Wartung des Betreibers); nach den anderen
findet ein Deploy nichts zu tun. Zwischen zwei Augenblicken, zwischen denen sich nichts ändert, wird einmal
geschossen. Ein Eintrag im Journal schließt einen Schritt ab und beginnt den nächsten: Dieser Lauf zählt in beiden
Zeilen. Die Liste der Schritte kommt aus dem Code; fehlt zu einem die Zeile, scheitert `make faults`."""


def page(ledger: Ledger, seen: Circumstances) -> str:
    gaps = missing(table_of_steps(ledger))
    complete = "Jeder Schritt jeder Geschichte hat eine Zeile." if not gaps else f"**Ohne Zeile: {', '.join(gaps)}.**"
    absent = (
        f"{len(ledger.of('absent'))} vermessene Augenblicke kamen kein zweites Mal vor und konnten nicht gestört werden"
    )
    complete += f" {absent} (etwa: Es gab nichts mehr aufzuräumen); keiner davon liegt an einem Eintrag des Journals."
    parts = [GENERATED, "# Störungen", pages.circumstances_text(seen, False), summary(ledger), complete]
    parts += ["## Wie gestört wurde", METHOD, "## Der Agent, an jeder Stelle abgeschossen", *kill_tables(ledger)]
    for deed, title in DEEDS.items():
        parts += [f"## {title}", deed_table(ledger, deed)]
    parts += ["## Kaputte Versionen, kaputte Umgebung", fault_table(ledger)]
    parts += ["## Die Platte läuft mitten im Lauf voll", deed_table(ledger, "disk")]
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
    left = campaign.outstanding(ledger)
    found = [f"Szene ohne ungestörten Lauf: {scene.name}" for scene in left.scenes]
    counted = Counter(f"{cell.scene.name} ({cell.kind})" for cell in left.cells)
    counted.update(f"{fault.name} ({strategy})" for fault, strategy in left.faults)
    found += [f"Noch nicht gelaufen: {count} × {name}" for name, count in counted.items()]
    return found + [f"Schritt ohne Zeile: {gap}" for gap in missing(table_of_steps(ledger))]


def failures(ledger: Ledger) -> list[str]:
    """What went wrong where somebody looked."""
    found = []
    for entry in (*ledger.of("cell"), *ledger.of("fault")):
        where = f"{entry.get('scene') or entry.get('name')} {entry.get('point', '')} {entry.get('deed', '')}"
        found += [f"{where}: {problem}" for problem in entry["problems"]]
    return found
