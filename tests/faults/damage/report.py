"""The page docs/messungen/beschaedigte-sicherungen.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bench.figures import Figure, Limit, Report, Table
from tests.faults.damage.deeds import COUNTS, SEED

Json = dict[str, Any]
COLUMNS = (
    "Art der Datei",
    "Schaden",
    "Fälle",
    "von `upkeep verify --deep` gefunden",
    "schon ohne Daten zu lesen gefunden",
    "beim Zurücklesen abgewiesen",
    "unversehrt zurückgelesen",
    "falsch zurückgelesen",
)
METHOD = f"""\
Ein echtes restic-Repository mit einer Sicherung, wie Upkeep sie macht (Datenbankarchiv, Volume, Manifest), auf einer
Platte. Je Fall wird eine Datei beschädigt, die Prüfung läuft (`verify --deep` eines Hosts, der noch nichts las),
dann wird die ganze Sicherung ohne Zwischenspeicher zurückgelesen wie für eine Wiederherstellung, danach ist die Datei
wieder heil. Orte und Bits zieht ein Zufallsgenerator mit festem Anfangswert ({SEED}). Blockränder sind Vielfache von
4096 Bytes, die Grenzen der Stücke in restics Paketen und das Ende der Datei. „Unversehrt zurückgelesen“: Jedes Byte war
das gesicherte, der Schaden lag in einem Teil, den das Lesen nicht braucht (etwa in der Inhaltsliste am Ende eines
Pakets). „Falsch zurückgelesen“ darf es nicht geben: Was abgewiesen wird, kann nicht eingespielt werden."""


def report(seen: Sequence[Json]) -> Report:
    every = [float(100)] * 1
    found, structure = _share(seen, lambda one: one["found"]), _share(seen, lambda one: one["structure"])
    safe = _share(seen, lambda one: one["read"] is not False)
    blind = "Prüfung, die keine Daten liest"
    figures = (
        Figure("Schäden, die `verify --deep` findet", "%", [found], blind, [structure], Limit(100, at_least=True)),
        Figure("abgewiesen oder unversehrt zurückgelesen", "%", [safe], "alle Fälle", every, Limit(100, at_least=True)),
    )
    return Report(
        "beschaedigte-sicherungen",
        f"Beschädigte Sicherungen: {len(seen)} Fälle",
        METHOD,
        figures,
        (Table("Was womit gefunden wurde", COLUMNS, _rows(seen)),),
        made_by="make faults",
    )


def _share(seen: Sequence[Json], good: Callable[[Json], bool]) -> float:
    return 100 * sum(map(good, seen)) / len(seen)


def _rows(seen: Sequence[Json]) -> list[list[str]]:
    kinds = dict.fromkeys(one["file"] for one in seen)
    groups = [
        (kind, what, [one for one in seen if (one["file"], one["what"]) == (kind, what)])
        for kind in kinds
        for what in COUNTS
    ]
    return [_row(kind, what, cases) for kind, what, cases in groups if cases]


def _row(kind: str, what: str, cases: list[Json]) -> list[str]:
    reads = [case["read"] for case in cases]
    counts = [len(cases), sum(case["found"] for case in cases), sum(case["structure"] for case in cases)]
    return [kind, what, *map(str, [*counts, reads.count(None), reads.count(True), reads.count(False)])]
