"""What passes the gate, and how."""

from __future__ import annotations

import hashlib
import re
import socket
import time
from pathlib import Path

import pytest
import requests
from websockets.sync.client import connect

from tests.integration.gate.gate import BROWSER, GATE_HOME, Stand, eventually, stand

CLAIMS = {
    "X-Forwarded-For": "6.6.6.6",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X_Forwarded_For": "6.6.6.6",
    "X-Real-IP": "6.6.6.6",
    "Forwarded": "for=6.6.6.6",
    "X-Request-Id": "client-chosen-id",
    "X-Upkeep-Stack": "other",
    "X_Upkeep_Ticket": "forged",
}


def test_configuration_is_valid_without_a_warning(gate: Stand) -> None:
    code, output = gate.containers["gate"].exec_run(["haproxy", "-c", "-f", f"{GATE_HOME}/haproxy.cfg"])
    assert code == 0
    assert "[WARNING]" not in output.decode()


def test_application_learns_the_real_address_whatever_the_client_claims(gate: Stand) -> None:
    own_address = gate.network.attrs["IPAM"]["Config"][0].get("Gateway")
    seen = gate.headers_at_app(CLAIMS)
    assert seen["x-forwarded-for"] == own_address or own_address is None
    assert seen["x-forwarded-for"] != "6.6.6.6"
    assert seen["x-forwarded-proto"] == "http"
    assert seen["x-forwarded-host"] == f"{gate.address}:8080"
    assert "6.6.6.6" not in str(seen)
    assert not [name for name in seen if "upkeep" in name or name in ("forwarded", "x-real-ip")]


def test_request_id_is_generated_answered_and_logged(gate: Stand) -> None:
    answer = gate.get("/echo?token=secret", headers=CLAIMS)
    request_id = answer.headers["X-Request-Id"]
    assert re.fullmatch(r"[0-9a-f-]{36}", request_id)
    assert dict(answer.json()["headers"])["x-request-id"] == request_id
    eventually(lambda: [line for line in gate.log_lines() if line["request_id"] == request_id])
    (line,) = [line for line in gate.log_lines() if line["request_id"] == request_id]
    assert line["path"] == "/echo"
    assert line["status"] == 200
    assert line["server"] == "app-1"
    assert line["client"] == dict(answer.json()["headers"])["x-forwarded-for"]
    assert "secret" not in str(line)


def test_token_in_a_path_is_not_logged(fresh_folder: Path) -> None:
    with stand(fresh_folder, "discreet", stack__secret_paths=["/einladung/"]) as gate:
        gate.start_app()
        request_id = gate.get("/einladung/pl4nted-token").headers["X-Request-Id"]
        eventually(lambda: [line for line in gate.log_lines() if line["request_id"] == request_id])
        (line,) = [line for line in gate.log_lines() if line["request_id"] == request_id]
        assert line["path"] == "/einladung/…"
        assert "pl4nted" not in str(line)


def test_trusted_proxy_is_believed(fresh_folder: Path) -> None:
    with stand(
        fresh_folder, "proxied", stack__trusted_proxies=["172.16.0.0/12", "192.168.0.0/16", "10.0.0.0/8"]
    ) as gate:
        gate.start_app()
        seen = gate.headers_at_app({**CLAIMS, "X-Forwarded-For": "6.6.6.6, 203.0.113.9"})
        assert seen["x-forwarded-for"] == "203.0.113.9"
        assert seen["x-forwarded-proto"] == "https"
        assert seen["x-request-id"] == "client-chosen-id"
        assert not [name for name in seen if "upkeep" in name]
        eventually(lambda: [line for line in gate.log_lines() if line["client"] == "203.0.113.9"])


def test_release_header_comes_from_the_agent_alone(gate: Stand) -> None:
    gate.runtime.set_map("release.map", {"app-1": "1.4.0"})
    assert gate.get("/claims").headers["X-Upkeep-Release"] == "1.4.0"
    gate.runtime.set_map("release.map", {})
    assert not [name for name in gate.get("/claims").headers if name.lower().startswith("x-upkeep")]


def test_upload_of_20_megabytes_arrives_complete(gate: Stand) -> None:
    body = bytes(range(256)) * (20 * 1024 * 4)
    answer = gate.post("/upload", data=body).json()
    assert answer == {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}


def test_chunked_upload_arrives_complete(gate: Stand) -> None:
    chunks = [b"x" * 100_000 for _ in range(30)]
    assert gate.post("/upload", data=iter(chunks)).json()["size"] == 3_000_000


def test_too_large_upload_is_refused_in_words(gate: Stand) -> None:
    request = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 27000000\r\nConnection: close\r\n\r\n"
    answer = raw(gate, request)
    assert answer.startswith(b"HTTP/1.1 413")
    assert "Höchstens 25 MB".encode() in answer


@pytest.mark.parametrize(
    "head",
    [
        "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        "GET /echo HTTP/1.1\r\nHost: x\r\nX: a\r\n b\x00c\r\n\r\n",
    ],
)
def test_ambiguous_request_is_refused(gate: Stand, head: str) -> None:
    assert raw(gate, head.encode()).startswith(b"HTTP/1.1 400")


def test_websocket_echoes_and_may_be_silent_longer_than_a_request(gate: Stand) -> None:
    with connect(f"ws://{gate.address}:8080/ws") as socket_:
        socket_.send("Hallo")
        assert socket_.recv(timeout=15) == "Hallo"
        time.sleep(2.5)
        socket_.send("x" * 1000)
        assert socket_.recv(timeout=15) == "x" * 1000


def test_events_arrive_one_by_one_and_may_be_far_apart(gate: Stand) -> None:
    began, pause = time.monotonic(), 2.5
    with requests.get(f"{gate.url}/events?count=2&pause={pause}", stream=True, timeout=20) as answer:
        lines = (line for line in answer.iter_lines(chunk_size=1) if line)
        assert next(lines) == b"data: 0"
        assert time.monotonic() - began < pause, "der erste kam erst mit dem zweiten"
        assert next(lines) == b"data: 1"


def test_answer_that_takes_too_long_is_a_wellformed_504(gate: Stand) -> None:
    answer = gate.get("/slow?seconds=3")
    assert answer.status_code == 504
    assert answer.json()["code"] == "too_slow"


def test_broken_answer_is_a_wellformed_502(gate: Stand) -> None:
    answer = gate.get("/die")
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "application/json")
    assert answer.json()["error"] == "Das hat nicht geklappt. Die Anwendung hat die Verbindung unerwartet beendet."
    page = gate.get("/die", headers=BROWSER)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "Das hat nicht geklappt." in page.content.decode("utf-8")
    assert "x-upkeep-gate" not in page.headers


def test_unknown_host_name_is_refused(fresh_folder: Path) -> None:
    with stand(fresh_folder, "named", stack__host_names=["lager.example", "Lager.local"]) as gate:
        gate.start_app()
        assert gate.get("/echo", headers={"Host": "lager.EXAMPLE:8080"}).status_code == 200
        assert gate.get("/echo", headers={"Host": "lager.local"}).status_code == 200
        refused = gate.get("/echo", headers={"Host": "evil.example"})
        assert (refused.status_code, refused.json()["code"]) == (421, "unknown_host")


def raw(gate: Stand, request: bytes) -> bytes:
    with socket.create_connection((gate.address, 8080), timeout=15) as connection:
        connection.sendall(request)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received
