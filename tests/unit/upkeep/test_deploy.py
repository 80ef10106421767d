from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.placed import REPOSITORY
from upkeep import composition
from upkeep.composition import Composition


def change_compose(driver: Driver, service: str, **values: Any) -> None:
    path = driver.world.paths.compose_file
    document = yaml.safe_load(path.read_text())
    document["services"][service].update(values)
    path.write_text(yaml.safe_dump(document))


def pin(driver: Driver, version: str) -> None:
    driver.world.place(image={"pin": f"{REPOSITORY}:{version}"})


def test_channel_leaves_the_running_release_alone(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("deploy", "unchanged")
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"


def test_deploy_after_an_update_and_after_a_rollback_changes_nothing(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.must("deploy", "unchanged")
    deployed.must("rollback", "updated")
    deployed.must("deploy", "unchanged")
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"


def test_pin_is_updated_to(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    pin(deployed, "1.1.0")
    deployed.must("deploy", "updated")
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.1.0"
    deployed.must("deploy", "unchanged")


def test_settled_pin_is_not_resolved_again(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    pin(deployed, "1.1.0")
    deployed.must("deploy", "updated")
    deployed.world.tags.clear()
    deployed.must("deploy", "unchanged")


def test_pin_that_failed_is_held_and_reported(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    pin(deployed, "1.1.0")
    deployed.must("deploy", "rolled_back")
    assert "ist nach einem Zurückrollen zurückgehalten" in deployed.must("deploy", "unchanged").message


def test_pin_rolled_back_by_hand_stays_rolled_back(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    pin(deployed, "1.1.0")
    deployed.must("deploy", "updated")
    deployed.must("rollback", "updated")
    assert "zurückgehalten" in deployed.must("deploy", "unchanged").message


def test_changed_slot_goes_through_the_shut_gate(deployed: Driver) -> None:
    change_compose(deployed, "app-1", mem_limit="300m")
    record = deployed.must("deploy", "updated")
    assert deployed.world.box("app-1").body["mem_limit"] == "300m"
    assert deployed.world.gate.history[-2:] == [f"run:{record.id}", "open"]
    assert record.message.startswith("Änderungen angewendet, 1.0.0 läuft (Wartung")
    deployed.must("deploy", "unchanged")


def test_comment_in_compose_restarts_nothing(deployed: Driver) -> None:
    path = deployed.world.paths.compose_file
    path.write_text("# neu\n" + path.read_text())
    before = set(deployed.world.boxes)
    deployed.must("deploy", "unchanged")
    assert set(deployed.world.boxes) == before


def test_compose_change_that_fails_returns_to_the_previous_file(deployed: Driver) -> None:
    change_compose(deployed, "app-1", mem_limit="1m")
    record = deployed.must("deploy", "rolled_back")
    assert "memory limit too small" in record.reason
    assert "mem_limit" not in deployed.world.box("app-1").body
    assert deployed.world.box("app-1").state == "running"


def test_policy_before_counts_on_the_way_back(deployed: Driver) -> None:
    """The new policy probes another path, the old release must be judged by its own."""
    old = {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "slots": 1}
    deployed.world.place(app=old | {"smoke_path": "/"})
    change_compose(deployed, "app-1", mem_limit="300m")
    digest = deployed.world.box("app-1").image.partition("@")[2]
    deployed.world.published[digest].kind = "ugly"
    record = deployed.must("deploy", "rolled_back")
    assert "aber / nicht" in record.reason


def test_changed_secret_restarts_the_app(deployed: Driver) -> None:
    before = deployed.world.box("app-1").id
    (deployed.world.paths.secrets / "token").write_text("neu")
    deployed.must("deploy", "updated")
    assert deployed.world.box("app-1").id != before
    deployed.must("deploy", "unchanged")


def test_changed_gate_file_is_a_reload_without_a_window(deployed: Driver) -> None:
    deployed.world.fuse.arm(None)
    (deployed.world.paths.gate_wanted / "haproxy.cfg").write_text("global # neu\n")
    record = deployed.must("deploy", "updated")
    assert "after signal SIGUSR2" in deployed.world.fuse.passed
    assert "maintenance_s" not in record.timings
    deployed.must("deploy", "unchanged")


def test_invalid_gate_file_is_refused(deployed: Driver) -> None:
    (deployed.world.paths.gate_wanted / "haproxy.cfg").write_text("unsinn\n")
    deployed.world.gate_check = (1, "parsing [haproxy.cfg:1]: unknown keyword 'unsinn'")
    assert "unknown keyword 'unsinn'" in deployed.must("deploy", "refused").message


def test_new_gate_image_replaces_the_gate_only(deployed: Driver) -> None:
    app, gate = deployed.world.box("app-1").id, deployed.world.box("gate").id
    deployed.world.publish("haproxy:3.2", None)
    deployed.world.place(gate_image="haproxy:3.2")
    deployed.must("deploy", "updated")
    assert deployed.world.box("app-1").id == app
    assert deployed.world.box("gate").id != gate
    deployed.must("deploy", "unchanged")


def test_gate_that_does_not_start_comes_back_with_its_old_image(deployed: Driver) -> None:
    before = deployed.world.box("gate").image
    deployed.world.publish("haproxy:3.2", None)
    deployed.world.place(gate_image="haproxy:3.2")
    deployed.world.compose.fails_for = lambda project, services: (
        services == ("gate",) and before not in project.env_file.read_text()
    )
    deployed.must("deploy", "rolled_back")
    assert deployed.world.box("gate").image == before
    assert deployed.world.gate.closed_by is None
    deployed.world.compose.fails_for = lambda project, services: False
    deployed.must("deploy", "updated")


def test_stopped_gate_and_stopped_slot_are_started_again(deployed: Driver) -> None:
    deployed.world.box("gate").state = "exited"
    deployed.world.box("app-1").state = "exited"
    deployed.must("deploy", "updated")
    assert {box.state for box in deployed.world.boxes.values()} == {"running"}


def test_slots_come_and_go(deployed: Driver) -> None:
    deployed.world.place(slots=2)
    deployed.must("deploy", "updated")
    assert sorted(box.service for box in deployed.world.boxes.values()) == ["app-1", "app-2", "gate"]
    assert set(deployed.world.gate.places) == {"app-1", "app-2"}
    deployed.world.place(slots=1)
    deployed.must("deploy", "updated")
    assert sorted(box.service for box in deployed.world.boxes.values()) == ["app-1", "gate"]


def test_database_is_initiated_before_the_app_starts(driver: Driver) -> None:
    driver.world.place(mongodb=True)
    driver.world.fuse.arm(None)
    driver.must("deploy", "updated")
    passed = driver.world.fuse.passed
    order = ["after start mongodb", "after replSetInitiate", "after user root", "after user lager-app"]
    places = [passed.index(label) for label in (*order, "before create app-1", "before create gate")]
    assert places == sorted(places)
    accounts = driver.world.mongo.accounts
    assert accounts["lager-app"].roles == (("readWrite", "lager"),)
    assert accounts["lager-app"].database == "lager"
    assert "geheim" not in repr(accounts["lager-app"])


def test_update_never_touches_the_database(driver: Driver) -> None:
    driver.world.place(mongodb=True)
    driver.must("deploy", "updated")
    before = driver.world.box("mongodb").id
    driver.world.release("1.1.0")
    driver.must("update", "updated")
    assert driver.world.box("mongodb").id == before


def test_changed_password_file_is_set_in_the_database(driver: Driver) -> None:
    driver.world.place(mongodb=True)
    driver.must("deploy", "updated")
    (driver.world.paths.secrets / "app").write_text("neu")
    driver.must("deploy", "updated")
    assert driver.world.mongo.accounts["lager-app"].password == "neu"
    driver.must("deploy", "unchanged")


def test_other_database_version_is_refused(driver: Driver) -> None:
    driver.world.place(mongodb=True)
    driver.must("deploy", "updated")
    text = driver.world.paths.policy_file.read_text().replace("mongo:6.0", "mongo:8.0")
    driver.world.paths.policy_file.write_text(text)
    message = driver.must("deploy", "refused").message
    assert "Ein Deploy wechselt die Datenbank nicht (gefunden: mongo:8.0; erwartet: mongo:6.0)" in message


@pytest.mark.parametrize("trouble", ["sick", "database", "pull"])
def test_failed_first_install_is_healed_by_the_next_deploy(driver: Driver, trouble: str) -> None:
    world = driver.world
    world.place(mongodb=True)
    bad = world.release("1.0.0", kind="sick" if trouble == "sick" else "good")
    world.mongo.broken = trouble == "database"
    world.pull_fails = trouble == "pull"
    assert driver.must("deploy", "failed").message
    world.published[bad].kind, world.mongo.broken, world.pull_fails = "good", False, False
    driver.must("deploy", "updated")
    assert world.gate.closed_by is None
    driver.must("deploy", "unchanged")


def test_failed_first_install_says_what_to_do_and_leaves_nothing_crashing(driver: Driver) -> None:
    driver.world.release("1.0.0", kind="crash")
    record = driver.must("deploy", "failed")
    assert record.message.startswith("Die erste Installation ist gescheitert: app-1 startet nicht")
    assert "`upkeep deploy lager` wiederholen" in record.message
    assert driver.world.box("app-1").state == "exited"


def test_new_secret_of_one_service_leaves_the_others_alone() -> None:
    def made(document: dict[str, Any]) -> Composition:
        return composition.Composition(document, home=composition.Path("/srv"))

    before = {
        "services": {"app-1": {"secrets": ["a"]}, "gate": {"networks": ["front"]}},
        "secrets": {"a": {"file": "a"}},
    }
    after = {**before, "secrets": {"a": {"file": "b"}, "c": {"file": "c"}}}
    assert made(after).changed_since(made(before)) == {"app-1"}
    assert made({**before, "networks": {"front": {"internal": True}}}).changed_since(made(before)) == {"gate"}
