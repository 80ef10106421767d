"""What a runbook tells an operator to type exists: playbooks, tags, variables, settings of roles."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md"), *ROOT.glob("roles/*/README.md")])
PLAYBOOK = re.compile(r"(?<![\w/])playbooks/[a-z_/-]+\.yml")
EXTRA = re.compile(r"-e ([a-z_]+)=")
TAGS = re.compile(r"--(?:skip-)?tags ([a-z_,]+)")
SETTING = re.compile(r"`(?!vault__)([a-z_]+?)__([a-z_0-9]+)")


@cache
def code() -> str:
    """Everything that could use a variable or carry a tag."""
    folders = (ROOT / "playbooks", ROOT / "roles")
    files = [file for folder in folders for ending in ("yml", "py", "j2") for file in folder.rglob(f"*.{ending}")]
    return "\n".join(file.read_text() for file in files)


def unknown(line: str) -> set[str]:
    playbooks = {name for name in PLAYBOOK.findall(line) if not (ROOT / name).is_file()}
    if "playbooks/" not in line:
        return playbooks
    extras = {name for name in EXTRA.findall(line) if not re.search(rf"\b{name}\b", code())}
    tags = {tag for words in TAGS.findall(line) for tag in words.split(",") if not re.search(rf"\b{tag}\b", code())}
    return playbooks | extras | tags


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_says_to_type_exists(page: Path) -> None:
    assert {name for line in page.read_text().splitlines() for name in unknown(line)} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_a_page_names_are_settings_of_their_role(page: Path) -> None:
    named = {(role, setting) for role, setting in SETTING.findall(page.read_text()) if not setting.endswith("_")}
    assert {f"{role}__{setting}" for role, setting in named if setting not in settings(role)} == set()


@cache
def settings(role: str) -> set[str]:
    file = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    if not file.is_file():
        return set(re.findall(rf"\b{role}__([a-z_0-9]+)", code()))
    return {name.partition("__")[2] for name in yaml.safe_load(file.read_text())["argument_specs"]["main"]["options"]}
