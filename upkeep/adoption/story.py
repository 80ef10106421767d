"""A takeover: the old project stops, its data are copied, the stack goes on with them. Or all of it goes back."""

from __future__ import annotations

from upkeep.adoption.phases import (
    copy_data,
    forget,
    give_back,
    hand_over,
    remember,
    retire,
    revive,
    takeover,
    withdraw,
)
from upkeep.memory.journal import Result
from upkeep.phases.commit import commit
from upkeep.phases.farewell import leave_failed
from upkeep.phases.gate import close_gate, open_gate
from upkeep.phases.gate_change import change_gate
from upkeep.phases.gate_trial import try_gate
from upkeep.phases.preflight import preflight
from upkeep.phases.pull import pull
from upkeep.phases.ready import await_ready
from upkeep.phases.slots import start_slots
from upkeep.phases.switch import name_images, switch
from upkeep.phases.trouble import keep_evidence
from upkeep.runs.failure import blame_way_back
from upkeep.runs.run import Run


def forward(run: Run) -> None:
    """Up to `close` nothing is touched; from `switch` on a crash leads forward, before that back. Committed before the
    gate opens: once users are in, nothing leads back to data without their writes."""
    run.phase("preflight", "Voraussetzungen werden geprüft", 5, preflight)
    run.phase("pull", "Abbilder werden geladen", 10, pull)
    run.phase("trial", "Gate-Konfiguration wird geprüft", 40, try_gate)
    run.phase("close", "Wartungsseite wird vorbereitet", 42, close_gate)
    run.phase("retire", "Altes Projekt wird angehalten", 45, retire)
    run.phase("names", "Stack wird vorbereitet", 50, name_images)
    run.phase("gate", "Gate wird gestartet", 52, change_gate)
    run.phase("copy", "Daten werden zur Sicherheit kopiert", 55, copy_data)
    run.phase("own", "Daten werden übergeben", 68, hand_over)
    run.phase("switch", "Umschalten auf den Stack", 70, switch)
    run.phase("start", "Anwendung wird gestartet", 75, start_slots)
    run.phase("ready", "Anwendung wird geprüft", 80, await_ready)
    run.phase("remember", "Übernahme wird festgehalten", 90, remember)
    run.phase("commit", "Version wird festgeschrieben", 92, commit)
    run.phase("open", "Wartungsseite wird ausgeschaltet", 96, open_gate)


def back(run: Run) -> None:
    try:
        _back(run)
    except Exception as exc:
        _give_up(run, exc)
    else:
        _conclude(run)


def _back(run: Run) -> None:
    run.phase("evidence", "Fehler wird festgehalten", 90, keep_evidence)
    if run.record.intended("retire"):
        run.phase("withdraw", "Stack wird wieder abgebaut", 92, withdraw)
        run.phase("give-back", "Daten werden zurückgegeben", 94, give_back)
        run.phase("revive", "Altes Projekt wird wieder gestartet", 97, revive)
    run.phase("forget", "Versuch wird aufgeräumt", 99, forget)


def _conclude(run: Run) -> None:
    project = takeover(run).project
    run.finish(
        Result.ROLLED_BACK,
        f"{run.record.reason} Die Übernahme ist zurückgenommen: „{project}“ läuft wieder wie vorher, mit seinen Daten. "
        f"Protokoll: `upkeep logs {run.paths.name}`.",
    )


def _give_up(run: Run, exc: Exception) -> None:
    taken = takeover(run)
    copies = ", ".join(f"{store.label}: {store.copy}" for store in taken.stores)
    blame_way_back(run.record, exc)
    leave_failed(
        run,
        f"{run.record.reason} Das alte Projekt „{taken.project}“ läuft nicht oder nicht ganz. "
        f"Von Hand: `docker compose -p {taken.project} start`"
        f"{f'; die Daten, wie sie beim Anhalten waren: {copies}' if copies else ''}.",
    )


def outcome(run: Run) -> str:
    taken, window = takeover(run), run.record.timings.get("maintenance_s")
    aside = f" (Wartung {window:.1f} s)".replace(".", ",") if window is not None else ""
    label = run.plan.target.label if run.plan.target else ""
    return (
        f"„{taken.project}“ ist übernommen, {label} läuft als Stack {run.paths.name}{aside}. Die alten Container sind "
        f"angehalten, aber noch da, ihre Dateien in {taken.directory} unverändert: dort kein `docker compose up` mehr. "
        f"Wenn alles stimmt: `docker compose -p {taken.project} rm` entfernt die alten Container, nicht die Daten."
    )
