"""`python -m bench --quick` on a real host: figures of the right shape and a generated page, whatever the times."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TOPICS = {
    "tor": ["Latenz p50, eine Verbindung", "Durchsatz, 16 Verbindungen"],
    "wartungsfenster": ["Wartungsfenster laut Bericht", "Fehler bei Aufrufern"],
    "app": ["Start bis bereit", "Größe des Images"],
    "buchungen": ["Buchen p95, ein Schreiber", "Buchen p95, 20 Schreiber"],
    "sicherung": ["Ausfall für Aufrufer", "Platz für alle", "Datenbank durch restic"],
    "sicherung-daten": ["Sichern bis hinter zstd", "Speicher beim Sichern", "Laden mit Indexen", "Umschalten"],
}


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(450)
def test_trial_run_measures_and_writes_pages_and_index(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "bench", "--quick", "--testbed", "bench-test", "--into", str(tmp_path), *TOPICS]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    for topic, figures in TOPICS.items():
        text = (tmp_path / f"{topic}.md").read_text(encoding="utf-8")
        assert f"({topic}.md)" in index
        assert re.search(r"Gemessen am [\d.]+ um [\d:]+, Stand `[0-9a-f]{12}`", text)
        for figure in figures:
            assert re.search(rf"^\| {figure} \| [\d,]+", text, re.MULTILINE), text
        assert re.search(r"\| (eingehalten|\*\*verfehlt\*\*): -?[\d,]+", text)
