"""The real process: start, health, draining stop, logs, command line."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import httpx

from tests.crowding import crowding
from tests.integration.app.mongod import free_port
from tests.integration.app.process import SECRET, running


def lager(environ: dict[str, str], *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lager", *words]
    return subprocess.run(command, env=environ, input=stdin, capture_output=True, text=True, timeout=60, check=False)


def test_process_is_small_and_says_who_it_is(environ: dict[str, str], tmp_path: Path) -> None:
    with running(environ, tmp_path / "log") as process:
        process.until_ready()
        health = httpx.get(f"{process.url}/api/health").json()
        assert (health["status"] in ("ok", "warning"), health["version"]) == (True, "4.5.6")
        assert set(health["checks"]) == {"database", "files", "memory", "live", "ledger"}
        assert health["checks"]["database"]["latency_ms"] > 0
        assert health["checks"]["files"]["free_bytes"] > 0
        assert health["checks"]["memory"]["resident_bytes"] < 150 * 1024 * 1024


def test_each_process_has_its_own_instance_id(environ: dict[str, str], tmp_path: Path) -> None:
    seen = set()
    for turn in range(2):
        with running(environ, tmp_path / f"log{turn}") as process:
            process.until_ready()
            seen.add(httpx.get(f"{process.url}/api/health").json()["instance"])
    assert len(seen) == 2


def test_stop_drains_at_once_answers_what_is_under_way_and_ends_soon(environ: dict[str, str], tmp_path: Path) -> None:
    environ["LAGER_DRAIN_SECONDS"] = "1"
    with running(environ, tmp_path / "log") as process:
        process.until_ready()
        codes: list[int | str] = []

        def call() -> None:
            try:
                while True:
                    codes.append(httpx.get(f"{process.url}/api/session").status_code)
            except httpx.TransportError:  # refused, or reset while it was still queued: the log tells the difference
                codes.append("closed")

        callers = [threading.Thread(target=call) for _ in range(4)]
        for caller in callers:
            caller.start()
        time.sleep(0.2)
        process.popen.send_signal(signal.SIGTERM)
        began = time.monotonic()
        time.sleep(0.1)
        reply = httpx.get(f"{process.url}/api/health")
        assert (reply.status_code, reply.json()["status"]) == (503, "draining")
        assert process.popen.wait(60) == 0
        assert time.monotonic() - began < 5 * crowding()
        for caller in callers:
            caller.join()
    assert set(codes) == {200, "closed"}
    log = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    begun = [line for line in log if line.get("path") == "/api/session"]
    assert len(begun) == codes.count(200), "a request that the app had begun was cut"


def test_log_is_json_with_request_ids_and_without_secrets(environ: dict[str, str], tmp_path: Path) -> None:
    password, token = "planted-password-kupfer", "planted-token-0123456789"
    with running(environ, tmp_path / "log") as process:
        process.until_ready()
        headers = {"X-Request-Id": "gate-0001", "X-Lager-Client": "test", "Cookie": f"lager={token}"}
        body = {"login": "petra", "password": password}
        reply = httpx.post(f"{process.url}/api/session", json=body, headers=headers)
        assert reply.headers["x-request-id"] == "gate-0001"
        httpx.get(f"{process.url}/einladung/{token}")
        httpx.get(f"{process.url}/api/articles?q={token}")
        odd = '"}{"level":"error"'
        assert httpx.get(f"{process.url}/", headers={"X-Request-Id": odd}).headers["x-request-id"] != odd
        process.popen.send_signal(signal.SIGTERM)
        process.popen.wait(10)
    failed = [line for line in process.lines() if line.get("event") == "sign_in_failed"]
    assert [line["request_id"] for line in failed] == ["gate-0001"]
    requests = [line for line in process.lines() if line.get("event") == "request"]
    assert {"method", "path", "status", "ms", "request_id"} <= set(requests[0])
    assert "/einladung/…" in {line["path"] for line in requests}
    for planted in (SECRET, password, token):
        assert planted not in process.log.read_text()


def test_process_without_settings_explains_itself(environ: dict[str, str]) -> None:
    del environ["LAGER_SECRET"], environ["LAGER_MONGODB_URI_FILE"]
    done = lager(environ, "serve")
    assert done.returncode == 2
    assert "Einstellung LAGER_SECRET fehlt" in done.stderr
    assert "Einstellung LAGER_MONGODB_URI fehlt" in done.stderr


def test_invite_admin_prints_nothing_but_the_path(environ: dict[str, str]) -> None:
    done = lager(environ, "invite-admin")
    assert done.returncode == 0
    assert done.stdout.startswith("/einladung/")
    assert len(done.stdout.splitlines()) == 1


def test_invite_admin_if_none_prints_one_link_only(environ: dict[str, str]) -> None:
    assert lager(environ, "invite-admin", "--if-none").stdout.startswith("/einladung/")
    again = lager(environ, "invite-admin", "--if-none")
    assert (again.returncode, again.stdout) == (0, "")


def test_load_demo_is_idempotent_and_its_user_can_sign_in(environ: dict[str, str], tmp_path: Path) -> None:
    first = lager(environ, "load-demo", "--user", "demo", "--json", stdin="rohr zange dichtung\n")
    told = json.loads(first.stdout)
    assert told["changed"]
    assert told["articles"] >= 300
    assert told["bookings"] >= 100
    again = lager(environ, "load-demo", "--user", "demo", "--json", stdin="rohr zange dichtung\n")
    nothing = {"changed": False, "articles": 0, "locations": 0, "bookings": 0, "user_created": False}
    assert json.loads(again.stdout) == nothing
    verified = lager(environ, "ledger", "verify", "--json")
    assert (verified.returncode, json.loads(verified.stdout)["ok"]) == (0, True)
    with running(environ, tmp_path / "log") as process:
        process.until_ready()
        body = {"login": "demo", "password": "rohr zange dichtung"}
        reply = httpx.post(f"{process.url}/api/session", json=body, headers={"X-Lager-Client": "test"})
        assert reply.json()["user"]["role"] == "admin"


def test_weak_password_for_the_demo_user_is_refused(environ: dict[str, str]) -> None:
    done = lager(environ, "load-demo", "--user", "demo", stdin="kurz\n")
    assert done.returncode == 1
    assert "Mindestens 10 Zeichen" in done.stderr


def test_commands_without_a_database_say_so(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "uri").write_text(f"mongodb://user:planted@127.0.0.1:{free_port()}/?directConnection=true")
    done = lager(environ, "invite-admin")
    assert done.returncode == 1
    assert "MongoDB ist nicht erreichbar" in done.stderr
    assert "planted" not in done.stderr
