from __future__ import annotations

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.placed import REPOSITORY
from upkeep.memory.history import history


def test_check_records_what_the_channel_offers(deployed: Driver) -> None:
    digest = deployed.world.release("1.1.0")
    assert deployed.must("check", "unchanged").message == "1.1.0 ist verfügbar (läuft: 1.0.0)."
    assert deployed.state.available is not None
    assert deployed.state.available.digest == digest


def test_check_without_anything_new(deployed: Driver) -> None:
    assert deployed.must("check", "unchanged").message == "1.0.0 ist die neueste Version."
    assert deployed.state.available is None


def test_check_says_that_a_version_is_held(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    deployed.must("update", "rolled_back")
    assert "wurde aber zurückgerollt und ist zurückgehalten" in deployed.must("check", "unchanged").message


def test_available_installs_exactly_what_was_found(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("check", "unchanged")
    deployed.world.release("1.2.0")
    assert deployed.must("update", "updated", to="available").message.startswith("1.0.0 → 1.1.0")


def test_update_without_a_name_takes_the_newest(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("check", "unchanged")
    deployed.world.release("1.2.0")
    assert deployed.must("update", "updated").message.startswith("1.0.0 → 1.2.0")
    assert deployed.state.available is not None  # 1.1.0 was never installed


def test_rollback_returns_and_holds_what_it_left(deployed: Driver) -> None:
    newer = deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    record = deployed.must("rollback", "updated")
    assert record.message.startswith("1.1.0 → 1.0.0 (Wartung")
    assert deployed.state.held == (newer,)
    assert deployed.state.previous is None


def test_rollback_keeps_the_deployed_compose_file(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    path = deployed.world.paths.compose_file
    path.write_text(path.read_text().replace("services:\n  app-1:", "services:\n  app-1:\n    mem_limit: 300m"))
    deployed.must("deploy", "updated")
    deployed.must("rollback", "updated")
    assert deployed.world.box("app-1").body["mem_limit"] == "300m"
    deployed.must("deploy", "unchanged")


def test_rollback_whose_target_fails_stays_where_it_was(deployed: Driver) -> None:
    older = deployed.world.box("app-1").image.partition("@")[2]
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.world.published[older].kind = "sick"
    deployed.must("rollback", "rolled_back")
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.1.0"


def test_compose_only_deploy_does_not_move_previous(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    (deployed.world.paths.secrets / "token").write_text("neu")
    deployed.must("deploy", "updated")
    assert deployed.state.previous is not None
    assert deployed.state.previous.version == "1.0.0"


def test_everything_said_twice_changes_nothing_and_names_what_is_held(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.must("rollback", "updated")
    for operation in ("rollback", "deploy", "update"):
        message = deployed.must(operation, "unchanged").message
        assert message.endswith("Zurückgehalten: 1.1.0 (gescheitert oder zurückgerollt, nur mit --force)."), message


def test_rollback_again_goes_on_once_there_is_something_new_to_leave(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")
    deployed.must("rollback", "updated")
    deployed.world.release("1.2.0")
    deployed.must("update", "updated")
    assert deployed.must("rollback", "updated").message.startswith("1.2.0 → 1.0.0")


def test_history_tells_the_runs_and_what_is_held(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    deployed.must("check", "unchanged")
    deployed.must("update", "rolled_back")
    told = history(deployed.world.paths, checks=False)
    assert [(run["operation"], run["result"]) for run in told["runs"]] == [
        ("update", "rolled_back"),
        ("deploy", "updated"),
    ]
    assert [item["version"] for item in told["held"]] == ["1.1.0"]
    assert len(history(deployed.world.paths, checks=True)["runs"]) == 3


def test_history_names_a_journal_nobody_can_read(deployed: Driver) -> None:
    run = deployed.must("deploy", "unchanged")
    (deployed.world.paths.runs / f"{run.id}.json").write_text("?")
    told = history(deployed.world.paths, checks=False)
    assert told["damaged"] == [run.id]
    assert len(told["runs"]) == 1


def test_image_of_a_failed_run_goes_at_the_next_check(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    deployed.must("update", "rolled_back")
    (bad,) = (image for image in deployed.world.images if image.endswith(deployed.state.held[0]))
    deployed.must("check", "unchanged")
    assert bad not in deployed.world.images
    assert bad not in deployed.state.owned


def test_image_that_somebody_elses_container_uses_stays(deployed: Driver) -> None:
    deployed.world.release("1.1.0", kind="sick")
    deployed.must("update", "rolled_back")
    (bad,) = (image for image in deployed.world.images if image.endswith(deployed.state.held[0]))
    deployed.world.foreign_images = frozenset({bad})
    deployed.must("check", "unchanged")
    assert bad in deployed.world.images
    assert bad in deployed.state.owned


def test_tag_that_moved_between_check_and_update_changes_nothing_of_what_was_checked(deployed: Driver) -> None:
    checked = deployed.world.release("1.1.0")
    deployed.must("check", "unchanged")
    deployed.world.publish(f"{REPOSITORY}:stable", "1.1.0", kind="crash")  # the same tag and version, other bytes
    deployed.must("update", "updated", to="available")
    assert deployed.world.box("app-1").image.endswith(checked)


def test_checked_digest_that_is_gone_is_refused_and_the_next_check_finds_what_there_is(deployed: Driver) -> None:
    gone = deployed.world.release("1.1.0")
    deployed.must("check", "unchanged")
    del deployed.world.published[gone]
    newer = deployed.world.release("1.2.0")
    message = deployed.must("update", "refused", to="available").message
    assert f"Das Abbild {REPOSITORY}@{gone} gibt es nicht" in message
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"
    deployed.must("check", "unchanged")
    deployed.must("update", "updated", to="available")
    assert deployed.world.box("app-1").image.endswith(newer)
