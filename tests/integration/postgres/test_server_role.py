"""Two Debian hosts with systemd: set up by the playbooks, failed over, joined again, as the runbook says."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.engine import docker
from testbed.paths import machine_wide
from tests.integration.postgres.server import LABEL, Server, call, install

pytestmark = [pytest.mark.faults, pytest.mark.timeout(900)]
ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
BED = "postgres-role"
NETWORK = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}"
SECRETS = {
    "postgres_server__password": "geheim'e\\s:Wort",
    "postgres_server__replication_password": "noch:ein\\geheimes",
}
SETTINGS = {"postgres_server__networks": ["0.0.0.0/0"], "postgres_server__memory_mb": 256}


@dataclass(frozen=True)
class Hosts:
    """`programs`: the folder of PostgreSQL's programs for the controller."""

    folder: Path

    def play(self, name: str, *words: str) -> tuple[int, str]:
        """How many tasks changed something, and what was printed."""
        bed = ROOT / ".testbed" / BED
        argv = [str(BIN / "ansible-playbook"), f"playbooks/postgres_{name}.yml", *words]
        argv += ["-i", str(bed / "inventory.yml"), "-i", str(bed / "groups.yml")]
        environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        environment |= {"PATH": f"{self.folder / 'bin'}:{BIN}:{os.environ['PATH']}", "TMPDIR": str(self.folder)}
        done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert not [secret for secret in SECRETS.values() if secret in done.stdout]
        return sum(map(int, re.findall(r"changed=(\d+)", done.stdout))), done.stdout

    def on(self, host: str, script: str) -> str:
        return call(*docker("exec", "-i", f"{machine_wide(BED)}-{host}", "bash", "-eu"), text=script)

    def sql(self, host: str, text: str, database: str = "postgres") -> str:
        return self.on(
            host, f"cd /; runuser -u postgres -- psql -XqAt -v ON_ERROR_STOP=1 -d {database} <<'E'\n{text}\nE\n"
        ).strip()


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[Hosts]:
    bed = (sys.executable, "-m", "testbed")
    call(*bed, "up", BED, "--hosts", "db1=debian13,db2=debian13")
    group = {"children": {"testbed": {}}, "vars": SECRETS | SETTINGS}
    (ROOT / ".testbed" / BED / "groups.yml").write_text(json.dumps({"postgres_servers": group}))
    asking = Server(17, f"upkeep-tests-postgres-{uuid.uuid4().hex[:8]}", tmp_path)
    network = call(*docker("inspect", "-f", NETWORK, f"{machine_wide(BED)}-db1")).strip()
    options = ("--label", LABEL, "--network", network, "-v", f"{tmp_path}:{tmp_path}", "--tmpfs", "/tmp")
    call(*docker("run", "-d", "--name", asking.container, *options, "upkeep-testbed/postgres17", "sleep", "infinity"))
    try:
        install(asking, tmp_path / "bin")
        yield Hosts(tmp_path)
    finally:
        call(*docker("rm", "-f", "-v", asking.container))
        call(*bed, "down", BED)


def test_set_up_failed_over_and_joined_again(hosts: Hosts) -> None:
    assert hosts.play("site", "-e", "wait=120")[0] > 0
    assert hosts.play("site")[0] == 0
    assert "es folgen" in hosts.play("health")[1]
    hosts.sql("db1", "CREATE DATABASE etikett")
    hosts.sql("db1", "CREATE TABLE label AS SELECT generate_series(1, 1000)", "etikett")
    hosts.play("health", "-e", "wait=60")
    began = time.monotonic()
    assert "ist jetzt Primärserver (Zeitlinie 2" in hosts.play("failover", "-e", "lost=db1")[1]
    print(f"Playbook {time.monotonic() - began:.1f} s")
    assert hosts.play("failover", "-e", "lost=db1")[0] == 0
    hosts.sql("db2", "INSERT INTO label VALUES (0)", "etikett")
    assert hosts.play("rejoin", "-l", "db1")[0] > 0
    assert hosts.play("rejoin", "-l", "db1")[0] == 0
    assert hosts.play("site")[0] == 0
    assert hosts.sql("db1", "SELECT count(*), pg_is_in_recovery() FROM label", "etikett") == "1001|t"
    assert "main.vorher-" in hosts.on("db1", "ls /var/lib/postgresql/17")
    hosts.on("db1", "systemctl is-active postgresql@17-main")
