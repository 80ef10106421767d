"""Other secrets while the application serves: what a slot was started with is good while it runs, and no longer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.placed import policy
from tests.unit.upkeep.world import Killed, World
from upkeep.errors import DatabaseFailed, NotAdmitted
from upkeep.memory import state
from upkeep.ports.clock import moment
from upkeep.tickets import ticket

OLD, NEW, THIRD = "alt", "neu", "dritt"
ROLLING = {"strategy": "rolling", "ready_timeout": 20}


def place(world: World, mark: str, name: str | None = None, **update: Any) -> None:
    """As role stack does: user, files and what names them go together; nothing is overwritten."""
    secrets, user = world.paths.secrets, name or f"lager-app.{mark}"
    world.place(slots=2, mongodb=True, update=ROLLING | update)
    for file in ("token", "ticket-key", "mongodb-user-lager-app"):
        (secrets / f"{file}.{code(mark)}").write_text(f"{file}-{mark}-".ljust(40, "x"))
    compose = yaml.safe_load(world.paths.compose_file.read_text())
    for file in ("token", "ticket-key"):
        compose["secrets"][file] = {"file": f"./secrets/{file}.{code(mark)}"}
    for slot in ("app-1", "app-2"):
        compose["services"][slot]["secrets"] = ["token", "ticket-key"]
    world.paths.compose_file.write_text(yaml.safe_dump(compose))
    wanted = policy(secrets, 2, True) | {"update": ROLLING | update}
    file = str(secrets / f"mongodb-user-lager-app.{code(mark)}")
    wanted["databases"]["mongodb"]["users"] = [{"name": user, "password_file": file, "roles": ["readWrite"]}]
    world.paths.policy_file.write_text(yaml.safe_dump(wanted))


def code(mark: str) -> str:
    return {OLD: "0a1f", NEW: "0e0e", THIRD: "dddd"}[mark]


@pytest.fixture
def driver(world: World) -> Driver:
    world.release("1.0.0")
    place(world, OLD)
    driver = Driver(world)
    driver.must("deploy", "updated")
    world.gate.fewest_up = None
    return driver


def users(driver: Driver) -> set[str]:
    return set(driver.world.mongo.accounts) - {"root"}


def files(driver: Driver) -> set[str]:
    return {file.name.rpartition(".")[2] for file in driver.world.paths.secrets.glob("*.*")}


def test_a_new_user_comes_before_the_first_slot_and_the_old_one_goes_after_the_last(driver: Driver) -> None:
    place(driver.world, NEW)
    shut_before = len(driver.world.gate.history)
    driver.world.fuse.arm(None)
    record = driver.must("deploy", "updated")
    assert driver.world.gate.history[shut_before:] == []
    assert driver.world.gate.fewest_up == 1
    assert "ohne Unterbrechung" in record.message
    passed = driver.world.fuse.passed
    slots = [at for at, label in enumerate(passed) if label.startswith(("after create app-", "after start app-"))]
    assert passed.index("after user lager-app.neu") < min(slots)
    assert passed.index("before drop user lager-app.alt") > max(slots)
    assert users(driver) == {"lager-app.neu"}
    assert files(driver) == {code(NEW)}
    driver.must("deploy", "unchanged")


def test_a_user_whose_password_changes_under_his_name_is_shut_out_by_nobody(driver: Driver) -> None:
    place(driver.world, NEW, name="lager-app.alt")
    record = driver.must("deploy", "updated")
    assert "nicht rolling: der Zugang lager-app.alt zur Datenbank ändert sich unter seinem Namen" in record.message
    assert users(driver) == {"lager-app.alt"}


def test_another_password_of_root_restarts_nothing(driver: Driver) -> None:
    before = {box.id for box in driver.world.boxes.values()}
    (driver.world.paths.secrets / "root").write_text("anders")
    driver.must("deploy", "updated")
    assert driver.world.mongo.accounts["root"].password == "anders"
    assert {box.id for box in driver.world.boxes.values()} == before
    driver.must("deploy", "unchanged")


def test_a_release_from_before_users_were_remembered_leaves_its_user_behind_too(driver: Driver) -> None:
    known = driver.state
    bare = {key: value for key, value in known.hashes.items() if not key.startswith("account:")}
    state.save(driver.world.paths, replace(known, hashes=bare), driver.world.files)
    driver.must("deploy", "unchanged")
    place(driver.world, NEW)
    assert "ohne Unterbrechung" in driver.must("deploy", "updated").message
    assert users(driver) == {"lager-app.neu"}


def test_a_password_that_was_replaced_before_it_came_into_use_lets_nobody_in(driver: Driver) -> None:
    place(driver.world, NEW, ready_timeout=5)
    driver.world.compose.fails_for = lambda project, services: "app-1" in services
    driver.must("deploy", "failed")
    assert users(driver) == {"lager-app.alt", "lager-app.neu"}
    driver.world.compose.fails_for = lambda project, services: False
    place(driver.world, THIRD)
    driver.must("deploy", "updated")
    assert users(driver) == {"lager-app.dritt"}
    assert files(driver) == {code(THIRD)}


def test_a_user_that_cannot_be_dropped_is_named_and_goes_with_the_next_run(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    place(driver.world, NEW)

    def broken(*_: object) -> None:
        raise DatabaseFailed("MongoDB-Benutzer lassen sich nicht entfernen", observed="keine Antwort")

    with monkeypatch.context() as patch:
        patch.setattr(driver.world.mongo, "drop_accounts", broken)
        assert "(lager-app.alt) gilt noch" in driver.must("deploy", "updated").message
    slots = {box.id for box in driver.world.boxes.values()}
    driver.must("deploy", "updated")
    assert users(driver) == {"lager-app.neu"}
    assert {box.id for box in driver.world.boxes.values()} == slots
    driver.must("deploy", "unchanged")


def test_a_kill_at_any_moment_leaves_every_slot_a_user_and_the_next_life_finishes(driver: Driver) -> None:
    marks = [OLD, NEW]
    for point in range(1, 400, 7):
        mine = {box.id for box in driver.world.boxes.values() if box.role == "app"}
        place(driver.world, marks[1])
        driver.world.fuse.arm(point)
        try:
            driver.do("deploy")
            break
        except Killed as killed:
            driver.world.fuse.arm(None)
            where = f"Punkt {point}: {killed}"
        running = [box for box in driver.world.boxes.values() if box.role == "app" and box.state == "running"]
        assert running, where
        needed = {f"lager-app.{marks[0] if box.id in mine else marks[1]}" for box in running}
        assert needed <= users(driver), where
        driver.resume()
        driver.do("deploy")
        assert users(driver) == {f"lager-app.{marks[1]}"}, where
        assert files(driver) == {code(marks[1])}, where
        assert driver.world.gate.closed_by is None, where
        driver.must("deploy", "unchanged")
        marks.reverse()
    assert point > 40


def admits(driver: Driver, mark: str) -> bool:
    now = int(driver.world.clock.moment.timestamp())
    claims = {"v": 1, "aud": "upkeep-door", "stack": "lager", "action": "start-update", "nonce": "n" * 20}
    text = ticket.sign(claims | {"iat": now, "exp": now + 60}, f"ticket-key-{mark}-".ljust(40, "x"))
    keys = [key for file in driver.world.paths.ticket_keys for key in ticket.keys(file.read_text(), "")]
    try:
        ticket.read(text, keys, "lager", ticket.Action.START_UPDATE, now)
    except NotAdmitted:
        return False
    return True


def test_a_ticket_of_the_old_key_counts_until_the_last_one_is_over(driver: Driver) -> None:
    place(driver.world, NEW, bake=5)
    assert (admits(driver, OLD), admits(driver, NEW)) == (True, True)
    record = driver.must("deploy", "updated")
    times = {phase.name: phase for phase in record.phases}
    assert (admits(driver, OLD), admits(driver, NEW)) == (False, True)
    spent = driver.world.clock.moment.timestamp() - moment(times["bake"].intent_at).timestamp()
    assert 65 <= spent < 75


def test_a_run_that_changes_no_ticket_key_waits_for_none(driver: Driver) -> None:
    driver.world.release("1.1.0")
    began = driver.world.clock.moment
    driver.must("update", "updated")
    assert (driver.world.clock.moment - began).total_seconds() < 60
