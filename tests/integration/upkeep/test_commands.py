"""Migrations in containers of their own and hooks on the host: once each, ended in time, nothing of them left."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
import yaml

from tests.crowding import crowding
from tests.integration.upkeep import images, stack
from tests.integration.upkeep.host import EngineHost

pytestmark = pytest.mark.docker

SECRET = "geheim-token-4711"
# Writes down that it ran; from 1.1.0 on it takes so many seconds and ends with that code.
PROGRAM = """
import os, sys, time
version = os.environ["VERSION"]
with open("/data/migrations", "a") as diary:
    diary.write(f"{version} {os.environ['UPKEEP_SLOT']}\\n")
print("Zugang:", open("/run/secrets/token").read(), flush=True)
if version != "1.0.0":
    time.sleep(float(sys.argv[1]))
    sys.exit(int(sys.argv[2]))
"""


def migration(seconds: float, code: int = 0, **more: Any) -> dict[str, Any]:
    return {"command": ["python3", "-u", "-c", PROGRAM, str(seconds), str(code)], "timeout": 60} | more


def deploy(host: EngineHost, slots: int = 1, **policy: Any) -> None:
    files = stack.files(slots, **policy)
    document = yaml.safe_load(files["compose.yml"][0])
    for name, body in document["services"].items():
        if name.startswith("app-"):
            body |= {"volumes": ["files:/data"], "init": True}
    document["volumes"] = {"files": {}}
    host.place_stack(files | {"compose.yml": (yaml.safe_dump(document), 0o644, 0, 0)})
    host.start_agent()
    report = host.do("deploy")
    assert report["result"] == "updated", report
    images.channel("1.1.0")


def diary(host: EngineHost) -> list[str]:
    """Which versions' migrations really ran, in order; from the volume itself."""
    text = host.run("cat", "/var/lib/docker/volumes/lager_files/_data/migrations", check=False)
    return text.splitlines()


def one_offs(host: EngineHost, state: str = "") -> list[str]:
    argv = ["docker", "ps", "-aq", "--filter", "label=upkeep.role=migration"]
    return host.run(*argv, *(["--filter", f"status={state}"] if state else [])).split()


def await_running(host: EngineHost) -> None:
    deadline = time.monotonic() + 30
    while not one_offs(host, "running"):
        assert time.monotonic() < deadline, host.log()
        time.sleep(0.1)


def assert_settled(host: EngineHost, version: str, containers: int = 2) -> None:
    assert f'"version": "{version}"' in host.curl()
    assert one_offs(host) == []
    assert len(host.run("docker", "ps", "-aq").split()) == containers
    assert host.do("deploy")["result"] == "unchanged"


def assert_secret_is_nowhere(host: EngineHost, report: dict[str, Any]) -> None:
    lines = host.ask("GET", f"/v1/stacks/lager/logs?run={report['id']}").body["lines"]
    assert SECRET not in json.dumps([report, lines])
    assert "•••" in json.dumps(lines, ensure_ascii=False)
    assert host.run("grep", "-rl", SECRET, "/var/lib/upkeep", check=False) == ""
    assert SECRET not in host.run("journalctl", "-o", "cat")


def test_migration_runs_once_in_the_new_image_with_the_slots_secrets_and_volumes(host: EngineHost) -> None:
    deploy(host, migration=migration(0.3))
    report = host.do("update")
    assert report["result"] == "updated", report
    assert diary(host) == ["1.0.0 migration", "1.1.0 migration"]
    assert report["timings"]["migration_s"] < 5 * crowding()
    assert_secret_is_nowhere(host, report)
    assert_settled(host, "1.1.0")


def test_failing_and_hanging_migrations_bring_the_old_version_back(host: EngineHost) -> None:
    deploy(host, migration=migration(0.1, 3))
    failed = host.do("update")
    assert failed["result"] == "rolled_back", failed
    assert "Die Migration der Daten ist gescheitert (gefunden: Exit-Code 3; zuletzt: Zugang: •••" in failed["message"]
    assert_secret_is_nowhere(host, failed)
    deploy_settings(host, migration=migration(600, timeout=1))
    hung = host.do("update", force=True)
    assert hung["result"] == "rolled_back", hung
    assert "nach 1 s nicht fertig und angehalten" in hung["message"]
    assert_settled(host, "1.0.0")


def test_failed_incompatible_migration_shuts_the_gate_and_raises_the_alarm(host: EngineHost) -> None:
    alarm = {"command": ["/bin/sh", "-c", 'echo "$UPKEEP_STACK $UPKEEP_RESULT" >/var/lib/upkeep/lager/alarm']}
    deploy(host, migration=migration(0.1, 3, compatible=False), hooks={"alarm": [alarm]})
    report = host.do("update")
    assert report["result"] == "failed", report
    assert "1.0.0 passt nicht mehr dazu; die Wartungsseite bleibt eingeschaltet" in report["message"]
    assert host.curl().endswith("503")
    assert host.run("cat", "/var/lib/upkeep/lager/alarm").strip() == "lager failed"
    errors = host.run("journalctl", "-u", "upkeep-agent", "-p", "err", "-o", "cat")
    assert "ALARM lager: Die Migration der Daten ist gescheitert" in errors
    assert one_offs(host) == []
    assert "passt nicht mehr zu den Daten" in host.do("deploy")["message"]
    place_policy(host, migration=migration(0.1, compatible=False))
    mended = host.do("update", force=True)
    assert mended["result"] == "updated", mended
    assert_settled(host, "1.1.0")


def test_agent_killed_during_the_migration_awaits_it(host: EngineHost) -> None:
    update = {"strategy": "rolling", "ready_timeout": 20, "drain_timeout": 2, "minimum_free_mb": 100, "bake": 0}
    deploy(host, 2, migration=migration(3), update=update)
    run = host.begin("update")
    await_running(host)
    for _ in range(2):
        host.kill_agent()
        time.sleep(0.7)
    report = host.report(run)
    assert report["result"] == "updated", report
    assert diary(host) == ["1.0.0 migration", "1.1.0 migration"]
    assert_settled(host, "1.1.0", 3)


def test_docker_restarted_during_the_migration(host: EngineHost) -> None:
    deploy(host, migration=migration(600))
    run = host.begin("update")
    await_running(host)
    host.run("systemctl", "restart", "docker")
    report = host.report(run)
    assert report["result"] == "rolled_back", report
    assert diary(host) == ["1.0.0 migration", "1.1.0 migration"]
    assert_settled(host, "1.0.0")


def test_hook_that_hangs_or_prints_secrets_refuses_the_update_and_leaves_nothing(host: EngineHost) -> None:
    leak = "cat /srv/upkeep/lager/secrets/token; echo; sleep 4242 & exec sleep 4242"
    hooks = {"before": [{"command": ["/bin/sh", "-c", leak], "timeout": 1}]}
    deploy(host)
    deploy_settings(host, hooks=hooks)
    report = host.do("update")
    assert report["result"] == "refused", report
    assert "vor dem Lauf ist gescheitert; geändert wurde nichts (gefunden: nach 1 s nicht fertig" in report["message"]
    assert host.run("pgrep", "-f", "sleep 4242", check=False) == ""
    assert_secret_is_nowhere(host, report)
    assert_settled(host, "1.0.0")


def test_agent_killed_during_a_hook_leaves_no_process_and_does_not_repeat_it(host: EngineHost) -> None:
    note = "/var/lib/upkeep/lager/hook-ran"
    hooks = {
        "before": [{"command": ["/bin/sh", "-c", f"echo davor >>{note}; sleep 4242"], "timeout": 100}],
        "after": [{"command": ["/bin/sh", "-c", f'echo "danach $UPKEEP_RESULT" >>{note}']}],
    }
    deploy(host)
    deploy_settings(host, hooks=hooks)
    run = host.begin("update")
    while "davor" not in host.run("cat", note, check=False):
        time.sleep(0.1)
    host.kill_agent()
    report = host.report(run)
    assert report["result"] == "failed", report
    assert "während der Hook /bin/sh lief; geändert war noch nichts, und der Hook wird nicht" in report["message"]
    assert host.run("pgrep", "-f", "sleep 4242", check=False) == ""
    assert host.run("cat", note).splitlines() == ["davor", "danach failed"]
    assert_settled(host, "1.0.0")


def deploy_settings(host: EngineHost, **policy: Any) -> None:
    """Other settings that restart nothing."""
    place_policy(host, **policy)
    assert host.do("deploy")["result"] == "unchanged"


def place_policy(host: EngineHost, **policy: Any) -> None:
    host.put({"/srv/upkeep/lager/stack.yml": (yaml.safe_dump(stack.policy(**policy)), 0o644, 0, 0)})
