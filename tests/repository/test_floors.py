"""The houses have floors: what a file imports, also inside a function, never leads back to it."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HOUSES = [ROOT / "upkeep", ROOT / "app" / "lager", ROOT / "workshop", ROOT / "bench"]
DOORS = ("upkeep.agent", "upkeep.cli", "upkeep.door")


def plan(house: Path) -> dict[str, set[str]]:
    """Every module of the package and those of the same package that it imports."""
    files = {_name(house, file): file for file in house.rglob("*.py")}
    return {name: _imported(file, set(files)) - {name} for name, file in files.items()}


def _name(house: Path, file: Path) -> str:
    return ".".join(file.relative_to(house.parent).with_suffix("").parts).removesuffix(".__init__")


def _imported(file: Path, known: set[str]) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {name if (name := f"{node.module}.{one.name}") in known else node.module for one in node.names}
        elif isinstance(node, ast.Import):
            found |= {one.name for one in node.names}
    return found & known


@pytest.mark.parametrize("house", HOUSES, ids=lambda house: house.name)
def test_no_import_leads_back(house: Path) -> None:
    assert list(graphlib.TopologicalSorter(plan(house)).static_order())


def test_nothing_in_the_house_uses_its_doors_but_the_doors() -> None:
    house = plan(ROOT / "upkeep")
    assert [
        (name, one) for name in house if not _inside(name, DOORS) for one in house[name] if _inside(one, DOORS)
    ] == []


def test_ports_know_nothing_of_runs() -> None:
    above = ("upkeep.runs", "upkeep.phases", "upkeep.memory", "upkeep.stories", *DOORS)
    house = plan(ROOT / "upkeep")
    ports = [name for name in house if _inside(name, ("upkeep.ports",))]
    assert [(name, one) for name in ports for one in house[name] if _inside(one, above)] == []


def _inside(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)
