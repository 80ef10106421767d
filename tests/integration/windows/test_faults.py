"""Something goes wrong in a deployment, an update or a rollback: the right version is shown, the truth is told, the
next run heals."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.windows.faults import Fault
from tests.integration.windows.conftest import Server

pytestmark = pytest.mark.timeout(900)  # ten plays and more on a busy machine
TABLE = yaml.safe_load((Path(__file__).parent / "faults.yml").read_text())
ROWS = [pytest.param(row, id=row["name"], marks=() if row.get("quick") else (pytest.mark.faults,)) for row in TABLE]
BEFORE = {"deploy": "1.0.0", "update": "1.0.0", "rollback": "1.1.0"}
AFTER = {"deploy": "1.1.0", "update": "1.1.0", "rollback": "1.0.0"}
CALLS = {"deploy": 38, "update": 39, "rollback": 22}  # of the play, on the server; some more than there are
SWEEP = [
    *(("deploy", "unreachable", call) for call in range(1, CALLS["deploy"])),
    *(("update", "fail", call) for call in range(1, CALLS["update"])),
    *(("rollback", kind, call) for kind in ("unreachable", "fail", "reboot") for call in range(1, CALLS["rollback"])),
]


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    """As the row's (or the sweep's) operation finds it: 1.0.0 runs; before a rollback 1.1.0, and 1.0.0 was before."""
    wanted = request.node.callspec.params
    operation = wanted["row"].get("operation", "deploy") if "row" in wanted else wanted["operation"]
    origin = request.getfixturevalue("updated_template" if operation == "rollback" else "template")
    shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
    return Server(tmp_path)


def test_the_table_has_twenty_faults_and_no_name_twice() -> None:
    assert len({row["name"] for row in TABLE}) == len(TABLE) >= 20


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_leaves_a_working_server_and_the_next_run_heals(server: Server, row: dict[str, Any]) -> None:
    before = len(server.journal["history"])
    prepare(server, row)
    operation = row.get("operation", "deploy")
    outcome = server.operate(operation, row.get("version", "1.1.0"), extra=row.get("extra"), **row.get("package", {}))
    assert outcome.code != 0, outcome.told
    assert row["said"] in spoken(outcome.told), outcome.told
    expect(server, row, before)
    heal(server, row)


def prepare(server: Server, row: dict[str, Any]) -> None:
    host = server.bed.host()
    if "fault" in row:
        host.plant(Fault(**row["fault"]))
    if row.get("refuse_backup"):
        (host.folder / "refuses-backup").touch()
    if "sick" in row:
        host.disk.write(rf"C:\inetpub\etikettendruck\releases\{row['sick']}\build\fault.json", '{"status": 503}')
    if "migrated_before" in row:
        host.state["database"]["migrations"] += row["migrated_before"]
        host.save()
    if row.get("database_down"):
        host.state["database"]["up"] = False
        host.save()


def expect(server: Server, row: dict[str, Any], before: int) -> None:
    assert server.site() == row["shows"]
    if row["shows"] != "maintenance":
        assert server.state["pools"]["etikettendruck"]["state"] == "started"
    entries = server.journal["history"][before:]
    if row["result"] == "none" or "healed" in row:
        assert entries == []
    else:
        assert [entry["result"] for entry in entries] == [row["result"]]
    if "migrations" in row:
        assert server.state["database"]["migrations"] == row["migrations"]
    assert (server.bed.host().folder / "restored").exists() == row.get("restored", False)
    if row["result"] in {"none", "rolled_back"}:
        there = ["1.0.0", "1.1.0"] if row.get("operation") == "rollback" else ["1.0.0"]
        assert server.releases() == there


def heal(server: Server, row: dict[str, Any]) -> None:
    """The fault is over; the next run finds out for itself what is left to do."""
    host = server.bed.host()
    host.plant()
    host.state["database"]["up"] = True
    host.save()
    (host.folder / "refuses-backup").unlink(missing_ok=True)
    if "sick" in row:
        host.disk.remove(rf"C:\inetpub\etikettendruck\releases\{row['sick']}\build\fault.json")
    operation = row.get("operation", "deploy")
    before = len(server.journal["history"])
    arrives(server, operation)
    said = [entry["result"] for entry in server.journal["history"][before:]]
    done = ["updated"] if row["shows"] != AFTER[operation] or "healed" in row else []
    assert said == (["undone", "updated"] if row.get("healed") == "undone" else done)


def arrives(server: Server, operation: str) -> None:
    """Once more, and it comes to its end."""
    outcome = server.operate(operation, take_over=True)
    assert outcome.code == 0, outcome.told
    wanted = AFTER[operation]
    assert (server.site(), server.journal["current"], server.journal["run"]) == (wanted, wanted, None)


def spoken(told: str) -> str:
    """Ansible wraps long messages; a comparison must not depend on where."""
    return " ".join(told.replace("''", "'").split())


@pytest.mark.faults
def test_a_play_that_is_still_at_work_is_not_disturbed(running: Server) -> None:
    running.bed.host().plant(Fault("unreachable", "win_uri"))
    running.deploy("1.1.0")
    outcome = running.deploy("1.1.0")
    assert outcome.code != 0
    assert "läuft „deploy“ seit" in spoken(outcome.told)
    assert "take_over=true" in outcome.told
    assert running.site() == "maintenance"


@pytest.mark.faults
@pytest.mark.parametrize(("operation", "kind", "call"), SWEEP)
def test_any_call_may_go_wrong(server: Server, operation: str, kind: str, call: int) -> None:
    server.bed.host().plant(Fault(kind, call=server.state["calls"] + call))
    first = server.operate(operation)
    if first.code == 0:
        pytest.skip(f"{operation} has fewer than {call} calls, or does without this one")
    possible = {BEFORE[operation], AFTER[operation]} | (set() if kind == "fail" else {"maintenance"})
    assert server.site() in possible, first.told
    if kind == "fail":
        assert server.journal["run"] is None, first.told
        assert server.state["pools"]["etikettendruck"]["state"] == "started"
    if server.journal["current"] == AFTER[operation]:
        return  # it was over but for tidying up; another rollback would go elsewhere
    arrives(server, operation)
    assert server.releases() == ["1.0.0", "1.1.0"]
