"""A real stack's data brought back from a real repository: beside the live ones first, exchanged at one moment, undone
again; and what an agent leaves behind that is shot in the middle of it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.integration.upkeep import stack
from tests.integration.upkeep.host import EngineHost
from tests.integration.upkeep.test_backup import BACKUP, PLACE, _address, _await, restic, saving  # noqa: F401

pytestmark = [pytest.mark.docker, pytest.mark.slow]

EXPORTS = "/srv/exporte"
DO = """
import sys, json; sys.path.insert(0, "/opt/upkeep-test")
from upkeep.ports.mongo import connected
with connected(sys.argv[1], open("/srv/upkeep/lager/secrets/mongodb-keyfile").read(), 20) as client:
    db = client["lager"]
    exec(sys.argv[2])
"""
TELL = """
print(json.dumps({
    "collections": {c["name"]: db[c["name"]].count_documents({}) for c in db.list_collections()
                    if not c["name"].startswith(("system.", "upkeep-"))},
    "indexes": sorted(db.artikel.index_information()),
    "aside": sorted(n for n in db.list_collection_names() if n.startswith("upkeep-")),
    "marks": sorted({d.get("text", "")[:4] for d in db.artikel.find({}, limit=50)}),
}))
"""
THEN = """
db.artikel.create_index("text"); db.sessions.insert_one({"_id": 1}); db.orte.insert_many([{"_id": n} for n in range(7)])
db.create_collection("kurz", viewOn="artikel", pipeline=[{"$limit": 3}])
"""
NOW = """
db.artikel.delete_many({"_id": {"$lt": 5000}}); db.neu.insert_one({"_id": 1}); db.orte.drop()
db.drop_collection("kurz"); db.sessions.insert_one({"_id": 2})
"""


@pytest.fixture
def told(saving: EngineHost) -> EngineHost:  # noqa: F811
    """With a backup of THEN, and the data since changed to NOW."""
    do(saving, THEN)
    saving.run("docker", "exec", "fremd", "sh", "-c", "echo damals > /daten/inhalt; chown -R 4711:4712 /daten")
    assert saving.do("backup")["result"] == "updated"
    do(saving, NOW)
    saving.run("docker", "exec", "fremd", "sh", "-c", "echo heute > /daten/inhalt; touch /daten/mehr")
    return saving


def do(host: EngineHost, code: str) -> str:
    return host.run("python3", "-c", DO, _address(host), code)


def tell(host: EngineHost) -> dict[str, Any]:
    return dict(json.loads(do(host, TELL)))


def volume(host: EngineHost) -> str:
    return host.run(
        "docker", "exec", "fremd", "sh", "-c", "cat /daten/inhalt; stat -c '%u:%g %a' /daten /daten/inhalt; ls /daten"
    )


def newest(host: EngineHost) -> str:
    return str(host.ask("GET", "/v1/stacks/lager/backups").body["backups"][0]["run"])


def test_all_data_come_back_and_go_again(told: EngineHost) -> None:
    before, volume_before = tell(told), volume(told)
    plan = told.ask("POST", "/v1/stacks/lager/plan", {"operation": "restore", "options": {}}).body
    assert "MongoDB, alle Datenbanken: neben den laufenden Daten laden" in "\n".join(plan["steps"])
    assert tell(told) == before

    report = told.do("restore")
    assert report["result"] == "updated", report
    there = tell(told)
    assert there["collections"] == {"artikel": 20000, "orte": 7, "sessions": 0, "kurz": 3}
    assert "text_1" in there["indexes"]
    assert volume(told).startswith("damals\n4711:4712")
    assert "mehr" not in volume(told)
    assert _states(told) == {"fremd": "running", "lager-app-1-1": "running"}
    assert told.run("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "http://localhost/").strip() == "200"
    print({name: report["timings"][name] for name in ("stage_s", "switch_s", "maintenance_s")})

    undone = told.do("undo")
    assert undone["result"] == "updated", undone
    assert tell(told)["collections"] == before["collections"]
    assert volume(told) == volume_before
    print({name: undone["timings"][name] for name in ("switch_s", "maintenance_s")})
    again = told.do("undo")
    assert again["result"] == "updated", again
    assert tell(told)["collections"] == there["collections"]


@pytest.mark.faults
def test_one_collection_comes_back_and_nothing_else_is_touched(told: EngineHost) -> None:
    report = told.do("restore", only=["mongodb:lager.orte"])
    assert report["result"] == "updated", report
    assert tell(told)["collections"] == {"artikel": 15000, "neu": 1, "sessions": 2, "orte": 7}
    assert told.do("undo")["result"] == "updated"
    assert tell(told)["collections"] == {"artikel": 15000, "neu": 1, "sessions": 2}


@pytest.mark.faults
def test_an_exported_file_brings_the_data_back_and_a_flipped_one_does_not(told: EngineHost) -> None:
    told.run("sh", "-c", "command -v zstd || { apt-get update -q && apt-get install -y -q zstd; }")
    told.run("mkdir", "-p", EXPORTS)
    changed = BACKUP | {"export": {"directory": EXPORTS}}
    told.put({"/srv/upkeep/lager/stack.yml": stack.files(mongodb=True, backup=changed)["stack.yml"]})
    assert (report := told.do("export"))["result"] == "updated", report
    place = told.run("sh", "-c", f"ls {EXPORTS}/*.tar.zst").strip()
    before = tell(told)
    spoil = "import sys; b = bytearray(open(sys.argv[1], 'rb').read()); b[len(b) // 2] ^= 1"
    told.run("python3", "-c", f"{spoil}; open(sys.argv[1] + '.2', 'wb').write(b)", place)
    damaged = told.do("restore", file=f"{place}.2")
    assert damaged["result"] == "failed", damaged
    assert tell(told) == before
    report = told.do("restore", file=place)
    assert report["result"] == "updated", report
    assert tell(told)["collections"] == {"artikel": 20000, "orte": 7, "sessions": 0, "kurz": 3}
    assert volume(told).startswith("damals\n4711:4712")


@pytest.mark.faults
def test_what_cannot_come_back_is_refused_and_live_data_are_untouched(told: EngineHost) -> None:
    before = tell(told)
    for options, text in {
        ("backup", "20200101-000000-backup-0000"): "gibt es an",
        ("only", ("mongodb:lager.fehlt",)): "enthält „mongodb:lager.fehlt“ nicht",
        ("only", ("volume:fehlt",)): "enthält „volume:fehlt“ nicht",
    }.items():
        name, value = options
        report = told.do("restore", **{name: list(value) if isinstance(value, tuple) else value})
        assert report["result"] == "refused", report
        assert text in report["message"]
    assert told.ask("POST", "/v1/stacks/lager/runs", {"operation": "undo"}).status == 422
    flip = (
        "import pathlib,sys; f = max(pathlib.Path(sys.argv[1]).glob('data/*/*'), key=lambda f: f.stat().st_size); "
        "f.chmod(0o600); b = bytearray(f.read_bytes()); b[len(b) // 2] ^= 1; f.write_bytes(b)"
    )
    told.run("python3", "-c", flip, f"{PLACE}/web1")
    report = told.do("restore", backup=newest(told))
    assert report["result"] == "failed", report
    assert "unberührt" in report["message"]
    assert tell(told) == before


@pytest.mark.faults
def test_an_agent_shot_during_a_restore_leaves_the_data_of_one_side(told: EngineHost) -> None:
    before, run = tell(told)["collections"], newest(told)
    after = {"artikel": 20000, "orte": 7, "sessions": 0, "kurz": 3}
    for delay in (2.0, 4.0, 6.0, 8.0):
        began = told.begin("restore", backup=run)
        time.sleep(delay)
        told.kill_agent()
        report = told.report(began)
        there = tell(told)
        assert there["collections"] == (after if report["result"] == "updated" else before), report
        assert _states(told) == {"fremd": "running", "lager-app-1-1": "running"}, report
        if report["result"] == "updated":
            assert told.do("undo")["result"] == "updated"
        else:
            assert not [name for name in there["aside"] if began in name], report
    _await(lambda: told.do("restore", backup=run)["result"] == "updated")
    assert tell(told)["collections"] == after


def _states(host: EngineHost) -> dict[str, str]:
    names = ("fremd", "lager-app-1-1")
    return {name: host.run("docker", "inspect", "-f", "{{.State.Status}}", name).strip() for name in names}
