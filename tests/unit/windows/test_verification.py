"""The verification page names only what is there, and every chapter of what was asked for."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "windows-verifikation.md").read_text()
CHAPTERS = {"19.1", "19.2", "20.1", "20.2", "20.3", "21.1", "21.2", "21.3"}


def rows() -> list[list[str]]:
    table = PAGE.split("## Die Einzelheiten der Vorlage")[1].split("## Welche Versionen")[0]
    return [line.strip("| ").split(" | ") for line in table.splitlines() if re.match(r"\| \d", line)]


def test_every_detail_names_files_that_exist_and_how_far_it_was_proven() -> None:
    assert len(rows()) >= 50
    for chapter, detail, place, stage in rows():
        named = re.findall(r"`([^`]+)`", place)
        assert named, f"{chapter} „{detail}“ nennt keinen Ort"
        assert all((ROOT / name).is_file() for name in named), f"{chapter} „{detail}“ nennt {place}"
        assert stage in {"B", "S", "D"}, f"{chapter} „{detail}“: Stufe {stage}"


def test_no_chapter_is_missing_and_no_row_stands_twice() -> None:
    assert {row[0] for row in rows()} == CHAPTERS
    details = [tuple(row[:2]) for row in rows()]
    assert len(details) == len(set(details))


def test_every_file_that_the_claims_name_exists() -> None:
    claims = PAGE.split("## Aussagen")[1].split("## Die Einzelheiten")[0]
    named = set(re.findall(r"`([^`]+/[^`]+\.\w+)`", claims))
    assert named
    assert all((ROOT / name).is_file() for name in named), named
