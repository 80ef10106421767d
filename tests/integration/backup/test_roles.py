"""Roles backup and backup_server between two hosts: who may back up there can neither remove nor overwrite anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from testbed import state
from testbed.paths import machine_wide
from tests.integration.docker_host.conftest import ROOT, Played, run_testbed
from upkeep.errors import RepositoryFailed
from upkeep.policy.backup import Target
from upkeep.ports.restic import ResticProgram, Stream

pytestmark = [pytest.mark.docker, pytest.mark.slow]

NAME = os.environ.get("UPKEEP_TEST_BED", "backup-roles")
KEPT = "UPKEEP_TEST_BED" in os.environ
CREDENTIAL, OTHER = "ein-zugang-mit-laenge", "ein-anderer-mit-laenge"
REPOSITORY_PASSWORD = "geheim"
CLIENTS = [
    {"name": "web12", "password": CREDENTIAL, "repository_password": REPOSITORY_PASSWORD},
    {"name": "web13", "password": OTHER},
]
PLACE = "/srv/sicherung/web12"
TIDY = "systemctl start upkeep-backup-server-tidy.service"
SAID = "journalctl -u upkeep-backup-server-tidy.service -o cat --no-pager -n 12"
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
    subprocess.run([sys.executable, "-m", "workshop.wheels"], cwd=ROOT, check=True, capture_output=True)
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
    place = PLACE
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


def test_the_server_checks_and_removes_itself_and_stops_at_a_forged_time(bed: Bed) -> None:
    """Continues with the repository of the test before: one snapshot that is nobody's."""
    assert bed.run("store", TIDY).returncode != 0
    assert "nicht von Upkeep gemacht" in bed.run("store", SAID).stdout
    bed.run("store", f"find {PLACE} -mindepth 1 -delete")
    assert bed.restic("init")[0] == 0
    run = bed.run("web12", "date -u +%Y%m%d-%H%M%S-backup-abcd").stdout.strip()
    tags = f"--host web12 --tag upkeep --tag stack=lager --tag run={run} --tag source="
    assert bed.restic(f"backup /etc/hostname {tags}files")[0] == 0
    assert bed.run("store", TIDY).returncode == 0, bed.run("store", SAID).stdout
    assert "web12: 7 von 7 Teilen gelesen, 0 Sicherungen entfernt" in bed.run("store", SAID).stdout
    played = bed.play("--limit", "store", backup_server__clients=CLIENTS, backup_server__young_days=0)
    assert played.code == 0, played.output
    assert bed.run("store", TIDY).returncode == 0, bed.run("store", SAID).stdout
    assert "1 Sicherungen entfernt" in bed.run("store", SAID).stdout  # it never came to its manifest
    assert bed.run("store", f"find {PLACE} ! -user restic-rest-server").stdout == ""
    assert bed.restic(f"backup /etc/hostname --time '2020-01-01 00:00:00' {tags}files")[0] == 0
    assert bed.run("store", TIDY).returncode != 0
    assert "kam aber am" in bed.run("store", SAID).stdout
    assert bed.restic("check")[0] == 0


def test_the_listening_server_sees_no_password_of_a_repository(bed: Bed) -> None:
    place, user = "/etc/restic-rest-server/passwords/web12", "restic-rest-server"
    as_server = f"setpriv --reuid {user} --regid {user} --init-groups cat {place}"
    assert bed.run("store", as_server).returncode != 0
    assert bed.run("store", f"stat -c '%a %U %G' {place}").stdout.strip() == "440 root upkeep-backup-tidy"
    assert bed.run("store", f"grep -rl {REPOSITORY_PASSWORD} /etc/systemd /etc/default || true").stdout == ""


def test_sftp_takes_backups_with_a_key_and_only_from_the_server_that_is_known(
    bed: Bed, program: str, tmp_path: Path
) -> None:
    known = state.load(NAME)
    (tmp_path / "address").write_text(f"sftp:root@{known.hosts['store'].address}:/srv/sftp-probe\n")
    (tmp_path / "password").write_text(f"{REPOSITORY_PASSWORD}\n")
    (tmp_path / "nobody").touch()
    target = Target(tmp_path / "address", tmp_path / "password", "web1", ssh_key_file=Path(known.key))
    repository = ResticProgram(
        replace(target, ssh_known_hosts_file=Path(known.known_hosts)), tmp_path / "cache", program
    )
    repository.create()
    saved = repository.save_stream(Stream("daten", ("echo", "Inhalt")), ("run=eins",), 60, lambda read: None)
    assert repository.text(saved.id, "/daten") == "Inhalt"
    repository.check("100%", 60)
    stranger = ResticProgram(replace(target, ssh_known_hosts_file=tmp_path / "nobody"), tmp_path / "cache", program)
    with pytest.raises(RepositoryFailed, match="gescheitert"):
        stranger.identity()


def test_a_short_password_is_refused_before_anything_is_changed(bed: Bed) -> None:
    played = bed.play("--limit", "store", backup_server__clients=[{"name": "web12", "password": "kurz"}])
    assert played.code != 0
    assert "zu kurz: web12" in played.text
