"""The shut gate: who sees what, and that it stays shut."""

from __future__ import annotations

import concurrent.futures
import time
from pathlib import Path

import requests

from tests.integration.gate.gate import BROWSER, Stand, eventually, stand


def test_people_get_the_page_and_programs_json(gate: Stand) -> None:
    gate.close_gate(title="Inventur", text="Wir z&#228;hlen.", until="2026-11-21T18:30:00+01:00")
    page, answer = gate.get("/artikel", headers=BROWSER), gate.post("/api/v1/articles", json={})
    gate.open_gate()
    assert (page.status_code, answer.status_code) == (503, 503)
    text = page.content.decode("utf-8")
    assert '<h1 id="title">Inventur</h1>' in text
    assert '<p id="text">Wir z&#228;hlen.</p>' in text
    assert "Voraussichtlich fertig am 21.11. um 18:30 Uhr" in text
    assert 'data-until="2026-11-21T18:30:00+01:00"' in text
    assert "width:100%" in text  # a percent sign of the style sheet is no format of HAProxy
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert answer.json()["code"] == "maintenance"
    assert answer.headers["Retry-After"] == page.headers["Retry-After"] == "2"
    assert answer.headers["X-Request-Id"]


def test_without_words_of_the_agent_the_stack_has_its_own(gate: Stand) -> None:
    gate.close_gate()
    text = gate.get("/", headers=BROWSER).content.decode("utf-8")
    gate.open_gate()
    assert '<h1 id="title">Update wird installiert…</h1>' in text
    assert '<p id="text">Das System startet in Kürze neu.</p>' in text
    assert '<p id="end" data-until=""></p>' in text


def test_page_is_small_and_needs_nothing_from_elsewhere(gate: Stand) -> None:
    gate.close_gate(title="T" * 500, text="x" * 500)
    page = gate.get("/", headers=BROWSER)
    gate.open_gate()
    assert len(page.content) <= 14 * 1024
    for outside in ("https://", '<link rel="stylesheet"', "@import", "@font-face", 'src="/', "url("):
        assert outside not in page.text, outside


def test_door_answers_whatever_the_gate_does(gate: Stand) -> None:
    gate.door.answer = {"running": True, "phase": "Neue Version wird geprüft", "percent": 75}
    gate.close_gate()
    assert gate.get("/api/system/update").json()["percent"] == 75
    assert gate.get("/api/updater/health").text == "OK"
    gate.open_gate()
    assert gate.get("/api/updater/health").text == "OK"
    paths = {line["path"] for line in gate.log_lines()}
    assert not paths & {"/api/system/update", "/api/updater/health"}


def test_only_the_doors_own_paths_are_open(gate: Stand) -> None:
    gate.close_gate()
    found = {
        path: gate.get(path).status_code for path in ("/api/health", "/api/system/updates", "/api/system/update/x")
    }
    gate.open_gate()
    assert set(found.values()) == {503}


def test_restarted_gate_stays_shut(gate: Stand) -> None:
    gate.close_gate(title="Inventur")
    gate.containers["gate"].restart(timeout=1)
    eventually(gate.runtime.answers)
    assert "Inventur" in gate.get("/", headers=BROWSER).text
    gate.open_gate()
    eventually(lambda: gate.get("/echo").status_code == 200, what="offen")


def test_stopped_application_means_a_calm_page_and_wellformed_json(tmp_path: Path) -> None:
    with stand(tmp_path, "down") as gate:
        gate.start_app()
        gate.containers["app-1"].stop(timeout=1)
        eventually(lambda: not gate.is_up("app-1"), what="Ausfall bemerkt")
        page, answer = gate.get("/", headers=BROWSER), gate.get("/api/v1/articles")
        assert (page.status_code, answer.status_code) == (503, 503)
        assert "Die Anwendung antwortet gerade nicht." in page.content.decode("utf-8")
        assert answer.json()["code"] == "unavailable"
        assert answer.headers["Retry-After"] == "2"


def test_agent_may_place_a_slot_whose_name_was_never_resolved(tmp_path: Path) -> None:
    with stand(tmp_path, "place", stack__slots=2) as gate:
        gate.runtime.place("app-2", "127.0.0.9", 8000)
        assert {server.name: server.up for server in gate.runtime.servers()}["app-2"]


def test_post_goes_to_the_other_slot_when_one_is_gone(tmp_path: Path) -> None:
    with stand(tmp_path, "retry", stack__slots=2) as gate:
        gate.start_app("app-1")
        gate.start_app("app-2")
        gate.containers["app-2"].kill()
        answers = [gate.post("/echo", data=b"x") for _ in range(20)]
        assert {answer.status_code for answer in answers} == {200}
        assert {answer.json()["slot"] for answer in answers} == {"app-1"}


def test_reload_under_load_loses_nothing(tmp_path: Path) -> None:
    with stand(tmp_path, "reload") as gate:
        gate.start_app()
        stop = time.monotonic() + 4
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            callers = [pool.submit(call_until, gate.url, stop) for _ in range(4)]
            for _ in range(3):
                time.sleep(1)
                gate.containers["gate"].kill("SIGUSR2")
            seen = [status for caller in callers for status in caller.result()]
        assert len(seen) > 200
        assert set(seen) == {200}


def call_until(url: str, stop: float) -> list[int]:
    seen = []
    while time.monotonic() < stop:
        seen.append(requests.post(f"{url}/echo", data=b"x", timeout=10).status_code)
    return seen
