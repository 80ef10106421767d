"""Reading Docker's answers (recorded shapes) and the progress of a pull."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from upkeep.ports.containers import Container, by_service, parse_container
from upkeep.ports.probe import HttpProbe
from upkeep.ports.pulling import PullProgress
from upkeep.ports.sockets import HostPorts

DIGEST = f"sha256:{'a' * 64}"
INSPECTED: dict[str, Any] = {
    "Id": "4f7b",
    "Name": "/lager-app-1-1",
    "Image": "sha256:imageid",
    "RestartCount": 2,
    "State": {"Status": "running", "StartedAt": "2026-11-21T08:18:10.123456789Z", "ExitCode": 0},
    "Config": {
        "Image": f"registry.test:5000/lager@{DIGEST}",
        "Labels": {"com.docker.compose.service": "app-1", "upkeep.role": "app"},
    },
    "HostConfig": {"PortBindings": {"8080/tcp": [{"HostIp": "", "HostPort": "80"}]}},
    "NetworkSettings": {
        "Networks": {"lager_data": {"IPAddress": "172.19.0.2"}, "lager_front": {"IPAddress": "172.18.0.3"}}
    },
}


def parsed(present: tuple[str, ...] = (f"registry.test:5000/lager@{DIGEST}",)) -> Container:
    return parse_container(INSPECTED, {"sha256:imageid": present})


def test_container_as_docker_describes_it() -> None:
    container = parsed()
    assert (container.service, container.role, container.running, container.restarts) == ("app-1", "app", True, 2)
    assert (container.digest, container.ports) == (DIGEST, (80,))


def test_address_is_the_one_on_the_gates_network() -> None:
    assert parsed().address == "172.18.0.3"


def test_digest_is_that_of_the_image_it_runs_not_of_the_name_it_was_given() -> None:
    other = f"sha256:{'b' * 64}"
    assert parsed((f"registry.test:5000/lager@{other}",)).digest == other
    assert parsed(()).digest is None


def test_of_two_containers_of_a_service_the_running_one_counts() -> None:
    old = parse_container(INSPECTED | {"Id": "old", "State": {"Status": "exited", "StartedAt": "2026"}}, {})
    assert by_service([parsed(), old])["app-1"].id == "4f7b"


def line(layer: str, status: str, current: int = 0, total: int = 0) -> dict[str, Any]:
    return {"id": layer, "status": status, "progressDetail": {"current": current, "total": total} if total else {}}


def test_percent_of_a_pull_never_goes_back_and_ends_below_hundred() -> None:
    seen: list[int] = []
    progress = PullProgress(lambda percent, message: seen.append(percent))
    progress.add({"status": "Pulling from lager", "id": "stable"})
    progress.add(line("a", "Pulling fs layer"))
    for done in (25, 50, 100):
        progress.add(line("a", "Downloading", done, 100))
    progress.add(line("b", "Downloading", 1, 100))
    progress.add(line("b", "Downloading", 100, 100))
    progress.add(line("a", "Extracting", 50, 100))
    for layer in ("a", "b"):
        progress.add(line(layer, "Pull complete"))
    assert seen == sorted(set(seen))
    assert seen[-1] == 99
    assert 20 in seen


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status, body = {"/ok": (200, b'{"version": "1.0.0"}'), "/text": (200, b"OK"), "/away": (302, b"")}[self.path]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", "/ok")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_probe_sees_status_and_version_and_follows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    probe = HttpProbe()
    assert probe.get("127.0.0.1", port, "/ok", 5).version == "1.0.0"
    assert (probe.get("127.0.0.1", port, "/text", 5).status, probe.get("127.0.0.1", port, "/text", 5).version) == (
        200,
        None,
    )
    assert probe.get("127.0.0.1", port, "/away", 5).status == 302
    assert HostPorts().taken("127.0.0.1", port)
    assert probe.connects("127.0.0.1", port, 5)
    server.shutdown()
    server.server_close()
    assert str(probe.get("127.0.0.1", port, "/ok", 5)) == "Verbindung abgelehnt"
    assert not HostPorts().taken("127.0.0.1", port)
    assert not probe.connects("127.0.0.1", port, 1)
