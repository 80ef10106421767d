"""Taking over a compose project: what is said beforehand, that no byte is lost, that every end is one of two."""

from __future__ import annotations

import contextlib
import copy
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.fake_neighbours import CONTENT, PROJECT, FakeNeighbours
from tests.unit.upkeep.placed import REPOSITORY
from tests.unit.upkeep.world import Killed, World
from upkeep.adoption import decide
from upkeep.gate import maintenance
from upkeep.ports.occupants import Mount, Opening
from upkeep.stories.execution import execute

WISH: dict[str, Any] = {"project": PROJECT}


def stage(root: Path, kind: str = "good", external: bool = True) -> Driver:
    world = World(root)
    world.place()
    digest = world.release("1.0.0", kind=kind)
    world.neighbours.move_in(f"{REPOSITORY}@{digest}")
    world.release("2.0.0")
    if external:
        document = yaml.safe_load(world.paths.compose_file.read_text())
        slot = document["services"]["app-1"]
        slot |= {"user": "7310:7310", "environment": {"PORT": "8000", "FIRMA": "Muster"}}
        slot["volumes"] = [{"type": "volume", "source": "daten", "target": "/data"}]
        document["volumes"] = {"daten": {"external": True, "name": "alt_daten"}}
        world.paths.compose_file.write_text(yaml.safe_dump(document))
    return Driver(world)


@pytest.fixture
def driver(tmp_path: Path) -> Driver:
    return stage(tmp_path)


def look(driver: Driver, **wish: Any) -> dict[str, Any]:
    return decide.answer(driver.world.paths, driver.world.ports(), WISH | wish)


def data(driver: Driver) -> str:
    return (driver.world.neighbours.data / "content").read_text()


def test_look_names_everything_and_no_value(driver: Driver) -> None:
    driver.world.neighbours.layer = ("/app", "/app/uploads", "/app/uploads/a.pdf", "/tmp/x")
    before = driver.world.fuse.count
    answer = look(driver)
    text = "\n".join(answer["steps"])
    assert answer["problems"] == []
    assert "web (läuft)" in text
    assert "wird zur Anwendung des Stacks" in text
    assert "proxy (läuft): nginx:1.27" in text
    assert "an seine Stelle tritt das Gate" in text
    assert "Volume alt_daten" in text
    assert "0.0.0.0:80 (proxy) übernimmt das Gate" in text
    assert "FIRMA: wie bisher" in text
    assert "TOKEN (Geheimnis): setzt der Stack nicht" in text
    assert "geheim" not in text
    assert "/app/uploads/a.pdf" in text
    assert "/tmp/x" not in text
    assert driver.world.fuse.count == before


def test_takeover_runs_the_release_that_ran_on_the_same_data(driver: Driver) -> None:
    record = driver.must("adopt", "updated", **WISH)
    old: FakeNeighbours = driver.world.neighbours
    assert driver.state.release is not None
    assert driver.state.release.version == "1.0.0"
    assert data(driver) == CONTENT
    assert {item.state for item in old.containers.values()} == {"exited"}
    assert {item.restart for item in old.containers.values()} == {"no"}
    assert "sha256" in next(phase.detail for phase in record.phases if phase.name == "copy")
    assert driver.world.gate.closed_by is None
    assert driver.do("deploy").result == "unchanged"


def test_second_takeover_changes_nothing_and_says_when_it_was(driver: Driver) -> None:
    driver.must("adopt", "updated", **WISH)
    record = driver.must("adopt", "unchanged", **WISH)
    assert "ist schon übernommen" in record.message
    for project in (PROJECT, "/opt/alt", "/opt/alt/docker-compose.yml"):
        answer = look(driver, project=project)
        assert (answer["changed"], answer["project"]) == (False, PROJECT)


def test_users_see_the_maintenance_page_while_data_are_copied(driver: Driver) -> None:
    driver.must("adopt", "updated", **WISH)
    names = [phase.name for phase in driver.read(driver.last.id).phases] if driver.last else []
    assert names.index("close") < names.index("gate") < names.index("copy") < names.index("start") < names.index("open")


def test_release_that_does_not_get_ready_gives_everything_back(tmp_path: Path) -> None:
    driver = stage(tmp_path, kind="sick")
    driver.world.neighbours.spoils = True
    record = driver.must("adopt", "rolled_back", **WISH)
    assert_old(driver, record.message)
    assert "„alt“ läuft wieder wie vorher" in record.message
    driver.world.neighbours.spoils = False


@pytest.mark.parametrize(
    ("wish", "problem"),
    [
        ({"keep": ["proxy"], "without": ["web"]}, "Keiner der Dienste ist die Anwendung"),
        ({"without": ["nix"]}, "Einen Dienst „nix“ hat das Projekt nicht"),
    ],
)
def test_unclear_wishes_are_problems_and_refusals(driver: Driver, wish: dict[str, Any], problem: str) -> None:
    assert problem in " ".join(look(driver, **wish)["problems"])
    record = driver.must("adopt", "refused", **(WISH | wish))
    assert problem in record.message
    assert_old(driver, record.message)


def test_unknown_project_names_those_that_are_there(driver: Driver) -> None:
    record = driver.must("adopt", "refused", project="neu")
    assert "alt (/opt/alt)" in record.message


def test_project_is_found_by_its_directory_or_file(driver: Driver) -> None:
    assert look(driver, project="/opt/alt")["project"] == PROJECT
    assert look(driver, project="/opt/alt/docker-compose.yml")["project"] == PROJECT


def test_volume_the_stack_does_not_take_is_named_with_its_remedy(tmp_path: Path) -> None:
    driver = stage(tmp_path, external=False)
    problems = " ".join(look(driver)["problems"])
    assert "{name: data, target: /data, external: alt_daten}" in problems


def test_https_port_must_not_fall_silent_unnoticed(driver: Driver) -> None:
    openings = (Opening("0.0.0.0", 80, 80), Opening("0.0.0.0", 443, 443))
    driver.world.neighbours.change("old-proxy", openings=openings)
    problems = " ".join(look(driver, app="web")["problems"])
    assert "keep=[proxy]" in problems
    assert "bietet danach niemand mehr an" in " ".join(look(driver, without=["proxy"])["steps"])
    assert look(driver, without=["proxy"])["problems"] == []


def test_directory_of_the_host_is_taken_only_as_itself(driver: Driver) -> None:
    mounts = (Mount("bind", "", "/srv/alt", "/in", True),)
    driver.world.neighbours.change("old-app", mounts=mounts)
    assert "{source: /srv/alt, target: /in}" in " ".join(look(driver)["problems"])


def test_too_little_space_for_the_copy_is_said_beforehand(driver: Driver) -> None:
    driver.world.files.free_mb = 10
    assert "Für die Kopie der Daten fehlt Platz" in " ".join(look(driver)["problems"])


def test_deploy_keeps_away_from_volumes_that_somebody_uses(driver: Driver) -> None:
    record = driver.must("deploy", "refused")
    assert "alt_daten benutzt schon jemand anderes" in record.message
    assert "adopt.yml" in record.message
    assert_old(driver, record.message)


def test_killed_anywhere_either_the_stack_or_the_old_project_serves(tmp_path: Path) -> None:
    for kind in ("good", "sick"):
        for point in range(1, points(tmp_path, kind) + 1, 2):
            driver = fresh(tmp_path, kind)
            driver.world.neighbours.spoils = True
            where = f"{kind}, Punkt {point}: {kill_at(driver, point)}"
            driver.resume()
            assert driver.last is not None
            record = driver.read(driver.last.id)
            assert record.finished_at, where
            assert driver.resume() == [], where
            if record.result == "updated":
                assert_new(driver, where)
            else:
                assert_old(driver, f"{where}: {record.message}")


def test_killed_again_on_the_way_back(tmp_path: Path) -> None:
    for point in range(41, points(tmp_path, "sick") + 1, 14):
        for second in range(2, 40, 5):
            driver = fresh(tmp_path, "sick")
            driver.world.neighbours.spoils = True
            where = f"Punkte {point} und {second}: {kill_at(driver, point)}"
            driver.world.fuse.arm(second)
            with contextlib.suppress(Killed):
                driver.resume()
            driver.world.fuse.arm(None)
            driver.resume()
            assert_old(driver, where)


def points(root: Path, kind: str) -> int:
    driver = fresh(root, kind)
    run = driver.begin("adopt", **WISH)
    driver.world.fuse.arm(None)
    execute(run)
    return driver.world.fuse.count


def fresh(root: Path, kind: str) -> Driver:
    place = root / "host"
    shutil.rmtree(place, ignore_errors=True)
    return copy.deepcopy(stage(place, kind))


def kill_at(driver: Driver, point: int) -> str:
    run = driver.begin("adopt", **WISH)
    driver.world.fuse.arm(point)
    with pytest.raises(Killed) as killed:
        execute(run)
    driver.world.fuse.arm(None)
    return str(killed.value)


def assert_old(driver: Driver, where: str) -> None:
    """As if nothing had happened: containers, restart policies, data, and nothing of the stack."""
    old = driver.world.neighbours
    assert {item.state for item in old.containers.values()} == {"running"}, where
    assert {item.restart for item in old.containers.values()} == {"always"}, where
    assert data(driver) == CONTENT, where
    assert not driver.world.boxes, where
    assert driver.state.release is None, where
    assert not driver.world.paths.release_env.exists(), where
    assert not maintenance.load(driver.world.paths).on, where
    driver.world.neighbours.spoils = False
    again = driver.do("adopt", **WISH)
    assert again.result in ("updated", "rolled_back", "refused"), f"{where}; danach {again.message}"


def assert_new(driver: Driver, where: str) -> None:
    old = driver.world.neighbours
    assert {item.state for item in old.containers.values()} == {"exited"}, where
    assert {item.restart for item in old.containers.values()} == {"no"}, where
    assert driver.world.box("app-1").state == "running", where
    assert driver.world.gate.closed_by is None, where
    assert driver.do("adopt", **WISH).result == "unchanged", where
    assert driver.do("deploy").result == "unchanged", where
