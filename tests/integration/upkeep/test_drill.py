"""A trial restore on a real host: real repository, real MongoDB, and the app in a place of its own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.upkeep import stack
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.test_backup import BACKUP, FILL, PASSWORD, PLACE, _address
from tests.integration.upkeep.test_backup import restic as restic

pytestmark = [pytest.mark.docker, pytest.mark.slow]

CHECK = {"command": ["python3", "-c", "print('Summe der Buchungen = Bestand')"], "timeout": 30}
LEFT = (
    "docker ps -aq --filter label=com.docker.compose.project=lager_drill; "
    "docker volume ls -q --filter label=com.docker.compose.project=lager_drill; "
    "docker network ls -q --filter label=com.docker.compose.project=lager_drill; "
    "ls -d /var/lib/upkeep/lager/drill 2>/dev/null || true"
)
SPOIL = """
import sys; sys.path.insert(0, "/opt/upkeep-test")
from upkeep.ports.mongo import connected
with connected(sys.argv[1], open("/srv/upkeep/lager/secrets/mongodb-keyfile").read(), 20) as client:
    client["lager"]["artikel"].create_index("text", name="nach_text")
    client["lager"].create_collection("leer")
"""


def place(host: EngineHost, check: dict[str, Any]) -> None:
    policy = BACKUP | {"volumes": [{"name": "lager_files"}], "drill": {"check": check, "overdue": 8 * 86400}}
    files = {
        "secrets/backup-address": (f"{PLACE}/web1\n", 0o400, 0, 0),
        "secrets/backup-password": (f"{PASSWORD}\n", 0o400, 0, 0),
    }
    host.place_stack(stack.files(mongodb=True, backup=policy) | files)


@pytest.fixture(scope="module")
def saved(machine: EngineHost, restic: None) -> Iterator[EngineHost]:
    """A stack with 20,000 documents, a volume and one backup."""
    machine.remove_stack()
    machine.run("rm", "-rf", PLACE)
    machine.run("mkdir", PLACE)
    place(machine, CHECK)
    machine.run("docker", "volume", "create", "lager_files")
    volume = machine.run("docker", "volume", "inspect", "-f", "{{.Mountpoint}}", "lager_files").strip()
    machine.run("sh", "-ec", f"head -c 300000 /dev/urandom > {volume}/bild; chown 7310:7310 {volume}/bild")
    machine.start_agent()
    assert machine.do("deploy")["result"] == "updated"
    machine.run("python3", "-c", FILL, _address(machine))
    machine.run("python3", "-c", SPOIL, _address(machine))
    assert machine.do("backup")["result"] == "updated"
    yield machine
    machine.remove_stack()


def finding(report: dict[str, Any], name: str) -> dict[str, Any]:
    return dict(next(item for item in report["drill"]["findings"] if item["name"] == name))


def test_the_newest_backup_comes_to_life_beside_the_live_application_and_leaves_nothing(saved: EngineHost) -> None:
    before = saved.run("docker", "ps", "-q", "--no-trunc")
    report = saved.report(saved.begin("drill"), 240)
    assert report["result"] == "unchanged", report
    assert "20\u202f000 Dokumente stimmen" in report["message"]
    assert finding(report, "lager.artikel")["found"] == "20\u202f000 Dokumente, 2 Indexe"
    assert finding(report, "lager.leer")["good"]
    assert finding(report, "lager_files")["found"].startswith("300\u202f000 Bytes in 1 ")
    assert finding(report, "startet auf den zurückgeholten Daten")["good"]
    assert "Summe der Buchungen = Bestand" in str(report["drill"]["facts"]["check"])
    assert saved.run("sh", "-c", LEFT).strip() == ""
    assert saved.run("docker", "ps", "-q", "--no-trunc") == before
    (page,) = saved.run("sh", "-c", "ls /var/lib/upkeep/lager/reports/*.html").split()
    assert "Bestanden" in saved.run("cat", page)
    assert page in report["message"]
    (backup,) = saved.ask("GET", "/v1/stacks/lager/backups").body["backups"]
    assert backup["proven"]


def test_data_the_application_finds_wrong_fail_the_trial_and_the_report_says_so(saved: EngineHost) -> None:
    place(saved, {"command": ["sh", "-c", "echo Bestand stimmt nicht; exit 1"]})
    report = saved.report(saved.begin("drill"), 240)
    place(saved, CHECK)
    assert report["result"] == "failed", report
    assert "Die Anwendung findet ihre Daten nicht in Ordnung" in report["message"]
    assert saved.run("sh", "-c", LEFT).strip() == ""
    page = saved.run("sh", "-c", f"cat /var/lib/upkeep/lager/reports/*{report['id']}.html")
    assert "Nicht bestanden" in page
    assert "Bestand stimmt nicht" in page
    alarms = saved.ask("POST", "/v1/stacks/lager/watch", {}).body["alarms"]
    assert [alarm["code"] for alarm in alarms] == ["drill_failed"]


def test_a_damaged_backup_fails_the_trial(saved: EngineHost) -> None:
    flip = (
        "import pathlib,sys; f = max(pathlib.Path(sys.argv[1]).glob('data/*/*'), key=lambda f: f.stat().st_size); "
        "f.chmod(0o600); b = bytearray(f.read_bytes()); b[len(b) // 2] ^= 1; f.write_bytes(b)"
    )
    saved.run("python3", "-c", flip, f"{PLACE}/web1")
    try:
        report = saved.report(saved.begin("drill"), 240)
    finally:
        saved.run("python3", "-c", flip, f"{PLACE}/web1")
    assert report["result"] == "failed", report
    assert saved.run("sh", "-c", LEFT).strip() == ""


@pytest.mark.faults
def test_an_agent_shot_anywhere_during_a_trial_leaves_nothing_and_the_next_one_works(saved: EngineHost) -> None:
    before = json.loads(saved.run("docker", "inspect", "lager-mongodb-1", "lager-app-1-1"))
    for number in range(25):
        run = saved.begin("drill")
        time.sleep(0.4 + number * 0.7)
        saved.kill_agent()
        report = saved.report(run, 240)
        assert report["result"] in ("failed", "unchanged"), report
        assert saved.run("sh", "-c", LEFT).strip() == "", number
    after = json.loads(saved.run("docker", "inspect", "lager-mongodb-1", "lager-app-1-1"))
    assert [item["State"]["StartedAt"] for item in after] == [item["State"]["StartedAt"] for item in before]
    assert saved.report(saved.begin("drill"), 240)["result"] == "unchanged"
