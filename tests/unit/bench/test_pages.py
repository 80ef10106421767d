"""The generated pages say what was measured, where, against what, and whether the limit was kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bench import pages
from bench.figures import Figure, Limit, Of, Report, Table
from bench.machine import Circumstances

SEEN = Circumstances(datetime(2026, 11, 21, 9, 5, tzinfo=UTC), "abc123", True, 2, "Prozessor", 23.5, "6.1.0", 0.25)
KEPT = Figure("Dauer", "s", [4, 5, 6], "leeres Playbook", [1, 1, 1], Limit(10))
MISSED = Figure("Durchsatz", "Anfragen/s", [80], "direkt", [100], Limit(0.9, Of.RATIO, at_least=True))
REPORT = Report(
    "tor", "Das Tor", "So wurde gemessen.", [KEPT, MISSED], [Table("Zeiten", ("Was", "Dauer"), [("a|b", "1")])]
)


def test_row_names_figure_baseline_ratio_limit_and_verdict() -> None:
    text = pages.page(REPORT, SEEN)
    assert "| Dauer | 5,00 s | 4,00 … 6,00 | leeres Playbook: 1,00 s | 5,00 | ≤ 10 s | eingehalten: 5,00 s |" in text
    assert "| direkt: 100 Anfragen/s | 0,800 | Verhältnis ≥ 0,9 | **verfehlt**: 0,800 |" in text


def test_page_says_where_and_when_and_that_the_work_tree_was_dirty() -> None:
    text = pages.page(REPORT, SEEN)
    assert "Gemessen am 21.11.2026 um 09:05, Stand `abc123` mit nicht eingetragenen Änderungen" in text
    assert "2 Kerne (Prozessor), 23,5 GB Speicher, Linux 6.1.0, Last vor dem Lauf 0,250" in text
    assert "Probelauf" not in text
    assert "Probelauf" in pages.page(REPORT, SEEN, quick=True)


def test_page_warns_when_the_machine_was_busy() -> None:
    assert "anderes zu tun" not in pages.page(REPORT, SEEN)
    assert "anderes zu tun" in pages.page(REPORT, replace(SEEN, load=2.0))


def test_cell_never_breaks_its_table() -> None:
    assert "| a/b | 1 |" in pages.page(REPORT, SEEN)


def test_index_counts_kept_and_missed_limits_of_every_page(tmp_path: Path) -> None:
    pages.write(tmp_path, REPORT, SEEN)
    pages.write(tmp_path, Report("agent", "Der Agent", "So.", [KEPT]), SEEN)
    rows = (tmp_path / "README.md").read_text().splitlines()
    assert "| [Der Agent](agent.md) | 21.11.2026 09:05, `abc123` | 1 | 0 |" in rows
    assert "| [Das Tor](tor.md) | 21.11.2026 09:05, `abc123` | 1 | 1 |" in rows


def test_terminal_shows_the_same_verdicts() -> None:
    assert "Durchsatz: 80,0 Anfragen/s (–); direkt: 100 Anfragen/s; Verhältnis 0,800" in pages.shown(REPORT)
    assert "verfehlt: 0,800" in pages.shown(REPORT)


def test_a_ratio_to_nothing_is_no_number() -> None:
    failures = Figure("Fehler", "", [0], "ohne Updates", [0], Limit(0))
    assert pages.cells(failures) == ["Fehler", "0,000", "–", "ohne Updates: 0,000", "–", "≤ 0", "eingehalten: 0,000"]
