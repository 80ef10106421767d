"""The web door lives through everything that happens behind it while the gate is not touched, and has no rights."""

from __future__ import annotations

import pytest

from tests.faults.managed import ManagedHost

pytestmark = [pytest.mark.docker, pytest.mark.slow]

DOOR = "upkeep-door@probe.service"
# As the door's own process sees the host: its mounts, its user, its groups, none of root's capabilities.
AS_DOOR = ("setpriv", "--reuid=upkeep-door", "--regid=upkeep-door", "--clear-groups", "--bounding-set=-all")
CONNECT = """
import socket, sys
for path in sys.argv[1:]:
    try:
        socket.socket(socket.AF_UNIX).connect(path)
        print(path, "offen")
    except OSError as error:
        print(path, error.strerror)
"""


def assert_door_answers(host: ManagedHost, agent: bool = True) -> None:
    assert host.page("/api/updater/health") == "OK\n200"
    update = host.page("/api/system/update")
    if agent:
        assert '"running": false' in update, update
        assert update.endswith("\n200"), update
    else:
        assert "Der Agent antwortet gerade nicht." in update, update
        assert update.endswith("\n503"), update


@pytest.mark.parametrize(
    "event",
    [("restart", "upkeep-agent"), ("restart", DOOR), ("stop", DOOR), ("kill", "--signal=SIGKILL", DOOR)],
    ids=lambda event: " ".join(event),
)
def test_door_answers_with_the_gate_untouched(host: ManagedHost, event: tuple[str, ...]) -> None:
    gate = host.started_at()
    assert_door_answers(host)
    host.run("systemctl", *event)
    host.await_agent()
    assert_door_answers(host)
    assert host.started_at() == gate


def test_door_says_so_while_the_agent_is_stopped(host: ManagedHost) -> None:
    gate = host.started_at()
    host.run("systemctl", "stop", "upkeep-agent")
    assert_door_answers(host, agent=False)
    host.run("systemctl", "start", "upkeep-agent")
    assert_door_answers(host)
    assert host.started_at() == gate


def test_door_is_a_process_without_rights(host: ManagedHost) -> None:
    assert_door_answers(host)
    pid = host.run("systemctl", "show", "-p", "MainPID", "--value", DOOR)
    status = dict(line.split(":\t", 1) for line in host.run("cat", f"/proc/{pid}/status").splitlines() if ":\t" in line)
    door = host.run("id", "-u", "upkeep-door")
    assert set(status["Uid"].split()) == {door}
    assert door != "0"
    assert status["Groups"].split() in ([], [host.run("id", "-g", "upkeep-door")])
    assert {status[kind] for kind in ("CapEff", "CapPrm", "CapBnd", "CapInh", "CapAmb")} == {"0000000000000000"}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    assert "docker" not in host.run("id", "-nG", "upkeep-door").split()


def test_door_reaches_neither_docker_nor_the_agents_own_socket(host: ManagedHost) -> None:
    assert_door_answers(host)
    pid = host.run("systemctl", "show", "-p", "MainPID", "--value", DOOR)
    sockets = ["/run/docker.sock", "/run/upkeep/agent.sock", "/run/upkeep/gate/probe/admin.sock"]
    inside = ("nsenter", "--target", pid, "--mount", "--net", *AS_DOOR)
    said = host.run(*inside, "python3", "-c", CONNECT, *sockets, "/run/upkeep/public.sock")
    assert said.splitlines() == [*(f"{path} Permission denied" for path in sockets), "/run/upkeep/public.sock offen"]
    outside = host.run(*AS_DOOR, "python3", "-c", CONNECT, *sockets)
    assert outside.splitlines() == [f"{path} Permission denied" for path in sockets]


def test_public_socket_knows_the_doors_verbs_only(host: ManagedHost) -> None:
    ask = ("curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", "/run/upkeep/public.sock")
    assert host.run(*AS_DOOR, *ask, "http://upkeep/v1/public/probe") == "200"
    for path in ("/v1/agent", "/v1/stacks", "/v1/stacks/probe", "/v1/stacks/probe/logs", "/v1/stacks/probe/runs"):
        assert host.run(*AS_DOOR, *ask, f"http://upkeep{path}") == "404"
    # without a ticket the door itself could not start anything either
    start = "http://upkeep/v1/public/probe/start-update"
    assert host.run(*AS_DOOR, *ask, "-d", '{"origin": "http://127.0.0.1", "ticket": ""}', start) == "401"
    stranger = host.attempt("setpriv", "--reuid=nobody", "--clear-groups", *ask, "http://upkeep/v1/public/probe")
    assert stranger.stdout == "000"
    # the gate opens the door's verbs and nothing of the agent
    assert host.page("/api/system/update", "-X", "POST").endswith("\n405")
