"""The nightly backup on a real host with systemd: installed by the role, run by its units, proven by its drill."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from testbed.engine import docker
from testbed.paths import machine_wide
from tests.integration.postgres.server import PASSWORD, Server, call

pytestmark = [pytest.mark.faults, pytest.mark.timeout(600)]
ROOT = Path(__file__).resolve().parents[3]
BIN = Path(sys.executable).parent
BED = "postgres-nightly"
NETWORKS = "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}}{{end}}"
TIMERS = [f"upkeep-postgres-{what}.timer" for what in ("backup", "drill", "upload")]
SETTINGS = "/etc/upkeep-postgres"
Shell = Callable[[str], str]


def run_testbed(*words: str) -> None:
    call(sys.executable, "-m", "testbed", *words)


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    """A Debian 13 host, and a way to run a script on it."""
    run_testbed("up", BED, "--hosts", "backup1=debian13")
    (ROOT / ".testbed" / BED / "groups.yml").write_text(json.dumps({"postgres_backup": {"children": {"testbed": {}}}}))
    yield lambda script: call(*docker("exec", "-i", f"{machine_wide(BED)}-backup1", "bash", "-eu"), text=script)
    run_testbed("down", BED)


@pytest.fixture
def reachable(server: Server, shell: Shell) -> Iterator[Server]:
    """The database server in the host's network, under the name db1."""
    network = call(*docker("inspect", "-f", NETWORKS, f"{machine_wide(BED)}-backup1")).strip()
    call(*docker("network", "connect", "--alias", "db1", network, server.container))
    yield server
    call(*docker("network", "disconnect", network, server.container))


def play(**given: object) -> str:
    inventory = ROOT / ".testbed" / BED
    argv = [str(BIN / "ansible-playbook"), "playbooks/postgres_backup.yml", "-e", json.dumps(given)]
    argv += ["-i", str(inventory / "inventory.yml"), "-i", str(inventory / "groups.yml")]
    environment = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert PASSWORD not in done.stdout + done.stderr
    found = re.search(r"changed=(\d+)", done.stdout)
    assert found, done.stdout
    return found[1]


def test_a_host_saves_every_night_and_proves_it_every_week(reachable: Server, shell: Shell) -> None:
    address = call(*docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", reachable.container))
    host = next(net["IPAddress"] for net in json.loads(address).values() if "db1" in (net["Aliases"] or []))
    given = {"host": host, "user": "postgres", "password": PASSWORD, "databases": ["etikett"]}
    given |= {"restic_repository": "/srv/restic", "restic_password": 'ge"heim\\1$'}
    wish = {f"postgres_backup__{name}": value for name, value in given.items()}
    assert play(**wish) != "0"
    assert play(**wish) == "0"
    shell("systemctl start upkeep-postgres-backup upkeep-postgres-drill upkeep-postgres-upload")
    told = shell("journalctl -o cat -u 'upkeep-postgres-*'")
    assert "„etikett“ gesichert und ganz zurückgelesen" in told
    assert "5000 Zeilen stimmen" in told
    assert PASSWORD not in told
    shell("cd /srv/backup/postgres/etikett && sha256sum -c *.sha256")
    kept = shell(f"set -a; . {SETTINGS}/restic.env; restic ls latest --no-lock")
    assert {".dump", ".json", ".sha256", ".sql"} <= {Path(line).suffix for line in kept.splitlines()}
    assert "etikett_probe" not in reachable.sql("SELECT string_agg(datname, ' ') FROM pg_database")
    assert shell(f"systemctl is-active {' '.join(TIMERS)}") == "active\n" * 3


def test_a_night_without_the_database_is_a_failed_unit(shell: Shell) -> None:
    with pytest.raises(AssertionError):
        shell("systemctl start upkeep-postgres-backup")
    assert "antwortet nicht" in shell("journalctl -o cat -u upkeep-postgres-backup")
