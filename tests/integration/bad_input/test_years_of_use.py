"""What comes with the years: everything is said a second time, timers fire, disks fill up, logins expire, files get
damaged. These tests may change the host: they come last, and each leaves it serving.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.faults.managed import ManagedHost
from tests.faults.plays import Played, until
from tests.faults.stage import STACK, Stage

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.usefixtures("may_change")]

DROP_IN = "[Timer]\nOnCalendar=\nOnCalendar=*:*:0/2\nRandomizedDelaySec=0\nAccuracySec=100ms\n"
LOCKED_REGISTRY = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[1]))
        self.send_header("WWW-Authenticate", 'Basic realm="registry"')
        self.end_headers()
    do_HEAD = do_GET
http.server.HTTPServer(("127.0.0.1", 5055), Handler).serve_forever()
"""
LOGIN = {"auths": {"127.0.0.1:5055": {"auth": "Ym90OmFiZ2VsYXVmZW4="}}}  # bot:abgelaufen
FILL = "for part in fill rest; do dd if=/dev/zero of={data}/$part bs=4k 2>/dev/null || true; done"


def same_again(stage: Stage, playbook: str, held: str = "", **given: str) -> Played:
    """A playbook that has nothing to do, and says what is held."""
    played = stage.plays.fine(playbook, **given)
    assert played.recap("web1", "changed") == 0, played.output
    if held:
        assert f"Zurückgehalten: {held}" in played.text, played.output
    return played


def test_second_run_of_every_playbook_changes_nothing_and_says_what_is_held(stage: Stage, host: ManagedHost) -> None:
    if host.status()["release"]["version"] != "1.1.0":
        assert host.upkeep("update", STACK).returncode == 0
    same_again(stage, "site")
    assert host.upkeep("rollback", STACK).returncode == 0
    for playbook in ("rollback", "update"):
        same_again(stage, playbook, held="1.1.0")
    stage.versions.publish("1.2.0", behaviour="crash", offer=True)
    assert host.upkeep("update", STACK).returncode == 4
    for playbook in ("site", "update"):
        same_again(stage, playbook, held="1.1.0, 1.2.0")
    same_again(stage, "health")
    same_again(stage, "maintenance", maintenance="off")
    assert host.status()["release"]["version"] == "1.0.0"
    told = host.upkeep("history", STACK).stdout
    assert "Zurückgehalten: 1.2.0 (gescheitert oder zurückgerollt, nur mit --force)" in told
    assert "1.1.0 → 1.0.0" in told


@pytest.fixture
def impatient_timer(host: ManagedHost) -> Iterator[None]:
    folder = f"/etc/systemd/system/upkeep-check@{STACK}.timer.d"
    host.shell(f"mkdir -p {folder}; printf '%s' '{DROP_IN}' > {folder}/test.conf; systemctl daemon-reload")
    host.run("systemctl", "restart", f"upkeep-check@{STACK}.timer")
    yield
    host.shell(f"rm -r {folder}; systemctl daemon-reload; systemctl restart upkeep-check@{STACK}.timer")


def test_timer_asks_for_new_versions_by_itself(stage: Stage, host: ManagedHost, impatient_timer: None) -> None:
    assert host.run("systemctl", "is-enabled", f"upkeep-check@{STACK}.timer") == "enabled"
    stage.versions.derive("1.3.0", "1.0.0", late=6, offer=True)
    until(lambda: (host.status()["available"] or {}).get("version") == "1.3.0", 60, "die Prüfung fand 1.3.0")
    runs = json.loads(host.upkeep("history", STACK, "--checks", "--json").stdout)["runs"]
    assert (runs[0]["operation"], runs[0]["starter"]) == ("check", "timer")


@pytest.fixture
def small_disk(host: ManagedHost) -> Iterator[None]:
    """The agent's memory of the stack lies on a file system of its own with 200 MB."""
    data = host.data
    move = (
        "systemctl stop upkeep-agent; cp -a {source}/. /root/kept; {mount}; cp -a /root/kept/. {data}; rm -r /root/kept"
    )
    mount = f"mount -t tmpfs -o size=200m,mode=0700 tmpfs {data}"
    host.shell(move.format(source=data, mount=mount, data=data) + "; systemctl start upkeep-agent")
    host.await_agent()
    yield
    host.shell(f"rm -f {data}/fill {data}/rest; " + move.format(source=data, mount=f"umount {data}", data=data))
    host.run("systemctl", "start", "upkeep-agent")
    host.await_agent()


def test_disk_that_fills_up_in_the_middle_costs_the_reserve_and_nothing_else(
    host: ManagedHost, small_disk: None
) -> None:
    until(lambda: host.attempt("test", "-f", f"{host.data}/reserve").returncode == 0, 60, "die Reserve liegt da")
    run = host.begin("update")
    host.await_phase("start", "ready")
    host.shell(FILL.format(data=host.data))
    report = host.report(run)
    assert report["result"] == "rolled_back", report
    assert "Die Platte ist voll, die Reserve ist aufgebraucht" in report["message"]
    assert host.open_journals() == []
    assert host.serves("1.0.0")
    assert host.attempt("test", "-f", f"{host.data}/reserve").returncode == 1
    status = host.status()
    assert any("Die Platte war voll: die Reserve" in text for text in status["drift"])
    assert status["audit"]["problem"] is None
    assert report["audit_head"] == status["audit"]["head"]
    refused = host.upkeep("update", STACK, "--force")
    assert "Zu wenig Platz auf der Platte" in refused.stdout + refused.stderr
    assert f"in {host.data}" in refused.stdout + refused.stderr

    host.shell(FILL.format(data=host.data))  # the last bytes, too: not even a journal can begin
    full = host.upkeep("update", STACK, "--force")
    assert full.returncode == 1
    assert "lässt sich nicht schreiben (gefunden: No space left on device)" in full.stderr
    assert host.status()["running"] is None
    host.run("rm", f"{host.data}/fill", f"{host.data}/rest")
    assert host.upkeep("check", STACK).returncode == 0
    assert host.attempt("test", "-f", f"{host.data}/reserve").returncode == 0
    assert host.status()["drift"] == []


@pytest.fixture(params=[401, 403])
def locked_registry(request: pytest.FixtureRequest, host: ManagedHost) -> Iterator[int]:
    """A registry of the allow-list whose login has expired."""
    config = "/etc/upkeep/docker/config.json"
    host.run("cp", "-p", config, "/root/docker-config.json")
    host.run("tee", config, stdin=json.dumps(LOGIN))
    host.run("tee", "/root/locked.py", stdin=LOCKED_REGISTRY)
    host.run("systemd-run", "--quiet", "--unit=locked", "python3", "/root/locked.py", str(request.param))
    until(lambda: "5055" in host.run("ss", "-ltn"), 60, "die Registry hört zu")
    yield request.param
    host.run("systemctl", "stop", "locked")
    host.run("cp", "-p", "/root/docker-config.json", config)


def test_expired_login_is_named_and_the_old_version_serves(host: ManagedHost, locked_registry: int) -> None:
    before = host.containers()
    done = host.upkeep("update", STACK, "--to", "127.0.0.1:5055/tinyapp:9.0.0")
    assert done.returncode == 1
    assert f"HTTP {locked_registry}: die Anmeldung als bot gilt nicht (mehr)" in done.stdout
    assert "upkeep_agent__registries für 127.0.0.1:5055 im Inventar erneuern" in done.stdout
    assert "abgelaufen" not in done.stdout + host.log()
    assert host.containers() == before


def test_edited_state_is_repaired_without_touching_what_runs(host: ManagedHost) -> None:
    before, release = host.containers(), host.status()["release"]
    host.run("sed", "-i", "s/1\\.0\\.0/9.9.9/", f"{host.data}/state.json")
    assert host.upkeep("status", STACK).stdout.startswith(f"{STACK}: Reparatur nötig\n")
    refused = host.upkeep("update", STACK)
    assert refused.returncode == 3
    assert "Prüfsumme stimmt nicht" in refused.stderr
    assert f"`upkeep repair {STACK}` zeigt, was zu tun ist" in refused.stderr
    told = host.upkeep("repair", STACK)
    assert f"state.json und release.env schreiben: {release['version']}" in told.stdout
    assert host.upkeep("repair", STACK, "--yes").returncode == 0
    assert host.status()["release"] == release
    assert host.containers() == before
    assert host.upkeep("deploy", STACK).returncode == 0
    assert host.containers() == before
