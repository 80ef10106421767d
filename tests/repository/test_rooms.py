"""Rules of the house that no linter knows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
ROLES = sorted(p.parent.parent for p in ROOT.glob("roles/*/meta/argument_specs.yml"))
PLAYBOOKS = sorted([*(ROOT / "playbooks").glob("*.yml"), *(ROOT / "playbooks" / "windows").glob("*.yml")])
FILES_AT_THE_TOP = {
    *(".ansible-lint", ".gitignore", ".yamllint", "ARCHITECTURE.md", "CHANGELOG.md", "Makefile", "README.md"),
    *("ansible.cfg", "pyproject.toml", "requirements.yml"),
}
# AWX lists a file as a playbook when a line matches this (its own rule).
AWX_PLAYBOOK = re.compile(r"^\s*-?\s*(hosts|include|import_playbook):", re.MULTILINE)
INDEX_ADDRESS = re.compile(
    r"--(extra-)?index-url|--find-links[= ]\S*https?:|\"resolved\":|https?://[^\s\"']*(pypi|npmjs|debian\.org/debian)"
)


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def options(role: Path) -> dict[str, Any]:
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())
    return specs["argument_specs"]["main"].get("options", {})


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_and_argument_specs_say_the_same(role: Path) -> None:
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text()) or {}
    specified = {name: option["default"] for name, option in options(role).items() if "default" in option}
    assert specified == defaults


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_every_role_variable_has_its_prefix_type_and_description(role: Path) -> None:
    for name, option in options(role).items():
        assert name.startswith(f"{role.name}__"), name
        assert option.get("type"), f"{name} has no type"
        assert option.get("description"), f"{name} has no description"


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_default_filter_on_a_role_variable(role: Path) -> None:
    pattern = re.compile(rf"\b{role.name}__\w+\s*\|\s*default\(")
    for file in [*role.glob("tasks/*.yml"), *role.glob("templates/*")]:
        assert not pattern.search(file.read_text()), file


def test_requirements_yml_lists_the_installed_collection_versions() -> None:
    listed = subprocess.run(
        [str(BIN / "ansible-galaxy"), "collection", "list", "--format", "json"],
        check=True,
        capture_output=True,
        text=True,
    )
    installed = {name: entry["version"] for path in json.loads(listed.stdout).values() for name, entry in path.items()}
    wanted = yaml.safe_load((ROOT / "requirements.yml").read_text())["collections"]
    assert {c["name"]: c["version"] for c in wanted} == {c["name"]: installed.get(c["name"]) for c in wanted}


@pytest.mark.parametrize("playbook", PLAYBOOKS, ids=lambda playbook: str(playbook.relative_to(ROOT)))
def test_playbooks_are_short_stories_that_awx_lists(playbook: Path) -> None:
    text = playbook.read_text()
    assert len(text.splitlines()) <= 60
    assert AWX_PLAYBOOK.search(text)
    assert "vars_prompt" not in text


def test_no_registry_address_is_committed() -> None:
    for file in tracked():
        if file.suffix in {".png", ".ico", ".woff2"} or file == Path(__file__):
            continue
        found = INDEX_ADDRESS.search(file.read_text(errors="replace"))
        assert not found, f"{file.relative_to(ROOT)}: {found.group(0) if found else ''}"


def test_nothing_is_tracked_that_is_made_or_left_behind() -> None:
    ignored = ("git", "ls-files", "--cached", "--ignored", "--exclude-standard")
    assert not subprocess.run(ignored, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    names = {path.relative_to(ROOT).parts[0] for path in tracked() if path.parent == ROOT}
    assert names <= FILES_AT_THE_TOP, names - FILES_AT_THE_TOP


def test_no_room_is_called_utils() -> None:
    forbidden = {"utils", "helpers", "manager", "misc", "common"}
    for file in tracked("*.py"):
        assert not forbidden & {part.removesuffix(".py") for part in file.relative_to(ROOT).parts}, file


def test_every_document_is_found_from_the_readme() -> None:
    named = set(re.findall(r"\]\(docs/([a-z-]+\.md)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert {file.name for file in (ROOT / "docs").glob("*.md")} - named == set()


def test_every_decision_has_a_number_of_its_own() -> None:
    names = sorted(path.name for path in (ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [name.split("-")[0] for name in names]
    assert len(numbers) == len(set(numbers)), names
    wrong = [name for name in names if not (ROOT / "docs/adr" / name).read_text().startswith(f"# {int(name[:4])}. ")]
    assert not wrong


def test_python_files_stay_small() -> None:
    for file in tracked("upkeep/*.py", "testbed/*.py", "app/lager/*.py", "workshop/*.py", "library/*.py"):
        lines = file.read_text().splitlines()
        if file.parent.name == "library":
            continue  # their documentation comes on top; ansible-doc wants it there
        assert len(lines) <= 250, f"{file.relative_to(ROOT)} has {len(lines)} lines"


def test_module_utils_client_is_the_packages_own() -> None:
    link = ROOT / "module_utils" / "upkeep_client.py"
    assert link.is_symlink()
    assert link.resolve() == ROOT / "upkeep" / "client.py"
