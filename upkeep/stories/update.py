"""The two ways a run can go: forward to the new release, back to the one before."""

from __future__ import annotations

from upkeep.adoption import story as adoption
from upkeep.backup.making import asked_before, asked_behind, save_before, save_behind
from upkeep.errors import UpkeepError
from upkeep.memory.journal import Operation, Result
from upkeep.phases.bake import bake
from upkeep.phases.commit import commit, hold, prune
from upkeep.phases.farewell import leave_closed, leave_failed, leave_good, take_leave
from upkeep.phases.gate import close_gate, disturbed, open_gate, reopen_gate
from upkeep.phases.gate_change import change_gate
from upkeep.phases.gate_trial import try_gate
from upkeep.phases.hooks import before
from upkeep.phases.migrate import migrate, overtaken, stop_migration, ways_out
from upkeep.phases.patience import await_docker
from upkeep.phases.preflight import preflight
from upkeep.phases.prepare import discard_quietly, leave_one, prepare
from upkeep.phases.pull import pull
from upkeep.phases.ready import await_previous, await_ready
from upkeep.phases.rotate import admit_the_rest
from upkeep.phases.slots import restore, start_slots, stop_slots
from upkeep.phases.switch import switch
from upkeep.phases.trouble import keep_evidence, say_disturbed
from upkeep.restore import with_release
from upkeep.runs.failure import blame, blame_way_back
from upkeep.runs.run import Run
from upkeep.stories import database as database_story
from upkeep.stories.database import step, step_back
from upkeep.stories.rolling import roll, roll_back


def forward(run: Run) -> None:
    """What every run does, around the exchange of the releases itself."""
    if run.record.operation is Operation.ADOPT:
        adoption.forward(run)
        return
    run.phase("preflight", "Voraussetzungen werden geprüft", 5, preflight)
    run.phase("pull", "Abbilder werden geladen", 10, pull)
    run.phase("trial", "Gate-Konfiguration wird geprüft", 48, try_gate)
    if asked_before(run):
        save_before(run)
    if run.plan.before or run.plan.after:
        run.phase("before", "Hooks vor dem Lauf", 48, before)
    if run.plan.database:
        step(run)
    elif run.plan.rolling:
        roll(run)
    else:
        recreate(run)
    run.phase("bake", "Neue Version wird beobachtet", 92, bake)
    run.phase("commit", "Version wird festgeschrieben", 95, commit)
    if run.record.intended("before"):
        run.phase("after", "Hooks nach dem Lauf", 96, leave_good)
    run.phase("prune", "Alte Abbilder werden entfernt", 97, prune)


def recreate(run: Run) -> None:
    """Behind the shut gate; a plan that leaves the app alone skips the closed window."""
    if run.plan.window:
        run.phase("prepare", "Neue Version wird vorbereitet", 48, prepare)
        run.phase("close", "Wartungsseite wird eingeschaltet", 50, close_gate)
        run.phase("stop", "Anwendung wird angehalten", 55, stop_slots)
    if asked_behind(run):
        save_behind(run)
    run.phase("switch", "Umschalten auf die neue Version", 60, switch)
    if run.plan.migrates:
        run.phase("migrate", "Daten werden umgestellt", 62, migrate)
    if run.plan.window:
        run.phase("start", "Neue Version wird gestartet", 65, start_slots)
        run.phase("ready", "Neue Version wird geprüft", 75, await_ready)
    run.phase("gate", "Gate wird auf Stand gebracht", 88, change_gate)
    run.phase("open", "Wartungsseite wird ausgeschaltet", 90, open_gate)


def back(run: Run, cause: Exception | None = None) -> None:
    """To the release before: its image, its compose.yml. The evidence first, the explanation last."""
    if not run.record.going_back:
        run.record.going_back = True
        blame(run.record, cause or UpkeepError("Der Agent wurde während des Laufs beendet"))
    if run.record.operation is Operation.ADOPT:
        return adoption.back(run)
    if overtaken(run) and not with_release.possible(run):
        return _stay_closed(run)
    try:
        _back(run)
    except Exception as exc:
        _give_up(run, exc)
    else:
        _conclude(run)


def _back(run: Run) -> None:
    await_docker(run.ports)  # it may be what failed: its package is being upgraded, somebody restarts it
    run.phase("evidence", "Fehler wird festgehalten", 90, keep_evidence)
    if run.record.intended("migrate"):
        run.phase("halt", "Migration wird angehalten", 90, stop_migration)
    if run.plan.database:
        step_back(run)
    elif not run.plan.rolling:
        _recreate_back(run)
    elif run.record.intended("switch"):
        roll_back(run)
    else:
        discard_quietly(run)
        run.phase("recheck", "Vorige Version wird geprüft", 93, await_previous)
    if not run.plan.first:
        run.phase("hold", "Fehlgeschlagene Version wird zurückgehalten", 98, hold)


def _recreate_back(run: Run) -> None:
    """The gate may be open again by now: what failed then serves users until it is shut once more."""
    touched = disturbed(run) or run.record.intended("switch")
    if run.plan.window and run.record.intended("open"):
        run.phase("shut", "Wartungsseite wird wieder eingeschaltet", 90, close_gate)
    if with_release.possible(run):
        with_release.bring_back(run)
    if touched:
        run.phase("restore", "Vorige Version wird gestartet", 91, restore)
    else:
        discard_quietly(run)
    if run.plan.first:
        return
    if touched and run.plan.window:
        run.phase("recheck", "Vorige Version wird geprüft", 93, await_previous)
    run.phase("reopen", "Wartungsseite wird ausgeschaltet", 96, reopen_gate)
    if with_release.possible(run):
        with_release.let_go(run)


def _conclude(run: Run) -> None:
    name, reason = run.paths.name, run.record.reason
    before = run.plan.release
    if before is None:
        advice = f"Ursache beheben und `upkeep deploy {name}` wiederholen."
        return leave_closed(run, f"Die erste Installation ist gescheitert: {reason} {advice}")
    take_leave(run, Result.ROLLED_BACK)
    data = " Die Daten sind die von vor der Migration." if with_release.possible(run) else ""
    return run.finish(
        Result.ROLLED_BACK, f"{reason} {before.label} läuft weiter.{data} Protokoll: `upkeep logs {name}`."
    )


def _give_up(run: Run, exc: Exception) -> None:
    """Even the release before does not get ready. Who still answers goes on; without anybody the gate stays shut."""
    name, before = run.paths.name, run.plan.release.label if run.plan.release else "Die vorige Version"
    blame_way_back(run.record, exc)
    still = admit_the_rest(run) if run.plan.rolling else set()
    advice = f"Ursache beheben, dann `upkeep deploy {name}`. Protokoll: `upkeep logs {name}`."
    if still:
        state = f"{before} ist nur teilweise zurück; {', '.join(sorted(still))} bedient weiter."
        return leave_failed(run, f"{run.record.reason} {state} {advice}")
    say_disturbed(run)
    state = f"{before} antwortet nicht; die Wartungsseite bleibt eingeschaltet."
    return leave_closed(run, f"{run.record.reason} {state} {advice}")


def _stay_closed(run: Run) -> None:
    """The data has moved on and the release before cannot follow: nobody writes until a person has decided."""
    run.phase("evidence", "Fehler wird festgehalten", 90, keep_evidence)
    say_disturbed(run)
    run.phase("halt", "Migration wird angehalten", 92, stop_migration)
    run.phase("tidy", "Überzählige Container werden entfernt", 96, leave_one)
    run.phase("hold", "Fehlgeschlagene Version wird zurückgehalten", 98, hold)
    leave_closed(run, f"{run.record.reason} {ways_out(run)}")


def outcome(run: Run) -> str:
    """One sentence for the end of a good run."""
    if run.record.operation is Operation.ADOPT:
        return adoption.outcome(run)
    before, after = run.plan.release, run.plan.target
    aside = _aside(run)
    if after is None or before is None:
        return f"{run.paths.name} {after.label if after else ''} ist installiert und bereit."
    if run.plan.database:
        return f"{database_story.outcome(run)}{aside}."
    if before.digest == after.digest:
        return f"Änderungen angewendet, {after.label} läuft{aside}."
    return f"{before.label} → {after.label}{aside}."


def _aside(run: Run) -> str:
    """What the run cost the users, and why it did not go slot by slot."""
    window = run.record.timings.get("maintenance_s")
    facts = [] if window is None else [f"Wartung {window:.1f} s".replace(".", ",")]
    facts += [f"nicht rolling: {run.plan.closed_because}"] if run.plan.closed_because else []
    facts += ["ohne Unterbrechung"] if run.plan.rolling else []
    return f" ({'; '.join(facts)})" if facts else ""
