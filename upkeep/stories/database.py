"""A step of the database's version, forward and back. Everything that could go wrong does so before the gate opens:
until then the copy brings the data back as they were, afterwards nobody's acknowledged writes are touched.
"""

from __future__ import annotations

from upkeep.errors import DatabaseFailed
from upkeep.phases.database_copy import copy_aside, drop_copy
from upkeep.phases.database_exchange import (
    compare_versions,
    prove_database,
    raise_feature,
    return_database,
    start_again,
    start_database,
    stop_database,
    watch_database,
)
from upkeep.phases.gate import close_gate, disturbed, open_gate, reopen_gate
from upkeep.phases.ready import await_previous, await_ready
from upkeep.phases.slots import stop_slots
from upkeep.runs.run import Run


def step(run: Run) -> None:
    run.phase("versions", "Versionen der Datenbank werden verglichen", 48, compare_versions)
    run.phase("close", "Wartungsseite wird eingeschaltet", 50, close_gate)
    run.phase("stop", "Anwendung wird angehalten", 52, stop_slots)
    run.phase("dbstop", "Datenbank wird angehalten", 54, stop_database)
    run.phase("copy", "Daten werden beiseite kopiert", 56, copy_aside)
    run.phase("switch", "Neue Datenbank wird gestartet", 70, start_database)
    run.phase("prove", "Neue Datenbank wird geprüft", 75, prove_database)
    run.phase("start", "Anwendung wird gestartet", 78, start_again)
    run.phase("ready", "Anwendung wird geprüft", 80, await_ready)
    run.phase("watch", "Datenbank und Anwendung werden beobachtet", 82, watch_database)
    run.phase("feature", "Datenformat wird freigegeben", 86, raise_feature)
    run.phase("confirm", "Anwendung wird noch einmal geprüft", 88, confirm)
    run.phase("open", "Wartungsseite wird ausgeschaltet", 90, open_gate)


def confirm(run: Run) -> str:
    """A phase of its own: the first look was before the data's format moved on."""
    return await_ready(run)


def step_back(run: Run) -> None:
    if run.record.intended("open"):
        raise DatabaseFailed(
            "Das Gate war schon offen: die Daten werden nicht mehr zurückgesetzt",
            next_step=f"Die Kopie von vorher liegt in {run.paths.copies / run.record.id}.",
        )
    if disturbed(run):
        run.phase("restore", "Vorige Datenbank wird zurückgeholt", 91, return_database)
        run.phase("recheck", "Anwendung wird geprüft", 94, await_previous)
    run.phase("reopen", "Wartungsseite wird ausgeschaltet", 96, reopen_gate)
    run.phase("tidy", "Kopie wird entfernt", 98, _tidy)


def _tidy(run: Run) -> str:
    drop_copy(run)
    return ""


def outcome(run: Run) -> str:
    """For the end of a good step; the window is said by the caller."""
    found = run.record.database
    return f"MongoDB {found['from']} → {found['to']}; Daten von vorher: {run.paths.copies / run.record.id}"
