"""The second book without any host: what it would disturb, and what its page says of what nobody has seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.matrix import sources
from tests.faults.matrix.data import campaign, report
from tests.faults.matrix.data.campaign import Course
from tests.faults.matrix.data.scenes import ALL_SCENES, SCENES, scene
from tests.faults.matrix.ledger import Ledger

STEPS = ("repository", "save:mongodb", "remember")
PLAIN = Course(
    [
        "|before|journal begin|1",
        "|after|journal begin|1",
        *(
            point
            for before, step in zip(("", *STEPS), STEPS, strict=False)
            for what in (f"journal {f'done {before}, ' if before else ''}intent {step}",)
            for point in (
                f"{step}|before|{what}|1",
                f"{step}|after|{what}|1",
                f"{step}|before|x.y|1",
                f"{step}|after|x.y|1",
            )
        ),
        "remember|before|journal done remember, end|1",
        "remember|after|journal done remember, end|1",
    ],
    [float(number) for number in range(16)],
)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger.open(tmp_path / "ledger.jsonl")


def surveyed(ledger: Ledger, name: str) -> None:
    ledger.add(kind="survey", scene=name, course=PLAIN.points, times=PLAIN.times, result="updated")


def test_agent_is_shot_before_and_after_every_record_and_in_the_middle_of_long_steps() -> None:
    cells = campaign.cells_of(scene("sicherung"), PLAIN)
    shot = [cell.point for cell in cells if cell.kind == "agent"]
    assert sorted(shot) == sorted(point for point in PLAIN.points if "|journal " in point)
    inside = [cell for cell in cells if cell.kind == "inside" and cell.percent]
    assert {cell.phase for cell in inside} == {*STEPS}
    assert all(0 < cell.delay < PLAIN.seconds(cell.phase) for cell in inside)


def test_every_kind_of_disturbance_hits_a_backup() -> None:
    kinds = {cell.kind for one in ALL_SCENES if "sicherung" in one.name for cell in campaign.cells_of(one, PLAIN)}
    assert kinds == {*campaign.KINDS}


def test_who_stops_early_has_seen_every_kind() -> None:
    cells = campaign.cells_of(scene("sicherung"), PLAIN)
    assert {cell.kind for cell in cells if cell.turn == 0} == {*campaign.KINDS} - {"disk"}


def test_a_step_that_another_scene_disturbs_is_left_out() -> None:
    assert "save:mongodb" not in {cell.phase for cell in campaign.cells_of(scene("zurueckspielen"), PLAIN)}


def test_one_survey_is_enough_for_the_small_disk_too(ledger: Ledger) -> None:
    surveyed(ledger, "sicherung")
    scenes, cells = campaign.outstanding(ledger, "sicherung")
    assert {one.name for one in scenes} == {one.name for one in SCENES} - {"sicherung"}
    assert {cell.scene.name for cell in cells} == {"sicherung", "platte-sicherung"}
    assert campaign.BEFORE in {cell.point for cell in cells if cell.deed == "disk"}


def test_what_was_shot_is_not_shot_again(ledger: Ledger) -> None:
    surveyed(ledger, "sicherung")
    first = campaign.outstanding(ledger)[1][0]
    ledger.add(kind="cell", **first.key, phase=first.phase, operator=False, result="failed", problems=[])
    assert first.key not in [cell.key for cell in campaign.outstanding(ledger)[1]]


def test_page_names_what_nobody_has_seen(ledger: Ledger) -> None:
    surveyed(ledger, "sicherung")
    told = report.unfinished(ledger)
    assert "Szene ohne ungestörten Lauf: uebung" in told
    assert any(line.endswith("× platte-sicherung (disk)") for line in told)


def test_the_books_results_depend_on_files_of_their_own() -> None:
    engine, data = ({file.name for file in sources.sources(book)} for book in (sources.ENGINE, sources.DATA))
    assert "verdict.py" in data - engine
    assert "broken.py" in engine - data
    assert sources.fingerprint(sources.ENGINE) != sources.fingerprint(sources.DATA)


def test_every_scene_has_a_name_of_its_own() -> None:
    assert len({one.name for one in ALL_SCENES}) == len(ALL_SCENES)
