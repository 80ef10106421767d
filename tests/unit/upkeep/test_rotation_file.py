"""The gate's memory of its slots, as HAProxy reads it when it starts."""

from __future__ import annotations

from pathlib import Path

from tests.unit.upkeep.drive import Driver
from upkeep.gate import rotation


def rows(driver: Driver) -> dict[str, list[str]]:
    text = Path(driver.world.paths.maps / rotation.STATE_FILE).read_text(encoding="utf-8")
    return {line.split()[3]: line.split() for line in text.splitlines() if line.startswith("1 ")}


def test_slots_in_rotation_start_as_well_as_they_can_be(driver: Driver) -> None:
    """One check that comes before the slot listens must not put it down: only `fall` of them do."""
    driver.world.place(slots=2)
    driver.must("deploy", "updated")
    names = rotation.COLUMNS.split()
    for slot in ("app-1", "app-2"):
        row = dict(zip(names, rows(driver)[slot], strict=True))
        assert (row["srv_op_state"], row["srv_admin_state"], row["srv_check_health"]) == ("2", "0", "3")
        assert (row["srv_fqdn"], row["srv_port"]) == (slot, "8000")
    assert rotation.out(driver.world.paths) == {}


def test_a_line_that_is_not_whole_is_passed_over(driver: Driver) -> None:
    driver.world.place(slots=2)
    driver.must("deploy", "updated")
    rotation.take_out(driver.world.paths, driver.world.ports(), "app-2", 8000)
    file = driver.world.paths.maps / rotation.STATE_FILE
    file.write_text(file.read_text(encoding="utf-8") + "1 app 1 app-3 127.0.0.1 2\n", encoding="utf-8")
    assert rotation.out(driver.world.paths) == {"app-2": 8000}


def test_slot_taken_out_is_drained_and_the_other_stays_well(driver: Driver) -> None:
    driver.world.place(slots=2)
    driver.must("deploy", "updated")
    paths, ports = driver.world.paths, driver.world.ports()
    rotation.take_out(paths, ports, "app-2", 8000)
    assert rotation.out(paths) == {"app-2": 8000}
    assert (rows(driver)["app-1"][6], rows(driver)["app-2"][6]) == ("0", "8")
    rotation.put_in(paths, ports, "app-2", "10.0.0.9", 8000)
    assert rotation.out(paths) == {}
    rotation.forget(paths, ports, "app-2")
    assert set(rows(driver)) == {"app-1"}
