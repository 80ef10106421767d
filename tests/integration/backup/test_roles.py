"""Roles backup and backup_server between two hosts: who may back up there can neither remove nor overwrite anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.paths import machine_wide
from tests.integration.docker_host.conftest import ROOT, Played, run_testbed

pytestmark = [pytest.mark.docker, pytest.mark.slow]

NAME = os.environ.get("UPKEEP_TEST_BED", "backup-roles")
KEPT = "UPKEEP_TEST_BED" in os.environ
CREDENTIAL, OTHER = "ein-zugang-mit-laenge", "ein-anderer-mit-laenge"
CLIENTS = [{"name": "web12", "password": CREDENTIAL}, {"name": "web13", "password": OTHER}]
PLAY = """
- hosts: web12
  gather_facts: false
  roles: [backup]
- hosts: store
  gather_facts: false
  roles: [backup_server]
"""


@dataclass(frozen=True)
class Bed:
    folder: Path

    def play(self, *words: str, **given: object) -> Played:
        (self.folder / "play.yml").write_text(PLAY)
        argv = [str(Path(sys.executable).parent / "ansible-playbook"), str(self.folder / "play.yml"), *words]
        argv += ["-i", str(self.folder / "inventory.yml"), "-e", json.dumps(given)]
        settings = os.environ | {"ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(argv, cwd=ROOT, env=settings, capture_output=True, text=True, check=False, timeout=400)
        return Played(done.returncode, done.stdout + done.stderr)

    def run(self, host: str, script: str) -> subprocess.CompletedProcess[str]:
        argv = ["docker", "exec", "-i", f"{machine_wide(NAME)}-{host}", "bash", "-eu"]
        return subprocess.run(argv, input=script, capture_output=True, text=True, check=False, timeout=120)

    def restic(self, words: str, repository: str = "web12", credential: str = CREDENTIAL) -> tuple[int, str]:
        """What the host can do with its own credential and its own password, at its worst."""
        address = f"rest:http://web12:{credential}@store:8000/{repository}"
        done = self.run("web12", f"RESTIC_PASSWORD=geheim timeout 60 restic -r {address} --no-cache {words}")
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def bed() -> Iterator[Bed]:
    folder = ROOT / ".testbed" / NAME
    if not (KEPT and folder.exists()):
        run_testbed("up", NAME, "--hosts", "web12=debian12-docker,store=debian13")
    bed = Bed(folder)
    played = bed.play(backup_server__clients=CLIENTS)
    assert played.code == 0, played.output
    yield bed
    if not KEPT:
        run_testbed("down", NAME)


def test_a_second_run_changes_nothing_and_restarts_nothing(bed: Bed) -> None:
    before = bed.run("store", "systemctl show -p MainPID --value restic-rest-server").stdout
    again = bed.play(backup_server__clients=CLIENTS)
    assert (again.code, again.changed("web12"), again.changed("store")) == (0, 0, 0), again.output
    assert bed.run("store", "systemctl show -p MainPID --value restic-rest-server").stdout == before
    assert CREDENTIAL not in again.output


def test_debian_12_has_a_restic_that_is_new_enough_and_nothing_else_of_13(bed: Bed) -> None:
    assert bed.run("web12", "restic version").stdout.startswith("restic 0.18")
    candidate = bed.run("web12", "apt-cache policy curl | grep Candidate").stdout
    assert "deb12" in candidate, candidate


def test_the_hosts_credential_cannot_remove_or_overwrite_what_it_saved(bed: Bed) -> None:
    place = "/srv/sicherung/web12"
    assert bed.restic("init")[0] == 0
    assert bed.restic("backup /etc/hostname --tag run=eins")[0] == 0
    before = bed.run(
        "store", f"cd {place}; find config data index keys snapshots -type f | sort | xargs sha256sum"
    ).stdout
    assert bed.restic("forget latest --prune")[0] != 0
    snapshot, key = (bed.run("store", f"ls {place}/{folder}").stdout.split()[0] for folder in ("snapshots", "keys"))
    url = f"http://web12:{CREDENTIAL}@store:8000/web12"
    worst = [(method, f"snapshots/{snapshot}") for method in ("DELETE", "POST")]
    for method, path in (*worst, ("DELETE", f"keys/{key}"), ("DELETE", "")):
        told = bed.run("web12", f"curl -s -o /dev/null -w '%{{http_code}}' -X {method} --data x {url}/{path}").stdout
        assert told in ("403", "405", "400"), (method, path, told)
    after = bed.run(
        "store", f"cd {place}; find config data index keys snapshots -type f | sort | xargs sha256sum"
    ).stdout
    assert after == before
    assert bed.restic("unlock")[0] == 0
    assert bed.restic("check --read-data")[0] == 0


def test_nobody_sees_another_hosts_place_or_gets_in_with_a_wrong_password(bed: Bed) -> None:
    for repository, credential in (("web13", CREDENTIAL), ("web12", "geraten-und-falsch")):
        url = f"http://web12:{credential}@store:8000/{repository}/config"
        assert bed.run("web12", f"curl -s -o /dev/null -w '%{{http_code}}' {url}").stdout in ("401", "403")


def test_whoever_leaves_the_list_gets_in_no_more(bed: Bed) -> None:
    played = bed.play("--limit", "store", backup_server__clients=CLIENTS[:1])
    assert played.code == 0, played.output
    assert bed.run("store", "cut -d: -f1 /etc/restic-rest-server/users.htpasswd").stdout.split()[-1] == "web12"
    assert bed.play(backup_server__clients=CLIENTS).code == 0


def test_a_short_password_is_refused_before_anything_is_changed(bed: Bed) -> None:
    played = bed.play("--limit", "store", backup_server__clients=[{"name": "web12", "password": "kurz"}])
    assert played.code != 0
    assert "zu kurz: web12" in played.text
