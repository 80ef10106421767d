"""The maintenance program as its scheduled tasks start it: abandoned deployments, sick applications, old files."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from testbed.windows.bed import ROOT
from testbed.windows.host import Host
from tests.integration.windows.behind_balancer import end, serve
from tests.integration.windows.conftest import Server
from tests.integration.windows.mailbox import mailbox
from tests.integration.windows.scheduled import due, events

pytestmark = pytest.mark.timeout(600)
APP = r"C:\inetpub\etikettendruck"
LONG_AGO, SOON = "2026-01-01T03:00:00", "2999-01-01T00:00:00"
_found = importlib.util.spec_from_file_location(
    "windows_journal", ROOT / "roles" / "win_node_app" / "filter_plugins" / "windows_journal.py"
)
assert _found is not None
assert _found.loader is not None
journals = importlib.util.module_from_spec(_found)
_found.loader.exec_module(journals)


@pytest.fixture
def served(running: Server) -> Iterator[Server]:
    """1.0.0 runs, for real, and 1.1.0 lies beside it."""
    host = running.bed.host()
    releases = host.disk.place(rf"{APP}\releases")
    for file in (releases / "1.0.0").rglob("*"):
        if file.is_file():
            host.disk.write(rf"{APP}\releases\1.1.0" + "\\" + "\\".join(file.parts[len(releases.parts) + 1 :]), "")
            (releases / "1.1.0" / file.relative_to(releases / "1.0.0")).write_bytes(file.read_bytes())
    manifest = releases / "1.1.0" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"version": "1.0.0"', '"version": "1.1.0"'))
    process = serve(host.folder, "127.0.0.1")
    yield running
    end(process)


def abandoned(server: Server, phase: str, until: str = LONG_AGO, **facts: Any) -> Host:
    """As a play leaves it that was killed in this phase."""
    run = {"id": "x", "operation": "deploy", "to": "1.1.0", "sha256": "ab", "reversible": True} | facts
    journal = journals.journal_begun(server.journal, run, LONG_AGO, 0)
    closed = phase in {"closing", "opening"}
    journal["run"] |= {"phase": phase, "closed": closed, "until": until}
    host = server.bed.host()
    host.disk.write(rf"{APP}\journal.json", json.dumps(journal))
    if closed:
        host.state["sites"]["etikettendruck"] |= {"physical_path": rf"{APP}\maintenance"}
        host.state["sites"]["etikettendruck-pruefung"] |= {"physical_path": rf"{APP}\releases\1.1.0"}
    if phase == "closing":
        host.state["pools"]["etikettendruck"]["state"] = "stopped"
    host.save()
    return host


def version(server: Server) -> str:
    """What a user gets."""
    answer = requests.get(f"http://127.0.0.1:{server.bed.host().port('http:80')}/api/health", timeout=30)
    return str(answer.json()["version"]) if answer.status_code == 200 else str(answer.status_code)


@pytest.mark.parametrize("phase", ["staging", "migrating", "migrated", "closing"])
def test_an_abandoned_run_is_undone_before_the_new_release_had_proved_itself(served: Server, phase: str) -> None:
    host = abandoned(served, phase)
    assert version(served) == ("503" if phase == "closing" else "1.0.0")
    done = due(host, "finish")
    assert done.returncode == 0, done.stderr
    assert (version(served), served.site(), served.releases()) == ("1.0.0", "1.0.0", ["1.0.0"])
    assert (served.journal["run"], served.journal["current"]) == (None, "1.0.0")
    assert served.journal["history"][-1]["result"] == "undone"
    assert "„deploy“ auf 1.1.0 war abgebrochen und ist zurückgenommen." in events(host)


def test_an_abandoned_run_is_finished_after_the_new_release_had_proved_itself(served: Server) -> None:
    host = abandoned(served, "opening")
    done = due(host, "finish")
    assert done.returncode == 0, done.stderr
    assert (version(served), served.journal["current"], served.journal["previous"]) == ("1.1.0", "1.1.0", "1.0.0")
    assert due(host, "finish").returncode == 0
    assert events(host).count("\n") == 1
    again = served.deploy("1.0.0")  # the play reads what the program wrote
    assert "ist älter als 1.1.0" in " ".join(again.told.split())


def test_a_run_that_somebody_works_on_is_left_alone(served: Server) -> None:
    host = abandoned(served, "closing", until=SOON)
    assert due(host, "finish").returncode == 0
    assert (version(served), served.journal["run"]["id"]) == ("503", "x")


def test_what_needs_a_database_brought_back_is_not_touched_and_told_once(served: Server) -> None:
    host = abandoned(served, "closing", reversible=False, migrated=True)
    with mailbox() as box:
        mail = {"host": "127.0.0.1", "port": box.port, "from": "a@x.example", "to": ["b@x.example"]}
        mail |= {"user": "anna", "password": "geheim"}
        codes = [due(host, "finish", mail=mail).returncode for _ in range(2)]
    assert codes == [1, 1]
    assert version(served) == "503"
    assert len(box.letters) == 1
    assert "-e take_over=true; es holt die Datenbank zurück" in box.texts()[0]
    assert "RCPT TO:<b@x.example>" in box.orders
    assert "/T ERROR" in events(host)


def test_a_damaged_journal_is_never_guessed_at(served: Server) -> None:
    host = abandoned(served, "closing")
    host.disk.write(rf"{APP}\journal.json", "{")
    assert due(host, "finish").returncode == 1
    assert "ist beschädigt" in events(host)
    assert version(served) == "503"


def test_a_sick_application_is_restarted_a_few_times_and_then_somebody_is_told(served: Server) -> None:
    host = served.bed.host()
    assert due(host, "watch").returncode == 0
    assert events(host) == ""
    host.state["pools"]["etikettendruck"]["state"] = "stopped"
    host.save()
    healed = due(host, "watch")
    assert healed.returncode == 0, healed.stderr
    assert "neu gestartet (1 von 3 je Stunde)" in events(host)
    host.disk.write(rf"{APP}\releases\1.0.0\build\fault.json", '{"sick_on": "win1"}')
    codes = [due(host, "watch").returncode for _ in range(4)]
    assert codes == [1, 1, 1, 1]
    assert events(host).count("neu gestartet") == 3
    assert events(host).count("halfen nicht") == 1


def test_maintenance_by_hand_is_no_sickness(served: Server) -> None:
    host = served.bed.host()
    journal = journals.journal_closed(served.journal, "Inventur", LONG_AGO)
    host.disk.write(rf"{APP}\journal.json", json.dumps(journal))
    host.state["pools"]["etikettendruck"]["state"] = "stopped"
    host.save()
    assert due(host, "watch").returncode == 0
    assert events(host) == ""


def test_once_a_day_old_files_go_and_a_full_disk_is_told(served: Server) -> None:
    host = served.bed.host()
    logs = host.disk.place(rf"{APP}\shared\logs")
    for name, days in {"alt.log": 31, "neu.log": 29}.items():
        (logs / name).write_text("x")
        then = time.time() - days * 86400
        os.utime(logs / name, (then, then))
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['PGPASSWORD'] + ' ' + ' '.join(sys.argv[2:]))"
    database = {"psql": [sys.executable, "-c", code, str(host.folder / "psql.txt")], "host": "db1", "port": 5432}
    database |= {"user": "wartung", "name": "etikettendruck", "password": "geheim"}
    done = due(host, "daily", database=database)
    assert done.returncode == 0, done.stderr
    assert [file.name for file in logs.iterdir() if file.suffix == ".log"] == ["neu.log"]
    assert (host.folder / "psql.txt").read_text().startswith("geheim -X -w -h db1 -p 5432 -U wartung -d etikettendruck")
    full = due(host, "daily", minimum_free_percent=101, old_files=[{"folder": "/gibt/es/nicht", "days": 1, "keep": 0}])
    assert full.returncode == 1
    assert "verlangt: 101 %" in events(host)
    assert "alte Dateien in /gibt/es/nicht" in events(host)
