"""The short version of `make faults`: both strategies, both directions, a few moments of each.

Which steps there are and whether the page knows them all is checked here too, without any host.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.matrix import campaign, report, sources, steps
from tests.faults.matrix.campaign import Cell
from tests.faults.matrix.lane import Lane, publish_versions
from tests.faults.matrix.ledger import Ledger
from tests.faults.matrix.pool import Pool
from tests.faults.matrix.scenes import SCENES, scene
from tests.faults.matrix.tasks import Shot, Survey
from tests.integration.upkeep import images

NAME = os.environ.get("UPKEEP_TEST_BED", "killed")
SHOTS = 3
SHORT = ("recreate-vor", "recreate-zurueck", "rolling-vor", "rolling-zurueck")


@pytest.fixture(scope="module")
def lane() -> Iterator[Lane]:
    images.testbed("images", "haproxy", "python")
    publish_versions(NAME)
    images.testbed("up", NAME, "--hosts", "m1=debian13-docker")
    lane = Lane(NAME, "m1")
    lane.prepare()
    yield lane
    images.testbed("down", NAME)


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_agent_shot_at_a_few_moments(lane: Lane, tmp_path: Path, name: str) -> None:
    one, ledger = scene(name), Ledger.open(tmp_path / "ledger.jsonl")
    cells = campaign.kills(one, Survey(one, ledger).of(lane))
    Pool(waiting=[Shot(cell, ledger) for cell in cells[len(cells) // 6 :: len(cells) // SHOTS]]).work_off([lane])
    seen = ledger.of("cell")
    assert len(seen) >= SHOTS
    assert [(cell["point"], cell["problems"]) for cell in seen if cell["problems"]] == []


def test_every_step_of_the_source_is_disturbed_by_some_scene() -> None:
    steps_of_scenes = {step for _, _, step in report.expected()}
    # rows of theirs come from the scenes that play them
    of_runs_without_story = {"check", "memory", "tidy", "down", "delete"}
    assert steps.unmatched(steps.mentioned(), steps_of_scenes) <= of_runs_without_story


def test_step_without_a_row_is_told(tmp_path: Path) -> None:
    ledger = Ledger.open(tmp_path / "ledger.jsonl")
    gaps = report.missing(report.table_of_steps(ledger))
    assert "recreate vorwärts switch" in gaps
    assert "rolling zurück undrain:*" in gaps
    told = report.unfinished(ledger)
    assert "Schritt ohne Zeile: recreate vorwärts switch" in told
    assert "Szene ohne ungestörten Lauf: recreate-vor" in told
    assert "Noch nicht gelaufen: 1 × absturz (rolling)" in told


def test_record_counts_for_the_step_it_ends_and_the_one_it_begins() -> None:
    point = "close|after|journal done prepare, intent close|1"
    assert list(report.places(point)) == [("prepare", "nach Abschluss"), ("close", "nach Absicht")]
    assert list(report.places("stop|after|docker.stop|1")) == [("stop", "mitten darin")]


def test_two_moments_without_a_change_in_between_are_one() -> None:
    course = ["a|before|journal intent a|1", "a|after|journal intent a|1", "a|before|x|1", "a|after|x|1"]
    course += ["a|before|y|1", "a|after|y|1", "b|before|journal done a, intent b|1"]
    assert campaign.distinct(course) == [course[0], course[1], course[3], course[6]]


def test_ledger_goes_on_after_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger.open(path).add(kind="cell", scene="x", point="a", deed="agent", problems=[])
    with path.open("a") as file:
        file.write('{"kind": "cell", "scene": "x", "poi')
    ledger = Ledger.open(path)
    ledger.add(kind="cell", scene="x", point="b", deed="agent", problems=[])
    assert [entry["point"] for entry in Ledger.open(path).of("cell", scene="x")] == ["a", "b"]


def test_results_depend_on_what_the_agent_imports_and_on_nothing_else() -> None:
    names = {str(file.relative_to(sources.ROOT)) for file in sources.sources()}
    assert {"upkeep/stories/update.py", "upkeep/ports/compose.py", "upkeep/phases/farewell.py"} <= names
    assert {"tests/faults/onhost/judge.py", "tests/faults/matrix/scenes.py"} <= names
    assert {name for name in names if name.startswith(("upkeep/cli/", "upkeep/door/"))} == set()


def test_every_scene_has_a_name_of_its_own() -> None:
    assert len({one.name for one in SCENES}) == len(SCENES)
    assert Cell(SCENES[0], "close|before|x|1", "agent", False).phase == "close"
