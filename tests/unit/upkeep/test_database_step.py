"""`upkeep update lager --service mongodb --to …`: the gate stays shut, and going back brings the very same data."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_resume import Stage, kill_at
from upkeep.errors import Refused
from upkeep.gate import maintenance
from upkeep.memory.journal import Record
from upkeep.versions.mongo import MongoVersion, parse, refuse_step

STEP = {"service": "mongodb", "to": "mongo:7.0"}
BEFORE = "Daten +6.0.5"


@pytest.fixture
def with_mongo(driver: Driver) -> Driver:
    driver.world.place(mongodb=True, update={"bake": 5, "ready_timeout": 20})
    driver.must("deploy", "updated")
    return driver


def offer(driver: Driver, version: str = "7.0.2", kind: str = "good", tag: str = "7.0") -> str:
    return driver.world.publish(f"mongo:{tag}", version, kind)


def step(driver: Driver, result: str, **options: str) -> Record:
    return driver.must("update", result, **(STEP | options))


def mongo(driver: Driver) -> str:
    return driver.world.box("mongodb").image


def test_step_changes_the_database_and_nothing_else(with_mongo: Driver) -> None:
    digest = offer(with_mongo)
    app, gate = with_mongo.world.box("app-1").id, with_mongo.world.box("gate").id
    record = step(with_mongo, "updated")
    assert mongo(with_mongo) == f"mongo@{digest}"
    assert with_mongo.world.feature == "7.0"
    assert (with_mongo.world.box("app-1").id, with_mongo.world.box("gate").id) == (app, gate)
    assert with_mongo.world.gate.closed_by is None
    copy = with_mongo.world.paths.copies / record.id
    assert record.message == f"MongoDB 6.0.5 → 7.0.2; Daten von vorher: {copy} (Wartung {_window(record)} s)."
    assert (copy / "data" / "content").read_text() == BEFORE
    assert '"from": "6.0.5"' in (copy / "kopie.json").read_text()


def _window(record: Record) -> str:
    return f"{record.timings['maintenance_s']:.1f}".replace(".", ",")


def test_order_of_the_step(with_mongo: Driver) -> None:
    offer(with_mongo)
    names = [phase.name for phase in step(with_mongo, "updated").phases]
    order = ["versions", "close", "stop", "dbstop", "copy", "switch", "prove", "start", "ready", "watch", "feature"]
    assert [name for name in names if name in order] == order
    assert names.index("feature") < names.index("open")


def test_plan_says_what_would_happen(with_mongo: Driver) -> None:
    from upkeep.memory.journal import Operation
    from upkeep.plans import planning
    from upkeep.plans.situation import Situation

    offer(with_mongo)
    situation = Situation.read(with_mongo.world.paths, with_mongo.world.ports(), {"force": False, **STEP})
    answer = planning.make(situation, Operation.UPDATE).answer()
    assert answer["message"] == "MongoDB: mongo:6.0 → mongo:7.0"
    assert "Daten beiseite kopieren" in answer["steps"]


def test_second_call_changes_nothing(with_mongo: Driver) -> None:
    offer(with_mongo)
    step(with_mongo, "updated")
    assert step(with_mongo, "unchanged").message == "mongo:7.0 läuft schon."


def test_deploy_afterwards_leaves_the_database_alone_and_says_so(with_mongo: Driver) -> None:
    offer(with_mongo)
    step(with_mongo, "updated")
    after = mongo(with_mongo)
    assert "MongoDB läuft mit mongo:7.0, im Inventar steht mongo:6.0." in with_mongo.must("deploy", "unchanged").message
    (with_mongo.world.paths.secrets / "token").write_text("neu")
    with_mongo.must("deploy", "updated")
    assert mongo(with_mongo) == after
    policy = with_mongo.world.paths.policy_file
    policy.write_text(policy.read_text().replace("mongo:6.0", "mongo:7.0"))
    assert "Inventar" not in with_mongo.must("deploy", "unchanged").message
    policy.write_text(policy.read_text().replace("mongo:7.0", "mongo:8.0"))
    refused = with_mongo.must("deploy", "refused")
    assert "`upkeep update lager --service mongodb --to mongo:8.0`" in refused.message


def test_update_of_the_app_afterwards_keeps_the_database(with_mongo: Driver) -> None:
    offer(with_mongo)
    step(with_mongo, "updated")
    after = mongo(with_mongo)
    with_mongo.world.release("1.1.0")
    with_mongo.must("update", "updated")
    assert mongo(with_mongo) == after


def test_database_that_does_not_start_gives_the_same_data_back(with_mongo: Driver) -> None:
    before = mongo(with_mongo)
    offer(with_mongo, kind="sick")
    record = step(with_mongo, "rolled_back")
    assert record.reason.startswith("MongoDB ist nicht bereit geworden")
    assert mongo(with_mongo) == before
    assert with_mongo.world.volumes["lager_mongodb"] == f"{BEFORE} +6.0.5"
    assert with_mongo.world.gate.closed_by is None
    assert not list(with_mongo.world.paths.copies.glob("*"))
    with_mongo.must("deploy", "unchanged")


def test_database_that_dies_again_and_again_is_given_up_early(with_mongo: Driver) -> None:
    offer(with_mongo, kind="dying")
    record = step(with_mongo, "rolled_back")
    assert (
        "mongo:7.0 startet mit diesen Daten nicht (gefunden: Exit-Code 1, zuletzt: mongodb sagt: dying)"
        in record.reason
    )
    assert record.timings["maintenance_s"] < 10
    assert with_mongo.world.volumes["lager_mongodb"] == f"{BEFORE} +6.0.5"


def test_app_that_cannot_live_with_the_new_database_brings_the_old_one_back(with_mongo: Driver) -> None:
    offer(with_mongo)
    digest = with_mongo.world.box("app-1").image.partition("@")[2]
    good = with_mongo.world.published[digest].kind
    with_mongo.world.published[digest].kind = "sick"
    before = mongo(with_mongo)
    record = step(with_mongo, "failed")  # it is sick with the old one as well: the gate stays shut
    assert mongo(with_mongo) == before
    assert with_mongo.world.gate.closed_by == f"run:{record.id}"
    assert (with_mongo.world.paths.copies / record.id).exists()
    with_mongo.world.published[digest].kind = good


def test_format_that_does_not_move_leads_back(with_mongo: Driver) -> None:
    offer(with_mongo)
    with_mongo.world.mongo.stuck = True
    assert "featureCompatibilityVersion blieb stehen" in step(with_mongo, "rolled_back").reason
    assert with_mongo.world.volumes["lager_mongodb"] == f"{BEFORE} +6.0.5"


def test_copy_that_fails_touches_nothing(with_mongo: Driver) -> None:
    before = mongo(with_mongo)
    offer(with_mongo)
    with_mongo.world.docker.failing_errands = {"cp"}
    assert "lassen sich nicht kopieren (gefunden: cp: cp: kaputt)" in step(with_mongo, "rolled_back").reason
    assert (mongo(with_mongo), with_mongo.world.box("app-1").state) == (before, "running")


def test_too_little_room_for_the_copy_is_said_before_anything_happens(with_mongo: Driver) -> None:
    offer(with_mongo)
    with_mongo.world.data_mb = 60_000
    record = step(with_mongo, "refused")
    assert "Zu wenig Platz" in record.message
    assert not record.intended("close")


@pytest.mark.parametrize(
    ("target", "feature", "said"),
    [
        ("8.0.1", "6.0", "MongoDB geht nur eine Hauptversion auf einmal weiter (gefunden: 6.0.5 → 8.0.1"),
        ("5.0.9", "6.0", "MongoDB kann nicht auf eine ältere Version zurück"),
        ("7.0.2", "5.0", "Der vorige Versionsschritt von MongoDB ist noch nicht abgeschlossen"),
    ],
)
def test_steps_mongodb_does_not_make_are_refused(with_mongo: Driver, target: str, feature: str, said: str) -> None:
    offer(with_mongo, target)
    with_mongo.world.feature = feature
    record = step(with_mongo, "refused")
    assert said in record.message
    assert not record.intended("close")


def test_newer_patch_of_the_same_series_finishes_an_open_step(with_mongo: Driver) -> None:
    offer(with_mongo, "6.0.19", tag="6.0.19")
    with_mongo.world.feature = "5.0"
    step(with_mongo, "updated", to="6.0.19")
    assert with_mongo.world.feature == "6.0"


def test_image_whose_mongod_cannot_run_here_is_refused(with_mongo: Driver) -> None:
    offer(with_mongo, kind="crash")
    record = step(with_mongo, "refused")
    assert "Illegal instruction" in record.message
    assert "AVX" in record.message


def test_other_repository_and_other_service_are_refused(with_mongo: Driver) -> None:
    assert "ist nicht das Abbild, das im Inventar steht" in step(with_mongo, "refused", to="evil/mongo:7.0").message
    assert "nicht einzeln aktualisieren" in step(with_mongo, "refused", service="gate").message


def test_old_copies_go_by_themselves(with_mongo: Driver) -> None:
    copies = with_mongo.world.paths.copies
    for name in ("20261001-120000-update-aaaa", "20261120-120000-update-bbbb", "von-hand"):
        (copies / name).mkdir(parents=True)
    with_mongo.world.release("1.1.0")
    with_mongo.must("update", "updated")
    assert sorted(place.name for place in copies.iterdir()) == ["20261120-120000-update-bbbb", "von-hand"]


def good_step(driver: Driver) -> None:
    driver.world.place(mongodb=True, update={"bake": 1, "ready_timeout": 20})
    driver.must("deploy", "updated")
    offer(driver)


def sick_step(driver: Driver) -> None:
    driver.world.place(mongodb=True, update={"bake": 1, "ready_timeout": 20})
    driver.must("deploy", "updated")
    offer(driver, kind="sick")


@pytest.mark.parametrize("scene", [good_step, sick_step])
def test_agent_killed_anywhere_loses_no_data(tmp_path: Path, scene: object) -> None:
    assert callable(scene)
    stage = Stage(tmp_path, scene)
    for point in range(1, stage.points("update", **STEP) + 1, 2):
        driver = stage.fresh()
        before = mongo(driver)
        where = kill_at(driver, "update", point, **STEP)
        driver.resume()
        assert driver.last is not None
        record = driver.read(driver.last.id)
        explain = f"Punkt {point} ({where}): {record.result} {record.message}"
        assert (mongo(driver) != before) == (record.result == "updated"), explain
        data, life = driver.world.volumes["lager_mongodb"], " +6.0.5"
        expected = f"{BEFORE} +7.0.2" if record.result == "updated" else BEFORE
        assert data.rstrip("+6.05 ") == expected.rstrip("+6.05 "), f"{explain}: {data}{life}"
        assert driver.world.feature == ("7.0" if record.result == "updated" else "6.0"), explain
        assert not maintenance.load(driver.world.paths).on, explain
        assert {box.state for box in driver.world.boxes.values()} == {"running"}, explain
        assert record.finished_at, explain


def test_versions_as_mongod_says_them() -> None:
    assert parse("db version v6.0.5\nBuild Info: {}") == MongoVersion(6, 0, 5)
    assert parse("8.0.12-rc0") == MongoVersion(8, 0, 12)
    assert parse("") is None
    refuse_step(MongoVersion(4, 4, 9), MongoVersion(5, 0, 1), "4.4")
    with pytest.raises(Refused):
        refuse_step(MongoVersion(7, 0, 1), MongoVersion(6, 0, 9), "6.0")
