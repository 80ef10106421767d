"""The place of a trial restore, and its report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.roles.rendering import Rendering
from tests.unit.upkeep.drive import Driver
from tests.unit.upkeep.test_backup import POLICY
from upkeep.backup import memory
from upkeep.backup.memory import Drilled
from upkeep.drill import page, report
from upkeep.drill.record import notes
from upkeep.drill.scratch import Scratch, clear, composed, make_binds, written
from upkeep.layout import Layout
from upkeep.policy.stack import DatabaseUser, MongoPolicy
from upkeep.versions import reference

STACK = {
    "stack__name": "lager",
    "stack__image": {"channel": "ghcr.io/firma/lager:stable"},
    "stack__secrets": {"token": "geheim"},
    "stack__volumes": [
        {"name": "files", "target": "/data"},
        {"name": "alt", "target": "/alt", "external": "altes_daten", "read_only": True},
        {"source": "/srv/share", "target": "/in"},
    ],
    "stack__databases": {"mongodb": {"name": "lager", "root_password": "x" * 20, "keyfile": "y" * 20}},
    "stack__environment_secrets": {"SCHLUESSEL": "wert"},
}


@pytest.fixture
def place(tmp_path: Path) -> Scratch:
    return Scratch(Layout(tmp_path).paths("lager"))


def transformed(place: Scratch) -> dict[str, Any]:
    """What becomes of the very compose.yml that role stack writes."""
    document = Rendering("stack", **STACK).yaml("compose.yml.j2")
    return composed(document, ("app-1", "mongodb"), place)


def test_a_trial_reaches_nobody_publishes_nothing_and_lets_what_serves_go_first(place: Scratch) -> None:
    document = transformed(place)
    assert set(document["services"]) == {"app-1", "mongodb"}
    assert document["networks"] == {"drill": {"internal": True}}
    for body in document["services"].values():
        assert body["networks"] == ["drill"]
        assert not {"ports", "container_name", "network_mode"} & set(body)
        assert (body["restart"], body["cpu_shares"]) == ("no", 128)
        assert body["cap_drop"] == ["ALL"]


def test_nothing_of_the_live_data_is_mounted(place: Scratch) -> None:
    document = transformed(place)
    mounts = {item["target"]: item for item in document["services"]["app-1"]["volumes"]}
    assert mounts["/data"]["source"] == str(place.directory / "volumes" / "lager_files")
    assert mounts["/alt"]["source"] == str(place.directory / "volumes" / "altes_daten")
    assert mounts["/alt"]["read_only"]
    assert mounts["/in"]["source"] == str(place.root / "srv/share")
    (data,) = document["services"]["mongodb"]["volumes"]
    assert (data["type"], data["source"]) == ("volume", "mongodb")
    assert document["volumes"] == {"mongodb": {}}
    binds = [item["source"] for body in document["services"].values() for item in body["volumes"]]
    assert all(source == "mongodb" or source.startswith(str(place.directory)) for source in binds)
    assert all(item["file"].startswith(str(place.root)) for item in document["secrets"].values())


def test_short_forms_of_a_hand_made_file_are_understood(place: Scratch) -> None:
    app = {"image": "x", "labels": ["upkeep.role=app"], "volumes": ["files:/data", "./gate:/etc/gate:ro"]}
    database = {"image": "y", "labels": {"upkeep.role": "database"}, "volumes": ["mongodb:/data/db"]}
    found = composed({"services": {"app-1": app, "mongodb": database}}, ("app-1", "mongodb"), place)
    data, gate = found["services"]["app-1"]["volumes"]
    assert data["source"] == str(place.directory / "volumes/lager_files")
    assert (gate["source"], gate["read_only"]) == (str(place.home / "gate"), True)


def test_what_was_in_no_backup_is_an_empty_directory(driver: Driver) -> None:
    place, ports = Scratch(driver.world.paths), driver.world.ports()
    place.home.mkdir(parents=True)
    body = {"services": {"app-1": {"image": "x", "volumes": ["/srv/share:/in"]}}}
    (place.home / "compose.yml").write_text(json.dumps(body))
    written(place, ("app-1",), ports)
    make_binds(place)
    assert list((place.root / "srv/share").iterdir()) == []
    with pytest.raises(Exception, match="kennt mongodb nicht"):
        written(place, ("app-1", "mongodb"), ports)
    clear(driver.world.paths, ports)
    assert not place.directory.exists()


def test_secrets_come_out_of_the_backup(place: Scratch) -> None:
    secrets = place.paths.secrets
    user = DatabaseUser("app", secrets / "app", ("readWrite",))
    policy = MongoPolicy(reference.parse("mongo:8.0"), "lager", secrets / "root", secrets / "keyfile", (user,))
    moved = place.mongodb(policy)
    files = (moved.keyfile, moved.root_password_file, moved.users[0].password_file)
    assert all(file.is_relative_to(place.root) for file in files)


def test_no_stack_can_have_the_name_of_a_trial(place: Scratch) -> None:
    with pytest.raises(Exception, match="kein Stack-Name"):
        Layout().paths(place.name)


@pytest.fixture
def drilled(deployed: Driver) -> Driver:
    deployed.world.place(backup=POLICY)
    deployed.must("backup", "updated")
    return deployed


def filled(driver: Driver, **facts: Any) -> Any:
    run = driver.begin("drill")
    known = notes(run)
    known.tell(backup="20261121-020000-backup-abcd", at="2026-11-21T02:00:00Z", host="web1", target="rest:https://x")
    known.tell(age=23_400, read=5_000_000, parts=3, versions={"release": "1.0.0", "upkeep": "0.2"}, left_out=[])
    known.tell(seconds=83.2, documents=120034, collections=9, **facts)
    known.found("Datenbank", "lager.artikel", "20 Dokumente", "20 Dokumente", True)
    return run


def test_the_report_says_what_an_auditor_asks(drilled: Driver) -> None:
    run = filled(drilled)
    html = report.write(run, None).read_text()
    for said in ("Bestanden", "Art. 32 Abs. 1 Buchst. c DSGVO", "6 h 30 min", "1 min 23 s", "120\u202f034", "web1"):
        assert said in html, said
    assert "lager.artikel" in html
    assert "src=" not in html
    assert "http" not in html.replace("rest:https://x", "").replace("http-equiv", "")


def test_the_report_of_a_failure_names_the_reason_and_what_was_found(drilled: Driver) -> None:
    run = filled(drilled)
    notes(run).found("Anwendung", "eigene <Prüfung>", "Ende-Code 0", "Ende-Code 1", False)
    html = report.write(run, "Die Daten sind <falsch>.").read_text()
    assert "Nicht bestanden" in html
    assert "Die Daten sind &lt;falsch&gt;." in html
    assert "eigene &lt;Prüfung&gt;" in html
    assert "✗ falsch" in html


def test_a_report_of_a_trial_that_never_got_anywhere_can_be_written(drilled: Driver) -> None:
    html = report.write(drilled.begin("drill"), "Sicherungsziel nicht erreichbar.").read_text()
    assert "Sicherungsziel nicht erreichbar." in html


def test_old_reports_go(drilled: Driver) -> None:
    reports = drilled.world.paths.reports
    reports.mkdir(parents=True)
    for number in range(70):
        (reports / f"uebung-lager-2020{number:04d}.html").write_text("")
    place = report.write(filled(drilled), None)
    assert len(list(reports.iterdir())) == report.KEPT
    assert place.exists()


def test_a_trial_proves_its_backup_and_that_one_is_kept(drilled: Driver) -> None:
    run = next(iter(drilled.world.restic.stored.values())).tags[2].partition("=")[2]
    known = memory.recall(drilled.world.paths).with_drilled(Drilled(run, "drill", "2026-11-21T10:00:00Z", 5.0))
    memory.remember(drilled.world.paths, known, drilled.world.files)
    assert memory.recall(drilled.world.paths) == known
    assert known.proven == run
    for _ in range(6):
        drilled.world.clock.sleep(86400)
        drilled.must("backup", "updated")
    drilled.must("verify", "unchanged", all=True)
    drilled.must("verify", "updated", tidy=True)
    assert any(f"run={run}" in item.tags for item in drilled.world.restic.stored.values())


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(3.44, "3,4 s"), (200, "3 min 20 s"), (40_020, "11 h 7 min"), (300_000, "3 Tage 11 h")],
)
def test_durations_are_told_as_people_say_them(seconds: float, told: str) -> None:
    assert page.duration(seconds) == told
