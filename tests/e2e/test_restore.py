"""playbooks/restore.yml against the whole Lager stack: shown first, done, undone. And the server that burnt down."""

from __future__ import annotations

import json
import time

import pytest

from testbed.bed import renew
from tests.e2e.site import BED, HOST, STACK, Site

pytestmark = pytest.mark.faults

COUNT = (
    "import json; from pathlib import Path; from upkeep.ports.mongo import connected; import subprocess; "
    "a = json.loads(subprocess.run(['docker', 'inspect', 'lager-mongodb-1'], capture_output=True).stdout)[0]; "
    "ip = next(n['IPAddress'] for n in a['NetworkSettings']['Networks'].values() if n['IPAddress']); "
    "key = Path('/srv/upkeep/lager/secrets/mongodb-keyfile').read_text(); "
    "c = connected(ip, key, 20).__enter__(); db = c['lager']; "
)


def mongo(site: Site, code: str) -> str:
    return site.run("/opt/upkeep/current/bin/python", "-c", COUNT + code)


def proofs(site: Site) -> list[int]:
    return list(json.loads(mongo(site, "print(json.dumps(sorted(d['_id'] for d in db.probe.find())))")))


@pytest.fixture(scope="module")
def lost(site: Site) -> Site:
    """A backup with three documents, of which two are gone since and one is new."""
    mongo(site, "db.probe.drop(); db.probe.insert_many([{'_id': n} for n in (1, 2, 3)])")
    site.play("backup").good()
    mongo(site, "db.probe.delete_many({'_id': {'$gt': 1}}); db.probe.insert_one({'_id': 9})")
    return site


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


def test_a_bare_host_is_the_server_again_with_one_command(lost: Site) -> None:
    renew(BED, HOST)
    began = time.monotonic()
    lost.play("new_server", "-e", f"stack={STACK}").good()
    print(f"nackter Host → gesunde Anwendung mit ihren Daten: {time.monotonic() - began:.0f} s")
    assert proofs(lost) == [1, 2, 3]
    assert json.loads(lost.run("upkeep", "health", STACK, "--json"))["healthy"]
