"""Planted secrets are found nowhere but where they belong. The last test of the room: it reads what the others left."""

from __future__ import annotations

import base64
import json
import re
import subprocess

import pytest

from tests.faults import planted
from tests.faults.stage import Stage

pytestmark = [pytest.mark.docker, pytest.mark.slow]

PLACES = ("/", "/var/lib/docker", "/var/lib/containerd", "/run", "/run/lock", "/tmp", "/dev/shm")
# Secrets' files and who may read them: mode, owner, group.
MEANT = {
    "/srv/upkeep/probe/secrets/token": "440 0:7310",
    "/srv/upkeep/probe/secrets/lines": "440 0:7310",
    "/srv/upkeep/probe/secrets/ticket-key": "440 0:7310",
    "/srv/upkeep/probe/secrets/environment": "400 0:0",
    "/srv/upkeep/probe/secrets/mongodb-keyfile": "400 999:999",
    "/srv/upkeep/probe/secrets/mongodb-root": "400 0:0",
    "/srv/upkeep/probe/secrets/mongodb-user-probe": "400 0:0",
    "/etc/upkeep/docker/config.json": "600 0:0",
}
CONTENT = re.compile(r"\.[0-9a-f]{4}$")  # files of slots' secrets are named after what is in them
# Where Docker keeps the environment of containers: only root gets there, as to `docker inspect`.
DOCKERS_MEMORY = (
    r"/var/lib/docker/containers/\w+/config\.v2\.json"
    r"|/var/lib/containerd/io\.containerd\.metadata\.v1\.bolt/meta\.db"
    r"|/run/containerd/io\.containerd\.runtime\.v2\.task/moby/\w+/config\.json"
)
SEARCH = """
for place in "${PLACES[@]}"; do
  find "$place" -xdev -type f -print0 2>/dev/null | xargs -0 -r grep -laF "${TRACES[@]}" 2>/dev/null || true
done
"""


@pytest.fixture(scope="module")
def performed(stage: Stage) -> planted.Onlooker:
    """Everything that touches secrets, while somebody looks on: new ones, old ones, ones that cannot be placed."""
    plays = stage.plays
    with planted.Onlooker() as onlooker:
        plays.lock(planted.vault(2))
        plays.fine("deploy", "--check", "--diff", "-vvv")
        changed = plays.fine("site", "--diff", "-vvv")
        assert "Änderungen angewendet" in changed.text, changed.output
        stage.newer()
        plays.fine("update", "-v")
        stage.versions.publish("1.99.0", "crash")
        broken = plays.run("update", "-vvv", release="1.99.0")
        assert "app-1 startet nicht (zuletzt " in broken.text, broken.output
        for setting in ({"secrets": ["{{ vault__token }}"]}, {"environment_secrets": {"PROBE": "'{{ vault__user }}"}}):
            refused = plays.run("deploy", "-vvv", stacks=stage.stacks(**setting))
            assert "geändert wurde nichts" in refused.text, refused.output
        blocked_by_a_directory(stage)
    return onlooker


def blocked_by_a_directory(stage: Stage) -> None:
    """The task that carries the secrets fails: what Ansible shows then is the most talkative it gets."""
    place = stage.host.shell("echo /srv/upkeep/probe/secrets/token.*").strip()
    stage.host.shell(f"mv {place} {place}.aside; mkdir {place}")
    failed = stage.plays.run("deploy", "-vvv", "--diff")
    stage.host.shell(f"rmdir {place}; mv {place}.aside {place}")
    assert f"{place}: soll eine Datei werden, ist aber ein Verzeichnis." in failed.text, failed.output


def test_search_finds_what_is_wrapped_and_what_is_said_to_a_process() -> None:
    for before in ("", "x", "xy", "probe:"):
        wrapped = base64.b64encode(f"{before}{planted.MARK}-token".encode()).decode()
        assert planted.gives_away(wrapped) == [wrapped]
    with planted.Onlooker() as onlooker:
        subprocess.run(["sh", "-c", "sleep 0.3; :", f"{planted.MARK}-argument"], check=True)
    assert any("argument" in seen for seen in onlooker.seen)


def test_nobody_who_looks_on_sees_them(performed: planted.Onlooker) -> None:
    assert performed.known > 200
    assert performed.seen == set()


def test_no_play_prints_them(performed: planted.Onlooker, stage: Stage) -> None:
    records = sorted(stage.plays.records.iterdir())
    assert len(records) >= 8
    found = {record.name: planted.gives_away(record.read_text(errors="replace")) for record in records}
    assert {name: lines for name, lines in found.items() if lines} == {}
    assert not any(stage.plays.password in record.read_text(errors="replace") for record in records)


def test_no_file_of_the_host_holds_them_but_those_that_shall(performed: planted.Onlooker, stage: Stage) -> None:
    host = stage.host
    traces = " ".join(f"-e '{trace}'" for trace in planted.traces())
    found = set(host.shell(f"PLACES=({' '.join(PLACES)}); TRACES=({traces})\n{SEARCH}").splitlines())
    dockers = {path for path in found if re.fullmatch(DOCKERS_MEMORY, path)}
    assert {CONTENT.sub("", path) for path in found - dockers} == set(MEANT)
    assert len(found - dockers) == len(MEANT)  # what was replaced is gone
    said = host.shell(f"grep -hao '{planted.MARK}-[a-z]*' {' '.join(sorted(dockers))}")
    assert set(said.split()) == {planted.VARIABLE}


def test_files_meant_to_hold_them_can_be_read_by_their_one_consumer(performed: planted.Onlooker, stage: Stage) -> None:
    places = " ".join(f"{path}*" for path in MEANT)
    rights = (line.split(" ", 1) for line in stage.host.shell(f"stat -c '%n %a %u:%g' {places}").splitlines())
    assert {CONTENT.sub("", path): right for path, right in rights} == MEANT


def test_no_log_holds_them(performed: planted.Onlooker, stage: Stage) -> None:
    host = stage.host
    assert planted.gives_away(host.run("journalctl", "--no-pager", "-o", "export")) == []
    for service in host.containers():
        logs = host.attempt("docker", "logs", f"{host.stack}-{service}-1")
        assert planted.gives_away(logs.stdout + logs.stderr) == []


def test_docker_shows_none_but_the_documented_variable(performed: planted.Onlooker, stage: Stage) -> None:
    host = stage.host
    ids = host.run("docker", "ps", "-aq").split()
    lines = planted.gives_away(host.run("docker", "inspect", *ids))
    assert len(lines) == 1
    assert f"PROBE_PASSWORD={planted.VARIABLE}-" in lines[0]
    for image in host.run("docker", "images", "-aq").split():
        assert planted.gives_away(host.run("docker", "history", "--no-trunc", image)) == []
        assert planted.gives_away(host.run("docker", "image", "inspect", image)) == []


@pytest.mark.parametrize("words", ["status", "health", "logs --lines 2000", "check", "deploy --plan", "deploy"])
def test_command_tells_none(performed: planted.Onlooker, stage: Stage, words: str) -> None:
    host = stage.host
    verb, *rest = words.split()
    for more in ((), ("--json",)):
        said = host.upkeep(verb, host.stack, *rest, *more)
        assert said.returncode == 0, said
        assert planted.gives_away(said.stdout + said.stderr) == []
    json.loads(said.stdout)


def test_ansible_leaves_nothing_on_the_host(performed: planted.Onlooker, stage: Stage) -> None:
    host = stage.host
    assert host.shell("find /root/.ansible /tmp /var/tmp -path '*ansible*' -type f 2>/dev/null || true") == ""
