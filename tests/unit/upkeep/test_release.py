from __future__ import annotations

import pytest

from tests.unit.upkeep.drive import Driver
from upkeep.versions import ranges as versions


@pytest.mark.parametrize(
    ("candidate", "current", "is_older"),
    [
        ("1.0.0", "1.1.0", True),
        ("1.10.0", "1.9.0", False),
        ("v1.0", "1.0.0", False),
        ("1.0.0-rc.1", "1.0.0", True),
        ("1.0.0-rc.2", "1.0.0-rc.10", True),
        ("1.0.0", "1.0.0-rc.1", False),
        ("2026.11.1", "2026.10.30", False),
        ("nightly", "1.0.0", False),
        (None, "1.0.0", False),
        ("1.0.0", None, False),
    ],
)
def test_order_of_versions(candidate: str | None, current: str | None, is_older: bool) -> None:
    assert versions.older(candidate, current) is is_older


def test_release_env_names_every_image_by_digest(deployed: Driver) -> None:
    lines = deployed.world.paths.release_env.read_text().splitlines()
    assert lines[0].startswith("# Diese Datei schreibt nur upkeep-agent")
    assert [line.partition("=")[0] for line in lines[1:]] == ["UPKEEP_APP_IMAGE", "UPKEEP_GATE_IMAGE"]
    assert all("@sha256:" in line for line in lines[1:])


def test_hand_edited_release_env_is_refused_and_nothing_changes(deployed: Driver) -> None:
    env = deployed.world.paths.release_env
    env.write_text(env.read_text() + "UPKEEP_APP_IMAGE=evil\n")
    deployed.world.release("1.1.0")
    before = set(deployed.world.boxes)
    message = deployed.must("update", "refused").message
    assert f"{env} wurde von Hand geändert" in message
    assert "`upkeep deploy lager --force`" in message
    assert set(deployed.world.boxes) == before
    assert "evil" in env.read_text()


def test_removed_release_env_counts_as_edited(deployed: Driver) -> None:
    deployed.world.paths.release_env.unlink()
    assert "von Hand geändert" in deployed.must("deploy", "refused").message


def test_force_writes_release_env_anew(deployed: Driver) -> None:
    env = deployed.world.paths.release_env
    original = env.read_text()
    env.write_text("UPKEEP_APP_IMAGE=evil\n")
    deployed.must("deploy", "unchanged", force=True)
    assert env.read_text() == original
    deployed.must("deploy", "unchanged")


def test_foreign_release_env_is_not_overwritten_by_a_first_install(driver: Driver) -> None:
    driver.world.paths.release_env.write_text("UPKEEP_APP_IMAGE=old\n")
    assert "stammt nicht von diesem Agenten" in driver.must("deploy", "refused").message
    driver.must("deploy", "updated", force=True)
