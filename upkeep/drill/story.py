"""A trial restore as a run: what serves goes on serving, and nothing of the trial is left when it is over, whatever
came of it. Its report is written in any case."""

from __future__ import annotations

import logging
from functools import partial

from upkeep.backup import memory
from upkeep.backup.manifest import Source
from upkeep.backup.repository import of_policy, open_repository
from upkeep.backup.sources import DATABASE, FILES
from upkeep.drill import proving, report, restoring
from upkeep.drill.record import notes
from upkeep.drill.scratch import clear
from upkeep.errors import UpkeepError
from upkeep.memory.journal import Result
from upkeep.runs.run import Run

log = logging.getLogger("upkeep.drill")


def carry_out(run: Run) -> None:
    """Raises what can go wrong; see `give_up`."""
    run.mark("drill")
    run.phase("clear", "Reste früherer Übungen werden entfernt", 2, restoring.make_room)
    run.phase("repository", "Sicherungsziel wird geöffnet", 4, open_repository)
    run.phase("choose", "Sicherung wird gewählt", 6, restoring.choose)
    run.phase("unpack", "Dateien und Geheimnisse werden zurückgeholt", 10, restoring.unpack_files)
    run.phase("compose", "Probe-Umgebung wird vorbereitet", 15, restoring.compose)
    for source in restoring.chosen(run).manifest.sources:
        _bring_back(run, source)
    run.phase("start", "Anwendung wird auf den Daten gestartet", 75, restoring.start_application)
    service = restoring.saved_policy(run).app.slot_names[0]
    run.phase("ready", "Anwendung wird beobachtet", 80, partial(_await, service=service))
    notes(run).tell(seconds=round(run.seconds_since("drill"), 1))
    if of_policy(run.policy).drill.check:
        run.phase("check", "Anwendung prüft ihre Daten", 88, partial(proving.run_check, service=service))
    run.phase("leave", "Probe-Umgebung wird entfernt", 95, restoring.make_room)
    run.phase("remember", "Bericht wird geschrieben", 98, _remember)
    run.finish(Result.UNCHANGED, report.told(run))


def _bring_back(run: Run, source: Source) -> None:
    kind, _, name = source.name.partition(":")
    if source.name == DATABASE:
        run.phase(f"load:{source.name}", "Datenbank wird zurückgeholt und gezählt", 30, restoring.load_database)
    elif kind == "volume":
        action = partial(restoring.unpack_volume, name=name)
        run.phase(f"load:{source.name}", f"Volume {name} wird zurückgeholt", 60, action)
    elif source.name != FILES:
        action = partial(restoring.read_through, source=source)
        run.phase(f"load:{source.name}", f"{source.name} wird gelesen und verglichen", 65, action)


def _await(run: Run, service: str) -> str:
    return proving.await_application(run, restoring.saved_policy(run), service)


def _remember(run: Run) -> str:
    """That it worked, and of which backup: what is kept depends on it."""
    known = notes(run)
    drilled = memory.Drilled(str(known.fact("backup")), run.record.id, run.now(), float(known.fact("seconds")))
    memory.remember(run.paths, memory.recall(run.paths).with_drilled(drilled), run.ports.files)
    run.record.timings |= {"drill_s": drilled.seconds}
    return str(report.write(run, None))


def give_up(run: Run, reason: str) -> None:
    """Also of one that was cut short. What cannot be removed now goes with the next trial."""
    try:
        clear(run.paths, run.ports)
    except UpkeepError as exc:
        run.record.warnings.append(f"Die Probe-Umgebung ließ sich nicht ganz entfernen: {exc}")
    try:
        report.write(run, reason)
    except (UpkeepError, OSError) as exc:
        log.error("%s: kein Bericht: %s", run.record.id, exc)
        run.record.warnings.append(f"Der Bericht ließ sich nicht schreiben: {exc}")
