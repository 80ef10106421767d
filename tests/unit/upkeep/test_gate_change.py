"""The gate's own configuration, image and container: taken over as a release, and given back with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import Stage, kill_at
from upkeep.ports.errand import Errand, Mount


def want(driver: Driver, text: str) -> None:
    (driver.world.paths.gate_wanted / "haproxy.cfg").write_text(text)


def in_use(driver: Driver) -> str:
    return (driver.world.paths.gate_directory / "haproxy.cfg").read_text()


def change_app(driver: Driver, kind: str = "good") -> None:
    """Something that makes the next deploy replace the app's slots, too."""
    (driver.world.paths.secrets / "token").write_text("neu")
    digest = driver.world.box("app-1").image.partition("@")[2]
    driver.world.published[digest].kind = kind


def new_image(driver: Driver) -> None:
    driver.world.publish("haproxy:3.2", None)
    driver.world.place(gate_image="haproxy:3.2")


def test_gate_reads_what_the_release_brought(deployed: Driver) -> None:
    assert in_use(deployed) == "global\n"
    want(deployed, "global # neu\n")
    assert in_use(deployed) == "global\n"
    record = deployed.must("deploy", "updated")
    assert in_use(deployed) == "global # neu\n"
    assert (deployed.world.paths.snapshot(record.id).gate_directory / "haproxy.cfg").read_text() == "global # neu\n"
    deployed.must("deploy", "unchanged")


def test_file_that_is_no_longer_wanted_goes_and_maps_stay(deployed: Driver) -> None:
    extra = deployed.world.paths.gate_wanted / "alt.map"
    extra.write_text("a b\n")
    deployed.must("deploy", "updated")
    assert (deployed.world.paths.gate_directory / "alt.map").exists()
    extra.unlink()
    deployed.must("deploy", "updated")
    assert not (deployed.world.paths.gate_directory / "alt.map").exists()
    assert (deployed.world.paths.maps / "state.map").exists()


def test_bad_configuration_never_reaches_the_gate(deployed: Driver) -> None:
    """Not even its file: a gate that restarts by itself would read it."""
    want(deployed, "unsinn\n")
    deployed.world.gate_check = (1, "parsing [haproxy.cfg:1]: unknown keyword 'unsinn'")
    gate, generation = deployed.world.box("gate").id, deployed.world.gate.generation
    record = deployed.must("deploy", "refused")
    assert record.message.startswith(
        "Die neue Gate-Konfiguration ist ungültig (gefunden: parsing [haproxy.cfg:1]: unknown keyword 'unsinn'). "
        "Inventar korrigieren und das Playbook erneut ausführen. Die neuen Dateien liegen schon in "
    )
    assert in_use(deployed) == "global\n"
    assert (deployed.world.box("gate").id, deployed.world.gate.generation) == (gate, generation)


def test_configuration_is_tried_with_the_image_to_come(deployed: Driver) -> None:
    new_image(deployed)
    record = deployed.must("deploy", "updated")
    (errand,) = [errand for errand in deployed.world.docker.errands if errand.run == record.id]
    assert errand.image == f"haproxy@{deployed.world.tags['haproxy:3.2']}"
    snapshot = deployed.world.paths.snapshot(record.id)
    assert errand.mounts[0] == Mount(snapshot.gate_directory, "/usr/local/etc/haproxy")


def test_update_of_the_app_does_not_try_the_gate(deployed: Driver) -> None:
    deployed.world.docker.errands.clear()
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    assert deployed.world.docker.errands == []


def test_failed_deploy_gives_the_configuration_back(deployed: Driver) -> None:
    want(deployed, "global # neu\n")
    deployed.world.gate.deaf_for = 1  # takes the new files, and never answers as another worker
    deployed.must("deploy", "rolled_back")
    assert in_use(deployed) == "global\n"


def test_failed_deploy_before_the_gates_turn_never_changed_its_files(deployed: Driver) -> None:
    want(deployed, "global # neu\n")
    change_app(deployed, kind="sick")
    deployed.must("deploy", "failed")  # the same image was sick before and is sick after
    assert in_use(deployed) == "global\n"


def test_release_of_the_version_before_keeps_the_files_in_use(deployed: Driver) -> None:
    """Its snapshot has no gate files: going back must find them all the same."""
    release = deployed.state.release
    assert release is not None
    snapshot = deployed.world.paths.snapshot(release.snapshot or "")
    deployed.world.files.remove(snapshot.gate_directory)
    want(deployed, "global # neu\n")
    deployed.world.gate.deaf_for = 1
    deployed.must("deploy", "rolled_back")
    assert in_use(deployed) == "global\n"


def test_new_container_is_made_while_the_old_one_serves(deployed: Driver) -> None:
    old = deployed.world.box("gate")
    deployed.world.fuse.arm(None)
    new_image(deployed)
    record = deployed.must("deploy", "updated")
    passed = deployed.world.fuse.passed
    assert passed.index("after create gate") < passed.index("before stop") < passed.index("before start gate")
    assert record.timings["gate_s"] < 1
    (gate,) = [box for box in deployed.world.boxes.values() if box.role == "gate"]
    assert (gate.name, gate.id != old.id, gate.state) == (old.name, True, "running")


def test_new_gate_that_does_not_answer_gives_way_to_the_very_container_before(deployed: Driver) -> None:
    old = deployed.world.box("gate").id
    new_image(deployed)
    deployed.world.gate.answers_only = old
    record = deployed.must("deploy", "rolled_back")
    assert "Das Gate ist nach 10 s nicht bereit" in record.reason
    (gate,) = [box for box in deployed.world.boxes.values() if box.role == "gate"]
    assert (gate.id, gate.state) == (old, "running")


def gate_image(driver: Driver) -> None:
    driver.must("deploy", "updated")
    new_image(driver)


def gate_image_that_is_dead(driver: Driver) -> None:
    gate_image(driver)
    driver.world.gate.answers_only = driver.world.box("gate").id


def gate_configuration(driver: Driver) -> None:
    driver.must("deploy", "updated")
    want(driver, "global # neu\n")


@pytest.mark.parametrize("scene", [gate_image, gate_image_that_is_dead, gate_configuration])
def test_agent_killed_anywhere_leaves_one_gate(tmp_path: Path, scene: object) -> None:
    assert callable(scene)
    stage = Stage(tmp_path, scene)
    for point in range(1, stage.points("deploy") + 1):
        driver = stage.fresh()
        where = kill_at(driver, "deploy", point)
        driver.resume()
        assert driver.last is not None
        record = driver.read(driver.last.id)
        gates = [box for box in driver.world.boxes.values() if box.role == "gate"]
        explain = f"Punkt {point} ({where}): {record.result} {record.message}"
        assert [(box.state, box.name) for box in gates] == [("running", "lager-gate-1")], explain
        assert driver.world.gate.answers(), explain
        release = driver.state.release
        assert release is not None, explain
        kept = driver.world.paths.snapshot(release.snapshot or "").gate_directory / "haproxy.cfg"
        assert in_use(driver) == kept.read_text(), explain
        image = driver.state.images.gate if driver.state.images else ""
        assert gates[0].image == image, explain


def test_errand_has_no_rights_and_no_network() -> None:
    errand = Errand("n", "r", "haproxy@sha256:1", ("haproxy", "-c"), (Mount(Path("/a"), "/b"),))
    assert errand.options() == {
        "image": "haproxy@sha256:1",
        "name": "n",
        "entrypoint": ["haproxy"],
        "command": ["-c"],
        "user": None,
        "labels": {"upkeep.run": "r"},
    }
    options = errand.host_options()
    assert (options["network_mode"], options["cap_drop"], options["cap_add"]) == ("none", ["ALL"], [])
    assert (options["read_only"], options["binds"]) == (True, ["/a:/b:ro"])
