"""Something goes wrong in a deployment, an update or a rollback: the right version is shown, the truth is told, the
next run heals."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed.windows.faults import Fault
from testbed.windows.host import MOMENTS
from tests.integration.windows.conftest import Server

pytestmark = pytest.mark.timeout(900)  # ten plays and more on a busy machine
TABLE = yaml.safe_load((Path(__file__).parent / "faults.yml").read_text())
ROWS = [pytest.param(row, id=row["name"], marks=() if row.get("quick") else (pytest.mark.faults,)) for row in TABLE]
BEFORE = {"deploy": "1.0.0", "update": "1.0.0", "rollback": "1.1.0"}
AFTER = {"deploy": "1.1.0", "update": "1.1.0", "rollback": "1.0.0"}
CALLS = {"deploy": 38, "update": 39, "rollback": 22}  # of the play, on the server; some more than there are
CUTS = [
    *(("deploy", "unreachable", call) for call in range(1, CALLS["deploy"])),
    *(("rollback", kind, call) for kind in ("unreachable", "reboot") for call in range(1, CALLS["rollback"])),
]
REFUSALS = [(operation, call) for operation in ("update", "rollback") for call in range(1, CALLS[operation])]


@pytest.fixture
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Server:
    """As the row's (or the sweep's) operation finds it: 1.0.0 runs; before a rollback 1.1.0, and 1.0.0 was before."""
    wanted = request.node.callspec.params.get("row") or request.node.callspec.params
    mode = wanted.get("mode", "platform")
    name = "service_template" if mode == "arr" else "template"
    origin = request.getfixturevalue("updated_template" if wanted.get("operation") == "rollback" else name)
    shutil.copytree(origin, tmp_path, dirs_exist_ok=True)
    return Server(tmp_path, mode=mode)


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
@pytest.mark.parametrize(("operation", "call"), REFUSALS)
def test_any_call_may_be_refused(server: Server, healed: set[str], operation: str, call: int) -> None:
    server.bed.host().plant(Fault("fail", call=server.state["calls"] + call))
    first = server.operate(operation)
    if first.code == 0:
        pytest.skip(f"{operation} has fewer than {call} calls, or does without this one")
    assert server.site() in {BEFORE[operation], AFTER[operation]}, first.told
    assert server.journal["run"] is None, first.told
    assert server.state["pools"]["etikettendruck"]["state"] == "started"
    goes_on(server, operation, healed)


@pytest.mark.faults
@pytest.mark.parametrize(("operation", "kind", "call"), CUTS)
def test_the_server_may_be_gone_at_any_call(
    server: Server, moments: Path, healed: set[str], operation: str, kind: str, call: int
) -> None:
    """What a play leaves that is cut off, is the moment before: it is healed from there (proven below)."""
    moment = moments / operation / str(call)
    if not moment.exists():
        pytest.skip(f"{operation} has fewer than {call} calls")
    put_back(server, moment, kind)
    assert server.site() in {BEFORE[operation], AFTER[operation], "maintenance"}
    goes_on(server, operation, healed)


@pytest.mark.faults
@pytest.mark.parametrize(("operation", "kind", "call"), [cut for cut in CUTS if cut[2] in (3, 17, 30)])
def test_what_a_cut_leaves_is_the_moment_before(
    server: Server, moments: Path, operation: str, kind: str, call: int
) -> None:
    server.bed.host().plant(Fault(kind, call=server.state["calls"] + call))
    cut = server.operate(operation)
    assert "UNREACHABLE" in cut.told
    left = fingerprint(server)
    put_back(server, moments / operation / str(call), kind)
    assert fingerprint(server) == left


@pytest.fixture(scope="session")
def moments(template: Path, updated_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Below `<operation>/<call>`: the server as it was before this call of an operation that succeeds."""
    kept = tmp_path_factory.mktemp("moments")
    for operation, origin in (("deploy", template), ("rollback", updated_template)):
        folder = tmp_path_factory.mktemp(operation)
        shutil.copytree(origin, folder, dirs_exist_ok=True)
        server = Server(folder)
        before = server.state["calls"]
        (server.bed.host().folder / MOMENTS).mkdir()
        outcome = server.operate(operation)
        assert outcome.code == 0, outcome.told
        for moment in (server.bed.host().folder / MOMENTS).iterdir():
            shutil.copytree(moment, kept / operation / str(int(moment.name) - before))
    return kept


@pytest.fixture(scope="session")
def healed() -> set[str]:
    """Fingerprints of servers that went on already."""
    return set()


def put_back(server: Server, moment: Path, kind: str) -> None:
    folder = server.bed.host().folder
    shutil.rmtree(folder)
    shutil.copytree(moment, folder)
    host = server.bed.host()
    if kind == "reboot":
        for pool in host.state["pools"].values():
            pool["state"] = "started"
    host.save()


def goes_on(server: Server, operation: str, healed: set[str]) -> None:
    """From where it is, the next run comes to its end; what looked exactly like this before, needs no second look."""
    if server.journal["current"] == AFTER[operation]:
        return  # it was over but for tidying up; another rollback would go elsewhere
    left = operation + fingerprint(server)
    if left in healed:
        return
    arrives(server, operation)
    assert server.releases() == ["1.0.0", "1.1.0"]
    healed.add(left)


def fingerprint(server: Server) -> str:
    """Of all that a later run could notice: not when things happened, nor how often something was asked."""
    host = server.bed.host()
    state = {name: value for name, value in host.state.items() if name not in ("calls", "gone", "faults")}
    journal = server.journal | {"history": []}
    journal["run"] = {**(journal["run"] or {}), "id": "", "began": "", "until": ""}
    digest = hashlib.sha256(json.dumps([state, journal], sort_keys=True, default=str).encode())
    for file in sorted((host.folder / "fs").rglob("*")):
        if file.is_file() and file.name != "journal.json" and "Temp" not in file.parts:
            digest.update(str(file.relative_to(host.folder)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
