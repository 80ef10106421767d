"""The verification page names only what is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "windows-verifikation.md").read_text()


def test_every_detail_names_a_file_that_exists() -> None:
    details = PAGE.split("## Die Einzelheiten der Vorlage")[1].split("## Noch nicht da")[0]
    rows = [line.strip("| ").split(" | ") for line in details.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= 20
    for detail, place in rows:
        named = re.findall(r"`([^`]+)`", place)
        assert named, f"„{detail}“ nennt keinen Ort"
        assert all((ROOT / name).is_file() for name in named), f"„{detail}“ nennt {place}"
