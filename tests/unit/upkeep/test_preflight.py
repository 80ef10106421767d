"""Bad input gets a clear message, and nothing is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.placed import REPOSITORY

APP = {"port": 8000, "health_path": "/api/health", "version_path": "/api/health", "slots": 1}


def refused(driver: Driver, operation: str = "update", **options: Any) -> str:
    """The message of a refused run that changed neither containers nor release.env nor the gate."""
    before = (set(driver.world.boxes), driver.world.paths.release_env.read_bytes(), list(driver.world.gate.history))
    message = driver.must(operation, "refused", **options).message
    after = (set(driver.world.boxes), driver.world.paths.release_env.read_bytes(), list(driver.world.gate.history))
    assert before == after
    return message


def test_image_that_does_not_exist(deployed: Driver) -> None:
    deployed.world.place(image={"channel": f"{REPOSITORY}:nirgends"})
    assert f"Das Abbild {REPOSITORY}:nirgends gibt es nicht" in refused(deployed)


@pytest.mark.parametrize("wanted", ["ghcr.io/fremd/app:1", "docker.io/library/nginx:1"])
def test_registry_that_is_not_allowed(deployed: Driver, wanted: str) -> None:
    message = refused(deployed, to=wanted)
    assert f"Die Registry von {wanted} ist nicht erlaubt" in message
    assert "erwartet: registry.example:5000" in message


def test_older_version_is_no_update(deployed: Driver) -> None:
    deployed.world.release("0.9.0")
    assert "Das wäre ein Rückschritt auf eine ältere Version (gefunden: 0.9.0; erwartet: 1.0.0 oder neuer)" in refused(
        deployed
    )
    deployed.must("update", "updated", force=True)


def test_named_version_by_tag_digest_and_full_name(deployed: Driver) -> None:
    digest = deployed.world.release("1.1.0")
    deployed.world.release("1.2.0")
    deployed.must("update", "updated", to="1.1.0")
    deployed.must("update", "unchanged", to=digest)
    deployed.must("update", "updated", to=f"{REPOSITORY}:1.2.0")


def test_rolling_needs_two_slots(deployed: Driver) -> None:
    deployed.world.place(update={"strategy": "rolling"})
    assert "rolling mit 1 Slot" in refused(deployed)


def test_backup_is_refused_honestly(deployed: Driver) -> None:
    deployed.world.place(update={"backup": "before_update"})
    assert "update.backup: before_update braucht ein Sicherungsziel" in refused(deployed, "deploy")


def test_too_little_disk(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.files.free_mb = 500
    assert "Zu wenig Platz auf der Platte (gefunden: 500 MB frei in /var/lib/docker; erwartet: 1026 MB)" in refused(
        deployed
    )


def test_other_architecture(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.architecture = "arm64"
    assert "ist für einen anderen Prozessor (gefunden: arm64; erwartet: amd64)" in refused(deployed)


def test_image_without_a_version_label(deployed: Driver) -> None:
    deployed.world.publish(f"{REPOSITORY}:stable", None)
    message = refused(deployed)
    assert "trägt keine Version" in message
    assert "version_path auf null setzen" in message


def test_image_without_a_version_is_fine_where_nobody_asks_for_it(driver: Driver) -> None:
    driver.world.place(app=APP | {"version_path": None})
    driver.world.publish(f"{REPOSITORY}:stable", None)
    driver.must("deploy", "updated")


def test_port_in_use_names_the_container_that_has_it(driver: Driver) -> None:
    driver.world.sockets.busy = {80}
    driver.world.publishers = ("portal-gate-1",)
    message = driver.must("deploy", "refused").message
    assert "Der Port 80 ist schon belegt (gefunden: Container portal-gate-1; erwartet: frei auf 0.0.0.0)" in message
    assert driver.world.boxes == {}


def test_own_gates_port_is_no_conflict(deployed: Driver) -> None:
    deployed.world.sockets.busy = {80}
    deployed.world.release("1.1.0")
    deployed.must("update", "updated")


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda path: path.unlink(), "No such file or directory"),
        (lambda path: path.write_text("\n"), "gefunden: leer"),
    ],
)
def test_unreadable_secret(driver: Driver, spoil: Callable[[Any], None], part: str) -> None:
    spoil(driver.world.paths.secrets / "token")
    message = driver.must("deploy", "refused").message
    assert "secrets/token ist nicht lesbar" in message
    assert part in message
    assert driver.world.boxes == {}


def test_secret_the_apps_user_may_not_read(driver: Driver) -> None:
    path = driver.world.paths.compose_file
    path.write_text(path.read_text().replace("secrets:\n    - token", 'user: "7310:7310"\n    secrets:\n    - token'))
    (driver.world.paths.secrets / "token").chmod(0o600)
    assert "lesbar für app-1 (7310:7310)" in driver.must("deploy", "refused").message


def test_slots_in_compose_and_policy_must_agree(deployed: Driver) -> None:
    deployed.world.place(app=APP | {"slots": 2})
    message = refused(deployed, "deploy")
    assert "passen nicht zusammen: Slots (gefunden: app-1; erwartet: app-1, app-2)" in message


def test_gate_that_runs_but_does_not_answer_stops_the_run_before_anything(deployed: Driver) -> None:
    deployed.world.release("1.1.0")
    deployed.world.gate.mute = True
    record = deployed.must("update", "failed")
    assert "Das Gate läuft, antwortet aber nicht auf seinem Steuersocket" in record.message
    assert deployed.world.behaviour(deployed.world.box("app-1")).version == "1.0.0"


def test_nothing_to_roll_back_to(deployed: Driver) -> None:
    message = refused(deployed, "rollback")
    assert "Für „lager“ gibt es nichts, worauf zurückgerollt werden könnte (gefunden: nur 1.0.0 ist bekannt)" in message


def test_update_before_the_first_deploy(driver: Driver) -> None:
    assert "„lager“ ist noch nicht ausgerollt" in driver.must("update", "refused").message


def test_refused_deploy_says_what_becomes_of_the_files_already_placed(deployed: Driver) -> None:
    path = deployed.world.paths.compose_file
    assert "liegen schon in" not in deployed.must("deploy", "unchanged").message
    deployed.world.place(published=[{"host_port": 8081, "bind": "0.0.0.0"}])
    path.write_text(path.read_text().replace("services:", "# neu\nservices:"))
    path.write_text(path.read_text().replace("  app-1:", "  app-1:\n    mem_limit: 300m"))
    deployed.world.sockets.busy = {8081}
    message = deployed.must("deploy", "refused").message
    home = deployed.world.paths.home
    assert "Der Port 8081 ist schon belegt" in message
    assert (
        f"Die neuen Dateien liegen schon in {home}, gelten aber noch nicht: 1.0.0 läuft mit den bisherigen" in message
    )


def test_refused_first_install_says_that_nothing_was_started(driver: Driver) -> None:
    driver.world.sockets.busy = {80}
    assert "liegen schon in" in driver.must("deploy", "refused").message


def test_room_is_asked_for_where_it_is_needed(deployed: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed.world.release("1.1.0")
    data = deployed.world.paths.data
    monkeypatch.setattr(deployed.world.files, "free_bytes", lambda path: (500 if path == data else 9000) * 1024 * 1024)
    said = f"Zu wenig Platz auf der Platte (gefunden: 500 MB frei in {data}; erwartet: 1024 MB)"
    assert said in refused(deployed)


def test_secret_that_left_the_inventory_leaves_the_host_after_the_deploy(deployed: Driver) -> None:
    secrets = deployed.world.paths.secrets
    (secrets / "alt").write_text("geheim")
    (secrets / "erste-anmeldung.txt").write_text("keeps its place: no release ever named it")
    compose, policy = deployed.world.paths.compose_file, deployed.world.paths.policy_file
    kept = {path.name for path in secrets.iterdir()}
    with_alt = compose.read_text().replace("secrets:\n  token:", "secrets:\n  alt:\n    file: ./secrets/alt\n  token:")
    compose.write_text(with_alt.replace("    - token", "    - token\n    - alt"))
    policy.write_text(policy.read_text() + "# secrets/root secrets/app secrets/keyfile\n")
    deployed.must("deploy", "updated")
    assert {path.name for path in secrets.iterdir()} == kept
    compose.write_text(compose.read_text().replace("\n    - alt", "").replace("  alt:\n    file: ./secrets/alt\n", ""))
    deployed.must("deploy", "updated")
    assert {path.name for path in secrets.iterdir()} == kept - {"alt"}
    deployed.must("deploy", "unchanged")


@pytest.mark.parametrize("operation", ["update", "check"])
def test_digest_without_an_image(deployed: Driver, operation: str) -> None:
    digest = f"sha256:{'0' * 64}"
    if operation == "check":
        deployed.world.tags[f"{REPOSITORY}:stable"] = digest
        assert "gibt es nicht" in refused(deployed, "check")
    else:
        assert f"Das Abbild {REPOSITORY}@{digest} gibt es nicht" in refused(deployed, to=digest)
