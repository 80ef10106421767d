"""Something goes wrong in a deployment: the right version is shown, the truth is told, the next run heals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.windows.faults import Fault
from tests.integration.windows.conftest import Server

pytestmark = pytest.mark.timeout(900)  # ten plays and more on a busy machine
TABLE = yaml.safe_load((Path(__file__).parent / "faults.yml").read_text())
ROWS = [pytest.param(row, id=row["name"], marks=() if row.get("quick") else (pytest.mark.faults,)) for row in TABLE]


def test_the_table_has_twenty_faults_and_no_name_twice() -> None:
    assert len({row["name"] for row in TABLE}) == len(TABLE) >= 20


@pytest.mark.parametrize("row", ROWS)
def test_a_fault_leaves_a_working_server_and_the_next_run_heals(running: Server, row: dict[str, Any]) -> None:
    before = len(running.journal["history"])
    prepare(running, row)
    outcome = running.deploy(row.get("version", "1.1.0"), extra=row.get("extra"), **row.get("package", {}))
    assert outcome.code != 0, outcome.told
    assert row["said"] in spoken(outcome.told), outcome.told
    expect(running, row, before)
    heal(running, row)


def prepare(server: Server, row: dict[str, Any]) -> None:
    host = server.bed.host()
    if "fault" in row:
        host.plant(Fault(**row["fault"]))
    if row.get("refuse_backup"):
        (host.folder / "refuses-backup").touch()
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
    if row["result"] in {"none", "rolled_back"}:
        assert server.releases() == ["1.0.0"]


def heal(server: Server, row: dict[str, Any]) -> None:
    """The fault is over; the next run finds out for itself what is left to do."""
    host = server.bed.host()
    host.plant()
    host.state["database"]["up"] = True
    host.save()
    (host.folder / "refuses-backup").unlink(missing_ok=True)
    before = len(server.journal["history"])
    outcome = server.deploy("1.1.0", take_over=True)
    assert outcome.code == 0, outcome.told
    assert (server.site(), server.journal["current"], server.journal["run"]) == ("1.1.0", "1.1.0", None)
    said = [entry["result"] for entry in server.journal["history"][before:]]
    done = ["updated"] if row["shows"] != "1.1.0" or "healed" in row else []
    assert said == (["undone", "updated"] if row.get("healed") == "undone" else done)


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
@pytest.mark.parametrize("call", range(1, 34))
def test_the_connection_breaks_at_any_call(running: Server, call: int) -> None:
    calls = running.state["calls"]
    running.bed.host().plant(Fault("unreachable", call=calls + call))
    first = running.deploy("1.1.0")
    if first.code == 0:
        pytest.skip(f"a deployment has fewer than {call} calls")
    assert running.site() in {"1.0.0", "1.1.0", "maintenance"}
    again = running.deploy("1.1.0", take_over=True)
    assert again.code == 0, again.told
    assert (running.site(), running.journal["run"]) == ("1.1.0", None)
    assert running.releases() == ["1.0.0", "1.1.0"]
