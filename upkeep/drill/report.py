"""The report of a trial, for auditors, insurers and customers: one file of HTML, kept for more than a year."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from upkeep import __version__
from upkeep.drill import page
from upkeep.drill.page import Bar, Fact, Past, Report, Row, Section
from upkeep.drill.record import Finding, notes
from upkeep.layout import StackPaths
from upkeep.memory import audit, journal
from upkeep.memory.journal import Operation, PhaseRecord, Record
from upkeep.ports.clock import moment
from upkeep.ports.files import Files
from upkeep.runs.run import Run

KEPT = 60
PAST = 12
GROUPS = ("Sicherung", "Datenbank", "Volumes", "Weitere Teile", "Anwendung")
METHOD = (
    "Dateien, Geheimnisse, Datenbank und Volumes aus der Sicherung in eigene Container ohne Verbindung nach außen; "
    "nichts davon aus dem laufenden System. Zählung auf dem Datenbankserver gegen das Manifest. Danach entfernt."
)
NOT_TRIED = (
    "Den Verlust des Servers: Die Übung läuft auf ihm selbst, in einem Netz ohne Verbindung nach außen.",
    "Verschlüsselung zum Benutzer (TLS), Namensauflösung und Zugang von außen.",
    "Ob fachlich richtig ist, was Benutzer eingegeben haben.",
)


def write(run: Run, reason: str | None) -> Path:
    """`reason`: why it failed; None when it did not. Old ones go."""
    place = file(run.paths, run.record.id)
    notes(run).tell(report=str(place))
    html = page.html(_report(run, reason))
    run.ports.files.write(place, html, mode=0o640)
    run.ports.files.write(run.paths.drill_report, html, mode=0o644)
    _drop_old(run.paths, run.ports.files)
    return place


def file(paths: StackPaths, run_id: str) -> Path:
    return paths.reports / f"uebung-{paths.name}-{run_id}.html"


def told(run: Run) -> str:
    """One sentence for the end."""
    known = notes(run)
    documents = (
        f"{page.number(known.fact('documents'))} Dokumente stimmen, " if known.fact("documents") is not None else ""
    )
    took = page.duration(float(known.fact("seconds")))
    where = file(run.paths, run.record.id)
    proven = f"Die Sicherung vom {_when(known.fact('at'))} lässt sich zurückspielen"
    return f"{proven}: {documents}die Anwendung lief nach {took}. Bericht: {where}"


def _report(run: Run, reason: str | None) -> Report:
    known = notes(run)
    ended = run.now()
    return Report(
        stack=run.paths.name,
        passed=reason is None,
        verdict=reason or _praise(run),
        date=_when(run.record.started_at),
        facts=tuple(_facts(run, ended)),
        figures=tuple(_figures(run)),
        bars=tuple(_bars(run.record, ended)),
        sections=tuple(_sections(known.findings)),
        check=tuple(known.fact("check") or ()),
        not_tried=(*NOT_TRIED, *(f"Nicht in der Sicherung: {text}" for text in known.fact("left_out") or ())),
        past=tuple(_past(run)),
        logs=tuple(run.record.last_logs),
        footer=f"Upkeep {__version__} · Übung {run.record.id} · erzeugt am {_when(ended)} {_zone(ended)}",
    )


def _praise(run: Run) -> str:
    looked = sum(item.good is True for item in notes(run).findings)
    return (
        "Die neueste Sicherung wurde vollständig in eine abgeschottete Umgebung zurückgespielt. "
        f"Die Anwendung lief darauf; alle {looked} Prüfungen sind bestanden."
    )


def _facts(run: Run, ended: str) -> Iterator[Fact]:
    known = notes(run)
    versions = known.fact("versions") or {}
    yield Fact("Anwendung", run.paths.name)
    yield Fact("Server", str(known.fact("host") or "–"))
    starter = "vom Zeitplan" if run.record.starter == "timer" else f"von {run.record.starter}"
    yield Fact("Übung", f"{_when(run.record.started_at)} bis {_when(ended)}, ausgelöst {starter}")
    if known.fact("backup"):
        yield Fact("Geprüfte Sicherung", f"{known.fact('backup')}, begonnen {_when(known.fact('at'))}")
        yield Fact("Sicherungsziel", f"{known.fact('target')} (verschlüsselt, restic)")
        yield Fact("Umfang", f"{page.size(int(known.fact('read')))} in {known.fact('parts')} Teilen")
        yield Fact("Version der Anwendung", str(versions.get("release") or "–"))
        software = [
            f"{name} {value}" for name, value in versions.items() if name not in ("release", "upkeep") and value
        ]
        yield Fact("Gesichert mit", ", ".join([f"Upkeep {versions.get('upkeep')}", *software]))
    yield Fact("Verfahren", METHOD)
    yield Fact("Protokoll bis dahin", f"audit.log, letzte Prüfsumme {audit.verify(run.paths).head or '–'}")


def _figures(run: Run) -> Iterator[Fact]:
    known = notes(run)
    if known.fact("age") is not None:
        yield Fact("Alter der Daten (RPO)", page.duration(float(known.fact("age"))))
    if known.fact("seconds") is not None:
        yield Fact("bis die Anwendung lief (RTO)", page.duration(float(known.fact("seconds"))))
    if known.fact("documents") is not None:
        yield Fact(f"Dokumente in {known.fact('collections')} Sammlungen", page.number(known.fact("documents")))


def _bars(record: Record, ended: str) -> Iterator[Bar]:
    for phase in record.phases:
        if phase.name not in ("clear", "leave", "remember"):
            yield Bar(phase.title, _seconds(phase, ended), phase.detail or ("abgebrochen" if not phase.done_at else ""))


def _seconds(phase: PhaseRecord, ended: str) -> float:
    return max(0.0, (moment(phase.done_at or ended) - moment(phase.intent_at)).total_seconds())


def _sections(findings: tuple[Finding, ...]) -> Iterator[Section]:
    for group in GROUPS:
        rows = tuple(Row(item.name, item.wanted, item.found, item.good) for item in findings if item.group == group)
        if rows:
            yield Section(group, rows)


def _past(run: Run) -> Iterator[Past]:
    earlier = [item for item in journal.readable(run.paths, newest_first=True) if item.operation is Operation.DRILL]
    for record in [item for item in earlier if item.finished_at and item.id != run.record.id][:PAST]:
        facts = (record.drill or {}).get("facts", {})
        took = page.duration(float(facts["seconds"])) if facts.get("seconds") is not None else "–"
        yield Past(_when(record.started_at), str(facts.get("backup") or "–"), took, record.result == "unchanged")


def _drop_old(paths: StackPaths, files: Files) -> None:
    for old in sorted(paths.reports.glob("uebung-*.html"), reverse=True)[KEPT:]:
        files.remove(old)


def _when(text: object) -> str:
    """In the host's own time."""
    found: datetime = moment(str(text)).astimezone()
    return f"{found:%d.%m.%Y %H:%M}"


def _zone(text: str) -> str:
    return f"({moment(text).astimezone():%Z})"
