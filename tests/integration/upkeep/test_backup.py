"""A real stack with a real MongoDB backed up by the real agent into a real repository, also when the agent is shot."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import yaml

from tests.integration.upkeep import images, stack
from tests.integration.upkeep.host import HOME, EngineHost

pytestmark = [pytest.mark.docker, pytest.mark.slow]

SECRETS = "/srv/upkeep/lager/secrets"
PLACE = "/srv/sicherung"
CHECKER = f"{HOME}/check_archive.py"
PASSWORD = "ein-langes-passwort"
BACKUP: dict[str, Any] = {
    "target": {
        "address_file": f"{SECRETS}/backup-address",
        "password_file": f"{SECRETS}/backup-password",
        "host": "web1",
    },
    "volumes": [{"name": "lager_files", "quiesce": "pause"}, {"name": "fremd_daten", "quiesce": "stop"}],
    "volatile": ["sessions"],
}
FILL = """
import sys; sys.path.insert(0, "/opt/upkeep-test")
from upkeep.ports.mongo import connected
with connected(sys.argv[1], open("/srv/upkeep/lager/secrets/mongodb-keyfile").read(), 20) as client:
    client["lager"]["artikel"].insert_many([{"_id": n, "text": "x" * 400} for n in range(20000)])
"""
DATABASE = "rechnungen"
DATABASE_IMAGE = f"{stack.REGISTRY}/postgres:17"
POSTGRES: dict[str, Any] = {
    "image": DATABASE_IMAGE,
    "restart": "unless-stopped",
    "environment": {
        "POSTGRES_PASSWORD": "geheim",
        "PGPASSWORD": "geheim",
        "POSTGRES_DB": DATABASE,
        "PGDATA": "/tmp/data",
    },
    "networks": ["data"],
    "labels": {"upkeep.stack": "lager"},
}
CHECK = """
import sys; sys.path.insert(0, "/opt/upkeep-test")
from upkeep.mongo_archive import check
print(check(sys.stdin.buffer).collections)
"""


@pytest.fixture(scope="module")
def restic(machine: EngineHost) -> None:
    """restic on the host as role backup brings it, and the agent's code where its children find it."""
    machine.bring_restic()
    machine.put({"/usr/lib/python3/dist-packages/upkeep-test.pth": (f"{HOME}\n", 0o644, 0, 0)})


@pytest.fixture
def saving(host: EngineHost, restic: None) -> Iterator[EngineHost]:
    """Deployed, with 20,000 documents, a volume of a stranger whose container runs, and no backup yet."""
    host.run("rm", "-rf", PLACE)
    host.run("mkdir", PLACE)
    place = {"secrets/backup-address": (f"{PLACE}/web1\n", 0o400, 0, 0)}
    host.put({CHECKER: (CHECK, 0o644, 0, 0)})
    place["secrets/backup-password"] = (f"{PASSWORD}\n", 0o400, 0, 0)
    host.place_stack(stack.files(mongodb=True, backup=BACKUP) | place)
    host.run("docker", "volume", "create", "lager_files")
    host.start_agent()
    assert host.do("deploy")["result"] == "updated"
    stranger = ["-v", "fremd_daten:/daten", "-v", "lager_files:/mehr", f"{stack.REGISTRY}/tinyapp:1.0.0"]
    write = "echo wichtig > /daten/datei; trap 'exit 0' TERM; sleep 100000 & wait"
    host.run("docker", "run", "-d", "--name", "fremd", "--user", "0", "--entrypoint", "sh", *stranger, "-c", write)
    host.run("python3", "-c", FILL, _address(host))
    yield host
    host.run("docker", "rm", "-f", "fremd", check=False)
    host.run("docker", "volume", "rm", "-f", "fremd_daten")


def test_a_backup_is_whole_and_what_is_in_it_comes_out_again(saving: EngineHost) -> None:
    report = saving.do("backup")
    assert report["result"] == "updated", report
    answer = saving.ask("GET", "/v1/stacks/lager/backups").body
    (backup,) = answer["backups"]
    assert backup["complete"]
    assert backup["sources"] == ["files", "mongodb", "volume:fremd_daten", "volume:lager_files"]
    archive = _restic(saving, "dump", "--tag", "source=mongodb", "latest", "/mongodb.archive")
    counted = saving.run("sh", "-c", f"{archive} | python3 {CHECKER}")
    assert "'lager.artikel': 20000" in counted
    found = saving.run("sh", "-c", _restic(saving, "dump", "--tag", "source=volume:fremd_daten", "latest", "/"))
    assert "wichtig" in found
    assert _state(saving) == "running"
    second = saving.do("backup")
    assert second["result"] == "updated"
    newest, first = saving.ask("GET", "/v1/stacks/lager/backups").body["backups"]
    assert newest["added"] < first["added"] / 3, (newest, first)
    assert saving.do("verify", all=True)["result"] == "unchanged"
    assert [item["proven"] for item in saving.ask("GET", "/v1/stacks/lager/backups").body["backups"]] == [True, True]


@pytest.fixture
def with_postgres(host: EngineHost, restic: None) -> EngineHost:
    """A stack whose data is in a real PostgreSQL: 5,000 invoices."""
    images.testbed("images", "postgres17")
    images.testbed("push", "upkeep-testbed/postgres17:latest", "postgres:17")
    host.run("rm", "-rf", PLACE)
    host.run("mkdir", PLACE)
    compose = stack.compose()
    compose["services"]["db"] = POSTGRES
    source = {"service": "db", "database": DATABASE, "user": "postgres"}
    changes: dict[str, Any] = {"backup": {"target": BACKUP["target"], "postgres": [source]}}
    own = {
        "compose.yml": (yaml.safe_dump(compose), 0o644, 0, 0),
        "secrets/backup-address": (f"{PLACE}/web1\n", 0o400, 0, 0),
        "secrets/backup-password": (f"{PASSWORD}\n", 0o400, 0, 0),
    }
    host.place_stack(stack.files(**changes) | own)
    host.run("docker", "pull", "-q", DATABASE_IMAGE)
    host.start_agent()
    assert host.do("deploy")["result"] == "updated"
    _await(lambda: _psql(host, "SELECT 1") == "1")
    _psql(host, "CREATE TABLE rechnung AS SELECT n AS id, n * 1.19 AS brutto FROM generate_series(1, 5000) AS n")
    return host


def test_a_stack_with_postgresql_is_saved_whole_and_its_dump_makes_the_same_database(with_postgres: EngineHost) -> None:
    host = with_postgres
    report = host.do("backup")
    assert report["result"] == "updated", report
    (backup,) = host.ask("GET", "/v1/stacks/lager/backups").body["backups"]
    assert (backup["complete"], backup["sources"]) == (True, ["files", f"postgres:{DATABASE}"])
    before = _psql(host, "SELECT count(*), sum(brutto) FROM rechnung")
    _psql(host, "DROP TABLE rechnung")
    dump = _restic(host, "dump", "--tag", f"source=postgres:{DATABASE}", "latest", f"/{DATABASE}.pgdump")
    restore = f"docker exec -i lager-db-1 pg_restore -w -U postgres --exit-on-error -d {DATABASE}"
    host.run("sh", "-ec", f"{dump} | {restore}")
    assert _psql(host, "SELECT count(*), sum(brutto) FROM rechnung") == before
    assert before.startswith("5000|")


def test_one_flipped_byte_on_the_disk_is_found_by_the_deep_verification(saving: EngineHost) -> None:
    assert saving.do("backup")["result"] == "updated"
    assert saving.do("verify", deep=True)["result"] == "unchanged"
    flip = (
        "import pathlib,sys; f = max(pathlib.Path(sys.argv[1]).glob('data/*/*'), key=lambda f: f.stat().st_size); "
        "f.chmod(0o600); b = bytearray(f.read_bytes()); b[len(b) // 2] ^= 1; f.write_bytes(b)"
    )
    saving.run("python3", "-c", flip, f"{PLACE}/web1")
    report = saving.do("verify", all=True, tidy=True)
    assert report["result"] == "failed", report
    assert "tidy" not in [phase["name"] for phase in report["phases"]]


def test_an_agent_shot_during_a_backup_leaves_nothing_behind(saving: EngineHost) -> None:
    assert saving.do("backup")["result"] == "updated"
    for delay in (0.3, 0.9, 1.5, 2.1, 2.7):
        run = saving.begin("backup")
        time.sleep(delay)
        saving.kill_agent()
        report = saving.report(run)
        assert report["result"] in ("failed", "updated"), report
        _await(lambda: not saving.run("pgrep", "-x", "restic", check=False).strip())
        assert _state(saving) == "running"
        known = {item["run"]: item for item in saving.ask("GET", "/v1/stacks/lager/backups").body["backups"]}
        assert known.get(run, {"complete": False})["complete"] == (report["result"] == "updated"), report
    assert saving.do("backup")["result"] == "updated"
    assert saving.do("verify", all=True, tidy=True)["result"] in ("unchanged", "updated")
    assert all(item["complete"] for item in saving.ask("GET", "/v1/stacks/lager/backups").body["backups"])


def _address(host: EngineHost) -> str:
    found = json.loads(host.run("docker", "inspect", "lager-mongodb-1"))[0]["NetworkSettings"]["Networks"]
    return str(next(iter(found.values()))["IPAddress"])


def _psql(host: EngineHost, statement: str) -> str:
    asked = ("psql", "-w", "-U", "postgres", "-d", DATABASE, "-tAc", statement)
    return host.run("docker", "exec", "lager-db-1", *asked, check=False).strip()


def _restic(host: EngineHost, *words: str) -> str:
    return f"restic -r {PLACE}/web1 --password-file {SECRETS}/backup-password {' '.join(words)}"


def _state(host: EngineHost) -> str:
    return host.run("docker", "inspect", "-f", "{{.State.Status}}", "fremd").strip()


def _await(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.1)
