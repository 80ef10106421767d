"""The generated pages in docs/messungen: one a topic, and the index over all of them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, Limit, Of, Report
from bench.machine import Circumstances

GENERATED = "<!-- Erzeugt von `{}`; nicht von Hand ändern. -->"
KEPT, MISSED = "eingehalten", "**verfehlt**"
COLUMNS = ("Größe", "Median", "Spanne", "verglichen im selben Lauf mit", "Verhältnis", "Grenze", "Urteil")


def number(value: float) -> str:
    """German spelling, three figures that count; a dash for what is no number, as a ratio to nothing."""
    if not math.isfinite(value):
        return "–"
    size = abs(value)
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    return f"{value:.{digits}f}".replace(".", ",")


def quantity(value: float, unit: str) -> str:
    return f"{number(value)} {unit}".strip()


def limit_text(limit: Limit | None, unit: str) -> str:
    if limit is None:
        return "–"
    bound = f"{limit.bound:g} {'' if limit.of is Of.RATIO else unit}".replace(".", ",").strip()
    words = [limit.of.value, "≥" if limit.at_least else "≤", bound, "(jedes Mal)" if limit.always else ""]
    return " ".join(word for word in words if word)


def verdict(figure: Figure) -> str:
    if figure.limit is None or figure.decisive is None:
        return "–"
    decisive = quantity(figure.decisive, "" if figure.limit.of is Of.RATIO else figure.unit)
    return f"{KEPT if figure.is_kept else MISSED}: {decisive}"


def cells(figure: Figure) -> list[str]:
    """One row of the table of figures."""
    span = f"{number(min(figure.samples))} … {number(max(figure.samples))}" if len(figure.samples) > 1 else "–"
    baseline = f"{figure.baseline_name}: {quantity(figure.baseline_median, figure.unit)}"
    measured = [figure.name, quantity(figure.median, figure.unit), span, baseline, number(figure.ratio)]
    return [*measured, limit_text(figure.limit, figure.unit), verdict(figure)]


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def circumstances_text(seen: Circumstances, quick: bool) -> str:
    dirty = " mit nicht eingetragenen Änderungen im Arbeitsbaum" if seen.is_dirty else ""
    taken = f"Gemessen am {seen.moment:%d.%m.%Y um %H:%M}, Stand `{seen.commit}`{dirty}."
    machine = (
        f"Maschine: {seen.cores} Kerne ({seen.processor}), {number(seen.memory)} GB Speicher, Linux {seen.kernel}, "
        f"Last vor dem Lauf {number(seen.load)}."
    )
    trial = ["Probelauf mit wenigen Messungen: Die Zahlen taugen nicht zum Vergleichen."] if quick else []
    busy = ["Die Maschine hatte beim Start anderes zu tun: Zeiten sind länger als sonst, Verhältnisse unsicher."]
    return "\n".join([taken, machine, *(busy if seen.is_busy else []), *trial])


def page(report: Report, seen: Circumstances, quick: bool = False) -> str:
    """The whole Markdown page of one topic."""
    extra = [f"## {one.heading}\n\n{table(one.columns, one.rows)}" for one in report.tables]
    parts = [GENERATED.format(report.made_by), f"# {report.title}", circumstances_text(seen, quick)]
    parts += [table(COLUMNS, [cells(figure) for figure in report.figures])]
    parts += ["## Wie gemessen wurde", report.method, *extra]
    return "\n\n".join(parts) + "\n"


def index(folder: Path) -> str:
    """README.md over every page in `folder`, also those that this run did not measure again."""
    rows = [_index_row(file) for file in sorted(folder.glob("*.md")) if file.name != "README.md"]
    intro = (
        "Jede Zahl steht neben einem Vergleichswert aus demselben Lauf: Zeiten einer Maschine sagen wenig, "
        "Verhältnisse viel. `make bench`, `make load` und `make faults` messen neu und schreiben diese Seiten."
    )
    columns = ("Thema", "gemessen", "eingehalten", "verfehlt")
    return "\n\n".join([GENERATED.format("make bench"), "# Messungen", intro, table(columns, rows)]) + "\n"


def _index_row(file: Path) -> list[str]:
    text = file.read_text(encoding="utf-8")
    title = re.search(r"^# (.*)$", text, re.MULTILINE)
    taken = re.search(r"^Gemessen am (\S+) um (\S+), Stand (`\w*`)", text, re.MULTILINE)
    name = f"[{title[1] if title else file.stem}]({file.name})"
    when = f"{taken[1]} {taken[2]}, {taken[3]}" if taken else "–"
    return [name, when, str(text.count(f"| {KEPT}: ")), str(text.count(f"| {MISSED}: "))]


def write(folder: Path, report: Report, seen: Circumstances, quick: bool = False) -> None:
    """Place the topic's page and bring the index up to date."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{report.name}.md").write_text(page(report, seen, quick), encoding="utf-8")
    (folder / "README.md").write_text(index(folder), encoding="utf-8")


def shown(report: Report) -> str:
    """The same figures for the terminal."""
    lines = [f"── {report.title}"]
    for figure in report.figures:
        value, span, baseline, ratio, limit, judged = cells(figure)[1:]
        lines.append(f"   {figure.name}: {value} ({span}); {baseline}; Verhältnis {ratio}; Grenze {limit}: {judged}")
    lines += [f"   {one.heading}: " + "; ".join(" ".join(row) for row in one.rows[:8]) for one in report.tables]
    return "\n".join(lines).replace("**", "")
