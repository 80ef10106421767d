"""How a report looks: one page of HTML that needs nothing else, for screen and paper."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from pathlib import Path


@dataclass(frozen=True)
class Fact:
    name: str
    value: str


@dataclass(frozen=True)
class Bar:
    """One step: how long it took, and what came of it."""

    title: str
    seconds: float
    detail: str


@dataclass(frozen=True)
class Row:
    """`good` None: only told."""

    name: str
    wanted: str
    found: str
    good: bool | None


@dataclass(frozen=True)
class Section:
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Past:
    """An earlier trial."""

    date: str
    backup: str
    took: str
    passed: bool


@dataclass(frozen=True)
class Report:
    """`verdict`: in a sentence or two. `check`: what the application's own check printed."""

    stack: str
    passed: bool
    verdict: str
    date: str
    facts: tuple[Fact, ...]
    figures: tuple[Fact, ...]
    bars: tuple[Bar, ...]
    sections: tuple[Section, ...]
    check: tuple[str, ...]
    not_tried: tuple[str, ...]
    past: tuple[Past, ...]
    logs: tuple[str, ...]
    footer: str


STYLE = Path(__file__).with_name("page.css")
LAW = (
    "Nachweis über die Wiederherstellbarkeit der Daten (Art. 32 Abs. 1 Buchst. c DSGVO) und über deren regelmäßige "
    "Überprüfung (Art. 32 Abs. 1 Buchst. d DSGVO)."
)


def html(report: Report) -> str:
    title = f"Wiederherstellungsübung {report.stack}, {report.date}"
    parts = (_head(report), _figures(report), _facts(report), _steps(report), _findings(report), _rest(report))
    return (
        f'<!doctype html>\n<html lang="de">\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<style>{STYLE.read_text(encoding='utf-8')}</style>\n<main>\n{''.join(parts)}</main>\n</html>\n"
    )


def _head(report: Report) -> str:
    kind, word = ("good", "Bestanden") if report.passed else ("bad", "Nicht bestanden")
    return (
        f"<header><div><h1>Wiederherstellungsübung „{escape(report.stack)}“</h1>"
        f'<p class="soft">{escape(report.date)}. {LAW}</p></div><div class="stamp {kind}">{word}</div></header>\n'
        f'<p class="verdict {kind}"><span>{escape(report.verdict)}</span></p>\n'
    )


def _figures(report: Report) -> str:
    boxes = (f"<div><b>{escape(item.value)}</b><small>{escape(item.name)}</small></div>" for item in report.figures)
    return f'<div class="figures">{"".join(boxes)}</div>\n' if report.figures else ""


def _facts(report: Report) -> str:
    rows = (f"<tr><th>{escape(item.name)}<td>{escape(item.value)}" for item in report.facts)
    return f'<h2>Gegenstand</h2>\n<table class="facts">{"".join(rows)}</table>\n'


def _steps(report: Report) -> str:
    longest = max((bar.seconds for bar in report.bars), default=0.0) or 1.0
    rows = (
        f"<tr><td>{escape(bar.title)}<br><small>{escape(bar.detail)}</small>"
        f'<div class="track"><i style="width:{bar.seconds / longest * 100:.1f}%"></i></div>'
        f'<td class="number">{duration(bar.seconds)}'
        for bar in report.bars
    )
    return (
        f'<h2>Ablauf</h2>\n<table><tr><th>Schritt<th class="number">Dauer{"".join(rows)}</table>\n'
        if report.bars
        else ""
    )


def _findings(report: Report) -> str:
    sections = (f"<h3>{escape(item.title)}</h3>\n{_table(item)}" for item in report.sections)
    said = f"<h3>Ausgabe der eigenen Prüfung</h3>\n<pre>{_lines(report.check)}</pre>\n" if report.check else ""
    return f"<h2>Befunde</h2>\n{''.join(sections)}{said}" if report.sections else ""


def _table(section: Section) -> str:
    rows = (
        f"<tr><td>{escape(row.name)}<td>{escape(row.wanted)}<td>{escape(row.found)}<td>{_verdict(row.good)}"
        for row in section.rows
    )
    return f'<table class="rows"><tr><th>Was<th>Erwartet<th>Gefunden<th>Urteil{"".join(rows)}</table>\n'


def _verdict(good: bool | None) -> str:
    if good is None:
        return '<span class="soft">–</span>'
    return '<span class="good">✓ stimmt</span>' if good else '<span class="bad"><b>✗ falsch</b></span>'


def _rest(report: Report) -> str:
    logs = f"<h2>Letzte Zeilen der Anwendung</h2>\n<pre>{_lines(report.logs)}</pre>\n" if report.logs else ""
    limits = "".join(f"<li>{escape(text)}" for text in report.not_tried)
    signs = "".join(f"<div>{name}</div>" for name in ("Geprüft von", "Datum", "Unterschrift"))
    return (
        f"{logs}<h2>Was diese Übung nicht prüft</h2>\n<ul>{limits}</ul>\n{_past(report)}"
        f'<div class="sign">{signs}</div>\n<footer>{escape(report.footer)}</footer>\n'
    )


def _past(report: Report) -> str:
    rows = (
        f"<tr><td>{escape(item.date)}<td>{escape(item.backup)}<td>{escape(item.took)}<td>"
        + ('<span class="good">✓ bestanden</span>' if item.passed else '<span class="bad">✗ nicht bestanden</span>')
        for item in report.past
    )
    head = "<tr><th>Übung<th>Sicherung<th>Zeit bis zum Betrieb<th>Ergebnis"
    return f"<h2>Frühere Übungen</h2>\n<table>{head}{''.join(rows)}</table>\n" if report.past else ""


def _lines(lines: tuple[str, ...]) -> str:
    return "\n".join(escape(line) for line in lines)


def duration(seconds: float) -> str:
    """3.4 → „3,4 s“, 200 → „3 min 20 s“, 40000 → „11 h 7 min“, 300000 → „3 Tage 11 h“."""
    if seconds < 60:
        return f"{seconds:.1f} s".replace(".", ",")
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min"
    days, hours = divmod(hours, 24)
    return f"{days} Tage {hours} h"


def size(count: int) -> str:
    for unit, step in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if count >= step:
            return f"{count / step:.1f} {unit}".replace(".", ",")
    return f"{count} Bytes"


def number(count: object) -> str:
    """1234567 → „1 234 567“."""
    return f"{int(str(count)):,}".replace(",", "\u202f")
