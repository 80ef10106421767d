"""playbooks/restore.yml against the whole Lager stack: shown first, done, undone. And the server that burnt down."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.bed import renew
from testbed.engine import docker
from testbed.paths import machine_wide
from tests.e2e import site as sites
from tests.e2e.lost_server import authority, read_from_paper, with_new_secrets
from tests.e2e.site import BED, EXPORTS, HOST, STACK, Site

pytestmark = pytest.mark.faults

NEW_PLACE = "/srv/neu"

DO = """
import json, subprocess, sys
from pathlib import Path
from upkeep.ports.mongo import connected
shown = json.loads(subprocess.run(["docker", "inspect", "lager-mongodb-1"], capture_output=True, check=True).stdout)[0]
address = next(item["IPAddress"] for item in shown["NetworkSettings"]["Networks"].values() if item["IPAddress"])
with connected(address, Path("/srv/upkeep/lager/secrets/mongodb-keyfile").read_text(), 20) as client:
    db = client["lager"]
    exec(sys.argv[1])
"""


def mongo(site: Site, code: str) -> str:
    return site.run("/opt/upkeep/current/bin/python", "-c", DO, code)


def proofs(site: Site) -> list[int]:
    return list(json.loads(mongo(site, "print(json.dumps(sorted(d['_id'] for d in db.probe.find())))")))


@pytest.fixture(scope="module")
def lost(site: Site) -> Iterator[Site]:
    """A backup with three documents, of which two are gone since and one is new."""
    mongo(site, "db.probe.drop(); db.probe.insert_many([{'_id': n} for n in (1, 2, 3)])")
    site.play("backup").good()
    mongo(site, "db.probe.delete_many({'_id': {'$gt': 1}}); db.probe.insert_one({'_id': 9})")
    yield site
    sites.start_over(site)  # the servers in its place have other secrets than the site, and stay with them


def test_it_is_shown_then_done_then_undone(lost: Site) -> None:
    shown = lost.play("restore", "-e", f"stack={STACK}", "--check", "--diff").good()
    assert "neben den laufenden Daten laden" in shown.output
    assert proofs(lost) == [1, 9]
    done = lost.play("restore", "-e", f"stack={STACK}").good()
    assert done.changed == 1, done.output
    assert "zurück mit `upkeep undo lager`" in " ".join(done.output.split())
    assert proofs(lost) == [1, 2, 3]
    assert json.loads(lost.run("upkeep", "health", STACK, "--json"))["healthy"]
    lost.play("restore", "-e", f"stack={STACK}", "-e", "undo=true").good()
    assert proofs(lost) == [1, 9]
    unnamed = lost.play("restore")
    assert unnamed.code != 0
    assert "Welcher Stack?" in unnamed.output


def test_a_bare_host_is_the_server_again_with_one_command(lost: Site, tmp_path: Path) -> None:
    """Debian without Docker, new secrets: of the lost server there are the address and what was printed."""
    paper = read_from_paper(lost.run("upkeep", "recovery-sheet", STACK, "--into", "-"))
    renew(BED, HOST, "debian13")
    site = with_new_secrets(lost, tmp_path / "inventory", {"ca": authority(lost), "append_only": True} | paper)
    assert not {*lost.secrets().values()} & {*site.secrets().values()}
    began = time.monotonic()
    site.play("new_server", "-e", f"stack={STACK}").good()
    print(f"nackter Host → gesunde Anwendung mit ihren Daten: {time.monotonic() - began:.0f} s")
    assert proofs(site) == [1, 2, 3]
    assert json.loads(site.run("upkeep", "health", STACK, "--json"))["healthy"]


def test_a_bare_host_is_the_server_again_from_one_file(lost: Site, tmp_path: Path) -> None:
    """Debian without Docker that has never seen the stack, new secrets: of the lost server there is one exported file,
    and its backup server is no more. The place for the backups of the new one is empty."""
    there = proofs(lost)
    lost.run("sh", "-ec", f"mkdir -p {EXPORTS}; systemctl restart upkeep-agent; sleep 2; upkeep backup {STACK}")
    lost.run("upkeep", "export", STACK)
    file, container = lost.run("sh", "-c", f"ls -t {EXPORTS}/*.tar.zst | head -n 1"), f"{machine_wide(BED)}-{HOST}"
    stick = tmp_path / "export.tar.zst"
    subprocess.run(docker("cp", f"{container}:{file}", str(stick)), check=True, capture_output=True)
    renew(BED, HOST, "debian13")
    target = {"address": f"{NEW_PLACE}/{HOST}", "password": "{{ vault__backup_password }}"}
    site = with_new_secrets(lost, tmp_path / "inventory", target, (NEW_PLACE,))
    site.run("mkdir", "-p", "/mnt/usb", NEW_PLACE)
    subprocess.run(docker("cp", str(stick), f"{container}:/mnt/usb/{stick.name}"), check=True, capture_output=True)
    began = time.monotonic()
    site.play("new_server", "-e", f"stack={STACK}", "-e", f"file=/mnt/usb/{stick.name}").good()
    print(f"nackter Host und eine Datei → Anwendung mit ihren Daten: {time.monotonic() - began:.0f} s")
    assert proofs(site) == there
    assert json.loads(site.run("upkeep", "health", STACK, "--json"))["healthy"]
    site.play("backup").good()
