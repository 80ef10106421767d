"""The two ways a run can go: forward to the new release, back to the one before."""

from __future__ import annotations

from upkeep.journal import Result
from upkeep.phases.commit import commit, hold, prune
from upkeep.phases.gate import close_gate, open_gate, reopen_gate
from upkeep.phases.gate_change import change_gate
from upkeep.phases.gate_trial import try_gate
from upkeep.phases.preflight import preflight
from upkeep.phases.prepare import discard_quietly, prepare
from upkeep.phases.pull import pull
from upkeep.phases.ready import await_previous, await_ready
from upkeep.phases.slots import restore, start_slots, stop_slots
from upkeep.phases.switch import switch
from upkeep.phases.trouble import keep_evidence, say_disturbed
from upkeep.run import Run, told


def forward(run: Run) -> None:
    """Strategy recreate; a plan without app changes skips the closed window. (Rolling will be a second such story.)"""
    run.phase("preflight", "Voraussetzungen werden geprüft", 5, preflight)
    run.phase("pull", "Abbilder werden geladen", 10, pull)
    run.phase("trial", "Gate-Konfiguration wird geprüft", 48, try_gate)
    if run.plan.window:
        run.phase("prepare", "Neue Version wird vorbereitet", 48, prepare)
        run.phase("close", "Wartungsseite wird eingeschaltet", 50, close_gate)
        run.phase("stop", "Anwendung wird angehalten", 55, stop_slots)
    run.phase("switch", "Umschalten auf die neue Version", 60, switch)
    if run.plan.window:
        run.phase("start", "Neue Version wird gestartet", 65, start_slots)
        run.phase("ready", "Neue Version wird geprüft", 75, await_ready)
    run.phase("gate", "Gate wird auf Stand gebracht", 88, change_gate)
    run.phase("open", "Wartungsseite wird ausgeschaltet", 90, open_gate)
    run.phase("commit", "Version wird festgeschrieben", 95, commit)
    run.phase("prune", "Alte Abbilder werden entfernt", 97, prune)


def back(run: Run, cause: Exception | None = None) -> None:
    """To the release before: its image, its compose.yml. The evidence first, the explanation last."""
    if not run.record.going_back:
        run.record.going_back = True
        run.record.reason = told(cause) if cause else "Der Agent wurde während des Laufs beendet."
        run.record.code = getattr(cause, "code", "failed")
    try:
        _back(run)
    except Exception as exc:
        _give_up(run, exc)
    else:
        _conclude(run)


def _back(run: Run) -> None:
    run.phase("evidence", "Fehler wird festgehalten", 90, keep_evidence)
    touched = run.record.intended("stop") or run.record.intended("switch")
    if touched:
        run.phase("restore", "Vorige Version wird gestartet", 91, restore)
    else:
        discard_quietly(run)
    if run.plan.first:
        return
    if touched and run.plan.window:
        run.phase("recheck", "Vorige Version wird geprüft", 93, await_previous)
    run.phase("reopen", "Wartungsseite wird ausgeschaltet", 96, reopen_gate)
    run.phase("hold", "Fehlgeschlagene Version wird zurückgehalten", 98, hold)


def _conclude(run: Run) -> None:
    name, reason = run.paths.name, run.record.reason
    before = run.plan.release
    if before is None:
        run.record.keeps_closed = True
        return run.finish(
            Result.FAILED,
            f"Die erste Installation ist gescheitert: {reason} Ursache beheben und `upkeep deploy {name}` wiederholen.",
        )
    return run.finish(Result.ROLLED_BACK, f"{reason} {before.label} läuft weiter. Protokoll: `upkeep logs {name}`.")


def _give_up(run: Run, exc: Exception) -> None:
    """Even the release before does not get ready: the gate stays shut, and everybody is told so."""
    run.record.keeps_closed = True
    say_disturbed(run)
    before = run.plan.release.label if run.plan.release else "Die vorige Version"
    run.record.reason += f" Beim Zurückgehen: {told(exc)}"
    run.finish(
        Result.FAILED,
        f"{run.record.reason} {before} antwortet nicht; die Wartungsseite bleibt eingeschaltet. "
        f"Ursache beheben, dann `upkeep deploy {run.paths.name}`. Protokoll: `upkeep logs {run.paths.name}`.",
    )


def outcome(run: Run) -> str:
    """One sentence for the end of a good run."""
    before, after = run.plan.release, run.plan.target
    window = run.record.timings.get("maintenance_s")
    aside = f" (Wartung {window:.1f} s)".replace(".", ",") if window is not None else ""
    if after is None or before is None:
        return f"{run.paths.name} {after.label if after else ''} ist installiert und bereit."
    if before.digest == after.digest:
        return f"Änderungen angewendet, {after.label} läuft{aside}."
    return f"{before.label} → {after.label}{aside}."
